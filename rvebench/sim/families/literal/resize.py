"""Literal: one thing is made larger or smaller, and that is all."""

from __future__ import annotations

import math
from dataclasses import replace

from rvebench.sim.families.literal._edit import LiteralEdit, Scene, Setup
from rvebench.sim.family import States, Words

__all__ = ["LiteralResize"]

_SMALL, _LARGE = 0.78, 1.56
_MIDDLE = math.sqrt((_SMALL**2 + _LARGE**2) / 2)
"""Halfway by area, which is what is seen to change."""


class LiteralResize(LiteralEdit):
    """A thing is twice or half its size where it stands."""

    name = "literal-resize"
    law = "resize"

    def states(self, setup: Setup) -> States[Scene]:
        """From one size to another; by another law, the bystander changes its size."""
        grows, left = setup.choice % 2 == 0, setup.choice < 2
        start, end = (_SMALL, _LARGE) if grows else (_LARGE, _SMALL)
        here, there = (100.0, 380.0) if left else (380.0, 100.0)
        (dx, dy), (ox, oy) = setup.jitter[:2]
        thing = replace(setup.item(0, "left", size=start), x=here + dx, y=245 + dy)
        other = replace(setup.item(1, "right", size=start), x=there + ox, y=245 + oy)
        return States(
            source=Scene(items=(thing, other)),
            target=Scene(items=(replace(thing, size=end), other)),
            half=Scene(items=(replace(thing, size=_MIDDLE), other)),
            wrong=Scene(items=(thing, replace(other, size=end))),
        )

    def words(self, setup: Setup) -> Words:
        """Each names the thing and its new size."""
        thing = setup.called(0)
        if setup.choice % 2 == 0:
            return Words(
                instructions=(
                    f"Enlarge the {thing} to double its size.",
                    f"Scale the {thing} up: twice as tall and twice as wide, on the same spot.",
                    f"The {thing} should be two times as big as it is now; leave everything else alone.",
                    f"I want the {thing} to be twice as large, and it stays where it stands.",
                ),
                train_instructions=(
                    f"Let the {thing} have double the height and double the width.",
                    f"Blow the {thing} up to twice its present size.",
                ),
                literal=f"Make the {thing} twice as large.",
                expected=f"The {thing} is twice as tall and twice as wide, on the same spot, its shadow longer; "
                "nothing else has changed.",
                preserve=setup.kept(1),
            )
        return Words(
            instructions=(
                f"Shrink the {thing} to half its size.",
                f"Scale the {thing} down: half as tall and half as wide, on the same spot.",
                f"The {thing} should be only half as big as it is now; leave everything else alone.",
                f"I want the {thing} to be half as large, and it stays where it stands.",
            ),
            train_instructions=(
                f"Let the {thing} have half the height and half the width.",
                f"Bring the {thing} down to one half of its present size.",
            ),
            literal=f"Make the {thing} half as large.",
            expected=f"The {thing} is half as tall and half as wide, on the same spot, its shadow shorter; nothing "
            "else has changed.",
            preserve=setup.kept(1),
        )
