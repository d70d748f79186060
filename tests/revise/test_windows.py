"""Clips of any length in windows, and back to one edit; no torch needed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.errors import UsageError
from rvebench.records import Window
from rvebench.revise.sampling.windows import WindowPolicy, blend_weights, cross_fade, plan_clip

policies = st.builds(
    lambda n, overlap, blend, tail, short, stride: WindowPolicy(
        frames=4 * n + 1,
        overlap=min(overlap, n - 1) * 4 + 1 if blend == "latent" else min(overlap, 4 * n),
        blend=blend,
        tail=tail,
        short=short,
        stride=stride,
    ),
    st.integers(1, 6),
    st.integers(0, 20),
    st.sampled_from(["pixel", "latent"]),
    st.sampled_from(["shift", "repeat", "drop"]),
    st.sampled_from(["repeat", "shrink"]),
    st.integers(1, 3),
)


@given(st.integers(1, 140), policies)
def test_every_frame_is_edited_and_every_window_is_whole(total: int, policy: WindowPolicy) -> None:
    plan = plan_clip(total, 24.0, policy)
    indices = plan.source_indices
    assert len(indices) == plan.length == plan.starts[-1] + plan.frames
    assert plan.frames % 4 == 1
    assert all(0 <= index < total for index in indices)
    assert indices[: plan.window.count] == list(range(0, plan.window.count * policy.stride, policy.stride))
    assert set(indices[plan.window.count :]) <= {indices[plan.window.count - 1]}
    assert all(len(plan.window_indices(index)) == plan.frames for index in range(len(plan.starts)))
    available = -(-total // policy.stride)
    assert plan.window.count + plan.left_out == available
    assert plan.left_out == 0 or (policy.tail == "drop" and available > policy.frames)
    covered = np.zeros(plan.length, int)
    for start in plan.starts:
        covered[start : start + plan.frames] += 1
    assert covered.min() >= 1
    if policy.blend == "latent":
        assert all(start % 4 == 0 for start in plan.starts)
        assert plan.length % 4 == 1
        assert plan.latent_starts[-1] + plan.latent_frames == plan.latent_length


@given(st.integers(1, 140), policies)
def test_shares_are_above_zero_and_sum_to_one(total: int, policy: WindowPolicy) -> None:
    plan = plan_clip(total, 24.0, policy)
    checked = [(plan.starts, plan.weights_WT, plan.length)]
    if policy.blend == "latent":
        checked.append((plan.latent_starts, plan.latent_weights(), plan.latent_length))
    for starts, shares, length in checked:
        total_shares, windows = np.zeros(length), np.zeros(length, int)
        for start, share in zip(starts, shares, strict=True):
            total_shares[start : start + len(share)] += share
            windows[start : start + len(share)] += 1
        assert np.allclose(total_shares, 1, atol=1e-12)
        assert shares.min() > 0
        for start, share in zip(starts, shares, strict=True):
            assert (share[windows[start : start + len(share)] == 1] == 1).all()


@given(st.integers(1, 90), policies)
def test_unedited_windows_give_the_source_back(total: int, policy: WindowPolicy) -> None:
    source = np.random.default_rng(total).integers(0, 256, (total, 2, 3, 3), dtype=np.uint8)
    plan = plan_clip(total, 24.0, policy)
    edit = plan.assemble([source[plan.window_indices(index)] for index in range(len(plan.starts))])
    assert edit.dtype == np.uint8
    assert np.array_equal(edit, source[:: policy.stride][: plan.window.count])


def test_overlap_fades_from_one_window_to_the_next() -> None:
    plan = plan_clip(15, 24.0, WindowPolicy(frames=9, overlap=3))
    black, white = (np.full((9, 1, 1, 3), value, np.uint8) for value in (0, 200))
    assert plan.starts == (0, 6)
    assert plan.assemble([black, white])[:, 0, 0, 0].tolist() == [0] * 6 + [50, 100, 150] + [200] * 6


def test_windows_without_overlap_are_laid_end_to_end() -> None:
    plan = plan_clip(10, 24.0, WindowPolicy(frames=5, overlap=0))
    pieces = [np.full((5, 1, 1, 3), value, np.uint8) for value in (1, 2)]
    assert plan.assemble(pieces)[:, 0, 0, 0].tolist() == [1] * 5 + [2] * 5


@pytest.mark.parametrize(
    ("tail", "blend", "starts", "count", "padding", "left_out"),
    [
        ("shift", "pixel", (0, 12, 24, 33), 50, 0, 0),
        ("repeat", "pixel", (0, 12, 24, 36), 50, 3, 0),
        ("drop", "pixel", (0, 12, 24), 41, 0, 9),
        ("shift", "latent", (0, 12, 24, 36), 50, 3, 0),
    ],
)
def test_last_window_is_placed_as_declared(
    tail: Any, blend: Any, starts: tuple[int, ...], count: int, padding: int, left_out: int
) -> None:
    plan = plan_clip(50, 24.0, WindowPolicy(frames=17, overlap=5, tail=tail, blend=blend))
    assert (plan.starts, plan.window.count, plan.padding, plan.left_out) == (starts, count, padding, left_out)


def test_clip_of_one_window_is_one_window() -> None:
    plan = plan_clip(17, 8.0, WindowPolicy(frames=17))
    assert plan.starts == (0,)
    assert (plan.weights_WT == 1).all()
    assert plan.window == Window(start=0, stride=1, count=17, fps=8.0)


@pytest.mark.parametrize(
    ("total", "short", "frames", "padding"),
    [(1, "repeat", 17, 16), (16, "repeat", 17, 1), (1, "shrink", 1, 0), (2, "shrink", 5, 3), (16, "shrink", 17, 1)],
)
def test_short_clips_are_filled_with_their_last_frame_and_cut_back(
    total: int, short: Any, frames: int, padding: int
) -> None:
    plan = plan_clip(total, 24.0, WindowPolicy(frames=17, short=short))
    assert (plan.frames, plan.padding, plan.window.count) == (frames, padding, total)
    assert plan.window_indices(0) == [*range(total), *[total - 1] * padding]
    edit = plan.assemble([np.arange(frames, dtype=np.uint8).reshape(-1, 1, 1, 1)])
    assert edit[:, 0, 0, 0].tolist() == list(range(total))
    assert plan.as_json()["padding"] == padding


@pytest.mark.parametrize("total", [1, 16])
def test_short_clips_are_refused_in_one_sentence_where_the_policy_says_so(total: int) -> None:
    with pytest.raises(UsageError, match=f"the clip has {total} frames to edit and a window needs 17; allow short"):
        plan_clip(total, 24.0, WindowPolicy(frames=17, short="refuse"))


def test_rate_of_the_edit_is_the_sources_or_the_declared_one() -> None:
    assert plan_clip(40, 24.0, WindowPolicy(stride=2)).output_fps == 12.0
    declared = plan_clip(40, 24.0, WindowPolicy(stride=2, fps=8.0))
    assert (declared.output_fps, declared.window.fps) == (8.0, 12.0)


def test_window_that_the_run_fixes_rules() -> None:
    asked = Window(start=5, stride=2, count=17, fps=12.0)
    plan = plan_clip(60, 24.0, WindowPolicy(frames=17, stride=1), asked)
    assert plan.window == asked
    assert plan.source_indices == list(range(5, 39, 2))
    assert plan_clip(20, 24.0, WindowPolicy(frames=17), asked).window.count == 8


def test_max_frames_bounds_what_is_consumed() -> None:
    assert plan_clip(300, 24.0, WindowPolicy(max_frames=17)).starts == (0,)
    assert plan_clip(300, 24.0, WindowPolicy(max_frames=17)).window.count == 17


def test_windows_share_one_noise_where_they_overlap() -> None:
    plan = plan_clip(33, 24.0, WindowPolicy(frames=17, overlap=5, blend="latent"))
    noise = np.random.default_rng(0).normal(size=(1, 2, plan.latent_length, 2, 2))
    first, second, *_ = plan.window_noise(noise)
    assert first.shape[2] == 5
    assert np.array_equal(first[:, :, 3:], second[:, :, :2])
    with pytest.raises(UsageError, match="its noise 4"):
        plan.window_noise(noise[:, :, :4])


@given(st.integers(1, 140), policies)
def test_every_window_has_its_noise(total: int, policy: WindowPolicy) -> None:
    plan = plan_clip(total, 24.0, policy)
    parts = plan.window_noise(np.zeros((1, 1, plan.latent_length, 1, 1)))
    assert [part.shape[2] for part in parts] == [plan.latent_frames] * len(plan.starts)


def test_record_is_json_and_says_what_was_decided() -> None:
    record = json.loads(json.dumps(plan_clip(50, 24.0, WindowPolicy()).as_json()))
    assert record["window"] == {"start": 0, "stride": 1, "count": 50, "fps": 24.0}
    assert (record["starts"], record["tail"], record["output_fps"]) == ([0, 12, 24, 33], "shift", 24.0)


def test_pieces_that_do_not_fit_the_plan_are_refused() -> None:
    plan = plan_clip(15, 24.0, WindowPolicy(frames=9, overlap=3))
    good = np.zeros((9, 1, 1, 3), np.uint8)
    for pieces, text in [
        ([good], "2 windows were planned and 1"),
        ([good, good[:8]], "window 1 came back as uint8"),
        ([good, good.astype(np.float32)], "window 1 came back as float32"),
    ]:
        with pytest.raises(UsageError, match=text):
            plan.assemble(pieces)
    with pytest.raises(UsageError, match="the edit 14"):
        plan.trim(np.zeros((14, 1, 1, 3)))


def test_floats_are_not_rounded() -> None:
    shares = blend_weights((0, 2), 3)
    got = cross_fade([np.zeros((3, 1), np.float32), np.ones((3, 1), np.float32)], (0, 2), shares)
    assert got[:, 0].tolist() == [0, 0, 0.5, 1, 1]


def test_bad_policies_and_clips_are_refused_in_one_sentence() -> None:
    for call, text in [
        (lambda: WindowPolicy(frames=16), "4n \\+ 1"),
        (lambda: WindowPolicy(overlap=17), "cannot share 17"),
        (lambda: WindowPolicy(overlap=4, blend="latent"), "whole latents"),
        (lambda: WindowPolicy(stride=0), "at least 1"),
        (lambda: WindowPolicy(max_frames=0), "at least 1"),
        (lambda: WindowPolicy(fps=0.0), "above 0"),
        (lambda: WindowPolicy(tail="wrap"), "shift, repeat, drop"),  # type: ignore[arg-type]
        (lambda: plan_clip(0, 24.0, WindowPolicy()), "no frame to edit"),
        (lambda: plan_clip(9, float("nan"), WindowPolicy()), "above 0 frames a second"),
        (lambda: plan_clip(9, 24.0, WindowPolicy(), Window(start=9, stride=1, count=3, fps=24)), "starts at 9"),
        (lambda: plan_clip(20, 24.0, WindowPolicy()).latent_weights(), "between two latents"),
        (lambda: blend_weights((0, 7), 5), "do not cover"),
        (lambda: blend_weights((1,), 5), "do not cover"),
    ]:
        with pytest.raises(UsageError, match=text):
            call()


def test_planning_needs_no_torch() -> None:
    code = (
        "import sys, rvebench.revise.sampling.windows, rvebench.revise.sampling.sizing; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
