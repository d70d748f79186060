"""A run for programs: one frozen JSON object, and one CSV row a sample.

`docs/cli-json.md` documents the object; a golden file freezes it.
"""

from __future__ import annotations

import csv
import io

from rvebench.report.judges import panel_json, panel_of
from rvebench.runs.view import RunView, SampleOutcome
from rvebench.taxonomy import CRITERIA, Status

__all__ = ["samples_csv", "summary_json"]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def summary_json(view: RunView) -> dict[str, object]:
    """Returns the object that `--format json` prints; its keys and their order are frozen.

    Returns:
        `{run, model, split, judge, formula, seed, coverage, overall, criteria, metrics, by_category, judges}` in plain
        JSON values. Scores are 0..10; a number that cannot be given is null, never 0.
    """
    header, numbers = view.header, view.summary.as_json()
    return {
        "run": header.run_id,
        "model": header.model,
        "split": header.split,
        "judge": header.judge,
        "formula": header.formula,
        "seed": header.seed,
        "coverage": numbers["coverage"],
        "overall": numbers["overall"],
        "criteria": numbers["criteria"],
        "metrics": numbers["metrics"],
        "by_category": numbers["by_category"],
        "judges": panel_json(panel_of(view)),
    }


def samples_csv(view: RunView) -> str:
    """Returns one row for each sample, in the split's order, as CSV whose lines end in a line feed.

    Columns: id, subset, type, status, reason, overall, the four criteria, then for each metric of the run in
    alphabetical order its value and `<metric>_source`. A cell without a number is empty, never 0.
    """
    metrics = sorted({value.metric for outcome in view.outcomes for value in outcome.metrics})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = [name for metric in metrics for name in (metric, f"{metric}_source")]
    writer.writerow(["id", "subset", "type", "status", "reason", "overall", *(c.value for c in CRITERIA), *columns])
    for outcome in view.outcomes:
        writer.writerow(_row(outcome, metrics))
    return text.getvalue()


def _row(outcome: SampleOutcome, metrics: list[str]) -> list[str]:
    sample = outcome.sample
    scores = outcome.verdict.scores if outcome.verdict is not None else {}
    measured = {value.metric: value for value in outcome.metrics if value.status is Status.OK}
    cells = [sample.id, sample.subset.value, sample.reasoning_type.value, outcome.status.value, _plain(outcome.reason)]
    cells += [_number(outcome.overall), *(_number(scores.get(criterion)) for criterion in CRITERIA)]
    for name in metrics:
        value = measured.get(name)
        cells += ["", ""] if value is None else [_number(value.value), _number(value.source_value)]
    return cells


def _number(value: float | None) -> str:
    return "" if value is None else repr(float(value) + 0.0)


def _plain(text: str) -> str:
    """A reason is other programs' text: a spreadsheet must not take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
