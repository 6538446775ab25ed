"""Recall: which exchanges of the past bear on what was just said.

Two steps. Full-text search and search by meaning each name candidates; the union of both gets both scores, each
normalised by the best one, and their weighted sum chooses the seeds. Then a learned ranker (see ranking/) looks at the
seeds and at what was said just around them. A gate on the absolute evidence stands between: nothing relevant, nothing shown.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from math import log, sqrt
from typing import TYPE_CHECKING

from ..database import Database
from ..errors import FamiliarError, IndexUnavailable
from ..messages import Memory, Person, Place, Scope, digest
from .diary import Diary
from .fulltext import FullText, Match, meaningful
from .ranking import Corrections, Pool, Pools, Ranker, features, statement, understood
from .ranking.question import MYSELF
from .realms import names_in, visible_realms
from .semantic import Semantic
from .stems import WORD

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..ports import Vectors
    from .ranking.features import Column

logger = logging.getLogger(__name__)

CANDIDATES = 100
SEEDS = 60
"""Candidates around which the ranker looks: with two exchanges on each side they hold 97 % of the answers."""
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
NEWEST_BONUS = 0.05
"""Added to the newest of the pool, in part to the others by their age, when the question asks for now."""
SMALL_TALK = frozenset(
    (
        *("afternoon", "again", "agree", "alright", "awesome", "bye", "cheers", "continue", "cool", "day", "evening", "example", "explain"),
        *("fine", "good", "goodbye", "great", "haha", "hello", "hey", "hi", "hiya", "longer", "lol", "love", "morning", "nice", "night"),
        *("perfect", "rewrite", "shorter", "sorry", "super", "sure", "thank", "thanks", "thx", "welcome", "wonderful", "wow", "yep", "yup"),
    )
)


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
    now: datetime | None = None
    """When it is asked, in the asker's time zone; None for this moment in this machine's."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An exchange by its id, or a passage, with the evidence for it."""

    number: int
    score: float
    strength: float
    cosine: float | None
    """None where nothing is known: no embedding model, or not embedded yet."""

    def is_evidence(self, close: float) -> bool:
        """Return whether this bears on the question at all: close in meaning, or in words the meaning does not contradict."""
        if self.cosine is not None and self.cosine >= close:
            return True
        return self.strength >= WORDS and (self.cosine is None or self.cosine >= NEAR)


@dataclass(frozen=True, slots=True)
class Looked:
    """The candidates of one question, looked at closely."""

    pool: Pool
    features: Mapping[str, Column]
    shown: NDArray[np.bool_]
    """Which of them may be shown: the others are context, seen anyway, or no evidence."""
    about_now: bool


class Recall:
    """Finds memories. Works with full-text search alone while the embedding model is not there."""

    def __init__(
        self, database: Database, diary: Diary, fulltext: FullText, semantic: Semantic, corrections: Corrections | None = None
    ) -> None:
        self._database = database
        self._diary = diary
        self._fulltext = fulltext
        self._semantic = semantic
        self._pools = Pools(database, semantic.embedder)
        self.ranker = Ranker(semantic.embedder.name, corrections=corrections)

    def search(self, question: Question, *, dense: bool = True, gate: bool = True) -> list[Memory]:
        """Return the best memories, best first. Raises StoreError when the diary cannot be read.

        Without `dense`, or when the embedding model fails, words alone decide. Without `gate`, everything found is
        returned: that is what a person searching their memories wants.
        """
        looked = self.look(question, dense=dense, gate=gate)
        return self._chosen(question, looked, gate=gate) if looked is not None else []

    def look(self, question: Question, *, dense: bool = True, gate: bool = False) -> Looked | None:
        """Return the candidates with their features, in no order, or None where there is none or nothing is asked.

        What `search` ranks, and what the ranker is trained on.
        """
        with self._database.read() as connection:
            realms = visible_realms(connection, question.companion, question.person, question.place, question.scope)
            names = names_in(connection, realms) if realms else frozenset()
        if not realms or not question.text.strip() or (gate and is_small_talk(question.text)):
            return None
        # What the model sees anyway goes before the scores are normalised: it would be the best match of all.
        hidden = {*question.without, *self._diary.ids_of(question.visible)}
        place = question.place.id if question.scope == "place" else None
        limit = CANDIDATES + min(len(hidden), 4 * CANDIDATES)
        with ThreadPoolExecutor(1) as beside:  # the words are searched for while the question is embedded
            searched = beside.submit(self._fulltext.search, question.text, realms, limit, place)
            vectors = self._embedded(question.text, names) if dense else None
            matches = [match for match in searched.result() if match.exchange not in hidden]
        similar = self._by_meaning(realms, place, matches, limit, vectors)
        seeds, evident = self._seeds(question, realms, hidden, matches, similar, gate=gate)
        if not seeds:
            return None
        vectors = None if similar is None else vectors
        pool = self._pools.around(seeds, realms, place, dense=similar is not None)
        asked = understood(question.text, question.now or datetime.now().astimezone())
        found = features(asked, question.person.id, pool, self._fulltext.frequencies, vectors)
        return Looked(pool, found, _shown(pool, hidden, evident), asked.about_now)

    def _seeds(
        self,
        question: Question,
        realms: Sequence[int],
        hidden: Collection[int],
        matches: Sequence[Match],
        similar: Mapping[int, float] | None,
        *,
        gate: bool,
    ) -> tuple[list[int], set[int]]:
        """Return the best candidates of both searches, and which of all candidates pass the gate."""
        known = similar is not None
        similar = {number: cosine for number, cosine in (similar or {}).items() if number not in hidden}
        close = close_enough(self._semantic.size(realms))
        candidates = ranked(matches, similar, known=known)
        evident = {each.number for each in candidates if not gate or each.is_evidence(close)}
        return [each.number for each in candidates[: max(SEEDS, 2 * question.limit)]] if evident else [], evident

    def _embedded(self, text: str, names: Collection[str]) -> Vectors | None:
        """Return the vectors of the question and of its statement form, or None where there is no embedding model."""
        try:
            return self._semantic.embedder.embed([text, statement(text, names)])
        except FamiliarError as exc:
            logger.warning("Recall goes on without meaning: %s", exc)
            return None

    def _by_meaning(
        self, realms: Sequence[int], place: str | None, matches: Sequence[Match], limit: int, vectors: Vectors | None
    ) -> dict[int, float] | None:
        """Return the similarity of the nearest exchanges and of those the words found; None where there is none to be had."""
        if vectors is None:
            return None
        try:
            if place is not None:
                return self._semantic.search_place(place, realms, vectors[0])
            similar = self._semantic.search(realms, vectors, limit)
            missing = [match.exchange for match in matches if match.exchange not in similar]
            return {**self._semantic.similarity(vectors[0], missing), **similar}
        except IndexUnavailable as exc:
            logger.warning("Recall by meaning failed, words alone decide: %s", exc)
            return None

    def _chosen(self, question: Question, looked: Looked, *, gate: bool) -> list[Memory]:
        """Put in the exchanges, leaving out what is visible or repeated, the pinned ones lifted."""
        shown = [int(number) for number in looked.shown.nonzero()[0]]
        rows = [looked.pool.rows[number] for number in shown]
        columns = {name: column[shown] for name, column in looked.features.items()}
        lexical, dense = columns["bm25_own_best"], columns["cosine"]
        scored = self.ranker.score(columns, question.person.id)
        scores = scored.values + NEWEST_BONUS * _newness(looked.pool)[shown] if looked.about_now else scored.values
        order = [int(number) for number in (-scores).argsort(kind="stable")]
        wanted = [number for number in order if scored.values[number] >= scored.least or not gate][: max(4 * question.limit, 20)]
        found = {exchange.id: exchange for exchange in self._diary.get([rows[number].id for number in wanted])}
        memories = []
        seen = set(question.visible)
        for number in wanted:
            exchange = found.get(rows[number].id)
            key = digest(exchange.said, exchange.reply) if exchange is not None else ""
            if exchange is not None and key not in seen:  # None: forgotten a moment ago
                seen.add(key)
                score = float(scores[number]) + (PIN_BONUS if exchange.pinned else 0.0)
                cosine = max(0.0, float(dense[number])) if dense[number] == dense[number] else 0.0
                memories.append((score, Memory(exchange, *_rounded(min(score, 1.0), float(lexical[number]), min(cosine, 1.0)))))
        memories.sort(key=lambda scored: (-scored[0], -scored[1].exchange.id))
        return [memory for _, memory in memories[: question.limit]]


