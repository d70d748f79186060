"""What a rule is about: one quantity of two runs, sample by sample, and how much of it is there.

The coverage law: a failed, refused or missing edit counts 0 in the score and in each criterion; an unjudged edit is no
number; an edit that a metric did not measure is no number either.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from rvebench.errors import UsageError
from rvebench.leaderboard.gate.policy import Policy, Rule
from rvebench.registry import nearest_names
from rvebench.runs import RunFiles, RunView, score_rows
from rvebench.scoring import Formula, ScoreRow, score_sample
from rvebench.scoring.summary import category_order, criterion_value
from rvebench.taxonomy import CRITERIA, Criterion, Status, criteria_for

__all__ = ["OVERALL", "Measured", "Side", "expand_rules", "is_judged", "measure"]

OVERALL = "overall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One run's part in a quantity."""

    values: Mapping[str, float | None]
    """By sample id, for each sample that the quantity applies to; None where there is no number."""
    missing: int
    """Samples without any recorded outcome: the run is not finished, or outputs are gone."""
    unjudged: int
    """Edits that are there and have no verdict; 0 for a metric."""

    @property
    def recorded(self) -> float:
        """Share of the samples that have an outcome, 0..1."""
        return 1.0 - self.missing / len(self.values) if self.values else 0.0

    @property
    def mean(self) -> float | None:
        """Mean over the samples that have a number."""
        found = [value for value in self.values.values() if value is not None]
        return math.fsum(found) / len(found) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One quantity of both runs."""

    baseline: Side
    candidate: Side
    pairs: tuple[tuple[str, str, float, float], ...]
    """Sample id, source, baseline value, candidate value, for samples with both; ordered by id."""
    higher_is_better: bool
    judged: bool
    """From a judge, on a scale of 0 to 10; else a metric, on its own scale."""

    @property
    def paired(self) -> float:
        """Share of the samples that have a number on both sides, 0..1."""
        return len(self.pairs) / len(self.candidate.values) if self.candidate.values else 0.0


def is_judged(quantity: str) -> bool:
    """Returns whether the quantity comes from a judge: the score, or a criterion."""
    return quantity == OVERALL or quantity in Criterion.__members__


def expand_rules(policy: Policy, baseline: RunFiles, candidate: RunFiles) -> tuple[Rule, ...]:
    """Returns the rules with `categories` written out; a rule of a category's own goes before the common one.

    Raises:
        UsageError: a rule is about something that the two runs do not both have; the nearest name is given.
    """
    views = (baseline.view, candidate.view)
    known = _known(views)
    categories = category_order(item.sample.reasoning_type.value for item in candidate.view.outcomes)
    own = {rule.name for rule in policy.rules}
    found: list[Rule] = []
    for rule in policy.rules:
        where = policy.path if rule.line is None else f"{policy.path}:{rule.line}"
        if rule.quantity not in known:
            _refuse("quantity", rule.quantity, known, where, measured=_measured_once(views))
        named = [rule.category] if rule.category else []
        named += [] if isinstance(rule.categories, bool) else rule.categories
        for name in named:
            if name not in categories:
                _refuse("category", name, categories, where)
        if rule.category and not _applies(rule.quantity, rule.category, candidate.view):
            raise UsageError(f"{rule.quantity} is not asked of {rule.category}", where=where, hint="take the rule out")
        found.append(rule)
        if rule.categories is False:
            continue
        for name in categories if rule.categories is True else rule.categories:
            below = replace(rule, category=name, categories=False)
            if below.name not in own and _applies(rule.quantity, name, candidate.view):
                found.append(below)
    return tuple(found)


def _known(views: Sequence[RunView]) -> list[str]:
    found = [OVERALL] if all(view.header.judge for view in views) else []
    if found:
        subsets = {item.sample.subset for item in views[1].outcomes}
        found += [which.value for which in CRITERIA if any(which in criteria_for(subset) for subset in subsets)]
    return [*found, *sorted(_metrics(views[0]) & _metrics(views[1]))]


def _metrics(view: RunView) -> set[str]:
    return {value.metric for item in view.outcomes for value in item.metrics}


def _measured_once(views: Sequence[RunView]) -> Mapping[str, str]:
    """Returns which run lacks what the other one has."""
    a, b = (_metrics(view) for view in views)
    return {**dict.fromkeys(a - b, "the candidate"), **dict.fromkeys(b - a, "the baseline")}


def _refuse(
    kind: str, name: str, known: Iterable[str], where: object, *, measured: Mapping[str, str] | None = None
) -> None:
    if measured and name in measured:
        raise UsageError(
            f"the rule is about {name!r}, which {measured[name]} was not measured on",
            where=where,
            hint="measure it with `rvebench score --metrics`, or take the rule out",
        )
    if is_judged(name):
        # Runs without a judge were refused before: the split has no sample that is scored on it.
        raise UsageError(f"no sample of these runs is scored on {name}", where=where, hint="take the rule out")
    near = nearest_names(name, known, most=1)
    listed = ", ".join(known)
    raise UsageError(
        f"no {kind} {name!r} in these runs",
        where=where,
        hint=f"did you mean {near[0]}?" if near else f"they have {listed}" if listed else "they have none",
    )


def _applies(quantity: str, category: str, view: RunView) -> bool:
    """Returns whether any sample of a category has the quantity: PC is not asked of ICVG."""
    if quantity not in Criterion.__members__:
        return True
    return any(
        Criterion(quantity) in criteria_for(item.sample.subset)
        for item in view.outcomes
        if item.sample.reasoning_type.value == category
    )


def measure(rule: Rule, baseline: RunFiles, candidate: RunFiles, formula: Formula) -> Measured:
    """Returns both runs' values of what a rule is about."""
    judged = is_judged(rule.quantity)
    sides = [(_scored if judged else _metric)(files.view, rule, formula) for files in (baseline, candidate)]
    sources = {item.sample.id: item.sample.cluster for item in candidate.view.outcomes}
    ours, theirs = sides[0].values, sides[1].values
    pairs = [
        (name, sources[name], before, after)
        for name in sorted(ours.keys() & theirs.keys())
        if (before := ours[name]) is not None and (after := theirs[name]) is not None
    ]
    return Measured(
        baseline=sides[0],
        candidate=sides[1],
        pairs=tuple(pairs),
        higher_is_better=judged or _higher_is_better(candidate, rule.quantity),
        judged=judged,
    )


