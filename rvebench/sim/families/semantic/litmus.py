"""Semantic inference: what an indicator says about what was stirred into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.semantic._lab import TABLE_Y, flame, room
from rvebench.sim.families.semantic._parts import soft_spot
from rvebench.sim.families.semantic._vessels import Held, flask, strips, tea_glass
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import Stage
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["LitmusFlask"]

_Vessel = Literal["flask", "paper-strips", "tea-glass"]
_VESSELS: tuple[_Vessel, ...] = ("flask", "paper-strips", "tea-glass")
_WALLS = (Rgb.of("#a9c4c9"), Rgb.of("#d2c5ac"), Rgb.of("#b3b9cf"))
_ACIDS = ("lemon juice", "vinegar", "lime juice")
_BASES = ("baking soda", "soap", "washing soda")


class _Indicator(NamedTuple):
    """A dye, its colours and their names: sour, plain, soapy."""

    sour: Rgb
    plain: Rgb
    soapy: Rgb
    names: tuple[str, str, str]


_INDICATORS: dict[_Vessel, _Indicator] = {
    "flask": _Indicator(Rgb.of("#e0345a"), Rgb.of("#6a3fa6"), Rgb.of("#2fa862"), ("red", "purple", "green")),
    "paper-strips": _Indicator(Rgb.of("#e04438"), Rgb.of("#a48ac0"), Rgb.of("#2b5fc8"), ("red", "lilac", "blue")),
    "tea-glass": _Indicator(Rgb.of("#d63a92"), Rgb.of("#3346c0"), Rgb.of("#2f9e6c"), ("pink", "blue", "green")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    x: float
    side: float
    size: float
    acid: bool
    added: str
    wall: Rgb
    level: float
    phase: float
    vessel: _Vessel

    @property
    def dye(self) -> _Indicator:
        """The indicator in use."""
        return _INDICATORS[self.vessel]


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    sourness: float
    """Of the liquid: 0 neutral, 1 sour, -1 soapy."""
    mixed: float = 1.0
    """Share of the liquid, from the top, that the change has reached."""


class LitmusFlask(Family[_Setup, _State]):
    """An indicator takes one colour with an acid and another with a base."""

    name = "litmus-flask"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.SEMANTIC_INFERENCE
    law = "indicate"
    parts = ("flask", "liquid", "chart", "tubes", "burner", "lemon", "soap", "jars")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws what is added, place and colours."""
        acid = bool(rng.random() < 0.5)
        names = _ACIDS if acid else _BASES
        return _Setup(
            x=float(rng.uniform(215, 265)),
            side=1.0 if rng.random() < 0.5 else -1.0,
            size=float(rng.uniform(0.95, 1.12)),
            acid=acid,
            added=names[rng.integers(len(names))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            level=float(rng.uniform(58, 74)),
            phase=float(rng.uniform(0, 6.28)),
            vessel=_VESSELS[rng.integers(len(_VESSELS))],
        )

    def states(self, setup: _Setup) -> States[_State]:
        """From neutral to what was added; the wrong law takes it for its opposite."""
        way = 1.0 if setup.acid else -1.0
        return States(
            source=_State(sourness=0.0),
            target=_State(sourness=way),
            half=_State(sourness=way, mixed=0.6 if setup.vessel == "paper-strips" else 0.5),
            wrong=_State(sourness=-way),
        )

    def objects(self, setup: _Setup) -> str:
        """What the indicator is kept in."""
        return setup.vessel

    def words(self, setup: _Setup) -> Words:
        """None of the paraphrases names a colour."""
        kind = "something sour" if setup.acid else "something soapy"
        after, before = setup.dye.names[0 if setup.acid else 2], setup.dye.names[1]
        return Words(
            instructions=_instructions(setup.vessel, setup.added),
            train_instructions=_train_instructions(setup.vessel, setup.added, kind),
            literal={
                "flask": f"Turn the {before} liquid in the flask {after}.",
                "paper-strips": f"Turn the three {before} strips of paper {after} over their whole length.",
                "tea-glass": f"Turn the {before} tea in the glass {after}.",
            }[setup.vessel],
            expected={
                "flask": f"All of the liquid in the flask is {after} instead of {before}, at the same level; "
                "the light it throws on the table has that colour too.",
                "paper-strips": f"All three strips of paper are {after} instead of {before} over their whole length; "
                "the liquid in the beaker stays clear.",
                "tea-glass": f"All of the tea in the glass is {after} instead of {before}, at the same level; "
                "the light it throws on the table has that colour too.",
            }[setup.vessel],
            preserve=(
                "the chart on the wall",
                "the test tubes",
                "the burner and its flame",
                "the lemon",
                "the soap",
                "the camera",
            ),
        )

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """A window at one side."""
        return Light(azimuth=-0.8 * setup.side, elevation=0.6)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Room, bystanders, the indicator."""
        dye = setup.dye
        stage.static("room", lambda: room(stage, setup.x, setup.side, setup.wall, (dye.sour, dye.plain, dye.soapy)))
        flame(stage, setup.x, setup.side, clock.time_s, setup.phase)
        x, foot, side = setup.x, TABLE_Y + 36, setup.side
        now = mix(dye.plain, dye.sour if state.sourness > 0 else dye.soapy, abs(state.sourness))
        held = Held(
            before=dye.plain,
            now=now,
            mixed=state.mixed,
            level=setup.level,
            side=side,
            time_s=clock.time_s,
            phase=setup.phase,
        )
        wide = 66 if setup.vessel == "tea-glass" else 50
        fall = [(x - wide, foot), (x + wide, foot), (x + side * 92, foot + 14), (x + side * 46 - 20, foot + 16)]
        stage.shadow(stage.polygon(fall), alpha=0.42, blur=4)
        if setup.vessel != "paper-strips":
            soft_spot(stage, x + side * 74, foot + 9, 46, 8, shade(now, 1.35), 0.5 * state.mixed)
        with stage.moved(x, foot, scale=setup.size if setup.vessel == "flask" else 1.0):
            {"flask": flask, "paper-strips": strips, "tea-glass": tea_glass}[setup.vessel](stage, held)


def _instructions(vessel: _Vessel, added: str) -> tuple[str, ...]:
    if vessel == "paper-strips":
        return (
            f"The papers are litmus; the pupil has just stirred a good dose of {added} into the beaker below them.",
            f"A spoonful of {added} went into the beaker long ago, and the papers have drunk from it ever since.",
            f"Read the chart on the wall: how should the papers look once they have soaked up {added}?",
            f"The teacher asks for proof that {added} has been dissolved in the beaker.",
        )
    if vessel == "tea-glass":
        return (
            f"This tea of petals works as an indicator; someone has just stirred in a good dose of {added}.",
            f"A spoonful of {added} was added to the petal tea and is now fully mixed.",
            f"Read the chart on the wall: how should the tea look once {added} has been stirred in?",
            f"The teacher asks for proof that {added} has been dissolved in the glass.",
        )
    return (
        f"The flask holds cabbage indicator; the pupil has just stirred in a good dose of {added}.",
        f"A spoonful of {added} was added to the indicator and is now fully mixed.",
        f"Read the chart on the wall: how should the flask look once {added} has been poured in?",
        f"The teacher asks for proof that {added} has been dissolved in the flask.",
    )


def _train_instructions(vessel: _Vessel, added: str, kind: str) -> tuple[str, ...]:
    held, place = {
        "flask": ("The indicator in the flask has", "flask"),
        "paper-strips": ("The three indicator papers have", "papers"),
        "tea-glass": ("The indicator tea in the glass has", "glass"),
    }[vessel]
    return (
        f"{held} met {kind}.",
        f"Show the {place} after the experiment with {added}.",
        f"By the chart on the wall, make it plain that {added} was used here.",
    )
