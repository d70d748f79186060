"""What a track may conclude from a judge card: which judge it is of, and whether that judge may be official.

The card's own word is not taken for it: the conclusion is drawn anew from the traps' outcomes, the pass marks and the
number of samples that stand on the card.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rvebench.errors import DataError, UsageError
from rvebench.judges.doctor.traps import LADDER, TRAPS, Limits, Outcome

__all__ = ["CARD_SCHEMA", "Standing", "conclude", "read_standing"]

CARD_SCHEMA = "rve-judge-card/1"


class Standing(BaseModel):
    """A judge's standing. A track holds a run's judge against `digest`: equal digests give verdicts that merge."""

    model_config = ConfigDict(frozen=True)

    digest: str
    """Of the judge, as in a run's manifest: model, prompts, frame plan, settings, version."""
    spec: str
    """As it was named on the command line."""
    prompt_sha256: str
    """Empty where the judge has no prompts."""
    frame_plan_sha256: str
    split_sha256: str
    """Of the split that the traps were set on."""
    passed: bool
    """No trap failed."""
    official: bool
    why: str


def conclude(outcomes: Sequence[tuple[str, Outcome, str]], *, samples: int, limits: Limits) -> tuple[bool, str]:
    """Returns whether a judge may be official, and why.

    Args:
        outcomes: name, outcome and reason of every trap.
        samples: that the traps were set on.
        limits: the pass marks in force.
    """
    failed = [f"{name}: {why}" for name, outcome, why in outcomes if outcome == "fail"]
    if failed:
        return False, "; ".join(failed)
    lax = limits.laxer
    if lax:
        return False, f"no trap failed, but pass marks were lowered: {', '.join(lax)}"
    least = max(limits.samples, Limits().samples)
    if samples < least:
        return False, f"no trap failed, but {samples} samples are too few: {least} are needed"
    missing = {trap.name for trap in TRAPS} | {LADDER}
    missing -= {name for name, _, _ in outcomes}
    if missing:
        return False, f"no trap failed, but some were not set: {', '.join(sorted(missing))}"
    set_aside = [
        f"{name} does not apply: the judge {why}" for name, outcome, why in outcomes if outcome == "not applicable"
    ]
    count = sum(outcome == "pass" for _, outcome, _ in outcomes)
    return True, "; ".join([f"all {count} traps that apply are passed", *set_aside])


class _Judge(BaseModel):
    spec: str
    digest: str = Field(pattern="^[0-9a-f]{64}$")
    prompt_sha256: str
    frame_plan_sha256: str


class _Split(BaseModel):
    sha256: str
    samples: int = Field(ge=0)


class _Trap(BaseModel):
    trap: str
    outcome: Outcome
    why: str


class _Card(BaseModel):
    format: Literal["rve-judge-card/1"] = Field(alias="schema")
    judge: _Judge
    split: _Split
    traps: tuple[_Trap, ...]
    limits: Limits
    official: bool
    passed: bool


def read_standing(card: Path | Mapping[str, object]) -> Standing:
    """Returns the standing of the judge that a card is of.

    Args:
        card: a card's JSON, as `rvebench judge doctor --out card.json` writes it, or the file.

    Raises:
        UsageError: there is no such file.
        DataError: it is not a card, or it says of itself what its traps do not say.
    """
    where = card if isinstance(card, Path) else "the judge card"
    try:
        read = _Card.model_validate(json.loads(card.read_bytes()) if isinstance(card, Path) else card)
    except OSError as error:
        raise UsageError(f"the judge card cannot be read: {error.strerror or error}", where=where) from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise DataError(f"not a judge card: {key}: {first['msg']}", where=where, hint=_AGAIN) from None
    except ValueError as error:
        raise DataError(f"not a judge card: {error}", where=where, hint=_AGAIN) from None
    outcomes = [(one.trap, one.outcome, one.why) for one in read.traps]
    official, why = conclude(outcomes, samples=read.split.samples, limits=read.limits)
    passed = all(outcome != "fail" for _, outcome, _ in outcomes)
    if (read.official, read.passed) != (official, passed):
        raise DataError("the card's verdict is not that of its traps", where=where, hint=_AGAIN)
    return Standing(
        digest=read.judge.digest,
        spec=read.judge.spec,
        prompt_sha256=read.judge.prompt_sha256,
        frame_plan_sha256=read.judge.frame_plan_sha256,
        split_sha256=read.split.sha256,
        passed=passed,
        official=official,
        why=why,
    )


_AGAIN = "make it again with `rvebench judge doctor --out card.json`"
