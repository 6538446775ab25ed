"""The index of people: everybody whose words are in the imported chats or the diary, under all their names, and what they agreed to.

Who they are, what they were called and when, and how much they wrote is read from the chats themselves. Kept is only what somebody
said about them: a name, who is the same person, who is left out, and consent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa

from ..database import Database
from ..errors import NotFound, SettingsError
from ..memory.rows import clean
from ..tables import chat_line, chat_person, exchange, person
from .chats import Chats
from .diary import COMPANION

Consent = Literal["unknown", "given", "refused"]
CONSENTS: tuple[Consent, ...] = ("unknown", "given", "refused")
LONGEST_NAME = 200
"""Characters."""


@dataclass(frozen=True, slots=True)
class Name:
    """What somebody was called, from when until when (UTC; None where it is not known), and in how many messages."""

    name: str
    since: datetime | None
    until: datetime | None
    lines: int


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in the index."""

    id: str
    name: str
    """The display name: as it was set, or the newest."""
    first_name: str
    initials: str
    """Of the display name, numbered where others have the same: `AS`, `AS2`."""
    names: tuple[Name, ...]
    """The newest first."""
    aliases: tuple[str, ...]
    """The other ids of the same person."""
    bot: bool
    excluded: bool
    consent: Consent
    lines: int
    since: datetime | None
    until: datetime | None

    @property
    def companion(self) -> bool:
        """Whether it is a model that answered: it needs no consent."""
        return self.id.startswith(COMPANION)

    @property
    def agreed(self) -> bool:
        """Whether the words may be learned."""
        return self.consent == "given" or ((self.bot or self.companion) and self.consent != "refused")


