"""The root command: verbs and groups in one place, errors turned into exit codes."""

from __future__ import annotations

import io
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from rvebench.cli import (
    compare,
    correlate,
    data,
    doctor,
    editors,
    evaluate,
    gate,
    judge,
    leaderboard,
    metrics,
    reproduce,
    revise,
    runs,
    study,
    submit,
    train_revise,
    weights,
)
from rvebench.cli.common import EXIT_HELP, print_error
from rvebench.errors import EXIT_CORRUPT, EXIT_INTERRUPTED, DataError, RveError

__all__ = ["app", "main"]

app = typer.Typer(
    name="rvebench",
    help="Evaluate video editors that must reason: run a model, judge its edits, report numbers anyone can re-derive.",
    epilog=EXIT_HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from rvebench import __version__

        typer.echo(f"rvebench {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Evaluate video editors that must reason."""


app.command()(evaluate.evaluate)
app.command()(evaluate.generate)
app.command()(evaluate.score)
app.command()(runs.rescore)
app.command()(runs.report)
app.command()(compare.compare)
app.command()(gate.gate)
app.command()(correlate.correlate)
app.add_typer(runs.app, name="runs")
app.add_typer(data.app, name="data")
app.add_typer(editors.app, name="editors")
app.add_typer(judge.app, name="judge")
app.add_typer(metrics.app, name="metrics")
app.add_typer(weights.app, name="weights")
app.add_typer(leaderboard.app, name="leaderboard")
app.add_typer(revise.app, name="revise")
app.command("train-revise")(train_revise.train_revise)
app.command()(submit.submit)
app.add_typer(study.app, name="study")
app.command()(reproduce.reproduce)
app.command()(doctor.doctor)


def main() -> None:
    """Runs the command line and leaves with one of the documented exit codes."""
    _ready_streams()
    try:
        app(standalone_mode=True)
    except RveError as error:
        print_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except OSError as error:
        if error.filename is None:
            raise
        print_error(DataError(f"cannot be used: {error.strerror}", where=error.filename))
        sys.exit(EXIT_CORRUPT)
    except SystemExit as leaving:
        # Typer leaves with 1, which means failed samples here, when our reader has left (`rvebench ... | head`).
        if isinstance(leaving.__context__, BrokenPipeError):
            sys.exit(128 + signal.SIGPIPE)
        raise


def _ready_streams() -> None:
    """Opens the standard streams that are closed, lest a journal gets their number, and lets none fail on a letter."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - open until the end
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
