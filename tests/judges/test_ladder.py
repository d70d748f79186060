from __future__ import annotations

import asyncio

import pytest

from rvebench.judges.ladder import LadderScore, summarise_ladder
from rvebench.taxonomy import Criterion

EA = Criterion.EA


def rows(scores: dict[str, tuple[float, float]], samples: int = 5) -> list[LadderScore]:
    return [
        LadderScore(f"s{index}", rung, EA, grade, score)
        for index in range(samples)
        for rung, (grade, score) in scores.items()
    ]


def test_a_judge_that_repeats_the_grades_agrees_in_full_and_violates_nothing() -> None:
    report = summarise_ladder(rows({"a": (0, 0), "b": (5, 5), "c": (10, 10)}), unjudged=0, seed=0)
    found = report.agreement[EA]
    assert found.spearman.value == found.kendall.value == pytest.approx(1) == found.pearson.value
    assert report.violations == () and report.pairs == 15


def test_a_judge_turned_upside_down_violates_every_clear_order() -> None:
    report = summarise_ladder(rows({"a": (0, 10), "b": (5, 5), "c": (10, 0)}), unjudged=0, seed=0)
    assert report.agreement[EA].spearman.value == pytest.approx(-1)
    assert len(report.violations) == report.pairs == 15
    worst = report.violations[0]
    assert worst.better_score < worst.worse_score


def test_coefficients_equal_scipy_on_the_pooled_rows() -> None:
    from scipy import stats

    data = {"a": (0.0, 1.0), "b": (4.0, 3.0), "c": (6.0, 2.5), "d": (10.0, 9.0)}
    report = summarise_ladder(rows(data), unjudged=0, seed=0)
    grades, scores = zip(*(list(data.values()) * 5), strict=True)
    assert report.agreement[EA].kendall.value == pytest.approx(stats.kendalltau(grades, scores).statistic)
    assert report.agreement[EA].spearman.value == pytest.approx(stats.spearmanr(grades, scores).statistic)


def test_a_judge_with_one_answer_for_all_has_no_agreement() -> None:
    report = summarise_ladder(rows({"a": (0, 5), "b": (10, 5)}), unjudged=0, seed=0)
    assert report.agreement[EA].spearman.value == 0


def test_the_reference_judge_keeps_no_op_below_half_below_target_on_a_rendered_sample(tmp_path: object) -> None:
    pytest.importorskip("skia")
    import numpy as np

    from rvebench.judges import build_judge
    from rvebench.records import Sample
    from rvebench.sim import change_masks, load_family, render_pictures
    from rvebench.sim.ladder import ladder_clips, rung_frames, rung_of
    from rvebench.video import Clip, Comparison

    family = load_family("candle-burn")
    shape = {"size": (240, 136), "frames": 9}
    source, target = (render_pictures(family, 5, role, **shape) for role in ("source", "target"))  # type: ignore[arg-type]
    clean = [render_pictures(family, 5, role, noisy=False, **shape) for role in ("source", "target")]  # type: ignore[arg-type]
    mask = np.repeat(change_masks(*clean)[..., None], 3, axis=3)
    clips = ladder_clips("candle-burn-5", source=source, target=target, other=source[:3])
    sample = Sample(
        id="candle-burn-5",
        subset=family.subset,
        reasoning_type=family.reasoning_type,
        source=tmp_path,  # type: ignore[arg-type]
        instruction="Imagine this table near the end of a long evening.",
    )

    def clip(frames: np.ndarray) -> Clip:
        return Clip(frames_THWC=frames.copy(), fps=16, pts_s=np.arange(len(frames)) / 16)

    def accuracy(rung: str) -> float:
        edit = clip(rung_frames(rung_of(rung), sample.id, clips))
        shown = Comparison(sample=sample, source=clip(source), edit=edit, target=clip(target), mask=clip(mask))
        return asyncio.run(build_judge("reference").judge(shown)).scores[EA]

    assert accuracy("no-op") < accuracy("half") < accuracy("target")
