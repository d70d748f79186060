"""A metric behind a queue: comparisons go in from coroutines, values come out in order, batching is the metric's.

The metric pulls from an iterator that ends when nothing has arrived for a moment, so that a metric that collects
batches of eight is never left waiting for an eighth that does not come.
"""

from __future__ import annotations

import asyncio
import math
import queue
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace

from rvebench.metrics import Metric
from rvebench.records import MetricValue
from rvebench.taxonomy import Status
from rvebench.video import Comparison

__all__ = ["MetricLane"]

_PATIENCE_S = 0.05


class MetricLane:
    """One metric in one thread; its model is loaded once."""

    def __init__(self, metric: Metric) -> None:
        self.info = metric.info
        self._metric = metric
        self._inbox: queue.SimpleQueue[tuple[Comparison, Future[MetricValue]] | None] = queue.SimpleQueue()
        self._open: deque[tuple[Comparison, Future[MetricValue]]] = deque()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=f"metric-{self.info.name}", daemon=True)
        self._thread.start()

    async def measure(self, comparison: Comparison) -> MetricValue:
        """Returns the metric of one comparison; a metric that raises gives a failed value with the reason."""
        future: Future[MetricValue] = Future()
        self._inbox.put((comparison, future))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Ends the thread after what it holds."""
        self._inbox.put(None)
        self._thread.join()

    def _work(self) -> None:
        while not self._closed:
            first = self._inbox.get()
            if first is None:
                return
            if not first[1].set_running_or_notify_cancel():
                continue
            try:
                for value in self._metric.measure(self._items(first)):
                    comparison, future = self._open.popleft()
                    future.set_result(self._sound(value, comparison))
                reason = "the metric gave no value"
            except Exception as error:  # the per-unit boundary: every comparison in hand fails with this reason
                reason = f"the metric raised {type(error).__name__}: {error}"
            while self._open:
                comparison, future = self._open.popleft()
                future.set_result(self._failed(comparison, reason))

    def _items(self, first: tuple[Comparison, Future[MetricValue]]) -> Iterator[Comparison]:
        self._open.append(first)
        yield first[0]
        while True:
            try:
                item = self._inbox.get(timeout=_PATIENCE_S)
            except queue.Empty:
                return
            if item is None:
                self._closed = True
                return
            if item[1].set_running_or_notify_cancel():
                self._open.append(item)
                yield item[0]

    def _sound(self, value: MetricValue, comparison: Comparison) -> MetricValue:
        """Returns the value when it can be recorded, else a failed one: metrics are other people's programs."""
        try:
            if (value.sample_id, value.metric) != (comparison.sample.id, self.info.name):
                raise ValueError(f"{value.metric} of {value.sample_id} where {comparison.sample.id} was next")
            if value.status is not Status.OK:
                return replace(value, status=Status.FAILED, value=None)
            sound = replace(value, value=_number(value.value), source_value=_number(value.source_value, absent=True))
        except (AttributeError, TypeError, ValueError) as error:
            return self._failed(comparison, f"the metric gave what is not a value: {error}")
        return sound

    def _failed(self, comparison: Comparison, reason: str) -> MetricValue:
        return MetricValue(sample_id=comparison.sample.id, metric=self.info.name, status=Status.FAILED, reason=reason)


def _number(value: object, *, absent: bool = False) -> float | None:
    """Returns a finite number as a float, also NumPy's and torch's."""
    if value is None and absent:
        return None
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        raise ValueError(f"{number} is not finite")
    return number
