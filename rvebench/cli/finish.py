"""What every verb does once a run has its records: derive the files, print, choose the exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rvebench.cli.common import Format, console, print_json
from rvebench.errors import EXIT_COVERAGE, EXIT_FAILED, EXIT_OK

if TYPE_CHECKING:
    from rvebench.runs import RunView

__all__ = ["exit_code_of", "finish", "write_derived"]


def write_derived(view: RunView) -> Path:
    """Writes `summary.json`, `samples.csv` and `report.html` from the run's records; returns the page's path."""
    import json

    from rvebench.report import render_html, samples_csv, summary_json
    from rvebench.storage import atomic_write_text

    text = json.dumps(summary_json(view), indent=2, ensure_ascii=False, allow_nan=False)
    atomic_write_text(view.directory / "summary.json", text + "\n")
    atomic_write_text(view.directory / "samples.csv", samples_csv(view))
    page = view.directory / "report.html"
    atomic_write_text(page, render_html(view))
    return page


def exit_code_of(view: RunView) -> int:
    """Returns 3 when outputs or verdicts are missing, 1 when edits failed or were refused, else 0."""
    coverage = view.summary.coverage
    unjudged = coverage.unjudged if view.header.judge else 0
    if unjudged or coverage.missing:
        return EXIT_COVERAGE
    return EXIT_FAILED if coverage.failed or coverage.refused else EXIT_OK


def finish(directory: Path, format_: Format) -> None:
    """Derives everything from the records, prints it, and leaves with the run's exit code."""
    from rvebench.report import print_tables, summary_json
    from rvebench.runs import load_run

    view = load_run(directory)
    page = write_derived(view)
    if format_ is Format.JSON:
        print_json(summary_json(view))
    else:
        print_tables(view, console())
    typer.echo(f"report: {page}", err=True)
    raise typer.Exit(exit_code_of(view))
