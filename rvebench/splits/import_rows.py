"""Rows of a foreign list: JSON, JSONL or CSV, each with the place it came from."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rvebench.errors import DataError, UsageError
from rvebench.records import Sample
from rvebench.splits.manifest import data_error, read_text_lines
from rvebench.splits.schema import parse_line, sample_problems

__all__ = ["Row", "absolute_inside", "plain_name", "read_rows", "samples_of"]


class Row(NamedTuple):
    """One entry of a list."""

    number: int
    """Which entry it is, from 1."""
    line: int
    """Line of the file from 1; 0 in a JSON list, where `label` says which entry."""
    label: str
    values: dict[str, object]


def read_rows(path: Path) -> list[Row]:
    """Returns the entries of a `.json` list of objects, a `.jsonl` file, or a `.csv` file with a header.

    Empty CSV cells are left out. Everything in a CSV file is text.

    Raises:
        DataError: the file cannot be read as what its name says; all faults are named.
        UsageError: the name says nothing known.
    """
    suffix = path.suffix.lower()
    if suffix not in (".json", ".jsonl", ".csv"):
        raise UsageError("the list is neither .json, .jsonl nor .csv", where=path)
    faults: list[tuple[int, str]] = []
    lines = read_text_lines(path, lambda line, what: faults.append((line, what)))
    rows: list[Row] = []
    if not faults and suffix == ".jsonl":
        rows = _jsonl_rows(lines, faults)
    elif not faults:
        rows = (_json_rows if suffix == ".json" else _csv_rows)(path, faults)
    if faults:
        raise data_error(path, faults)
    if not rows:
        raise DataError("the list has no entries", where=path)
    return rows


def _json_rows(path: Path, faults: list[tuple[int, str]]) -> list[Row]:
    try:
        value = parse_line(path.read_text(encoding="utf-8-sig"))
    except DataError as error:
        raise DataError(str(error), where=path) from None
    if not isinstance(value, list):
        raise DataError("not a JSON list of objects", where=path)
    rows: list[Row] = []
    for number, entry in enumerate(value, start=1):
        if isinstance(entry, dict):
            rows.append(Row(number, 0, f"entry {number}: ", entry))
        else:
            faults.append((0, f"entry {number}: not a JSON object"))
    return rows


def _jsonl_rows(lines: list[tuple[int, str]], faults: list[tuple[int, str]]) -> list[Row]:
    rows: list[Row] = []
    for number, text in lines:
        try:
            value = parse_line(text)
        except DataError as error:
            faults.append((number, str(error)))
            continue
        if isinstance(value, dict):
            rows.append(Row(len(rows) + 1, number, "", value))
        else:
            faults.append((number, "not a JSON object"))
    return rows


def _csv_rows(path: Path, faults: list[tuple[int, str]]) -> list[Row]:
    rows: list[Row] = []
    text = path.read_bytes().decode("utf-8-sig")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    start = 1
    try:
        for cells in reader:
            line, start = start, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = [cell.strip() for cell in cells]
                if "" in header or len(set(header)) != len(header):
                    raise DataError("the header has an empty or repeated column name", where=f"{path}:{line}")
            elif len(cells) > len(header):
                faults.append((line, f"{len(cells)} cells, the header names {len(header)} (quote cells with commas)"))
            else:
                named = zip(header, cells, strict=False)
                rows.append(Row(len(rows) + 1, line, "", {key: cell.strip() for key, cell in named if cell.strip()}))
    except csv.Error as error:
        faults.append((reader.line_num, f"not CSV: {error}"))
    return rows


def absolute_inside(text: object, root: Path) -> object:
    """Turns an absolute path below `root` into a relative one; anything else comes back as it is, to be judged."""
    if isinstance(text, str) and text.startswith("/") and Path(text).is_relative_to(root):
        return Path(text).relative_to(root).as_posix()
    return text


def plain_name(text: str, *, most: int = 100) -> str:
    """Returns `text` as part of an id or file name: ASCII letters, digits, `.`, `_`, `-`; never empty."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-")[:most] or "video"


def samples_of(
    path: Path, rows: Sequence[Row], translate: Callable[[Row], Mapping[str, object]], *, root: Path
) -> list[Sample]:
    """Returns the samples of a foreign list.

    Args:
        path: the list, for errors.
        rows: its entries.
        translate: from a row to an object of the manifest schema; may raise DataError.
        root: the folder that paths are relative to and must stay in.

    Raises:
        DataError: entries are not samples, or two have one id; all faults are named.
    """
    faults: list[tuple[int, str]] = []
    samples: list[Sample] = []
    seen: set[str] = set()
    for row in rows:
        try:
            found = sample_problems(dict(translate(row)), root=root)
        except DataError as error:
            found = [str(error)]
        if isinstance(found, list):
            faults.extend((row.line, row.label + what) for what in found)
        elif found.id.lower() in seen:
            faults.append((row.line, f"{row.label}id {found.id!r} is taken by an entry before it"))
        else:
            seen.add(found.id.lower())
            samples.append(found)
    if faults:
        raise data_error(path, faults)
    return samples
