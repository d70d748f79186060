"""Schema v1 of a manifest line: what a sample may say, and how it is read and written.

The table for people stands in docs/design/splits.md.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from rvebench.errors import DataError
from rvebench.records import Sample
from rvebench.registry import nearest_names
from rvebench.splits.licence import NO_LICENCE, check_licence
from rvebench.splits.paths import confined_path, relative_text
from rvebench.taxonomy import parse_reasoning_type, parse_subset

__all__ = ["SCHEMA", "SHA256_SHAPE", "SampleRow", "parse_line", "sample_from_json", "sample_problems", "sample_to_json"]

SCHEMA = "rve-sample/1"

_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}")
SHA256_SHAPE = re.compile(r"[0-9a-f]{64}")


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("text", "holds half of a surrogate pair, which is not Unicode text") from None
    return value


def _spoken(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("empty", "is empty")
    return value


def _id(value: str) -> str:
    if _ID.fullmatch(value) is None:
        raise PydanticCustomError(
            "id",
            "{value} is not a name for a file: use 1 to 120 of A-Z a-z 0-9 . _ -, without a leading dot",
            {"value": repr(value[:130])},
        )
    return value


def _licence(value: str) -> str:
    try:
        return check_licence(value)
    except DataError as error:
        raise PydanticCustomError("licence", "{text}", {"text": str(error)}) from None


def _hash(value: str) -> str:
    if SHA256_SHAPE.fullmatch(value) is None:
        raise PydanticCustomError("sha256", "is not a sha256: 64 lower-case hexadecimal digits")
    return value


def _rate(value: float) -> float:
    if not (math.isfinite(value) and 0 < value <= 1000):
        raise PydanticCustomError("fps", "is not a frame rate between 0 and 1000")
    return value


Text = Annotated[str, AfterValidator(_text)]
Spoken = Annotated[Text, AfterValidator(_spoken)]
Hash = Annotated[str, AfterValidator(_hash)]


class FrameHashes(BaseModel):
    """Hashes of decoded frames by role (see :func:`rvebench.video.fingerprint`)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    source: Hash | None = None
    target: Hash | None = None
    mask: Hash | None = None
    counterfactual: Hash | None = None


