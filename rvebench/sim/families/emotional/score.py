"""Emotional: the last goal of a match decides how the supporter of one side looks in the next shot."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Rgb, mix, shade
from rvebench.sim.families.emotional._people import (
    Look,
    Mood,
    Pose,
    blend_moods,
    draw_person,
    ease,
    framed,
    look_of,
)
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Camera, Stage, flat, linear
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["MatchScore"]

_TEAMS = (Rgb.of("#d23b3b"), Rgb.of("#2f6fc4"), Rgb.of("#2f9a5c"), Rgb.of("#e0a020"), Rgb.of("#8a4fb0"))
_SEGMENTS = {0: "abcdef", 1: "bc", 2: "abged", 3: "abgcd", 4: "fgbc", 5: "afgcd", 9: "abcdfg"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    fan: Look
    friends: tuple[Look, ...]
    ours: Rgb
    theirs: Rgb
    side: int
    """Where the scoreboard hangs: -1 left, 1 right."""
    won: bool
    score: int
    phase: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    after: bool = False
    """The following, nearer shot."""
    ours: int = 0
    theirs: int = 0
    """Goals since the first shot."""
    joy: float = 0.0
    sadness: float = 0.0


class MatchScore(Family[_Setup, _State]):
    """A supporter cheers or hangs the head, after a late goal for one side."""

    name = "match-score"
    subset = Subset.ICVG
    reasoning_type = ReasoningType.EMOTIONAL
    law = "victory"
    parts = ("supporter", "friends", "scoreboard", "crowd")

    def setup(self, rng: np.random.Generator) -> _Setup:
        """Draws teams, faces and who scores."""
        first, second = (int(index) for index in rng.permutation(len(_TEAMS))[:2])
        ours = _TEAMS[first]
        white = Rgb(244, 240, 232)
        people = tuple(look_of(rng) for _ in range(3))
        dressed = tuple(
            Look(skin=p.skin, hair=p.hair, style=p.style, top=ours, legs=p.legs, stripes=white, scarf=shade(ours, 0.85))
            for p in people
        )
        return _Setup(
            fan=dressed[0],
            friends=dressed[1:],
            ours=ours,
            theirs=_TEAMS[second],
            side=-1 if rng.random() < 0.5 else 1,
            won=bool(rng.random() < 0.6),
            score=int(rng.integers(0, 3)),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: _Setup) -> States[_State]:
        """From hope to cheers or to tears."""
        ours, theirs = (1, 0) if setup.won else (0, 1)
        glad, sad = (
            _State(after=True, ours=ours, theirs=theirs, joy=1.0),
            _State(after=True, ours=ours, theirs=theirs, sadness=1.0),
        )
        half = _State(after=True, ours=ours, theirs=theirs, joy=0.5 * ours, sadness=0.5 * theirs)
        return States(source=_State(), target=glad if setup.won else sad, half=half, wrong=sad if setup.won else glad)

    def objects(self, setup: _Setup) -> str:  # noqa: ARG002
        """The supporter."""
        return "supporter"

    def words(self, setup: _Setup) -> Words:
        """The result is told; what it does to the supporter is not."""
        scorer = "the side whose scarf is worn at the rail" if setup.won else "the visitors"
        team = "the team of that scarf" if setup.won else "the other team"
        expected = (
            "In a nearer shot the same supporter beams with an open smile and throws both arms up"
            if setup.won
            else "In a nearer shot the same supporter looks miserable, mouth turned down, shoulders hanging, hands to "
            "the chest"
        )
        return Words(
            instructions=(
                f"In the ninetieth minute {scorer} put the ball in the net. Cut to the stand.",
                f"The board changes for {team} with seconds to go. Show the next shot of the person in the scarf.",
                f"Continue with the supporter in the front row, just after the last goal falls to {team}.",
                f"The final whistle blows and {scorer} are ahead by one. What does the camera find in the front row?",
            ),
            train_instructions=(
                f"Stoppage time: {team} take the lead. Follow with the person at the rail.",
                f"One more goal, for {scorer}. Show how the front row takes it.",
            ),
            literal="Show the same supporter nearer, "
            + (
                "cheering with both arms up and a wide smile." if setup.won else "sad, with the head and shoulders low."
            ),
            expected=expected + "; the scoreboard shows one goal more for that side; same scarf, hair and stand.",
            preserve=("the supporter's hair and clothes", "the team colours", "the stadium", "the friends beside"),
        )

    def camera(self, setup: _Setup, state: _State, clock: Clock) -> Camera:
        """A wide shot, then a nearer one that keeps the board in view."""
        if not state.after:
            return Camera(zoom=1.0 + 0.02 * clock.share)
        return framed(WIDTH / 2 + 48 * setup.side, 130, 1.42 + 0.05 * clock.share)

    def draw(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        """Stand, crowd, board, friends, supporter, rail."""
        with stage.at_depth(0.75):
            stage.static("stand", lambda: self._stand(stage, setup))
            self._crowd(stage, setup, state, clock)
            self._board(stage, setup, state)
        with stage.at_depth(1):
            self._people(stage, setup, state, clock)
            stage.static("rail", lambda: self._rail(stage, setup))

    def _stand(self, stage: Stage, setup: _Setup) -> None:
        sky = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
        stage.paint(sky, linear((0, -40), (0, 120), Rgb.of("#12203f"), Rgb.of("#33507e"), Rgb.of("#6d86a6")))
        roof = stage.polygon([(-64, 30), (WIDTH + 64, 14), (WIDTH + 64, 34), (-64, 52)])
        stage.paint(roof, linear((0, 14), (0, 52), Rgb.of("#56606e"), Rgb.of("#252c36")))
        for row in range(9):
            y = 84 + row * 24
            tone = mix(Rgb.of("#49566a"), shade(setup.ours, 0.5), 0.35)
            step = stage.rect(-64, y, WIDTH + 128, 26)
            stage.paint(step, linear((0, y), (0, y + 26), shade(tone, 0.75 + 0.05 * row), shade(tone, 0.45)))
            for seat in range(-2, 19):
                stage.paint(stage.rect(seat * 32 + (row % 2) * 12, y + 3, 20, 17, radius=4), flat(shade(tone, 1.15)))
        stage.textured(stage.rect(-64, 60, WIDTH + 128, 260), "noise", strength=0.1)
        lamp_x = WIDTH / 2 - setup.side * 165
        for lamp in range(4):
            stage.paint(stage.oval(lamp_x - 24 + 16 * lamp, 16, 5, 4), flat(Rgb(255, 250, 230)))
        stage.glow(lamp_x, 16, 120, Rgb(210, 220, 255), alpha=0.6)

    def _crowd(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        rng = np.random.default_rng(int(setup.phase * 1e6))
        stir = 1.4 + 3.0 * state.joy - 0.9 * state.sadness
        for row in range(4):
            for seat in range(-1, 16):
                pick, hue, beat = rng.random(), rng.random(), rng.random() * 6.28
                if pick < 0.22:
                    continue
                x = seat * 32 + (row % 2) * 12 + 10
                y = 94 + row * 24 + stir * math.sin(clock.time_s * (3.5 + 2 * pick) + beat) + 2.5 * state.sadness
                top = shade(mix(setup.ours, Rgb(235, 230, 220), 0.5 * float(hue > 0.7)), 0.5 + 0.1 * row)
                stage.paint(stage.rect(x - 9, y, 18, 22, radius=7), flat(top), part="crowd")
                skin = shade(mix(Rgb.of("#e8b48e"), Rgb.of("#6f4630"), hue), 0.72)
                stage.paint(stage.oval(x, y - 5, 6, 6.8), flat(skin), part="crowd")
                stage.paint(stage.oval(x, y - 8.5, 6.2, 4), flat(shade(skin, 0.35)), part="crowd")
        stage.effect(stage.rect(-64, 80, WIDTH + 128, 120), flat(Rgb(24, 34, 60), alpha=0.22))

    def _board(self, stage: Stage, setup: _Setup, state: _State) -> None:
        x = WIDTH / 2 + setup.side * 132
        for post in (-38, 38):
            stage.paint(stage.rect(x + post - 2, 20, 4, 24), flat(Rgb.of("#2a2f38")))
        stage.shadow(stage.rect(x - 62, 42, 128, 62, radius=4), alpha=0.4, blur=4)
        stage.paint(stage.rect(x - 64, 38, 128, 60, radius=4), flat(Rgb.of("#20242c")), part="scoreboard")
        stage.paint(stage.rect(x - 59, 43, 118, 50, radius=2), flat(Rgb.of("#0b0e12")), part="scoreboard")
        for edge, colour, goals in ((-1, setup.ours, state.ours), (1, setup.theirs, state.theirs)):
            stage.paint(stage.rect(x + edge * 45 - 9, 49, 18, 38, radius=3), flat(colour), part="scoreboard")
            self._digit(stage, x + edge * 20 - 8, 52, setup.score + goals)
        for dot in (63, 75):
            stage.paint(stage.oval(x, dot, 2.2), flat(Rgb.of("#ffd76a")), part="scoreboard")
        stage.glow(x, 68, 70, Rgb(255, 200, 90), alpha=0.16)

    def _digit(self, stage: Stage, x: float, y: float, digit: int) -> None:
        spots = {
            "a": (x + 1, y, 14, 4), "b": (x + 12, y + 2, 4, 14), "c": (x + 12, y + 17, 4, 14),
            "d": (x + 1, y + 29, 14, 4),
            "e": (x, y + 17, 4, 14), "f": (x, y + 2, 4, 14), "g": (x + 1, y + 15, 14, 4),
        }  # fmt: skip
        for name, box in spots.items():
            lit = name in _SEGMENTS[digit]
            tone = Rgb.of("#ffd76a") if lit else Rgb.of("#1c1f22")
            stage.paint(stage.rect(*box, radius=1.2), flat(tone), part="scoreboard")

    def _people(self, stage: Stage, setup: _Setup, state: _State, clock: Clock) -> None:
        waiting = Mood(joy=0.12, fear=0.12, surprise=0.1)
        strong = max(state.joy, state.sadness)
        felt = Mood(joy=state.joy, sadness=state.sadness) if strong else waiting
        mood = blend_moods(waiting, felt, strong)
        hop = 5 * state.joy * abs(math.sin(clock.time_s * 6 + setup.phase))
        wave = 3 * state.joy * math.sin(clock.time_s * 9)
        for index, (look, x) in enumerate(zip(setup.friends, (-92.0, 92.0), strict=True)):
            pose = self._pose(state, wave if index else -wave, calm=index == 0)
            bounce = 4 * state.joy * abs(math.sin(clock.time_s * 5.3 + 2 * index))
            with stage.moved(WIDTH / 2 - setup.side * 30 + x * 1.05, 306 - bounce, scale=1.6):
                draw_person(
                    stage, look, pose, mood, part="friends", time_s=clock.time_s, phase=2.0 + index, warmth=0.86
                )
        pose = self._pose(state, wave, calm=False)
        sway = 1.5 * math.sin(clock.time_s * 2 + setup.phase)
        with stage.moved(WIDTH / 2 - setup.side * 30 + sway, 318 - hop, scale=1.95):
            draw_person(stage, setup.fan, pose, mood, part="supporter", time_s=clock.time_s, phase=setup.phase)

    def _pose(self, state: _State, wave: float, *, calm: bool) -> Pose:
        up, down = ease(state.joy), ease(state.sadness)
        reach = 12.0 if calm else 0.0
        left = (-7 - 14 * up + wave, -58 - (42 - reach) * up + 6 * down)
        right = (7 + 14 * up + wave, -58 - (42 - reach) * up + 6 * down)
        return Pose(
            left=left, right=right, slump=1.1 * down - 0.2 * up, tilt_deg=7 * down - 3 * up,
            gaze=(0, 0.9 * down - 0.3 * up), arms_behind=False,
        )  # fmt: skip

    def _rail(self, stage: Stage, setup: _Setup) -> None:
        wall = stage.rect(-64, 244, WIDTH + 128, 120)
        stage.shadow(stage.rect(-64, 238, WIDTH + 128, 8), alpha=0.35, blur=4)
        stage.paint(wall, linear((0, 244), (0, 300), shade(setup.ours, 0.9), shade(setup.ours, 0.45)))
        stage.textured(wall, "plaster", strength=0.12)
        bar = stage.rect(-64, 236, WIDTH + 128, 10, radius=4)
        stage.paint(bar, linear((0, 236), (0, 246), Rgb.of("#e8ecf0"), Rgb.of("#8a939c"), Rgb.of("#535b64")))
