"""What a study found, as one JSON object: every number of its page, and nothing that is not a number of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rvebench.errors import DataError
from rvebench.science.calibration import (
    CriticRow,
    correlation,
    correlation_steps,
    reliability,
    soft_against_hard,
)
from rvebench.science.paper import TABLE_6
from rvebench.science.rows import EditRow, arm_means, contrasts_of, hacking_of
from rvebench.science.study import Scale, Study
from rvebench.scoring.shapes import as_json_number

__all__ = ["FORMAT", "Shown", "Training", "findings_of"]

FORMAT = "rvebench-study/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """One arm's trainings, for the tables."""

    name: str
    title: str
    objective: str
    steps: int
    seeds: int
    flops_per_step: float | None
    """Floating-point operations of one optimiser step by the plan, forward and backward; None where it is not told."""
    batch: int
    """Samples a step; prompts for edit-grpo."""
    gate_seen: float | None
    """Share of samples whose gate was open, from the log; None where the objective has no gate."""
    tau: float | None
    """Of the gate."""
    wall_s: float
    """Of all seeds together."""

    @property
    def flops(self) -> float | None:
        """Of one training."""
        return None if self.flops_per_step is None else self.flops_per_step * self.steps

    def as_json(self) -> dict[str, Any]:
        """Returns the fields in plain JSON values."""
        return {
            "name": self.name,
            "title": self.title,
            "objective": self.objective,
            "steps": self.steps,
            "seeds": self.seeds,
            "batch": self.batch,
            "flops_per_step": self.flops_per_step,
            "flops": self.flops,
            "gate_seen": None if self.gate_seen is None else as_json_number(self.gate_seen),
            "tau": self.tau,
            "wall_s": round(self.wall_s, 1),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One edit as the critic saw it, whole or as an estimate from noise."""

    row: CriticRow
    tau: float | None
    """Noise level that the estimate was made from; None for the finished edit."""
    estimate_quality: float | None = None
    """EA progress of the estimate itself."""

    def as_json(self) -> dict[str, Any]:
        """Returns the fields in plain JSON values."""
        row = self.row
        return {
            "sample": row.sample_id,
            "family": row.cluster,
            "kind": row.kind,
            "tau": self.tau,
            "p_yes": as_json_number(row.p_yes),
            "quality": as_json_number(row.quality),
            "success": row.success,
            "estimate_quality": None if self.estimate_quality is None else as_json_number(self.estimate_quality),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Shown:
        """Reads what :meth:`as_json` wrote.

        Raises:
            DataError: it is something else.
        """
        try:
            quality = value["estimate_quality"]
            return cls(
                row=CriticRow(
                    sample_id=str(value["sample"]),
                    cluster=str(value["family"]),
                    kind=str(value["kind"]),
                    p_yes=float(value["p_yes"]),
                    quality=float(value["quality"]),
                    success=float(value["success"]),
                ),
                tau=None if value["tau"] is None else float(value["tau"]),
                estimate_quality=None if quality is None else float(quality),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"is no verdict of a critic: {error}") from None


def findings_of(
    study: Study,
    scale: Scale,
    rows: Sequence[EditRow],
    shown: Sequence[Shown],
    trainings: Sequence[Training],
    *,
    closed_form: Mapping[float, float],
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Returns the whole.

    Args:
        study: what was registered.
        scale: what was computed.
        rows: every measured edit.
        shown: every verdict of the calibration.
        trainings: of every arm.
        closed_form: trigger rate by tau.
        facts: of data, models and machine: JSON values.
    """
    means = arm_means(rows, study.claims)
    paired = contrasts_of(study, scale, rows)
    return {
        "format": FORMAT,
        "study": {
            "name": study.name,
            "title": study.title,
            "registered": study.registered,
            "digest": study.digest,
            "reference": study.reference,
            "noise": {name: getattr(study.noise, name) for name in ("unchanged", "wrong", "half", "seed")},
            "claim_measures": list(study.claims.measures),
            "claim_sets": list(study.claims.sets),
            "resamples": study.claims.resamples,
            "fewest_clusters": study.claims.fewest_clusters,
        },
        "scale": {"name": scale.name, "summary": scale.summary, "claims": scale.claims},
        "facts": dict(facts),
        "trainings": [each.as_json() for each in trainings],
        "means": {
            which: {arm: {name: cell.as_json() for name, cell in cells.items()} for arm, cells in arms.items()}
            for which, arms in means.items()
        },
        "contrasts": [each.as_json() for each in paired],
        "hacking": hacking_of(paired),
        "calibration": _calibration(study, shown, trainings, closed_form),
    }


def _calibration(
    study: Study, shown: Sequence[Shown], trainings: Iterable[Training], closed_form: Mapping[float, float]
) -> dict[str, Any]:
    rule: dict[str, Any] = {"seed": study.claims.seed, "resamples": study.claims.resamples}
    whole = [each.row for each in shown if each.tau is None]
    sets = {"all edits": whole, "models' edits": [row for row in whole if row.kind in study.calibration.models]}
    sets = {name: rows for name, rows in sets.items() if rows}
    return {
        "kinds": dict(sorted(Counter(row.kind for row in whole).items())),
        "readings": {
            name: {"n": len(rows), **soft_against_hard(rows, name=f"figure4/{name}", **rule).as_json()}
            for name, rows in sets.items()
        },
        "reliability": {
            name: reliability(rows, bins=study.calibration.bins, name=f"reliability/{name}", **rule).as_json()
            for name, rows in sets.items()
        },
        "clean_pearson": {
            name: correlation(rows, name=f"clean/{name}", **rule).as_json() for name, rows in sets.items()
        },
        "taus": _taus(study, shown, trainings, closed_form, rule),
        "tau_steps": _tau_steps(study, shown, rule),
    }


def _taus(
    study: Study,
    shown: Sequence[Shown],
    trainings: Iterable[Training],
    closed_form: Mapping[float, float],
    rule: Mapping[str, Any],
) -> list[dict[str, Any]]:
    paper = {each.tau: each for each in TABLE_6}
    seen: dict[float, list[float]] = {}
    for training in trainings:
        if training.tau is not None and training.gate_seen is not None:
            seen.setdefault(training.tau, []).append(training.gate_seen)
    found = []
    for tau in study.calibration.taus:
        at = [each for each in shown if each.tau == tau]
        if not at:
            continue
        rows = [each.row for each in at]
        own = [
            CriticRow(
                sample_id=each.row.sample_id,
                cluster=each.row.cluster,
                kind=each.row.kind,
                p_yes=each.row.p_yes,
                quality=each.estimate_quality,
                success=each.row.success,
            )
            for each in at
            if each.estimate_quality is not None
        ]
        models = [row for row in rows if row.kind in study.calibration.models]
        rates = seen.get(tau, [])
        beside = paper.get(tau)
        found.append(
            {
                "tau": tau,
                "pearson": correlation(rows, name=f"tau/{tau:g}", **rule).as_json(),
                "pearson_models": correlation(models, name=f"tau/{tau:g}/models", **rule).as_json() if models else None,
                "pearson_own": correlation(own, name=f"tau/{tau:g}/own", **rule).as_json() if own else None,
                "trigger_closed": as_json_number(closed_form[tau]),
                "trigger_seen": as_json_number(sum(rates) / len(rates)) if rates else None,
                "paper_pearson": None if beside is None else beside.pearson,
                "paper_trigger": None if beside is None else beside.trigger,
            }
        )
    return found


def _tau_steps(study: Study, shown: Sequence[Shown], rule: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns how Pearson changes from each noise level to the next, the finished edit first, as paired differences."""
    levels: list[float | None] = [None, *study.calibration.taus]
    columns: dict[float | None, list[CriticRow]] = {
        level: [each.row for each in shown if each.tau == level] for level in levels
    }
    # Estimates are made of some of the edits: the finished ones are compared over the same.
    first = next((columns[level] for level in levels[1:] if columns[level]), [])
    wanted = {(row.sample_id, row.kind) for row in first}
    columns[None] = [row for row in columns[None] if (row.sample_id, row.kind) in wanted]
    there = [level for level in levels if columns[level]]
    steps = correlation_steps([columns[level] for level in there], name="tau-steps", **rule) if there else []
    return [
        {"from": before, "to": after, **step.as_json()}
        for before, after, step in zip(there[:-1], there[1:], steps, strict=True)
    ]
