"""Whether a row's edits are its own: not the source, not the target, not one edit for many, not another row's.

Controls are left out: they copy on purpose, and have no rank. What is compared are hashes of decoded frames and of
files, which a second encoding changes; attestations (:mod:`rvebench.leaderboard.rejudge`) look at the pixels.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from rvebench.errors import DataError
from rvebench.leaderboard.evidence import MEDIA_NAME, VERDICTS_NAME, parse_media
from rvebench.leaderboard.packing import unpack_lines
from rvebench.leaderboard.rows import Row
from rvebench.leaderboard.submission import SUBMISSION_NAME, read_submission
from rvebench.leaderboard.tracks import Caps
from rvebench.taxonomy import Status

__all__ = ["Neighbour", "check_media", "read_neighbours"]

_FRAMES = re.compile(rb'"frames_sha256":"([0-9a-f]{64})"')
_MOST = 3


class _Age(NamedTuple):
    """Which of two rows came first: a published one, then the day, then the name."""

    fresh: bool
    created: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another row of the track, as far as its media go."""

    name: str
    age: _Age
    control: bool
    supersedes: str | None
    hashes: frozenset[str]
    """Of decoded frames and of files."""


def read_neighbours(folder: Path, *, published: frozenset[str]) -> tuple[Neighbour, ...]:
    """Returns the rows of a track's folder; rows that cannot be read have no media, and findings of their own.

    Args:
        folder: of one track.
        published: names of rows that the base revision has already.
    """
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_symlink() or not path.is_dir() or path.name.startswith("."):
            continue
        file = path / SUBMISSION_NAME
        if file.is_symlink() or not file.is_file() or file.stat().st_size > Caps().submission_bytes:
            continue
        try:
            submission = read_submission(path)
            hashes = _hashes(path)
        except DataError:
            continue
        found.append(
            Neighbour(
                name=path.name,
                age=_Age(path.name not in published, submission.created, path.name),
                control=submission.model.kind == "control",
                supersedes=submission.supersedes,
                hashes=hashes,
            )
        )
    return tuple(found)


def _hashes(folder: Path) -> frozenset[str]:
    caps = Caps()
    media, verdicts = folder / MEDIA_NAME, folder / VERDICTS_NAME
    for path, most in ((media, caps.media_bytes), (verdicts, caps.verdicts_bytes)):
        if path.is_symlink() or not path.is_file() or path.stat().st_size > most:
            raise DataError("no plain file of an allowed size", where=path)
    try:
        text = media.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read: {error}", where=media) from None
    found = {line.sha256 for line in parse_media(text, where=media)}
    lines = unpack_lines(
        verdicts, packed_bytes=caps.verdicts_bytes, unpacked_bytes=caps.unpacked_bytes, line_bytes=caps.line_bytes
    )
    for line in lines:
        shape = _FRAMES.search(line)
        if shape is not None:
            found.add(shape.group(1).decode())
    return frozenset(found)


def check_media(row: Row, neighbours: Sequence[Neighbour]) -> None:
    """Notes edits of a row that are copies of something, where they are more than the track allows.

    Args:
        row: with its submission and evidence read; else nothing is done.
        neighbours: the rows of the same track, this one among them.
    """
    if row.submission is None or row.evidence is None or row.samples is None or row.rules is None:
        return
    if row.submission.model.kind == "control":
        return
    edits = {
        line.sample: line.edit.frames_sha256
        for line in row.evidence.lines
        if line.edit.status is Status.OK and line.edit.frames_sha256 and line.sample in row.samples
    }
    allowed = int(row.rules.budget.copied * len(edits))

    def tell(code: str, names: Sequence[str], what: str) -> None:
        if len(names) > allowed:
            row.add(
                code,
                f"{len(names)} of {len(edits)} edits are {what} ({', '.join(names[:_MOST])}), and the track allows "
                f"{allowed}",
                file=VERDICTS_NAME,
            )

    for role in ("source", "target"):
        same = [name for name, frames in edits.items() if frames == row.samples[name].frames_sha256.get(role)]
        tell(f"media.{role}", same, f"their {role}, frame by frame")
    files = {line.sample: line.sha256 for line in row.evidence.media}
    tell("media.identical", _repeated(edits, files, row), "the edit of another sample too")
    own = next((one for one in neighbours if one.name == row.folder.name), None)
    if own is None:
        return
    for other in neighbours:
        if other.control or other.age >= own.age or own.supersedes == other.name:
            continue
        taken = [name for name, frames in edits.items() if {frames, files.get(name)} & other.hashes]
        tell("media.stolen", taken, f"those of {other.name}")


def _repeated(edits: Mapping[str, str], files: Mapping[str, str], row: Row) -> list[str]:
    """Returns the samples whose edit is also that of a sample with another source."""
    assert row.samples is not None
    owners: dict[str, set[str]] = defaultdict(set)
    for name, frames in edits.items():
        for identity in {frames, files.get(name, frames)}:
            owners[identity].add(row.samples[name].cluster)
    return [
        name for name, frames in edits.items() if len(owners[frames]) > 1 or len(owners[files.get(name, frames)]) > 1
    ]
