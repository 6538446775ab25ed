"""Retrieval: which passages of documents bear on a question, found by words and by meaning like memories, neighbours joined.

The shelves that may be looked at are chosen before any search. Both scores are normalised by the best one and summed; a gate on the
absolute evidence stands between: nothing relevant, nothing shown.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ..database import Database
from ..errors import FamiliarError
from ..memory.fulltext import Match, TextSearch
from ..memory.recall import Candidate, close_enough, is_small_talk, ranked
from ..memory.rows import clean, slices
from ..messages import Excerpt, Person, Place, Shares, ShelfScope
from ..ports import Embedder
from ..tables import document, passage, shelf
from .nearness import Nearness
from .shelves import visible

if TYPE_CHECKING:
    from ..ports import Vectors

log = logging.getLogger(__name__)

CANDIDATES = 100
NEIGHBOURS = 2
"""Passages of a document this far apart are shown together, with what lies between them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to look for, and who asks where."""

    text: str
    person: Person
    place: Place
    companion: str
    shares: Shares = field(default_factory=Shares)


class Retrieval:
    """Finds excerpts. Works with full-text search alone while the embedding model is not there."""

    def __init__(self, database: Database, words: TextSearch, embedder: Embedder) -> None:
        self._database = database
        self._words = words
        self._embedder = embedder
        self.nearness = Nearness(database, embedder.name)

    def search(self, asked: Asked, *, dense: bool = True, gate: bool = True) -> list[Excerpt]:
        """Return the best excerpts, best first. Raises StoreError when the database cannot be read.

        Without `dense`, or when the embedding model fails, words alone decide. Without `gate`, weak ones are returned, too.
        """
        text = clean(asked.text)
        with self._database.read() as connection:
            seen = visible(connection, clean(asked.companion), asked.person, asked.place)
        shelves = {number: scope for number, scope in seen.items() if asked.shares.of(scope) > 0}
        if not shelves or not text.strip() or (gate and is_small_talk(text)):
            return []
        with ThreadPoolExecutor(1) as beside:  # the words are searched for while the question is embedded
            searched = beside.submit(self._words.search, text, list(shelves), CANDIDATES)
            vector = self._embed(text) if dense else None
            matches = searched.result()
        similar = None if vector is None else self._similar(list(shelves), vector, matches)
        found = ranked(matches, similar or {}, known=similar is not None)
        close = close_enough(self.nearness.size(list(shelves)))
        return self._excerpts([each for each in found if not gate or each.is_evidence(close)], asked.shares)

    def excerpts(self, groups: Sequence[Sequence[int]]) -> list[Excerpt | None]:
        """Return excerpts by the ids of their passages, without scores, and None for each of which something is removed."""
        with self._database.read() as connection:
            rows = _rows(connection, list(chain(*groups)))
            runs = [[rows[each] for each in group] if group and all(each in rows for each in group) else [] for group in groups]
            return [_excerpt(connection, run, {}) if run else None for run in runs]

    def _embed(self, text: str) -> Vectors | None:
        try:
            vector: Vectors = self._embedder.embed([text])[0]
        except FamiliarError as exc:
            log.warning("Documents are looked through without meaning: %s", exc)
            return None
        return vector

    def _similar(self, shelves: Sequence[int], vector: Vectors, matches: Sequence[Match]) -> dict[int, float]:
        similar = self.nearness.search(shelves, vector, CANDIDATES)
        others = [each.exchange for each in matches if each.exchange not in similar]
        return {**self.nearness.similarity(shelves, vector, others), **similar}

    def _excerpts(self, found: Sequence[Candidate], shares: Shares) -> list[Excerpt]:
        """Return the best candidates of each scope, up to its share, none of them twice, joined where they are neighbours."""
        if not found:
            return []
        with self._database.read() as connection:
            rows = _rows(connection, [each.number for each in found])
            chosen = list(_chosen(found, rows, shares))
            excerpts = [_excerpt(connection, run, {each.number: each for each in found}) for run in _runs([rows[each] for each in chosen])]
        return sorted(excerpts, key=lambda excerpt: -excerpt.score)


def _rows(connection: sa.Connection, passages: Sequence[int]) -> dict[int, Any]:
    """Return these passages without their words, with what there is to say of their documents."""
    columns = (passage.c.id, passage.c.document_id, passage.c.number, passage.c.digest, document.c.title, document.c.source)
    query = sa.select(*columns, shelf.c.scope).join(document, document.c.id == passage.c.document_id)
    query = query.join(shelf, shelf.c.id == document.c.shelf_id)
    return {row.id: row for some in slices(passages) for row in connection.execute(query.where(passage.c.id.in_(some)))}


def _chosen(found: Sequence[Candidate], rows: Mapping[int, Any], shares: Shares) -> Iterator[int]:
    taken: Counter[ShelfScope] = Counter()
    seen = set()
    for candidate in found:
        row = rows.get(candidate.number)
        if row is None or row.digest in seen or taken[row.scope] >= shares.of(row.scope):  # None: removed a moment ago
            continue
        seen.add(row.digest)
        taken[row.scope] += 1
        yield candidate.number


def _runs(rows: Sequence[Any]) -> list[list[Any]]:
    """Return passages in lists of neighbours within a document."""
    runs: list[list[Any]] = []
    for row in sorted(rows, key=lambda row: (row.document_id, row.number)):
        last = runs[-1][-1] if runs else None
        if last is not None and last.document_id == row.document_id and row.number - last.number <= NEIGHBOURS:
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def _excerpt(connection: sa.Connection, run: Sequence[Any], evidence: Mapping[int, Candidate]) -> Excerpt:
    """Return an excerpt of a run of passages with what lies between them."""
    within = passage.c.number.between(run[0].number, run[-1].number)
    query = sa.select(passage).where(passage.c.document_id == run[0].document_id, within)
    rows = connection.execute(query.order_by(passage.c.number)).all()
    best = max((evidence[row.id] for row in run if row.id in evidence), key=lambda each: each.score, default=None)
    pages = [page for row in rows for page in (row.page, row.last_page) if page is not None]
    return Excerpt(
        run[0].document_id,
        tuple(row.id for row in rows),
        run[0].scope,
        run[0].title,
        run[0].source,
        _joined(rows),
        tuple(json.loads(rows[0].titles)),
        min(pages, default=None),
        max(pages, default=None),
        *((round(min(best.score, 1.0), 4), round(best.strength, 4), round(max(best.cosine or 0.0, 0.0), 4)) if best else ()),
    )


def _joined(rows: Sequence[Any]) -> str:
    """Return the text of passages that follow each other, what they share only once."""
    text, end = str(rows[0].text), rows[0].ends
    for row in rows[1:]:
        text += f"\n{row.text}" if row.begins >= end else row.text[end - row.begins :]
        end = max(end, row.ends)
    return text
