"""The table of a `folder:` editor: which video belongs to which sample, and which source frames it shows."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from rvebench.errors import EditorError
from rvebench.records import Window

__all__ = ["TableRow", "read_table"]

_WINDOW = ("start", "stride", "count", "fps")
_COLUMNS = ("sample_id", "video", *_WINDOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One line of the table."""

    line: int
    video: Path
    window: Window | None = None


def read_table(path: Path) -> dict[str, TableRow]:
    """Returns the rows of a CSV file by sample id; relative paths start at the file's folder.

    Columns are `sample_id` and `video`, and either none or all of `start`, `stride`, `count`, `fps`.

    Raises:
        EditorError: a column is missing or unknown, an id stands twice, or a window is no window; with the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise EditorError(f"cannot be read: {error.strerror}", where=path) from None
    except UnicodeDecodeError as error:
        raise EditorError(f"not UTF-8 text: {error.reason} at byte {error.start}", where=path) from None
    reader = csv.DictReader(text.splitlines(), strict=True)
    columns = tuple(reader.fieldnames or ())
    unknown = [name for name in columns if name not in _COLUMNS]
    if unknown or not {"sample_id", "video"} <= set(columns):
        what = f"unknown column {unknown[0]!r}" if unknown else "the columns sample_id and video are needed"
        raise EditorError(what, where=f"{path}:1", hint=f"columns are {', '.join(_COLUMNS)}")
    rows: dict[str, TableRow] = {}
    try:
        for row in reader:
            where = f"{path}:{reader.line_num}"
            if None in row or None in row.values():
                raise EditorError(f"{len(columns)} columns were expected", where=where)
            sample_id, video = row["sample_id"].strip(), row["video"].strip()
            if not sample_id or not video:
                raise EditorError("sample_id and video must not be empty", where=where)
            if sample_id in rows:
                raise EditorError(f"sample {sample_id!r} stands twice (line {rows[sample_id].line})", where=where)
            rows[sample_id] = TableRow(
                line=reader.line_num, video=path.parent / Path(video).expanduser(), window=_window(row, where)
            )
    except csv.Error as error:
        raise EditorError(f"not a CSV file: {error}", where=f"{path}:{reader.line_num}") from None
    return rows


def _window(row: dict[str, str], where: str) -> Window | None:
    given = {name: row.get(name, "").strip() for name in _WINDOW}
    if not any(given.values()):
        return None
    if not all(given.values()):
        raise EditorError("a window needs all of start, stride, count and fps", where=where)
    try:
        return Window(
            start=int(given["start"]),
            stride=int(given["stride"]),
            count=int(given["count"]),
            fps=float(given["fps"]),
        )
    except ValueError:
        raise EditorError(f"not a window: {given}", where=where) from None
