"""Takes exposure and colour cast out of an edit, so that flicker or a tint is not mistaken for a change of state.

Both are paid for elsewhere: a tint in preservation, flicker in naturalness.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rvebench.judges.reference.constants import Constants
from rvebench.judges.reference.region import Region
from rvebench.judges.reference.views import Floats, Masks, Views, peak

__all__ = ["normalise"]

_Line = npt.NDArray[np.float64]

_CLIPPED = (3.0, 252.0)
"""Values beyond may have been cut off by the 8-bit range and tell no gain."""
_STEPS = 3
_ENOUGH = 1024
"""Pixels that a gain is fitted to, at least; evenly spread where there are more than twice as many."""


def normalise(views: Views, region: Region, constants: Constants) -> Floats:
    """Returns the edit as it would look in the exposure and colours of the source.

    For a local edit, gain and offset of each channel of each frame are fitted outside the region, against base or
    target, whichever is nearer there. For a global edit there is no such place: only offsets that alternate from
    frame to frame, faster than any state changes, are removed.
    """
    if not region.is_global:
        return _fitted(views, region, constants)
    steady = _without_alternation(views, constants)
    return _without_cast(steady, views, constants) if region.reframed else steady


def _without_cast(edit: Floats, views: Views, constants: Constants) -> Floats:
    """Returns frames that show the very view of base or target as it would look in its colours; others as they are.

    Another camera leaves no place that must have kept its colour. But where a whole frame is one of the two but for a
    line in each channel, that line is a cast.
    """
    out = edit.copy()
    for index, frame in enumerate(edit):
        references = (views.base.raw[index], views.target.raw[index])
        nearer = min(references, key=lambda reference: float(np.square(frame - reference).mean()))
        for channel in range(3):
            x, y = nearer[..., channel].astype(np.float64), frame[..., channel].astype(np.float64)
            shared, spread_x, spread_y = float(((x - x.mean()) * (y - y.mean())).mean()), float(x.var()), float(y.var())
            if shared <= 0 or shared**2 < constants.whole_cast_min_r2 * spread_x * spread_y:
                continue
            gain = shared / spread_x
            if abs(gain - 1) <= constants.whole_cast_gain:
                out[index, ..., channel] = (frame[..., channel] - y.mean()) / gain + x.mean()
    return np.clip(out, 0, 255)


def _fitted(views: Views, region: Region, constants: Constants) -> Floats:
    out = views.edit.raw.copy()
    for index, outside in enumerate(region.outside):
        edit = views.edit.raw[index]
        usable = np.flatnonzero(outside & (peak(edit) < _CLIPPED[1]) & (peak(-edit) < -_CLIPPED[0]))
        if len(usable) < constants.min_outside_share / 3 * outside.size:
            continue
        usable = usable[:: max(1, len(usable) // _ENOUGH)]
        seen = edit.reshape(-1, 3)[usable]
        references = [take.raw[index].reshape(-1, 3)[usable] for take in (views.base, views.target)]
        nearer = min(references, key=lambda reference: float(np.square(seen - reference).mean()))
        gain, offset = _gain_and_offset(nearer, seen, constants)
        out[index] = _censored(np.clip((edit - offset) / gain, 0, 255), edit, views.target.raw[index])
    return out


def _censored(freed: Floats, seen: Floats, target: Floats) -> Floats:
    """Returns frames in which a value that the 8-bit range cut off is not blamed for what was cut off."""
    return np.where(
        seen > _CLIPPED[1], np.maximum(freed, target), np.where(seen < _CLIPPED[0], np.minimum(freed, target), freed)
    )


def _gain_and_offset(reference: Floats, seen: Floats, constants: Constants) -> tuple[_Line, _Line]:
    """Returns a and b of `seen = a * reference + b` for each channel."""
    lines = [_robust_line(x, y, constants) for x, y in zip(reference.T, seen.T, strict=True)]
    return np.array([gain for gain, _ in lines]), np.array([offset for _, offset in lines])


def _robust_line(x: Floats, y: Floats, constants: Constants) -> tuple[float, float]:
    """Returns gain and offset by least trimmed squares: damage to a part of the background must not look like a tint.

    From "nothing was done" and from the plain fit, the line is fitted anew to the pixels nearest to it, a few times
    (Rousseeuw and Van Driessen, 2006); the line with the nearer pixels wins, the first one in a tie.
    """
    x64, y64 = x.astype(np.float64), y.astype(np.float64)
    found: list[tuple[float, float, float]] = []
    for gain, offset in ((1.0, 0.0), _line(x64, y64, constants)):
        for _ in range(_STEPS):
            error = np.square(y64 - gain * x64 - offset)
            near = error <= np.quantile(error, constants.gain_share)
            gain, offset = _line(x64[near], y64[near], constants)
        error = np.square(y64 - gain * x64 - offset)
        found.append((float(error[error <= np.quantile(error, constants.gain_share)].mean()), gain, offset))
    _, gain, offset = min(found, key=lambda line: line[0])
    return gain, offset


def _line(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], constants: Constants) -> tuple[float, float]:
    """Returns the least squares line, or an offset alone where a gain explains too little."""
    mean_x, mean_y = float(x.mean()), float(y.mean())
    shared = float(((x - mean_x) * (y - mean_y)).mean())
    spread_x, spread_y = float(x.var()), float(y.var())
    low, high = constants.gain_range
    if spread_x > 0 and shared**2 >= constants.gain_min_r2 * spread_x * spread_y and low <= shared / spread_x <= high:
        gain = shared / spread_x
        return gain, mean_y - gain * mean_x
    return 1.0, mean_y - mean_x


def _without_alternation(views: Views, constants: Constants) -> Floats:
    offset = (views.edit.raw - views.target.raw).mean(axis=(1, 2), dtype=np.float64)
    fast = offset - _calmed(offset, views.pairing.follows)
    fast -= np.clip(fast, -constants.flicker_slack, constants.flicker_slack)
    return np.asarray(np.clip(views.edit.raw - fast[:, None, None, :], 0, 255), np.float32)


def _calmed(values: npt.NDArray[np.float64], follows: Masks) -> npt.NDArray[np.float64]:
    """Returns the values with what alternates between neighbours averaged out, run by run."""
    left = np.concatenate([[False], follows])
    right = np.concatenate([follows, [False]])
    before = np.where(left[:, None], np.roll(values, 1, axis=0), np.roll(values, -1, axis=0))
    after = np.where(right[:, None], np.roll(values, -1, axis=0), np.roll(values, 1, axis=0))
    alone = ~left & ~right
    calm = (before + 2 * values + after) / 4
    return np.where(alone[:, None], values, calm)
