"""Scenario families of one reasoning type: spatial."""

from __future__ import annotations

from rvebench.registry import Registration

__all__ = ["REGISTRATIONS"]

_HERE = "rvebench.sim.families.spatial"

REGISTRATIONS: tuple[Registration, ...] = (Registration(name="sun-shadows", target=f"{_HERE}.sun:SunShadows"),)
