"""Physical causality: dry ground at dusk; after a shower its stones shine, mirror the houses and hold puddles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.physical._grounds import KERB, PLACES, Place, draw_dry, draw_marks
from rvebench.sim.families.physical._parts import ring
from rvebench.sim.families.physical._street import BASE, draw_car, draw_houses
from rvebench.sim.families.physical._yard import draw_cyclist, draw_school, draw_swing
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["StreetWet"]

_CAR_Y = 236.0
_SKIES = (
    (Rgb.of("#5d6c88"), Rgb.of("#f0b98a")),
    (Rgb.of("#6f8198"), Rgb.of("#d5dce0")),
    (Rgb.of("#4a4a72"), Rgb.of("#e6937e")),
)
_CARS = (Rgb.of("#d8443a"), Rgb.of("#2f86b8"), Rgb.of("#e9b53a"), Rgb.of("#e8e6e0"))
_MOVERS: dict[Place, tuple[str, str, str]] = {
    "schoolyard": ("the swing", "the school", "asphalt"),
    "square": ("the cyclist", "the houses", "cobbles"),
    "street": ("the car", "the houses", "pavement and the road"),
}
"""What moves there, what stands behind, and what the ground is made of."""
_LAMP = Rgb(255, 214, 140)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    place: Place
    first: float
    widths: tuple[float, ...]
    heights: tuple[float, ...]
    paint: int
    sky: int
    car: Rgb
    direction: Literal[-1, 1]
    lamp_x: float
    tree_x: float
    puddles: tuple[tuple[float, float, float], ...]
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    wet: float
    """0 dry, 1 soaked."""
    snow: bool = False


class StreetWet(Family[_Setup, _State]):
    """Water on stone darkens it, mirrors what stands behind, and gathers in hollows."""

    name = "street-wet"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.PHYSICAL_CAUSALITY
    law = "wetting"
    parts = ("houses", "ground", "lamp", "tree", "mover", "bench")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the place, what stands there, the hour, what moves and where the hollows are."""
        lamp_x = float(rng.uniform(150, 330))
        return _Setup(
            place=PLACES[rng.integers(len(PLACES))],
            first=float(rng.uniform(-50, -10)),
            widths=tuple(float(value) for value in rng.uniform(76, 112, 7)),
            heights=tuple(float(value) for value in rng.uniform(88, 136, 7)),
            paint=int(rng.integers(6)),
            sky=int(rng.integers(len(_SKIES))),
            car=_CARS[rng.integers(len(_CARS))],
            direction=1 if rng.random() < 0.5 else -1,
            lamp_x=lamp_x,
            tree_x=lamp_x - 120 if lamp_x > 240 else lamp_x + 120,
            puddles=tuple(
                (float(60 + 120 * k + rng.uniform(-30, 30)), float(y + rng.uniform(-4, 4)), float(rng.uniform(36, 62)))
                for k, y in enumerate((254, 216, 250, 214))
            ),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From dry to soaked; half way it is damp."""
        return States(source=_State(wet=0), target=_State(wet=1), half=_State(wet=0.5), wrong=_State(wet=0, snow=True))

    def objects(self, setup: _Setup) -> str:
        """The place."""
        return setup.place

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names wetness, puddles or reflections."""
        place = setup.place
        mover, behind, ground = _MOVERS[place]
        return Words(
            instructions=(
                f"A heavy shower has just passed over this {place}.",
                "Ten minutes ago everyone here was holding an umbrella; now the sky has calmed down.",
                f"The clouds have emptied themselves and moved on. What does the {place} look like?",
                f"Show this {place} right after a summer cloudburst.",
                f"The city's tank truck has hosed down the whole {place} from end to end.",
            ),
            train_instructions=(
                f"It has been pouring over the {place} all afternoon and stopped only a moment ago.",
                f"Picture the same {place} as the last drops of a downpour fall.",
            ),
            literal=f"Make the {ground} dark and wet, with puddles and with reflections of {behind}, the lamp and "
            f"{mover}.",
            expected=f"The ground is darker and glossy, it mirrors {behind}, the lamp's light and {mover}, and puddles "
            f"lie on it; {behind}, the sky, the lamp and the tree are as before.",
            preserve=(behind, "the sky", "the street lamp", "the tree", f"{mover} and its motion", "the camera"),
        )

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Houses and ground in one layer; then what moves."""
        stage.static("street", lambda: self._street(stage, setup, state))
        self._tree(stage, setup, clock)
        if state.wet:
            self._ripples(stage, setup, state, clock)
        if setup.place == "schoolyard":
            x, y, broad = 240 - setup.direction * 150.0, 226.0, 58.0
        else:
            speed, broad = (90, 56.0) if setup.place == "street" else (62, 34.0)
            x = 240 + setup.direction * (speed * clock.time_s - 0.6 * speed - 60 + 70 * math.sin(setup.phase))
            y = _CAR_Y
        if state.wet and stage.is_picture:
            with (
                stage.clipped(stage.rect(-64, y, WIDTH + 128, 60)),
                stage.moved(x, y, scale=setup.direction, scale_y=-0.75),
            ):
                self._mover(stage, setup, clock, alpha=0.5 * state.wet)
        stage.shadow(stage.oval(x, y + 1, broad, 5), alpha=0.5 if setup.place == "street" else 0.35, blur=2.5)
        with stage.moved(x, y, scale=setup.direction, scale_y=1):
            self._mover(stage, setup, clock)
        stage.glow(setup.lamp_x + 16, 74, 46 + 1.5 * math.sin(clock.time_s * 7 + setup.phase), _LAMP, alpha=0.5)

    def _mover(self, stage: Stage, setup: _Setup, clock: Clock, *, alpha: float = 1.0) -> None:
        if setup.place == "street":
            draw_car(stage, setup.car, clock.time_s, alpha=alpha)
        elif setup.place == "square":
            draw_cyclist(stage, setup.car, clock.time_s, alpha=alpha)
        else:
            draw_swing(stage, setup.car, clock.time_s, setup.phase, alpha=alpha)

    def _behind(self, stage: Stage, setup: _Setup) -> None:
        if setup.place == "schoolyard":
            draw_school(stage, setup.first, setup.paint)
        else:
            draw_houses(stage, setup.first, setup.widths, setup.heights, setup.paint)

    def _street(self, stage: Stage, setup: _Setup, state: _State) -> None:
        top, low = _SKIES[setup.sky]
        stage.paint(stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128), linear((0, 0), (0, BASE - 40), top, low))
        for k in range(6):
            puff = stage.oval((k * 101 + setup.phase * 60) % 560 - 40, 16 + 13 * (k % 3), 66, 9)
            stage.effect(puff, flat(mix(top, low, 0.35), alpha=0.5, blur=7))
        self._behind(stage, setup)
        ground = stage.rect(-64, BASE, WIDTH + 128, 180)
        draw_dry(stage, setup.place)
        if state.snow:
            self._snow(stage, setup, ground)
        elif state.wet:
            self._wet(stage, setup, state, ground)
        self._bench(stage, setup)
        self._lamp(stage, setup)

    def _mirrored(self, stage: Stage, setup: _Setup, squash: float) -> None:
        """Draws sky and houses upside down below their feet."""
        top, low = _SKIES[setup.sky]
        with stage.moved(0, BASE, scale=1, scale_y=-squash), stage.moved(0, -BASE):
            stage.effect(stage.rect(-64, -120, WIDTH + 128, 400), linear((0, 0), (0, BASE - 40), top, low))
            self._behind(stage, setup)
            stage.effect(stage.rect(setup.lamp_x - 1.5, 66, 3, 110), flat(Rgb(28, 30, 34)))

    def _wet(self, stage: Stage, setup: _Setup, state: _State, ground: Any) -> None:
        if not stage.is_picture:
            return
        top, low = _SKIES[setup.sky]
        film = mix(Rgb.of("#2c2f38"), top, 0.22)
        stage.effect(ground, flat(film, alpha=0.52 * state.wet + 0.1))
        # The mirror image is drawn whole and then covered by the film of dark stone that shows through it.
        if state.wet > 0.75:
            with stage.clipped(ground):
                self._mirrored(stage, setup, 0.45)
            stage.effect(ground, linear((0, BASE), (0, HEIGHT), film, shade(film, 0.8), alpha=0.68))
            draw_marks(stage, setup.place, 0.42)
            stage.textured(ground, "grass", strength=0.13, seed=2)
            for k in range(34):
                streak = stage.rect((k * 149) % 600 - 70, BASE + 4 + k * 2.9, 20 + (k * 37) % 50, 1, radius=0.5)
                stage.effect(streak, flat(mix(low, Rgb(255, 255, 255), 0.3), alpha=0.16))
        shapes = [
            stage.curve(ring(x, y, radius * (0.35 + 0.65 * state.wet), 20, 0.07, x, 0.16), closed=True)
            for x, y, radius in setup.puddles
        ]
        hollows = shapes[0]
        for shape in shapes[1:]:
            hollows.addPath(shape)
        stage.effect(hollows, flat(Rgb(14, 16, 22), alpha=0.35, blur=1.2), line=3)
        with stage.clipped(hollows):
            self._mirrored(stage, setup, 0.45)
            stage.effect(ground, linear((0, BASE), (0, HEIGHT), film, mix(top, low, 0.75), alpha=0.28))
        stage.effect(hollows, flat(mix(low, Rgb(255, 255, 255), 0.6), alpha=0.3), line=0.7)
        x = setup.lamp_x + 16
        for width, alpha in ((17, 0.16), (8, 0.26), (3, 0.4)):
            glint = stage.oval(x, KERB + 18, width / 2, 38)
            stage.effect(glint, flat(_LAMP, alpha=alpha * state.wet, blur=3), add=True)

    def _ripples(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Late drops that fall from eaves and leaves."""
        for k, (x, y, radius) in enumerate(setup.puddles):
            grown = (clock.time_s * 0.9 + k * 0.37) % 1
            spot = stage.oval(x + radius * 0.25 * math.sin(k + setup.phase), y, 14 * grown, 2.6 * grown)
            stage.effect(spot, flat(Rgb(255, 255, 255), alpha=0.55 * (1 - grown) * state.wet), line=0.9)

    def _snow(self, stage: Stage, setup: _Setup, ground: Any) -> None:
        white = Rgb.of("#f2f5fa")
        stage.paint(ground, linear((0, BASE), (0, HEIGHT), shade(white, 0.9), white), part="ground")
        stage.textured(ground, "plaster", strength=0.07, seed=9)
        tracks = {"street": (_CAR_Y - 6, _CAR_Y + 3), "square": (_CAR_Y - 1,), "schoolyard": ()}[setup.place]
        if setup.place == "street":
            stage.effect(stage.rect(-64, KERB, WIDTH + 128, 4), flat(Rgb.of("#aab6c8"), alpha=0.6, blur=2))
        for y in tracks:
            stage.effect(stage.rect(-64, y, WIDTH + 128, 4), flat(Rgb.of("#b4bfd0"), alpha=0.7, blur=1.5))

    def _bench(self, stage: Stage, setup: _Setup) -> None:
        x = 480 - setup.tree_x
        stage.shadow(stage.oval(x, 192, 30, 3), alpha=0.4, blur=1.5)
        for side in (-20, 18):
            stage.paint(stage.rect(x + side, 176, 3, 16), flat(Rgb.of("#2c2e33")), part="bench")
        for y in (163, 168, 177):
            plank = stage.rect(x - 26, y, 52, 3.6, radius=1)
            stage.paint(plank, linear((0, y), (0, y + 4), Rgb.of("#b07a48"), Rgb.of("#7a4e2a")), part="bench")

    def _lamp(self, stage: Stage, setup: _Setup) -> None:
        x, iron = setup.lamp_x, Rgb.of("#2b2f36")
        stage.shadow(stage.oval(x, 196, 13, 3), alpha=0.5, blur=1.5)
        stage.paint(
            stage.rect(x - 5, 182, 10, 14, radius=2),
            linear((x - 5, 0), (x + 5, 0), shade(iron, 1.5), shade(iron, 0.7)),
            part="lamp",
        )
        stage.paint(stage.rect(x - 2, 58, 4, 126), linear((x - 2, 0), (x + 2, 0), shade(iron, 1.7), iron), part="lamp")
        arm = stage.curve([(x, 62), (x + 6, 54), (x + 14, 56), (x + 16, 63)])
        stage.paint(arm, flat(iron), part="lamp", line=2.6)
        head = stage.polygon([(x + 9, 70), (x + 23, 70), (x + 19, 62), (x + 13, 62)])
        stage.paint(head, flat(iron), part="lamp")
        bulb = stage.oval(x + 16, 72, 6, 4.5)
        stage.paint(bulb, radial((x + 16, 72), 7, Rgb.of("#fffbe8"), _LAMP), part="lamp")

    def _tree(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        x = setup.tree_x
        stage.shadow(stage.oval(x, 194, 20, 3.5), alpha=0.45, blur=2)
        trunk = stage.curve(
            [(x - 6, 194), (x - 3, 160), (x - 4, 128), (x + 4, 128), (x + 3, 160), (x + 6, 194)], closed=True
        )
        stage.paint(trunk, linear((x - 6, 0), (x + 6, 0), Rgb.of("#7a5a40"), Rgb.of("#3f2c1e")), part="tree")
        for k, (dx, dy, radius) in enumerate(
            ((-17, 6, 19), (17, 7, 19), (0, 10, 20), (-10, -12, 20), (12, -12, 19), (0, -26, 16))
        ):
            sway = 1.5 * math.sin(clock.time_s * 2 + k + setup.phase)
            green = mix(Rgb.of("#3d6b43"), Rgb.of("#7fa05a"), k / 6)
            leaf = stage.curve(ring(x + dx + sway, 112 + dy, radius, 18, 0.05, k, 0.92), closed=True)
            stage.paint(
                leaf,
                radial((x + dx + sway - 6, 106 + dy), radius * 1.5, shade(green, 1.2), shade(green, 0.62)),
                part="tree",
            )
