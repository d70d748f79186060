"""Frame hashes of a split's files: computed once a file, kept in the user's cache.

A cached hash is keyed by path, size, modification time and decoder version. The cache is one append-only file; a line
that cannot be understood is skipped, a cache that cannot be written is done without.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rvebench.assets import cache_dir
from rvebench.errors import DataError, RveError
from rvebench.records import Sample, canonical_json
from rvebench.splits.loader import Split
from rvebench.splits.manifest import MOST_SHOWN
from rvebench.splits.schema import SHA256_SHAPE

if TYPE_CHECKING:
    from rvebench.video import Clip

__all__ = ["ROLES", "FrameHashCache", "fingerprint_files", "fingerprint_split", "read_media", "sample_files"]

ROLES = ("source", "target", "mask", "counterfactual")
IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp"})

_CACHE_VERSION = "1"


def sample_files(sample: Sample) -> dict[str, Path]:
    """Returns the files of a sample by role."""
    paths = {role: getattr(sample, role) for role in ROLES}
    return {role: path for role, path in paths.items() if path is not None}


def read_media(path: Path, *, allow_truncated: bool = False, time_limit_s: float = 300.0) -> Clip:
    """Returns the frames of a sample's file: a video, or for masks an image as a clip of one frame.

    Args:
        path: the file.
        allow_truncated: take a video with fewer frames than its container says.
        time_limit_s: wall time for decoding a video.

    Raises:
        VideoError: it cannot be decoded.
    """
    from rvebench.errors import VideoError
    from rvebench.video import Clip, read_video

    if path.suffix.lower() not in IMAGE_SUFFIXES:
        return read_video(path, allow_truncated=allow_truncated, time_limit_s=time_limit_s)
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            frame = np.asarray(image.convert("RGB"), dtype=np.uint8)
    except FileNotFoundError:
        raise VideoError("the file is not there", where=path) from None
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise VideoError(f"not an image: {error}", where=path) from None
    return Clip(frames_THWC=frame[None].copy(), fps=1.0, pts_s=np.zeros(1))


@cache
def _decoder() -> str:
    import av

    return f"{_CACHE_VERSION}/av {av.__version__}"


class FrameHashCache:
    """Hashes of files that were decoded before.

    Args:
        folder: where the cache file lies; by default :func:`rvebench.assets.cache_dir`.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (cache_dir() if folder is None else folder) / "frame-hashes.jsonl"
        self._mutex = threading.Lock()
        self._known = self._read()

    def _read(self) -> dict[str, str]:
        known: dict[str, str] = {}
        try:
            lines = self.path.read_bytes().split(b"\n")
        except OSError:
            return known
        for line in lines:
            try:
                key, sha256 = json.loads(line)
            except (ValueError, TypeError, RecursionError):
                continue
            if isinstance(key, str) and isinstance(sha256, str) and SHA256_SHAPE.fullmatch(sha256):
                known[key] = sha256
        return known

    @staticmethod
    def key(path: Path) -> str:
        """Returns what a file's hash is kept under.

        Raises:
            OSError: the file is not there.
        """
        stat = path.stat()
        return canonical_json([str(path.resolve()), stat.st_size, stat.st_mtime_ns, _decoder()])

    def get(self, key: str) -> str | None:
        """Returns the hash kept under `key`."""
        return self._known.get(key)

    def put(self, key: str, sha256: str) -> None:
        """Keeps a hash; does nothing on the disk when it cannot be written."""
        line = f"\n{canonical_json([key, sha256])}\n".encode()
        with self._mutex:
            self._known[key] = sha256
            with contextlib.suppress(OSError):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                # One write in append mode: lines of processes that work at the same time do not mix.
                with self.path.open("ab", buffering=0) as file:
                    file.write(line)


def fingerprint_files(
    paths: Sequence[Path],
    *,
    progress: Callable[[int, int], None] | None = None,
    workers: int = 2,
    cache: FrameHashCache | None = None,
    allow_truncated: bool = False,
) -> dict[Path, str | RveError]:
    """Returns the frame hash of each file, or why there is none. Each distinct file is decoded once.

    Args:
        paths: the files.
        progress: called with (done, total) after each file.
        workers: threads; decoding leaves the interpreter lock.
        cache: where hashes are kept; a fresh view of the user's by default.
        allow_truncated: hash what there is of a video that ends before its container says; such hashes are not kept.
    """
    cache = FrameHashCache() if cache is None else cache
    todo = list(dict.fromkeys(paths))
    found: dict[Path, str | RveError] = {}
    with ThreadPoolExecutor(max_workers=max(1, workers), thread_name_prefix="fingerprint") as pool:
        jobs = {pool.submit(_hash_one, path, cache, allow_truncated): path for path in todo}
        try:
            for done, job in enumerate(as_completed(jobs), start=1):
                found[jobs[job]] = job.result()
                if progress is not None:
                    progress(done, len(todo))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {path: found[path] for path in todo}


def _hash_one(path: Path, cache: FrameHashCache, allow_truncated: bool) -> str | RveError:
    from rvebench.video import fingerprint

    try:
        key = cache.key(path)
    except OSError as error:
        return DataError(_cannot_open(error), where=path)
    known = cache.get(key)
    if known is not None:
        return known
    try:
        clip = read_media(path, allow_truncated=allow_truncated)
    except RveError as error:
        return error
    sha256 = fingerprint(clip)
    if clip.frames_expected is None:
        cache.put(key, sha256)
    return sha256


def _cannot_open(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "the file is not there"
    return f"the file cannot be opened: {error.strerror or error}"


def fingerprint_split(
    split: Split,
    *,
    progress: Callable[[int, int], None] | None = None,
    workers: int = 2,
    allow_truncated: bool = False,
) -> Split:
    """Returns the split with every frame hash filled in, decoding only files without a declared or cached one.

    Declared hashes are taken at their word (:func:`rvebench.splits.verify_split` checks them); their files must be
    there all the same.

    Raises:
        DataError: files are missing or cannot be decoded; all are named, the first :data:`MOST_SHOWN` in full.
    """
    wanted = [
        path
        for sample in split.samples
        for role, path in sample_files(sample).items()
        if role not in sample.frames_sha256
    ]
    hashes = (
        fingerprint_files(wanted, progress=progress, workers=workers, allow_truncated=allow_truncated) if wanted else {}
    )
    faults: dict[Path, str] = {path: str(found) for path, found in hashes.items() if isinstance(found, RveError)}
    for sample in split.samples:
        for path in sample_files(sample).values():
            if path not in hashes and not path.is_file():
                faults.setdefault(path, f"{path}: the file is not there (sample {sample.id})")
    if faults:
        raise file_error(split.path, list(faults.values()))
    samples = []
    for sample in split.samples:
        filled = dict(sample.frames_sha256)
        for role, path in sample_files(sample).items():
            if role not in filled:
                found = hashes[path]
                assert isinstance(found, str)
                filled[role] = found
        samples.append(replace(sample, frames_sha256=filled) if filled != sample.frames_sha256 else sample)
    return replace(split, samples=tuple(samples))


def file_error(where: Path, faults: Sequence[str]) -> DataError:
    """Returns one error for all the files that cannot be used."""
    hint = "`rvebench data verify` names every problem of a split"
    if len(faults) == 1:
        return DataError(faults[0], hint=hint)
    shown = [f"  {text}" for text in faults[:MOST_SHOWN]]
    if len(faults) > MOST_SHOWN:
        shown.append(f"  and {len(faults) - MOST_SHOWN} more")
    return DataError("\n".join([f"{len(faults)} files cannot be used", *shown]), where=where, hint=hint)
