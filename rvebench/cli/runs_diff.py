"""`rvebench runs diff`: what differs between two runs, and where the change of their numbers comes from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rvebench.cli.common import Format, console, print_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from rvebench.runs import Explanation, Movement, RunHeader

__all__ = ["diff_runs", "print_explanation"]


def diff_runs(
    run_a: Annotated[Path, typer.Argument(help="A run directory.")],
    run_b: Annotated[Path, typer.Argument(help="Another run directory.")],
    format_: Annotated[
        Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")
    ] = Format.TEXT,
) -> None:
    """Explain why two runs' numbers differ: samples, media, editor, judge, prompt, frames, formula, metrics, code.

    What a cause did to a number is computed where the records allow; what two causes share is said to be inseparable.
    Runs need not be comparable, nor judged.

    Example:

        rvebench runs diff runs/march runs/april
    """
    from rvebench.runs import explain_change, read_run_files

    a, b = read_run_files(run_a), read_run_files(run_b)
    found = explain_change(a, b)
    if format_ is Format.JSON:
        sides = {
            side: {"run": header.run_id, "model": header.model, "split": header.split, "judge": header.judge or None}
            for side, header in (("a", a.view.header), ("b", b.view.header))
        }
        print_json({**sides, **found.as_json()})
        return
    out = console()
    for line in _heads(a.view.header, b.view.header):
        out.print(line)
    print_explanation(found, out)


def _heads(a: RunHeader, b: RunHeader) -> Iterator[str]:
    from rich.markup import escape

    for side, header in (("A", a), ("B", b)):
        judge = f", judged by {header.judge}" if header.judge else ", not judged"
        yield escape(f"{side}  {header.model} on {header.split}{judge}   run {header.run_id}")


def print_explanation(found: Explanation, out: Console) -> None:
    """Prints what differs, by cause, and the parts of each number's change."""
    from rich.text import Text

    if not found.changes:
        out.print("Nothing that is recorded differs.")
    else:
        out.print(Text("What differs", style="bold"))
        for change in found.changes:
            out.print(Text.assemble((f"  {change.cause.value:9}", "dim"), str(change)))
    for side, count in zip(("A", "B"), found.unjudged, strict=True):
        if count:
            out.print(Text.assemble(("note: ", "bold"), f"{count} edits of {side} have no verdict and are left out"))
    for name, movement in found.quantities.items():
        judged, means = name == "overall", movement.attribution
        a, b, gained = _number(means.mean_a, judged), _number(means.mean_b, judged), _signed(means.change, judged)
        out.print(Text.assemble((name.replace("_", " "), "bold"), f"  A {a}, B {b}, B-A {gained}"))
        out.print(_parts(movement, judged=judged))
    if not found.quantities:
        out.print("No number is in both runs, so there is no change to explain.")


def _parts(movement: Movement, *, judged: bool) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("  part", no_wrap=True)
    table.add_column("amount", justify="right", no_wrap=True)
    table.add_column("n", justify="right", no_wrap=True)
    table.add_column("cause")
    for item in movement.parts:
        style = "" if item.separable else "yellow"
        amount = _signed(item.part.amount, judged)
        table.add_row(f"  {item.part.name}", amount, str(item.part.n), Text(item.words, style=style))
    return table


def _number(value: float, judged: bool) -> str:
    return f"{value:.2f}" if judged else f"{value:.4g}"


def _signed(value: float, judged: bool) -> str:
    text = f"{value:+.2f}" if judged else f"{value:+.4g}"
    return text if float(text) else text.replace("-", "+")
