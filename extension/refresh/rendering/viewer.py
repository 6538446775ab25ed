"""A sample as people can look at it: its tokens, which of them are learned, and who speaks; as HTML, with colours, and as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ..turns import Speaker, Turn
from .renderer import Kind, Span

if TYPE_CHECKING:
    from rich.text import Text

LEARNED_COLOURS = ("#1f9d55", "#2779bd", "#b7791f", "#9561e2", "#cc1f1a", "#38a89d", "#d53f8c", "#718096")
"""One for each speaker in turn; what is not learned is grey."""
BREAK = "⏎"
PART = "▯"
"""For a token that is a part of a character."""
PARTING = "|"
UNKNOWN = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a sample."""

    text: str
    """What it adds to the text; nothing for the first parts of a character, which stands at the last."""
    id: int
    learned: bool
    kind: Kind
    turn: int
    """-1 before the first."""
    speaker: Speaker | None


def view(ids: Sequence[int], learned: Sequence[bool], spans: Sequence[Span], turns: Sequence[Turn], tokenizer: Any) -> list[Token]:
    """Return the tokens of a sample, each with what it is part of."""
    made = []
    for span, texts in zip(spans, _texts([ids[span.start : span.end] for span in spans], tokenizer), strict=True):
        speaker = turns[span.turn].speaker if span.turn >= 0 else None
        for at, text in enumerate(texts, span.start):
            made.append(Token(text, ids[at], bool(learned[at]), span.kind, span.turn, speaker))
    return made


def html(tokens: Sequence[Token]) -> str:
    """Return tokens as HTML, with nothing in it that the words of people could steer."""
    colours = _colours(tokens)
    return f'<pre class="sample" style="white-space:pre-wrap">{"".join(_element(token, colours) for token in tokens)}</pre>'


def coloured(tokens: Sequence[Token]) -> Text:
    """Return tokens for a terminal with colours: what is learned on the colour of its speaker, the rest dim."""
    from rich.text import Text

    colours = _colours(tokens)
    text = Text()
    for number, token in enumerate(tokens):
        style = f"white on {colours[token.speaker]}" if token.learned else "dim"
        text.append(_shown(token.text), f"{style} underline" if token.learned and number % 2 else style)
        if token.text.endswith("\n"):
            text.append("\n")
    return text


def plain(tokens: Sequence[Token]) -> list[str]:
    """Return tokens as lines of text, one for each part of a turn: a star where it is learned, who speaks, and the tokens."""
    lines = []
    for (turn, kind, learned, speaker), some in groupby(tokens, lambda each: (each.turn, each.kind, each.learned, each.speaker)):
        name = speaker.name if speaker and turn >= 0 else ""
        lines.append(f"{'*' if learned else ' '} {kind:7} {name:12.12} {PARTING.join(_shown(token.text) for token in some)}")
    return lines


def _texts(parts: Sequence[Sequence[int]], tokenizer: Any) -> Iterator[list[str]]:
    """Yield what each token of some parts adds to a text that it does not begin: some tokenizers leave out a space there."""
    before = tokenizer("a", add_special_tokens=False)["input_ids"][-1:]
    start = len(_decoded(tokenizer, before))
    alone = {each: _decoded(tokenizer, [*before, each])[start:] for ids in parts for each in ids}
    for ids in parts:
        texts = [alone[each] for each in ids]
        first = 0
        for at, text in enumerate(texts):
            if UNKNOWN not in text:
                first = at + 1
            elif at > first and UNKNOWN not in (whole := _decoded(tokenizer, [*before, *ids[first : at + 1]])[start:]):
                texts[first : at + 1] = [*[""] * (at - first), whole]
                first = at + 1
        yield texts


def _decoded(tokenizer: Any, ids: Sequence[int]) -> str:
    return str(tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))


def _colours(tokens: Sequence[Token]) -> dict[Speaker | None, str]:
    speakers = dict.fromkeys(token.speaker for token in tokens if token.speaker)
    return {speaker: LEARNED_COLOURS[number % len(LEARNED_COLOURS)] for number, speaker in enumerate(speakers)}


def _element(token: Token, colours: dict[Speaker | None, str]) -> str:
    style = f"background:{colours[token.speaker]};color:#fff" if token.learned else "color:#888"
    about = f"{token.id} · {token.kind}{f' · {token.speaker.name}' if token.speaker else ''}"
    shown = escape(_shown(token.text)) + ("\n" if token.text.endswith("\n") else "")
    return f'<span class="{"learned" if token.learned else "read"}" title="{escape(about)}" style="{style}">{shown}</span>'


def _shown(text: str) -> str:
    return text.replace("\r", "␍").replace("\n", BREAK) or PART
