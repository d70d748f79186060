"""A CSV file as rows of named cells: every fault is collected with its line, nothing is guessed."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rvebench.errors import DataError
from rvebench.registry import nearest_names

__all__ = ["MOST_SHOWN", "Faults", "Table", "TableRow", "parse_table", "read_text"]

MOST_SHOWN = 20
"""Faults of one file that an error lists; the rest are counted."""

_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


class TableRow(NamedTuple):
    """One line with something in it."""

    line: int
    """Where it begins, from 1."""
    cells: dict[str, str]
    """By column, stripped; a column without a cell is left out, an empty cell is ''."""


class Table(NamedTuple):
    """A file's rows, and what stands above its header."""

    comments: tuple[tuple[int, str], ...]
    """The lines before the header that begin with '#', without it, with their numbers."""
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]


class Faults:
    """What is wrong with a file, gathered to be said at once.

    Args:
        where: the file, as it is named in the error.
    """

    def __init__(self, where: object) -> None:
        self._where = where
        self._found: list[tuple[int, str]] = []

    def add(self, line: int, what: str) -> None:
        """Notes a fault of a line; line 0 is the whole file."""
        self._found.append((line, what))

    def raise_any(self) -> None:
        """Returns when there are none.

        Raises:
            DataError: one error for all faults, by line, the first :data:`MOST_SHOWN` in full.
        """
        if not self._found:
            return
        found = sorted(self._found, key=lambda fault: fault[0])
        if len(found) == 1:
            raise DataError(found[0][1], where=self._place(found[0][0]))
        shown = [f"  {self._place(line)}: {what}" for line, what in found[:MOST_SHOWN]]
        if len(found) > MOST_SHOWN:
            shown.append(f"  and {len(found) - MOST_SHOWN} more")
        raise DataError("\n".join([f"{len(found)} faults", *shown]), where=self._where)

    def _place(self, line: int) -> str:
        return f"{self._where}:{line}" if line else str(self._where)


def read_text(path: Path) -> str:
    """Returns a file's UTF-8 text without a byte-order mark.

    Raises:
        DataError: the file is not there, cannot be read, or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError("the file is not there", where=path) from None
    except OSError as error:
        raise DataError(f"the file cannot be read: {error.strerror or error}", where=path) from None
    if data[:2] in _BOMS:
        raise DataError(f"the file is {_BOMS[data[:2]]}, not UTF-8", where=path, hint="save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DataError(f"not UTF-8: byte 0x{data[error.start]:02x}", where=f"{path}:{line}") from None


def parse_table(text: str, *, where: object, required: Sequence[str], optional: Sequence[str], faults: Faults) -> Table:
    """Returns the rows of a CSV text whose first line, below comments, names its columns.

    Args:
        text: the file's text.
        where: how the file is named in errors.
        required: columns it must have.
        optional: columns it may have; any other is kept too.
        faults: takes what is wrong with single lines.

    Raises:
        DataError: there is no header, or not the one that is needed.
    """
    lines = text.split("\n")
    comments: list[tuple[int, str]] = []
    skipped = 0
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            break
        if line.strip():
            comments.append((number, line.strip().lstrip("#").strip()))
        skipped = number
    reader = csv.reader(io.StringIO("\n".join(lines[skipped:]), newline=""), strict=True)
    columns: tuple[str, ...] = ()
    rows: list[TableRow] = []
    start = skipped + 1
    try:
        for cells in reader:
            line_number, start = start, skipped + reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = tuple(cell.strip() for cell in cells)
                _check_columns(columns, required, optional, where=f"{where}:{line_number}")
            elif len(cells) > len(columns):
                what = f"{len(cells)} cells, the header names {len(columns)} (quote cells that hold commas)"
                faults.add(line_number, what)
            else:
                named = zip(columns, cells, strict=False)
                rows.append(TableRow(line_number, {name: cell.strip() for name, cell in named}))
    except csv.Error as error:
        faults.add(skipped + reader.line_num, f"not CSV: {error}")
    if not columns:
        raise DataError("the file is empty", where=where, hint=f"it needs a header: {','.join(required)}")
    return Table(tuple(comments), columns, tuple(rows))


def _check_columns(columns: Sequence[str], required: Sequence[str], optional: Sequence[str], *, where: str) -> None:
    if "" in columns or len(set(columns)) != len(columns):
        raise DataError("the header has an empty or repeated column name", where=where)
    missing = [name for name in required if name not in columns]
    if not missing:
        return
    unknown = [name for name in columns if name not in (*required, *optional)]
    near = nearest_names(missing[0], unknown, most=1) if unknown else ()
    said = f"; is {near[0]!r} meant for {missing[0]!r}?" if near else ""
    columns_said = f"the column {missing[0]!r} is" if len(missing) == 1 else f"the columns {', '.join(missing)} are"
    raise DataError(f"{columns_said} missing{said}", where=where, hint=f"the header is {','.join(required)}")
