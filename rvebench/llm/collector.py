"""Python's cycle collector, kept from stopping hundreds of calls for a look at objects that will never die."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

__all__ = ["calm_collector"]

_THRESHOLDS = (20_000, 20, 100)
"""Young objects before a look at them, and how many looks before one at the older; Python's are 700, 10, 10."""


@contextlib.contextmanager
def calm_collector() -> Iterator[None]:
    """Runs its body with what is loaded now left out of every collection, and collections rarer.

    The SDK and its models are some hundred thousand objects. Each full collection looks at all of them while every call
    in flight waits: at 32 calls of 50 ms this cost a twentieth of the rate. Cycles made in the body are still found.
    For the one who owns the process: it is not for two threads at once.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
