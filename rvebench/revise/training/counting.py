"""What one pass through a network costs with its backward pass, counted on the meta device: operations, kept tensors.

Operations are those of torch's FlopCounterMode: matrix products, convolutions and attention, a multiplication and an
addition as two; attention by its two products, whether or not a kernel skips what causality masks, and twice that on
the way back. Kept are the tensors that autograd saves from the forward for the backward pass, each storage once,
weights left out; attention keeps its inputs and its result, as fused kernels do, and no scores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["Cost", "FusedAttention", "cost_of_stack", "count_cost", "kept_bytes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One pass."""

    forward: int = 0
    """Operations forwards."""
    backward: int = 0
    """Operations backwards; 0 where nothing asks for a gradient."""
    kept: int = 0
    """Bytes that autograd keeps between the two."""

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            forward=self.forward + other.forward, backward=self.backward + other.backward, kept=self.kept + other.kept
        )

    def times(self, count: int) -> Cost:
        """Returns the cost of `count` such passes, all kept at once."""
        return Cost(forward=count * self.forward, backward=count * self.backward, kept=count * self.kept)

    def less(self, other: Cost) -> Cost:
        """Returns what this costs more than another."""
        return self + other.times(-1)


class _Fused(torch.autograd.Function):
    """Keeps what a fused kernel keeps, and computes nothing."""

    @staticmethod
    def forward(ctx: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        # laid out as kernels do, so that joining the heads afterwards copies nothing
        batch, heads, length = query.shape[:3]
        width = value.shape[3]
        out = query.new_empty(batch, length, heads, width).transpose(1, 2)
        sums = query.new_empty(query.shape[:-1], dtype=torch.float32)
        ctx.save_for_backward(query, key, value, out, sums)
        return out

    @staticmethod
    def backward(ctx: Any, *_: Any) -> Any:
        query, key, value, _, _ = ctx.saved_tensors
        return torch.empty_like(query), torch.empty_like(key), torch.empty_like(value)


class FusedAttention(TorchFunctionMode):
    """Stands for a fused attention kernel while tensors are counted: on meta, torch would write the scores out."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = dict(kwargs or {})
        if func is not torch.nn.functional.scaled_dot_product_attention:
            return func(*args, **named)
        query, key, value = (args[i] if i < len(args) else named[n] for i, n in enumerate(("query", "key", "value")))
        return _Fused.apply(query, key, value)


def kept_bytes(call: Callable[[], Any], modules: Sequence[nn.Module]) -> tuple[int, Any]:
    """Returns the bytes that autograd keeps of a call, weights and buffers of `modules` left out, and its result.

    Storages are told apart by identity and held until the end, so that no freed one's place is taken for another.
    """
    own = {t.untyped_storage()._cdata for module in modules for t in (*module.parameters(), *module.buffers())}
    held: dict[int, Any] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            held[storage._cdata] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = call()
    return sum(int(storage.nbytes()) for storage in held.values()), result


def count_cost(call: Callable[[], Any], modules: Sequence[nn.Module]) -> Cost:
    """Returns the cost of a call that gives a tensor, or a list of them.

    Args:
        call: makes its own inputs, on the meta device; what asks for a gradient decides what is counted backwards.
        modules: whose weights are not counted as kept.
    """
    counter = FlopCounterMode(display=False)
    with counter:
        result = call()
        forward = int(counter.get_total_flops())
        outputs = [result] if isinstance(result, torch.Tensor) else list(result)
        outputs = [each for each in outputs if isinstance(each, torch.Tensor) and each.requires_grad]
        if outputs:
            torch.autograd.backward(outputs, [torch.empty_like(each) for each in outputs])
    backward = int(counter.get_total_flops()) - forward
    kept = 0
    if outputs:
        for module in modules:
            module.zero_grad(set_to_none=True)
        with FusedAttention():
            kept = kept_bytes(call, modules)[0]
    return Cost(forward=forward, backward=backward, kept=kept)


def cost_of_stack(count: Callable[[int], Cost], layers: int) -> tuple[Cost, Cost]:
    """Returns the cost of a network of `layers` equal layers, and that of one layer, from counts of one and two.

    Args:
        count: the cost of the same network with so many layers, 1 or 2.
        layers: 1 or more.
    """
    one = count(1)
    layer = count(2).less(one)
    return one + layer.times(layers - 1), layer
