"""Edits of held-out samples by a trained model, through the pipeline that users call, and what is measured of them.

Encoders are frozen and shared by all arms, and what they say of a source depends on no arm: it is computed once and
serves every model. Noise depends on the sample and the training seed alone, so that paired arms begin from one noise.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rvebench.errors import DataError
from rvebench.judges.reference import judge_comparison
from rvebench.records import Window
from rvebench.revise.assembly import Parts
from rvebench.revise.detail import restore_detail
from rvebench.revise.edit import EditPlan, EditSettings, EncodedEdit, ReviseRequest, as_clip
from rvebench.revise.model.vae import VideoVae
from rvebench.revise.pipeline import ReviseEditPipeline
from rvebench.revise.training.clips import ClipShape, fit_clip, take_clip
from rvebench.revise.training.shards.spec import EncoderPrints
from rvebench.revise.training.vae_stage import reconstructions
from rvebench.science.measures import measure_edit
from rvebench.science.world import HeldOut
from rvebench.scoring import get_formula
from rvebench.storage import atomic_write_bytes
from rvebench.taxonomy import Status
from rvebench.video import Clip, Comparison, Frames, read_video

__all__ = ["Editing", "HeldOutClips", "edit_settings", "load_edits", "noise_seed", "save_edits"]

_BATCH = 16
"""Edits that are sampled together."""

Say = Callable[[int, int], object]


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOutClips:
    """One held-out sample at the model's size, and its videos at their own."""

    held: HeldOut
    shape: ClipShape
    shown_THWC: Frames
    """The source's frames that the model is given, at their own size: what its VLM sees."""
    fps: float
    """Frames a second of the model's clips."""
    source_THWC: Frames
    target_THWC: Frames
    mask_THW: Frames | None
    source: Clip
    target: Clip
    mask: Clip | None
    counterfactual: Clip | None

    @classmethod
    def read(cls, held: HeldOut, shape: ClipShape) -> HeldOutClips:
        """Reads a sample.

        Raises:
            DataError: a video cannot be read or is too short; names the sample.
        """
        sample = held.sample
        assert sample.target is not None, "held_out_sets takes samples with targets"

        def small(path: Path) -> Frames:
            return fit_clip(take_clip(path, shape, where=sample.id).frames_THWC, shape)

        taken = take_clip(sample.source, shape, where=sample.id)
        return cls(
            held=held,
            shape=shape,
            shown_THWC=taken.frames_THWC,
            fps=taken.fps,
            source_THWC=fit_clip(taken.frames_THWC, shape),
            target_THWC=small(sample.target),
            mask_THW=None if sample.mask is None else small(sample.mask)[..., 0],
            source=read_video(sample.source),
            target=read_video(sample.target),
            mask=None if sample.mask is None else read_video(sample.mask),
            counterfactual=None if sample.counterfactual is None else read_video(sample.counterfactual),
        )


def noise_seed(sample_id: str, seed: int) -> int:
    """Returns the seed of a sample's noise under a training seed; the same for every arm."""
    return zlib.crc32(sample_id.encode()) * 1_000 + seed


def edit_settings(parts: Parts, shape: ClipShape, steps: int) -> EditSettings:
    """Returns how clips are edited: one window of the frames that were trained on, left at the model's size."""
    return EditSettings.of(
        parts.config,
        steps=steps,
        frames=shape.frames,
        fps=None,
        size=shape.size,
        fit=shape.fit,
        detail="model",
        stride=shape.stride,
        max_frames=shape.frames,
        turn=False,
        keep_size=False,
        batch=_BATCH,
    )


