"""Who wrote what: a classifier that learns authors by their spelling, to tell whether a clone sounds like its person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import CommandRefused, MissingPackage

FEWEST = 20
"""Texts of an author from which they can be told."""
MOST = 5000
"""Texts of an author that are learned from, spread over all of theirs."""


class Authors:
    """Tells who of some people wrote a text: a logistic regression over the character n-grams of the words (tf-idf), from scikit-learn."""

    def __init__(self, texts: Mapping[str, Sequence[str]], seed: int = 0) -> None:
        """`texts` are of each author, by id. Raises CommandRefused for too few authors or texts, MissingPackage."""
        self._model = _model(seed)
        usable = {author: _spread([text for text in some if text.strip()], MOST) for author, some in texts.items()}
        usable = {author: some for author, some in usable.items() if len(some) >= FEWEST}
        if len(usable) < 2:
            raise CommandRefused(
                f"To tell people apart it takes at least two with {FEWEST} messages each; {len(usable)} of {len(texts)} have so many."
            )
        rows = [(text, author) for author, some in usable.items() for text in some]
        self._model.fit([text for text, _ in rows], [author for _, author in rows])
        self.known: tuple[str, ...] = tuple(map(str, self._model.classes_))

    def shares(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """Return how probable each author is for each text; together they are 1."""
        if not texts:
            return []
        return [dict(zip(self.known, map(float, row), strict=True)) for row in self._model.predict_proba(list(texts))]

    def confidence(self, text: str, author: str) -> float:
        """Return how probable an author is for a text; 0 for one who is not known, and for an empty text."""
        return self.shares([text])[0].get(author, 0.0) if text.strip() else 0.0


@dataclass(frozen=True, slots=True)
class Told:
    """How well texts were told, beside what guessing would do."""

    texts: int
    accuracy: float
    """The part whose author is the most probable one."""
    confidence: float
    """The mean probability of the author that it is by."""
    chance: float
    """The part of the commonest author: what always naming them gives."""
    mistaken: tuple[tuple[str, str, int], ...]
    """Author, who was told instead, how often; the commonest first."""


def told(authors: Authors, texts: Sequence[tuple[str, str]]) -> Told:
    """Return how well the authors of some texts are told, given as (author, text). Empty texts count as mistaken for nobody."""
    some = [(author, text) for author, text in texts if author in authors.known]
    if not some:
        return Told(0, 0.0, 0.0, 0.0, ())
    shares = authors.shares([text or " " for _, text in some])
    right, sure = 0, 0.0
    wrong: Counter[tuple[str, str]] = Counter()
    for (author, text), found in zip(some, shares, strict=True):
        best = max(found, key=lambda each: found[each]) if text.strip() else ""
        right += best == author
        sure += found[author] if text.strip() else 0.0
        wrong.update([] if best == author else [(author, best)])
    commonest = Counter(author for author, _ in some).most_common(1)[0][1]
    mistaken = tuple((author, best, count) for (author, best), count in wrong.most_common())
    return Told(len(some), right / len(some), sure / len(some), commonest / len(some), mistaken)


def _model(seed: int) -> Any:
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
    except ImportError as exc:
        raise MissingPackage("Telling authors apart needs the package scikit-learn: pip install scikit-learn") from exc
    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), lowercase=False, sublinear_tf=True, max_features=100_000)
    return make_pipeline(grams, LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000, random_state=seed))


def _spread(texts: Sequence[str], most: int) -> list[str]:
    """Return at most so many, evenly over all of them."""
    step = max(len(texts) / most, 1.0)
    return [texts[int(number * step)] for number in range(min(len(texts), most))]
