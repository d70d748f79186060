"""Semantic inference: what a porch looks like on the night of a feast: Halloween, Christmas, Diwali."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Light, Rgb
from rvebench.sim.families.semantic._festive import LAMPS, fir, fir_lights, garland, lamp, pumpkin
from rvebench.sim.families.semantic._porch import DECK_Y, Feast, Porch, air, cat, far, house
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Camera, Point, Stage
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["PorchPumpkins"]

_FEASTS: tuple[Feast, ...] = ("clay-lamps", "fir-tree", "pumpkins")
_WALLS = (Rgb.of("#7d8ba0"), Rgb.of("#94806f"), Rgb.of("#76917f"))
_DOORS = (Rgb.of("#8c2f2f"), Rgb.of("#2f5a6c"), Rgb.of("#c08a2c"))
_SPOTS: tuple[Point, ...] = ((-70, 232), (72, 230), (-128, 252), (132, 256))
_SPOTS_BY_FIR: tuple[Point, ...] = ((-62, 230), (8, 240), (-136, 250), (-70, 258))
"""Where pumpkins stand, from the middle of the porch; the second leaves room for a fir at the light's side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    porch: Porch
    sizes: tuple[float, ...]
    faces: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    done: float
    """Share of the feast's own custom that has been kept: lanterns carved, fir dressed, lamps lit."""
    other_feast: bool = False
    """Whether the porch is dressed for another feast instead: the wrong law."""


class PorchPumpkins(Family[_Setup, _State]):
    """A porch is made ready for the feast that its things belong to."""

    name = "porch-pumpkins"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SEMANTIC_INFERENCE
    law = "celebrate"
    parts = ("pumpkins", "garland", "house", "cat", "tree", "leaves", "fir", "lamps")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws the house, the hour, the pumpkins and the feast."""
        side, x = 1.0 if rng.random() < 0.5 else -1.0, float(rng.uniform(225, 255))
        wall, door = _WALLS[rng.integers(len(_WALLS))], _DOORS[rng.integers(len(_DOORS))]
        dusk = float(rng.random())
        sizes = tuple(float(size) for size in rng.uniform(0.86, 1.18, 4))
        faces = tuple(int(face) for face in rng.integers(0, 3, 4))
        phase = float(rng.uniform(0, 6.28))
        feast = _FEASTS[rng.integers(len(_FEASTS))]
        porch = Porch(side=side, x=x, wall=wall, door=door, dusk=dusk, phase=phase, feast=feast)
        return _Setup(porch=porch, sizes=sizes, faces=faces)

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From an ordinary evening to the feast."""
        return States(
            source=_State(done=0.0),
            target=_State(done=1.0),
            half=_State(done=0.5),
            wrong=_State(done=0.0, other_feast=True),
        )

    def objects(self, setup: _Setup) -> str:
        """What stands on the steps."""
        return setup.porch.feast

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names faces, lanterns, ornaments or light."""
        return {"pumpkins": _HALLOWEEN, "fir-tree": _CHRISTMAS, "clay-lamps": _DIWALI}[setup.porch.feast]

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """The moon, beside the house."""
        return Light(azimuth=0.7 * setup.porch.side, elevation=0.6, colour=Rgb(190, 200, 235))

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:  # noqa: ARG002
        """Comes a little nearer."""
        return Camera(zoom=1 + 0.025 * clock.share, focus=(setup.porch.x, 190))

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Sky, house, cat, the feast's own things, what drifts through the air."""
        porch, time_s = setup.porch, clock.time_s
        with stage.at_depth(0.2), stage.clipped(stage.rect(-64, -64, WIDTH + 128, 278)):
            stage.static("sky", lambda: far(stage, porch))
        with stage.at_depth(1.0):
            stage.static("house", lambda: house(stage, porch))
            if state.other_feast and porch.feast != "fir-tree":
                garland(stage, porch.x, time_s)
            cat(stage, porch.x - porch.side * 112, DECK_Y + 6, porch, time_s)
            if porch.feast == "pumpkins":
                self._pumpkins(stage, setup, _SPOTS, round(4 * state.done), time_s)
            elif porch.feast == "fir-tree":
                x, y = porch.x + porch.side * 100, 250.0
                with stage.clipped(stage.rect(x - 90, y - 240, 180, 260)):
                    stage.static("fir", lambda: fir(stage, x, y, porch.side))
                fir_lights(stage, x, y, state.done, time_s)
                if state.other_feast:
                    spots = tuple((dx * porch.side, dy) for dx, dy in _SPOTS_BY_FIR)
                    self._pumpkins(stage, setup, spots, len(spots), time_s)
            else:
                for index, (dx, y, size) in enumerate(LAMPS):
                    lit = (index * 7 % len(LAMPS)) < len(LAMPS) * state.done
                    lamp(stage, (porch.x + dx, y), size, lit=lit, time_s=time_s, turn=index)
            air(stage, porch, time_s)

    def _pumpkins(self, stage: Stage, setup: _Setup, spots: tuple[Point, ...], lit: int, time_s: float) -> None:
        porch = setup.porch
        for index, (dx, y) in enumerate(spots):
            pumpkin(
                stage,
                (porch.x + dx, y),
                setup.sizes[index],
                porch.side,
                face=setup.faces[index],
                time_s=time_s,
                lit=index < lit,
                turn=index,
            )


