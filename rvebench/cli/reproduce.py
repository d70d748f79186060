"""`rvebench reproduce`: a registered study from pixels to a page, resumable."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rvebench.cli.common import Format, console, print_json
from rvebench.cli.model_paths import model_folder
from rvebench.cli.stopping import asked_to_stop
from rvebench.errors import UsageError

if TYPE_CHECKING:
    from rvebench.science.driver import Runner, StageState
    from rvebench.science.workshop import Workshop

__all__ = ["reproduce"]


def reproduce(
    study: Annotated[
        str, typer.Argument(metavar="STUDY", help="A registered study (nano, nano-uncapped), or a .toml or .json file.")
    ],
    scale: Annotated[str, typer.Option(help="How much is computed: full, cpu or smoke, as the study says.")] = "cpu",
    work: Annotated[
        Path | None, typer.Option("--work", metavar="DIR", help="Where everything is made. [runs/science/STUDY]")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Copy page, JSON and pictures there when done.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="ARM", help="Run this arm; may be repeated. [all of the scale]"),
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Trainings of each arm. [the scale's]")] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="A rendered training split instead of rendering one.")
    ] = None,
    test: Annotated[
        Path | None, typer.Option("--test", metavar="DIR", help="A rendered test split instead of rendering one.")
    ] = None,
    vae: Annotated[
        Path | None,
        typer.Option(
            "--vae",
            metavar="DIR|NAME",
            callback=model_folder,
            help="A folder of `revise train-vae` instead of training one.",
        ),
    ] = None,
    critic: Annotated[
        Path | None,
        typer.Option(
            "--critic",
            metavar="DIR|NAME",
            callback=model_folder,
            help="A folder of `revise train-critic` instead of training one.",
        ),
    ] = None,
    base: Annotated[
        Path | None,
        typer.Option(
            "--base",
            metavar="DIR|NAME",
            callback=model_folder,
            help="A whole model to fork instead of training a base.",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that render.")] = 2,
    trained: Annotated[
        bool, typer.Option("--trained", help="Train nothing more: edit, measure and write with what is trained.")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="Show what is done, what is left, and for how long.")] = False,
    format_: Annotated[
        Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")
    ] = Format.TEXT,
) -> None:
    """Run a registered study: render, train, edit, measure, and write its tables. A second call does what is left.

    Stages are done once each; Ctrl-C and SIGTERM leave with 130 after saving, and the same command goes on. A changed
    study or another choice redoes what it decides and nothing else. Trains on a GPU where torch sees one.

    Example:

        rvebench reproduce nano --scale cpu --list
    """
    from rvebench.science.driver import Runner
    from rvebench.science.stages import stages_of
    from rvebench.science.study import load_study
    from rvebench.science.workshop import Choices, Workshop

    registered = load_study(study)
    choices = Choices(
        scale=scale,
        seeds=seeds,
        only=tuple(only or ()),
        data=data,
        test=test,
        vae=vae,
        critic=critic,
        base=base,
        workers=workers,
    )
    shop = Workshop(study=registered, choices=choices)
    place = work or Path("runs") / "science" / registered.name
    with asked_to_stop("stopping as soon as what is in hand is saved; a second signal does not wait for it") as stop:
        runner = Runner(stages=stages_of(shop), work=place, stop=stop, say=lambda line: typer.echo(line, err=True))
        if trained:
            shop = _of_what_is_trained(shop, runner)
            runner = replace(runner, stages=stages_of(shop))
        if list_:
            _show(runner.states(), registered.digest, format_)
            return
        found = runner.run()
    page = Path(found["tables"].result["page"])
    if out is not None:
        shutil.copytree(page, out, dirs_exist_ok=True)
    claims: list[str] = found["tables"].result["claims"]
    if format_ is Format.JSON:
        print_json({"study": registered.name, "digest": registered.digest, "page": str(out or page), "claims": claims})
        return
    typer.echo(f"{out or page}: {registered.name}.md, {registered.name}.json and pictures")
    for text in claims or ["nothing may be claimed"]:
        typer.echo(f"- {text}")


def _of_what_is_trained(shop: Workshop, runner: Runner) -> Workshop:
    """Returns the same choices without the trainings that are not done."""
    if runner.finished("base") is None:
        raise UsageError("the base is not trained yet", where=runner.work, hint="leave out --trained")
    done = frozenset(run.stage for run in shop.runs if runner.finished(f"fork/{run.stage}") is not None)
    found = replace(shop, choices=replace(shop.choices, trained=done))
    if not found.arms:
        raise UsageError("no arm is trained with all its seeds yet", where=runner.work, hint="leave out --trained")
    return found


def _show(states: list[StageState], digest: str, format_: Format) -> None:
    left = [state for state in states if state.state != "done"]
    known = [state.expected_s for state in left if state.expected_s is not None]
    told = {
        "stages": len(states),
        "left": len(left),
        "expected_s": round(sum(known), 1),
        "unknown": len(left) - len(known),
    }
    if format_ is Format.JSON:
        rows: list[dict[str, Any]] = [
            {
                "name": state.name,
                "state": state.state,
                "wall_s": state.wall_s,
                "expected_s": state.expected_s,
                "done_otherwise": state.other,
            }
            for state in states
        ]
        print_json({"digest": digest, **told, "rows": rows})
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("stage", "state", "took", "expected"):
        table.add_column(title)
    for state in states:
        otherwise = ", done under other settings" if state.other and state.state != "done" else ""
        table.add_row(state.name, state.state + otherwise, _time(state.wall_s), _time(state.expected_s))
    console().print(table)
    unknown = f", and {told['unknown']} stages of unknown length" if told["unknown"] else ""
    typer.echo(f"{told['left']} of {told['stages']} stages are left: {_time(sum(known))}{unknown}")


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
