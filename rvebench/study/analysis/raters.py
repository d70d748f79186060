"""Raters one by one: what tells who did not look, and whom the study's rule leaves out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import median

from rvebench.scoring.shapes import as_json_number
from rvebench.study.checks import passes_check
from rvebench.study.folder import Answers
from rvebench.study.records import Answer, Study, Trial

__all__ = ["RaterReport", "examine_raters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RaterReport:
    """One rater. A share is None where nothing was answered that it could be of."""

    rater: str
    trials: int
    """Main trials of the session."""
    answered: int
    """Of those."""
    median_s: float | None
    """Seconds from showing a main trial to its answer; pauses count."""
    checks: int
    """Attention checks answered."""
    checks_failed: int
    duplicate_pairs: int
    """Pairs of entries seen a second time, by criterion."""
    consistency: float | None
    """Share of them ordered as before, a tie against an order for half."""
    decided: int
    """Answers by criterion that have one best entry."""
    left: float | None
    """Share of them whose best entry stood first, at the left."""
    right: float | None
    """Share of them whose best entry stood last."""
    tied: float | None
    """Share of answers by criterion that put all entries level."""
    same_pattern: float | None
    """Share of main trials with this rater's most frequent row of numbers from left to right."""
    reasons: tuple[str, ...]
    """Which lines of the study's rule are crossed, in clauses; empty: kept."""

    @property
    def kept(self) -> bool:
        """Whether the rule keeps this rater."""
        return not self.reasons

    def as_json(self) -> dict[str, object]:
        """Returns every field in plain JSON values."""

        def number(value: float | None) -> float | None:
            return None if value is None else as_json_number(value)

        return {
            "rater": self.rater,
            "kept": self.kept,
            "reasons": list(self.reasons),
            "trials": self.trials,
            "answered": self.answered,
            "median_s": number(self.median_s),
            "checks": self.checks,
            "checks_failed": self.checks_failed,
            "duplicate_pairs": self.duplicate_pairs,
            "consistency": number(self.consistency),
            "decided": self.decided,
            "left": number(self.left),
            "right": number(self.right),
            "tied": number(self.tied),
            "same_pattern": number(self.same_pattern),
        }


def examine_raters(study: Study, answers: Answers) -> tuple[RaterReport, ...]:
    """Returns a report on every rater who has answered a main trial, in the order of the study."""
    given = {answer.trial: answer for answer in answers.answers}
    found = (_examine(study, session, given) for session in study.session_of.values())
    return tuple(report for report in found if report is not None)


def _examine(study: Study, session: Sequence[Trial], given: dict[str, Answer]) -> RaterReport | None:
    done = [(trial, given[trial.id]) for trial in session if trial.id in given]
    main = [(trial, answer) for trial, answer in done if trial.kind == "main"]
    if not main:
        return None
    sign = -1 if study.lower_is_better else 1
    checked = [passes_check(study, trial, answer) for trial, answer in done if trial.kind == "attention"]
    repeats = [
        agreed
        for trial, answer in done
        if trial.kind == "duplicate" and trial.repeats in given
        for agreed in _repeated(given[str(trial.repeats)], answer)
    ]
    rows = [
        [sign * answer.values[criterion][entry] for entry in trial.shown]
        for trial, answer in main
        for criterion in sorted(answer.values)
        if len(trial.shown) > 1
    ]
    decided = [row for row in rows if row.count(max(row)) == 1]
    left = sum(row[0] == max(row) for row in decided)
    right = sum(row[-1] == max(row) for row in decided)
    patterns = Counter(
        tuple(tuple(answer.values[criterion][entry] for entry in trial.shown) for criterion in sorted(answer.values))
        for trial, answer in main
    )
    report = RaterReport(
        rater=main[0][0].rater,
        trials=sum(trial.kind == "main" for trial in session),
        answered=len(main),
        median_s=median(answer.elapsed_s for _, answer in main),
        checks=len(checked),
        checks_failed=checked.count(False),
        duplicate_pairs=len(repeats),
        consistency=math.fsum(repeats) / len(repeats) if repeats else None,
        decided=len(decided),
        left=left / len(decided) if decided else None,
        right=right / len(decided) if decided else None,
        tied=sum(len(set(row)) == 1 for row in rows) / len(rows) if rows else None,
        same_pattern=max(patterns.values()) / len(main),
        reasons=(),
    )
    return _judged(report, study)


def _repeated(first: Answer, second: Answer) -> Iterator[float]:
    """Yields 1 for each pair of entries in the same order twice, 0.5 where one answer ties it, 0 where they differ."""
    for criterion, values in first.values.items():
        again = second.values[criterion]
        for one, other in combinations(sorted(values), 2):
            before, after = values[one] - values[other], again[one] - again[other]
            yield 1.0 if before * after > 0 or before == after == 0 else 0.5 if before * after == 0 else 0.0


def _judged(report: RaterReport, study: Study) -> RaterReport:
    rule = study.rules.exclusion
    reasons = []
    if report.checks and report.checks_failed / report.checks > rule.most_failed_checks:
        reasons.append(f"failed {report.checks_failed} of {report.checks} attention checks")
    if (
        report.consistency is not None
        and report.duplicate_pairs >= rule.fewest_duplicate_pairs
        and report.consistency < rule.least_consistency
    ):
        reasons.append(f"ordered {report.consistency:.0%} of {report.duplicate_pairs} repeated pairs as before")
    if report.answered >= rule.fewest_trials:
        assert report.median_s is not None and report.same_pattern is not None
        if report.median_s < rule.least_median_s:
            reasons.append(f"took {report.median_s:.1f} s at the median")
        for side, share in (("left", report.left), ("right", report.right)):
            # Few decisions among many ties are no habit.
            if share is not None and share > rule.most_one_side and report.decided >= rule.fewest_trials:
                reasons.append(f"found the best at the {side} in {share:.0%} of {report.decided} decisions")
        if report.same_pattern > rule.most_same_pattern:
            reasons.append(f"gave one same pattern in {report.same_pattern:.0%} of {report.answered} trials")
    return replace(report, reasons=tuple(reasons))
