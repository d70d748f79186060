"""The JSON schemas of a leaderboard's files, generated from the records that read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from rvebench.leaderboard.attest import Attestation
from rvebench.leaderboard.lines import MetricLine, SampleLine
from rvebench.leaderboard.submission import Submission
from rvebench.storage import atomic_write_text

__all__ = ["schema_texts", "write_schemas"]

_RECORDS: Mapping[str, type[BaseModel]] = {
    "submission.v1": Submission,
    "verdicts-line.v1": SampleLine,
    "metrics-line.v1": MetricLine,
    "attestation.v1": Attestation,
}


def schema_texts() -> dict[str, str]:
    """Returns each schema's text by file name; the same records give the same bytes."""
    return {
        f"{name}.schema.json": json.dumps(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **_tidy(record.model_json_schema())},
            indent=1,
            sort_keys=True,
            ensure_ascii=False,
        )
        + "\n"
        for name, record in _RECORDS.items()
    }


def _tidy(schema: dict[str, object]) -> dict[str, object]:
    """Drops the help texts of enumerations' classes: they are about Python, not about the file."""
    definitions = schema.get("$defs")
    if isinstance(definitions, dict):
        for entry in definitions.values():
            if "enum" in entry:
                entry.pop("description", None)
    return schema


def write_schemas(folder: Path) -> list[Path]:
    """Writes the schemas into a folder, which is made, and returns their paths.

    Raises:
        StorageError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for name, text in schema_texts().items():
        atomic_write_text(folder / name, text)
        found.append(folder / name)
    return found
