"""The document of an exchange: the fields by which full-text search finds it. This is the one place that names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..tables import exchange, fact, person
from .rows import slices

FIELDS = {"speaker": 1.0, "said": 1.6, "reply": 1.0, "previous": 0.5, "day": 0.6, "facts": 0.8}
"""The fields and their weights in bm25, in the order of the columns of SQLite's index.

A further one is a line here, its text in `_document`, and for SQLite a migration that makes the index anew with it.
"""

SPOKEN = ("said", "reply")
"""The fields that hold the exchange's own words."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a full-text index is of, and what it knows of each."""

    table: str
    """Of what is found; the index is in tables called after it."""
    fields: Mapping[str, float]
    """The fields and their weights in bm25."""
    own: tuple[str, ...]
    """The fields that hold its own words, the most important first."""
    labelled: tuple[str, ...]
    """The fields with one of tsvector's labels to themselves, three at most."""


EXCHANGES = Layout("exchange", FIELDS, SPOKEN, ("said", "reply", "previous"))

LONGEST = 100_000
"""Characters of one field that are indexed; the diary keeps all of them."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a full-text index holds of one exchange, or of one passage of a document.

    Of a passage, `exchange` is its number, `realm` its shelf, and `place` its document.
    """

    exchange: int
    realm: int
    place: str
    texts: tuple[str, ...]
    """In the order of the layout's fields."""


def documents(connection: sa.Connection, after: int, limit: int) -> tuple[list[Document], int]:
    """Return the documents of the exchanges changed after a revision, in the order of their revisions, and the last of these."""
    rows = connection.execute(_changed.where(exchange.c.revision > after).limit(limit)).all()
    facts = _facts(connection, [row.id for row in rows])
    return [_document(row, facts.get(row.id, "")) for row in rows], rows[-1].revision if rows else after


def day_words(when: float) -> str:
    """Return the words under which a day is found: `2026-11-21 21 november 2026 saturday`."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %d %B %Y %A")


def _facts(connection: sa.Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return the words of the facts that were made of exchanges."""
    columns, words = fact.c, dict[int, list[str]]()
    for some in slices(ids):
        query = sa.select(columns.exchange_id, columns.about, columns.attribute, columns.value).where(columns.exchange_id.in_(some))
        for number, *texts in connection.execute(query.order_by(columns.id)):
            words.setdefault(number, []).extend(texts)
    return {number: " ".join(texts) for number, texts in words.items()}


def _document(row: Any, facts: str) -> Document:
    texts = {
        "speaker": f"{row.name or row.person_id} {row.companion}",
        "said": row.said[:LONGEST],
        "reply": row.reply[:LONGEST],
        "previous": row.previous or "",
        "day": day_words(row.said_at),
        "facts": facts[:LONGEST],
    }
    return Document(row.id, row.realm_id, row.place_id, tuple(texts[name] for name in FIELDS))


_before = exchange.alias()
_previous = (
    sa.select(sa.func.substr(_before.c.said, 1, LONGEST) + " " + sa.func.substr(_before.c.reply, 1, LONGEST))
    .where(*(_before.c[name] == exchange.c[name] for name in ("place_id", "branch", "realm_id")), _before.c.row < exchange.c.row)
    .order_by(_before.c.row.desc())
    .limit(1)
    .scalar_subquery()
)
_changed = (
    sa.select(exchange, person.c.name, _previous.label("previous"))
    .join(person, person.c.id == exchange.c.person_id)
    .order_by(exchange.c.revision)
)
