"""Emotional: the last goal or basket of a match decides how the supporter of one side looks in the next shot."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rvebench.sim.colour import Rgb, shade
from rvebench.sim.families.emotional._arena import (
    RAIL_Y,
    SPORTS,
    Sport,
    draw_board,
    draw_confetti,
    draw_crowd,
    draw_foam_hand,
    draw_stand,
)
from rvebench.sim.families.emotional._people import (
    Look,
    Mood,
    Pose,
    blend_moods,
    draw_person,
    ease,
    framed,
    person_of,
    veil,
)
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import WIDTH, Camera, Stage
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["MatchScore"]

_TEAMS = tuple(Rgb.of(text) for text in ("#d23b3b", "#2f6fc4", "#2f9a5c", "#e0a020", "#8a4fb0"))
_WHITE = Rgb(244, 240, 232)
_SIZES = {"child": 0.9, "adult": 1.0, "elder": 0.97}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    sport: Sport
    fan: Look
    friends: tuple[Look, ...]
    ours: Rgb
    theirs: Rgb
    side: int
    """Where the scoreboard hangs: -1 left, 1 right."""
    won: bool
    score: int
    """Of either side, before the last goal."""
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    after: bool = False
    """The following, nearer shot."""
    ours: int = 0
    theirs: int = 0
    """Points since the first shot."""
    joy: float = 0.0
    sadness: float = 0.0


class MatchScore(Family[_Setup, _State]):
    """A supporter cheers or hangs the head, after late points for one side."""

    name = "match-score"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.EMOTIONAL
    law = "victory"
    parts = ("supporter", "friends", "scoreboard", "crowd")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws sport, teams, faces and who scores."""
        sport = SPORTS[int(rng.integers(len(SPORTS)))]
        first, second = (int(index) for index in rng.permutation(len(_TEAMS))[:2])
        people = tuple(_dressed(person_of(rng, "child", "adult", "elder"), sport, _TEAMS[first]) for _ in range(3))
        low, high = {"basketball": (68, 97), "football": (0, 3), "ice-hockey": (1, 5)}[sport]
        return _Setup(
            sport=sport,
            fan=people[0],
            friends=people[1:],
            ours=_TEAMS[first],
            theirs=_TEAMS[second],
            side=-1 if rng.random() < 0.5 else 1,
            won=bool(rng.random() < 0.6),
            score=int(rng.integers(low, high)),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:
        """From hope to cheers or to tears."""
        points = 2 if setup.sport == "basketball" else 1
        ours, theirs = (points, 0) if setup.won else (0, points)
        glad = _State(after=True, ours=ours, theirs=theirs, joy=1.0)
        sad = _State(after=True, ours=ours, theirs=theirs, sadness=1.0)
        half = replace(glad, joy=0.5) if setup.won else replace(sad, sadness=0.5)
        target, wrong = (glad, sad) if setup.won else (sad, glad)
        return States(source=_State(), target=target, half=half, wrong=wrong, still=_State(after=True))

    def objects(self, setup: _Setup) -> str:
        """The sport."""
        return setup.sport

    def words(self, setup: _Setup) -> Words:
        """The result is told; what it does to the supporter is not."""
        token, worn, test, training = _WORDS[setup.sport]
        names = {
            "scorer": f"the side whose {worn} at the rail" if setup.won else "the visitors",
            "team": f"the team of that {token}" if setup.won else "the other team",
            "token": token,
        }
        if setup.won:
            expected = "In a nearer shot the same supporter beams with an open smile and throws both arms up"
            literal = "cheering with both arms up and a wide smile."
        else:
            expected = (
                "In a nearer shot the same supporter looks miserable, mouth turned down, shoulders hanging, tears in "
                "the eyes"
            )
            literal = "sad and in tears, with the head and shoulders low."
        return Words(
            instructions=tuple(text.format(**names) for text in test),
            train_instructions=tuple(text.format(**names) for text in training),
            literal=f"Show the same supporter nearer, {literal}",
            expected=f"{expected}; the scoreboard shows the last points for that side; same clothes, hair and stand.",
            preserve=("the supporter's hair and clothes", "the team colours", "the stand", "the friends beside"),
        )

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """A wide shot, then a nearer one that keeps the board in view."""
        if not state.after:
            return Camera(zoom=1.0 + 0.02 * clock.share)
        return framed(WIDTH / 2 + 48 * setup.side, 136, 1.38 + 0.05 * clock.share)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Stand, crowd, board, confetti, friends, supporter."""
        scores = (setup.score + state.ours, setup.score + state.theirs)
        with stage.at_depth(1):
            stage.static("stand", lambda: draw_stand(stage, setup.sport, setup.ours, setup.side))
            behind_rail = stage.rect(-128, -128, WIDTH + 256, RAIL_Y + 121)
            with stage.clipped(behind_rail):
                stir = 1.4 + 3.0 * state.joy - 0.9 * state.sadness
                draw_crowd(stage, setup.ours, setup.phase, stir, clock.time_s)
                veil(stage, Mood(joy=state.joy, sadness=state.sadness))
                draw_board(stage, setup.sport, setup.side, (setup.ours, setup.theirs), scores)
                self._people(stage, setup, state, clock)
            if state.ours or state.theirs:
                draw_confetti(stage, setup.ours if state.ours else setup.theirs, clock.time_s)

    def _people(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        waiting = Mood(joy=0.12, fear=0.12, surprise=0.1)
        strong = max(state.joy, state.sadness)
        mood = blend_moods(waiting, Mood(joy=state.joy, sadness=state.sadness), strong)
        wave = 3 * state.joy * math.sin(clock.time_s * 9)
        middle = WIDTH / 2 - setup.side * 30
        for index, (look, x) in enumerate(zip(setup.friends, (-96.0, 96.0), strict=True)):
            pose = _pose(state, wave if index else -wave, calm=index == 0, foam=False)
            bounce = 4 * state.joy * abs(math.sin(clock.time_s * 5.3 + 2 * index))
            with stage.moved(middle + x, 292 - bounce, scale=1.6 * _SIZES[look.age]):
                draw_person(
                    stage, look, pose, mood, part="friends", time_s=clock.time_s, phase=2.0 + index, warmth=0.86
                )
        pose = _pose(state, wave, calm=False, foam=setup.sport == "basketball")
        sway = 1.5 * math.sin(clock.time_s * 2 + setup.phase)
        hop = 5 * state.joy * abs(math.sin(clock.time_s * 6 + setup.phase))
        with stage.moved(middle + sway, 302 - hop, scale=1.95 * _SIZES[setup.fan.age]):
            draw_person(stage, setup.fan, pose, mood, part="supporter", time_s=clock.time_s, phase=setup.phase)
            if setup.sport == "basketball":
                with stage.moved(*pose.right, turn_deg=14 + 50 * state.sadness - 8 * state.joy + wave):
                    draw_foam_hand(stage, setup.ours)


def _dressed(person: Look, sport: Sport, ours: Rgb) -> Look:
    """Returns a supporter in the colours of a team, as one goes to a match of that sport."""
    look = replace(person, top=ours, glasses=False)
    if sport == "football":
        return replace(look, stripes=_WHITE, scarf=shade(ours, 0.85))
    if sport == "ice-hockey":
        return replace(look, stripes=_WHITE, cap=ours, style="short" if look.style == "bald" else look.style)
    return look


def _pose(state: _State, wave: float, *, calm: bool, foam: bool) -> Pose:
    up, down = ease(state.joy), ease(state.sadness)
    # Half-way the fists are beside the shoulders, not before the mouth, which would look like worry.
    out = 14 * up + 40 * up * (1 - up)
    rise = (30.0 if calm else 42.0) * up**1.5
    right_x = 19.0 if foam else 7.0
    return Pose(
        left=(-7 - out + wave, -58 - rise + 6 * down),
        right=(right_x + out - (12 * up if foam else 0) + wave, -58 - rise + (2 if foam else 6) * down),
        slump=1.1 * down - 0.2 * up, tilt_deg=7 * down - 3 * up, gaze=(0, 0.9 * down - 0.3 * up),
    )  # fmt: skip


_Texts = tuple[str, ...]
_WORDS: dict[Sport, tuple[str, str, _Texts, _Texts]] = {
    "football": (
        "scarf",
        "scarf is worn",
        (
            "In the ninetieth minute {scorer} put the ball in the net. Cut to the stand.",
            "The board changes for {team} with seconds to go. Show the next shot of the person in the {token}.",
            "Continue with the supporter in the front row, just after the last goal falls to {team}.",
            "The final whistle blows and {scorer} are ahead by one. What does the camera find in the front row?",
        ),
        (
            "Stoppage time: {team} take the lead. Follow with the person at the rail.",
            "One more goal, for {scorer}. Show how the front row takes it.",
        ),
    ),
    "basketball": (
        "foam hand",
        "foam hand is held up",
        (
            "While the buzzer still sounds, {scorer} sink the last shot. Cut to the stand.",
            "The board changes for {team} in the last second. Show the next shot of the person with the {token}.",
            "Continue with the fan in the front row, just after the deciding basket falls to {team}.",
            "Overtime is over and {scorer} are two points up. What does the camera find in the front row?",
        ),
        (
            "The ball rolls round the rim and drops, for {team}. Follow with the person at the rail.",
            "One more basket, for {scorer}, and time is up. Show how the front row takes it.",
        ),
    ),
    "ice-hockey": (
        "woollen cap",
        "woollen cap is worn",
        (
            "Sudden death, and {scorer} push the puck over the line. Cut to the stand.",
            "The red lamp goes on for {team} with seconds to go. Show the next shot of the person in the {token}.",
            "Continue with the supporter in the front row, just after the winning goal of {team}.",
            "The horn ends the final and {scorer} are ahead by one. What does the camera find in the front row?",
        ),
        (
            "A slap shot from the blue line, and {team} take the lead. Follow with the person behind the boards.",
            "The last rebound of the night goes in, for {scorer}. Show how the front row takes it.",
        ),
    ),
}
