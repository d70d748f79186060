"""Milliseconds a frame by family at 480x272, and what caching the static layers saves.

Run: `python benchmarks/bench_render.py [FAMILY …]`. Needs the extra `sim`.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from rvebench.sim import FAMILIES, SIZE, load_family
from rvebench.sim.family import Clock, Family, rng_of
from rvebench.sim.render import FPS
from rvebench.sim.stage import Stage

FRAMES = 9


def one_clip(family: Family[Any, Any], *, cached: bool) -> float:
    """Returns milliseconds a frame of one clip; without caching every frame starts with no layers."""
    setup = family.setup(rng_of(family.name, 1))
    state = family.states(setup).target
    layers: dict[str, Any] = {}
    began = time.perf_counter()
    for index in range(FRAMES):
        clock = Clock(index, FRAMES, index / FPS)
        stage = Stage(
            size=SIZE,
            parts=family.parts,
            camera=family.camera(setup, state, clock),
            light=family.light(setup, state, clock),
            seed=1,
            layers=layers if cached else {},
        )
        family.draw(stage, setup, state, clock)
        stage.picture(index)
    return (time.perf_counter() - began) / FRAMES * 1e3


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", default=FAMILIES.names())
    names = parser.parse_args().families
    print(f"{'family':32} {'ms/frame':>9} {'uncached':>9} {'saved':>7}")
    total = 0.0
    for name in names:
        family = load_family(name)
        one_clip(family, cached=True)
        cached, uncached = one_clip(family, cached=True), one_clip(family, cached=False)
        total += cached
        print(f"{name:32} {cached:9.1f} {uncached:9.1f} {1 - cached / uncached:7.0%}", flush=True)
    print(f"{'mean':32} {total / len(names):9.1f}")


if __name__ == "__main__":
    main()
