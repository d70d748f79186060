"""Literal: one thing takes another colour, and that is all."""

from __future__ import annotations

from dataclasses import replace

from rvebench.sim.colour import mix
from rvebench.sim.families.literal._edit import LiteralEdit, Scene, Setup, Spot, far_from
from rvebench.sim.families.literal._things import COLOURS, THINGS
from rvebench.sim.family import States, Words

__all__ = ["LiteralRecolour"]

_SPOTS: tuple[tuple[Spot, Spot, Spot], ...] = (
    ("left", "far-right", "far-left"),
    ("right", "far-left", "far-right"),
    ("far-left", "right", "far-right"),
    ("far-right", "left", "far-left"),
)
"""Where the thing stands, its neighbour, and a third."""


class LiteralRecolour(LiteralEdit):
    """A thing is the same in every way but its colour."""

    name = "literal-recolour"
    law = "recolour"

    def _into(self, setup: Setup) -> str:
        return far_from(setup.colours[:2], setup.colours[3:])

    def states(self, setup: Setup) -> States[Scene]:
        """From one colour to another; by another law, its neighbour takes that colour."""
        thing, neighbour, third = (setup.item(role, spot) for role, spot in enumerate(_SPOTS[setup.choice]))
        tone = COLOURS[self._into(setup)]
        return States(
            source=Scene(items=(thing, neighbour, third)),
            target=Scene(items=(replace(thing, tone=tone), neighbour, third)),
            half=Scene(items=(replace(thing, tone=mix(thing.tone, tone, 0.5)), neighbour, third)),
            wrong=Scene(items=(thing, replace(neighbour, tone=tone), third)),
        )

    def words(self, setup: Setup) -> Words:
        """Each names the thing and the colour it takes."""
        thing, name, new = setup.called(0), THINGS[setup.kinds[0]].name, self._into(setup)
        return Words(
            instructions=(
                f"Change the colour of the {thing} to {new}.",
                f"Paint the {thing} {new}.",
                f"Recolour the {thing}: it becomes {new}, and everything else stays as it is.",
                f"I want the {name} to be {new} instead of {setup.colours[0]}.",
            ),
            train_instructions=(
                f"Let the {thing} have a {new} surface.",
                f"Turn the {thing} into a {new} one of the same shape.",
            ),
            literal=f"Make the {thing} {new}.",
            expected=f"The {name} is {new}, with the same shape, place and shadow; nothing else has changed.",
            preserve=setup.kept(1, 2),
        )
