"""Brings the diary in line with a chat as its host shows it.

Edits, swipes, deletions, branches and renames of a chat reach no hook of the webui; what is left is to compare the
chat with the diary at the next turn. Rows are aligned by their content, so that a row deleted in the middle moves the
later ones instead of rewriting them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

import sqlalchemy as sa

from ..database import Database
from ..messages import Person, Place, Turn, digest
from ..tables import exchange, forgotten
from .diary import Answer, bury, insert, update
from .following import touch_next
from .rows import clean, clean_turn, slices


@dataclass(frozen=True, slots=True)
class ChatRow:
    """One row of a chat as its host shows it now."""

    row: int
    said: str
    reply: str
    when: datetime
    reasoning: str = ""
    model: str = ""
    companion: str = ""
    """Who answered, where that is not one and the same in the whole chat."""


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

    `current` is the row of the turn under way: an exchange there stays, unless an earlier row shows its words now. What
    the diary holds after it is removed. Exchanges the person forgot stay forgotten, and those they edited stay edited,
    though the host's chat still shows the words as they were.
    """
    wanted = [cleaned(row) for row in rows if row.row < current and row.said]
    keys = [digest(row.said, row.reply) for row in wanted]
    with database.read() as connection:
        if _agrees(connection, person, place, [(row.row, key) for row, key in zip(wanted, keys, strict=True)], current):
            return Reconciled()
    with database.write() as connection:
        return _Reconciliation(connection, person, place, companion).run(wanted, keys, current)


class _Reconciliation:
    """One run over one place, inside one transaction."""

    def __init__(self, connection: sa.Connection, person: Person, place: Place, companion: str) -> None:
        self._connection = connection
        self._person, self._place, self._companion = person, place, companion

    def run(self, wanted: Sequence[ChatRow], keys: Sequence[str], current: int) -> Reconciled:
        held = self._connection.execute(held_in(self._place, exchange)).all()
        gone = forgotten_by(self._connection, self._person, set(keys) - {source(row) for row in held})
        shown = [(row, key) for row, key in zip(wanted, keys, strict=True) if key not in gone]
        matcher = SequenceMatcher(None, [source(row) for row in held], [key for _, key in shown], autojunk=False)
        same: list[tuple[Any, ChatRow]] = []
        edited: list[tuple[Any, ChatRow]] = []
        added: list[ChatRow] = []
        removed: list[Any] = []
        for kind, first, last, start, stop in matcher.get_opcodes():
            rows = [row for row, _ in shown[start:stop]]
            if kind == "equal":
                same += zip(held[first:last], rows, strict=True)
                continue
            left = [row for row in held[first:last] if row.row < current]
            removed += [row for row in held[first:last] if row.row > current] + left[len(rows) :]
            edited += zip(left, rows, strict=False)
            added += rows[len(left) :]
        bury(self._connection, *removed, for_good=False)
        moved = move(self._connection, [(row, to.row) for row, to in (*same, *edited)])
        for row, to in edited:
            rewrite(self._connection, row, to)
        for each in added:
            insert(self._connection, self._turn(each), Answer(each.reply, each.reasoning, each.model))
        return Reconciled(len(added), len(edited), moved, len(removed))

    def _turn(self, row: ChatRow) -> Turn:
        return clean_turn(Turn(self._person, self._place, self._companion, row.said, row.row, row.when))


def move(connection: sa.Connection, pairs: Sequence[tuple[Any, int]]) -> int:
    """Give exchanges of one place other rows, and return how many have another one now."""
    moving = [(held, row) for held, row in pairs if held.row != row]
    for held, _ in moving:  # out of the way first: (place, row, branch) is unique
        update(connection, held.id, row=-1 - held.id)
    for held, row in moving:
        update(connection, held.id, row=row)
    return len(moving)


def rewrite(connection: sa.Connection, held: Any, to: ChatRow) -> None:
    """Give an exchange the words its host shows."""
    values: dict[str, Any] = {"said": to.said, "reply": to.reply, "digest": digest(to.said, to.reply), "original": ""}
    if held.reply != to.reply:
        values |= {"reasoning": to.reasoning, "model": to.model or held.model, "feedback": 0}
    update(connection, held.id, **values)
    touch_next(connection, connection.execute(sa.select(exchange).where(exchange.c.id == held.id)).one())


def _agrees(connection: sa.Connection, person: Person, place: Place, shown: Sequence[tuple[int, str]], current: int) -> bool:
    """Return whether the diary already says what the host shows, apart from what the person forgot."""
    columns = (exchange.c.row, exchange.c.digest, exchange.c.original)
    held = [(row.row, source(row)) for row in connection.execute(held_in(place, *columns)) if row.row != current]
    if held == shown:
        return True
    gone = forgotten_by(connection, person, {key for _, key in shown} - {key for _, key in held})
    return bool(gone) and held == [(row, key) for row, key in shown if key not in gone]


def held_in(place: Place, *columns: Any) -> sa.Select[Any]:
    """Return the query for what the diary holds of a place, in the order of its rows."""
    return sa.select(*columns).where(exchange.c.place_id == clean(place.id), exchange.c.branch == "").order_by(exchange.c.row)


def source(row: Any) -> str:
    """Return the digest of the words as the host has them: before the person edited the memory."""
    return str(row.original or row.digest)


def forgotten_by(connection: sa.Connection, person: Person, keys: Collection[str]) -> set[str]:
    """Return which of these words the person forgot. Words the diary holds again by now are none of them."""
    gone: set[str] = set()
    for some in slices(sorted(keys)):
        match = sa.and_(forgotten.c.person_id == clean(person.id), forgotten.c.digest.in_(some))
        gone |= set(connection.execute(sa.select(forgotten.c.digest).where(match)).scalars())
    return gone


def cleaned(row: ChatRow) -> ChatRow:
    """Return a row whose texts all can be stored."""
    texts = (row.reasoning, row.model, row.companion)
    return ChatRow(row.row, clean(row.said), clean(row.reply), row.when, *map(clean, texts))
