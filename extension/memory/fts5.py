"""The full-text index in SQLite: FTS5 with Porter stems, one column for each field, and its own bm25."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ..messages import digest
from .document import FIELDS, SPOKEN, Document
from .textindex import Term

_COLUMNS = ("realm", *FIELDS)
_WEIGHTS = ", ".join(str(weight) for weight in (0.0, *FIELDS.values()))
"""The realm (and the place beside it) is a filter and scores nothing."""
_FREQUENT, _MOST_KEPT = 500, 5_000


class Fts5:
    """FTS5's index. See TextIndex for what each method does."""

    def __init__(self) -> None:
        self._frequent: dict[bytes, tuple[int, int]] = {}

    def replace(self, connection: sa.Connection, gone: Iterable[int], documents: Sequence[Document]) -> None:
        for number in [*gone, *(document.exchange for document in documents)]:
            connection.exec_driver_sql("DELETE FROM exchange_text WHERE rowid = ?", (number,))
        if documents:
            rows = [(each.exchange, f"r{each.realm} {_place_term(each.place)}", *each.texts) for each in documents]
            marks = ", ".join("?" * (len(_COLUMNS) + 1))
            connection.exec_driver_sql(f"INSERT INTO exchange_text(rowid, {', '.join(_COLUMNS)}) VALUES ({marks})", rows)  # noqa: S608

    def clear(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql("DELETE FROM exchange_text")

    def count(self, connection: sa.Connection) -> int:
        return int(connection.exec_driver_sql("SELECT count(*) FROM exchange_text_docsize").scalar_one())

    def total(self, connection: sa.Connection) -> int:
        return int(connection.exec_driver_sql("SELECT max(rowid) FROM exchange_text_docsize").scalar() or 0)

    def found(self, connection: sa.Connection, tokens: Collection[bytes], total: int) -> Mapping[bytes, int]:
        """FTS5 counts one by one, so the counts of frequent tokens are kept until the index has grown by a tenth."""
        return {token: self._frequency(connection, token, total) for token in tokens}

    def best(
        self, connection: sa.Connection, terms: Sequence[Term], realms: Sequence[int], place: str | None, limit: int
    ) -> Sequence[tuple[int, float]]:
        scope = " OR ".join(f'"r{number}"' for number in realms)
        scope = scope if place is None else f'({scope}) AND "{_place_term(place)}"'
        words = " OR ".join(f'"{term.word}"' for term in terms)
        query = f"realm : ({scope}) AND {{{' '.join(FIELDS)}}} : ({words})"
        statement = sa.text(
            f"SELECT rowid, -bm25(exchange_text, {_WEIGHTS}) AS score FROM exchange_text WHERE exchange_text MATCH :query "  # noqa: S608
            "ORDER BY score DESC LIMIT :limit"
        )
        return [(int(row[0]), float(row[1])) for row in connection.execute(statement, {"query": query, "limit": limit})]

    def holding(self, words: Sequence[str]) -> sa.Select[Any] | sa.TextualSelect:
        terms = " AND ".join(f'"{word}"' for word in words)
        query = f"{{{' '.join(SPOKEN)}}} : ({terms})"
        found = sa.text("SELECT rowid FROM exchange_text WHERE exchange_text MATCH :terms").bindparams(terms=query)
        return found.columns(sa.column("rowid", sa.Integer))

    def _frequency(self, connection: sa.Connection, token: bytes, total: int) -> int:
        found, then = self._frequent.get(token, (0, 0))
        if total > 1.1 * then:
            found = int(connection.exec_driver_sql("SELECT doc FROM exchange_terms WHERE term = CAST(? AS TEXT)", (token,)).scalar() or 0)
            if found > _FREQUENT and len(self._frequent) < _MOST_KEPT:
                self._frequent[token] = (found, total)
        return found


def _place_term(place: str) -> str:
    return "p" + digest(place)
