"""What the names in torch's pickles mean here: dtypes, storages, "rebuild this tensor". None is imported.

The formats are those of torch's `torch/_utils.py`, `torch/serialization.py` (2.13) and
`torch/csrc/jit/serialization/pickler.cpp`. No torch is needed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "CALLS",
    "ITEM_BYTES",
    "NESTED_STORAGE",
    "OPAQUE",
    "Global",
    "Opaque",
    "ScriptModule",
    "Storage",
    "TensorSpec",
    "is_known",
    "key_of",
    "storage_dtype",
    "whole_number",
]

_MOST_AXES = 64

ITEM_BYTES: Mapping[str, int] = {
    **dict.fromkeys(("bool", "uint8", "int8", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"), 1),
    **dict.fromkeys(("float16", "bfloat16", "int16", "uint16"), 2),
    **dict.fromkeys(("float32", "int32", "uint32"), 4),
    **dict.fromkeys(("float64", "int64", "uint64", "complex64"), 8),
    "complex128": 16,
}
"""Bytes of one number, by torch's name of the dtype."""

_STORAGES = {
    "Float": "float32",
    "Double": "float64",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Byte": "uint8",
    "Char": "int8",
    "Short": "int16",
    "Int": "int32",
    "Long": "int64",
    "Bool": "bool",
    "ComplexFloat": "complex64",
    "ComplexDouble": "complex128",
    "Untyped": "uint8",
}


