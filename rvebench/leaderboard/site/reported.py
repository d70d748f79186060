"""The papers' tables: figures that others reported, kept apart from every row that was measured here.

`leaderboards/reported/*.toml` holds one source each, its tables as they are printed, what is known to contradict them,
and what the paper's text claims of them, so that a test can tell which claims follow.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from rvebench.errors import DataError
from rvebench.leaderboard.shapes import Link, Name, Number, Strict, Words

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Claim", "Reported", "ReportedRow", "ReportedTable", "Source", "read_reported"]

FOLDER = "reported"


class Source(Strict):
    """Where the figures stand."""

    title: Words
    id: Name
    version: Name
    url: Link
    judge: Words
    """Who scored, as far as the source says."""
    formula: Words


class ReportedRow(Strict):
    """One method's figures; a cell that the source leaves empty is not there."""

    method: Name
    values: Mapping[str, Number]


class ReportedTable(Strict):
    """One table of the source."""

    id: Name
    name: Words
    benchmark: Words
    judge: Words = ""
    """Where it is not the source's."""
    second_hand: bool = False
    """The figures were read in others' words about the source."""
    columns: tuple[Name, ...]
    unit: Mapping[str, Name] = {}
    rows: tuple[ReportedRow, ...]
    notes: tuple[Words, ...] = ()
    """What a reader must know, contradictions first of all."""


class Claim(Strict):
    """A gain in percent that the source's text states."""

    text: Words
    start: Annotated[tuple[str, str, str], Field(alias="from")]
    """Table, method and column of the lower figure."""
    to: tuple[str, str, str]
    percent: Number
    agrees: bool
    """Whether the table bears it out, rounded as the claim is."""


class Reported(Strict):
    """One source with its tables."""

    schema_id: Annotated[Literal["rve-reported/1"], Field(alias="schema")]
    source: Source
    tables: Annotated[tuple[ReportedTable, ...], Field(alias="table", min_length=1)]
    claims: Annotated[tuple[Claim, ...], Field(alias="claim")] = ()

    def figure(self, table: str, method: str, column: str) -> float:
        """Returns one cell.

        Raises:
            KeyError: there is none of that name.
        """
        rows = {row.method: row for found in self.tables if found.id == table for row in found.rows}
        return rows[method].values[column]


def read_reported(root: Path) -> tuple[Reported, ...]:
    """Returns the reported sources of a leaderboard folder, by file name; none where it has no such folder.

    Raises:
        DataError: a file cannot be read, is not TOML, or lacks something.
    """
    return tuple(_read(path) for path in sorted((root / FOLDER).glob("*.toml")))


def _read(path: Path) -> Reported:
    try:
        value: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"not a TOML file that can be read: {error}", where=path) from None
    try:
        return Reported.model_validate(_shaped(value), strict=False)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise DataError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", where=path) from None
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"not a table of reported figures: {error}", where=path) from None


def _shaped(value: dict[str, Any]) -> dict[str, Any]:
    """Parts each row's method from its figures, and checks that these have a column."""
    tables = []
    for table in value.get("table", ()):
        rows = []
        for row in table["rows"]:
            figures = {name: cell for name, cell in row.items() if name != "method"}
            stray = sorted(figures.keys() - set(table["columns"]))
            if stray:
                raise ValueError(f"table {table['id']}, {row['method']}: {', '.join(stray)} is no column of it")
            rows.append({"method": row["method"], "values": figures})
        tables.append({**table, "rows": rows})
    return {**value, "table": tables}
