"""What the ranker looks at in a text: its words, the names in it, and what kind of sentence it is. Made once and kept."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING
from unicodedata import is_normalized, normalize

from ..stems import WORD, Stems
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...ports import Embedder

LONGEST = 4_000
"""Characters of what was said, and of the reply, that are looked at."""
_MOST_PROFILES, _MOST_WORDS = 20_000, 50_000
_NAME = re.compile(r"[A-Z](?<!\w[A-Z])(?<![.!?]\s[A-Z])(?<!^[A-Z])[a-z]+")
"""A capital that begins neither the text nor a sentence. What stands before it is looked at last, since capitals are rare."""
_PLAIN = {code: " " for code in range(128) if not chr(code).isalnum()}
MARKS = ("question", "ends_asking", "exclaims", "picture")
"""What `Profile.marks` holds, in its order."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A text as the ranker sees it."""

    words: NDArray[np.int32]
    """The numbers of its words in the vocabulary, in their order."""
    names: frozenset[str]
    """Words with a capital inside a sentence, in lower case."""
    marks: tuple[bool, ...]
    """See MARKS."""


class Profiles:
    """Makes profiles and keeps them. Safe to use from several threads."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._stems = Stems()
        self._kept: OrderedDict[tuple[int, int], Profile] = OrderedDict()
        self._vocabulary: Vocabulary | None = None
        self._lock = Lock()

    def of(self, keys: Sequence[tuple[int, int]], texts: Sequence[tuple[str, str]]) -> tuple[Vocabulary, list[Profile]]:
        """Return the profiles of exchanges and the vocabulary their words are in.

        Keys are (id, revision), texts (what was said, the reply).
        """
        with self._lock:
            vocabulary = self._vocabulary
            if vocabulary is None or len(vocabulary) > _MOST_WORDS:
                vocabulary = self._vocabulary = Vocabulary(self._embedder, self._stems)
                self._kept.clear()
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._kept}
            made = dict(zip(missing, _made(list(missing.values()), vocabulary), strict=True))
            found = [made.get(key) or self._kept[key] for key in keys]
            self._kept.update(made)
            for key in keys:
                self._kept.move_to_end(key)
            while len(self._kept) > _MOST_PROFILES:
                self._kept.popitem(last=False)
            return vocabulary, found


def _made(texts: Sequence[tuple[str, str]], vocabulary: Vocabulary) -> list[Profile]:
    short = [(said[:LONGEST], reply[:LONGEST]) for said, reply in texts]
    whole = [f"{said}\n{reply}" for said, reply in short]
    whole = [text if is_normalized("NFC", text) else normalize("NFC", text) for text in whole]
    words = vocabulary.numbers([_words(text.lower()) for text in whole])
    return [
        Profile(numbers, frozenset(word.lower() for word in _NAME.findall(text)), _marks(said))
        for numbers, text, (said, _) in zip(words, whole, short, strict=True)
    ]


def _words(text: str) -> list[str]:
    """Return its runs of letters and digits; plain English several times faster than by the expression."""
    return text.translate(_PLAIN).split() if text.isascii() else WORD.findall(text)


def _marks(said: str) -> tuple[bool, ...]:
    asks = "?" in said
    return (
        asks,
        asks and said.split("[")[0].rstrip().endswith("?"),
        "!" in said,
        "[picture" in said or "[image" in said,
    )
