"""Holds rows of a leaderboard to everything that can be checked without their videos. Offline, and in seconds.

The code is the reader's; the rows are anybody's. No file of a row is run, followed out of its folder, or unpacked
beyond the track's caps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from rvebench.assets import asset_dir
from rvebench.errors import EXIT_CORRUPT, EXIT_OK, UsageError
from rvebench.leaderboard.attest import check_tier
from rvebench.leaderboard.checks import check_row
from rvebench.leaderboard.findings import CODES, Finding
from rvebench.leaderboard.gitbase import Base, read_base
from rvebench.leaderboard.places import Places, find_places
from rvebench.leaderboard.plausible import check_media, read_neighbours
from rvebench.leaderboard.published import check_published, check_supersedes, check_tracks
from rvebench.leaderboard.rows import Row, read_row
from rvebench.leaderboard.submission import Submission
from rvebench.leaderboard.tracks import Tracks, read_tracks

__all__ = ["OpenRow", "Report", "RowReport", "open_row", "validate"]

Progress = Callable[[int, "int | None"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReport:
    """One row, and what was found."""

    folder: Path
    shown: str
    """The folder below the leaderboard's root."""
    submission: Submission | None
    """None where it could not be read."""
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a validation came to."""

    root: Path
    rows: tuple[RowReport, ...]
    general: tuple[Finding, ...] = ()
    """What is about no row that is there: published ones that are gone, tracks that changed, strays."""
    base: str = ""
    """The commit that rows were held to, or nothing."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found."""
        return (*self.general, *(finding for row in self.rows for finding in row.findings))

    @property
    def exit_code(self) -> int:
        """0 when nothing is wrong; 3 when only more lacks than a track allows; else 4."""
        codes = [CODES[finding.code].exit_code for finding in self.findings]
        if not codes:
            return EXIT_OK
        return EXIT_CORRUPT if EXIT_CORRUPT in codes else max(codes)


class OpenRow(NamedTuple):
    """One row with what it says, for those who go on with it."""

    row: Row
    tracks: Tracks
    root: Path


def validate(paths: Sequence[Path], *, base: str | None = None, progress: Progress | None = None) -> Report:
    """Returns what is wrong with the rows at some paths.

    Args:
        paths: rows, tracks' folders, submissions/, or whole leaderboards; all of one leaderboard. Rows that are in no
            leaderboard yet are held to the tracks that come with the package.
        base: a git revision whose published rows must be as they were.
        progress: called with (done, total).

    Raises:
        UsageError: a path is not there, the paths are of several leaderboards, or the revision is not there.
        DataError: tracks.toml or a list of samples is damaged: no row is judged by it.
    """
    places = find_places(paths)
    tracks = _tracks_of(places)
    revision = read_base(places.root, base) if base else None
    if not places.rows and not places.strays and not places.inside:
        raise UsageError("there is no submission", where=paths[0], hint="make one with `rvebench submit`")
    rows = _checked(places, tracks, revision, keep=False, progress=progress)
    general = list(places.strays)
    if revision is not None:
        general += check_tracks(revision, tracks)
        for finding in check_published(revision, places.root, rows, scope=places.scope):
            owner = next((row for row in rows if finding.where.startswith(f"{row.shown}/")), None)
            (general if owner is None else owner.findings).append(finding)
    return Report(
        root=places.root,
        rows=tuple(
            RowReport(folder=row.folder, shown=row.shown, submission=row.submission, findings=tuple(row.findings))
            for row in rows
        ),
        general=tuple(general),
        base=revision.commit if revision else "",
    )


def open_row(folder: Path) -> OpenRow:
    """Returns one row, with everything checked that needs no base revision.

    Raises:
        UsageError: the folder is not there, or is not one row.
        DataError: the leaderboard's own files are damaged.
    """
    places = find_places([folder])
    if len(places.rows) != 1 or places.rows[0].folder != folder.absolute():
        raise UsageError("not one submission's folder", where=folder, hint="give TRACK/YYYYMMDD_SLUG")
    tracks = _tracks_of(places)
    return OpenRow(_checked(places, tracks, None, keep=True)[0], tracks, places.root)


def _tracks_of(places: Places) -> Tracks:
    return read_tracks(places.root if places.inside else asset_dir("leaderboards"))


def _checked(
    places: Places, tracks: Tracks, base: Base | None, *, keep: bool, progress: Progress | None = None
) -> list[Row]:
    published = base.rows() if base else {}
    neighbours = {
        folder: read_neighbours(
            folder,
            published=frozenset(name.partition("/")[2] for name in published if name.startswith(f"{folder.name}/")),
        )
        for folder in dict.fromkeys(place.folder.parent for place in places.rows)
    }
    rows = []
    for done, place in enumerate(places.rows, start=1):
        row = read_row(place.folder, place.shown, tracks)
        check_row(row)
        check_media(row, neighbours[place.folder.parent])
        check_tier(row, root=places.root if base else None)
        if not keep:
            row.evidence = None  # memory does not grow with the leaderboard
        rows.append(row)
        if progress:
            progress(done, len(places.rows))
    check_supersedes(rows, base, {folder: {one.name for one in found} for folder, found in neighbours.items()})
    return rows
