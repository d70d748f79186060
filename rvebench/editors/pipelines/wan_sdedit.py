"""SDEdit on Wan2.1 through diffusers: the source is noised part of the way and denoised towards a caption.

The plainest way to edit a video with a text-to-video model: no instruction is understood, and `strength` trades the
edit against the source.
"""

from __future__ import annotations

from typing import Any

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
from rvebench.errors import EditorError

__all__ = ["WanSDEditEditor"]


class WanSDEditEditor(PipelineEditor):
    """WanVideoToVideo (SDEdit). It wants a caption of the target, not an instruction.

    Args:
        checkpoint: hub id or folder.
        revision: hub commit to pin.
        prompt: who writes the caption: the sample's instruction, literal or expected_outcome text.
        strength: share of the noise schedule that is run, above 0 and at most 1; 1 forgets the source.
        steps: denoising steps of the whole schedule.
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
        checkpoint: str = "Wan-AI/Wan2.1-T2V-1.3B-Diffusers",
        revision: str = "",
        prompt: PromptSource = "instruction",
        strength: float = 0.7,
        steps: int = 50,
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
        if not 0.0 < strength <= 1.0 or int(steps * strength) < 1:
            raise EditorError(
                f"strength {strength} of {steps} steps runs no step", hint="give a strength above 0 and at most 1"
            )
        self._strength = strength
        self._flow_shift = flow_shift
        super().__init__(
            name="wan-sdedit",
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
                extra={"strength": strength, "flow_shift": flow_shift, "prompt": prompt},
            ),
            device=device,
            offload=offload,
            prompt_kind="target_caption",
            prompt_source=prompt,
            notes=(f"SDEdit at strength {strength:g}: wants a caption, understands no instruction",),
            pipeline_factory=pipeline_factory,
        )

    def load(self, dtype: Any) -> Any:
        import torch
        from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanVideoToVideoPipeline

        settings = self._settings
        revision = settings.revision or None
        vae = AutoencoderKLWan.from_pretrained(
            settings.checkpoint, subfolder="vae", revision=revision, torch_dtype=torch.float32
        )
        pipeline = WanVideoToVideoPipeline.from_pretrained(
            settings.checkpoint, vae=vae, revision=revision, torch_dtype=dtype
        )
        pipeline.scheduler = UniPCMultistepScheduler.from_config(pipeline.scheduler.config, flow_shift=self._flow_shift)
        return pipeline

    def call(self, pipeline: Any, call: Call) -> Any:
        width, height = call.size
        return pipeline(
            prompt=call.request.instruction,
            negative_prompt=self._settings.negative_prompt,
            video=pictures(call.frames_THWC),
            strength=self._strength,
            height=height,
            width=width,
            num_inference_steps=self._settings.steps,
            guidance_scale=self._settings.guidance,
            generator=call.generator,
            output_type="np",
        )
