"""Many vectors of many dimensions as points on a plane: what is alike lies close together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import MissingPackage

if TYPE_CHECKING:
    from ..ports import Vectors


def flattened(vectors: Vectors) -> list[tuple[float, float]]:
    """Return a point for each vector, both coordinates in 0..1; the same vectors give the same points.

    The two directions in which the vectors differ most, by principal component analysis. Raises MissingPackage.
    """
    import numpy as np

    try:
        from sklearn.decomposition import PCA
    except ImportError as exc:
        raise MissingPackage("The map needs scikit-learn. Install it with: pip install scikit-learn") from exc
    if len(vectors) < 2 or not np.ptp(vectors, axis=0).any():
        return [(0.5, 0.5)] * len(vectors)
    flat = PCA(n_components=2, random_state=0).fit_transform(vectors.astype(np.float64))
    least, most = flat.min(axis=0), flat.max(axis=0)
    spread = np.where(most - least > 1e-9, most - least, 1.0)
    return [(float(x), float(y)) for x, y in np.where(most - least > 1e-9, (flat - least) / spread, 0.5)]
