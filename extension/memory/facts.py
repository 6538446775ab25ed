"""Facts: what was said, as notes about somebody. A later one that changes an earlier one leaves it as history."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..database import Database
from ..errors import NotFound, SettingsError
from ..messages import Exchange, Person, digest
from ..tables import exchange, extraction, fact, person
from .attributes import subject
from .diary import EVERYTHING, Filter, update
from .extraction import Found, about_key
from .rows import clean, selected, to_exchange

MOST_WORDS = 8
"""Words of a text that are looked for; of a longer one, the first."""
LONGEST = 300
"""Characters of each part of a fact that a person writes themselves."""
_GONE = "There is no fact with id {}. `familiar memory facts` shows those there are."


@dataclass(frozen=True, slots=True)
class Fact:
    """One note: about whom, what about them, and its value."""

    id: int
    exchange: int
    """Id of the exchange it was made of."""
    realm: int
    about: str
    attribute: str
    value: str
    said_by: Person
    companion: str
    """Who was told."""
    when: datetime
    """When it was said."""
    superseded_by: int | None = None
    """Id of the later fact that changed it; None while it holds."""
    until: datetime | None = None
    """When that was said."""

    @property
    def text(self) -> str:
        """The note in a line: `Ada, home: Porto`."""
        return f"{self.about}, {self.attribute}: {self.value}"


@dataclass(frozen=True, slots=True)
class Which:
    """Which facts to list. None leaves a field open."""

    exchange: int | None = None
    person: str | None = None
    """Who said it."""
    companion: str | None = None
    realms: Collection[int] | None = None
    """The realms that may be looked into (see realms.visible_realms)."""
    chosen: Filter = EVERYTHING
    """Which exchanges they may be of."""
    text: str = ""
    """Words that all stand in it, if only as parts of words."""
    history: bool = False
    """Whether those that later ones changed, and those said again later, are listed too."""


class Facts:
    """The facts of one diary. Every method raises StoreError when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def browse(self, which: Which | None = None, limit: int | None = 200) -> list[Fact]:
        """Return facts, the newest first."""
        query = _listed(which or Which()).order_by(exchange.c.said_at.desc(), fact.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [_to_fact(row) for row in connection.execute(query)]

    def matching(self, which: Which) -> int:
        """Return how many facts `browse` would list."""
        with self._database.read() as connection:
            return int(connection.execute(_listed(which).with_only_columns(sa.func.count())).scalar_one())

    def of(self, number: int) -> list[Fact]:
        """Return the facts of one exchange, in the order in which they were noted, changed ones too."""
        return self.browse(Which(exchange=number, history=True))[::-1]

    def one(self, number: int) -> Fact:
        """Return one fact. Raises NotFound."""
        with self._database.read() as connection:
            row = connection.execute(_listed(Which(history=True)).where(fact.c.id == number)).first()
        if row is None:
            raise NotFound(_GONE.format(number))
        return _to_fact(row)

    def history(self, number: int) -> list[Fact]:
        """Return a fact and all others of the same realm that are about the same, the oldest first. Raises NotFound."""
        found = self.histories([number])
        if not found:
            raise NotFound(_GONE.format(number))
        return found[number]

    def histories(self, numbers: Sequence[int]) -> dict[int, list[Fact]]:
        """Return the history of each of these facts that there are, by their ids."""
        one = fact.alias()
        same = sa.and_(one.c.realm_id == fact.c.realm_id, one.c.subject == fact.c.subject)
        query = _listed(Which(history=True)).add_columns(one.c.id.label("of")).join(one, same)
        query = query.where(one.c.id.in_(list(numbers))).order_by(exchange.c.said_at, fact.c.id)
        found: dict[int, list[Fact]] = {}
        with self._database.read() as connection:
            for row in connection.execute(query):
                found.setdefault(row.of, []).append(_to_fact(row))
        return found

    def changes(self, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """Return what holds now in place of facts of these exchanges that later ones changed, as notes, by exchange."""
        query = _listed(Which(history=True)).where(fact.c.exchange_id.in_(list(ids)), _superseded_by.is_not(None)).order_by(fact.c.id)
        found: dict[int, tuple[str, ...]] = {}
        with self._database.read() as connection:
            for row in connection.execute(query).all():
                number, newest = row.exchange_id, row
                while newest.superseded_by is not None:
                    newest = connection.execute(_listed(Which(history=True)).where(fact.c.id == newest.superseded_by)).one()
                found[number] = (*found.get(number, ()), _to_fact(newest).text)
        return found

    def edit(self, number: int, *, about: str | None = None, attribute: str | None = None, value: str | None = None) -> Fact:
        """Put a fact right, and return it. Raises NotFound, and SettingsError for an empty or overlong part."""
        given = {"about": about, "attribute": attribute, "value": value}
        new = {name: clean(" ".join(text.split())) for name, text in given.items() if text is not None}
        for name, text in new.items():
            if not 0 < len(text) <= LONGEST:
                raise SettingsError(f"The `{name}` of a fact takes 1 to {LONGEST} characters. `--delete` removes the fact.")
        held = self.one(number)
        with self._database.write() as connection:
            spoke = exchange_of(connection, held.exchange)
            if spoke is None:
                raise NotFound(_GONE.format(number))
            parts = {"about": held.about, "attribute": held.attribute, **new}
            new["subject"] = subject(about_key(parts["about"], spoke), parts["attribute"])
            connection.execute(sa.update(fact).where(fact.c.id == number).values(**new))
            update(connection, held.exchange)
        return self.one(number)

    def delete(self, number: int) -> None:
        """Remove a fact. What it had changed holds again, and it is not made again. Raises NotFound."""
        held = self.one(number)
        with self._database.write() as connection:
            connection.execute(sa.delete(fact).where(fact.c.id == number))
            update(connection, held.exchange)

    def count(self) -> int:
        """Return how many facts there are, history included."""
        with self._database.read() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(fact)).scalar_one())


