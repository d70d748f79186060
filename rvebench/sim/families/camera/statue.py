"""Camera: a statue on a market square, then the same statue from where somebody photographs it on the far side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.camera._figures import STATUES, box, child, photographer
from rvebench.sim.families.camera._parts import WHITE
from rvebench.sim.families.camera._space import (
    Blob,
    Plane,
    Solid,
    Sun,
    Vec,
    View,
    far_to_near,
    paint_solids,
    path_of,
    shadows,
    turned,
)
from rvebench.sim.families.camera._square import Square, bench, lamp, pigeon, stall, tree
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import Stage, flat
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["StatueBehind"]

_DISTANCE = 420.0
_NEAR = 90.0
"""What is nearer to the camera than this is not drawn: it would hide the square."""
_TOP = 64.0
_BLOCKS = tuple(
    box(Vec(-half, low, -half), Vec(half, high, half), tone)
    for half, low, high, tone in (
        (66, 0, 6, 1.0), (50, 6, 12, 1.05), (30, 12, 18, 1.0), (25, 18, 59, 1.04), (29, 59, _TOP, 1.08),
    )
)  # fmt: skip
_STONES = {
    "king": (Rgb.of("#7fa893"), Rgb.of("#a9814e")),
    "lion": (Rgb.of("#d8bd8e"), Rgb.of("#b9835a")),
    "owl": (Rgb.of("#a8a29c"), Rgb.of("#8f9aa6")),
    "angel": (Rgb.of("#dcd6ca"), Rgb.of("#c9c6c4")),
}
_BACKS = {
    "king": "his cape with its cross and the back of the crown",
    "lion": "the mane, the haunches and the curled tail",
    "owl": "the feathered back, the wings and the tail",
    "angel": "both wings spread over the back of the robe",
}
_COATS = (Rgb.of("#d9342e"), Rgb.of("#e0a52f"), Rgb.of("#2f6fb0"), Rgb.of("#8a4f9c"))


def _polar(radius: float, turn: float) -> Vec:
    return Vec(radius * math.sin(turn), 0.0, radius * math.cos(turn))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    statue: str
    stone: Rgb
    heading: float
    side: int
    """The stall stands on this side of the first picture."""
    taker: float
    """Where the photographer stands, as an angle about the statue."""
    sun: Sun
    dusk: float
    coats: tuple[Rgb, Rgb]
    cloth: Rgb
    phase: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    angle: float
    """Of the camera about the statue; 0 looks at its face."""
    distance: float = _DISTANCE
    height: float = 78.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Thing:
    part: str
    foot: Vec
    solids: tuple[Solid, ...]
    colour: Rgb
    ground: tuple[tuple[Vec, ...], ...]
    """Outlines of its shadow."""


def _thing(setup: _Setup, part: str, foot: Vec, solids: Sequence[Solid], colour: Rgb = WHITE) -> _Thing:
    return _Thing(part=part, foot=foot, solids=tuple(solids), colour=colour, ground=shadows(setup.sun, solids))


@lru_cache(maxsize=16)
def _fixed(setup: _Setup) -> tuple[_Thing, ...]:
    """Returns what stands on the square and does not move."""
    side, middle = setup.side, Vec(0, 0, 0)
    statue = turned(STATUES[setup.statue](), setup.heading, Vec(0, _TOP, 0))
    furniture: tuple[tuple[str, Vec, list[Solid], float, float], ...] = (
        ("stall", Vec(side * 186, 0, -72), stall(setup.cloth), 0.35 * side, 1.0),
        ("tree", Vec(-side * 182, 0, -70), tree(), 0.0, 1.0),
        ("lamp", Vec(-side * 128, 0, 84), lamp(), 0.0, 1.0),
        ("bench", Vec(side * 150, 0, 96), bench(), math.pi + 0.5 * side, 1.0),
        ("photographer", _polar(_DISTANCE, setup.taker), photographer(setup.coats[0]), setup.taker + math.pi, 1.22),
    )
    return (
        _thing(setup, "plinth", middle, _BLOCKS[-2]),
        _thing(setup, "statue", middle, statue, setup.stone),
        *(_thing(setup, part, foot, turned(solids, turn, foot, size)) for part, foot, solids, turn, size in furniture),
    )


def _things(setup: _Setup, time: float) -> list[_Thing]:
    """Returns all that stands on the square; of equally far ones the first is drawn first."""
    side, playing, ball = setup.side, _playing(setup), _balloon(setup, time)
    body = turned(child(setup.coats[1], math.sin(2.4 * time)), 1.6 * side, playing)
    balloon = [Blob(ball, ball.plus(Vec(0, 5, 0)), 13, 15.5, 1.0, None, 0.55)]
    found = [
        *_fixed(setup),
        _thing(setup, "child", playing, body),
        _thing(setup, "balloon", ball._replace(y=0), balloon, setup.coats[1]),
    ]
    for index in range(8):
        way = (-1) ** index
        # They keep away from the child, and from the furniture farther out.
        gap = side * -1.67 + 0.6 + 5.08 * (index + 0.5) / 8
        turn = gap + 0.12 * math.sin(index * 2.3 + setup.phase) + 0.05 * (time - 1) * way
        foot = _polar(98 + 9.0 * ((index * 3) % 4), turn)
        peck = max(0.0, math.sin(time * (2.6 + 0.3 * index) + index * 1.7)) ** 3
        found.append(_thing(setup, "pigeon", foot, turned(pigeon(peck), turn + math.pi / 2 * way, foot, 1.1)))
    return found


def _playing(setup: _Setup) -> Vec:
    """Returns where the child stands."""
    return Vec(-setup.side * 104, 0, -10)


def _balloon(setup: _Setup, time: float) -> Vec:
    x = _playing(setup).x + 5 * math.sin(1.7 * time + setup.phase)
    return Vec(x, 112 + 2 * math.sin(2.3 * time), -16 + 3 * math.cos(1.3 * time))


def _view(setup: _Setup, state: _State, share: float) -> View:
    """Returns the camera at a share of the clip; it drifts a little along its circle."""
    return View(
        angle=state.angle + setup.side * 0.075 * (share - 0.5),
        distance=state.distance,
        height=state.height,
        horizon=156.0,
    )


@lru_cache(maxsize=32)
def _order(setup: _Setup, state: _State) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Returns the numbers of all things from far to near, each with the order of its bodies.

    It is that of one moment: sorted anew in every frame, bodies that are about as far would change places.
    """
    view, things = _view(setup, state, 0.5), _things(setup, 0.0)
    found = sorted(range(len(things)), key=lambda index: -view.depth(things[index].foot))
    return tuple((index, far_to_near(view, things[index].solids)) for index in found)


