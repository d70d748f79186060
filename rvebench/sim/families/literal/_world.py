"""What a world of the literal edits is: a place with a landmark in its middle, and room for things on its ground."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rvebench.sim.colour import Light, Rgb
from rvebench.sim.family import Clock
from rvebench.sim.stage import Point, Stage

__all__ = ["LANDMARK", "Look", "World"]

LANDMARK: Point = (240.0, 216.0)
"""Where the landmark of every world stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What varies in a world from sample to sample."""

    side: int
    """Where the light comes from: -1 left, 1 right."""
    hour: int
    """Which of the world's three times of day."""
    palette: int
    """0..2: colours of cloth, wood, paint."""
    phase: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A place, as functions that draw it from back to front."""

    landmark: str
    """With its article: "the picnic basket"."""
    ground: str
    """What things stand on, with its article: "the blanket"."""
    keep: tuple[str, ...]
    """What an edit must leave alone."""
    light: Callable[[Look], Light]
    far: Callable[[Stage, Look], None]
    """Draws what stands still behind everything that moves."""
    moving: Callable[[Stage, Look, Clock], None]
    near: Callable[[Stage, Look], None]
    """Draws what stands still before it: the ground and the landmark."""
    before: Callable[[Stage, Look, Clock], None] | None = None
    """Draws what moves in the foreground."""
    shine: Callable[[Look], Rgb] | None = None
    """Colour of a ground that reflects; None when it is dull."""
