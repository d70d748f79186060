"""Physical causality: scales and a row of weights; once they lie on the empty side, the beam tips."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix
from rvebench.sim.families.physical._parts import plant, room, wall_clock, window
from rvebench.sim.families.physical._scales import (
    FOOT,
    SCALES,
    Scales,
    draw_beam,
    draw_support,
    draw_vessel,
    place_of,
)
from rvebench.sim.families.physical._weights import GOODS, MASSES, Goods, draw_goods, draw_weight
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import Stage
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["BalanceTips"]

_TABLE_Y = 188.0
_TILT_DEG: dict[Scales, float] = {"balance": 15.0, "coat-hanger": 14.0, "seesaw": 15.5}
_CALLED: dict[Scales, tuple[str, str, str]] = {
    "balance": ("balance", "dish", "beam"),
    "coat-hanger": ("coat hanger", "basket", "hanger"),
    "seesaw": ("seesaw", "tray", "plank"),
}
"""What the scales are called, what holds the load, and what tips."""
_WALLS = (Rgb.of("#6f8795"), Rgb.of("#94806c"), Rgb.of("#7d7696"), Rgb.of("#7c937f"))
_METALS = (Rgb.of("#d9a93f"), Rgb.of("#c98a55"), Rgb.of("#b9c0c6"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    scales: Scales
    x: float
    side: Literal[-1, 1]
    """On which side the weights belong; the goods lie on the other."""
    goods: Goods
    wall: Rgb
    wood: Rgb
    metal: Rgb
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    loaded: int
    """Weights on their side; the others stand on the table."""
    tilt_deg: float
    """How far the side of the weights hangs down; below 0 the goods are lower."""


class BalanceTips(Family[_Setup, _State]):
    """The heavier side of a balance goes down and lifts the other."""

    name = "balance-tips"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.PHYSICAL_CAUSALITY
    law = "lever"
    parts = ("stand", "beam", "dishes", "weights", "goods", "clock", "plant")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws scales, side, goods, metal and room."""
        side: Literal[-1, 1] = 1 if rng.random() < 0.5 else -1
        return _Setup(
            scales=SCALES[rng.integers(len(SCALES))],
            x=240 + side * float(rng.uniform(-24, -8)),
            side=side,
            goods=GOODS[rng.integers(len(GOODS))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            wood=mix(Rgb.of("#a06f45"), Rgb.of("#6b4634"), float(rng.random())),
            metal=_METALS[rng.integers(len(_METALS))],
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:
        """From the goods being heavier to the weights being heavier; half way both are as heavy."""
        tilt = _TILT_DEG[setup.scales]
        # Wrong: what is laid on changes nothing. A hanging beam has room to tip farther the old way; a plank has none.
        wrong = -tilt if setup.scales == "seesaw" else -1.35 * tilt
        return States(
            source=_State(loaded=0, tilt_deg=-tilt),
            target=_State(loaded=4, tilt_deg=tilt),
            half=_State(loaded=2, tilt_deg=0),
            wrong=_State(loaded=4, tilt_deg=wrong),
        )

    def objects(self, setup: _Setup) -> str:
        """The scales."""
        return setup.scales

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names a direction."""
        called, vessel, beam = _CALLED[setup.scales]
        goods = "sack" if setup.goods == "sack" else f"{setup.goods[:-1]} pile"
        return Words(
            instructions=(
                f"Someone has put every one of the weights from the table into the empty {vessel}.",
                f"The shopkeeper wanted to outweigh the {goods} and used all the metal she had.",
                f"All four weights have found their place on the {called}; show what it does in answer.",
                f"Suppose nothing is left standing on the table top and the free {vessel} has received it all.",
            ),
            train_instructions=(
                f"Use the complete set of weights against the {goods} that is already being weighed.",
                f"Imagine the merchant has finished adding metal to the vacant {vessel}.",
            ),
            literal=f"Move all four weights from the table into the empty {vessel}, tilt the {beam} so that it is "
            f"low there and the {vessel} with the goods is high.",
            expected=f"The four weights lie in the {vessel} that was empty; it is low, the {vessel} with the goods is "
            f"lifted, the {beam} slants the opposite way, and no weight stands on the table.",
            preserve=(
                f"the goods in their {vessel}",
                "what holds the scales",
                "the wall clock",
                "the potted plant",
                "the room",
            ),
        )

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, clock and plant, scales, weights on the table."""
        stage.static("room", lambda: self._room(stage, setup))
        # Between the middle and the wall, away from the weights.
        wall_clock(stage, setup.x - setup.side * 176, 62, clock.time_s, setup.phase, Rgb.of("#8a5a34"))
        plant(stage, setup.x - setup.side * 178, 222, clock.time_s, setup.phase, Rgb.of("#4f7a8c"), size=0.95)
        stage.static("table", lambda: self._table(stage, setup, state))
        # A plank that lies on the table stays there; the others tremble.
        loose = setup.scales != "seesaw" or state.tilt_deg == 0
        tremble = 0.8 * math.sin(clock.time_s * 2.6 + setup.phase) if loose else 0.0
        angle = math.radians(setup.side * (state.tilt_deg + tremble))
        turn_deg = math.degrees(angle)
        if setup.scales != "balance":
            draw_beam(stage, setup.scales, setup.x, setup.metal, turn_deg)
        for side in (-1, 1):
            spot, turned = place_of(setup.scales, setup.x, side, angle)
            sway = 0.0 if setup.scales == "seesaw" else 1.5 * math.sin(clock.time_s * 2.2 + setup.phase + side)
            with stage.moved(*spot, turn_deg=turned + sway):
                self._vessel(stage, setup, state, is_loaded_side=side == setup.side)
        if setup.scales == "balance":
            draw_beam(stage, setup.scales, setup.x, setup.metal, turn_deg)

    def _room(self, stage: Stage, setup: _Setup) -> None:
        room(stage, setup.wall, setup.wood, _TABLE_Y, setup.x)
        window(stage, setup.x + setup.side * 196 - 36, 28, 72, 84, Rgb.of("#a3cbe2"), Rgb.of("#efe8da"))

    def _table(self, stage: Stage, setup: _Setup, state: _State) -> None:
        draw_support(stage, setup.scales, setup.x, setup.metal, setup.side * state.tilt_deg)
        first = 142 if setup.scales == "seesaw" else 132
        for index in range(state.loaded, 4):
            spot = setup.x + setup.side * (first + 30 * index - 4 * index * index / 3)
            draw_weight(stage, spot, FOOT - 2 + 3 * (index % 2), MASSES[index], setup.metal, shadow=True)

    def _vessel(self, stage: Stage, setup: _Setup, state: _State, *, is_loaded_side: bool) -> None:
        def fill(y: float) -> None:
            if is_loaded_side:
                for index, (x, low) in enumerate(((-15.0, 5.0), (14.0, 5.0), (-1.0, 7.0), (29.0, 3.0))[: state.loaded]):
                    draw_weight(stage, x, y + low, MASSES[index], setup.metal)
            else:
                draw_goods(stage, setup.goods, y + 4)

        draw_vessel(stage, setup.scales, setup.metal, fill)
