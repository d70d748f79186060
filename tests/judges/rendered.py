"""Samples of the rendered world in memory, small and unencoded, as the ladder shows them to a judge."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from rvebench.judges.reference import judge_comparison
from rvebench.records import Sample
from rvebench.sim import change_masks, load_family, render_pictures
from rvebench.sim.family import rng_of
from rvebench.sim.ladder import RUNGS, LadderClips, ladder_clips, rung_frames
from rvebench.sim.render import Role
from rvebench.taxonomy import Criterion, ReasoningType
from rvebench.video import Clip, Comparison, Frames

Scores = dict[str, dict[Criterion, float]]


def clip_of(frames: Frames) -> Clip:
    return Clip(frames_THWC=frames.copy(), fps=16.0, pts_s=np.arange(len(frames)) / 16)


def rendered_sample(
    name: str, seed: int, *, size: tuple[int, int] = (240, 136), frames: int = 9, stranger: str = "candle-burn"
) -> tuple[Comparison, LadderClips]:
    """Returns a sample as a comparison of its target with itself, and what its rungs are made from."""
    family = load_family(name)

    def drawn(role: Role, *, noisy: bool = True) -> Frames:
        return render_pictures(family, seed, role, size=size, frames=frames, noisy=noisy)

    has_still = family.states(family.setup(rng_of(name, seed))).still is not None
    mask = None
    if family.reasoning_type is not ReasoningType.CAMERA:
        changed = change_masks(drawn("still" if has_still else "source", noisy=False), drawn("target", noisy=False))
        mask = np.repeat(changed[..., None], 3, axis=3)
    source, target = drawn("source"), drawn("target")
    sample = Sample(
        id=f"{name}-{seed}",
        subset=family.subset,
        reasoning_type=family.reasoning_type,
        source=Path("source.mp4"),
        instruction="Imagine what follows.",
    )
    other = render_pictures(load_family(stranger), seed + 1, "target", size=size, frames=frames)
    shown = Comparison(
        sample=sample,
        source=clip_of(source),
        edit=clip_of(target),
        target=clip_of(target),
        mask=None if mask is None else clip_of(mask),
        counterfactual=clip_of(drawn("still")) if has_still else None,
    )
    return shown, ladder_clips(sample.id, source=source, target=target, other=other, mask=mask)


def scores_of(shown: Comparison, clips: LadderClips, *names: str) -> Scores:
    """Returns the reference judge's scores of the rungs called `names`, or of all."""
    return {
        rung.name: dict(
            judge_comparison(replace(shown, edit=clip_of(rung_frames(rung, shown.sample.id, clips)))).scores
        )
        for rung in RUNGS
        if not names or rung.name in names
    }
