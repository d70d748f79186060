"""The policy of a gate: `gate.toml`, read and checked, before a run is opened.

A rule is about one quantity: `overall`, a criterion, or a video metric; `"EA/temporal"` is about one reasoning type.
Unknown keys are errors with the nearest known one: a typing error must not switch a rule off.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from rvebench.errors import UsageError
from rvebench.leaderboard.shapes import Strict
from rvebench.registry import nearest_names
from rvebench.scoring.margin import PairedTest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["POLICY_NAME", "POLICY_SCHEMA", "Policy", "Rule", "parse_policy", "read_policy"]

POLICY_NAME = "gate.toml"
POLICY_SCHEMA = "rve-gate/1"

_Share = Annotated[float, Field(ge=0.0, le=1.0)]
_Level = Annotated[float, Field(gt=0.0, le=0.5)]
_TestName = Literal["sign-flip", "paired-bootstrap"]


class _Gate(Strict):
    """What holds for every rule that does not say otherwise."""

    on_inconclusive: Literal["warn", "fail"] = "warn"
    alpha: _Level = 0.05
    power: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.8
    test: _TestName = "sign-flip"
    min_coverage: _Share = 1.0
    max_judge_errors: Annotated[int, Field(ge=0)] = 0


class _Budget(Strict):
    """What the candidate may have cost."""

    max_usd: Annotated[float, Field(ge=0.0)] | None = None
    max_hours: Annotated[float, Field(ge=0.0)] | None = None


class _Rule(Strict):
    """One quantity."""

    min_mean: float | None = None
    max_drop: Annotated[float, Field(gt=0.0)] | None = None
    min_effect: Annotated[float, Field(ge=0.0)] = 0.0
    categories: bool | list[str] = False
    alpha: _Level | None = None
    test: _TestName | None = None
    min_coverage: _Share | None = None
    max_judge_errors: Annotated[int, Field(ge=0)] | None = None


_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule with every default filled in."""

    quantity: str
    """`overall`, a criterion, or a video metric."""
    category: str
    """A reasoning type; empty: all samples."""
    categories: bool | tuple[str, ...]
    """Reasoning types to hold to the same rule each: True for all that are there."""
    min_mean: float | None
    """The candidate's mean must be at least this: a bound on the number itself, without a test."""
    max_drop: float | None
    """A drop of this size must be ruled out for a pass; None: no comparison."""
    min_effect: float
    """A drop up to this size is no regression, however sure."""
    alpha: float
    test: PairedTest
    min_coverage: float
    max_judge_errors: int
    line: int | None
    """Where the rule stands in its file, from 1; None where that cannot be told."""

    @property
    def name(self) -> str:
        """`overall`, or `EA/temporal`."""
        return f"{self.quantity}/{self.category}" if self.category else self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a candidate is held to."""

    path: Path
    fail_inconclusive: bool
    """Whether "too few to tell" stops the gate."""
    power: float
    """Chance to decide that a named sample size gives."""
    max_usd: float | None
    max_hours: float | None
    rules: tuple[Rule, ...]
    """In the file's order."""


def read_policy(path: Path) -> Policy:
    """Returns the policy in a file.

    Raises:
        UsageError: the file cannot be read, is not TOML, or says something that makes no policy.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the policy cannot be read: {error.strerror}", where=path) from None
    except UnicodeDecodeError:
        raise UsageError("the policy is not UTF-8 text", where=path) from None
    return parse_policy(text, path)


def parse_policy(text: str, path: Path) -> Policy:
    """Returns the policy that a text holds.

    Args:
        text: TOML.
        path: its file, for errors.

    Raises:
        UsageError: the text is not TOML, a key is unknown, a value does not fit, or there is nothing to check.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the policy is not valid TOML: {error}", where=path) from None
    reader = _Reader(text, path)
    reader.check_keys("", table, ("schema", "gate", "budget", "rules"))
    if table.get("schema") != POLICY_SCHEMA:
        raise UsageError(
            f"the policy's schema is {table.get('schema')!r}, this program reads {POLICY_SCHEMA!r}",
            where=path,
            hint=f'write schema = "{POLICY_SCHEMA}" at the top',
        )
    gate = reader.model("gate", table.get("gate", {}), _Gate)
    budget = reader.model("budget", table.get("budget", {}), _Budget)
    rules = table.get("rules", {})
    if not isinstance(rules, dict):
        raise UsageError("rules must be tables: [rules.overall]", where=path)
    found = tuple(reader.rule(name, entry, gate) for name, entry in rules.items())
    if not found and budget.max_usd is None and budget.max_hours is None:
        raise UsageError("the policy checks nothing", where=path, hint="add a rule, for example [rules.overall]")
    return Policy(
        path=path,
        fail_inconclusive=gate.on_inconclusive == "fail",
        power=gate.power,
        max_usd=budget.max_usd,
        max_hours=budget.max_hours,
        rules=found,
    )


