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
from .document import FIELDS, SPOKEN, Document
from .rows import slices
from .stems import Stems
from .textindex import Term

_LABELS = {"said": "A", "reply": "B", "previous": "C"}
"""The fields with a label of their own, whose weight is the field's; the others share D."""
_LEAST = 0.1
"""The weight of D: a word of weight 0.6 has six positions of it."""
_MOST = max(FIELDS.values())
_WEIGHTS = "{{{}}}".format(", ".join(f"{weight / _MOST:.6f}" for weight in (_LEAST, *(FIELDS[name] for name in reversed(_LABELS)))))
"""Of D, C, B and A, as parts of the greatest: PostgreSQL takes none above 1."""
_MARKS = tuple(_LABELS.get(name, "D") * (1 if name in _LABELS else round(weight / _LEAST)) for name, weight in FIELDS.items())
_POSITIONS = 255
"""Positions PostgreSQL keeps of one word."""
_LONGEST = 500
"""Bytes of a stem; a longer one is cut, since PostgreSQL takes no more than 2,046 once what is no UTF-8 is written out."""
_LARGEST = 900_000
"""Bytes of a vector; what goes beyond is left out, since PostgreSQL takes no more than a megabyte."""
_DOCUMENTS, _TOKENS = "fulltext:documents", "fulltext:tokens"
"""Counters of what the index holds."""

_INSERT = sa.text(
    "INSERT INTO exchange_text SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:lengths AS integer[]), CAST(:vectors AS tsvector[]))"
)
_COUNT = sa.text(
    "INSERT INTO exchange_term AS held SELECT * FROM unnest(CAST(:terms AS text[]), CAST(:more AS integer[])) "
    "ON CONFLICT (term) DO UPDATE SET found = held.found + excluded.found"
)
_BEST = sa.text("""
    SELECT held.id, sum(term.weight * (1 - held.norm / (held.norm + :most * ts_rank_cd(CAST(:weights AS real[]), held.terms, term.word))))
        AS score
    FROM unnest(CAST(:matching AS tsquery[]), CAST(:words AS tsquery[]), CAST(:factors AS float8[])) AS term(matching, word, weight)
    CROSS JOIN LATERAL (
        SELECT id, terms, 0.3 + length * (
            SELECT CAST(0.9 AS float8) * documents.value / tokens.value FROM counter AS documents, counter AS tokens
            WHERE documents.name = 'fulltext:documents' AND tokens.name = 'fulltext:tokens'
        ) AS norm
        FROM exchange_text WHERE terms @@ term.matching
    ) AS held
    GROUP BY held.id ORDER BY score DESC, held.id LIMIT :limit
""")
_MATCHING = sa.text("SELECT count(*) FROM (SELECT FROM exchange_text WHERE terms @@ CAST(:matching AS tsquery) LIMIT :most) AS held")