class People:
    """The index of one database. `owner` is who runs this program, whose consent is given unless it is refused.

    Every method raises StoreError when the database fails.
    """

    def __init__(self, database: Database, owner: str = "me") -> None:
        self.database = database
        self._owner = owner

    def index(self) -> tuple[Member, ...]:
        """Return everybody, who wrote most first."""
        with self.database.read() as connection:
            names, bots = _heard(connection)
            said = {row.id: row for row in connection.execute(sa.select(chat_person))}
        groups: dict[str, list[str]] = {}
        for each in dict.fromkeys((*names, *(one for one, row in said.items() if not row.forgotten))):
            groups.setdefault(_root(each, said), []).append(each)
        found = [self._member(root, ids, names, bots, said.get(root)) for root, ids in groups.items()]
        found.sort(key=lambda each: (-each.lines, each.id))
        return _with_initials([each for each in found if each.lines or each.id in said])

    def of(self, who: str, among: Iterable[Member] | None = None) -> Member:
        """Return somebody by an id or a name, in capitals or not. Raises NotFound, also where several have the name."""
        index = tuple(self.index() if among is None else among)
        return named(who, index)

    def change(
        self,
        who: str,
        *,
        name: str | None = None,
        first_name: str | None = None,
        bot: bool | None = None,
        excluded: bool | None = None,
        consent: Consent | None = None,
    ) -> Member:
        """Change what is said about somebody, and return them; '' for a name takes it back. Raises NotFound, SettingsError.

        Who was forgotten, named by the id, can be imported again once consent is given.
        """
        for text in (name, first_name):
            if text is not None and len(text) > LONGEST_NAME:
                raise SettingsError(f"A name has at most {LONGEST_NAME} characters.")
        if consent is not None and consent not in CONSENTS:
            raise SettingsError(f"Consent is one of {', '.join(CONSENTS)}.")
        if consent == "given":
            self._bring_back(who)
        number = self.of(who).id
        values = {"name": name, "first_name": first_name, "bot": bot, "excluded": excluded, "consent": consent}
        given = {key: clean(value.strip()) if isinstance(value, str) else value for key, value in values.items() if value is not None}
        with self.database.write() as connection:
            keep(connection, number, **given)
        return self.of(number)

    def answer(self, number: str, consent: Consent) -> None:
        """Note what somebody says of themselves by their id, also before any of their words are here."""
        with self.database.write() as connection:
            found = connection.execute(sa.select(chat_person.c.same_as).where(chat_person.c.id == number)).scalar()
            given = {"forgotten": False} if consent == "given" else {}
            keep(connection, found or number, consent=consent, **given)

    def identity(self, number: str) -> tuple[tuple[str, ...], Consent]:
        """Return all ids of the person with an id, and what they agreed to."""
        try:
            found = self.of(number)
        except NotFound:
            return (number,), "given" if number == self._owner else "unknown"
        return (found.id, *found.aliases), found.consent

    def merge(self, who: str, into: str) -> Member:
        """Say that two are the same person, who is called and asked as the second one, and return them.

        What either refused stays refused. Raises NotFound, SettingsError.
        """
        index = self.index()
        one, other = named(who, index), named(into, index)
        if one.id == other.id:
            raise SettingsError("They are the same person already.")
        refused = {"consent": "refused"} if "refused" in (one.consent, other.consent) else {}
        excluded = {"excluded": True} if one.excluded or other.excluded else {}
        with self.database.write() as connection:
            for each in (one.id, *one.aliases):
                keep(connection, each, same_as=other.id)
            keep(connection, other.id, same_as="", **refused, **excluded)
        return self.of(other.id)

    def claim(self, who: str) -> Member:
        """Say that somebody is the owner of this machine, and return them. Raises NotFound."""
        if named(who, self.index()).id == self._owner:
            return self.of(self._owner)
        with self.database.write() as connection:
            keep(connection, self._owner)
        return self.merge(who, self._owner)

    def split(self, alias: str) -> Member:
        """Say that an id is a person of its own again, and return them. Nobody asked them by themselves: consent is unknown.

        Raises NotFound.
        """
        if not any(alias in each.aliases for each in self.index()):
            raise NotFound("There is nobody to split with this id. `familiar people show NAME` shows the ids of a person.")
        with self.database.write() as connection:
            keep(connection, alias, same_as="", consent="unknown")
        return self.of(alias)

    def forget(self, who: str) -> int:
        """Remove the imported words of somebody under all their ids, for good, and return how many messages went.

        No import brings them back. What they said to the companion is forgotten with `familiar memory forget`. Raises NotFound.
        """
        found = self.of(who)
        ids = (found.id, *found.aliases)
        with self.database.write() as connection:
            for each in ids:
                keep(connection, each, same_as="", name="", first_name="", pseudonym="", consent="refused", forgotten=True)
        return Chats(self.database).forget(ids)

    def _bring_back(self, number: str) -> None:
        match = sa.and_(chat_person.c.id == number, chat_person.c.forgotten)
        with self.database.write() as connection:
            connection.execute(sa.update(chat_person).where(match).values(forgotten=False))

    def _member(self, root: str, ids: list[str], names: dict[str, list[Name]], bots: set[str], said: Any) -> Member:
        heard = _joined(name for each in ids for name in names.get(each, ()))
        newest = heard[0].name if heard else root.partition(":")[2] or root
        shown = (said.name if said is not None else "") or newest
        consent: Consent = said.consent if said is not None else "unknown"
        owner = self._owner in ids and consent == "unknown"
        since = [each.since for each in heard if each.since is not None]
        until = [each.until for each in heard if each.until is not None]
        return Member(
            id=root,
            name=shown,
            first_name=(said.first_name if said is not None else "") or _first(shown),
            initials="",
            names=tuple(heard),
            aliases=tuple(sorted(each for each in ids if each != root)),
            bot=any(each in bots for each in ids) if said is None or said.bot is None else bool(said.bot),
            excluded=bool(said is not None and said.excluded),
            consent="given" if owner else consent,
            lines=sum(each.lines for each in heard),
            since=min(since, default=None),
            until=max(until, default=None),
        )


