"""Camera: a table by the harbour is sharp and the pier is not; then the focus goes to the pier."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.camera._parts import WHITE, lathe, out_of_focus
from rvebench.sim.families.camera._pier import SUBJECTS, Subject, paint_subject
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["HarbourFocus"]

_SEA, _TABLE = 112.0, 216.0
_COATS = (Rgb.of("#d9342e"), Rgb.of("#f2b632"), Rgb.of("#2f5fb0"), Rgb.of("#e0679a"))
_CUPS = (Rgb.of("#f1ece2"), Rgb.of("#6f9a8a"), Rgb.of("#c9745a"), Rgb.of("#5f7fa6"))
_SOFT = 5.0
_TILT = math.radians(20)

Drink = Literal["coffee", "lemonade"]
_CALLS: dict[Subject, tuple[str, str, str, str]] = {
    "friend": (
        "was that a friend calling from the pier?",
        "Someone out there is waving both arms. Continue with the shot in which we can tell who it is.",
        "who waits by the water",
        "the person who waves on the pier",
    ),
    "dog": (
        "what is barking like that on the pier?",
        "Somebody's pet is hopping about out there. Continue with the shot in which we can tell which breed it is.",
        "the animal at the end of the pier",
        "the dog with the scarf that barks on the pier",
    ),
    "angler": (
        "has the old man out there caught something at last?",
        "A line has just gone tight out there. Continue with the shot in which we can tell what hangs on it.",
        "the luck of the angler",
        "the angler on the pier with a fish on the line",
    ),
}
"""A question, an instruction, what the story is about, and who is seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    subject: Subject
    """Who is on the pier."""
    drink: Drink
    coat: Rgb
    cup: Rgb
    wood: Rgb
    dusk: float
    side: int
    """The cup stands on this side of the table, the flowers on the other."""
    person_x: float
    phase: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    near: float
    """How blurred the table is, in logical pixels."""
    far: float
    """How blurred the harbour is."""
    zoom: float = 1.0
    """Above 1 the camera goes to the cup: the wrong shot."""


