"""The traps: what a judge must not fall for, as functions of its answers.

A trap looks at one sample's answers and says, number by number, whether a bound was kept. Nothing here asks a judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import Literal, NamedTuple

from rvebench.judges.ladder import LadderReport
from rvebench.records import Evidence
from rvebench.taxonomy import Criterion

__all__ = [
    "LADDER",
    "TRAPS",
    "Answer",
    "Case",
    "Examination",
    "Finding",
    "Limits",
    "Outcome",
    "Trap",
    "cases_for",
]

Outcome = Literal["pass", "fail", "not applicable"]
Scores = Mapping[Criterion, float]
Seen = Mapping[str, Scores]
"""One sample's scores by case; a case without a verdict is not there."""

EA, PC = Criterion.EA, Criterion.PC

LADDER = "oracle ladder"
"""The trap that all samples set together."""

_TARGET, _COPY, _HALF, _WRONG = "target", "no-op", "half", "wrong-sample"


class Case(str, Enum):
    """What is shown besides the rungs of the ladder, which go by their own names."""

    BLANK = "blank"
    """Grey frames in place of the edit."""
    SWAPPED = "swapped"
    """The target in place of the source, the source in place of the edit."""
    RENAMED_TARGET = "target renamed"
    """The target, under another sample's id and file names."""
    RENAMED_COPY = "no-op renamed"
    """The untouched copy, under an id and file names that praise it."""
    OTHER_WORDS = "target for other words"
    """The target, with another sample's instruction, expected outcome and preserve list."""
    AGAIN = "half again"
    """The half-way edit once more, as an independent verdict."""


class Answer(NamedTuple):
    """What the judge said of one case."""

    sample_id: str
    case: str
    """A :class:`Case`'s value, or the name of a rung."""
    scores: Scores | None
    """None: no verdict."""
    reason: str = ""
    """Why there is none."""
    returned_model: str = ""
    cost_usd: float = 0.0
    unpriced: int = 0
    """Calls whose price is not known: their cost is not in `cost_usd`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The pass marks, in points of 0..10 unless said otherwise. They stand on the card."""

    copy_ea: float = 2.0
    """Most EA of an untouched copy."""
    kept_pc: float = 7.0
    """Least PC of an untouched copy."""
    wrong: float = 3.0
    """Most EA and PC of another sample's target."""
    blank: float = 3.0
    """Most of a blank video, on every criterion."""
    target: float = 7.0
    """Least of the exact target, on every criterion."""
    swapped_ea: float = 5.0
    """Most EA of the pair in the wrong order."""
    drop_ea: float = 3.0
    """Least by which EA falls below the target's when the order, or the instruction, is wrong."""
    renamed: float = 1.0
    """Most that names move any criterion."""
    again: float = 1.0
    """Most that any criterion differs when asked again."""
    moved_ea: float = 1.0
    """Most that flicker, or a tint elsewhere, moves EA."""
    spearman_ea: float = 0.7
    """Least rank correlation of EA with the ladder's grades."""
    share: float = 0.9
    """Least share of the judged samples in which a bound must be kept."""
    answered: float = 0.8
    """Least share of samples that must be judged."""
    samples: int = 8
    """Least number of samples for a judge to be official."""

    @property
    def laxer(self) -> tuple[str, ...]:
        """The marks that are easier to pass than the standard ones, with both numbers."""
        standard = Limits()
        return tuple(
            f"{mark.name} {getattr(self, mark.name):g} instead of {getattr(standard, mark.name):g}"
            for mark in fields(self)
            if not _as_hard(mark.name, getattr(self, mark.name), getattr(standard, mark.name))
        )


_LEASTS = frozenset({"kept_pc", "target", "drop_ea", "spearman_ea", "share", "answered", "samples"})
"""Marks that a judge must reach; the others it must not exceed."""


def _as_hard(name: str, mark: float, standard: float) -> bool:
    return mark >= standard if name in _LEASTS else mark <= standard


class Probe(NamedTuple):
    """One number of one sample, and whether it is as it must be."""

    label: str
    value: float
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """One trap."""

    name: str
    what: str
    """What is shown."""
    bound: Callable[[Limits], str]
    """What must be seen, in words."""
    cases: tuple[str, ...]
    needs: tuple[Evidence, ...] = ("frames",)
    """What a judge must look at for the trap to say anything."""
    test: Callable[[Seen, Limits], Iterable[Probe]]


