"""One readable sentence for each criterion, with the numbers it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from rvebench.judges.reference.constants import Constants
from rvebench.judges.reference.motion import Behaviour
from rvebench.judges.reference.preservation import Preservation
from rvebench.judges.reference.region import Region
from rvebench.judges.reference.state import State
from rvebench.judges.reference.texture import Texture
from rvebench.taxonomy import Criterion

__all__ = ["Measured", "explain"]

_NAMES = ("flicker", "jitter", "frozen", "restless", "jumps")


class Measured(NamedTuple):
    """Everything measured on one edit."""

    start: str
    """What the edit starts from, in words."""
    region: Region
    state: State
    preservation: Preservation
    behaviour: Behaviour | None
    """None for an edit of one frame."""
    texture: Texture


def explain(measured: Measured, criteria: Sequence[Criterion], constants: Constants) -> Mapping[Criterion, str]:
    """Returns a sentence for each of `criteria`."""
    sentences = {
        Criterion.EA: _accuracy(measured, constants),
        Criterion.PC: _preservation(measured),
        Criterion.GN: _naturalness(measured.behaviour),
        Criterion.GR: _realism(measured.texture),
    }
    return {criterion: sentences[criterion] for criterion in criteria}


def _accuracy(measured: Measured, constants: Constants) -> str:
    region, state = measured.region, measured.state
    if region.is_global:
        place = "in the whole frame"
    else:
        place = f"in {'the mask' if region.from_mask else 'the changed region'} ({region.share:.1%} of the frame)"
    if state.scene_trust < 0.5:
        return (
            f"Another scene: structure in common with source or target is {state.scene:.2f} "
            f"(below {constants.scene[0]:.2f} progress {place} counts less or not at all)."
        )
    progress = state.progress[state.weight > 0]
    course = ""
    if np.ptp(progress) > 0.5:
        course = f", from {progress[0]:.0%} in the first frame that should change to {progress[-1]:.0%} in the last"
    astray = f", {state.extra:.1%} of the frame shows something in a wrong place" if state.extra >= 0.002 else ""
    way = f"of the way from {measured.start} to target {place}, mean over time{course}"
    return f"The edit went {state.accuracy:.0%} {way}{astray}."


def _preservation(measured: Measured) -> str:
    kept = measured.preservation
    if kept.psnr_db is None:
        return (
            "The edit is global, so nothing must stay pixel by pixel; "
            f"its structure correlates {kept.structure:.2f} with the nearer of source and target."
        )
    return (
        f"Outside the region the edit is at {kept.psnr_db:.1f} dB PSNR from the original, "
        f"structure correlation {kept.structure:.2f}."
    )


def _naturalness(moves: Behaviour | None) -> str:
    if moves is None:
        return "The edit has one frame where the target has several: nothing moves."
    worst = int(np.argmin(moves.factors))
    motion = (
        "the reference hardly moves" if moves.motion_kept is None else f"{moves.motion_kept:.0%} of its motion kept"
    )
    verdict = "nothing stands out" if moves.factors[worst] >= 0.9 else f"weakest: {_NAMES[worst]}"
    return (
        f"Against source and target: flicker +{moves.flicker:.1f} levels, jitter +{moves.jitter:.1f} levels, {motion}, "
        f"{moves.motion_excess:.1f} times the motion of the livelier one, "
        f"{moves.jumped:.2f} of the change made in jumps; {verdict}."
    )


def _realism(texture: Texture) -> str:
    text = (
        f"Against source and target: blur +{texture.blur:.2f}, noise +{texture.noise:.1f} levels, "
        f"blocking +{texture.blocking:.2f}, {texture.flat:.0%} of the frame lost all texture, "
        f"colours off by {texture.foreign_colour:.1f} levels"
    )
    if texture.region_blur is not None and texture.region_noise is not None:
        text += f"; inside the region blur +{texture.region_blur:.2f}, noise +{texture.region_noise:.1f} levels"
        text += f", {texture.region_flat:.0%} lost all texture"
    return f"{text}."