class StatueBehind(Family[_Setup, _State]):
    """Seen from the far side, a thing shows its back, and left and right change places."""

    name = "statue-behind"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.CAMERA
    law = "reverse-angle"
    parts = (
        "statue", "plinth", "houses", "tower", "stall", "lamp", "bench", "tree", "child", "balloon", "photographer",
        "pigeon",
    )  # fmt: skip

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws statue, light, houses and who stands where."""
        statue = sorted(STATUES)[rng.integers(len(STATUES))]
        dusk = float(rng.choice([0.0, 0.35, 0.85]))
        side = 1 if rng.random() < 0.5 else -1
        coats = rng.permutation(len(_COATS))
        return _Setup(
            statue=statue,
            stone=_STONES[statue][rng.integers(2)],
            heading=float(rng.uniform(-0.2, 0.2)),
            side=side,
            taker=side * (math.pi - float(rng.uniform(0.26, 0.36))),
            sun=Sun(
                angle=side * float(rng.uniform(1.1, 1.4)),
                slope=0.75 + 0.55 * dusk,
                colour=mix(Rgb(255, 250, 238), Rgb(255, 214, 172), dusk),
            ),
            dusk=dusk,
            coats=(_COATS[coats[0]], _COATS[coats[1]]),
            cloth=_COATS[coats[2]],
            phase=float(rng.uniform(0, 6.28)),
            seed=int(rng.integers(1 << 16)),
        )

    def states(self, setup: _Setup) -> States[_State]:
        """From the face to the photographer's place."""
        return States(
            source=_State(angle=0.0),
            target=_State(angle=setup.taker),
            half=_State(angle=setup.taker * 0.85),
            wrong=_State(angle=0.0, distance=215.0, height=104.0),
        )

    def objects(self, setup: _Setup) -> str:
        """Whom the statue shows."""
        return setup.statue

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names the back."""
        name = setup.statue
        return Words(
            instructions=(
                "Somebody across the square takes a picture at this moment. Cut to that picture.",
                f"Next shot: what the windows over there have seen of the {name} for a hundred years.",
                "Change places with the person who holds the camera, and go on filming.",
                f"The sculptor worked on every side of the {name}. Continue with what we have not seen yet.",
                "The opposite camera takes over. What does its picture show?",
            ),
            train_instructions=(
                f"Answer this view of the {name} with its counter-shot from across the square.",
                "Go on with the photograph that is being taken over there.",
            ),
            literal=f"Move the camera round to the far side of the square and show the {name} from behind.",
            expected=f"The same {name} on the same plinth from behind: {_BACKS[name]} are seen and no face. Stall, "
            "tree, lamp, bench and child have changed left and right and near and far, the houses are those of the "
            "other side of the square, and the shadows fall the other way across the picture.",
            preserve=(
                f"the {name} and its stone", "the plinth", "stall, tree, lamp, bench and child and their places on "
                "the square", "the time of day",
            ),
        )  # fmt: skip

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Sky, houses, stones, shadows, then what stands there from far to near."""
        view = _view(setup, state, clock.share)
        square = Square(
            sun=setup.sun, dusk=setup.dusk, seed=setup.seed, tower=math.pi + setup.side * 0.28, dome=-0.02 * setup.side
        )
        square.draw_far(stage, view, clock.time_s)
        square.draw_ground(stage, view)
        square.draw_houses(stage, view)
        things = _things(setup, clock.time_s)
        shown = [(things[index], bodies) for index, bodies in _order(setup, state)]
        shown = [pair for pair in shown if view.depth(pair[0].foot) > _NEAR]
        for thing, _ in shown:
            path = path_of(stage, view, thing.ground)
            stage.shadow(path, alpha=0.42, blur=1.6 * view.see(thing.foot).scale)
        self._flash(stage, setup, view, clock)
        for thing, bodies in shown:
            if thing.part == "balloon":
                self._string(stage, setup, view, clock)
            if thing.part == "plinth":
                self._plinth(stage, setup, view)
            else:
                solids = [thing.solids[index] for index in bodies]
                paint_solids(stage, view, setup.sun, solids, thing.colour, part=thing.part)

    def _flash(self, stage: Stage, setup: _Setup, view: View, clock: Clock) -> None:
        """The light of the camera over there, once in the clip."""
        lens = _polar(_DISTANCE - 22, setup.taker)._replace(y=74)
        if view.depth(lens) > _NEAR:
            at, burst = view.see(lens), math.exp(-(((clock.share - 0.55) / 0.1) ** 2))
            stage.glow(at.x, at.y, 34, Rgb(255, 252, 236), alpha=0.9 * burst)

    def _string(self, stage: Stage, setup: _Setup, view: View, clock: Clock) -> None:
        sway = math.sin(2.4 * clock.time_s)
        hand = _playing(setup).plus(Vec(9 + sway, 62, 3).turned(1.6 * setup.side))
        knot = _balloon(setup, clock.time_s).plus(Vec(0, -13, 0))
        middle = hand.plus(knot.plus(hand, -1), 0.5).plus(Vec(2, 0, 0))
        line = stage.curve(view.points((hand, middle, knot)))
        stage.paint(line, flat(Rgb.of("#f0ece2")), part="balloon", line=0.9)

    def _plinth(self, stage: Stage, setup: _Setup, view: View) -> None:
        """Draws the steps and the block, with letters on its front and a wreath on its back."""
        grey = mix(setup.stone, Rgb.of("#b9b2a6"), 0.75)
        for block in _BLOCKS:
            sides = [block[index] for index in far_to_near(view, block)]
            paint_solids(stage, view, setup.sun, sides, grey, part="plinth")
        bronze = Rgb.of("#a8793f")
        for index, normal in enumerate((Vec(0, 0, 1), Vec(1, 0, 0), Vec(0, 0, -1), Vec(-1, 0, 0))):
            # A side that is seen edge-on is left out: its pattern would be a smear.
            if view.toward(Vec(normal.x * _DISTANCE, 0, normal.z * _DISTANCE)) < 40:
                continue
            across = Vec(normal.z, 0, -normal.x)
            with view.on(stage, Plane(Vec(normal.x * 25.2, 40, normal.z * 25.2), across, Vec(0, -1, 0))):
                rim = stage.rect(-20, -15, 40, 30)
                stage.effect(rim, flat(setup.sun.lit(shade(grey, 0.6), normal)), line=1.4)
                metal = setup.sun.lit(bronze, normal)
                if index == 0:
                    stage.paint(stage.rect(-15, -10, 30, 20, radius=1.5), flat(metal), part="plinth")
                    for row, wide in enumerate((16, 22, 18, 10)):
                        letters = stage.rect(-wide / 2, -7 + 4.2 * row, wide, 1.7)
                        stage.effect(letters, flat(shade(metal, 1.6)))
                elif index == 2:
                    stage.paint(stage.oval(0, 0, 8.6), flat(metal), part="plinth", line=3.6)
                    for leaf in range(12):
                        turn = 2 * math.pi * leaf / 12
                        spot = stage.oval(9.4 * math.cos(turn), 9.4 * math.sin(turn), 2.4)
                        stage.effect(spot, flat(shade(metal, 1.25 if leaf % 2 else 0.8)))
