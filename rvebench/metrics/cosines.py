"""Cosines between embeddings, in float64, that are numbers for every input."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rvebench.errors import DataError

__all__ = ["cosine", "cosines", "unit"]

Vectors = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Wide = npt.NDArray[np.float64]


def unit(vectors: Vectors) -> Wide:
    """Returns vectors of length 1 along the last axis.

    Raises:
        DataError: a vector has no direction (it is zero), or is no number.
    """
    wide: Wide = vectors.astype(np.float64)
    length = np.linalg.norm(wide, axis=-1, keepdims=True)
    if not np.isfinite(length).all():
        raise DataError("the network gave values that are no numbers for this video; fp32 may do better than fp16")
    if (length == 0).any():
        raise DataError("the network gave zero for this video, which has no direction")
    unit_vectors: Wide = wide / length
    return unit_vectors


def cosines(a: Vectors, b: Vectors) -> Wide:
    """Returns the cosine of each pair of vectors along the last axis, -1..1.

    Raises:
        DataError: a vector is zero or no number.
    """
    both: Wide = np.clip((unit(a) * unit(b)).sum(axis=-1), -1.0, 1.0)
    return both


def cosine(a: Vectors, b: Vectors) -> float:
    """Returns the cosine of two vectors, -1..1.

    Raises:
        DataError: a vector is zero or no number.
    """
    return float(cosines(a, b))
