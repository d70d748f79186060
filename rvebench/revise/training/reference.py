"""The weights a training began with, to be asked again later: what the divergence of Edit-GRPO is measured from.

Only what is trained is copied, to the CPU, each rank its own share. With LoRA that is the factors alone, whose product
is 0 at the start: asking with the copy is asking the model without its adapter.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import nn

from rvebench.revise.training.sharding import local, reshard

__all__ = ["ReferenceWeights"]


class ReferenceWeights:
    """A copy of a network's trainable weights, made where the object is made.

    A training that is resumed makes it of the starting weights, before it loads its checkpoint.

    Args:
        net: the network, sharded or not; its parameters keep their identity.
    """

    def __init__(self, net: nn.Module) -> None:
        self._net = net
        reshard(self._net)
        self._pairs = [
            (parameter, local(parameter).detach().cpu().clone())
            for parameter in net.parameters()
            if parameter.requires_grad
        ]
        if not self._pairs:
            raise ValueError("nothing of the network is trained yet: make the reference when the loop has readied it")

    @property
    def size_bytes(self) -> int:
        """What the copy takes, on this rank."""
        return sum(copy.numel() * copy.element_size() for _, copy in self._pairs)

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Puts the copy in the network, and afterwards the network's own weights back, to the bit.

        Not to be used between a forward pass and its backward pass.
        """
        with torch.no_grad():
            own = [local(parameter).detach().cpu().clone() for parameter, _ in self._pairs]
            try:
                self._fill([copy for _, copy in self._pairs])
                yield
            finally:
                self._fill(own)

    def _fill(self, weights: list[torch.Tensor]) -> None:
        for (parameter, _), values in zip(self._pairs, weights, strict=True):
            local(parameter).copy_(values)
        # The outermost sharded module keeps its gathered weights after a pass, and would use them again.
        reshard(self._net)
