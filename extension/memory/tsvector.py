"""The full-text index in PostgreSQL: a `tsvector` of each exchange in a GIN index, ranked by the bm25 that SQLite's FTS5 has.

The words are cut and stemmed by FTS5's own tokenizer, so that both databases find the same and score it alike. PostgreSQL
ranks by nothing that knows how rare a word is (`ts_rank`), but `ts_rank_cd` of one word adds up the weights of its
positions, which is the weighted frequency that bm25 asks for. A weight is one of four labels; a field with another one
has each of its words several times. How many exchanges hold a word is kept in a table of its own.

    score = sum over words of idf * 2.2 * tf / (tf + 1.2 * (0.25 + 0.75 * length / mean length))

See https://www.sqlite.org/fts5.html#the_bm25_function, and Robertson & Zaragoza, The Probabilistic Relevance Framework.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ..database import set_watermark, watermark
from ..messages import digest
from .document import EXCHANGES, Document, Layout
from .rows import slices
from .stems import Stems
from .textindex import Term

_LABELS = ("A", "B", "C")
"""Of the layout's labelled fields; the others share D."""
_LEAST = 0.1
"""The weight of D: a word of weight 0.6 has six positions of it."""
_POSITIONS = 255
"""Positions PostgreSQL keeps of one word."""
_LONGEST = 500
"""Bytes of a stem; a longer one is cut, since PostgreSQL takes no more than 2,046 once what is no UTF-8 is written out."""
_LARGEST = 900_000
"""Bytes of a vector; what goes beyond is left out, since PostgreSQL takes no more than a megabyte."""
_INSERT = "INSERT INTO {table}_text SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:lengths AS integer[]), CAST(:vectors AS tsvector[]))"
_COUNT = (
    "INSERT INTO {table}_term AS held SELECT * FROM unnest(CAST(:terms AS text[]), CAST(:more AS integer[])) "
    "ON CONFLICT (term) DO UPDATE SET found = held.found + excluded.found"
)
_BEST = """
    SELECT held.id, sum(term.weight * (1 - held.norm / (held.norm + :most * ts_rank_cd(CAST(:weights AS real[]), held.terms, term.word))))
        AS score
    FROM unnest(CAST(:matching AS tsquery[]), CAST(:words AS tsquery[]), CAST(:factors AS float8[])) AS term(matching, word, weight)
    CROSS JOIN LATERAL (
        SELECT id, terms, 0.3 + length * (
            SELECT CAST(0.9 AS float8) * documents.value / tokens.value FROM counter AS documents, counter AS tokens
            WHERE documents.name = :documents AND tokens.name = :tokens
        ) AS norm
        FROM {table}_text WHERE terms @@ term.matching
    ) AS held
    GROUP BY held.id ORDER BY score DESC, held.id LIMIT :limit
"""
_MATCHING = "SELECT count(*) FROM (SELECT FROM {table}_text WHERE terms @@ CAST(:matching AS tsquery) LIMIT :most) AS held"


