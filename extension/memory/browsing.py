"""Browsing: what one person may see of the diary, a page or a picture at a time.

What they may see are the realms that could be recalled for them in private, of all their companions. Whatever needs no
words (pages, counts, places, weeks, samples) is answered by one index, so that it stays quick among many memories.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise

import sqlalchemy as sa

from ..database import Database
from ..messages import Exchange, Person, Place
from ..tables import exchange, person, place, realm
from .diary import EVERYTHING, Diary, Filter
from .realms import visible_realms
from .rows import clean, slices

MOST_WORDS = 8
"""Words of a text that are looked for; of a longer one, the first."""
MOST_READ = 20_000
"""Exchanges whose words are read to find parts of words."""
MOST_WEEKS = 1_040
"""Twenty years."""
_NEWEST = (exchange.c.said_at.desc(), exchange.c.id.desc())
_WEEK = timedelta(days=7)
_EARLIEST, _LATEST = -2_000_000_000.0, 253_300_000_000.0
"""Times between which weeks are counted, in seconds since the epoch: what some import dated otherwise is left out."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A place, and how much of it a person may see."""

    place: Place
    opening: str
    """The first words said there, as far as the person may see them."""
    exchanges: int


@dataclass(frozen=True, slots=True)
class Week:
    """How many exchanges lie in the week that begins on a Monday."""

    monday: date
    exchanges: int


