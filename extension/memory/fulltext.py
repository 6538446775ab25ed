"""The full-text index of the diary: SQLite's FTS5 with Porter stems, speaker, previous turn and day as further fields.

The realm is a term of the query, so a search costs what its realms hold and not what the diary holds. Words of no
meaning are left out of questions, and words found in very many exchanges are left out where rarer ones are at hand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import log
from pathlib import Path
from typing import Any
from unicodedata import normalize

import sqlalchemy as sa

from ..database import Database, exchange, fact, forgotten, person, set_watermark, watermark
from ..messages import digest
from .stems import Stems

FIELDS = ("realm", "speaker", "said", "reply", "previous", "day", "facts")
WEIGHTS = (0.0, 1.0, 1.6, 1.0, 0.5, 0.6, 0.8)
"""bm25 weights of the fields, in their order. The realm (and the place beside it) is a filter and scores nothing."""

MOST_WORDS = 24
MOST_MATCHES = 20_000
"""Words beyond the rarest are left out of a question once its words match this many exchanges together."""
LONGEST = 100_000
"""Characters of one field that are indexed; the diary keeps all of them."""

_FREQUENT, _MOST_KEPT = 500, 5_000
_WORD = re.compile(r"[^\W_]+")
"""Runs of letters and digits, as the tokenizer of the index has them: an underscore parts words."""


@dataclass(frozen=True, slots=True)
class Match:
    """One exchange that shares words with the question."""

    exchange: int
    score: float
    """bm25, higher is better."""
    strength: float
    """The score as a part of what an exchange with every word of the question once would get; about 0..1."""


class FullText:
    """Full-text search over exchanges. Every method raises StoreError when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stems = Stems()
        self._frequent: dict[bytes, tuple[int, int]] = {}

    def catch_up(self, batch: int = 500) -> int:
        """Index what the diary holds beyond the watermark and return how many exchanges were looked at.

        Idempotent: an exchange indexed twice is there once, and a kill in the middle only means doing a batch again.
        """
        done = 0
        while step := self._step(batch):
            done += step
        return done

    def behind(self, besides: int | None = None) -> bool:
        """Return whether any exchange, one left aside, waits to be indexed."""
        with self._database.read() as connection:
            done = watermark(connection, "fulltext")
            waiting = sa.select(exchange.c.id).where(exchange.c.revision > done).order_by(exchange.c.revision).limit(2)
            return any(number != besides for number in connection.execute(waiting).scalars())

    def search(self, question: str, realms: Sequence[int], limit: int = 100, place: str | None = None) -> list[Match]:
        """Return the best matches within realms (or within one place of them), best first.

        Nothing when the question has no word of meaning.
        """
        with self._database.read() as connection:
            terms = self._terms(connection, question)
            if not terms or not realms:
                return []
            scope = " OR ".join(f'"r{number}"' for number in realms)
            scope = scope if place is None else f'({scope}) AND "{_place_term(place)}"'
            words = " OR ".join(f'"{word}"' for word, _ in terms)
            query = f"realm : ({scope}) AND {{said reply previous speaker day facts}} : ({words})"
            weights = ", ".join(str(weight) for weight in WEIGHTS)
            statement = sa.text(
                f"SELECT rowid, -bm25(exchange_text, {weights}) AS score FROM exchange_text WHERE exchange_text MATCH :query "  # noqa: S608
                "ORDER BY score DESC LIMIT :limit"
            )
            rows = connection.execute(statement, {"query": query, "limit": limit}).all()
        full = sum(weight for _, weight in terms) or 1.0
        return [Match(int(row[0]), max(float(row[1]), 0.0), min(max(float(row[1]), 0.0) / full, 1.0)) for row in rows]

    def frequencies(self, stems: Sequence[str]) -> tuple[int, dict[str, int]]:
        """Return how many exchanges the index holds, about, and how many of them hold each of these stems."""
        with self._database.read() as connection:
            total = self._total(connection)
            return total, {stem: self._frequency(connection, stem.encode(), total) for stem in stems}

    def rebuild(self) -> int:
        """Empty the index and fill it from the diary; return how many exchanges it holds."""
        with self._database.write() as connection:
            connection.exec_driver_sql("DELETE FROM exchange_text")
            set_watermark(connection, "fulltext", 0)
        return self.catch_up()

    def count(self) -> int:
        """Return how many exchanges the index holds."""
        with self._database.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM exchange_text_docsize").scalar_one())

    def _step(self, batch: int) -> int:
        with self._database.read() as connection:
            if watermark(connection, "fulltext") >= watermark(connection, "revision"):
                return 0
        with self._database.write() as connection:
            done = watermark(connection, "fulltext")
            newest = watermark(connection, "revision")
            changed = _changed(connection, done, batch)
            up_to = changed[-1].revision if len(changed) == batch else newest
            gone = _gone(connection, done, up_to)
            for number in [*gone, *(row.id for row in changed)]:
                connection.exec_driver_sql("DELETE FROM exchange_text WHERE rowid = ?", (number,))
            if documents := [self._document(connection, row) for row in changed]:
                connection.exec_driver_sql(
                    "INSERT INTO exchange_text(rowid, realm, speaker, said, reply, previous, day, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    documents,
                )
            set_watermark(connection, "fulltext", up_to)
            return len(changed) + len(gone)

    def _document(self, connection: sa.Connection, row: Any) -> tuple[Any, ...]:
        same = [exchange.c[name] == getattr(row, name) for name in ("place_id", "branch", "realm_id")]
        before = (
            sa.select(sa.func.substr(exchange.c.said, 1, LONGEST), sa.func.substr(exchange.c.reply, 1, LONGEST))
            .where(*same, exchange.c.row < row.row)
            .order_by(exchange.c.row.desc())
            .limit(1)
        )
        previous = connection.execute(before).first()
        speaker = f"{row.name or row.person_id} {row.companion}"
        texts = (row.said[:LONGEST], row.reply[:LONGEST], " ".join(previous or ()), day_words(row.said_at), facts_words(connection, row.id))
        return (row.id, f"r{row.realm_id} {_place_term(row.place_id)}", speaker, *texts)

    def _terms(self, connection: sa.Connection, question: str) -> list[tuple[str, float]]:
        """Return (word, idf) of the words to search by, the rarest first."""
        words = meaningful(question)
        total = self._total(connection)
        found_of: dict[tuple[bytes, ...], tuple[int, str]] = {}
        for word, stem in zip(words, self._stems.of(words), strict=True):
            if stem and stem not in found_of:
                found_of[stem] = min(self._frequency(connection, token, total) for token in stem), word
        counted = sorted(pair for pair in found_of.values() if pair[0])
        chosen: list[tuple[str, float]] = []
        matches = 0
        for found, word in counted[:MOST_WORDS]:
            if chosen and matches + found > MOST_MATCHES:
                break
            matches += found
            chosen.append((word, max(log((total - found + 0.5) / (found + 0.5)), 1e-6) * WEIGHTS[2]))
        return chosen

    def _total(self, connection: sa.Connection) -> int:
        return max(1, int(connection.exec_driver_sql("SELECT max(rowid) FROM exchange_text_docsize").scalar() or 0))

    def _frequency(self, connection: sa.Connection, token: bytes, total: int) -> int:
        """Return how many exchanges hold a token, of `total`.

        FTS5 counts them one by one, so the counts of frequent ones are kept until the index has grown by a tenth.
        """
        found, then = self._frequent.get(token, (0, 0))
        if total > 1.1 * then:
            found = int(connection.exec_driver_sql("SELECT doc FROM exchange_terms WHERE term = CAST(? AS TEXT)", (token,)).scalar() or 0)
            if found > _FREQUENT and len(self._frequent) < _MOST_KEPT:
                self._frequent[token] = (found, total)
        return found


