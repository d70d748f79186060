"""The root command: verbs and groups in one place, errors turned into exit codes."""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated

import typer

from rvebench.cli import compare, data, doctor, editors, evaluate, judge, runs
from rvebench.cli.common import EXIT_HELP, print_error
from rvebench.errors import EXIT_INTERRUPTED, RveError

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
app.add_typer(runs.app, name="runs")
app.add_typer(data.app, name="data")
app.add_typer(editors.app, name="editors")
app.add_typer(judge.app, name="judge")
app.command()(doctor.doctor)


def main() -> None:
    """Runs the command line and leaves with one of the documented exit codes."""
    try:
        app(standalone_mode=True)
    except RveError as error:
        print_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output left (`rvebench ... | head`): not an error, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