class Browsing:
    """Looks at the diary with the eyes of one person. Every method raises StoreError."""

    def __init__(self, database: Database, who: Person) -> None:
        self._database = database
        self._diary = Diary(database)
        self._who = who

    def seen(self, chosen: Filter = EVERYTHING) -> Filter:
        """Return the filter, narrowed to what this person may see."""
        realms = tuple(number for number, companion in self._realms().items() if chosen.companion in (None, companion))
        return replace(chosen, companion=None, realms=realms)

    def page(self, chosen: Filter = EVERYTHING, limit: int = 25) -> list[Exchange]:
        """Return exchanges, the newest first."""
        query = sa.select(exchange.c.id).where(self.seen(chosen).condition()).order_by(*_NEWEST).limit(limit)
        with self._database.read() as connection:
            ids = list(connection.execute(query).scalars())
        return self._diary.get(ids)

    def count(self, chosen: Filter = EVERYTHING) -> int:
        """Return how many exchanges there are."""
        return self._diary.count(self.seen(chosen))

    def among(self, ids: Collection[int], chosen: Filter = EVERYTHING) -> set[int]:
        """Return those of these exchanges that there are."""
        condition = self.seen(chosen).condition()
        found: set[int] = set()
        with self._database.read() as connection:
            for some in slices(ids):
                found |= set(connection.execute(sa.select(exchange.c.id).where(exchange.c.id.in_(some), condition)).scalars())
        return found

    def holding(self, text: str, chosen: Filter = EVERYTHING, limit: int = 25) -> list[int]:
        """Return the ids of exchanges in which every word of a text stands, if only as a part of one, the newest first.

        No index helps with that, so only the newest MOST_READ are looked at.
        """
        newest = sa.select(exchange.c.id).where(self.seen(chosen).condition()).order_by(*_NEWEST).limit(MOST_READ)
        words = clean(text).split()[:MOST_WORDS]
        holds = [Filter(text=word).condition() for word in words]
        query = sa.select(exchange.c.id).where(exchange.c.id.in_(newest), *holds).order_by(*_NEWEST).limit(limit)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def places(self, most: int = 300) -> list[Shelf]:
        """Return the places, the most recent first."""
        seen = self.seen().condition()
        recent = sa.func.max(exchange.c.said_at)
        query = sa.select(exchange.c.place_id, sa.func.count()).where(seen).group_by(exchange.c.place_id).order_by(recent.desc())
        with self._database.read() as connection:
            counts = {row[0]: int(row[1]) for row in connection.execute(query.limit(most))}
            first = sa.select(sa.func.substr(exchange.c.said, 1, 200)).where(exchange.c.place_id == place.c.id, seen)
            opening = first.order_by(exchange.c.row).limit(1).correlate(place).scalar_subquery()
            found = {}
            for some in slices(counts):
                for row in connection.execute(sa.select(place, opening.label("opening")).where(place.c.id.in_(some))):
                    found[row.id] = Shelf(Place(row.id, bool(row.shared), row.title), row.opening or "", counts[row.id])
        return [found[number] for number in counts if number in found]

    def companions(self) -> list[str]:
        """Return the companions this person talked to, or heard in shared places, by name."""
        there = sa.exists().where(exchange.c.realm_id == realm.c.id)
        query = sa.select(realm.c.companion).where(realm.c.id.in_(self._realms()), there).distinct().order_by(realm.c.companion)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def people(self, most: int = 300) -> list[Person]:
        """Return who speaks, this person first."""
        inside = sa.select(exchange.c.person_id).where(self.seen().condition()).distinct()
        query = sa.select(person.c.id, person.c.name).where(person.c.id.in_(inside))
        query = query.order_by(person.c.id != self._who.id, person.c.name, person.c.id).limit(most)
        with self._database.read() as connection:
            return [Person(row.id, row.name) for row in connection.execute(query)]

    def weeks(self, chosen: Filter = EVERYTHING, zone: tzinfo | None = None) -> list[Week]:
        """Return the weeks from the first exchange to the last, empty ones included; the last MOST_WEEKS of more.

        A week begins on Monday at midnight in `zone`; None is this machine's.
        """
        condition = self.seen(chosen).condition()
        with self._database.read() as connection:
            query = sa.select(sa.func.min(exchange.c.said_at), sa.func.max(exchange.c.said_at)).where(condition)
            first, last = connection.execute(query).one()
            if first is None:
                return []
            mondays = _mondays(first, last, zone)
            starts = [_midnight(monday, zone) for monday in (*mondays, mondays[-1] + _WEEK)]
            columns = sa.values(sa.column("start", sa.Float), sa.column("stop", sa.Float), name="spans")
            week = columns.data(list(pairwise(starts))).cte("week")
            inside = sa.select(sa.func.count()).where(condition, exchange.c.said_at >= week.c.start, exchange.c.said_at < week.c.stop)
            rows = connection.execute(sa.select(week.c.start, inside.correlate(week).scalar_subquery())).all()
        counts = {row[0]: int(row[1]) for row in rows}
        return [Week(monday, counts[start]) for monday, start in zip(mondays, starts, strict=False)]

    def sample(self, chosen: Filter = EVERYTHING, most: int = 1_000) -> list[int]:
        """Return the ids of at most so many exchanges, spread evenly over all; the same ones as long as nothing changes."""
        scattered = (exchange.c.id * 2_654_435_761) % 4_294_967_296  # Knuth's multiplicative hashing
        query = sa.select(exchange.c.id).where(self.seen(chosen).condition()).order_by(scattered).limit(most)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def _realms(self) -> dict[int, str]:
        """The realms this person may see, with their companions."""
        with self._database.read() as connection:
            visible = visible_realms(connection, "", self._who, Place(""), "person")
            query = sa.select(realm.c.id, realm.c.companion)
            return {row.id: row.companion for some in slices(visible) for row in connection.execute(query.where(realm.c.id.in_(some)))}


def _mondays(first: float, last: float, zone: tzinfo | None) -> Sequence[date]:
    begin, end = (_monday(min(max(each, _EARLIEST), _LATEST), zone) for each in (first, last))
    begin = max(begin, end - (MOST_WEEKS - 1) * _WEEK) if (end - begin) // _WEEK >= MOST_WEEKS else begin
    return [begin + number * _WEEK for number in range((end - begin) // _WEEK + 1)]


def _monday(when: float, zone: tzinfo | None) -> date:
    day = datetime.fromtimestamp(when, UTC).astimezone(zone).date()
    return day - timedelta(days=day.weekday())


def _midnight(day: date, zone: tzinfo | None) -> float:
    midnight = datetime.combine(day, time())
    return (midnight.replace(tzinfo=zone) if zone is not None else midnight.astimezone()).timestamp()
