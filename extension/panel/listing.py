"""What a person can find among the memories they may see, and what they may do with their own."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from ..app import App
from ..errors import FamiliarError, NotFound, SettingsError
from ..memory.browsing import Browsing
from ..memory.diary import EVERYTHING, Filter
from ..memory.forgetting import Forgotten
from ..memory.plan import Plan
from ..memory.selection import Selection
from ..messages import Exchange, Memory, Person
from .cards import Viewer, scores, shortened, size

log = logging.getLogger(__name__)

CLOSE = 0.4
"""Cosine from which a memory is listed for its meaning, though it shares no word with what was typed."""
MOST_FOUND = 200
"""Memories that a search lists at most."""
UNDO = 30.0
"""Seconds in which a memory that was forgotten can be brought back."""
LONGEST_LABEL = 120
EMPTY = "Nothing is remembered yet. Say something in the chat: what you say, and the reply, are kept here."
NO_MATCH = "No memory matches these filters. Widen or clear them."
NOT_FOUND = "Nothing found for “{}”. Try a single word, or other words for the same."
NOT_FOUND_HERE = "Nothing found for “{}” with these filters. Try other words, or clear the filters."


@dataclass(frozen=True, slots=True)
class Found:
    """Some memories, and how many there are."""

    text: str
    memories: tuple[Memory, ...]
    total: int
    filtered: bool = False

    @property
    def caption(self) -> str:
        """What was found, in a sentence; where that is nothing, what to do."""
        wanted, shown = shortened(self.text, 40), len(self.memories)
        if not self.total:
            return (NOT_FOUND_HERE if self.filtered else NOT_FOUND).format(wanted) if wanted else NO_MATCH if self.filtered else EMPTY
        here = " with these filters" if self.filtered else ""
        suffix = f" for “{wanted}”{here}, the best first" if wanted else f"{here}, the newest first"
        count = f"{MOST_FOUND:,} or more" if wanted and self.total >= MOST_FOUND else f"{self.total:,}"
        return f"{shown:,} of {count}{suffix}." if shown < self.total else f"{count} found{suffix}."


class Listing:
    """The memories that one person may see. Every method may raise StoreError."""

    def __init__(self, app: App, person: Person) -> None:
        self._app = app
        self._diary = app.memories.diary
        self._person = person
        self.browsing = Browsing(app.memories.database, person)

    def find(self, text: str, companion: str, limit: int, chosen: Filter = EVERYTHING) -> Found:
        """Return the newest memories that a filter lets through; or those for a text, the best first, then those it stands in."""
        text = text.strip()
        if not text:
            page = self.browsing.page(chosen, limit)
            return Found("", tuple(Memory(exchange, 0.0) for exchange in page), self.browsing.count(chosen), chosen != EVERYTHING)
        memories = self._related(text, companion, chosen)
        listed = {memory.exchange.id for memory in memories}
        standing = self.browsing.holding(text, chosen, MOST_FOUND)
        rest = [number for number in standing if number not in listed][: MOST_FOUND - len(memories)]
        total = len(memories) + len(rest)
        memories += [Memory(exchange, 0.0) for exchange in self._diary.get(rest[: max(0, limit - len(memories))])]
        return Found(text, tuple(memories[:limit]), total, chosen != EVERYTHING)

    def one(self, number: int) -> Exchange:
        """Return a memory that this person may see. Raises NotFound."""
        found = self._diary.get([number]) if self.browsing.among([number]) else []
        if not found:
            raise NotFound("This memory is not there any more.")
        return found[0]

    def is_own(self, exchange: Exchange) -> bool:
        """Return whether it is this person's to change."""
        return exchange.person.id == self._person.id

    def edit(self, number: int, said: str, reply: str, found_by: str = "") -> None:
        """Change the words of a memory, found by a search. Raises NotFound, and SettingsError when no words are left."""
        self._own(number)
        if not said.strip():
            raise SettingsError("A memory needs words. To be rid of it, forget it.")
        self._app.memories.edit(number, said=said, reply=reply, found_by=found_by)

    def pin(self, number: int, found_by: str = "") -> bool:
        """Pin a memory, found by a search, or unpin a pinned one; return whether it is pinned now. Raises NotFound."""
        pinned = not self._own(number).pinned
        self._app.memories.pin(number, pinned, found_by)
        return pinned

    def plan(self, number: int, *, given: bool = False) -> Plan:
        """Return what forgetting a memory takes: its copies, and the exchanges that were `given` it. Raises NotFound."""
        chosen = Selection(ids=(self._own(number).id,))
        return self._app.memories.forgetting.plan(chosen, given=given, own=self._person.id)

    def forget(self, number: int, *, given: bool = False) -> Forgotten:
        """Forget a memory as planned; for UNDO seconds it can be brought back. Raises NotFound."""
        return self._app.memories.forgetting.carry_out(self.plan(number, given=given), UNDO)

    def undo(self, batch: int) -> int:
        """Bring back what was forgotten a moment ago; return how many exchanges that is. Raises NotFound when it is too late."""
        return self._app.memories.forgetting.undo(batch)

    def summary(self) -> str:
        """Return counts and sizes in a line or two; nothing while nothing is remembered."""
        stats = self._app.memories.stats(self.browsing.seen())
        chats = f"{stats.places:,} chat{'' if stats.places == 1 else 's'}"
        parts = [f"{stats.exchanges:,} exchange{'' if stats.exchanges == 1 else 's'} in {chats}", f"{stats.pinned:,} pinned"]
        parts.append(f"diary {size(stats.diary_bytes)}, index {size(stats.index_bytes)}")
        if stats.unsaved:
            parts.append(f"{stats.unsaved:,} kept aside until the diary can be written")
        if stats.behind:
            parts.append(f"{stats.behind:,} not indexed yet")
        return " · ".join(parts) if stats.exchanges or stats.unsaved else ""

    def _own(self, number: int) -> Exchange:
        exchange = self.one(number)
        if not self.is_own(exchange):
            raise NotFound(f"This is not yours: only {exchange.person.shown} can change or forget it.")
        return exchange

    def _related(self, text: str, companion: str, chosen: Filter) -> list[Memory]:
        """Return what recall finds for a text, with its scores, as far as the filter lets it through."""
        try:
            found = self._app.memories.search(text, self._person, companion, limit=MOST_FOUND)
        except FamiliarError as exc:
            log.warning("Memories are listed by their words only: %s", exc)
            return []
        evident = [memory for memory in found if memory.lexical > 0 or memory.dense >= CLOSE]
        inside = self.browsing.among([memory.exchange.id for memory in evident], chosen)
        return [memory for memory in evident if memory.exchange.id in inside]


def label(memory: Memory, viewer: Viewer) -> str:
    """Return a memory as lines of the list: the words; when, where and who; and how well it was found, where it was searched for."""
    exchange = memory.exchange
    star = "★ " if exchange.pinned else ""
    when = exchange.when.astimezone(viewer.zone)
    who = "" if exchange.person.id == viewer.person else viewer.name(exchange.person)
    parts = (f"{when.day} {when:%b %Y}", shortened(viewer.where(exchange.place), 40), shortened(who, 40))
    lines = (f"{star}{shortened(exchange.said, LONGEST_LABEL)}", " · ".join(part for part in parts if part))
    return "\n".join((*lines, f"score {scores(memory)}") if memory.score else lines)
