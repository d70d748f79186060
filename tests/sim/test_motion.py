"""Nothing pops: what moves passes through the places between, and no frame differs from the last out of all measure.

Two measures. The *step* is the mean change between neighbouring frames of a whole picture: one step far above the
clip's median is a cut or a flash. A *jump* is local: a place changes at once, although neither it nor a place beside it
changed in the step before or after. What moves changes its neighbourhood in several steps; what pops does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("skia")
pytest.importorskip("pymunk")

from scipy import ndimage

from rvebench.sim import FAMILIES, FPS, FRAMES, Family, load_family
from rvebench.sim.family import Clock, rng_of
from rvebench.sim.stage import Stage

SIZE = (160, 96)
BLOCK = 8
MIDDLE, END = range(12, 21), range(24, 33)
STEP_RATIO, STEP_MORE = 2.5, 0.5
JUMP = 8.0
"""Levels of the most changed channel, mean over a block of 8x8 pixels (24x23 logical ones)."""

FLASHES = {"thunder-fright": "lightning"}
EVENTS = {
    "cat-hideout": (30.0, "the cat shuts its eyes"),
    "crossing-lights": (200.0, "the red lights take turns"),
    "litmus-flask": (15.0, "the stirrer spins a quarter turn between frames"),
    "match-score": (15.0, "the fan shuts her eyes"),
    "mirror-bear": (15.0, "the doll shuts its eyes"),
    "papers-gust": (25.0, "cards turn over in the wind"),
    "platform-farewell": (15.0, "the windows of the train go by"),
    "robot-side": (45.0, "the robot shuts its eyes"),
    "thunder-fright": (20.0, "lightning"),
}
"""Families in which something is meant to happen between two frames: how far it may jump, and what it is."""

Clip = npt.NDArray[np.int16]


def frames_of(family: Family[Any, Any], role: str, seed: int, moments: Sequence[int]) -> Clip:
    """Draws some frames of a clip of full length, without grain."""
    setup = family.setup(rng_of(family.name, seed))
    state = getattr(family.states(setup), role)
    layers: dict[str, Any] = {}
    found = []
    for index in moments:
        clock = Clock(index, FRAMES, index / FPS)
        stage = Stage(
            size=SIZE,
            parts=family.parts,
            camera=family.camera(setup, state, clock),
            light=family.light(setup, state, clock),
            seed=seed,
            layers=layers,
        )
        family.draw(stage, setup, state, clock)
        found.append(stage.picture(index, noisy=False))
    return np.array(found, np.int16)


def steps_of(clip: Clip) -> npt.NDArray[np.float64]:
    """Returns the mean change of each step in levels."""
    steps: npt.NDArray[np.float64] = np.abs(np.diff(clip, axis=0)).mean(axis=(1, 2, 3))
    return steps


def largest_jump(clip: Clip) -> tuple[float, int]:
    """Returns by how many levels a block changed more than its neighbourhood did before and after, and in which step.

    The first and the last step are not looked at: what comes before and after them is not known.
    """
    change = np.abs(np.diff(clip, axis=0)).max(axis=-1)
    count, height, width = change.shape
    blocks = change.reshape(count, height // BLOCK, BLOCK, width // BLOCK, BLOCK).mean(axis=(2, 4))
    near = ndimage.maximum_filter(blocks, size=(1, 3, 3))
    jumps = blocks[1:-1] - 1.5 * np.maximum(near[:-2], near[2:])
    return float(jumps.max()), int(jumps.max(axis=(1, 2)).argmax()) + 1


def check(name: str, role: str, seed: int, moments: Sequence[int]) -> None:
    clip = frames_of(load_family(name), role, seed, moments)
    steps = steps_of(clip)
    if name not in FLASHES:
        most = STEP_RATIO * float(np.median(steps)) + STEP_MORE
        worst = int(steps.argmax())
        assert steps[worst] < most, f"{name} {role} {seed}: the picture jumps after frame {moments[worst]}"
    size, at = largest_jump(clip)
    most, _ = EVENTS.get(name, (JUMP, ""))
    assert size < most, f"{name} {role} {seed}: something jumps by {size:.1f} levels after frame {moments[at]}"


@pytest.mark.parametrize("role", ["source", "target"])
@pytest.mark.parametrize("name", FAMILIES.names())
def test_nothing_pops_in_the_middle_and_at_the_end_of_a_clip(name: str, role: str) -> None:
    for moments in (MIDDLE, END):
        check(name, role, 1, moments)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", FAMILIES.names())
def test_nothing_pops_in_whole_clips_of_several_scenes(name: str, seed: int) -> None:
    for role in ("source", "target"):
        check(name, role, seed, range(FRAMES))


def test_the_events_are_of_families_there_are() -> None:
    assert (set(EVENTS) | set(FLASHES)) <= set(FAMILIES.names())
    assert all(most > JUMP and reason for most, reason in EVENTS.values())


@pytest.mark.parametrize("fault", ["appears", "flips", "skips"])
def test_the_measure_sees_a_small_thing_that_pops(fault: str) -> None:
    """A thing of a hundredth of the picture: one that is there of a sudden, jumps aside, or leaves out its way."""
    clip = np.full((9, 96, 160, 3), 90, np.int16)
    for index, frame in enumerate(clip):
        late = index > 4
        x = {"appears": 60, "flips": 60 + 24 * late, "skips": 20 + 2 * index + 60 * late}[fault]
        if fault != "appears" or late:
            frame[40:52, x : x + 13] = (200, 60, 40)
    size, at = largest_jump(clip)
    assert size > JUMP and at == 4


def test_the_measure_lets_motion_pass() -> None:
    """A thing that crosses the picture at a speed of 1.5 s a width."""
    clip = np.full((9, 96, 160, 3), 90, np.int16)
    for index, frame in enumerate(clip):
        frame[40:60, 10 + 7 * index : 34 + 7 * index] = (200, 60, 40)
    assert largest_jump(clip)[0] < JUMP
