"""Run directories written by hand: what the gate reads, without a video or a judge."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rvebench.records import JudgeInfo, MetricInfo, MetricValue, Sample, Usage, Verdict, Window
from rvebench.runs.journal import RunJournal
from rvebench.runs.load import write_samples
from rvebench.runs.manifest import (
    EditorEntry,
    Generation,
    Manifest,
    judge_entry,
    make_scoring,
    metric_entry,
    samples_digest,
    write_manifest,
)
from rvebench.runs.plan import edit_keys
from rvebench.runs.units import EditRecord, metric_key, metric_to_json, verdict_key, verdict_to_json
from rvebench.scoring import get_formula
from rvebench.taxonomy import ReasoningType, Status, Subset, criteria_for

KINDS = (
    (Subset.RAVE, ReasoningType.TEMPORAL),
    (Subset.RAVE, ReasoningType.SPATIAL),
    (Subset.ICVG, ReasoningType.CAMERA),
)
METRIC = "temporal_flickering"
ENVIRONMENT: dict[str, Any] = {
    "rvebench": "0.1.0",
    "git": {"commit": "c" * 40, "dirty": ""},
    "python": "3.11.9",
    "machine": "Linux x86_64",
    "packages": {"numpy": "2.0.0"},
}


def samples(n: int, *, a_source: int = 2, instruction: str = "Imagine dusk", media: str = "") -> tuple[Sample, ...]:
    """Returns `n` samples, `a_source` of them a source video."""
    found = []
    for index in range(n):
        subset, kind = KINDS[index % len(KINDS)]
        found.append(
            Sample(
                id=f"s{index:03}",
                subset=subset,
                reasoning_type=kind,
                source=Path(f"/nowhere/{index // a_source}.mp4"),
                instruction=f"{instruction} ({index})",
                group=f"g{index // a_source:03}",
                frames_sha256={"source": digest(f"source {index // a_source}{media}")},
            )
        )
    return tuple(found)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def write_run(
    directory: Path,
    scores: Sequence[float | Status],
    *,
    model: str = "folder:base",
    split: str = "mini",
    chosen: tuple[Sample, ...] | None = None,
    metric: Sequence[float | None] | None = None,
    metric_version: str = "1",
    judge: Mapping[str, str] | None = None,
    judged: bool = True,
    formula: str = "geometric",
    seed: int = 0,
    conform: str = "conform-1",
    environment: Mapping[str, Any] | None = None,
    shard: str | None = None,
    usd: float = 0.0,
    unpriced: int = 0,
    wall_s: float = 1.0,
    frames: str | None = None,
) -> Path:
    """Writes a run: of each sample its level on every criterion, or how its edit ended; returns the directory.

    Args:
        directory: made.
        scores: one a sample, in order.
        frames: what the edits show; None: what the model's name says.
    """
    directory.mkdir(parents=True)
    chosen = samples(len(scores)) if chosen is None else chosen
    info = {"name": model, "version": "1", "revision": "", "paid": False, "notes": []}
    about = JudgeInfo(
        **{  # type: ignore[arg-type]
            "name": "llm",
            "version": "1",
            "model": "gpt-4o",
            "frame_plan_sha256": "f" * 64,
            "prompt_sha256": "a" * 64,
            **(judge or {}),
        }
    )
    measured = MetricInfo(name=METRIC, version=metric_version)
    scoring = make_scoring(
        judge_entry(about.model, about) if judged else None,
        [metric_entry(measured)] if metric is not None else [],
        get_formula(formula),
        exclude_unjudged=False,
    )
    manifest = Manifest(
        generation=Generation(
            split=split,
            split_sha256=digest(split),
            n_samples=len(chosen),
            samples_sha256=samples_digest(chosen),
            editor=EditorEntry(spec=model, info=info, digest=digest(model)),
            seed=seed,
            conform_version=conform,
        ),
        scoring=scoring if judged or metric is not None else None,
        shard=shard,
        environments=(dict(environment or ENVIRONMENT),),
    )
    write_samples(directory, chosen)
    write_manifest(directory, manifest)
    keys = edit_keys(chosen, manifest.generation)
    with RunJournal(directory) as journal:
        for index, (sample, score) in enumerate(zip(chosen, scores, strict=True)):
            if score is Status.MISSING:
                continue
            shown = digest(f"{frames or model} {sample.id}")
            made = not isinstance(score, Status) or score is Status.UNJUDGED
            record = EditRecord(
                sample_id=sample.id,
                status=Status.OK if made else Status(score),
                reason="" if made else "the editor wrote no video",
                video=f"videos/{sample.id}.mp4" if made else "",
                frames_sha256=shown if made else "",
                window=Window(start=0, stride=1, count=8, fps=8.0) if made else None,
                wall_s=wall_s,
                meta={},
            )
            journal.record(keys[sample.id], record.as_json())
            if not made:
                continue
            if judged:
                verdict = Verdict(
                    sample_id=sample.id,
                    status=Status.UNJUDGED if isinstance(score, Status) else Status.OK,
                    scores={} if isinstance(score, Status) else dict.fromkeys(criteria_for(sample.subset), score),
                    reason="the judge timed out" if isinstance(score, Status) else "",
                    returned_model=about.model,
                    usage=Usage(input_tokens=10, output_tokens=10, cost_usd=usd, unpriced=unpriced),
                )
                key = verdict_key(edit=keys[sample.id], frames_sha256=shown, judge_digest=about.digest)
                journal.record(key, verdict_to_json(verdict))
            if metric is not None:
                value = MetricValue(
                    sample_id=sample.id,
                    metric=METRIC,
                    status=Status.OK if metric[index] is not None else Status.FAILED,
                    value=metric[index],
                )
                key = metric_key(edit=keys[sample.id], frames_sha256=shown, metric_digest=measured.digest)
                journal.record(key, metric_to_json(value))
    return directory
