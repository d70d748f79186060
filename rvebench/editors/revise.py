"""ReViSE as an editor: the released model, the small one that is trained here, and one with random weights for tests.

Options and file lists are checked when the editor is built, without torch; the weights are loaded at the first request
and serve all that follow.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from rvebench.assets import asset_dir
from rvebench.editors.exchange import no_video
from rvebench.editors.python_transport import missing_modules
from rvebench.errors import EditorError, RveError
from rvebench.records import EditorInfo, EditRequest, EditResult, digest_of
from rvebench.revise.config import ReviseConfig, Size, preset
from rvebench.revise.edit import EditSettings, ReviseRequest
from rvebench.revise.folder import ModelFolder, read_folder
from rvebench.taxonomy import Status
from rvebench.video import read_video, write_video

if TYPE_CHECKING:
    from rvebench.revise.edit import ReviseEdit
    from rvebench.revise.pipeline import ReviseEditPipeline

__all__ = ["ReviseEditor", "ReviseNanoEditor", "ReviseTinyRandomEditor"]

NEEDED_MODULES = ("torch", "diffusers", "transformers", "accelerate", "ftfy")
_RANDOM_SEED = 0


class ReviseEditor:
    """The ReViSE model of a folder.

    Args:
        checkpoint: the folder, as `rvebench revise checkpoint convert` or `save_pretrained` wrote it.
        compat: `official` computes as the released code does, `fixed` as one would write it; the folder's own when
            not given. The guidance scale keeps its strength when the formula changes.
        steps: denoising steps.
        guidance: the w of the formula that compat names.
        shift: flow shift.
        solver: euler or unipc.
        frames: frames of a window, 4n+1; longer clips are edited in windows.
        overlap: frames that neighbouring windows share.
        max_frames: most frames read of a clip; all when not given.
        fps: the rate at which sources are read, as near as whole strides come to it.
        stride: source frames per frame read, in place of `fps`.
        size: WIDTHxHEIGHT, multiples of 32; `source` for each source's own.
        fit: how sources of another shape are brought to it: pad, crop or stretch; the folder's own when not given.
        detail: `source` gives back what size and autoencoder cost where the edit leaves the source as it was, `model`
            does not; the folder's own when not given.
        blend: where windows meet: pixel or latent.
        keep_size: give the edit the source's size back.
        batch: requests, and windows, that are sampled together.
        device: auto (cuda where there is one), cuda, cuda:N, mps or cpu.
        dtype: of the weights; auto is bfloat16 on cuda, float32 elsewhere; the autoencoder stays in float32.
        offload: `model` keeps on the GPU only the part at work.
        compiled: compile the transformer with torch.compile.
        threads: CPU threads of torch; as many as torch takes by itself when not given, 1 for the tiny model.
        explain: write the memory plan to the worker's log before loading.
    """

    NAME: ClassVar[str] = "revise"
    DEVICE: ClassVar[str] = "auto"
    THREADS: ClassVar[int | None] = None

    def __init__(
        self,
        *,
        checkpoint: str = "",
        compat: Literal["official", "fixed"] | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        shift: float | None = None,
        solver: Literal["euler", "unipc"] | None = None,
        frames: int | None = None,
        overlap: int = 5,
        max_frames: int | None = None,
        fps: float | None = None,
        stride: int | None = None,
        size: str = "",
        fit: Literal["pad", "crop", "stretch"] | None = None,
        detail: Literal["model", "source"] | None = None,
        blend: Literal["pixel", "latent"] = "pixel",
        keep_size: bool = True,
        batch: int = 1,
        device: str = "",
        dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto",
        offload: Literal["none", "model"] = "none",
        compiled: bool = False,
        threads: int | None = None,
        explain: bool = False,
    ) -> None:
        if threads is not None and threads < 1:
            raise EditorError(f"threads must be at least 1, not {threads}")
        self._folder = self._find(checkpoint)
        config = self._folder.config if self._folder is not None else self._preset()
        self._compat: Literal["official", "fixed"] | None = compat
        self._config = config if compat is None else config.with_compat(compat)
        self._device = device or self.DEVICE
        self._dtype = dtype
        self._offload: Literal["none", "model"] = offload
        self._compiled = compiled
        self._threads = threads or self.THREADS
        self._report = _say if explain else None
        sampling: dict[str, Any] = {
            "steps": steps,
            "guidance_scale": guidance,
            "shift": shift,
            "solver": solver,
            "frames": frames,
            "fps": fps,
            "fit": fit,
            "detail": detail,
        }
        changes = {name: value for name, value in sampling.items() if value is not None}
        if size:
            changes["size"] = None if size == "source" else Size.parse(size)
        self._settings = EditSettings.of(
            self._config,
            overlap=overlap,
            max_frames=max_frames,
            stride=stride,
            blend=blend,
            keep_size=keep_size,
            batch=batch,
            **changes,
        )
        self._pipeline: ReviseEditPipeline | None = None
        self._refusal = ""
        self._info = EditorInfo(
            name=self.NAME,
            version="1",
            revision=f"{self._weights_id()} settings-{self._settings_digest()[:16]}",
            max_frames=max_frames,
            deterministic=self._device == "cpu",
            seeded=True,
            notes=self._notes(),
        )

    @property
    def info(self) -> EditorInfo:
        return self._info

    def missing(self) -> tuple[str, ...]:
        """Returns what is not there to run: modules, weights, a device that was asked for."""
        lacks = [f"module {name}" for name in missing_modules(NEEDED_MODULES)]
        if self._folder is None:
            lacks += self._weights_missing()
        if not lacks and self._device not in ("auto", "cpu"):
            from rvebench.revise.placement import check_device

            try:
                check_device(self._device)
            except RveError as error:
                lacks.append(f"device {self._device} ({error.what})")
        return tuple(lacks)

    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        pulled = iter(requests)
        while batch := list(islice(pulled, self._settings.batch)):
            started = time.monotonic()
            pipeline = self._ready()
            if pipeline is None:
                yield from (no_video(request, self._refusal, started=started) for request in batch)
                continue
            yield from self._edit_batch(pipeline, batch)

    def _find(self, checkpoint: str) -> ModelFolder | None:
        """Returns the weights that are named; None where there are none (yet)."""
        return read_folder(Path(checkpoint).expanduser()) if checkpoint else None

    def _preset(self) -> ReviseConfig:
        """Returns the configuration that stands in while there are no weights."""
        return preset("wan1.3b")

    def _weights_missing(self) -> list[str]:
        return ["option checkpoint=FOLDER (what `rvebench revise checkpoint convert` wrote)"]

    def _weights_id(self) -> str:
        return f"{self._config.name}@{self._folder.digest[:16]}" if self._folder is not None else "no-weights"

    def _load(self, device: str, dtype: Any) -> ReviseEditPipeline:
        from rvebench.revise.pipeline import ReviseEditPipeline

        assert self._folder is not None, "missing() names the weights before any request comes"
        return ReviseEditPipeline.from_pretrained(
            self._folder.path,
            device=device,
            dtype=dtype,
            offload=self._offload,
            compiled=self._compiled,
            compat=self._compat,
            settings=self._settings,
            report=self._report,
        )

    def _notes(self) -> tuple[str, ...]:
        compat = self._config.compat
        seen = "the first frame" if compat.vlm_frames == "first" else "all frames"
        switches = (
            f"compat {compat.name}: guidance {compat.guidance} at {self._settings.sampling.guidance_scale:g}, "
            f"VLM sees {seen}, padding {compat.padding}, null source {compat.null_source}"
        )
        return (switches,)

    def _settings_digest(self) -> str:
        config = self._config.manifest()
        decided = {
            "compat": config["compat"],
            "config": config["config_digest"],
            "settings": self._settings.as_json(),
            "batch": self._settings.batch,
            "dtype": self._dtype,
        }
        return digest_of(decided)

    def _ready(self) -> ReviseEditPipeline | None:
        """Returns the loaded model; None when it cannot be had, for the reason that is kept."""
        if self._pipeline is None and not self._refusal:
            import torch

            from rvebench.revise.placement import check_device

            if self._threads is not None:
                torch.set_num_threads(self._threads)
            try:
                device = check_device(self._device)
                dtype = self._dtype
                if dtype == "auto":
                    dtype = "bfloat16" if device.type == "cuda" else "float32"
                self._pipeline = self._load(str(device), getattr(torch, dtype))
            except (RveError, MemoryError, torch.OutOfMemoryError) as error:
                # the same for each request: loading is not tried again
                self._refusal = str(error) if isinstance(error, RveError) else f"the model does not fit: {error}"
        return self._pipeline

    def _edit_batch(self, pipeline: ReviseEditPipeline, batch: list[EditRequest]) -> Iterator[EditResult]:
        started = time.monotonic()
        try:
            asked = [_asked(request) for request in batch]
            edits = pipeline.edit(asked, settings=self._settings)
        except Exception as error:  # the boundary of a request: a bad source, out of memory, a model's own fault
            if len(batch) > 1:  # one of them is at fault: each alone
                for request in batch:
                    yield from self._edit_batch(pipeline, [request])
                return
            reason = str(error) if isinstance(error, RveError) else f"{type(error).__name__}: {error}"
            yield no_video(batch[0], reason, started=started, model_id=self._weights_id())
            return
        wall_s = (time.monotonic() - started) / len(batch)
        for request, edit in zip(batch, edits, strict=True):
            yield self._written(pipeline, request, edit, wall_s)

    def _written(
        self, pipeline: ReviseEditPipeline, request: EditRequest, edit: ReviseEdit, wall_s: float
    ) -> EditResult:
        started = time.monotonic()
        video = request.out.with_suffix(".mp4")
        try:
            write_video(video, edit.frames_THWC, fps=edit.fps)
        except RveError as error:
            return no_video(request, str(error), started=started - wall_s, model_id=self._weights_id())
        clip, size = edit.plan.clip, edit.plan.size
        return EditResult(
            sample_id=request.sample_id,
            status=Status.OK,
            video=video,
            window=edit.window,
            wall_s=wall_s + time.monotonic() - started,
            model_id=self._weights_id(),
            meta={
                "size": str(size.model),
                "source_size": f"{size.source_width}x{size.source_height}",
                "windows": str(len(clip.starts)),
                "padding": str(clip.padding),
                "context_tokens": str(edit.context.total),
                "compat": self._config.compat.name,
                "device": pipeline.device.type,
            },
        )


class ReviseNanoEditor(ReviseEditor):
    """The small model that is trained here; `checkpoint` names another folder of such weights."""

    NAME = "revise-nano"
    DEVICE = "cpu"
    THREADS = 1  # two workers with a thread each take a third of the time of two with two

    def _find(self, checkpoint: str) -> ModelFolder | None:
        shipped = asset_dir("data") / "models" / "revise-nano"
        if checkpoint or not shipped.is_dir():
            return super()._find(checkpoint)
        return read_folder(shipped)

    def _preset(self) -> ReviseConfig:
        return preset("nano")

    def _weights_missing(self) -> list[str]:
        return ["its weights: this installation has no data/models/revise-nano (checkpoint=FOLDER takes your own)"]


class ReviseTinyRandomEditor(ReviseEditor):
    """The same classes at a tiny size with random weights: it edits nothing sensible, and shows that all parts run."""

    NAME = "revise-tiny-random"
    DEVICE = "cpu"
    THREADS = 1  # its layers are too small for more to help

    def _find(self, checkpoint: str) -> ModelFolder | None:
        if checkpoint:
            raise EditorError("revise-tiny-random takes no checkpoint", hint="use `revise?checkpoint=FOLDER`")
        return None

    def _preset(self) -> ReviseConfig:
        return preset("tiny-random")

    def _weights_missing(self) -> list[str]:
        return []

    def _weights_id(self) -> str:
        return f"tiny-random@seed-{_RANDOM_SEED}"

    def _load(self, device: str, dtype: Any) -> ReviseEditPipeline:
        from rvebench.revise.pipeline import ReviseEditPipeline

        return ReviseEditPipeline.from_config(
            self._config,
            seed=_RANDOM_SEED,
            device=device,
            dtype=dtype,
            offload=self._offload,
            compiled=self._compiled,
            settings=self._settings,
            report=self._report,
        )

    def _notes(self) -> tuple[str, ...]:
        return ("weights are random: a check that all parts run, no measure of the method", *super()._notes())


def _asked(request: EditRequest) -> ReviseRequest:
    return ReviseRequest(
        video=read_video(request.source),
        instruction=request.instruction,
        seed=request.seed,
        window=request.window,
        where=request.sample_id,
    )


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
