"""The learned ranker: gradient-boosted trees over the features of features.py, trained by bench/train_ranker.py.

LambdaMART (Burges, 2010) as LightGBM has it, trained on conversations and questions written for this project. The raw
score of the trees orders; a logistic curve fitted beside them (Platt, 1999) makes it a probability.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from ...errors import FamiliarError
from ...messages import digest
from .correction import Corrections

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float32]

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent
MODEL, CURVE = "trees.txt", "curve.json"
LEAST, PART = 0.0, 0.15
"""Probability below which an exchange is not worth showing: absolute, and as a part of the best one."""
TAIL = 0.45
"""The same of a plain sum, as a part of the best one."""


class RankerError(FamiliarError):
    """The trees are damaged or made for another embedding model. Never leaves this module."""


@dataclass(frozen=True, slots=True)
class Scores:
    """How much speaks for each candidate."""

    values: Column
    """0..1, in the order of the candidates."""
    least: float
    """What scores less is not worth showing unasked."""


class Ranker:
    """Scores candidates by their features. Safe to use from several threads; the first use loads the trees.

    The trees know the cosines of one embedding model. With another one, and where LightGBM or the trees are missing, a
    plain weighted sum of words and meaning orders instead. What was learned for a person (see correction.py) is added
    to the score of the trees it was learned with.
    """

    def __init__(self, embedder: str, folder: Path = FOLDER, corrections: Corrections | None = None) -> None:
        self._embedder = embedder
        self._folder = folder
        self._corrections = corrections
        self._trees_digest = ""
        self._trees: Any = None
        self._names: list[str] = []
        self._curve = (1.0, 0.0)
        self._failed = False
        self._lock = Lock()

    @property
    def trees(self) -> str:
        """Digest of the trees and of the embedding model they know; '' where there are none."""
        return self._trees_digest if self._loaded() is not None else ""

    def score(self, features: Mapping[str, Column], person: str = "") -> Scores:
        """Return the scores of candidates for a person, by their id: with the trees, the probability that each belongs to the answer."""
        import numpy as np

        raw = self.raw(features)
        if raw is None:
            return plain(features)
        correction = self._corrections.of(person) if self._corrections is not None and self._corrections.used and person else None
        if correction is not None and correction.weights and correction.trees == self._trees_digest:
            raw = raw + correction.of(features)
        slope, offset = self._curve
        values = (1 / (1 + np.exp(-(slope * raw + offset)))).astype(np.float32)
        return Scores(values, max(LEAST, PART * float(values.max(initial=0.0))))

    def raw(self, features: Mapping[str, Column]) -> Column | None:
        """Return the score of the trees alone, in log-odds but for an offset; None where there are no trees."""
        import numpy as np

        trees = self._loaded()
        if trees is None:
            return None
        found: Column = trees.predict(np.stack([features[name] for name in self._names], axis=1), num_threads=1)
        return found

    def _loaded(self) -> Any:
        with self._lock:
            if self._trees is None and not self._failed:
                try:
                    trees, self._curve = self._read()
                    self._trees, self._names = trees, trees.feature_name()
                except (ImportError, RankerError) as exc:
                    self._failed = True
                    log.info("The learned ranker is not used (%s); a plain sum of words and meaning ranks instead.", exc)
            return self._trees

    def _read(self) -> tuple[Any, tuple[float, float]]:
        import lightgbm

        # LightGBM writes to the standard output, which may be a protocol's.
        lightgbm.register_logger(logging.getLogger(f"{__name__}.lightgbm"), info_method_name="debug", warning_method_name="debug")
        try:
            curve = json.loads((self._folder / CURVE).read_text(encoding="utf-8"))
            if self._embedder not in ("", curve["embedder"]):
                raise RankerError(f"it knows {curve['embedder']}, not {self._embedder}")
            text = (self._folder / MODEL).read_text(encoding="utf-8")
            trees = lightgbm.Booster(model_str=text)
            self._trees_digest = digest(curve["embedder"], text)
            return trees, (float(curve["slope"]), float(curve["offset"]))
        except (lightgbm.basic.LightGBMError, OSError, ValueError, KeyError, TypeError) as exc:
            raise RankerError(f"its files are damaged ({exc})") from exc


def plain(features: Mapping[str, Column]) -> Scores:
    """Return a weighted sum of words, meaning and conversation: what ranked best without learning."""
    import numpy as np

    words = 0.7 * features["bm25_own_best"] + 0.3 * features["bm25_pair_best"]
    meaning = np.maximum(np.nan_to_num(features["cosine"]), 0)
    best = float(meaning.max(initial=0.0))
    weights = (0.5, 0.4, 0.1) if best else (0.9, 0.0, 0.1)
    total = weights[0] * words + weights[1] * meaning / (best or 1.0) + weights[2] * features["talk_three"]
    values = np.clip(total + 0.1 * np.nan_to_num(features["in_time"]), 0, 1).astype(np.float32)
    return Scores(values, TAIL * float(values.max(initial=0.0)))
