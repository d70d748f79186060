"""The model: own modules for what is ReViSE's, diffusers' classes for what is Wan's.

Names are imported when asked for, because every module of this package but `context_plan` needs torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rvebench.revise.model.conditioning import Conditioner, SampleInputs, build_conditioner
    from rvebench.revise.model.connector import Connector, build_connector
    from rvebench.revise.model.context import NullContext, Tags
    from rvebench.revise.model.context_plan import ContextOverflowError, ContextPlan, plan_context
    from rvebench.revise.model.dit import Denoiser, build_dit, restore_buffers
    from rvebench.revise.model.vae import VideoVae, build_vae

__all__ = [
    "Conditioner",
    "Connector",
    "ContextOverflowError",
    "ContextPlan",
    "Denoiser",
    "NullContext",
    "SampleInputs",
    "Tags",
    "VideoVae",
    "build_conditioner",
    "build_connector",
    "build_dit",
    "build_vae",
    "plan_context",
    "restore_buffers",
]

_HOMES = {
    "conditioning": ("Conditioner", "SampleInputs", "build_conditioner"),
    "connector": ("Connector", "build_connector"),
    "context": ("NullContext", "Tags"),
    "context_plan": ("ContextOverflowError", "ContextPlan", "plan_context"),
    "dit": ("Denoiser", "build_dit", "restore_buffers"),
    "vae": ("VideoVae", "build_vae"),
}


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
