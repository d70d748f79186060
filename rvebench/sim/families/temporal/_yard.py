"""What stands in the foreground of snow-cover: the bench, a parked car or a wheelbarrow."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.temporal._garden import BLUE, SNOW, Setup, State, draw_cap
from rvebench.sim.families.temporal._parts import smooth
from rvebench.sim.stage import Point, Stage, flat, linear, radial

__all__ = ["draw_barrow", "draw_bench", "draw_car"]

_DARK = Rgb.of("#23272c")


def draw_bench(stage: Stage, setup: Setup, state: State) -> None:
    """Draws the bench."""
    x, depth = setup.bench_x, state.depth
    dark, pale = shade(setup.bench, 0.55), mix(setup.bench, SNOW, 0.15)
    stage.shadow(stage.oval(x - setup.side * 8, 249, 88, 9), alpha=0.42, blur=5)
    for dx in (-66, 66):
        stage.paint(stage.rect(x + dx - 4, 178, 8, 62, radius=2), flat(dark), part="bench")
    for y in (182.0, 196.0):
        slat = stage.rect(x - 74, y, 148, 9, radius=2)
        stage.paint(slat, linear((0, y), (0, y + 9), pale, setup.bench, dark), part="bench")
    draw_cap(stage, [(x - 71, 181), (x, 180), (x + 71, 181)], 10 * depth)
    seat = stage.polygon([(x - 74, 214), (x + 74, 214), (x + 82, 228), (x - 82, 228)])
    stage.paint(seat, linear((0, 214), (0, 228), pale, setup.bench), part="bench")
    for y in (218.5, 223.5):
        stage.effect(stage.rect(x - 78, y, 156, 1), flat(dark, alpha=0.7))
    front = stage.rect(x - 82, 228, 164, 5, radius=1)
    stage.paint(front, flat(dark), part="bench")
    for dx in (-74, 74):
        stage.paint(
            stage.rect(x + dx - 4, 204, 8, 46, radius=2),
            linear((x + dx - 4, 0), (x + dx + 4, 0), setup.bench, dark),
            part="bench",
        )
        arm = stage.rect(x + dx - 5, 201, 10, 6, radius=2)
        stage.paint(arm, linear((0, 201), (0, 207), pale, dark), part="bench")
    if depth > 0:
        high = 15 * depth
        pillow = stage.curve(
            [
                (x - 76, 228),
                (x - 72, 217 - high * 0.4),
                (x - 40, 214 - high * 0.75),
                (x, 214 - high),
                (x + 42, 214 - high * 0.7),
                (x + 72, 217 - high * 0.4),
                (x + 76, 228),
                (x + 38, 230 + high * 0.1),
                (x, 229),
                (x - 40, 230 + high * 0.1),
            ],
            closed=True,
        )
        cover = smooth(depth * 1.6)
        stage.paint(pillow, linear((0, 200), (0, 232), SNOW, Rgb.of("#e6eefa"), BLUE, alpha=cover), part="snow")
    for dx in (-74, 74):
        draw_cap(stage, [(x + dx - 4, 201), (x + dx + 4, 201)], 8 * depth)
        if depth > 0:
            stage.paint(stage.oval(x + dx, 251, 13, 6 * depth), flat(SNOW, blur=1.6), part="snow")


def draw_car(stage: Stage, setup: Setup, state: State) -> None:
    """Draws a small parked car, seen from its side."""
    x, side, depth, tone = setup.bench_x, -setup.side, state.depth, setup.bench
    foot = 251.0
    stage.shadow(stage.oval(x - setup.side * 6, foot - 1, 98, 9), alpha=0.45, blur=4)

    def at(points: Sequence[Point]) -> list[Point]:
        return [(x + side * px, py) for px, py in points]

    pale, dark = mix(tone, SNOW, 0.3), shade(tone, 0.5)
    cabin = stage.curve(
        at([(-52, 209), (-40, 190), (-24, 183), (16, 183), (31, 189), (55, 211), (0, 216)]), closed=True
    )
    stage.paint(cabin, linear((0, 182), (0, 214), pale, tone), part="bench")
    for pane in (
        [(-43, 208), (-34, 192), (-22, 188), (-7, 188), (-7, 208)],
        [(-1, 208), (-1, 188), (15, 188), (27, 193), (44, 208)],
    ):
        glass = stage.polygon(at(pane))
        stage.paint(glass, linear((0, 186), (0, 210), Rgb.of("#54677a"), Rgb.of("#a9bccb")), part="bench")
        with stage.clipped(glass):
            streak = at(
                [(pane[0][0] + 16, 210), (pane[0][0] + 30, 184), (pane[0][0] + 36, 184), (pane[0][0] + 22, 210)]
            )
            stage.effect(stage.polygon(streak), flat(SNOW, alpha=0.28, blur=1))
    body = stage.curve(
        at(
            [
                (-88, 238), (-90, 222), (-82, 211), (-54, 207), (0, 208), (56, 209), (82, 214), (92, 225), (91, 238),
                (60, 242), (-60, 242),
            ]
        ),
        closed=True,
    )  # fmt: skip
    stage.paint(body, linear((0, 206), (0, 242), pale, tone, dark), part="bench")
    stage.effect(stage.curve(at([(-84, 219), (0, 215), (86, 221)])), flat(SNOW, alpha=0.45, blur=1), line=2)
    for px in (-4.0, 44.0):
        stage.effect(stage.polygon(at([(px, 209), (px, 238)]), closed=False), flat(dark, alpha=0.7), line=1.1)
    stage.paint(stage.rect(x + side * 3 - 4, 218, 8, 2.6, radius=1.3), flat(Rgb.of("#d9dde0")), part="bench")
    lamp = stage.oval(x + side * 87, 223, 4, 5)
    stage.paint(lamp, radial((x + side * 86, 222), 7, Rgb.of("#fffbe0"), Rgb.of("#d9c79a")), part="bench")
    stage.paint(stage.oval(x - side * 88, 222, 3, 4.5), flat(Rgb.of("#c23a34")), part="bench")
    for px in (-54.0, 56.0):
        wx = x + side * px
        stage.paint(stage.oval(wx, 239, 18, 17), flat(shade(tone, 0.3)), part="bench")
        stage.paint(stage.oval(wx, 239, 14), flat(_DARK), part="bench")
        hub = radial((wx - 2, 237), 10, Rgb.of("#e8ebee"), Rgb.of("#8f979e"))
        stage.paint(stage.oval(wx, 239, 8), hub, part="bench")
    if depth <= 0:
        return
    draw_cap(stage, at([(-82, 211), (-68, 208), (-53, 207)]), 13 * depth)
    draw_cap(stage, at([(-50, 206), (-43, 195), (-36, 189)]), 15 * depth)
    draw_cap(stage, at([(32, 191), (42, 200), (53, 209)]), 17 * depth)
    draw_cap(stage, at([(55, 209), (70, 211), (84, 216)]), 14 * depth)
    high = 15 * depth
    roof = stage.curve(
        at(
            [
                (-38, 190), (-34, 185 - high * 0.6), (-18, 182 - high), (12, 182 - high), (28, 186 - high * 0.7),
                (34, 191), (14, 186), (-22, 186),
            ]
        ),
        closed=True,
    )  # fmt: skip
    cover = smooth(depth * 1.6)
    stage.paint(roof, linear((0, 166), (0, 192), SNOW, Rgb.of("#e6eefa"), BLUE, alpha=cover), part="snow")
    for px in (-54.0, 56.0):
        heap = stage.oval(x + side * px, 252, 24, 8 * depth)
        stage.paint(heap, flat(SNOW, alpha=cover, blur=1.6), part="snow")


def draw_barrow(stage: Stage, setup: Setup, state: State) -> None:
    """Draws a wheelbarrow, seen from its side."""
    x, side, depth, tone = setup.bench_x, -setup.side, state.depth, setup.bench
    pale, dark = mix(tone, SNOW, 0.25), shade(tone, 0.5)
    stage.shadow(stage.oval(x - setup.side * 6, 250, 80, 8), alpha=0.42, blur=4)

    def at(points: Sequence[Point]) -> list[Point]:
        return [(x + side * px, py) for px, py in points]

    wood = Rgb.of("#8a6844")
    for px in (-30.0, -18.0):
        leg = stage.polygon(at([(px, 222), (px - 7, 250)]), closed=False)
        stage.paint(leg, flat(shade(_DARK, 1.6)), part="bench", line=4)
    wheel = (x + side * 62, 234.0)
    stage.paint(stage.oval(*wheel, 15.5), flat(_DARK), part="bench", line=6)
    for k in range(6):
        a = k * math.pi / 3
        spoke = [wheel, (wheel[0] + 13 * math.cos(a), wheel[1] + 13 * math.sin(a))]
        stage.paint(stage.polygon(spoke, closed=False), flat(Rgb.of("#9aa2a8")), part="bench", line=1.6)
    handle = stage.curve(at([(64, 234), (20, 226), (-40, 219), (-86, 207)]))
    stage.paint(handle, flat(shade(wood, 0.7)), part="bench", line=6.5)
    stage.effect(stage.curve(at([(20, 224), (-40, 217), (-86, 205)])), flat(mix(wood, SNOW, 0.4), alpha=0.8), line=2)
    stage.paint(stage.curve(at([(-72, 211), (-88, 206)])), flat(_DARK), part="bench", line=7.5)
    inside = stage.polygon(at([(-58, 187), (66, 183), (58, 193), (-50, 196)]))
    stage.paint(inside, linear((0, 182), (0, 197), dark, shade(tone, 0.32)), part="bench")
    tray = stage.polygon(at([(-60, 188), (68, 184), (40, 227), (-32, 226)]))
    stage.paint(tray, linear((0, 185), (0, 228), pale, tone, dark), part="bench")
    stage.effect(stage.curve(at([(-60, 188), (0, 187), (68, 184)])), flat(mix(tone, SNOW, 0.5)), line=2.6)
    for px in (-14.0, 22.0):
        stage.effect(stage.polygon(at([(px, 190), (px * 0.8, 225)]), closed=False), flat(dark, alpha=0.6), line=1.6)
    if depth <= 0:
        return
    high, cover = 22 * depth, smooth(depth * 1.6)
    heap = stage.curve(
        at(
            [
                (-62, 190), (-50, 184 - high * 0.5), (-20, 184 - high), (16, 182 - high * 1.05), (48, 182 - high * 0.6),
                (70, 186), (36, 190), (0, 192), (-34, 191),
            ]
        ),
        closed=True,
    )  # fmt: skip
    stage.paint(heap, linear((0, 160), (0, 194), SNOW, Rgb.of("#e6eefa"), BLUE, alpha=cover), part="snow")
    draw_cap(stage, at([(-86, 204), (-66, 209), (-50, 213)]), 8 * depth)
    draw_cap(stage, at([(50, 222), (62, 217), (74, 223)]), 8 * depth)
    for px, wide in ((62.0, 22.0), (-30.0, 17.0)):
        stage.paint(stage.oval(x + side * px, 251, wide, 7 * depth), flat(SNOW, alpha=cover, blur=1.6), part="snow")
