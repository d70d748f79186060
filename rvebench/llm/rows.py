"""Rows of the reply cache's table: an entry, and the columns that rows are chosen by."""

from __future__ import annotations

from typing import NamedTuple

from rvebench.llm.entry import Entry

__all__ = ["INSERT", "SELECT", "Row", "columns_of", "read_row", "row_of"]


class Row(NamedTuple):
    """One row of the table: an entry, and the columns that rows are chosen by."""

    entry: Entry
    provider: str
    model: str
    prompt_sha256: str
    schema_name: str
    repeat: int

    def fault(self) -> str:
        """Returns what is wrong with it, or nothing."""
        return self.entry.fault() or ("" if self == row_of(self.entry) else "its columns are not those of its question")


def row_of(entry: Entry) -> Row:
    """Returns the row that a sound entry has."""
    question = entry.question()
    schema = question.get("schema") or {}
    return Row(
        entry=entry,
        provider=question["provider"],
        model=question["model"],
        prompt_sha256=question["prompt"],
        schema_name=schema.get("name", ""),
        repeat=question["repeat"],
    )


_COLUMNS = "digest, tag, made_ms, request, reply, checksum, provider, model, prompt_sha256, schema_name, repeat"
SELECT = f"SELECT {_COLUMNS} FROM replies"  # noqa: S608 - constants
INSERT = f"INSERT OR IGNORE INTO replies ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608


def read_row(columns: tuple[object, ...]) -> Row:
    """Returns the row of what :data:`SELECT` gives; damaged columns may hold any type."""
    digest, tag, made_ms, request, reply, checksum, provider, model, prompt, schema, repeat = columns
    entry = Entry(
        digest=str(digest),
        tag=str(tag),
        made_ms=made_ms if isinstance(made_ms, int) else -1,
        request=str(request),
        reply=str(reply),
        checksum=str(checksum),
    )
    number = repeat if isinstance(repeat, int) else -1
    return Row(entry, str(provider), str(model), str(prompt), str(schema), number)


def columns_of(row: Row) -> tuple[object, ...]:
    """Returns what :data:`INSERT` takes."""
    entry = row.entry
    return (entry.digest, entry.tag, entry.made_ms, entry.request, entry.reply, entry.checksum, *row[1:])
