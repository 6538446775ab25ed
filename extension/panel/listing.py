"""What a person can find among their memories, and what they may do with one of them."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from ..app import App
from ..errors import FamiliarError, NotFound, SettingsError
from ..memory.diary import Filter
from ..messages import Exchange, Person
from .cards import shortened, size

log = logging.getLogger(__name__)

CLOSE = 0.4
"""Cosine from which a memory is listed for its meaning, though it shares no word with what was typed."""
LONGEST_LABEL = 90


@dataclass(frozen=True, slots=True)
class Found:
    """Some memories, and how many there are."""

    text: str
    exchanges: tuple[Exchange, ...]
    total: int

    @property
    def caption(self) -> str:
        """What was found, in a sentence."""
        wanted = f" for “{shortened(self.text, 40)}”" if self.text else ""
        if not self.total:
            return f"Nothing found{wanted}." if wanted else "Nothing is remembered yet."
        shown = len(self.exchanges)
        return f"{shown:,} of {self.total:,}{wanted}." if shown < self.total else f"{self.total:,} found{wanted}."


class Listing:
    """The memories of one person. Every method may raise StoreError."""

    def __init__(self, app: App, person: Person) -> None:
        self._app = app
        self._diary = app.memories.diary
        self._person = person

    def find(self, text: str, companion: str, limit: int) -> Found:
        """Return the newest memories; or those in which `text` stands, and after them those that are about it."""
        text = text.strip()
        chosen = Filter(person=self._person.id, text=text or None)
        exchanges = self._diary.browse(chosen, limit)
        total = self._diary.count(chosen)
        if text and len(exchanges) < limit:
            listed = {exchange.id for exchange in exchanges}
            related = [exchange for exchange in self._related(text, companion, limit) if exchange.id not in listed]
            exchanges, total = [*exchanges, *related][:limit], total + len(related)
        return Found(text, tuple(exchanges), total)

    def one(self, number: int) -> Exchange:
        """Return a memory of this person. Raises NotFound, also for one of somebody else."""
        found = self._diary.get([number])
        if not found or found[0].person.id != self._person.id:
            raise NotFound("This memory is not there any more.")
        return found[0]

    def edit(self, number: int, said: str, reply: str) -> None:
        """Change the words of a memory. Raises NotFound, and SettingsError when no words are left."""
        self.one(number)
        if not said.strip():
            raise SettingsError("A memory needs words. To be rid of it, forget it.")
        self._app.memories.edit(number, said=said, reply=reply)

    def pin(self, number: int) -> bool:
        """Pin a memory, or unpin a pinned one; return whether it is pinned now. Raises NotFound."""
        pinned = not self.one(number).pinned
        self._diary.pin(number, pinned)
        return pinned

    def given(self, number: int) -> list[int]:
        """Return the numbers of the later exchanges whose replies were given this memory. Raises NotFound."""
        later = self._diary.given(self.one(number).id)
        return [exchange.id for exchange in later if exchange.person.id == self._person.id]

    def forget(self, number: int, *, given: bool = False) -> int:
        """Forget a memory and its copies for good, and the exchanges that were `given` it; return how many went. Raises NotFound."""
        return self._app.memories.forget([self.one(number).id, *(self.given(number) if given else [])])

    def summary(self) -> str:
        """Return counts and sizes in a line or two."""
        stats = self._app.memories.stats(Filter(person=self._person.id))
        chats = f"{stats.places:,} chat{'' if stats.places == 1 else 's'}"
        parts = [f"{stats.exchanges:,} exchange{'' if stats.exchanges == 1 else 's'} in {chats}", f"{stats.pinned:,} pinned"]
        parts.append(f"diary {size(stats.diary_bytes)}, index {size(stats.index_bytes)}")
        if stats.unsaved:
            parts.append(f"{stats.unsaved:,} kept aside until the diary can be written")
        if stats.behind:
            parts.append(f"{stats.behind:,} not indexed yet")
        return " · ".join(parts)

    def _related(self, text: str, companion: str, limit: int) -> list[Exchange]:
        try:
            found = self._app.memories.search(text, self._person, companion, limit=limit)
        except FamiliarError as exc:
            log.warning("Memories are listed by their words only: %s", exc)
            return []
        mine = [memory for memory in found if memory.exchange.person.id == self._person.id]
        return [memory.exchange for memory in mine if memory.lexical > 0 or memory.dense >= CLOSE]


def label(exchange: Exchange) -> str:
    """Return a memory as one line of the list."""
    star = "★ " if exchange.pinned else ""
    when = exchange.when.astimezone()
    return f"{star}{when.day} {when:%b %Y} · {shortened(exchange.said, LONGEST_LABEL)}"
