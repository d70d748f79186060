"""The site's input: each track with its rows, and where every row stands.

The headline that a row carries is compared with its evidence before it is shown, and a row whose judge, formula or
split is not the track's is refused: such rows are never ranked together. `rvebench leaderboard validate` checks the
rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from rvebench.errors import DataError
from rvebench.leaderboard.evidence import SampleScore, per_sample
from rvebench.leaderboard.pins import pin_differences
from rvebench.leaderboard.site.media import MEDIA_FOLDER, Media, find_media
from rvebench.leaderboard.submission import Submission, read_submission
from rvebench.leaderboard.tracks import TrackRules, Tracks, read_tracks
from rvebench.scoring.all_pairs import Scoreboard
from rvebench.scoring.standings import Standing, rank_systems

__all__ = ["Board", "Place", "Row", "load_boards", "rank_rows", "read_rows", "size_words"]

Place = Literal["ranked", "control", "withheld", "replaced"]
"""ranked; a control, which shows the scale's ends; a row without a headline; a row that a newer one replaces."""

SUBMISSIONS = "submissions"
_TRACK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_TOLERANCE = 1e-9
_README_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One submission as the site shows it."""

    submission: Submission
    samples: tuple[SampleScore, ...]
    """In the split's order, those without an edit too."""
    readme: str = ""
    """The authors' own words, Markdown, shown as they are."""
    media: Media = field(default_factory=Media)
    place: Place = "ranked"
    standing: Standing | None = None
    """Among the ranked rows of its track; None for any other row."""

    @property
    def id(self) -> str:
        """Unique in its track."""
        return self.submission.submission_id

    @property
    def name(self) -> str:
        """The model's name."""
        return self.submission.model.name

    @property
    def seconds_per_edit(self) -> float | None:
        """Mean seconds of the edits whose time is recorded, on the submitter's own machine; None without any."""
        times = [sample.wall_s for sample in self.samples if sample.wall_s > 0]
        return sum(times) / len(times) if times else None

    @property
    def usd_per_edit(self) -> float | None:
        """Mean price of the edits that have one; None without any."""
        prices = [sample.edit_usd for sample in self.samples if sample.edit_usd is not None]
        return sum(prices) / len(prices) if prices else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One track with its rows."""

    track: str
    rules: TrackRules
    n_samples: int
    n_sources: int
    rows: tuple[Row, ...]
    """Ranked rows best first, then controls from the highest score, rows without a headline, and replaced ones."""

    @property
    def ranked(self) -> tuple[Row, ...]:
        """The rows that have a standing, best first."""
        return tuple(row for row in self.rows if row.standing is not None)


def load_boards(
    root: Path, *, media: Path | None = None, progress: Callable[[int, int | None], None] = lambda _done, _total: None
) -> tuple[Board, ...]:
    """Returns every track of a leaderboard folder with its rows ranked.

    Args:
        root: the folder of tracks.toml and submissions/.
        media: where contact sheets and videos lie, as `<track>/<submission>/`; by default `media/` in the root.
        progress: told how many rows are read, of how many.

    Raises:
        DataError: a file is damaged, a row stands in another track's folder or carries numbers that its evidence does
            not give.
    """
    tracks = read_tracks(root)
    folders = {name: _folders(root, name) for name in tracks.rules}
    stray = sorted(path.name for path in _children(root / SUBMISSIONS) if path.name not in tracks.rules)
    if stray:
        raise DataError(f"there is no track called {stray[0]!r}", where=root / SUBMISSIONS / stray[0])
    total, done = sum(len(found) for found in folders.values()), 0
    boards = []
    for name in tracks.rules:
        rows = []
        for row in read_rows(tracks, name, folders[name], media or root / MEDIA_FOLDER):
            rows.append(row)
            done += 1
            progress(done, total)
        boards.append(rank_rows(name, tracks, rows))
    return tuple(boards)


def read_rows(tracks: Tracks, track: str, folders: Sequence[Path], media: Path) -> list[Row]:
    """Returns a track's rows, not ranked yet."""
    rules = tracks.get(track)
    rows = []
    for folder in folders:
        _require_no_link(folder)
        submission = read_submission(folder)
        _require_own(submission, rules, track, folder)
        samples = per_sample(folder, tracks=tracks)
        _require_headline(submission, samples, folder)
        rows.append(
            Row(
                submission=submission,
                samples=samples,
                readme=_readme(folder),
                media=find_media(media / track / folder.name, [sample.id for sample in samples]),
            )
        )
    return rows


