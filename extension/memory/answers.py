"""Former answers: what an exchange was answered before it was regenerated, and which of the answers somebody preferred."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..database import Database
from ..errors import NotFound
from ..messages import Exchange, Person
from ..tables import exchange, former_answer
from .diary import Answer
from .rows import clean


@dataclass(frozen=True, slots=True)
class Former:
    """An answer in whose place another came."""

    id: int
    exchange: int
    answer: Answer
    feedback: int
    """What was thought of it: -1, 0 or 1."""
    replaced_by: str
    """Id of the person who asked for another."""
    beaten_for: str
    """Id of the person who preferred what stands in its place, '' for nobody yet."""


class FormerAnswers:
    """Of one diary. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, before: Exchange, by: Person) -> int | None:
        """Keep the answer of an exchange that another is to take the place of, and return its id; None where there is none."""
        if not before.reply.strip():
            return None
        values = {
            "exchange_id": before.id,
            "reply": before.reply,
            "reasoning": before.reasoning,
            "model": before.model,
            "adapter": before.adapter,
            "feedback": before.feedback,
            "replaced_by": clean(by.id),
            "replaced_at": datetime.now(UTC).timestamp(),
            "beaten_for": "",
        }
        with self._database.write() as connection:
            there = connection.execute(sa.select(exchange.c.id).where(exchange.c.id == before.id)).scalar()
            if there is None:
                raise NotFound("That exchange is not there any more.")
            return int(connection.execute(sa.insert(former_answer).values(**values).returning(former_answer.c.id)).scalar_one())

    def of(self, number: int) -> list[Former]:
        """Return the former answers of an exchange, the newest first."""
        query = sa.select(former_answer).where(former_answer.c.exchange_id == number).order_by(former_answer.c.id.desc())
        with self._database.read() as connection:
            return [_former(row) for row in connection.execute(query)]

    def prefer(self, number: int, by: Person | None) -> None:
        """Keep that somebody prefers the answer that stands there now over all former ones; None takes that back."""
        values = {"beaten_for": clean(by.id) if by else ""}
        with self._database.write() as connection:
            connection.execute(sa.update(former_answer).where(former_answer.c.exchange_id == number).values(**values))

    def drop(self, former: int) -> None:
        """Remove a former answer, such as one that stands there again."""
        with self._database.write() as connection:
            connection.execute(sa.delete(former_answer).where(former_answer.c.id == former))


def _former(row: Any) -> Former:
    answer = Answer(row.reply, row.reasoning, row.model, row.adapter)
    return Former(row.id, row.exchange_id, answer, row.feedback, row.replaced_by, row.beaten_for)
