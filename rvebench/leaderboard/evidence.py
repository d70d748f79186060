"""The evidence of a row: how each edit ended, what the judge said of it, what was measured, which bytes it was.

`verdicts.jsonl.zst` has one line a sample: the edit and its verdict, with every repeat of the judge inside.
`metrics.jsonl.zst` has one line for each measured value. `media.sha256` is what `sha256sum` writes, so that
`sha256sum -c` in the run's folder of videos checks it. From these and the track's list of samples every number of a
row is made again by the functions of :mod:`rvebench.scoring` that made it.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from rvebench.errors import DataError
from rvebench.leaderboard.lines import Evidence, MediaLine, MetricLine, SampleLine
from rvebench.leaderboard.packing import pack_lines, unpack_lines
from rvebench.leaderboard.submission import (
    Cost,
    CoverageNumbers,
    Scores,
    coverage_of,
    explain,
    read_submission,
    scores_of,
)
from rvebench.leaderboard.tracks import Caps, TrackRules, Tracks, read_tracks
from rvebench.records import Sample, canonical_json, digest_of
from rvebench.scoring import MetricRow, ScoreRow, count_coverage, get_formula, score_sample, summarise
from rvebench.taxonomy import Criterion, ReasoningType, Status, Subset

__all__ = [
    "MEDIA_NAME",
    "METRICS_NAME",
    "VERDICTS_NAME",
    "Evidence",
    "MediaLine",
    "MetricLine",
    "Numbers",
    "SampleLine",
    "SampleScore",
    "media_text",
    "merkle_root",
    "metrics_bytes",
    "parse_media",
    "per_sample",
    "read_evidence",
    "recompute",
    "verdicts_bytes",
]

VERDICTS_NAME = "verdicts.jsonl.zst"
METRICS_NAME = "metrics.jsonl.zst"
MEDIA_NAME = "media.sha256"


class Numbers(NamedTuple):
    """What evidence comes to."""

    coverage: CoverageNumbers
    scores: Scores
    cost: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleScore:
    """One sample of one row, with every number that a page needs."""

    id: str
    subset: Subset
    category: ReasoningType
    cluster: str
    """What resampling draws: samples of one source share it."""
    instruction: str
    status: Status
    reason: str = ""
    score: float | None
    """The track's formula, 0..10; 0 for an edit that failed, was refused or is missing; None when unjudged."""
    criteria: Mapping[Criterion, float] = field(default_factory=dict)
    """Empty unless the status is ok."""
    rationale: Mapping[Criterion, str] = field(default_factory=dict)
    """The judge's words: text of others, to be escaped."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    wall_s: float = 0.0
    """Seconds the edit took."""
    edit_usd: float | None = None
    judge_usd: float = 0.0
    frames_sha256: str = ""
    video: str = ""
    """Name of the edit's file in the run's folder of videos; empty when there is none."""


def per_sample(folder: Path, *, tracks: Tracks | None = None) -> tuple[SampleScore, ...]:
    """Returns every sample of a submission's track with what the row's evidence says of it, in the split's order.

    Args:
        folder: the submission.
        tracks: of the leaderboard that it belongs to; by default of the one that comes with the package.

    Raises:
        DataError: a file cannot be read, or a verdict is not what it must be.
        UnknownNameError: the submission's track is unknown.
    """
    tracks = read_tracks() if tracks is None else tracks
    submission = read_submission(folder)
    rules = tracks.get(submission.track)
    evidence = read_evidence(folder, caps=rules.caps)
    formula = get_formula(rules.formula)
    measured: dict[str, dict[str, float]] = {}
    for value in evidence.metrics:
        if value.value is not None:
            measured.setdefault(value.sample, {})[value.metric] = value.value
    files = {line.sample for line in evidence.media}
    found = []
    for sample in tracks.samples(submission.track).values():
        line = evidence.by_sample.get(sample.id)
        row = _score_row(sample, line)
        verdict = line.verdict if line else None
        found.append(
            SampleScore(
                id=sample.id,
                subset=sample.subset,
                category=sample.reasoning_type,
                cluster=sample.cluster,
                instruction=sample.instruction,
                status=row.status,
                reason=line.reason if line else "",
                score=score_sample(row, formula),
                criteria=row.scores,
                rationale=verdict.rationale if verdict else {},
                metrics=measured.get(sample.id, {}),
                wall_s=line.edit.wall_s if line else 0.0,
                edit_usd=line.edit.usd if line else None,
                judge_usd=verdict.usage.usd if verdict else 0.0,
                frames_sha256=(line.edit.frames_sha256 or "") if line else "",
                video=f"{sample.id}.mp4" if sample.id in files else "",
            )
        )
    return tuple(found)


def recompute(evidence: Evidence, rules: TrackRules, samples: Mapping[str, Sample]) -> Numbers:
    """Returns a row's numbers, made from its evidence by the functions that a run's own report uses.

    Unjudged edits are left out and counted: how many there may be is the track's budget.

    Raises:
        DataError: a score or a metric's value is not what it must be.
    """
    rows = [_score_row(sample, evidence.by_sample.get(sample.id)) for sample in samples.values()]
    summary = summarise(
        rows,
        [_metric_row(samples[line.sample], line) for line in evidence.metrics if line.sample in samples],
        get_formula(rules.formula),
        seed=rules.interval_seed,
        exclude_unjudged=True,
    )
    lines = [evidence.by_sample[name] for name in samples if name in evidence.by_sample]
    reasons = Counter(short_reason(line.reason) for line in lines if line.status is not Status.OK)
    return Numbers(
        coverage=coverage_of(count_coverage(row.status for row in rows), dict(reasons.most_common(20))),
        scores=scores_of(summary),
        cost=_cost(lines),
    )


def short_reason(reason: str) -> str:
    """Returns a reason as a row counts it: one line of plain text, at most 200 characters."""
    text = re.sub(r"[^\w .,:;()/%+'-]+", " ", reason).strip()[:200]
    return text or "no reason is given"


def _score_row(sample: Sample, line: SampleLine | None) -> ScoreRow:
    status = line.status if line else Status.MISSING
    return ScoreRow(
        sample_id=sample.id,
        subset=sample.subset,
        category=sample.reasoning_type.value,
        cluster=sample.cluster,
        status=status,
        scores=dict(line.verdict.scores) if line and line.verdict and status is Status.OK else {},
        digest=sample.digest,
    )


def _metric_row(sample: Sample, line: MetricLine) -> MetricRow:
    return MetricRow(
        sample_id=sample.id,
        cluster=sample.cluster,
        metric=line.metric,
        value=line.value,
        source_value=line.source_value,
        weight=line.weight,
        reason=line.reason,
    )


def _cost(lines: Iterable[SampleLine]) -> Cost:
    usages = [line.verdict.usage for line in lines if line.verdict]
    prices = [line.edit.usd for line in lines if line.edit.usd is not None]
    return Cost(
        judge_input_tokens=sum(usage.input_tokens for usage in usages),
        judge_output_tokens=sum(usage.output_tokens for usage in usages),
        judge_usd=float(sum(usage.usd for usage in usages)),
        judge_unpriced=sum(usage.unpriced for usage in usages),
        edits_usd=float(sum(prices)) if prices else None,
    )


def merkle_root(evidence: Evidence, samples: Iterable[str]) -> str:
    """Returns one hash over the evidence of every sample, so that a part can be shown to belong to the whole.

    A leaf is sha256 of 0x00 and the canonical JSON of a sample's lines; a node sha256 of 0x01 and its two children; a
    node without a sibling moves up as it is (the tree of RFC 6962, section 2.1).

    Args:
        evidence: of one row.
        samples: ids, in the split's order.
    """
    lines: dict[str, list[object]] = {}
    for line in evidence.lines:
        lines.setdefault(line.sample, []).append(line.model_dump(mode="json"))
    for value in evidence.metrics:
        lines.setdefault(value.sample, []).append(value.model_dump(mode="json"))
    for file in evidence.media:
        lines.setdefault(file.sample, []).append(list(file))
    level = [
        hashlib.sha256(b"\x00" + canonical_json([name, lines.get(name, [])]).encode(errors="replace")).digest()
        for name in samples
    ]
    if not level:
        return digest_of([])
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [hashlib.sha256(b"\x01" + pair[0] + pair[1]).digest() if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0].hex()


def verdicts_bytes(lines: Iterable[SampleLine]) -> bytes:
    """Returns `verdicts.jsonl.zst`."""
    return pack_lines(line.model_dump(mode="json", exclude_defaults=True) for line in lines)


def metrics_bytes(lines: Iterable[MetricLine]) -> bytes:
    """Returns `metrics.jsonl.zst`."""
    return pack_lines(line.model_dump(mode="json", exclude_defaults=True) for line in lines)


def media_text(media: Iterable[MediaLine]) -> str:
    """Returns `media.sha256`, in the form of `sha256sum`."""
    return "".join(f"{line.sha256}  {line.sample}.mp4\n" for line in media)


_MEDIA = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9_-][A-Za-z0-9._-]{0,119})\.mp4")


def parse_media(text: str, *, where: object) -> tuple[MediaLine, ...]:
    """Returns the entries of `media.sha256`.

    Raises:
        DataError: a line is not a hash and the name of a file without a folder.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        shape = _MEDIA.fullmatch(line)
        if shape is None:
            raise DataError(f"{line[:80]!r} is not a sha256, two spaces and SAMPLE.mp4", where=f"{where}:{number}")
        found.append(MediaLine(sample=shape.group(2), sha256=shape.group(1)))
    return tuple(found)


