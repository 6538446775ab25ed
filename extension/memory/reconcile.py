"""Brings the diary in line with a chat as its host shows it.

Edits, swipes, deletions, branches and renames of a chat reach no hook of the webui; what is left is to compare the
chat with the diary at the next turn. Rows are aligned by their content, so that a row deleted in the middle moves the
later ones instead of rewriting them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

import sqlalchemy as sa

from ..database import Database, exchange, forgotten, next_revision
from ..messages import Person, Place, Turn, digest
from .diary import Answer, bury, insert
from .rows import clean


@dataclass(frozen=True, slots=True)
class ChatRow:
    """One row of a chat as its host shows it now."""

    row: int
    said: str
    reply: str
    when: datetime
    reasoning: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many exchanges changed."""

    added: int = 0
    changed: int = 0
    moved: int = 0
    removed: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.moved or self.removed)


def reconcile(database: Database, person: Person, place: Place, companion: str, rows: Sequence[ChatRow], current: int) -> Reconciled:
    """Make the exchanges of a place equal to `rows` and return what changed. Raises StoreError.

    `current` is the row of the turn under way: it is left alone, and what the diary holds after it is removed.
    Exchanges the person forgot stay forgotten, though the host's chat still shows them.
    """
    wanted = [_cleaned(row) for row in rows if row.row < current and row.said]
    with database.read() as connection:
        held = _held(connection, place)
    if [(row.row, row.digest) for row in held if row.row != current] == [(row.row, digest(row.said, row.reply)) for row in wanted]:
        return Reconciled()
    with database.write() as connection:
        return _Reconciliation(connection, person, place, companion).run(_held(connection, place), wanted, current)


class _Reconciliation:
    """One run over one place, inside one transaction."""

    def __init__(self, connection: sa.Connection, person: Person, place: Place, companion: str) -> None:
        self._connection = connection
        self._person, self._place, self._companion = person, place, companion

    def run(self, held: Sequence[Any], wanted: Sequence[ChatRow], current: int) -> Reconciled:
        later = [row for row in held if row.row > current]
        held = [row for row in held if row.row < current]
        wanted = self._without_forgotten(wanted, {row.digest for row in held})
        matcher = SequenceMatcher(None, [row.digest for row in held], [digest(row.said, row.reply) for row in wanted], autojunk=False)
        kept: list[tuple[Any, ChatRow]] = []
        added: list[ChatRow] = []
        removed: list[Any] = later
        for kind, first, last, start, stop in matcher.get_opcodes():
            pairs = list(zip(held[first:last], wanted[start:stop], strict=False))
            kept += pairs
            removed = removed + list(held[first + len(pairs) : last])
            added += wanted[start + len(pairs) : stop] if kind != "equal" else []
        for row in removed:
            bury(self._connection, row, for_good=False)
        changed, moved = self._keep(kept)
        for row in added:
            insert(self._connection, self._turn(row), Answer(row.reply, row.reasoning, row.model))
        return Reconciled(len(added), changed, moved, len(removed))

    def _without_forgotten(self, wanted: Sequence[ChatRow], held: set[str]) -> list[ChatRow]:
        """Leave out rows the person forgot, unless the diary holds the same words again by now."""
        digests = [digest(row.said, row.reply) for row in wanted]
        new = sorted(set(digests) - held)
        gone: set[str] = set()
        for start in range(0, len(new), 500):
            match = sa.and_(forgotten.c.person_id == self._person.id, forgotten.c.digest.in_(new[start : start + 500]))
            gone |= set(self._connection.execute(sa.select(forgotten.c.digest).where(match)).scalars())
        return [row for row, key in zip(wanted, digests, strict=True) if key not in gone]

    def _keep(self, pairs: Sequence[tuple[Any, ChatRow]]) -> tuple[int, int]:
        moving = [(row, to) for row, to in pairs if row.row != to.row]
        for row, _ in moving:  # out of the way first: (place, row, branch) is unique
            self._update(row.id, row=-1 - row.id)
        changed = 0
        for row, to in pairs:
            values: dict[str, Any] = {} if row.row == to.row else {"row": to.row}
            if row.said != to.said or row.reply != to.reply:
                values |= {"said": to.said, "reply": to.reply, "reasoning": to.reasoning, "digest": digest(to.said, to.reply)}
                values |= {"feedback": 0} if row.reply != to.reply else {}
                changed += 1
            if values:
                self._update(row.id, **values)
        return changed, len(moving)

    def _update(self, number: int, **values: Any) -> None:
        statement = sa.update(exchange).where(exchange.c.id == number)
        self._connection.execute(statement.values(**values, revision=next_revision(self._connection)))

    def _turn(self, row: ChatRow) -> Turn:
        return Turn(self._person, self._place, self._companion, row.said, row.row, row.when)


def _held(connection: sa.Connection, place: Place) -> Sequence[Any]:
    match = sa.and_(exchange.c.place_id == place.id, exchange.c.branch == "")
    return connection.execute(sa.select(exchange).where(match).order_by(exchange.c.row)).all()


def _cleaned(row: ChatRow) -> ChatRow:
    return ChatRow(row.row, clean(row.said), clean(row.reply), row.when, clean(row.reasoning), row.model)
