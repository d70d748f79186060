"""Checkpoint folders of transformers' models: every tensor comes from the file, or the load fails and says which.

`from_pretrained` on a folder fills what is missing with random numbers and warns; here that is an error. Files that
are pickles go through the reader that builds tensors and nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer
from transformers.utils import logging as transformers_logging

from rvebench.errors import DataError, UsageError
from rvebench.weights import load_tensors

__all__ = [
    "build_model",
    "fingerprint_of",
    "freeze",
    "quiet",
    "read_json",
    "read_tensors",
    "read_tokenizer",
    "sizes_of",
    "softened",
]

_SINGLE = ("model.safetensors", "diffusion_pytorch_model.safetensors", "pytorch_model.bin")
_INDEXES = tuple(f"{name}.index.json" for name in _SINGLE)
_NAMED = 3
_SAMPLED = 256


def read_json(path: Path) -> dict[str, Any]:
    """Returns a JSON object.

    Raises:
        UsageError: the file is not there.
        DataError: it holds something else.
    """
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"there is no {path.name}", where=path.parent, hint="is this the checkpoint's folder?"
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read as JSON: {error}", where=path) from None
    if not isinstance(value, dict):
        raise DataError("is no JSON object", where=path)
    return value


def read_tensors(folder: Path) -> dict[str, torch.Tensor]:
    """Returns every tensor of a checkpoint folder by name, of one file or of all that its index names.

    Raises:
        UsageError: the folder is not there, or holds no weights.
        DataError: a file that the index names is missing, or a file is damaged or holds code.
    """
    if not folder.is_dir():
        raise UsageError("there is no such folder", where=folder)
    for name in _INDEXES:
        if (folder / name).is_file():
            return _read_shards(folder, name)
    for name in _SINGLE:
        if (folder / name).is_file():
            return load_tensors(folder / name)
    raise UsageError("holds no weights", where=folder, hint=f"one of these is looked for: {', '.join(_SINGLE)}")


def _read_shards(folder: Path, index: str) -> dict[str, torch.Tensor]:
    places = read_json(folder / index).get("weight_map")
    if not isinstance(places, dict) or not places:
        raise DataError("names no weights", where=folder / index)
    files = sorted({str(name) for name in places.values()})
    if outside := [name for name in files if Path(name).name != name]:
        raise DataError(f"names a file outside the folder: {outside[0]!r}", where=folder / index)
    if missing := [name for name in files if not (folder / name).is_file()]:
        raise DataError(
            f"{len(missing)} of the {len(files)} files that {index} names are missing, the first {missing[0]}",
            where=folder,
            hint="finish the download",
        )
    tensors: dict[str, torch.Tensor] = {}
    for name in files:
        tensors.update(load_tensors(folder / name))
    return tensors


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps transformers from printing bars and tables of what it loads and saves."""
    level = transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(level)
        if bars:
            transformers_logging.enable_progress_bar()


def build_model(
    kind: Any,
    config: Any,
    tensors: Mapping[str, torch.Tensor],
    *,
    where: Path,
    dtype: torch.dtype,
    ignored: tuple[str, ...] = (),
) -> Any:
    """Returns a model of transformers with exactly these tensors, frozen, in evaluation mode, on the CPU.

    Old and new spellings of the names are understood as far as transformers understands them.

    Args:
        kind: the class.
        config: its configuration.
        tensors: by name.
        where: the folder or file, for errors.
        dtype: of the weights.
        ignored: names that may be there and are not used.

    Raises:
        DataError: a tensor is missing, unexpected or of another shape.
    """
    with quiet():
        model, told = kind.from_pretrained(
            None,
            config=config,
            state_dict=dict(tensors),
            dtype=dtype,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
        )
    faults = {
        "missing": sorted(told["missing_keys"]),
        "unexpected": sorted(name for name in told["unexpected_keys"] if name not in ignored),
        "misshapen": sorted(str(found[0]) for found in told["mismatched_keys"]),
    }
    if problems := [_some(word, names) for word, names in faults.items() if names]:
        raise DataError(f"the weights are not those of {kind.__name__}: {'; '.join(problems)}", where=where)
    return freeze(model)


def _some(word: str, names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{len(names)} {word} ({', '.join(names[:_NAMED])}{more})"


def freeze(model: Any) -> Any:
    """Returns the model in evaluation mode with no parameter that asks for a gradient."""
    return model.requires_grad_(False).eval()


def read_tokenizer(folder: Path) -> Any:
    """Returns the tokenizer of a folder.

    Raises:
        UsageError: there is none.
        DataError: it cannot be read.
    """
    if not folder.is_dir():
        raise UsageError("there is no such folder", where=folder)
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "spiece.model")):
        raise UsageError("holds no tokenizer", where=folder, hint="tokenizer.json or spiece.model is looked for")
    try:
        return AutoTokenizer.from_pretrained(str(folder))
    except Exception as error:  # transformers and tokenizers each have errors of their own for damaged files
        told = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise DataError(f"the tokenizer cannot be read: {told}", where=folder) from None


def softened(text: str, controls: Iterable[str]) -> str:
    """Returns a text in which no control token is spelled any more: a space follows the first letter of each.

    A user's words can then neither end a turn nor pass for a picture.
    """
    for control in sorted(controls, key=len, reverse=True):
        if len(control) > 1 and control in text:
            text = text.replace(control, f"{control[0]} {control[1:]}")
    return text


def sizes_of(config: Any) -> dict[str, Any]:
    """Returns what a configuration of transformers says about the model, without where and by what it was written."""
    return _without(
        config.to_dict(), {"_name_or_path", "architectures", "dtype", "torch_dtype", "transformers_version"}
    )


def _without(value: dict[str, Any], left_out: set[str]) -> dict[str, Any]:
    kept = {name: inner for name, inner in value.items() if name not in left_out}
    return {name: _without(inner, left_out) if isinstance(inner, dict) else inner for name, inner in kept.items()}


def fingerprint_of(settings: Mapping[str, object], modules: Mapping[str, Any]) -> str:
    """Returns 64 hexadecimal digits over settings and weights.

    Of each tensor its name, shape, dtype and up to 256 evenly spread values count, so that full sizes take a second;
    it tells checkpoints apart that anybody trained, and is no protection against forgery.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for part in sorted(modules):
        for name, tensor in sorted(modules[part].state_dict().items()):
            digest.update(f"{part}.{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
            flat = tensor.detach().reshape(-1)
            step = max(1, flat.numel() // _SAMPLED)
            digest.update(flat[::step].cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
