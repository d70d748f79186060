"""A linear layer that takes the faster of torch's two matrix libraries on a CPU.

On x86 torch hands float32 products to MKL, which on processors of another maker falls short of what they can do.
oneDNN, which torch carries too and itself uses for bfloat16 and for convolutions, does not: on one core of an AMD
EPYC of family 25, (337, 768) x (768, 3072) ran at 101 GFLOP/s instead of 86, and a frame of 224 x 398 pixels through
a block of DINO took 54 ms instead of 59. The sums are taken in another order, so that results differ in the last
bits of float32, as they do between machines.
"""

from __future__ import annotations

import platform

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Linear", "has_onednn"]


def has_onednn() -> bool:
    """Returns whether this torch offers oneDNN's linear layer on this machine."""
    x86 = platform.machine().lower() in {"x86_64", "amd64"}
    return x86 and torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


_ONEDNN = has_onednn()


class Linear(nn.Linear):
    """`torch.nn.Linear`, through oneDNN for float32 on an x86 CPU."""

    def forward(self, x: Tensor) -> Tensor:
        """Returns x W^T + b."""
        learns = torch.is_grad_enabled() and (x.requires_grad or self.weight.requires_grad)
        if _ONEDNN and x.device.type == "cpu" and x.dtype == torch.float32 and not learns:  # it knows no gradients
            return torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return F.linear(x, self.weight, self.bias)
