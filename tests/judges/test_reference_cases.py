"""What the reference judge does with inputs of every kind."""

from __future__ import annotations

import asyncio
import math
import re
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rvebench.judges import build_judge
from rvebench.judges.reference import CONSTANTS, LABEL, judge_comparison
from rvebench.records import Verdict, Window
from rvebench.taxonomy import CRITERIA, Criterion, Status, Subset, criteria_for
from rvebench.video import Comparison, Frames, resize_frames
from tests.judges.ladder import Scene, clip_of, drawn, drawn_scene, late, sample_of, tinted, verdict_on

EA, PC, GN, GR = CRITERIA


@pytest.fixture(scope="module")
def scene() -> Scene:
    return drawn_scene()


def judge_frames(
    source: Frames, edit: Frames, target: Frames | None, mask: Frames | None = None, subset: Subset = Subset.RAVE
) -> Verdict:
    return judge_comparison(
        Comparison(
            sample=sample_of(subset),
            source=clip_of(source),
            edit=clip_of(edit),
            target=None if target is None else clip_of(target),
            mask=None if mask is None else clip_of(mask),
        )
    )


def test_without_a_target_there_is_no_verdict_but_a_reason(scene: Scene) -> None:
    verdict = judge_frames(scene.source, scene.target, None)
    assert verdict.status is Status.UNJUDGED
    assert not verdict.scores
    assert "no target video" in verdict.reason


def test_a_target_equal_to_its_source_leaves_nothing_to_judge(scene: Scene) -> None:
    for mask in (None, scene.mask):
        verdict = judge_frames(scene.source, scene.target, scene.source, mask)
        assert verdict.status is Status.UNJUDGED
        assert "target equals its source" in verdict.reason


def test_a_target_that_only_shifts_its_source_in_time_leaves_nothing_to_judge(scene: Scene) -> None:
    loop = np.tile(scene.source[::4][:4], (4, 1, 1, 1))
    shifted = Scene(name="shifted", source=loop, half=loop, target=np.roll(loop, 2, axis=0), other=loop)
    verdict = verdict_on(shifted, loop)
    assert verdict.status is Status.UNJUDGED and "no change to measure" in verdict.reason


def test_coding_noise_between_source_and_target_is_no_change(scene: Scene) -> None:
    grain = np.random.default_rng(5).normal(0, 3, scene.source.shape)
    target = np.clip(scene.source + grain, 0, 255).astype(np.uint8)
    assert judge_frames(scene.source, scene.source, target).status is Status.UNJUDGED


def test_a_target_of_one_frame_cannot_tell_naturalness(scene: Scene) -> None:
    verdict = judge_frames(scene.source, scene.target, scene.target[:1])
    assert verdict.status is Status.UNJUDGED
    assert "one frame" in verdict.reason


def test_an_edit_of_one_frame_is_not_natural_and_says_why(scene: Scene) -> None:
    verdict = verdict_on(scene, scene.target[:1])
    assert verdict.status is Status.OK
    assert verdict.scores[GN] == 0
    assert "one frame" in verdict.rationale[GN]
    assert verdict.scores[EA] == 10


def test_two_frames_are_enough(scene: Scene) -> None:
    verdict = verdict_on(scene, scene.target[[0, -1]])
    assert verdict.status is Status.OK
    assert verdict.scores[EA] == 10


def test_a_window_past_the_end_of_the_source_is_unjudged_with_both_lengths(scene: Scene) -> None:
    verdict = verdict_on(scene, scene.target, window=Window(start=10, stride=1, count=17, fps=16.0))
    assert verdict.status is Status.UNJUDGED
    assert "source frame 26" in verdict.reason


def test_every_second_frame_of_the_target_is_as_good_as_all_of_them(scene: Scene) -> None:
    verdict = verdict_on(scene, scene.target[::2], fps=8.0)
    assert set(verdict.scores.values()) == {10.0}


def test_a_declared_window_is_compared_with_the_frames_it_names(scene: Scene) -> None:
    window = Window(start=2, stride=1, count=9, fps=16.0)
    told = verdict_on(scene, scene.target[2:11], window=window)
    untold = verdict_on(scene, scene.target[2:11])
    assert set(told.scores.values()) == {10.0}
    assert untold.scores[PC] < 9


def test_a_target_of_another_length_and_rate_is_paired_by_time(scene: Scene) -> None:
    sparse = Comparison(
        sample=sample_of(),
        source=clip_of(scene.source),
        edit=clip_of(scene.target),
        target=clip_of(scene.target[::2], 8.0),
    )
    verdict = judge_comparison(sparse)
    assert verdict.status is Status.OK
    assert verdict.scores[EA] > 8.5
    whole = judge_comparison(
        Comparison(
            sample=sample_of(),
            source=clip_of(scene.source),
            edit=clip_of(scene.source),
            target=clip_of(scene.target[::2], 8.0),
        )
    )
    assert whole.scores[EA] < 1


