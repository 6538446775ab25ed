"""Recall: which exchanges of the past bear on what was just said.

Hybrid: full-text search and search by meaning each name candidates; the union of both gets both scores, each
normalised by the best one, and their weighted sum ranks. Score fusion of the union beat rank fusion, and beat letting
one search re-rank the other's candidates, wherever it was measured on conversations. A gate on the absolute evidence
comes first: nothing relevant, nothing shown.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import TYPE_CHECKING

from ..database import Database
from ..errors import FamiliarError, IndexUnavailable
from ..messages import Memory, Person, Place, Scope, digest
from .diary import Diary
from .fulltext import FullText, Match, meaningful
from .realms import visible_realms
from .semantic import Semantic

if TYPE_CHECKING:
    from ..ports import Vectors

logger = logging.getLogger(__name__)

CANDIDATES = 100
LEXICAL_WEIGHT = 0.55
DENSE_WEIGHT = 0.45
PIN_BONUS = 0.15
"""Added to the score of a pinned exchange that passes the gate."""
NOISE_MEAN, NOISE_SPREAD, MOST_NOISE = 0.08, 0.08, 0.40
"""Cosines of sentences that have nothing to do with each other, by MiniLM: see `close_enough`."""
WORDS = 0.30
"""Full-text strength from which words are evidence, where the meaning does not speak against it."""
NEAR = 0.16
"""Cosine below which the meaning does speak against it."""
TAIL = 0.45
"""Exchanges that score less than this part of the best one are left out."""
SMALL_TALK = frozenset(
    (
        *("afternoon", "again", "agree", "alright", "awesome", "bye", "cheers", "continue", "cool", "day", "evening", "example", "explain"),
        *("fine", "good", "goodbye", "great", "haha", "hello", "hey", "hi", "hiya", "longer", "lol", "love", "morning", "nice", "night"),
        *("perfect", "rewrite", "shorter", "sorry", "super", "sure", "thank", "thanks", "thx", "welcome", "wonderful", "wow", "yep", "yup"),
    )
)
_MYSELF = frozenset(("i", "me", "my", "mine", "myself", "we", "us", "our", "ours"))


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
        if not realms or not question.text.strip() or (gate and is_small_talk(question.text)):
            return []
        # What the model sees anyway goes before the scores are normalised: it would be the best match of all.
        hidden = {*question.without, *self._diary.ids_of(question.visible)}
        limit = CANDIDATES + min(len(hidden), 4 * CANDIDATES)
        place = question.place.id if question.scope == "place" else None
        matches = [match for match in self._fulltext.search(question.text, realms, limit, place) if match.exchange not in hidden]
        similar, known = self._by_meaning(question.text, realms, place, matches, limit) if dense else ({}, False)
        similar = {number: cosine for number, cosine in similar.items() if number not in hidden}
        close = close_enough(self._semantic.size(realms)) if gate else -1.0
        return self._chosen(question, realms, _ranked(matches, similar, known=known, close=close))

    def _by_meaning(
        self, text: str, realms: Sequence[int], place: str | None, matches: Sequence[Match], limit: int
    ) -> tuple[dict[int, float], bool]:
        """Return the similarity of the nearest exchanges and of those the words found, and whether there is any."""
        try:
            vector: Vectors = self._semantic.embedder.embed([text])[0]
            if place is not None:
                return self._semantic.search_place(place, realms, vector), True
            similar = self._semantic.search(realms, vector, limit)
            missing = [match.exchange for match in matches if match.exchange not in similar]
            return {**self._semantic.similarity(vector, missing), **similar}, True
        except IndexUnavailable as exc:
            logger.warning("Recall by meaning failed, words alone decide: %s", exc)
        except FamiliarError as exc:
            logger.warning("Recall goes on without meaning: %s", exc)
        return {}, False

    def _chosen(self, question: Question, realms: Collection[int], ranked: Sequence[_Candidate]) -> list[Memory]:
        """Put in the exchanges, leaving out what is visible, out of scope or repeated, the pinned ones lifted."""
        wanted = ranked[: max(4 * question.limit, 20)]
        found = {exchange.id: exchange for exchange in self._diary.get([candidate.number for candidate in wanted])}
        memories = []
        seen = set(question.visible)
        for candidate in wanted:
            exchange = found.get(candidate.number)
            if exchange is None or exchange.realm not in realms:  # forgotten a moment ago; an index that is wrong betrays nothing
                continue
            key = digest(exchange.said, exchange.reply)
            if key not in seen:
                seen.add(key)
                score = candidate.score + (PIN_BONUS if exchange.pinned else 0.0)
                memories.append((score, Memory(exchange, min(score, 1.0), candidate.lexical, candidate.dense)))
        memories.sort(key=lambda scored: -scored[0])
        return [memory for _, memory in memories[: question.limit]]


def _ranked(matches: Sequence[Match], similar: dict[int, float], *, known: bool, close: float) -> list[_Candidate]:
    words = {match.exchange: match for match in matches}
    best_word = max((match.score for match in matches), default=0.0) or 1.0
    best_similar = max([*similar.values(), 0.0]) or 1.0
    weights = (LEXICAL_WEIGHT, DENSE_WEIGHT) if known else (1.0, 0.0)
    candidates = []
    for number in {*words, *similar}:
        match, cosine = words.get(number), max(similar.get(number, 0.0), 0.0)
        lexical = match.score / best_word if match else 0.0
        strength = match.strength if match else 0.0
        if close >= 0 and not (cosine >= close or (strength >= WORDS and (cosine >= NEAR or not known))):
            continue
        score = weights[0] * lexical + weights[1] * cosine / best_similar
        candidates.append(_Candidate(number, round(score, 4), round(lexical, 4), round(min(cosine, 1.0), 4)))
    candidates.sort(key=lambda candidate: (-candidate.score, -candidate.number))
    return [candidate for candidate in candidates if close < 0 or candidate.score >= TAIL * candidates[0].score]


def close_enough(size: int) -> float:
    """Return the cosine from which meaning alone is evidence, among `size` vectors.

    The more there is to compare with, the closer the closest of what has nothing to do with the question comes: about
    mean + spread * sqrt(2 ln n), the expected greatest of n normal deviates.
    """
    return min(MOST_NOISE, NOISE_MEAN + NOISE_SPREAD * sqrt(2 * log(max(size, 2))))


def is_small_talk(text: str) -> bool:
    """Return whether a message holds nothing to recall for: a greeting, thanks, 'go on'. One about oneself always does."""
    words = set(meaningful(text))
    return not words - SMALL_TALK and _MYSELF.isdisjoint(re.findall(r"[^\W_]+", text.lower()))
