"""Which memories a person means: by their ids, by who, where and when, and by words in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..database import Database
from ..errors import NotFound
from ..tables import exchange
from .diary import EVERYTHING, Filter
from .fulltext import FullText
from .rows import slices


@dataclass(frozen=True, slots=True)
class Selection:
    """What a memory must be to be meant: all of it together."""

    chosen: Filter = EVERYTHING
    words: str = ""
    """Words that all occur in it, whatever their endings, or a text that occurs in it as it is."""
    ids: tuple[int, ...] = ()
    """Empty: any."""

    def __bool__(self) -> bool:
        """Whether anything is asked for, so that not simply everything is meant."""
        return bool(self.ids or self.words.strip() or self.chosen != EVERYTHING)


EVERY = Selection()


def select(database: Database, selection: Selection, limit: int | None = None) -> list[int]:
    """Return the ids of the memories that are meant, newest first.

    Raises NotFound for an id there is not, and StoreError.
    """
    query = query_of(database, selection).order_by(exchange.c.said_at.desc(), exchange.c.id.desc())
    with database.read() as connection:
        if not selection.ids:
            return list(connection.execute(query.limit(limit)).scalars())
        there: set[int] = set()
        for ids in slices(selection.ids):
            there |= set(connection.execute(sa.select(exchange.c.id).where(exchange.c.id.in_(ids))).scalars())
        if missing := [number for number in selection.ids if number not in there]:
            raise NotFound(f"There is no memory with id {missing[0]}. `familiar memory list` shows those there are.")
        return [number for number in connection.execute(query).scalars() if number in there][:limit]


def query_of(database: Database, selection: Selection) -> sa.Select[Any]:
    """Return the query for the ids of what is meant, whose own ids it does not look at. Raises StoreError."""
    query = sa.select(exchange.c.id).where(selection.chosen.condition())
    if selection.words.strip():
        fulltext = FullText(database)
        fulltext.catch_up()
        query = query.where(_holds(fulltext, selection.words.strip()))
    return query


def _holds(fulltext: FullText, words: str) -> sa.ColumnElement[bool]:
    literal = sa.or_(exchange.c.said.icontains(words, autoescape=True), exchange.c.reply.icontains(words, autoescape=True))
    indexed = fulltext.holding(words)
    return literal if indexed is None else sa.or_(literal, exchange.c.id.in_(indexed))
