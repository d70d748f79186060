"""A metric behind a queue: comparisons go in from coroutines, values come out in order, batching is the metric's.

The metric pulls from an iterator that ends when nothing has arrived for a moment, so that a metric that collects
batches of eight is never left waiting for an eighth that does not come.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future

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
            try:
                for value in self._metric.measure(self._items(first)):
                    self._open.popleft()[1].set_result(value)
                reason = "the metric gave no value"
            except Exception as error:  # the per-unit boundary: every comparison in hand fails with this reason
                reason = f"the metric raised {type(error).__name__}: {error}"
            while self._open:
                comparison, future = self._open.popleft()
                future.set_result(
                    MetricValue(
                        sample_id=comparison.sample.id, metric=self.info.name, status=Status.FAILED, reason=reason
                    )
                )

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
            self._open.append(item)
            yield item[0]
