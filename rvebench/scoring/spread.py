"""How far judges differ: from one another, and from themselves when asked again.

One sample's scores from several judges, each asked one or more times, are taken apart by the one-way random-effects
analysis of variance (Searle, Casella, McCulloch, Variance Components, 1992, section 3.6). With k judges, judge j asked
n_j times, N = sum n_j scores in all::

    within:   MSW = sum_j sum_r (y_jr - mean_j)^2 / (N - k)          sd = sqrt(MSW)
    between:  MSB = sum_j n_j (mean_j - mean)^2 / (k - 1)            sd = sqrt(max(0, (MSB - MSW) / n0))
              n0  = (N - sum_j n_j^2 / N) / (k - 1)

Where nobody was asked twice, nothing is known of `within`, and `between` holds both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from rvebench.records import Verdict
from rvebench.taxonomy import Criterion, Status

__all__ = ["CriterionSpread", "JudgePair", "JudgeRow", "JudgeSpread", "Spread", "judge_spread", "spread_of"]

_FEWEST = 3
"""Samples below which a rank correlation says nothing."""

Scores = dict[str, dict[str, list[Mapping[Criterion, float]]]]
"""By sample, then judge: what each repeat that answered scored."""


class Spread(NamedTuple):
    """Standard deviations of one sample's scores, in points; None where they cannot be known."""

    between_sd: float | None
    """Of judges; None for one judge."""
    within_sd: float | None
    """Of one judge's repeats; None where nobody was asked twice."""


class CriterionSpread(NamedTuple):
    """Standard deviations on one criterion, pooled over samples, in points."""

    samples: int
    """With at least one score."""
    between_sd: float | None
    within_sd: float | None
    """Over the repeats of all judges; those of one judge stand in its row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeRow:
    """One judge of a panel."""

    judge: str
    asked: int
    """Verdicts asked for, over samples and repeats."""
    answered: int
    means: Mapping[Criterion, float]
    """Mean over samples of the mean over repeats; only of samples that this judge answered."""
    within_sd: Mapping[Criterion, float]
    """Of its repeats, pooled over samples; a criterion is left out where nothing was asked twice."""


class JudgePair(NamedTuple):
    """Two judges on one criterion, on the samples that both answered."""

    first: str
    second: str
    criterion: Criterion
    samples: int
    spearman: float | None
    """Rank correlation of their means; None below 3 samples, or where one gives all the same score."""
    difference: float | None
    """Mean of first minus second, in points; None without samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeSpread:
    """What a run's panel says of its judges."""

    criteria: Mapping[Criterion, CriterionSpread]
    judges: tuple[JudgeRow, ...]
    pairs: tuple[JudgePair, ...]


class _Sums(NamedTuple):
    """What one sample adds to the pooled variances."""

    between: float | None
    """(MSB - MSW) / n0, not cut at 0: cutting each sample's would make the pool too large."""
    within: float
    within_df: int


def spread_of(scores: Sequence[Sequence[float]]) -> Spread:
    """Returns the between-judge and within-judge deviation of one sample's scores on one criterion.

    Args:
        scores: of each judge, its repeats; a judge that did not answer has none.
    """
    sums = _sums([list(repeats) for repeats in scores if repeats])
    return Spread(
        None if sums.between is None else math.sqrt(max(0.0, sums.between)),
        math.sqrt(sums.within / sums.within_df) if sums.within_df else None,
    )


def judge_spread(verdicts: Iterable[Verdict]) -> JudgeSpread:
    """Returns how a panel's judges differ over a run.

    Parts that answered count also where the panel as a whole gave no verdict; verdicts without parts are passed over.
    """
    scores: Scores = {}
    asked: dict[str, int] = {}
    for verdict in verdicts:
        for part in verdict.parts:
            asked[part.judge] = asked.get(part.judge, 0) + 1
            if part.status is Status.OK:
                scores.setdefault(verdict.sample_id, {}).setdefault(part.judge, []).append(part.scores)
    found = ((criterion, _criterion(scores, criterion)) for criterion in Criterion)
    return JudgeSpread(
        criteria={criterion: spread for criterion, spread in found if spread.samples},
        judges=tuple(_row(name, count, scores) for name, count in asked.items()),
        pairs=tuple(
            _pair(first, second, criterion, scores)
            for first, second in combinations(asked, 2)
            for criterion in Criterion
            if any(_values(by_judge, criterion) for by_judge in scores.values())
        ),
    )


def _values(
    by_judge: Mapping[str, Sequence[Mapping[Criterion, float]]], criterion: Criterion
) -> dict[str, list[float]]:
    found = {name: [row[criterion] for row in rows if criterion in row] for name, rows in by_judge.items()}
    return {name: values for name, values in found.items() if values}


def _sums(groups: Sequence[Sequence[float]]) -> _Sums:
    total = sum(len(group) for group in groups)
    means = [math.fsum(group) / len(group) for group in groups]
    within = math.fsum((value - mean) ** 2 for group, mean in zip(groups, means, strict=True) for value in group)
    within_df, between_df = total - len(groups), len(groups) - 1
    if between_df < 1:
        return _Sums(None, within, within_df)
    centre = math.fsum(value for group in groups for value in group) / total
    spread = math.fsum(len(group) * (mean - centre) ** 2 for group, mean in zip(groups, means, strict=True))
    size = (total - sum(len(group) ** 2 for group in groups) / total) / between_df
    noise = within / within_df if within_df else 0.0
    return _Sums((spread / between_df - noise) / size, within, within_df)


def _criterion(scores: Scores, criterion: Criterion) -> CriterionSpread:
    groups = [list(_values(by_judge, criterion).values()) for by_judge in scores.values()]
    sums = [_sums(group) for group in groups if group]
    between = [one.between for one in sums if one.between is not None]
    return CriterionSpread(
        samples=len(sums),
        between_sd=math.sqrt(max(0.0, math.fsum(between) / len(between))) if between else None,
        within_sd=_pooled(sums),
    )


def _pooled(sums: Sequence[_Sums]) -> float | None:
    freedom = sum(one.within_df for one in sums)
    return math.sqrt(math.fsum(one.within for one in sums) / freedom) if freedom else None


def _row(name: str, asked: int, scores: Scores) -> JudgeRow:
    answers = [by_judge[name] for by_judge in scores.values() if name in by_judge]
    means, within = {}, {}
    for criterion in Criterion:
        groups = [[row[criterion] for row in rows if criterion in row] for rows in answers]
        groups = [group for group in groups if group]
        if groups:
            means[criterion] = math.fsum(math.fsum(group) / len(group) for group in groups) / len(groups)
            pooled = _pooled([_sums([group]) for group in groups])
            if pooled is not None:
                within[criterion] = pooled
    return JudgeRow(judge=name, asked=asked, answered=sum(map(len, answers)), means=means, within_sd=within)


def _pair(first: str, second: str, criterion: Criterion, scores: Scores) -> JudgePair:
    common = [
        (math.fsum(found[first]) / len(found[first]), math.fsum(found[second]) / len(found[second]))
        for by_judge in scores.values()
        if {first, second} <= (found := _values(by_judge, criterion)).keys()
    ]
    difference = math.fsum(one - other for one, other in common) / len(common) if common else None
    return JudgePair(first, second, criterion, len(common), _spearman(common), difference)


def _spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    ones, others = [one for one, _ in pairs], [other for _, other in pairs]
    if len(pairs) < _FEWEST or len(set(ones)) == 1 or len(set(others)) == 1:
        return None
    from scipy import stats

    return float(stats.spearmanr(ones, others).statistic)
