"""Splits that are drawn, not filmed: rendered once into the user's cache, in parallel, resumed where they stopped."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rvebench.assets import cache_dir
from rvebench.errors import RveError, StorageError, UsageError
from rvebench.records import Sample
from rvebench.splits.hashing import sample_files
from rvebench.splits.manifest import MANIFEST_NAME, write_split
from rvebench.splits.schema import sample_from_json, sample_to_json
from rvebench.storage import LineLog, LogLine, exclusive_lock, read_lines

if TYPE_CHECKING:
    from rvebench.sim.recipes import Recipe

__all__ = ["RENDER_VERSION", "check_shape", "leashed_pool", "render_split", "rendered_folder", "rendered_manifest"]

RENDER_VERSION = 2
"""Part of the cache folder's name: raised when the same recipe would be drawn otherwise."""

_CRF = 20
_JOURNAL = "rendered.jsonl"


def rendered_folder(name: str, size: tuple[int, int], frames: int) -> Path:
    """Returns the cache folder of one split in one shape."""
    return cache_dir() / "splits" / f"{name}-{size[0]}x{size[1]}x{frames}-v{RENDER_VERSION}"


def rendered_manifest(name: str) -> Path:
    """Returns the manifest of a rendered split in its default shape.

    Raises:
        UsageError: it is not rendered yet.
    """
    from rvebench.sim import FRAMES, SIZE

    path = rendered_folder(name, SIZE, FRAMES) / MANIFEST_NAME
    if not path.is_file():
        raise UsageError(f"the split {name} is not rendered yet", hint=f"run `rvebench data render {name}`")
    return path


def check_shape(size: tuple[int, int], frames: int) -> None:
    """Checks what can be rendered.

    Raises:
        UsageError: the size is odd or out of range, or the length is not 4n + 1.
    """
    width, height = size
    if width % 2 or height % 2 or not (64 <= width <= 832 and 64 <= height <= 832):
        raise UsageError(f"a size of {width}x{height} cannot be rendered", hint="use even sides from 64 to 832")
    if frames < 5 or frames % 4 != 1:
        raise UsageError(f"a length of {frames} frames cannot be rendered", hint="use 4n + 1, at least 5")


