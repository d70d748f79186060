"""The adapters of diffusers pipelines, with a pipeline that records what it is given.

`test_pipelines_real.py` runs the same adapters on tiny real pipelines where torch and diffusers are installed.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.editors import build_editor, open_editor
from rvebench.editors.pipelines.frames import choose_frames, fit_size
from rvebench.editors.pipelines.lucy_edit import LucyEditEditor
from rvebench.editors.pipelines.vace import VaceEditor
from rvebench.editors.pipelines.wan_sdedit import WanSDEditEditor
from rvebench.errors import EditorError
from rvebench.records import Window
from rvebench.taxonomy import Status
from rvebench.video import read_video, write_video
from tests.editors.conftest import MakeRequest


class Recorder:
    """Gives back the video it was given and keeps the arguments."""

    vae_scale_factor_temporal = 4
    vae_scale_factor_spatial = 8
    transformer = SimpleNamespace(config=SimpleNamespace(patch_size=(1, 2, 2)))

    def __init__(self, *, change: Any = None) -> None:
        self.calls: list[dict[str, Any]] = []
        self._change = change

    def __call__(self, **arguments: Any) -> Any:
        self.calls.append(arguments)
        frames = np.stack([np.asarray(picture) for picture in arguments["video"]]) / 255.0
        return SimpleNamespace(frames=[self._change(frames) if self._change else frames])


@pytest.fixture(autouse=True)
def _torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for `torch.Generator` where torch is not installed; nothing else of torch is used here."""
    if "torch" in sys.modules:
        return
    fake = types.ModuleType("torch")
    fake.Generator = lambda device: SimpleNamespace(  # type: ignore[attr-defined]
        manual_seed=lambda seed: SimpleNamespace(device=device, seed=seed)
    )
    monkeypatch.setitem(sys.modules, "torch", fake)


@pytest.mark.parametrize("kind", [VaceEditor, LucyEditEditor, WanSDEditEditor])
def test_the_window_declared_is_the_frames_the_pipeline_got(kind: Any, make: MakeRequest, clip: Path) -> None:
    pipeline = Recorder()
    editor = kind(pipeline_factory=lambda: pipeline, frames=81, steps=4)
    (result,) = editor.edit([make(instruction="add rain", seed=11)])
    assert result.status is Status.OK, result.reason
    (call,) = pipeline.calls
    assert result.window == Window(start=0, stride=1, count=9, fps=8.0)
    assert len(call["video"]) == 9 and call["prompt"] == "add rain" and call["num_inference_steps"] == 4
    assert (call["width"], call["height"]) == (64, 48)
    generator = call["generator"]
    assert (generator.initial_seed() if hasattr(generator, "initial_seed") else generator.seed) == 11
    assert result.video is not None
    edited = read_video(result.video)
    assert len(edited) == 9 and edited.fps == pytest.approx(8.0)


def test_a_pipeline_is_made_once_for_many_requests(make: MakeRequest) -> None:
    made: list[Recorder] = []

    def factory() -> Recorder:
        made.append(Recorder())
        return made[-1]

    editor = LucyEditEditor(pipeline_factory=factory)
    assert [r.status for r in editor.edit(make(f"s{n}") for n in range(3))] == [Status.OK] * 3
    assert len(made) == 1 and len(made[0].calls) == 3


def test_a_fault_of_the_model_fails_one_request_and_not_the_next(make: MakeRequest) -> None:
    faults = [RuntimeError("CUDA out of memory"), None]

    def change(frames: Any) -> Any:
        fault = faults.pop(0)
        if fault:
            raise fault
        return frames

    first, second = LucyEditEditor(pipeline_factory=lambda: Recorder(change=change)).edit([make("a"), make("b")])
    assert (first.status, second.status) == (Status.FAILED, Status.OK)
    assert first.reason == "RuntimeError: CUDA out of memory"


@pytest.mark.parametrize(("change", "told"), [(lambda f: f * np.nan, "NaN"), (lambda f: f[:-1], "gave 8 frames for 9")])
def test_an_output_that_cannot_be_right_is_a_failure(change: Any, told: str, make: MakeRequest) -> None:
    (result,) = WanSDEditEditor(pipeline_factory=lambda: Recorder(change=change)).edit([make()])
    assert result.status is Status.FAILED and told in result.reason


def test_a_source_of_three_frames_is_padded_and_cut_again(make: MakeRequest, tmp_path: Path) -> None:
    short = tmp_path / "short.mp4"
    write_video(short, np.zeros((3, 32, 32, 3), np.uint8), fps=8)
    pipeline = Recorder()
    (result,) = LucyEditEditor(pipeline_factory=lambda: pipeline).edit([make(source=short)])
    assert len(pipeline.calls[0]["video"]) == 5
    assert result.window == Window(start=0, stride=1, count=3, fps=8.0) and result.meta["padding"] == "2"
    assert result.video is not None and len(read_video(result.video)) == 3


