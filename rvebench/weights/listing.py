"""What is in a file of tensors, without loading them: names, shapes, dtypes, and what its pickles ask for.

No torch is needed for the files torch writes; safetensors is needed for its own.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from rvebench.errors import DataError, UsageError
from rvebench.weights.archives import kind_of, open_checkpoint
from rvebench.weights.checkpoint import flatten, unwrapped
from rvebench.weights.pickle_names import ITEM_BYTES, Global, is_known

__all__ = ["FileListing", "TensorInfo", "list_tensors"]

_DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "C64": "complex64",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
}


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor's description."""

    dtype: str
    """Torch's name of it: `bfloat16`."""
    shape: tuple[int, ...]

    @property
    def numel(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Of its numbers; a dtype that is not known here counts 1 a number."""
        return self.numel * ITEM_BYTES.get(self.dtype, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileListing:
    """What a file holds."""

    path: Path
    kind: str
    """`safetensors`, `zip` (torch, or TorchScript), or `pickle` (torch before 1.6, or Python's own)."""
    tensors: Mapping[str, TensorInfo]
    """By dotted name, in the file's order."""
    globals: tuple[str, ...] = ()
    """Every name its pickles want imported; none was."""
    unwrapped: tuple[str, ...] = ()
    """The keys that were gone through to the tensors."""

    @property
    def code(self) -> tuple[str, ...]:
        """Those globals that have no meaning in a file of tensors: a file with such is read only on request."""
        split = (dotted.rpartition(".") for dotted in self.globals)
        return tuple(f"{module}.{name}" for module, _, name in split if not is_known(Global(module, name)))


def list_tensors(path: Path, *, unwrap: tuple[str, ...] = (), ignore_others: bool = False) -> FileListing:
    """Returns what is in a .safetensors, .pth, .pt, .bin or .pkl file; see :func:`rvebench.weights.load_tensors`.

    Checksums inside the file are compared; a file of safetensors is checked for its length alone.

    Raises:
        DataError: the file is cut, damaged, or holds code.
        UsageError: safetensors is not installed.
    """
    kind = kind_of(path)
    if kind == "safetensors":
        return FileListing(path=path, kind=kind, tensors=_safetensors(path))
    with open_checkpoint(path, ignore_others=ignore_others) as opened:
        gone: list[str] = []
        root = opened.root
        for key in unwrap:
            inner = unwrapped(root, (key,))
            if inner is not root:
                gone.append(key)
            root = inner
        specs = {name: TensorInfo(spec.dtype, spec.size) for name, spec in flatten(root, path)}
        return FileListing(path=path, kind=kind, tensors=specs, globals=opened.globals, unwrapped=tuple(gone))


def _safetensors(path: Path) -> dict[str, TensorInfo]:
    try:
        library: Any = importlib.import_module("safetensors")
    except ImportError:
        raise UsageError(
            "to read it needs safetensors, not installed here",
            where=path,
            hint="install it with `pip install safetensors`",
        ) from None
    try:
        with library.safe_open(path, framework="np") as file:
            parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - not a dict
            return {
                name: TensorInfo(_DTYPES.get(part.get_dtype(), part.get_dtype()), tuple(part.get_shape()))
                for name, part in parts.items()
            }
    except (library.SafetensorError, OSError, ValueError, KeyError) as error:
        raise DataError(
            f"not a sound safetensors file, or cut short: {error}", where=path, hint="fetch it again"
        ) from None
