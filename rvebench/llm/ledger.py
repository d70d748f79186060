"""What a run has spent and what it has promised: sums, and the log they are read back from.

One line for each reservation, written before its call is sent, and one for its end. A process that was killed leaves
reservations without an end; :class:`Ledger` counts them as spent at their bound, since the service may have answered.

A line is one `write(2)`, which SIGKILL cannot undo; it is fsynced within 0.2 s together with its neighbours, as a
flush for each of some hundred calls a second would halve their rate. Power loss can forget that much.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rvebench.errors import DataError
from rvebench.storage import LineLog, LogLine, TornTail, read_lines

__all__ = ["COST_LOG_NAME", "Amount", "Ending", "Ledger", "Promise", "Spent", "read_spent"]

COST_LOG_NAME = "costs.jsonl"
"""Name of the cost log in a run directory."""
_PICO = 10**12

Ending = Literal["paid", "free", "lost"]
"""How a reservation ends: with the real cost, at no cost, or at its bound as nobody knows."""


class Amount(NamedTuple):
    """Money and tokens. Whole picodollars: the order of additions does not matter, and no sum is rounded down."""

    pico_usd: int
    """0 where the price is not known."""
    tokens: int

    @classmethod
    def of(cls, usd: float | None, tokens: int) -> Amount:
        """Returns an amount, its money rounded up."""
        return cls(0 if usd is None else math.ceil(round(usd * _PICO, 3)), tokens)

    @property
    def usd(self) -> float:
        """The money in dollars."""
        return self.pico_usd / _PICO

    def plus(self, other: Amount) -> Amount:
        """Returns the sum."""
        return Amount(self.pico_usd + other.pico_usd, self.tokens + other.tokens)

    def minus(self, other: Amount) -> Amount:
        """Returns the difference."""
        return Amount(self.pico_usd - other.pico_usd, self.tokens - other.tokens)


class Promise(NamedTuple):
    """An open reservation."""

    key: str
    model: str
    bound: Amount
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a run has used so far, in this process and the ones before."""

    usd: float
    """Of calls with a known price; see `unpriced_calls`."""
    tokens: int
    calls: int
    hours: float
    """While a process was at work."""
    unpriced_calls: int = 0
    """Calls to models whose price is not known: their cost is not in `usd`."""
    unsettled_usd: float = 0.0
    """Bound of the calls whose end is not known (a process was killed, an answer was lost); part of `usd`."""
    unsettled_calls: int = 0
    """How many they are; part of `calls`."""


