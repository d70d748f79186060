"""How alike a video's frames are: the formula of VBench's subject and background consistency.

VBench (Huang et al., CVPR 2024, section 3.1 and appendix) compares each frame's features with those of the frame
before it and of the first frame, both by the cosine, cut off at 0. The mean of the two is the frame's score, and the
mean over all frames but the first the video's. Here all of it is computed in float64 from float32 features.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rvebench.errors import DataError

__all__ = ["Features", "consistency", "frame_consistency"]

Features = npt.NDArray[np.float32]
"""One row of features for each frame, shape (T, D)."""


def frame_consistency(features_TD: Features) -> npt.NDArray[np.float64]:
    """Returns the score of every frame but the first, shape (T - 1,), 0..1.

    A frame whose features are all zero is like none: its cosine is 0.

    Raises:
        ValueError: there are fewer than two frames.
        DataError: a feature is no finite number.
    """
    if features_TD.ndim != 2 or len(features_TD) < 2:
        raise ValueError(f"consistency needs the features of at least two frames, not shape {features_TD.shape}")
    if not np.isfinite(features_TD).all():
        frame = int(np.argmin(np.isfinite(features_TD).all(axis=1)))
        raise DataError(f"the features of frame {frame} are not finite numbers")
    unit_TD = features_TD.astype(np.float64)
    unit_TD /= np.maximum(np.linalg.norm(unit_TD, axis=1, keepdims=True), np.finfo(np.float64).tiny)
    with_previous = np.einsum("td,td->t", unit_TD[1:], unit_TD[:-1])
    with_first = np.einsum("td,d->t", unit_TD[1:], unit_TD[0])
    scores: npt.NDArray[np.float64] = (np.clip(with_previous, 0.0, 1.0) + np.clip(with_first, 0.0, 1.0)) / 2
    return scores


def consistency(features_TD: Features) -> float:
    """Returns the score of a video, 0..1: 1 when every frame has the same features.

    Raises:
        ValueError: there are fewer than two frames.
        DataError: a feature is no finite number.
    """
    return float(frame_consistency(features_TD).mean())
