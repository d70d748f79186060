"""The judge `reference`: puts the measures together into scores, sentences and a verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import numpy as np

from rvebench.errors import VideoError
from rvebench.judges.reference.constants import CONSTANTS, Constants
from rvebench.judges.reference.motion import Behaviour, measure_behaviour
from rvebench.judges.reference.preservation import Preservation, measure_preservation
from rvebench.judges.reference.region import Region, find_region
from rvebench.judges.reference.state import State, measure_state
from rvebench.judges.reference.structure import gradients
from rvebench.judges.reference.texture import Texture, measure_texture
from rvebench.judges.reference.views import Details, Masks, view_comparison
from rvebench.judges.reference.words import Measured, explain
from rvebench.records import JudgeInfo, Verdict
from rvebench.taxonomy import Criterion, Status, Subset, criteria_for
from rvebench.video import Comparison, resize_frames

__all__ = ["LABEL", "ReferenceJudge", "judge_comparison"]

LABEL = "computed against the sample's target video; not a VLM's opinion, not human"

_VERSION = "3"


class ReferenceJudge:
    """Scores an edit against the sample's target video, and its mask where it has one.

    Deterministic, without a model, a network or a key. It measures nearness to one target: an edit that solves the
    task in another way is scored low (docs/judges/reference.md).
    """

    def __init__(self) -> None:
        self._info = JudgeInfo(
            name="reference",
            version=_VERSION,
            settings=CONSTANTS.as_settings(),
            needs=("target", "mask", "counterfactual"),
            label=LABEL,
            reads=("frames", "target", "mask", "counterfactual"),
        )

    @property
    def info(self) -> JudgeInfo:
        """The judge's description, with every threshold that decides a score."""
        return self._info

    async def judge(self, comparison: Comparison) -> Verdict:
        """Returns the verdict; unjudged with a reason where there is no target or nothing to change."""
        return await asyncio.to_thread(judge_comparison, comparison)


def judge_comparison(comparison: Comparison, constants: Constants = CONSTANTS) -> Verdict:
    """Returns the verdict on one edit; a pure function of the frames.

    Args:
        comparison: with a target, and a mask if the sample has one.
        constants: other than the shipped ones only in studies of the judge itself.
    """
    sample = comparison.sample
    reason = _why_not(comparison)
    if not reason:
        try:
            measured = _measure(comparison, constants)
        except VideoError as error:
            reason = str(error)
        else:
            if measured is not None:
                return Verdict(
                    sample_id=sample.id,
                    status=Status.OK,
                    scores={name: _scores(measured)[name] for name in criteria_for(sample.subset)},
                    rationale=explain(measured, criteria_for(sample.subset), constants),
                    returned_model=f"reference {_VERSION}",
                    measures=_numbers(measured),
                )
            base = _base_of(comparison)
            reason = f"the sample's target equals its {base}, if at other moments: there is no change to measure"
    return Verdict(sample_id=sample.id, status=Status.UNJUDGED, reason=reason)


def _base_of(comparison: Comparison) -> str:
    return "source" if comparison.counterfactual is None else "counterfactual"


def _why_not(comparison: Comparison) -> str:
    if comparison.target is None:
        return "the sample has no target video, and the reference judge only compares with one"
    if len(comparison.target) < 2:
        return "the sample's target has one frame: how the edit behaves in time cannot be compared with it"
    return ""


def _measure(comparison: Comparison, constants: Constants) -> Measured | None:
    views = view_comparison(comparison, constants)
    follows = comparison.sample.subset is Subset.ICVG
    region = find_region(views, constants, whole_frame=follows and comparison.mask is None)
    if region is None:
        return None
    shapes = (gradients(views.base.calm), gradients(views.edit.calm), gradients(views.target.calm))
    state = measure_state(views, region, shapes, constants)
    if state is None:
        return None
    return Measured(
        start=_base_of(comparison),
        region=region,
        state=state,
        preservation=measure_preservation(views, region, shapes, constants),
        behaviour=measure_behaviour(views, state, constants) if len(views.edit.raw) > 1 else None,
        texture=measure_texture(
            views.details,
            _inside_at_full_size(region, views.details),
            foreign_colour=float(np.mean(state.foreign_colour * state.same_scene)),
            constants=constants,
        ),
    )


def _inside_at_full_size(region: Region, details: Details) -> Masks | None:
    if region.is_global:
        return None
    _, height, width = details.edit.shape
    chosen = region.inside[details.picks][..., None].repeat(3, axis=-1)
    return np.asarray(resize_frames(chosen.astype(np.uint8) * 255, width, height)[..., 0] >= 128)


def _scores(measured: Measured) -> Mapping[Criterion, float]:
    """Returns each criterion, 0..10, to a thousandth: further digits would be the machine's, not the video's."""
    parts = {
        Criterion.EA: measured.state.accuracy,
        Criterion.PC: measured.preservation.fidelity,
        Criterion.GN: measured.behaviour.naturalness if measured.behaviour else 0.0,
        Criterion.GR: measured.texture.realism,
    }
    return {criterion: round(10 * part, 3) for criterion, part in parts.items()}


def _numbers(measured: Measured) -> Mapping[str, float]:
    """Returns what was measured, by name; what does not apply to this sample is left out."""
    region: Region = measured.region
    state: State = measured.state
    kept: Preservation = measured.preservation
    texture: Texture = measured.texture
    moves: Behaviour | None = measured.behaviour
    final = state.progress[state.weight > 0][-1]
    found: dict[str, float | None] = {
        "region_share": region.share,
        "region_is_global": float(region.is_global),
        "region_from_mask": float(region.from_mask),
        "progress_mean": state.accuracy,
        "progress_last": float(final),
        "scene_correlation": state.scene,
        "extra_share": state.extra,
        "outside_psnr_db": kept.psnr_db,
        "structure_correlation": kept.structure,
        "flicker_excess": moves.flicker if moves else None,
        "jitter_excess": moves.jitter if moves else None,
        "motion_kept": moves.motion_kept if moves else None,
        "motion_ratio": moves.motion_excess if moves else None,
        "state_jumps": moves.jumped if moves else None,
        "blur_excess": texture.blur,
        "noise_excess": texture.noise,
        "blocking_excess": texture.blocking,
        "flat_excess": texture.flat,
        "foreign_colour": texture.foreign_colour,
        "region_blur_excess": texture.region_blur,
        "region_noise_excess": texture.region_noise,
        "region_flat_excess": texture.region_flat,
    }
    return {name: round(value, 6) for name, value in found.items() if value is not None}
