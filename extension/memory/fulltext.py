"""The full-text index of the diary: Porter stems, speaker, previous turn and day as further fields (see `document`).

The realm is a term of the index, so a search costs what its realms hold and not what the diary holds. Words of no
meaning are left out of questions, and words found in very many exchanges are left out where rarer ones are at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import log
from pathlib import Path
from unicodedata import normalize

import sqlalchemy as sa

from ..database import Database, set_watermark, watermark
from ..tables import exchange, forgotten
from .document import EXCHANGES, LONGEST, Layout, documents
from .fts5 import Fts5
from .stems import WORD, Stems
from .textindex import Term, TextIndex
from .tsvector import Tsvector

_BATCH = 1_000
"""Exchanges indexed in one transaction: others who write wait for it."""
MOST_WORDS = 24
MOST_MATCHES = 8_000
"""Words beyond the rarest are left out of a question once its words match this many exchanges of its realms together."""
MOST_COUNTED = 200_000
"""And once they stand in this many exchanges of all realms together, which bm25 counts."""


@dataclass(frozen=True, slots=True)
class Match:
    """An exchange, or a passage, that shares words with the question."""

    exchange: int
    score: float
    """bm25, higher is better."""
    strength: float
    """The score as a part of what an exchange with every word of the question once would get; about 0..1."""


class TextSearch:
    """Full-text search over what a layout describes. Every method raises StoreError when the database fails."""

    def __init__(self, database: Database, layout: Layout, most: int = MOST_MATCHES) -> None:
        self._database = database
        self._layout = layout
        self._most = most
        self._stems = Stems()
        self._known: TextIndex | None = None

    @property
    def index(self) -> TextIndex:
        """The index of the database there is. Raises SettingsError for a URL that is none."""
        if self._known is None:
            postgres = self._database.dialect.name == "postgresql"
            self._known = Tsvector(self._stems, self._layout) if postgres else Fts5(self._layout)
        return self._known

    def search(self, question: str, realms: Sequence[int], limit: int = 100, place: str | None = None) -> list[Match]:
        """Return the best matches within realms (or within one place of them), best first.

        Nothing when the question has no word of meaning.
        """
        with self._database.read() as connection:
            terms = self._terms(connection, question, realms, place) if realms else []
            found = self.index.best(connection, terms, realms, place, limit, self._most) if terms else []
        full = sum(term.weight for term in terms) * self._layout.fields[self._layout.own[0]] or 1.0
        return [Match(number, max(score, 0.0), min(max(score, 0.0) / full, 1.0)) for number, score in found]

    def frequencies(self, stems: Sequence[str]) -> tuple[int, dict[str, int]]:
        """Return how many exchanges the index holds, about, and how many of them hold each of these stems."""
        with self._database.read() as connection:
            total = max(1, self.index.total(connection))
            found = self.index.found(connection, {stem.encode() for stem in stems}, total)
        return total, {stem: found[stem.encode()] for stem in stems}

    def count(self) -> int:
        """Return how many exchanges the index holds."""
        with self._database.read() as connection:
            return self.index.count(connection)

    def _terms(self, connection: sa.Connection, question: str, realms: Sequence[int], place: str | None) -> list[Term]:
        """Return the words to search by, the rarest first."""
        words = meaningful(question)
        stems: dict[tuple[bytes, ...], str] = {}
        for word, stem in zip(words, self._stems.of(words), strict=True):
            stems.setdefault(stem, word)
        stems.pop((), None)
        total = max(1, self.index.total(connection))
        found_of = self.index.found(connection, {token for stem in stems for token in stem}, total)
        counted = sorted((*min((found_of[token], token) for token in stem), word) for stem, word in stems.items())
        chosen: list[Term] = []
        room, counting = self._most, MOST_COUNTED
        for found, token, word in [each for each in counted if each[0]][:MOST_WORDS]:
            others = max(0, total - found)  # below nothing where much was forgotten that is still in the index
            term = Term(word, token, max(log((others + 0.5) / (found + 0.5)), 1e-6))
            counting -= found
            if chosen and (counting < 0 or room <= 0):
                break
            room -= found if found <= room else self.index.held(connection, term, realms, place, room + 1)
            if chosen and room < 0:
                break
            chosen.append(term)
        return chosen


class FullText(TextSearch):
    """Full-text search over exchanges. Every method raises StoreError when the database fails."""

    def __init__(self, database: Database, most: int = MOST_MATCHES) -> None:
        super().__init__(database, EXCHANGES, most)

    def catch_up(self, batch: int = _BATCH, most: int | None = None) -> int:
        """Index what the diary holds beyond the watermark, until at least `most`, and return how many exchanges were looked at.

        Idempotent: an exchange indexed twice is there once, and a kill in the middle only means doing a batch again.
        """
        done = 0
        while (most is None or done < most) and (step := self._step(batch)):
            done += step
        return done

    def behind(self, besides: int | None = None) -> bool:
        """Return whether any exchange, one left aside, waits to be indexed."""
        with self._database.read() as connection:
            done = watermark(connection, "fulltext")
            waiting = sa.select(exchange.c.id).where(exchange.c.revision > done).order_by(exchange.c.revision).limit(2)
            return any(number != besides for number in connection.execute(waiting).scalars())

    def holding(self, words: str) -> sa.Select[tuple[int]] | sa.TextualSelect | None:
        """Return a query for the ids of the exchanges that hold all words of a text, whatever their endings.

        None when it has no word of meaning.
        """
        terms = meaningful(words)
        return self.index.holding(terms) if terms else None

    def rebuild(self) -> int:
        """Empty the index and fill it from the diary; return how many exchanges it holds."""
        with self._database.write() as connection:
            self.index.clear(connection)
            set_watermark(connection, "fulltext", 0)
        return self.catch_up()

    def _step(self, batch: int) -> int:
        with self._database.read() as connection:
            if watermark(connection, "fulltext") >= watermark(connection, "revision"):
                return 0
        with self._database.write() as connection:
            done = watermark(connection, "fulltext")
            newest = watermark(connection, "revision")
            changed, last = documents(connection, done, batch)
            up_to = last if len(changed) == batch else newest
            gone = _gone(connection, done, up_to)
            self.index.replace(connection, gone, changed)
            set_watermark(connection, "fulltext", up_to)
            return len(changed) + len(gone)


def meaningful(text: str) -> list[str]:
    """Return the distinct words of a text that are not stop words, in order, in lower case."""
    words = (word.lower() for word in WORD.findall(normalize("NFC", text[:LONGEST])))
    return list(dict.fromkeys(word for word in words if word not in stop_words()))[:512]


@cache
def stop_words() -> frozenset[str]:
    """Return the English stop words left out of questions."""
    return frozenset((Path(__file__).parent / "stop_words.txt").read_text(encoding="utf-8").split())


def _gone(connection: sa.Connection, after: int, up_to: int) -> list[tuple[int, int]]:
    match = sa.and_(forgotten.c.revision > after, forgotten.c.revision <= up_to)
    return [(row[0], row[1]) for row in connection.execute(sa.select(forgotten.c.realm_id, forgotten.c.exchange_id).where(match))]
