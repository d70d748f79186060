"""Every random generator of a process, as tensors that a checkpoint can hold."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import torch

from rvebench.revise.training.batch import Draws

__all__ = ["generator_state", "load_generator_state", "seed_generators"]


def seed_generators(seed: int, rank: int) -> None:
    """Seeds what libraries draw from by themselves (dropout, say), another seed for each rank."""
    mixed = (seed * 1_000_003 + 104_729 * rank + 17) % 2**32
    torch.manual_seed(mixed)
    random.seed(mixed)
    np.random.seed(mixed)


def generator_state(draws: Draws) -> dict[str, torch.Tensor]:
    """Returns the states of the training's own generators, and of torch's, Python's and numpy's, as uint8 tensors."""
    host = {"python": random.getstate(), "numpy": np.random.get_state(legacy=False)}
    state = {
        **draws.state(),
        "torch": torch.get_rng_state(),
        "host": torch.frombuffer(bytearray(json.dumps(host, default=_plain).encode()), dtype=torch.uint8),
    }
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def load_generator_state(state: dict[str, torch.Tensor], draws: Draws, *, own: bool) -> None:
    """Sets the generators to what :func:`generator_state` gave.

    Args:
        state: the states.
        draws: the training's own generators.
        own: whether the state is of this rank; of another's, only what all ranks share is taken.
    """
    draws.shared.set_state(state["shared"])
    if not own:
        return
    draws.noise.set_state(state["noise"])
    torch.set_rng_state(state["torch"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
    host = json.loads(bytes(state["host"].tolist()))
    version, words, gauss = host["python"]
    random.setstate((version, tuple(words), gauss))
    numpy_state = host["numpy"]
    numpy_state["state"]["key"] = np.array(numpy_state["state"]["key"], dtype=np.uint32)
    np.random.set_state(numpy_state)


def _plain(value: Any) -> Any:
    return value.tolist()
