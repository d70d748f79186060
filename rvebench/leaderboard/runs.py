"""A finished run as evidence: what its journal says of each sample, in a leaderboard's words.

Nothing is judged or computed again here; a run that is not finished is refused.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rvebench.errors import CoverageError, DataError, RveError, UsageError
from rvebench.leaderboard.lines import (
    EditLine,
    Evidence,
    MediaLine,
    MetricLine,
    PartLine,
    SampleLine,
    UsageLine,
    VerdictLine,
    WindowLine,
)
from rvebench.leaderboard.shapes import markup_in, without_markup
from rvebench.leaderboard.submission import GeneratorFacts, JudgeFacts, RunFacts
from rvebench.leaderboard.tracks import TrackRules
from rvebench.records import MetricValue, Sample, Usage, Verdict, VerdictPart
from rvebench.redaction import hide_paths
from rvebench.runs.journal import JOURNAL_NAME, latest_lines
from rvebench.runs.load import read_samples
from rvebench.runs.manifest import Manifest, read_manifest
from rvebench.runs.plan import edit_keys
from rvebench.runs.units import EditRecord, metric_from_json, metric_key, verdict_from_json, verdict_key
from rvebench.splits import fingerprint_files
from rvebench.storage import LogLine, read_lines
from rvebench.taxonomy import Status

__all__ = ["FinishedRun", "day_of", "generator_facts", "judge_facts", "read_finished", "run_facts", "tame"]

_LONGEST = {"reason": 4000, "raw": 100_000, "rationale": 8000}


class FinishedRun(NamedTuple):
    """A run whose every sample has an end."""

    manifest: Manifest
    samples: tuple[Sample, ...]
    evidence: Evidence
    control: bool
    """The editor is a control: it shows the ends of the scale and is no model."""
    left_out: tuple[str, ...]
    """Metrics of the run that the track has no place for."""
    videos: Path
    """The folder that media.sha256 is about."""


def read_finished(
    directory: Path, rules: TrackRules, *, progress: Callable[[int, int], None] | None = None
) -> FinishedRun:
    """Returns a run's evidence; each video is decoded once, to be the one that was judged.

    Args:
        directory: the run directory.
        rules: of the track it is for: which metrics may stand beside the score.
        progress: called with (done, total) as videos are checked.

    Raises:
        UsageError: not a run, a shard of one, or not judged.
        CoverageError: the run is half-written: samples without an edit, or edits that were not put to the judge.
        DataError: the run's files are damaged, or a video is not the one that was judged.
    """
    manifest = read_manifest(directory)
    if manifest.shard:
        raise UsageError(
            f"the run is part {manifest.shard} of a whole",
            where=directory,
            hint="merge the parts first: rvebench runs merge",
        )
    if manifest.scoring is None or manifest.scoring.judge is None:
        raise UsageError("the run is not judged", where=directory, hint=f"judge it first: rvebench score {directory}")
    samples = read_samples(directory, manifest)
    lines = latest_lines(directory)
    keys = edit_keys(samples, manifest.generation)
    records = {
        sample.id: EditRecord.from_json(line) for sample in samples if (line := lines.get(keys[sample.id])) is not None
    }
    _require_all(directory, [sample.id for sample in samples if sample.id not in records], len(samples), "edit")
    verdicts: dict[str, Verdict] = {}
    metrics: list[MetricLine] = []
    wanted = [entry for entry in manifest.scoring.metrics if rules.metrics.get(entry.name) == entry.digest]
    for sample in samples:
        record, key = records[sample.id], keys[sample.id]
        if record.status is not Status.OK:
            continue
        digest = manifest.scoring.judge.digest
        line = lines.get(verdict_key(edit=key, frames_sha256=record.frames_sha256, judge_digest=digest))
        if line is not None:
            verdicts[sample.id] = verdict_from_json(line)
        for entry in wanted:
            line = lines.get(metric_key(edit=key, frames_sha256=record.frames_sha256, metric_digest=entry.digest))
            if line is not None:
                metrics.append(_metric_line(metric_from_json(line), entry.digest))
    made = [sample.id for sample in samples if records[sample.id].status is Status.OK]
    _require_all(directory, [name for name in made if name not in verdicts], len(made), "verdict")
    media = _media(directory, {name: records[name] for name in made}, progress)
    return FinishedRun(
        manifest=manifest,
        samples=samples,
        evidence=Evidence(
            lines=tuple(_sample_line(records[sample.id], verdicts.get(sample.id)) for sample in samples),
            metrics=tuple(metrics),
            media=media,
        ),
        control=_is_control(manifest.generation.editor.info),
        left_out=tuple(entry.name for entry in manifest.scoring.metrics if entry not in wanted),
        videos=directory / "videos",
    )


def _is_control(info: Mapping[str, Any]) -> bool:
    return "target" in info.get("needs", ()) or any(str(note).startswith("control:") for note in info.get("notes", ()))


def _require_all(directory: Path, lacking: Sequence[str], total: int, what: str) -> None:
    if lacking:
        raise CoverageError(
            f"the run is half-written: {len(lacking)} of {total} {'samples' if what == 'edit' else 'edits'} have no "
            f"{what} on record ({', '.join(lacking[:3])})",
            where=directory,
            hint="run the command that made it again: it goes on where it stopped",
        )


def _media(
    directory: Path, records: Mapping[str, EditRecord], progress: Callable[[int, int], None] | None
) -> tuple[MediaLine, ...]:
    paths = {name: record.path_in(directory) for name, record in records.items()}
    hashes = fingerprint_files(list(paths.values()), progress=progress, workers=1)
    found = []
    for name, path in paths.items():
        frames = hashes[path]
        if isinstance(frames, RveError):
            raise DataError(f"the edit of {name} cannot be read: {frames.what}", where=path)
        if frames != records[name].frames_sha256:
            raise DataError(
                f"the edit of {name} is not the video that was judged", where=path, hint="restore it, or edit it again"
            )
        found.append(MediaLine(sample=name, sha256=_file_sha256(path)))
    return tuple(found)


def _file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def tame(text: str, most: int) -> str:
    """Returns a text of others as evidence keeps it: no folder of this machine, no markup, no invisible character."""
    text = hide_paths(text)[:most]
    return without_markup(text) if markup_in(text, lines=True) else text


def _sample_line(record: EditRecord, verdict: Verdict | None) -> SampleLine:
    there = record.status is Status.OK
    return SampleLine(
        sample=record.sample_id,
        edit=EditLine(
            status=record.status,
            reason=tame(record.reason, _LONGEST["reason"]),
            frames_sha256=record.frames_sha256 if there else None,
            frames=record.frames,
            width=record.width,
            height=record.height,
            fps=float(record.fps),
            wall_s=float(record.wall_s),
            usd=record.cost_usd,
            model_id=tame(record.model_id, 500),
            window=None if record.window is None else WindowLine.model_validate(record.window.as_json()),
        ),
        verdict=VerdictLine(**_answer(verdict), parts=tuple(_part(part) for part in verdict.parts))
        if verdict
        else None,
    )


def _part(part: VerdictPart) -> PartLine:
    return PartLine(judge=tame(part.judge, 200), repeat=part.repeat, **_answer(part))


def _answer(answer: Verdict | VerdictPart) -> dict[str, Any]:
    return {
        "status": answer.status,
        "scores": dict(answer.scores),
        "rationale": {which: tame(text, _LONGEST["rationale"]) for which, text in answer.rationale.items()},
        "reason": tame(answer.reason, _LONGEST["reason"]),
        "returned_model": tame(answer.returned_model, 500),
        "raw": hide_paths(answer.raw)[: _LONGEST["raw"]],
        "usage": _usage(answer.usage),
        "measures": dict(answer.measures),
    }


def _usage(usage: Usage) -> UsageLine:
    return UsageLine(
        input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, usd=usage.cost_usd, unpriced=usage.unpriced
    )


def _metric_line(value: MetricValue, digest: str) -> MetricLine:
    return MetricLine(
        sample=value.sample_id,
        metric=value.metric,
        digest=digest,
        value=value.value,
        source_value=value.source_value,
        weight=value.weight,
        reason=tame(value.reason, _LONGEST["reason"]),
    )


def generator_facts(run: FinishedRun, *, hardware: str) -> GeneratorFacts:
    """Returns how a run's edits were made."""
    entry = run.manifest.generation.editor
    info = entry.info
    return GeneratorFacts(
        editor=_plain(info.get("name"), "unnamed"),
        version=_plain(info.get("version")),
        revision=_plain(info.get("revision")),
        digest=entry.digest,
        conditioning=info.get("track", "direct"),
        prompt_source=_plain(info.get("prompt_source"), "instruction"),
        prompt_kind=info.get("prompt_kind", "instruction"),
        seed=run.manifest.generation.seed,
        hardware=hardware,
        wall_s=float(sum(line.edit.wall_s for line in run.evidence.lines)),
    )


