"""Commonsense: a shop in the afternoon; in the next shot, late in the evening, it is closed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.commonsense._goods import (
    Shop,
    draw_counter,
    draw_hat,
    draw_outside,
    draw_shelf,
    draw_sign,
)
from rvebench.sim.families.commonsense._street import draw_lamp
from rvebench.sim.families.emotional._people import Look, Mood, Pose, draw_person, look_of
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["ShopCloses"]

_FRONTS = tuple(Rgb.of(text) for text in ("#3f6a5a", "#8a3f44", "#3f5a84", "#a8803c"))
_BRICKS = tuple(Rgb.of(text) for text in ("#b07a62", "#a89a88", "#8f8f9a"))
_FLOOR = 214.0
_PANE_Y, _PANE_WIDE, _PANE_TALL = 84.0, 180.0, 104.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    shop: Shop
    keeper: Look
    front: Rgb
    brick: Rgb
    fur: Rgb
    side: int
    """Where the door is: -1 left, 1 right."""
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    after: bool = False
    night: float = 0.0
    shut: float = 0.0
    """How far the shutter is down; from 1 on the shop is dark."""
    crowd: bool = False
    """Customers inside: the wrong everyday event."""


class ShopCloses(Family[_Setup, _State]):
    """At night the shop is empty and dark, its shutter is down and nothing stands outside."""

    name = "shop-closes"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.COMMONSENSE
    law = "closing"
    parts = ("shutter", "keeper", "customers", "cat", "lamp", "door", "goods")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws shop, keeper, front and cat."""
        kinds = get_args(Shop)
        shop = kinds[rng.integers(len(kinds))]
        return _Setup(
            shop=shop,
            keeper=replace(look_of(rng), glasses=shop == "bookshop"),
            front=_FRONTS[rng.integers(len(_FRONTS))],
            brick=_BRICKS[rng.integers(len(_BRICKS))],
            fur=mix(Rgb.of("#3a3438"), Rgb.of("#d08a48"), float(rng.random())),
            side=int(rng.integers(2)) * 2 - 1,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From open to closed; the other law fills the shop."""
        return States(
            source=_State(),
            target=_State(after=True, night=1.0, shut=1.0),
            half=_State(after=True, night=0.55, shut=0.45),
            wrong=_State(after=True, crowd=True),
            still=_State(after=True),
        )

    def objects(self, setup: _Setup) -> str:
        """The kind of shop."""
        return setup.shop

    def words(self, setup: _Setup) -> Words:
        """The hour is implied; what the shop then looks like is not told."""
        rise, last, come, keeper = {
            "bakery": ("A baker gets up at three", "The last loaf", "bread", "baker"),
            "bookshop": ("A bookseller reads in bed until late", "The last paperback", "a novel", "bookseller"),
            "florist": ("A florist is at the market by dawn", "The last rose", "tulips", "florist"),
        }[setup.shop]
        return Words(
            instructions=(
                f"{rise}, and it is ten in the evening now. Show the next shot of this front.",
                f"{last} has been sold and the till has been counted. Continue from the pavement, late at night.",
                f"Someone comes for {come} six hours too late. What do they find here?",
                "Follow with a shot of the same corner when only the cat is still about.",
            ),
            train_instructions=(
                f"The {keeper}'s working day behind this window is over. Show the shot that follows.",
                "Return to this place with the moon up and no customer left.",
                f"The {keeper} has been at home since supper. Continue with this same front.",
            ),
            literal="Show the same shop at night with the shutter down, the lights inside off, nobody in it and "
            "nothing standing outside.",
            expected="At night the same front has its shutter all the way down, the door is dark with its sign turned, "
            f"the {keeper} is gone and the goods outside are taken in; the street lamp is lit and the cat is still "
            "there.",
            preserve=("the colour of the front", "the sign above", "the brick wall", "the cat", "the street lamp"),
        )

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """Slowly along the front."""
        drift = setup.side * (-4 + 8 * clock.share)
        return Camera(x=drift, zoom=1.1 if state.after else 1.0, focus=(WIDTH / 2, 190))

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Wall, window with what is in it, shutter, door, lamp, cat."""
        with stage.at_depth(1):
            stage.static("front", lambda: self._front(stage, setup, state))
            self._window(stage, setup, state, clock)
            self._door(stage, setup, state, clock)
            self._awning(stage, setup, state, clock)
            sway = 0.8 * math.sin(clock.time_s * 2.4 + setup.phase)
            outside, left_out = WIDTH / 2 - setup.side * 118, int(3 * (1 - state.shut))
            draw_outside(stage, setup.shop, outside, _FLOOR + 20, count=left_out, sway=sway)
            if state.night:
                stage.effect(
                    stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128), flat(Rgb(14, 18, 50), alpha=0.6 * state.night)
                )
            lamp_x = WIDTH / 2 - setup.side * 196
            draw_lamp(stage, lamp_x, _FLOOR + 28, lit=state.night, part="lamp")
            self._cat(stage, setup, state, clock)

    def _front(self, stage: Stage, setup: _Setup, state: _State) -> None:
        self._wall(stage, setup)
        self._shelves(stage, setup, state)

    def _wall(self, stage: Stage, setup: _Setup) -> None:
        wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
        stage.paint(wall, linear((0, -40), (0, _FLOOR), shade(setup.brick, 1.05), shade(setup.brick, 0.8)))
        rng = np.random.default_rng(7)
        for row in range(24):
            for column in range(-3, 24):
                tone = shade(setup.brick, 0.82 + 0.26 * float(rng.random()))
                x, y = column * 27.0 + (row % 2) * 13, -62.0 + 12 * row
                stage.paint(stage.rect(x, y, 25, 10, radius=1), flat(tone, alpha=0.75))
        stage.textured(wall, "plaster", strength=0.1)
        floor = stage.rect(-64, _FLOOR, WIDTH + 128, 140)
        stage.paint(floor, linear((0, _FLOOR), (0, HEIGHT), Rgb.of("#8f8a84"), Rgb.of("#b4aea4")))
        stage.textured(floor, "stone", strength=0.16, seed=3)
        for slab in range(-3, 24):
            x = slab * 34.0
            joint = stage.polygon([(x, _FLOOR), (x + (x - 240) * 0.25, 290)], closed=False)
            stage.effect(joint, flat(Rgb(0, 0, 0), alpha=0.15), line=1)
        left = WIDTH / 2 - 158
        stage.shadow(stage.rect(left - 4, 40, 330, 176), alpha=0.35, blur=6)
        front = stage.rect(left, 32, 316, _FLOOR - 32, radius=2)
        stage.paint(front, linear((0, 32), (0, _FLOOR), shade(setup.front, 1.15), shade(setup.front, 0.72)))
        stage.paint(stage.rect(left - 5, 26, 326, 9, radius=2), flat(shade(setup.front, 1.3)))
        stage.paint(stage.rect(left + 14, 40, 288, 24, radius=3), flat(shade(setup.front, 0.55)))
        draw_sign(stage, setup.shop, WIDTH / 2, 52)
        stage.shadow(stage.rect(-64, _FLOOR - 2, WIDTH + 128, 6), alpha=0.35, blur=3)

    def _shelves(self, stage: Stage, setup: _Setup, state: _State) -> None:
        left, dark = WIDTH / 2 - setup.side * 56 - _PANE_WIDE / 2, min(1.0, state.shut)
        frame = stage.rect(left - 6, _PANE_Y - 6, _PANE_WIDE + 12, _PANE_TALL + 12, radius=2)
        stage.paint(frame, flat(shade(setup.front, 0.6)))
        pane = stage.rect(left, _PANE_Y, _PANE_WIDE, _PANE_TALL)
        warm = (mix(Rgb.of("#ffe2a4"), Rgb.of("#2a2620"), dark), mix(Rgb.of("#c08a50"), Rgb.of("#1a1612"), dark))
        stage.paint(pane, linear((0, _PANE_Y), (0, _PANE_Y + _PANE_TALL), *warm))
        with stage.clipped(pane):
            for shelf in range(2):
                y = _PANE_Y + 26 + 26 * shelf
                stage.paint(stage.rect(left, y, _PANE_WIDE, 4), flat(mix(Rgb.of("#8a5a34"), Rgb.of("#2a1c12"), dark)))
                draw_shelf(stage, setup.shop, left, y, _PANE_WIDE, row=shelf, dark=dark)

    def _window(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        x = WIDTH / 2 - setup.side * 56
        left, top, wide, tall = x - _PANE_WIDE / 2, _PANE_Y, _PANE_WIDE, _PANE_TALL
        dark = min(1.0, state.shut)
        with stage.clipped(stage.rect(left, top, wide, tall)):
            if state.shut < 1:
                busy = 3 * math.sin(clock.time_s * 4 + setup.phase)
                pose = Pose(left=(-17 + busy, -54), right=(17 + busy, -56), turn=0.15, tilt_deg=busy * 0.5)
                with stage.moved(x + setup.side * 36, top + 158, scale=1.28):
                    draw_person(stage, setup.keeper, pose, Mood(joy=0.6), part="keeper", time_s=clock.time_s, phase=1.0,
                                warmth=1 - 0.5 * dark)  # fmt: skip
                    draw_hat(stage, setup.shop)
            if state.crowd:
                self._customers(stage, setup, clock, x, top)
            stage.paint(stage.rect(left, top + 84, wide, 30), flat(mix(Rgb.of("#7a4a2a"), Rgb.of("#20160e"), dark)))
            draw_counter(stage, setup.shop, left, top + 84, dark=dark)
            gloss = stage.polygon(
                [(left + 20, top + tall), (left + 74, top), (left + 98, top), (left + 44, top + tall)]
            )
            stage.effect(gloss, flat(Rgb(255, 255, 255), alpha=0.1))
        down = tall * state.shut
        if down:
            blind = stage.rect(left - 3, top - 3, wide + 6, down + 4)
            stage.paint(
                blind,
                linear((left, 0), (left + wide, 0), Rgb.of("#b4b8bc"), Rgb.of("#9aa0a6"), Rgb.of("#7a8086")),
                part="shutter",
            )
            with stage.clipped(blind):
                for slat in range(15):
                    y = top + down - 8 * slat
                    stage.effect(stage.rect(left - 3, y, wide + 6, 2), flat(Rgb(30, 34, 40), alpha=0.5))
                    stage.effect(stage.rect(left - 3, y + 2, wide + 6, 1.2), flat(Rgb(255, 255, 255), alpha=0.3))
            stage.paint(
                stage.rect(left - 3, top + down - 3, wide + 6, 6, radius=2), flat(Rgb.of("#6a7076")), part="shutter"
            )

    def _customers(self, stage: Stage, setup: _Setup, clock: Clock, x: float, top: float) -> None:
        for index in range(3):
            rng = np.random.default_rng([index, int(setup.phase * 1e6)])
            nod = 2 * math.sin(clock.time_s * 2.4 + index * 2)
            pose = Pose(turn=0.5 * setup.side, tilt_deg=nod)
            with stage.moved(x - setup.side * (66 - 36 * index), top + 160, scale=1.2):
                draw_person(
                    stage, look_of(rng), pose, Mood(joy=0.4), part="customers", time_s=clock.time_s, phase=index
                )

    def _door(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        x, top = WIDTH / 2 + setup.side * 102, 84.0
        dark = min(1.0, state.shut)
        leaf = stage.rect(x - 32, top, 64, _FLOOR - top, radius=2)
        stage.paint(
            leaf, linear((x - 32, 0), (x + 32, 0), shade(setup.front, 0.95), shade(setup.front, 0.55)), part="door"
        )
        glass = stage.rect(x - 23, top + 10, 46, 76, radius=2)
        lit = (mix(Rgb.of("#ffe2a4"), Rgb.of("#26241f"), dark), mix(Rgb.of("#b8864c"), Rgb.of("#14120f"), dark))
        stage.paint(glass, linear((0, top), (0, top + 90), *lit), part="door")
        stage.paint(stage.rect(x - 22, top + 98, 44, 24, radius=2), flat(shade(setup.front, 0.5)), part="door")
        stage.paint(stage.oval(x - setup.side * 27, top + 80, 2.8), flat(Rgb.of("#e0bc60")), part="door")
        sway = 2.5 * math.sin(clock.time_s * 2 + setup.phase)
        with stage.moved(x, top + 20, turn_deg=sway):
            for cord in (-1, 1):
                stage.paint(
                    stage.polygon([(0, 0), (cord * 12, 12)], closed=False),
                    flat(Rgb.of("#e8e0d0")),
                    part="door",
                    line=0.9,
                )
            plate = mix(Rgb.of("#4aa05a"), Rgb.of("#c8403a"), float(state.shut > 0.4))
            stage.paint(stage.rect(-17, 12, 34, 18, radius=3), flat(Rgb.of("#f8f2e4")), part="door")
            stage.paint(stage.rect(-14.5, 14.5, 29, 13, radius=2), flat(plate), part="door")
            if state.shut > 0.4:
                stage.paint(stage.rect(-8, 19.5, 16, 3.2), flat(Rgb.of("#f8f2e4")), part="door")
            else:
                tick = stage.polygon([(-6, 21), (-1.5, 25), (7, 17)], closed=False)
                stage.paint(tick, flat(Rgb.of("#f8f2e4")), part="door", line=2.4)

    def _awning(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        left, wide = WIDTH / 2 - 162, 324.0
        out = 26 * (1 - 0.72 * min(1.0, state.shut))
        stage.shadow(stage.rect(left + 4, 72, wide - 8, out + 8), alpha=0.35, blur=4)
        for stripe in range(12):
            x = left + 27 * stripe
            wave = 1.2 * math.sin(clock.time_s * 3 + stripe)
            panel = [(x, 66), (x + 27, 66), (x + 27, 66 + out), (x + 13.5, 72 + out + wave), (x, 66 + out)]
            tone = Rgb.of("#f6efe0") if stripe % 2 else mix(setup.front, Rgb.of("#d8504a"), 0.35)
            stage.paint(stage.polygon(panel), linear((0, 66), (0, 72 + out), shade(tone, 1.05), shade(tone, 0.78)))

    def _cat(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        x, y = WIDTH / 2 + setup.side * 40, _FLOOR + 30
        fur = mix(setup.fur, mix(shade(setup.fur, 0.5), Rgb.of("#20264a"), 0.3), state.night)
        stage.shadow(stage.oval(x + 4, y, 22, 4), alpha=0.4, blur=2.5)
        flick = 7 * math.sin(clock.time_s * 3.4)
        tail = stage.curve([(x + 12, y - 4), (x + 24, y - 3), (x + 30, y - 12), (x + 26 + flick * 0.6, y - 22)])
        stage.paint(tail, flat(shade(fur, 0.85)), part="cat", line=4.6)
        stage.paint(
            stage.curve([(x - 13, y), (x - 11, y - 18), (x, y - 28), (x + 11, y - 17), (x + 14, y)], closed=True),
            flat(fur),
            part="cat",
        )
        head = (x - 2 + 0.15 * flick, y - 33)
        for ear in (-1, 1):
            tip = stage.polygon(
                [(head[0] + ear * 10, head[1] - 4), (head[0] + ear * 9, head[1] - 15), (head[0] + ear * 2, head[1] - 8)]
            )
            stage.paint(tip, flat(shade(fur, 0.8)), part="cat")
        stage.paint(
            stage.oval(*head, 11.5, 10), linear((0, head[1] - 10), (0, head[1] + 10), shade(fur, 1.2), fur), part="cat"
        )
        for eye in (-1, 1):
            stage.paint(stage.oval(head[0] + eye * 4.4, head[1] - 1, 2.2, 2.6), flat(Rgb.of("#e4d85a")), part="cat")
            stage.paint(stage.oval(head[0] + eye * 4.4, head[1] - 1, 0.9, 2.3), flat(Rgb.of("#16120e")), part="cat")
        stage.paint(stage.oval(head[0], head[1] + 3.6, 1.5, 1.1), flat(Rgb.of("#d88a86")), part="cat")
