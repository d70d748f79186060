"""A manifest file: one sample a line, read whole so that every fault is named at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rvebench.errors import DataError
from rvebench.records import Sample, canonical_json
from rvebench.splits.schema import parse_line, sample_problems, sample_to_json
from rvebench.storage import atomic_write_text

__all__ = ["MANIFEST_NAME", "MOST_SHOWN", "data_error", "read_manifest", "read_text_lines", "write_split"]

MANIFEST_NAME = "samples.jsonl"
MOST_SHOWN = 20
"""Faults of one file that an error lists; the rest are counted."""

_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def data_error(path: Path, faults: Sequence[tuple[int, str]]) -> DataError:
    """Returns one error for all the faults of a file; a fault is a line number (0: the whole file) and a clause."""

    def place(line: int) -> str:
        return f"{path}:{line}" if line else str(path)

    if len(faults) == 1:
        line, text = faults[0]
        return DataError(text, where=place(line))
    shown = [f"  {place(line)}: {text}" for line, text in faults[:MOST_SHOWN]]
    if len(faults) > MOST_SHOWN:
        shown.append(f"  and {len(faults) - MOST_SHOWN} more")
    return DataError("\n".join([f"{len(faults)} faults", *shown]), where=path)


def read_text_lines(path: Path, add_fault: Callable[[int, str], None]) -> list[tuple[int, str]]:
    """Returns the lines of a UTF-8 file that hold something, with their numbers from 1.

    Lines that are not UTF-8 are handed to `add_fault`. A byte-order mark of UTF-8 at the start is dropped.

    Raises:
        DataError: the file cannot be read, is UTF-16, or is empty.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError("the file is not there", where=path) from None
    except OSError as error:
        raise DataError(f"the file cannot be read: {error.strerror or error}", where=path) from None
    if data[:2] in _BOMS:
        raise DataError(f"the file is {_BOMS[data[:2]]}, not UTF-8", where=path, hint="save it as UTF-8")
    lines: list[tuple[int, str]] = []
    bad = 0
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        try:
            text = raw.decode("utf-8").strip()
        except UnicodeDecodeError as error:
            add_fault(number, f"not UTF-8: byte 0x{raw[error.start]:02x} at byte {error.start + 1} of the line")
            bad += 1
            continue
        if text:
            lines.append((number, text))
    if not lines and not bad:
        raise DataError("the file is empty", where=path)
    return lines


def read_manifest(path: Path) -> tuple[Sample, ...]:
    """Returns the samples of a JSONL manifest in its order. No video is opened.

    Raises:
        DataError: anything in it is wrong; every fault is named with its line, the first :data:`MOST_SHOWN` in full.
    """
    faults: list[tuple[int, str]] = []
    samples: list[Sample] = []
    first_line: dict[str, tuple[int, str]] = {}
    root = path.absolute().parent
    for number, text in read_text_lines(path, lambda line, what: faults.append((line, what))):
        try:
            found = sample_problems(parse_line(text), root=root)
        except DataError as error:
            faults.append((number, str(error)))
            continue
        if isinstance(found, list):
            faults.extend((number, what) for what in found)
            continue
        line, other = first_line.setdefault(found.id.lower(), (number, found.id))
        if line != number:
            same = "is taken" if other == found.id else f"differs from {other!r} only in case"
            faults.append((number, f"id {found.id!r} {same}: it stands in line {line} already"))
            continue
        samples.append(found)
    if faults:
        raise data_error(path, sorted(faults, key=lambda fault: fault[0]))
    return tuple(samples)


def write_split(samples: Sequence[Sample], path: Path) -> None:
    """Writes a manifest whose paths are relative to its folder, by atomic replace.

    Raises:
        DataError: there is no sample, two share an id, or a file is outside the manifest's folder.
        StorageError: the file cannot be written.
    """
    if not samples:
        raise DataError("a split needs at least one sample", where=path)
    seen: set[str] = set()
    for sample in samples:
        if sample.id.lower() in seen:
            raise DataError(f"two samples have the id {sample.id!r}", where=path)
        seen.add(sample.id.lower())
    root = path.absolute().parent
    rows = [sample_to_json(sample, relative_to=root) for sample in samples]
    atomic_write_text(path, "".join(f"{_in_order(row)}\n" for row in rows))


def _in_order(row: dict[str, object]) -> str:
    """Writes a row with its keys in the schema's order, for people to read."""
    return "{" + ", ".join(f"{canonical_json(key)}: {canonical_json(entry)}" for key, entry in row.items()) + "}"
