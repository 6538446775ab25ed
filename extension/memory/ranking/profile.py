"""What the ranker looks at in a text: its stems, and what kind of sentence it is. Made once for each exchange and kept."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING
from unicodedata import normalize

from ..fulltext import stop_words
from ..stems import Stems

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...ports import Embedder, Vectors

LONGEST = 4_000
"""Characters of what was said, and of the reply, that are looked at."""
_MOST_PROFILES, _MOST_WORDS = 20_000, 20_000
_WORD = re.compile(r"[^\W_]+")
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][a-z]+")
_NUMBERS = frozenset(
    [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "hundred",
        "thousand",
        "once",
        "twice",
        "several",
        "couple",
        "first",
        "second",
        "third",
        "dozen",
        "half",
    ]
)
_TIMES = frozenset(
    [
        "yesterday",
        "today",
        "tomorrow",
        "tonight",
        "ago",
        "last",
        "next",
        "week",
        "weeks",
        "weekend",
        "month",
        "months",
        "year",
        "years",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "morning",
        "evening",
        "night",
        "day",
        "days",
        "recently",
        "since",
        "until",
        "soon",
    ]
)
_MYSELF, _YOU = frozenset(("i", "my", "me", "we", "our")), frozenset(("you", "your"))


@dataclass(frozen=True, slots=True)
class Profile:
    """A text as the ranker sees it."""

    stems: Mapping[str, int]
    """How often each stem occurs."""
    length: int
    """Words."""
    words: NDArray[np.int32]
    """The numbers, in the vocabulary, of its distinct words of meaning."""
    names: frozenset[str]
    """Words with a capital inside a sentence, in lower case."""
    said: frozenset[str]
    """All distinct words, in lower case."""
    shape: tuple[float, ...]
    """See SHAPE."""


SHAPE = ("question", "ends_asking", "exclaims", "numbers", "times", "myself", "you", "stop_share", "picture")
"""What `Profile.shape` holds, in its order."""


class Profiles:
    """Makes profiles and keeps them, with a vocabulary of word vectors. Safe to use from several threads."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._stems = Stems()
        self._kept: OrderedDict[tuple[int, int], Profile] = OrderedDict()
        self._numbers: dict[str, int] = {}
        self._vectors: Vectors | None = None
        self._lock = Lock()

    def of(self, keys: Sequence[tuple[int, int]], texts: Sequence[tuple[str, str]]) -> list[Profile]:
        """Return the profiles of exchanges: keys are (id, revision), texts (what was said, the reply)."""
        with self._lock:
            if len(self._numbers) > _MOST_WORDS:
                self._kept.clear()
                self._numbers.clear()
                self._vectors = None
            found = []
            for key, text in zip(keys, texts, strict=True):
                profile = self._kept.get(key)
                if profile is None:
                    profile = self._kept[key] = self._made(*text)
                    if len(self._kept) > _MOST_PROFILES:
                        self._kept.popitem(last=False)
                self._kept.move_to_end(key)
                found.append(profile)
            return found

    def stemmed(self, words: Sequence[str]) -> list[str]:
        """Return the stem of each word, '' for one that has none."""
        return ["".join(token.decode("utf-8", "replace") for token in tokens) for tokens in self._stems.of(words)]

    def likeness(self, words: Sequence[str], among: NDArray[np.int32]) -> Vectors:
        """Return the cosine of each of `words` to each word of the vocabulary in `among`, by vectors without context.

        Shape (len(words), len(among)). Raises FamiliarError where the embedder has none to give.
        """
        import numpy as np

        if not len(among):
            return np.zeros((len(words), 0), dtype=np.float32)
        with self._lock:
            found: Vectors = self._embedder.words(list(words)) @ self._grown()[among].T
        return found

    def _grown(self) -> Vectors:
        """Return the vectors of the vocabulary, those of new words put in."""
        import numpy as np

        kept = self._vectors if self._vectors is not None else self._embedder.words([])
        if new := list(self._numbers)[len(kept) :]:
            kept = np.concatenate([kept, self._embedder.words(new)])
        self._vectors = kept
        return kept

    def _made(self, said: str, reply: str) -> Profile:
        import numpy as np

        said, reply = said[:LONGEST], reply[:LONGEST]
        both = normalize("NFC", f"{said}\n{reply}")
        words = [word.lower() for word in _WORD.findall(both)]
        content = sorted({word for word in words if word not in stop_words()})
        numbers = [self._numbers.setdefault(word, len(self._numbers)) for word in content]
        stems = Counter(stem for stem in self.stemmed(words) if stem)
        names = frozenset(word.lower() for word in _NAME.findall(both))
        shape = _shape(said, words)
        return Profile(stems, stems.total(), np.array(numbers, dtype=np.int32), names, frozenset(words), shape)


def _shape(said: str, words: Sequence[str]) -> tuple[float, ...]:
    distinct = set(words)
    return (
        float("?" in said),
        float(said.split("[")[0].rstrip().endswith("?")),
        float("!" in said),
        float(any(word.isdigit() or word in _NUMBERS for word in distinct)),
        float(sum(word in _TIMES for word in words)),
        float(not distinct.isdisjoint(_MYSELF)),
        float(not distinct.isdisjoint(_YOU)),
        sum(word in stop_words() for word in words) / max(1, len(words)),
        float("[picture" in said or "[image" in said),
    )
