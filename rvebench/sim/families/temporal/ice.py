"""Temporal: ice, ice cream or ice lollies are left on a plate in the sun."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.temporal._parts import smooth
from rvebench.sim.families.temporal._terrace import (
    CLOTHS,
    DRINKS,
    FLAVOURS,
    NEARER,
    PLATE_Y,
    WHITE,
    WOODS,
    Kind,
    Piece,
    Setup,
    draw_garden,
    draw_glass,
    draw_leaves,
    draw_lemon,
    draw_table,
)
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["IceMelt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    melted: float = 0.0
    """Share that has turned to liquid, 0..1."""
    left: int = 9
    """Pieces that lie on the plate; fewer when somebody takes some: the wrong law."""


class IceMelt(Family[Setup, _State]):
    """Cold pieces shrink to rounded remains in a puddle that fills the plate."""

    name = "ice-melt"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.TEMPORAL
    law = "melt"
    parts = ("ice", "puddle", "plate", "glass", "lemon", "table")

    def setup(self, rng: np.random.Generator) -> Setup:
        """Draws the kind, the pile and the colours."""
        kinds: tuple[Kind, ...] = ("ice", "lollies", "sundae")
        kind = kinds[rng.integers(len(kinds))]
        if kind == "ice":
            spots = [(-30, -9, 0), (20, -12, 0), (-6, 1, 0), (36, 3, 0), (-40, 7, 0), (3, -6, 1)]
            size = 27.0
        elif kind == "lollies":
            spots = [(-34, -5, 0), (30, -6, 0), (0, 6, 0)]
            size = 34.0
        else:
            spots = [(-25, -4, 0), (25, -5, 0), (0, 5, 0)]
            size = 34.0
        count = len(spots) - int(rng.integers(0, 2)) * (kind == "ice")
        order = rng.permutation(len(FLAVOURS))
        pieces = tuple(
            Piece(
                dx=dx + float(rng.uniform(-4, 4)),
                dy=dy + float(rng.uniform(-2, 2)),
                lift=float(lift),
                size=size * float(rng.uniform(0.9, 1.1)),
                turn=float(rng.uniform(0.25, 1.25)),
                flavour=FLAVOURS[order[index % len(order)]],
            )
            for index, (dx, dy, lift) in enumerate(spots[len(spots) - count :])
        )
        return Setup(
            kind=kind,
            x=float(rng.uniform(224, 256)),
            side=1 if rng.random() < 0.5 else -1,
            pieces=tuple(sorted(pieces, key=lambda piece: (piece.lift, piece.dy))),
            wood=WOODS[rng.integers(len(WOODS))],
            cloth=CLOTHS[rng.integers(len(CLOTHS))],
            drink=DRINKS[rng.integers(len(DRINKS))],
            plate=mix(Rgb.of("#5f86a0"), Rgb.of("#41606f"), float(rng.random())) if kind == "ice" else WHITE,
            phase=float(rng.uniform(0, 6.28)),
        )

    def states(self, setup: Setup) -> States[_State]:
        """From whole pieces to a puddle with remains."""
        return States(
            source=_State(),
            target=_State(melted=0.86),
            half=_State(melted=0.43),
            wrong=_State(left=max(1, len(setup.pieces) - (4 if setup.kind == "ice" else 2))),
        )

    def objects(self, setup: Setup) -> str:
        """Ice, lollies or sundae."""
        return setup.kind

    def words(self, setup: Setup) -> Words:
        """None of the paraphrases names water, liquid or melting."""
        if setup.kind == "ice":
            literal = "Melt the ice cubes into small rounded remains in a puddle of water that fills the plate."
            what, left = "ice cubes", "a clear puddle of water fills the plate"
        elif setup.kind == "lollies":
            literal = "Melt the ice lollies into scraps on bare sticks in a coloured puddle that fills the plate."
            what, left = "ice lollies", "their sticks lie bare in a coloured puddle that fills the plate"
        else:
            literal = "Melt the scoops of ice cream into low blobs in a coloured puddle that fills the plate."
            what, left = "scoops of ice cream", "a runny, coloured puddle fills the plate"
        return Words(
            instructions=(
                "Imagine this plate half an hour later, with nobody having touched it.",
                "The guests were called away to a long phone call and the sun did not go behind a cloud.",
                "Show what is waiting on the plate when they come back from a stroll through the garden.",
                "Nobody carries it indoors, and it is 34 degrees on this terrace. What is there after a while?",
            ),
            train_instructions=(
                "Skip ahead by the length of a lazy summer lunch.",
                "What would you find here if everyone forgot about the plate this hot afternoon?",
            ),
            literal=literal,
            expected=f"The {what} have become small, rounded remains and {left}; the plate has not moved.",
            preserve=("the plate", "the glass with its straw", "the lemon", "the table and the cloth", "the garden"),
        )

    def light(self, setup: Setup, state: _State, clock: Clock) -> Light:  # noqa: ARG002
        """High sun from behind, from the side away from the glass."""
        return Light(azimuth=-0.7 * setup.side, elevation=0.62)

    def draw(self, stage: Stage, setup: Setup, state: _State, clock: Clock) -> None:
        """Garden, table, bystanders, plate, leaves in front."""
        stage.static("garden", lambda: draw_garden(stage, setup))
        with stage.moved(*NEARER, scale=1.2):
            draw_leaves(stage, setup, clock)
        stage.static("table", lambda: self._still(stage, setup, state))
        with stage.moved(*NEARER, scale=1.2):
            draw_glass(stage, setup, clock)
            shimmer = 0.5 + 0.5 * math.sin(clock.time_s * 4 + setup.phase)
            glint = stage.oval(setup.x - setup.side * 76, PLATE_Y - 8, 8, 1.8)
            stage.effect(glint, flat(WHITE, alpha=0.25 + 0.4 * shimmer, blur=1.6))

    def _still(self, stage: Stage, setup: Setup, state: _State) -> None:
        with stage.moved(*NEARER, scale=1.2):
            draw_table(stage, setup)
            draw_lemon(stage, setup)
            self._plate(stage, setup)
            self._food(stage, setup, state)

    def _plate(self, stage: Stage, setup: Setup) -> None:
        x, y = setup.x, PLATE_Y
        stage.shadow(stage.oval(x + setup.side * 12, y + 9, 92, 27), alpha=0.5, blur=5)
        stage.paint(stage.oval(x, y + 4, 90, 28), flat(shade(setup.plate, 0.6)), part="plate")
        rim = stage.oval(x, y, 90, 28)
        stage.paint(
            rim,
            linear((x - 90, y), (x + 90, y), mix(setup.plate, WHITE, 0.25), shade(setup.plate, 0.86)),
            part="plate",
        )
        stage.effect(stage.oval(x, y, 88, 27), flat(WHITE, alpha=0.5), line=1.2)
        inner = stage.oval(x, y + 2, 68, 19)
        stage.paint(
            inner, linear((0, y - 17), (0, y + 21), shade(setup.plate, 0.78), shade(setup.plate, 0.97)), part="plate"
        )

    def _food(self, stage: Stage, setup: Setup, state: _State) -> None:
        x, y = setup.x, PLATE_Y + 2
        melted = state.melted
        if melted > 0:
            grown, wide = math.sqrt(melted), 82.0 if setup.kind == "ice" else 78.0
            pool = stage.oval(x, y, wide * grown, wide * 0.3 * grown)
            if setup.kind == "ice":
                deep, lit = mix(setup.plate, Rgb.of("#3f9ecb"), 0.6), mix(setup.plate, Rgb.of("#e4f7ff"), 0.9)
                stage.paint(
                    pool, linear((0, y - 18), (0, y + 19), lit, mix(setup.plate, lit, 0.35), deep), part="puddle"
                )
            else:
                stage.paint(pool, flat(mix(setup.pieces[0].flavour, WHITE, 0.25)), part="puddle")
                with stage.clipped(pool):
                    for index, piece in enumerate(setup.pieces):
                        spot = stage.oval(x + piece.dx * 1.4, y + piece.dy, 42 * grown, 15 * grown)
                        stage.paint(spot, flat(piece.flavour, blur=5, alpha=0.9), part="puddle")
                        swirl = [
                            (x + piece.dx + 24 * math.cos(a) * (a / 5), y + piece.dy + 7 * math.sin(a) * (a / 5))
                            for a in np.linspace(0.5, 5.5, 9)
                        ]
                        tone = mix(setup.pieces[index - 1].flavour, WHITE, 0.3)
                        stage.effect(stage.curve(swirl), flat(tone, alpha=0.6, blur=1), line=3)
            with stage.clipped(pool):
                stage.effect(
                    stage.oval(x, y, wide * grown, wide * 0.3 * grown), flat(WHITE, alpha=0.55, blur=0.8), line=2
                )
                gloss = stage.curve(
                    [(x - 50 * grown, y - 4), (x - 20 * grown, y - 12 * grown), (x + 24 * grown, y - 13 * grown)]
                )
                stage.effect(gloss, flat(WHITE, alpha=0.7, blur=1.6), line=3)
                stage.effect(stage.oval(x + 34 * grown, y + 9 * grown, 15, 2.4), flat(WHITE, alpha=0.5, blur=1.6))
        for piece in setup.pieces[: state.left]:
            if setup.kind == "ice":
                self._cube(stage, setup, piece, melted)
            elif setup.kind == "lollies":
                self._lolly(stage, setup, piece, melted)
            else:
                self._scoop(stage, setup, piece, melted)

    def _cube(self, stage: Stage, setup: Setup, piece: Piece, melted: float) -> None:
        size = piece.size * (1 - 0.72 * melted)
        high = piece.size * 0.86 * (1 - 0.92 * melted)
        x = setup.x + piece.dx
        y = PLATE_Y + 2 + piece.dy + 5 - piece.lift * piece.size * 0.8 * (1 - smooth(melted * 1.6))
        ring = [(math.cos(piece.turn + k * math.pi / 2), math.sin(piece.turn + k * math.pi / 2)) for k in range(4)]
        foot = [(x + c * size * 0.66, y + s * size * 0.3) for c, s in ring]
        top = [(px, py - high) for px, py in foot]
        stage.shadow(
            stage.oval(x + setup.side * 7, y + 4, size * 0.75, size * 0.3), alpha=0.34 * (1 - 0.5 * melted), blur=2.5
        )
        round_off = 3 + 9 * melted
        lit, dim = Rgb.of("#eefaff"), Rgb.of("#86b7d6")
        for k in range(4):
            k2 = (k + 1) % 4
            if foot[k][1] + foot[k2][1] < 2 * y:
                continue
            face = stage.polygon([foot[k], foot[k2], top[k2], top[k]])
            toward = 0.5 - 0.5 * setup.side * ((foot[k][0] + foot[k2][0]) / 2 - x) / (size * 0.5)
            tone = mix(dim, lit, 0.2 + 0.6 * max(0.0, min(1.0, toward)))
            fill = linear((0, y - high), (0, y + 6), mix(tone, WHITE, 0.25), shade(tone, 0.86))
            stage.paint(face, fill, part="ice")
            stage.paint(face, fill, part="ice", line=round_off)
            stage.effect(face, flat(WHITE, alpha=0.3), line=0.8)
        cap = stage.polygon(top)
        fill = linear((x - size, y - high), (x + size, y - high), WHITE, Rgb.of("#cfeaf7"))
        stage.paint(cap, fill, part="ice")
        stage.paint(cap, fill, part="ice", line=round_off)
        core = stage.oval(x, y - high * 0.45, size * 0.3, high * 0.3)
        stage.effect(core, flat(WHITE, alpha=0.5, blur=2.5))
        glint = stage.oval(x - setup.side * size * 0.25, y - high - 1, size * 0.22, size * 0.07)
        stage.effect(glint, flat(WHITE, alpha=0.95, blur=0.8))

    def _lolly(self, stage: Stage, setup: Setup, piece: Piece, melted: float) -> None:
        # Lies flat: turned in the plane of the plate, then seen from the side.
        turn = -52 + 60 * piece.turn + (piece.dx < 0) * 10
        long, half = 66 * (1 - 0.66 * melted), 14 * (1 - 0.4 * melted)
        thick = 9 * (1 - 0.7 * melted)
        x, y = setup.x + piece.dx - 12, PLATE_Y + 4 + piece.dy
        bare = Rgb.of("#e2bd86")
        with stage.moved(x + setup.side * 6, y + 4, scale=1.0, scale_y=0.46), stage.moved(turn_deg=turn):
            stage.shadow(stage.rect(-24, -half, long, 2 * half, radius=half * 0.8), alpha=0.4, blur=3.5)
            stage.shadow(stage.rect(-20, -4, 88, 8, radius=4), alpha=0.35, blur=2)
        with stage.moved(x, y, scale=1.0, scale_y=0.46), stage.moved(turn_deg=turn):
            stick = stage.rect(-12, -4, 80, 8, radius=4)
            stage.paint(stick, linear((0, -4), (0, 4), shade(bare, 1.12), shade(bare, 0.72)), part="ice")
        for layer in range(7):
            with stage.moved(x, y - thick * layer / 6, scale=1.0, scale_y=0.46), stage.moved(turn_deg=turn):
                body = stage.rect(-26, -half, long, 2 * half, radius=half * (0.72 + 0.28 * melted))
                tone = piece.flavour if layer == 6 else shade(piece.flavour, 0.62)
                ends = (mix(tone, WHITE, 0.42), tone, shade(tone, 0.86)) if layer == 6 else (tone, tone)
                stage.paint(body, linear((-26, 0), (long - 26, 0), *ends), part="ice")
                if layer < 6:
                    continue
                for row in (-0.45, 0.45):
                    groove = stage.rect(-18, half * row - 1.6, max(2.0, long - 18), 3.2, radius=1.6)
                    stage.effect(groove, flat(shade(tone, 0.72), alpha=0.6 * (1 - melted), blur=0.8))
                shine = stage.rect(-20, -half * 0.75, long * 0.5, 3.4, radius=1.7)
                stage.effect(shine, flat(WHITE, alpha=0.6, blur=1.2))

    def _scoop(self, stage: Stage, setup: Setup, piece: Piece, melted: float) -> None:
        rx = piece.size * 0.68 * (1 - 0.25 * melted)
        ry = piece.size * 0.62 * (1 - 0.74 * melted)
        x, foot = setup.x + piece.dx, PLATE_Y + 8 + piece.dy
        y = foot - ry * 0.8
        stage.shadow(stage.oval(x + setup.side * 8, foot + 2, rx * 1.15, 7), alpha=0.35, blur=3)
        for k in range(9):
            bump = stage.oval(x - rx + k * rx / 4, foot - 3 + 2.5 * math.sin(k * math.pi / 8), 5.5, 3.6 - melted)
            stage.paint(bump, flat(shade(piece.flavour, 0.86)), part="ice")
        ball = stage.oval(x, y, rx, ry)
        bright = (x - setup.side * rx * 0.4, y - ry * 0.5)
        tones = (mix(piece.flavour, WHITE, 0.5), piece.flavour, shade(piece.flavour, 0.7))
        stage.paint(ball, radial(bright, rx * 1.7, *tones), part="ice")
        stage.textured(ball, "stone", strength=0.22 * (1 - 0.7 * melted), seed=int(piece.size * 10))
        shine = 0.35 + 0.5 * melted
        stage.effect(stage.oval(*bright, rx * 0.3, ry * 0.2), flat(WHITE, alpha=shine, blur=1.6))
