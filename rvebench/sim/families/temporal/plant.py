"""Temporal: a seedling on a windowsill, beside a cat, becomes a grown plant."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.temporal._parts import cat, cloud, leaf, smooth
from rvebench.sim.families.temporal._window import (
    CATS,
    CURTAINS,
    DRY,
    NEARER,
    POTS,
    SILL_Y,
    SKIES,
    SOIL_Y,
    WALLS,
    WHITE,
    Setup,
    draw_curtains,
    draw_land,
    draw_pot,
    draw_room,
    draw_things,
)
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import Point, Stage, flat, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["PlantGrow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    grown: float
    """From a seedling (0.1) to the whole plant (1)."""
    dried: float = 0.0
    """Share by which it has dried up and hangs: the wrong law."""


class PlantGrow(Family[Setup, _State]):
    """A seedling with two leaves becomes a tall plant in flower or fruit."""

    name = "plant-grow"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.TEMPORAL
    law = "grow"
    parts = ("plant", "pot", "cat", "can", "window", "curtain")

    def setup(self, rng: np.random.Generator) -> Setup:
        """Draws the plant, the cat, the colours and the side."""
        side = 1 if rng.random() < 0.5 else -1
        kinds: tuple[Literal["sunflower", "tomato", "geranium"], ...] = ("sunflower", "tomato", "geranium")
        return Setup(
            kind=kinds[rng.integers(3)],
            x=240.0 - side * float(rng.uniform(14, 32)),
            side=side,
            wall=WALLS[rng.integers(len(WALLS))],
            pot=POTS[rng.integers(len(POTS))],
            cat=CATS[rng.integers(len(CATS))],
            curtain=CURTAINS[rng.integers(len(CURTAINS))],
            can=mix(Rgb.of("#4f8a6a"), Rgb.of("#b5523f"), float(rng.integers(2))),
            sky=int(rng.integers(len(SKIES))),
            bloom=mix(Rgb.of("#e2356a"), Rgb.of("#f08a4a"), float(rng.random())),
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: Setup) -> States[_State]:  # noqa: ARG002
        """From seedling to full height."""
        return States(
            source=_State(grown=0.12),
            target=_State(grown=1.0),
            half=_State(grown=0.62),
            wrong=_State(grown=1.0, dried=0.8),
        )

    def objects(self, setup: Setup) -> str:
        """The kind of plant."""
        return setup.kind

    def words(self, setup: Setup) -> Words:
        """None of the paraphrases names growth, leaves or flowers."""
        crown = {
            "sunflower": "an open sunflower at its top",
            "tomato": "clusters of ripe red tomatoes",
            "geranium": "round heads of blossom",
        }[setup.kind]
        return Words(
            instructions=(
                "The can beside it was used every morning, and spring has turned into summer.",
                "Imagine this windowsill at the end of the season, if someone took good care of it.",
                f"It is a {setup.kind}. Show the same corner ten weeks later.",
                "The cat still naps here in August. What does the pot hold by then?",
            ),
            train_instructions=(
                "Let a couple of warm, well-watered months go by at this window.",
                "Show this sill on the day the gardener's patience is rewarded.",
            ),
            literal=f"Turn the small seedling in the pot into a tall, leafy {setup.kind} with {crown}.",
            expected=f"A tall plant with many leaves and {crown} stands where the seedling was, several times "
            "as high; it is green and healthy.",
            preserve=("the pot", "the cat", "the watering can", "the window and its curtains", "the view outside"),
        )

    def light(self, setup: Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """Daylight from the window, behind the sill."""
        return Light(azimuth=-0.35 * setup.side, elevation=0.66)

    def draw(self, stage: Stage, setup: Setup, state: _State, clock: Clock) -> None:
        """View, wall, curtains, sill, then what stands on it."""
        stage.static("view", lambda: self._view(stage, setup))
        with stage.moved(*NEARER, scale=1.16):
            opening = stage.rect(84, -10, 312, 206)
            with stage.clipped(opening):
                for index in range(2):
                    drift = (setup.phase * 60 + index * 210 + clock.time_s * 9) % 440
                    cloud(stage, 40 + drift, 34 + index * 38, 34 - index * 6, alpha=0.75)
        stage.static("room", lambda: self._still(stage, setup))
        with stage.moved(*NEARER, scale=1.16):
            draw_curtains(stage, setup, clock)
            self._plant(stage, setup, state, clock)
            place = (setup.x + setup.side * 112, SILL_Y + 4)
            cat(stage, *place, setup.cat, clock.time_s, side=-setup.side, part="cat")

    def _still(self, stage: Stage, setup: Setup) -> None:
        with stage.moved(*NEARER, scale=1.16):
            draw_room(stage, setup)
            draw_things(stage, setup)
            draw_pot(stage, setup)

    def _view(self, stage: Stage, setup: Setup) -> None:
        with stage.moved(*NEARER, scale=1.16):
            draw_land(stage, setup)

    def _plant(self, stage: Stage, setup: Setup, state: _State, clock: Clock) -> None:
        x, grown, dried = setup.x, state.grown, state.dried
        green = mix(Rgb.of("#4f9a3f"), DRY, dried)
        pale = mix(Rgb.of("#8cc45a"), shade(DRY, 1.2), dried)
        stems = {"sunflower": (0.0,), "tomato": (-15.0, 14.0), "geranium": (-24.0, 22.0, 0.0)}[setup.kind]
        height = {"sunflower": 110.0, "tomato": 118.0, "geranium": 96.0}[setup.kind] * grown
        if setup.kind == "tomato" and grown > 0.3:
            stake = stage.rect(x - 1.5, SOIL_Y - height * 1.02, 3.5, height * 1.02, radius=1.5)
            stage.paint(stake, flat(Rgb.of("#a98455")), part="plant")
        for index, spread in enumerate(stems if grown > 0.3 else (0.0,)):
            tall = height * (1 - 0.12 * index) if setup.kind != "geranium" else height * (0.86 + 0.07 * index)
            sway = 2.6 * grown * math.sin(clock.time_s * 2.6 + setup.phase + index * 1.1)
            bend = setup.side * -8 * grown + spread * grown

            def at(share: float, tall: float = tall, bend: float = bend, sway: float = sway) -> tuple[float, float]:
                hang = dried * 26 * share**3
                return (
                    x + bend * share + sway * share**2 + setup.side * -1.3 * hang,
                    SOIL_Y + 2 - tall * share + 1.5 * hang,
                )

            line = [at(k / 6) for k in range(7)]
            stage.paint(stage.curve(line), flat(shade(green, 0.75)), part="plant", line=1.8 + 3.2 * grown)
            stage.effect(stage.curve(line), flat(pale, alpha=0.6), line=0.8 + grown)
            self._leaves(stage, setup, state, (green, pale), at, clock, index)
            self._crown(stage, setup, state, at, clock, index)

    def _leaves(
        self,
        stage: Stage,
        setup: Setup,
        state: _State,
        tones: tuple[Rgb, Rgb],
        at: Callable[[float], Point],
        clock: Clock,
        stem: int,
    ) -> None:
        grown, dried = state.grown, state.dried
        green, pale = tones
        count = 9 if setup.kind == "sunflower" else 8
        if grown < 0.3:
            tip = at(1.0)
            flutter = 3 * math.sin(clock.time_s * 3 + setup.phase)
            leaf(stage, *tip, 17, -28 + flutter, pale, part="plant", wide=0.55)
            leaf(stage, *tip, 17, -152 - flutter, green, part="plant", wide=0.55)
            leaf(stage, *tip, 8, -90 + flutter, pale, part="plant")
            return
        for k in range(count):
            share = 0.1 + 0.78 * k / (count - 1)
            size = (58 - 32 * share if setup.kind == "sunflower" else 38 - 12 * share) * (0.35 + 0.65 * grown)
            px, py = at(share)
            right = (k + stem) % 2
            flutter = 3.5 * math.sin(clock.time_s * 3 + setup.phase + k * 1.7)
            angle = (-24 if right else -156) + flutter + (70 if right else -70) * dried
            tone = mix(green, pale, 0.25 + 0.5 * ((k * 5 + stem * 3) % 7) / 7)
            leaf(stage, px, py, size * (1 - 0.25 * dried), angle, tone, part="plant", wide=0.62 - 0.3 * dried)

    def _crown(
        self, stage: Stage, setup: Setup, state: _State, at: Callable[[float], Point], clock: Clock, stem: int
    ) -> None:
        open_share = smooth((state.grown - 0.45) / 0.5)
        if open_share <= 0:
            return
        dried = state.dried
        if setup.kind == "tomato":
            for k, share in enumerate((0.3, 0.48, 0.66, 0.82)):
                px, py = at(share)
                px += (13 if (k + stem) % 2 else -13) * open_share
                r = (10 - 3.2 * share) * open_share
                red = mix(mix(Rgb.of("#7fae3f"), Rgb.of("#e0372b"), open_share), DRY, dried)
                fruit = stage.oval(px, py + 8, r, r * 0.94)
                stage.paint(
                    fruit, radial((px - 2, py + 5), r * 1.6, mix(red, WHITE, 0.3), red, shade(red, 0.6)), part="plant"
                )
                leaf(stage, px, py + 8 - r, r * 0.8, 30, Rgb.of("#3f7a36"), part="plant")
                leaf(stage, px, py + 8 - r, r * 0.8, 150, Rgb.of("#3f7a36"), part="plant")
                stage.effect(stage.oval(px - r * 0.35, py + 8 - r * 0.4, r * 0.22), flat(WHITE, alpha=0.8))
            return
        px, py = at(1.0)
        if setup.kind == "geranium":
            tone = mix(setup.bloom, DRY, dried)
            for k in range(19):
                angle, far = k * 2.4, 18 * open_share * math.sqrt(k / 19)
                bx, by = px + far * math.cos(angle), py + far * 0.85 * math.sin(angle)
                petal = mix(shade(tone, 0.72), mix(tone, WHITE, 0.3), ((k * 7) % 10) / 10)
                stage.paint(stage.oval(bx, by, 5 * open_share), flat(petal), part="plant")
                stage.effect(stage.oval(bx, by, 1.2 * open_share), flat(Rgb.of("#fff2b0"), alpha=0.9))
            return
        turn = 2 * math.sin(clock.time_s * 2.6 + setup.phase) + 70 * dried * -setup.side
        size = open_share
        yellow = mix(Rgb.of("#f9c31f"), DRY, dried)
        with stage.moved(px, py, turn_deg=turn):
            for ring, length in ((0, 33.0), (1, 28.0)):
                for k in range(15):
                    tone = mix(yellow, Rgb.of("#ffdf6a") if ring else shade(yellow, 0.85), 0.6)
                    leaf(
                        stage, 0, 0, length * size * (1 - 0.3 * dried), 24 * k + 12 * ring, tone, part="plant", wide=0.3
                    )
            disc = stage.oval(0, 0, 12.5 * size)
            stage.paint(disc, radial((-2, -2), 14 * size, Rgb.of("#8a5a26"), Rgb.of("#4a2c14")), part="plant")
            for k in range(22):
                far = 11 * size * math.sqrt(k / 22)
                stage.effect(
                    stage.oval(far * math.cos(k * 2.4), far * math.sin(k * 2.4), 0.9),
                    flat(Rgb.of("#d9a04a"), alpha=0.8),
                )
