"""What long verbs do about a signal: finish what is in hand, save it, and leave."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer

__all__ = ["asked_to_stop"]


@contextmanager
def asked_to_stop(told: str) -> Iterator[Callable[[], bool]]:
    """Yields whether SIGINT or SIGTERM came; a second one acts as ever.

    Args:
        told: what is said on stderr at the first.
    """
    came: list[int] = []
    before: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, _frame: object) -> None:
        came.append(number)
        signal.signal(number, before[number])
        typer.echo(told, err=True)

    try:
        for number in before:
            signal.signal(number, note)
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