class Ledger:
    """The sums of one run. Its caller holds a lock; one process at a time uses a log.

    Args:
        path: the cost log; None forgets with the process.
        clock: seconds of a monotonic clock.

    Raises:
        DataError: the log is damaged.
    """

    def __init__(self, path: Path | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.held = Amount(0, 0)
        """Reserved by this process and not ended."""
        self._gone = Amount(0, 0)
        self._calls = 0
        self._unpriced = 0
        self._lost = Amount(0, 0)
        self._lost_calls = 0
        self._open: dict[str, Promise] = {}
        self._left_open: dict[str, Promise] = {}
        self._ended: set[str] = set()
        self._earlier_s = 0.0
        self._session_s = 0.0
        self._session = 1
        self._count = 0
        self._clock = clock
        self._start_s = clock()
        self._log: LineLog | None = None
        if path is not None:
            self._log = LineLog(path, on_line=self._read)
            self._earlier_s += self._session_s
            self._log.append({"kind": "open", "session": self._session})

    @property
    def gone(self) -> Amount:
        """What is spent, or may be: with what earlier processes left open, without what this one holds."""
        amount = self._gone
        for promise in self._left_open.values():
            amount = amount.plus(promise.bound)
        return amount

    @property
    def hours(self) -> float:
        """Time at work, over all processes."""
        return (self._earlier_s + self._clock() - self._start_s) / 3600

    def spent(self) -> Spent:
        """Returns what was used so far."""
        left_calls = sum(promise.calls for promise in self._left_open.values())
        gone = self.gone
        return Spent(
            usd=gone.usd,
            tokens=gone.tokens,
            calls=self._calls + left_calls,
            hours=self.hours,
            unpriced_calls=self._unpriced,
            unsettled_usd=gone.minus(self._gone).plus(self._lost).usd,
            unsettled_calls=self._lost_calls + left_calls,
        )

    def find(self, key: str, model: str) -> Promise | None:
        """Returns the open reservation of that key; one that an earlier process left becomes this process's."""
        promise = self._left_open.pop(key, None)
        if promise is not None:
            self._open[key] = promise = promise._replace(model=model)
            self.held = self.held.plus(promise.bound)
        return self._open.get(key)

    def ended(self, key: str) -> bool:
        """Tells whether a reservation of that name was made and spent; names hold a colon, numbers of calls do not."""
        return key in self._ended

    def promise(self, model: str, bound: Amount, *, calls: int, key: str | None = None) -> Promise:
        """Writes and returns a new reservation."""
        self._count += 1
        promise = Promise(key or f"{self._session}.{self._count}", model, bound, calls)
        self._append("hold", promise, bound, calls)
        self._open[promise.key] = promise
        self.held = self.held.plus(bound)
        return promise

    def end(self, promise: Promise, ending: Ending, amount: Amount, *, calls: int, unpriced: int = 0) -> None:
        """Ends a reservation at an amount.

        Raises:
            RuntimeError: it was ended before.
        """
        if self._open.pop(promise.key, None) is None:
            raise RuntimeError(f"the reservation {promise.key} was settled, released or lost before")
        self.held = self.held.minus(promise.bound)
        self._count_in(promise.key, ending, amount, calls=calls, unpriced=unpriced)
        # Last: should the disk be full, the sums in memory are right all the same.
        self._append(ending, promise, amount, calls, unpriced)

    def close(self) -> None:
        """Writes the time spent and closes the log; what is still open stays open in it."""
        log, self._log = self._log, None
        if log is not None:
            log.append({"kind": "close", "s": self._elapsed()})
            log.close()

    def _elapsed(self) -> float:
        return round(self._clock() - self._start_s, 3)

    def _count_in(self, key: str, ending: str, amount: Amount, *, calls: int, unpriced: int) -> None:
        if ":" in key and ending != "free":
            self._ended.add(key)
        self._gone = self._gone.plus(amount)
        self._calls += calls
        self._unpriced += unpriced
        if ending == "lost":
            self._lost = self._lost.plus(amount)
            self._lost_calls += calls

    def _append(self, kind: str, promise: Promise, amount: Amount, calls: int, unpriced: int = 0) -> None:
        if self._log is None:
            return
        line: dict[str, Any] = {
            "kind": kind,
            "key": promise.key,
            "model": promise.model,
            "pico_usd": amount.pico_usd,
            "tokens": amount.tokens,
            "calls": calls,
            "s": self._elapsed(),
        }
        self._log.append({**line, "unpriced": unpriced} if unpriced else line)

    def _read(self, line: LogLine) -> None:
        value = line.value
        try:
            kind = value["kind"]
            if kind == "open":
                self._earlier_s += self._session_s
                self._session_s = 0.0
                self._session = int(value["session"]) + 1
                return
            self._session_s = max(self._session_s, float(value["s"]))
            if kind == "close":
                return
            amount = Amount(int(value["pico_usd"]), int(value["tokens"]))
            key, calls = str(value["key"]), int(value["calls"])
            if kind == "hold":
                self._left_open[key] = Promise(key, str(value["model"]), amount, calls)
            else:
                self._left_open.pop(key, None)
                self._count_in(key, kind, amount, calls=calls, unpriced=int(value.get("unpriced", 0)))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"not a line of a cost log: {error!r}", where=f"line {line.number}") from None


def read_spent(path: Path) -> Spent:
    """Returns what a cost log says was used, without writing to it; nothing where there is no log.

    Raises:
        DataError: the log is damaged.
    """
    ledger = Ledger(None, clock=lambda: 0.0)
    for item in read_lines(path):
        if not isinstance(item, TornTail):
            ledger._read(item)
    ledger._earlier_s += ledger._session_s
    return ledger.spent()
