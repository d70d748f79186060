"""A split by name or by path, and its identity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rvebench.errors import UnknownNameError, UsageError
from rvebench.records import Sample, digest_of
from rvebench.registry import Registration, Registry
from rvebench.splits.manifest import MANIFEST_NAME, read_manifest

__all__ = ["SPLITS", "Split", "load_split"]

SPLITS: Registry[Callable[[], Path] | Path] = Registry(
    "split",
    [
        Registration(
            name="smoke",
            target="rvebench.splits.shipped:smoke_manifest",
            summary="16 rendered triplets with exact targets, two of each of the eight reasoning types",
        ),
        Registration(
            name="demo",
            target="rvebench.splits.shipped:demo_manifest",
            summary="12 triplets from one shot of Big Buck Bunny, all eight reasoning types, targets made by program",
        ),
        Registration(
            name="mini",
            target="rvebench.splits.shipped:mini_manifest",
            summary="96 rendered triplets with exact targets; first run `rvebench data render mini`",
        ),
        Registration(
            name="literal",
            target="rvebench.splits.shipped:literal_manifest",
            summary="30 rendered basic edits said outright, the control; first run `rvebench data render literal`",
        ),
        Registration(
            name="sim-1k",
            target="rvebench.splits.shipped:sim_1k_manifest",
            summary="1,200 rendered triplets with exact targets; first run `rvebench data render sim-1k`",
        ),
    ],
    group="rvebench.splits",
)
"""Splits by name. A target is the path of a manifest, or a function that returns it."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """The samples of one manifest."""

    name: str
    path: Path
    """The manifest, absolute."""
    samples: tuple[Sample, ...]
    """In the manifest's order; never empty."""

    @cached_property
    def sha256(self) -> str:
        """Identity of the content: sample digests and resampling groups, free of paths and of order.

        It is final once every sample carries its frame hashes (:func:`rvebench.splits.fingerprint_split`).
        """
        return digest_of(sorted([sample.id, sample.digest, sample.group] for sample in self.samples))


def load_split(name_or_path: str) -> Split:
    """Returns a split by the name of a shipped or installed one, or by the path of its manifest or folder.

    A plain word is a name first; write `./word` for a folder of that name. No video is opened, and files that are
    not there are no error here: :func:`rvebench.splits.verify_split` and :func:`rvebench.splits.fingerprint_split`
    name them.

    Raises:
        UnknownNameError: it is neither a known name nor a path that is there; the hint lists the nearest names.
        UsageError: the path is not a manifest.
        DataError: the manifest has faults; all are named.
    """
    if name_or_path in SPLITS:
        target = SPLITS.load(name_or_path)
        return _read(Path(target() if callable(target) else target), name=name_or_path)
    path = Path(name_or_path).expanduser()
    if path.is_dir():
        if not (path / MANIFEST_NAME).is_file():
            raise UsageError(
                f"the folder holds no {MANIFEST_NAME}",
                where=path,
                hint="give a folder with a manifest, or make one with `rvebench data import`",
            )
        return _read(path / MANIFEST_NAME, name=path.resolve().name)
    if path.exists():
        if path.suffix.lower() != ".jsonl":
            raise UsageError("a split is a .jsonl manifest or a folder that holds one", where=path)
        name = path.resolve().parent.name if path.name == MANIFEST_NAME else path.stem
        return _read(path, name=name)
    if path.suffix or len(path.parts) > 1:
        raise UsageError("no such split: the path is not there", where=name_or_path)
    try:
        SPLITS.entry(name_or_path)
    except UnknownNameError as error:
        raise UnknownNameError(
            error.what, hint=f"{error.hint} (or give the path of a folder with {MANIFEST_NAME})"
        ) from None
    raise AssertionError(name_or_path)


def _read(path: Path, *, name: str) -> Split:
    absolute = path.absolute()
    return Split(name=name, path=absolute, samples=read_manifest(absolute))
