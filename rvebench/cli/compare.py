"""`rvebench compare`: what run B does better or worse than run A, and whether that could be chance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rvebench.cli.common import Format, console, print_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from rvebench.runs.view import RunHeader, RunView
    from rvebench.scoring import PairedEstimate, RunComparison, ScoreRow

__all__ = ["ViewComparison", "compare", "compare_views", "print_comparison"]

_WIDE = 100
"""Columns of a terminal from which on wins and losses have room."""


def compare(
    run_a: Annotated[Path, typer.Argument(help="The baseline's run directory.")],
    run_b: Annotated[Path, typer.Argument(help="The candidate's run directory.")],
    formula: Annotated[
        str | None, typer.Option("--formula", "-f", help="Score both runs with this formula instead of their own.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of intervals and permutations.")] = 0,
    allow_mixed: Annotated[
        bool, typer.Option("--allow-mixed", help="Compare although judge, formula or samples differ; says what does.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also say what differs, and where the change comes from.")
    ] = False,
    format_: Annotated[
        Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")
    ] = Format.TEXT,
) -> None:
    """Compare two runs sample by sample: differences, intervals, permutation p values with Holm's correction.

    Leaves with 1 when the overall score of RUN_B is significantly below that of RUN_A. Example:

        rvebench compare runs/base runs/new --explain
    """
    from rvebench.cli.runs_diff import print_explanation
    from rvebench.errors import EXIT_FAILED
    from rvebench.runs import explain_change, load_run, read_run_files
    from rvebench.scoring import Reading

    reasons = None
    if explain:
        a, b = (read_run_files(directory, formula=formula) for directory in (run_a, run_b))
        views, reasons = (a.view, b.view), explain_change(a, b)
    else:
        views = (load_run(run_a), load_run(run_b))
    found = compare_views(*views, formula=formula, seed=seed, allow_mixed=allow_mixed)
    if format_ is Format.JSON:
        print_json({**found.as_json(), **({} if reasons is None else {"explanation": reasons.as_json()})})
    else:
        out = console()
        print_comparison(found, out)
        if reasons is not None:
            print_explanation(reasons, out)
    if found.comparison.overall.reading is Reading.WORSE:
        raise typer.Exit(EXIT_FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewComparison:
    """A comparison with the names of what was compared."""

    a: RunHeader
    b: RunHeader
    seed: int
    mixed: tuple[str, ...]
    """What differs between the runs besides the editor; not empty only where the user allowed it."""
    comparison: RunComparison

    def as_json(self) -> dict[str, object]:
        """Returns the comparison in plain JSON values."""
        return {
            **{
                side: {"run": header.run_id, "model": header.model, "split": header.split, "judge": header.judge}
                for side, header in (("a", self.a), ("b", self.b))
            },
            "seed": self.seed,
            "mixed": list(self.mixed),
            **self.comparison.as_json(),
        }


def compare_views(
    a: RunView, b: RunView, *, formula: str | None = None, seed: int = 0, allow_mixed: bool = False
) -> ViewComparison:
    """Returns how run `b` differs from run `a` on the samples they share.

    Args:
        a: the baseline.
        b: the candidate.
        formula: scores both; None: the one both runs name (A's, when mixed).
        seed: of intervals and permutations.
        allow_mixed: compare although judge, formula or samples differ.

    Raises:
        UsageError: a run is not judged, the runs differ in what decides scores, or they share no sample.
        CoverageError: no shared sample is judged in both.
    """
    from rvebench.errors import UsageError
    from rvebench.scoring import compare_runs, get_formula

    for view in (a, b):
        if not view.header.judge:
            raise UsageError(
                "the run has no judge, so there is no score to compare",
                where=view.directory,
                hint=f"judge it first: rvebench score {view.directory}",
            )
    mixed = _differences(a, b, formula)
    if mixed and not allow_mixed:
        raise UsageError(
            f"the runs differ in {'; '.join(mixed)}",
            where=b.directory,
            hint="compare runs made alike, allow it with --allow-mixed, or see `rvebench runs diff`",
        )
    comparison = compare_runs(
        _rows(a), _rows(b), get_formula(formula or a.header.formula), seed=seed, allow_mixed=allow_mixed
    )
    return ViewComparison(a=a.header, b=b.header, seed=seed, mixed=mixed, comparison=comparison)


def print_comparison(found: ViewComparison, out: Console) -> None:
    """Prints who was compared, both families as tables, and what they let one say."""
    from rich.text import Text

    comparison = found.comparison
    for side, header in (("A", found.a), ("B", found.b)):
        out.print(
            Text.assemble(
                (f"{side}  {header.model}", "bold"), f" on {header.split}", (f"   run {header.run_id}", "dim")
            )
        )
    out.print(
        Text(
            f"{comparison.overall.n} pairs from {comparison.overall.clusters} sources, formula {comparison.formula}, "
            f"judge {found.a.judge}, seed {found.seed}",
            style="dim",
        )
    )
    wide = out.width >= _WIDE
    out.print(_table("", {"Overall": comparison.overall, **comparison.criteria}, wide=wide))
    out.print(_table("by reasoning type", comparison.by_category, wide=wide))
    out.print(Text(_sentence(comparison.overall, 1 + len(comparison.criteria)), style="bold"))
    for note in _notes(found):
        out.print(Text.assemble(("note: ", "bold"), note))


def _rows(view: RunView) -> list[ScoreRow]:
    from rvebench.runs import score_rows

    digests = {item.sample.id: item.sample.digest for item in view.outcomes}
    return [replace(row, digest=digests[row.sample_id]) for row in score_rows(view.outcomes)]


def _differences(a: RunView, b: RunView, formula: str | None) -> tuple[str, ...]:
    """Returns what differs in that which decides scores, one clause each."""
    from rvebench.runs import Cause, deciding_changes

    changes = deciding_changes(a, b)
    # Another judge has another prompt and other frames too: its name says enough.
    other_judge = any(change.what == "judge" for change in changes)
    found = []
    for change in changes:
        if other_judge and change.what != "judge" and change.cause in {Cause.JUDGE, Cause.PROMPT, Cause.FRAMES}:
            continue
        if change.cause is not Cause.FORMULA:
            found.append(str(change))
        elif formula is None:
            found.append(f"formula ({change.a} against {change.b}; --formula sets one for both)")
    return tuple(found)


def _table(title: str, rows: Mapping[str, PairedEstimate], *, wide: bool) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(title, no_wrap=True)
    for name in ("A", "B", "B-A", "95 % interval", "p Holm", "n", *(("+/-",) if wide else ())):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("reading", no_wrap=True)
    styles = {"better": "green", "worse": "red"}
    for name, estimate in rows.items():
        interval = "-" if estimate.ci95 is None else f"{estimate.ci95[0]:+.2f} … {estimate.ci95[1]:+.2f}"
        table.add_row(
            name.replace("_", " "),
            f"{estimate.mean_a:.2f}",
            f"{estimate.mean_b:.2f}",
            f"{estimate.difference:+.2f}",
            interval,
            f"{estimate.p_holm:.4f}" if estimate.p_holm >= 0.0001 else "<0.0001",
            str(estimate.n),
            *((f"{estimate.wins}/{estimate.losses}",) if wide else ()),
            Text(_reading(estimate, wide), style=styles.get(estimate.reading.value, "dim")),
        )
    return table


def _reading(estimate: PairedEstimate, wide: bool) -> str:
    from rvebench.scoring import Reading

    return "not shown" if not wide and estimate.reading is Reading.NO_DIFFERENCE else estimate.reading.value


def _sentence(overall: PairedEstimate, tests: int) -> str:
    from rvebench.scoring import Reading

    if overall.reading is not Reading.NO_DIFFERENCE:
        return f"B is {overall.reading.value} than A: {overall.difference:+.2f} on a scale of 0 to 10."
    if overall.detectable is None:
        return "No difference shown: with one source there is nothing to tell chance from merit by."
    # The exact test's smallest p is 2 / 2**sources, and Holm multiplies it by the number of tests.
    fewest = 1 + math.ceil(math.log2(tests / 0.05))
    if overall.clusters < fewest:
        return (
            f"No difference can be shown with {overall.clusters} sources, however large: "
            f"{tests} tests at the 5 % level need at least {fewest} that differ."
        )
    return (
        f"No difference shown; a comparison like this one shows a true difference of {overall.detectable:.2f} "
        "8 times in 10."
    )


def _notes(found: ViewComparison) -> list[str]:
    comparison = found.comparison
    notes = [f"the runs differ in {clause}" for clause in found.mixed]
    if comparison.n_unjudged:
        notes.append(f"{comparison.n_unjudged} shared samples have no verdict on one side and are left out")
    for side, count in (("A", comparison.n_only_a), ("B", comparison.n_only_b)):
        if count:
            notes.append(f"{count} samples are in run {side} only and are left out")
    return notes
