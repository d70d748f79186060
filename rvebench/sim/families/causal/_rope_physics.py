"""How a load falls once its rope has parted: a bucket tips over, a sack falls on its side, a pumpkin bursts."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import pymunk

__all__ = ["BURST_S", "END_S", "FLOOR", "HANG", "KINDS", "PUMPKIN", "STEP_S", "Body", "Kind", "simulate_fall", "wedges"]

Kind = Literal["bucket", "flour-sack", "pumpkin"]
KINDS: tuple[Kind, ...] = ("bucket", "flour-sack", "pumpkin")

FLOOR = 232.0
"""Where the floor is, in logical pixels."""
HANG = 104.0
"""Where the load hangs."""
STEP_S = 1 / 240
END_S = 1.7
"""How long the fall is followed."""
PUMPKIN = (34.0, 27.0)
"""Half the pumpkin's width and height."""
_GRAVITY = 900.0
_SHARES = (0.17, 0.1, 0.14, 0.09, 0.19, 0.11, 0.12, 0.08)
"""How much of the rind each piece of the pumpkin has."""
_HOLLOWS = (0.45, 0.3, 0.55, 0.25, 0.4, 0.6, 0.35, 0.5)
"""How far inside each breaks off, as a share of the radius."""
BURST_S = math.ceil(math.sqrt(2 * (FLOOR - PUMPKIN[1] - HANG) / _GRAVITY) * 120) / 120
"""When the pumpkin reaches the floor, on a recorded step."""


class Body(NamedTuple):
    """Where a body is, in logical pixels, and its turn in radians."""

    x: float
    y: float
    turn: float


Path = tuple[tuple[Body, ...], ...]


@lru_cache(maxsize=64)
def simulate_fall(kind: Kind, count: int, push: float, phase: float) -> Path:
    """Returns all bodies at every other step, from the moment the rope parts; the first is what the rope held.

    A bucket is followed by its load of `count` fruits, a pumpkin by the pieces into which it bursts at
    :data:`BURST_S`; until then they are where the whole is.
    """
    return {"bucket": _bucket, "flour-sack": _sack, "pumpkin": _pumpkin}[kind](count, push, phase)


def wedges() -> list[tuple[tuple[float, float], list[tuple[float, float]]]]:
    """Returns the pumpkin's pieces: the middle of each, and its outline about that middle.

    An outline is two corners inside, then five along the rind.
    """
    found = []
    turn = 0.2
    for share, hollow in zip(_SHARES, _HOLLOWS, strict=True):
        angles = [turn + 2 * math.pi * share * part / 4 for part in range(5)]
        turn = angles[-1]
        rim = [(PUMPKIN[0] * math.cos(a), PUMPKIN[1] * math.sin(a)) for a in angles]
        core = [(hollow * x, hollow * y) for x, y in (rim[4], rim[0])]
        middle = (0.68 * rim[2][0], 0.68 * rim[2][1])
        found.append((middle, [(x - middle[0], y - middle[1]) for x, y in (*core, *rim)]))
    return found


def _space() -> pymunk.Space:
    import pymunk

    space = pymunk.Space()
    space.gravity = (0, _GRAVITY)
    space.iterations = 20
    floor = pymunk.Segment(space.static_body, (-2000, FLOOR + 4), (2000, FLOOR + 4), 4)
    floor.friction, floor.elasticity = 0.6, 0.2
    space.add(floor)
    return space


def _follow(space: pymunk.Space, bodies: list[pymunk.Body], steps: int) -> list[tuple[Body, ...]]:
    path: list[tuple[Body, ...]] = []
    for step in range(steps):
        if step % 2 == 0:
            path.append(tuple(Body(b.position.x, b.position.y, b.angle) for b in bodies))
        space.step(STEP_S)
    return path


_STEPS = round(END_S / STEP_S) + 8


