"""The facts and summaries that one person may see, and what they may do with those made of nothing but their own words."""

from __future__ import annotations

from dataclasses import dataclass

from ..app import App
from ..errors import NotFound, SettingsError
from ..memory.browsing import Browsing, Shelf
from ..memory.diary import EVERYTHING, Filter
from ..memory.facts import Fact, Which
from ..messages import Exchange, Person, Summary
from .cards import shortened
from .listing import NO_MATCH

FACTS_OFF = (
    "No facts are noted: that is switched off. With FAMILIAR_FACTS=true (see docs/settings.md) the model notes what it hears about "
    "people, while nobody is talking."
)
FACTS_NONE = "No facts yet. The model notes them while nobody is talking; the button above does not wait for that."
FACTS_NOT_FOUND = "No fact holds “{}”. Try a single word, or clear it."
SUMMARIES_OFF = "Summaries are switched off. With FAMILIAR_SUMMARIES=extract, or =model (see docs/settings.md), they are made."
SUMMARIES_NONE = (
    "No summaries yet. There is one when a chat outgrows what the model sees, when a session is over, and of what you said after "
    "some eight exchanges. They are made while nobody is talking; the button above does not wait for that."
)
BUSY = "Somebody is talking to the model, so it was not made anew. Try again in a moment."
MOST_SOURCES = 40
"""Exchanges of a summary that are listed: half of them the first ones, half the last."""


@dataclass(frozen=True, slots=True)
class FoundFacts:
    """Some facts with their histories, how many there are, and what to say of it."""

    facts: tuple[Fact, ...]
    histories: dict[int, list[Fact]]
    total: int
    caption: str


@dataclass(frozen=True, slots=True)
class FoundSummaries:
    """Summaries, and what to say of them."""

    summaries: tuple[Summary, ...]
    caption: str


@dataclass(frozen=True, slots=True)
class Sources:
    """What a summary stands for: some exchanges of it, how many stand between its first and its last ones, and whether all is one's own."""

    first: tuple[Exchange, ...]
    left_out: int
    last: tuple[Exchange, ...]
    own: bool


class Noted:
    """What was made of the memories that one person may see. Every method may raise StoreError."""

    def __init__(self, app: App, person: Person) -> None:
        self._app = app
        self._facts, self._summaries = app.memories.facts, app.memories.summaries
        self._person = person
        self._browsing = Browsing(app.memories.database, person)

    def facts(self, text: str, chosen: Filter, limit: int) -> FoundFacts:
        """Return the facts that hold now, the newest first, of what a filter lets through and in which all words of a text stand."""
        which = Which(chosen=self._browsing.seen(chosen), text=text)
        found, total = tuple(self._facts.browse(which, limit)), self._facts.matching(which)
        off = "" if self._app.settings.facts else " No further ones are noted: FAMILIAR_FACTS is not set."
        if total:
            counted = f"{total:,} fact{'' if total == 1 else 's'}"
            caption = f"{len(found):,} of {counted}, the newest first.{off}" if len(found) < total else f"{counted}, the newest first.{off}"
        elif text.strip():
            caption = FACTS_NOT_FOUND.format(shortened(text, 40))
        else:
            caption = NO_MATCH if chosen != EVERYTHING and self._any_facts() else FACTS_OFF if off else FACTS_NONE
        return FoundFacts(found, self._facts.histories([fact.id for fact in found]), total, caption)

    def history(self, number: int) -> list[Fact]:
        """Return a fact and all others about the same, the oldest first. Raises NotFound for one they may not see."""
        self.fact(number)
        return self._facts.history(number)

    def fact(self, number: int) -> Fact:
        """Return a fact. Raises NotFound for one they may not see."""
        try:
            found = self._facts.one(number)
        except NotFound:
            found = None
        if found is None or found.realm not in self._realms():
            raise NotFound("This fact is not there any more.")
        return found

    def is_own(self, fact: Fact) -> bool:
        """Return whether a fact is this person's to change: they said it."""
        return fact.said_by.id == self._person.id

    def edit_fact(self, number: int, about: str, attribute: str, value: str) -> Fact:
        """Put a fact right. Raises NotFound, and SettingsError for an empty or overlong part."""
        self._own_fact(number)
        return self._app.memories.edit_fact(number, about=about, attribute=attribute, value=value)

    def remove_fact(self, number: int) -> None:
        """Remove a fact. Raises NotFound."""
        self._own_fact(number)
        self._app.memories.forget_fact(number)

    def places(self) -> list[Shelf]:
        """Return the places of this person, the most recent first."""
        return self._browsing.places()

    def people(self) -> list[Person]:
        """Return who speaks in what they may see, themselves first."""
        return self._browsing.people()

    def exchanges(self, ids: list[int]) -> dict[int, Exchange]:
        """Return what there is of some exchanges, by their ids."""
        return {each.id: each for each in self._app.memories.diary.get(ids)}

    def summaries(self, chosen: Filter) -> FoundSummaries:
        """Return the summaries of what a filter lets through, the newest first."""
        found = tuple(self._summaries.browse(realms=self._realms(), chosen=self._browsing.seen(chosen)))
        if found:
            return FoundSummaries(found, f"{len(found):,} summar{'y' if len(found) == 1 else 'ies'}, the newest first.")
        if chosen != EVERYTHING and self._summaries.browse(realms=self._realms(), limit=1):
            return FoundSummaries((), NO_MATCH)
        return FoundSummaries((), SUMMARIES_OFF if self._app.settings.summaries == "off" else SUMMARIES_NONE)

    def summary(self, number: int) -> Summary:
        """Return a summary. Raises NotFound for one they may not see."""
        try:
            found = self._summaries.one(number)
        except NotFound:
            found = None
        if found is None or found.realm not in self._realms():
            raise NotFound("This summary is not there any more. It may have been made anew: press Refresh.")
        return found

    def sources(self, number: int) -> Sources:
        """Return what a summary stands for. Raises NotFound."""
        self.summary(number)
        parts = self._summaries.parts(number)
        ids, half = [part for part, _ in parts], MOST_SOURCES // 2
        first, last = (ids, []) if len(ids) <= MOST_SOURCES else (ids[:half], ids[-half:])
        diary = self._app.memories.diary
        own = all(who == self._person.id for _, who in parts)
        return Sources(tuple(diary.get(first)), len(ids) - len(first) - len(last), tuple(diary.get(last)), own)

    def sum_up_again(self, number: int) -> int:
        """Make a summary anew and return its new id. Raises NotFound, SettingsError, HostError."""
        self._own_summary(number)
        made = self._app.sum_up_again(number, lambda: self._app.idle.busy)
        if not made:
            raise SettingsError(BUSY)
        return made

    def remove_summary(self, number: int) -> None:
        """Remove a summary. Raises NotFound."""
        self._own_summary(number)
        self._app.memories.forget_summary(number)

    def waiting(self) -> int:
        """Return how many exchanges are to be looked through for facts; none where that is switched off."""
        return self._app.memories.fact_finding.waiting() if self._app.settings.facts else 0

    def _any_facts(self) -> bool:
        return bool(self._facts.browse(Which(chosen=self._browsing.seen()), 1))

    def _realms(self) -> frozenset[int]:
        return frozenset(self._browsing.seen().realms or ())

    def _own_fact(self, number: int) -> None:
        fact = self.fact(number)
        if not self.is_own(fact):
            raise NotFound(f"This is not yours: only {fact.said_by.shown} can change or remove it.")

    def _own_summary(self, number: int) -> None:
        if not self.sources(number).own:
            raise NotFound("This is not yours alone: it stands for what others said, too.")
