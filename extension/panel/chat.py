"""A chat as the page shows it, and its translation into the messages of Gradio's chatbot and back."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..commands.block import block
from ..commands.running import Answered
from ..context.citations import outside_code, with_links, without_links
from ..messages import Exchange, Place
from .cards import shortened

Part = Literal["greeting", "said", "reasoning", "reply", "trouble", "aside"]

ANSWERS = {"yes": "Do it", "no": "It was just words"}
"""The answers to the question whether a sentence was meant as a command."""
LONGEST_TITLE = 60
CITED = "#familiar-cited-"
"""How the addresses begin that stand for an excerpt of a document: with the number of the exchange and that of the excerpt."""
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_WORD_JOINER = "\u2060"


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the person with what came of it."""

    row: int
    said: str
    reply: str = ""
    reasoning: str = ""
    id: int | None = None
    """The exchange in the diary; None while it is not there."""
    feedback: int = 0
    trouble: str = ""
    """Why there is no reply, or not a whole one."""
    waiting: str = ""
    """What is shown while the reply has not begun."""
    excerpts: int = 0
    """How many excerpts of documents the model was shown for the reply."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A command and what came of it: shown where it was given, on this page only, and never part of the conversation."""

    after: int
    """The row it stands after; -1 for the beginning."""
    said: str
    answered: Answered
    open: bool = True
    """Whether its question, if it has one, is still to be answered."""


@dataclass(frozen=True, slots=True)
class Chat:
    """An open chat."""

    place: Place
    companion: str
    greeting: str = ""
    lines: tuple[Line, ...] = ()
    asides: tuple[Aside, ...] = ()

    @property
    def title(self) -> str:
        """The name it was given, or the words it began with."""
        opening = shortened(self.lines[0].said, LONGEST_TITLE) if self.lines else ""
        return self.place.title or opening or "New chat"

    @property
    def next_row(self) -> int:
        """The row after the last one."""
        return self.lines[-1].row + 1 if self.lines else 0

    def before(self, row: int) -> Chat:
        """Return the chat up to a row, without it."""
        return replace(self, lines=tuple(line for line in self.lines if line.row < row))

    def with_line(self, line: Line) -> Chat:
        """Return the chat with this line at its row, new or in place of the one there."""
        others = [each for each in self.lines if each.row != line.row]
        return replace(self, lines=tuple(sorted([*others, line], key=lambda each: each.row)))


def with_aside(chat: Chat, said: str, answered: Answered) -> Chat:
    """Return the chat with a command at its end; the questions of those before are no longer asked."""
    after = chat.lines[-1].row if chat.lines else -1
    before = tuple(replace(each, open=False) for each in chat.asides)
    return replace(chat, asides=(*before, Aside(after, said, answered)))


def line(exchange: Exchange) -> Line:
    """Return what the diary holds as a line."""
    shown_of = (exchange.feedback, "", "", len(exchange.excerpts))
    return Line(exchange.row, exchange.said, exchange.reply, exchange.reasoning, exchange.id, *shown_of)


def messages(chat: Chat) -> list[dict[str, Any]]:
    """Return the messages for the chatbot."""
    return [message for _, _, message in _laid_out(chat)]


def spot(chat: Chat, index: int) -> tuple[Line | None, Part]:
    """Return the line and the part of it that the chatbot's message `index` shows; no line for the greeting and beyond the end."""
    rows = _laid_out(chat)
    return rows[index][:2] if 0 <= index < len(rows) else (None, "greeting")


def feedback(chat: Chat) -> list[str | None]:
    """Return the thumbs of each message of the assistant, as the chatbot takes them."""
    names = {1: "Like", -1: "Dislike"}
    return [
        names.get(found.feedback) if found and part == "reply" else None
        for found, part, message in _laid_out(chat)
        if message["role"] == "assistant"
    ]


def shown(text: str) -> str:
    """Return text for a Markdown renderer that takes HTML: tags are shown as they were typed, also outside of code."""
    return outside_code(text, lambda part: _TAG.sub("<" + _WORD_JOINER, part))


def typed(text: str) -> str:
    """Return what was shown, or a person's edit of it, as it was typed."""
    return without_links(text.replace("<" + _WORD_JOINER, "<"), CITED)


def _laid_out(chat: Chat) -> list[tuple[Line | None, Part, dict[str, Any]]]:
    rows: list[tuple[Line | None, Part, dict[str, Any]]] = []
    if chat.greeting:
        rows.append((None, "greeting", {"role": "assistant", "content": shown(chat.greeting)}))
    rows += _asides(chat, -1)
    for each in chat.lines:
        rows.append((each, "said", {"role": "user", "content": shown(each.said)}))
        if each.reasoning:
            status = "done" if each.reply or not each.waiting else "pending"
            thought = {"role": "assistant", "content": shown(each.reasoning), "metadata": {"title": "Thoughts", "status": status}}
            rows.append((each, "reasoning", thought))
        if each.reply or (each.waiting and not each.reasoning):
            rows.append((each, "reply", {"role": "assistant", "content": _with_citations(each) or shown(each.waiting)}))
        trouble = each.trouble or ("" if each.reply or each.waiting else NO_REPLY)
        if trouble:
            rows.append((each, "trouble", {"role": "assistant", "content": f"⚠ {shown(trouble)}"}))
        rows += _asides(chat, each.row)
    return rows


def _asides(chat: Chat, row: int) -> list[tuple[Line | None, Part, dict[str, Any]]]:
    """Return the commands that were given after a row, and what came of them."""
    rows: list[tuple[Line | None, Part, dict[str, Any]]] = []
    for each in chat.asides:
        if each.after == row or (row == -1 and not any(line.row == each.after for line in chat.lines)):
            answered = each.answered
            content = "\n\n".join(filter(None, (block(answered.text), f"<{answered.link}>" if answered.link else "")))
            told: dict[str, Any] = {"role": "assistant", "content": content}
            if answered.question is not None and each.open:
                told["options"] = [{"value": value, "label": label} for value, label in ANSWERS.items()]
            rows += [(None, "aside", {"role": "user", "content": shown(each.said)}), (None, "aside", told)]
    return rows


def _with_citations(each: Line) -> str:
    """Return a reply as it is shown, what it cites as links that the panel follows."""
    return with_links(shown(each.reply), each.excerpts, lambda number: f"{CITED}{each.id}-{number}")


NO_REPLY = "There is no reply to this yet. Press “Retry” below to ask again."