def _scored(view: RunView, rule: Rule, formula: Formula) -> Side:
    value: Callable[[ScoreRow], float | None] = (
        partial(score_sample, formula=formula)
        if rule.quantity == OVERALL
        else partial(criterion_value, which=Criterion(rule.quantity))
    )
    rows = [
        row
        for row in score_rows(view.outcomes)
        if (not rule.category or row.category == rule.category)
        and (rule.quantity == OVERALL or Criterion(rule.quantity) in criteria_for(row.subset))
    ]
    return Side(
        values={row.sample_id: value(row) for row in rows},
        missing=sum(row.status is Status.MISSING for row in rows),
        unjudged=sum(row.status is Status.UNJUDGED for row in rows),
    )


def _metric(view: RunView, rule: Rule, _formula: Formula) -> Side:
    own = [item for item in view.outcomes if not rule.category or item.sample.reasoning_type.value == rule.category]
    values: dict[str, float | None] = {item.sample.id: None for item in own}
    values.update(
        {item.sample.id: value.value for item in own for value in item.metrics if value.metric == rule.quantity}
    )
    return Side(values=values, missing=sum(item.status is Status.MISSING for item in own), unjudged=0)


def _higher_is_better(files: RunFiles, metric: str) -> bool:
    scoring = files.manifest.scoring
    entries = scoring.metrics if scoring else ()
    return all(bool(entry.info.get("higher_is_better", True)) for entry in entries if entry.name == metric)