class _Reader:
    """Checks tables of one file, and knows where they stand in it."""

    def __init__(self, text: str, path: Path) -> None:
        self._lines = text.splitlines()
        self._path = path

    def check_keys(self, table: str, value: object, known: tuple[str, ...]) -> None:
        if not isinstance(value, dict):
            raise UsageError(f"{table} must be a table", where=self._where(table), hint=f"write [{table}]")
        for key in value:
            if key not in known:
                near = nearest_names(str(key), known, most=1)
                raise UsageError(
                    f"no such key: {f'{table}.{key}' if table else key}",
                    where=self._where(table, str(key)),
                    hint=f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}",
                )

    def model(self, table: str, value: object, kind: type[_Model]) -> _Model:
        self.check_keys(table, value, tuple(kind.model_fields))
        try:
            return kind.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            key = str(first["loc"][0]) if first["loc"] else ""
            raise UsageError(
                f"{table}.{key} is {first['input']!r}: {first['msg'].lower()}", where=self._where(table, key)
            ) from None

    def rule(self, name: str, value: object, gate: _Gate) -> Rule:
        table = f"rules.{name}"
        entry = self.model(table, value, _Rule)
        quantity, slash, category = name.partition("/")
        where = self._where(table)
        if not quantity or (slash and not category):
            raise UsageError(f"{name!r} names no quantity", where=where, hint="write overall, EA or EA/temporal")
        if entry.min_mean is None and entry.max_drop is None:
            raise UsageError(f"{table} checks nothing", where=where, hint="give max_drop, min_mean, or both")
        if entry.min_effect and (entry.max_drop is None or entry.min_effect > entry.max_drop):
            raise UsageError(
                f"{table}.min_effect is {entry.min_effect:g} and max_drop is {entry.max_drop}",
                where=self._where(table, "min_effect"),
                hint="a drop that is tolerated cannot be larger than one that must be ruled out",
            )
        if category and entry.categories:
            raise UsageError(f"{table} is about one category already", where=self._where(table, "categories"))
        return Rule(
            quantity=quantity,
            category=category,
            categories=tuple(entry.categories) if isinstance(entry.categories, list) else entry.categories,
            min_mean=entry.min_mean,
            max_drop=entry.max_drop,
            min_effect=entry.min_effect,
            alpha=gate.alpha if entry.alpha is None else entry.alpha,
            test=PairedTest(entry.test or gate.test),
            min_coverage=gate.min_coverage if entry.min_coverage is None else entry.min_coverage,
            max_judge_errors=gate.max_judge_errors if entry.max_judge_errors is None else entry.max_judge_errors,
            line=self.line_of(table),
        )

    def line_of(self, table: str, key: str = "") -> int | None:
        """Returns the line of a table's head, or of a key below it; None where it is written in another way."""
        start = self._head(table) if table else 0
        if start is None or not key:
            return start or None
        for number in range(start, len(self._lines)):
            line = self._lines[number]
            if number > start and line.lstrip().startswith("[") and table:
                break
            if re.match(rf"""\s*(\[\s*)?["']?{re.escape(key)}["']?\s*[=.\]]""", line):
                return number + 1
        return start or None

    def _head(self, table: str) -> int | None:
        wanted = re.sub(r"\s", "", table)
        for number, line in enumerate(self._lines, start=1):
            found = re.match(r"\s*\[([^\[\]]+)\]", line)
            if found and re.sub(r"""[\s"']""", "", found.group(1)) == wanted:
                return number
        return None

    def _where(self, table: str, key: str = "") -> str:
        line = self.line_of(table, key)
        return str(self._path) if line is None else f"{self._path}:{line}"
