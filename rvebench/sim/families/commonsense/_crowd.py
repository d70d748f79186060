"""People of a street scene who can be told apart, and the way they stand and walk."""

from __future__ import annotations

import math

import numpy as np

from rvebench.sim.families.emotional._people import Look, Pose, look_of
from rvebench.sim.stage import Point

__all__ = ["AT_REST", "people_of", "standing", "walking"]

AT_REST: Point = (14.0, -31.4)
"""A hand that hangs down, on the viewer's right: the arm is all but straight."""


def people_of(rng: np.random.Generator, count: int) -> tuple[Look, ...]:
    """Returns people of whom no two share hair, its cut, or the colour of the top.

    Args:
        rng: source of chance.
        count: how many, at most five: that is how many cuts there are.
    """
    people: list[Look] = []
    while len(people) < count:
        person = look_of(rng)
        if all(
            person.top != other.top and person.hair != other.hair and person.style != other.style for other in people
        ):
            people.append(person)
    return tuple(people)


def standing(time_s: float, phase: float, *, turn: float = 0.0, hand: Point | None = None, side: int = 1) -> Pose:
    """Returns somebody who waits and shifts a little.

    Args:
        time_s: the moment.
        phase: keeps people from moving together.
        turn: where the face points, -1 left, 1 right.
        hand: where one hand is held, as if on the viewer's right; none lets both hang.
        side: on which side that hand is, -1 left, 1 right.
    """
    shift = 1.2 * math.sin(time_s * 1.8 + phase)
    rest = (AT_REST[0] + 0.6 * shift, AT_REST[1])
    held = rest if hand is None else (hand[0], hand[1] + 0.5 * shift)
    right, left = (held, rest) if side > 0 else (rest, held)
    return Pose(left=(-left[0], left[1]), right=right, turn=turn, tilt_deg=0.8 * shift, gaze=(0.8 * turn, 0.1))


def walking(beat: float, way: float, *, hand: Point | None = None, side: int = 1) -> Pose:
    """Returns somebody who walks; `beat` grows by two pi with every second step, `way` is -1 left, 1 right."""
    swing = 5.5 * math.sin(beat)
    left, right = (-AT_REST[0] + swing, AT_REST[1] + 0.12 * abs(swing)), (AT_REST[0] + swing, AT_REST[1])
    if hand is not None:
        left, right = (left, hand) if side > 0 else ((-hand[0], hand[1]), right)
    return Pose(
        left=left, right=right, turn=0.65 * way, stride=0.8 * math.sin(beat), lean_deg=2.0 * way, gaze=(0.3 * way, 0.0)
    )
