"""What every verb shares: output formats, the error line, progress that is quiet when nobody watches."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING

import typer

from rvebench.errors import RveError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

__all__ = ["EXIT_HELP", "Format", "byte_bar", "console", "print_error", "print_json", "progress_bar"]

EXIT_HELP = (
    "Exit codes: 0 done, 1 regression or failed samples, 2 usage, 3 coverage or budget, "
    "4 data corrupt or not writable, 130 interrupted."
)


class Format(str, Enum):
    """How results are printed."""

    TEXT = "text"
    JSON = "json"


def console(*, stderr: bool = False) -> Console:
    """Returns a rich console; plain text when the stream is not a terminal."""
    from rich.console import Console

    return Console(stderr=stderr, soft_wrap=not sys.stdout.isatty(), highlight=False)


def print_error(error: RveError) -> None:
    """Prints one line on stderr: what went wrong, where, what to do."""
    typer.echo(f"error: {error}", err=True)


def print_json(value: object) -> None:
    """Prints exactly one JSON object on stdout."""
    spells_all = (sys.stdout.encoding or "").lower().startswith("utf")
    typer.echo(json.dumps(value, indent=2, ensure_ascii=not spells_all, allow_nan=False))


@contextmanager
def progress_bar(title: str, total: int | None) -> Iterator[Callable[[int, int | None], None]]:
    """Shows a progress bar on stderr while its body runs; prints nothing when stderr is not a terminal.

    Yields:
        A function `(done, total)` to call as work is finished; `total` may be None to keep the known one.
    """
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=total)

        def show(done: int, known_total: int | None) -> None:
            bars.update(task, completed=done, total=total if known_total is None else known_total)

        yield show


@contextmanager
def byte_bar(title: str, total: int | None) -> Iterator[Callable[[int, int | None], None]]:
    """Shows bytes on stderr while its body runs; prints nothing when stderr is not a terminal.

    Yields:
        A function `(done, total)` to call as bytes come; `total` may be None to keep the known one.
    """
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=total)

        def show(done: int, known_total: int | None) -> None:
            bars.update(task, completed=done, total=total if known_total is None else known_total)

        yield show
