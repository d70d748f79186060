"""Automatic measures of an edit: names, and how a name becomes a metric.

Nothing here needs torch until a metric with a network is asked for. A third party adds a metric through the entry-point
group `rvebench.metrics`: a class (or function) that takes no arguments and gives a :class:`Metric`.
"""

from __future__ import annotations

from rvebench.metrics.options import MetricOptions
from rvebench.metrics.protocol import Metric
from rvebench.metrics.registry import METRICS, NEEDS, Chosen, build_metric, choose_metrics, lacks

__all__ = ["METRICS", "NEEDS", "Chosen", "Metric", "MetricOptions", "build_metric", "choose_metrics", "lacks"]
