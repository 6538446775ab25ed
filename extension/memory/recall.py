"""Recall: which exchanges of the past bear on what was just said.

Hybrid: full-text search and search by meaning each name candidates; the union of both gets both scores, each
normalised by the best one, and their weighted sum ranks. Score fusion of the union beat rank fusion, and beat letting
one search re-rank the other's candidates, wherever it was measured on conversations. A gate on the absolute evidence
comes first: nothing relevant, nothing shown.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..database import Database
from ..errors import FamiliarError, IndexUnavailable
from ..messages import Memory, Person, Place, Scope, digest
from .diary import Diary
from .fulltext import FullText, Match
from .realms import visible_realms
from .semantic import Semantic

if TYPE_CHECKING:
    from ..ports import Vectors

log = logging.getLogger(__name__)

CANDIDATES = 100
LEXICAL_WEIGHT = 0.55
DENSE_WEIGHT = 0.45
PIN_BONUS = 0.15
"""Added to the score of a pinned exchange that passes the gate."""
CLOSE = 0.36
"""Cosine from which meaning alone is evidence."""
WORDS = 0.30
"""Full-text strength from which words are evidence, where the meaning does not speak against it (see NEAR)."""
NEAR = 0.16
TAIL = 0.35
"""Exchanges that score less than this part of the best one are left out."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to recall for, and how far to look."""

    text: str
    person: Person
    place: Place
    companion: str
    scope: Scope = "companion"
    limit: int = 6
    without: Collection[int] = ()
    """Exchanges that are still visible in the chat."""
    visible: Collection[str] = ()
    """Digests of exchanges that are still visible in the chat, wherever they are kept."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An exchange by its id, with the evidence for it."""

    number: int
    score: float
    lexical: float
    dense: float


class Recall:
    """Finds memories. Works with full-text search alone while the embedding model is not there."""

    def __init__(self, database: Database, diary: Diary, fulltext: FullText, semantic: Semantic) -> None:
        self._database = database
        self._diary = diary
        self._fulltext = fulltext
        self._semantic = semantic

    def search(self, question: Question, *, dense: bool = True, gate: bool = True) -> list[Memory]:
        """Return the best memories, best first. Raises StoreError when the diary cannot be read.

        Without `dense`, or when the embedding model fails, words alone decide. Without `gate`, everything found is
        returned: that is what a person searching their memories wants.
        """
        with self._database.read() as connection:
            realms = visible_realms(connection, question.companion, question.person, question.place, question.scope)
        if not realms or not question.text.strip():
            return []
        limit = CANDIDATES + min(len(question.without), 4 * CANDIDATES)
        place = question.place.id if question.scope == "place" else None
        matches = self._fulltext.search(question.text, realms, limit, place)
        similar, known = self._by_meaning(question.text, realms, place, matches, limit) if dense else ({}, False)
        ranked = _ranked(matches, similar, known=known, gate=gate)
        return self._chosen(question, ranked)

    def _by_meaning(
        self, text: str, realms: Sequence[int], place: str | None, matches: Sequence[Match], limit: int
    ) -> tuple[dict[int, float], bool]:
        """Return the similarity of the nearest exchanges and of those the words found, and whether there is any."""
        try:
            vector: Vectors = self._semantic.embedder.embed([text])[0]
            if place is not None:
                return self._semantic.search_place(place, vector), True
            similar = self._semantic.search(realms, vector, limit)
            missing = [match.exchange for match in matches if match.exchange not in similar]
            return {**self._semantic.similarity(vector, missing), **similar}, True
        except IndexUnavailable as exc:
            log.warning("Recall by meaning failed, words alone decide: %s", exc)
        except FamiliarError as exc:
            log.warning("Recall goes on without meaning: %s", exc)
        return {}, False

    def _chosen(self, question: Question, ranked: Sequence[_Candidate]) -> list[Memory]:
        """Put in the exchanges, leaving out what is visible, out of scope or repeated, the pinned ones lifted."""
        without = set(question.without)
        wanted = [candidate for candidate in ranked if candidate.number not in without][: max(4 * question.limit, 20)]
        found = {exchange.id: exchange for exchange in self._diary.get([candidate.number for candidate in wanted])}
        memories = []
        seen = set(question.visible)
        for candidate in wanted:
            exchange = found.get(candidate.number)
            if exchange is None:  # forgotten a moment ago
                continue
            key = digest(exchange.said, exchange.reply)
            if key not in seen:
                seen.add(key)
                score = min(1.0, candidate.score + (PIN_BONUS if exchange.pinned else 0.0))
                memories.append(Memory(exchange, score, candidate.lexical, candidate.dense))
        memories.sort(key=lambda memory: -memory.score)
        return memories[: question.limit]


def _ranked(matches: Sequence[Match], similar: dict[int, float], *, known: bool, gate: bool) -> list[_Candidate]:
    words = {match.exchange: match for match in matches}
    best_word = max((match.score for match in matches), default=0.0) or 1.0
    best_similar = max([*similar.values(), 0.0]) or 1.0
    weights = (LEXICAL_WEIGHT, DENSE_WEIGHT) if known else (1.0, 0.0)
    candidates = []
    for number in {*words, *similar}:
        match, cosine = words.get(number), max(similar.get(number, 0.0), 0.0)
        lexical = match.score / best_word if match else 0.0
        strength = match.strength if match else 0.0
        if gate and not _relevant(strength, cosine, known=known):
            continue
        score = weights[0] * lexical + weights[1] * cosine / best_similar
        candidates.append(_Candidate(number, round(score, 4), round(lexical, 4), round(min(cosine, 1.0), 4)))
    candidates.sort(key=lambda candidate: (-candidate.score, -candidate.number))
    return [candidate for candidate in candidates if not gate or candidate.score >= TAIL * candidates[0].score]


def _relevant(strength: float, cosine: float, *, known: bool) -> bool:
    return cosine >= CLOSE or (strength >= WORDS and (cosine >= NEAR or not known))
