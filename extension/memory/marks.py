"""Marks: which question had found what a person pinned or edited. The ranker learns from them (see preferences.py)."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Literal

import sqlalchemy as sa

from ..database import Database
from ..errors import StoreError
from ..tables import exchange, mark
from .ranking.question import LONGEST
from .rows import clean

log = logging.getLogger(__name__)

Kind = Literal["pin", "edit"]
_RECENT = 200
"""Exchanges of the person, the newest ones, among which it is looked for what the memory was shown for."""


class Marks:
    """Notes and removes marks. Nothing in here fails: what cannot be noted is not learned from."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, number: int, kind: Kind, words: str = "") -> None:
        """Note that a memory was marked, found by the `words` of a search, or else shown for a question lately."""
        try:
            with self._database.write() as connection:
                _remove(connection, number, kind)
                words = clean(words.strip())[:LONGEST]
                asked = 0 if words else _shown_for(connection, number)
                if words or asked:
                    values = {"exchange_id": number, "kind": kind, "asked_id": asked, "words": words}
                    connection.execute(sa.insert(mark).values(**values, marked_at=datetime.now(UTC).timestamp()))
        except StoreError as exc:
            log.warning("What a memory was found by is not noted: %s", exc)

    def remove(self, number: int, kind: Kind) -> None:
        """Remove a mark, if there is one."""
        try:
            with self._database.write() as connection:
                _remove(connection, number, kind)
        except StoreError as exc:
            log.warning("What a memory was found by is still noted: %s", exc)


def _remove(connection: sa.Connection, number: int, kind: Kind) -> None:
    connection.execute(sa.delete(mark).where(mark.c.exchange_id == number, mark.c.kind == kind))


def _shown_for(connection: sa.Connection, number: int) -> int:
    """Return the newest exchange of the same person for which a memory was shown to the model, 0 for none."""
    column = exchange.c
    who = sa.select(column.person_id).where(column.id == number).scalar_subquery()
    query = sa.select(column.id, column.memories).where(column.person_id == who).order_by(column.said_at.desc()).limit(_RECENT)
    return next((row.id for row in connection.execute(query) if number in json.loads(row.memories)), 0)