def size_words(billion: float | None, units: tuple[str, str]) -> str:
    """Returns a number of parameters as `1.3 B` or `7.5 M`, in the words for billions and millions; empty for None."""
    if billion is None:
        return ""
    return f"{billion:g} {units[0]}" if billion >= 1 else f"{billion * 1000:g} {units[1]}"


def rank_rows(track: str, tracks: Tracks, rows: Sequence[Row]) -> Board:
    """Returns the track's board: every row in its place, the ranked ones with their standing."""
    rules = tracks.get(track)
    replaced = {row.submission.supersedes for row in rows}
    placed = [replace(row, place=_place(row, replaced)) for row in rows]
    ranked = [row for row in placed if row.place == "ranked"]
    if ranked:
        found = rank_systems(_scoreboard(ranked), seed=rules.interval_seed)
        ranked = [replace(row, standing=standing) for row, standing in zip(ranked, found, strict=True)]
    ranked.sort(key=lambda row: (row.standing.rank if row.standing else 0, row.name, row.id))
    others = [row for row in placed if row.place != "ranked"]
    order = ("control", "withheld", "replaced")
    others.sort(key=lambda row: (order.index(row.place), -(row.submission.headline or 0.0), row.name, row.id))
    samples = tracks.samples(track).values() if rules.split_sha256 else ()
    return Board(
        track=track,
        rules=rules,
        n_samples=len(samples),
        n_sources=len({sample.cluster for sample in samples}),
        rows=(*ranked, *others),
    )


def _place(row: Row, replaced: set[str | None]) -> Place:
    if row.id in replaced:
        return "replaced"
    if row.submission.model.kind == "control":
        return "control"
    return "ranked" if any(sample.score is not None for sample in row.samples) else "withheld"


def _scoreboard(rows: Sequence[Row]) -> Scoreboard:
    # One order of samples for all, whatever the split's: sums then round alike.
    first = sorted(rows[0].samples, key=lambda sample: sample.id)
    columns = [{sample.id: sample.score for sample in row.samples} for row in rows]
    scores = [[column[sample.id] for sample in first] for column in columns]
    return Scoreboard(
        values_NM=np.array([[0.0 if score is None else score for score in column] for column in scores]).T,
        judged_NM=np.array([[score is not None for score in column] for column in scores]).T,
        clusters=tuple(sample.cluster for sample in first),
    )


def _require_no_link(folder: Path) -> None:
    """A site is published: nothing from outside the leaderboard may get into it."""
    for path in (folder, *folder.iterdir()):
        if path.is_symlink():
            raise DataError("a link to elsewhere is no part of a submission", where=path)


def _require_own(submission: Submission, rules: TrackRules, track: str, folder: Path) -> None:
    hint = "`rvebench leaderboard validate` says all that is wrong with a row"
    if (submission.track, submission.submission_id) != (track, folder.name):
        raise DataError(
            f"the row calls itself {submission.track}/{submission.submission_id}, which is another folder",
            where=folder,
            hint=hint,
        )
    differences = pin_differences(
        rules,
        run=submission.run,
        judge=submission.judge,
        generator=submission.generator,
        formula=(submission.formula, submission.formula_digest),
        interval_seed=submission.interval_seed,
        control=submission.model.kind == "control",
    )
    if differences:
        raise DataError(f"{differences[0].text}: the row cannot stand in this track", where=folder, hint=hint)


def _require_headline(submission: Submission, samples: Sequence[SampleScore], folder: Path) -> None:
    scores = [sample.score for sample in samples if sample.score is not None]
    mean = sum(scores) / len(scores) if scores else None
    told = submission.headline
    if (mean is None) != (told is None) or (mean is not None and told is not None and abs(mean - told) > _TOLERANCE):
        raise DataError(
            f"the row says {told} and its evidence gives {mean}",
            where=folder,
            hint="`rvebench leaderboard validate` says all that is wrong with a row",
        )


def _readme(folder: Path) -> str:
    path = folder / "README.md"
    try:
        text = path.read_bytes()[:_README_BYTES].decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise DataError(f"the file cannot be read: {error.strerror}", where=path) from None
    return text.strip()


def _children(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _folders(root: Path, track: str) -> list[Path]:
    if not _TRACK_NAME.fullmatch(track):
        raise DataError(f"{track!r} is no name for a track: letters, digits, '.', '_' and '-'", where=root)
    return _children(root / SUBMISSIONS / track)
