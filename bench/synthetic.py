"""A synthetic diary: words by Zipf's law, vectors clustered around real embeddings, so that indexes see what is usual."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

import sqlalchemy as sa

from extension.app import App
from extension.database import set_watermark, watermark
from extension.memory.diary import Answer, insert
from extension.memory.fulltext import stop_words
from extension.messages import Person, Place, Turn, digest
from extension.tables import embedding, exchange

if TYPE_CHECKING:
    import numpy as np

    from extension.ports import Vectors

PLACES = 50
_START = datetime(2024, 1, 1, tzinfo=UTC)
_BATCH = 2_000


class Words:
    """Sentences of made-up words, as frequent as Zipf's law has it (rank r as 1/r), with real function words between."""

    def __init__(self, seed: int, size: int = 30_000) -> None:
        self._random = Random(seed)
        syllables = [first + second for first in "bdfgklmnprstvz" for second in ("a", "e", "i", "o", "u", "an", "el", "in", "or")]
        self._words = ["".join(self._random.choices(syllables, k=self._random.choice((2, 2, 3, 3, 4)))) for _ in range(size)]
        self._weights = list(accumulate(1 / rank for rank in range(1, size + 1)))
        self._function = sorted(stop_words())

    def sentence(self, length: int = 12) -> str:
        """Return a sentence of about `length` words, half of them function words."""
        content = self._random.choices(self._words, cum_weights=self._weights, k=length // 2)
        function = self._random.choices(self._function, k=length - len(content))
        words = [word for pair in zip(content, function, strict=False) for word in pair]
        return " ".join(words).capitalize() + "."

    def turns(self, count: int) -> Iterator[tuple[Turn, str]]:
        """Yield exchanges of one person with one companion in PLACES private places."""
        for number in range(count):
            place = Place(f"synthetic:{number % PLACES}")
            when = _START + timedelta(minutes=7 * number)
            yield Turn(Person("me"), place, "Familiar", self.sentence(), number // PLACES, when), self.sentence(24)


def fill(app: App, words: Words, count: int, base: Vectors) -> None:
    """Put `count` exchanges into the diary and both indexes; their vectors lie around `base`, shape (n, dimensions)."""
    import numpy as np

    random = np.random.default_rng(7)
    memories = app.memories
    turns = words.turns(count)
    for start in range(0, count, _BATCH):
        size = min(_BATCH, count - start)
        vectors = around(base, 2 * size, random)
        with memories.database.write() as connection:
            rows = []
            for number, (turn, reply) in enumerate(next(turns) for _ in range(size)):
                key = insert(connection, turn, Answer(reply, model="synthetic"))
                for part, text, vector in (("said", turn.said, vectors[2 * number]), ("reply", reply, vectors[2 * number + 1])):
                    packed = vector.astype("float16").tobytes()
                    name = memories.semantic.embedder.name
                    rows.append({"exchange_id": key, "part": part, "space": name, "digest": digest(text), "vector": packed})
            connection.execute(sa.insert(embedding), rows)
            set_watermark(connection, f"embedding:{memories.semantic.embedder.name}", watermark(connection, "revision"))
    memories.settle()


def around(base: Vectors, count: int, random: np.random.Generator) -> Vectors:
    """Return `count` unit vectors that lie around those of `base`, shape (n, dimensions): a mixture of normal distributions."""
    import numpy as np

    vectors: Vectors = base[random.integers(len(base), size=count)]
    vectors = vectors + random.normal(0, 0.02, (count, base.shape[1])).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def held(app: App) -> int:
    """Return how many exchanges the diary holds."""
    with app.memories.database.read() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(exchange)).scalar_one())
