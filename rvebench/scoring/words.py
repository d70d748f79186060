"""How numbers and names are written for people: one spelling each, the same in the page and in the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rvebench.redaction import hide_paths
from rvebench.scoring.shapes import Coverage, Estimate, MetricSummary

__all__ = [
    "ABSENT",
    "METRIC_NOTE",
    "SCORE_MAX",
    "coverage_words",
    "hide_paths",
    "interval",
    "label",
    "measure",
    "measured_interval",
    "measured_of",
    "score",
    "signed",
    "unmeasured_words",
]

ABSENT = "–"
"""What stands where there is no number. Never a zero."""

SCORE_MAX = 10.0
"""The top of the judges' scale; its bottom is 0."""

METRIC_NOTE = (
    "Read each metric beside its source value. A frozen output wins temporal metrics, "
    "so a value above the source's is no merit."
)

_REASONS_SHOWN = 5
"""Reasons for missing measures that are spelled out under a table."""

_LABELS = {
    "rave": "RAVE",
    "icvg": "ICVG",
    "ok": "OK",
    "EA": "Edit accuracy",
    "PC": "Preservation consistency",
    "GN": "Generation naturalness",
    "GR": "Generation realism",
}


def label(name: str) -> str:
    """Returns the words for a subset, type, criterion or status: `physical_causality` is "Physical causality"."""
    return _LABELS.get(name) or name.replace("_", " ").capitalize()


def score(value: float | None) -> str:
    """Returns a 0..10 score with two decimals, or the sign for no number."""
    return ABSENT if value is None else f"{value + 0.0:.2f}"


def measure(value: float | None) -> str:
    """Returns a metric or intermediate measure with four decimals; more or fewer where its size asks for it."""
    if value is None or not math.isfinite(value):
        return ABSENT
    size = abs(value)
    if size >= 1e6 or 0 < size < 1e-4:
        return f"{value:.3e}".replace("-", "−")
    return f"{value + 0.0:.{4 if size < 100 else 2}f}".replace("-", "−")


def signed(value: float | None) -> str:
    """Returns a difference with its sign; the minus is the typographic one."""
    text = measure(value)
    return text if text == ABSENT or text.startswith("−") else f"+{text}"


def interval(estimate: Estimate) -> str:
    """Returns the 95 % interval of a score as `[low, high]`, or nothing when there is none."""
    if estimate.mean is None or estimate.ci95 is None:
        return ""
    return f"[{score(estimate.ci95[0])}, {score(estimate.ci95[1])}]"


def measured_interval(estimate: Estimate) -> str:
    """Returns the 95 % interval of a metric as `[low, high]`, or nothing when there is none."""
    if estimate.mean is None or estimate.ci95 is None:
        return ""
    return f"[{measure(estimate.ci95[0])}, {measure(estimate.ci95[1])}]"


def measured_of(metric: MetricSummary) -> str:
    """Returns how many edits were measured: `16`, or `14 of 16` where some could not be."""
    return f"{metric.edit.n} of {metric.edit.n + metric.failed}" if metric.failed else str(metric.edit.n)


def unmeasured_words(metrics: Mapping[str, MetricSummary]) -> list[str]:
    """Returns why edits could not be measured, a sentence for each reason with its metrics and how many times."""
    by_reason: dict[str, list[str]] = {}
    for name, metric in metrics.items():
        for reason, times in metric.reasons.items():
            by_reason.setdefault(hide_paths(reason), []).append(f"{name} ({times})")
    shown = [f"Not measured: {', '.join(names)}: {reason}" for reason, names in by_reason.items()]
    hidden = len(shown) - _REASONS_SHOWN
    return shown if hidden <= 0 else [*shown[:_REASONS_SHOWN], f"… and {hidden} other reasons, in summary.json"]


def coverage_words(coverage: Coverage) -> str:
    """Returns how the samples ended, in words: `40 samples: 36 ok, 2 failed, 1 refused, 0 missing, 1 unjudged`."""
    parts = (
        f"{coverage.ok} ok",
        f"{coverage.failed} failed",
        f"{coverage.refused} refused",
        f"{coverage.missing} missing",
        f"{coverage.unjudged} unjudged",
    )
    return f"{coverage.n} {'sample' if coverage.n == 1 else 'samples'}: {', '.join(parts)}"
