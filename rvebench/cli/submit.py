"""`rvebench submit`: packs a finished run as a row of a leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rvebench.cli.common import Format, print_json, progress_bar

__all__ = ["submit"]


def submit(
    run: Annotated[Path, typer.Argument(help="A finished run directory.")],
    track: Annotated[str, typer.Option("--track", "-t", help="The track; `rvebench leaderboard tracks` lists them.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder of submissions.")] = Path(
        "leaderboards/submissions"
    ),
    model_name: Annotated[str, typer.Option("--model-name", help="As the table shows it; default: the editor's.")] = "",
    slug: Annotated[str, typer.Option("--slug", help="End of the folder's name; default: made of the name.")] = "",
    organisation: Annotated[str, typer.Option("--organisation", help="Who made the model.")] = "",
    url: Annotated[str, typer.Option("--url", help="An https address about it.")] = "",
    revision: Annotated[str, typer.Option("--revision", help="Of the weights or the service.")] = "",
    licence: Annotated[str, typer.Option("--licence", help="Of the weights.")] = "",
    open_weights: Annotated[
        bool | None, typer.Option("--open-weights/--closed-weights", help="Whether the weights can be had.")
    ] = None,
    parameters: Annotated[float | None, typer.Option("--parameters", help="In billions.")] = None,
    trained_on_benchmark: Annotated[
        bool,
        typer.Option("--trained-on-benchmark", help="Samples of the split, or renderings of its families, were used."),
    ] = False,
    hardware: Annotated[str, typer.Option("--hardware", help="What the edits were made on.")] = "",
    note: Annotated[list[str] | None, typer.Option("--note", help="What readers must know; can be repeated.")] = None,
    method: Annotated[str, typer.Option("--method", help="How the model edits, for the README.")] = "",
    training_data: Annotated[str, typer.Option("--training-data", help="What it was trained on, for the README.")] = "",
    supersedes: Annotated[str | None, typer.Option("--supersedes", help="The older row it replaces.")] = None,
    date: Annotated[
        str | None, typer.Option("--date", help="Day of the run; default: that of its last record.")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")] = (
        Format.TEXT
    ),
) -> None:
    """Pack a finished run as a row of a leaderboard: evidence, hashes, and numbers made from them.

    The same run gives the same bytes. A README that is there already is kept. Example:

        rvebench submit runs/mymodel --track smoke-reference --model-name "My Model"
    """
    from rvebench.leaderboard.pack import UNFILLED, Words, pack_run
    from rvebench.leaderboard.places import find_root
    from rvebench.leaderboard.tracks import read_tracks

    words = Words(
        model_name=model_name,
        slug=slug,
        organisation=organisation,
        url=url,
        revision=revision,
        licence=licence,
        open_weights=open_weights,
        parameters_billion=parameters,
        trained_on_benchmark=trained_on_benchmark,
        hardware=hardware,
        notes=tuple(note or ()),
        method=method,
        training_data=training_data,
        supersedes=supersedes,
        created=date,
    )
    with progress_bar("videos", None) as show:
        packed = pack_run(run, track, words, tracks=read_tracks(find_root(out.absolute())), out=out, progress=show)
    submission = packed.submission
    if format_ is Format.JSON:
        print_json(
            {
                "folder": str(packed.folder),
                "left_out": list(packed.left_out),
                "unfilled": packed.unfilled,
                "submission": submission.model_dump(mode="json"),
            }
        )
        return
    mean, interval = submission.headline, submission.scores.overall.ci95
    score = "no score" if mean is None else f"{mean:.2f}"
    between = f" ({interval[0]:.2f} … {interval[1]:.2f})" if interval else ""
    typer.echo(f"{packed.folder}")
    typer.echo(f"{submission.model.name} on {track}: {score}{between}, {submission.model.kind}, {submission.tier}")
    if packed.left_out:
        typer.echo(f"left out, as the track has no place for them: {', '.join(packed.left_out)}")
    if packed.unfilled:
        typer.echo(f"next: write what README.md still calls {UNFILLED}, then")
    typer.echo(f"check: rvebench leaderboard validate {packed.folder}")
