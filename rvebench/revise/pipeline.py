"""The editing pipeline: a video and an instruction in, an edited video out.

    pipeline = ReviseEditPipeline.from_pretrained(folder, device="cuda", dtype=torch.bfloat16)
    edit = pipeline(read_video(path), "Show the ice after an hour in the sun.", seed=7)

Four stages, each of which may be called alone: `encode` (VAE, VLM and text encoder, once a request), `condition` (the
connector, once a window), sampling, and decoding. What `encode` or `condition` gave can be handed to `edit` in place of
a request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch

from rvebench.errors import UsageError
from rvebench.revise.assembly import Parts, load_parts, random_parts, save_parts
from rvebench.revise.config import ReviseConfig, preset
from rvebench.revise.denoising import Denoising
from rvebench.revise.edit import ConditionedEdit, EditSettings, EncodedEdit, ReviseEdit, ReviseRequest, as_clip
from rvebench.revise.folder import ModelFolder, read_folder
from rvebench.revise.placement import Offload, Placement, check_device, edit_memory, require_memory
from rvebench.revise.sampling.sampler import Cancelled, Progress, Sampler
from rvebench.revise.stages import Stages
from rvebench.video import Clip, Frames

__all__ = ["EditInput", "ReviseEditPipeline"]

EditInput = ReviseRequest | EncodedEdit | ConditionedEdit


class ReviseEditPipeline:
    """Edits videos by an instruction; see the module.

    Args:
        parts: a model's weights.
        device: where it computes: auto (cuda where there is one), cuda, cuda:N, mps or cpu.
        offload: `model` keeps weights on the CPU but for the part at work.
        compiled: compile the transformer by torch.compile, at its first use.
        digest: identity of the weights, for records.

    Raises:
        UsageError: torch sees no such device, or the offload is unknown.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        device: str = "cpu",
        offload: Offload = "none",
        compiled: bool = False,
        digest: str = "",
    ) -> None:
        self.digest = digest
        self._stages = Stages(parts=parts, placement=Placement(device, offload))
        if compiled:
            parts.dit.compile()
        for module in parts.modules.values():
            module.to(self.device if offload == "none" else "cpu")

    @property
    def parts(self) -> Parts:
        """The model."""
        return self._stages.parts

    @property
    def config(self) -> ReviseConfig:
        """The model's configuration, sampling defaults included."""
        return self.parts.config

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self._stages.placement.device

    @classmethod
    def from_pretrained(
        cls,
        folder: Path | str,
        *,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
        vlm_dtype: torch.dtype | None = None,
        offload: Offload = "none",
        compiled: bool = False,
        compat: Literal["official", "fixed"] | None = None,
        verify: bool = False,
        settings: EditSettings | None = None,
        report: Callable[[str], object] | None = None,
    ) -> ReviseEditPipeline:
        """Loads a model from a folder in our layout.

        Args:
            folder: what :meth:`save_pretrained` or `rvebench revise checkpoint convert` wrote.
            device: see the class.
            dtype: of the weights; the VAE, the latents and what diffusers keeps so in the transformer stay in fp32.
            vlm_dtype: of the VLM; None for `dtype`. The released one was run in float16.
            offload: see the class.
            compiled: see the class.
            compat: other switches than the folder's; see :meth:`ReviseConfig.with_compat`.
            verify: read every file and compare its sha256 first.
            settings: the edits to come, for the memory plan; None for those of the configuration.
            report: is given the memory plan as text before anything is loaded.

        Raises:
            UsageError: no such folder or device, another layout, or more memory needed than is free.
            DataError: a file is missing, cut, damaged, or not of this model.
        """
        place = check_device(device)
        found = read_folder(Path(folder))
        config = found.config if compat is None else found.config.with_compat(compat)
        _fit(config, settings, place, dtype, offload, report)
        if verify:
            found.verify()
        parts = load_parts(found, config=config, dtype=dtype, vlm_dtype=vlm_dtype)
        return cls(parts, device=str(place), offload=offload, compiled=compiled, digest=found.digest)

    @classmethod
    def from_config(
        cls,
        config: ReviseConfig | str,
        *,
        seed: int = 0,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
        offload: Offload = "none",
        compiled: bool = False,
        settings: EditSettings | None = None,
        report: Callable[[str], object] | None = None,
        drawn_on: str = "cpu",
    ) -> ReviseEditPipeline:
        """Makes a model of the same classes with random weights and tiny tokenizers.

        Args:
            config: a configuration, or a preset's name.
            seed: of the weights.
            device: see the class.
            dtype: see :meth:`from_pretrained`.
            offload: see the class.
            compiled: see the class.
            settings: see :meth:`from_pretrained`.
            report: see :meth:`from_pretrained`.
            drawn_on: where weights are drawn. Numbers drawn on a GPU are others than those of a CPU, and at full
                size come in seconds, not minutes.

        Raises:
            UnknownNameError: no preset has that name.
            UsageError: no such device, a negative seed, or more memory needed than is free.
        """
        place = check_device(device)
        config = preset(config) if isinstance(config, str) else config
        _fit(config, settings, place, dtype, offload, report)
        parts = random_parts(config, seed=seed, dtype=dtype, device=str(check_device(drawn_on)))
        return cls(parts, device=str(place), offload=offload, compiled=compiled, digest=f"random-{seed}")

    def save_pretrained(self, folder: Path | str) -> ModelFolder:
        """Writes the model in our layout, weights as safetensors in their own dtypes.

        Raises:
            UsageError: the folder is there and not empty.
            StorageError: it cannot be written.
        """
        return save_parts(self.parts, Path(folder))

    def with_config(self, config: ReviseConfig) -> ReviseEditPipeline:
        """Returns a pipeline over the same weights under other switches: compat, sampling, context, frames shown."""
        other = object.__new__(ReviseEditPipeline)
        other.digest = self.digest
        other._stages = replace(self._stages, parts=self.parts.with_config(config))
        return other

    def __call__(
        self,
        video: Clip | Frames,
        instruction: str,
        *,
        rate: float | None = None,
        reference: Frames | None = None,
        seed: int | None = None,
        settings: EditSettings | None = None,
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
        **changes: Any,
    ) -> ReviseEdit:
        """Edits one video.

        Args:
            video: a clip, or uint8 RGB frames (T, H, W, 3).
            instruction: what is to be changed.
            rate: frames a second of bare frames; a clip has its own.
            reference: a reference picture, uint8 RGB (H, W, 3).
            seed: of the noise; None for the configuration's.
            settings: all settings; None for those of the configuration.
            progress: called after each step.
            cancelled: asked before each step.
            changes: single settings by name, those of :class:`EditSettings` and of its sampling: `steps`, `size`,
                `guidance_scale`, `shift`, `solver`, `frames` (of a window), `max_frames`, `fps`, `stride`, `overlap`, …

        Raises:
            UsageError: an input or setting cannot be used; the text says which and why.
            NotFiniteError: a network answered with NaN or an infinity.
            SamplingCancelledError: `cancelled` said so.
        """
        if settings is not None and changes:
            raise UsageError(f"settings are given and {', '.join(sorted(changes))} too", hint="give one of the two")
        request = ReviseRequest(
            video=as_clip(video, rate),
            instruction=instruction,
            seed=self.config.sampling.seed if seed is None else seed,
            reference_HWC=reference,
        )
        chosen = settings or EditSettings.of(self.config, **changes)
        return self.edit([request], settings=chosen, progress=progress, cancelled=cancelled)[0]

    def edit(
        self,
        inputs: Sequence[EditInput],
        *,
        settings: EditSettings | None = None,
        recompute_conditions: bool = False,
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
    ) -> list[ReviseEdit]:
        """Returns the edits of several requests, in their order; windows of one shape are sampled together.

        Args:
            inputs: requests, or what :meth:`encode` or :meth:`condition` made of them.
            settings: None for those of the configuration. What decided an input's encoding (frames, size) has
                no effect on it any more.
            recompute_conditions: run the connector again at every step, as the released loop does. For measuring only.
            progress: called after each step of each batch.
            cancelled: asked before each step.

        Raises:
            UsageError: see :meth:`__call__`.
            NotFiniteError: see :meth:`__call__`.
            SamplingCancelledError: see :meth:`__call__`.
        """
        settings = settings or EditSettings.of(self.config)
        stages = self._stages
        sampler = Sampler.of(settings.sampling, self.config.compat, batched=settings.batched_guidance)
        ready = self._conditioned(inputs, settings, guided=sampler.guidance.needs_null)
        latents = Denoising(
            stages=stages,
            sampler=sampler,
            settings=settings,
            recompute=recompute_conditions,
            progress=progress,
            cancelled=cancelled,
        ).run(ready)
        with stages.placement.at_work(self.parts.vae):
            frames = [
                stages.decode(each, clean, keep_size=settings.keep_size, detail=settings.sampling.detail)
                for each, clean in zip(ready, latents, strict=True)
            ]
        return [self._edit(each, made, settings) for each, made in zip(ready, frames, strict=True)]

    def encode(self, requests: Sequence[ReviseRequest], *, settings: EditSettings | None = None) -> list[EncodedEdit]:
        """Runs VAE, VLM and text encoder, each once a request; see :meth:`rvebench.revise.stages.Stages.encode`."""
        return self._stages.encode(requests, settings or EditSettings.of(self.config))

    def condition(self, encoded: Sequence[EncodedEdit], *, guided: bool = True) -> list[ConditionedEdit]:
        """Runs the connector, once a window; see :meth:`rvebench.revise.stages.Stages.condition`."""
        return self._stages.condition(encoded, guided=guided)

    def _conditioned(
        self, inputs: Sequence[EditInput], settings: EditSettings, *, guided: bool
    ) -> list[ConditionedEdit]:
        requests = [each for each in inputs if isinstance(each, ReviseRequest)]
        fresh = iter(self.encode(requests, settings=settings) if requests else [])
        encoded = [next(fresh) if isinstance(each, ReviseRequest) else each for each in inputs]
        bare = [each for each in encoded if isinstance(each, EncodedEdit)]
        computed = iter(self.condition(bare, guided=guided) if bare else [])
        return [next(computed) if isinstance(each, EncodedEdit) else each for each in encoded]

    def _edit(self, ready: ConditionedEdit, frames: Frames, settings: EditSettings) -> ReviseEdit:
        plan, manifest = ready.encoded.plan, self.config.manifest()
        return ReviseEdit(
            frames_THWC=frames,
            fps=plan.clip.output_fps,
            window=plan.clip.window,
            seed=ready.encoded.request.seed,
            plan=plan,
            context=ready.context,
            meta={
                "weights": self.digest,
                **{name: manifest[name] for name in ("config", "config_digest", "strategy", "compat")},
                "settings": settings.as_json(),
                **plan.as_json(),
            },
        )


def _fit(
    config: ReviseConfig,
    settings: EditSettings | None,
    device: torch.device,
    dtype: torch.dtype,
    offload: Offload,
    report: Callable[[str], object] | None,
) -> None:
    """Tells the memory plan, and refuses what will not fit, before a weight is loaded."""
    plan = edit_memory(config, settings or EditSettings.of(config), device=device, dtype=dtype, offload=offload)
    if report is not None:
        report(plan.table())
    require_memory(plan, device)
