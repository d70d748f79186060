"""Generation naturalness: does the edit move and flicker as source and target do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rvebench.judges.reference.constants import Constants, ramp
from rvebench.judges.reference.state import State
from rvebench.judges.reference.views import Floats, Masks, Views, luma, peak, tiled

__all__ = ["Behaviour", "measure_behaviour"]

_TILES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What is unnatural in time, each as measured and as a factor 0..1 of :attr:`naturalness`."""

    flicker: float
    """Alternation of brightness beyond the reference's, in levels."""
    jitter: float
    """Change that does not go on from frame to frame, at the median pixel, beyond the reference's, in levels."""
    motion_kept: float | None
    """Motion as a share of the reference's, mean over pairs and at most 1 each; None where the reference is still."""
    motion_excess: float
    """Motion as a multiple of the reference's."""
    jumped: float
    """How much of the way from source to target (or back) was gone in single steps, 1 = once the whole way."""
    factors: tuple[float, float, float, float, float]

    @property
    def naturalness(self) -> float:
        """Product of the factors, 0..1."""
        return float(np.prod(self.factors))


def measure_behaviour(views: Views, state: State, constants: Constants) -> Behaviour:
    """Returns how the edit behaves in time against source and target.

    For too much (flicker, jitter, motion) the livelier of source and target is the measure, for too little the
    calmer one: a copy of either is natural.

    Args:
        views: at least two frames; without three neighbours flicker and jitter are 0.
        state: for its progress over time.
        constants: thresholds.
    """
    follows = views.pairing.follows
    takes = (views.source, views.edit, views.target)
    source_beat, edit_beat, target_beat = (_alternation(take.calm, follows) for take in takes)
    source_jitter, edit_jitter, target_jitter = (_jitter(take.raw, follows) for take in takes)
    source_motion, edit_motion, target_motion = (_motion(take.calm, constants) for take in takes)
    flicker = max(0.0, edit_beat - max(source_beat, target_beat))
    jitter = max(0.0, edit_jitter - max(source_jitter, target_jitter))
    least = np.minimum(source_motion, target_motion)
    most = np.maximum(np.maximum(source_motion, target_motion), constants.min_motion)
    moving = least >= constants.min_motion
    kept = edit_motion[moving] / least[moving]
    excess = float(np.median(edit_motion / most))
    steps = np.abs(np.diff(state.progress[state.weight > 0]))
    jumped = float(np.maximum(0, steps - constants.jump_slack).sum())
    return Behaviour(
        flicker=flicker,
        jitter=jitter,
        motion_kept=float(np.minimum(1, kept).mean()) if moving.any() else None,
        motion_excess=excess,
        jumped=jumped,
        factors=(
            ramp(flicker, constants.flicker),
            ramp(jitter, constants.jitter),
            float(np.mean([ramp(float(share), constants.motion_kept) for share in kept])) if moving.any() else 1.0,
            ramp(excess, constants.motion_excess),
            max(0.0, 1 - constants.jump_cost * jumped),
        ),
    )


def _bends(frames: Floats, follows: Masks) -> Floats:
    """Returns second differences in time, a quarter of them: an alternation of +-x gives x. Empty without three."""
    centres = np.flatnonzero(follows[:-1] & follows[1:]) + 1
    return np.asarray((frames[centres - 1] - 2 * frames[centres] + frames[centres + 1]) / 4, np.float32)


def _alternation(frames: Floats, follows: Masks) -> float:
    """Returns the mean alternation of the brightness of 4 x 4 tiles, in levels."""
    bends = _bends(tiled(frames, _TILES, _TILES), follows)
    return float(np.abs(bends).mean()) if bends.size else 0.0


def _jitter(frames: Floats, follows: Masks) -> float:
    """Returns the median bend of the luma as the standard deviation of independent noise that would give it.

    Brightness common to a whole frame is taken out first: flicker has its own measure.
    """
    light = luma(frames)
    bends = _bends(light - np.median(light, axis=(1, 2), keepdims=True), follows)
    if not bends.size:
        return 0.0
    # A quarter of (1, -2, 1) on noise of deviation s has deviation s * sqrt(6) / 4, and median 0.6745 of that.
    return float(np.median(np.abs(bends))) / 0.6745 * 4 / float(np.sqrt(6))


def _motion(frames: Floats, constants: Constants) -> npt.NDArray[np.float64]:
    """Returns for each pair of frames looked at in a row the mean change of the pixels that change most, in levels."""
    change = peak(np.abs(np.diff(frames, axis=0))).reshape(len(frames) - 1, -1)
    kept = max(1, round(constants.moving_share * change.shape[1]))
    top = np.partition(change, -kept, axis=1)[:, -kept:]
    return np.asarray(top.mean(axis=1, dtype=np.float64))
