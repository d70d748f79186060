"""What decides a run's numbers, in one file: `manifest.json`.

It holds no time and no host, so that the same run made twice, or in shards and merged, has the same bytes. Times
stand in the journal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rvebench.errors import DataError, UsageError
from rvebench.records import EditorInfo, JudgeInfo, MetricInfo, Sample, canonical_json, digest_of
from rvebench.scoring import Formula
from rvebench.storage import atomic_write_text, read_json

__all__ = [
    "MANIFEST_NAME",
    "EditorEntry",
    "Generation",
    "JudgeEntry",
    "Manifest",
    "MetricEntry",
    "Scoring",
    "Shard",
    "check_same_run",
    "parse_shard",
    "read_manifest",
    "write_manifest",
]

MANIFEST_NAME = "manifest.json"
SCHEMA = "rve-run/1"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EditorEntry(_Strict):
    """The editing model of a run."""

    spec: str
    """As the user named it."""
    info: dict[str, Any]
    """Its `EditorInfo`, as JSON."""
    digest: str


class JudgeEntry(_Strict):
    """The judge of a run."""

    spec: str
    info: dict[str, Any]
    digest: str
    label: str = ""


class MetricEntry(_Strict):
    """One automatic metric of a run."""

    name: str
    info: dict[str, Any]
    digest: str


class Generation(_Strict):
    """All that decides the edits."""

    split: str
    split_sha256: str
    n_samples: int
    """Samples selected, before sharding."""
    samples_sha256: str
    """Over the selected samples' digests, in order."""
    editor: EditorEntry
    seed: int
    conform_version: str
    """Version of the normalisation that every output went through."""


class Scoring(_Strict):
    """All that decides the numbers made of the edits."""

    judge: JudgeEntry | None
    metrics: tuple[MetricEntry, ...]
    formula: str
    formula_digest: str
    exclude_unjudged: bool = False


class Manifest(_Strict):
    """The identity of a run, and the software it was made with."""

    schema_id: str = SCHEMA
    generation: Generation
    scoring: Scoring | None = None
    shard: str | None = None
    """`i/n` when this directory holds one part."""
    environments: tuple[dict[str, Any], ...] = Field(min_length=1)
    """More than one only when the user allowed records of different software to be mixed."""

    @property
    def run_id(self) -> str:
        """Twelve hex digits over the identity of the edits: the same for every shard and every resume."""
        return digest_of(self.generation.model_dump(mode="json"))[:12]


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `index` of `count`, from 1."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def pick(self, samples: Sequence[Sample]) -> Sequence[Sample]:
        """Returns every `count`-th sample, starting at `index`."""
        return samples[self.index - 1 :: self.count]


def parse_shard(text: str | None) -> Shard | None:
    """Returns the shard written `i/n`, or None for None.

    Raises:
        UsageError: not of that form, or out of range.
    """
    if text is None:
        return None
    index, _, count = text.partition("/")
    if index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count):
        return Shard(int(index), int(count))
    raise UsageError(f"--shard {text!r} is not a part of a whole", hint="write it as i/n, for example 1/4")


def editor_entry(spec: str, info: EditorInfo) -> EditorEntry:
    """Returns the manifest's entry for an editor."""
    described = _described(info)
    return EditorEntry(spec=spec, info=described, digest=digest_of(described))


def judge_entry(spec: str, info: JudgeInfo) -> JudgeEntry:
    """Returns the manifest's entry for a judge."""
    return JudgeEntry(spec=spec, info=_described(info), digest=info.digest, label=info.label)


def metric_entry(info: MetricInfo) -> MetricEntry:
    """Returns the manifest's entry for a metric."""
    return MetricEntry(name=info.name, info=_described(info), digest=info.digest)


def make_scoring(
    judge: JudgeEntry | None, metrics: Sequence[MetricEntry], formula: Formula, *, exclude_unjudged: bool
) -> Scoring:
    """Returns the scoring part of a manifest."""
    return Scoring(
        judge=judge,
        metrics=tuple(sorted(metrics, key=lambda entry: entry.name)),
        formula=formula.name,
        formula_digest=formula.digest,
        exclude_unjudged=exclude_unjudged,
    )


def samples_digest(samples: Sequence[Sample]) -> str:
    """Returns the sha256 over the digests of the selected samples, in order."""
    return digest_of([sample.digest for sample in samples])


def _described(info: EditorInfo | JudgeInfo | MetricInfo) -> dict[str, Any]:
    """Returns the fields as JSON would bring them back: tuples become lists, mappings dicts."""
    return {field.name: _plain(getattr(info, field.name)) for field in fields(info)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return [_plain(item) for item in value] if isinstance(value, (tuple, list)) else value


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Writes `manifest.json` by atomic replace."""
    text = json.dumps(manifest.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=False)
    atomic_write_text(directory / MANIFEST_NAME, text + "\n")


def read_manifest(directory: Path) -> Manifest:
    """Returns the manifest of a run directory.

    Raises:
        UsageError: the directory is not a run.
        DataError: the manifest is damaged or of another version.
    """
    path = directory / MANIFEST_NAME
    if not path.is_file():
        raise UsageError("not a run directory: it has no manifest.json", where=directory)
    value = read_json(path)
    if isinstance(value, dict) and value.get("schema_id") != SCHEMA:
        raise DataError(
            f"the manifest is of version {value.get('schema_id')!r}, this program reads {SCHEMA!r}", where=path
        )
    try:
        return Manifest.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise DataError(f"not a manifest: {field}: {first['msg']}", where=path) from None


def check_same_run(kept: Manifest, wanted: Manifest, *, where: Path, allow_mixed: bool) -> Manifest:
    """Returns the manifest to go on with when a directory already holds a run.

    Raises:
        UsageError: the directory holds another run, or one made with other software; each difference is named.
    """
    changes = list(_differences("", _identity(kept), _identity(wanted)))
    if changes:
        raise UsageError(
            f"the directory holds another run: {'; '.join(changes[:4])}",
            where=where,
            hint="choose another --out, or repeat the command that made it",
        )
    environment = wanted.environments[-1]
    environments = kept.environments
    if environment not in environments:
        changes = list(_differences("", environments[-1], environment))
        if not allow_mixed:
            raise UsageError(
                f"the run was made with other software: {'; '.join(changes[:4])}",
                where=where,
                hint="choose another --out, or add --allow-mixed to go on and have the report say so",
            )
        environments = (*environments, environment)
    return kept.model_copy(update={"environments": environments, "scoring": wanted.scoring or kept.scoring})


def _identity(manifest: Manifest) -> dict[str, Any]:
    return {**manifest.generation.model_dump(mode="json"), "shard": manifest.shard}


def _differences(path: str, kept: Any, wanted: Any) -> Iterator[str]:
    if isinstance(kept, dict) and isinstance(wanted, dict):
        for name in sorted({*kept, *wanted}):
            yield from _differences(f"{path}.{name}".lstrip("."), kept.get(name), wanted.get(name))
    elif kept != wanted:
        yield f"{path} was {_short(kept)}, now {_short(wanted)}"


def _short(value: Any) -> str:
    text = canonical_json(value)
    return text if len(text) <= 48 else f"{text[:45]}..."
