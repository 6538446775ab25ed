"""Thinking about what was said, in idle time: one exchange after the other is looked through for facts, each only once.

A watermark in the database says how far it has come, and a mark on each exchange that it was looked through, so that
a kill at any moment costs at most the answer under way, and nothing is asked twice.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ..database import Database, set_watermark, watermark
from ..messages import Exchange, digest
from ..ports import Host
from ..tables import exchange, extraction
from .asking import Stopped, answer_of
from .extraction import ASKING, Found, believed, question, worth_reading
from .facts import exchange_of, found_in, keep
from .rows import selected, to_exchange

log = logging.getLogger(__name__)

_WATERMARK = "facts"
_BATCH = 50


class FactFinding:
    """Looks through the exchanges of one diary for facts. Safe to run in several processes: nothing is kept twice."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def step(self, host: Host, stopped: Stopped) -> bool:
        """Look through the next exchange and return whether there may be more; False when it was stopped, too.

        Raises StoreError, HostError.
        """
        with self._database.read() as connection:
            done = watermark(connection, _WATERMARK)
            query = selected.where(exchange.c.revision > done).order_by(exchange.c.revision).limit(_BATCH)
            rows = connection.execute(query).all()
            looked = _looked_through(connection, rows)
        for row in rows:
            spoke = to_exchange(row)
            if looked.get(row.id) == digest(row.said) or _added_by_a_model(spoke) or not worth_reading(row.said):
                continue
            found = self._copied(spoke)
            if found is None:
                answer = answer_of(host, question(spoke), ASKING, stopped)
                if answer is None:
                    return False
                found = believed(answer, spoke)
            self._keep(spoke, row.revision, found)
            return True
        if rows:
            self._advance(rows[-1].revision)
        return bool(rows)

    def waiting(self) -> int:
        """Return how many exchanges may still have to be looked at."""
        with self._database.read() as connection:
            after = exchange.c.revision > watermark(connection, _WATERMARK)
            seen = sa.exists().where(extraction.c.exchange_id == exchange.c.id)
            return int(connection.execute(sa.select(sa.func.count()).select_from(exchange).where(after, ~seen)).scalar_one())

    def _copied(self, spoke: Exchange) -> list[Found] | None:
        """Return the facts of another exchange with the same words (a branched chat repeats its rows), None when there is none."""
        same = [exchange.c.digest == digest(spoke.said, spoke.reply), exchange.c.person_id == spoke.person.id]
        query = (
            sa.select(exchange.c.id)
            .join(extraction, extraction.c.exchange_id == exchange.c.id)
            .where(*same, exchange.c.realm_id == spoke.realm, exchange.c.id != spoke.id, extraction.c.digest == digest(spoke.said))
            .limit(1)
        )
        with self._database.read() as connection:
            number = connection.execute(query).scalar()
            return None if number is None else found_in(connection, number)

    def _keep(self, spoke: Exchange, revision: int, found: Sequence[Found]) -> None:
        """Store what was found, unless the exchange was changed, forgotten or looked through meanwhile."""
        with self._database.write() as connection:
            now = exchange_of(connection, spoke.id)
            held = connection.execute(sa.select(extraction.c.digest).where(extraction.c.exchange_id == spoke.id)).scalar()
            if now is not None and now.said == spoke.said and held != digest(spoke.said):
                keep(connection, now, found)
                log.debug("Exchange %d: %d facts.", spoke.id, len(found))
            _advance(connection, revision)

    def _advance(self, revision: int) -> None:
        with self._database.write() as connection:
            _advance(connection, revision)


def _added_by_a_model(spoke: Exchange) -> bool:
    """Return whether a model added this itself, by its tools (see tools.reach): it may repeat what it recalled."""
    return spoke.branch == digest(spoke.person.id, spoke.companion, spoke.said)


def _advance(connection: sa.Connection, revision: int) -> None:
    if watermark(connection, _WATERMARK) < revision:
        set_watermark(connection, _WATERMARK, revision)


def _looked_through(connection: sa.Connection, rows: Sequence[Any]) -> dict[int, str]:
    query = sa.select(extraction).where(extraction.c.exchange_id.in_([row.id for row in rows]))
    return {row.exchange_id: row.digest for row in connection.execute(query)}
