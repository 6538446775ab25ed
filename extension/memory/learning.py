"""Learning in idle time: the ranker is corrected for each person by what they judged, behind the gate of ranking/fitting.py.

What is learned is a person's own, so that nobody spoils what others find. It is learned again when there is more to learn
from, and when some of it was forgotten; it goes with the last judgement of the person.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ..messages import Scope
from .asking import Stopped
from .fulltext import meaningful
from .preferences import MOST, Judgement, Preferences
from .ranking.correction import FEATURES, Correction, Corrections, standardised
from .ranking.fitting import FEWEST, Lesson, learned, lesson, reference
from .recall import Recall
from .semantic import Semantic
from .stems import Stems

log = logging.getLogger(__name__)

MORE = 10
"""New judgements after which it is worth to learn again."""
AMONG_FOUND, AMONG_SHOWN = 50, 20
"""Among how many candidates a memory is compared that was marked, and one that was shown."""
MARKED, THUMB = 1.0, 0.5
"""How much a judgement weighs."""


class Learning:
    """Learns from the people of one diary. Safe to run in several processes: they learn the same."""

    def __init__(self, preferences: Preferences, recall: Recall, semantic: Semantic, corrections: Corrections) -> None:
        self._preferences = preferences
        self._recall = recall
        self._semantic = semantic
        self._corrections = corrections
        self._stems = Stems()
        self._lessons: dict[str, Lesson | None] = {}
        """Of the person who is being learned from, so that a turn in between costs none of them."""

    def step(self, scope: Scope, stopped: Stopped) -> bool:
        """Learn from the next person of whom there is something new; return whether there may be more, False when stopped, too.

        Raises StoreError.
        """
        if not self._semantic.ready or not self._recall.ranker.trees:
            return False
        for person in self.tidy():
            known = self._corrections.of(person)
            judgements = self._preferences.of(person, scope, known.since if known else 0.0)
            if not self._is_due(judgements, known):
                continue
            lessons = self._taught(judgements, stopped)
            if lessons is not None:
                self._keep(person, judgements, lessons, known)
                self._lessons.clear()
            return lessons is not None
        return False

    def tidy(self) -> list[str]:
        """Remove what was learned from people of whom no judgement is left; return the ids of the others. Raises StoreError."""
        people = self._preferences.people()
        self._corrections.keep_only(people)
        return people

    def reset(self, person: str) -> bool:
        """Take back what was learned for a person: only what they judge from now on counts. Return whether there was anything.

        Raises StoreError.
        """
        known = self._corrections.of(person)
        if person in self._preferences.people():
            now = datetime.now(UTC)
            taken_back = Correction(self._recall.ranker.trees, now.isoformat(), refused="It was taken back.", since=now.timestamp())
            self._corrections.keep(person, taken_back)
        return known is not None and bool(known.weights)

    def _is_due(self, judgements: Sequence[Judgement], known: Correction | None) -> bool:
        keys = {each.key for each in judgements}
        if known is None or known.trees != self._recall.ranker.trees:
            return len(keys) >= FEWEST
        new, gone = len(keys.difference(known.learned_from)), len(set(known.learned_from).difference(keys))
        return new >= MORE or gone >= MORE or (gone > 0 and len(keys) < MOST)

    def _keep(self, person: str, judgements: Sequence[Judgement], lessons: Sequence[Lesson], known: Correction | None) -> None:
        held = reference()
        outcome = learned(lessons, held)
        made, keys = datetime.now(UTC).isoformat(timespec="seconds"), tuple(each.key for each in judgements)
        scales = {name: held.scales[name] for name in outcome.weights}
        since = known.since if known else 0.0
        correction = Correction(self._recall.ranker.trees, made, keys, outcome.weights, scales, outcome.refused, outcome.figures, since)
        self._corrections.keep(person, correction)
        log.info("The ranking learned from %d judged questions of a person: %s", len(lessons), outcome.refused or "it finds more.")

    def _taught(self, judgements: Sequence[Judgement], stopped: Stopped) -> list[Lesson] | None:
        """Return what the judgements teach; None when it was stopped."""
        for each in judgements:
            if stopped():
                return None
            if each.key not in self._lessons:
                self._lessons[each.key] = self._lesson(each)
        return [found for each in judgements if (found := self._lessons[each.key]) is not None]

    def _lesson(self, judgement: Judgement) -> Lesson | None:
        """Return what one judgement teaches, None for nothing: the memory is gone, or none was clearly of use."""
        looked = self._recall.look(replace(judgement.question, without=self._preferences.hidden(judgement)))
        if looked is None or not looked.shown.any():
            return None
        shown = looked.shown.nonzero()[0]  # what is ranked when it is served
        columns = {name: column[shown] for name, column in looked.features.items()}
        raw, table = self._recall.ranker.raw(columns), standardised(columns, FEATURES, reference().scales)
        rows = [looked.pool.rows[int(number)] for number in shown]
        found = [place for place, row in enumerate(rows) if row.when < judgement.until]
        if raw is None or not found:
            return None
        useful = {judgement.marked} if judgement.marked else self._used(judgement)
        chosen = [place for place, number in enumerate(found) if rows[number].id in useful]
        among, weight = (AMONG_FOUND, MARKED) if judgement.marked else (AMONG_SHOWN, THUMB)
        return lesson(raw[found], table[found], chosen, among, weight)

    def _used(self, judgement: Judgement) -> set[int]:
        """Return which of the memories that were shown gave the reply a word that neither the question nor another one has."""
        shown = {number: self._stemmed(text) for number, text in self._preferences.texts(judgement.shown).items()}
        said = self._stemmed(judgement.reply) - self._stemmed(judgement.question.text)
        used = set()
        for number, stems in shown.items():
            others = [other for each, other in shown.items() if each != number]
            if (said & stems).difference(*others):
                used.add(number)
        return used

    def _stemmed(self, text: str) -> frozenset[str]:
        return frozenset(self._stems.joined(meaningful(text))) - {""}
