"""Tensors out of a file, and never anything else: no code of the file runs, whoever made it.

Torch's own `torch.load(weights_only=True)` is not used: it cannot read TorchScript archives, unpacks compressed
members without a bound, and its list of allowed globals grows with what other libraries register. The reader here
knows only tensors (see :mod:`rvebench.weights.pickles`), and what both can read comes out equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rvebench.errors import DataError, UsageError
from rvebench.weights.archives import Checkpoint, Span, kind_of, open_checkpoint
from rvebench.weights.pickle_names import ITEM_BYTES, TensorSpec

if TYPE_CHECKING:
    import torch

__all__ = ["flatten", "import_torch", "iter_globals", "load_tensors", "load_values", "unwrapped"]

_MOST_DEPTH = 64
_MOST_TENSORS = 1_000_000
_FREE_BYTES = 64 * 2**20
_MOST_REPEAT = 4


def import_torch(what: str) -> Any:
    """Returns torch.

    Raises:
        UsageError: it, or safetensors, is not installed.
    """
    try:
        import safetensors  # noqa: F401
        import torch
    except ImportError as error:
        raise UsageError(
            f"to load weights needs {error.name or 'torch'}, not installed here",
            where=what,
            hint='install it with `pip install "rvebench[metrics]"`',
        ) from None
    return torch


def iter_globals(path: Path) -> Iterator[str]:
    """Yields each dotted name that the file's pickles want imported, once, in order; nothing is imported.

    Raises:
        DataError: the file cannot be read.
    """
    if kind_of(path) == "safetensors":
        return
    with open_checkpoint(path, ignore_others=True) as opened:
        yield from opened.globals


def load_tensors(path: Path, *, unwrap: tuple[str, ...] = (), ignore_others: bool = False) -> dict[str, torch.Tensor]:
    """Returns the tensors of a .safetensors, .pth, .pt or TorchScript file by dotted name, on the CPU.

    The format is told by the file's bytes, not by its name. Storages are mapped, not read: pages come in as they are
    used. The tensors need no gradients; writing to them does not change the file.

    Args:
        path: the file.
        unwrap: keys to go through, each where it is there: `("state_dict",)` for `{"state_dict": {…}, "epoch": 3}`.
        ignore_others: pass over objects of unknown classes (a saved configuration, an optimizer) instead of refusing
            the file. They are never built; tensors inside them are not found.

    Raises:
        DataError: the file is cut, damaged, big-endian, holds code, or holds no tensor.
        UsageError: torch or safetensors is not installed.
    """
    torch = import_torch(str(path))
    if kind_of(path) == "safetensors":
        tensors = _load_safetensors(path)
        for key in unwrap:
            inner = {
                name.removeprefix(f"{key}."): value for name, value in tensors.items() if name.startswith(f"{key}.")
            }
            tensors = inner or tensors
    else:
        with open_checkpoint(path, ignore_others=ignore_others) as opened:
            specs = dict(flatten(unwrapped(opened.root, unwrap), path))
            tensors = _build(torch, path, opened, specs)
    if not tensors:
        raise DataError("the file holds no tensor", where=path)
    return tensors


def load_values(path: Path) -> Any:
    """Returns the value that torch or Python pickled into a file: numbers, texts, lists, tuples, dicts and tensors.

    As with :func:`load_tensors` nothing of the file runs, and tensors are mapped where they can be.

    Raises:
        DataError: the file is cut, damaged, big-endian, holds code, or is no pickle.
        UsageError: torch is not installed.
    """
    torch = import_torch(str(path))
    if kind_of(path) == "safetensors":
        raise DataError("a safetensors file, where a pickle of torch is expected", where=path)
    with open_checkpoint(path) as opened:
        tensors = _build(torch, path, opened, dict(flatten(opened.root, path)))
        return _filled(opened.root, tensors, "")


def _filled(value: object, tensors: Mapping[str, Any], name: str) -> Any:
    """Returns the value with each description of a tensor, named as :func:`flatten` names it, made the tensor."""
    if isinstance(value, TensorSpec):
        return tensors[name or "tensor"]
    if isinstance(value, dict):
        return {key: _filled(item, tensors, f"{name}.{key}" if name else str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(
            _filled(item, tensors, f"{name}.{index}" if name else str(index)) for index, item in enumerate(value)
        )
    return value


def _load_safetensors(path: Path) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(path))
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise DataError(f"not a sound safetensors file: {error}", where=path) from None


def unwrapped(root: object, unwrap: tuple[str, ...]) -> object:
    """Returns what lies behind the keys, each gone through where it is there."""
    for key in unwrap:
        if isinstance(root, dict) and isinstance(root.get(key), dict):
            root = root[key]
    return root


def flatten(root: object, path: Path) -> Iterator[tuple[str, TensorSpec]]:
    """Yields the tensors of nested dicts and lists by dotted name.

    Raises:
        DataError: two have one name, or the nesting has no end.
    """
    seen: set[str] = set()
    visits = 0
    stack: list[tuple[str, object, int]] = [("", root, 0)]
    while stack:
        name, value, depth = stack.pop()
        visits += 1
        if depth > _MOST_DEPTH or visits > _MOST_TENSORS:
            raise DataError("its values are nested too deeply, or in a circle", where=path)
        if isinstance(value, TensorSpec):
            if name in seen:
                raise DataError(f"two tensors have the name {name[:200]!r}", where=path)
            seen.add(name)
            yield name or "tensor", value
        elif isinstance(value, (dict, list, tuple)):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            children = [(f"{name}.{key}" if name else str(key), item, depth + 1) for key, item in items if _nests(item)]
            stack.extend(reversed(children))


def _nests(value: object) -> bool:
    return isinstance(value, (dict, list, tuple, TensorSpec))


def _build(torch: Any, path: Path, opened: Checkpoint, specs: Mapping[str, TensorSpec]) -> dict[str, Any]:
    size = path.stat().st_size
    whole = torch.UntypedStorage.from_file(str(path), False, size)
    held: dict[str, Any] = {}
    tensors = {}
    for name, spec in specs.items():
        storage = spec.storage
        span = opened.spans[storage.key]
        _check_bounds(path, name, spec, span, size)
        dtype = getattr(torch, spec.dtype, None)
        if dtype is None:
            raise DataError(f"{name} is of the dtype {spec.dtype}, which this torch does not have", where=path)
        if storage.key not in held:
            held[storage.key] = _bytes_of(torch, whole, span, opened)
        first = spec.offset + storage.start * ITEM_BYTES[storage.dtype] // ITEM_BYTES[spec.dtype]
        tensors[name] = torch.empty(0, dtype=dtype).set_(held[storage.key], first, spec.size, spec.stride)
    return tensors


def _bytes_of(torch: Any, whole: Any, span: Span, opened: Checkpoint) -> Any:
    """Returns an untyped storage: mapped where it is aligned for every dtype, else a copy."""
    if not span.size_bytes:
        return torch.UntypedStorage(0)
    if span.data is None and span.start % 16 == 0:
        return whole[span.start : span.start + span.size_bytes]
    data = span.data if span.data is not None else opened.mapped[span.start : span.start + span.size_bytes]
    return torch.frombuffer(bytearray(data), dtype=torch.uint8).untyped_storage()


def _check_bounds(path: Path, name: str, spec: TensorSpec, span: Span, file_bytes: int) -> None:
    """Every number of the tensor must lie in its storage, and the whole not be many times the file."""
    item = ITEM_BYTES[spec.dtype]
    base = spec.storage.start * ITEM_BYTES[spec.storage.dtype]
    limit = base + spec.storage.numel * ITEM_BYTES[spec.storage.dtype]
    if len(spec.size) != len(spec.stride) or limit > span.size_bytes or base % item:
        raise DataError(f"the tensor {name[:200]!r} does not fit its storage", where=path)
    count = 1
    last = spec.offset
    for length, step in zip(spec.size, spec.stride, strict=True):
        count *= length
        last += (length - 1) * step
    if count and base + (last + 1) * item > limit:
        raise DataError(f"the tensor {name[:200]!r} reaches beyond its storage", where=path)
    if count * item > _FREE_BYTES + _MOST_REPEAT * max(file_bytes, span.size_bytes):
        raise DataError(f"the tensor {name[:200]!r} would be many times larger than its file", where=path)
