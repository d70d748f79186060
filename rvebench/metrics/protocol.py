"""What an automatic metric must offer: a description of itself, and values for a stream of comparisons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

from rvebench.records import MetricInfo, MetricValue
from rvebench.video import Comparison

__all__ = ["Metric"]


@runtime_checkable
class Metric(Protocol):
    """A measure of edits that needs no judge.

    Values come in the order of the items. An item that cannot be measured (too few frames) is a value with status
    failed and a reason, never a number.
    """

    @property
    def info(self) -> MetricInfo:
        """The metric's description; reading it loads no weights."""
        ...

    def measure(self, items: Iterable[Comparison]) -> Iterator[MetricValue]:
        """Yields one value for each item; may pull several items at a time to batch them."""
        ...
