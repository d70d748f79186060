"""Files of tensors under one roof: published pickles, safetensors and their shards are read, safetensors written.

Reading gives names, shapes and dtypes at once and numbers when they are asked for, mapped from the file. Writing takes
one tensor after another, in pieces, so that memory does not grow with the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rvebench.errors import DataError, StorageError
from rvebench.revise.checkpoints.manifest import FileSum
from rvebench.storage import promote, read_json
from rvebench.weights import FileListing, TensorInfo, list_tensors, load_tensors

if TYPE_CHECKING:
    import torch

__all__ = ["DTYPE_NAMES", "TensorFile", "Written", "open_tensors", "shards_of", "write_safetensors"]

UNWRAP = ("module", "model_state_dict", "state_dict", "module")
"""Keys that training loops put around a state dict: DeepSpeed's `module`, and `model_state_dict` beside epoch and step.
Each is gone through where it is there."""

_PIECE = 2**20
"""Numbers cast and written at a time."""
_FORMAT = {
    "float64": ("F64", 8),
    "float32": ("F32", 4),
    "float16": ("F16", 2),
    "bfloat16": ("BF16", 2),
    "float8_e4m3fn": ("F8_E4M3", 1),
    "float8_e5m2": ("F8_E5M2", 1),
    "complex64": ("C64", 8),
    "int64": ("I64", 8),
    "int32": ("I32", 4),
    "int16": ("I16", 2),
    "int8": ("I8", 1),
    "uint64": ("U64", 8),
    "uint32": ("U32", 4),
    "uint16": ("U16", 2),
    "uint8": ("U8", 1),
    "bool": ("BOOL", 1),
}
"""The format's name of each dtype, and its bytes."""
DTYPE_NAMES = {spelled: name for name, (spelled, _) in _FORMAT.items()}
"""Torch's name of each of the format's dtypes."""
_FLOATS = ("float64", "float32", "float16", "bfloat16")


@dataclass(kw_only=True)
class TensorFile:
    """The tensors of one file, or of all shards that an index names, under their plain names."""

    path: Path
    """The file, or the index."""
    listings: tuple[FileListing, ...]
    infos: Mapping[str, TensorInfo]
    """By plain name: without a `module.` that all names begin with."""
    wrappers: tuple[str, ...] = ()
    """What was taken off: keys gone through, and `module.`."""
    ignore_others: bool = False
    _raw: Mapping[str, tuple[Path, str]] = field(default_factory=dict)
    _held: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def parameters(self) -> int:
        """Numbers in all tensors together."""
        return sum(info.numel for info in self.infos.values())

    def tensor(self, name: str) -> torch.Tensor:
        """Returns one tensor on the CPU, mapped from its file where the file allows it.

        Raises:
            KeyError: there is none of that plain name.
            DataError: the file changed since it was opened.
        """
        path, raw = self._raw[name]
        key = str(path)
        if key not in self._held:
            self._held[key] = load_tensors(path, unwrap=UNWRAP, ignore_others=self.ignore_others)
        try:
            return self._held[key][raw]
        except KeyError:
            raise DataError(f"the tensor {raw} is gone: the file changed while it was open", where=path) from None

    def close(self) -> None:
        """Lets go of the mapped files."""
        self._held.clear()


def shards_of(path: Path) -> tuple[Path, ...]:
    """Returns the files behind a path: itself, or those that a `.index.json` names.

    Raises:
        DataError: the index is no index, names a file outside its folder, or one that is not there.
    """
    if not path.name.endswith(".index.json"):
        return (path,)
    index = read_json(path)
    places = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(places, dict) or not places or not all(isinstance(name, str) for name in places.values()):
        raise DataError("this index names no files of weights", where=path)
    names = sorted(set(places.values()))
    for name in names:
        if Path(name).name != name:
            raise DataError(f"this index names a file outside its folder: {name[:80]!r}", where=path)
        if not (path.parent / name).is_file():
            raise DataError(f"the shard {name} is missing", where=path.parent, hint="finish the download")
    return tuple(path.parent / name for name in names)


