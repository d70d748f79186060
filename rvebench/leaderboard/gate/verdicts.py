"""What a gate says: a verdict for each rule, one for the whole, and the exit code that goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from rvebench.errors import EXIT_COVERAGE, EXIT_FAILED, EXIT_OK
from rvebench.leaderboard.gate.quantities import is_judged
from rvebench.runs import RunHeader, Spending
from rvebench.scoring.margin import DropTest
from rvebench.scoring.shapes import as_json_number

__all__ = ["Check", "GateResult", "Reason", "Verdict"]


class Verdict(str, Enum):
    """What a rule, or the gate, found."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    REGRESS = "regress"
    """A drop beyond what is tolerated is shown, or the number is below its floor."""
    INCONCLUSIVE = "inconclusive"
    """Neither a drop nor its absence is shown: too few samples, or too noisy ones."""
    ERROR = "error"
    """The rule cannot be judged, as outputs, verdicts or measures are missing; or a budget is exceeded."""


class Reason(str, Enum):
    """Why a check did not pass; the type in JUnit files."""

    DROP = "drop"
    FLOOR = "floor"
    INCONCLUSIVE = "inconclusive"
    COVERAGE = "coverage"
    JUDGE = "judge-errors"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule's verdict."""

    name: str
    """`overall`, `EA/temporal`, `budget/usd`."""
    category: str
    """A reasoning type, `all` for rules over all samples, `budget` for money and time."""
    verdict: Verdict
    words: str
    """Why, one sentence without a full stop."""
    reason: Reason | None = None
    """None when it passed."""
    drop: DropTest | None = None
    """None where nothing was compared."""
    p_holm: float | None = None
    """Of the drop, adjusted for all tests of the gate."""
    baseline: float | None = None
    candidate: float | None = None
    needed_sources: int | None = None
    """How many sources would decide; only where the verdict is inconclusive, or a pass could not be shown."""
    needed_samples: int | None = None
    """The same in samples, with as many a source as here."""
    line: int | None = None
    """Where the rule stands in the policy."""

    @property
    def judged(self) -> bool:
        """Whether its numbers are scores of 0 to 10."""
        return is_judged(self.name.partition("/")[0])

    def as_json(self) -> dict[str, object]:
        """Returns every field in plain JSON values; the difference is candidate minus baseline."""
        drop = self.drop
        return {
            "rule": self.name,
            "category": self.category,
            "verdict": self.verdict.value,
            "reason": None if self.reason is None else self.reason.value,
            "words": self.words,
            "baseline": _number(self.baseline),
            "candidate": _number(self.candidate),
            "difference": None if drop is None else _number(drop.difference),
            "ci95": None if drop is None or drop.ci95 is None else [_number(end) for end in drop.ci95],
            "p_drop": None if drop is None else _number(drop.p_drop),
            "p_drop_holm": _number(self.p_holm),
            "p_ruled_out": None if drop is None else _number(drop.p_safe),
            "n": None if drop is None else drop.n,
            "sources": None if drop is None else drop.sources,
            "needed_sources": self.needed_sources,
            "needed_samples": self.needed_samples,
            "line": self.line,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """The whole gate."""

    baseline: RunHeader
    candidate: RunHeader
    policy: str
    """The policy's path as it was given."""
    seed: int
    tests: int
    """Drops that were tested: the size of Holm's family."""
    fail_inconclusive: bool
    checks: tuple[Check, ...]
    spending: Spending
    """The candidate's."""
    notes: tuple[str, ...] = ()
    """What a reader must know: other code, edits that ended otherwise."""

    @property
    def verdict(self) -> Verdict:
        """The worst of the checks: a shown regression, then what could not be judged, then what is not decided."""
        found = {check.verdict for check in self.checks}
        for verdict in (Verdict.REGRESS, Verdict.ERROR, Verdict.INCONCLUSIVE):
            if verdict in found:
                return verdict
        return Verdict.PASS

    @property
    def exit_code(self) -> int:
        """1 for a regression, 3 for an error, and for an inconclusive gate where the policy says `fail`; else 0."""
        if self.verdict is Verdict.REGRESS:
            return EXIT_FAILED
        if self.verdict is Verdict.ERROR or (self.verdict is Verdict.INCONCLUSIVE and self.fail_inconclusive):
            return EXIT_COVERAGE
        return EXIT_OK

    def count(self, verdict: Verdict) -> int:
        """Returns how many checks ended so."""
        return sum(check.verdict is verdict for check in self.checks)

    def as_json(self) -> Mapping[str, object]:
        """Returns the whole in plain JSON values."""
        return {
            "verdict": self.verdict.value,
            "exit_code": self.exit_code,
            "baseline": _run(self.baseline),
            "candidate": _run(self.candidate),
            "policy": self.policy,
            "formula": self.candidate.formula,
            "judge": self.candidate.judge or None,
            "seed": self.seed,
            "tests": self.tests,
            "on_inconclusive": "fail" if self.fail_inconclusive else "warn",
            "spending": {
                "usd": _number(self.spending.usd),
                "hours": _number(self.spending.edit_hours),
                "unpriced": self.spending.unpriced,
            },
            "checks": [check.as_json() for check in self.checks],
            "notes": list(self.notes),
        }


def _run(header: RunHeader) -> dict[str, object]:
    return {"run": header.run_id, "model": header.model, "split": header.split}


def _number(value: float | None) -> float | None:
    return None if value is None else as_json_number(value)
