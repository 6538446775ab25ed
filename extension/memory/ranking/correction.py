"""A correction: what was learned from one person's pins, edits and thumbs, as a few weights that are added to the trees' score.

It is kept in a file of numbers for each person, named by a digest of the person's id. A file that is damaged, or made for
other trees, is as good as none: the shipped trees rank alone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from ...errors import FamiliarError, StoreError
from ...messages import digest
from ...settings import replace_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float32]

log = logging.getLogger(__name__)

FORMAT = 1
FEATURES = (
    *("bm25_own", "bm25_pair", "bm25_near", "bm25_previous", "bm25_next", "covered_own", "covered_wide"),
    *("cosine", "cosine_before", "cosine_after", "cosine_reply", "statement", "pair", "talk_cosine", "alike", "alike_pair"),
    *("talk_three", "talk_best", "named_speaks", "named_spoke_before", "question", "ends_asking", "question_before", "numbers"),
    *("times", "myself", "you", "length", "length_before", "in_time", "new_names", "picture"),
)
"""What a correction may weigh: what tells the candidates of one question apart, and means the same in every question."""
MOST = 2.0
"""Most that a correction adds to the score of a candidate, in log-odds, or takes from it."""
FAR = 3.0
"""Standard deviations from the mean of the candidates at which a feature counts no further."""
HEAVIEST = 5.0
"""Largest weight that is believed."""
_LONGEST_FILE = 200_000
_FOLDER = "ranking"


class CorrectionError(FamiliarError):
    """The file of a correction is damaged or made for other trees. Never leaves this module."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What was learned, or why nothing was."""

    trees: str
    """Digest of the trees and the embedding model it corrects."""
    made: str
    """When, as ISO 8601."""
    learned_from: tuple[str, ...] = ()
    """Digests of the judgements, so that it is noticed when some are new or gone."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """By feature, for one standard deviation of it; empty where nothing was learned."""
    scales: Mapping[str, float] = field(default_factory=dict)
    """The standard deviations of these features."""
    refused: str = ""
    """Why nothing was learned, in a sentence."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """What the gate measured."""
    since: float = 0.0
    """Judgements of what was said before this moment do not count, since the person took back what was learned then."""

    def of(self, features: Mapping[str, Column]) -> Column:
        """Return what to add to the score of each candidate."""
        import numpy as np

        names = list(self.weights)
        weights = np.array([self.weights[name] for name in names], dtype=np.float32)
        return bounded(standardised(features, names, self.scales) @ weights)


def bounded(sums: Column) -> Column:
    """Return corrections no larger than MOST either way."""
    import numpy as np

    found: Column = np.clip(sums, -MOST, MOST)
    return found


def standardised(features: Mapping[str, Column], names: Sequence[str], scales: Mapping[str, float]) -> Column:
    """Return features in standard deviations from the mean of the candidates, one row a candidate; 0 for what is not known."""
    import numpy as np

    table = np.stack([features[name] for name in names], axis=1).astype(np.float32)
    known = np.isfinite(table)
    counts = np.maximum(known.sum(0), 1)
    table -= np.where(known, table, 0).sum(0) / counts
    table /= np.array([scales[name] for name in names], dtype=np.float32)
    found: Column = np.clip(np.where(known, table, 0), -FAR, FAR).astype(np.float32)
    return found


class Corrections:
    """The corrections of one data directory. Safe to use from several threads and processes."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / _FOLDER
        self._kept: dict[Path, tuple[tuple[int, int, int], Correction | None]] = {}
        self._lock = Lock()
        self.used = True
        """Whether what was learned is used at all."""

    def of(self, person: str) -> Correction | None:
        """Return what was learned for a person, by their id; None where there is nothing, or nothing that can be read."""
        path = self._path(person)
        stamp = _stamp(path)
        if stamp is None:
            return None
        with self._lock:
            kept = self._kept.get(path)
            if kept is None or kept[0] != stamp:
                kept = self._kept[path] = (stamp, _read(path))
            return kept[1]

    def keep(self, person: str, correction: Correction) -> None:
        """Write what was learned for a person, whole or not at all. Raises StoreError."""
        body = {"format": FORMAT, **asdict(correction)}
        replace_text(self._path(person), json.dumps(body | {"checksum": _checksum(body)}, indent=1) + "\n")

    def remove(self, person: str) -> bool:
        """Remove what was learned for a person; return whether there was anything. Raises StoreError."""
        return _removed(self._path(person))

    def keep_only(self, people: Collection[str]) -> None:
        """Remove what was learned for anybody else, and what a kill left of writing it. Raises StoreError."""
        if not self._folder.is_dir():
            return
        wanted = {self._path(person).stem for person in people}
        for path in self._folder.iterdir():
            if path.name.lstrip(".").partition(".")[0] not in wanted:
                _removed(path)

    def each(self) -> list[Correction | None]:
        """Return all of them, None for each that is damaged."""
        return [_read(path) for path in sorted(self._folder.glob("*.json"))]

    def _path(self, person: str) -> Path:
        return self._folder / f"{digest(person)}.json"


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _removed(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as exc:
        raise StoreError(f"Cannot remove {path}: {exc.strerror}. Remove it yourself, or check the folder's permissions.") from exc
    return True


def _read(path: Path) -> Correction | None:
    try:
        return _checked(path)
    except (CorrectionError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        log.warning("What was learned for a person is not used, %s is damaged (%s); the shipped ranker ranks.", path, type(exc).__name__)
        return None


def _checked(path: Path) -> Correction:
    if path.stat().st_size > _LONGEST_FILE:
        raise CorrectionError("it is too long")
    body = json.loads(path.read_text(encoding="utf-8"))
    checksum = body.pop("checksum")
    if body.pop("format") != FORMAT or checksum != _checksum({"format": FORMAT, **body}):
        raise CorrectionError("its checksum is another one")
    found = Correction(**body)
    weights, scales = ({str(name): float(value) for name, value in each.items()} for each in (found.weights, found.scales))
    if not set(weights) <= set(FEATURES) or not all(abs(weight) <= HEAVIEST for weight in weights.values()):
        raise CorrectionError("its weights are none")
    if set(weights) != set(scales) or not all(isfinite(scale) and scale > 0 for scale in scales.values()):
        raise CorrectionError("its scales are none")
    return replace(found, weights=weights, scales=scales, learned_from=tuple(map(str, found.learned_from)), since=float(found.since))


def _checksum(body: Mapping[str, Any]) -> str:
    return digest(json.dumps(body, sort_keys=True))
