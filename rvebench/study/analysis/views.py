"""The analysis seen from one method: which one, and its pairs turned so that it stands first."""

from __future__ import annotations

from dataclasses import replace

from rvebench.errors import UnknownNameError
from rvebench.registry import nearest_names
from rvebench.scoring.agreement import Measured
from rvebench.study.analysis.results import CriterionResult, PairResult, StudyAnalysis

__all__ = ["choose_method", "facing"]


def choose_method(found: StudyAnalysis, name: str | None) -> str:
    """Returns the id of the method called `name`, else of the one with the highest mean win rate over criteria.

    Raises:
        UnknownNameError: no method has that name or id.
    """
    if name is not None:
        for method, known in found.methods.items():
            if name in (method, known):
                return method
        known_names = list(found.methods.values())
        near = nearest_names(name, known_names) or known_names
        raise UnknownNameError(f"the study has no method {name!r}", hint=f"it has {', '.join(near)}")
    totals: dict[str, list[float]] = {method: [] for method in found.methods}
    for criterion in found.main.criteria:
        for result in criterion.methods:
            if result.win_rate.value is not None:
                totals[result.method].append(result.win_rate.value)
    return max(totals, key=lambda method: sum(totals[method]) / max(1, len(totals[method])))


def facing(criterion: CriterionResult, method: str) -> tuple[PairResult, ...]:
    """Returns the pairs that `method` is in, each turned so that it is the first."""
    own = (pair for pair in criterion.pairs if method in (pair.first, pair.second))
    return tuple(pair if pair.first == method else _turned(pair) for pair in own)


def _turned(pair: PairResult) -> PairResult:
    return replace(
        pair,
        first=pair.second,
        second=pair.first,
        wins=pair.losses,
        losses=pair.wins,
        win_rate=_complement(pair.win_rate),
        beats=_complement(pair.beats),
    )


def _complement(share: Measured) -> Measured:
    return replace(
        share,
        value=None if share.value is None else 1.0 - share.value,
        ci95=None if share.ci95 is None else (1.0 - share.ci95[1], 1.0 - share.ci95[0]),
    )
