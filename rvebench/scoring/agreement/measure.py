"""Judges against people: every number of one criterion, or why it cannot be given."""

from __future__ import annotations

from functools import partial

import numpy as np

from rvebench.scoring.agreement.ceiling import Ceiling, Kernel, leave_one_out, rater_pairs
from rvebench.scoring.agreement.correlation import COEFFICIENTS, FEWEST, prepare_systems, prepare_units
from rvebench.scoring.agreement.krippendorff import ALPHA_METRICS, prepare_alpha
from rvebench.scoring.agreement.layout import Layout, ReadingKey
from rvebench.scoring.agreement.pairwise import (
    calibrated_threshold,
    gather_pairs,
    held_out_accuracy,
    prepare_calibrated,
    prepare_half,
    prepare_system_half,
    prepare_ties,
)
from rvebench.scoring.agreement.resample import Drawn, Floats, Resampler, Statistic, mean_over_raters
from rvebench.scoring.agreement.shapes import (
    CriterionAgreement,
    Level,
    Measured,
    ReadingAgreement,
    ReadingDifference,
    TieCalibration,
)

__all__ = ["measure_criterion"]

_HALF, _TIES = "pairwise_accuracy", "pairwise_accuracy_ties"
_ONE_RATER = "one rater: people cannot be compared with people"


def measure_criterion(
    layout: Layout, *, criterion: str, category: str, level: Level, seed: int, resamples: int
) -> CriterionAgreement:
    """Returns the agreement of every reading with people, the ceilings, and the differences between readings."""
    resampler = Resampler(layout.clusters, seed=seed, name=f"{criterion}/{category}", resamples=resamples)
    keys = list(layout.readings)
    return CriterionAgreement(
        criterion=criterion,
        category=category,
        n_units=len(layout.samples),
        n_samples=layout.n_samples,
        n_editors=layout.n_editors,
        n_raters=layout.human_NR.shape[1],
        n_clusters=resampler.count,
        alpha=_alpha(layout, resampler),
        readings=tuple(_reading(layout, key, level, resampler) for key in keys),
        differences=tuple(
            _difference(layout, key, earlier, level, resampler)
            for index, key in enumerate(keys)
            for earlier in keys[:index]
            if earlier in (keys[0], *(other for other in keys if other.judge == key.judge))
        ),
    )


def _alpha(layout: Layout, resampler: Resampler) -> dict[str, Measured]:
    human = layout.human_NR
    given = human[(~np.isnan(human)).sum(axis=1) >= 2]
    reason = ""
    if human.shape[1] < 2:
        reason = _ONE_RATER
    elif not len(given):
        reason = "no two raters scored the same edit"
    elif len(np.unique(given[~np.isnan(given)])) < 2:
        reason = "all ratings are the same: agreement by chance is certain"
    if reason:
        return {metric: Measured(n=len(given), reason=reason) for metric in ALPHA_METRICS}
    return {
        metric: resampler.measure(resampler.draw(prepare_alpha(human, metric)), n=len(given))
        for metric in ALPHA_METRICS
    }


def _kernels(layout: Layout, level: Level) -> dict[str, Kernel]:
    """Returns each measure as a function of two sides' scores."""
    if level == "system":
        systems: dict[str, Kernel] = {name: partial(_systems, name, layout) for name in COEFFICIENTS}
        return {**systems, _HALF: lambda one, people: prepare_system_half(one, people, layout.editor_N)}
    units: dict[str, Kernel] = {name: partial(_units, name) for name in COEFFICIENTS}
    return {
        **units,
        _HALF: lambda one, people: prepare_half(gather_pairs(one, people, layout.sample_N)),
        _TIES: lambda one, people: prepare_ties(gather_pairs(one, people, layout.sample_N)),
    }


def _units(name: str, one_N: Floats, people_NR: Floats) -> Statistic:
    return prepare_units(name, one_N, mean_over_raters(people_NR))


def _systems(name: str, layout: Layout, one_N: Floats, people_NR: Floats) -> Statistic:
    return prepare_systems(name, one_N, mean_over_raters(people_NR), layout.editor_N)


