"""Emotional: a child walks along with something dear to it; in the next shot it is lost."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix
from rvebench.sim.families.emotional._park import GROUND_Y, Park, draw_dog, draw_kite, draw_park
from rvebench.sim.families.emotional._people import (
    Look,
    Mood,
    Pose,
    blend_moods,
    draw_person,
    framed,
    person_of,
    veil,
)
from rvebench.sim.families.emotional._treats import (
    TREATS,
    Treat,
    draw_balloon,
    draw_bear,
    draw_cone,
    draw_puddle,
    draw_ripple,
    draw_splat,
    mud_on_bear,
)
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Camera, Point, Stage
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["DroppedCone"]

_TONES = tuple(Rgb.of(text) for text in ("#f2a0b4", "#a8dcb4", "#f6e2a8", "#8fc8ec", "#b9a4e0"))
_BOLD = tuple(Rgb.of(text) for text in ("#e0483e", "#f0b428", "#3f8fd8", "#d858a0", "#4aa85a"))
_CHILD_X = WIDTH / 2 - 20
_SPOT: Point = (WIDTH / 2 + 56, 242.0)
"""Where what falls comes to lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    child: Look
    treat: Treat
    tone: Rgb
    stature: float
    """Height of the child as a share of the tallest."""
    park: Park
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    near: bool = False
    """The following, nearer shot."""
    lost: bool = False
    """The treat is gone."""
    sadness: float = 0.0
    joy: float = 0.7


