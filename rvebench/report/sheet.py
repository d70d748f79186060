"""A contact sheet of several runs: a row a sample, source and target first, then what each run made of it."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rvebench.errors import DataError, RveError, UsageError
from rvebench.runs import RunView
from rvebench.video import Frames, read_video

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

__all__ = ["contact_sheet"]

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
_GAP, _LINE, _HEAD = 6, 15, 20
_PAPER, _INK, _FAINT, _EMPTY = (255, 255, 255), (20, 20, 20), (110, 110, 110), (232, 232, 232)


def contact_sheet(
    runs: Sequence[RunView], suffix: str, *, samples: int | None = None, frames: int = 2, cell_width: int = 128
) -> bytes:
    """Returns a picture file.

    Args:
        runs: at least one; the samples that all of them have are shown.
        suffix: `.png`, `.jpg` or `.webp`.
        samples: of them, evenly spread; None for all.
        frames: of each video, evenly spread and at the same moments in all.
        cell_width: pixels of one frame; its height follows the source.

    Raises:
        UsageError: the runs share no sample, or the picture would have another format.
        DataError: a source cannot be read; names the sample.
    """
    from PIL import Image, ImageDraw, ImageFont

    if suffix not in _FORMATS:
        raise UsageError(f"a sheet is a .png, .jpg or .webp, not {suffix or 'without ending'}")
    shared = set.intersection(*({outcome.sample.id for outcome in run.outcomes} for run in runs))
    chosen = [outcome.sample for outcome in runs[0].outcomes if outcome.sample.id in shared]
    if not chosen:
        raise UsageError("the runs share no sample", hint="give runs of one split")
    if samples is not None and samples < len(chosen):
        chosen = [chosen[place * len(chosen) // samples] for place in range(samples)]
    edits = [{outcome.sample.id: outcome for outcome in run.outcomes} for run in runs]
    columns = ["source", "target", *(run.header.model for run in runs)]
    font = ImageFont.load_default(size=12)
    wide = frames * cell_width
    rows = []
    for sample in chosen:
        source = _strip(sample.source, frames, cell_width)
        if isinstance(source, str):
            raise DataError(source, where=sample.id)
        height = source.shape[0]
        cells = [source, "no target" if sample.target is None else _strip(sample.target, frames, cell_width, height)]
        for run in edits:
            outcome = run[sample.id]
            why = f"{outcome.status.value}: {outcome.reason}"
            cells.append(why if outcome.video is None else _strip(outcome.video, frames, cell_width, height))
        rows.append((f"{sample.id}: {sample.instruction}", height, cells))

    full = len(columns) * (wide + _GAP) + _GAP
    letters = max(20, full // 7)
    texts = [textwrap.wrap(title, letters) for title, _, _ in rows]
    tall = _HEAD + sum(len(text) * _LINE + height + 2 * _GAP for text, (_, height, _) in zip(texts, rows, strict=True))
    sheet = Image.new("RGB", (full, tall + _GAP), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for place, column in enumerate(columns):
        pen.text((_GAP + place * (wide + _GAP), 3), _cut(column, wide // 7), fill=_FAINT, font=font)
    top = _HEAD
    for text, (_, height, cells) in zip(texts, rows, strict=True):
        for line in text:
            pen.text((_GAP, top), line, fill=_INK, font=font)
            top += _LINE
        top += _GAP
        for place, cell in enumerate(cells):
            _place(sheet, pen, cell, (_GAP + place * (wide + _GAP), top), (wide, height), font)
        top += height + _GAP
    out = io.BytesIO()
    sheet.save(out, _FORMATS[suffix], quality=88)
    return out.getvalue()


def _strip(video: Path, frames: int, width: int, height: int | None = None) -> Frames | str:
    """Returns frames of a video side by side, (H, frames * W, 3), or why there are none."""
    from PIL import Image

    try:
        clip = read_video(video).frames_THWC
    except RveError as error:
        return error.what
    if height is None:
        height = max(1, round(width * clip.shape[1] / clip.shape[2]))
    places = [round((place + 0.5) / frames * (len(clip) - 1)) for place in range(frames)]
    small = [
        np.asarray(Image.fromarray(clip[place]).resize((width, height), Image.Resampling.LANCZOS)) for place in places
    ]
    return np.concatenate(small, axis=1)


def _place(
    sheet: Image,
    pen: ImageDraw,
    cell: Frames | str,
    at: tuple[int, int],
    size: tuple[int, int],
    font: FreeTypeFont | ImageFont,
) -> None:
    from PIL import Image

    if isinstance(cell, str):
        pen.rectangle((*at, at[0] + size[0] - 1, at[1] + size[1] - 1), fill=_EMPTY)
        lines = textwrap.wrap(cell, max(8, size[0] // 7))[: max(1, (size[1] - _GAP) // _LINE)]
        for number, line in enumerate(lines):
            pen.text((at[0] + _GAP, at[1] + _GAP + number * _LINE), line, fill=_FAINT, font=font)
        return
    sheet.paste(Image.fromarray(cell), at)


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: letters - 1]}…"
