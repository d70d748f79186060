"""From a judge's answers to what became of every trap: a pure function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rvebench.judges.doctor.traps import (
    LADDER,
    TRAPS,
    Answer,
    Examination,
    Finding,
    Limits,
    Measure,
    Probe,
    Scores,
    Trap,
)
from rvebench.judges.ladder import LadderReport, LadderScore, summarise_ladder
from rvebench.records import Evidence
from rvebench.taxonomy import Criterion

__all__ = ["evaluate"]

_ABSENT: Mapping[Evidence, str] = {
    "instruction": "does not read the instruction",
    "frames": "does not look at frames",
}


def evaluate(
    answers: Iterable[Answer],
    *,
    reads: Sequence[Evidence],
    grades: Mapping[str, Scores],
    limits: Limits,
    seed: int = 0,
    resamples: int = 500,
) -> Examination:
    """Returns what became of every trap; a pure function of the answers.

    Args:
        answers: of every case of every sample, those without a verdict too.
        reads: what the judge says that it looks at; a trap that it could not see is not applicable.
        grades: the constructed grades of each rung.
        limits: the pass marks.
        seed: of the ladder's intervals.
        resamples: of the bootstrap behind them.
    """
    given = list(answers)
    samples: dict[str, dict[str, Scores]] = {}
    for answer in given:
        seen = samples.setdefault(answer.sample_id, {})
        if answer.scores is not None:
            seen[answer.case] = answer.scores
    rungs = [answer for answer in given if answer.case in grades]
    silent = sum(answer.scores is None for answer in rungs)
    rows = [
        LadderScore(answer.sample_id, answer.case, criterion, grades[answer.case][criterion], score)
        for answer in rungs
        for criterion, score in (answer.scores or {}).items()
    ]
    ladder = summarise_ladder(rows, unjudged=silent, seed=seed, resamples=resamples)
    findings = [_spring(trap, samples, reads, limits) for trap in TRAPS]
    return Examination((*findings, _climbed(ladder, len(rungs), limits)), ladder)


def _spring(
    trap: Trap, samples: Mapping[str, Mapping[str, Scores]], reads: Sequence[Evidence], limits: Limits
) -> Finding:
    bound = trap.bound(limits)
    absent = next((kind for kind in trap.needs if kind not in reads), None)
    if absent is not None:
        why = _ABSENT.get(absent, f"does not look at the {absent}")
        return Finding(trap=trap.name, what=trap.what, bound=bound, outcome="not applicable", why=why)
    judged = {name: seen for name, seen in samples.items() if all(case in seen for case in trap.cases)}
    probes = {name: tuple(trap.test(seen, limits)) for name, seen in judged.items()}
    broken = tuple(name for name, found in probes.items() if not all(probe.kept for probe in found))
    why = _why(len(samples), len(judged), len(broken), limits)
    return Finding(
        trap=trap.name,
        what=trap.what,
        bound=bound,
        outcome="fail" if why else "pass",
        why=why,
        measured=_measures([probe for found in probes.values() for probe in found]),
        samples=len(samples),
        judged=len(judged),
        kept=len(judged) - len(broken),
        broken=broken,
    )


def _why(samples: int, judged: int, broken: int, limits: Limits) -> str:
    if not judged:
        return "no sample was judged"
    reasons = []
    if judged < limits.answered * samples:
        reasons.append(f"only {judged} of {samples} samples were judged")
    if judged - broken < limits.share * judged:
        reasons.append(f"not kept in {broken} of {judged} samples")
    return "; ".join(reasons)


def _measures(probes: Sequence[Probe]) -> tuple[Measure, ...]:
    by_label: dict[str, list[float]] = {}
    for probe in probes:
        by_label.setdefault(probe.label, []).append(probe.value)
    return tuple(
        Measure(label, min(values), sum(values) / len(values), max(values)) for label, values in by_label.items()
    )


def _climbed(ladder: LadderReport, asked: int, limits: Limits) -> Finding:
    found = ladder.agreement.get(Criterion.EA)
    judged = asked - ladder.unjudged
    reasons = []
    if found is None:
        reasons.append("no rung was judged")
    elif not found.spearman.value >= limits.spearman_ea:
        reasons.append(f"the correlation is {found.spearman.value:.2f}")
    if judged < limits.answered * asked:
        reasons.append(f"only {judged} of {asked} rungs were judged")
    return Finding(
        trap=LADDER,
        what="edits of known quality, from the target to a change by another law",
        bound=f"Spearman's correlation of EA with the constructed grades at least {limits.spearman_ea:g}",
        outcome="fail" if reasons else "pass",
        why="; ".join(reasons),
        measured=tuple(
            Measure(f"Spearman {name.value}", one.spearman.low, one.spearman.value, one.spearman.high)
            for name, one in ladder.agreement.items()
        ),
        samples=asked,
        judged=judged,
        kept=judged,
    )