def _sack(count: int, push: float, phase: float) -> Path:
    import pymunk

    del count, phase
    space = _space()
    sack = pymunk.Body(6, 3600)
    sack.position = (0, HANG)
    shape = pymunk.Poly(sack, [(-15, -24), (15, -24), (22, 6), (20, 25), (-20, 25), (-22, 6)], radius=2)
    # A sack gives way: it neither springs back nor slides.
    shape.friction, shape.elasticity = 1.0, 0.0
    space.add(sack, shape)
    sack.angular_velocity, sack.velocity = 0.68 * push, (7 * push, 0)
    sack.velocity_func = _sluggish
    return tuple(_follow(space, [sack], _STEPS))


def _sluggish(body: pymunk.Body, gravity: pymunk.Vec2d, damping: float, step_s: float) -> None:
    """Takes speed from a body near the floor: what is in it shifts and does not roll on."""
    import pymunk

    near_floor = body.position.y > FLOOR - 40
    pymunk.Body.update_velocity(body, gravity, damping * (0.975 if near_floor else 1.0), step_s)


def _pumpkin(count: int, push: float, phase: float) -> Path:
    import pymunk

    del count
    path: list[tuple[Body, ...]] = []
    for step in range(round(BURST_S / STEP_S / 2)):
        time = 2 * step * STEP_S
        whole = Body(6 * push * time, HANG + _GRAVITY * time**2 / 2, 0.16 * push * time)
        path.append((whole,) * (len(_SHARES) + 1))
    last = Body(6 * push * BURST_S, FLOOR - PUMPKIN[1], 0.0)
    space = _space()
    pieces: list[pymunk.Body] = []
    for index, (middle, outline) in enumerate(wedges()):
        piece = pymunk.Body(0.8, pymunk.moment_for_poly(0.8, outline))
        piece.position = (last.x + middle[0], last.y + middle[1] - 2)
        shape = pymunk.Poly(piece, outline)
        shape.friction, shape.elasticity = 0.7, 0.15
        lively = 0.7 + 0.3 * math.sin(phase * 5 + 2.4 * index)
        piece.velocity = (middle[0] * 11 * lively, -70 - 5.5 * (PUMPKIN[1] - middle[1]) * lively)
        piece.angular_velocity = math.copysign(5.0 * lively, middle[0])
        space.add(piece, shape)
        pieces.append(piece)
    path += [(last, *bodies) for bodies in _follow(space, pieces, _STEPS - 2 * len(path))]
    return tuple(path)


def _bucket(count: int, push: float, phase: float) -> Path:
    import pymunk

    space = _space()
    bucket = pymunk.Body(6, 3600)
    bucket.position = (0, HANG)
    walls = [
        pymunk.Segment(bucket, (-24, -16), (-17, 20), 2),
        pymunk.Segment(bucket, (-17, 20), (17, 20), 2),
        pymunk.Segment(bucket, (17, 20), (24, -16), 2),
    ]
    for wall in walls:
        wall.friction, wall.elasticity = 0.5, 0.25
    space.add(bucket, *walls)
    fruits: list[pymunk.Body] = []
    for index in range(count):
        fruit = pymunk.Body(0.5, pymunk.moment_for_circle(0.5, 0, 8))
        fruit.position = (-9 + 9 * (index % 3) + (index // 3) * 3, HANG + 8 - 12 * (index // 3))
        fruit.angle = phase + index
        shape = pymunk.Circle(fruit, 8)
        shape.friction, shape.elasticity = 0.5, 0.3
        space.add(fruit, shape)
        fruits.append(fruit)
    # The load settles while the bucket is held still.
    for _ in range(240):
        bucket.position, bucket.velocity, bucket.angle, bucket.angular_velocity = (0, HANG), (0, 0), 0, 0
        space.step(STEP_S)
    for body in (bucket, *fruits):
        body.velocity = (0, 0)
    bucket.angular_velocity = push
    bucket.velocity = (14 * push, 0)
    return tuple(_follow(space, [bucket, *fruits], _STEPS))