def _reading(layout: Layout, key: ReadingKey, level: Level, resampler: Resampler) -> ReadingAgreement:
    judge, human = layout.readings[key], layout.human_NR
    kernels = _kernels(layout, level)
    groups: dict[str, dict[str, Measured]] = {
        name: {} for name in ("people", "left", "left_judge", "gap", "pairs", "pairs_judge")
    }
    for name, kernel in kernels.items():
        n, reason = _size(layout, judge, name, level)
        if reason:
            groups["people"][name] = Measured(n=n, reason=reason)
        else:
            groups["people"][name] = resampler.measure(resampler.draw(kernel(judge, human)), n=n)
        left = leave_one_out(kernel, judge, human)
        people, own = _both(left, resampler)
        why = reason or _why_no_ceiling(layout, left)
        groups["left"][name] = resampler.measure(people, n=left.members, reason=why)
        groups["left_judge"][name] = resampler.measure(own, n=left.members, reason=why)
        groups["gap"][name] = resampler.measure(_minus(own, people), n=left.members, reason=why)
        pairs = rater_pairs(kernel, judge, human)
        people, own = _both(pairs, resampler)
        why = reason or _why_no_ceiling(layout, pairs)
        groups["pairs"][name] = resampler.measure(people, n=pairs.members, reason=why)
        groups["pairs_judge"][name] = resampler.measure(own, n=pairs.members, reason=why)
    judged = int(np.count_nonzero(~np.isnan(judge)))
    return ReadingAgreement(
        judge=key.judge,
        reading=key.reading,
        n_units=judged,
        n_unjudged=len(judge) - judged,
        with_people=groups["people"],
        tie_calibration=_tie_calibration(layout, judge, level, resampler),
        rater_left_out=groups["left"],
        judge_left_out=groups["left_judge"],
        left_out_gap=groups["gap"],
        rater_pairs=groups["pairs"],
        judge_pairs=groups["pairs_judge"],
    )


def _difference(
    layout: Layout, key: ReadingKey, baseline: ReadingKey, level: Level, resampler: Resampler
) -> ReadingDifference:
    """Compares two readings on the edits that both have."""
    one, other = layout.readings[key], layout.readings[baseline]
    both = ~np.isnan(one) & ~np.isnan(other)
    one, other = np.where(both, one, np.nan), np.where(both, other, np.nan)
    found = {}
    for name, kernel in _kernels(layout, level).items():
        n, reason = _size(layout, one, name, level)
        reason = reason or _size(layout, other, name, level)[1]
        if reason:
            found[name] = Measured(n=n, reason=reason)
        else:
            drawn = _minus(resampler.draw(kernel(one, layout.human_NR)), resampler.draw(kernel(other, layout.human_NR)))
            found[name] = resampler.measure(drawn, n=n)
    return ReadingDifference(
        reading=str(key), baseline=str(baseline), n_units=int(np.count_nonzero(both)), difference=found
    )


def _tie_calibration(layout: Layout, judge: Floats, level: Level, resampler: Resampler) -> TieCalibration:
    if level == "system":
        return TieCalibration(accuracy=Measured(reason="of pairs of edits, not of editors"))
    pairs = gather_pairs(judge, layout.human_NR, layout.sample_N)
    n, reason = _size(layout, judge, _TIES, level)
    if reason:
        return TieCalibration(accuracy=Measured(n=n, reason=reason))
    return TieCalibration(
        accuracy=resampler.measure(resampler.draw(prepare_calibrated(pairs)), n=n),
        threshold=calibrated_threshold(pairs),
        held_out=held_out_accuracy(pairs, layout.cluster_N),
    )


def _both(ceiling: Ceiling, resampler: Resampler) -> tuple[Drawn, Drawn]:
    return resampler.draw(ceiling.people), resampler.draw(ceiling.judge)


def _minus(one: Drawn, other: Drawn) -> Drawn:
    return Drawn(one.value - other.value, one.draws - other.draws)


def _why_no_ceiling(layout: Layout, ceiling: Ceiling) -> str:
    if layout.human_NR.shape[1] < 2:
        return _ONE_RATER
    return "" if ceiling.members else "the raters share too few edits, or one of them gave every edit the same score"


def _size(layout: Layout, judge: Floats, name: str, level: Level) -> tuple[int, str]:
    """Returns how many edits, editors or pairs a measure is over, and why it cannot mean anything, if so."""
    people = mean_over_raters(layout.human_NR)
    there = ~np.isnan(judge)
    editors = len(np.unique(layout.editor_N[there]))
    if level == "system":
        return _system_size(name, editors)
    if name in (_HALF, _TIES):
        pairs = gather_pairs(judge, layout.human_NR, layout.sample_N)
        if not len(pairs.first_P):
            return 0, "no sample has two edits that a rater and the judge both scored"
        if name == _TIES:
            return len(pairs.first_P), ""
        return pairs.decided, "" if pairs.decided else "people prefer no edit to another"
    n = int(np.count_nonzero(there))
    if n < FEWEST:
        return n, f"{n} edits are both rated and judged, and a coefficient needs {FEWEST}"
    if len(np.unique(judge[there])) < 2:
        return n, "the judge gave every edit the same score"
    if len(np.unique(people[there])) < 2:
        return n, "people gave every edit the same score"
    return n, ""


def _system_size(name: str, editors: int) -> tuple[int, str]:
    if name == _HALF:
        pairs = editors * (editors - 1) // 2
        return pairs, "" if pairs else "one editor has nothing to be compared with"
    if editors < FEWEST:
        return editors, f"{editors} editor{'s' if editors != 1 else ''}, and a coefficient over editors needs {FEWEST}"
    return editors, ""
