"""Blocks and a heavy ball, settled by a physics engine, and how they are drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.libraries import load_pymunk
from rvebench.sim.stage import WIDTH, Point, Stage, flat, linear, radial

__all__ = ["Ball", "Block", "Rest", "draw_ball", "draw_block", "settle", "shadows"]

_STEPS_PER_S = 300
_SECONDS = 7
_CALMED_S = 3
"""From then on a hanging ball is braked: left alone it would swing for a minute."""
_EDGE = -40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A box about its middle."""

    x: float
    y: float
    width: float
    height: float
    turn_deg: float = 0.0
    fixed: bool = False
    """Glued where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ball:
    """A heavy ball; with an `anchor` it hangs from a rope."""

    x: float
    y: float
    radius: float
    anchor: Point | None = None
    turn_deg: float = 0.0
    weight: float = 1 / 45
    """Mass for each square logical pixel; a block's is 1 / 400."""
    push: float = 0.0
    """Speed across at the start, logical pixels a second."""


class Rest(NamedTuple):
    """Where everything ends."""

    blocks: tuple[Block, ...]
    ball: Ball


@lru_cache(maxsize=256)
def settle(
    blocks: tuple[Block, ...], ball: Ball, floor_y: float, ramp: tuple[Point, ...] = (), grip: float = 0.8
) -> Rest:
    """Returns where blocks and ball are after the ball was let go; deterministic.

    Args:
        blocks: where they stand.
        ball: where it is held.
        floor_y: the floor they stand on.
        ramp: points of a fixed slope that the ball rolls down.
        grip: friction of the floor.

    Raises:
        UsageError: the physics engine is not installed.
    """
    pymunk = load_pymunk()
    space = pymunk.Space(threaded=False)
    space.gravity = (0, 900)
    space.iterations = 30
    space.damping = 0.8
    lines = [((-200.0, floor_y + 20), (WIDTH + 200.0, floor_y + 20)), *pairwise(ramp)]
    for index, (a, b) in enumerate(lines):
        line = pymunk.Segment(space.static_body, a, b, 20 if index == 0 else 1)
        line.friction = grip
        space.add(line)
    for x in (_EDGE - 20, WIDTH - _EDGE + 20):
        wall = pymunk.Segment(space.static_body, (x, -200), (x, floor_y), 20)
        wall.friction = 0.3
        space.add(wall)
    bodies = []
    for block in blocks:
        kind = pymunk.Body.STATIC if block.fixed else pymunk.Body.DYNAMIC
        mass = block.width * block.height / 400
        body = pymunk.Body(mass, pymunk.moment_for_box(mass, (block.width, block.height)), body_type=kind)
        body.position = (block.x, block.y)
        body.angle = math.radians(block.turn_deg)
        shape = pymunk.Poly.create_box(body, (block.width, block.height), 0.3)
        shape.friction, shape.elasticity = 0.55, 0.05
        space.add(body, shape)
        bodies.append(body)
    mass = math.pi * ball.radius**2 * ball.weight
    heavy = pymunk.Body(mass, pymunk.moment_for_circle(mass, 0, ball.radius))
    heavy.position = (ball.x, ball.y)
    heavy.velocity = (ball.push, 0)
    disc = pymunk.Circle(heavy, ball.radius)
    disc.friction, disc.elasticity = 0.5, 0.05
    space.add(heavy, disc)
    if ball.anchor is not None:
        space.add(pymunk.PinJoint(space.static_body, heavy, ball.anchor, (0, 0)))
    for step in range(_SECONDS * _STEPS_PER_S):
        space.step(1 / _STEPS_PER_S)
        if ball.anchor is not None and step > _CALMED_S * _STEPS_PER_S:
            heavy.velocity = heavy.velocity * 0.985
    ended = tuple(
        replace(block, x=body.position.x, y=body.position.y, turn_deg=math.degrees(body.angle))
        for block, body in zip(blocks, bodies, strict=True)
    )
    turn = 0.0 if ball.anchor else math.degrees(heavy.angle)
    return Rest(ended, replace(ball, x=heavy.position.x, y=heavy.position.y, turn_deg=turn, push=0.0))


