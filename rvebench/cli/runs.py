"""`rvebench runs list|show|diff|sheet|merge`, `rescore` and `report`: what can be done with runs that are there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rvebench.cli.common import Format, console, print_json
from rvebench.cli.runs_diff import diff_runs
from rvebench.cli.runs_sheet import sheet_of_runs

__all__ = ["app", "report", "rescore"]

app = typer.Typer(help="List, show, compare and merge runs.", no_args_is_help=True)

app.command("diff")(diff_runs)
app.command("sheet")(sheet_of_runs)

FormatOption = Annotated[Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")]


@app.command("list")
def list_runs(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FOLDER", help="Run directories, or folders that hold some; default: runs."),
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """List runs side by side, one line each: how many edits came out, the headline, and the criteria.

    Example:

        rvebench runs list runs
    """
    from rvebench.errors import RveError
    from rvebench.runs import load_run
    from rvebench.taxonomy import CRITERIA

    named = folders or [Path("runs")]
    rows = []
    for directory in _runs_in(named):
        row: dict[str, object] = {"directory": str(directory)}
        try:
            view = load_run(directory)
        except RveError as error:
            row["problem"] = str(error)
        else:
            criteria = view.summary.criteria
            row.update(
                run=view.header.run_id,
                model=view.header.model,
                split=view.header.split,
                judge=view.header.judge or None,
                formula=view.header.formula,
                n=view.summary.coverage.n,
                ok=view.summary.coverage.ok,
                mean=view.summary.overall.mean,
                criteria={which.value: criteria[which.value].mean for which in CRITERIA if which.value in criteria},
            )
        rows.append(row)
    if format_ is Format.JSON:
        print_json({"runs": rows})
    elif rows:
        _print_rows(rows, inside=named[0] if len(named) == 1 else None)
    else:
        typer.echo(f"no runs in {', '.join(map(str, named))}")


def _runs_in(folders: list[Path]) -> list[Path]:
    """Returns the run directories among the folders and right inside them, in order, each once."""
    from rvebench.runs import is_run

    found: dict[Path, None] = {}
    for folder in folders:
        inside = [folder] if is_run(folder) else sorted(folder.iterdir()) if folder.is_dir() else []
        found.update(dict.fromkeys(path for path in inside if is_run(path)))
    return list(found)


def _print_rows(rows: list[dict[str, object]], *, inside: Path | None) -> None:
    """Prints the table; the runs of one folder stand under its name, so that a line is short."""
    from rich.table import Table
    from rich.text import Text

    from rvebench.scoring.words import ABSENT, score
    from rvebench.taxonomy import CRITERIA

    directories = [Path(str(row["directory"])) for row in rows]
    short = inside is not None and inside not in directories
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for title in (f"{inside}/" if short else "directory", "model"):
        table.add_column(Text(title), overflow="fold")
    for title in ("split", "judge"):
        table.add_column(title, no_wrap=True)
    for title in ("ok/n", "overall", *(which.value for which in CRITERIA)):
        table.add_column(title, justify="right", no_wrap=True)
    for row, directory in zip(rows, directories, strict=True):
        name = directory.name if short else str(directory)
        if "problem" in row:
            table.add_row(Text(name), Text("damaged"))
            continue
        mean, criteria = row["mean"], row["criteria"]
        assert isinstance(criteria, dict)
        cells = (
            name,
            str(row["model"]),
            str(row["split"]),
            str(row["judge"] or ABSENT),
            f"{row['ok']}/{row['n']}",
            score(mean) if isinstance(mean, float) else "withheld",
            *(score(criteria.get(which.value)) for which in CRITERIA),
        )
        table.add_row(*(Text(cell) for cell in cells))
    console().print(table)
    for row in rows:
        if "problem" in row:
            typer.echo(f"damaged: {row['problem']}")


@app.command("show")
def show_run(
    run: Annotated[Path, typer.Argument(help="A run directory.")], format_: FormatOption = Format.TEXT
) -> None:
    """Print a run's numbers and what decided them; writes nothing.

    Example:

        rvebench runs show runs/copy
    """
    from rvebench.report import print_tables, summary_json
    from rvebench.runs import load_run

    view = load_run(run)
    if format_ is Format.JSON:
        print_json({**summary_json(view), "facts": dict(view.header.facts), "notes": list(view.header.notes)})
        return
    print_tables(view, console())
    for name, value in view.header.facts.items():
        typer.echo(f"{name:24} {value}")


@app.command("merge")
def merge(
    shards: Annotated[list[Path], typer.Argument(help="The shards' run directories, in any order.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory of the merged run.")],
    allow_mixed: Annotated[bool, typer.Option("--allow-mixed", help="Accept shards of different software.")] = False,
    partial: Annotated[bool, typer.Option("--partial", help="Accept absent parts; their samples are missing.")] = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Merge shards into the run that was never cut; merging again changes nothing.

    Example:

        rvebench runs merge runs/a-1of2 runs/a-2of2 --out runs/a
    """
    from rvebench.cli.finish import finish
    from rvebench.runs import merge_runs

    merge_runs(shards, out, allow_mixed=allow_mixed, partial=partial)
    finish(out, format_)


def rescore(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    formula: Annotated[str | None, typer.Option("--formula", "-f", help="Another formula.")] = None,
    exclude_unjudged: Annotated[
        bool | None,
        typer.Option("--exclude-unjudged/--withhold-unjudged", help="What unjudged edits do to the headline."),
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Compute every number again from the records, perhaps with another formula; calls nothing.

    Example:

        rvebench rescore runs/copy --formula viescore
    """
    from rvebench.cli.finish import finish
    from rvebench.runs import rescore as change_formula

    change_formula(run, formula=formula, exclude_unjudged=exclude_unjudged)
    finish(run, format_)


def report(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where to write the page; default: in the run.")
    ] = None,
) -> None:
    """Write the HTML report of a run again.

    Example:

        rvebench report runs/copy --out copy.html
    """
    from rvebench.cli.finish import write_derived
    from rvebench.report import render_html
    from rvebench.runs import load_run
    from rvebench.storage import atomic_write_text

    view = load_run(run)
    if out is None:
        typer.echo(str(write_derived(view)))
        return
    atomic_write_text(out, render_html(view))
    typer.echo(str(out))