class Tsvector:
    """PostgreSQL's index. See TextIndex for what each method does."""

    def __init__(self, stems: Stems) -> None:
        self._stems = stems

    def replace(self, connection: sa.Connection, gone: Iterable[tuple[int, int]], documents: Sequence[Document]) -> None:
        change: Counter[str] = Counter()
        number = tokens = 0
        for some in slices([*(number for _, number in gone), *(document.exchange for document in documents)]):
            for length, terms in connection.execute(_HELD, {"ids": some}).all():
                number, tokens = number - 1, tokens - length
                change.subtract(term for term in terms if ":" not in term)
            connection.execute(_DELETE, {"ids": some})
        vectors = list(self._vectors(documents))
        if vectors:
            ids, lengths, words = zip(*vectors, strict=True)
            connection.execute(_INSERT, {"ids": list(ids), "lengths": list(lengths), "vectors": [_vector(each) for each in words]})
            for length, each in zip(lengths, words, strict=True):
                number, tokens = number + 1, tokens + length
                change.update(term for term in each if ":" not in term)
        _count(connection, change)
        for name, more in ((_DOCUMENTS, number), (_TOKENS, tokens)):
            set_watermark(connection, name, watermark(connection, name) + more)

    def clear(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql("TRUNCATE exchange_text, exchange_term")
        for name in (_DOCUMENTS, _TOKENS):
            set_watermark(connection, name, 0)

    def count(self, connection: sa.Connection) -> int:
        return int(connection.exec_driver_sql("SELECT count(*) FROM exchange_text").scalar_one())

    def total(self, connection: sa.Connection) -> int:
        return watermark(connection, _DOCUMENTS)

    def found(self, connection: sa.Connection, tokens: Collection[bytes], total: int) -> Mapping[bytes, int]:
        rows = connection.execute(_FOUND, {"terms": [_lexeme(token) for token in tokens]}).all()
        counts: dict[str, int] = {row[0]: row[1] for row in rows}
        return {token: counts.get(_lexeme(token), 0) for token in tokens}

    def held(self, connection: sa.Connection, term: Term, realms: Sequence[int], place: str | None, most: int) -> int:
        matching = f"{_quoted(_lexeme(term.token))} & {_scope(realms, place)}"
        return int(connection.execute(_MATCHING, {"matching": matching, "most": most}).scalar_one())

    def best(
        self, connection: sa.Connection, terms: Sequence[Term], realms: Sequence[int], place: str | None, limit: int, most: int
    ) -> Sequence[tuple[int, float]]:
        scope = _scope(realms, place)
        words = [_quoted(_lexeme(term.token)) for term in terms]
        values = {
            "matching": [f"{word} & {scope}" for word in words],
            "words": words,
            "factors": [2.2 * term.weight for term in terms],
            "weights": _WEIGHTS,
            "most": _MOST,
            "limit": limit,
        }
        return [(int(row[0]), float(row[1])) for row in connection.execute(_BEST, values)]

    def holding(self, words: Sequence[str]) -> sa.Select[Any] | sa.TextualSelect:
        labels = "".join(_LABELS[name] for name in SPOKEN)
        tokens = [token for stems in self._stems.of(words) for token in stems]
        query = " & ".join(f"{_quoted(_lexeme(token))}:{labels}" for token in tokens)
        found = sa.text("SELECT id FROM exchange_text WHERE terms @@ CAST(:terms AS tsquery)").bindparams(terms=query)
        return found.columns(sa.column("id", sa.BigInteger))

    def _vectors(self, documents: Sequence[Document]) -> Iterator[tuple[int, int, dict[str, str]]]:
        """Yield (exchange, length in words, the label of each position of each word) of documents."""
        counts = iter(self._stems.counts([text for document in documents for text in document.texts]))
        for document in documents:
            words: dict[str, str] = {f"r:{document.realm}": "", _place_term(document.place): ""}
            length, size = 1, 0  # FTS5 counts the place
            for mark in _MARKS:
                for token, times in next(counts).items():
                    length += times
                    word, more = _lexeme(token), min(times * len(mark), _POSITIONS)
                    size += 2 * more + (0 if word in words else len(word.encode()) + 8)
                    if size <= _LARGEST:
                        words[word] = (words.get(word, "") + mark * times)[:_POSITIONS]
            yield document.exchange, length, words


_HELD = sa.text("SELECT length, tsvector_to_array(terms) FROM exchange_text WHERE id = ANY(:ids)")
_DELETE = sa.text("DELETE FROM exchange_text WHERE id = ANY(:ids)")
_FOUND = sa.text("SELECT term, found FROM exchange_term WHERE term = ANY(:terms)")
_NONE_LEFT = sa.text("DELETE FROM exchange_term WHERE term = ANY(:terms) AND found <= 0")


def _count(connection: sa.Connection, change: Counter[str]) -> None:
    """Count words in more or fewer exchanges; a word in none is not kept."""
    changed = sorted((term, more) for term, more in change.items() if more)
    if changed:
        connection.execute(_COUNT, {"terms": [term for term, _ in changed], "more": [more for _, more in changed]})
    if lost := [term for term, more in changed if more < 0]:
        connection.execute(_NONE_LEFT, {"terms": lost})


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
