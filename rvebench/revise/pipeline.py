"""The editing pipeline: a video and an instruction in, an edited video out.

    pipeline = ReviseEditPipeline.from_pretrained(folder, device="cuda", dtype=torch.bfloat16)
    edit = pipeline(read_video(path), "Show the ice after an hour in the sun.", seed=7)

Four stages, each of which may be called alone: `encode` (VAE, VLM and text encoder, once a request), `condition` (the
connector, once a window), sampling, and decoding. What `encode` or `condition` gave can be handed to `edit` in place of
a request.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch

from rvebench.errors import UsageError
from rvebench.revise.assembly import Parts, load_parts, random_parts, save_parts
from rvebench.revise.conditions import GuidedConditions
from rvebench.revise.config import ReviseConfig, preset
from rvebench.revise.edit import (
    ConditionedEdit,
    EditPlan,
    EditSettings,
    EncodedEdit,
    ReviseEdit,
    ReviseRequest,
    as_clip,
)
from rvebench.revise.folder import ModelFolder, read_folder
from rvebench.revise.model.conditioning import Conditioned, SampleInputs, build_conditioner
from rvebench.revise.model.dit import Denoiser
from rvebench.revise.model.vae import VideoVae, frames_to_signal, signal_to_frames
from rvebench.revise.sampling.sampler import Cancelled, NotFiniteError, Progress, Sampler, seeded_noise
from rvebench.revise.sampling.sizing import plan_size
from rvebench.revise.text import require_instruction
from rvebench.revise.vlm.protocol import VlmRequest
from rvebench.video import Clip, Frames

__all__ = ["EditInput", "Offload", "ReviseEditPipeline", "check_device"]

Offload = Literal["none", "model"]
"""Where weights wait: all on the device, or on the CPU but for the part at work."""

EditInput = ReviseRequest | EncodedEdit | ConditionedEdit


def check_device(device: str) -> torch.device:
    """Returns the device that a text names; `auto` is cuda where torch sees a GPU, else cpu.

    Raises:
        UsageError: torch sees no such device.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        found = torch.device(device)
    except RuntimeError:
        raise UsageError(f"no device is called {device!r}", hint="use auto, cuda, cuda:N, mps or cpu") from None
    there = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}.get(found.type, lambda: True)()
    if there and found.type == "cuda" and found.index is not None:
        there = found.index < torch.cuda.device_count()
    if not there:
        raise UsageError(f"torch sees no device {device} here", hint="use device=cpu, or install torch for this GPU")
    return found


