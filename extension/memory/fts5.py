"""The full-text index in SQLite: FTS5 with Porter stems, one column for each field, and its own bm25.

A row's number is that of its realm and then that of its exchange, so a realm is a range of numbers, which FTS5 seeks in the
list of every word. Were it a word of the query instead, bm25 would count all of its exchanges for each question: 50 ms
for half a million.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ..messages import digest
from .document import EXCHANGES, Document, Layout
from .textindex import Term

_REALM = 2**40
"""More than any exchange's number."""
_IN_REALMS = f"rowid >= :first AND rowid < :last AND rowid / {_REALM} IN :realms"
_FREQUENT, _MOST_KEPT = 500, 5_000


class Fts5:
    """FTS5's index. See TextIndex for what each method does."""

    def __init__(self, layout: Layout = EXCHANGES) -> None:
        self._of = layout.table
        self._table = f"{layout.table}_text"
        self._fields = tuple(layout.fields)
        self._own = layout.own
        self._weights = ", ".join(str(weight) for weight in (0.0, *layout.fields.values()))
        """The place is a filter and scores nothing."""
        self._frequent: dict[bytes, tuple[int, int]] = {}

    def replace(self, connection: sa.Connection, gone: Iterable[tuple[int, int]], documents: Sequence[Document]) -> None:
        replaced = [_row(*each) for each in gone] + [_row(each.realm, each.exchange) for each in documents]
        if replaced:
            connection.exec_driver_sql(f"DELETE FROM {self._table} WHERE rowid = ?", [(number,) for number in replaced])  # noqa: S608
        if documents:
            rows = [(_row(each.realm, each.exchange), _place_term(each.place), *each.texts) for each in documents]
            marks = ", ".join("?" * (len(self._fields) + 2))
            columns = ", ".join(("rowid", "place", *self._fields))
            connection.exec_driver_sql(f"INSERT INTO {self._table}({columns}) VALUES ({marks})", rows)  # noqa: S608

    def clear(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"DELETE FROM {self._table}")  # noqa: S608

    def count(self, connection: sa.Connection) -> int:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {self._table}_docsize").scalar_one())  # noqa: S608

    def total(self, connection: sa.Connection) -> int:
        return int(connection.exec_driver_sql(f"SELECT max(id) FROM {self._of}").scalar() or 0)  # noqa: S608

    def found(self, connection: sa.Connection, tokens: Collection[bytes], total: int) -> Mapping[bytes, int]:
        """FTS5 counts one by one, so the counts of frequent tokens are kept until the index has grown by a tenth."""
        return {token: self._frequency(connection, token, total) for token in tokens}

    def held(self, connection: sa.Connection, term: Term, realms: Sequence[int], place: str | None, most: int) -> int:
        statement = self._scoped(f"SELECT count(*) FROM (SELECT 1 FROM {self._table} WHERE {{}} LIMIT {most})")  # noqa: S608
        return int(connection.execute(statement, self._values([term], realms, place)).scalar_one())

    def best(
        self, connection: sa.Connection, terms: Sequence[Term], realms: Sequence[int], place: str | None, limit: int, most: int
    ) -> Sequence[tuple[int, float]]:
        """Scoring a row takes microseconds, and finding it a hundredth of that."""
        newest = f"SELECT rowid AS number, -bm25({self._table}, {self._weights}) AS score FROM {self._table} WHERE {{}} ORDER BY rowid DESC"  # noqa: S608
        statement = self._scoped(f"SELECT number % {_REALM}, score FROM ({newest} LIMIT {most}) ORDER BY score DESC, number LIMIT {limit}")  # noqa: S608
        return [(int(row[0]), float(row[1])) for row in connection.execute(statement, self._values(terms, realms, place))]

    def holding(self, words: Sequence[str]) -> sa.Select[Any] | sa.TextualSelect:
        terms = " AND ".join(f'"{word}"' for word in words)
        query = f"{{{' '.join(self._own)}}} : ({terms})"
        found = sa.text(f"SELECT rowid % {_REALM} AS rowid FROM {self._table} WHERE {self._table} MATCH :terms")  # noqa: S608
        return found.bindparams(terms=query).columns(sa.column("rowid", sa.Integer))

    def _frequency(self, connection: sa.Connection, token: bytes, total: int) -> int:
        found, then = self._frequent.get(token, (0, 0))
        if total > 1.1 * then:
            query = f"SELECT doc FROM {self._of}_terms WHERE term = CAST(? AS TEXT)"  # noqa: S608
            found = int(connection.exec_driver_sql(query, (token,)).scalar() or 0)
            if found > _FREQUENT and len(self._frequent) < _MOST_KEPT:
                self._frequent[token] = (found, total)
        return found

    def _scoped(self, query: str) -> sa.TextClause:
        """Return a query with the condition that `_values` are for in its place."""
        return sa.text(query.format(f"{self._table} MATCH :query AND {_IN_REALMS}")).bindparams(sa.bindparam("realms", expanding=True))

    def _values(self, terms: Sequence[Term], realms: Sequence[int], place: str | None) -> dict[str, Any]:
        words = " OR ".join(f'"{term.word}"' for term in terms)
        within = "" if place is None else f'place : "{_place_term(place)}" AND '
        query = f"{within}{{{' '.join(self._fields)}}} : ({words})"
        return {"query": query, "realms": list(realms), "first": _row(min(realms), 0), "last": _row(max(realms) + 1, 0)}


def _row(realm: int, exchange: int) -> int:
    return realm * _REALM + exchange


def _place_term(place: str) -> str:
    return "p" + digest(place)
