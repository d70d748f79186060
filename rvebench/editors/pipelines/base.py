"""What editors on diffusers pipelines share: loading once, frames in, frames out, faults recorded per request."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from rvebench.editors.exchange import no_video
from rvebench.editors.pipelines.frames import FrameChoice, choose_frames, fit_size
from rvebench.editors.python_transport import missing_modules
from rvebench.records import EditorInfo, EditRequest, EditResult, Need, PromptKind, digest_of
from rvebench.taxonomy import Status
from rvebench.video import Frames, read_video, resize_frames, write_video

__all__ = ["Call", "PipelineEditor", "PipelineSettings", "PromptSource"]

Device = Literal["auto", "cuda", "cpu", "mps"]
DType = Literal["auto", "bfloat16", "float16", "float32"]
PromptSource = Literal["instruction", "literal", "expected_outcome"]
Factory = Callable[[], Any]

NEEDED_MODULES = ("torch", "diffusers", "transformers", "accelerate", "ftfy")


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSettings:
    """What decides the output of a pipeline, besides the request."""

    checkpoint: str
    """Hub id or folder."""
    revision: str
    """Hub commit; empty: whatever the hub or its cache holds."""
    steps: int
    guidance: float
    max_frames: int
    stride: int
    max_pixels: int
    width: int | None
    height: int | None
    dtype: DType
    negative_prompt: str
    extra: Mapping[str, str | int | float]
    """What only this editor has (strength, control)."""

    def digest(self) -> str:
        """Returns the sha256 of all of it."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return digest_of({**fields, "extra": dict(self.extra)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the pipeline."""

    request: EditRequest
    frames_THWC: Frames
    """At the model's size, padding included."""
    choice: FrameChoice
    generator: Any
    """`torch.Generator` on the CPU, seeded by the request: the noise is the same on every device."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return int(self.frames_THWC.shape[2]), int(self.frames_THWC.shape[1])


class PipelineEditor(ABC):
    """An editor on a diffusers pipeline.

    Args:
        name: the editor's name.
        version: version of this adapter.
        settings: what decides the output.
        device: where it runs; `auto` is cuda, then cpu.
        offload: keep on the GPU only the part that computes.
        prompt_kind: what text the model was trained on.
        prompt_source: which text of the sample it gets.
        needs: what a request must carry besides source and instruction.
        notes: what a reader of the scores must know.
        pipeline_factory: makes the pipeline instead of loading the checkpoint.
    """

    def __init__(
        self,
        *,
        name: str,
        version: str,
        settings: PipelineSettings,
        device: Device,
        offload: bool,
        prompt_kind: PromptKind,
        prompt_source: PromptSource,
        needs: tuple[Need, ...] = (),
        notes: tuple[str, ...] = (),
        pipeline_factory: Factory | None = None,
    ) -> None:
        self._settings = settings
        self._device = device
        self._offload = offload
        self._factory = pipeline_factory
        self._pipeline: Any = None
        pinned = settings.revision or "unpinned"
        self._info = EditorInfo(
            name=name,
            version=version,
            revision=f"{settings.checkpoint}@{pinned} settings-{settings.digest()[:16]}",
            prompt_kind=prompt_kind,
            prompt_source=prompt_source,
            needs=needs,
            max_frames=settings.max_frames,
            seeded=True,
            deterministic=False,
            notes=notes if settings.revision else (*notes, "the checkpoint's revision is not pinned"),
        )

    @property
    def info(self) -> EditorInfo:
        return self._info

    def missing(self) -> tuple[str, ...]:
        """Returns the modules that are not installed."""
        if self._factory is not None:
            return ()
        return tuple(f"module {name}" for name in missing_modules(NEEDED_MODULES))

    @abstractmethod
    def load(self, dtype: Any) -> Any:
        """Returns the pipeline of the checkpoint, not yet on a device."""

    @abstractmethod
    def call(self, pipeline: Any, call: Call) -> Any:
        """Runs the pipeline once and returns its output object."""

    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        for request in requests:
            if self._pipeline is None:
                self._pipeline = self._load()
            started = time.monotonic()
            try:
                yield self._edit_one(request, started)
            except Exception as error:  # the boundary of one request: out of memory, a bad source, a model's own fault
                self._free_memory()
                yield no_video(
                    request, f"{type(error).__name__}: {error}", started=started, model_id=self._settings.checkpoint
                )

    def _load(self) -> Any:
        if self._factory is not None:
            return self._factory()
        import torch

        device = self._device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = self._settings.dtype
        if dtype == "auto":
            dtype = "bfloat16" if device == "cuda" else "float32"
        pipeline = self.load(getattr(torch, dtype))
        pipeline.set_progress_bar_config(disable=True)
        if self._offload:
            pipeline.enable_model_cpu_offload()
        else:
            pipeline.to(device)
        return pipeline

    def _edit_one(self, request: EditRequest, started: float) -> EditResult:
        import torch

        settings, pipeline = self._settings, self._pipeline
        clip = read_video(request.source)
        choice = choose_frames(
            len(clip),
            clip.fps,
            asked=request.window,
            stride=settings.stride,
            max_frames=settings.max_frames,
            temporal_factor=int(getattr(pipeline, "vae_scale_factor_temporal", 4)),
        )
        width, height = self._size(clip.size, _multiple(pipeline))
        frames = resize_frames(clip.frames_THWC[choice.indices], width, height)
        generator = torch.Generator("cpu").manual_seed(request.seed)
        out = self.call(pipeline, Call(request=request, frames_THWC=frames, choice=choice, generator=generator))
        edited = _to_uint8(np.asarray(out.frames[0]))
        if len(edited) != len(frames):
            raise RuntimeError(f"the pipeline gave {len(edited)} frames for {len(frames)}")
        video = request.out.with_suffix(".mp4")
        write_video(video, edited[: choice.window.count], fps=choice.window.fps)
        return EditResult(
            sample_id=request.sample_id,
            status=Status.OK,
            video=video,
            window=choice.window,
            wall_s=time.monotonic() - started,
            model_id=settings.checkpoint + (f"@{settings.revision}" if settings.revision else ""),
            meta={"size": f"{width}x{height}", "padding": str(choice.padding)},
        )

    def _size(self, source: tuple[int, int], multiple: int) -> tuple[int, int]:
        width, height = self._settings.width, self._settings.height
        if width is None or height is None:
            return fit_size(*source, max_pixels=self._settings.max_pixels, multiple=multiple)
        if width % multiple or height % multiple:
            raise ValueError(f"width and height must be multiples of {multiple}, not {width}x{height}")
        return width, height

    def _free_memory(self) -> None:
        if self._factory is not None:
            return
        import torch

        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def pictures(frames_THWC: Frames) -> list[Any]:
    """Returns frames as PIL images, which is what the pipelines take."""
    from PIL import Image

    return [Image.fromarray(frame) for frame in frames_THWC]


def _multiple(pipeline: Any) -> int:
    """Returns what the sides must be multiples of: autoencoder's factor times transformer's patch, at least 16."""
    factor = int(getattr(pipeline, "vae_scale_factor_spatial", 8))
    config = getattr(getattr(pipeline, "transformer", None), "config", None)
    patch = getattr(config, "patch_size", (1, 2, 2))
    return max(16, factor * int(patch[1]))


def _to_uint8(frames: Any) -> Frames:
    if not np.isfinite(frames).all():
        raise RuntimeError("the model's output holds NaN or infinite values")
    return np.asarray(np.rint(np.clip(frames, 0.0, 1.0) * 255.0), dtype=np.uint8)