class HarbourFocus(Family[_Setup, _State]):
    """The focus goes from the drink on the table to whoever is on the pier."""

    name = "harbour-focus"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.CAMERA
    law = "refocus"
    parts = ("cup", "flowers", "table", "person", "lighthouse", "boat", "pier", "gull")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws coat, cup, time of day and side."""
        side = 1 if rng.random() < 0.5 else -1
        return _Setup(
            subject=SUBJECTS[rng.integers(len(SUBJECTS))],
            drink="coffee" if rng.random() < 0.55 else "lemonade",
            coat=_COATS[rng.integers(len(_COATS))],
            cup=_CUPS[rng.integers(len(_CUPS))],
            wood=mix(Rgb.of("#a5754a"), Rgb.of("#7c8078"), float(rng.random())),
            dusk=float(rng.choice([0.0, 0.5, 1.0])),
            side=side,
            person_x=float(240 + rng.uniform(-30, 30)),
            phase=float(rng.uniform(0, 6.28)),
            seed=int(rng.integers(1 << 16)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From the table to the pier."""
        return States(
            source=_State(near=0.0, far=_SOFT),
            target=_State(near=_SOFT, far=0.0),
            half=_State(near=_SOFT * 0.5, far=_SOFT * 0.5),
            wrong=_State(near=0.0, far=_SOFT * 1.3, zoom=1.5),
        )

    def objects(self, setup: _Setup) -> str:
        """Who is on the pier."""
        return setup.subject

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names sharpness."""
        question, call, story, seen = _CALLS[setup.subject]
        drink, vessel = setup.drink, "cup" if setup.drink == "coffee" else "glass"
        return Words(
            instructions=(
                f"The guest forgets the {drink}: {question} Show what the guest sees now.",
                call,
                f"In the next shot the story is no longer about the {drink} but about {story}.",
                f"Turn the {drink} into the background of our attention, without moving the camera from the table.",
            ),
            train_instructions=(
                "Let the audience read the harbour instead of the menu, from the same chair.",
                "The eye of the guest wanders past the flowers to the end of the pier. Follow it.",
            ),
            literal=f"Rack focus from the {vessel} and the flowers to the pier: far things sharp, near things blurred.",
            expected=f"The same view from the same place: {seen}, the lighthouse and the boats are sharp, the {vessel} "
            "and the flowers in front are blurred.",
            preserve=("the camera's place", "all things and their places", "the light", "the colours"),
        )

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """A slow drift sideways, which parts the near from the far."""
        closer = state.zoom - 1
        cup = 150 * setup.side
        return Camera(x=7 * clock.share + cup * closer * 1.4, y=70 * closer, zoom=state.zoom)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Harbour, then table."""
        with stage.at_depth(0.3):
            # Each layer is pasted only where it can be seen: that is most of a frame's time.
            with stage.clipped(stage.rect(-64, -64, WIDTH + 128, 300)):
                stage.static("harbour", lambda: self._behind(stage, setup, state))
            self._glitter(stage, setup, clock, state.far)
            with out_of_focus(stage, state.far, bounds=(0, 36, WIDTH, 132)):
                self._boats(stage, setup, clock)
                self._gulls(stage, setup, clock)
                with stage.moved(setup.person_x, 162, scale=setup.side, scale_y=1):
                    paint_subject(stage, setup.subject, setup.coat, clock.time_s, setup.phase)
        with stage.at_depth(1):
            top = 150 if setup.drink == "coffee" else 95
            with stage.clipped(stage.rect(-64, top, WIDTH + 128, HEIGHT)):
                stage.static("table", lambda: self._front(stage, setup, state))
            side = setup.side
            with out_of_focus(stage, state.near, bounds=(240 - 145 * side - 90, 60, 180, 190)):
                self._flowers(stage, setup, clock, 240 - 145 * side)
            if setup.drink == "coffee":
                self._steam(stage, clock, 240 + 150 * side, state.near)

    def _behind(self, stage: Stage, setup: _Setup, state: _State) -> None:
        with out_of_focus(stage, state.far):
            self._harbour(stage, setup)

    def _front(self, stage: Stage, setup: _Setup, state: _State) -> None:
        with out_of_focus(stage, state.near):
            self._table(stage, setup)

    def _harbour(self, stage: Stage, setup: _Setup) -> None:
        dusk = setup.dusk
        high = mix(Rgb.of("#6fb2e2"), Rgb.of("#4f4f8a"), dusk)
        low = mix(Rgb.of("#e3f2f8"), Rgb.of("#f7b27c"), dusk)
        stage.paint(stage.rect(-64, -64, WIDTH + 128, _SEA + 64), linear((0, -30), (0, _SEA), high, low))
        for x, y, size in ((60.0, 30.0, 26.0), (210, 46, 20), (390, 28, 30), (470, 60, 20)):
            for dx, dy, radius in ((-0.9, 0.1, 0.45), (-0.2, -0.15, 0.6), (0.6, 0.05, 0.5)):
                puff = stage.oval(x + dx * size, y + dy * size, radius * size * 1.3, radius * size * 0.5)
                stage.effect(puff, flat(mix(WHITE, Rgb(255, 206, 180), dusk), alpha=0.7, blur=2.5))
        coast = stage.curve(
            [(-64, 100), (0, 92), (70, 84), (150, 98), (240, 104), (330, 92), (430, 80), (544, 96), (544, 130),
             (-64, 130)]
        )  # fmt: skip
        stage.paint(
            coast,
            linear(
                (0, 80),
                (0, _SEA),
                mix(Rgb.of("#7fa088"), Rgb.of("#6a5f86"), dusk),
                mix(Rgb.of("#9ab8a0"), Rgb.of("#8f7690"), dusk),
            ),
        )
        rng = np.random.default_rng(setup.seed)
        for _ in range(16):
            x, tone = float(rng.uniform(-30, 500)), Rgb.of("#f0e6d6") if rng.random() < 0.6 else Rgb.of("#d9a58a")
            stage.paint(stage.rect(x, 100, 9, 10), flat(shade(tone, 1 - 0.25 * dusk)))
            stage.paint(stage.polygon([(x - 1, 100), (x + 4.5, 95), (x + 10, 100)]), flat(Rgb.of("#a8553f")))
        sea = stage.rect(-64, _SEA, WIDTH + 128, 240)
        stage.paint(
            sea,
            linear(
                (0, _SEA), (0, 230), mix(low, Rgb.of("#5f9fb8"), 0.5), mix(Rgb.of("#2f7f9a"), Rgb.of("#3a4f7a"), dusk)
            ),
        )
        stage.textured(stage.rect(-64, _SEA, WIDTH + 128, 130), "wood", strength=0.1, seed=3)
        self._lighthouse(stage, setup, 240 + 118 * setup.side)
        self._pier(stage, setup)

    def _lighthouse(self, stage: Stage, setup: _Setup, x: float) -> None:
        rock = stage.curve([(x - 46, 132), (x - 30, 118), (x - 4, 112), (x + 24, 117), (x + 48, 132)], closed=True)
        stage.paint(rock, linear((0, 110), (0, 134), Rgb.of("#8a8178"), Rgb.of("#4a4644")), part="lighthouse")
        tower = stage.polygon([(x - 11, 116), (x - 7, 44), (x + 7, 44), (x + 11, 116)])
        stage.paint(tower, linear((x - 11, 0), (x + 11, 0), WHITE, Rgb.of("#b3aaa6")), part="lighthouse")
        with stage.clipped(tower):
            for y in (54, 82, 110):
                band = stage.rect(x - 12, y, 24, 13)
                stage.paint(
                    band, linear((x - 11, 0), (x + 11, 0), Rgb.of("#d9483c"), Rgb.of("#8f2a26")), part="lighthouse"
                )
        stage.paint(stage.rect(x - 10, 40, 20, 4, radius=1), flat(Rgb.of("#3a3a40")), part="lighthouse")
        stage.paint(stage.rect(x - 5, 29, 10, 11), flat(Rgb.of("#ffe9a0")), part="lighthouse")
        stage.paint(stage.polygon([(x - 7, 29), (x, 20), (x + 7, 29)]), flat(Rgb.of("#8f2a26")), part="lighthouse")
        stage.glow(x, 34, 42, Rgb(255, 226, 140), alpha=0.12 + 0.33 * setup.dusk)
        stage.effect(
            stage.rect(x - 9, 134, 18, 40), linear((0, 134), (0, 174), WHITE, Rgb.of("#6fa0b4"), alpha=0.22, blur=2)
        )

    def _pier(self, stage: Stage, setup: _Setup) -> None:
        end = setup.person_x - 420 * setup.side
        left, right = min(setup.person_x + 34 * setup.side, end), max(setup.person_x + 34 * setup.side, end)
        for post in range(11):
            x = setup.person_x + (28 - 34 * post) * setup.side
            stage.paint(
                stage.rect(x - 3, 156, 6, 30),
                linear((x - 3, 0), (x + 3, 0), Rgb.of("#8a6a4c"), Rgb.of("#463424")),
                part="pier",
            )
            stage.effect(stage.rect(x - 2.5, 184, 5, 16), flat(Rgb.of("#2a3a44"), alpha=0.4, blur=1.5))
        stage.shadow(stage.rect(left, 172, right - left, 9), alpha=0.35, blur=3)
        deck = stage.rect(left, 159, right - left, 8)
        stage.paint(deck, linear((0, 159), (0, 167), Rgb.of("#c29a70"), Rgb.of("#7d5c3e")), part="pier")
        stage.textured(deck, "wood", strength=0.25, seed=4)

    def _glitter(self, stage: Stage, setup: _Setup, clock: Clock, far: float) -> None:
        for index in range(34):
            pulse = math.sin(clock.time_s * 3 + index * 1.9 + setup.phase)
            x = (index * 73) % 560 - 40 + 4 * math.sin(clock.time_s + index)
            y = _SEA + 6 + ((index * 37) % 90)
            wide = 5 + 0.12 * (y - _SEA)
            glint = flat(mix(WHITE, Rgb(255, 214, 160), setup.dusk), alpha=0.3 * max(0.0, pulse), blur=0.7 + 0.35 * far)
            stage.effect(stage.rect(x, y, wide, 1.3 + 0.3 * far), glint)

    def _boats(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        for index, (base, y, size) in enumerate(((96.0, 124.0, 0.8), (395.0, 138.0, 1.15), (180.0, 117.0, 0.5))):
            x = 240 + (base - 240) * setup.side + 5 * clock.time_s * setup.side
            with stage.moved(x, y, turn_deg=2.4 * math.sin(clock.time_s * 1.7 + index), scale=size):
                stage.effect(stage.oval(0, 7, 20, 3), flat(Rgb.of("#1f3f50"), alpha=0.35, blur=1.5))
                sail = stage.curve([(2, -36), (15, -18), (18, -4), (2, -4)], closed=True)
                cloth = (Rgb.of("#fdf6e8"), Rgb.of("#f2c9a0"), Rgb.of("#fdf6e8"))[index]
                stage.paint(sail, linear((2, 0), (18, 0), cloth, shade(cloth, 0.78)), part="boat")
                jib = stage.polygon([(-1, -34), (-14, -4), (-1, -4)])
                stage.paint(jib, flat(shade(cloth, 0.9)), part="boat")
                stage.paint(stage.rect(-0.5, -40, 1.8, 42), flat(Rgb.of("#5a4030")), part="boat")
                hull = stage.curve([(-20, -1), (-14, 7), (12, 7), (22, -1)], closed=True)
                tone = (Rgb.of("#2f5f86"), Rgb.of("#a33b34"), Rgb.of("#3f6f4f"))[index]
                stage.paint(hull, linear((0, -2), (0, 7), shade(tone, 1.2), shade(tone, 0.7)), part="boat")

    def _gulls(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        for index in range(3):
            x = 120 + 110 * index + 16 * clock.time_s + 10 * math.sin(index + setup.phase)
            y = 60 + 14 * math.sin(index * 2.2 + clock.time_s)
            flap = 5 * math.sin(clock.time_s * 7 + index)
            wing = stage.curve([(x - 11, y - flap), (x - 5, y - 3), (x, y), (x + 5, y - 3), (x + 11, y - flap)])
            stage.paint(wing, flat(Rgb.of("#f6f6f4")), part="gull", line=2.2)

    def _table(self, stage: Stage, setup: _Setup) -> None:
        top = stage.rect(-80, _TABLE - 14, WIDTH + 160, 160)
        stage.paint(
            top,
            linear((0, _TABLE - 14), (0, HEIGHT + 20), shade(setup.wood, 1.2), shade(setup.wood, 0.7)),
            part="table",
        )
        stage.textured(top, "wood", strength=0.22, seed=1)
        stage.effect(
            stage.rect(-80, _TABLE - 15, WIDTH + 160, 2.4), flat(mix(setup.wood, WHITE, 0.6), alpha=0.8, blur=0.5)
        )
        menu_x = 240 + 20 * setup.side
        menu = stage.polygon([(menu_x - 34, 236), (menu_x + 40, 232), (menu_x + 52, 260), (menu_x - 30, 266)])
        with stage.moved(3, 3):
            stage.shadow(menu, alpha=0.4, blur=3)
        stage.paint(menu, linear((0, 230), (0, 266), Rgb.of("#f6efdd"), Rgb.of("#d9cdb2")), part="table")
        for row in range(4):
            line = [(menu_x - 24 + 2 * row, 242 + 5.4 * row), (menu_x + 30 + 3 * row, 239 + 5.4 * row)]
            stage.effect(stage.polygon(line, closed=False), flat(Rgb.of("#5a4a3c"), alpha=0.7), line=1.2)
        x = 240 + 150 * setup.side
        if setup.drink == "coffee":
            stage.shadow(stage.oval(x + 14, 250, 62, 13), alpha=0.5, blur=5)
        with stage.moved(x, 246):
            (self._cup if setup.drink == "coffee" else self._glass)(stage, setup)

    def _cup(self, stage: Stage, setup: _Setup) -> None:
        flat_ = math.sin(_TILT)
        lathe(stage, [(0, 40), (4, 54)], _TILT, shade(setup.cup, 1.02), part="cup")
        stage.shadow(stage.oval(5, -3, 30, 9), alpha=0.3, blur=3)
        handle = [(setup.side * 30, -54), (setup.side * 52, -50), (setup.side * 50, -30), (setup.side * 24, -20)]
        stage.paint(stage.curve(handle), flat(shade(setup.cup, 0.78)), part="cup", line=7)
        lathe(stage, [(4, 20), (18, 31), (66, 37)], _TILT, setup.cup, part="cup")
        rim = 66 * math.cos(_TILT)
        stage.paint(stage.oval(0, -rim, 35, 35 * flat_), flat(shade(setup.cup, 0.55)), part="cup")
        with stage.clipped(stage.oval(0, -rim, 35, 35 * flat_)):
            stage.paint(
                stage.oval(0, -rim + 5, 35, 35 * flat_),
                radial((-8, -rim + 3), 40, Rgb.of("#c79a6a"), Rgb.of("#6a4024")),
                part="cup",
            )
        stage.effect(stage.rect(-26, -54, 6, 34, radius=3), flat(WHITE, alpha=0.45, blur=2))

    def _glass(self, stage: Stage, setup: _Setup) -> None:
        """A tall glass of lemonade with ice, a slice of lemon and a straw."""
        flatness, rise = math.sin(_TILT), math.cos(_TILT)
        with stage.moved(0, 0, turn_deg=7):
            shadow = stage.polygon([(-18, -2), (24, -4), (74, 8), (40, 14)])
            stage.shadow(shadow, alpha=0.35, blur=4)
        stage.shadow(stage.oval(6, 2, 30, 8), alpha=0.45, blur=3)
        stage.effect(stage.oval(34, 5, 18, 3.4), flat(Rgb.of("#ffe68a"), alpha=0.5, blur=3))
        top, level = -96 * rise, -80 * rise
        stage.paint(stage.polygon([(10, level), (24, top - 38)], closed=False), flat(setup.cup), part="cup", line=4.4)
        glass = stage.polygon([(-29, top), (29, top), (22, -2), (-22, -2)])
        foot = stage.oval(0, -2, 22, 22 * flatness)
        drink = (Rgb.of("#fff2a8"), Rgb.of("#f6d65a"), Rgb.of("#d9a92e"))
        stage.paint(stage.oval(0, -3, 22, 22 * flatness), flat(drink[2]), part="cup")
        liquid = stage.polygon([(-27.6, level), (27.6, level), (21.4, -3), (-21.4, -3)])
        stage.paint(liquid, linear((-28, 0), (28, 0), *drink), part="cup")
        for x, y, turn in ((-11.0, -48.0, 14.0), (8, -60, -22), (-6, -66, 40), (11, -36, 8)):
            with stage.moved(x, y, turn_deg=turn):
                stage.effect(stage.rect(-7, -7, 14, 14, radius=3), flat(WHITE, alpha=0.35))
                stage.effect(stage.rect(-7, -7, 14, 14, radius=3), flat(WHITE, alpha=0.6), line=0.9)
        stage.paint(stage.oval(0, level, 27.6, 27.6 * flatness), linear((-28, 0), (28, 0), *drink[:2]), part="cup")
        stage.paint(glass, linear((-29, 0), (29, 0), WHITE, Rgb.of("#dff0f4"), WHITE, alpha=0.22), part="cup")
        stage.effect(glass, flat(WHITE, alpha=0.55), line=1.2)
        stage.effect(foot, flat(WHITE, alpha=0.5), line=1.2)
        stage.paint(stage.oval(0, top, 29, 29 * flatness), flat(Rgb.of("#f4fbfc")), part="cup", line=1.6)
        stage.paint(stage.oval(-27, top - 4, 13), flat(Rgb.of("#f2c93a")), part="cup")
        stage.paint(stage.oval(-27, top - 4, 10.6), flat(Rgb.of("#fbeea0")), part="cup")
        for wedge in range(4):
            turn = wedge * math.pi / 4
            ends = [(-27 + k * 10 * math.cos(turn), top - 4 + k * 10 * math.sin(turn)) for k in (-1, 1)]
            stage.effect(stage.polygon(ends, closed=False), flat(Rgb.of("#f2c93a"), alpha=0.8), line=1)
        stage.effect(
            stage.polygon([(-21, top + 12), (-17, -14)], closed=False), flat(WHITE, alpha=0.6, blur=1.4), line=4
        )

    def _flowers(self, stage: Stage, setup: _Setup, clock: Clock, x: float) -> None:
        stage.shadow(stage.oval(x + 12, 244, 40, 9), alpha=0.5, blur=4)
        for index in range(9):
            angle = -90 + (index - 4) * 17
            sway = 2.6 * math.sin(clock.time_s * 2 + index + setup.phase)
            reach = 46 + 12 * ((index * 5) % 3)
            tip = (
                x + reach * math.cos(math.radians(angle)) * 0.95 + sway,
                200 + reach * math.sin(math.radians(angle)) * 1.25,
            )
            stalk = stage.curve([(x, 204), ((x + tip[0]) / 2, (202 + tip[1]) / 2 + 4), tip])
            stage.paint(stalk, flat(Rgb.of("#4a7a36")), part="flowers", line=2.2)
            leaf = stage.oval((x + tip[0]) / 2 + 6, (204 + tip[1]) / 2, 10, 6)
            stage.paint(leaf, linear((x, 160), (x, 205), Rgb.of("#7fae52"), Rgb.of("#3f6a2f")), part="flowers")
            if index % 2 == 0:
                colour = (Rgb.of("#e2475a"), Rgb.of("#f08aa0"), Rgb.of("#e2475a"))[index // 2 % 3]
                for petal in range(6):
                    turn = petal * math.pi / 3 + index
                    spot = stage.oval(tip[0] + 6 * math.cos(turn), tip[1] + 6 * math.sin(turn), 5)
                    stage.paint(spot, flat(shade(colour, 0.85 + 0.05 * petal)), part="flowers")
                stage.paint(stage.oval(*tip, 3.4), flat(Rgb.of("#f6d76a")), part="flowers")
        pot = stage.polygon([(x - 28, 202), (x + 28, 202), (x + 20, 244), (x - 20, 244)])
        stage.paint(
            pot,
            linear((x - 28, 0), (x + 28, 0), Rgb.of("#d98a5f"), Rgb.of("#b8643f"), Rgb.of("#6f3822")),
            part="flowers",
        )
        stage.paint(
            stage.rect(x - 31, 196, 62, 11, radius=2),
            linear((x - 30, 0), (x + 30, 0), Rgb.of("#e39a70"), Rgb.of("#7f4229")),
            part="flowers",
        )

    def _steam(self, stage: Stage, clock: Clock, x: float, blur: float) -> None:
        for wisp in range(4):
            age = (clock.time_s * 0.4 + wisp / 4) % 1
            line = [(x - 12 + 8 * wisp + 6 * math.sin(age * 6 + k + wisp), 182 - 50 * age - 10 * k) for k in range(4)]
            puff = flat(WHITE, alpha=0.3 * math.sin(math.pi * age), blur=2.5 + 0.5 * blur)
            stage.effect(stage.curve(line), puff, line=5)
