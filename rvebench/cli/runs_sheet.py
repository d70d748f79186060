"""`rvebench runs sheet`: what several runs made of the same samples, in one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["sheet_of_runs"]


def sheet_of_runs(
    runs: Annotated[list[Path], typer.Argument(help="Run directories of one split; a column each.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The picture: .png, .jpg or .webp.")],
    samples: Annotated[
        int | None, typer.Option("--samples", "-n", min=1, help="Rows, evenly spread over the split. [all]")
    ] = None,
    frames: Annotated[int, typer.Option("--frames", min=1, help="Frames of each video, at the same moments.")] = 2,
    width: Annotated[int, typer.Option("--width", min=8, max=2048, help="Pixels of one frame's width.")] = 128,
) -> None:
    """Draw a contact sheet: source, instruction, target, and each run's edit.

    Example:

        rvebench runs sheet runs/copy runs/mine --samples 8 --out sheet.jpg
    """
    from rvebench.report import contact_sheet
    from rvebench.runs import load_run
    from rvebench.storage import atomic_write_bytes

    views = [load_run(run) for run in runs]
    drawn = contact_sheet(views, out.suffix.lower(), samples=samples, frames=frames, cell_width=width)
    atomic_write_bytes(out, drawn)
    typer.echo(str(out))
