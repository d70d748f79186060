"""Every scenario family by name, loaded when asked for."""

from __future__ import annotations

from functools import cache
from typing import Any

from rvebench.registry import Registry
from rvebench.sim.families import (
    camera,
    causal,
    commonsense,
    emotional,
    literal,
    physical,
    semantic,
    spatial,
    temporal,
)
from rvebench.sim.family import Family

__all__ = ["FAMILIES", "load_family"]

_ROOMS = (temporal, spatial, physical, semantic, camera, causal, emotional, commonsense, literal)

FAMILIES: Registry[type[Family[Any, Any]]] = Registry(
    "scenario family", [entry for room in _ROOMS for entry in room.REGISTRATIONS], group="rvebench.families"
)


@cache
def load_family(name: str) -> Family[Any, Any]:
    """Returns the family called `name`.

    Raises:
        UnknownNameError: there is none; the hint lists the nearest names.
    """
    return FAMILIES.load(name)()
