"""`submission.json`: everything a table reads of one row. Every number in it can be made again from the evidence.

Unlike a run's summary, numbers are not rounded: the validator compares them to within 1e-9.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from rvebench.errors import DataError
from rvebench.leaderboard.shapes import Day, FolderName, GitCommit, Link, Name, Number, Sha256, Strict, Words
from rvebench.records import PromptKind, Track
from rvebench.scoring import Coverage, Estimate, Summary
from rvebench.splits.schema import parse_line
from rvebench.storage import atomic_write_text
from rvebench.taxonomy import Criterion, ReasoningType

__all__ = [
    "SUBMISSION_NAME",
    "SUBMISSION_SCHEMA",
    "CategoryNumbers",
    "Cost",
    "CoverageNumbers",
    "EstimateNumbers",
    "EvidenceHashes",
    "GeneratorFacts",
    "JudgeFacts",
    "MetricNumbers",
    "ModelFacts",
    "RunFacts",
    "Scores",
    "Submission",
    "Tier",
    "explain",
    "parse_submission",
    "read_submission",
    "scores_of",
    "write_submission",
]

SUBMISSION_NAME = "submission.json"
SUBMISSION_SCHEMA: Final = "rve-submission/1"

Tier = Literal["self-reported", "reproduced", "maintainer-run"]
"""How far a row was checked: its arithmetic, a tenth of its verdicts given again, or the whole run by a maintainer."""

_Count = Annotated[int, Field(ge=0)]
_Money = Annotated[Number, Field(ge=0.0)]


class ModelFacts(Strict):
    """What was evaluated, in its authors' words."""

    name: Name
    kind: Literal["model", "control"]
    """A control (the source untouched, the target itself) shows the scale's ends; it has no rank."""
    organisation: Words = ""
    url: Link = ""
    revision: Words = ""
    """Of the weights or the service."""
    licence: Words = ""
    open_weights: bool | None = None
    parameters_billion: Annotated[Number, Field(gt=0.0)] | None = None
    trained_on_benchmark: bool = False
    """Samples of this split, or renderings of the same families, were in the training data."""
    notes: tuple[Words, ...] = ()


class GeneratorFacts(Strict):
    """How the edits were made."""

    editor: Name
    """The adapter's name, as it calls itself."""
    version: Words
    revision: Words = ""
    digest: Sha256
    conditioning: Track
    prompt_source: Name
    prompt_kind: PromptKind
    seed: _Count
    hardware: Words = ""
    wall_s: Annotated[Number, Field(ge=0.0)]
    """Seconds that all edits took together, as the run measured them."""


class RunFacts(Strict):
    """The run that was packed."""

    run_id: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    rvebench: Name
    git_commit: GitCommit = ""
    git_dirty: Annotated[str, Field(pattern=r"^([0-9a-f]{16})?$")] = ""
    """Hash of what differed from the commit; empty: nothing did."""
    python: Name
    packages: Mapping[Name, Words]
    environments: Annotated[int, Field(ge=1)]
    """Software environments whose records are mixed."""
    split: Name
    split_sha256: Sha256
    samples_sha256: Sha256
    conform_version: Name


class JudgeFacts(Strict):
    """Who gave the verdicts."""

    name: Name
    version: Name
    model: Annotated[str, Field(max_length=120)] = ""
    returned_models: tuple[Words, ...] = ()
    """Under which names the judge answered."""
    digest: Sha256
    prompt_sha256: Sha256 | Literal[""] = ""
    frame_plan_sha256: Sha256 | Literal[""] = ""
    repeats: Annotated[int, Field(ge=1)] = 1
    label: Words = ""


class CoverageNumbers(Strict):
    """How the samples ended; the parts add up to `n`."""

    n: _Count
    ok: _Count
    failed: _Count
    refused: _Count
    missing: _Count
    unjudged: _Count
    reasons: Mapping[Words, _Count] = {}
    """Why edits failed or were not judged, most frequent first."""


class EstimateNumbers(Strict):
    """A mean with its 95 % interval."""

    mean: Number | None
    ci95: tuple[Number, Number] | None = None
    n: _Count = 0


class MetricNumbers(Strict):
    """One automatic metric."""

    edit: EstimateNumbers
    source: EstimateNumbers | None = None
    delta: EstimateNumbers | None = None
    pooled: Number | None = None
    failed: _Count = 0


class CategoryNumbers(Strict):
    """One reasoning type."""

    n: _Count
    overall: EstimateNumbers
    criteria: Mapping[Criterion, EstimateNumbers]


class Scores(Strict):
    """All numbers of a row, unrounded."""

    overall: EstimateNumbers
    """The headline: over every sample, 0 for an edit that failed, was refused or is missing."""
    answered_only: EstimateNumbers
    macro: EstimateNumbers
    criteria: Mapping[Criterion, EstimateNumbers]
    by_category: Mapping[ReasoningType, CategoryNumbers]
    metrics: Mapping[Name, MetricNumbers] = {}


