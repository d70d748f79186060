"""Published checkpoints become safetensors once, in the project's own folder, and are mapped from then on."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from rvebench.errors import DataError, StorageError
from rvebench.storage import atomic_write_text, promote
from rvebench.weights.catalogue import known_file
from rvebench.weights.checkpoint import import_torch, load_tensors
from rvebench.weights.store import WeightPath, WeightStore, sha256_of

if TYPE_CHECKING:
    import torch

__all__ = ["converted_path", "load_weights"]

_VERSION = 1


def converted_path(store: WeightStore, sha256: str) -> Path:
    """Returns where the converted copy of a file lies, or would lie."""
    return store.root / "converted" / f"{sha256}.safetensors"


def load_weights(
    name: str, store: WeightStore | None = None, *, found: WeightPath | None = None
) -> dict[str, torch.Tensor]:
    """Returns the tensors of a catalogue's file by their published names, on the CPU, in the published dtypes.

    The first call converts the file; later ones, of any process, map the converted copy, which costs next to no time
    and shares its pages. Where the copy cannot be kept (a full disk, a folder that may not be written) the published
    file is read each time: the tensors are the same.

    Args:
        name: the file's name in the catalogue.
        store: where it is looked for; default the user's.
        found: what `store.find(name)` returned, when it was called before.

    Raises:
        UnknownNameError: no record has that name.
        MissingWeightsError: the file is in no known place.
        DataError: its content is not the right one, or it holds code.
        UsageError: torch or safetensors is not installed.
    """
    store = store or WeightStore()
    file = known_file(name, store.files)
    import_torch(name)
    found = found or store.find(name)
    if found.path.suffix == ".safetensors" and not file.unwrap:
        return load_tensors(found.path)
    record = {"version": _VERSION, "source_sha256": found.sha256, "name": name, "unwrap": list(file.unwrap)}
    path = converted_path(store, found.sha256)
    if not _is_current(path, record):
        try:
            with store.locked(f"{found.sha256}.convert"):
                if not _is_current(path, record):
                    tensors = load_tensors(found.path, unwrap=file.unwrap, ignore_others=file.only_tensors)
                    _write(path, tensors, record)
        except StorageError:
            return load_tensors(found.path, unwrap=file.unwrap, ignore_others=file.only_tensors)
    return load_tensors(path)


def _is_current(path: Path, record: dict[str, object]) -> bool:
    """Returns whether the copy is there, whole as it was written, and of this record."""
    try:
        kept = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        stat = path.stat()
    except (OSError, ValueError):
        return False
    if not isinstance(kept, dict) or any(kept.get(key) != value for key, value in record.items()):
        return False
    return (kept.get("size_bytes"), kept.get("mtime_ns")) == (stat.st_size, stat.st_mtime_ns)


def verify_converted(store: WeightStore, sha256: str) -> bool | None:
    """Returns whether the converted copy still has the sum it was written with; None when there is none.

    A damaged copy is removed: it is made again when it is needed.
    """
    path = converted_path(store, sha256)
    try:
        kept = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        sound = isinstance(kept, dict) and kept.get("sha256") == sha256_of(path)
    except (OSError, ValueError, DataError):
        return None
    if not sound:
        path.unlink(missing_ok=True)
    return sound


def _write(path: Path, tensors: dict[str, torch.Tensor], record: dict[str, object]) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for stale in path.parent.glob(f".{path.name}.*.tmp"):  # of a process that was killed; the lock is held
            stale.unlink()
        save_file(_separate(tensors), temporary, metadata={"format": "pt", **_texts(record)})
        digest = sha256_of(temporary)
        promote(temporary, path)
        stat = path.stat()
        kept = {**record, "sha256": digest, "size_bytes": stat.st_size, "mtime_ns": stat.st_mtime_ns}
        atomic_write_text(path.with_suffix(".json"), json.dumps(kept))
    except (OSError, SafetensorError, KeyError, ValueError) as error:  # the last two: a dtype the format does not have
        raise StorageError(f"cannot write: {error}", where=path) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _texts(record: dict[str, object]) -> dict[str, str]:
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in record.items()}


def _separate(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Returns tensors that are contiguous and share no storage, as the format wants them."""
    taken: set[int] = set()
    apart = {}
    for name, tensor in tensors.items():
        storage = tensor.untyped_storage()
        owns = storage.nbytes() == tensor.numel() * tensor.element_size()
        if not (tensor.is_contiguous() and owns and storage.data_ptr() not in taken):
            tensor = tensor.contiguous().clone()
        taken.add(tensor.untyped_storage().data_ptr())
        apart[name] = tensor
    return apart