class Measure(NamedTuple):
    """A number over all judged samples."""

    label: str
    low: float
    mean: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of one trap."""

    trap: str
    what: str
    bound: str
    outcome: Outcome
    why: str = ""
    """Why it failed, or why it does not apply."""
    measured: tuple[Measure, ...] = ()
    samples: int = 0
    """Of the ladder: rungs of all samples."""
    judged: int = 0
    kept: int = 0
    """Of those judged; the ladder has one bound for all."""
    broken: tuple[str, ...] = ()
    """Ids of judged samples in which the bound is not kept."""


class Examination(NamedTuple):
    """All traps, and what the ladder says in full."""

    findings: tuple[Finding, ...]
    ladder: LadderReport

    @property
    def passed(self) -> bool:
        """Whether no trap failed."""
        return all(finding.outcome != "fail" for finding in self.findings)


def _at_most(label: str, value: float, most: float) -> Probe:
    return Probe(label, value, value <= most)


def _at_least(label: str, value: float, least: float) -> Probe:
    return Probe(label, value, value >= least)


def _untouched(seen: Seen, limits: Limits) -> Iterable[Probe]:
    scores = seen[_COPY]
    yield _at_most("EA", scores[EA], limits.copy_ea)
    if PC in scores:
        yield _at_least("PC", scores[PC], limits.kept_pc)


def _wrong_sample(seen: Seen, limits: Limits) -> Iterable[Probe]:
    scores = seen[_WRONG]
    return [_at_most(name.value, scores[name], limits.wrong) for name in (EA, PC) if name in scores]


def _blank(seen: Seen, limits: Limits) -> Iterable[Probe]:
    return [_at_most(name.value, score, limits.blank) for name, score in seen[Case.BLANK.value].items()]


def _target(seen: Seen, limits: Limits) -> Iterable[Probe]:
    return [_at_least(name.value, score, limits.target) for name, score in seen[_TARGET].items()]


def _order(seen: Seen, limits: Limits) -> Iterable[Probe]:
    score = seen[Case.SWAPPED.value][EA]
    yield _at_most("EA", score, limits.swapped_ea)
    yield _at_least("fall of EA", seen[_TARGET][EA] - score, limits.drop_ea)


def _names(seen: Seen, limits: Limits) -> Iterable[Probe]:
    for case, again in ((_TARGET, Case.RENAMED_TARGET), (_COPY, Case.RENAMED_COPY)):
        yield _at_most(f"change of {case}", _largest_gap(seen[case], seen[again.value]), limits.renamed)


def _words(seen: Seen, limits: Limits) -> Iterable[Probe]:
    yield _at_least("fall of EA", seen[_TARGET][EA] - seen[Case.OTHER_WORDS.value][EA], limits.drop_ea)


def _again(seen: Seen, limits: Limits) -> Iterable[Probe]:
    yield _at_most("change", _largest_gap(seen[_HALF], seen[Case.AGAIN.value]), limits.again)


def _faults(seen: Seen, limits: Limits) -> Iterable[Probe]:
    for rung in ("flicker", "tint"):
        yield _at_most(f"{rung} moves EA by", abs(seen[_TARGET][EA] - seen[rung][EA]), limits.moved_ea)


def _largest_gap(one: Scores, other: Scores) -> float:
    return max(abs(score - other[name]) for name, score in one.items())


TRAPS: tuple[Trap, ...] = (
    Trap(
        name="untouched copy",
        what="the source as it was, in place of the edit",
        bound=lambda at: f"EA at most {at.copy_ea:g}, PC at least {at.kept_pc:g}",
        cases=(_COPY,),
        test=_untouched,
    ),
    Trap(
        name="wrong sample",
        what="another sample's target",
        bound=lambda at: f"EA and PC at most {at.wrong:g}",
        cases=(_WRONG,),
        test=_wrong_sample,
    ),
    Trap(
        name="blank",
        what="grey frames",
        bound=lambda at: f"every criterion at most {at.blank:g}",
        cases=(Case.BLANK.value,),
        test=_blank,
    ),
    Trap(
        name="exact target",
        what="the sample's own target",
        bound=lambda at: f"every criterion at least {at.target:g}",
        cases=(_TARGET,),
        test=_target,
    ),
    Trap(
        name="order swap",
        what="the target as the source, and the source as its edit: the outcome undone",
        bound=lambda at: f"EA at most {at.swapped_ea:g}, and at least {at.drop_ea:g} below the exact target's",
        cases=(_TARGET, Case.SWAPPED.value),
        test=_order,
    ),
    Trap(
        name="name swap",
        what="the target under another sample's id and file names, the untouched copy under names that praise it",
        bound=lambda at: f"no criterion changes by more than {at.renamed:g}",
        cases=(_TARGET, _COPY, Case.RENAMED_TARGET.value, Case.RENAMED_COPY.value),
        test=_names,
    ),
    Trap(
        name="instruction swap",
        what="the target, with another sample's instruction, expected outcome and preserve list",
        bound=lambda at: f"EA at least {at.drop_ea:g} below what it is for the right words",
        cases=(_TARGET, Case.OTHER_WORDS.value),
        needs=("instruction",),
        test=_words,
    ),
    Trap(
        name="repeat",
        what="the half-way edit, asked about twice",
        bound=lambda at: f"no criterion differs by more than {at.again:g}",
        cases=(_HALF, Case.AGAIN.value),
        test=_again,
    ),
    Trap(
        name="flicker and tint",
        what="the target flickering, and the target with all else tinted: faults that are none of EA's business",
        bound=lambda at: f"EA moves by at most {at.moved_ea:g}",
        cases=(_TARGET, "flicker", "tint"),
        test=_faults,
    ),
)


def cases_for(reads: Sequence[Evidence]) -> frozenset[str]:
    """Returns the cases that traps which could be seen are made of; what only others need is not asked."""
    return frozenset(case for trap in TRAPS if set(trap.needs) <= set(reads) for case in trap.cases)
