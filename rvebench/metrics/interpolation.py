"""How far an interpolating network's middle frames are from the real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rvebench.errors import DataError
from rvebench.metrics.device import Portions
from rvebench.metrics.material import frame_id
from rvebench.video import Frames

__all__ = ["odd_frame_errors"]

_MULTIPLE = 16
"""Sides that AMT's encoder can halve four times."""


def odd_frame_errors(network: Any, frames_THWC: Frames, portions: Portions, *, device: str) -> npt.NDArray[np.int64]:
    """Returns how far each odd frame is from what the network makes of its two even neighbours.

    As VBench has it (`vbench/motion_smoothness.py`): frames are padded at the edges to multiples of 16 by repetition,
    the network's frame is cut back, and its values are cut down to whole numbers (not rounded) before they are
    compared. Frames go to the network in float32, whatever its precision: bfloat16 cannot tell neighbouring levels
    of an 8-bit picture apart.

    Args:
        network: `(first, last) -> middle` on (B, 3, H, W) in 0..1, at the middle of the two moments.
        frames_THWC: uint8.
        portions: how many pairs at once.
        device: of the network.

    Returns:
        (P,) sums over a frame's values of the absolute difference in 8-bit steps, P = (T - 1) // 2; exact.

    Raises:
        DataError: the network made a value that is no finite number.
    """
    import torch
    from torch.nn import functional

    height, width = frames_THWC.shape[1:3]
    up, left = (-height % _MULTIPLE) // 2, (-width % _MULTIPLE) // 2
    pad = (left, -width % _MULTIPLE - left, up, -height % _MULTIPLE - up)

    def forward(middles: Sequence[int]) -> Sequence[int]:
        def take(offset: int) -> Any:
            stacked = np.stack([frames_THWC[middle + offset] for middle in middles])
            return torch.from_numpy(stacked).to(device).permute(0, 3, 1, 2)

        first, last = (functional.pad(take(offset) / 255.0, pad, mode="replicate") for offset in (-1, 1))
        made = network(first, last).float()[..., up : up + height, left : left + width]
        if not made.isfinite().all():
            raise DataError(
                f"a frame made between frames {middles[0] - 1} and {middles[-1] + 1} holds values that are no finite "
                "numbers"
            )
        whole = (made * 255.0).clamp_(0, 255).to(torch.uint8)
        gap = (whole.to(torch.int16) - take(0).to(torch.int16)).abs_()
        return [int(total) for total in gap.sum(dim=(1, 2, 3), dtype=torch.int64).tolist()]

    middles = range(1, len(frames_THWC) - 1, 2)
    contents = [frame_id(frame) for frame in frames_THWC]
    # Where a video stands still, each three frames ask the network the same: one answer is enough.
    asked = {tuple(contents[middle - 1 : middle + 2]): middle for middle in reversed(middles)}
    errors = dict(zip(asked, portions.run(list(asked.values()), forward), strict=True))
    found = [errors[tuple(contents[middle - 1 : middle + 2])] for middle in middles]
    return np.array(found, dtype=np.int64)
