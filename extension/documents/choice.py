"""Which of the exchanges that a person may see become a document: the last reply, some recent ones, a given one, a whole chat."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from ..database import Database
from ..errors import NotFound, SettingsError
from ..memory.browsing import Browsing
from ..memory.diary import Diary, Filter
from ..memory.rows import clean
from ..messages import Exchange, Person
from ..tables import exchange

MOST = 5_000
"""Exchanges in one document."""
_NEWEST = (exchange.c.said_at.desc(), exchange.c.row.desc(), exchange.c.id.desc())


@dataclass(frozen=True, slots=True)
class Recent:
    """Replies counted from the newest, which is 1: from the `first` to the `last` of them, whichever is larger."""

    first: int = 1
    last: int = 1
    place: str | None = None
    """Only of this place; None for replies to this person, wherever."""


@dataclass(frozen=True, slots=True)
class One:
    """The reply of one exchange."""

    exchange: int


@dataclass(frozen=True, slots=True)
class Chat:
    """Everything said in a place, by whoever took part."""

    place: str


Choice = Recent | One | Chat


def chosen(database: Database, who: Person, choice: Choice) -> list[Exchange]:
    """Return the exchanges in the order in which they were said. What this person may not see is not there for them.

    Raises NotFound where there is nothing of the kind, SettingsError for numbers that count nothing, StoreError.
    """
    if isinstance(choice, Recent):
        return _recent(database, who, choice)
    if isinstance(choice, One):
        wanted = [choice.exchange] if 0 < choice.exchange < 2**63 else []
        found = list(Browsing(database, who).among(wanted))
        return _there(_replied(Diary(database).get(found)), "There is no such reply. It may have been forgotten.")
    found = _ids(database, who, Filter(place=clean(choice.place)), MOST + 1)
    if len(found) > MOST:
        raise SettingsError(f"This chat has more than {MOST:,} exchanges, and a document takes {MOST:,}. Choose a range of them.")
    return _there(Diary(database).get(found[::-1]), "Nothing was said in this chat that could be saved.")


def place_called(database: Database, who: Person, named: str) -> str:
    """Return the id of the place that a person means by its id or its title. Raises NotFound, StoreError."""
    places = [shelf.place for shelf in Browsing(database, who).places(most=5_000)]
    found = [each.id for each in places if named == each.id] or [
        each.id for each in places if named.strip() and named.strip().casefold() == each.title.strip().casefold()
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f"There are {len(found)} chats of that title. Give the id of one; `familiar memory list --json` shows it.")
    raise NotFound("There is no such chat. Give its title or its id; `familiar memory list --json` shows both.")


def _recent(database: Database, who: Person, choice: Recent) -> list[Exchange]:
    nearest, farthest = sorted((choice.first, choice.last))
    if nearest < 1 or farthest - nearest >= MOST:
        raise SettingsError(f"Replies are counted from 1, the newest; a document takes {MOST:,} of them.")
    where = Filter(person=who.id) if choice.place is None else Filter(place=clean(choice.place))
    found = _ids(database, who, where, farthest - nearest + 1, nearest - 1, replied=True)
    otherwise = "There is no reply that could be saved yet." if nearest == 1 else "There are not so many replies."
    return _there(Diary(database).get(found[::-1]), otherwise)


def _ids(database: Database, who: Person, where: Filter, limit: int, offset: int = 0, *, replied: bool = False) -> list[int]:
    """Return the ids of what a person may see, the newest first."""
    condition = Browsing(database, who).seen(where).condition()
    if replied:
        condition = sa.and_(condition, sa.func.trim(exchange.c.reply) != "")
    query = sa.select(exchange.c.id).where(condition).order_by(*_NEWEST).limit(limit).offset(offset)
    with database.read() as connection:
        return list(connection.execute(query).scalars())


def _replied(found: list[Exchange]) -> list[Exchange]:
    return [each for each in found if each.reply.strip()]


def _there(found: list[Exchange], otherwise: str) -> list[Exchange]:
    if not found:
        raise NotFound(otherwise)
    return found
