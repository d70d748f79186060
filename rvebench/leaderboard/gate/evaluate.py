"""The gate itself: two runs and a policy in, a verdict for each rule out.

All drops that a policy tests are one family: their p values are adjusted by Holm's method, so that the chance of *any*
false "regress" from chance alone stays within alpha (within the largest, where rules differ in alpha). A pass needs no
adjustment: it takes every rule, so that the chance of a false pass only falls with their number (Berger, Technometrics
24(4), 1982).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rvebench.errors import CoverageError, UsageError
from rvebench.leaderboard.gate.policy import Policy, Rule
from rvebench.leaderboard.gate.quantities import Measured, expand_rules, is_judged, measure
from rvebench.leaderboard.gate.verdicts import Check, GateResult, Reason, Verdict
from rvebench.leaderboard.gate.wording import (
    drop_words,
    floor_words,
    judge_words,
    missing_words,
    open_words,
    pass_words,
    unpaired_words,
)
from rvebench.runs import (
    Cause,
    RunFiles,
    Spending,
    changes_between,
    deciding_changes,
    read_run_files,
    read_spending,
)
from rvebench.scoring import get_formula, holm
from rvebench.scoring.margin import Answer, DropTest, measure_drop, read_drop, sources_to_decide
from rvebench.taxonomy import Status

__all__ = ["run_gate"]


def run_gate(baseline: Path, candidate: Path, policy: Policy, *, seed: int = 0) -> GateResult:
    """Returns what a policy says of a candidate run beside a baseline run.

    Args:
        baseline: a run directory.
        candidate: a run directory, made on the same split with the same judge, prompt, frames and formula.
        policy: what the candidate is held to.
        seed: of resamples and sign patterns.

    Raises:
        UsageError: not a run, runs that differ in what decides scores, or a rule about what they do not have.
        CoverageError: a run in which nothing is recorded.
        DataError: a manifest, journal or cost log is damaged.
    """
    if baseline.resolve() == candidate.resolve():
        raise UsageError("baseline and candidate are the same run", where=candidate, hint="name two run directories")
    a, b = read_run_files(baseline), read_run_files(candidate)
    _require_begun(a, "baseline")
    _require_begun(b, "candidate")
    _require_whole(a, "baseline")
    _require_whole(b, "candidate")
    _require_alike(a, b, policy)
    rules = expand_rules(policy, a, b)
    _require_same_metrics(a, b, rules)
    spending = read_spending(candidate, b.manifest)
    checks, tests = _judge(rules, a, b, power=policy.power, seed=seed)
    return GateResult(
        baseline=a.view.header,
        candidate=b.view.header,
        policy=str(policy.path),
        seed=seed,
        tests=tests,
        fail_inconclusive=policy.fail_inconclusive,
        checks=(*checks, *_budget(policy, spending)),
        spending=spending,
        notes=_notes(a, b, rules),
    )


def _require_begun(files: RunFiles, side: str) -> None:
    outcomes = files.view.outcomes
    if all(item.status is Status.MISSING for item in outcomes):
        raise CoverageError(
            f"the {side} is empty: no edit of its {len(outcomes)} samples is recorded",
            where=files.view.directory,
            hint="make it with `rvebench evaluate`; the same --out goes on where it stopped",
        )


def _require_whole(files: RunFiles, side: str) -> None:
    if files.manifest.shard:
        raise UsageError(
            f"the {side} is shard {files.manifest.shard} of a run",
            where=files.view.directory,
            hint="put the shards together first: `rvebench runs merge`",
        )


def _require_alike(a: RunFiles, b: RunFiles, policy: Policy) -> None:
    """Refuses runs whose numbers are about different things."""
    if any(is_judged(rule.quantity) for rule in policy.rules):
        for files, side in ((a, "baseline"), (b, "candidate")):
            if not files.view.header.judge:
                raise UsageError(
                    f"the {side} has no judge, and the policy has rules about scores",
                    where=files.view.directory,
                    hint=f"judge it first: rvebench score {files.view.directory}",
                )
    clauses = []
    ours, theirs = ({item.sample.id for item in files.view.outcomes} for files in (a, b))
    if ours != theirs:
        names = [f"{files.view.header.split}, {len(files.view.outcomes)} samples" for files in (a, b)]
        clauses.append(f"split ({names[0]} against {names[1]}; {len(ours & theirs)} in both)")
    clauses += [str(change) for change in deciding_changes(a.view, b.view)]
    was, now = a.manifest.generation.conform_version, b.manifest.generation.conform_version
    if was != now:
        clauses.append(f"normalisation of the videos ({was} against {now})")
    _refuse_if(clauses, b)


def _require_same_metrics(a: RunFiles, b: RunFiles, rules: Sequence[Rule]) -> None:
    """Refuses metrics that were measured with other weights or another version."""
    used = {rule.quantity for rule in rules}
    ours, theirs = (
        {entry.name: entry.digest for entry in (files.manifest.scoring.metrics if files.manifest.scoring else ())}
        for files in (a, b)
    )
    _refuse_if(
        [
            f"version, weights or settings of {name} ({ours[name][:12]}… against {theirs[name][:12]}…)"
            for name in sorted(used & ours.keys() & theirs.keys())
            if ours[name] != theirs[name]
        ],
        b,
    )


def _refuse_if(clauses: Sequence[str], candidate: RunFiles) -> None:
    if clauses:
        raise UsageError(
            f"the runs differ in {'; '.join(clauses)}",
            where=candidate.view.directory,
            hint="a gate compares runs made alike: make both with one split, judge, prompt, frames and formula",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tested:
    rule: Rule
    measured: Measured
    short: tuple[Reason, str] | None
    """Why there is too little to judge the rule by."""
    drop: DropTest | None


def _judge(rules: Sequence[Rule], a: RunFiles, b: RunFiles, *, power: float, seed: int) -> tuple[list[Check], int]:
    """Returns a check for each rule, and how many drops were tested."""
    formula = get_formula(b.view.header.formula)
    tested = [_test(rule, measure(rule, a, b, formula), seed) for rule in rules]
    family = holm({item.rule.name: item.drop.p_drop for item in tested if item.drop is not None})
    return [_check(item, family, power) for item in tested], len(family)


def _test(rule: Rule, measured: Measured, seed: int) -> _Tested:
    short = _too_little(rule, measured)
    drop = None
    if short is None and rule.max_drop is not None:
        sign = 1.0 if measured.higher_is_better else -1.0
        drop = measure_drop(
            rule.name,
            [(name, source, sign * before, sign * after) for name, source, before, after in measured.pairs],
            tolerated=rule.min_effect,
            worst=rule.max_drop,
            test=rule.test,
            seed=seed,
        )
    return _Tested(rule=rule, measured=measured, short=short, drop=drop)


def _too_little(rule: Rule, measured: Measured) -> tuple[Reason, str] | None:
    if not measured.higher_is_better and rule.min_mean is not None:
        raise UsageError(
            f"less is better in {rule.quantity}, and min_mean is a lower bound", hint="use max_drop: a rise is a drop"
        )
    for side, name in ((measured.candidate, "candidate"), (measured.baseline, "baseline")):
        if side.recorded < rule.min_coverage:
            return Reason.COVERAGE, missing_words(name, side, rule)
        if side.unjudged > rule.max_judge_errors:
            return Reason.JUDGE, judge_words(name, side, rule)
    scarce = not is_judged(rule.quantity) and measured.paired < rule.min_coverage
    if scarce or not measured.pairs:
        return Reason.COVERAGE, unpaired_words(measured, rule)
    return None


def _check(item: _Tested, family: dict[str, float], power: float) -> Check:
    rule, measured, drop = item.rule, item.measured, item.drop
    check = Check(
        name=rule.name,
        category=rule.category or "all",
        verdict=Verdict.PASS,
        words="",
        line=rule.line,
        baseline=measured.baseline.mean,
        candidate=measured.candidate.mean,
    )
    if item.short is not None:
        reason, words = item.short
        return replace(check, verdict=Verdict.ERROR, reason=reason, words=words, baseline=None, candidate=None)
    low = check.candidate is not None and rule.min_mean is not None and check.candidate < rule.min_mean
    floor = floor_words(check.candidate, rule, measured)
    if drop is None:
        return replace(
            check,
            verdict=Verdict.REGRESS if low else Verdict.PASS,
            reason=Reason.FLOOR if low else None,
            words=floor,
        )
    assert rule.max_drop is not None
    check = replace(
        check,
        drop=_as_measured(drop, measured),
        p_holm=family[rule.name],
        baseline=_as_measured(drop, measured).mean_baseline,
        candidate=_as_measured(drop, measured).mean_candidate,
    )
    answer = read_drop(drop, family[rule.name], rule.alpha)
    if answer is Answer.SHOWN:
        words = drop_words(check, rule, measured, tests=len(family))
        return replace(check, verdict=Verdict.REGRESS, reason=Reason.DROP, words=f"{words}; {floor}" if low else words)
    if low:
        return replace(check, verdict=Verdict.REGRESS, reason=Reason.FLOOR, words=floor)
    if answer is Answer.RULED_OUT:
        return replace(check, words=pass_words(check, rule, measured))
    sources = sources_to_decide(
        drop,
        tolerated=rule.min_effect,
        worst=rule.max_drop,
        alpha=rule.alpha,
        alpha_drop=rule.alpha / len(family),
        power=power,
        test=rule.test,
    )
    check = replace(check, needed_sources=sources, needed_samples=-(-sources * drop.n // drop.sources))
    return replace(
        check,
        verdict=Verdict.INCONCLUSIVE,
        reason=Reason.INCONCLUSIVE,
        words=open_words(check, rule, measured, power=power),
    )


def _as_measured(drop: DropTest, measured: Measured) -> DropTest:
    """Returns the test in the quantity's own direction: where less is better it was made on negated values."""
    if measured.higher_is_better:
        return drop
    ends = drop.ci95
    return replace(
        drop,
        mean_baseline=-drop.mean_baseline,
        mean_candidate=-drop.mean_candidate,
        difference=-drop.difference,
        ci95=None if ends is None else (-ends[1], -ends[0]),
    )