def meaningful(text: str) -> list[str]:
    """Return the distinct words of a text that are not stop words, in order, in lower case."""
    words = (word.lower() for word in _WORD.findall(normalize("NFC", text[:LONGEST])))
    return list(dict.fromkeys(word for word in words if word not in stop_words()))[:512]


def facts_words(connection: sa.Connection, number: int) -> str:
    """Return the words of the facts that were made of an exchange."""
    query = sa.select(fact.c.about, fact.c.attribute, fact.c.value).where(fact.c.exchange_id == number).order_by(fact.c.id)
    return " ".join(word for row in connection.execute(query) for word in row)


def day_words(when: float) -> str:
    """Return the words under which a day is found: `2026-11-21 21 november 2026 saturday`."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %d %B %Y %A")


@cache
def stop_words() -> frozenset[str]:
    """Return the English stop words left out of questions."""
    return frozenset((Path(__file__).parent / "stop_words.txt").read_text(encoding="utf-8").split())


def _place_term(place: str) -> str:
    return "p" + digest(place)


def _changed(connection: sa.Connection, after: int, limit: int) -> list[Any]:
    query = (
        sa.select(exchange, person.c.name)
        .join(person, person.c.id == exchange.c.person_id)
        .where(exchange.c.revision > after)
        .order_by(exchange.c.revision)
        .limit(limit)
    )
    return list(connection.execute(query).all())


def _gone(connection: sa.Connection, after: int, up_to: int) -> list[int]:
    match = sa.and_(forgotten.c.revision > after, forgotten.c.revision <= up_to)
    return list(connection.execute(sa.select(forgotten.c.exchange_id).where(match)).scalars())
