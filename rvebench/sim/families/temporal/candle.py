"""Temporal: a candle, an oil lamp or incense burns down on a table while the room stays as it is."""

from __future__ import annotations

import math

import numpy as np

from rvebench.sim.colour import Light, Rgb, mix, shade
from rvebench.sim.families.temporal._lights import (
    TABLE_Y,
    WHITE,
    Kind,
    Setup,
    State,
    draw_candle,
    draw_incense,
    draw_lamp,
)
from rvebench.sim.families.temporal._parts import steam
from rvebench.sim.family import Clock, Family, States, Words
from rvebench.sim.stage import HEIGHT, WIDTH, Stage, flat, linear, radial
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["CandleBurn"]

_KINDS: tuple[Kind, ...] = ("candle", "oil-lamp", "incense")
_WAX = (Rgb.of("#f4ead2"), Rgb.of("#d96a5a"), Rgb.of("#7fa6c9"), Rgb.of("#8fb58a"))
_OILS = (Rgb.of("#e0942c"), Rgb.of("#c8402f"), Rgb.of("#3f9a6a"), Rgb.of("#4a7fd0"))
_WALLS = (Rgb.of("#5c5470"), Rgb.of("#4e6272"), Rgb.of("#6b5a4a"), Rgb.of("#5a6650"))
_CUPS = (Rgb.of("#e6ecf0"), Rgb.of("#d9a441"), Rgb.of("#b5574a"), Rgb.of("#6f9aa8"))


