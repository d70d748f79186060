"""Literal: two things are taken away, and that is all."""

from __future__ import annotations

from rvebench.sim.families.literal._edit import LiteralEdit, Scene, Setup
from rvebench.sim.family import States, Words

__all__ = ["LiteralRemove"]


class LiteralRemove(LiteralEdit):
    """A pair of things is gone, with its shadows."""

    name = "literal-remove"
    law = "remove"

    def states(self, setup: Setup) -> States[Scene]:
        """From the pair and two bystanders to the bystanders; by another law, these are gone instead."""
        bystanders = (setup.item(1, setup.others[0]), setup.item(2, setup.others[1]))
        pair = tuple(setup.item(0, spot) for spot in setup.pair)
        left = pair[0] if setup.look.side < 0 else pair[1]
        return States(
            source=Scene(items=(*bystanders, *pair)),
            target=Scene(items=bystanders),
            half=Scene(items=(*bystanders, left)),
            wrong=Scene(items=pair),
        )

    def words(self, setup: Setup) -> Words:
        """Each names the things."""
        things, ground = setup.called(0, plural=True), setup.place.ground
        return Words(
            instructions=(
                f"Take both {things} off {ground}.",
                f"Delete the two {things} from the scene.",
                f"Erase the pair of {things} and their shadows; leave everything else as it is.",
                f"I want the two {things} gone, so that only bare ground is left where they stand.",
            ),
            train_instructions=(
                f"Clear away the two {things} and nothing else.",
                f"Let there be no {things} on {ground} any more.",
            ),
            literal=f"Remove both {things}.",
            expected=f"Neither of the two {things} is there, nor their shadows; nothing else has changed.",
            preserve=setup.kept(1, 2),
        )
