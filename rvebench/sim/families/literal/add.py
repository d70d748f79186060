"""Literal: two things are added, and that is all."""

from __future__ import annotations

from dataclasses import replace

from rvebench.sim.families.literal._edit import LiteralEdit, Scene, Setup
from rvebench.sim.family import States, Words

__all__ = ["LiteralAdd"]


class LiteralAdd(LiteralEdit):
    """A pair of things is put where nothing stood."""

    name = "literal-add"
    law = "add"

    def states(self, setup: Setup) -> States[Scene]:
        """From two bystanders to the pair beside them; by another law, a pair of something else."""
        bystanders = (setup.item(1, setup.others[0]), setup.item(2, setup.others[1]))
        one, two = (setup.item(0, spot) for spot in setup.pair)
        first = one if setup.look.side < 0 else two
        return States(
            source=Scene(items=bystanders),
            target=Scene(items=(*bystanders, one, two)),
            half=Scene(items=(*bystanders, first)),
            wrong=Scene(items=(*bystanders, *(replace(item, kind=setup.kinds[3]) for item in (one, two)))),
        )

    def words(self, setup: Setup) -> Words:
        """Each names the things, their colour and their place."""
        things, place = setup.called(0, plural=True), setup.pair_place
        return Words(
            instructions=(
                f"Put down two {things}, {place}.",
                f"Add a pair of {things} to the scene: {place}.",
                f"Place two {things}, {place}, and leave everything else as it is.",
                f"I want two {things} to stand here, {place}.",
            ),
            train_instructions=(
                f"Let two {things} join the others, {place}.",
                f"The scene gets two {things}, {place}.",
            ),
            literal=f"Add two {things}, {place}.",
            expected=f"Two {things} stand there, {place}, each with its shadow; nothing else has changed.",
            preserve=setup.kept(1, 2),
        )
