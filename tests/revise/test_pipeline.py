"""Whole edits by tiny random models: what is computed once, together or alone gives the same frames."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from rvebench.errors import UnknownNameError, UsageError  # noqa: E402
from rvebench.records import Window  # noqa: E402
from rvebench.revise import placement  # noqa: E402
from rvebench.revise.config import (  # noqa: E402
    ConditioningConfig,
    DitConfig,
    RefinerConfig,
    ReviseConfig,
    SamplingConfig,
    Size,
    TagConfig,
    preset,
)
from rvebench.revise.edit import EditSettings, ReviseRequest  # noqa: E402
from rvebench.revise.model.context_plan import ContextOverflowError  # noqa: E402
from rvebench.revise.model.dit import Denoiser  # noqa: E402
from rvebench.revise.pipeline import ReviseEditPipeline  # noqa: E402
from rvebench.revise.sampling.sampler import (  # noqa: E402
    NotFiniteError,
    SamplingCancelledError,
    StepReport,
    seeded_noise,
)
from rvebench.revise.sampling.schedule import flow_schedule  # noqa: E402
from rvebench.revise.text import TextTooLongError  # noqa: E402
from rvebench.video import Frames, read_video  # noqa: E402
from tests.revise.small import clip_of, frames_of, quick, request_of  # noqa: E402


@pytest.fixture(scope="module")
def pipeline() -> ReviseEditPipeline:
    return ReviseEditPipeline.from_config("tiny-random")


@pytest.fixture(scope="module")
def fixed(pipeline: ReviseEditPipeline) -> ReviseEditPipeline:
    return pipeline.with_config(pipeline.config.with_compat("fixed"))


def _same(a: Frames, b: Frames) -> bool:
    return a.shape == b.shape and bool((a == b).all())


def _most(a: Frames, b: Frames) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def test_seventeen_frames_of_a_real_clip_are_edited_and_again_the_same(
    pipeline: ReviseEditPipeline, real_clips: dict[str, Path]
) -> None:
    clip = read_video(real_clips["carphone_pristine"])
    window = Window(start=0, stride=1, count=17, fps=clip.fps)
    request = ReviseRequest(video=clip, instruction="Show the car at night.", seed=7, window=window)
    (first,) = pipeline.edit([request])
    (second,) = ReviseEditPipeline.from_config("tiny-random").edit([request])
    assert _same(first.frames_THWC, second.frames_THWC)
    assert first.frames_THWC.shape == (17, 144, 176, 3) and first.frames_THWC.dtype == np.uint8
    assert first.window == window and first.fps == pytest.approx(clip.fps)
    assert len(first.plan.clip.starts) == 1 and first.meta["compat"]["name"] == "official"
    assert not _same(first.frames_THWC, clip.frames_THWC[:17])


def test_seed_instruction_and_source_each_change_the_edit(pipeline: ReviseEditPipeline) -> None:
    settings = quick(pipeline)
    base = request_of()
    other_clip = replace(base, video=clip_of(seed=5))
    requests = [base, replace(base, seed=4), replace(base, instruction="make it snow"), other_clip]
    edits = [edit.frames_THWC for edit in pipeline.edit(requests, settings=settings)]
    assert all(not _same(edits[0], other) for other in edits[1:])


def test_what_was_encoded_or_conditioned_before_gives_the_same_edit(pipeline: ReviseEditPipeline) -> None:
    settings, request = quick(pipeline), request_of()
    (direct,) = pipeline.edit([request], settings=settings)
    encoded = pipeline.encode([request], settings=settings)
    (from_encoded,) = pipeline.edit(encoded, settings=settings)
    (from_conditioned,) = pipeline.edit(pipeline.condition(encoded), settings=settings)
    assert _same(direct.frames_THWC, from_encoded.frames_THWC)
    assert _same(direct.frames_THWC, from_conditioned.frames_THWC)
    (other_noise,) = pipeline.edit([encoded[0].with_seed(99)], settings=settings)
    assert other_noise.seed == 99 and not _same(direct.frames_THWC, other_noise.frames_THWC)


def test_the_connector_runs_once_a_sample_and_recomputing_it_changes_nothing(pipeline: ReviseEditPipeline) -> None:
    settings, calls = quick(pipeline, steps=3), []
    hook = pipeline.parts.connector.adapter.register_forward_hook(lambda *_: calls.append(1))
    try:
        (cached,) = pipeline.edit([request_of()], settings=settings)
        once = len(calls)
        calls.clear()
        encoded = pipeline.encode([request_of()], settings=settings)
        (recomputed,) = pipeline.edit(pipeline.condition(encoded), settings=settings, recompute_conditions=True)
    finally:
        hook.remove()
    assert once == 2, "one conditional and one null branch"
    assert len(calls) == 2 + 2 * 3
    assert _same(cached.frames_THWC, recomputed.frames_THWC)


@pytest.mark.parametrize("compat", ["official", "fixed"])
def test_edits_sampled_together_are_those_sampled_alone(
    compat: str, pipeline: ReviseEditPipeline, fixed: ReviseEditPipeline
) -> None:
    used = fixed if compat == "fixed" else pipeline
    requests = [
        request_of("make it rain", seed=3),
        request_of("let the candle burn down until the whole room is dark", seed=8),
        request_of("add snow", seed=3, count=13),
    ]
    alone = [used.edit([request], settings=quick(used))[0] for request in requests]
    together = used.edit(requests, settings=quick(used, batch=4))
    for one, other in zip(alone, together, strict=True):
        assert one.window == other.window
        assert _most(one.frames_THWC, other.frames_THWC) <= 1


def test_two_passes_for_guidance_are_one_batch_of_both(pipeline: ReviseEditPipeline) -> None:
    (one,) = pipeline.edit([request_of()], settings=quick(pipeline))
    (two,) = pipeline.edit([request_of()], settings=quick(pipeline, batched_guidance=False))
    assert _most(one.frames_THWC, two.frames_THWC) <= 1


def test_standard_guidance_of_one_is_the_conditional_branch_alone(fixed: ReviseEditPipeline) -> None:
    settings = quick(fixed, guidance_scale=1.0, solver="euler", steps=3, keep_size=False)
    encoded = fixed.encode([request_of()], settings=settings)
    (edit,) = fixed.edit(encoded, settings=settings)
    (with_null,) = fixed.edit(fixed.condition(encoded, guided=True), settings=settings)
    assert _same(edit.frames_THWC, with_null.frames_THWC)

    (conditioned,) = fixed.condition(encoded, guided=False)
    assert conditioned.windows[0].null is None
    denoiser, x = Denoiser(fixed.parts.dit), seeded_noise([3], tuple(encoded[0].source_latents[0].shape))
    levels = flow_schedule(3, shift=settings.sampling.shift).sigmas
    with torch.no_grad():
        for level, following in pairwise(levels):
            velocity = denoiser(x, torch.tensor([1000 * level]), conditioned.windows[0].conditional)
            x = x + (following - level) * velocity
        frames = fixed._stages.decode(conditioned, [x[0]], keep_size=False)
    assert _most(edit.frames_THWC, frames) <= 1


def test_guidance_without_a_null_branch_is_refused(pipeline: ReviseEditPipeline) -> None:
    settings = quick(pipeline)
    encoded = pipeline.encode([request_of()], settings=settings)
    with pytest.raises(UsageError, match="needs an unconditional branch"):
        pipeline.edit(pipeline.condition(encoded, guided=False), settings=settings)


@pytest.mark.parametrize("blend", ["pixel", "latent"])
def test_a_long_clip_is_edited_in_windows_to_its_last_frame(blend: str, pipeline: ReviseEditPipeline) -> None:
    settings = quick(pipeline, blend=blend)
    (edit,) = pipeline.edit([request_of(count=14)], settings=settings)
    assert len(edit.frames_THWC) == 14 and edit.window == Window(start=0, stride=1, count=14, fps=8.0)
    assert len(edit.plan.clip.starts) == 4
    assert edit.meta["clip"]["blend"] == blend


def test_a_window_that_the_run_fixes_is_the_one_consumed(pipeline: ReviseEditPipeline) -> None:
    window = Window(start=2, stride=2, count=5, fps=4.0)
    video = clip_of(14)
    (edit,) = pipeline.edit([replace(request_of(), video=video, window=window)], settings=quick(pipeline))
    assert edit.window == window and edit.fps == 4.0 and len(edit.frames_THWC) == 5
    picked = replace(request_of(), video=replace_frames(video, video.frames_THWC[2:12:2], fps=4.0))
    (same,) = pipeline.edit([picked], settings=quick(pipeline, stride=1))
    assert _same(edit.frames_THWC, same.frames_THWC)


def replace_frames(clip: Any, frames: Frames, *, fps: float) -> Any:
    return type(clip)(frames_THWC=frames.copy(), fps=fps, pts_s=np.arange(len(frames)) / fps)


def test_sources_are_read_at_the_rate_the_model_knows(pipeline: ReviseEditPipeline) -> None:
    request = replace(request_of(), video=clip_of(14, fps=24.0))
    (edit,) = pipeline.edit([request], settings=quick(pipeline))
    assert edit.window == Window(start=0, stride=3, count=5, fps=8.0) and edit.fps == 8.0
    (own,) = pipeline.edit([request], settings=quick(pipeline, stride=1, max_frames=5))
    assert own.window == Window(start=0, stride=1, count=5, fps=24.0) and own.fps == 24.0


def test_one_frame_is_edited_as_a_picture(pipeline: ReviseEditPipeline) -> None:
    (edit,) = pipeline.edit([request_of(count=1)], settings=quick(pipeline))
    assert edit.frames_THWC.shape == (1, 32, 64, 3) and edit.plan.clip.padding == 0
    rows = {row.name: row.tokens for row in edit.context.rows}
    assert rows["VLM"] == 8, "the first of four vision vectors alone"


def test_sixteen_frames_come_back_as_sixteen(pipeline: ReviseEditPipeline) -> None:
    (edit,) = pipeline.edit([request_of(count=16)], settings=quick(pipeline))
    assert len(edit.frames_THWC) == 16 and edit.window.count == 16


@pytest.mark.parametrize(
    ("width", "height", "model"), [(34, 70, "32x64"), (77, 51, "64x32"), (33, 33, "64x32"), (640, 32, "64x32")]
)
def test_portrait_odd_square_and_wide_sources_keep_their_size(
    width: int, height: int, model: str, pipeline: ReviseEditPipeline
) -> None:
    (edit,) = pipeline.edit([request_of(count=1, width=width, height=height)], settings=quick(pipeline, steps=1))
    assert edit.frames_THWC.shape == (1, height, width, 3)
    assert str(edit.plan.size.model) == model


def test_a_source_may_bring_its_own_size(pipeline: ReviseEditPipeline) -> None:
    (edit,) = pipeline.edit([request_of(count=1, width=50, height=90)], settings=quick(pipeline, size=None, steps=1))
    assert str(edit.plan.size.model) == "64x96" and edit.frames_THWC.shape == (1, 90, 50, 3)


def test_a_reference_picture_enters_context_and_edit(pipeline: ReviseEditPipeline) -> None:
    settings, plain = quick(pipeline), request_of()
    shown = replace(plain, reference_HWC=frames_of(1, width=40, height=56, seed=9)[0])
    without, with_it = pipeline.edit([plain, shown], settings=settings)
    assert not _same(without.frames_THWC, with_it.frames_THWC)
    assert with_it.context.total == without.context.total + 2 + 12, "2 tokens of the picture between two tags"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ({"frames": 16}, "16 frames cannot be encoded"),
        ({"steps": 0}, "steps must be positive"),
        ({"solver": "heun"}, "solver is 'heun'"),
        ({"batch": 0}, "batch must be at least 1"),
        ({"stride": 0}, "stride must be at least 1"),
        ({"max_frames": 0}, "max_frames must be at least 1"),
        ({"fit": "bend"}, "fit is 'bend'"),
        ({"guidance_scale": float("nan")}, "guidance_scale must be 0 or more"),
        ({"overlap": -1}, "cannot share -1"),
        ({"max_pixels": 4096}, "no effect beside a fixed size"),
    ],
)
def test_settings_that_cannot_be_used_are_said_in_a_sentence(
    call: dict[str, Any], told: str, pipeline: ReviseEditPipeline
) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        pipeline(clip_of(), "make it rain", **call)
    assert "\n" not in str(caught.value)


def test_inputs_that_cannot_be_edited_are_said_in_a_sentence(pipeline: ReviseEditPipeline) -> None:
    for instruction in ("", " \n\t"):
        with pytest.raises(UsageError, match="the instruction is empty"):
            pipeline(clip_of(), instruction)
    with pytest.raises(TextTooLongError, match=r"tokens and the text encoder reads 192"):
        pipeline(clip_of(), "again and again " * 100)
    with pytest.raises(UsageError, match="bare frames need their rate"):
        pipeline(frames_of(), "make it rain")
    with pytest.raises(UsageError, match="uint8 RGB"):
        pipeline(frames_of().astype(np.float32), "make it rain", rate=8.0)
    with pytest.raises(UsageError, match="a reference picture is uint8 RGB"):
        pipeline(clip_of(), "make it rain", reference=frames_of(1))
    with pytest.raises(UsageError, match="a seed is a whole number from 0"):
        pipeline(clip_of(), "make it rain", seed=-1, steps=1, frames=5)
    with pytest.raises(UsageError, match="there is no frame to edit"):
        pipeline.edit([replace(request_of(), window=Window(start=99, stride=1, count=5, fps=8.0))])
    with pytest.raises(UsageError, match="settings are given and steps too"):
        pipeline(clip_of(), "make it rain", settings=quick(pipeline), steps=3)


def test_a_context_that_does_not_fit_names_its_parts(pipeline: ReviseEditPipeline) -> None:
    words = "let it rain for the whole of the long night " * 2
    with pytest.raises(ContextOverflowError, match=r"source \(2x10x16\) 320") as caught:
        pipeline(clip_of(), words, frames=5, size=Size(width=512, height=320))
    assert "\n" not in str(caught.value)


def test_the_plan_of_memory_is_told_before_loading_and_too_little_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("weights were made although the edit does not fit")

    monkeypatch.setattr("rvebench.revise.pipeline.random_parts", never)
    monkeypatch.setattr(placement, "available_memory", lambda device: 2**30)
    with pytest.raises(UsageError, match=r"needs \d+\.\d+ GiB on cpu, where 1.00 GiB are free") as caught:
        ReviseEditPipeline.from_config("wan1.3b", report=said.append)
    assert "\n" not in str(caught.value) and "sequential" not in str(caught.value)
    assert len(said) == 1 and "transformer" in said[0] and "1,419.0 M" in said[0]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_said() -> None:
    with pytest.raises(UsageError, match="torch sees no device cuda here"):
        ReviseEditPipeline.from_config("tiny-random", device="cuda")
    with pytest.raises(UsageError, match="no device is called 'gpu'"):
        ReviseEditPipeline.from_config("tiny-random", device="gpu")
    assert placement.check_device("auto").type == "cpu"


def test_an_unknown_preset_offload_or_seed_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no ReViSE preset is called 'tiny'"):
        ReviseEditPipeline.from_config("tiny")
    with pytest.raises(UsageError, match="no offload is called 'disk'"):
        ReviseEditPipeline.from_config("tiny-random", offload="disk")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="a seed is 0 or more"):
        ReviseEditPipeline.from_config("tiny-random", seed=-1)


def test_with_offload_weights_are_on_the_device_only_while_they_work() -> None:
    class Module:
        def __init__(self) -> None:
            self.places: list[str] = []

        def to(self, device: object) -> None:
            self.places.append(str(device))

    module = Module()
    with placement.Placement("cpu", "none").at_work(module):
        assert module.places == []
    place = placement.Placement("cpu", "model")
    place.device = torch.device("meta")
    with pytest.raises(ZeroDivisionError), place.at_work(module):
        assert module.places == ["meta"]
        raise ZeroDivisionError
    assert module.places == ["meta", "cpu"]


def test_offloading_changes_no_frame(pipeline: ReviseEditPipeline) -> None:
    offloaded = ReviseEditPipeline.from_config("tiny-random", offload="model")
    (one,) = pipeline.edit([request_of()], settings=quick(pipeline))
    (other,) = offloaded.edit([request_of()], settings=quick(offloaded))
    assert _same(one.frames_THWC, other.frames_THWC)


def test_weights_that_give_no_numbers_fail_with_the_step(pipeline: ReviseEditPipeline) -> None:
    broken = ReviseEditPipeline.from_config("tiny-random")
    broken.parts.dit.proj_out.weight.data.fill_(float("nan"))
    with pytest.raises(NotFiniteError, match="not finite at step 1 of 2"):
        broken.edit([request_of()], settings=quick(broken))


def test_progress_is_told_and_a_run_can_be_stopped(pipeline: ReviseEditPipeline) -> None:
    told: list[StepReport] = []
    pipeline.edit([request_of()], settings=quick(pipeline), progress=told.append)
    assert [(report.done, report.steps) for report in told] == [(1, 2), (2, 2)] and told[-1].sigma == 0
    with pytest.raises(SamplingCancelledError, match="stopped after 1 of 2"):
        pipeline.edit([request_of()], settings=quick(pipeline), cancelled=iter([False, True]).__next__)


def test_in_bfloat16_the_autoencoder_stays_in_float32() -> None:
    half = ReviseEditPipeline.from_config("tiny-random", dtype=torch.bfloat16)
    kinds = {name: next(module.parameters()).dtype for name, module in half.parts.modules.items()}
    assert kinds.pop("vae") == torch.float32 and kinds.pop("transformer") == torch.float32  # its first is a modulation
    assert half.parts.dit.patch_embedding.weight.dtype == torch.bfloat16
    assert set(kinds.values()) == {torch.bfloat16}
    (edit,) = half.edit([request_of()], settings=quick(half))
    assert edit.frames_THWC.shape == (5, 32, 64, 3)
    (latents,) = half.encode([request_of()], settings=quick(half))[0].source_latents
    assert latents.dtype == torch.float32


def _viva() -> ReviseConfig:
    tiny = preset("tiny-random")
    return replace(
        tiny,
        name="tiny-viva",
        text=None,
        visual_context_adapter=None,
        connector=None,
        refiner=RefinerConfig(dim=32, heads=2, layers=1, ffn_dim=64),
        conditioning=ConditioningConfig(strategy="viva", max_context_len=512, tags=TagConfig()),
    )


@pytest.mark.parametrize("config", [preset("nano"), _viva()], ids=lambda config: config.conditioning.strategy)
def test_the_other_strategies_edit_too(config: ReviseConfig) -> None:
    other = ReviseEditPipeline.from_config(config)
    settings = quick(other, size=Size(width=32, height=32), steps=1, fps=None)
    plain, shown = request_of(), replace(request_of(), reference_HWC=frames_of(1, seed=4)[0])
    without, with_it = other.edit([plain, shown], settings=settings)
    assert without.frames_THWC.shape == (5, 32, 64, 3)
    assert not _same(without.frames_THWC, with_it.frames_THWC), "the VLM sees the reference"


def test_settings_say_everything_that_decides_the_frames() -> None:
    config = preset("tiny-random")
    base = EditSettings.of(config)
    seen = {repr(base.as_json())}
    changes: list[dict[str, Any]] = [
        {"steps": 5}, {"shift": 3.0}, {"solver": "euler"}, {"guidance_scale": 1.0}, {"frames": 5}, {"fps": 4.0},
        {"size": None}, {"overlap": 1}, {"stride": 2}, {"max_frames": 9}, {"blend": "latent"}, {"tail": "drop"},
        {"short": "shrink"}, {"fit": "crop"}, {"turn": False}, {"keep_size": False},
    ]  # fmt: skip
    for change in changes:
        seen.add(repr(EditSettings.of(config, **change).as_json()))
    assert len(seen) == 1 + len(changes)
    with pytest.raises(TypeError):
        EditSettings.of(config, stepz=3)
    assert SamplingConfig().seed == 1818 and DitConfig().layers == 30, "defaults are the released ones"