def judge_facts(run: FinishedRun) -> JudgeFacts:
    """Returns who judged a run; a panel of one judge asked several times goes by that judge's name."""
    assert run.manifest.scoring and run.manifest.scoring.judge, "read_finished checked it"
    entry = run.manifest.scoring.judge
    info, settings = entry.info, entry.info.get("settings", {})
    name, version, repeats = str(info.get("name", "")), str(info.get("version", "")), 1
    if name == "panel":
        seats = [key.removeprefix("judge ") for key in settings if key.startswith("judge ")]
        name, version, repeats = ", ".join(seats), f"panel {version}", int(settings.get("repeats", 1))
    returned = {line.verdict.returned_model for line in run.evidence.lines if line.verdict}
    return JudgeFacts(
        name=_plain(name, "unnamed"),
        version=_plain(version, "unknown"),
        model=str(info.get("model", ""))[:120],
        returned_models=tuple(sorted(_plain(model) for model in returned if model)),
        digest=entry.digest,
        prompt_sha256=info.get("prompt_sha256", ""),
        frame_plan_sha256=info.get("frame_plan_sha256", ""),
        repeats=repeats,
        label=_plain(entry.label)[:500],
    )


def run_facts(run: FinishedRun) -> RunFacts:
    """Returns which run was packed, and the software it was made with."""
    generation, environment = run.manifest.generation, run.manifest.environments[-1]
    git = environment.get("git") or {}
    return RunFacts(
        run_id=run.manifest.run_id,
        rvebench=_plain(environment["rvebench"], "unknown"),
        git_commit=git.get("commit", ""),
        git_dirty=git.get("dirty", ""),
        python=_plain(environment["python"], "unknown"),
        packages={name: _plain(version) for name, version in sorted(environment["packages"].items())},
        environments=len(run.manifest.environments),
        split=_plain(generation.split, "unnamed"),
        split_sha256=generation.split_sha256,
        samples_sha256=generation.samples_sha256,
        conform_version=_plain(generation.conform_version, "unknown"),
    )


def _plain(value: object, otherwise: str = "") -> str:
    return tame(str(value or ""), 120).replace("\n", " ").replace("\t", " ") or otherwise


def day_of(directory: Path) -> str | None:
    """Returns the day (UTC) on which the run's last work was recorded; None for a merged run, which records no time."""
    times = [
        float(item.value["time"])
        for item in read_lines(directory / JOURNAL_NAME)
        if isinstance(item, LogLine) and item.value.get("unit") == "session" and "time" in item.value
    ]
    if not times:
        return None
    return datetime.datetime.fromtimestamp(max(times), tz=datetime.timezone.utc).date().isoformat()