def open_tensors(path: Path, *, ignore_others: bool = False) -> TensorFile:
    """Returns what a file of weights, or an index of shards, holds; no number is read.

    Args:
        path: the file.
        ignore_others: pass over objects beside the tensors instead of refusing the file; they are never built.

    Raises:
        DataError: a file is cut, damaged or holds code, a shard is missing, or two shards hold one name.
    """
    listings = tuple(list_tensors(file, unwrap=UNWRAP, ignore_others=ignore_others) for file in shards_of(path))
    raw: dict[str, tuple[Path, str]] = {}
    infos: dict[str, TensorInfo] = {}
    for listing in listings:
        for name, info in listing.tensors.items():
            if name in infos:
                raise DataError(f"two shards hold the tensor {name}", where=path)
            raw[name], infos[name] = (listing.path, name), info
    wrappers = list(dict.fromkeys(key for listing in listings for key in listing.unwrapped))
    while infos and all(name.startswith("module.") for name in infos):
        infos = {name.removeprefix("module."): info for name, info in infos.items()}
        raw = {name.removeprefix("module."): place for name, place in raw.items()}
        wrappers.append("module.")
    return TensorFile(
        path=path,
        listings=listings,
        infos=infos,
        wrappers=tuple(wrappers),
        ignore_others=ignore_others,
        _raw=raw,
    )


class Written(NamedTuple):
    """One tensor to write."""

    name: str
    info: TensorInfo
    """As it is to be in the file; a floating dtype may differ from that of `load`'s result."""
    load: Callable[[], torch.Tensor]


def write_safetensors(
    path: Path,
    tensors: Iterable[Written],
    *,
    metadata: Mapping[str, str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> FileSum:
    """Writes a .safetensors file and returns its sum; the name appears when all of it is on the disk.

    Memory holds one tensor's piece at a time, beside the mapped pages of the sources.

    Args:
        path: its folder is made when absent.
        tensors: any order; the file is ordered as the format wants it, wide dtypes first.
        metadata: goes to the header.
        progress: called with the bytes of each piece as it is written.

    Raises:
        DataError: a source holds NaN or an infinity, a number does not fit the narrower dtype, or the format does not
            have the dtype.
        StorageError: the file cannot be written.
    """
    rows = list(tensors)
    for row in rows:
        if row.info.dtype not in _FORMAT:
            raise DataError(f"{row.name} is {row.info.dtype}, which safetensors does not have", where=path)
    rows.sort(key=lambda row: (-_FORMAT[row.info.dtype][1], row.name))
    header: dict[str, object] = {"__metadata__": {"format": "pt", **(metadata or {})}}
    at = 0
    for row in rows:
        spelled, item_bytes = _FORMAT[row.info.dtype]
        size = row.info.numel * item_bytes
        header[row.name] = {"dtype": spelled, "shape": list(row.info.shape), "data_offsets": [at, at + size]}
        at += size
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    temporary = path.with_name(f".{path.name}.tmp")
    digest = hashlib.sha256()
    written = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            for block in (struct.pack("<Q", len(head)), head):
                digest.update(block)
                written += file.write(block)
            for row in rows:
                for piece in _pieces(row, path):
                    digest.update(piece)
                    written += file.write(piece)
                    if progress is not None:
                        progress(len(piece))
        promote(temporary, path)
    except OSError as error:
        raise StorageError(f"cannot write: {error.strerror or error}", where=path, hint="free some space") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return FileSum(sha256=digest.hexdigest(), size_bytes=written)


def _pieces(row: Written, path: Path) -> Iterable[memoryview]:
    """Yields a tensor's bytes as they are to be in the file."""
    import torch

    source = row.load()
    if tuple(source.shape) != row.info.shape:
        raise DataError(f"{row.name} has the shape {tuple(source.shape)}, not {row.info.shape}", where=path)
    wanted = getattr(torch, row.info.dtype)
    flat = source.detach().contiguous().reshape(-1)
    floating = str(flat.dtype).removeprefix("torch.") in _FLOATS
    for start in range(0, flat.numel(), _PIECE):
        piece = flat[start : start + _PIECE]
        cast = piece.to(wanted)
        if floating:
            ends = torch.stack(piece.aminmax())  # NaN goes through; casting keeps the order
            if not bool(torch.isfinite(ends).all()):
                raise DataError(f"{row.name} holds NaN or an infinity", where=path, hint="these weights cannot be used")
            if not bool(torch.isfinite(ends.to(wanted)).all()):
                raise DataError(
                    f"{row.name} holds numbers that do not fit {row.info.dtype}", where=path, hint="choose bf16 or fp32"
                )
        yield memoryview(cast.view(torch.uint8).numpy()).cast("B")
