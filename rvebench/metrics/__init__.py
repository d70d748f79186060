"""Automatic measures of an edit: names, and how a name becomes a metric.

A third party adds a metric through the entry-point group `rvebench.metrics`: a class (or function) that takes no
arguments and gives a :class:`Metric`.
"""

from __future__ import annotations

from rvebench.metrics.protocol import Metric
from rvebench.metrics.registry import METRICS, build_metric, metric_names

__all__ = ["METRICS", "Metric", "build_metric", "metric_names"]
