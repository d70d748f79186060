"""The ReViSE core: the model, its inference, and the officially released weights.

Importing this package imports nothing heavy: torch, diffusers and transformers come with the modules that need them,
and configurations (:mod:`rvebench.revise.config`) need none of the three. `editors/revise.py` and `cli/` are the only
doors into this room.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rvebench.revise.conditions import Conditions, GuidedConditions
    from rvebench.revise.config import ReviseConfig, Size, preset

__all__ = ["Conditions", "GuidedConditions", "ReviseConfig", "Size", "preset"]

_HOMES = {
    "Conditions": "rvebench.revise.conditions",
    "GuidedConditions": "rvebench.revise.conditions",
    "ReviseConfig": "rvebench.revise.config",
    "Size": "rvebench.revise.config",
    "preset": "rvebench.revise.config",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
