"""What a run's panel says of its judges, and what judging used: for the page, the tables and the JSON object."""

from __future__ import annotations

from collections.abc import Sequence

from rvebench.records import Usage, VerdictPart
from rvebench.runs.view import RunView
from rvebench.scoring import JudgePair, JudgeSpread, judge_spread, spread_of
from rvebench.scoring.shapes import as_json_number
from rvebench.scoring.words import ABSENT, score
from rvebench.taxonomy import CRITERIA, Criterion

__all__ = [
    "DISAGREE_POINTS",
    "between_sd",
    "mean_and_sd",
    "panel_json",
    "panel_note",
    "panel_of",
    "sd_rows",
    "usage_of",
    "usage_words",
]

DISAGREE_POINTS = 2.0
"""Judges disagree on a sample where their standard deviation on some criterion is at least this many points."""


def panel_of(view: RunView) -> JudgeSpread | None:
    """Returns how the judges of a run differ; None where no sample was judged by a panel."""
    spread = judge_spread(outcome.verdict for outcome in view.outcomes if outcome.verdict is not None)
    return spread if spread.judges else None


def panel_json(spread: JudgeSpread | None) -> dict[str, object] | None:
    """Returns the value of `judges` in the JSON object: `{members, pairs, criteria}`, or null for one judge."""
    if spread is None:
        return None
    return {
        "members": [
            {
                "name": row.judge,
                "asked": row.asked,
                "answered": row.answered,
                "means": {which.value: as_json_number(mean) for which, mean in row.means.items()},
                "within_sd": {which.value: _number(row.within_sd.get(which)) for which in row.means},
            }
            for row in spread.judges
        ],
        "pairs": _pairs(spread.pairs),
        "criteria": {
            which.value: {
                "between_sd": _number(found.between_sd),
                "within_sd": _number(found.within_sd),
                "samples": found.samples,
            }
            for which, found in spread.criteria.items()
        },
    }


def _pairs(pairs: Sequence[JudgePair]) -> list[dict[str, object]]:
    criteria: dict[tuple[str, str], dict[str, object]] = {}
    for pair in pairs:
        criteria.setdefault((pair.first, pair.second), {})[pair.criterion.value] = {
            "spearman": _number(pair.spearman),
            "difference": _number(pair.difference),
            "samples": pair.samples,
        }
    return [{"first": first, "second": second, "criteria": found} for (first, second), found in criteria.items()]


def _number(value: float | None) -> float | None:
    return None if value is None else as_json_number(value)


def mean_and_sd(mean: float | None, sd: float | None) -> str:
    """Returns a judge's mean as it stands in tables: `7.25 (0.40)`, without brackets where nothing was asked twice."""
    return score(mean) if sd is None else f"{score(mean)} ({score(sd)})"


def panel_note(spread: JudgeSpread) -> str:
    """Returns how to read a table of judges."""
    repeated = any(row.within_sd for row in spread.judges)
    return "Means over the samples that each judge answered" + (
        "; in brackets the SD of its repeats, in points." if repeated else ", in points."
    )


def sd_rows(spread: JudgeSpread) -> dict[str, tuple[str, ...]]:
    """Returns the rows below a table of judges: pooled deviations by criterion, where they can be known."""
    rows = {
        "SD between judges": tuple(score(found.between_sd) for found in spread.criteria.values()),
        "SD within a judge": tuple(score(found.within_sd) for found in spread.criteria.values()),
    }
    return {name: cells for name, cells in rows.items() if set(cells) - {ABSENT}}


def between_sd(parts: Sequence[VerdictPart]) -> float | None:
    """Returns the largest standard deviation between judges on one sample, over its criteria, in points.

    None for one judge, and where fewer than two answered.
    """
    found = (_between(parts, criterion) for criterion in CRITERIA)
    return max((sd for sd in found if sd is not None), default=None)


def _between(parts: Sequence[VerdictPart], criterion: Criterion) -> float | None:
    by_judge: dict[str, list[float]] = {}
    for part in parts:
        if criterion in part.scores:
            by_judge.setdefault(part.judge, []).append(part.scores[criterion])
    return spread_of(list(by_judge.values())).between_sd


def usage_of(view: RunView) -> Usage:
    """Returns what the run's verdicts used, failures included."""
    return sum((outcome.verdict.usage for outcome in view.outcomes if outcome.verdict is not None), Usage())


def usage_words(usage: Usage) -> str:
    """Returns what judging used: `1,234 input and 56 output tokens, 0.25 USD`; nothing where nothing was used."""
    if usage == Usage():
        return ""
    tokens = f"{usage.input_tokens:,} input and {usage.output_tokens:,} output tokens"
    return f"{tokens}, {_cost(usage)}"


def _cost(usage: Usage) -> str:
    paid = "under 0.01 USD" if 0 < usage.cost_usd < 0.01 else f"{usage.cost_usd:,.2f} USD"
    if not usage.unpriced:
        return paid if usage.cost_usd else "nothing paid"
    if not usage.cost_usd:
        return "price not known"
    return f"{paid}, price of {usage.unpriced:,} {'call' if usage.unpriced == 1 else 'calls'} not known"
