"""Causal: a hand reaches for the cord of a lamp in a dark room."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.causal._lamps import KINDS, LIGHT_Y, Kind, draw_cord, draw_lamp, draw_stand
from rvebench.sim.families.causal._parts import WHITE, cloud, ease, facing, static_facing
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["LampSwitch"]

_FLOOR = 214.0
_WALLS = (Rgb.of("#b58a6a"), Rgb.of("#8f9f86"), Rgb.of("#9a86a0"))
_SHADES = (Rgb.of("#e8a04a"), Rgb.of("#d8604a"), Rgb.of("#e6d08a"))
_CHAIRS = (Rgb.of("#8a3f3a"), Rgb.of("#3f6a5c"), Rgb.of("#46588a"))
_NIGHT = Rgb(22, 28, 58)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    lamp: Kind
    wall: Rgb
    hood: Rgb
    chair: Rgb
    sleeve: Rgb
    side: int
    phase: float
    moon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    lit: float
    """0 dark, 1 the lamp shines."""
    pull: tuple[float, float]
    """How near the hand is to the cord at the first and last frame; above 1 it pulls."""
    dawn: float = 0.0
    """The moon is gone and the sky is light, while the lamp stays dark: the wrong event."""


class LampSwitch(Family[_Setup, _State]):
    """A hand on the cord of a lamp ends the dark."""

    name = "lamp-switch"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.CAUSAL
    law = "light"
    parts = ("lamp", "cord", "hand", "chair", "window", "picture", "clock")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws room, lamp and side."""
        return _Setup(
            lamp=KINDS[rng.integers(len(KINDS))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            hood=_SHADES[rng.integers(len(_SHADES))],
            chair=_CHAIRS[rng.integers(len(_CHAIRS))],
            sleeve=mix(Rgb.of("#c85a4a"), Rgb.of("#4a7fa8"), float(rng.random())),
            side=1 if rng.random() < 0.5 else -1,
            phase=float(rng.uniform(0, 6.28)),
            moon=float(rng.uniform(0, 40)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From the reaching hand to the lit room."""
        return States(
            source=_State(lit=0.0, pull=(0.0, 1.0)),
            target=_State(lit=1.0, pull=(1.35, 1.0)),
            half=_State(lit=0.4, pull=(1.35, 1.0)),
            wrong=_State(lit=0.0, pull=(1.0, 0.3), dawn=1.0),
        )

    def objects(self, setup: _Setup) -> str:
        """The kind of lamp."""
        return setup.lamp

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names the light."""
        thing = setup.lamp.replace("-", " ")
        return Words(
            instructions=(
                "The hand has found the cord. Show the shot that follows the click.",
                "Somebody has come home and wants to read in that chair. Continue with the next moment.",
                "What do the neighbours across the street notice about this room one second later?",
                "Follow the hand: it pulls, and the story goes on. Film the consequence.",
            ),
            train_instructions=(
                "A little chain, a short pull, a click. What does the next shot show?",
                "Whoever is reaching there is tired of bumping into the furniture. Continue.",
            ),
            literal=f"Show the {thing} switched on, with warm light on the wall, the chair and the floor.",
            expected=f"The same room: the {thing} shines, a warm cone of light falls on wall, chair and floor; their "
            "colours can be seen; it is still night outside the window.",
            preserve=("the furniture and its places", "the night outside", "the clock", "the camera"),
        )

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, lamp, hand; all colours follow the light."""
        first, last = state.pull
        pull = first + (last - first) * clock.share
        lit = state.lit * (1 + 0.012 * math.sin(clock.time_s * 21))
        x = 262.0
        with stage.at_depth(1):
            static_facing(stage, setup.side, "room", lambda: self._room(stage, setup, state, x))
            with facing(stage, setup.side):
                self._window(stage, setup, state, clock)
                self._clock(stage, state, clock)
            static_facing(stage, setup.side, "things", lambda: self._things(stage, setup, state, x))
            with facing(stage, setup.side):
                self._lit_lamp(stage, setup, state, lit, pull, x)
                self._hand(stage, setup, state, pull, x)

    def _lit_lamp(self, stage: Stage, setup: _Setup, state: _State, lit: float, pull: float, x: float) -> None:
        brass = self._seen(state, Rgb.of("#c9a050"), 1.0)
        draw_cord(stage, setup.lamp, brass, self._down(pull), x - 10)
        draw_lamp(stage, setup.lamp, brass, self._seen(state, setup.hood, 0.2), setup.hood, lit, x - 10)
        if lit:
            bulb = LIGHT_Y[setup.lamp]
            stage.glow(x - 10, bulb, 80, Rgb(255, 214, 140), alpha=0.32 * lit)
            stage.glow(x - 10, bulb + 28, 250, Rgb(255, 180, 90), alpha=0.13 * lit)

    def _seen(self, state: _State, colour: Rgb, nearness: float = 1.0) -> Rgb:
        """Returns a colour as it looks in the present light; `nearness` is 1 by the lamp and 0 far away."""
        dark = mix(shade(colour, 0.4), _NIGHT, 0.45)
        grey = mix(shade(colour, 0.52), Rgb(120, 132, 160), 0.25)
        warm = Rgb(colour.r * 1.12, colour.g * 0.98, colour.b * 0.78)
        return mix(mix(dark, grey, state.dawn * 0.8), warm, min(1.0, state.lit * (0.25 + 0.75 * nearness)))

    def _room(self, stage: Stage, setup: _Setup, state: _State, x: float) -> None:
        wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
        near, middle, far = (self._seen(state, setup.wall, share) for share in (1.0, 0.55, 0.1))
        stage.paint(wall, radial((x - 10, LIGHT_Y[setup.lamp]), 360, near, middle, far))
        stage.textured(wall, "plaster", strength=0.08)
        for stripe in range(-2, 15):
            stage.effect(stage.rect(stripe * 38, -64, 15, HEIGHT + 60), flat(WHITE, alpha=0.015 + 0.045 * state.lit))
        floor = stage.rect(-64, _FLOOR, WIDTH + 128, 130)
        wood = Rgb.of("#9a6a42")
        stage.paint(
            floor,
            radial(
                (x, _FLOOR + 20),
                340,
                self._seen(state, wood, 1),
                self._seen(state, wood, 0.4),
                self._seen(state, wood, 0),
            ),
        )
        stage.textured(floor, "wood", strength=0.18, seed=2)
        board = stage.rect(-64, _FLOOR - 13, WIDTH + 128, 14)
        stage.paint(board, flat(self._seen(state, Rgb.of("#e9dfcb"), 0.5)))
        stage.shadow(stage.rect(-64, _FLOOR, WIDTH + 128, 5), alpha=0.4, blur=2)
        rug = stage.oval(x + 40, _FLOOR + 36, 150, 20)
        tone = self._seen(state, mix(setup.chair, Rgb.of("#c9a86a"), 0.4), 0.9)
        stage.paint(rug, flat(tone))
        stage.paint(stage.oval(x + 40, _FLOOR + 36, 138, 17), flat(shade(tone, 1.35)), line=2)
        stage.textured(rug, "cloth", strength=0.15, seed=3)
        if state.lit:
            low = LIGHT_Y[setup.lamp] + 8
            cone = stage.polygon([(x - 40, low), (x + 20, low), (x + 140, _FLOOR + 30), (x - 160, _FLOOR + 30)])
            stage.effect(
                cone,
                linear(
                    (0, low), (0, _FLOOR + 30), Rgb(255, 214, 140), Rgb(255, 190, 110), alpha=0.16 * state.lit, blur=9
                ),
            )
            if setup.lamp != "pendant-lamp":
                up = stage.polygon([(x - 30, 60), (x + 10, 60), (x + 90, -64), (x - 110, -64)])
                stage.effect(up, flat(Rgb(255, 214, 140), alpha=0.2 * state.lit, blur=9))
        moonlit = stage.polygon([(70, _FLOOR + 6), (168, _FLOOR + 6), (222, HEIGHT + 20), (96, HEIGHT + 20)])
        stage.effect(moonlit, flat(Rgb(150, 180, 240), alpha=0.2 * (1 - state.lit), blur=4))
        stage.shadow(stage.rect(404, 48, 56, 68), alpha=0.4, blur=4)
        stage.paint(stage.rect(400, 42, 56, 68), flat(self._seen(state, Rgb.of("#a97a48"), 0.5)), part="picture")
        inner = stage.rect(406, 48, 44, 56)
        sky, land = self._seen(state, Rgb.of("#b5d0dc"), 0.5), self._seen(state, Rgb.of("#7f9a5a"), 0.5)
        stage.paint(inner, linear((0, 48), (0, 104), sky, sky, land), part="picture")

    def _window(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        area = stage.rect(46, 34, 104, 122)
        with stage.clipped(area):
            night = (Rgb.of("#10183a"), Rgb.of("#2b3b6e"))
            morning = (Rgb.of("#8fb8dc"), Rgb.of("#f6cfa4"))
            top, low = (mix(a, b, state.dawn) for a, b in zip(night, morning, strict=True))
            stage.paint(area, linear((0, 34), (0, 156), top, low), part="window")
            for star in range(22):
                twinkle = 0.5 + 0.5 * math.sin(clock.time_s * 3 + star * 2.1)
                at = (48 + (star * 37) % 100, 38 + (star * 23) % 84)
                stage.effect(stage.oval(*at, 0.9), flat(WHITE, alpha=(0.35 + 0.6 * twinkle) * (1 - state.dawn)))
            if state.dawn < 0.5:
                stage.glow(76 + setup.moon, 66, 40, Rgb(170, 190, 240), alpha=0.5)
                stage.paint(stage.oval(76 + setup.moon, 66, 12), flat(Rgb.of("#f3eed8")), part="window")
                stage.effect(stage.oval(80 + setup.moon, 63, 3), flat(Rgb.of("#cfc8ac"), alpha=0.7))
            for index in range(2):
                drift = 40 + (60 * index + clock.time_s * 7 + setup.phase * 9) % 130
                cloud(stage, drift, 92 + 20 * index, 18, colour=mix(Rgb.of("#3d4a78"), WHITE, state.dawn), alpha=0.6)
            roof = stage.polygon(
                [
                    (40, 160),
                    (40, 138),
                    (62, 124),
                    (84, 138),
                    (96, 138),
                    (96, 128),
                    (104, 128),
                    (104, 138),
                    (126, 130),
                    (160, 144),
                    (160, 160),
                ]
            )
            stage.paint(roof, flat(mix(Rgb.of("#131830"), Rgb.of("#6a6070"), state.dawn)), part="window")
        frame = self._seen(state, Rgb.of("#efe6d4"), 0.5)
        stage.paint(area, flat(shade(frame, 0.7)), part="window", line=9)
        stage.paint(area, flat(frame), part="window", line=6)
        stage.paint(stage.rect(96, 34, 4, 122), flat(frame), part="window")
        stage.paint(stage.rect(46, 92, 104, 4), flat(frame), part="window")
        stage.paint(stage.rect(36, 157, 124, 7, radius=1), flat(frame), part="window")

    def _clock(self, stage: Stage, state: _State, clock: Clock) -> None:
        """A pendulum clock on the wall."""
        wood = self._seen(state, Rgb.of("#8a5a34"), 0.7)
        stage.shadow(stage.rect(179, 46, 34, 70, radius=4), alpha=0.35, blur=4)
        stage.paint(
            stage.rect(176, 40, 34, 70, radius=4),
            linear((176, 0), (210, 0), shade(wood, 1.2), shade(wood, 0.8)),
            part="clock",
        )
        stage.paint(stage.oval(193, 57, 12), flat(self._seen(state, Rgb.of("#f6efdc"), 0.8)), part="clock")
        for hand in ((193, 49), (199, 60)):
            stage.paint(stage.polygon([(193, 57), hand], closed=False), flat(Rgb.of("#1c1614")), part="clock", line=1.4)
        stage.paint(stage.rect(181, 74, 24, 32, radius=2), flat(shade(wood, 0.45)), part="clock")
        with stage.moved(193, 72, turn_deg=14 * math.sin(clock.time_s * 5)):
            brass = self._seen(state, Rgb.of("#e0b860"), 0.9)
            stage.paint(stage.rect(-0.7, 0, 1.4, 22), flat(brass), part="clock")
            stage.paint(stage.oval(0, 24, 4.6), flat(brass), part="clock")

    def _things(self, stage: Stage, setup: _Setup, state: _State, x: float) -> None:
        """The armchair, the table, and what holds the lamp."""
        cx, foot = x + 112, _FLOOR + 22
        near, far = self._seen(state, setup.chair, 1.0), self._seen(state, setup.chair, 0.25)
        stage.shadow(stage.oval(cx + 14, foot + 5, 74, 10), alpha=0.5, blur=4)
        for leg in (-46, 40):
            stage.paint(
                stage.rect(cx + leg, foot - 8, 7, 14), flat(self._seen(state, Rgb.of("#5a3a22"), 0.5)), part="chair"
            )
        back = stage.curve(
            [
                (cx - 44, foot - 20),
                (cx - 48, foot - 84),
                (cx - 30, foot - 108),
                (cx + 30, foot - 108),
                (cx + 48, foot - 84),
                (cx + 44, foot - 20),
            ],
            closed=True,
        )
        stage.paint(back, linear((cx - 50, 0), (cx + 50, 0), near, mix(near, far, 0.6), far), part="chair")
        for row in range(2):
            for column in range(3):
                stage.effect(
                    stage.oval(cx - 20 + 20 * column, foot - 88 + 20 * row, 2), flat(shade(far, 0.5), alpha=0.9)
                )
        seat = stage.rect(cx - 40, foot - 50, 80, 26, radius=8)
        stage.paint(seat, linear((cx - 40, foot - 50), (cx + 40, foot - 24), shade(near, 1.12), far), part="chair")
        stage.paint(
            stage.rect(cx - 42, foot - 28, 84, 24, radius=4),
            linear((cx - 42, 0), (cx + 42, 0), shade(near, 0.85), shade(far, 0.8)),
            part="chair",
        )
        for arm, tone in ((-58, near), (38, far)):
            roll = stage.rect(cx + arm, foot - 66, 21, 62, radius=9)
            stage.paint(
                roll, linear((cx + arm, 0), (cx + arm + 21, 0), shade(tone, 1.1), shade(tone, 0.72)), part="chair"
            )
        cushion = self._seen(state, Rgb.of("#e6c46a"), 0.9)
        with stage.moved(cx - 14, foot - 62, turn_deg=-14):
            stage.paint(
                stage.rect(-16, -15, 32, 30, radius=8),
                radial((-5, -5), 28, shade(cushion, 1.1), shade(cushion, 0.65)),
                part="chair",
            )
        if setup.lamp != "floor-lamp":
            self._table(stage, state, x)
        if setup.lamp == "pendant-lamp":
            self._mug(stage, state, x - 16)
        draw_stand(stage, setup.lamp, self._seen(state, Rgb.of("#c9a050"), 1.0), x - 10, foot)

    def _table(self, stage: Stage, state: _State, x: float) -> None:
        """The small table with its books."""
        foot = _FLOOR + 22
        wood = self._seen(state, Rgb.of("#7a5232"), 1.0)
        stage.shadow(stage.oval(x + 6, foot + 3, 40, 7), alpha=0.5, blur=3)
        for leg in (-24, 20):
            stage.paint(
                stage.rect(x + leg, 160, 5, foot - 158), linear((x + leg, 0), (x + leg + 5, 0), wood, shade(wood, 0.6))
            )
        stage.paint(
            stage.rect(x - 36, 153, 72, 8, radius=2), linear((0, 153), (0, 161), shade(wood, 1.3), shade(wood, 0.8))
        )
        for index, text in enumerate(("#3f6a8a", "#a8503f")):
            cover = self._seen(state, Rgb.of(text), 1.0)
            stage.paint(
                stage.rect(x + 8, 147 - 6 * index, 26 - 4 * index, 6, radius=1),
                linear((0, 140), (0, 153), shade(cover, 1.2), shade(cover, 0.8)),
            )

    def _mug(self, stage: Stage, state: _State, x: float) -> None:
        glaze = self._seen(state, Rgb.of("#d8e0e4"), 1.0)
        stage.paint(stage.oval(x - 8, 146, 4.5, 4.5), flat(shade(glaze, 0.7)), line=2)
        cup = stage.rect(x - 7, 138, 14, 15, radius=2.5)
        stage.paint(cup, linear((x - 7, 0), (x + 7, 0), shade(glaze, 1.1), shade(glaze, 0.6)))
        stage.paint(stage.oval(x, 138.6, 6.6, 1.8), flat(shade(glaze, 0.4)))

    def _down(self, pull: float) -> float:
        return 7 * max(0.0, pull - 1) / 0.35

    def _hand(self, stage: Stage, setup: _Setup, state: _State, pull: float, x: float) -> None:
        """An arm from below on the window's side; its fingers close on the end of the cord."""
        reach = ease(min(1.0, pull))
        down = self._down(pull)
        tip = (x + 8 - 46 * (1 - reach), 131 + down + 44 * (1 - reach))
        sleeve, skin = self._seen(state, setup.sleeve, 0.9), self._seen(state, Rgb.of("#e6b28c"), 1.0)
        wrist = (tip[0] - 21, tip[1] + 15)
        elbow = (wrist[0] - 64, wrist[1] + 62)
        arm = stage.polygon([wrist, elbow, (elbow[0] - 40, HEIGHT + 60)], closed=False)
        stage.paint(arm, flat(shade(sleeve, 0.72)), part="hand", line=29)
        stage.paint(arm, flat(sleeve), part="hand", line=24)
        cuff = stage.polygon([(wrist[0] - 4, wrist[1] + 4), wrist], closed=False)
        stage.paint(cuff, flat(shade(sleeve, 1.25)), part="hand", line=25)
        palm = stage.polygon([(wrist[0] + 6, wrist[1] - 3), (tip[0] - 8, tip[1] + 5)], closed=False)
        stage.paint(palm, flat(shade(skin, 0.92)), part="hand", line=16)
        for finger in range(3):
            knuckle = (tip[0] - 7, tip[1] + 1 + 4.4 * finger)
            end = (tip[0] + 1.5 - finger, tip[1] - 1 + 4.2 * finger)
            line = stage.polygon([knuckle, end], closed=False)
            stage.paint(line, flat(shade(skin, 0.66)), part="hand", line=5.2)
            stage.paint(line, flat(skin), part="hand", line=4.4)
        thumb = stage.curve([(tip[0] - 14, tip[1] + 1), (tip[0] - 8, tip[1] - 5), (tip[0] - 0.5, tip[1] - 3)])
        stage.paint(thumb, flat(shade(skin, 0.7)), part="hand", line=6.2)
        stage.paint(thumb, flat(shade(skin, 1.04)), part="hand", line=5.2)
