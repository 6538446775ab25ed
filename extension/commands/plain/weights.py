"""How much each sign speaks for each command: a logistic regression, fitted by bench/train_intents.py and read from a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

FILE = Path(__file__).with_name("weights.json")
MEANING = 3.0
"""What a unit vector is multiplied by beside cues of 0 and 1: it sets how much regularisation spares the meaning."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A multinomial logistic regression over the embedding of a sentence and its cues."""

    embedder: str
    """Whose vectors they are for; of another's nothing can be said."""
    outcomes: tuple[str, ...]
    """Chat, then the commands."""
    cues: tuple[str, ...]
    threshold: float
    """What is less probable is chat."""
    margin: float
    """How much more probable than anything else a command must be."""
    bias: NDArray[Any]
    table: NDArray[Any]
    """A row for each outcome: the dimensions of the embedding, then the cues."""

    def probabilities(self, vector: NDArray[Any], cues: Sequence[float]) -> dict[str, float]:
        """Return how probable each outcome is, given a unit vector and the cues; together they are 1."""
        import numpy as np

        scores = self.table @ np.concatenate([vector * MEANING, np.asarray(cues, dtype=np.float32)]) + self.bias
        shares = np.exp(scores - scores.max())
        return dict(zip(self.outcomes, (shares / shares.sum()).tolist(), strict=True))


@cache
def weights() -> Weights:
    """Return the weights that were fitted."""
    import numpy as np

    read = json.loads(FILE.read_text(encoding="utf-8"))
    rows = [[*row["meaning"], *row["cues"]] for row in read["outcomes"]]
    return Weights(
        read["embedder"],
        tuple(row["name"] for row in read["outcomes"]),
        tuple(read["cues"]),
        read["threshold"],
        read["margin"],
        np.array([row["bias"] for row in read["outcomes"]], dtype=np.float32),
        np.array(rows, dtype=np.float32),
    )
