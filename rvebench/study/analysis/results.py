"""What the analysis gives back: every number with its interval, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rvebench.scoring.agreement import Measured
from rvebench.scoring.bradley_terry import TieModel
from rvebench.scoring.shapes import as_json_number
from rvebench.study.analysis.raters import RaterReport
from rvebench.study.records import Design

__all__ = ["Agreement", "CriterionResult", "Findings", "MethodResult", "PairResult", "StudyAnalysis"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairResult:
    """Two methods on one criterion."""

    first: str
    """Id of a method."""
    second: str
    wins: int
    """Comparisons that the first won."""
    ties: int
    losses: int
    both_bad: int
    """Ties called bad on both sides."""
    win_rate: Measured
    """Of the first, a tie for half, 0..1."""
    p: float | None
    """Two-sided, of "the win rate is one half"."""
    p_holm: float | None
    """The same, adjusted for all pairs of the criterion."""
    beats: Measured
    """The chance by Bradley-Terry that the first is preferred, a tie for half."""

    def as_json(self) -> dict[str, object]:
        """Returns every field in plain JSON values."""
        return {
            "first": self.first,
            "second": self.second,
            "wins": self.wins,
            "ties": self.ties,
            "losses": self.losses,
            "both_bad": self.both_bad,
            "win_rate": self.win_rate.as_json(),
            "p": _number(self.p),
            "p_holm": _number(self.p_holm),
            "beats": self.beats.as_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodResult:
    """One method on one criterion."""

    method: str
    win_rate: Measured
    """Over all its comparisons, a tie for half, 0..1."""
    log_strength: Measured
    """By Bradley-Terry, from the mean of the methods that comparisons link with it."""
    elo: Measured
    """The same on the Elo scale, the mean at 1000."""
    plackett_luce: float | None
    """Log-strength straight from rankings, from the same mean; None where nobody ordered three at once."""
    score: Measured | None
    """Mean Likert score; None in other designs."""

    def as_json(self) -> dict[str, object]:
        """Returns every field in plain JSON values."""
        return {
            "method": self.method,
            "win_rate": self.win_rate.as_json(),
            "log_strength": self.log_strength.as_json(),
            "elo": self.elo.as_json(),
            "plackett_luce": _number(self.plackett_luce),
            "score": None if self.score is None else self.score.as_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far raters agree with one another. Intervals resample sources; the raters are held."""

    kendall_w: Measured
    """Mean over samples, corrected for ties, 0..1."""
    kendall_w_chance: float | None
    """What raters who order at random would have: one over their number, averaged alike."""
    pairwise: Measured
    """Share of two raters' answers on the same two edits that are the same: better, worse or tied."""
    alpha_preferences: Mapping[str, Measured]
    """Krippendorff's alpha of these answers (-1, 0, 1), by metric."""
    alpha_scores: Mapping[str, Measured]
    """Krippendorff's alpha of places or Likert scores, by metric; empty where trials show different sets."""

    def as_json(self) -> dict[str, object]:
        """Returns every field in plain JSON values."""
        return {
            "kendall_w": self.kendall_w.as_json(),
            "kendall_w_chance": _number(self.kendall_w_chance),
            "pairwise": self.pairwise.as_json(),
            "alpha_preferences": {name: found.as_json() for name, found in self.alpha_preferences.items()},
            "alpha_scores": {name: found.as_json() for name, found in self.alpha_scores.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionResult:
    """One criterion."""

    criterion: str
    title: str
    answers: int
    comparisons: int
    samples: int
    clusters: int
    raters: int
    methods: tuple[MethodResult, ...]
    """In the order of the study."""
    pairs: tuple[PairResult, ...]
    """Those that somebody compared."""
    groups: tuple[tuple[str, ...], ...]
    """Methods that comparisons link; strengths mean something only within a group."""
    tie_strength: float | None
    """Davidson's nu; None where ties are halves."""
    agreement: Agreement
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Returns every field in plain JSON values."""
        return {
            "criterion": self.criterion,
            "title": self.title,
            "answers": self.answers,
            "comparisons": self.comparisons,
            "samples": self.samples,
            "clusters": self.clusters,
            "raters": self.raters,
            "methods": [method.as_json() for method in self.methods],
            "pairs": [pair.as_json() for pair in self.pairs],
            "groups": [list(group) for group in self.groups],
            "tie_strength": _number(self.tie_strength),
            "agreement": self.agreement.as_json(),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All criteria over one set of raters."""

    raters: tuple[str, ...]
    criteria: tuple[CriterionResult, ...]

    def as_json(self) -> dict[str, object]:
        """Returns every field in plain JSON values."""
        return {"raters": list(self.raters), "criteria": [each.as_json() for each in self.criteria]}


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyAnalysis:
    """A whole study in numbers."""

    title: str
    design: Design
    digest: str
    """Of the study."""
    seed: int
    resamples: int
    ties: TieModel
    methods: Mapping[str, str]
    """Names by id, in the order of the study."""
    answered: int
    """Main trials answered, by everybody."""
    trials: int
    """Main trials in the study."""
    rule: Mapping[str, float]
    """Whom the study leaves out."""
    raters: tuple[RaterReport, ...]
    kept: Findings | None
    """Without the raters whom the rule leaves out: the study's numbers. None where it leaves nobody."""
    everyone: Findings
    """With them; the same object as `kept` where nobody is left out."""
    notes: tuple[str, ...]

    @property
    def main(self) -> Findings:
        """The study's numbers; everybody's where the rule leaves nobody."""
        return self.everyone if self.kept is None else self.kept

    def as_json(self) -> dict[str, object]:
        """Returns every field in plain JSON values."""
        return {
            "schema": "rve-study-analysis/1",
            "title": self.title,
            "design": self.design,
            "study": self.digest,
            "seed": self.seed,
            "resamples": self.resamples,
            "ties": self.ties,
            "methods": dict(self.methods),
            "answered": self.answered,
            "trials": self.trials,
            "rule": dict(self.rule),
            "raters": [rater.as_json() for rater in self.raters],
            "kept": None if self.kept is None else self.kept.as_json(),
            "everyone": self.everyone.as_json(),
            "notes": list(self.notes),
        }


def _number(value: float | None) -> float | None:
    return None if value is None else as_json_number(value)
