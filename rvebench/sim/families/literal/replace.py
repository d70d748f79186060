"""Literal: two things give way to two of another kind, and that is all."""

from __future__ import annotations

from rvebench.sim.families.literal._edit import LiteralEdit, Scene, Setup
from rvebench.sim.family import States, Words

__all__ = ["LiteralReplace"]


class LiteralReplace(LiteralEdit):
    """Where a pair of things stood, a pair of another kind stands."""

    name = "literal-replace"
    law = "replace"

    def states(self, setup: Setup) -> States[Scene]:
        """From one pair to another; by another law, the bystanders are replaced and the pair stays."""
        bystanders = (setup.item(1, setup.others[0]), setup.item(2, setup.others[1]))
        old = tuple(setup.item(0, spot) for spot in setup.pair)
        new = tuple(setup.item(3, spot) for spot in setup.pair)
        mixed = (new[0], old[1]) if setup.look.side < 0 else (old[0], new[1])
        return States(
            source=Scene(items=(*bystanders, *old)),
            target=Scene(items=(*bystanders, *new)),
            half=Scene(items=(*bystanders, *mixed)),
            wrong=Scene(items=(*(setup.item(3, spot) for spot in setup.others), *old)),
        )

    def words(self, setup: Setup) -> Words:
        """Each names what goes and what comes."""
        old, new = setup.called(0, plural=True), setup.called(3, plural=True)
        return Words(
            instructions=(
                f"Swap the two {old} for two {new}.",
                f"Where the {old} stand, put {new} instead.",
                f"Exchange both {old} for {new} in the same places.",
                f"I want two {new} on {setup.place.ground} in place of the two {old}.",
            ),
            train_instructions=(
                f"Let two {new} take the places of the two {old}.",
                f"Take away both {old} and set {new} down on the same spots.",
            ),
            literal=f"Replace the two {old} with two {new}.",
            expected=f"Two {new} stand where the two {old} stood; nothing else has changed.",
            preserve=setup.kept(1, 2),
        )
