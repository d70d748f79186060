"""Scenario families of one reasoning type: camera."""

from __future__ import annotations

from rvebench.registry import Registration

__all__ = ["REGISTRATIONS"]

_HERE = "rvebench.sim.families.camera"

REGISTRATIONS: tuple[Registration, ...] = (
    Registration(name="cat-gaze", target=f"{_HERE}.gaze:CatGaze"),
    Registration(name="harbour-focus", target=f"{_HERE}.focus:HarbourFocus"),
    Registration(name="spyglass-view", target=f"{_HERE}.spyglass:SpyglassView"),
    Registration(name="statue-behind", target=f"{_HERE}.statue:StatueBehind"),
    Registration(name="table-above", target=f"{_HERE}.table:TableAbove"),
    Registration(name="train-pan", target=f"{_HERE}.train:TrainPan"),
)
