"""Who is seen on a pier far away: a friend who waves, a dog that barks, an angler with a catch. Feet are at (0, 0)."""

from __future__ import annotations

import math
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.camera._parts import WHITE
from rvebench.sim.stage import Stage, flat, linear, radial

__all__ = ["SUBJECTS", "Subject", "paint_subject"]

Subject = Literal["angler", "dog", "friend"]
SUBJECTS: tuple[Subject, ...] = ("angler", "dog", "friend")

_SKIN, _DARK = Rgb.of("#e8b891"), Rgb.of("#1c1512")


def paint_subject(stage: Stage, subject: Subject, colour: Rgb, time_s: float, phase: float) -> None:
    """Draws one of them; `colour` is that of the coat, or of the dog's scarf."""
    {"angler": _angler, "dog": _dog, "friend": _friend}[subject](stage, colour, time_s, phase)


def _friend(stage: Stage, coat: Rgb, time_s: float, phase: float) -> None:
    """A friend who waves both arms over the head."""
    wave = 15 * math.sin(time_s * 6 + phase)
    stage.shadow(stage.oval(3, 0, 9, 1.8), alpha=0.45, blur=1)
    for leg in (-3.4, 3.4):
        stage.paint(stage.rect(leg - 2.2, -17, 4.4, 17, radius=1.5), flat(Rgb.of("#34425a")), part="person")
        stage.paint(stage.rect(leg - 2.6, -2.4, 5.8, 3, radius=1.4), flat(Rgb.of("#2a2220")), part="person")
    for arm in (-1, 1):
        with stage.moved(arm * 6, -35, turn_deg=arm * (28 + wave * arm)):
            stage.paint(stage.rect(-2, -17, 4, 18, radius=2), flat(shade(coat, 0.85)), part="person")
            stage.paint(stage.oval(0, -18.5, 2.4), flat(_SKIN), part="person")
    body = stage.curve(
        [(-4, -39), (-8, -35), (-8.5, -22), (-10, -11), (10, -11), (8.5, -22), (8, -35), (4, -39)], closed=True
    )
    stage.paint(body, linear((-9, 0), (9, 0), shade(coat, 1.2), coat, shade(coat, 0.65)), part="person")
    for button in (-31, -25, -19):
        stage.paint(stage.oval(0, button, 0.9), flat(Rgb.of("#f4ead2")), part="person")
    stage.paint(stage.oval(0, -45, 6.2, 6.8), flat(_SKIN), part="person")
    hair = stage.curve(
        [(-6.6, -43), (-6.6, -50), (0, -53.5), (6.6, -50), (6.6, -43), (4.4, -48), (-3, -48.6)], closed=True
    )
    stage.paint(hair, flat(Rgb.of("#4a2f1e")), part="person")
    for eye in (-2.2, 2.2):
        stage.paint(stage.oval(eye, -45, 0.8, 1.1), flat(_DARK), part="person")
    stage.paint(stage.curve([(-2.4, -42), (0, -40.6), (2.4, -42)]), flat(Rgb.of("#a03a34")), part="person", line=1)


def _dog(stage: Stage, scarf: Rgb, time_s: float, phase: float) -> None:
    """A large dog that wags its tail, hops and barks."""
    fur, pale = Rgb.of("#b8793f"), Rgb.of("#f0dcba")
    hop = 3.2 * abs(math.sin(time_s * 4.4 + phase))
    bark = max(0.0, math.sin(time_s * 8.8 + phase))
    stage.shadow(stage.oval(2, 0.4, 24 - hop, 2.2), alpha=0.5, blur=1)
    tip = 9 * math.sin(time_s * 10)
    tail = stage.curve([(-17, -22 - hop), (-25, -29 - hop), (-27 + 0.4 * tip, -38 - hop), (-25 + tip, -44 - hop)])
    stage.paint(tail, flat(shade(fur, 0.8)), part="person", line=5)
    for x, tone in ((-13.0, 0.68), (10, 0.68), (-17, 1.0), (14, 1.0)):
        leg = stage.rect(x - 2.6, -17 - hop, 5.2, 17 + hop * (0.15 if x < 0 else -0.75), radius=2.4)
        stage.paint(leg, flat(shade(fur, tone)), part="person")
    body = stage.curve(
        [(-20, -24 - hop), (-12, -29 - hop), (8, -28 - hop), (18, -31 - hop), (20, -20 - hop), (10, -12 - hop),
         (-8, -14 - hop), (-19, -14 - hop)],
        closed=True,
    )  # fmt: skip
    stage.paint(body, linear((0, -30), (0, -10), shade(fur, 1.2), fur, shade(fur, 0.66)), part="person")
    stage.paint(stage.oval(17, -20 - hop, 5, 7), flat(pale), part="person")
    with stage.moved(21, -37 - hop, turn_deg=-9 * bark):
        neck = stage.curve([(-10, 2), (-3, -6), (5, 5), (0, 14), (-8, 12)], closed=True)
        stage.paint(neck, flat(shade(fur, 0.95)), part="person")
        stage.paint(stage.curve([(-9, 4), (-2, 9), (5, 7)]), flat(scarf), part="person", line=4.4)
        stage.paint(stage.polygon([(-7, 8), (1, 10), (-5, 19)]), flat(scarf), part="person")
        jaw = stage.curve([(4, 0), (15, 2 + 4.5 * bark), (14, 4.4 + 4.5 * bark), (4, 5)], closed=True)
        stage.paint(jaw, flat(shade(fur, 0.7)), part="person")
        head = stage.curve(
            [(-8, -6), (-1, -11), (7, -7), (17, -3.6), (17.6, 0.6), (8, 3), (-3, 5), (-8, 1)], closed=True
        )
        stage.paint(head, radial((-1, -7), 22, shade(fur, 1.22), fur, shade(fur, 0.75)), part="person")
        ear = stage.curve([(-5, -8), (-10, -3), (-9.5, 6), (-5, 7), (-2, -3)], closed=True)
        stage.paint(ear, flat(shade(fur, 0.55)), part="person")
        stage.paint(stage.oval(16.6, -2.8, 2.2, 1.8), flat(_DARK), part="person")
        stage.paint(stage.oval(5, -4.8, 1.3), flat(_DARK), part="person")


