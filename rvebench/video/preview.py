"""One picture of several clips side by side, for pages that cannot play everything at once."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from rvebench.video.clip import Frames
from rvebench.video.resize import fit_within

__all__ = ["contact_sheet"]

_WEBP_MAX_SIDE = 16383
_TALLEST_CELL = 2.0
"""Height by width; taller pictures are shrunk to fit."""


def contact_sheet(rows: Sequence[Frames], *, columns: int, cell_width: int, quality: int) -> bytes:
    """Returns one WebP: a row of cells per clip, a column per frame, in a grid without gaps.

    All cells have one size, so that a cell is found by its row and column alone: `cell_width` across, and as tall as
    the tallest clip needs at that width, at most twice the width. Pictures of other shapes stand centred on black.

    Args:
        rows: frames of each clip, (T, H, W, 3), already paired: each with `columns` frames.
        columns: frames a row.
        cell_width: pixels.
        quality: WebP quality, 1..100.

    Raises:
        ValueError: there is no row, a row has another number of frames, or the sheet is larger than WebP can be.
    """
    if not rows or columns < 1 or cell_width < 1 or not 1 <= quality <= 100:
        raise ValueError(f"no sheet of {len(rows)} rows, {columns} columns, cells of {cell_width}, quality {quality}")
    for index, frames in enumerate(rows):
        if len(frames) != columns:
            raise ValueError(f"row {index} has {len(frames)} frames, not {columns}")
    tallest = max(frames.shape[1] / frames.shape[2] for frames in rows)
    cell_height = max(1, round(cell_width * min(tallest, _TALLEST_CELL)))
    if columns * cell_width > _WEBP_MAX_SIDE or len(rows) * cell_height > _WEBP_MAX_SIDE:
        raise ValueError(f"a sheet of {columns * cell_width}x{len(rows) * cell_height} is larger than WebP can be")
    sheet = Image.new("RGB", (columns * cell_width, len(rows) * cell_height))
    for row, frames in enumerate(rows):
        _, height, width, _ = frames.shape
        size = _cell_size(width, height, cell_width, cell_height)
        at = ((cell_width - size[0]) // 2, row * cell_height + (cell_height - size[1]) // 2)
        for column, frame in enumerate(frames):
            picture = Image.fromarray(np.ascontiguousarray(frame)).resize(size, Image.Resampling.BICUBIC)
            sheet.paste(picture, (at[0] + column * cell_width, at[1]))
    out = io.BytesIO()
    sheet.save(out, "WEBP", quality=quality, method=4)
    return out.getvalue()


def _cell_size(width: int, height: int, cell_width: int, cell_height: int) -> tuple[int, int]:
    """Returns the largest size of that shape in a cell; small clips are enlarged, so that all rows look alike."""
    large = max(cell_width / width, cell_height / height, 1.0)
    return fit_within(max(1, round(width * large)), max(1, round(height * large)), cell_width, cell_height)