@dataclass(frozen=True, slots=True)
class Global:
    """A name that the file wants imported; it is not."""

    module: str
    name: str

    @property
    def dotted(self) -> str:
        """`module.name`."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class Storage:
    """A run of numbers that lies elsewhere in the file."""

    key: str
    dtype: str
    numel: int
    start: int = 0
    """The first number, for a view into a storage (files of torch before 0.4)."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """How a tensor is cut out of a storage; `offset` and `stride` count numbers."""

    storage: Storage
    dtype: str
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


class Opaque:
    """Stands for an object of a class that is not known here."""

    __slots__ = ()


class ScriptModule(dict[Any, Any]):
    """The attributes of a TorchScript module."""

    __slots__ = ()


OPAQUE = Opaque()


def _ints(value: object) -> tuple[int, ...]:
    if not isinstance(value, (tuple, list)) or len(value) > _MOST_AXES:
        raise ValueError("a tensor's size is not a short list of numbers")
    return tuple(whole_number(item) for item in value)


def whole_number(value: object) -> int:
    """Returns a number from 0; raises ValueError for anything else."""
    if type(value) is not int or not 0 <= value < 2**62:
        raise ValueError(f"a tensor is described by a {type(value).__name__} where a number from 0 must stand")
    return value


def _dtype_of(value: object) -> str:
    if isinstance(value, Global) and value.module == "torch" and value.name in ITEM_BYTES:
        return value.name
    raise ValueError("a tensor has an unknown dtype")


def storage_dtype(value: object) -> str:
    """Returns the dtype of a storage class such as `torch.FloatStorage`; raises ValueError for anything else."""
    if isinstance(value, Global) and value.module in ("torch", "torch.storage", "torch.cuda"):
        found = _STORAGES.get(value.name.removesuffix("Storage"))
        if found is not None and value.name.endswith("Storage"):
            return found
    raise ValueError("a tensor's numbers are of an unknown kind")


def _plain(metadata: object) -> None:
    if metadata and not (isinstance(metadata, dict) and not any(metadata.values())):
        raise ValueError("a tensor is marked as conjugated or negated, which is not read here")


def _tensor(args: tuple[object, ...]) -> TensorSpec:
    """`_rebuild_tensor(storage, offset, size, stride)` and v2: `…, requires_grad, hooks[, metadata])`."""
    storage = args[0]
    if not isinstance(storage, Storage):
        raise ValueError("a tensor has no storage")
    _plain(args[6] if len(args) > 6 else None)
    return TensorSpec(storage, storage.dtype, whole_number(args[1]), _ints(args[2]), _ints(args[3]))


def _tensor_v3(args: tuple[object, ...]) -> TensorSpec:
    """`_rebuild_tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype[, metadata])`."""
    storage = args[0]
    if not isinstance(storage, Storage):
        raise ValueError("a tensor has no storage")
    _plain(args[7] if len(args) > 7 else None)
    return TensorSpec(storage, _dtype_of(args[6]), whole_number(args[1]), _ints(args[2]), _ints(args[3]))


def _from_type(args: tuple[object, ...]) -> object:
    """`_rebuild_from_type_v2(function, type, args, state)`: a tensor with attributes, which are dropped."""
    function, kind, inner = args[0], args[1], args[2]
    if not isinstance(kind, Global) or kind.dotted not in ("torch.Tensor", "torch.nn.parameter.Parameter"):
        raise ValueError("a tensor is of a class that is not known here")
    if not isinstance(function, Global) or not isinstance(inner, tuple) or "_rebuild_tensor" not in function.name:
        raise ValueError("a tensor is rebuilt in a way that is not known here")
    return CALLS[function.dotted](inner)


def _first(args: tuple[object, ...]) -> object:
    return args[0]


def _ordered(args: tuple[object, ...]) -> dict[object, object]:
    """`OrderedDict()` or `OrderedDict([[key, value], …])`."""
    made: dict[object, object] = {}
    for pair in args[0] if args and isinstance(args[0], list) else ():
        key, value = pair
        made[key_of(key, len(made))] = value
    return made


def _encode(args: tuple[object, ...]) -> bytes:
    text, codec = args
    if not isinstance(text, str) or codec != "latin1":
        raise ValueError("bytes in an unknown encoding")
    return text.encode("latin1")


def _complex(args: tuple[object, ...]) -> complex:
    real, imaginary = args
    if not isinstance(real, float) or not isinstance(imaginary, float):
        raise ValueError("a complex number of other things than numbers")
    return complex(real, imaginary)


def _items(args: tuple[object, ...]) -> object:
    return args[0] if args and isinstance(args[0], (list, tuple)) else []


CALLS: Mapping[str, Callable[[tuple[Any, ...]], object]] = {
    "collections.OrderedDict": _ordered,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_v3,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch.Size": _items,
    "torch.device": _first,
    "torch.jit._pickle.build_intlist": _first,
    "torch.jit._pickle.build_doublelist": _first,
    "torch.jit._pickle.build_boollist": _first,
    "torch.jit._pickle.build_tensorlist": _first,
    "torch.jit._pickle.restore_type_tag": _first,
    "_codecs.encode": _encode,
    **{f"{module}.{name}": _items for module in ("builtins", "__builtin__") for name in ("set", "frozenset", "list")},
    **{f"{module}.complex": _complex for module in ("builtins", "__builtin__")},
    **{f"{module}.bytes": lambda _args: b"" for module in ("builtins", "__builtin__")},
}
"""What a call of each known name means. None of them runs anything of the file."""


NESTED_STORAGE = "torch.storage._load_from_bytes"
"""How Python's own pickler writes a storage: the bytes of a file that torch wrote, inside the pickle."""


def is_known(name: Global) -> bool:
    """Returns whether a global has a meaning here."""
    if (
        name.dotted in CALLS
        or name.dotted == NESTED_STORAGE
        or name.dotted in ("torch.Tensor", "torch.nn.parameter.Parameter")
    ):
        return True
    if name.module == "torch" and name.name in ITEM_BYTES:
        return True
    return name.module.split(".")[0] == "__torch__" or _is_storage(name)


def _is_storage(name: Global) -> bool:
    stem = name.name.removesuffix("Storage")
    return name.module in ("torch", "torch.storage", "torch.cuda") and stem != name.name and stem in _STORAGES


def key_of(value: object, position: int) -> object:
    """Returns a dict's key; what is no plain value gets a name of its own, so that nothing deep is ever hashed."""
    return value if isinstance(value, (str, int, float, bytes, type(None))) else f"<{type(value).__name__} {position}>"