class ReviseEditPipeline:
    """Edits videos by an instruction; see the module.

    Args:
        parts: a model's weights, on the CPU.
        device: where it computes.
        offload: see :data:`Offload`; `model` makes room on a GPU, and moves each part once a call.
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
        if offload not in get_args(Offload):
            raise UsageError(f"no offload is called {offload!r}", hint=f"use one of {', '.join(get_args(Offload))}")
        self.device = check_device(device)
        self.offload = offload
        self.digest = digest
        self._parts = parts
        if compiled:
            parts.dit.compile()
        if offload == "none":
            for module in self._modules():
                module.to(self.device)

    @property
    def parts(self) -> Parts:
        """The model."""
        return self._parts

    @property
    def config(self) -> ReviseConfig:
        """The model's configuration, sampling defaults included."""
        return self._parts.config

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
    ) -> ReviseEditPipeline:
        """Loads a model from a folder in our layout.

        Args:
            folder: what :meth:`save_pretrained` or `rvebench revise checkpoint convert` wrote.
            device: auto, cuda, cuda:N, mps or cpu.
            dtype: of the weights; the VAE, the latents and what diffusers keeps so in the transformer stay in fp32.
            vlm_dtype: of the VLM; None for `dtype`. The released one was run in float16.
            offload: see :data:`Offload`.
            compiled: see the class.
            compat: other switches than the folder's; see :meth:`ReviseConfig.with_compat`.
            verify: read every file and compare its sha256 first.

        Raises:
            UsageError: no such folder or device, or another layout.
            DataError: a file is missing, cut, damaged, or not of this model.
        """
        check_device(device)
        found = read_folder(Path(folder))
        if verify:
            found.verify()
        config = found.config if compat is None else found.config.with_compat(compat)
        parts = load_parts(found, config=config, dtype=dtype, vlm_dtype=vlm_dtype)
        return cls(parts, device=device, offload=offload, compiled=compiled, digest=found.digest)

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
    ) -> ReviseEditPipeline:
        """Makes a model of the same classes with random weights, drawn on the CPU, and tiny tokenizers.

        Args:
            config: a configuration, or a preset's name.
            seed: of the weights.
            device: see :meth:`from_pretrained`.
            dtype: see :meth:`from_pretrained`.
            offload: see :data:`Offload`.
            compiled: see the class.

        Raises:
            UnknownNameError: no preset has that name.
            UsageError: no such device, or a negative seed.
        """
        check_device(device)
        config = preset(config) if isinstance(config, str) else config
        parts = random_parts(config, seed=seed, dtype=dtype)
        return cls(parts, device=device, offload=offload, compiled=compiled, digest=f"random-{seed}")

    def save_pretrained(self, folder: Path | str) -> ModelFolder:
        """Writes the model in our layout, weights as safetensors in their own dtypes.

        Raises:
            UsageError: the folder is there and not empty.
            StorageError: it cannot be written.
        """
        return save_parts(self._parts, Path(folder))

    def with_compat(self, name: Literal["official", "fixed"]) -> ReviseEditPipeline:
        """Returns a pipeline over the same weights with other switches."""
        other = object.__new__(ReviseEditPipeline)
        other.__dict__.update(self.__dict__)
        other._parts = self._parts.with_config(self.config.with_compat(name))
        return other

    def __call__(
        self,
        video: Clip | Frames,
        instruction: str,
        *,
        fps: float | None = None,
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
            fps: frames a second of bare frames.
            reference: a reference picture, uint8 RGB (H, W, 3).
            seed: of the noise; None for the configuration's.
            settings: all settings; None for those of the configuration.
            progress: called after each step.
            cancelled: asked before each step.
            changes: single settings by name, those of :class:`EditSettings` and of its sampling: `steps`,
                `guidance_scale`, `shift`, `solver`, `frames` (of a window), `size`, `max_frames`, `stride`, `overlap`, …

        Raises:
            UsageError: an input or setting cannot be used; the text says which and why.
            NotFiniteError: the network answered with NaN or an infinity.
            SamplingCancelledError: `cancelled` said so.
        """
        request = ReviseRequest(
            video=as_clip(video, fps),
            instruction=instruction,
            seed=self.config.sampling.seed if seed is None else seed,
            reference_HWC=reference,
        )
        if settings is not None and changes:
            raise UsageError("settings and single changes exclude each other")
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
            settings: None for those of the configuration.
            recompute_conditions: run the connector again at every step, as the released loop does. For measuring only.
            progress: called after each step of each batch.
            cancelled: asked before each step.

        Raises:
            UsageError: see :meth:`__call__`.
            NotFiniteError: see :meth:`__call__`.
            SamplingCancelledError: see :meth:`__call__`.
        """
        settings = settings or EditSettings.of(self.config)
        sampler = Sampler.of(settings.sampling, self.config.compat, batched=settings.batched_guidance)
        ready = self._conditioned(inputs, settings, guided=sampler.guidance.needs_null)
        latents: dict[int, list[torch.Tensor]] = {}
        run = _Run(self, sampler, settings, recompute_conditions, progress, cancelled)
        for group in _groups(ready):
            made = run.blended(ready, group) if settings.blend == "latent" else run.windows(ready, group)
            latents.update(made)
        with self._placed(self._parts.vae):
            return [self._finish(each, latents[index], settings) for index, each in enumerate(ready)]

    def encode(self, requests: Sequence[ReviseRequest], *, settings: EditSettings | None = None) -> list[EncodedEdit]:
        """Runs VAE, VLM and text encoder, each once a request.

        Raises:
            UsageError: an instruction is empty or too long, or a clip cannot be edited as asked.
        """
        settings = settings or EditSettings.of(self.config)
        for request in requests:
            require_instruction(request.instruction, where=request.where or None)
        plans = [EditPlan.of(request, settings) for request in requests]
        with torch.no_grad():
            texts = self._encode_texts(requests)
            states = self._encode_vlm(requests, plans)
            with self._placed(self._parts.vae):
                latents = [self._encode_source(*pair) for pair in zip(requests, plans, strict=True)]
                references = [self._encode_reference(*pair) for pair in zip(requests, plans, strict=True)]
        return [
            EncodedEdit(
                request=request,
                plan=plan,
                source_latents=source,
                vlm_LD=vlm_LD,
                text_LD=text_LD,
                reference_latents_CTHW=reference,
            )
            for request, plan, source, vlm_LD, text_LD, reference in zip(
                requests, plans, latents, states, texts, references, strict=True
            )
        ]

    def condition(self, encoded: Sequence[EncodedEdit], *, guided: bool = True) -> list[ConditionedEdit]:
        """Runs the connector, once a window.

        Args:
            encoded: what :meth:`encode` gave.
            guided: whether a null branch is wanted; sampling without guidance needs none.

        Raises:
            ContextOverflowError: a context does not fit; its text lists the parts.
        """
        made = []
        with torch.no_grad(), self._placed(self._parts.connector):
            for each in encoded:
                rows = [self._window(each, index, guided) for index in range(len(each.source_latents))]
                made.append(
                    ConditionedEdit(
                        encoded=each, windows=tuple(row.conditions for row in rows), context=rows[0].plan
                    )
                )
        return made

    def _conditioned(
        self, inputs: Sequence[EditInput], settings: EditSettings, *, guided: bool
    ) -> list[ConditionedEdit]:
        requests = [each for each in inputs if isinstance(each, ReviseRequest)]
        fresh = iter(self.encode(requests, settings=settings) if requests else [])
        encoded = [next(fresh) if isinstance(each, ReviseRequest) else each for each in inputs]
        bare = [each for each in encoded if isinstance(each, EncodedEdit)]
        computed = iter(self.condition(bare, guided=guided) if bare else [])
        return [next(computed) if isinstance(each, EncodedEdit) else each for each in encoded]

    def _window(self, encoded: EncodedEdit, index: int, guided: bool) -> Conditioned:
        parts, device = self._parts, self.device
        reference = encoded.reference_latents_CTHW
        inputs = SampleInputs(
            source_latents_CTHW=encoded.source_latents[index].to(device),
            vlm_LD=encoded.vlm_LD.to(device),
            text_LD=None if encoded.text_LD is None else encoded.text_LD.to(device),
            reference_latents_CTHW=None if reference is None else reference.to(device),
        )
        null = parts.null if guided else None
        if null is not None:
            text = null.text_LD
            null = replace(null, vlm_LD=null.vlm_LD.to(device), text_LD=None if text is None else text.to(device))
        return build_conditioner(self.config, parts.connector, parts.tags, null).condition(inputs)

    def _encode_texts(self, requests: Sequence[ReviseRequest]) -> list[torch.Tensor | None]:
        text = self._parts.text
        if text is None:
            return [None] * len(requests)
        # one at a time: a row must not depend, in its last bits, on what it was padded with
        with self._placed(text.model):
            return [text.encode([request.instruction]).embeddings_LD[0].cpu() for request in requests]

    def _encode_vlm(self, requests: Sequence[ReviseRequest], plans: Sequence[EditPlan]) -> list[torch.Tensor]:
        vlm = self._parts.vlm
        states = []
        with self._placed(*vlm.modules.values()):
            for request, plan in zip(requests, plans, strict=True):
                window = plan.clip.window
                reference = request.reference_HWC
                prompt = VlmRequest(
                    instruction=request.instruction,
                    frames_THWC=_tensor(request.video.frames_THWC[plan.clip.source_indices[: window.count]]),
                    fps=window.fps,
                    reference_HWC=None if reference is None else _tensor(reference),
                    output="image" if plan.clip.frames == 1 else "video",
                )
                states.append(vlm.encode([prompt]).of(0).cpu())
        return states

    def _encode_source(self, request: ReviseRequest, plan: EditPlan) -> tuple[torch.Tensor, ...]:
        clip = plan.clip
        if clip.policy.blend == "latent":
            whole = self._latents(request.video.frames_THWC[clip.source_indices], plan)
            return tuple(whole[:, start : start + clip.latent_frames] for start in clip.latent_starts)
        windows = [clip.window_indices(index) for index in range(len(clip.starts))]
        return tuple(self._latents(request.video.frames_THWC[indices], plan) for indices in windows)

    def _encode_reference(self, request: ReviseRequest, plan: EditPlan) -> torch.Tensor | None:
        picture = request.reference_HWC
        if picture is None or self.config.conditioning.strategy != "revise":
            return None  # elsewhere the VLM alone sees it
        size = plan_size(picture.shape[1], picture.shape[0], size=plan.size.model, fit="pad", turn=False)
        signal = frames_to_signal(_tensor(size.to_model(picture[None]))).to(self.device)
        return VideoVae(self._parts.vae).encode(signal)[0].cpu()

    def _latents(self, frames_THWC: Frames, plan: EditPlan) -> torch.Tensor:
        signal = frames_to_signal(_tensor(plan.size.to_model(frames_THWC))).to(self.device)
        return VideoVae(self._parts.vae).encode(signal)[0].cpu()

    def _decode(self, latents_CTHW: torch.Tensor) -> Frames:
        with torch.no_grad():
            signal = VideoVae(self._parts.vae).decode(latents_CTHW.unsqueeze(0).to(self.device))
        if not bool(torch.isfinite(signal).all()):
            raise NotFiniteError("the autoencoder's frames are not finite", hint="check the weights")
        frames: Frames = signal_to_frames(signal)[0].cpu().numpy()
        return frames

    def _finish(self, ready: ConditionedEdit, latents: list[torch.Tensor], settings: EditSettings) -> ReviseEdit:
        request, plan = ready.encoded.request, ready.encoded.plan
        if plan.clip.policy.blend == "latent":
            frames = plan.clip.trim(self._decode(latents[0]))
        else:
            frames = plan.clip.assemble([self._decode(each) for each in latents])
        if settings.keep_size:
            source = request.video.frames_THWC[plan.clip.source_indices[: plan.clip.window.count]]
            frames = plan.size.from_model(frames, source)
        manifest = self.config.manifest()
        return ReviseEdit(
            frames_THWC=frames,
            fps=plan.clip.output_fps,
            window=plan.clip.window,
            seed=request.seed,
            plan=plan,
            context=ready.context,
            meta={
                "weights": self.digest,
                **{name: manifest[name] for name in ("config", "config_digest", "strategy", "compat")},
                "settings": settings.as_json(),
                **plan.as_json(),
            },
        )

    def _modules(self) -> list[Any]:
        parts = self._parts
        text = [] if parts.text is None else [parts.text.model]
        return [parts.dit, parts.vae, parts.connector, *parts.vlm.modules.values(), *text]

    @contextmanager
    def _placed(self, *modules: Any) -> Iterator[None]:
        """Keeps modules on the device while they are at work."""
        if self.offload == "none":
            yield
            return
        for module in modules:
            module.to(self.device)
        try:
            yield
        finally:
            for module in modules:
                module.to("cpu")
            if self.device.type == "cuda":
                torch.cuda.empty_cache()


class _Run:
    """The sampling of one call: which rows go together, and what they start from."""

    def __init__(
        self,
        pipeline: ReviseEditPipeline,
        sampler: Sampler,
        settings: EditSettings,
        recompute: bool,
        progress: Progress | None,
        cancelled: Cancelled | None,
    ) -> None:
        self.pipeline = pipeline
        self.sampler = sampler
        self.settings = settings
        self.recompute = recompute
        self.progress = progress
        self.cancelled = cancelled
        self.denoiser = Denoiser(pipeline.parts.dit)

    def windows(self, ready: Sequence[ConditionedEdit], group: Sequence[int]) -> dict[int, list[torch.Tensor]]:
        """Samples every window by itself, up to `batch` at a time."""
        rows = [(index, window) for index in group for window in range(len(ready[index].windows))]
        noises = {index: self._noise(ready[index]) for index in group}
        made: dict[int, list[torch.Tensor]] = {index: [] for index in group}
        pipeline = self.pipeline
        modules: list[Any] = [pipeline.parts.dit, *([pipeline.parts.connector] if self.recompute else [])]
        with pipeline._placed(*modules):
            for start in range(0, len(rows), self.settings.batch):
                batch = rows[start : start + self.settings.batch]
                latents = self.sampler.sample(
                    self.denoiser,
                    self._conditions(ready, batch),
                    tuple(noises[batch[0][0]][0].shape[1:]),
                    [ready[index].encoded.request.seed for index, _ in batch],
                    device=pipeline.device,
                    noise_BCTHW=torch.cat([noises[index][window] for index, window in batch]),
                    recompute_conditions=self.recompute,
                    progress=self.progress,
                    cancelled=self.cancelled,
                )
                for (index, _), one in zip(batch, latents, strict=True):
                    made[index].append(one)
        return made

    def blended(self, ready: Sequence[ConditionedEdit], group: Sequence[int]) -> dict[int, list[torch.Tensor]]:
        """Samples each clip as one long latent whose windows are blended at each step."""
        if self.recompute:
            raise UsageError("conditions are recomputed for windows of pixels alone", hint="use blend=pixel")
        made = {}
        with self.pipeline._placed(self.pipeline.parts.dit):
            for index in group:
                clip, request = ready[index].encoded.plan.clip, ready[index].encoded.request
                latents = self.sampler.sample_windows(
                    self.denoiser,
                    ready[index].windows,
                    self._shape(ready[index], clip.latent_length),
                    [request.seed],
                    starts=clip.latent_starts,
                    weights_WT=clip.latent_weights_WT,
                    device=self.pipeline.device,
                    progress=self.progress,
                    cancelled=self.cancelled,
                )
                made[index] = [latents[0]]
        return made

    def _conditions(self, ready: Sequence[ConditionedEdit], batch: Sequence[tuple[int, int]]) -> Any:
        if not self.recompute:
            return GuidedConditions.join([ready[index].windows[window] for index, window in batch])
        guided = self.sampler.guidance.needs_null

        def compute() -> GuidedConditions:
            rows = [self.pipeline._window(ready[index].encoded, window, guided) for index, window in batch]
            return GuidedConditions.join([row.conditions for row in rows])

        return compute

    def _noise(self, ready: ConditionedEdit) -> list[torch.Tensor]:
        clip = ready.encoded.plan.clip
        whole = seeded_noise([ready.encoded.request.seed], self._shape(ready, clip.latent_length))
        return clip.window_noise(whole)

    @staticmethod
    def _shape(ready: ConditionedEdit, length: int) -> tuple[int, int, int, int]:
        channels, _, height, width = ready.encoded.source_latents[0].shape
        return channels, length, height, width


def _groups(ready: Sequence[ConditionedEdit]) -> list[list[int]]:
    """Returns the indices of edits whose windows have one shape."""
    groups: dict[tuple[int, int, int], list[int]] = {}
    for index, each in enumerate(ready):
        frames, size = each.encoded.plan.shape
        groups.setdefault((frames, size.width, size.height), []).append(index)
    return list(groups.values())


def _tensor(frames: Frames) -> torch.Tensor:
    return torch.from_numpy(np.array(frames))