def shadows(stage: Stage, blocks: tuple[Block, ...], floor_y: float, lean: float) -> None:
    """Draws what the blocks throw on the floor, to the side `lean`; drawn before them, so that it stays attached."""
    for block in blocks:
        turn = math.radians(block.turn_deg)
        reach = (abs(block.width * math.cos(turn)) + abs(block.height * math.sin(turn))) / 2
        low = (abs(block.height * math.cos(turn)) + abs(block.width * math.sin(turn))) / 2
        above = max(0.0, floor_y - block.y - low)
        middle = block.x + lean * (6 + 0.22 * above)
        soft = stage.oval(middle, floor_y + 1 + 0.03 * above, reach + 5 + 0.05 * above, 4.5)
        stage.shadow(soft, alpha=max(0.12, 0.42 - above * 0.003), blur=2.2 + above * 0.02)


def draw_block(stage: Stage, block: Block, colour: Rgb, *, part: str, sign: int = 0, light: float = -1) -> None:
    """Draws a painted wooden block; `sign` chooses what is painted on it (0 nothing), `light` the bright side."""
    w, h = block.width, block.height
    turn = math.radians(block.turn_deg)
    # The light stays where it is while the block turns.
    across = light * math.cos(turn) - math.sin(turn) * -1
    down = -light * math.sin(turn) + math.cos(turn) * -1
    with stage.moved(block.x, block.y, turn_deg=block.turn_deg):
        body = stage.rect(-w / 2, -h / 2, w, h, radius=min(w, h) * 0.1)
        start, end = (across * w * 0.4, down * h * 0.4), (-across * w * 0.4, -down * h * 0.4)
        stage.paint(body, linear(start, end, shade(colour, 1.22), colour, shade(colour, 0.68)), part=part)
        inner = stage.rect(-w / 2 + 2, -h / 2 + 2, w - 4, h - 4, radius=min(w, h) * 0.07)
        stage.effect(inner, flat(mix(colour, Rgb(255, 255, 255), 0.4), alpha=0.5), line=1)
        stage.effect(body, flat(shade(colour, 0.42), alpha=0.75), line=0.8)
        cream, size = flat(Rgb.of("#fff3dc"), alpha=0.92), min(w, h) * 0.26
        if sign == 1:
            stage.effect(stage.oval(0, 0, size), cream)
        elif sign == 2:
            stage.effect(stage.polygon([(0, -size), (size, size * 0.8), (-size, size * 0.8)]), cream)
        elif sign == 3:
            star = [
                (
                    size * (1.2 if k % 2 == 0 else 0.5) * math.sin(math.pi * k / 5),
                    -size * (1.2 if k % 2 == 0 else 0.5) * math.cos(math.pi * k / 5),
                )
                for k in range(10)
            ]
            stage.effect(stage.polygon(star), cream)
        elif sign == 4:
            stage.effect(stage.rect(-size, -size * 0.3, size * 2, size * 0.6, radius=1), cream)


def draw_ball(stage: Stage, ball: Ball, colour: Rgb, *, part: str) -> None:
    """Draws the ball, its highlight up left."""
    x, y, radius = ball.x, ball.y, ball.radius
    body = stage.oval(x, y, radius)
    tones = (mix(colour, Rgb(255, 255, 255), 0.55), colour, shade(colour, 0.38))
    stage.paint(body, radial((x - radius * 0.35, y - radius * 0.4), radius * 1.45, *tones), part=part)
    if stage.is_picture:
        with stage.clipped(body), stage.moved(x, y, turn_deg=ball.turn_deg):
            band = stage.rect(-radius, -radius * 0.16, radius * 2, radius * 0.32)
            stage.effect(band, flat(mix(colour, Rgb(255, 246, 226), 0.75), alpha=0.55))
    stage.effect(
        stage.oval(x - radius * 0.36, y - radius * 0.42, radius * 0.2), flat(Rgb(255, 255, 255), alpha=0.75, blur=1)
    )