@dataclass(kw_only=True, eq=False)
class Editing:
    """Held-out samples, and models' edits of them.

    Args:
        samples: held out.
        shape: of the clips that models are given.
        steps: of the sampling.
        device: auto, cuda, cuda:N, mps or cpu.
    """

    samples: Sequence[HeldOut]
    shape: ClipShape
    steps: int
    device: str = "auto"
    _encoded: dict[EncoderPrints, list[EncodedEdit]] = field(init=False, default_factory=dict)
    _coded: dict[str, list[Frames]] = field(init=False, default_factory=dict)

    @cached_property
    def clips(self) -> list[HeldOutClips]:
        """Every sample's videos, read once."""
        return [HeldOutClips.read(held, self.shape) for held in self.samples]

    def edits(self, parts: Parts, seed: int, *, between: Say = lambda _done, _all: None) -> list[Frames]:
        """Returns a model's edits of all samples at the model's size, in their order.

        Args:
            parts: the model.
            seed: the training seed, which decides the noise.
            between: called after each batch with edits done and all; may raise to stop.
        """
        pipeline = ReviseEditPipeline(parts, device=self.device)
        settings = edit_settings(parts, self.shape, self.steps)
        ready = [
            each.with_seed(noise_seed(clips.held.sample.id, seed))
            for each, clips in zip(self._encodings(pipeline, settings), self.clips, strict=True)
        ]
        made: list[Frames] = []
        for first in range(0, len(ready), _BATCH):
            part = ready[first : first + _BATCH]
            made += [edit.frames_THWC for edit in pipeline.edit(part, settings=settings)]
            between(len(made), len(ready))
        return made

    def _encodings(self, pipeline: ReviseEditPipeline, settings: EditSettings) -> list[EncodedEdit]:
        prints = EncoderPrints.of(pipeline.parts)
        if prints not in self._encoded:
            requests = [
                ReviseRequest(
                    video=clips.source,
                    instruction=clips.held.sample.instruction,
                    seed=0,
                    where=clips.held.sample.id,
                )
                for clips in self.clips
            ]
            self._encoded[prints] = pipeline.encode(requests, settings=settings)
        return self._encoded[prints]

    def values(self, parts: Parts, edits: Sequence[Frames], p_yes: Sequence[float]) -> list[Mapping[str, float]]:
        """Returns what is measured of each edit, by the names of :data:`rvebench.science.measures.MEASURES`.

        Args:
            parts: the model, whose settings say whether the source's detail is given back at full size.
            edits: at the model's size, one a sample.
            p_yes: the critic's verdicts.
        """
        whole = self._full_size(parts, edits)
        return [
            _values(clips, edit, large, chance)
            for clips, edit, large, chance in zip(self.clips, edits, whole, p_yes, strict=True)
        ]

    def _full_size(self, parts: Parts, edits: Sequence[Frames]) -> list[Clip]:
        """Returns the edits at their sources' own size, as users are given them."""
        settings = edit_settings(parts, self.shape, self.steps)
        detail = parts.config.sampling.detail
        coded = self._coded_sources(parts) if detail == "source" else [None] * len(edits)
        made = []
        for clips, edit, through in zip(self.clips, edits, coded, strict=True):
            request = ReviseRequest(video=clips.source, instruction=clips.held.sample.instruction, seed=0)
            plan = EditPlan.of(request, settings)
            real = clips.source.frames_THWC[plan.clip.source_indices[: plan.clip.window.count]]
            frames = plan.size.from_model(edit, real)
            if through is not None:
                frames = restore_detail(edit, through, real, plan.size)
            made.append(as_clip(frames, plan.clip.output_fps))
        return made

    def _coded_sources(self, parts: Parts) -> list[Frames]:
        key = EncoderPrints.of(parts).vae
        if key not in self._coded:
            self._coded[key] = reconstructions(VideoVae(parts.vae), [clips.source_THWC for clips in self.clips])
        return self._coded[key]


def _values(clips: HeldOutClips, edit: Frames, large: Clip, p_yes: float) -> dict[str, float]:
    measured = measure_edit(clips.source_THWC, clips.target_THWC, edit, clips.mask_THW)._asdict()
    values = {name: float(value) for name, value in measured.items() if value is not None}
    window = Window(start=0, stride=clips.shape.stride, count=len(large), fps=large.fps)
    verdict = judge_comparison(
        Comparison(
            sample=clips.held.sample,
            source=clips.source,
            edit=large,
            window=window,
            target=clips.target,
            mask=clips.mask,
            counterfactual=clips.counterfactual,
        )
    )
    if verdict.status is Status.OK:
        values |= {f"judge_{which.value.lower()}": score for which, score in verdict.scores.items()}
        formula = get_formula("geometric")
        values["judge_overall"] = formula.score(clips.held.sample.subset, verdict.scores, where=clips.held.sample.id)
    return {**values, "p_yes": p_yes}


def save_edits(path: Path, edits: Sequence[Frames]) -> None:
    """Writes edits of one shape, compressed without loss."""
    import io

    out = io.BytesIO()
    np.savez_compressed(out, edits=np.stack(edits))
    atomic_write_bytes(path, out.getvalue())


def load_edits(path: Path) -> list[Frames]:
    """Returns what :func:`save_edits` wrote.

    Raises:
        DataError: the file is not there or is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            whole: Any = file["edits"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"the edits cannot be read: {error}", where=path, hint="delete their folder") from None
    return list(whole)
