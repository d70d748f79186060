"""From a study and its answers to every number of the analysis; a pure function of the two, a seed and a tie model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rvebench.errors import CoverageError
from rvebench.scoring import DEFAULT_RESAMPLES, holm
from rvebench.scoring.agreement import Measured
from rvebench.scoring.bradley_terry import TieModel
from rvebench.scoring.crossed import Pigeonhole, crossed_variance, pigeonhole_means, share_interval, symmetric_interval
from rvebench.study.analysis.agreement import measure_rater_agreement
from rvebench.study.analysis.evidence import Comparisons, Floats, Scored, compare, gather, method_names
from rvebench.study.analysis.raters import RaterReport, examine_raters
from rvebench.study.analysis.results import CriterionResult, Findings, MethodResult, PairResult, StudyAnalysis
from rvebench.study.analysis.strengths import FittedStrengths, as_elo, fit_study, orders_of_three
from rvebench.study.folder import Answers
from rvebench.study.records import Question, Study

__all__ = ["analyze_study"]


def analyze_study(
    study: Study,
    answers: Answers,
    *,
    seed: int = 0,
    ties: TieModel = "half",
    resamples: int = DEFAULT_RESAMPLES,
) -> StudyAnalysis:
    """Returns all that the answers say of methods and raters.

    Args:
        study: the study.
        answers: what raters have sent so far.
        seed: of the intervals.
        ties: what a tie is to Bradley-Terry; in win rates it is half a win in any case.
        resamples: how many resamples of clusters and raters.

    Raises:
        CoverageError: nobody has answered a main trial.
    """
    raters = examine_raters(study, answers)
    if not raters:
        raise CoverageError(
            "nobody has answered a trial yet",
            where=study.rules.title,
            hint="run `rvebench study serve` and invite raters",
        )

    def findings(names: Sequence[str]) -> Findings:
        return _findings(study, answers, names, seed=seed, ties=ties, resamples=resamples)

    everyone = findings([report.rater for report in raters])
    kept_names = [report.rater for report in raters if report.kept]
    kept = everyone if len(kept_names) == len(raters) else findings(kept_names) if kept_names else None
    main = [trial for trial in study.trials if trial.kind == "main"]
    given = {answer.trial for answer in answers.answers}
    return StudyAnalysis(
        title=study.rules.title,
        design=study.design,
        digest=study.digest,
        seed=seed,
        resamples=resamples,
        ties=ties,
        methods=method_names(study),
        answered=sum(trial.id in given for trial in main),
        trials=len(main),
        rule=study.rules.exclusion.model_dump(),
        raters=raters,
        kept=kept,
        everyone=everyone,
        notes=tuple(_notes(study, answers, raters)),
    )


def _notes(study: Study, answers: Answers, raters: Sequence[RaterReport]) -> list[str]:
    left_out = [report.rater for report in raters if not report.kept]
    notes = []
    if len(raters) == 1:
        notes.append("one rater: no interval and no agreement can be given, and the numbers are that person's")
    if len(left_out) == len(raters):
        notes.append("the study's rule leaves out every rater: the numbers are everybody's, and show no one's care")
    elif left_out:
        said = ", ".join(left_out[:8]) + (f" and {len(left_out) - 8} more" if len(left_out) > 8 else "")
        notes.append(f"the study's rule leaves out {len(left_out)} of {len(raters)} raters: {said}")
    unfinished = sum(report.answered < report.trials for report in raters)
    if unfinished:
        notes.append(f"{unfinished} of {len(raters)} raters have not finished; what they answered counts")
    if len(raters) < len(study.raters):
        notes.append(f"{len(study.raters) - len(raters)} of {len(study.raters)} invited raters have not begun")
    if answers.torn_bytes:
        notes.append(f"the last {answers.torn_bytes} bytes of the answers are no whole line and were passed over")
    return notes


def _findings(
    study: Study, answers: Answers, raters: Sequence[str], *, seed: int, ties: TieModel, resamples: int
) -> Findings:
    scored = gather(study, answers, frozenset(raters))
    by_criterion: dict[str, list[Scored]] = {question.id: [] for question in study.questions}
    for each in scored:
        by_criterion[each.criterion].append(each)
    measured = (
        _criterion(study, question, by_criterion[question.id], seed=seed, ties=ties, resamples=resamples)
        for question in study.questions
        if by_criterion[question.id]
    )
    return Findings(raters=tuple(raters), criteria=tuple(measured))


def _criterion(
    study: Study, question: Question, scored: Sequence[Scored], *, seed: int, ties: TieModel, resamples: int
) -> CriterionResult:
    methods = [method.id for method in study.methods]
    comparisons = compare(scored, methods)
    clusters, raters = len(comparisons.clusters), len(comparisons.raters)
    name = f"study/{question.id}"
    pigeonhole = Pigeonhole(clusters, raters, seed=seed, name=name, resamples=resamples)
    no_interval = "no interval from one rater" if raters < 2 else "no interval from one source" if clusters < 2 else ""
    fitted = fit_study(comparisons, pigeonhole, ties=ties, no_interval=no_interval)
    orders = orders_of_three(scored, methods)
    likert = study.design == "likert"
    return CriterionResult(
        criterion=question.id,
        title=question.title,
        answers=len(scored),
        comparisons=int(comparisons.played_PKR.sum()),
        samples=len({each.sample for each in scored}),
        clusters=clusters,
        raters=raters,
        methods=tuple(
            MethodResult(
                method=method,
                win_rate=_method_rate(comparisons, place, pigeonhole, no_interval),
                log_strength=fitted.log_strengths[place],
                elo=as_elo(fitted.log_strengths[place]),
                plackett_luce=None if orders is None or fitted.log_strengths[place].value is None else orders[place],
                score=_score(scored, method, comparisons, pigeonhole, study, no_interval) if likert else None,
            )
            for place, method in enumerate(methods)
        ),
        pairs=_pairs(comparisons, fitted, pigeonhole, no_interval),
        groups=tuple(tuple(methods[place] for place in group) for group in fitted.groups),
        tie_strength=fitted.tie_strength if ties == "davidson" else None,
        agreement=measure_rater_agreement(scored, seed=seed, name=name, resamples=resamples, likert=likert),
        notes=tuple(_criterion_notes(fitted, method_names(study), methods, orders, no_interval)),
    )


def _rate(points_KR: Floats, played_KR: Floats, pigeonhole: Pigeonhole, reason: str) -> tuple[Measured, float | None]:
    n = int(played_KR.sum())
    if n == 0:
        return Measured(reason="nobody compared it"), None
    found = share_interval(points_KR, played_KR, pigeonhole)
    if found.ci95 is None and not reason:
        reason = "no interval: one rater or one source has all of it"
    return Measured(value=found.value, ci95=found.ci95, n=n, reason=reason), found.p


def _method_rate(comparisons: Comparisons, place: int, pigeonhole: Pigeonhole, reason: str) -> Measured:
    points, played = comparisons.points_PKR, comparisons.played_PKR
    won = np.zeros(points.shape[1:])
    of = np.zeros(points.shape[1:])
    for pair, (i, j) in enumerate(comparisons.pairs):
        if place in (i, j):
            won += points[pair] if place == i else played[pair] - points[pair]
            of += played[pair]
    return _rate(won, of, pigeonhole, reason)[0]


def _pairs(
    comparisons: Comparisons, fitted: FittedStrengths, pigeonhole: Pigeonhole, reason: str
) -> tuple[PairResult, ...]:
    points, played = comparisons.points_PKR, comparisons.played_PKR
    compared = [pair for pair in range(len(comparisons.pairs)) if played[pair].any()]
    rates = {pair: _rate(points[pair], played[pair], pigeonhole, reason) for pair in compared}
    adjusted = holm({str(pair): p for pair, (_, p) in rates.items() if p is not None})
    found = []
    for pair in compared:
        i, j = comparisons.pairs[pair]
        rate, p = rates[pair]
        wins, ties, losses, bad = (
            int(table[pair].sum())
            for table in (
                comparisons.wins_PKR,
                comparisons.ties_PKR,
                comparisons.losses_PKR,
                comparisons.both_bad_PKR,
            )
        )
        found.append(
            PairResult(
                first=comparisons.methods[i],
                second=comparisons.methods[j],
                wins=wins,
                ties=ties,
                losses=losses,
                both_bad=bad,
                win_rate=rate,
                p=p,
                p_holm=adjusted.get(str(pair)),
                beats=fitted.beats[pair],
            )
        )
    return tuple(found)


def _score(
    scored: Sequence[Scored],
    method: str,
    comparisons: Comparisons,
    pigeonhole: Pigeonhole,
    study: Study,
    reason: str,
) -> Measured:
    cluster_of = {name: place for place, name in enumerate(comparisons.clusters)}
    rater_of = {name: place for place, name in enumerate(comparisons.raters)}
    sums, sizes = (np.zeros((len(cluster_of), len(rater_of))) for _ in range(2))
    for each in scored:
        if method in each.merits:
            cell = cluster_of[each.cluster], rater_of[each.rater]
            sums[cell] += each.merits[method]
            sizes[cell] += 1
    if not sizes.any():
        return Measured(reason="nobody scored it")
    mean, spread = float(sums.sum() / sizes.sum()), crossed_variance(sums, sizes)
    draws = pigeonhole_means(sums, sizes, pigeonhole.row_times, pigeonhole.column_times)
    ends = symmetric_interval(mean, draws, spread)
    if ends is not None:
        low, high = study.rules.scale
        ends = max(float(low), ends[0]), min(float(high), ends[1])
    elif not reason:
        reason = "no interval: one rater or one source has all of it"
    return Measured(value=mean, ci95=ends, n=int(sizes.sum()), reason=reason)


def _criterion_notes(
    fitted: FittedStrengths, names: Mapping[str, str], methods: Sequence[str], orders: Floats | None, no_interval: str
) -> list[str]:
    def said(places: Sequence[int]) -> str:
        return ", ".join(names[methods[place]] for place in places)

    notes = [no_interval] if no_interval else []
    if len(fitted.groups) > 1:
        groups = "; ".join(said(group) for group in fitted.groups)
        notes.append(f"no chain of comparisons links these groups, and no strength compares them: {groups}")
    for group in fitted.groups:
        parts = [part for part in fitted.parts if part[0] in group]
        if len(parts) > 1:
            notes.append(
                f"{said(parts[0])} never lost a point to the other methods: only a small prior keeps the strengths of "
                f"this group finite, so they have no interval; the win rates have"
            )
    strengths = [found.value for found in fitted.log_strengths]
    if orders is not None and None not in strengths:
        by_pairs = sorted(range(len(methods)), key=lambda place: -(strengths[place] or 0.0))
        by_orders = sorted(range(len(methods)), key=lambda place: -orders[place])
        if by_pairs != by_orders:
            notes.append(f"Plackett-Luce orders the methods otherwise: {said(by_orders)}")
    return notes
