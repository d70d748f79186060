"""One row as the validator reads it: from a folder that may hold anything, to records, without trusting a byte."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from rvebench.errors import DataError, UnknownNameError
from rvebench.leaderboard.evidence import MEDIA_NAME, METRICS_NAME, VERDICTS_NAME, parse_media
from rvebench.leaderboard.findings import Finding
from rvebench.leaderboard.lines import Evidence, MediaLine, MetricLine, SampleLine
from rvebench.leaderboard.pack import README_NAME, UNFILLED
from rvebench.leaderboard.packing import PackedError, TooLargeError, unpack_lines
from rvebench.leaderboard.shapes import markup_in
from rvebench.leaderboard.submission import SUBMISSION_NAME, Submission, explain, parse_submission
from rvebench.leaderboard.tracks import Caps, TrackRules, Tracks
from rvebench.records import Sample
from rvebench.splits.schema import parse_line

__all__ = ["ATTESTATIONS", "Row", "read_row"]

ATTESTATIONS = "attestations"
_FILES = (SUBMISSION_NAME, VERDICTS_NAME, METRICS_NAME, MEDIA_NAME, README_NAME)
_FOLDER = re.compile(r"\d{8}_[a-z0-9][a-z0-9.-]{0,59}")
_SAFE_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}")
_FLOOD = 20_000
"""Lines that are read of a row whose track is unknown."""
_MOST_LINES = 3
"""Faulty lines of one file that are told one by one."""

T = TypeVar("T", bound=BaseModel)


@dataclass(slots=True, kw_only=True)
class Row:
    """What could be read of one row. What is None could not, and a finding says why."""

    folder: Path
    shown: str
    """The folder below the leaderboard's root, as findings name it."""
    rules: TrackRules | None = None
    samples: Mapping[str, Sample] | None = None
    submission: Submission | None = None
    evidence: Evidence | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def track(self) -> str:
        """The track that the folder is in."""
        return self.folder.parent.name

    def add(self, code: str, what: str, *, file: str = "", line: int | None = None) -> None:
        """Notes a fault."""
        where = f"{self.shown}/{file}" if file else self.shown
        self.findings.append(Finding(code=code, where=where, what=what, line=line))


def read_row(folder: Path, shown: str, tracks: Tracks) -> Row:
    """Returns a row with everything in it that can be read; nothing outside the folder is opened.

    Args:
        folder: the row's folder; it is there.
        shown: how findings name it.
        tracks: of the leaderboard.

    Raises:
        DataError: the track's own list of samples is damaged: that is no fault of the row.
    """
    row = Row(folder=folder, shown=shown)
    if not _FOLDER.fullmatch(folder.name):
        row.add("layout.name", f"the folder is called {folder.name[:80]!r}")
    try:
        row.rules = tracks.get(row.track)
    except UnknownNameError:
        row.add("track.unknown", f"there is no track {row.track!r}")
    caps = row.rules.caps if row.rules else Caps()
    if row.rules and row.rules.status != "open":
        row.add("track.closed", f"the track {row.track} is {row.rules.status}")
    elif row.rules:
        row.samples = tracks.samples(row.track)
    fit = _fitting_files(row, caps)
    if SUBMISSION_NAME in fit:
        row.submission = _read_submission(row)
    if README_NAME in fit:
        _check_readme(row)
    if {VERDICTS_NAME, METRICS_NAME, MEDIA_NAME} <= fit:
        row.evidence = _read_evidence(row, caps)
    return row


def _fitting_files(row: Row, caps: Caps) -> set[str]:
    """Returns the names of the row's files that are plain and not too large."""
    limits = {
        SUBMISSION_NAME: caps.submission_bytes,
        VERDICTS_NAME: caps.verdicts_bytes,
        METRICS_NAME: caps.metrics_bytes,
        MEDIA_NAME: caps.media_bytes,
        README_NAME: caps.readme_bytes,
    }
    fit = set()
    for name, found in _entries(row, row.folder, ""):
        if name == ATTESTATIONS and stat.S_ISDIR(found.st_mode):
            for inner, entry in _entries(row, row.folder / name, f"{name}/"):
                _check_attestation_file(row, f"{name}/{inner}", entry, caps)
        elif not stat.S_ISREG(found.st_mode) or name not in limits:
            row.add("layout.extra", f"{name!r} is no file of a submission", file=_shown_name(name))
        elif found.st_size > limits[name]:
            row.add(
                "layout.size",
                f"the file has {found.st_size:,} bytes, and the track allows {limits[name]:,}",
                file=name,
            )
        else:
            fit.add(name)
    there = {finding.where.removeprefix(f"{row.shown}/") for finding in row.findings}
    for name in _FILES:
        if name not in fit and name not in there:
            row.add("layout.missing", "the file is not there", file=name)
    return fit


