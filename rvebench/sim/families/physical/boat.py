"""Physical causality: crates wait on a quay beside a vessel; with them aboard, it rides lower."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.physical._hulls import CRATE, HULLS, Hull, draw_crate, draw_hull, hull_colour
from rvebench.sim.families.physical._parts import clouds
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["BoatLoaded"]

_SEA_Y = 118.0
_WATER = 196.0
"""Where the water meets the hull."""
_QUAY_Y = 186.0
_SCALE = 0.92
_DROP = 3.5
"""How much deeper each crate presses the hull."""
_CREWS = {
    "freighter": ("freighter", "captain", "red lower paint and white waterline"),
    "raft": ("raft", "raftsman", "row of barrels"),
    "sailing-boat": ("sailing boat", "skipper", "green lower paint and white waterline"),
}
"""What a hull is called, who commands it, and what of it the water hides in the end."""
_SKIES = (
    (Rgb.of("#6fb2de"), Rgb.of("#e4f0ee"), Rgb.of("#4d94a8"), Rgb.of("#1f5870"), Rgb.of("#ffffff")),
    (Rgb.of("#6c7fb4"), Rgb.of("#ffd6a0"), Rgb.of("#c99a80"), Rgb.of("#3a4f74"), Rgb.of("#ffe6cc")),
    (Rgb.of("#8fa6b6"), Rgb.of("#dfe6e6"), Rgb.of("#7b9aa0"), Rgb.of("#34525e"), Rgb.of("#f0f4f4")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    hull: Hull
    mirrored: bool
    sky: int
    paint: int
    crates: int
    tint: int
    boat_x: float
    hills: float
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    aboard: int
    """Crates on the deck; the others stand on the quay."""
    sunk: float
    """Logical pixels by which the hull is deeper than when empty; below 0 it is higher."""


class BoatLoaded(Family[_Setup, _State]):
    """A hull sinks by the weight it takes aboard; what was just above the water goes out of sight."""

    name = "boat-loaded"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.PHYSICAL_CAUSALITY
    law = "buoyancy"
    parts = ("boat", "crates", "quay", "lighthouse", "gulls", "buoy")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the vessel, the side of the quay, the weather and the colours."""
        return _Setup(
            hull=HULLS[rng.integers(len(HULLS))],
            mirrored=bool(rng.random() < 0.5),
            sky=int(rng.integers(len(_SKIES))),
            paint=int(rng.integers(4)),
            crates=int(rng.integers(6, 8)),
            tint=int(rng.integers(5)),
            boat_x=float(rng.uniform(318, 328)),
            hills=float(rng.uniform(0, 6.28)),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:
        """From all on the quay to all aboard."""
        half = setup.crates // 2
        return States(
            source=_State(aboard=0, sunk=0),
            target=_State(aboard=setup.crates, sunk=_DROP * setup.crates),
            half=_State(aboard=half, sunk=_DROP * half),
            wrong=_State(aboard=setup.crates, sunk=-_DROP * 0.6 * setup.crates),
        )

    def objects(self, setup: _Setup) -> str:
        """The vessel."""
        return setup.hull

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names how deep the vessel lies."""
        called, master, hidden = _CREWS[setup.hull]
        return Words(
            instructions=(
                f"The dock workers have finished their shift and the {called} is ready to leave with everything.",
                "Show the harbour once the whole cargo has changed places.",
                f"All of those heavy crates are meant for the island, and the {called} will take them; picture "
                "the moment before departure.",
                f"What does the {called} look like after taking on its full freight?",
            ),
            train_instructions=(
                f"Load up, {master}: nothing may be left behind on the quay.",
                f"Imagine the stevedores have brought the {called} all that it is to carry today.",
            ),
            literal=f"Stack all crates on the {called}, clear the quay, and let the {called} lie much deeper in the "
            f"water, which hides its {hidden}.",
            expected=f"All crates stand on the {called} and none on the quay; it lies clearly deeper, and the water "
            f"hides its {hidden}.",
            preserve=("the quay and its bollards", "the lighthouse", "the gulls", "the buoy", "the sea and the sky"),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """From the upper left."""
        return Light(azimuth=-0.4, elevation=0.75)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Sky, coast, sea, boat, quay."""
        stage.static("back", lambda: self._flipped(stage, setup, lambda: self._back(stage, setup, state)))
        self._flipped(stage, setup, lambda: self._moving(stage, setup, state, clock))
        stage.static("quay", lambda: self._flipped(stage, setup, lambda: self._quay(stage, setup, state)))

    def _flipped(self, stage: Stage, setup: _Setup, draw: Callable[[], None]) -> None:
        # Each layer is flipped as it is drawn: pasting an unflipped layer is several times faster.
        with stage.moved(WIDTH if setup.mirrored else 0, scale=-1 if setup.mirrored else 1, scale_y=1):
            draw()

    def _back(self, stage: Stage, setup: _Setup, state: _State) -> None:
        _, _, sea, deep, white = _SKIES[setup.sky]
        self._sky(stage, setup)
        clouds(stage, setup.phase, 40, white)
        self._coast(stage, setup)
        self._sea(stage, sea, deep)
        self._reflection(stage, setup, state, deep)

    def _moving(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        _, low, sea, _, white = _SKIES[setup.sky]
        self._gulls(stage, setup, clock)
        self._waves(stage, clock, _SEA_Y + 8, _WATER - 8, 26, mix(sea, white, 0.6))
        self._buoy(stage, clock, setup)
        bob = 1.5 * math.sin(clock.time_s * 2.1 + setup.phase)
        tilt = 0.7 * math.sin(clock.time_s * 1.6 + setup.phase + 1)
        air = stage.rect(-80, -80, WIDTH + 160, _WATER + 80)
        with stage.clipped(air), stage.moved(setup.boat_x, _WATER + state.sunk + bob, turn_deg=tilt, scale=_SCALE):
            draw_hull(stage, setup.hull, setup.paint, setup.tint, state.aboard)
        foam = [
            (setup.boat_x + 142 * _SCALE * (k / 6 - 1), _WATER + 0.9 * math.sin(clock.time_s * 4 + k))
            for k in range(13)
        ]
        stage.effect(stage.curve(foam), flat(mix(low, white, 0.7), alpha=0.75), line=2.4)
        self._waves(stage, clock, _WATER + 8, HEIGHT, 22, mix(sea, white, 0.5))

    def _sky(self, stage: Stage, setup: _Setup) -> None:
        top, low, *_ = _SKIES[setup.sky]
        stage.paint(stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128), linear((0, 0), (0, _SEA_Y), top, low))
        stage.glow(320, 76, 130, Rgb(255, 230, 180), alpha=0.22)

    def _coast(self, stage: Stage, setup: _Setup) -> None:
        _, low, sea, _, _ = _SKIES[setup.sky]
        for step in range(2):
            ridge = [
                (-70 + 62 * k, _SEA_Y - 15 + 10 * step - 11 * math.sin(k * 1.3 + setup.hills + step)) for k in range(11)
            ]
            land = stage.curve([*ridge, (620, 200), (-120, 200)], closed=True)
            stage.paint(land, flat(mix(mix(Rgb.of("#5f7f6a"), low, 0.6 - 0.3 * step), sea, 0.2)))
        x, foot = 92.0, _SEA_Y + 2
        stage.paint(stage.oval(x, foot + 4, 40, 13), flat(Rgb.of("#6f6a62")), part="lighthouse")
        for k in range(5):
            up, down = foot - 8 - 11 * (k + 1), foot - 8 - 11 * k
            wide = 8 - 0.7 * k
            band = stage.polygon([(x - wide, down), (x + wide, down), (x + wide - 0.7, up), (x - wide + 0.7, up)])
            paint = Rgb.of("#d2483c") if k % 2 else Rgb.of("#f6f0e4")
            stage.paint(band, linear((x - 8, 0), (x + 8, 0), paint, shade(paint, 0.65)), part="lighthouse")
        stage.paint(stage.rect(x - 7, foot - 66, 14, 3), flat(Rgb.of("#3a3f48")), part="lighthouse")
        stage.paint(stage.rect(x - 4, foot - 76, 8, 10), flat(Rgb.of("#ffe9a0")), part="lighthouse")
        roof = stage.polygon([(x - 6, foot - 75), (x + 6, foot - 75), (x, foot - 84)])
        stage.paint(roof, flat(Rgb.of("#b83c32")), part="lighthouse")

    def _gulls(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        for k in range(3):
            x = (setup.phase * 70 + k * 130 + clock.time_s * 26) % 560 - 40
            y = 34 + 20 * k + 5 * math.sin(clock.time_s * 1.4 + k)
            flap = 5 * math.sin(clock.time_s * 8 + k * 2)
            wings = stage.curve(
                [(x - 11, y - 3 - flap), (x - 5, y - 4), (x, y), (x + 5, y - 4), (x + 11, y - 3 - flap)]
            )
            stage.paint(wings, flat(Rgb.of("#f8f8f4")), part="gulls", line=2.4)
            stage.effect(stage.oval(x + 1, y + 0.5, 3, 1.6), flat(Rgb.of("#7a828a")))

    def _sea(self, stage: Stage, sea: Rgb, deep: Rgb) -> None:
        area = stage.rect(-64, _SEA_Y, WIDTH + 128, 240)
        stage.paint(area, linear((0, _SEA_Y), (0, HEIGHT), mix(sea, Rgb(255, 255, 255), 0.35), sea, deep))
        stage.textured(area, "wood", strength=0.05, seed=3)

    def _waves(self, stage: Stage, clock: Clock, start: float, end: float, count: int, colour: Rgb) -> None:
        for k in range(count):
            share = (k + 0.5) / count
            y = start + (end - start) * share
            near = (y - _SEA_Y) / 150
            x = (k * 173 + clock.time_s * (8 + 14 * near)) % 620 - 70
            length = 8 + 24 * near
            lift = 1.2 * math.sin(clock.time_s * 3 + k)
            crest = stage.curve([(x - length, y + 1), (x, y - 1.4 + lift), (x + length, y + 1)])
            stage.effect(
                crest, flat(colour, alpha=0.35 + 0.3 * math.sin(clock.time_s * 2 + k) ** 2), line=0.8 + 1.2 * near
            )

    def _buoy(self, stage: Stage, clock: Clock, setup: _Setup) -> None:
        y = 144 + 1.6 * math.sin(clock.time_s * 2.6 + setup.phase)
        stage.effect(stage.oval(152, 146, 15, 3), flat(Rgb(10, 40, 60), alpha=0.4, blur=1.5))
        with stage.moved(152, y, turn_deg=6 * math.sin(clock.time_s * 2.2 + setup.phase)):
            body = stage.polygon([(-8, 1), (8, 1), (3, -18), (-3, -18)])
            stage.paint(body, linear((-8, 0), (8, 0), Rgb.of("#ff9a3c"), Rgb.of("#c2541c")), part="buoy")
            stage.paint(stage.rect(-6.5, -8, 13, 4), flat(Rgb.of("#fff6e6")), part="buoy")
            stage.paint(stage.oval(0, -21, 3), flat(Rgb.of("#ffe58a")), part="buoy")

    def _reflection(self, stage: Stage, setup: _Setup, state: _State, deep: Rgb) -> None:
        depth = max(16.0, 52 - state.sunk)
        hull = mix(hull_colour(setup.hull, setup.paint), deep, 0.45)
        x = setup.boat_x
        shape = stage.polygon(
            [(x - 127, _WATER - 2), (x + 123, _WATER - 2), (x + 110, _WATER + depth), (x - 112, _WATER + depth)]
        )
        stage.effect(shape, linear((0, _WATER), (0, _WATER + depth), shade(hull, 0.6), deep, alpha=0.55, blur=4))

    def _quay(self, stage: Stage, setup: _Setup, state: _State) -> None:
        stone = Rgb.of("#9a9388")
        end = 166.0
        stage.effect(stage.rect(-64, _QUAY_Y + 40, end + 76, 60), flat(Rgb(8, 30, 44), alpha=0.35, blur=6))
        front = stage.rect(-64, _QUAY_Y + 16, end + 64, 120)
        stage.paint(front, linear((0, _QUAY_Y + 16), (0, HEIGHT), shade(stone, 0.78), shade(stone, 0.42)), part="quay")
        stage.textured(front, "stone", strength=0.22, seed=2)
        for row in range(4):
            stage.effect(stage.rect(-64, _QUAY_Y + 34 + 18 * row, end + 64, 1.4), flat(Rgb(40, 36, 32), alpha=0.5))
            for k in range(7):
                seam = stage.rect(-50 + 34 * k + 17 * (row % 2), _QUAY_Y + 17 + 18 * row, 1.3, 17)
                stage.effect(seam, flat(Rgb(40, 36, 32), alpha=0.45))
        top = stage.polygon([(-64, _QUAY_Y - 12), (end - 14, _QUAY_Y - 12), (end, _QUAY_Y + 16), (-64, _QUAY_Y + 16)])
        stage.paint(
            top, linear((0, _QUAY_Y - 12), (0, _QUAY_Y + 16), shade(stone, 1.1), shade(stone, 1.28)), part="quay"
        )
        stage.textured(top, "stone", strength=0.14, seed=5)
        stage.effect(
            stage.polygon([(-64, _QUAY_Y + 16), (end, _QUAY_Y + 16)], closed=False),
            flat(Rgb(255, 250, 236), alpha=0.5),
            line=1.6,
        )
        left = setup.crates - state.aboard
        if left:
            stage.shadow(stage.rect(16, _QUAY_Y - 2, 28.0 * min(left, 4) + 8, 8, radius=4), alpha=0.5, blur=3)
        for k in range(left):
            row, place = (0, k) if k < 4 else (1, k - 4)
            draw_crate(
                stage, 31 + 26.5 * place + 13.5 * row, _QUAY_Y + 3 - CRATE * row, setup.tint + 2 * (state.aboard + k)
            )
        for x in (146.0,):
            stage.shadow(stage.oval(x + 4, _QUAY_Y + 8, 12, 3.5), alpha=0.5, blur=2)
            post = stage.rect(x - 5, _QUAY_Y - 10, 10, 18, radius=3)
            stage.paint(post, linear((x - 5, 0), (x + 5, 0), Rgb.of("#5a6068"), Rgb.of("#23262b")), part="quay")
            cap = stage.oval(x, _QUAY_Y - 10, 8, 3.6)
            stage.paint(cap, radial((x - 3, _QUAY_Y - 12), 11, Rgb.of("#8a929a"), Rgb.of("#34393f")), part="quay")