class Tsvector:
    """PostgreSQL's index. See TextIndex for what each method does."""

    def __init__(self, stems: Stems, layout: Layout = EXCHANGES) -> None:
        self._stems = stems
        self._of = layout.table
        self._labels = dict(zip(layout.labelled, _LABELS, strict=False))
        self._own = "".join(self._labels[name] for name in layout.own)
        self._marks = tuple(
            self._labels.get(name, "D") * (1 if name in self._labels else round(weight / _LEAST)) for name, weight in layout.fields.items()
        )
        self._most = max(layout.fields.values())
        weights = [layout.fields[name] for name in layout.labelled] + [_LEAST] * (len(_LABELS) - len(layout.labelled))
        self._weights = "{{{}}}".format(", ".join(f"{weight / self._most:.6f}" for weight in (_LEAST, *reversed(weights))))
        """Of D, C, B and A, as parts of the greatest: PostgreSQL takes none above 1."""
        prefix = "fulltext" if layout is EXCHANGES else f"fulltext:{layout.table}"
        self._documents, self._tokens = f"{prefix}:documents", f"{prefix}:tokens"
        """Counters of what the index holds."""

    def replace(self, connection: sa.Connection, gone: Iterable[tuple[int, int]], documents: Sequence[Document]) -> None:
        change: Counter[str] = Counter()
        number = tokens = 0
        for some in slices([*(number for _, number in gone), *(document.exchange for document in documents)]):
            for length, terms in connection.execute(self._sql(_HELD), {"ids": some}).all():
                number, tokens = number - 1, tokens - length
                change.subtract(term for term in terms if ":" not in term)
            connection.execute(self._sql(_DELETE), {"ids": some})
        vectors = list(self._vectors(documents))
        if vectors:
            ids, lengths, words = zip(*vectors, strict=True)
            connection.execute(
                self._sql(_INSERT), {"ids": list(ids), "lengths": list(lengths), "vectors": [_vector(each) for each in words]}
            )
            for length, each in zip(lengths, words, strict=True):
                number, tokens = number + 1, tokens + length
                change.update(term for term in each if ":" not in term)
        self._count(connection, change)
        for name, more in ((self._documents, number), (self._tokens, tokens)):
            set_watermark(connection, name, watermark(connection, name) + more)

    def clear(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"TRUNCATE {self._of}_text, {self._of}_term")
        for name in (self._documents, self._tokens):
            set_watermark(connection, name, 0)

    def count(self, connection: sa.Connection) -> int:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {self._of}_text").scalar_one())  # noqa: S608

    def total(self, connection: sa.Connection) -> int:
        return watermark(connection, self._documents)

    def found(self, connection: sa.Connection, tokens: Collection[bytes], total: int) -> Mapping[bytes, int]:
        rows = connection.execute(self._sql(_FOUND), {"terms": [_lexeme(token) for token in tokens]}).all()
        counts: dict[str, int] = {row[0]: row[1] for row in rows}
        return {token: counts.get(_lexeme(token), 0) for token in tokens}

    def held(self, connection: sa.Connection, term: Term, realms: Sequence[int], place: str | None, most: int) -> int:
        matching = f"{_quoted(_lexeme(term.token))} & {_scope(realms, place)}"
        return int(connection.execute(self._sql(_MATCHING), {"matching": matching, "most": most}).scalar_one())

    def best(
        self, connection: sa.Connection, terms: Sequence[Term], realms: Sequence[int], place: str | None, limit: int, most: int
    ) -> Sequence[tuple[int, float]]:
        scope = _scope(realms, place)
        words = [_quoted(_lexeme(term.token)) for term in terms]
        values = {
            "matching": [f"{word} & {scope}" for word in words],
            "words": words,
            "factors": [2.2 * term.weight for term in terms],
            "weights": self._weights,
            "most": self._most,
            "limit": limit,
            "documents": self._documents,
            "tokens": self._tokens,
        }
        return [(int(row[0]), float(row[1])) for row in connection.execute(self._sql(_BEST), values)]

    def holding(self, words: Sequence[str]) -> sa.Select[Any] | sa.TextualSelect:
        tokens = [token for stems in self._stems.of(words) for token in stems]
        query = " & ".join(f"{_quoted(_lexeme(token))}:{self._own}" for token in tokens)
        found = self._sql("SELECT id FROM {table}_text WHERE terms @@ CAST(:terms AS tsquery)").bindparams(terms=query)
        return found.columns(sa.column("id", sa.BigInteger))

    def _vectors(self, documents: Sequence[Document]) -> Iterator[tuple[int, int, dict[str, str]]]:
        """Yield (exchange, length in words, the label of each position of each word) of documents."""
        counts = iter(self._stems.counts([text for document in documents for text in document.texts]))
        for document in documents:
            words: dict[str, str] = {f"r:{document.realm}": "", _place_term(document.place): ""}
            length, size = 1, 0  # FTS5 counts the place
            for mark in self._marks:
                for token, times in next(counts).items():
                    length += times
                    word, more = _lexeme(token), min(times * len(mark), _POSITIONS)
                    size += 2 * more + (0 if word in words else len(word.encode()) + 8)
                    if size <= _LARGEST:
                        words[word] = (words.get(word, "") + mark * times)[:_POSITIONS]
            yield document.exchange, length, words

    def _count(self, connection: sa.Connection, change: Counter[str]) -> None:
        """Count words in more or fewer exchanges; a word in none is not kept."""
        changed = sorted((term, more) for term, more in change.items() if more)
        if changed:
            values = {"terms": [term for term, _ in changed], "more": [more for _, more in changed]}
            connection.execute(self._sql(_COUNT), values)
        if lost := [term for term, more in changed if more < 0]:
            connection.execute(self._sql(_NONE_LEFT), {"terms": lost})

    def _sql(self, statement: str) -> sa.TextClause:
        return sa.text(statement.format(table=self._of))


_HELD = "SELECT length, tsvector_to_array(terms) FROM {table}_text WHERE id = ANY(:ids)"
_DELETE = "DELETE FROM {table}_text WHERE id = ANY(:ids)"
_FOUND = "SELECT term, found FROM {table}_term WHERE term = ANY(:terms)"
_NONE_LEFT = "DELETE FROM {table}_term WHERE term = ANY(:terms) AND found <= 0"


def _vector(words: Mapping[str, str]) -> str:
    """Return a tsvector as PostgreSQL reads it: the positions of each word are only counted, so they begin at 1 for each."""
    return " ".join(
        _quoted(word) + (":" if labels else "") + ",".join(f"{number}{label}" for number, label in enumerate(labels, 1))
        for word, labels in words.items()
    )


def _quoted(word: str) -> str:
    doubled = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"


def _lexeme(token: bytes) -> str:
    """Return a stem as text: the stemmer may cut a letter beyond ASCII in two."""
    return token[:_LONGEST].decode("utf-8", "backslashreplace")


def _scope(realms: Sequence[int], place: str | None) -> str:
    scope = " | ".join(f"'r:{number}'" for number in realms)
    return f"({scope})" if place is None else f"({scope}) & '{_place_term(place)}'"


def _place_term(place: str) -> str:
    """Return the term of a place. Like that of a realm it holds a colon, so that no word is the same."""
    return "p:" + digest(place)