def named(who: str, index: Iterable[Member]) -> Member:
    """Return somebody of an index by an id or a name, in capitals or not. Raises NotFound, also where several have the name."""
    index = tuple(index)
    for each in index:
        if who == each.id or who in each.aliases:
            return each
    wanted = who.strip().casefold()
    called = [each for each in index if wanted == each.name.casefold()]
    called = called or [each for each in index if wanted in {name.name.casefold() for name in each.names} | {each.first_name.casefold()}]
    if len(called) == 1:
        return called[0]
    if called:
        raise NotFound(f"{len(called)} people are called that. Name one by the id: {', '.join(each.id for each in called[:5])}.")
    raise NotFound(f"There is nobody called {who[:LONGEST_NAME]!r} in the chats. `familiar people` lists those there are.")


def keep(connection: sa.Connection, number: str, **values: Any) -> None:
    """Keep what was said about an id."""
    columns = chat_person.c
    if connection.execute(sa.select(columns.id).where(columns.id == number)).first() is None:
        empty = {
            "same_as": "", "name": "", "first_name": "", "bot": None, "excluded": False,
            "consent": "unknown", "pseudonym": "", "forgotten": False,
        }  # fmt: skip
        connection.execute(sa.insert(chat_person).values(id=number, **empty | values))
    elif values:
        connection.execute(sa.update(chat_person).where(columns.id == number).values(**values))


def _heard(connection: sa.Connection) -> tuple[dict[str, list[Name]], set[str]]:
    """Return under which names every id wrote, and which are bots."""
    lines, count = chat_line.c, sa.func.count()
    spans = sa.func.min(lines.said_at), sa.func.max(lines.said_at)
    imported = sa.select(lines.author, lines.name, *spans, count, sa.func.max(sa.cast(lines.bot, sa.Integer)))
    columns = exchange.c
    times = sa.func.min(columns.said_at), sa.func.max(columns.said_at)
    said = sa.select(columns.person_id, person.c.name, *times, count).join(person, person.c.id == columns.person_id)
    replied = sa.select(columns.companion, columns.companion, *times, count).where(columns.reply != "").group_by(columns.companion)
    names: dict[str, list[Name]] = {}
    bots = set()
    for row in connection.execute(imported.group_by(lines.author, lines.name)):
        names.setdefault(row[0], []).append(_name(*row[1:5]))
        if row[5]:
            bots.add(row[0])
    for row in connection.execute(said.group_by(columns.person_id, person.c.name)):
        names.setdefault(row[0], []).append(_name(row[1] or row[0], *row[2:5]))
    for row in connection.execute(replied):
        names.setdefault(COMPANION + row[0], []).append(_name(*row[1:5]))
    return names, bots


def _name(name: str, since: float | None, until: float | None, lines: int) -> Name:
    return Name(name, _moment(since), _moment(until), lines)


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _joined(names: Iterable[Name]) -> list[Name]:
    """Return the names of all ids of a person, each once, the newest first."""
    found: dict[str, Name] = {}
    for each in names:
        before = found.get(each.name)
        if before is not None:
            since = [one for one in (before.since, each.since) if one is not None]
            until = [one for one in (before.until, each.until) if one is not None]
            each = Name(each.name, min(since, default=None), max(until, default=None), before.lines + each.lines)
        found[each.name] = each
    earliest = datetime.min.replace(tzinfo=UTC)
    return sorted(found.values(), key=lambda each: (each.until or earliest, each.lines, each.name), reverse=True)


def _root(number: str, said: dict[str, Any]) -> str:
    row = said.get(number)
    return str(row.same_as) if row is not None and row.same_as else number


def _first(name: str) -> str:
    """Return the first word of a name, without what decorates it."""
    words = [word.strip("~*_|.-()[]") for word in name.split()]
    return next((word for word in words if word), name)


def _with_initials(members: list[Member]) -> tuple[Member, ...]:
    taken: dict[str, int] = {}
    found = {}
    late = datetime.max.replace(tzinfo=UTC)
    for each in sorted(members, key=lambda one: (one.since or late, one.id)):
        letters = "".join(word[0] for word in each.name.split() if word[0].isalnum())[:3].upper() or each.name[:1].upper() or "?"
        taken[letters] = taken.get(letters, 0) + 1
        found[each.id] = replace(each, initials=letters if taken[letters] == 1 else f"{letters}{taken[letters]}")
    return tuple(found[each.id] for each in members)
