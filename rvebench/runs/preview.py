"""A sample's contact sheet as a file: its layout stands in its name, its size in its header.

A sheet is one WebP. Its rows are source, edit and, where there is one, target; its columns are frames that belong
together in time. All cells have one size, so that `<sample id>.<rows>x<columns>.webp` says everything a player needs.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

__all__ = ["ROW_NAMES", "Preview", "PreviewLayout", "PreviewProblem", "read_preview"]

ROW_NAMES = ("Source", "Edit", "Target")
"""What the rows of a sheet are, from the top."""

_NAME = re.compile(r"\.([23])x([1-9][0-9]{0,3})\.webp$")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewLayout:
    """How a contact sheet is divided."""

    rows: int
    """2 (source, edit) or 3 (and target)."""
    columns: int
    """Paired frames, 1 to 9999."""

    def __post_init__(self) -> None:
        if self.rows not in (2, 3) or not 1 <= self.columns <= 9999:
            raise ValueError(f"not the layout of a contact sheet: {self}")

    def file_name(self, sample_id: str) -> str:
        """Returns the file name of a sample's sheet."""
        return f"{sample_id}.{self.rows}x{self.columns}.webp"

    @classmethod
    def from_file_name(cls, name: str) -> PreviewLayout | None:
        """Returns the layout a file name tells, or None when it is not the name of a sheet."""
        match = _NAME.search(name)
        return None if match is None else cls(rows=int(match[1]), columns=int(match[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A sheet that can be shown."""

    layout: PreviewLayout
    cell_width: int
    cell_height: int
    data: bytes
    """The WebP file as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewProblem:
    """Why a sample has nothing to play."""

    reason: str
    """One clause, without a path."""


def read_preview(path: Path) -> Preview | PreviewProblem:
    """Returns the sheet in a file, or why it cannot be shown; only the header is decoded."""
    layout = PreviewLayout.from_file_name(path.name)
    if layout is None:
        return PreviewProblem(reason="the preview's file name does not tell its rows and columns")
    try:
        data = path.read_bytes()
    except OSError as error:
        return PreviewProblem(reason=f"the preview cannot be read: {error.strerror or type(error).__name__}")
    try:
        with Image.open(io.BytesIO(data), formats=("WEBP",)) as image:
            width, height = image.size
    except (UnidentifiedImageError, OSError, ValueError):
        return PreviewProblem(reason="the preview is not a WebP image")
    if width % layout.columns or height % layout.rows:
        return PreviewProblem(
            reason=f"the preview is {width}x{height} pixels, "
            f"which {layout.rows} rows of {layout.columns} cells do not fill"
        )
    return Preview(layout=layout, cell_width=width // layout.columns, cell_height=height // layout.rows, data=data)