def _entries(row: Row, folder: Path, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yields what a folder holds, links and devices excepted, which are faults."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda item: item.name):
            found = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
                yield entry.name, found
            else:
                kind = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "no plain file"
                row.add("layout.link", f"{entry.name!r} is {kind}", file=_shown_name(prefix + entry.name))


def _check_attestation_file(row: Row, name: str, found: os.stat_result, caps: Caps) -> None:
    if not stat.S_ISREG(found.st_mode) or not re.fullmatch(rf"{ATTESTATIONS}/[0-9a-f]{{12}}\.json", name):
        row.add("layout.extra", f"{name!r} is no file of a submission", file=_shown_name(name))
    elif found.st_size > caps.attestation_bytes:
        row.add(
            "layout.size",
            f"the file has {found.st_size:,} bytes, and the track allows {caps.attestation_bytes:,}",
            file=name,
        )


def _shown_name(name: str) -> str:
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name)[:120]


def _text_of(row: Row, name: str) -> str | None:
    try:
        return (row.folder / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        row.add("schema.submission" if name == SUBMISSION_NAME else "text.markup", "the file is not UTF-8", file=name)
    return None


def _read_submission(row: Row) -> Submission | None:
    text = _text_of(row, SUBMISSION_NAME)
    if text is None:
        return None
    try:
        value = parse_line(text)
        unsafe = [(place, found) for place, entry in _strings("", value) if (found := markup_in(entry))]
        for place, found in unsafe[:_MOST_LINES]:
            row.add("text.markup", f"{place} holds {found}", file=SUBMISSION_NAME)
        if unsafe:
            return None
        return parse_submission(text, where=row.folder / SUBMISSION_NAME)
    except DataError as error:
        row.add("schema.submission", error.what, file=SUBMISSION_NAME)
        return None


def _strings(place: str, value: object) -> Iterator[tuple[str, str]]:
    """Yields every text in a JSON value, keys too, with the place it stands in."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield f"a key of {place or 'the record'}", key
            yield from _strings(f"{place}.{key}".lstrip("."), entry)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _strings(f"{place}.{index}", entry)


def _check_readme(row: Row) -> None:
    text = _text_of(row, README_NAME)
    if text is None:
        return
    found = markup_in(text, lines=True)
    if found:
        row.add("text.markup", f"the README holds {found}", file=README_NAME)
    if UNFILLED in text:
        row.add("text.unfilled", f"the README still says {UNFILLED}", file=README_NAME)


def _read_evidence(row: Row, caps: Caps) -> Evidence | None:
    before = len(row.findings)
    # Twice what a sound row has: what stands twice is told as such, a flood of lines is not read to its end.
    most = 2 * len(row.samples) + 10 if row.samples else _FLOOD
    kinds = max(1, len(row.rules.metrics)) if row.rules else 1
    lines = _lines(row, VERDICTS_NAME, SampleLine, caps.verdicts_bytes, caps, _check_words, most)
    metrics = _lines(row, METRICS_NAME, MetricLine, caps.metrics_bytes, caps, lambda _line: "", most * kinds)
    media = _media(row)
    if len(row.findings) > before:
        return None
    return Evidence(lines=tuple(lines), metrics=tuple(metrics), media=media)


def _check_words(line: SampleLine) -> str:
    """Returns what makes a line's words unsafe to show; the judge's raw reply is never shown."""
    answers = [line.verdict, *line.verdict.parts] if line.verdict else []
    words = [line.edit.reason, line.edit.model_id]
    for answer in answers:
        words += [*answer.rationale.values(), answer.reason, answer.returned_model, *answer.measures]
    return next((found for text in words if (found := markup_in(text, lines=True))), "")


def _lines(
    row: Row, name: str, kind: type[T], packed_bytes: int, caps: Caps, words: Callable[[T], str], most_lines: int
) -> list[T]:
    found: list[T] = []
    faults = 0

    def fault(code: str, what: str, number: int) -> None:
        nonlocal faults
        faults += 1
        if faults <= _MOST_LINES:
            row.add(code, what, file=name, line=number)

    try:
        packed = unpack_lines(
            row.folder / name,
            packed_bytes=packed_bytes,
            unpacked_bytes=caps.unpacked_bytes,
            line_bytes=caps.line_bytes,
            most_lines=most_lines,
        )
        for number, text in enumerate(packed, start=1):
            try:
                line = kind.model_validate_json(text)
            except ValidationError as error:
                unsafe = _unsafe_id(text)
                if unsafe:
                    fault("path.unsafe", f"the sample id {unsafe[:80]!r} is not a name", number)
                else:
                    fault("schema.evidence", explain(error), number)
                continue
            unseen = words(line)
            if unseen:
                fault("text.markup", f"the line's words hold {unseen}", number)
            found.append(line)
    except TooLargeError as error:
        row.add("layout.bomb", error.what, file=name)
    except PackedError as error:
        row.add("layout.damaged", error.what, file=name)
    return found


def _unsafe_id(text: bytes) -> str:
    try:
        value = parse_line(text.decode(errors="replace"))
    except DataError:
        return ""
    name = value.get("sample") if isinstance(value, dict) else None
    return name if isinstance(name, str) and not _SAFE_ID.fullmatch(name) else ""


def _media(row: Row) -> tuple[MediaLine, ...]:
    text = _text_of(row, MEDIA_NAME)
    if text is None:
        return ()
    try:
        return parse_media(text, where=MEDIA_NAME)
    except DataError as error:
        code = "path.unsafe" if "/" in error.what or "\\" in error.what else "schema.evidence"
        number = int(str(error.where).rpartition(":")[2])
        row.add(code, error.what, file=MEDIA_NAME, line=number)
        return ()
