"""A run as tables for the terminal: readable at 80 columns, and plain when piped."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rvebench.report.judges import mean_and_sd, panel_note, panel_of, sd_rows, usage_of, usage_words
from rvebench.runs.view import RunHeader, RunView
from rvebench.scoring import JudgeSpread, MetricSummary, Summary
from rvebench.scoring.words import (
    ABSENT,
    METRIC_NOTE,
    coverage_words,
    interval,
    label,
    measure,
    measured_interval,
    measured_of,
    score,
    signed,
    unmeasured_words,
)
from rvebench.taxonomy import CRITERIA

__all__ = ["print_tables"]


def print_tables(view: RunView, console: Console) -> None:
    """Prints the headline with its coverage, then criteria, reasoning types, judges of a panel, metrics and notes.

    Text of the run (model, notes, names) is printed as it is: nothing in it is taken for markup.
    """
    summary = view.summary
    _print_head(view.header, summary, usage_words(usage_of(view)), console)
    if view.header.judge and summary.criteria:
        console.print(_criteria(summary))
        console.print()
    if view.header.judge and summary.by_category:
        console.print(_categories(summary))
        console.print()
    spread = panel_of(view)
    if spread is not None:
        console.print(_judges(spread))
        console.print(Text(panel_note(spread), style="dim"))
        console.print()
    if summary.metrics:
        console.print(_metrics(summary))
        console.print(Text(METRIC_NOTE, style="dim"))
        for words in unmeasured_words(summary.metrics):
            console.print(Text(words, style="yellow"))
    for note in view.header.notes:
        console.print(Text.assemble(("note: ", "bold"), note))


def _print_head(header: RunHeader, summary: Summary, used: str, console: Console) -> None:
    console.print(Text.assemble((header.model, "bold"), " on split ", header.split, (f"   run {header.run_id}", "dim")))
    if summary.overall.mean is None:
        console.print(Text.assemble("Overall        ", ("withheld", "bold yellow"), f": {summary.withheld}"))
    else:
        bounds = interval(summary.overall)
        console.print(
            Text.assemble(
                "Overall        ",
                (score(summary.overall.mean), "bold"),
                " of 10",
                f"   95 % interval {bounds}" if bounds else "   no interval: fewer than two sources",
                (f"   n={summary.overall.n}, formula {header.formula}, seed {header.seed}", "dim"),
            )
        )
    console.print(Text.assemble("Coverage       ", coverage_words(summary.coverage)))
    if summary.answered_only.mean is not None:
        console.print(
            Text(
                f"Answered only  {score(summary.answered_only.mean)} {interval(summary.answered_only)}".rstrip()
                + f" n={summary.answered_only.n}; mean of types {score(summary.macro.mean)}",
                style="dim",
            )
        )
    kind = f": {header.judge_label}" if header.judge_label else ""
    console.print(Text.assemble("Judge          ", f"{header.judge}{kind}" if header.judge else "none"))
    if used:
        console.print(Text(f"Judge used     {used}"))
    console.print()


def _table(title: str, *numbers: str) -> Table:
    table = Table(box=None, title=title, title_justify="left", title_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True, header_style="dim")
    return table


def _criteria(summary: Summary) -> Table:
    table = _table("Criteria, 0 to 10", "mean", "95 % interval", "n")
    for name, estimate in summary.criteria.items():
        table.add_row(Text(f"{name} {label(name).lower()}"), score(estimate.mean), interval(estimate), str(estimate.n))
    return table


def _categories(summary: Summary) -> Table:
    names = [which.value for which in CRITERIA if which.value in summary.criteria]
    table = _table("Reasoning types", "overall", "95 % interval", *names, "n")
    for name, category in summary.by_category.items():
        cells = [score(category.criteria[which].mean) if which in category.criteria else "" for which in names]
        table.add_row(
            Text(label(name)),
            score(category.overall.mean),
            interval(category.overall),
            *cells,
            str(category.coverage.n),
        )
    return table


def _judges(spread: JudgeSpread) -> Table:
    table = _table("Judges", *(which.value for which in spread.criteria), "answered")
    for row in spread.judges:
        cells = [mean_and_sd(row.means.get(which), row.within_sd.get(which)) for which in spread.criteria]
        table.add_row(Text(row.judge), *cells, f"{row.answered}/{row.asked}")
    for name, numbers in sd_rows(spread).items():
        table.add_row(Text(name), *numbers, "", style="dim")
    return table


def _metrics(summary: Summary) -> Table:
    table = _table("Metrics", "edit", "source", "edit − source", "95 % interval", "n")
    for name, metric in summary.metrics.items():
        table.add_row(Text(name), *_metric_cells(metric))
    return table


def _metric_cells(metric: MetricSummary) -> list[str]:
    source = ABSENT if metric.source is None else measure(metric.source.mean)
    if metric.delta is None:
        return [measure(metric.edit.mean), source, ABSENT, "", measured_of(metric)]
    return [
        measure(metric.edit.mean),
        source,
        signed(metric.delta.mean),
        measured_interval(metric.delta),
        measured_of(metric),
    ]
