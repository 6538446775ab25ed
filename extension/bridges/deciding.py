"""Who is answered: a pure decision over a message and what is known of it, with a reason for every silence."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from ..permissions.level import Level
from .heard import Heard

HIDING = "!"
"""What a message begins with that is not said to a companion, nor ever shown to one."""
KEPT = 50
"""Silences that are remembered of one place."""
PLACES = 2_000
"""Places that silences are remembered of."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a message beside itself."""

    level: Level = Level.VISIBLE
    names: tuple[str, ...] = ()
    """What the companion is called here."""
    aliases: tuple[str, ...] = ()
    """Further names it listens to."""
    prefix: str = ""
    """Of channels that are answered in."""
    speaking: bool = True
    autoreply: bool = False
    by_reaction: bool = False
    lurk: float | None = None
    likelihood: Callable[[], float | None] = field(default=lambda: None)
    """How likely it would speak next; asked only where it lurks."""
    replied_to_us: bool = False
    replied_to_hidden: bool = False
    known: bool = False
    """Whether it was heard before."""
    reacted: bool = False
    """Whether somebody reacted to it, so that it is heard now."""
    to_another: bool = False
    """Whether it asks a companion by the first letter of its name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """That a message is answered, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class Silence:
    """That a message is not answered, and why."""

    reason: str
    hides: bool = False
    """Whether it is to stay out of what the model sees."""


def decide(heard: Heard, facts: Facts) -> Answer | Silence:
    """Return whether a message is answered."""
    if refusal := refused(heard, facts):
        return refusal
    if not facts.speaking:
        return Silence("speaking is switched off here (option speaking)")
    if facts.reacted:
        return Answer("somebody reacted to it")
    if facts.by_reaction:
        return Silence("here only messages are answered that somebody reacts to (option by-reaction)")
    if why := _addressed(heard, facts):
        return Answer(why)
    return _by_itself(facts)


def addressed_by_name(text: str, names: Sequence[str], aliases: Sequence[str] = ()) -> int:
    """Return how many characters at the beginning of a text call one of these names; 0 for none.

    A name calls with a comma or colon behind it, an alias also alone.
    """
    for called, end in ((names, r"\s*[,:]\s*"), (aliases, r"(?:\s*[,:!?.]|(?!\w))\s*")):
        for name in sorted(filter(None, called), key=len, reverse=True):
            found = re.match(rf"\s*@?{re.escape(name)}{end}", text, re.IGNORECASE)
            if found:
                return found.end()
    return 0


def refused(heard: Heard, facts: Facts) -> Silence | None:
    """Return why a message is neither answered nor obeyed, whatever it says; None where it may be."""
    if heard.is_own:
        return Silence("it is our own")
    if heard.is_bot:
        return Silence("bots are never answered")
    if facts.level == Level.IGNORED:
        return Silence("who says it is ignored here (permissions)")
    if facts.known:
        return Silence("it was taken up before")
    if heard.text.lstrip().startswith(HIDING) and not facts.to_another:
        return Silence(f"it begins with {HIDING}", hides=True)
    if facts.replied_to_hidden:
        return Silence("it replies to a hidden message", hides=True)
    return None


def _addressed(heard: Heard, facts: Facts) -> str:
    prefix = facts.prefix.lower()
    reasons = (
        (heard.direct, "it is said in private"),
        (heard.alone, "nobody else is here"),
        (heard.mentioned, "it mentions the companion"),
        (facts.replied_to_us, "it replies to the companion"),
        (facts.to_another, "it asks a companion by the first letter of its name"),
        (addressed_by_name(heard.text, facts.names, facts.aliases) > 0, "it begins with the companion's name"),
        (heard.own_thread, "this thread was made for talking with it"),
        (bool(prefix) and any(name.lower().startswith(prefix) for name in heard.names), "the channel's name says so"),
        (facts.autoreply, "every message is answered here (option autoreply)"),
    )
    return next((why for holds, why in reasons if holds), "")


def _by_itself(facts: Facts) -> Answer | Silence:
    if facts.lurk is None:
        return Silence("it was not said to the companion: no mention, reply, name, or option that asks for more")
    found = facts.likelihood()
    if found is None:
        return Silence("how likely it would speak next was not told: the model's host cannot, or is busy (option lurk)")
    if found < facts.lurk:
        return Silence(f"the model finds it {found:.2f} likely that the companion speaks next, which is below {facts.lurk:g} (option lurk)")
    return Answer(f"the model finds it {found:.2f} likely that the companion speaks next")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A message that was not answered."""

    message: str
    person: str
    when: datetime
    reason: str


class Silences:
    """Why the newest messages of places were not answered. Safe to use from several threads."""

    def __init__(self) -> None:
        self._places: dict[str, deque[Unanswered]] = {}
        self._lock = Lock()

    def note(self, heard: Heard, reason: str) -> None:
        """Remember why a message was not answered."""
        with self._lock:
            line = self._places.pop(heard.place.id, None) or deque(maxlen=KEPT)
            line.append(Unanswered(heard.id, heard.person.id, heard.when, reason))
            self._places[heard.place.id] = line
            while len(self._places) > PLACES:
                del self._places[next(iter(self._places))]

    def of(self, place_id: str) -> list[Unanswered]:
        """Return what was not answered in a place, the newest first."""
        with self._lock:
            return list(reversed(self._places.get(place_id, ())))
