"""Edits of a rendered split's samples that are known to be half right or wrong, for critics to learn from.

A family knows more states of a scene than source and target: `half`, the right change half of the way, and `wrong`, a
change of comparable size that another law brings. They are drawn here for given samples, at fewer frames a second,
because a critic sees few.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from pathlib import Path
from typing import NamedTuple

from rvebench.errors import DataError, StorageError, UsageError
from rvebench.splits.rendered import check_shape, leashed_pool
from rvebench.storage import atomic_write_text, exclusive_lock

__all__ = ["GRADES", "GradedEdit", "read_graded", "render_graded"]

GRADES = {"half": 0.5, "wrong": 0.0}
"""How right an edit that shows the state is: half of the change is half right."""

_LIST = "graded.jsonl"
_CRF = 20


class GradedEdit(NamedTuple):
    """One edit of a sample, and how right it is."""

    sample: str
    """The sample's id."""
    kind: str
    """What sort of edit: `half`, `wrong`, or any word."""
    video: Path
    grade: float
    """0 for wrong, 1 for right."""


def render_graded(
    ids: Sequence[str],
    folder: Path,
    *,
    size: tuple[int, int],
    frames: int,
    every: int,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Draws `half` and `wrong` of each sample that is not drawn yet, and returns the list of all.

    Args:
        ids: of rendered samples, which tell family and seed.
        folder: where `graded.jsonl` and `videos/` go.
        size: width and height of the split.
        frames: length of the split's clips.
        every: draw only every so many-th frame of them.
        workers: processes.
        progress: called with samples done and all.

    Raises:
        UsageError: no id is that of a rendered sample, the shape cannot be drawn, or the renderer is not installed.
        LockedError: another process draws here.
        StorageError: a file cannot be written; what was drawn is kept.
        RveError: a process that draws died; what was drawn is kept.
    """
    from rvebench.sim.libraries import load_pymunk, load_skia
    from rvebench.sim.recipes import family_and_seed

    check_shape(size, frames)
    load_skia()
    load_pymunk()
    known = [one for one in ids if family_and_seed(one) is not None]
    if not known:
        raise UsageError("none of the samples was rendered by rvebench", hint="their ids are FAMILY-SEED")
    videos = folder / "videos"
    try:
        videos.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot be made: {error.strerror or error}", where=videos) from error
    with exclusive_lock(folder / "lock"):
        todo = [one for one in known if not all(_video(videos, one, role).is_file() for role in GRADES)]
        done = len(known) - len(todo)
        if progress is not None:
            progress(done, len(known))
        with leashed_pool(workers, where=folder) as start:
            jobs = start(_draw, [(one, videos, size, frames, every) for one in todo])
            for job in as_completed(jobs):
                job.result()
                done += 1
                if progress is not None:
                    progress(done, len(known))
        rows = [
            {"sample": one, "kind": role, "video": f"videos/{one}.{role}.mp4", "grade": grade}
            for one in known
            for role, grade in GRADES.items()
        ]
        atomic_write_text(folder / _LIST, "".join(json.dumps(row) + "\n" for row in rows))
    return folder / _LIST


def _video(videos: Path, sample: str, role: str) -> Path:
    return videos / f"{sample}.{role}.mp4"


def _draw(sample: str, videos: Path, size: tuple[int, int], frames: int, every: int) -> None:
    """Draws one sample's edits; runs in a worker process."""
    from rvebench.sim import FPS, load_family, render_pictures
    from rvebench.sim.recipes import family_and_seed
    from rvebench.sim.render import Role
    from rvebench.video import write_video

    found = family_and_seed(sample)
    assert found is not None
    name, seed = found
    roles: tuple[Role, ...] = ("half", "wrong")
    for role in roles:
        clip = render_pictures(load_family(name), seed, role, size=size, frames=frames, every=every)
        final = _video(videos, sample, role)
        draft = final.with_name(f".{final.stem}.tmp.mp4")
        write_video(draft, clip, fps=FPS / every, crf=_CRF)
        draft.replace(final)


def read_graded(path: Path) -> tuple[GradedEdit, ...]:
    """Returns the edits that a list names: JSON lines with `sample`, `kind`, `video` (relative to it) and `grade`.

    Raises:
        UsageError: the file is not there.
        DataError: a line is not of that form, or a grade is outside 0..1; the line is named.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror or error}", where=path) from None
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            edit = GradedEdit(
                str(row["sample"]), str(row["kind"]), path.parent / str(row["video"]), float(row["grade"])
            )
        except (ValueError, KeyError, TypeError):
            raise DataError("is not an object with sample, kind, video and grade", where=f"{path}:{number}") from None
        if not 0 <= edit.grade <= 1:
            raise DataError(f"the grade {edit.grade} is outside 0..1", where=f"{path}:{number}")
        found.append(edit)
    return tuple(found)
