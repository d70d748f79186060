"""Lucy-Edit through diffusers: an instruction editor on Wan2.2-5B.

It was trained on instructions that begin with Change, Add, Replace or Transform: an instruction that asks "What if"
is out of its range, which the run says.
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

__all__ = ["LucyEditEditor"]


class LucyEditEditor(PipelineEditor):
    """Lucy-Edit.

    Args:
        checkpoint: hub id or folder.
        revision: hub commit to pin.
        prompt: which text of the sample it is told: instruction, literal or expected_outcome.
        steps: denoising steps.
        guidance: guidance scale.
        frames: as many source frames as are read, of the form 4k+1.
        stride: source frames per frame read.
        max_pixels: largest picture; the source's shape is kept.
        width: fixed width, with `height`.
        height: fixed height.
        negative_prompt: what to keep away from.
        device: auto, cuda, cpu or mps.
        dtype: auto is bfloat16 on cuda, float32 elsewhere; the autoencoder stays in float32.
        offload: keep only the computing part on the GPU.
        pipeline_factory: makes the pipeline instead of loading the checkpoint.
    """

    def __init__(
        self,
        *,
        checkpoint: str = "decart-ai/Lucy-Edit-Dev",
        revision: str = "",
        prompt: PromptSource = "instruction",
        steps: int = 50,
        guidance: float = 5.0,
        frames: int = 81,
        stride: int = 1,
        max_pixels: int = 832 * 480,
        width: int | None = None,
        height: int | None = None,
        negative_prompt: str = "",
        device: Device = "auto",
        dtype: DType = "auto",
        offload: bool = False,
        pipeline_factory: Factory | None = None,
    ) -> None:
        super().__init__(
            name="lucy-edit",
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
                extra={"prompt": prompt},
            ),
            device=device,
            offload=offload,
            prompt_kind="instruction",
            prompt_source=prompt,
            notes=("trained on instructions that begin with Change, Add, Replace or Transform",),
            pipeline_factory=pipeline_factory,
        )

    def load(self, dtype: Any) -> Any:
        import torch
        from diffusers import AutoencoderKLWan, LucyEditPipeline

        settings = self._settings
        revision = settings.revision or None
        vae = AutoencoderKLWan.from_pretrained(
            settings.checkpoint, subfolder="vae", revision=revision, torch_dtype=torch.float32
        )
        return LucyEditPipeline.from_pretrained(settings.checkpoint, vae=vae, revision=revision, torch_dtype=dtype)

    def call(self, pipeline: Any, call: Call) -> Any:
        width, height = call.size
        return pipeline(
            prompt=call.request.instruction,
            negative_prompt=self._settings.negative_prompt,
            video=pictures(call.frames_THWC),
            height=height,
            width=width,
            num_frames=len(call.frames_THWC),
            num_inference_steps=self._settings.steps,
            guidance_scale=self._settings.guidance,
            generator=call.generator,
            output_type="np",
        )