class SampleRow(BaseModel):
    """One line of `samples.jsonl`, as it is written; paths are still text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    schema_name: Literal["rve-sample/1"] = Field(default="rve-sample/1", alias="schema")
    id: Annotated[Text, AfterValidator(_id)]
    subset: Text
    reasoning_type: Text
    source: Text
    target: Text | None = None
    instruction: Spoken
    literal_instruction: Spoken | None = None
    expected_outcome: Spoken | None = None
    preserve: list[Spoken] = []
    mask: Text | None = None
    counterfactual: Text | None = None
    fps: Annotated[float, AfterValidator(_rate)] | None = None
    licence: Annotated[Text, AfterValidator(_licence)] = NO_LICENCE
    provenance: Text = ""
    group: Text = ""
    frames_sha256: FrameHashes = FrameHashes()

    @model_validator(mode="before")
    @classmethod
    def _take_split_for_subset(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "split" not in value:
            return value
        if "subset" in value:
            raise PydanticCustomError("alias", "has both 'subset' and its old name 'split': keep one")
        return {("subset" if key == "split" else key): entry for key, entry in value.items()}


_KEYS = tuple(field.alias or name for name, field in SampleRow.model_fields.items())


def _say(detail: ErrorDetails) -> str:
    """Turns one finding of pydantic into a clause that names the key."""
    place = ".".join(str(part) for part in detail["loc"])
    kind = detail["type"]
    if kind == "missing":
        return f"the key {place!r} is missing"
    if kind == "extra_forbidden":
        *_, last = (str(part) for part in detail["loc"])
        known = tuple(FrameHashes.model_fields) if len(detail["loc"]) > 1 else _KEYS
        near = nearest_names(last, known, most=1)
        offer = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        return f"unknown key {place!r}; {offer}"
    if kind == "model_type":
        return f"{place!r} is not a JSON object" if place else "the line is not a JSON object"
    if kind == "literal_error" and place == "schema":
        return f"schema {detail['input']!r} is not known here; this version reads {SCHEMA}"
    words = {
        "string_type": "is not a text",
        "float_type": "is not a number",
        "list_type": "is not a list",
    }
    said = words.get(kind, detail["msg"])
    return f"{place!r} {said}" if place else said


def sample_problems(value: object, *, root: Path | None) -> Sample | list[str]:
    """Returns the sample that a JSON value describes, or everything that is wrong with it.

    Args:
        value: the parsed line.
        root: the manifest's folder, which paths are relative to and must stay in; None: paths are absolute.
    """
    try:
        row = SampleRow.model_validate(value)
    except ValidationError as error:
        return [_say(detail) for detail in error.errors(include_url=False, include_context=False)]
    problems: list[str] = []

    def path_of(role: str, text: str | None) -> Path:
        if text is None:
            return Path()
        try:
            if root is not None:
                return confined_path(text, root)
            if not Path(text).is_absolute():
                raise DataError(f"path {text!r} is not absolute")
            return Path(text)
        except (DataError, ValueError) as error:
            problems.append(f"{role!r}: {error}")
            return Path()

    source, target, mask, counterfactual = (
        path_of(role, getattr(row, role)) for role in ("source", "target", "mask", "counterfactual")
    )
    hashes = {role: text for role, text in row.frames_sha256.model_dump().items() if text is not None}
    problems += [
        f"'frames_sha256' names a {role} and the sample has none" for role in hashes if getattr(row, role) is None
    ]
    try:
        subset = parse_subset(row.subset)
        reasoning_type = parse_reasoning_type(row.reasoning_type, subset)
    except DataError as error:
        return [*problems, str(error)]
    if problems:
        return problems
    return Sample(
        id=row.id,
        subset=subset,
        reasoning_type=reasoning_type,
        source=source,
        instruction=row.instruction,
        target=None if row.target is None else target,
        literal_instruction=row.literal_instruction,
        expected_outcome=row.expected_outcome,
        preserve=tuple(row.preserve),
        mask=None if row.mask is None else mask,
        counterfactual=None if row.counterfactual is None else counterfactual,
        fps=row.fps,
        licence=row.licence,
        provenance=row.provenance,
        group=row.group,
        frames_sha256=hashes,
    )


def sample_from_json(value: Mapping[str, Any], *, relative_to: Path | None, where: object | None = None) -> Sample:
    """Returns the sample of one parsed manifest line; the inverse of :func:`sample_to_json`.

    Args:
        value: the JSON object.
        relative_to: the manifest's folder; None when the paths are absolute.
        where: what to name in an error.

    Raises:
        DataError: the object is not a sample; every fault is named.
    """
    found = sample_problems(dict(value), root=relative_to)
    if isinstance(found, list):
        raise DataError("; ".join(found), where=where)
    return found


def sample_to_json(sample: Sample, *, relative_to: Path | None) -> dict[str, Any]:
    """Returns a sample as a JSON object in the schema's order; what is absent is left out.

    Args:
        sample: what to write.
        relative_to: the manifest's folder; None writes absolute paths.

    Raises:
        DataError: a file of the sample is outside `relative_to`.
    """

    def written(path: Path | None) -> str | None:
        if path is None:
            return None
        return str(path) if relative_to is None else relative_text(path, relative_to)

    everything: dict[str, Any] = {
        "schema": SCHEMA,
        "id": sample.id,
        "subset": sample.subset.value,
        "reasoning_type": sample.reasoning_type.value,
        "source": written(sample.source),
        "target": written(sample.target),
        "instruction": sample.instruction,
        "literal_instruction": sample.literal_instruction,
        "expected_outcome": sample.expected_outcome,
        "preserve": list(sample.preserve) or None,
        "mask": written(sample.mask),
        "counterfactual": written(sample.counterfactual),
        "fps": sample.fps,
        "licence": sample.licence,
        "provenance": sample.provenance or None,
        "group": sample.group or None,
        "frames_sha256": {role: sample.frames_sha256[role] for role in sorted(sample.frames_sha256)} or None,
    }
    return {key: entry for key, entry in everything.items() if entry is not None}


def parse_line(text: str) -> object:
    """Returns the JSON value of one line.

    Raises:
        DataError: not JSON, NaN or Infinity in it, a key twice, or nested beyond reason.
    """

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, entry in pairs:
            if key in found:
                raise DataError(f"the key {key!r} stands twice")
            found[key] = entry
        return found

    def refuse(constant: str) -> object:
        raise DataError(f"{constant} is not JSON")

    try:
        value: object = json.loads(text, object_pairs_hook=once, parse_constant=refuse)
    except RecursionError:
        raise DataError("not JSON that can be a sample: nested too deep") from None
    except ValueError as error:
        place = f" at column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise DataError(f"not JSON: {reason}{place}") from None
    return value