def _angler(stage: Stage, coat: Rgb, time_s: float, phase: float) -> None:
    """An old angler with a hat; a fish struggles on the line."""
    pull = math.sin(time_s * 3 + phase)
    stage.shadow(stage.oval(3, 0, 10, 1.8), alpha=0.45, blur=1)
    for leg in (-3.6, 3.6):
        stage.paint(stage.rect(leg - 2.6, -18, 5.2, 18, radius=1.5), flat(Rgb.of("#4a5a48")), part="person")
        stage.paint(stage.rect(leg - 2.8, -3, 7, 3.6, radius=1.5), flat(Rgb.of("#2a2220")), part="person")
    bucket = stage.polygon([(-24, -12), (-13, -12), (-14.6, 0), (-22.4, 0)])
    stage.paint(bucket, linear((-24, 0), (-13, 0), Rgb.of("#d5dade"), Rgb.of("#74808a")), part="person")
    body = stage.curve(
        [(-5, -40), (-9, -35), (-9.5, -22), (-9.5, -14), (9.5, -14), (9.5, -22), (8.6, -35), (4, -40)], closed=True
    )
    stage.paint(body, linear((-9, 0), (9, 0), shade(coat, 1.2), coat, shade(coat, 0.65)), part="person")
    stage.paint(stage.oval(0.6, -45, 6, 6.6), flat(_SKIN), part="person")
    beard = stage.curve([(-5.4, -44), (-5, -38), (1, -35.4), (6, -38.6), (6.4, -43.6), (1, -41.6)], closed=True)
    stage.paint(beard, flat(Rgb.of("#efe9dd")), part="person")
    for eye in (-1.2, 3.2):
        stage.paint(stage.oval(eye, -46, 0.8, 1), flat(_DARK), part="person")
    straw = Rgb.of("#e3c070")
    stage.paint(stage.oval(0.6, -49.4, 11.5, 2.4), flat(shade(straw, 0.85)), part="person")
    stage.paint(stage.rect(-5, -56, 11.2, 7.4, radius=3.4), flat(straw), part="person")
    stage.paint(stage.rect(-5, -51.6, 11.2, 2), flat(coat), part="person")
    with stage.moved(7, -31, turn_deg=3 * pull):
        tip = (36.0, -28.0 + 2 * pull)
        rod = stage.curve([(-8, 7), (10, -11), (26, -26), tip])
        stage.paint(rod, flat(Rgb.of("#5a3a22")), part="person", line=1.7)
        for hand in ((-2.0, 1.2), (6.0, -7.0)):
            arm = stage.polygon([(-6, -2), hand], closed=False)
            stage.paint(arm, flat(shade(coat, 0.82)), part="person", line=4.4)
            stage.paint(stage.oval(*hand, 2.5), flat(_SKIN), part="person")
        stage.effect(stage.polygon([tip, (36 + 2 * pull, -2)], closed=False), flat(WHITE, alpha=0.8), line=0.7)
        with stage.moved(36 + 2 * pull, -2, turn_deg=90 + 16 * math.sin(time_s * 11)):
            silver = mix(Rgb.of("#9fb8cc"), WHITE, 0.3)
            stage.paint(stage.polygon([(15, 0), (22, -5), (22, 5)]), flat(shade(silver, 0.75)), part="person")
            fish = stage.curve([(0, 0), (5, -4.6), (12, -3.4), (17, 0), (12, 3.4), (5, 4.6)], closed=True)
            stage.paint(fish, linear((0, -5), (0, 5), shade(silver, 0.7), silver, WHITE), part="person")
            stage.paint(stage.oval(3.4, -1, 0.9), flat(_DARK), part="person")
