"""Camera: a child looks through a spyglass, and the next shot is the view through it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.camera._parts import WHITE
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Point, Stage, flat, linear, load_skia, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["SpyglassView"]

_SEA = 118.0
_EYE = (112.0, 150.0)
_COATS = (Rgb.of("#d9483c"), Rgb.of("#e0b03a"), Rgb.of("#3f6fb0"), Rgb.of("#5f9a5c"))
_STRIPES = (Rgb.of("#d9483c"), Rgb.of("#3f7fb0"), Rgb.of("#8a5aa8"), Rgb.of("#e08a2f"))
_HULLS = (Rgb.of("#7a4a2a"), Rgb.of("#2f4f6f"), Rgb.of("#5f2f34"))

Subject = Literal["ship", "whale", "balloon"]
_SUBJECTS: tuple[Subject, ...] = ("ship", "whale", "balloon")
_PLACES: dict[Subject, Point] = {"ship": (336.0, 122.0), "whale": (372.0, 200.0), "balloon": (222.0, 46.0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    subject: Subject
    other: Subject
    """What the wrong shot shows."""
    coat: Rgb
    stripe: Rgb
    hull: Rgb
    dusk: float
    side: int
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    close: float
    """0 the cliff, 1 the view through the glass."""
    wrong: bool = False
    """The glass is on another thing than the child's."""


