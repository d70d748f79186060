"""Writes one file of a converted checkpoint, whole or not at all, and returns its sum."""

from __future__ import annotations

import contextlib
import hashlib
import json
import pickle
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rvebench.errors import StorageError
from rvebench.revise.checkpoints.manifest import FileSum
from rvebench.revise.checkpoints.tensors import DTYPE_NAMES, Written, write_safetensors
from rvebench.storage import atomic_write_bytes, promote
from rvebench.weights import sha256_of

if TYPE_CHECKING:
    import torch

__all__ = ["copy_file", "write_pickle", "write_text", "write_torch"]

_CHUNK = 4 * 2**20
_LISTS = ("text_emb",)


def write_text(path: Path, text: str) -> FileSum:
    """Writes a text.

    Raises:
        StorageError: it cannot be written.
    """
    data = text.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write_bytes(path, data)
    return FileSum(hashlib.sha256(data).hexdigest(), len(data))


def copy_file(source: Path, path: Path, progress: Callable[[int], None] | None = None) -> FileSum:
    """Copies a file.

    Raises:
        StorageError: it cannot be read or written.
    """
    digest = hashlib.sha256()
    size = 0
    with _new(path) as temporary, source.open("rb") as read, temporary.open("wb") as write:
        while chunk := read.read(_CHUNK):
            write.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            if progress is not None:
                progress(len(chunk))
    return FileSum(digest.hexdigest(), size)


def write_torch(
    path: Path, rows: Iterable[Written], *, around: str = "", progress: Callable[[int], None] | None = None
) -> FileSum:
    """Writes a file as `torch.save` does: a dict of tensors, behind the key `around` if one is given.

    The tensors are first written as safetensors beside it and mapped from there, so that memory does not grow with the
    file; the disk needs room for both for a while.

    Raises:
        DataError: a source holds NaN or an infinity, or a number does not fit the narrower dtype.
        StorageError: the file cannot be written.
    """
    import torch

    listed = list(rows)
    staging = path.with_name(f".{path.name}.safetensors")
    try:
        write_safetensors(staging, listed, progress=progress)
        mapped = _mapped(staging)
        state = {row.name: mapped[row.name] for row in listed}
        with _new(path) as temporary:
            torch.save(
                {around: state, "epoch": 0, "step": 0}
                if around == "model_state_dict"
                else {around: state}
                if around
                else state,
                temporary,
            )
        del mapped, state
    except RuntimeError as error:  # torch's own writer reports a full disk so
        raise StorageError(f"cannot write: {str(error).splitlines()[0][:200]}", where=path) from None
    finally:
        with contextlib.suppress(OSError):
            staging.unlink(missing_ok=True)
    return FileSum(sha256_of(path), path.stat().st_size)


def _mapped(path: Path) -> dict[str, torch.Tensor]:
    """Returns the tensors of a file that :func:`write_safetensors` wrote, each with a storage of its own."""
    import torch

    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header: Mapping[str, Any] = json.loads(file.read(length))
    whole = torch.UntypedStorage.from_file(str(path), False, path.stat().st_size)
    tensors = {}
    for name, row in header.items():
        if name == "__metadata__":
            continue
        start, end = (8 + length + offset for offset in row["data_offsets"])
        dtype = getattr(torch, DTYPE_NAMES[row["dtype"]])
        tensors[name] = torch.empty(0, dtype=dtype).set_(whole[start:end], 0, tuple(row["shape"]))
    return tensors


def write_pickle(path: Path, rows: Iterable[Written]) -> FileSum:
    """Writes a few small tensors as the released code reads its context: a pickled dict, `text_emb` a list of one.

    Raises:
        StorageError: the file cannot be written.
    """
    found = {row.name: row.load().clone() for row in rows}
    value = {name: [tensor] if name in _LISTS else tensor for name, tensor in found.items()}
    data = pickle.dumps(value)
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write_bytes(path, data)
    return FileSum(hashlib.sha256(data).hexdigest(), len(data))


@contextmanager
def _new(path: Path) -> Iterator[Path]:
    """Yields a name beside `path` to write to; what is there at the end gets the name, durably."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        promote(temporary, path)
    except OSError as error:
        raise StorageError(f"cannot write: {error.strerror or error}", where=path, hint="free some space") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