class CandleBurn(Family[Setup, State]):
    """There is less of a candle, of a lamp's oil or of incense after it has burnt; what is left burns on."""

    name = "candle-burn"
    subset = Subset.RAVE
    reasoning_type = ReasoningType.TEMPORAL
    law = "burn"
    parts = ("candle", "flame", "holder", "cup", "book")

    def setup(self, rng: np.random.Generator) -> Setup:
        """Draws what burns, place, size and colours."""
        x = float(rng.uniform(150, 330))
        return Setup(
            x=x,
            height=float(rng.uniform(92, 116)),
            width=float(rng.uniform(24, 34)),
            wax=_WAX[rng.integers(len(_WAX))],
            wall=_WALLS[rng.integers(len(_WALLS))],
            cup_x=float(x - 105 if x > 240 else x + 105),
            book=mix(Rgb.of("#8a3b3b"), Rgb.of("#2f6d72"), float(rng.random())),
            phase=float(rng.uniform(0, 6.28)),
            kind=_KINDS[rng.integers(len(_KINDS))],
            oil=_OILS[rng.integers(len(_OILS))],
            cup=_CUPS[rng.integers(len(_CUPS))],
            picture=int(rng.integers(3)),
        )

    def states(self, setup: Setup) -> States[State]:  # noqa: ARG002
        """From nearly whole to a remainder."""
        return States(
            source=State(burnt=0.04),
            target=State(burnt=0.7),
            half=State(burnt=0.37),
            wrong=State(burnt=0.04, heated=0.8),
        )

    def objects(self, setup: Setup) -> str:
        """What burns."""
        return setup.kind

    def words(self, setup: Setup) -> Words:
        """None of the paraphrases names a height, a level, wax, oil or ash."""
        room = ("the table and the wall", "the cup", "the book", "the picture on the wall", "the camera")
        if setup.kind == "oil-lamp":
            return Words(
                instructions=(
                    "Show the same corner in the small hours, when nobody has tended the lamp since dusk.",
                    "Somebody will soon have to go and fetch the can from the shed. Show the table at that point.",
                    "The reader who lit this lamp at supper has just turned page three hundred.",
                    "Imagine this table after a whole night's watch, with the flame never once put out.",
                ),
                train_instructions=(
                    "Move this corner on by as many hours as the lamp can manage without help, less one.",
                    "Picture the lamp at cockcrow, still going, with nobody having looked after it.",
                ),
                literal="Lower the oil in the lamp's glass font to about a quarter; keep the flame.",
                expected="The oil in the glass font of the lamp stands low, at about a quarter; the flame still burns "
                "in the chimney at the same place, and nothing is spilt.",
                preserve=("the lamp's brass and glass", "the flame's place", *room),
            )
        if setup.kind == "incense":
            return Words(
                instructions=(
                    "Imagine this room when the scent has been filling it for most of an hour.",
                    "The meditation began when these were lit, and the gong is about to sound its end.",
                    "Show the same table when it will soon be time to light three new ones.",
                    "Nobody has touched the bowl, and the guests beside it have nearly told each other all their news.",
                ),
                train_instructions=(
                    "Let three quarters of an hour of quiet go by at this table.",
                    "Picture this bowl when its work for the evening is nearly done.",
                ),
                literal="Make the three incense sticks short stubs with glowing tips and put grey ash into the bowl.",
                expected="The three sticks are short stubs, about a third of their length, with glowing tips that "
                "still smoke; grey ash lies on the sand in the bowl.",
                preserve=("the bowl", "the hanging lamp", *room),
            )
        return Words(
            instructions=(
                "Imagine this table near the end of a long evening.",
                "Show the same scene after the light has been left alone for several hours.",
                "What does this corner look like when the dinner guests finally leave?",
                "The power has been out since sunset and it is now past midnight.",
            ),
            train_instructions=(
                "Move the clock forward by most of a night.",
                "Picture this place after four more hours like this one.",
            ),
            literal="Make the candle much shorter, with melted wax run down its sides and pooled at its foot.",
            expected="The candle is a short stub, about a third of its height, with wax drips and a pool at its foot; "
            "the flame still burns, lower down.",
            preserve=("the candle holder", *room),
        )

    def light(self, setup: Setup, state: State, clock: Clock) -> Light:  # noqa: ARG002
        """The flame itself, flickering a little."""
        flicker = 0.02 * math.sin(clock.time_s * 9 + setup.phase) + 0.015 * math.sin(clock.time_s * 23)
        return Light(azimuth=0.0, elevation=0.5 + flicker, colour=Rgb(255, 226, 180), ambient=0.5 + flicker)

    def draw(self, stage: Stage, setup: Setup, state: State, clock: Clock) -> None:
        """Wall, table, bystanders, what burns."""
        stage.static("room", lambda: self._room(stage, setup))
        flicker = 1 + 0.06 * math.sin(clock.time_s * 9 + setup.phase) + 0.04 * math.sin(clock.time_s * 23)
        # The room's glow stays where it is, so that the edit's region is what burns and not the room.
        if setup.kind == "incense":
            stage.glow(setup.x, 34, 170, Rgb(255, 206, 140), alpha=0.3)
        else:
            stage.glow(setup.x, TABLE_Y - 70, 160 * flicker, Rgb(255, 186, 96), alpha=0.34)
        steam(stage, setup.cup_x, TABLE_Y - 8, clock.time_s, alpha=0.22)
        if setup.kind == "candle":
            draw_candle(stage, setup, state, clock)
        elif setup.kind == "oil-lamp":
            draw_lamp(stage, setup, state, clock)
        else:
            draw_incense(stage, setup, state, clock)

    def _room(self, stage: Stage, setup: Setup) -> None:
        wall = stage.rect(-64, -64, WIDTH + 128, HEIGHT + 128)
        centre = (setup.x, 110.0)
        stage.paint(wall, radial(centre, 330, shade(setup.wall, 1.15), shade(setup.wall, 0.62), shade(setup.wall, 0.4)))
        stage.textured(wall, "plaster", strength=0.1)
        self._picture(stage, setup)
        table = stage.rect(-64, TABLE_Y - 8, WIDTH + 128, 160)
        stage.paint(table, linear((0, TABLE_Y - 8), (0, HEIGHT), Rgb.of("#8a5a36"), Rgb.of("#4c2e1a")))
        stage.textured(table, "wood", strength=0.2, seed=1)
        stage.effect(stage.rect(-64, TABLE_Y - 9, WIDTH + 128, 3), flat(Rgb.of("#c08a58"), alpha=0.5, blur=0.8))
        with stage.moved(setup.x, TABLE_Y + 26, scale=1, scale_y=0.24):
            stage.effect(stage.oval(0, 0, 170), radial((0, 0), 170, Rgb(120, 70, 20), Rgb(0, 0, 0)), add=True)
        if setup.kind == "incense":
            self._pendant(stage, setup)
        self._bystanders(stage, setup)

    def _picture(self, stage: Stage, setup: Setup) -> None:
        x = setup.x + (104 if setup.x < 240 else -196)
        stage.shadow(stage.rect(x + 4, 38, 92, 70), alpha=0.4, blur=5)
        stage.paint(stage.rect(x, 32, 92, 70, radius=2), flat(Rgb.of("#7d5a38")))
        inner = stage.rect(x + 7, 39, 78, 56)
        if setup.picture == 1:
            stage.paint(inner, linear((0, 39), (0, 95), Rgb.of("#d8cdb8"), Rgb.of("#a9977e")))
            stage.effect(stage.oval(x + 46, 76, 17, 12), flat(setup.cup, alpha=0.8))
            for k, tone in enumerate((Rgb.of("#c25b4c"), Rgb.of("#d9a640"), Rgb.of("#b56a8c"))):
                stage.effect(stage.oval(x + 35 + 11 * k, 58 - 5 * (k % 2), 8), flat(tone, alpha=0.85))
            return
        tones = (Rgb.of("#6f8fa8"), Rgb.of("#c9b58e"), Rgb.of("#5d7050"))
        if setup.picture == 2:
            tones = (Rgb.of("#3f4f78"), Rgb.of("#7f7fa0"), Rgb.of("#2f5566"))
        stage.paint(inner, linear((0, 39), (0, 95), *tones))
        with stage.clipped(inner):
            hills = [(x + 8.0 * k, 78 + 6 * math.sin(k * 1.3 + setup.phase)) for k in range(13)]
            stage.effect(stage.polygon([*hills, (x + 96, 100), (x, 100)]), flat(shade(tones[2], 0.75), alpha=0.9))
            if setup.picture == 2:
                stage.effect(stage.oval(x + 62, 54, 7), flat(Rgb.of("#e9e4c8"), alpha=0.9))

    def _pendant(self, stage: Stage, setup: Setup) -> None:
        x = setup.x
        cord = stage.polygon([(x, -64), (x, 4)], closed=False)
        stage.paint(cord, flat(Rgb.of("#241c18")), line=1.8)
        hood = stage.polygon([(x - 12, 0), (x + 12, 0), (x + 40, 26), (x - 40, 26)])
        tone = shade(setup.oil, 0.8)
        stage.paint(hood, linear((x - 40, 0), (x + 40, 0), shade(tone, 1.15), tone, shade(tone, 0.6)))
        stage.paint(stage.oval(x, 26, 40, 4.5), flat(Rgb.of("#fff0c4")))

    def _bystanders(self, stage: Stage, setup: Setup) -> None:
        side = 1 if setup.cup_x > setup.x else -1
        x, y, tone = setup.cup_x, TABLE_Y + 34, setup.cup
        stage.shadow(stage.oval(x + side * 26, y + 3, 44, 8), alpha=0.45, blur=4)
        body = stage.curve(
            [(x - 22, y - 42), (x - 20, y - 12), (x - 12, y), (x + 12, y), (x + 20, y - 12), (x + 22, y - 42)]
        )
        stage.paint(stage.oval(x + side * 24, y - 24, 12, 13), flat(shade(tone, 0.88)), part="cup", line=5)
        near, far = (x - 22, x + 22) if side > 0 else (x + 22, x - 22)
        stage.paint(body, linear((near, 0), (far, 0), shade(tone, 1.06), shade(tone, 0.66)), part="cup")
        stage.effect(stage.oval(x - side * 12, y - 24, 3, 11), flat(WHITE, alpha=0.45, blur=1.6))
        stage.paint(stage.oval(x, y - 42, 22, 6), flat(mix(tone, WHITE, 0.25)), part="cup")
        stage.paint(stage.oval(x, y - 41, 18, 4.5), flat(Rgb.of("#5b3a22")), part="cup")
        book_x = max(52.0, min(WIDTH - 52.0, setup.x - side * 150))
        stage.shadow(stage.rect(book_x - 42 - side * 8, TABLE_Y + 40, 88, 10), alpha=0.5, blur=4)
        cover = stage.rect(book_x - 42, TABLE_Y + 24, 84, 20, radius=2)
        top, low = TABLE_Y + 24, TABLE_Y + 44
        stage.paint(cover, linear((0, top), (0, low), shade(setup.book, 1.25), shade(setup.book, 0.7)), part="book")
        stage.paint(stage.rect(book_x - 40, TABLE_Y + 29, 80, 9), flat(Rgb.of("#e9dfc8")), part="book")
        for k in range(3):
            stage.effect(stage.rect(book_x - 40, TABLE_Y + 31 + 2.4 * k, 80, 0.7), flat(Rgb.of("#8a7a5c"), alpha=0.6))
