"""Literal: one thing is moved to another place, and that is all."""

from __future__ import annotations

from dataclasses import replace

from rvebench.sim.families.literal._edit import LiteralEdit, Scene, Setup, Spot
from rvebench.sim.family import States, Words

__all__ = ["LiteralMove"]

_ROUTES: tuple[tuple[Spot, Spot, Spot, Spot], ...] = (
    ("left", "right", "far-left", "far-right"),
    ("right", "left", "far-right", "far-left"),
    ("far-left", "right", "left", "far-right"),
    ("far-right", "left", "right", "far-left"),
)
"""From where, to where, and where two others stand."""


class LiteralMove(LiteralEdit):
    """A thing stands on the other side of the landmark, with its shadow."""

    name = "literal-move"
    law = "move"

    def states(self, setup: Setup) -> States[Scene]:
        """From one side to the other; by another law, a bystander goes there."""
        start, end, near, far = _ROUTES[setup.choice]
        thing, one, two = setup.item(0, start), setup.item(1, near), setup.item(2, far)
        x, y = setup.at(end)
        return States(
            source=Scene(items=(thing, one, two)),
            target=Scene(items=(replace(thing, x=x, y=y), one, two)),
            half=Scene(items=(replace(thing, x=(thing.x + x) / 2, y=(thing.y + y) / 2), one, two)),
            wrong=Scene(items=(thing, replace(one, x=x, y=y), two)),
        )

    def words(self, setup: Setup) -> Words:
        """Each names the thing and where it goes."""
        end = _ROUTES[setup.choice][1]
        thing, landmark, ground = setup.called(0), setup.place.landmark, setup.place.ground
        return Words(
            instructions=(
                f"Shift the {thing} to the other side of {landmark}, directly on its {end}.",
                f"Put the {thing} just to the {end} of {landmark} instead of where it is.",
                f"The {thing} should stand on {ground} right next to {landmark}, on the {end}.",
                f"Change the place of the {thing}: from the {_opposite(end)} of {landmark} to its {end}.",
            ),
            train_instructions=(
                f"Pick the {thing} up and set it down close to {landmark}, on the {end}.",
                f"Let the {thing} change sides and stand to the {end} of {landmark}.",
            ),
            literal=f"Move the {thing} to the {end} of {landmark}.",
            expected=f"The {thing} stands just {end} of {landmark} with its shadow, and no longer where it was; "
            "nothing else has changed.",
            preserve=setup.kept(1, 2),
        )


def _opposite(side: Spot) -> Spot:
    return "left" if side == "right" else "right"
