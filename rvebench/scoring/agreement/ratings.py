"""People's ratings and judges' scores as tables: `sample_id,editor,rater,criterion,score` and the like.

Both kinds may have two more columns, `cluster` (what samples share that are not independent: the source video) and
`category`. Verdicts may have `reading`: `hard` (the default) or `soft`. Any other column is left unread and said so.
The scale of ratings is declared, in a comment above the header (`# scale: 1 5`) or by the caller, so that a slip of the
pen (55 for 5) is found instead of averaged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from rvebench.errors import DataError, UsageError
from rvebench.scoring.agreement.table import Faults, Table, TableRow, parse_table, read_text
from rvebench.taxonomy import Criterion

__all__ = [
    "JudgeScore",
    "Rating",
    "Ratings",
    "SampleFacts",
    "Scale",
    "Verdicts",
    "criterion_name",
    "parse_ratings",
    "parse_verdicts",
    "read_ratings",
    "read_verdicts",
]

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_SCALE = re.compile(rf"scale\s*[:=]?\s*({_NUMBER})\s*(?:\.\.+|…|,|to|\s)\s*({_NUMBER})", re.IGNORECASE)

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


class Scale(NamedTuple):
    """The lowest and the highest score that can be given."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"


class SampleFacts(NamedTuple):
    """What is known of a sample besides its scores."""

    cluster: str = ""
    """Empty: the sample stands for itself."""
    category: str = ""


class Rating(BaseModel):
    """One rater's score of one edit on one criterion."""

    model_config = ConfigDict(frozen=True)

    sample_id: Name
    editor: Name
    rater: Name
    criterion: Name
    score: Annotated[float, Field(allow_inf_nan=False)]


class JudgeScore(BaseModel):
    """One judge's score of one edit on one criterion."""

    model_config = ConfigDict(frozen=True)

    sample_id: Name
    editor: Name
    judge: Name
    criterion: Name
    score: Annotated[float, Field(allow_inf_nan=False)]
    reading: Name = "hard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """A file of people's ratings."""

    rows: tuple[Rating, ...]
    scale: Scale
    facts: Mapping[str, SampleFacts] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    """Columns that mean nothing here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Judges' scores, from a file or from runs."""

    rows: tuple[JudgeScore, ...]
    facts: Mapping[str, SampleFacts] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


def criterion_name(text: str) -> str:
    """Returns the one spelling of a criterion: EA, PC, GN and GR in capitals, any other in lower case."""
    known = text.strip().upper()
    return known if known in Criterion.__members__ else text.strip().lower()


def read_ratings(path: Path, *, scale: Scale | None = None) -> Ratings:
    """Returns the ratings of a CSV file.

    Args:
        path: the file.
        scale: what scores can be given, where the file does not declare it.

    Raises:
        DataError: the file is not of this form; every fault is named with its line.
        UsageError: no scale is declared, or two that differ.
    """
    return parse_ratings(read_text(path), where=path, scale=scale)


def read_verdicts(path: Path) -> Verdicts:
    """Returns the judges' scores of a CSV file.

    Raises:
        DataError: the file is not of this form; every fault is named with its line.
    """
    return parse_verdicts(read_text(path), where=path)


def parse_ratings(text: str, *, where: object, scale: Scale | None = None) -> Ratings:
    """Returns the ratings of a CSV text; see :func:`read_ratings`."""
    faults = Faults(where)
    required = ("sample_id", "editor", "rater", "criterion", "score")
    table = parse_table(text, where=where, required=required, optional=_OPTIONAL, faults=faults)
    chosen = _scale(table, scale, where)
    rows = _rows(Rating, table, faults)
    for line, row in rows:
        if not chosen.low <= row.score <= chosen.high:
            faults.add(line, f"score {row.score:g} is outside the declared scale of {chosen}")
    _check_once(rows, ("sample_id", "editor", "rater", "criterion"), faults)
    facts = _facts(table, faults)
    faults.raise_any()
    if not rows:
        raise DataError("there are no ratings", where=where)
    unread = tuple(name for name in table.columns if name not in (*required, *_OPTIONAL))
    return Ratings(rows=tuple(row for _, row in rows), scale=chosen, facts=facts, unread=unread)


