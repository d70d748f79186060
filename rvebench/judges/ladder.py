"""How well a judge tells good edits from bad ones: its scores on the oracle ladder against the constructed grades."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rvebench.judges.protocol import Judge
from rvebench.judges.sound import sound_verdict
from rvebench.llm.faults import BudgetError, FatalCallError
from rvebench.records import Sample, Verdict
from rvebench.taxonomy import Criterion, Status
from rvebench.video import Clip, Comparison, read_video

if TYPE_CHECKING:
    from rvebench.sim.ladder import LadderClips, Rung

__all__ = [
    "Agreement",
    "Correlation",
    "LadderReport",
    "LadderScore",
    "Staged",
    "Violation",
    "climb",
    "rung_comparison",
    "stage_sample",
    "summarise_ladder",
]

_AT_ONCE_PAID = 8
"""Verdicts under way for each sample in memory, of a judge that waits for a service."""
_CLEAR_GRADES = 2.0
"""Grades this far apart are an order that a judge must keep."""
_STEPS = ("no-op", "half", "target")
_NOT_ACCURACY = ("flicker", "tint")
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
    stepped: int
    """Samples of which no-op, half and target are all judged in EA."""
    missteps: tuple[str, ...]
    """Those that do not stand in that order, strictly."""
    moved: dict[str, tuple[float, float]]
    """How far a fault that is none of EA's business moves EA from the target's: mean and most, by rung."""
    means: dict[str, dict[Criterion, float]]
    """Mean score by rung."""


class Staged(NamedTuple):
    """One rendered sample in memory."""

    shown: Comparison
    """Its target, compared with itself."""
    clips: LadderClips
    """What its rungs are made from."""


async def climb(
    judge: Judge,
    samples: Sequence[Sample],
    *,
    at_once: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[LadderScore], int]:
    """Returns the judge's score of every rung of every sample, and how many rungs it gave no verdict on.

    Args:
        judge: the judge.
        samples: of the rendered world; the next one lends its target as the wrong sample.
        at_once: samples in work at a time; each holds about a dozen clips.
        progress: called with (done, total).

    Raises:
        FatalCallError, BudgetError: nothing more can be asked; verdicts under way were waited for.
        UsageError: a sample is not one of the rendered world.
        VideoError: a sample's video cannot be read.
    """
    from rvebench.sim.ladder import RUNGS

    room = asyncio.Semaphore(at_once)
    turns = asyncio.Semaphore(at_once * (_AT_ONCE_PAID if judge.info.paid else 1))
    halted: list[FatalCallError | BudgetError] = []
    done = 0

    async def ask(staged: Staged, rung: Rung) -> Verdict | None:
        async with turns:
            if halted:
                return None
            comparison = await asyncio.to_thread(rung_comparison, staged, rung)
            try:
                return await sound_verdict(judge, comparison)
            except (FatalCallError, BudgetError) as error:
                halted.append(error)
                return None

    async def one(index: int) -> list[Verdict | None]:
        nonlocal done
        async with room:
            if halted:
                return []
            staged = await asyncio.to_thread(stage_sample, samples[index], samples[(index + 1) % len(samples)])
            found = await asyncio.gather(*(ask(staged, rung) for rung in RUNGS))
        done += 1
        if progress is not None:
            progress(done, len(samples))
        return found

    judged = await asyncio.gather(*(one(index) for index in range(len(samples))))
    if halted:
        raise halted[0]
    seen = [
        (sample, rung, verdict)
        for sample, verdicts in zip(samples, judged, strict=True)
        for rung, verdict in zip(RUNGS, verdicts, strict=True)
        if verdict is not None
    ]
    scores = [
        LadderScore(sample.id, rung.name, criterion, rung.grades[criterion], score)
        for sample, rung, verdict in seen
        for criterion, score in verdict.scores.items()
    ]
    return scores, sum(verdict.status is not Status.OK for _, _, verdict in seen)


def stage_sample(sample: Sample, other: Sample) -> Staged:
    """Returns one rendered sample decoded, and what its rungs are made from.

    Args:
        sample: of the rendered world.
        other: lends its target as the wrong sample.

    Raises:
        UsageError: the sample is not one of the rendered world.
        VideoError: a video cannot be read.
    """
    from rvebench.sim.ladder import ladder_clips

    assert sample.target is not None and other.target is not None, "rendered samples have targets"
    target = read_video(sample.target)
    shown = Comparison(
        sample=sample,
        source=read_video(sample.source),
        edit=target,
        target=target,
        mask=read_video(sample.mask) if sample.mask else None,
        counterfactual=read_video(sample.counterfactual) if sample.counterfactual else None,
    )
    clips = ladder_clips(
        sample.id,
        source=shown.source.frames_THWC,
        target=target.frames_THWC,
        other=read_video(other.target).frames_THWC,
        mask=None if shown.mask is None else shown.mask.frames_THWC,
    )
    return Staged(shown, clips)


def rung_comparison(staged: Staged, rung: Rung) -> Comparison:
    """Returns one rung's edit of a sample, to be judged."""
    from rvebench.sim.ladder import rung_frames

    shown = staged.shown
    frames = rung_frames(rung, shown.sample.id, staged.clips)
    return replace(shown, edit=Clip(frames_THWC=frames.copy(), fps=shown.edit.fps, pts_s=shown.edit.pts_s))


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
    accuracy: dict[str, dict[str, float]] = {}
    for row in rows:
        if row.criterion is Criterion.EA:
            accuracy.setdefault(row.sample_id, {})[row.rung] = row.score
    stepped = {name: found for name, found in accuracy.items() if found.keys() >= set(_STEPS)}
    return LadderReport(
        agreement=agreement,
        violations=tuple(violations),
        pairs=pairs,
        unjudged=unjudged,
        stepped=len(stepped),
        missteps=tuple(name for name, found in stepped.items() if not _climbs([found[rung] for rung in _STEPS])),
        moved={rung: moved for rung in _NOT_ACCURACY if (moved := _moved(rung, accuracy.values())) is not None},
        means=means,
    )


def _climbs(scores: Sequence[float]) -> bool:
    return all(low < high for low, high in pairwise(scores))


def _moved(rung: str, accuracy: Iterable[Mapping[str, float]]) -> tuple[float, float] | None:
    gaps = [abs(found[rung] - found["target"]) for found in accuracy if rung in found and "target" in found]
    return (float(np.mean(gaps)), max(gaps)) if gaps else None


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