def render_split(
    name: str,
    folder: Path,
    *,
    size: tuple[int, int],
    frames: int,
    samples: int | None = None,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Renders what is left of a split and returns its manifest.

    `samples` is for `sim-train`, which can be any length; a longer one goes on where a shorter one ended. A sample is
    recorded when its videos are whole; a second call does only the rest. The manifest is written last.

    Raises:
        UnknownNameError: no rendered split has that name.
        UsageError: the shape cannot be rendered, or the renderer is not installed.
        LockedError: another process renders here.
        StorageError: a file cannot be written; what was rendered is kept.
        RveError: a process that renders died; what was rendered is kept.
    """
    from rvebench.sim.libraries import load_pymunk, load_skia
    from rvebench.sim.recipes import recipes_of

    check_shape(size, frames)
    recipes = recipes_of(name, samples=samples)
    load_skia()
    load_pymunk()
    videos = folder / "videos"
    try:
        videos.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot be made: {error.strerror or error}", where=videos, hint="choose another folder with --out"
        ) from error
    with exclusive_lock(folder / "lock"):
        done = _recorded(folder)
        todo = [recipe for recipe in recipes if recipe.id not in done]
        if progress is not None:
            progress(len(recipes) - len(todo), len(recipes))
        rendered = _rows(todo, folder, size, frames, workers=workers)
        with LineLog(folder / _JOURNAL) as journal, _no_leftovers(videos), closing(rendered) as rows:
            for row in rows:
                journal.append({"sample": row})
                done[row["id"]] = row
                if progress is not None:
                    progress(sum(recipe.id in done for recipe in recipes), len(recipes))
        return _write_manifest(folder, [done[recipe.id] for recipe in recipes])


def _recorded(folder: Path) -> dict[str, dict[str, Any]]:
    """Returns the rows of samples that were rendered and whose videos are all still there, by id."""
    rows = [item.value["sample"] for item in read_lines(folder / _JOURNAL) if isinstance(item, LogLine)]
    return {
        row["id"]: row
        for row in rows
        if all(path.is_file() for path in sample_files(sample_from_json(row, relative_to=folder)).values())
    }


@contextmanager
def _no_leftovers(videos: Path) -> Iterator[None]:
    """Removes half-written videos before and after: those of a process that was killed, then those of our own."""
    _sweep(videos)
    try:
        yield
    finally:
        _sweep(videos)


def _sweep(videos: Path) -> None:
    for path in videos.glob(".*.tmp.mp4"):
        path.unlink(missing_ok=True)


def _rows(
    recipes: Sequence[Recipe], folder: Path, size: tuple[int, int], frames: int, *, workers: int
) -> Generator[dict[str, Any], None, None]:
    """Renders samples in worker processes and yields their rows as they are finished, in any order."""
    with leashed_pool(workers, where=folder) as start:
        for job in as_completed(start(_render, [(recipe, folder, size, frames) for recipe in recipes])):
            yield job.result()


@contextmanager
def leashed_pool(
    workers: int, *, where: Path
) -> Iterator[Callable[[Callable[..., Any], Sequence[tuple[Any, ...]]], list[Future[Any]]]]:
    """Yields a function that starts work in processes: it takes a function and its arguments, once each.

    The workers hang on a leash, a pipe whose other end only this process holds: when it closes, be it because the body
    ends or because the process was killed, they leave at once.

    Args:
        workers: most processes; none is started before there is work.
        where: the folder that is worked on, for errors.

    Raises:
        RveError: a worker was killed.
    """
    context = get_context("spawn")
    leash, hold = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(max_workers=workers, mp_context=context, initializer=_follow, initargs=(leash,))

    def start(function: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Future[Any]]:
        if not arguments:
            return []
        resource_tracker.ensure_running()
        with _ctrl_c_later():
            return [pool.submit(function, *each) for each in arguments]

    try:
        yield start
        pool.shutdown()
    except BrokenProcessPool:
        raise RveError(
            "a process that renders was killed, perhaps for want of memory",
            where=where,
            hint="run the same command again, with fewer --workers: what was rendered is kept",
        ) from None
    finally:
        hold.close()
        pool.shutdown(cancel_futures=True)
        leash.close()


@contextmanager
def _ctrl_c_later() -> Iterator[None]:
    """Holds Ctrl-C back while workers start: one that is given half of what it waits for leaves with a traceback.

    Blocking the signal keeps it from the workers, which inherit the block. It does not keep it from this process, where
    any thread that does not block it may take it and have it raised here; so that is put off as well.
    """
    asked: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, lambda number, _: asked.append(number)) if main else None
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        if before is not None:
            signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt


def _follow(leash: Connection) -> None:
    """Makes a worker leave as soon as the leash is let go; Ctrl-C is for its parent alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def watch() -> None:
        leash.poll(None)
        os._exit(1)

    threading.Thread(target=watch, name="leash", daemon=True).start()


def _write_manifest(folder: Path, rows: Sequence[dict[str, Any]]) -> Path:
    samples = [sample_from_json(row, relative_to=folder) for row in rows]
    path = folder / MANIFEST_NAME
    write_split(samples, path)
    return path


def _render(recipe: Recipe, folder: Path, size: tuple[int, int], frames: int) -> dict[str, Any]:
    """Renders one sample and returns its manifest row; runs in a worker process."""
    import numpy as np

    from rvebench.sim import FPS, change_masks, load_family, render_pictures
    from rvebench.sim.family import rng_of
    from rvebench.sim.render import Role
    from rvebench.sim.texture import grain
    from rvebench.taxonomy import ReasoningType
    from rvebench.video import Frames, fingerprint, read_video, write_video

    family, seed = load_family(recipe.family), recipe.seed
    roles: dict[str, Role] = {"source": "source", "target": "target"}
    if family.states(family.setup(rng_of(recipe.family, seed))).still is not None:
        roles["counterfactual"] = "still"
    clean = {
        name: render_pictures(family, seed, role, size=size, frames=frames, noisy=False) for name, role in roles.items()
    }
    noise = np.stack([grain(seed, index, *size) for index in range(frames)])[..., None]
    clips: dict[str, Frames] = {
        name: np.clip(picture + noise, 0, 255).astype(np.uint8) for name, picture in clean.items()
    }
    if family.reasoning_type is not ReasoningType.CAMERA:
        # Another camera changes every place: its following shots are compared as a whole.
        mask = change_masks(clean.get("counterfactual", clean["source"]), clean["target"])
        clips["mask"] = np.ascontiguousarray(np.repeat(mask[..., None], 3, axis=3))
    paths = {role: folder / "videos" / f"{recipe.id}.{role}.mp4" for role in clips}
    for role, clip in clips.items():
        write_video(paths[role], clip, fps=FPS, crf=_CRF)
    words = family.words(family.setup(rng_of(recipe.family, seed)))
    sample = Sample(
        id=recipe.id,
        subset=family.subset,
        reasoning_type=family.reasoning_type,
        source=paths["source"],
        target=paths["target"],
        mask=paths.get("mask"),
        counterfactual=paths.get("counterfactual"),
        instruction=recipe.instruction,
        literal_instruction=words.literal,
        expected_outcome=words.expected,
        preserve=words.preserve,
        fps=FPS,
        licence="CC0-1.0",
        provenance=f"rendered by rvebench: family {recipe.family}, seed {seed}",
        frames_sha256={role: fingerprint(read_video(path)) for role, path in paths.items()},
    )
    return sample_to_json(sample, relative_to=folder)