class DroppedCone(Family[_Setup, _State]):
    """A child loses what it carries, and with it the smile."""

    name = "dropped-cone"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.EMOTIONAL
    law = "loss"
    parts = ("child", "treat", "kite", "dog")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws child, treat, park and hour."""
        treat = TREATS[int(rng.integers(len(TREATS)))]
        tones = _TONES if treat == "ice-cream" else _BOLD
        stripes = Rgb.of("#f6f0e2") if rng.random() < 0.5 else None
        phase = float(rng.uniform(0, 6.28))
        return _Setup(
            child=replace(person_of(rng, "child"), stripes=stripes, glasses=False),
            treat=treat,
            tone=tones[int(rng.integers(len(tones)))],
            stature=float(rng.uniform(0.86, 1.0)),
            park=Park(
                evening=float(rng.random()),
                trees=tuple(float(x) for x in np.sort(rng.uniform(-40, 520, 5))),
                kite=mix(Rgb.of("#d8433a"), Rgb.of("#3a6fd8"), float(rng.random())),
                kite_x=112.0 if treat == "balloon" or rng.random() < 0.4 else 372.0,
                fur=mix(Rgb.of("#a8743e"), Rgb.of("#e6dccb"), float(rng.random())),
                phase=phase,
            ),
            phase=phase,
        )

    def states(self, setup: _Setup) -> States[_State]:  # noqa: ARG002
        """From a smile to tears; the other law laughs about it."""
        return States(
            source=_State(),
            target=_State(near=True, lost=True, sadness=1.0, joy=0.0),
            half=_State(near=True, lost=True, sadness=0.5, joy=0.0),
            wrong=_State(near=True, lost=True, joy=1.0),
            still=_State(near=True),
        )

    def objects(self, setup: _Setup) -> str:
        """What is held."""
        return setup.treat

    def words(self, setup: _Setup) -> Words:
        """The mishap is hinted at, the face is not told."""
        return _WORDS[setup.treat]

    def light(self, setup: _Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """The sun, lower in the evening."""
        return Light(azimuth=-0.7, elevation=0.75 - 0.3 * setup.park.evening)

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """Wide, then near enough for the face and for what is lost."""
        if not state.near:
            return Camera(x=-6 + 12 * clock.share)
        if setup.treat == "balloon":
            return framed(WIDTH / 2 + 26, 146, 1.34 + 0.04 * clock.share)
        return framed(WIDTH / 2 + 10, 167 + 8 * (1 - setup.stature), 1.42 + 0.04 * clock.share)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Park, kite, dog, what is lost, child."""
        with stage.at_depth(1):
            stage.static("park", lambda: self._ground(stage, setup))
            if state.lost:
                veil(stage, Mood(sadness=state.sadness, joy=state.joy))
            draw_kite(stage, setup.park, clock.time_s)
            draw_dog(stage, setup.park, 350.0 - (24 if state.near else 0), clock.time_s)
            if state.lost:
                self._lost(stage, setup, state, clock)
            self._child(stage, setup, state, clock)

    def _ground(self, stage: Stage, setup: _Setup) -> None:
        draw_park(stage, setup.park)
        if setup.treat == "teddy":
            draw_puddle(stage, *_SPOT)

    def _lost(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        if setup.treat == "ice-cream":
            with stage.moved(*_SPOT):
                draw_splat(stage, setup.tone, clock.share)
        elif setup.treat == "teddy":
            x, y = _SPOT
            stage.shadow(stage.oval(x + 3, y + 3, 28, 6), alpha=0.45, blur=2.5)
            with stage.moved(x + 26, y - 3, turn_deg=80, scale=1.15):
                draw_bear(stage, setup.tone)
                mud_on_bear(stage)
            draw_ripple(stage, x, y, clock.time_s)
        else:
            rise = 0.5 * state.sadness + 0.5 * (1 - state.joy) * clock.share
            sway = 5 * math.sin(clock.time_s * 1.9)
            with stage.moved(330 + 34 * rise + sway, 112 - 36 * rise, turn_deg=0.9 * sway, scale=0.78 - 0.14 * rise):
                draw_balloon(stage, setup.tone, (-4 + sway, 74), clock.time_s)

    def _child(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        scale = 1.5 * setup.stature
        skip = 0.0 if state.lost else 4 * abs(math.sin(clock.time_s * 5))
        sad = state.sadness
        sob = sad * math.sin(clock.time_s * 8)
        strong = max(state.joy, sad)
        mood = blend_moods(Mood(), Mood(joy=state.joy, sadness=sad), strong)
        swing = 0.0 if state.lost else math.sin(clock.time_s * 5)
        wiping = 0.0 if setup.treat == "balloon" else max(0.0, sad - 0.6) / 0.4
        free = (-16.0 - 4 * swing + 6.5 * wiping, -35.0 - 7 * abs(swing) - 37 * wiping + 0.9 * sob)
        hand = self._hand(setup, state, clock)
        gaze_y = -0.3 if setup.treat == "balloon" else 0.9 * sad
        pose = Pose(
            left=free, right=hand, slump=(0.55 if setup.treat == "balloon" else 1.15) * sad + 0.06 * sob,
            tilt_deg=(-5 if setup.treat == "balloon" else 7) * sad, turn=0.35 if state.lost else 0.2,
            gaze=(0.7 * sad, gaze_y if state.lost else 0.0), stride=0.4 * swing,
        )  # fmt: skip
        stage.cast(_CHILD_X, GROUND_Y, 26, 62 * setup.stature, alpha=0.28)
        stage.shadow(stage.oval(_CHILD_X, GROUND_Y + 1, 26, 5), alpha=0.4, blur=3)
        with stage.moved(_CHILD_X, GROUND_Y - skip, scale=scale):
            if not state.lost and setup.treat == "balloon":
                bob = (hand[0] + 5 + 2.5 * math.sin(clock.time_s * 2.6), -128.0 + 1.5 * math.sin(clock.time_s * 5))
                with stage.moved(*bob, scale=0.8):
                    draw_balloon(stage, setup.tone, ((hand[0] - bob[0]) / 0.8, (hand[1] - bob[1]) / 0.8), clock.time_s)
            draw_person(stage, setup.child, pose, mood, part="child", time_s=clock.time_s, phase=setup.phase)
            if setup.treat == "ice-cream":
                with stage.moved(hand[0] + 2, hand[1] - 1, turn_deg=14 + 24 * sad, scale=1.1):
                    draw_cone(stage, setup.tone, full=not state.lost)
            elif setup.treat == "teddy" and not state.lost:
                with stage.moved(hand[0] + 3, hand[1], turn_deg=5 * math.sin(clock.time_s * 5 + 1), scale=0.82):
                    draw_bear(stage, setup.tone)

    def _hand(self, setup: _Setup, state: _State, clock: Clock) -> Point:
        sob = state.sadness * math.sin(clock.time_s * 8)
        if setup.treat == "ice-cream":
            return (18.0, -56.0 + 9 * state.sadness + 0.5 * sob)
        if setup.treat == "balloon":
            reach = 3 * math.sin(clock.time_s * 4)
            return (35.0 + reach, -84.0) if state.lost else (19.0, -58.0)
        return (17.0, -36.0 + 0.6 * sob) if state.lost else (22.0, -50.0)


_WORDS: dict[Treat, Words] = {
    "ice-cream": Words(
        instructions=(
            "One stumble, and the treat of the whole week is on the path. Continue with a nearer shot.",
            "The scoop did not survive the next step, and the van has driven off. Show the following shot.",
            "There was no coin left for a second one when the first slipped. What do we see next?",
            "Gravity wins against the best part of the afternoon. Cut closer to the child.",
        ),
        train_instructions=(
            "Only the wafer is left in the hand. Follow with the next shot of the child.",
            "The dog is about to be luckier than the child. Show the shot that follows.",
        ),
        literal="Show the same child nearer, crying, with an empty cone and the scoop melting on the path.",
        expected="A nearer shot: the same child holds an empty cone and looks down in tears, mouth turned down and "
        "shoulders hanging; the scoop lies on the path.",
        preserve=("the child's hair and clothes", "the flavour's colour", "the park", "the dog", "the kite"),
    ),
    "balloon": Words(
        instructions=(
            "The knot around the wrist was never tied, and the wind has noticed. Continue with a nearer shot.",
            "One gust, and the souvenir of the fair belongs to the sky. Show the following shot of the child.",
            "The string slips through the fingers, and there is no ladder that long. What do we see next?",
            "What was to hang over the bed tonight is on its way to the clouds. Cut closer to the child.",
        ),
        train_instructions=(
            "The hand closes a moment too late around nothing. Follow with the next shot of the child.",
            "The birds will have it now. Show the shot that follows down on the path.",
        ),
        literal="Show the same child nearer, crying, one empty hand stretched up after the balloon in the sky.",
        expected="A nearer shot: the balloon drifts off in the sky, out of reach; the same child stretches an empty "
        "hand after it, in tears, with raised inner brows and mouth turned down.",
        preserve=("the child's hair and clothes", "the balloon's colour", "the park", "the dog", "the kite"),
    ),
    "teddy": Words(
        instructions=(
            "The best friend of every night slips out of the hand, right above the mud. Continue with a nearer shot.",
            "Somebody small and furry has just gone head first into the dirt. Show the following shot of the child.",
            "No washing machine will ever quite undo the next step. What do we see next?",
            "The puddle gets what was never let go of before. Cut closer to the child.",
        ),
        train_instructions=(
            "The cuddliest one of the family has landed in the muck. Follow with the next shot of its owner.",
            "Tonight the pillow will be shared with no one. Show the shot that follows at the puddle.",
        ),
        literal="Show the same child nearer, crying, with empty hands, and the teddy bear lying dirty in the puddle.",
        expected="A nearer shot: the teddy bear lies in the puddle, covered with mud; the same child stands with empty "
        "hands and looks down in tears, mouth turned down and shoulders hanging.",
        preserve=("the child's hair and clothes", "the bear's bow", "the puddle", "the dog", "the kite"),
    ),
}
