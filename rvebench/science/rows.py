"""The measured edits of a study, and the numbers that are made from them: means, paired differences, readings.

Pure functions of rows. Whether a number may be claimed is decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rvebench.errors import DataError
from rvebench.science.measures import MEASURES, Measure, measure_named
from rvebench.science.paper import paper_row
from rvebench.science.statistics import Difference, SeedPoint, Spread, holm_adjusted, paired_difference, spread
from rvebench.science.study import Claims, Contrast, Scale, Study
from rvebench.scoring.shapes import as_json_number

__all__ = [
    "BASE",
    "FLOPS_MARK",
    "Column",
    "EditRow",
    "Paired",
    "PaperReading",
    "arm_means",
    "contrasts_of",
    "flops_name",
    "hacking_of",
    "paired_points",
]

BASE = "base"
FLOPS_MARK = "@flops"
"""Ends the name of an arm that was trained for as many operations as the reference, instead of as many steps."""

Column = Literal["steps", "flops"]
PaperReading = Literal["agrees", "contradicts", "not shown", "no such number"]


def flops_name(arm: str) -> str:
    """Returns the name of an arm's second training."""
    return f"{arm}{FLOPS_MARK}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRow:
    """One measured edit."""

    arm: str
    seed: int
    set: str
    sample_id: str
    family: str
    values: Mapping[str, float]
    """By name of :data:`rvebench.science.measures.MEASURES`; what does not apply to the sample is not there."""

    def as_json(self) -> dict[str, Any]:
        """Returns the row in plain JSON values."""
        return {
            "arm": self.arm,
            "seed": self.seed,
            "set": self.set,
            "sample": self.sample_id,
            "family": self.family,
            "values": {name: as_json_number(value) for name, value in self.values.items()},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> EditRow:
        """Reads what :meth:`as_json` wrote.

        Raises:
            DataError: it is something else.
        """
        try:
            return cls(
                arm=str(value["arm"]),
                seed=int(value["seed"]),
                set=str(value["set"]),
                sample_id=str(value["sample"]),
                family=str(value["family"]),
                values={str(name): float(number) for name, number in value["values"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"is no measured edit: {error}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """A paired difference of two arms in one measure on one set, and what it is beside the paper's."""

    table: str
    better: str
    """As the study names it; the difference is this minus `than`."""
    than: str
    column: Column
    set: str
    measure: Measure
    difference: Difference
    p_holm: float | None
    claimable: bool
    """Whether the study registered the measure and set, and the scale is one whose results count."""
    paper_difference: float | None
    """In the paper's criterion, on its scale; None where it does not report both."""

    @property
    def improves(self) -> bool | None:
        """Whether `better` is shown to be better; False: to be worse; None: neither is shown, or no side is better."""
        verdict = self.difference.verdict
        if verdict == "not shown" or self.measure.better == "none":
            return None
        return verdict == self.measure.better

    @property
    def claim(self) -> str:
        """The sentence that may be claimed; empty where nothing may."""
        if not self.claimable or self.improves is None:
            return ""
        first, second = (self.better, self.than) if self.improves else (self.than, self.better)
        return f"{first} is better than {second} in {self.measure.title} on {self.set}"

    @property
    def reading(self) -> PaperReading:
        """How ours stands to the paper's order."""
        if self.paper_difference is None:
            return "no such number"
        if self.improves is None:
            return "not shown"
        return "agrees" if self.improves == (self.paper_difference > 0) else "contradicts"

    def as_json(self) -> dict[str, Any]:
        """Returns the fields in plain JSON values."""
        return {
            "table": self.table,
            "better": self.better,
            "than": self.than,
            "column": self.column,
            "set": self.set,
            "measure": self.measure.name,
            **self.difference.as_json(),
            "p_holm": None if self.p_holm is None else as_json_number(self.p_holm),
            "claim": self.claim,
            "paper_difference": None if self.paper_difference is None else as_json_number(self.paper_difference),
            "reading": self.reading,
        }


def arm_means(rows: Iterable[EditRow], claims: Claims) -> dict[str, dict[str, dict[str, Spread]]]:
    """Returns the mean of each measure with its interval, by set, arm and measure."""
    cells: dict[tuple[str, str, str], list[SeedPoint]] = {}
    for row in rows:
        for name, value in row.values.items():
            point = SeedPoint(row.sample_id, row.family, row.seed, value)
            cells.setdefault((row.set, row.arm, name), []).append(point)
    order = [measure.name for measure in MEASURES]
    found: dict[str, dict[str, dict[str, Spread]]] = {}
    for which, arm, name in sorted(cells, key=lambda key: (key[0], key[1], order.index(key[2]))):
        found.setdefault(which, {}).setdefault(arm, {})[name] = spread(
            cells[which, arm, name],
            name=f"mean/{which}/{arm}/{name}",
            seed=claims.seed,
            resamples=claims.resamples,
            fewest_clusters=claims.fewest_clusters,
        )
    return found


def paired_points(rows: Sequence[EditRow], better: str, than: str, which: str, measure: str) -> list[SeedPoint]:
    """Returns one difference, `better` minus `than`, for each sample and seed that both have.

    The base has the edits of one model under several noise seeds: it is paired seed by seed all the same, so that both
    sides began from the same noise.
    """
    sides: dict[str, dict[tuple[str, int], EditRow]] = {better: {}, than: {}}
    for row in rows:
        if row.arm in sides and row.set == which and measure in row.values:
            sides[row.arm][row.sample_id, row.seed] = row
    both = sorted(sides[better].keys() & sides[than].keys())
    return [
        SeedPoint(
            sample,
            sides[better][sample, seed].family,
            seed,
            sides[better][sample, seed].values[measure] - sides[than][sample, seed].values[measure],
        )
        for sample, seed in both
    ]


def contrasts_of(study: Study, scale: Scale, rows: Sequence[EditRow]) -> list[Paired]:
    """Returns every registered difference, in every measure, set and column, in the study's order.

    Holm's adjustment is over the contrasts of one table, column, set and measure.
    """
    there = {row.arm for row in rows}
    sets = list(dict.fromkeys(row.set for row in rows))
    found: list[Paired] = []
    for column in ("steps", "flops"):
        asked = [(each, names) for each in study.contrasts if (names := _names(study, each, column)) is not None]
        for table in dict.fromkeys(each.table for each, _ in asked):
            family = [(each, names) for each, names in asked if each.table == table and set(names) <= there]
            for which in sets:
                for measure in MEASURES:
                    found += _family(study, scale, rows, family, table, column, which, measure)
    return found


def _names(study: Study, contrast: Contrast, column: Column) -> tuple[str, str] | None:
    """Returns the two arms of a contrast in a column; None where the column has not both."""
    if column == "steps":
        return contrast.better, contrast.than
    twice = {arm.name for arm in study.arms if arm.equal_flops}
    names = []
    for name in (contrast.better, contrast.than):
        if name in twice:
            names.append(flops_name(name))
        elif name == study.reference:
            names.append(name)
        else:
            return None
    return (names[0], names[1])


def _family(
    study: Study,
    scale: Scale,
    rows: Sequence[EditRow],
    family: Sequence[tuple[Contrast, tuple[str, str]]],
    table: str,
    column: Column,
    which: str,
    measure: Measure,
) -> list[Paired]:
    claims = study.claims
    differences: dict[str, Difference] = {}
    for contrast, (better, than) in family:
        points = paired_points(rows, better, than, which, measure.name)
        if points:
            differences[f"{contrast.better}-{contrast.than}"] = paired_difference(
                points,
                name=f"{column}/{better}-{than}/{which}/{measure.name}",
                seed=claims.seed,
                resamples=claims.resamples,
                fewest_clusters=claims.fewest_clusters,
            )
    adjusted = holm_adjusted(differences)
    claimable = scale.claims and measure.name in claims.measures and which in claims.sets
    return [
        Paired(
            table=table,
            better=better,
            than=than,
            column=column,
            set=which,
            measure=measure,
            difference=differences[key],
            p_holm=adjusted.get(key),
            claimable=claimable,
            paper_difference=_paper_difference(contrast, measure),
        )
        for contrast, (better, than) in family
        if (key := f"{contrast.better}-{contrast.than}") in differences
    ]


def _paper_difference(contrast: Contrast, measure: Measure) -> float | None:
    if not contrast.paper or not measure.criterion or measure.better == "none":
        return None
    rows = paper_row(contrast.better, contrast.table), paper_row(contrast.than, contrast.table)
    if rows[0] is None or rows[1] is None:
        return None
    return rows[0].scores[measure.criterion] - rows[1].scores[measure.criterion]


def hacking_of(paired: Sequence[Paired], reference: str = "sft") -> list[dict[str, Any]]:
    """Returns where the critic approves more while the edits are not shown to be better: signs of a gamed critic.

    Args:
        paired: from :func:`contrasts_of`.
        reference: contrasts against this arm, or of it, count.
    """
    by_key = {(each.better, each.than, each.column, each.set, each.measure.name): each for each in paired}
    found = []
    for (better, than, column, which, name), each in by_key.items():
        if name != "p_yes" or reference not in (better.removesuffix(FLOPS_MARK), than.removesuffix(FLOPS_MARK)):
            continue
        progress = by_key.get((better, than, column, which, "ea_progress"))
        if progress is None or each.difference.verdict == "not shown":
            continue
        rises = each.difference.verdict == "higher"
        gains = progress.improves if rises else None if progress.improves is None else not progress.improves
        first, second = (better, than) if rises else (than, better)
        state = "better edits too" if gains else "no better edits are shown" if gains is None else "worse edits"
        found.append({"arm": first, "than": second, "column": column, "set": which, "edits": state})
    return found


def measures_there(rows: Iterable[EditRow]) -> list[Measure]:
    """Returns the measures that some row has, in the order of tables."""
    names = {name for row in rows for name in row.values}
    return [measure_named(measure.name) for measure in MEASURES if measure.name in names]