def exchange_of(connection: sa.Connection, number: int) -> Exchange | None:
    """Return an exchange as this transaction sees it."""
    row = connection.execute(selected.where(exchange.c.id == number)).first()
    return None if row is None else to_exchange(row)


def keep(connection: sa.Connection, spoke: Exchange, found: Sequence[Found]) -> None:
    """Store what was found in an exchange and that it was looked through; the indexes look at it again when its facts change."""
    connection.execute(sa.delete(extraction).where(extraction.c.exchange_id == spoke.id))
    connection.execute(sa.insert(extraction).values(exchange_id=spoke.id, digest=digest(spoke.said)))
    gone = connection.execute(sa.delete(fact).where(fact.c.exchange_id == spoke.id)).rowcount
    if gone and not found:
        update(connection, spoke.id)
    if not found:
        return
    values = [
        {
            "exchange_id": spoke.id,
            "realm_id": spoke.realm,
            "about": clean(each.about),
            "attribute": clean(each.attribute),
            "value": clean(each.value),
            "subject": each.subject,
            "ends": each.ends,
        }
        for each in found
    ]
    connection.execute(sa.insert(fact), values)
    update(connection, spoke.id)


def found_in(connection: sa.Connection, number: int) -> list[Found]:
    """Return the facts of an exchange as they were found."""
    return [found for _, found in found_among(connection, [number])]


def found_among(connection: sa.Connection, ids: Sequence[int]) -> list[tuple[int, Found]]:
    """Return the facts of some exchanges as they were found, in the order in which they were noted, each with its exchange's id."""
    query = sa.select(fact).where(fact.c.exchange_id.in_(list(ids))).order_by(fact.c.id)
    rows = connection.execute(query)
    return [(row.exchange_id, Found(row.about, row.attribute, row.value, row.subject, bool(row.ends))) for row in rows]


def noted_among(connection: sa.Connection, ids: Sequence[int]) -> dict[int, list[Fact]]:
    """Return the facts of some exchanges, by their ids, changed ones too."""
    found: dict[int, list[Fact]] = {}
    for row in connection.execute(_listed(Which(history=True)).where(fact.c.exchange_id.in_(list(ids))).order_by(fact.c.id)):
        found.setdefault(row.exchange_id, []).append(_to_fact(row))
    return found


_later, _said_later = fact.alias(), exchange.alias()
_same = sa.and_(_later.c.realm_id == fact.c.realm_id, _later.c.subject == fact.c.subject)
_after = sa.or_(_said_later.c.said_at > exchange.c.said_at, sa.and_(_said_later.c.said_at == exchange.c.said_at, _later.c.id > fact.c.id))
_of_later = sa.select(_later.c.id).join_from(_later, _said_later, _said_later.c.id == _later.c.exchange_id).where(_same, _after)
_other_value = sa.func.lower(_later.c.value) != sa.func.lower(fact.c.value)
_ending = _of_later.where(_later.c.ends, _other_value).order_by(_said_later.c.said_at, _later.c.id).limit(1).correlate(fact, exchange)
_superseded_by = _ending.scalar_subquery()
"""The first later fact of the same that ends this one. It is looked up and not stored, so that forgetting the later one,
or taking in older memories, needs no repair."""
_until = _ending.with_only_columns(_said_later.c.said_at).scalar_subquery()
_said_again = _of_later.where(sa.not_(_other_value)).correlate(fact, exchange).exists()


def _listed(which: Which) -> sa.Select[Any]:
    columns = (exchange.c.person_id, person.c.name, exchange.c.companion, exchange.c.said_at)
    ended_by, until = (_superseded_by, _until) if which.history else (sa.null(), sa.null())  # what holds has not ended
    query = (
        sa.select(fact, *columns, ended_by.label("superseded_by"), until.label("until"))
        .join(exchange, exchange.c.id == fact.c.exchange_id)
        .join(person, person.c.id == exchange.c.person_id)
    )
    equal = ((fact.c.exchange_id, which.exchange), (exchange.c.person_id, which.person), (exchange.c.companion, which.companion))
    query = query.where(*(column == value for column, value in equal if value is not None))
    if which.realms is not None:
        query = query.where(fact.c.realm_id.in_(sorted(which.realms)))
    if which.chosen != EVERYTHING:
        query = query.where(which.chosen.condition())
    for word in clean(which.text).split()[:MOST_WORDS]:
        query = query.where(sa.or_(*(fact.c[name].icontains(word, autoescape=True) for name in ("about", "attribute", "value"))))
    return query if which.history else query.where(_superseded_by.is_(None), ~_said_again)


def _to_fact(row: Any) -> Fact:
    return Fact(
        id=row.id,
        exchange=row.exchange_id,
        realm=row.realm_id,
        about=row.about,
        attribute=row.attribute,
        value=row.value,
        said_by=Person(row.person_id, row.name),
        companion=row.companion,
        when=datetime.fromtimestamp(row.said_at, UTC),
        superseded_by=row.superseded_by,
        until=None if row.until is None else datetime.fromtimestamp(row.until, UTC),
    )