def _rounded(*scores: float) -> tuple[float, ...]:
    return tuple(round(score, 4) for score in scores)


def _shown(pool: Pool, hidden: Collection[int], evident: Collection[int]) -> NDArray[np.bool_]:
    """Return which exchanges may be shown: they, or the one before or after, are evidence; and not seen anyway."""
    import numpy as np

    own = np.array([row.id in evident for row in pool.rows], dtype=bool)
    near = own | ((pool.before >= 0) & own[pool.before]) | ((pool.after >= 0) & own[pool.after])
    shown: NDArray[np.bool_] = near & pool.inner & ~np.array([row.id in hidden for row in pool.rows], dtype=bool)
    return shown


def _newness(pool: Pool) -> Column:
    """Return the age of each exchange among the others: 0 for the oldest, 1 for the newest."""
    import numpy as np

    order = np.argsort([row.when for row in pool.rows], kind="stable")
    ranks = np.empty(len(order), dtype=np.float32)
    ranks[order] = np.arange(len(order), dtype=np.float32)
    ranks /= np.float32(max(1, len(order) - 1))
    return ranks


def ranked(matches: Sequence[Match], similar: Mapping[int, float], *, known: bool) -> list[Candidate]:
    """Return what words and meaning found, best first: both scores as parts of the best one, weighted and summed.

    `known` is whether anything is known about the meaning; else words alone decide.
    """
    words = {match.exchange: match for match in matches}
    best_word = max((match.score for match in matches), default=0.0) or 1.0
    best_similar = max([*similar.values(), 0.0]) or 1.0
    weights = (LEXICAL_WEIGHT, DENSE_WEIGHT) if known else (1.0, 0.0)
    candidates = []
    for number in {*words, *similar}:
        match, cosine = words.get(number), similar.get(number)
        score = weights[0] * (match.score / best_word if match else 0.0) + weights[1] * max(cosine or 0.0, 0.0) / best_similar
        candidates.append(Candidate(number, score, match.strength if match else 0.0, cosine))
    return sorted(candidates, key=lambda candidate: (-candidate.score, -candidate.number))


def close_enough(size: int) -> float:
    """Return the cosine from which meaning alone is evidence, among `size` vectors.

    The more there is to compare with, the closer the closest of what has nothing to do with the question comes: about
    mean + spread * sqrt(2 ln n), the expected greatest of n normal deviates.
    """
    return min(MOST_NOISE, NOISE_MEAN + NOISE_SPREAD * sqrt(2 * log(max(size, 2))))


def is_small_talk(text: str) -> bool:
    """Return whether a message holds nothing to recall for: a greeting, thanks, 'go on'. One about oneself always does."""
    words = set(meaningful(text))
    return not words - SMALL_TALK and MYSELF.isdisjoint(WORD.findall(text.lower()))
