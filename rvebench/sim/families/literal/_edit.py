"""What all literal edits share: a cast of things in one of three worlds, and how a scene of them is drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.literal._meadow import MEADOW
from rvebench.sim.families.literal._quay import QUAY
from rvebench.sim.families.literal._study import STUDY
from rvebench.sim.families.literal._things import COLOURS, KINDS, THINGS, Kind, stir
from rvebench.sim.families.literal._world import Look, World
from rvebench.sim.family import Clock, Family
from rvebench.sim.stage import Point, Stage, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["Item", "LiteralEdit", "Scene", "Setup", "Spot", "far_from"]

Spot = Literal["far-left", "left", "right", "far-right"]
WorldName = Literal["meadow", "study", "quay"]
_WORLDS: Mapping[WorldName, World] = MappingProxyType({"meadow": MEADOW, "study": STUDY, "quay": QUAY})
_SPOTS: Mapping[Spot, Point] = MappingProxyType(
    {"far-left": (60.0, 240.0), "left": (146.0, 247.0), "right": (334.0, 247.0), "far-right": (420.0, 240.0)}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that stands somewhere."""

    kind: Kind
    tone: Rgb
    x: float
    y: float
    size: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What stands on the ground: a state of every literal edit."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What varies between two samples of a literal edit."""

    world: WorldName
    look: Look
    kinds: tuple[Kind, ...]
    """All kinds of things in the order of their roles; the first is what the edit is about."""
    colours: tuple[str, ...]
    """Names of all colours, likewise."""
    choice: int
    """0..3: which of an edit's variants."""
    jitter: tuple[Point, ...]
    """How far things stand from the middle of the four spots."""

    @property
    def place(self) -> World:
        """The world by its name."""
        return _WORLDS[self.world]

    def at(self, spot: Spot) -> Point:
        """Returns where a thing stands that is put on a spot."""
        (x, y), (dx, dy) = _SPOTS[spot], self.jitter[get_args(Spot).index(spot)]
        return x + dx, y + dy

    def item(self, role: int, spot: Spot, *, colour: str = "", size: float = 1.0) -> Item:
        """Returns the thing of a role on a spot, in the role's colour unless another is named."""
        x, y = self.at(spot)
        return Item(kind=self.kinds[role], tone=COLOURS[colour or self.colours[role]], x=x, y=y, size=size)

    def called(self, role: int, *, plural: bool = False) -> str:
        """Returns the colour and the name of a role's thing: "red lantern"."""
        thing = THINGS[self.kinds[role]]
        return f"{self.colours[role]} {thing.plural if plural else thing.name}"

    @property
    def pair(self) -> tuple[Spot, Spot]:
        """Where a pair of things stands, for edits of two."""
        return ("left", "right") if self.choice % 2 == 0 else ("far-left", "far-right")

    @property
    def others(self) -> tuple[Spot, Spot]:
        """The two spots that the pair leaves."""
        return ("far-left", "far-right") if self.choice % 2 == 0 else ("left", "right")

    @property
    def pair_place(self) -> str:
        """Says where the pair stands."""
        if self.choice % 2 == 0:
            return f"one on each side of {self.place.landmark}"
        return f"one at each end of {self.place.ground}"

    def kept(self, *roles: int) -> tuple[str, ...]:
        """Returns what must stay: the things of these roles, and the world."""
        return (" and ".join(f"the {self.called(role)}" for role in roles), *self.place.keep)


def far_from(names: tuple[str, ...], choice: tuple[str, ...]) -> str:
    """Returns the colour of a choice that is farthest from all of some colours, so that taking it is a plain change."""

    def nearest(other: str) -> float:
        return min(math.dist(COLOURS[name], COLOURS[other]) for name in names)

    return max(choice, key=nearest)


class LiteralEdit(Family[Setup, Scene]):
    """A basic operation on things that stand in a picnic, a study or a harbour."""

    subset = Subset.LITERAL
    reasoning_type = ReasoningType.LITERAL
    parts = (
        *KINDS, "meadow", "tree", "blanket", "basket", "boat", "birds", "butterfly", "bookcase", "table", "books",
        "clock", "cat", "plant", "water", "houses", "quay", "stall", "barrel", "gulls", "pennants",
    )  # fmt: skip

    def setup(self, rng: np.random.Generator) -> Setup:
        """Draws the world, its light and colours, and who plays which role."""
        worlds: tuple[WorldName, ...] = get_args(WorldName)
        return Setup(
            world=worlds[int(rng.integers(len(worlds)))],
            look=Look(
                side=1 if rng.random() < 0.5 else -1,
                hour=int(rng.integers(3)),
                palette=int(rng.integers(3)),
                phase=float(rng.uniform(0, 6.28)),
                seed=int(rng.integers(1 << 20)),
            ),
            kinds=tuple(KINDS[k] for k in rng.permutation(len(KINDS))),
            colours=tuple(list(COLOURS)[k] for k in rng.permutation(len(COLOURS))),
            choice=int(rng.integers(4)),
            jitter=tuple((float(rng.uniform(-5, 5)), float(rng.uniform(-3, 3))) for _ in get_args(Spot)),
        )

    def objects(self, setup: Setup) -> str:
        """The thing that the edit is about."""
        return setup.kinds[0]

    def light(self, setup: Setup, state: Scene, clock: Clock) -> Light:  # noqa: ARG002
        """The world's."""
        return setup.place.light(setup.look)

    def draw(self, stage: Stage, setup: Setup, state: Scene, clock: Clock) -> None:
        """The world from back to front, the things on its ground, and what lives about them."""
        world, look = setup.place, setup.look
        stage.static("far", lambda: world.far(stage, look))
        world.moving(stage, look, clock)
        stage.static("near", lambda: self._near(stage, setup, state))
        for item in state.items:
            with stage.moved(item.x, item.y, scale=item.size):
                stir(stage, item.kind, clock.time_s, look.phase + item.x)
        if world.before is not None:
            world.before(stage, look, clock)

    def _near(self, stage: Stage, setup: Setup, state: Scene) -> None:
        world, look = setup.place, setup.look
        world.near(stage, look)
        things = sorted(state.items, key=lambda item: (item.y, item.x))
        for item in things:
            with stage.moved(item.x, item.y, scale=item.size):
                _shadow(stage, item, None if world.shine is None else world.shine(look))
        for item in things:
            with stage.moved(item.x, item.y, scale=item.size):
                THINGS[item.kind].draw(stage, item.tone, look.side)


def _shadow(stage: Stage, item: Item, ground: Rgb | None) -> None:
    """Draws what a thing does to the ground it stands on: its shadow, and its image where the ground shines."""
    thing = THINGS[item.kind]
    half = thing.width / 2
    if ground is not None:
        image = stage.polygon(
            [(-half, 1), (half, 1), (half * 0.85, thing.height * 0.5), (-half * 0.85, thing.height * 0.5)]
        )
        tone = mix(shade(item.tone, 0.85), ground, 0.15)
        stage.effect(image, linear((0, 0), (0, thing.height * 0.5), tone, ground, alpha=0.3, blur=3.5))
    stage.cast(0, 0, thing.width, thing.height, alpha=0.34, blur=3)
    stage.shadow(stage.oval(0, 0.5, half * 1.1, 4.5), alpha=0.5, blur=2.4)
