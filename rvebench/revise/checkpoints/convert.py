"""From any layout to any: tensor after tensor, into a folder that appears when it is whole.

The new folder is built beside the target as `.NAME.partial`. Each file there is finished before its name appears, and
written down; a conversion that was stopped and is started again with the same source and options goes on after the last
finished file. The target is never written over.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from rvebench.errors import StorageError, UsageError
from rvebench.records import digest_of
from rvebench.revise.checkpoints.folder import CheckpointFolder
from rvebench.revise.checkpoints.manifest import MANIFEST_NAME, FileSum, Manifest
from rvebench.revise.checkpoints.plan import Step, plan_steps
from rvebench.revise.config import ReviseConfig
from rvebench.storage import atomic_write_text, exclusive_lock

__all__ = ["DTYPES", "Converted", "Dtype", "Target", "convert_checkpoint"]

Target = Literal["ours", "diffusers", "official"]
Dtype = Literal["keep", "fp32", "bf16", "fp16"]

DTYPES: Mapping[str, str | None] = {"keep": None, "fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
"""Torch's names; the VAE stays as it is: it decodes in fp32."""

_PROGRESS_NAME = ".convert.json"


class Converted(NamedTuple):
    """What was made."""

    path: Path
    files: Mapping[str, FileSum]
    resumed: int
    """Files that an earlier, stopped conversion had finished."""
    left_out: tuple[str, ...]
    """Files of the source that have no place in the target."""


def convert_checkpoint(
    source: Path,
    target: Path,
    *,
    to: Target,
    dtype: Dtype = "keep",
    sizes: ReviseConfig | None = None,
    ignore_others: bool = False,
    progress: Callable[[str, int], None] | None = None,
) -> Converted:
    """Writes a checkpoint in another layout, with a manifest of sums.

    Args:
        source: a folder in any layout; every part must be there and sound, see :func:`verify_checkpoint`.
        target: the new folder; must not exist.
        to: its layout. `official` is Wan's own layout where the source is the base model alone.
        dtype: of every floating tensor but the VAE's, the VLM's and the context's; `keep` changes none.
        sizes: what the source's sizes must be; default what it declares.
        ignore_others: pass over objects beside the tensors of a pickle instead of refusing the file.
        progress: called with a file's name and the bytes just written to it.

    Raises:
        UsageError: the source is not there, the target is, the base model alone is to become `ours`, or a model of
            another strategy than the released one `official`.
        DataError: a part is missing or wrong, a file is damaged or holds code, or numbers do not fit the dtype.
        StorageError: the target cannot be written.
        LockedError: another process converts to this target.
    """
    if target.exists() or target.is_symlink():
        raise UsageError("this exists, and nothing is written over", where=target, hint="choose another folder")
    folder = CheckpointFolder(source, sizes=sizes, ignore_others=ignore_others)
    layout = folder.layout
    resolved = target.resolve()
    if resolved == layout.root.resolve() or layout.root.resolve() in resolved.parents:
        raise UsageError("the target lies inside the source", where=target, hint="choose another folder")
    if not layout.is_base and to == "official" and folder.config.conditioning.strategy != "revise":
        raise UsageError(
            f"a model of the strategy {folder.config.conditioning.strategy} has no official layout",
            where=layout.root,
            hint="convert it --to ours or diffusers",
        )
    if layout.is_base and to == "ours":
        raise UsageError(
            "this is the base model alone: ReViSE's own parts (visual context adapter, vision head, adapter, special "
            "tokens, VLM) are missing",
            where=layout.root,
            hint="convert it --to diffusers or official, or name a folder of the whole model",
        )
    partial = target.with_name(f".{target.name}.partial")
    lock = target.with_name(f".{target.name}.lock")
    try:
        partial.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot write: {error.strerror}", where=target.parent) from None
    with exclusive_lock(lock):
        try:
            steps, left_out = plan_steps(folder, to, DTYPES[dtype])
            files, resumed = _run(steps, partial, _fingerprint(folder, to, dtype), progress)
            Manifest(files=files, source={"layout": layout.kind, "dtype": dtype}).write(partial)
            (partial / _PROGRESS_NAME).unlink(missing_ok=True)
            _appear(partial, target)
        finally:
            folder.close()
            with contextlib.suppress(OSError):
                lock.unlink()
                partial.rmdir()  # goes only when nothing was written
    return Converted(target, files, resumed, left_out)


def _fingerprint(folder: CheckpointFolder, to: str, dtype: str) -> str:
    """Returns a digest of the options and of the source's files as they are now."""
    root = folder.layout.root
    stamps = [
        (path.relative_to(root).as_posix(), path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file()
    ]
    return digest_of({"to": to, "dtype": dtype, "sizes": folder.config.to_dict(), "files": stamps})


def _run(
    steps: list[Step], partial: Path, fingerprint: str, progress: Callable[[str, int], None] | None
) -> tuple[dict[str, FileSum], int]:
    """Makes the files that are not there yet."""
    record = partial / _PROGRESS_NAME
    done = _done(record, fingerprint, partial)
    resumed = len(done)
    for path in partial.rglob("*"):  # what a killed process left half written
        if path.is_file() and path != record and path.relative_to(partial).as_posix() not in done:
            path.unlink()
    _check_space(partial, [step for step in steps if step.name not in done])
    for step in steps:
        if step.name in done:
            continue
        path = partial / step.name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            done[step.name] = step.write(path, _shown(step.name, progress))
        except OSError as error:
            raise StorageError(
                f"cannot write: {error.strerror or error}",
                where=path,
                hint="free some space and run the same command again: finished files are kept",
            ) from None
        rows = {name: list(entry) for name, entry in done.items()}
        atomic_write_text(record, json.dumps({"fingerprint": fingerprint, "files": rows}))
    return done, resumed


def _check_space(partial: Path, steps: list[Step]) -> None:
    """The largest file counts twice: torch's own format is written from a copy."""
    needed = sum(step.size_bytes for step in steps) + max((step.size_bytes for step in steps), default=0)
    free = shutil.disk_usage(partial).free
    if free < needed:
        raise StorageError(
            f"the disk is too full: {needed / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free",
            where=partial.parent,
            hint="free some space, choose another disk, or a narrower --dtype",
        )


def _shown(name: str, progress: Callable[[str, int], None] | None) -> Callable[[int], None]:
    return lambda count: progress(name, count) if progress is not None else None


def _done(record: Path, fingerprint: str, partial: Path) -> dict[str, FileSum]:
    """Returns the finished files of an earlier try with the same source and options."""
    try:
        kept = json.loads(record.read_text(encoding="utf-8"))
        if kept["fingerprint"] != fingerprint:
            return {}
        rows = {str(name): FileSum(str(sha256), int(size)) for name, (sha256, size) in kept["files"].items()}
        return {name: entry for name, entry in rows.items() if (partial / name).stat().st_size == entry.size_bytes}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _appear(partial: Path, target: Path) -> None:
    try:
        if target.exists():
            raise UsageError("this came to exist meanwhile, and nothing is written over", where=target)
        partial.rename(target)
    except OSError as error:
        raise StorageError(f"cannot write: {error.strerror}", where=target) from None
    assert (target / MANIFEST_NAME).is_file()
