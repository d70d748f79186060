"""Linear layers that take the fastest of torch's matrix libraries on a CPU.

On x86 torch hands float32 products to MKL, which on processors of another maker falls short of what they can do.
oneDNN, which torch carries too and itself uses for bfloat16 and for convolutions, does not; it also applies GELU while
a product is still in the cache. In bfloat16 it has to lay the weights out anew for each product, which for a few
hundred tokens takes as long as the product, unless that was done beforehand (:func:`packed`). On one core of an AMD
EPYC of family 25, (337, 768) x (768, 3072): 86 GFLOP/s with MKL, 101 with oneDNN, in bfloat16 86 and laid out 197.
The sums are taken in another order, so that results differ in the last bits, as they do between machines.
"""

from __future__ import annotations

import platform

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Linear", "PackedLinear", "has_onednn", "packed"]


def has_onednn() -> bool:
    """Returns whether this torch offers oneDNN's linear layer on this machine."""
    x86 = platform.machine().lower() in {"x86_64", "amd64"}
    return x86 and torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


_ONEDNN = has_onednn()


class Linear(nn.Linear):
    """`torch.nn.Linear`, through oneDNN for float32 on an x86 CPU."""

    def forward(self, x: Tensor) -> Tensor:
        """Returns x W^T + b."""
        return _onednn(x, self.weight, self.bias) if self._fast(x) else F.linear(x, self.weight, self.bias)

    def gelu(self, x: Tensor) -> Tensor:
        """Returns GELU(x W^T + b), the exact one."""
        if self._fast(x):
            return _onednn(x, self.weight, self.bias, "gelu")
        return F.gelu(F.linear(x, self.weight, self.bias))

    def _fast(self, x: Tensor) -> bool:
        learns = torch.is_grad_enabled() and (x.requires_grad or self.weight.requires_grad)
        return _ONEDNN and x.device.type == "cpu" and x.dtype == torch.float32 and not learns  # it knows no gradients


class PackedLinear(nn.Module):
    """A linear layer for inference in bfloat16 on a CPU, its weights laid out as oneDNN wants them.

    Args:
        linear: the layer, in bfloat16; its weights may be dropped afterwards.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.weight = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach())
        self.bias = None if linear.bias is None else linear.bias.detach()

    def forward(self, x: Tensor) -> Tensor:
        """Returns x W^T + b."""
        return _onednn(x, self.weight, self.bias)

    def gelu(self, x: Tensor) -> Tensor:
        """Returns GELU(x W^T + b), the exact one."""
        return _onednn(x, self.weight, self.bias, "gelu")


def packed(network: nn.Module) -> nn.Module:
    """Lays out a network's linear layers for bfloat16 on a CPU that multiplies in it; returns the network.

    On other machines, and in other precisions, nothing is changed.
    """
    if not (_ONEDNN and torch.ops.mkldnn._is_mkldnn_bf16_supported()):
        return network
    for name, part in network.named_children():
        if isinstance(part, Linear):
            if part.weight.device.type == "cpu" and part.weight.dtype == torch.bfloat16:
                setattr(network, name, PackedLinear(part))
        else:
            packed(part)
    return network


def _onednn(x: Tensor, weight: Tensor, bias: Tensor | None, activation: str = "none") -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, activation, [], "none" if activation == "gelu" else "")