def parse_verdicts(text: str, *, where: object) -> Verdicts:
    """Returns the judges' scores of a CSV text; see :func:`read_verdicts`."""
    faults = Faults(where)
    required = ("sample_id", "editor", "judge", "criterion", "score")
    optional = ("reading", *_OPTIONAL)
    table = parse_table(text, where=where, required=required, optional=optional, faults=faults)
    rows = _rows(JudgeScore, table, faults)
    _check_once(rows, ("sample_id", "editor", "judge", "reading", "criterion"), faults)
    facts = _facts(table, faults)
    faults.raise_any()
    if not rows:
        raise DataError("there are no verdicts", where=where)
    unread = tuple(name for name in table.columns if name not in (*required, *optional))
    return Verdicts(rows=tuple(row for _, row in rows), facts=facts, unread=unread)


_OPTIONAL = ("cluster", "category")
Row = TypeVar("Row", bound=BaseModel)


def _scale(table: Table, given: Scale | None, where: object) -> Scale:
    """Returns the one scale that caller and file declare."""
    if given is not None and not given.low < given.high:
        raise UsageError(f"{given.low:g} to {given.high:g} is no scale: the lowest score comes first")
    for line, comment in table.comments:
        match = _SCALE.search(comment)
        if match is None:
            continue
        declared = Scale(float(match[1]), float(match[2]))
        if not declared.low < declared.high:
            raise DataError(f"{declared} is no scale: the lowest score comes first", where=f"{where}:{line}")
        if given is not None and given != declared:
            raise UsageError(f"the file declares a scale of {declared}, not of {given}", where=f"{where}:{line}")
        return declared
    if given is None:
        raise UsageError(
            "the scale of the ratings is not declared",
            where=where,
            hint="begin the file with a line like '# scale: 1 5', or give --human-scale 1 5",
        )
    return given


def _rows(kind: type[Row], table: Table, faults: Faults) -> list[tuple[int, Row]]:
    found = []
    for line, cells in table.rows:
        known = {name: cell for name, cell in cells.items() if name in kind.model_fields}
        if not known.get("reading", "x"):
            del known["reading"]
        if "criterion" in known:
            known["criterion"] = criterion_name(known["criterion"])
        try:
            found.append((line, kind.model_validate(known)))
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                faults.add(line, _say(detail))
    return found


def _say(detail: ErrorDetails) -> str:
    """Turns one finding of pydantic into a clause that names the column."""
    column, value = ".".join(map(str, detail["loc"])), detail["input"]
    if detail["type"] == "missing":
        return f"the cell of {column!r} is missing"
    if value == "":
        return f"{column!r} is empty" + (
            "; leave out the line of a score that was not given" if column == "score" else ""
        )
    if detail["type"] == "string_too_long":
        return f"{column!r} is longer than a name"
    if column == "score":
        return f"score {value!r} is not a finite number"
    return f"{column!r}: {detail['msg']}"


def _check_once(rows: Sequence[tuple[int, Any]], key: Sequence[str], faults: Faults) -> None:
    first: dict[tuple[str, ...], int] = {}
    for line, row in rows:
        earlier = first.setdefault(tuple(getattr(row, name) for name in key), line)
        if earlier != line:
            faults.add(line, f"the same {', '.join(key)} stands in line {earlier} already")


def _facts(table: Table, faults: Faults) -> dict[str, SampleFacts]:
    """Returns what the optional columns say of each sample."""
    found: dict[str, tuple[int, SampleFacts]] = {}
    for row in table.rows:
        sample, facts = row.cells.get("sample_id", ""), _facts_of(row)
        line, earlier = found.setdefault(sample, (row.line, facts))
        for column, ours, theirs in zip(_OPTIONAL, facts, earlier, strict=True):
            if ours != theirs:
                faults.add(row.line, f"{column} {ours!r} of sample {sample!r} is {theirs!r} in line {line}")
    return {sample: facts for sample, (_, facts) in found.items() if any(facts)}


def _facts_of(row: TableRow) -> SampleFacts:
    return SampleFacts(*(row.cells.get(name, "") for name in _OPTIONAL))
