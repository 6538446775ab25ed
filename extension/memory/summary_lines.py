"""Summaries as lines of a file of memories: what one stands for, by where it lies, and taking one in where that is here.

In which realm a summary lies, and of whom it is, follows from the exchanges it stands for: a file cannot say otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from ..messages import digest
from ..tables import exchange, summary, summary_part
from .lines import Epitome
from .rows import clean
from .summaries import Subject, held_of, put

_PLACING = [exchange.c[name] for name in ("id", "place_id", "branch", "row", "digest", "realm_id", "person_id", "said_at")]
_KEY = (exchange.c.place_id, exchange.c.branch, exchange.c.row)


def summary_lines(connection: sa.Connection, ids: Collection[int]) -> Iterator[dict[str, Any]]:
    """Yield the lines of all summaries that stand for nothing but these exchanges, the earliest first."""
    for row, parts in summaries_of(connection, ids):
        yield {
            "kind": "summary",
            "of": row.kind,
            "exchanges": [list(run) for run in _runs(parts)],
            "digest": digest(*(part.digest for part in parts)),
            "text": row.text,
            "model": row.model,
            "tokens": row.tokens,
            "stands_for": row.stands_for,
        }


def summaries_of(connection: sa.Connection, ids: Collection[int]) -> Iterator[tuple[Any, Sequence[Any]]]:
    """Yield the rows of all summaries that stand for nothing but these exchanges, with the placing of what each stands for."""
    among, columns = frozenset(ids), summary.c
    order = (columns.until, columns.since, columns.kind, columns.place_id, columns.branch, columns.person_id, columns.text)
    for row in connection.execute(sa.select(summary).where(columns.text != "").order_by(*order)).all():
        of = sa.select(summary_part.c.exchange_id).where(summary_part.c.summary_id == row.id)
        parts = connection.execute(sa.select(*_PLACING).where(exchange.c.id.in_(of)).order_by(*_KEY)).all()
        if parts and all(part.id in among for part in parts):
            yield row, parts


def take(connection: sa.Connection, line: Epitome, *, replace: bool) -> bool | None:
    """Store a summary whose exchanges are all here in the words it was made of; return whether it was new.

    None where they are not. One that the diary has of the same stays, unless the file's is to `replace` it.
    """
    parts = _found(connection, line)
    subject = _subject(line, parts)
    if subject is None or digest(*(part.digest for part in parts)) != line.digest:
        return None
    ids = [part.id for part in parts]
    held = held_of(connection, subject, ids)
    text = clean(line.text)
    if held and (not replace or [row.text for row in held] == [text]):
        return False
    times = [float(part.said_at) for part in parts]
    values = {"since": min(times), "until": max(times), "text": text, "tokens": line.tokens, "stands_for": line.stands_for}
    put(connection, subject, {**values, "model": clean(line.model)}, ids)
    return True


def _runs(parts: Sequence[Any]) -> Iterator[tuple[str, str, int, int]]:
    """Yield (place, branch, first row, last row) of exchanges in their order, one for all whose rows follow each other."""
    run: tuple[str, str, int, int] | None = None
    for part in parts:
        if run is not None and (part.place_id, part.branch, part.row - 1) == (run[0], run[1], run[3]):
            run = (*run[:3], part.row)
            continue
        if run is not None:
            yield run
        run = (part.place_id, part.branch, part.row, part.row)
    if run is not None:
        yield run


def _found(connection: sa.Connection, line: Epitome) -> list[Any]:
    """Return the exchanges of a summary; nothing where one of them is missing, or named twice."""
    found: dict[int, Any] = {}
    for place, branch, first, last in line.exchanges:
        here = sa.and_(exchange.c.place_id == clean(place), exchange.c.branch == clean(branch), exchange.c.row.between(first, last))
        rows = connection.execute(sa.select(*_PLACING).where(here).order_by(exchange.c.row)).all()
        new = {row.id: row for row in rows}
        if len(new) != last - first + 1 or not found.keys().isdisjoint(new):
            return []
        found |= new
    return list(found.values())


def _subject(line: Epitome, parts: Sequence[Any]) -> Subject | None:
    """Return what a summary of these exchanges is of; None where they are not of one chat, or one person, in one realm."""
    realms, people = {part.realm_id for part in parts}, {part.person_id for part in parts}
    chats = {(part.place_id, part.branch) for part in parts}
    if len(realms) != 1:
        return None
    if line.of == "person":
        return Subject("person", realms.pop(), people.pop()) if len(people) == 1 else None
    return Subject(line.of, realms.pop(), "", *chats.pop()) if len(chats) == 1 else None
