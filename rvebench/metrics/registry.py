"""Which metrics there are, and what the `--metrics` option means."""

from __future__ import annotations

from collections.abc import Callable

from rvebench.errors import UsageError
from rvebench.metrics.protocol import Metric
from rvebench.registry import Registration, Registry

__all__ = ["METRICS", "build_metric", "metric_names"]

METRICS: Registry[Callable[[], Metric]] = Registry(
    "metric",
    [
        Registration(
            name="temporal_flickering",
            target="rvebench.metrics.temporal_flickering:TemporalFlickering",
            summary="VBench's TF: how little neighbouring frames differ; no weights",
        ),
    ],
    group="rvebench.metrics",
)


def build_metric(name: str) -> Metric:
    """Returns the metric called `name`; no weights are loaded yet.

    Raises:
        UnknownNameError: no metric has that name; the nearest ones are listed.
        UsageError: the name carries options, or what an installed package registered is not a metric.
    """
    plain, mark, _ = name.partition("?")
    entry = METRICS.entry(plain)
    if mark:
        raise UsageError(f"the metric {plain!r} takes no options", where=name, hint=f"write {plain}")
    metric = METRICS.load(plain)()
    if not isinstance(metric, Metric):
        raise UsageError(f"{entry.target} is not a metric: it lacks `info` or `measure`", where=entry.origin)
    return metric


def metric_names(text: str) -> tuple[str, ...]:
    """Returns the metrics that `a,b`, `all` or `none` stands for, in the order given, each once.

    Raises:
        UnknownNameError: no metric has that name; the nearest ones are listed.
        UsageError: a name is empty, or `all` or `none` stands beside other names.
    """
    names = [part.strip() for part in text.split(",")]
    if names == ["all"]:
        return tuple(METRICS.names())
    if names == ["none"]:
        return ()
    for name in names:
        if name in {"all", "none"}:
            raise UsageError(f"{name!r} cannot stand beside other metrics", where=f"--metrics {text}")
        if not name:
            known = ", ".join(METRICS.names())
            raise UsageError(
                "a metric's name is empty", where=f"--metrics {text}", hint=f"use all, none or of: {known}"
            )
        METRICS.entry(name)
    return tuple(dict.fromkeys(names))