class SpyglassView(Family[_Setup, _State]):
    """The shot after the spyglass is what it points at."""

    name = "spyglass-view"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.CAMERA
    law = "viewpoint"
    parts = ("child", "spyglass", "cliff", "ship", "whale", "balloon", "island")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws subject, colours and time of day."""
        order = rng.permutation(len(_SUBJECTS))
        return _Setup(
            subject=_SUBJECTS[order[0]],
            other=_SUBJECTS[order[1]],
            coat=_COATS[rng.integers(len(_COATS))],
            stripe=_STRIPES[rng.integers(len(_STRIPES))],
            hull=_HULLS[rng.integers(len(_HULLS))],
            dusk=float(rng.choice([0.0, 0.4, 0.9])),
            side=1 if rng.random() < 0.5 else -1,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From the cliff to the child's eye."""
        return States(
            source=_State(close=0.0),
            target=_State(close=1.0),
            half=_State(close=0.4),
            wrong=_State(close=1.0, wrong=True),
        )

    def objects(self, setup: _Setup) -> str:
        """What the spyglass points at."""
        return setup.subject

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names what is seen or how."""
        subject = setup.subject
        return Words(
            instructions=(
                "Next, we are the child. What do we see?",
                "Cut to the child's own view at this very moment.",
                "The child calls: look what I have found! Continue with the discovery.",
                "Put the lens of the film camera where the child's eye is and go on.",
            ),
            train_instructions=(
                "Let the audience borrow the brass tube for the following shot.",
                "Show us what makes the child on the cliff hold its breath.",
            ),
            literal=f"Cut to a round view through the spyglass with the {subject} large in the middle.",
            expected=f"A round picture with a dark surround, as seen through a spyglass: the same {subject} is large "
            "in the middle of it, moving as before; the child and the cliff are not in the frame.",
            preserve=("the colours of ship, whale and balloon", "the sea and the sky", "the time of day"),
        )

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """Held by hand when it looks through the glass."""
        subject = setup.other if state.wrong else setup.subject
        x, y = _PLACES[subject]
        y += {"ship": -22.0, "whale": -12.0, "balloon": 2.0}[subject]
        centre = x if setup.side > 0 else WIDTH - x
        shake = state.close * math.sin(clock.time_s * 2.3 + setup.phase)
        nod = state.close * math.sin(clock.time_s * 3.1)
        share = min(1.0, state.close * 1.6)
        return Camera(
            x=(centre - WIDTH / 2) * share + 1.5 * shake + 2 * clock.share,
            y=(y - HEIGHT / 2) * share + nod,
            zoom=1 + 1.75 * state.close + 0.03 * clock.share,
        )

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Sky, sea, the three things, then the cliff or the rim of the glass."""
        with stage.at_depth(1), stage.moved(WIDTH if setup.side < 0 else 0, 0, scale=setup.side, scale_y=1):
            self._sky(stage, setup, clock)
            with stage.moved(*_PLACES["balloon"]):
                self._balloon(stage, setup, clock)
            self._sea(stage, setup, clock)
            with stage.moved(*_PLACES["ship"]):
                self._ship(stage, setup, clock)
            with stage.moved(_PLACES["whale"][0] - 9, _PLACES["whale"][1], scale=0.78):
                self._whale(stage, setup, clock)
            if not state.close:
                stage.static("cliff", lambda: self._cliff(stage, setup))
                self._child(stage, setup, clock)
        if state.close:
            self._rim(stage, state)

    def _sky(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        top = mix(Rgb.of("#5fa6dc"), Rgb.of("#4f4a82"), setup.dusk)
        low = mix(Rgb.of("#e2f1f8"), Rgb.of("#f6b083"), setup.dusk)
        stage.paint(stage.rect(-64, -64, WIDTH + 128, _SEA + 66), linear((0, -20), (0, _SEA), top, low))
        stage.glow(190, 84, 80, Rgb(255, 214, 150), alpha=0.13 + 0.17 * setup.dusk)
        tone = mix(WHITE, Rgb(255, 200, 174), setup.dusk)
        for index in range(6):
            x, y = (index * 97 + 5 * clock.time_s) % 560 - 30, 20 + (index * 29) % 62
            for dx, dy, radius in ((-17, 2, 14), (0, -4, 19), (17, 2, 13)):
                stage.effect(stage.oval(x + dx, y + dy, radius * 1.3, radius * 0.55), flat(tone, alpha=0.55, blur=3))
        island = stage.curve([(150, _SEA + 1), (176, 108), (204, 98), (226, 106), (252, _SEA + 1)], closed=True)
        green = mix(Rgb.of("#7f9f7a"), Rgb.of("#6f5f7f"), setup.dusk)
        stage.paint(island, linear((0, 96), (0, _SEA), shade(green, 1.1), shade(green, 0.75)), part="island")

    def _sea(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        low = mix(Rgb.of("#8fc8d8"), Rgb.of("#c98f8a"), setup.dusk)
        deep = mix(Rgb.of("#1f6a8c"), Rgb.of("#2c3a66"), setup.dusk)
        sea = stage.rect(-64, _SEA, WIDTH + 128, 260)
        stage.paint(sea, linear((0, _SEA), (0, HEIGHT), low, mix(low, deep, 0.65), deep))
        for row in range(13):
            y = _SEA + 3 + row * (4 + row * 0.75)
            for index in range(9):
                x = (index * 67 + row * 31 + (4 + row) * clock.time_s * 0.8) % 600 - 60
                wide = 10 + 2.2 * row
                lift = 0.6 + 0.16 * row
                wave = stage.curve(
                    [(x, y), (x + wide * 0.5, y - lift * (1 + math.sin(clock.time_s * 2 + index))), (x + wide, y)]
                )
                stage.effect(wave, flat(mix(low, WHITE, 0.5), alpha=0.4), line=0.6 + 0.06 * row)

    def _balloon(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        with stage.moved(2 * math.sin(clock.time_s * 0.8 + setup.phase), 2 * math.sin(clock.time_s * 1.3)):
            envelope = stage.curve(
                [(0, -32), (19, -26), (25, -9), (16, 11), (5, 21), (-5, 21), (-16, 11), (-25, -9), (-19, -26)],
                closed=True,
            )
            cream = Rgb.of("#f7eeda")
            stage.paint(envelope, radial((-8, -16), 50, WHITE, cream, shade(cream, 0.6)), part="balloon")
            with stage.clipped(envelope):
                for gore in (-17.0, 0.0, 17.0):
                    strip = stage.curve(
                        [
                            (gore * 0.3 - 3, -34),
                            (gore - 5, -8),
                            (gore * 0.4 - 2, 22),
                            (gore * 0.4 + 2, 22),
                            (gore + 5, -8),
                            (gore * 0.3 + 3, -34),
                        ],
                        closed=True,
                    )
                    stage.paint(
                        strip,
                        linear((0, -32), (0, 22), shade(setup.stripe, 1.1), shade(setup.stripe, 0.7)),
                        part="balloon",
                    )
                stage.effect(stage.oval(-9, -17, 5, 8), flat(WHITE, alpha=0.4, blur=2.5))
            for rope in (-4.4, 4.4):
                stage.paint(
                    stage.polygon([(rope, 21), (rope * 0.8, 31)], closed=False),
                    flat(Rgb.of("#4a3a2a")),
                    part="balloon",
                    line=0.6,
                )
            stage.glow(0, 24, 8, Rgb(255, 180, 70), alpha=0.5 + 0.3 * math.sin(clock.time_s * 9))
            basket = stage.rect(-4.6, 31, 9.2, 7.4, radius=1.4)
            stage.paint(basket, linear((-5, 0), (5, 0), Rgb.of("#b9853f"), Rgb.of("#6f4a24")), part="balloon")
            for head in (-1.8, 2.0):
                stage.paint(stage.oval(head, 29.6, 1.5), flat(Rgb.of("#d9a078")), part="balloon")

    def _ship(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        stage.effect(stage.oval(0, 4, 42, 4), flat(Rgb.of("#123244"), alpha=0.35, blur=2))
        with stage.moved(
            0, 0.8 * math.sin(clock.time_s * 1.9), turn_deg=1.6 * math.sin(clock.time_s * 1.4 + setup.phase)
        ):
            for mast, tall in ((-20, 46), (0, 56), (19, 44)):
                stage.paint(stage.rect(mast - 0.7, -tall - 6, 1.4, tall), flat(Rgb.of("#4a3424")), part="ship")
                for level in range(3):
                    y, wide = -tall + level * tall * 0.26, 7.0 + 1.7 * level
                    sail = stage.curve(
                        [
                            (mast - wide, y),
                            (mast - wide + 3, y + tall * 0.12),
                            (mast - wide, y + tall * 0.23),
                            (mast + wide, y + tall * 0.23),
                            (mast + wide + 4, y + tall * 0.12),
                            (mast + wide, y),
                        ],
                        closed=True,
                    )
                    stage.paint(
                        sail,
                        linear((mast - wide, 0), (mast + wide + 3, 0), Rgb.of("#fbf5e6"), Rgb.of("#c4b595")),
                        part="ship",
                    )
                wave = 1.5 * math.sin(clock.time_s * 6 + mast)
                flag = stage.polygon([(mast, -tall - 6), (mast + 9, -tall - 4 + wave), (mast, -tall - 1)])
                stage.paint(flag, flat(setup.stripe), part="ship")
            jib = stage.polygon([(23, -34), (42, -8), (24, -9)])
            stage.paint(jib, flat(Rgb.of("#e6dbc0")), part="ship")
            hull = stage.curve(
                [(-38, -14), (-33, 2), (-22, 6), (22, 6), (33, 0), (44, -10), (28, -7), (-24, -7)], closed=True
            )
            stage.paint(hull, linear((0, -12), (0, 6), shade(setup.hull, 1.3), shade(setup.hull, 0.7)), part="ship")
            stage.paint(stage.curve([(-33, -5), (0, -2), (33, -4)]), flat(Rgb.of("#e0c48a")), part="ship", line=1.4)
            for port in range(5):
                stage.paint(stage.oval(-22 + 10 * port, 1, 1.2), flat(Rgb.of("#1a1412")), part="ship")
        foam = stage.curve([(-36, 5), (-12, 6.5), (14, 6), (37, 3.5)])
        stage.effect(foam, flat(WHITE, alpha=0.7, blur=0.8), line=1.6)

    def _whale(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        rise = 1.4 * math.sin(clock.time_s * 1.6 + setup.phase)
        skin = Rgb.of("#8c949e")
        water = stage.rect(-80, -60, 160, 62)
        with stage.clipped(water), stage.moved(0, rise):
            body = stage.curve([(-44, 8), (-40, -8), (-22, -17), (2, -16), (24, -7), (42, 3), (46, 12)], closed=True)
            stage.paint(body, linear((0, -17), (0, 6), shade(skin, 1.3), skin, shade(skin, 0.55)), part="whale")
            stage.effect(stage.curve([(-34, -9), (-18, -14), (2, -13)]), flat(WHITE, alpha=0.4, blur=1.2), line=2.4)
            stage.paint(stage.oval(-32, -2.5, 1.4), flat(Rgb.of("#10161a")), part="whale")
            stage.effect(stage.curve([(-43, 1), (-34, 0.6), (-28, 2.4)]), flat(shade(skin, 0.45)), line=1)
            wag = 5 * math.sin(clock.time_s * 2.4)
            stem = stage.curve(
                [(42, 12), (50, -2), (53, -13 + wag * 0.3), (57, -12 + wag * 0.3), (58, 0), (54, 12)], closed=True
            )
            stage.paint(stem, flat(shade(skin, 0.9)), part="whale")
            fluke = stage.curve(
                [
                    (54, -11 + wag * 0.3),
                    (43, -21 + wag),
                    (47, -23 + wag),
                    (55, -17 + wag * 0.5),
                    (63, -24 + wag),
                    (68, -21 + wag),
                    (57, -11 + wag * 0.3),
                ],
                closed=True,
            )
            stage.paint(fluke, linear((0, -24), (0, -8), shade(skin, 1.2), shade(skin, 0.75)), part="whale")
        for drop in range(22):
            age = (clock.time_s * 0.9 + drop / 22) % 1
            out = math.sin(drop * 2.4) * 17 * age
            y = -16 + rise - 62 * age * (1.25 - age)
            size = 1.4 + 2.4 * age
            stage.effect(stage.oval(-20 + out, y, size, size), flat(WHITE, alpha=0.75 * (1 - age), blur=0.8))
        for ring in (1.0, 1.25):
            stage.effect(
                stage.curve([(-50 * ring, 1), (-20, 3.6 * ring), (22, 3.6 * ring), (62 * ring, 1)]),
                flat(WHITE, alpha=0.5, blur=0.7),
                line=1.3,
            )

    def _cliff(self, stage: Stage, setup: _Setup) -> None:
        rock = stage.curve(
            [(-70, 178), (20, 186), (96, 192), (140, 196), (166, 206), (158, 228), (178, 256), (172, 340), (-70, 340)],
            closed=True,
        )
        tone = mix(Rgb.of("#9a8a76"), Rgb.of("#6a5866"), setup.dusk)
        stage.paint(rock, linear((0, 190), (160, 280), shade(tone, 1.1), shade(tone, 0.6)), part="cliff")
        with stage.clipped(rock):
            stage.textured(stage.rect(-64, 176, 260, 160), "stone", strength=0.34, seed=1)
            turf = stage.curve(
                [
                    (-70, 170),
                    (20, 180),
                    (96, 186),
                    (140, 190),
                    (172, 204),
                    (150, 210),
                    (96, 206),
                    (30, 206),
                    (-70, 200),
                ],
                closed=True,
            )
            green = mix(Rgb.of("#79a044"), Rgb.of("#5f6440"), setup.dusk)
            stage.paint(turf, linear((0, 176), (0, 208), shade(green, 1.15), shade(green, 0.75)), part="cliff")
            stage.textured(stage.rect(-64, 170, 240, 44), "grass", strength=0.3, seed=2)
        stage.shadow(stage.oval(78, 196, 26, 4.5), alpha=0.5, blur=3)

    def _child(self, stage: Stage, setup: _Setup, clock: Clock) -> None:
        """Stands in profile on the cliff; the feet are at (84, 196)."""
        skin, coat = Rgb.of("#e8b48e"), setup.coat
        breath = 0.5 * math.sin(clock.time_s * 2.8)
        for x in (80.0, 89.0):
            stage.paint(stage.rect(x - 3, 178, 6.4, 18, radius=2), flat(Rgb.of("#34425a")), part="child")
            stage.paint(stage.oval(x + 2, 196, 6, 2.8), flat(Rgb.of("#2c221e")), part="child")
        flap = 3 * math.sin(clock.time_s * 5)
        scarf = stage.curve(
            [(80, 161), (68, 160 + flap * 0.4), (58, 164 - flap), (57, 168 - flap), (68, 165 + flap * 0.4), (80, 166)],
            closed=True,
        )
        stage.paint(scarf, flat(setup.stripe), part="child")
        body = stage.curve([(78, 162), (73, 172), (71, 186), (97, 186), (96, 172), (92, 162)], closed=True)
        stage.paint(body, linear((72, 0), (98, 0), shade(coat, 0.75), coat, shade(coat, 1.15)), part="child")
        stage.paint(stage.rect(77, 159 + breath * 0.3, 16, 5, radius=2.4), flat(setup.stripe), part="child")
        head = (86.0, 149.0 + breath * 0.3)
        stage.paint(
            stage.oval(*head, 11.5, 12), radial((90, 145), 20, shade(skin, 1.08), skin, shade(skin, 0.75)), part="child"
        )
        hair = stage.curve(
            [(76, 156), (73, 146), (78, 137), (88, 136), (96, 141), (86, 144), (83, 150), (80, 157)], closed=True
        )
        stage.paint(hair, flat(Rgb.of("#5a371f")), part="child")
        stage.paint(stage.oval(97.5, 151, 2.2), flat(skin), part="child")
        x, y = _PLACES[setup.subject]
        y += {"ship": -22.0, "whale": -12.0, "balloon": 2.0}[setup.subject]
        angle = math.degrees(math.atan2(y - _EYE[1], x - _EYE[0])) + 0.5 * math.sin(clock.time_s * 1.7)
        with stage.moved(94, 148, turn_deg=angle):
            for start, length, wide in ((2, 15, 6.0), (16, 15, 7.6), (30, 16, 9.4)):
                tube = stage.rect(start, -wide / 2, length, wide, radius=1)
                stage.paint(
                    tube,
                    linear((0, -wide / 2), (0, wide / 2), Rgb.of("#ffe7a0"), Rgb.of("#c9963a"), Rgb.of("#6f4c18")),
                    part="spyglass",
                )
                stage.paint(
                    stage.rect(start + length - 2, -wide / 2 - 0.7, 2, wide + 1.4),
                    flat(Rgb.of("#8a6422")),
                    part="spyglass",
                )
            stage.glow(47, -3, 9, WHITE, alpha=0.5 + 0.3 * math.sin(clock.time_s * 4))
            grip = (94 + 24 * math.cos(math.radians(angle)), 148 + 24 * math.sin(math.radians(angle)) + 4)
        for shoulder, tone in (((88.0, 168.0), 1.0),):
            elbow = ((shoulder[0] + grip[0]) / 2 + 1, (shoulder[1] + grip[1]) / 2 + 8)
            arm = stage.polygon([shoulder, elbow, grip], closed=False)
            stage.paint(arm, flat(shade(coat, 0.66)), part="child", line=8.4)
            stage.paint(arm, flat(shade(coat, tone)), part="child", line=7)
        stage.paint(stage.oval(*grip, 4), flat(skin), part="child")

    def _rim(self, stage: Stage, state: _State) -> None:
        """The dark inside of the tube about the round picture."""
        radius = 126 + 120 * (1 - state.close)
        mask = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
        mask.addCircle(WIDTH / 2, HEIGHT / 2, radius)
        mask.setFillType(load_skia().PathFillType.kEvenOdd)
        stage.paint(mask, flat(Rgb(10, 8, 7), blur=2.5))
        ring = stage.oval(WIDTH / 2, HEIGHT / 2, radius - 3)
        stage.effect(ring, flat(Rgb(8, 6, 5), alpha=0.5, blur=7), line=16)
        arc = stage.oval(WIDTH / 2, HEIGHT / 2, radius + 6)
        stage.effect(
            arc,
            linear((120, 10), (360, 262), Rgb.of("#7a5a2a"), Rgb.of("#1c140a"), Rgb.of("#5f4420"), alpha=0.8),
            line=3,
        )
