"""The progress of a run: two bars on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from rvebench.cli.common import console

if TYPE_CHECKING:
    from rvebench.runs import Tally

__all__ = ["run_progress"]


@contextmanager
def run_progress() -> Iterator[Callable[[Tally], None]]:
    """Yields a function that shows a tally."""
    told = False

    def tell(tally: Tally) -> None:
        nonlocal told
        if tally.stopping and not told:
            told = True
            typer.echo("stopping: what is in flight is finished first; a second Ctrl-C does not wait for it", err=True)

    if not sys.stderr.isatty():
        yield tell
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[bad]}"),
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as bars:
        edits = bars.add_task("edits", total=None, bad="")
        scores = bars.add_task("scores", total=None, bad="")

        def show(tally: Tally) -> None:
            tell(tally)
            bad = f"{tally.edits_bad} failed" if tally.edits_bad else ""
            unjudged = f"{tally.unjudged} unjudged" if tally.unjudged else ""
            bars.update(edits, completed=tally.edits_done, total=tally.edits_total, bad=bad)
            bars.update(scores, completed=tally.scored_done, total=tally.scored_total, bad=unjudged)

        yield show
