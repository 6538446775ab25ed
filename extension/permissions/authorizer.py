"""The one authorizer: asked for every message, command, completion, button and reaction, and by nobody else in another way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ..errors import Denied, StoreError
from ..messages import Person, Place
from ..rules import Listed, Rules
from .level import DEFAULT, Level, grantable, level_named, may_change
from .store import Granted, Record

log = logging.getLogger(__name__)

EVERYONE = "everyone"
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and from where: what their level follows from."""

    person: Person
    place: Place
    server: str = ""
    """Id of the server, '' where there is none."""
    channels: tuple[str, ...] = ()
    """Ids of the channel, and of what it lies in: category, parent of a thread."""
    roles: tuple[str, ...] = ()
    """Ids of their roles on that server."""
    here: bool = False
    """Whether they sit at this machine, so that it is theirs."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A level, and why it is that."""

    level: Level
    why: str


@dataclass
class Authorizer:
    """Says who may do what, by rules that may change while it runs, and keeps what was decided."""

    granted: Granted
    record: Record
    rules: Callable[[], Rules]
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def standing(self, asker: Asker) -> Standing:
        """Return the level of somebody, and why. Raises StoreError."""
        rules, person = self.rules(), asker.person.id
        named = Level[rules.levels.get(person, "ignored").upper()]
        if asker.here:
            return Standing(Level.OWNER, "sits at this machine")
        if named == Level.OWNER:
            return Standing(named, "named in the settings")
        if _lists(rules.deny, asker):
            return Standing(Level.IGNORED, "denied in the settings")
        if not _allowed(rules.allow, asker):
            return Standing(Level.IGNORED, "not among those the settings allow")
        return self._unlisted(rules, asker)

    def _unlisted(self, rules: Rules, asker: Asker) -> Standing:
        person, given = asker.person.id, self.granted.of(asker.person.id)
        if given == Level.IGNORED or (given is None and rules.levels.get(person) == "ignored"):
            return Standing(Level.IGNORED, "ignored by name")
        if given is not None:
            own = Standing(given, "given with /permissions set")
        elif person in rules.levels:
            own = Standing(Level[rules.levels[person].upper()], "named in the settings")
        else:
            own = Standing(Level[rules.default.upper()], "the default")
        trusted = rules.roles.get(asker.server, {}) if asker.server else {}
        by_role = [Level[level.upper()] for role, level in trusted.items() if role == EVERYONE or role in asker.roles]
        best = max(by_role, default=Level.IGNORED)
        return Standing(best, "a role on a trusted server") if best > own.level else own

    def level(self, asker: Asker) -> Level:
        """Return the level of somebody; ignored where it cannot be known. Never raises."""
        try:
            return self.standing(asker).level
        except StoreError as exc:
            log.warning("A level is not known now, so nothing is allowed: %s", exc)
            return Level.IGNORED

    def require(self, asker: Asker, needed: Level, what: str) -> Level:
        """Return the level of somebody who may do something. Raises Denied."""
        level = self.level(asker)
        require_level(level, needed, what)
        return level

    def require_budget(self, asker: Asker, level: Level, spending: frozenset[str] = frozenset()) -> None:
        """Raise Denied when somebody asks for the machine too soon or too often. The owner never does.

        Answers count, and those commands that `spending` names.
        """
        rules = self.rules()
        if level == Level.OWNER or not (rules.cooldown or rules.hourly):
            return
        now = self.clock()
        spent = self.record.spent(asker.person.id, now - max(HOUR, timedelta(seconds=rules.cooldown)), spending)
        if spent and (left := spent[-1] + rules.cooldown - now.timestamp()) > 0:
            raise Denied(f"Too soon: wait {max(round(left), 1)} s.")
        hour = [when for when in spent if when > (now - HOUR).timestamp()]
        if rules.hourly and len(hour) >= rules.hourly:
            left = hour[-rules.hourly] + HOUR.total_seconds() - now.timestamp()
            raise Denied(f"You had {rules.hourly} answers within an hour, which is the limit. Try again in {max(round(left / 60), 1)} min.")

    def change(self, by: Asker, other: Asker, wanted: str) -> Level:
        """Give another person a level, or take it back with `default`, and return what theirs is then. Raises Denied, CommandRefused."""
        own, present = self.level(by), self.standing(other).level
        level = None if wanted.strip().lower() == DEFAULT else level_named(wanted)
        after = self._without(other) if level is None else level
        if by.person.id == other.person.id:
            raise Denied("Nobody changes their own level.")
        if not may_change(own, present, after, oneself=False):
            levels = f"{other.person.shown}'s level ({present.shown}) and the new one ({after.shown})"
            raise Denied(f"You are {own.shown}: {levels} must both be below yours.")
        self.granted.give(other.person.id, level, by.person)
        return self.standing(other).level

    def choices(self, by: Asker, other: Asker) -> list[str]:
        """Return the words that `change` would take."""
        own, present = self.level(by), self.standing(other).level
        oneself = by.person.id == other.person.id
        legal = [level.shown for level in grantable(own, present, oneself=oneself)]
        return [*legal, DEFAULT] if may_change(own, present, self._without(other), oneself=oneself) else legal

    def _without(self, other: Asker) -> Level:
        """Return the level of somebody if they had been given none."""
        rules = self.rules()
        return Level[rules.levels.get(other.person.id, rules.default).upper()]


def require_level(level: Level, needed: Level, what: str) -> None:
    """Raise Denied where a level does not suffice for something; that of the ignored never does."""
    if level == Level.IGNORED or level < needed:
        raise Denied(f"{what} is for {needed.shown} and above; your level is {level.shown}.")


def _lists(listed: Listed, asker: Asker) -> bool:
    channels = {asker.place.id, *asker.channels}
    return asker.server in listed.servers or not channels.isdisjoint(listed.channels) or asker.person.id in listed.people


def _allowed(listed: Listed, asker: Asker) -> bool:
    """Return whether somebody is among those the settings allow, in each respect in which they name anybody."""
    channels = {asker.place.id, *asker.channels}
    here = not asker.server or not listed.servers or asker.server in listed.servers
    there = not listed.channels or not channels.isdisjoint(listed.channels)
    return here and there and (not listed.people or asker.person.id in listed.people)
