"""What a file or folder of weights is, without judging it: layout, tensors, dtypes, and what pickles ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rvebench.errors import RveError, UsageError
from rvebench.revise.checkpoints.keys import MIXED_PREFIXES
from rvebench.revise.checkpoints.layout import Layout, find_layout
from rvebench.revise.checkpoints.manifest import find_manifest
from rvebench.revise.checkpoints.tensors import TensorFile, open_tensors
from rvebench.revise.checkpoints.verify import vlm_weights

__all__ = ["FileView", "Inspection", "inspect_path"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """One file, or the shards of one index."""

    path: Path
    size_bytes: int
    part: str
    """The parts it holds, as its place in the layout and its names tell; empty for a file alone."""
    kind: str = ""
    """`safetensors`, `zip`, `pickle`; several where shards differ."""
    tensors: int = 0
    parameters: int = 0
    dtypes: tuple[tuple[str, int], ...] = ()
    """Tensors of each dtype, most first."""
    wrappers: tuple[str, ...] = ()
    """Keys and prefixes around the names."""
    globals: tuple[str, ...] = ()
    """What its pickles want imported."""
    code: tuple[str, ...] = ()
    """Those that are no part of a tensor."""
    problem: str = ""
    """Why it cannot be read."""

    def as_json(self, root: Path) -> dict[str, Any]:
        """Returns the view as JSON values."""
        return {
            "file": self.path.relative_to(root).as_posix() if self.path != root else self.path.name,
            "size_bytes": self.size_bytes,
            "part": self.part or None,
            "kind": self.kind or None,
            "tensors": self.tensors,
            "parameters": self.parameters,
            "dtypes": dict(self.dtypes),
            "wrappers": list(self.wrappers),
            "globals": list(self.globals),
            "code": list(self.code),
            "problem": self.problem or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found at a path."""

    root: Path
    layout: str
    """`file` for a file alone, else the layout's name."""
    base: bool
    """The base model alone."""
    manifest: bool
    files: tuple[FileView, ...]

    def as_json(self) -> dict[str, Any]:
        """Returns the inspection as JSON values."""
        return {
            "path": str(self.root),
            "layout": self.layout,
            "base_model_alone": self.base,
            "manifest": self.manifest,
            "files": [file.as_json(self.root) for file in self.files],
        }


def inspect_path(path: Path) -> Inspection:
    """Returns what a file or a folder of weights is; a file that cannot be read is named, and does not stop the rest.

    Objects of unknown classes in pickles are passed over and named; nothing is run or built but tensors' descriptions.

    Raises:
        UsageError: nothing is there.
        DataError: the folder has no layout that is known.
    """
    if not path.exists():
        raise UsageError("there is no such file or folder", where=path)
    if path.is_file():
        return Inspection(root=path, layout="file", base=False, manifest=False, files=(_view(path, ""),))
    layout = find_layout(path)
    views = tuple(_view(file, part) for file, part in _files(layout))
    return Inspection(
        root=layout.root,
        layout=layout.kind,
        base=layout.is_base,
        manifest=find_manifest(layout.root) is not None,
        files=views,
    )


def _files(layout: Layout) -> Iterator[tuple[Path, str]]:
    parts: dict[Path, list[str]] = {}
    for part, places in layout.parts.items():
        for place in places:
            parts.setdefault(place.path, []).append(part)
    for name in ("special_tokens", "null_context"):
        path = getattr(layout, name)
        if path is not None:
            parts[path] = [name]
    if layout.vlm is not None:
        try:
            found = vlm_weights(layout.vlm)
        except RveError:
            found = []
        for path in found:
            parts[path] = ["vlm"]
    for path, names in parts.items():
        yield path, ", ".join(names)


def _view(path: Path, part: str) -> FileView:
    size = path.stat().st_size
    try:
        file = open_tensors(path, ignore_others=True)
    except RveError as error:
        return FileView(path=path, size_bytes=size, part=part, problem=str(error))
    names = dict.fromkeys(name for listing in file.listings for name in listing.globals)
    code = dict.fromkeys(name for listing in file.listings for name in listing.code)
    return FileView(
        path=path,
        size_bytes=sum(listing.path.stat().st_size for listing in file.listings),
        part=_held(file) if part.count(",") else part,
        kind=", ".join(sorted({listing.kind for listing in file.listings})),
        tensors=len(file.infos),
        parameters=file.parameters,
        dtypes=tuple(Counter(info.dtype for info in file.infos.values()).most_common()),
        wrappers=file.wrappers,
        globals=tuple(names),
        code=tuple(code),
    )


def _held(file: TensorFile) -> str:
    """The parts of the mixed file, with the tensors of each."""
    counts = Counter(
        next((part for part, prefix in MIXED_PREFIXES.items() if name.startswith(prefix)), "no part")
        for name in file.infos
    )
    return ", ".join(f"{part} ({count})" for part, count in counts.items())
