"""A conversation at the command line: consecutive turns of one person, in one place, with one companion."""

from __future__ import annotations

import logging
import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import current_thread, main_thread
from time import monotonic
from typing import Any
from uuid import uuid4

from ..app import App
from ..companion import Conversation
from ..context.citations import footnotes
from ..errors import StoreError
from ..memory.diary import Filter
from ..messages import Excerpt, Exchange, Memory, Person, Place, Turn

log = logging.getLogger(__name__)

RESUMED = 40
"""Most exchanges that are looked at when a conversation goes on."""


class Session:
    """The turns of one conversation. The model sees those before; recall brings what was said in others.

    Each conversation is a branch of its place, so that two programs that talk in one place at the same time never
    write over each other. With `recorded` False nothing is written and nothing is recalled.
    """

    def __init__(self, app: App, place: str, *, recorded: bool = True, insisted: tuple[str, ...] = ()) -> None:
        """`insisted` are settings of this run that count more than what the companion wishes: `scope`, `model`."""
        self.app = app
        self._insisted = insisted
        self.person = Person(app.settings.person)
        self.character = app.character(app.settings.companion)
        self.recorded = recorded
        self.place = self._known(place) if recorded else Place(place)
        self.last: Conversation | None = None
        self.milliseconds = 0
        self.start()

    def start(self) -> None:
        """Begin anew: nothing said so far is in the model's sight any more."""
        self._history: list[Exchange] = []
        self._branch = uuid4().hex
        self._row: int | None = None

    def resume(self) -> int:
        """Put the latest exchanges of this place before the model, and return how many. Raises StoreError."""
        chosen = Filter(person=self.person.id, place=self.place.id, companion=self.character.name)
        self._history = self.app.memories.diary.browse(chosen, limit=RESUMED)[::-1]
        return len(self._history)

    @property
    def visible(self) -> list[Exchange]:
        """What of this conversation the model may see: nothing from before a reset, and nothing that was hidden."""
        return self.app.memories.seen.visible(self.place.id, self._history) if self.recorded else self._history

    @property
    def shown(self) -> tuple[Memory, ...]:
        """The memories that were put before the model for the last reply."""
        return self.last.briefing.memories if self.last else ()

    @property
    def footnotes(self) -> list[str]:
        """A line for each excerpt of a document that the last reply cites."""
        return footnotes(self.last.answer.reply, self.last.briefing.excerpts) if self.last else []

    @property
    def question(self) -> str:
        """The last question as it was put to the model in place of the person's words; empty where these were asked."""
        return self.last.briefing.question if self.last else ""

    @property
    def note(self) -> str:
        """What a person should know about the last turn; empty when all went well."""
        if self.last is None or self.last.briefing.note:
            return self.last.briefing.note if self.last else ""
        if not self.last.raw or not self.last.answer.reply:
            return "The model answered nothing. Say it again, or try another model."
        kept_aside = self.recorded and self.last.id is None
        return "The diary could not be written; what was said is kept aside until it can be. Run `familiar doctor`." if kept_aside else ""

    def reply(self, said: str) -> Generator[str, None, None]:
        """Yield the reply in pieces, reasoning included; closing it stops the model. Either way the exchange is kept.

        Raises HostError, MissingModel, MissingPackage, and SettingsError for a companion's file that is malformed by now.
        """
        started = monotonic()
        app, turn = self.app, self._turn(said)
        self.character = app.character(self.character.name)  # its file may have changed
        expert = self.character.expert.without(*self._insisted)
        host, told = app.host_for(expert)
        conversation = app.companion.converse(turn, self.visible, host, *app.manner(self.character, expert, turn), told)
        self.last = conversation
        try:
            yield from conversation
        finally:
            self.milliseconds = round((monotonic() - started) * 1000)
            self._row = turn.row + 1  # also without a reply: what was said keeps its row
            if conversation.raw:
                self._history.append(_exchange(turn, conversation))

    def result(self) -> dict[str, Any]:
        """Return the last turn as `--json` prints it; empty before there is one."""
        if self.last is None:
            return {}
        answer = self.last.answer
        return {
            "reply": answer.reply,
            "memories": [recalled(memory) for memory in self.shown],
            "summaries": [{"kind": each.kind, "text": each.text, "tokens_saved": each.saved} for each in self.last.briefing.summaries],
            "question": self.question,
            "passages": [_quoted(excerpt) for excerpt in self.last.briefing.excerpts],
            "model": answer.model,
            "adapter": answer.adapter,
            "prompt_tokens": self.last.prompt_tokens,
            "milliseconds": self.milliseconds,
            "id": self.last.id,
            "note": self.note,
        }

    def _turn(self, said: str) -> Turn:
        row = self._first_row() if self._row is None else self._row
        turn = self.app.turn(said, self.place, self.character.name, self.person, row)
        return replace(turn, branch=self._branch, recorded=self.recorded)

    def _known(self, place: str) -> Place:
        """Return a place as it is known: to speak in a shared one does not make it private."""
        try:
            found = self.app.memories.diary.browse(Filter(place=place), limit=1)
        except StoreError:
            return Place(place)
        return found[0].place if found else Place(place)

    def _first_row(self) -> int:
        if not self.recorded:
            return 0
        try:
            return self.app.memories.next_row(self.place.id)
        except StoreError as exc:
            log.warning("%s", exc)
            return 0


def _quoted(excerpt: Excerpt) -> dict[str, Any]:
    """Return an excerpt of a document that was shown to the model, as JSON takes it."""
    pages = {"page": excerpt.page, "last_page": excerpt.last_page}
    scores = {"score": excerpt.score, "lexical": excerpt.lexical, "dense": excerpt.dense}
    return {"document": excerpt.document, "title": excerpt.title, "source": excerpt.source, **pages, "text": excerpt.text, **scores}


def recalled(memory: Memory) -> dict[str, Any]:
    """Return a memory that was shown to the model, as JSON takes it."""
    exchange = memory.exchange
    return {
        "id": exchange.id,
        "text": exchange.said,
        "reply": exchange.reply,
        "said_by": exchange.person.shown,
        "companion": exchange.companion,
        "place": exchange.place.id,
        "when": exchange.when.isoformat(),
        "score": memory.score,
        "lexical": memory.lexical,
        "dense": memory.dense,
    }


@contextmanager
def one_interrupt() -> Iterator[None]:
    """Let Ctrl+C interrupt once; pressed again, it does not hinder that what there is by then is written."""

    def interrupt(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _exchange(turn: Turn, conversation: Conversation) -> Exchange:
    answer = conversation.answer
    return Exchange(
        conversation.id or 0,
        turn.person,
        turn.place,
        turn.companion,
        turn.row,
        turn.branch,
        turn.said,
        answer.reply,
        turn.when,
        answer.reasoning,
    )
