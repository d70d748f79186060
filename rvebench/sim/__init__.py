"""A rendered world in which the right answer is known: scenario families with exact targets and masks."""

from __future__ import annotations

from rvebench.sim.families import FAMILIES, load_family
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.render import FPS, FRAMES, SIZE, change_masks, render_ids, render_pictures

__all__ = [
    "FAMILIES",
    "FPS",
    "FRAMES",
    "SIZE",
    "Clock",
    "Family",
    "States",
    "Words",
    "change_masks",
    "load_family",
    "render_ids",
    "render_pictures",
]
