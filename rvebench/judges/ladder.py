"""How well a judge tells good edits from bad ones: its scores on the oracle ladder against the constructed grades."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rvebench.judges.protocol import Judge
from rvebench.records import Sample
from rvebench.taxonomy import Criterion, Status
from rvebench.video import Clip, Comparison, read_video

__all__ = ["Agreement", "LadderReport", "LadderScore", "Violation", "climb", "summarise_ladder"]

_CLEAR_GRADES = 2.0
"""Grades this far apart are an order that a judge must keep."""
_SLACK = 0.25
"""Scores this close are a tie, not a violated order."""


class LadderScore(NamedTuple):
    """One judged rung of one sample."""

    sample_id: str
    rung: str
    criterion: Criterion
    grade: float
    score: float


class Correlation(NamedTuple):
    """A coefficient with its 95 % interval over samples."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One criterion of a judge against the constructed grades."""

    n: int
    spearman: Correlation
    kendall: Correlation
    pearson: Correlation


class Violation(NamedTuple):
    """A pair of rungs that the judge put in the wrong order."""

    sample_id: str
    criterion: Criterion
    better: str
    worse: str
    better_score: float
    worse_score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderReport:
    """What the ladder says of a judge."""

    agreement: dict[Criterion, Agreement]
    violations: tuple[Violation, ...]
    pairs: int
    """Pairs of rungs whose order is clear."""
    unjudged: int
    means: dict[str, dict[Criterion, float]]
    """Mean score by rung."""


async def climb(
    judge: Judge, samples: Sequence[Sample], *, progress: Callable[[int, int], None] | None = None
) -> tuple[list[LadderScore], int]:
    """Returns the judge's score of every rung of every sample, and how many rungs it gave no verdict on.

    Raises:
        UsageError: a sample is not one of the rendered world.
        VideoError: a sample's video cannot be read.
    """
    from rvebench.sim.ladder import RUNGS, ladder_clips, rung_frames

    scores: list[LadderScore] = []
    unjudged = 0
    for index, sample in enumerate(samples):
        other = samples[(index + 1) % len(samples)]
        assert sample.target is not None and other.target is not None, "rendered samples have targets"
        source, target = read_video(sample.source), read_video(sample.target)
        mask = read_video(sample.mask) if sample.mask else None
        clips = ladder_clips(
            sample.id,
            source=source.frames_THWC,
            target=target.frames_THWC,
            other=read_video(other.target).frames_THWC,
        )
        for rung in RUNGS:
            frames = rung_frames(rung, sample.id, clips)
            edit = Clip(frames_THWC=frames.copy(), fps=target.fps, pts_s=target.pts_s)
            verdict = await judge.judge(Comparison(sample=sample, source=source, edit=edit, target=target, mask=mask))
            if verdict.status is not Status.OK:
                unjudged += 1
                continue
            scores += [
                LadderScore(sample.id, rung.name, criterion, rung.grades[criterion], score)
                for criterion, score in verdict.scores.items()
            ]
        if progress is not None:
            progress(index + 1, len(samples))
    return scores, unjudged


def summarise_ladder(scores: Iterable[LadderScore], *, unjudged: int, seed: int, resamples: int = 500) -> LadderReport:
    """Returns correlations with intervals, mean scores, and every clear order that was violated.

    Args:
        scores: from :func:`climb`.
        unjudged: rungs without a verdict.
        seed: of the bootstrap over samples.
        resamples: how many.
    """
    rows = list(scores)
    agreement: dict[Criterion, Agreement] = {}
    for criterion in Criterion:
        chosen = [row for row in rows if row.criterion is criterion]
        if len({row.grade for row in chosen}) > 1:
            agreement[criterion] = _agreement(chosen, np.random.default_rng([seed, len(agreement)]), resamples)
    violations, pairs = _violations(rows)
    names = list(dict.fromkeys(row.rung for row in rows))
    means = {
        name: {
            criterion: float(np.mean(found))
            for criterion in Criterion
            if (found := [row.score for row in rows if row.rung == name and row.criterion is criterion])
        }
        for name in names
    }
    return LadderReport(agreement=agreement, violations=tuple(violations), pairs=pairs, unjudged=unjudged, means=means)


def _agreement(rows: Sequence[LadderScore], rng: np.random.Generator, resamples: int) -> Agreement:
    from scipy import stats

    ids = sorted({row.sample_id for row in rows})
    groups = [np.array([(row.grade, row.score) for row in rows if row.sample_id == name]) for name in ids]
    kinds: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
        "spearman": lambda x, y: float(stats.spearmanr(x, y).statistic),
        "kendall": lambda x, y: float(stats.kendalltau(x, y).statistic),
        "pearson": lambda x, y: float(stats.pearsonr(x, y).statistic),
    }
    whole = np.concatenate(groups)
    draws = [np.concatenate([groups[i] for i in rng.integers(0, len(groups), len(groups))]) for _ in range(resamples)]
    found = {}
    for name, coefficient in kinds.items():
        if np.ptp(whole[:, 1]) == 0:
            found[name] = Correlation(0.0, 0.0, 0.0)
            continue
        values = [coefficient(*draw.T) for draw in draws if np.ptp(draw[:, 1]) > 0]
        low, high = np.quantile(values, [0.025, 0.975])
        found[name] = Correlation(coefficient(*whole.T), float(low), float(high))
    return Agreement(n=len(rows), **found)


def _violations(rows: Sequence[LadderScore]) -> tuple[list[Violation], int]:
    found: list[Violation] = []
    pairs = 0
    by_place: dict[tuple[str, Criterion], list[LadderScore]] = {}
    for row in rows:
        by_place.setdefault((row.sample_id, row.criterion), []).append(row)
    for (sample_id, criterion), rungs in by_place.items():
        for a in rungs:
            for b in rungs:
                if a.grade - b.grade >= _CLEAR_GRADES:
                    pairs += 1
                    if a.score < b.score - _SLACK:
                        found.append(Violation(sample_id, criterion, a.rung, b.rung, a.score, b.score))
    return found, pairs
