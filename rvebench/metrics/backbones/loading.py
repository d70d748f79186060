"""From a checkpoint's tensors to a module ready for inference, with nothing guessed.

A module is built on the meta device, so that no random weights are drawn, and then takes the checkpoint's own
tensors: memory-mapped ones stay mapped until they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

from rvebench.errors import DataError

__all__ = ["HEAD_WIDTH", "build", "depth_of", "heads_of", "shape_of", "without_prefix"]

HEAD_WIDTH = 64
"""Channels of one attention head in every published model here; the count of heads is in no checkpoint."""
_LISTED = 8
"""Names that an error shows of each kind of fault."""

M = TypeVar("M", bound=nn.Module)


def shape_of(state: Mapping[str, Tensor], name: str, rank: int, *, model: str) -> tuple[int, ...]:
    """Returns the shape of one tensor of a checkpoint.

    Raises:
        DataError: there is no such tensor, or it has not `rank` axes.
    """
    tensor = state.get(name)
    if tensor is None:
        raise DataError(f"these are not the weights of {model}: there is no tensor {name!r}")
    if tensor.dim() != rank:
        raise DataError(f"these are not the weights of {model}: {name!r} has shape {tuple(tensor.shape)}")
    return tuple(tensor.shape)


def depth_of(state: Mapping[str, Tensor], prefix: str, *, model: str) -> int:
    """Returns how many blocks a checkpoint has: the number after `prefix` counts them from 0.

    Raises:
        DataError: there is none.
    """
    found = {
        part for name in state if name.startswith(prefix) and (part := name[len(prefix) :].split(".")[0]).isdigit()
    }
    if not found:
        raise DataError(f"these are not the weights of {model}: there is no tensor {prefix + '0…'!r}")
    return len(found)


def heads_of(width: int, *, model: str) -> int:
    """Returns the attention heads of a model `width` channels wide.

    Raises:
        DataError: the width is no multiple of a head's 64 channels.
    """
    if width % HEAD_WIDTH:
        raise DataError(f"these are not the weights of {model}: its width, {width}, is no multiple of {HEAD_WIDTH}")
    return width // HEAD_WIDTH


def without_prefix(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Returns the tensors whose name begins with `prefix`, without it."""
    return {name[len(prefix) :]: tensor for name, tensor in state.items() if name.startswith(prefix)}


def build(factory: Callable[[], M], state: Mapping[str, Tensor], *, model: str) -> M:
    """Returns the module that `factory` describes, with the tensors of `state` as its weights, for inference.

    Args:
        factory: builds the module; it is called on the meta device, so it must make parameters only, no buffers.
        state: a tensor for each parameter of the module. Half-precision tensors become float32, others are shared.
        model: what the weights should be, for errors.

    Raises:
        DataError: tensors are missing, left over, of another shape or not floating; the text lists them.
    """
    with torch.device("meta"):
        module = factory()
    expected = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    faults = [
        _listed("missing", (name for name in expected if name not in state)),
        _listed("not part of it", (name for name in state if name not in expected)),
        _listed(
            "of another shape",
            (
                f"{name} is {tuple(state[name].shape)} and not {shape}"
                for name, shape in expected.items()
                if name in state and tuple(state[name].shape) != shape
            ),
        ),
        _listed("not floating", (name for name in expected if name in state and not state[name].is_floating_point())),
    ]
    if any(faults):
        raise DataError(f"these are not the weights of {model}: " + "; ".join(fault for fault in faults if fault))
    module.load_state_dict({name: state[name].float() for name in expected}, strict=True, assign=True)
    module.eval()
    module.requires_grad_(False)
    return module


def _listed(fault: str, names: Iterable[str]) -> str:
    """Returns "2 tensors are missing (a, b)", or nothing when there is none."""
    found = list(names)
    if not found:
        return ""
    shown = ", ".join(found[:_LISTED]) + (", …" if len(found) > _LISTED else "")
    return f"{len(found)} tensor{'s are' if len(found) > 1 else ' is'} {fault} ({shown})"
