"""VACE on Wan2.1 through diffusers.

VACE is no instruction editor: it wants a caption of the video it is to make, and a control video of a kind it was
trained on. Given the raw source it gives back the source (upstream says that it was not trained for it). This adapter
offers the two controls that need no further model, and says in the run which one was used and who wrote the caption.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from rvebench.editors.pipelines.base import (
    Call,
    Device,
    DType,
    Factory,
    PipelineEditor,
    PipelineSettings,
    PromptSource,
    pictures,
)
from rvebench.video import Frames, read_video, resize_frames

__all__ = ["Control", "VaceEditor"]

Control = Literal["grayscale", "mask", "raw"]

_GREY = 128
_CAPTION = {
    "instruction": "the instruction itself stands in for a caption",
    "literal": "the caption is the sample's literal instruction, written by the benchmark's authors",
    "expected_outcome": "the caption is the sample's expected outcome, written by the benchmark's authors: "
    "the model did not have to reason",
}
_CONTROL = {
    "grayscale": "control: the source without colour",
    "mask": "control: the source with the sample's mask cut out",
    "raw": "control: the raw source, which the model was not trained on",
}


class VaceEditor(PipelineEditor):
    """Wan2.1-VACE. It wants a caption of the target, not an instruction.

    Args:
        checkpoint: hub id or folder.
        revision: hub commit to pin.
        prompt: who writes the caption: the sample's instruction, literal or expected_outcome text.
        control: grayscale, mask (the sample needs one), or raw.
        scale: weight of the control.
        steps: denoising steps.
        guidance: guidance scale.
        frames: as many source frames as are read, of the form 4k+1.
        stride: source frames per frame read.
        max_pixels: largest picture; the source's shape is kept.
        width: fixed width, with `height`.
        height: fixed height.
        flow_shift: 3 for 480P, 5 for 720P.
        negative_prompt: what to keep away from.
        device: auto, cuda, cpu or mps.
        dtype: auto is bfloat16 on cuda, float32 elsewhere; the autoencoder stays in float32.
        offload: keep only the computing part on the GPU.
        pipeline_factory: makes the pipeline instead of loading the checkpoint.
    """

    def __init__(
        self,
        *,
        checkpoint: str = "Wan-AI/Wan2.1-VACE-1.3B-diffusers",
        revision: str = "",
        prompt: PromptSource = "instruction",
        control: Control = "grayscale",
        scale: float = 1.0,
        steps: int = 30,
        guidance: float = 5.0,
        frames: int = 81,
        stride: int = 1,
        max_pixels: int = 832 * 480,
        width: int | None = None,
        height: int | None = None,
        flow_shift: float = 3.0,
        negative_prompt: str = "",
        device: Device = "auto",
        dtype: DType = "auto",
        offload: bool = False,
        pipeline_factory: Factory | None = None,
    ) -> None:
        self._control = control
        self._scale = scale
        self._flow_shift = flow_shift
        super().__init__(
            name="vace",
            version="1",
            settings=PipelineSettings(
                checkpoint=checkpoint,
                revision=revision,
                steps=steps,
                guidance=guidance,
                max_frames=frames,
                stride=stride,
                max_pixels=max_pixels,
                width=width,
                height=height,
                dtype=dtype,
                negative_prompt=negative_prompt,
                extra={"control": control, "scale": scale, "flow_shift": flow_shift, "prompt": prompt},
            ),
            device=device,
            offload=offload,
            prompt_kind="target_caption",
            prompt_source=prompt,
            needs=("mask",) if control == "mask" else (),
            notes=("wants a caption of the target video", _CAPTION[prompt], _CONTROL[control]),
            pipeline_factory=pipeline_factory,
        )

    def load(self, dtype: Any) -> Any:
        import torch
        from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanVACEPipeline

        settings = self._settings
        revision = settings.revision or None
        vae = AutoencoderKLWan.from_pretrained(
            settings.checkpoint, subfolder="vae", revision=revision, torch_dtype=torch.float32
        )
        pipeline = WanVACEPipeline.from_pretrained(settings.checkpoint, vae=vae, revision=revision, torch_dtype=dtype)
        pipeline.scheduler = UniPCMultistepScheduler.from_config(pipeline.scheduler.config, flow_shift=self._flow_shift)
        return pipeline

    def call(self, pipeline: Any, call: Call) -> Any:
        width, height = call.size
        video, mask = self._controlled(call)
        return pipeline(
            prompt=call.request.instruction,
            negative_prompt=self._settings.negative_prompt,
            video=pictures(video),
            mask=pictures(mask),
            conditioning_scale=self._scale,
            height=height,
            width=width,
            num_frames=len(call.frames_THWC),
            num_inference_steps=self._settings.steps,
            guidance_scale=self._settings.guidance,
            generator=call.generator,
            output_type="np",
        )

    def _controlled(self, call: Call) -> tuple[Frames, Frames]:
        """Returns the control video and its mask: white is made new, black is kept."""
        frames = call.frames_THWC
        white = np.full_like(frames, 255)
        if self._control == "raw":
            return frames, white
        if self._control == "grayscale":
            luma = np.rint(frames @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
            return np.repeat(luma[..., None], 3, axis=-1), white
        if call.request.mask is None:
            raise ValueError("the sample has no mask, and control=mask needs one")
        marks = read_video(call.request.mask).frames_THWC
        if len(marks) > 1:
            marks = marks[[min(index, len(marks) - 1) for index in call.choice.indices]]
        inside = resize_frames(marks, *call.size)[..., :1] >= 128
        inside = np.broadcast_to(inside, frames.shape)
        return np.where(inside, np.uint8(_GREY), frames), np.where(inside, np.uint8(255), np.uint8(0))
