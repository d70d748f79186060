"""What hangs from the rope, and what becomes of it on the floor; about the place under its pulley."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.causal._parts import WHITE, ease
from rvebench.sim.families.causal._rope_physics import BURST_S, FLOOR, PUMPKIN, Body, Kind, wedges
from rvebench.sim.stage import Stage, flat, linear, radial

__all__ = ["FRUITS", "Fruit", "draw_load"]

Fruit = Literal["apples", "oranges"]
FRUITS: tuple[Fruit, ...] = ("apples", "oranges")

_FRUIT: MappingProxyType[Fruit, tuple[Rgb, Rgb]] = MappingProxyType(
    {
        "apples": (Rgb.of("#c8372f"), Rgb.of("#a9c048")),
        "oranges": (Rgb.of("#f08a2a"), Rgb.of("#f5a63f")),
    }
)
_JUTE, _FLOUR = Rgb.of("#c9a873"), Rgb.of("#f6f0e2")
_RIND, _FLESH = Rgb.of("#e8792a"), Rgb.of("#f7bf5a")


def draw_load(stage: Stage, kind: Kind, pail: Rgb, fruit: Fruit, bodies: tuple[Body, ...], since: float | None) -> None:
    """Draws the load with its shadow.

    Args:
        stage: what is drawn on.
        kind: the load.
        pail: the colour of a bucket.
        fruit: what a bucket holds.
        bodies: where everything is, as :func:`simulate_fall` tells.
        since: seconds since the rope parted; none while it holds.
    """
    whole = bodies[0]
    burst = kind == "pumpkin" and since is not None and since >= BURST_S
    if not burst:
        height = max(0.0, FLOOR - whole.y - 20)
        ground = stage.oval(whole.x + 3, FLOOR + 5, 30 + 0.12 * height, 6)
        stage.shadow(ground, alpha=max(0.12, 0.5 - height / 330), blur=3 + height / 30)
    if kind == "bucket":
        _bucket(stage, pail, fruit, bodies)
        _dust(stage, since or 0.0, whole.x, Rgb.of("#cdbb9c"))
    elif kind == "flour-sack":
        _sack(stage, whole, since or 0.0)
    elif burst:
        _pieces(stage, bodies[1:], whole.x, (since or 0.0) - BURST_S)
    else:
        with stage.moved(whole.x, whole.y, turn_deg=math.degrees(whole.turn)):
            _pumpkin(stage)


# ---- the bucket


def _bucket(stage: Stage, pail: Rgb, fruit: Fruit, bodies: tuple[Body, ...]) -> None:
    whole, *load = bodies
    for body in load:
        low = max(0.0, 1 - (FLOOR - 8 - body.y) / 40)
        stage.shadow(stage.oval(body.x + 2, FLOOR + 3, 8, 2.6), alpha=0.45 * low, blur=1.5)
    with stage.moved(whole.x, whole.y, turn_deg=math.degrees(whole.turn)):
        stage.paint(
            stage.curve([(-24, -16), (-16, -28), (0, -33), (16, -28), (24, -16)]),
            flat(Rgb.of("#3a3c40")),
            part="bucket",
            line=2,
        )
        stage.paint(stage.oval(0, -17, 25, 5.5), flat(shade(pail, 0.35)), part="bucket")
    for index, body in enumerate(load):
        with stage.moved(body.x, body.y):
            _fruit(stage, _FRUIT[fruit][index % 2], body.turn)
    with stage.moved(whole.x, whole.y, turn_deg=math.degrees(whole.turn)):
        _bucket_front(stage, pail)


def _bucket_front(stage: Stage, pail: Rgb) -> None:
    body = stage.curve([(-25, -17), (-14, -12.6), (0, -11.5), (14, -12.6), (25, -17)])
    for point in ((18, 20), (9, 23), (-9, 23), (-18, 20)):
        body.lineTo(*point)
    body.close()
    stage.paint(body, linear((-25, 0), (25, 0), shade(pail, 1.25), pail, shade(pail, 0.45)), part="bucket")
    with stage.clipped(body):
        for y in (-4.0, 12.0):
            band = stage.curve([(-26, y - 1), (0, y + 4), (26, y - 1)])
            stage.effect(band, flat(shade(pail, 0.5), alpha=0.8), line=2)
        stage.effect(stage.rect(-17, -14, 5, 36), flat(WHITE, alpha=0.3, blur=2))
    edge = stage.curve([(-25, -17), (0, -11.5), (25, -17)])
    stage.effect(edge, flat(mix(pail, WHITE, 0.6), alpha=0.9), line=1.4)


def _fruit(stage: Stage, colour: Rgb, turn: float) -> None:
    skin = radial((-2.5, -3), 13, shade(colour, 1.25), colour, shade(colour, 0.5))
    stage.paint(stage.oval(0, 0, 8.2), skin, part="load")
    stalk = (7 * math.sin(turn), -7 * math.cos(turn))
    stem = stage.polygon([(stalk[0] * 0.7, stalk[1] * 0.7), (stalk[0] * 1.3, stalk[1] * 1.3)], closed=False)
    stage.paint(stem, flat(Rgb.of("#4a3018")), part="load", line=1.4)
    stage.effect(stage.oval(-2.6, -3.2, 2.2, 1.7), flat(WHITE, alpha=0.6, blur=0.8))


def _dust(stage: Stage, time: float, x: float, colour: Rgb) -> None:
    age = (time - 0.42) / 0.8
    if 0 < age < 1:
        for side in (-1, 1):
            for puff in range(4):
                at = x + side * (24 + 46 * age * (0.4 + 0.25 * puff))
                size = 5 + 11 * age
                cloud = stage.oval(at, FLOOR - 2 - 9 * age * (puff % 2), size, size * 0.6)
                stage.effect(cloud, flat(colour, alpha=0.4 * (1 - age), blur=4))


# ---- the sack


def _sack(stage: Stage, body: Body, since: float) -> None:
    spilt = ease((since - 0.46) / 0.7)
    side = 1 if body.turn > 0 else -1
    if spilt:
        _heap(stage, body.x + side * (30 + 16 * spilt), side, spilt)
    # On its side it lies flat where the flour has run out.
    slack = 1 - 0.22 * spilt
    with stage.moved(body.x, body.y + 5 * spilt, turn_deg=math.degrees(body.turn), scale=slack, scale_y=1):
        _sack_itself(stage, spilt)
    if since > 0.44:
        _flour_cloud(stage, body.x + side * 22, side, since - 0.44)


def _sack_itself(stage: Stage, spilt: float) -> None:
    body = stage.curve(
        [
            (-9, -25),
            (-19, -16),
            (-23, 2),
            (-22, 20),
            (-15, 26),
            (0, 27),
            (15, 26),
            (22, 20),
            (23, 2),
            (19, -16),
            (9, -25),
        ],
        closed=True,
    )
    paint = linear((-23, 0), (23, 0), shade(_JUTE, 1.15), _JUTE, shade(_JUTE, 0.5))
    stage.paint(body, paint, part="bucket")
    with stage.clipped(body):
        for row in range(-4, 5):
            weave = stage.curve([(-24, row * 6.2), (0, row * 6.2 + 2.6), (24, row * 6.2)])
            stage.effect(weave, flat(shade(_JUTE, 0.6), alpha=0.35), line=0.8)
        for column in (-14, -5, 5, 14):
            weave = stage.curve([(column * 0.6, -26), (column, 0), (column * 0.95, 27)])
            stage.effect(weave, flat(shade(_JUTE, 0.6), alpha=0.3), line=0.8)
        label = stage.oval(0, 6, 11, 11)
        stage.paint(label, flat(_FLOUR, alpha=0.92), part="bucket")
        stalk = stage.polygon([(0, 15), (0, -2)], closed=False)
        stage.paint(stalk, flat(Rgb.of("#8a6a2a")), part="bucket", line=1.3)
        for ear in range(4):
            for lean in (-1, 1):
                grain = stage.oval(lean * 2.8, 8 - 3.6 * ear, 1.7, 2.3)
                stage.paint(grain, flat(Rgb.of("#c4942f")), part="bucket")
        stage.effect(stage.oval(-11, -8, 5, 12), flat(WHITE, alpha=0.25, blur=3))
    if spilt:
        mouth = stage.oval(0, -25, 10, 4.5)
        stage.paint(mouth, flat(mix(shade(_JUTE, 0.4), _FLOUR, 0.75)), part="bucket")
        return
    for lean in (-1, 1):
        ear_tip = stage.curve([(0, -25), (lean * 10, -31), (lean * 7, -37), (lean * 2, -29)], closed=True)
        stage.paint(ear_tip, flat(shade(_JUTE, 0.9 if lean < 0 else 0.7)), part="bucket")
    stage.paint(stage.rect(-9, -28, 18, 4.4, radius=2), flat(Rgb.of("#6a4d28")), part="rope")


def _heap(stage: Stage, x: float, side: int, spilt: float) -> None:
    wide, tall = 44 * spilt, 17 * spilt
    floor = FLOOR + 4
    stage.shadow(stage.oval(x + 4, floor + 1, wide + 5, 5), alpha=0.35, blur=2.5)
    heap = stage.curve(
        [
            (x - wide, floor + 1),
            (x - wide * 0.7, floor - tall * 0.35),
            (x - side * wide * 0.25, floor - tall),
            (x + wide * 0.6, floor - tall * 0.4),
            (x + wide, floor + 1),
            (x, floor + 5),
        ],
        closed=True,
    )
    paint = linear((x - wide, floor - tall), (x + wide, floor), WHITE, _FLOUR, shade(_FLOUR, 0.72))
    stage.paint(heap, paint, part="mess")


def _flour_cloud(stage: Stage, x: float, side: int, age_s: float) -> None:
    """Flour in the air: it shoots out, spreads and hangs, thinning slowly."""
    for puff in range(22):
        late = age_s - 0.012 * puff
        if late <= 0:
            continue
        spread = 1 - math.exp(-3.2 * late)
        angle = math.pi * ((puff * 7) % 22 + 0.5) / 22
        reach = (30 + 62 * ((puff * 5) % 22) / 22) * spread
        at = (x + side * 14 * spread + reach * 1.1 * math.cos(angle), FLOOR - 8 - 0.8 * reach * math.sin(angle))
        size = 7 + 15 * spread
        alpha = 0.55 * math.exp(-0.75 * late)
        stage.effect(stage.oval(*at, size, size * 0.8), flat(_FLOUR, alpha=alpha, blur=5))


# ---- the pumpkin


def _pumpkin(stage: Stage) -> None:
    wide, tall = PUMPKIN
    for lean in (-1, 1):
        net = stage.curve([(lean * wide * 0.92, -4), (lean * wide * 0.55, -tall * 0.95), (0, -34)])
        stage.paint(net, flat(Rgb.of("#8a6a3a")), part="rope", line=1.6)
    for lobe, reach in ((-0.66, 0.34), (0.66, 0.34), (-0.36, 0.4), (0.36, 0.4), (0.0, 0.4)):
        x = lobe * wide
        rib = stage.oval(x, 0, wide * reach, tall * (1 - 0.12 * abs(lobe)))
        light = 1.0 - 0.3 * lobe
        skin = radial((x - 4, -8), tall * 1.3, shade(_RIND, 1.22 * light), shade(_RIND, light), shade(_RIND, 0.5))
        stage.paint(rib, skin, part="bucket")
    stalk = stage.polygon([(-4, -tall + 4), (-2.5, -tall - 7), (3, -tall - 8), (4.5, -tall + 4)])
    stage.paint(stalk, linear((-4, 0), (4, 0), Rgb.of("#8a9a4a"), Rgb.of("#4a5a26")), part="bucket")
    for drop in (-8.0, 6.0):
        cord = stage.curve([(-wide * 0.97, drop - 3), (0, drop + 7), (wide * 0.97, drop - 3)])
        stage.paint(cord, flat(Rgb.of("#8a6a3a")), part="rope", line=1.4)
    for x in (-15.0, 0.0, 15.0):
        cord = stage.curve([(x * 0.2, -tall - 4), (x, -6), (x * 0.8, tall - 1)])
        stage.paint(cord, flat(Rgb.of("#8a6a3a")), part="rope", line=1.4)
    stage.effect(stage.oval(-11, -11, 5, 3.5), flat(WHITE, alpha=0.5, blur=1.6))


def _pieces(stage: Stage, bodies: tuple[Body, ...], x: float, age_s: float) -> None:
    """Pulp and seeds on the floor, pieces of rind, drops in the air."""
    spread = 1 - math.exp(-5 * age_s)
    pulp = stage.curve(
        [
            (
                x + (30 + 14 * math.sin(k * 2.7)) * spread * 1.25 * math.cos(k * 0.5236),
                FLOOR + 5 + 6.5 * spread * math.sin(k * 0.5236),
            )
            for k in range(12)
        ],
        closed=True,
    )
    stage.paint(pulp, flat(Rgb.of("#d9822f"), alpha=0.85), part="mess")
    stage.effect(stage.oval(x - 8, FLOOR + 3, 20 * spread, 2.4 * spread), flat(_FLESH, alpha=0.7, blur=1.5))
    for seed in range(16):
        way = (((seed * 11) % 16) - 7.5) / 7.5
        flown = min(1.0, age_s / 0.45)
        at = (
            x + 76 * way * flown,
            FLOOR + 5 + 4 * math.sin(seed * 2.1) - 60 * flown * (1 - flown) * (0.4 + (seed % 4) / 4),
        )
        with stage.moved(*at, turn_deg=40 * math.sin(seed * 1.7)):
            stage.paint(stage.oval(0, 0, 3, 1.5), flat(Rgb.of("#fbf0cc")), part="mess")
    for body in bodies:
        low = max(0.0, 1 - (FLOOR - 6 - body.y) / 50)
        stage.shadow(stage.oval(body.x + 3, FLOOR + 4, 14, 3.4), alpha=0.45 * low, blur=2)
    for (_, outline), body in zip(wedges(), bodies, strict=True):
        with stage.moved(body.x, body.y, turn_deg=math.degrees(body.turn)):
            inner, rim = outline[:2], outline[2:]
            core = ((inner[0][0] + inner[1][0]) / 2, (inner[0][1] + inner[1][1]) / 2)
            chunk = stage.curve([*rim])
            chunk.lineTo(*inner[0])
            chunk.quadTo(core[0] * 0.6, core[1] * 0.6, *inner[1])
            chunk.close()
            flesh = linear(core, rim[2], shade(_FLESH, 1.12), _FLESH, shade(_RIND, 1.1))
            stage.paint(chunk, flesh, part="bucket")
            for share in (0.3, 0.62):
                fibre = [(core[0] + (x - core[0]) * share, core[1] + (y - core[1]) * share) for x, y in rim[1:4]]
                stage.effect(stage.curve(fibre), flat(Rgb.of("#d98a2a"), alpha=0.5), line=1)
            skin = stage.curve(rim)
            stage.paint(skin, flat(shade(_RIND, 0.72)), part="bucket", line=5.6)
            stage.effect(skin, flat(shade(_RIND, 1.12)), line=3)
            for x, y in rim[1:4:2]:
                stage.effect(stage.oval(x, y, 1.5), flat(shade(_RIND, 0.6), alpha=0.8))
            edge = stage.polygon([rim[4], inner[0]], closed=False)
            stage.effect(edge, flat(shade(_RIND, 0.7), alpha=0.7), line=1)
    for drop in range(12):
        flown = age_s / (0.5 + 0.04 * (drop % 5))
        if flown < 1:
            way = (drop - 5.5) / 5.5
            at = (x + 88 * way * flown, FLOOR - 10 - (150 - 60 * abs(way)) * flown * (1 - flown))
            stage.effect(stage.oval(*at, 2.2), flat(_RIND, alpha=0.9 * (1 - flown)))
