"""What goes into an edit and what comes out, and all that is decided about it before a weight is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rvebench.errors import UsageError
from rvebench.records import Window
from rvebench.revise.config import ReviseConfig, SamplingConfig
from rvebench.revise.sampling.sizing import SizePlan, plan_size
from rvebench.revise.sampling.windows import Blend, ClipPlan, Short, Tail, WindowPolicy, plan_clip
from rvebench.revise.shapes import Size
from rvebench.video import Clip, Frames

if TYPE_CHECKING:
    import torch

    from rvebench.revise.conditions import GuidedConditions
    from rvebench.revise.model.context_plan import ContextPlan

__all__ = ["ConditionedEdit", "EditPlan", "EditSettings", "EncodedEdit", "ReviseEdit", "ReviseRequest", "as_clip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditSettings:
    """How clips are read, sampled and written; the same for every request of a call."""

    sampling: SamplingConfig
    overlap: int = 5
    """Frames that neighbouring windows share."""
    stride: int | None = None
    """Source frames per frame read; None: as many as bring the source's rate nearest to `sampling.fps`."""
    max_frames: int | None = None
    """Most frames read; None: the whole clip."""
    blend: Blend = "pixel"
    tail: Tail = "shift"
    short: Short = "repeat"
    """What becomes of clips shorter than a window; one frame alone is always edited as a picture."""
    turn: bool = True
    """Portrait sources get a portrait size."""
    max_pixels: int | None = None
    """Largest picture where `sampling.size` is None and the source's own size is taken."""
    keep_size: bool = True
    """The edit has the source's size; False leaves it at the model's."""
    batch: int = 1
    """Windows, of one clip or of several, that are sampled together."""
    batched_guidance: bool = True
    """Both branches of guidance in one pass."""

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise UsageError(f"the batch must be at least 1, not {self.batch}")
        if self.max_pixels is not None and self.sampling.size is not None:
            raise UsageError("max_pixels has no effect beside a fixed size", hint="give one of the two")
        self.policy(1)

    @classmethod
    def of(cls, config: ReviseConfig, **changes: Any) -> EditSettings:
        """Returns the settings that a model's configuration asks for, with changes by field name.

        Names of :class:`SamplingConfig` change the sampling; a change to None is one too (`size`, `fps`).

        Raises:
            UsageError: a value is out of range.
            TypeError: a name is unknown.
        """
        names = SamplingConfig.__dataclass_fields__
        sampling = {name: changes.pop(name) for name in tuple(changes) if name in names}
        return cls(sampling=replace(config.sampling, **sampling), **changes)

    def policy(self, stride: int) -> WindowPolicy:
        """Returns the windows' policy at a stride."""
        overlap = self.overlap if self.overlap < self.sampling.frames else 0
        if self.blend == "latent" and self.sampling.frames > 1:
            overlap = max(1, overlap)
        return WindowPolicy(
            frames=self.sampling.frames,
            overlap=overlap,
            stride=stride,
            blend=self.blend,
            tail=self.tail,
            short=self.short,
            max_frames=self.max_frames,
        )

    def stride_for(self, fps: float) -> int:
        """Returns the source frames per frame read, for a source of this rate; at least 1."""
        if self.stride is not None:
            return self.stride
        return 1 if self.sampling.fps is None else max(1, round(fps / self.sampling.fps))

    def as_json(self) -> dict[str, Any]:
        """Returns all that decides the frames, as JSON values."""
        sampling, size = self.sampling, self.sampling.size
        return {
            "sampling": {
                "solver": sampling.solver,
                "steps": sampling.steps,
                "shift": sampling.shift,
                "guidance_scale": sampling.guidance_scale,
                "frames": sampling.frames,
                "fps": sampling.fps,
                "size": None if size is None else [size.width, size.height],
                "fit": sampling.fit,
                "detail": sampling.detail,
            },
            "overlap": self.overlap,
            "stride": self.stride,
            "max_frames": self.max_frames,
            "blend": self.blend,
            "tail": self.tail,
            "short": self.short,
            "turn": self.turn,
            "max_pixels": self.max_pixels,
            "keep_size": self.keep_size,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReviseRequest:
    """One edit to make."""

    video: Clip
    instruction: str
    seed: int
    """Of the noise, 0..2^63-1."""
    reference_HWC: Frames | None = None
    """A reference picture, uint8 RGB, of any size."""
    window: Window | None = None
    """The source frames to consume; None: as the settings say."""
    where: str = ""
    """What to call it in errors: a sample id, say."""

    def __post_init__(self) -> None:
        picture = self.reference_HWC
        if picture is None:
            return
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[-1] != 3 or 0 in picture.shape:
            raise UsageError(
                f"a reference picture is uint8 RGB (H, W, 3), not {picture.dtype} {tuple(picture.shape)}",
                where=self.where or None,
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EditPlan:
    """What is decided about an edit by arithmetic alone."""

    clip: ClipPlan
    size: SizePlan

    @classmethod
    def of(cls, request: ReviseRequest, settings: EditSettings) -> EditPlan:
        """Plans a request.

        Raises:
            UsageError: no frame is there to read, or the clip's size or length cannot be edited as asked.
        """
        video = request.video
        policy = settings.policy(settings.stride_for(video.fps))
        there = min(
            len(video), request.window.count if request.window else len(video), settings.max_frames or len(video)
        )
        if there == 1 and policy.short == "repeat":
            policy = replace(policy, short="shrink")
        width, height = video.size
        return cls(
            clip=plan_clip(len(video), video.fps, policy, request.window),
            size=plan_size(
                width,
                height,
                size=settings.sampling.size,
                fit=settings.sampling.fit,
                turn=settings.turn,
                max_pixels=settings.max_pixels,
            ),
        )

    @property
    def shape(self) -> tuple[int, Size]:
        """Frames of a window, and their size."""
        return self.clip.frames, self.size.model

    def as_json(self) -> dict[str, Any]:
        """Returns the plan as JSON values for a run's records."""
        return {"clip": self.clip.as_json(), "size": self.size.as_json()}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EncodedEdit:
    """A request and what VAE, VLM and text encoder say of it: all that the transformer will ever learn of the source.

    It depends on neither steps, solver, guidance nor seed, so that one serves many edits.
    """

    request: ReviseRequest
    plan: EditPlan
    source_latents: tuple[torch.Tensor, ...]
    """Of each window (C, T, H, W), normalised, fp32, on the CPU."""
    vlm_LD: torch.Tensor
    text_LD: torch.Tensor | None
    reference_latents_CTHW: torch.Tensor | None = None

    def with_seed(self, seed: int) -> EncodedEdit:
        """Returns the same for another edit, of other noise."""
        return replace(self, request=replace(self.request, seed=seed))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConditionedEdit:
    """An encoded request and its contexts, one a window, constant over the sampling."""

    encoded: EncodedEdit
    windows: tuple[GuidedConditions, ...]
    context: ContextPlan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReviseEdit:
    """A finished edit."""

    frames_THWC: Frames
    """RGB, one frame for each source frame consumed."""
    fps: float
    window: Window
    """The source frames consumed, in order; frame i of the edit is one moment with the i-th of them."""
    seed: int
    plan: EditPlan
    context: ContextPlan
    """What the transformer was told, in tokens."""
    meta: Mapping[str, Any] = field(default_factory=dict)
    """Model, compat, settings and plan as JSON values."""


def as_clip(video: Clip | Frames, fps: float | None) -> Clip:
    """Returns a clip of frames (T, H, W, 3), uint8 RGB; a clip as it is.

    Args:
        video: the frames, or a clip.
        fps: frames a second of bare frames; a clip has its own.

    Raises:
        UsageError: bare frames come without a rate, or are no frames.
    """
    if isinstance(video, Clip):
        return video
    frames = np.asarray(video)
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or 0 in frames.shape:
        raise UsageError(f"frames are uint8 RGB (T, H, W, 3), not {frames.dtype} {tuple(frames.shape)}")
    if fps is None or not fps > 0:
        raise UsageError("bare frames need their rate", hint="give fps, in frames a second, or a Clip")
    return Clip(frames_THWC=frames.view(), fps=float(fps), pts_s=np.arange(len(frames)) / fps)