class Cost(Strict):
    """What the row cost."""

    judge_input_tokens: _Count = 0
    judge_output_tokens: _Count = 0
    judge_usd: _Money = 0.0
    judge_unpriced: _Count = 0
    """Calls whose price nobody knows: they are not in `judge_usd`."""
    edits_usd: _Money | None = None
    """None: no edit has a price."""


class EvidenceHashes(Strict):
    """What the evidence files are, to the byte."""

    verdicts_sha256: Sha256
    metrics_sha256: Sha256
    media_sha256: Sha256
    merkle_root: Sha256
    """Over the samples, in the split's order (:func:`rvebench.leaderboard.evidence.merkle_root`)."""


class Submission(Strict):
    """One row of a leaderboard."""

    schema_id: Literal["rve-submission/1"] = SUBMISSION_SCHEMA
    track: Name
    submission_id: FolderName
    """The folder's name."""
    created: Day
    """When the run's last record was made."""
    supersedes: FolderName | None = None
    """The older row of the same track that this one replaces."""
    model: ModelFacts
    generator: GeneratorFacts
    run: RunFacts
    judge: JudgeFacts
    formula: Name
    formula_digest: Sha256
    interval_seed: _Count
    coverage: CoverageNumbers
    scores: Scores
    cost: Cost
    evidence: EvidenceHashes
    tier: Tier = "self-reported"
    attestations: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{12}\.json$")], ...] = ()
    """Files in `attestations/` that say who judged again, and what came of it."""

    @property
    def headline(self) -> float | None:
        """The score of the row, 0..10."""
        return self.scores.overall.mean


def parse_submission(text: str, *, where: object) -> Submission:
    """Returns the submission that a text describes.

    Raises:
        DataError: not JSON, or something in it is not what it must be; every fault is named.
    """
    value = parse_line(text)
    if isinstance(value, dict) and value.get("schema_id") != SUBMISSION_SCHEMA:
        raise DataError(
            f"the schema is {value.get('schema_id')!r}, and this version reads {SUBMISSION_SCHEMA!r}",
            where=where,
            hint="pack the run again with `rvebench submit`",
        )
    try:
        return Submission.model_validate_json(text)
    except ValidationError as error:
        raise DataError(explain(error), where=where) from None


def read_submission(path: Path) -> Submission:
    """Returns the submission in a folder, or in a file `submission.json`. No number in it is checked.

    Raises:
        DataError: the file is not there, or is not a submission.
    """
    file = path / SUBMISSION_NAME if path.is_dir() else path
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError("the file is not there", where=file) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the file cannot be read: {error}", where=file) from None
    try:
        return parse_submission(text, where=file)
    except DataError as error:
        if error.where is not None:
            raise
        raise DataError(error.what, where=file, hint=error.hint) from None


def write_submission(submission: Submission, folder: Path) -> None:
    """Writes `submission.json` into a folder, by atomic replace; the same submission gives the same bytes.

    Raises:
        StorageError: the file cannot be written.
    """
    value = submission.model_dump(mode="json")
    atomic_write_text(folder / SUBMISSION_NAME, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def explain(error: ValidationError) -> str:
    """Returns what a record lacks, one clause for each fault, the first five of them."""
    details = error.errors(include_url=False, include_context=False)
    clauses = []
    for detail in details[:5]:
        place = ".".join(str(part) for part in detail["loc"])
        said = str(detail["msg"]).removeprefix("Value error, ")
        kind = {"missing": "is missing", "extra_forbidden": "is not a known key"}.get(detail["type"], said)
        clauses.append(f"{place}: {kind}" if place else kind)
    more = len(details) - len(clauses)
    return "; ".join(clauses) + (f"; and {more} more" if more else "")


def scores_of(summary: Summary) -> Scores:
    """Returns a summary's numbers as a submission holds them, unrounded."""
    return Scores(
        overall=_estimate(summary.overall),
        answered_only=_estimate(summary.answered_only),
        macro=_estimate(summary.macro),
        criteria={Criterion(name): _estimate(found) for name, found in summary.criteria.items()},
        by_category={
            ReasoningType(name): CategoryNumbers(
                n=category.coverage.n,
                overall=_estimate(category.overall),
                criteria={Criterion(which): _estimate(found) for which, found in category.criteria.items()},
            )
            for name, category in summary.by_category.items()
        },
        metrics={
            name: MetricNumbers(
                edit=_estimate(metric.edit),
                source=None if metric.source is None else _estimate(metric.source),
                delta=None if metric.delta is None else _estimate(metric.delta),
                pooled=metric.pooled,
                failed=metric.failed,
            )
            for name, metric in summary.metrics.items()
        },
    )


def coverage_of(coverage: Coverage, reasons: Mapping[str, int]) -> CoverageNumbers:
    """Returns a run's coverage as a submission holds it."""
    return CoverageNumbers(**_counts(coverage), reasons=dict(reasons))


def _counts(coverage: Coverage) -> dict[str, Any]:
    return dict(coverage.as_json())


def _estimate(estimate: Estimate) -> EstimateNumbers:
    return EstimateNumbers(mean=estimate.mean, ci95=estimate.ci95, n=estimate.n)
