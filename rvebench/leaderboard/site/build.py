"""`rvebench leaderboard build`: the pages and their numbers as files. The same leaderboard gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from jinja2 import Template

from rvebench.errors import StorageError, UsageError
from rvebench.leaderboard.site.board import Board, Row, load_boards
from rvebench.leaderboard.site.charts import HEIGHT
from rvebench.leaderboard.site.exports import csv_text, json_text, markdown_text
from rvebench.leaderboard.site.page import SourceView, TrackView, href_of, source_views, track_view
from rvebench.leaderboard.site.ratings import people_of
from rvebench.leaderboard.site.reported import Reported, read_reported
from rvebench.leaderboard.site.submission_page import sample_data, submission_page
from rvebench.pages import Shell, as_ascii, base64_text, environment, inert_json, make_shell
from rvebench.runs.preview import Preview
from rvebench.scoring.words import METRIC_NOTE
from rvebench.storage import atomic_write_text

__all__ = ["INDEX_NAME", "Site", "build_site", "render_index", "render_submission", "write_site"]

INDEX_NAME = "index.html"
PAGES_FOLDER = "submissions"
_MARK = ".rvebench-site"
"""A file in every folder that a site was written to: only such a folder is written over."""

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What was written."""

    index: Path
    tracks: int
    rows: int
    """Submissions, each with a page of its own."""
    size_bytes: int
    """Of all files together."""


def build_site(root: Path, out: Path, *, media: Path | None = None, progress: Progress = lambda _a, _b: None) -> Site:
    """Reads a leaderboard folder and writes its site.

    Args:
        root: the folder of tracks.toml, submissions/, and perhaps reported/, ratings/ and media/.
        out: the folder to write; it is new, empty, or the site of an earlier call, whose stale pages are removed.
        media: where contact sheets and videos lie; by default `media/` in the root.
        progress: told how many rows are read, of how many.

    Raises:
        DataError: something in the leaderboard is damaged or does not belong where it stands.
        UsageError: `out` holds something else than a site.
        StorageError: a file cannot be written.
    """
    boards = load_boards(root, media=media, progress=progress)
    return write_site(boards, read_reported(root), out, root=root)


def write_site(boards: tuple[Board, ...], sources: tuple[Reported, ...], out: Path, *, root: Path) -> Site:
    """Writes the site of boards that were read already; see :func:`build_site`."""
    _make_ready(out)
    tracks = [
        track_view(board, people_of(board, root, {row.id: href_of(board.track, row) for row in board.rows}))
        for board in boards
    ]
    papers = source_views(sources)
    files = {
        INDEX_NAME: _render_index(tracks, papers),
        "data.json": json_text(boards, sources),
        "data.csv": csv_text(boards),
        "LEADERBOARD.md": markdown_text(tracks, papers),
    }
    size = sum(_write(out / name, text) for name, text in files.items())
    wanted = set()
    for board in boards:
        for row in board.rows:
            path = out / href_of(board.track, row)
            wanted.add(path)
            size += _write(path, render_submission(board, row, page_folder=path.parent))
    for stale in set((out / PAGES_FOLDER).glob("*/*.html")) - wanted:
        stale.unlink()
    return Site(
        index=out / INDEX_NAME,
        tracks=len(boards),
        rows=len(wanted),
        size_bytes=size,
    )


def render_index(boards: tuple[Board, ...], sources: tuple[Reported, ...]) -> str:
    """Returns the index page of boards without ratings."""
    return _render_index([track_view(board, None) for board in boards], source_views(sources))


def render_submission(board: Board, row: Row, *, page_folder: Path) -> str:
    """Returns a submission's page, for the folder that it will lie in."""
    sheets = row.media.sheets()
    head = _template("submission.html").render(
        page=submission_page(board, row, sheets),
        shell=_shell("submission"),
        metric_note=METRIC_NOTE,
        samples=inert_json(sample_data(row, sheets, page_folder)),
    )
    parts = [as_ascii(head)]
    for index, sample in enumerate(row.samples):
        sheet = sheets.get(sample.id)
        if isinstance(sheet, Preview):
            parts.append(f'<script type="text/plain" id="media-{index}">{base64_text(sheet.data)}</script>\n')
    parts.append("</body>\n</html>\n")
    return "".join(parts)


def _render_index(tracks: Sequence[TrackView], sources: Sequence[SourceView]) -> str:
    page = _template("index.html").render(tracks=tracks, sources=sources, shell=_shell("index"), height=HEIGHT)
    return as_ascii(page)


def _make_ready(out: Path) -> None:
    try:
        if out.is_dir() and any(out.iterdir()) and not (out / _MARK).is_file():
            raise UsageError("the folder holds something else than a site", where=out, hint="name a new folder")
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot be made: {error.strerror}", where=out) from error
    atomic_write_text(out / _MARK, "Written by rvebench leaderboard build, which may write over this folder.\n")


def _write(path: Path, text: str) -> int:
    # Half a surrogate pair in others' words cannot be written: it becomes a question mark, as in their evidence.
    data = text.encode(errors="replace")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A site is made again from its leaderboard: a page is replaced whole, but need not outlive a power cut.
        fresh = path.with_name(f".{path.name}.tmp")
        fresh.write_bytes(data)
        fresh.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write: {error.strerror}", where=path) from error
    return len(data)


def _read(name: str) -> str:
    return resources.files("rvebench.leaderboard.site").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _template(name: str) -> Template:
    return environment().from_string(_read(name))


@cache
def _shell(kind: str) -> Shell:
    return make_shell([_read("common.css"), _read(f"{kind}.css")], [_read(f"{kind}.js")])