def test_a_window_the_run_fixes_is_kept(make: MakeRequest) -> None:
    asked = Window(start=2, stride=2, count=5, fps=4.0)
    (result,) = LucyEditEditor(pipeline_factory=Recorder).edit([make(window=asked)])
    assert result.window == asked


def test_vace_shows_its_control_without_colour_and_makes_everything_new(make: MakeRequest) -> None:
    pipeline = Recorder()
    list(VaceEditor(pipeline_factory=lambda: pipeline).edit([make()]))
    video = np.asarray(pipeline.calls[0]["video"][0])
    assert np.ptp(video, axis=-1).max() == 0 and np.asarray(pipeline.calls[0]["mask"][0]).min() == 255


def test_vace_with_a_mask_cuts_it_out_and_keeps_the_rest(make: MakeRequest, tmp_path: Path, clip: Path) -> None:
    marks = np.zeros((1, 48, 64, 3), np.uint8)
    marks[:, :, 32:] = 255
    mask = tmp_path / "mask.mp4"
    write_video(mask, marks, fps=1, crf=0)
    pipeline = Recorder()
    editor = VaceEditor(pipeline_factory=lambda: pipeline, control="mask")
    (result,) = editor.edit([make(mask=mask)])
    assert editor.info.needs == ("mask",) and result.status is Status.OK, result.reason
    shown, kept = np.asarray(pipeline.calls[0]["video"][0]), np.asarray(pipeline.calls[0]["mask"][0])
    assert (shown[:, 40:] == 128).all() and (kept[:, 40:] == 255).all() and (kept[:, :24] == 0).all()
    assert (shown[:, :24] == read_video(clip).frames_THWC[0][:, :24]).all()
    (result,) = editor.edit([make("s2")])
    assert result.status is Status.FAILED and "no mask" in result.reason


@pytest.mark.parametrize(
    ("prompt", "told"),
    [("instruction", "stands in for a caption"), ("expected_outcome", "did not have to reason")],
)
def test_an_editor_that_wants_a_caption_says_who_wrote_it(prompt: str, told: str) -> None:
    info = open_editor(f"vace?prompt={prompt}&control=raw").info
    assert (info.prompt_kind, info.prompt_source) == ("target_caption", prompt)
    notes = " ".join(info.notes)
    assert told in notes and "raw source" in notes and "not pinned" in notes


def test_settings_and_checkpoint_are_part_of_the_revision() -> None:
    revisions = {
        open_editor(f"wan-sdedit{options}").info.revision
        for options in ("", "?strength=0.5", "?steps=20", "?revision=abc", "?checkpoint=/w")
    }
    assert len(revisions) == 5
    assert any("@abc" in revision for revision in revisions)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("wan-sdedit?strength=0", "runs no step"),
        ("vace?control=depth", r"grayscale\|mask\|raw"),
        ("lucy-edit?frame=3", "frames"),
    ],
)
def test_options_that_cannot_work_are_refused(spec: str, told: str) -> None:
    with pytest.raises(EditorError, match=told):
        open_editor(spec)


def test_without_its_modules_a_pipeline_is_refused_up_front(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rvebench.editors.pipelines.base.missing_modules", lambda names: names)
    with pytest.raises(EditorError, match="no module torch; no module diffusers"):
        build_editor("vace")


@given(
    total=st.integers(1, 400),
    start=st.integers(0, 300),
    stride=st.integers(1, 7),
    most=st.integers(1, 121),
    asked=st.booleans(),
)
def test_chosen_frames_lie_in_the_source_and_fit_the_autoencoder(
    total: int, start: int, stride: int, most: int, asked: bool
) -> None:
    window = Window(start=start, stride=stride, count=most, fps=8) if asked else None
    if asked and start >= total:
        with pytest.raises(ValueError, match="no frame"):
            choose_frames(total, 24.0, asked=window, stride=1, max_frames=81)
        return
    choice = choose_frames(total, 24.0, asked=window, stride=stride, max_frames=most)
    assert len(choice.indices) % 4 == 1 and max(choice.indices) < total
    assert len(set(choice.indices)) == choice.window.count <= most
    assert choice.padding == 0 or choice.window.count < 5


@given(st.integers(16, 4000), st.integers(16, 4000), st.sampled_from([16, 32]), st.integers(64 * 64, 832 * 480))
def test_sizes_fit_and_keep_the_shape(width: int, height: int, multiple: int, pixels: int) -> None:
    w, h = fit_size(width, height, max_pixels=pixels, multiple=multiple)
    assert w % multiple == h % multiple == 0 and min(w, h) >= multiple
    assert w * h <= pixels or min(w, h) == multiple
    assert w <= width + multiple and h <= height + multiple
