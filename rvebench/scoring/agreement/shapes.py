"""What agreement gives back: coefficients with intervals, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rvebench.scoring.shapes import as_json_number

__all__ = [
    "MEASURES",
    "AgreementReport",
    "CriterionAgreement",
    "Level",
    "Measured",
    "ReadingAgreement",
    "ReadingDifference",
    "TieCalibration",
]

Level = Literal["sample", "system"]
"""Whether a coefficient is over single edits or over editors' means."""

MEASURES = ("spearman", "pearson", "kendall", "pairwise_accuracy", "pairwise_accuracy_ties")
"""What is measured of two sets of scores, in the order of tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A coefficient with its interval."""

    value: float | None = None
    """None when it cannot mean anything; `reason` says why."""
    ci95: tuple[float, float] | None = None
    """From a cluster bootstrap over sources; None below five, or where too many resamples have no value."""
    n: int = 0
    """What it is over: edits, editors, pairs of edits, or ratings' units."""
    reason: str = ""

    def as_json(self) -> dict[str, object]:
        """Returns `{value, ci95, n, reason}` in plain JSON values."""
        return {
            "value": None if self.value is None else as_json_number(self.value),
            "ci95": None if self.ci95 is None else [as_json_number(end) for end in self.ci95],
            "n": self.n,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TieCalibration:
    """Pairwise accuracy with judge scores that lie close together taken for ties (Deutsch et al. 2023)."""

    accuracy: Measured
    """At the threshold that is best on these very data, as in WMT: never below the uncalibrated accuracy."""
    threshold: float | None = None
    """Judge scores that differ by at most this are tied."""
    held_out: float | None = None
    """The same with each source's threshold chosen on the other sources: what the calibration is worth elsewhere."""

    def as_json(self) -> dict[str, object]:
        """Returns `{value, ci95, n, reason, threshold, held_out}`."""
        return {
            **self.accuracy.as_json(),
            "threshold": None if self.threshold is None else as_json_number(self.threshold),
            "held_out": None if self.held_out is None else as_json_number(self.held_out),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingAgreement:
    """One judge's scores, read one way, against people's. Mappings are by the names of :data:`MEASURES`."""

    judge: str
    reading: str
    """`hard` for the scores a judge states, `yes/no` for its bare answers, `soft` for its probabilities of yes."""
    n_units: int
    """Edits that have this reading and a human score."""
    n_unjudged: int
    """Rated edits without it: they are in no number here."""
    with_people: Mapping[str, Measured]
    """Against the mean of all raters."""
    tie_calibration: TieCalibration
    rater_left_out: Mapping[str, Measured]
    """The ceiling: each rater against the mean of the others, averaged over raters."""
    judge_left_out: Mapping[str, Measured]
    """The judge in that rater's place: against the same means on the same edits."""
    left_out_gap: Mapping[str, Measured]
    """`judge_left_out` minus `rater_left_out`, paired."""
    rater_pairs: Mapping[str, Measured]
    """The other ceiling: two raters with each other, averaged over pairs of raters."""
    judge_pairs: Mapping[str, Measured]
    """The judge with either rater of each pair on the same edits."""

    def as_json(self) -> dict[str, object]:
        """Returns every field in plain JSON values."""
        groups = {
            "with_people": self.with_people,
            "rater_left_out": self.rater_left_out,
            "judge_left_out": self.judge_left_out,
            "left_out_gap": self.left_out_gap,
            "rater_pairs": self.rater_pairs,
            "judge_pairs": self.judge_pairs,
        }
        return {
            "judge": self.judge,
            "reading": self.reading,
            "n_units": self.n_units,
            "n_unjudged": self.n_unjudged,
            **{name: _measures_as_json(group) for name, group in groups.items()},
            "tie_calibration": self.tie_calibration.as_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingDifference:
    """How much better one reading agrees with people than another, on the edits that both have."""

    reading: str
    """Judge and reading, as `judge` or `judge (soft)`."""
    baseline: str
    n_units: int
    difference: Mapping[str, Measured]
    """Reading minus baseline, with a paired bootstrap interval."""

    def as_json(self) -> dict[str, object]:
        """Returns every field in plain JSON values."""
        return {
            "reading": self.reading,
            "baseline": self.baseline,
            "n_units": self.n_units,
            "difference": _measures_as_json(self.difference),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionAgreement:
    """One criterion, over everything or over one category."""

    criterion: str
    category: str
    """Empty: all categories together."""
    n_units: int
    """Edits that people rated on this criterion."""
    n_samples: int
    n_editors: int
    n_raters: int
    n_clusters: int
    alpha: Mapping[str, Measured]
    """Krippendorff's alpha among the raters, by metric."""
    readings: tuple[ReadingAgreement, ...]
    differences: tuple[ReadingDifference, ...]
    """Every other reading against the first, and against the earlier ones of its judge."""

    def as_json(self) -> dict[str, object]:
        """Returns every field in plain JSON values."""
        return {
            "criterion": self.criterion,
            "category": self.category or None,
            "n_units": self.n_units,
            "n_samples": self.n_samples,
            "n_editors": self.n_editors,
            "n_raters": self.n_raters,
            "n_clusters": self.n_clusters,
            "alpha": _measures_as_json(self.alpha),
            "readings": [reading.as_json() for reading in self.readings],
            "differences": [difference.as_json() for difference in self.differences],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementReport:
    """Judges against people."""

    level: Level
    seed: int
    scale: tuple[float, float]
    """The lowest and highest score a rater could give."""
    criteria: tuple[CriterionAgreement, ...]
    notes: tuple[str, ...] = field(default=())
    """What a reader must know before trusting the numbers."""

    def as_json(self) -> dict[str, object]:
        """Returns every field in plain JSON values."""
        return {
            "level": self.level,
            "seed": self.seed,
            "human_scale": [as_json_number(end) for end in self.scale],
            "criteria": [criterion.as_json() for criterion in self.criteria],
            "notes": list(self.notes),
        }


def _measures_as_json(measures: Mapping[str, Measured]) -> dict[str, object]:
    return {name: measured.as_json() for name, measured in measures.items()}