def read_evidence(folder: Path, *, caps: Caps | None = None) -> Evidence:
    """Returns a submission's evidence; no file is unpacked beyond what the track allows.

    Args:
        folder: the submission.
        caps: the track's; by default the usual ones.

    Raises:
        DataError: a file is not there, too large, or not what it must be.
    """
    caps = Caps() if caps is None else caps
    media = folder / MEDIA_NAME
    try:
        text = media.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the file cannot be read: {error}", where=media) from None
    return Evidence(
        lines=tuple(_parsed(folder / VERDICTS_NAME, SampleLine, caps.verdicts_bytes, caps)),
        metrics=tuple(_parsed(folder / METRICS_NAME, MetricLine, caps.metrics_bytes, caps)),
        media=parse_media(text, where=media),
    )


_Line = TypeVar("_Line", SampleLine, MetricLine)


def _parsed(path: Path, kind: type[_Line], packed_bytes: int, caps: Caps) -> Iterable[_Line]:
    lines = unpack_lines(
        path, packed_bytes=packed_bytes, unpacked_bytes=caps.unpacked_bytes, line_bytes=caps.line_bytes
    )
    for number, line in enumerate(lines, start=1):
        try:
            yield kind.model_validate_json(line)
        except ValidationError as error:
            raise DataError(explain(error), where=f"{path}:{number}") from None
