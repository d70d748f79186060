"""How a bucket and its load fall once their rope has parted."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

__all__ = ["END_S", "FLOOR", "HANG", "STEP_S", "Body", "simulate_fall"]

FLOOR = 232.0
"""Where the floor is, in logical pixels."""
HANG = 104.0
"""Where the bucket hangs."""
STEP_S = 1 / 240
END_S = 1.7
"""How long the fall is followed."""


class Body(NamedTuple):
    """Where a body is, in logical pixels, and its turn in radians."""

    x: float
    y: float
    turn: float


@lru_cache(maxsize=64)
def simulate_fall(count: int, push: float, phase: float) -> tuple[tuple[Body, ...], ...]:
    """Returns the bucket and its load at every other step, from the moment the rope parts."""
    import pymunk

    space = pymunk.Space()
    space.gravity = (0, 900)
    space.iterations = 20
    floor = pymunk.Segment(space.static_body, (-2000, FLOOR + 4), (2000, FLOOR + 4), 4)
    floor.friction, floor.elasticity = 0.6, 0.2
    space.add(floor)
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
    path: list[tuple[Body, ...]] = []
    for step in range(round(END_S / STEP_S) + 8):
        if step % 2 == 0:
            path.append(tuple(Body(b.position.x, b.position.y, b.angle) for b in (bucket, *fruits)))
        space.step(STEP_S)
    return tuple(path)
