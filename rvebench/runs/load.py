"""Re-derives a run from the files of its directory: the one way to every number."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rvebench.errors import DataError
from rvebench.records import MetricValue, Sample, Verdict
from rvebench.runs.journal import latest_lines
from rvebench.runs.manifest import Manifest, Scoring, parse_shard, read_manifest, samples_digest
from rvebench.runs.plan import edit_keys
from rvebench.runs.scorer import preview_path, preview_plan
from rvebench.runs.units import EditRecord, metric_from_json, metric_key, verdict_from_json, verdict_key
from rvebench.runs.view import RunHeader, RunView, SampleOutcome
from rvebench.scoring import DEFAULT_FORMULA, MetricRow, ScoreRow, get_formula, score_sample, summarise
from rvebench.splits import sample_from_json, sample_to_json
from rvebench.storage import atomic_write_text
from rvebench.taxonomy import Status

__all__ = ["SAMPLES_NAME", "load_run", "metric_rows", "read_samples", "score_rows", "write_samples"]

SAMPLES_NAME = "samples.jsonl"


def write_samples(directory: Path, samples: tuple[Sample, ...]) -> None:
    """Keeps the selected samples beside the manifest, so that a run explains itself without its split."""
    lines = (json.dumps(sample_to_json(sample, relative_to=None), ensure_ascii=False) for sample in samples)
    atomic_write_text(directory / SAMPLES_NAME, "".join(f"{line}\n" for line in lines))


def read_samples(directory: Path, manifest: Manifest) -> tuple[Sample, ...]:
    """Returns the samples a run was made of.

    Raises:
        DataError: the file is damaged, or is not the one the manifest names.
    """
    path = directory / SAMPLES_NAME
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        samples = tuple(sample_from_json(json.loads(line), relative_to=None) for line in lines)
    except (OSError, ValueError) as error:
        raise DataError(f"the run's samples cannot be read: {error}", where=path) from None
    if samples_digest(samples) != manifest.generation.samples_sha256:
        raise DataError("the samples are not those the manifest names", where=path)
    return samples


def load_run(directory: Path, *, formula: str | None = None, exclude_unjudged: bool | None = None) -> RunView:
    """Returns a run with every number computed anew.

    Args:
        directory: the run directory.
        formula: another formula than the manifest's.
        exclude_unjudged: leave unjudged edits out instead of withholding the headline; None: as the manifest says.

    Raises:
        UsageError: not a run directory, or an unknown formula.
        DataError: the manifest, the samples or the journal is damaged.
    """
    manifest = read_manifest(directory)
    samples = read_samples(directory, manifest)
    shard = parse_shard(manifest.shard)
    own = tuple(shard.pick(samples)) if shard else samples
    scoring = manifest.scoring
    chosen = get_formula(formula or (scoring.formula if scoring else DEFAULT_FORMULA))
    excluding = exclude_unjudged if exclude_unjudged is not None else bool(scoring and scoring.exclude_unjudged)
    outcomes = _outcomes(directory, manifest, own)
    rows = score_rows(outcomes)
    overall = {row.sample_id: score_sample(row, chosen) if _is_scored(scoring) else None for row in rows}
    outcomes = tuple(
        SampleOutcome(
            **{name: getattr(item, name) for name in SampleOutcome.__slots__ if name != "overall"},
            overall=overall[item.sample.id],
        )
        for item in outcomes
    )
    summary = summarise(rows, metric_rows(outcomes), chosen, seed=manifest.generation.seed, exclude_unjudged=excluding)
    return RunView(
        directory=directory,
        header=_header(manifest, chosen.name, outcomes),
        outcomes=outcomes,
        summary=summary,
    )


def _is_scored(scoring: Scoring | None) -> bool:
    return scoring is not None and scoring.judge is not None


def _outcomes(directory: Path, manifest: Manifest, own: tuple[Sample, ...]) -> tuple[SampleOutcome, ...]:
    lines = latest_lines(directory)
    keys = edit_keys(own, manifest.generation)
    plan = preview_plan(manifest.generation.n_samples)
    found = []
    for sample in own:
        line = lines.get(keys[sample.id])
        if line is None:
            found.append(SampleOutcome(sample=sample, status=Status.MISSING, reason="no edit is recorded"))
            continue
        record = EditRecord.from_json(line)
        video = record.path_in(directory)
        if record.status is not Status.OK:
            found.append(SampleOutcome(sample=sample, status=record.status, reason=record.reason))
            continue
        verdict, status, reason = _verdict(lines, keys[sample.id], record, manifest.scoring)
        preview = preview_path(directory, sample, plan)
        found.append(
            SampleOutcome(
                sample=sample,
                status=status,
                reason=reason,
                verdict=verdict,
                metrics=_metrics(lines, keys[sample.id], record, manifest.scoring),
                window=record.window,
                video=video if video.is_file() else None,
                preview=preview if preview.is_file() else None,
            )
        )
    return tuple(found)


def _verdict(
    lines: Mapping[str, dict[str, Any]], edit: str, record: EditRecord, scoring: Scoring | None
) -> tuple[Verdict | None, Status, str]:
    if scoring is None or scoring.judge is None:
        return None, Status.UNJUDGED, "the run has no judge"
    line = lines.get(verdict_key(edit=edit, frames_sha256=record.frames_sha256, judge_digest=scoring.judge.digest))
    if line is None:
        return None, Status.UNJUDGED, "not judged yet"
    verdict = verdict_from_json(line)
    return verdict, verdict.status, verdict.reason


def _metrics(
    lines: Mapping[str, dict[str, Any]], edit: str, record: EditRecord, scoring: Scoring | None
) -> tuple[MetricValue, ...]:
    found = []
    for entry in scoring.metrics if scoring else ():
        key = metric_key(edit=edit, frames_sha256=record.frames_sha256, metric_digest=entry.digest)
        if key in lines:
            found.append(metric_from_json(lines[key]))
    return tuple(found)


def score_rows(outcomes: tuple[SampleOutcome, ...]) -> list[ScoreRow]:
    """Returns the rows that scoring takes, one a sample."""
    return [
        ScoreRow(
            sample_id=item.sample.id,
            subset=item.sample.subset,
            category=item.sample.reasoning_type.value,
            cluster=item.sample.cluster,
            status=item.status,
            scores=dict(item.verdict.scores) if item.verdict and item.status is Status.OK else {},
        )
        for item in outcomes
    ]


def metric_rows(outcomes: tuple[SampleOutcome, ...]) -> list[MetricRow]:
    """Returns the metric values that scoring takes."""
    return [
        MetricRow(
            sample_id=item.sample.id,
            cluster=item.sample.cluster,
            metric=value.metric,
            value=value.value,
            source_value=value.source_value,
            weight=value.weight,
            reason=value.reason,
        )
        for item in outcomes
        for value in item.metrics
    ]


def _header(manifest: Manifest, formula: str, outcomes: tuple[SampleOutcome, ...]) -> RunHeader:
    generation, scoring = manifest.generation, manifest.scoring
    judge = scoring.judge if scoring else None
    environment = manifest.environments[-1]
    info = generation.editor.info
    facts = {
        "rvebench": environment["rvebench"],
        "commit": _commit(environment),
        "split sha256": generation.split_sha256,
        "samples sha256": generation.samples_sha256,
        "editor": f"{info.get('name', '')} {info.get('version', '')}".strip(),
        "editor revision": info.get("revision", ""),
        "track": info.get("track", ""),
        "text given to the editor": info.get("prompt_source", ""),
        "seed": str(generation.seed),
        "window": _windows(outcomes),
        "normalisation": generation.conform_version,
        "judge": f"{judge.info.get('name', '')} {judge.info.get('version', '')}".strip() if judge else "",
        "judge model": _models(judge.info.get("model", "") if judge else "", outcomes),
        "judge digest": judge.digest if judge else "",
        "prompt sha256": judge.info.get("prompt_sha256", "") if judge else "",
        "frame plan sha256": judge.info.get("frame_plan_sha256", "") if judge else "",
        "metrics": ", ".join(f"{entry.name} {entry.info.get('version', '')}" for entry in scoring.metrics)
        if scoring
        else "",
        "python": environment["python"],
        "packages": ", ".join(f"{name} {version}" for name, version in sorted(environment["packages"].items())),
    }
    notes = [str(note) for note in info.get("notes", ())]
    if len(manifest.environments) > 1:
        notes.append(f"Records of {len(manifest.environments)} different software environments are mixed.")
    if manifest.shard:
        notes.append(f"This is shard {manifest.shard}; merge the shards for the whole.")
    if info.get("prompt_kind") == "target_caption" and info.get("prompt_source") == "instruction":
        notes.append("The editor was trained on captions of the target and was given the instruction.")
    return RunHeader(
        run_id=manifest.run_id,
        model=generation.editor.spec,
        split=generation.split,
        judge=judge.spec if judge else "",
        judge_label=judge.label if judge else "",
        formula=formula,
        seed=generation.seed,
        facts={name: text for name, text in facts.items() if text},
        notes=tuple(notes),
    )


def _commit(environment: Mapping[str, Any]) -> str:
    git = environment.get("git")
    if not git:
        return ""
    return f"{git['commit']} with changes {git['dirty']}" if git["dirty"] else str(git["commit"])


def _windows(outcomes: tuple[SampleOutcome, ...]) -> str:
    kinds = {
        f"start {w.start}, stride {w.stride}, {w.count} frames at {w.fps:g} fps"
        if (w := item.window)
        else "whole source"
        for item in outcomes
        if item.status in {Status.OK, Status.UNJUDGED}
    }
    return kinds.pop() if len(kinds) == 1 else f"{len(kinds)} kinds, see the samples" if kinds else ""


def _models(asked: str, outcomes: tuple[SampleOutcome, ...]) -> str:
    returned = sorted(
        {item.verdict.returned_model for item in outcomes if item.verdict and item.verdict.returned_model}
    )
    return ", ".join(returned) or asked
