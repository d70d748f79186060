"""Positions of Qwen2.5-VL's tokens in time, height and width (M-RoPE).

Words count on by one in all three. The tokens of a picture or video share where they start and spread from there: in
height and width by one a merged cell, in time by `tokens_per_second` a second. What follows starts after the largest
number so far, as in the model's own release (transformers 4). Transformers 5.23 starts it after the cells of height and
width alone, so that words after a long video of small frames fall among the video's times; where the video is no longer
than it is wide the two agree. The rule is written out here so that the states do not depend on the version installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import torch

__all__ = ["mrope_positions"]


def mrope_positions(
    types: Sequence[int],
    grids: Sequence[tuple[int, int, int]],
    seconds: Sequence[float],
    *,
    merge: int,
    tokens_per_second: float,
) -> torch.Tensor:
    """Returns the positions of one prompt, [3, L] of whole numbers: time, height, width.

    Args:
        types: of each token: 0 words, 1 a picture, 2 a video; between two segments there is a word.
        grids: of each segment, in order: patches in time, height and width, before merging.
        seconds: between two steps in time of each segment; not read for a picture.
        merge: patches of a merged cell along a side.
        tokens_per_second: how far apart one second is.
    """
    parts: list[torch.Tensor] = []
    start = 0
    segments = iter(zip(grids, seconds, strict=True))
    for kind, run in groupby(types):
        length = sum(1 for _ in run)
        if kind == 0:
            part = torch.arange(length).expand(3, -1)
        else:
            (steps, rows, columns), step = next(segments)
            pace = step * tokens_per_second if kind == 2 else 0.0
            times = (torch.arange(steps) * pace).long()
            part = torch.stack(
                torch.meshgrid(times, torch.arange(rows // merge), torch.arange(columns // merge), indexing="ij")
            ).reshape(3, -1)
        parts.append(part + start)
        start = int(parts[-1].max()) + 1
    return torch.cat(parts, dim=1)
