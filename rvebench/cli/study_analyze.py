"""`rvebench study analyze`: what people's answers say of methods, and of the people."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rvebench.cli.common import Format, console, print_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from rvebench.scoring.agreement import Measured
    from rvebench.study.analysis import CriterionResult, StudyAnalysis

__all__ = ["analyze"]


class TiesChoice(str, Enum):
    """What a tie is to Bradley-Terry."""

    HALF = "half"
    DAVIDSON = "davidson"


def analyze(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The study folder.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Write analysis.json, analysis.html and ratings.csv into this folder, made if absent."
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            "--method", "-m", help="The method whose win rates are plotted; by default the one with the most."
        ),
    ] = None,
    ties: Annotated[
        TiesChoice, typer.Option("--ties", help="What a tie is to Bradley-Terry; in win rates it is half a win.")
    ] = TiesChoice.HALF,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the intervals.")] = 0,
    format_: Annotated[
        Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")
    ] = Format.TEXT,
) -> None:
    """Tell win rates, strengths, agreement and each rater's care, with intervals over samples and raters.

    Raters whom the study's own rule leaves out are named, and every number is given with and without them.

    Example:

        rvebench study analyze studies/first --out studies/first/analysis
    """
    from rvebench.study import read_answers, read_study
    from rvebench.study.analysis import analyze_study, choose_method, write_analysis

    study = read_study(directory)
    answers = read_answers(directory, study=study)
    found = analyze_study(study, answers, seed=seed, ties=ties.value)
    focus = choose_method(found, method)
    written = () if out is None else write_analysis(out, study, answers, found, focus=focus)
    if format_ is Format.JSON:
        print_json({**found.as_json(), "files": [str(path) for path in written]})
        return
    print_analysis(found, focus, console())
    for path in written:
        console().print(f"wrote {path}", markup=False)


def print_analysis(found: StudyAnalysis, focus: str, out: Console) -> None:
    """Prints, for each criterion, methods and pairs; then raters, and what changes with those who were left out."""
    from rich.text import Text

    out.print(Text(found.title, style="bold"))
    out.print(
        Text(
            f"{found.design}, {found.answered} of {found.trials} trials answered by {len(found.raters)} raters, "
            f"{len(found.main.raters)} counted; 95 % intervals over samples and raters, seed {found.seed}"
        ),
        style="dim",
    )
    for criterion in found.main.criteria:
        out.print()
        out.print(
            Text.assemble(
                (criterion.title, "bold"),
                f" ({criterion.criterion})   {criterion.comparisons} comparisons in {criterion.answers} answers, "
                f"{criterion.samples} samples, {criterion.raters} raters",
            )
        )
        out.print(_methods(criterion, found))
        out.print()
        out.print(_pairs(criterion, found, focus))
        out.print(Text(_agreement(criterion)))
        for note in criterion.notes:
            out.print(Text.assemble(("note: ", "bold"), note))
    out.print()
    out.print(_raters(found))
    if found.kept is not None and found.kept is not found.everyone:
        out.print()
        out.print(_with_everyone(found))
    if found.notes:
        out.print()
    for note in found.notes:
        out.print(Text.assemble(("note: ", "bold"), note))


def _table(*columns: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 else "right", no_wrap=place > 0, min_width=8)
    return table


def _methods(criterion: CriterionResult, found: StudyAnalysis) -> Table:
    from rich.text import Text

    likert = any(method.score is not None for method in criterion.methods)
    table = _table("method", "win rate %", "Elo", *(("score",) if likert else ()))
    order = sorted(criterion.methods, key=lambda method: -(method.win_rate.value or 0.0))
    for method in order:
        cells = [_cell(method.win_rate, 100), _cell(method.elo, digits=0)]
        if likert:
            cells.append("-" if method.score is None else _cell(method.score, digits=2))
        table.add_row(Text(found.methods[method.method]), *(Text(cell) for cell in cells))
    return table


def _pairs(criterion: CriterionResult, found: StudyAnalysis, focus: str) -> Table:
    from rich.text import Text

    from rvebench.study.analysis import facing

    bad = any(pair.both_bad for pair in criterion.pairs)
    table = _table(
        f"{found.methods[focus]} against",
        "win rate %",
        "won",
        "tied",
        "lost",
        *(("both bad",) if bad else ()),
        "p (Holm)",
    )
    for row in facing(criterion, focus):
        counts = [str(row.wins), str(row.ties), str(row.losses), *([str(row.both_bad)] if bad else [])]
        p = "-" if row.p_holm is None else "<0.001" if row.p_holm < 0.001 else f"{row.p_holm:.3f}"
        table.add_row(Text(found.methods[row.second]), _cell(row.win_rate, 100), *counts, p)
    return table


def _agreement(criterion: CriterionResult) -> str:
    agreement = criterion.agreement
    parts = []
    if agreement.kendall_w.value is not None:
        chance = "" if agreement.kendall_w_chance is None else f", chance {agreement.kendall_w_chance:.2f}"
        parts.append(f"Kendall's W {_cell(agreement.kendall_w, digits=2)}{chance}")
    for name, alphas in (("scores", agreement.alpha_scores), ("preferences", agreement.alpha_preferences)):
        ordinal = alphas.get("ordinal")
        if ordinal is not None and ordinal.value is not None:
            parts.append(f"alpha of {name} {_cell(ordinal, digits=2)}")
    if agreement.pairwise.value is not None:
        parts.append(f"two raters answer alike {_cell(agreement.pairwise, 100, digits=0)} %")
    return f"raters: {'; '.join(parts)}" if parts else f"raters: {agreement.pairwise.reason}"


def _raters(found: StudyAnalysis) -> Table:
    from rich.text import Text

    table = _table("rater", "answered", "median s", "checks failed", "repeats alike", "best left", "same pattern")
    table.add_column("", overflow="fold", min_width=12)
    for rater in found.raters:
        table.add_row(
            Text(rater.rater),
            f"{rater.answered} of {rater.trials}",
            "-" if rater.median_s is None else f"{rater.median_s:.1f}",
            f"{rater.checks_failed} of {rater.checks}" if rater.checks else "-",
            _share(rater.consistency),
            _share(rater.left),
            _share(rater.same_pattern),
            Text("kept" if rater.kept else f"left out: {'; '.join(rater.reasons)}"),
        )
    return table


def _with_everyone(found: StudyAnalysis) -> Table:
    from rich.text import Text

    assert found.kept is not None
    table = _table("win rate %", "counted", "with those left out")
    everyone = {criterion.criterion: criterion for criterion in found.everyone.criteria}
    for criterion in found.kept.criteria:
        for method, other in zip(criterion.methods, everyone[criterion.criterion].methods, strict=True):
            label = f"{criterion.criterion}, {found.methods[method.method]}"
            table.add_row(Text(label), _cell(method.win_rate, 100), _cell(other.win_rate, 100))
    return table


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"


def _cell(found: Measured, scale: float = 1.0, *, digits: int = 1) -> str:
    """Returns a value with its interval; a dash where there is none."""
    if found.value is None:
        return "-"
    # Adding 0.0 turns -0.0 into 0.0.
    value, *ends = (f"{round(scale * each, digits) + 0.0:.{digits}f}" for each in (found.value, *(found.ci95 or ())))
    return f"{value} ({'…'.join(ends)})" if ends else value
