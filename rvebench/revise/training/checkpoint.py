"""Checkpoints of a training: written beside, whole or not at all, read without a pickle, by any number of ranks.

A checkpoint is a folder `step-00000500/`:

* `tensors/`: weights that are trained, their averages and the optimiser's moments, by torch.distributed.checkpoint in
  its safetensors form, a file or more a rank. DCP's usual form has a pickled index, which is why it is not used. A
  tensor may be loaded by more or fewer ranks than saved it.
* `generators-00000.safetensors`: every generator of a rank.
* `state.json`: counters, configuration, and what the training was made of.
* `manifest.json`: size and sha256 of all the others.

It is made under a hidden name, flushed to the disk, and renamed last. Ranks share the file system.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch.distributed.checkpoint import HuggingFaceStorageReader, HuggingFaceStorageWriter

from rvebench.errors import DataError, StorageError
from rvebench.revise.training.world import World
from rvebench.weights import sha256_of

__all__ = ["CHECKPOINT_VERSION", "CheckpointStore", "SavedStep"]

CHECKPOINT_VERSION = 1

_MANIFEST, _STATE, _TENSORS = "manifest.json", "state.json", "tensors"
_NAME = re.compile(r"step-(\d{8,})")
_FILE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedStep:
    """A checkpoint on disk."""

    path: Path
    step: int
    """Steps done."""
    state: Mapping[str, Any]
    """What :meth:`CheckpointStore.save` was given."""
    files: Mapping[str, tuple[int, str]]
    """Size and sha256 by relative path."""


class CheckpointStore:
    """The checkpoints of one training.

    Args:
        folder: holds them.
        world: the ranks, all of which call every method.
        keep: newest ones that are kept.
        warn: is told, on the first rank, of checkpoints that are damaged.
    """

    def __init__(self, folder: Path, world: World, *, keep: int, warn: Callable[[str], object]) -> None:
        self.folder = folder
        self.world = world
        self.keep = keep
        self._warn = warn

    def save(
        self,
        step: int,
        tensors: Mapping[str, torch.Tensor],
        generators: Mapping[str, torch.Tensor],
        state: Mapping[str, Any],
    ) -> Path:
        """Writes a checkpoint, and then removes those that are too many. A step that is there already is replaced.

        Args:
            step: steps done.
            tensors: by name; sharded ones, and whole ones that are the same on every rank.
            generators: of this rank.
            state: JSON values, the same on every rank.

        Raises:
            StorageError: it cannot be written, on any rank; older ones are untouched.
        """
        final = self.folder / f"step-{step:08d}"
        draft = self.folder / f".{final.name}.tmp"
        try:
            with self._together(final):
                if self.world.first:
                    self.folder.mkdir(parents=True, exist_ok=True)
                    shutil.rmtree(draft, ignore_errors=True)
                    (draft / _TENSORS).mkdir(parents=True)
            with self._together(final):
                self._write_tensors(draft / _TENSORS, tensors)
                save_file(dict(generators), draft / f"generators-{self.world.rank:05d}.safetensors")
                if self.world.first:
                    (draft / _STATE).write_text(json.dumps({"version": CHECKPOINT_VERSION, "step": step, **state}))
            sums: dict[str, tuple[int, str]] = {}
            with self._together(final):
                sums = self._sums(draft)
            every = {name: sum_ for part in self.world.gather(sums) for name, sum_ in part.items()}
            with self._together(final):
                if self.world.first:
                    (draft / _MANIFEST).write_text(json.dumps({"step": step, "files": dict(sorted(every.items()))}))
                    for path in (draft / _MANIFEST, draft / _TENSORS, draft):
                        _sync(path)
                    self._remove(final)
                    draft.rename(final)
                    _sync(self.folder)
        except StorageError:
            if self.world.first:
                shutil.rmtree(draft, ignore_errors=True)
            raise
        if self.world.first:
            for old in self._paths()[self.keep :]:
                self._remove(old)
        self.world.barrier()
        return final

    def newest(self) -> SavedStep | None:
        """Returns the newest whole checkpoint, every file of it read and its sha256 compared; None where there is none.

        Raises:
            DataError: there are checkpoints, and none is whole.
        """
        paths = self.world.gather([str(path) for path in self._paths()])[0]
        for path in map(Path, paths):
            try:
                saved = _read(path)
                problem = self._damage(saved)
            except DataError as error:
                saved, problem = None, error.what
            problems = [each for each in self.world.gather(problem) if each]
            if not problems:
                return saved
            if self.world.first:
                self._warn(f"{path}: this checkpoint is not whole and is passed over: {problems[0]}")
        if paths:
            raise DataError("no checkpoint is whole", where=self.folder, hint="start anew in another folder")
        return None

    def load(self, saved: SavedStep, tensors: Mapping[str, torch.Tensor]) -> None:
        """Fills tensors, sharded or whole, with what a checkpoint holds of their names.

        Raises:
            DataError: it lacks a name, or has it in another shape.
        """
        try:
            with _quiet():
                dcp.load(
                    dict(tensors),
                    storage_reader=HuggingFaceStorageReader(str(saved.path / _TENSORS)),
                    no_dist=self.world.size == 1,
                )
        except (dcp.CheckpointException, RuntimeError, ValueError, SafetensorError) as error:
            raise DataError(f"the checkpoint does not fit: {_first_cause(error)}", where=saved.path) from None

    def generators(self, saved: SavedStep) -> tuple[dict[str, torch.Tensor], bool]:
        """Returns this rank's generators and true, or the first rank's and false where this rank had none then."""
        own = saved.path / f"generators-{self.world.rank:05d}.safetensors"
        if own.is_file():
            return load_file(own), True
        return load_file(saved.path / "generators-00000.safetensors"), False

    def _paths(self) -> list[Path]:
        """Returns the folders with a checkpoint's name, the newest first."""
        if not self.folder.is_dir():
            return []
        found = [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name) and path.is_dir()]
        return sorted(found, key=lambda path: int(path.name[5:]), reverse=True)

    def _write_tensors(self, folder: Path, tensors: Mapping[str, torch.Tensor]) -> None:
        writer = HuggingFaceStorageWriter(str(folder), fqn_to_index_mapping=_spread(tensors), save_distributed=True)
        with _quiet():
            dcp.save(dict(tensors), storage_writer=writer, no_dist=self.world.size == 1)

    def _sums(self, draft: Path) -> dict[str, tuple[int, str]]:
        """Flushes this rank's share of the files, and returns their sizes and hashes."""
        paths = sorted(path for path in draft.rglob("*") if path.is_file())
        sums = {}
        for path in paths[self.world.rank :: self.world.size]:
            _sync(path)
            sums[path.relative_to(draft).as_posix()] = (path.stat().st_size, sha256_of(path))
        return sums

    def _damage(self, saved: SavedStep) -> str | None:
        """Says what is wrong with this rank's share of a checkpoint's files."""
        for name in sorted(saved.files)[self.world.rank :: self.world.size]:
            path, (size, digest) = saved.path / name, saved.files[name]
            if not path.is_file():
                return f"{name} is missing"
            if path.stat().st_size != size or sha256_of(path) != digest:
                return f"{name} is damaged"
        return None

    def _remove(self, path: Path) -> None:
        """Removes a checkpoint, its manifest first, so that a half-removed one is never taken for whole."""
        with contextlib.suppress(OSError):
            (path / _MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(path, ignore_errors=True)

    @contextlib.contextmanager
    def _together(self, where: Path) -> Iterator[None]:
        """Makes a failure of one rank the failure of all."""
        failure = None
        try:
            yield
        except (OSError, StorageError, SafetensorError, dcp.CheckpointException) as error:
            failure = _first_cause(error)
        failures = [each for each in self.world.gather(failure) if each]
        if failures:
            raise StorageError(
                f"the checkpoint cannot be written: {failures[0]}",
                where=where,
                hint="free some space, then run the same command with --resume: older checkpoints are whole",
            )


def _read(path: Path) -> SavedStep:
    try:
        manifest = json.loads((path / _MANIFEST).read_text())
        state = json.loads((path / _STATE).read_text())
        files = {str(name): (int(size), str(digest)) for name, (size, digest) in manifest["files"].items()}
        version, step = state.pop("version"), int(state.pop("step"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"its lists cannot be read ({type(error).__name__})", where=path) from None
    if version != CHECKPOINT_VERSION:
        raise DataError(f"it has version {version}, and this software reads {CHECKPOINT_VERSION}", where=path)
    if any(Path(name).is_absolute() or ".." in Path(name).parts for name in files):
        raise DataError("its manifest names files outside of it", where=path)
    return SavedStep(path=path, step=step, state=state, files=files)


def _spread(tensors: Mapping[str, torch.Tensor]) -> dict[str, int]:
    """Assigns tensors to files of about 1 GiB, since a file is put together in memory."""
    places, held, index = {}, 0, 1
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        if held and held + size > _FILE_BYTES:
            held, index = 0, index + 1
        held += size
        places[name] = index
    return places


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _first_cause(error: BaseException) -> str:
    """Returns the clause that a person needs of an error, also of one that DCP gathered from the ranks."""
    if isinstance(error, dcp.CheckpointException) and error.failures:
        error = next(iter(error.failures.values()))[0]
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())[:300] or type(error).__name__


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps DCP from warning that one process needs no process group."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module="torch.distributed")
        yield