_HALLOWEEN = Words(
    instructions=(
        "It is the last evening of October, and this family keeps every tradition.",
        "In an hour, children in costumes will climb these steps and ask for sweets. Get the porch ready.",
        "Make the porch say 'trick or treat' without a single written word.",
        "The street celebrates All Hallows' Eve tonight; let the harvest on the steps play its part.",
    ),
    train_instructions=(
        "The calendar reads 31 October. What have the pumpkins become?",
        "The spookiest night of the year has come to this house.",
    ),
    literal="Carve a face into each of the four pumpkins and light a candle inside, so that the faces glow.",
    expected="All four pumpkins are jack-o'-lanterns with carved faces that glow from inside, in the same "
    "places; the house, the cat and the tree are unchanged.",
    preserve=(
        "the house and its door",
        "the cat",
        "the bare tree and the moon",
        "the falling leaves",
        "the camera",
    ),
)
_CHRISTMAS = Words(
    instructions=(
        "It is the evening of 24 December, and this family keeps every tradition.",
        "In an hour, neighbours will sing carols in front of these steps. Get the porch ready.",
        "Make the porch say 'peace on earth' without a single written word.",
        "The street celebrates the birth of Jesus tonight; let the evergreen by the steps play its part.",
    ),
    train_instructions=(
        "The calendar reads 24 December. What has the fir become?",
        "The night on which children wait for presents has come to this house.",
        "All that the evergreen in the pot was bought for is happening tonight.",
    ),
    literal="Hang glowing coloured lights and baubles all over the fir tree and put a shining star on its top.",
    expected="The fir tree bears coloured lights that glow, baubles and a shining star on its top, in the same place; "
    "the house, the cat and the snow are unchanged.",
    preserve=(
        "the house and its door",
        "the cat",
        "the bare tree and the moon",
        "the falling snow",
        "the camera",
    ),
)
_DIWALI = Words(
    instructions=(
        "It is the evening of Diwali, and this family keeps every tradition.",
        "On this darkest night of the month of Kartik, the goddess Lakshmi must find her way to the door.",
        "Make the porch say 'happy Deepavali' without a single written word.",
        "The street celebrates Rama's return to Ayodhya tonight; let the clay bowls on the steps play their part.",
    ),
    train_instructions=(
        "The new moon of Kartik has come, and with it this family's greatest feast.",
        "Lakshmi visits the houses tonight, and nobody here wants her to pass by.",
    ),
    literal="Light every clay lamp on the porch and its steps, each with a small flame.",
    expected=f"All {len(LAMPS)} clay lamps on the porch and its steps burn with small flames that throw warm light on "
    "the wood; the house, the cat and the flowers over the door are unchanged.",
    preserve=(
        "the house and its door",
        "the cat",
        "the flowers over the door",
        "the tree and the night sky",
        "the camera",
    ),
)