def test_twice_the_size_changes_no_score_and_half_the_size_only_realism(scene: Scene) -> None:
    _, height, width, _ = scene.target.shape
    twice = verdict_on(scene, resize_frames(scene.half, width * 2, height * 2))
    plain = verdict_on(scene, scene.half)
    half = verdict_on(scene, resize_frames(scene.half, width // 2, height // 2))
    for criterion in CRITERIA:
        assert twice.scores[criterion] == pytest.approx(plain.scores[criterion], abs=0.25)
    for criterion in (EA, PC, GN):
        assert half.scores[criterion] == pytest.approx(plain.scores[criterion], abs=0.25)
    assert half.scores[GR] < plain.scores[GR]


def test_a_source_of_another_size_than_the_target_is_brought_to_it(scene: Scene) -> None:
    _, height, width, _ = scene.target.shape
    verdict = judge_frames(resize_frames(scene.source, width // 2, height // 2), scene.target, scene.target)
    assert verdict.scores[EA] == 10


def test_the_line_that_pads_an_odd_size_costs_nothing(scene: Scene) -> None:
    source, target = scene.source[:, :-1, :-1], scene.target[:, :-1, :-1]
    padded = np.pad(target, ((0, 0), (0, 1), (0, 1), (0, 0)), mode="edge")
    assert set(judge_frames(source, padded, target).scores.values()) == {10.0}


def test_long_videos_are_looked_at_in_runs_and_graded_the_same() -> None:
    source, target = drawn(0.0, count=90, height=96, width=128), drawn(0.75, count=90, height=96, width=128)
    scene = Scene(name="long", source=source, half=source, target=target, other=source)
    assert set(verdict_on(scene, target).scores.values()) == {10.0}
    assert verdict_on(scene, source).scores[EA] == 0
    assert verdict_on(scene, late(scene)).scores[EA] == pytest.approx(2.4, abs=0.7)


def test_overshooting_the_target_is_as_far_from_it_as_falling_short(scene: Scene) -> None:
    gap = scene.target.astype(np.float32) - scene.source
    beyond = np.clip(scene.source + 2 * gap, 0, 255).astype(np.uint8)
    assert verdict_on(scene, beyond).scores[EA] < 4


def test_slow_progress_is_no_jump(scene: Scene) -> None:
    share = np.linspace(0, 1, len(scene.source))[:, None, None, None]
    ramped = (scene.source + share * (scene.target.astype(np.float64) - scene.source)).astype(np.uint8)
    verdict = verdict_on(scene, ramped)
    assert verdict.scores[GN] >= 9.5
    assert 4 < verdict.scores[EA] < 6.5


def test_switching_to_and_fro_is_worse_than_switching_once(scene: Scene) -> None:
    times = np.arange(len(scene.source)) % 4 < 2
    blinking = np.where(times[:, None, None, None], scene.target, scene.source)
    assert verdict_on(scene, blinking).scores[GN] < verdict_on(scene, late(scene)).scores[GN]
    assert verdict_on(scene, blinking).scores[GN] < 1


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_video_earns_nothing_anywhere(scene: Scene, level: int) -> None:
    assert max(verdict_on(scene, np.full_like(scene.target, level)).scores.values()) <= 0.2


def test_random_noise_earns_nothing_anywhere(scene: Scene) -> None:
    edit = np.random.default_rng(0).integers(0, 256, scene.target.shape, dtype=np.uint8)
    assert max(verdict_on(scene, edit).scores.values()) <= 0.2


def test_a_mask_in_which_nothing_changes_is_not_used(scene: Scene) -> None:
    corner = np.zeros((1, 160, 240, 3), np.uint8)
    corner[:, 145:, :30] = 255
    verdict = judge_frames(scene.source, scene.target, scene.target, corner)
    assert verdict.measures["region_from_mask"] == 0
    assert verdict.scores[EA] == 10


def test_a_shadow_that_the_mask_forgot_is_no_damage(scene: Scene) -> None:
    target = scene.target.copy()
    target[:, 20:60, 150:200] //= 2
    assert set(judge_frames(scene.source, target, target, scene.mask).scores.values()) == {10.0}
    assert judge_frames(scene.source, scene.source, target, scene.mask).scores[PC] == 10


def test_damage_outside_the_mask_costs_preservation(scene: Scene) -> None:
    edit = scene.target.copy()
    edit[:, 4:60, 150:230] = 255 - edit[:, 4:60, 150:230]
    verdict = verdict_on(scene, edit)
    assert verdict.scores[PC] < 6
    assert verdict.scores[EA] > 8


def test_a_mask_that_moves_is_paired_by_time(scene: Scene) -> None:
    assert scene.mask is not None
    moving = np.repeat(scene.mask, len(scene.source), axis=0)
    assert judge_frames(scene.source, scene.half, scene.target, moving).scores == verdict_on(scene, scene.half).scores


def test_a_following_shot_has_no_preservation_and_is_compared_as_a_whole() -> None:
    source, target = drawn(0.2, seed=8), drawn(0.5, seed=21)[:13]
    for edit, low, high in ((target, 10.0, 10.0), (source, 0.0, 0.5), (drawn(0.3, seed=77), 0.0, 2.5)):
        verdict = judge_frames(source, edit, target, subset=Subset.ICVG)
        assert tuple(verdict.scores) == criteria_for(Subset.ICVG) == tuple(verdict.rationale)
        assert low <= verdict.scores[EA] <= high
        assert verdict.measures["region_is_global"] == 1


def test_the_verdict_is_the_same_every_time(scene: Scene) -> None:
    assert verdict_on(scene, tinted(scene.half)) == verdict_on(scene, tinted(scene.half))


def test_judging_leaves_the_event_loop_free_and_the_frames_alone(scene: Scene) -> None:
    comparison = Comparison(
        sample=sample_of(), source=clip_of(scene.source), edit=clip_of(scene.half), target=clip_of(scene.target)
    )
    before = comparison.edit.frames_THWC.tobytes()
    ticks = 0

    async def both() -> Verdict:
        nonlocal ticks
        task = asyncio.ensure_future(build_judge("reference").judge(comparison))
        while not task.done():
            ticks += 1
            await asyncio.sleep(0.001)
        return task.result()

    assert asyncio.run(both()) == judge_comparison(comparison)
    assert ticks > 3
    assert comparison.edit.frames_THWC.tobytes() == before
    assert threading.current_thread() is threading.main_thread()


def test_each_score_comes_with_one_sentence_that_carries_numbers(scene: Scene) -> None:
    verdict = verdict_on(scene, late(scene))
    assert tuple(verdict.rationale) == CRITERIA
    for sentence in verdict.rationale.values():
        assert re.search(r"\d", sentence)
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "nan" not in sentence
    assert "0% in the first frame that should change to 100% in the last" in verdict.rationale[EA]


def test_the_rationale_of_a_wrong_video_says_so(scene: Scene) -> None:
    assert verdict_on(scene, scene.other).rationale[EA].startswith("Another scene")


def test_the_description_names_every_constant_and_what_the_scores_are() -> None:
    info = build_judge("reference").info
    assert info.label == LABEL
    assert "not a VLM's opinion, not human" in info.label
    assert info.needs == ("target", "mask", "counterfactual")
    assert set(info.settings) == set(CONSTANTS.as_settings())
    assert info.settings["psnr_db"] == "35, 13"
    assert not info.paid


def frames(draw: st.DrawFn, count: int, height: int, width: int) -> Frames:
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    kind = draw(st.sampled_from(["noise", "flat", "mixed"]))
    if kind == "flat":
        return np.full((count, height, width, 3), draw(st.integers(0, 255)), np.uint8)
    found = random.integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    if kind == "mixed":
        found[: count // 2 + 1, : height // 2 + 1] = draw(st.integers(0, 255))
    return found


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    side = st.integers(1, 40)
    length = st.integers(1, 7)
    clips = [clip_of(frames(draw, draw(length), draw(side), draw(side))) for _ in range(5)]
    return Comparison(
        sample=sample_of(draw(st.sampled_from([Subset.RAVE, Subset.ICVG]))),
        source=clips[0],
        edit=clips[1],
        target=clips[2],
        mask=clips[3] if draw(st.booleans()) else None,
        counterfactual=clips[4] if draw(st.booleans()) else None,
    )


@settings(max_examples=120, deadline=None)
@given(comparisons())
def test_any_videos_give_finite_scores_from_0_to_10_or_a_reason(comparison: Comparison) -> None:
    verdict = judge_comparison(comparison)
    if verdict.status is Status.UNJUDGED:
        assert verdict.reason
        assert not verdict.scores
        return
    assert tuple(verdict.scores) == criteria_for(comparison.sample.subset)
    for value in verdict.scores.values():
        assert 0 <= value <= 10
    assert all(math.isfinite(value) for value in verdict.measures.values())


def test_a_real_target_from_another_codec_keeps_the_copy_at_zero(real_clips: dict[str, Path], tmp_path: Path) -> None:
    from tests.judges.ladder import real_scene, recompressed

    scene = real_scene(real_clips, "carphone_pristine")
    coded = recompressed(scene.target, tmp_path, crf=34)
    lossy = Scene(name="coded", source=scene.source, half=scene.half, target=coded, other=scene.other)
    copy, best = verdict_on(lossy, scene.source), verdict_on(lossy, coded)
    assert copy.scores[EA] == 0
    assert copy.scores[Criterion.PC] == 10
    assert set(best.scores.values()) == {10.0}
