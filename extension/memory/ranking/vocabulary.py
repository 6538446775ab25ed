"""The words the ranker has met: each has a number, its stem, its kinds and, where it was asked for, its vector.

What is said of a word is found out once; an exchange is then no more than an array of numbers, and a pool of them is
looked at without a loop over its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain
from threading import Lock
from typing import TYPE_CHECKING

from ..fulltext import stop_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...ports import Embedder, Vectors
    from ..stems import Stems

STOP, NUMBER, TIME, MYSELF, YOU = (1 << bit for bit in range(5))
"""Kinds of words, as bits."""
_NUMBERS = frozenset(
    (
        *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "twenty", "thirty"),
        *("forty", "fifty", "hundred", "thousand", "once", "twice", "several", "couple", "first", "second", "third", "dozen", "half"),
    )
)
_TIMES = frozenset(
    (
        *("yesterday", "today", "tomorrow", "tonight", "ago", "last", "next", "week", "weeks", "weekend", "month", "months", "year"),
        *("years", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march"),
        *("april", "may", "june", "july", "august", "september", "october", "november", "december", "morning", "evening", "night"),
        *("day", "days", "recently", "since", "until", "soon"),
    )
)
_MYSELF, _YOU = frozenset(("i", "my", "me", "we", "our")), frozenset(("you", "your"))


class Vocabulary:
    """Words by number, in the order they were met. Safe to use from several threads; numbers never change."""

    def __init__(self, embedder: Embedder, stems: Stems) -> None:
        import numpy as np

        self._embedder = embedder
        self._stems = stems
        self._numbers: dict[str, int] = {}
        self._stem_numbers: dict[str, int] = {}
        self._vectors: Vectors | None = None
        self._lock = Lock()
        self.kinds: NDArray[np.uint8] = np.zeros(0, dtype=np.uint8)
        """The kinds of each word. There may be room for more words behind the last; so with `stems`."""
        self.stems: NDArray[np.int32] = np.zeros(0, dtype=np.int32)
        """The number of each word's stem, -1 for none."""
        self._has_vector: NDArray[np.bool_] = np.zeros(0, dtype=bool)

    def __len__(self) -> int:
        return len(self._numbers)

    def numbers(self, texts: Sequence[Sequence[str]]) -> list[NDArray[np.int32]]:
        """Return the numbers of the words of each text, in lower case, in their order; new words are put in."""
        import numpy as np

        flat = list(chain.from_iterable(texts))
        with self._lock:
            numbers = list(map(self._numbers.get, flat))
            if None in numbers:
                self._put(list(dict.fromkeys(word for word, number in zip(flat, numbers, strict=True) if number is None)))
                numbers = list(map(self._numbers.get, flat))
            found = np.array(numbers, dtype=np.int32)
        ends = list(accumulate(map(len, texts)))
        return [found[end - len(words) : end].copy() for words, end in zip(texts, ends, strict=True)]

    def known(self, words: Sequence[str]) -> list[int]:
        """Return the numbers of those of these words that were met."""
        return [self._numbers[word] for word in words if word in self._numbers]

    def stemmed(self, words: Sequence[str]) -> list[str]:
        """Return the stem of each word, '' for one that has none; they need not be met."""
        return self._stems.joined(words)

    def stem_numbers(self, stems: Sequence[str]) -> list[int]:
        """Return the numbers of stems, -1 for one that no word has."""
        return [self._stem_numbers.get(stem, -1) for stem in stems]

    def likeness(self, words: Sequence[str], among: NDArray[np.int32]) -> Vectors:
        """Return the cosine of each of `words` to each word whose number is in `among`, by vectors without context.

        Shape (len(words), len(among)). Raises FamiliarError where the embedder has none to give.
        """
        import numpy as np

        distinct, where = np.unique(among, return_inverse=True)
        asked = self._embedder.words(list(words))
        with self._lock:
            vectors = self._with_vectors(distinct, asked.shape[1])[distinct]
        found: Vectors = asked @ vectors.T
        return found[:, where]

    def _with_vectors(self, numbers: NDArray[np.int32], dimensions: int) -> Vectors:
        """Return the vectors by number, of which those of `numbers` are in place."""
        import numpy as np

        if self._vectors is None or len(self._vectors) < len(self.kinds):
            grown = np.zeros((len(self.kinds), dimensions), dtype=np.float32)
            if self._vectors is not None:
                grown[: len(self._vectors)] = self._vectors
            self._vectors = grown
        missing = numbers[~self._has_vector[numbers]]
        if len(missing):
            words = list(self._numbers)
            self._vectors[missing] = self._embedder.words([words[number] for number in missing])
            self._has_vector[missing] = True
        return self._vectors

    def _put(self, words: Sequence[str]) -> None:
        """Give new words their numbers; what is known of them is there before anyone can ask by number."""
        import numpy as np

        start, end = len(self._numbers), len(self._numbers) + len(words)
        if end > len(self.kinds):
            more = 2 * end - len(self.kinds)
            self.kinds, self.stems = np.pad(self.kinds, (0, more)), np.pad(self.stems, (0, more))
            self._has_vector = np.pad(self._has_vector, (0, more))
        self.kinds[start:end] = [_kinds(word) for word in words]
        stems = self.stemmed(words)
        self.stems[start:end] = [self._stem_numbers.setdefault(stem, len(self._stem_numbers)) if stem else -1 for stem in stems]
        self._numbers.update(zip(words, range(start, end), strict=True))


def _kinds(word: str) -> int:
    return (
        STOP * (word in stop_words())
        | NUMBER * (word.isdigit() or word in _NUMBERS)
        | TIME * (word in _TIMES)
        | MYSELF * (word in _MYSELF)
        | YOU * (word in _YOU)
    )
