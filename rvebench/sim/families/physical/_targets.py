"""What a heavy ball can knock over: a tower of wooden blocks, a pyramid of cans, a row of skittles."""

from __future__ import annotations

import math
from typing import Literal

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.physical._blocks import Block, draw_block
from rvebench.sim.stage import Point, Stage, flat, linear

__all__ = ["PAINTS", "TARGETS", "Target", "draw_target", "standing"]

Target = Literal["blocks", "cans", "skittles"]
TARGETS: tuple[Target, ...] = ("blocks", "cans", "skittles")

PAINTS = (
    Rgb.of("#d9534a"),
    Rgb.of("#e9b23c"),
    Rgb.of("#4f9ac2"),
    Rgb.of("#69a85b"),
    Rgb.of("#9a6fb0"),
    Rgb.of("#e07f3c"),
)
_WHITE = Rgb(255, 255, 255)


def standing(kind: Target, near: float, side: int, size: float, rows: int, floor_y: float) -> tuple[Block, ...]:
    """Returns what stands on the floor, from the bottom up, or from the far end on where it stands in a row.

    Args:
        kind: what it is made of.
        near: x of the edge that the ball strikes.
        side: 1 where it stands right of the ball, -1 left.
        size: width of a block; the others follow it.
        rows: how many; for skittles how many of them.
        floor_y: where they stand.
    """
    if kind == "cans":
        return _pyramid(near + side * size * 1.5, size, rows, floor_y)
    if kind == "skittles":
        wide, high = size * 0.72, size * 3.2
        xs = [near + side * (wide / 2 + 1.5 * size * k) for k in reversed(range(rows))]
        return tuple(Block(x=x, y=floor_y - high / 2, width=wide, height=high) for x in xs)
    return _tower(near + side * size * 1.12, size, rows, floor_y)


def _tower(middle: float, size: float, rows: int, floor_y: float) -> tuple[Block, ...]:
    """Returns two columns of cubes with planks across every second row."""
    blocks, bottom = [], floor_y
    for row in range(rows):
        for column in (-1, 1):
            blocks.append(Block(x=middle + column * size * 0.56, y=bottom - size / 2, width=size, height=size))
        bottom -= size
        if row % 2 == 1 and row < rows - 1:
            blocks.append(Block(x=middle, y=bottom - 4, width=size * 2.3, height=8))
            bottom -= 8
    blocks.append(Block(x=middle, y=bottom - size * 0.4, width=size * 1.3, height=size * 0.8))
    return tuple(blocks)


def _pyramid(middle: float, size: float, rows: int, floor_y: float) -> tuple[Block, ...]:
    """Returns rows of cans, each one can shorter than the row below."""
    high, step = size * 1.25, size * 1.06
    return tuple(
        Block(x=middle + (k - (rows - row - 1) / 2) * step, y=floor_y - high * (row + 0.5), width=size, height=high)
        for row in range(rows)
        for k in range(rows - row)
    )


def draw_target(stage: Stage, kind: Target, block: Block, index: int, paint: int) -> None:
    """Draws one of them where it stands or lies; part `blocks`."""
    if kind == "blocks":
        colour = PAINTS[(paint + index * 5 + index // 3) % len(PAINTS)]
        draw_block(stage, block, colour, part="blocks", sign=index % 5)
        return
    with stage.moved(block.x, block.y, turn_deg=block.turn_deg):
        if kind == "cans":
            _can(stage, block, PAINTS[(paint + index * (1 + paint % 2)) % len(PAINTS)])
        else:
            _skittle(stage, block, PAINTS[(paint + index) % len(PAINTS)])


def _across(block: Block, *tones: Rgb) -> tuple[Point, Point, tuple[Rgb, ...]]:
    """Returns a gradient across a thing, its bright side to the light from the left however it lies."""
    half = block.width / 2
    ends: tuple[Point, Point] = ((-half, 0), (half, 0))
    if math.cos(math.radians(block.turn_deg)) < -0.2 or math.sin(math.radians(block.turn_deg)) < -0.7:
        ends = (ends[1], ends[0])
    return *ends, tones


def _can(stage: Stage, block: Block, paint: Rgb) -> None:
    w, h = block.width, block.height
    tin, pale = Rgb.of("#c8ccd0"), mix(paint, _WHITE, 0.75)
    body = stage.rect(-w / 2, -h / 2, w, h, radius=2)
    start, end, metal = _across(block, shade(tin, 0.85), shade(tin, 1.2), shade(tin, 0.55))
    stage.paint(body, linear(start, end, *metal), part="blocks")
    label = stage.rect(-w / 2, -h * 0.38, w, h * 0.76)
    start, end, tones = _across(block, shade(paint, 0.9), shade(paint, 1.2), shade(paint, 0.55))
    stage.paint(label, linear(start, end, *tones), part="blocks")
    stage.effect(stage.rect(-w / 2, -h * 0.26, w, 2), flat(pale, alpha=0.8))
    stage.effect(stage.rect(-w / 2, h * 0.22, w, 2), flat(pale, alpha=0.8))
    stage.effect(stage.oval(0, -0.5, w * 0.27, h * 0.15), flat(pale, alpha=0.95))
    stage.effect(stage.oval(0, -0.5, w * 0.15, h * 0.08), flat(shade(paint, 0.7)))
    for y in (-h / 2 + 1.6, h / 2 - 1.6):
        stage.effect(stage.rect(-w / 2, y - 0.5, w, 1), flat(shade(tin, 0.45), alpha=0.6))
    stage.effect(body, flat(Rgb(40, 40, 44), alpha=0.5), line=0.8)


def _skittle(stage: Stage, block: Block, paint: Rgb) -> None:
    # The box that falls is narrower than the belly and broader than the neck, so that those that lean touch.
    w, h = block.width * 1.12, block.height
    wood = Rgb.of("#f0dcb4")
    right = [(0.4, 0.5), (0.46, 0.49), (0.5, 0.3), (0.49, 0.14), (0.41, -0.08), (0.33, -0.24), (0.35, -0.34)]
    outline = [(x * w, y * h) for x, y in right] + [(-x * w, y * h) for x, y in reversed(right)]
    body = stage.curve(outline, closed=True)
    head = stage.oval(0, -h / 2 + w * 0.43, w * 0.44)
    start, end, tones = _across(block, shade(wood, 1.0), shade(wood, 1.1), shade(wood, 0.55))
    stage.paint(body, linear(start, end, *tones), part="blocks")
    start, end, tones = _across(block, shade(paint, 1.0), shade(paint, 1.25), shade(paint, 0.55))
    if stage.is_picture:
        with stage.clipped(body):
            for y, high in ((-0.2, 0.07), (0.04, 0.16), (0.38, 0.06)):
                band = stage.rect(-w / 2, y * h, w, high * h)
                stage.effect(band, linear(start, end, *tones))
    stage.effect(body, flat(shade(wood, 0.35), alpha=0.55), line=0.8)
    stage.paint(head, linear(start, end, *tones), part="blocks")
    stage.effect(head, flat(shade(paint, 0.35), alpha=0.55), line=0.8)
