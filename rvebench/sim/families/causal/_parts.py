"""What several causal families draw: easing, mirrored rooms, brickwork, clouds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from rvebench.sim.colour import Rgb, shade
from rvebench.sim.stage import WIDTH, Stage, flat

__all__ = ["WHITE", "bricks", "cloud", "ease", "facing", "static_facing"]

WHITE = Rgb(255, 255, 255)


def ease(value: float) -> float:
    """Returns 0 below 0, 1 above 1 and an even passage between."""
    x = max(0.0, min(1.0, value))
    return x * x * (3 - 2 * x)


@contextmanager
def facing(stage: Stage, side: int) -> Iterator[None]:
    """Draws what follows as it is for side 1, and as its mirror image for -1."""
    with stage.moved(WIDTH if side < 0 else 0, 0, scale=side, scale_y=1):
        yield


def static_facing(stage: Stage, side: int, name: str, draw: Callable[[], None]) -> None:
    """Draws a static layer of a room that may be mirrored; to be called outside :func:`facing`."""

    # The layer is mirrored before it is kept: pasting a mirrored image costs ten times as much.
    def mirrored() -> None:
        with facing(stage, side):
            draw()

    stage.static(name, mirrored)


def bricks(stage: Stage, x: float, y: float, width: float, height: float, colour: Rgb, *, seed: int = 0) -> None:
    """Draws a brick wall; costly, for static layers."""
    rng = np.random.default_rng(seed)
    stage.paint(stage.rect(x, y, width, height), flat(shade(colour, 0.62)))
    row, top = 0, y
    while top < y + height:
        left = x - (14 if row % 2 else 0)
        while left < x + width:
            tone = shade(colour, 0.86 + 0.26 * float(rng.random()))
            stage.paint(stage.rect(left + 0.7, top + 0.7, 26.6, 10.6, radius=1.2), flat(tone))
            left += 28
        top += 12
        row += 1
    stage.textured(stage.rect(x, y, width, height), "stone", strength=0.14, seed=seed)


def cloud(stage: Stage, x: float, y: float, size: float, *, colour: Rgb = WHITE, alpha: float = 0.85) -> None:
    """Draws a soft cloud about (x, y)."""
    for dx, dy, radius in ((-0.9, 0.12, 0.42), (-0.35, -0.18, 0.6), (0.3, -0.08, 0.66), (0.9, 0.14, 0.4)):
        puff = stage.oval(x + dx * size, y + dy * size, radius * size, radius * size * 0.62)
        stage.effect(puff, flat(colour, alpha=alpha, blur=size * 0.09))