def _budget(policy: Policy, spending: Spending) -> list[Check]:
    found = []
    for name, cap, spent, unit in (
        ("usd", policy.max_usd, spending.usd, "USD"),
        ("hours", policy.max_hours, spending.edit_hours, "hours of editing"),
    ):
        if cap is None:
            continue
        unknown = spending.unpriced if name == "usd" else 0
        over = spent > cap
        words = f"{spent:.2f} {unit} of {cap:.2f}"
        if unknown and not over:
            words += f", and {unknown} calls or edits whose price nobody knows: name prices with --prices"
        bad = over or bool(unknown)
        found.append(
            Check(
                name=f"budget/{name}",
                category="budget",
                verdict=Verdict.ERROR if bad else Verdict.PASS,
                reason=Reason.BUDGET if bad else None,
                words=words,
                candidate=spent,
            )
        )
    return found


def _notes(a: RunFiles, b: RunFiles, rules: Sequence[Rule]) -> tuple[str, ...]:
    changes = changes_between(a, b)
    notes = [f"{change}" for change in changes if change.cause is Cause.EDITS]
    if not any(change.cause is Cause.EDITOR for change in changes):
        notes.append("both runs are of one editor with one seed")
    code = [str(change) for change in changes if change.cause is Cause.CODE]
    if code:
        more = f" and {len(code) - 4} more" if len(code) > 4 else ""
        notes.append(f"the runs were made with other software: {', '.join(code[:4])}{more}")
    if any(is_judged(rule.quantity) for rule in rules):
        for files, side in ((a, "baseline"), (b, "candidate")):
            unjudged = sum(item.status is Status.UNJUDGED for item in files.view.outcomes)
            if unjudged:
                notes.append(f"{unjudged} edits of the {side} have no verdict and are in no number")
    return tuple(notes)
