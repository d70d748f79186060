"""A scenario family: a small world with a law, in which the right answer to an instruction is known.

A family is pure. Its setup (layout, palette, objects, time of day) is drawn from a seed; its states are scalars and
enums; a frame is a function of setup, state and time. The source shows one state, the target the state that the law
leads to, `half` a state on the way, `wrong` what another law would have done, `still` the target's shot with the
source's outcome.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from rvebench.sim.colour import Light
from rvebench.sim.stage import Camera, Stage
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["Clock", "Family", "States", "Words", "rng_of"]

SetupT = TypeVar("SetupT")
StateT = TypeVar("StateT")


@dataclass(frozen=True, slots=True)
class Clock:
    """The moment that is drawn."""

    index: int
    count: int
    time_s: float

    @property
    def share(self) -> float:
        """0 at the first frame, 1 at the last."""
        return self.index / max(1, self.count - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class States(Generic[StateT]):
    """The states a sample is made of."""

    source: StateT
    target: StateT
    half: StateT
    """On the way from source to target: shows the right change, half of it."""
    wrong: StateT
    """A change of comparable size that another law would bring."""
    still: StateT | None = None
    """The following shot had nothing happened: the target's camera and time, the source's outcome. For ICVG families
    whose target is seen by another camera; None: the source itself shows how things were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The texts of a sample."""

    instructions: tuple[str, ...]
    """At least four paraphrases that imply the outcome and do not name it; for the test splits."""
    train_instructions: tuple[str, ...]
    """At least two others, for training only."""
    literal: str
    expected: str
    preserve: tuple[str, ...]


class Family(ABC, Generic[SetupT, StateT]):
    """One scenario family. Subclasses are stateless."""

    name: str
    """Unique, lower case with hyphens."""
    subset: Subset
    reasoning_type: ReasoningType
    law: str
    """The law at work in one word ("melt"): splits hold out compositions of object and law."""
    parts: tuple[str, ...]
    """Named parts, for id masks."""

    @abstractmethod
    def setup(self, rng: np.random.Generator) -> SetupT:
        """Returns what varies between samples: layout, palette, objects, light."""

    @abstractmethod
    def states(self, setup: SetupT) -> States[StateT]:
        """Returns the states of a sample."""

    @abstractmethod
    def words(self, setup: SetupT) -> Words:
        """Returns the texts of a sample."""

    @abstractmethod
    def objects(self, setup: SetupT) -> str:
        """Returns the main object in one word ("candle"), for held-out compositions."""

    @abstractmethod
    def draw(self, stage: Stage, setup: SetupT, state: StateT, clock: Clock) -> None:
        """Draws one frame, back to front."""

    def light(self, setup: SetupT, state: StateT, clock: Clock) -> Light:  # noqa: ARG002 - for subclasses
        """Returns the light at one moment."""
        return Light()

    def camera(self, setup: SetupT, state: StateT, clock: Clock) -> Camera:  # noqa: ARG002 - for subclasses
        """Returns where the viewer looks at one moment."""
        return Camera()


def rng_of(name: str, seed: int) -> np.random.Generator:
    """Returns the generator that a family's setup is drawn from."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
