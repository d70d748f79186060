"""Muon against torch's own, which takes matrices only."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rvebench.revise.training.muon import Muon

SHAPES = [(24, 24), (48, 16), (16, 48)]


def moved(optimizer: torch.optim.Optimizer, weights: list[nn.Parameter], steps: int) -> list[torch.Tensor]:
    """Returns how far each weight moved over some steps on the same gradients, whichever optimiser takes them."""
    before = [weight.detach().clone() for weight in weights]
    random = torch.Generator().manual_seed(5)
    for _ in range(steps):
        for weight in weights:
            weight.grad = torch.randn(weight.shape, generator=random)
        optimizer.step()
    return [weight.detach() - old for weight, old in zip(weights, before, strict=True)]


@pytest.mark.parametrize(("weight_decay", "steps"), [(0.0, 1), (0.0, 6), (0.1, 6)])
def test_muon_moves_matrices_as_torch_s_does(weight_decay: float, steps: int) -> None:
    """Torch orthogonalises in bfloat16, of 8 bits: the step agrees to two per cent."""
    start = [torch.randn(shape, generator=torch.Generator().manual_seed(3)) for shape in SHAPES]
    ours = [nn.Parameter(weight.clone()) for weight in start]
    theirs = [nn.Parameter(weight.clone()) for weight in start]
    settings = {"lr": 0.02, "momentum": 0.9, "weight_decay": weight_decay}
    one = moved(Muon(ours, **settings), ours, steps)
    two = moved(torch.optim.Muon(theirs, **settings), theirs, steps)
    for mine, other in zip(one, two, strict=True):
        assert (mine - other).norm() < 0.02 * other.norm()
        assert mine.norm() > 0
