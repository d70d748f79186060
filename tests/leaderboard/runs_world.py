"""Finished runs written by hand: a manifest, a journal and small videos, without an editor's or a judge's work."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rvebench.leaderboard.tracks import Tracks, read_tracks, write_samples
from rvebench.records import EditorInfo, JudgeInfo, MetricInfo, MetricValue, Sample, Usage, Verdict
from rvebench.runs.journal import RunJournal
from rvebench.runs.load import write_samples as write_run_samples
from rvebench.runs.manifest import (
    Generation,
    Manifest,
    editor_entry,
    judge_entry,
    make_scoring,
    metric_entry,
    samples_digest,
    write_manifest,
)
from rvebench.runs.plan import edit_keys
from rvebench.runs.units import EditRecord, metric_key, metric_to_json, verdict_key, verdict_to_json
from rvebench.scoring import get_formula
from rvebench.splits import fingerprint_split, load_split
from rvebench.splits.loader import Split
from rvebench.taxonomy import Criterion, Status, criteria_for
from rvebench.video import fingerprint, read_video, write_video
from tests.runs.world import make_split, scene

JUDGE = JudgeInfo(name="tester", version="1", settings={"strictness": "low"}, label="made by hand")
METRIC = MetricInfo(name="temporal_flickering", version="1")
OTHER_METRIC = MetricInfo(name="homemade", version="1")


@dataclass(frozen=True, kw_only=True)
class World:
    """A split, a leaderboard with a track for it, and room for runs."""

    split: Split
    tracks: Tracks
    folder: Path


def make_world(folder: Path, n: int = 6, *, judge: JudgeInfo = JUDGE, noise_band: float = 0.5) -> World:
    """Writes a split of `n` samples, and a leaderboard whose track `mine` is for it and for a judge."""
    split = fingerprint_split(load_split(str(make_split(folder / "split", n, frames=5))))
    root = folder / "leaderboards"
    (root / "splits").mkdir(parents=True)
    (root / "submissions").mkdir()
    write_samples(split.samples, root / "splits" / "mine.jsonl")
    formula = get_formula("geometric")
    (root / "tracks.toml").write_text(
        f'schema = "rve-tracks/1"\n[mine]\ntitle = "Mine"\nstatus = "open"\nsplit = "mine"\n'
        f'split_sha256 = "{split.sha256}"\nconditioning = "direct"\nformula = "geometric"\n'
        f'formula_digest = "{formula.digest}"\nnoise_band = {noise_band}\n'
        f'[mine.judge]\nname = "{judge.name}"\nversion = "{judge.version}"\ndigest = "{judge.digest}"\n'
        f'[mine.metrics]\n{METRIC.name} = "{METRIC.digest}"\n'
        "[mine.budget]\nfailed = 0.5\nunjudged = 0.2\ncopied = 0.0\n"
        '[later]\ntitle = "Later"\nstatus = "announced"\nsplit = "later"\nconditioning = "direct"\n'
        f'formula = "geometric"\nformula_digest = "{formula.digest}"\nnoise_band = 0.5\n'
        '[later.judge]\nname = "tester"\nversion = "1"\n'
        "[later.budget]\nfailed = 0.5\nunjudged = 0.0\ncopied = 0.0\n",
        encoding="utf-8",
    )
    return World(split=split, tracks=read_tracks(root), folder=folder)


def given_scores(sample: Sample, index: int) -> dict[Criterion, float]:
    """Returns the scores that the judge of these runs gives."""
    return {which: float((index * 3 + place * 2) % 10 + 0.5) for place, which in enumerate(criteria_for(sample.subset))}


def make_run(
    world: World,
    name: str = "run",
    *,
    info: EditorInfo | None = None,
    judge: JudgeInfo | None = JUDGE,
    failed: Mapping[str, str] | None = None,
    no_edit: Sequence[str] = (),
    no_verdict: Sequence[str] = (),
    silent: Sequence[str] = (),
    rationale: str = "seen in most frames",
    shard: str | None = None,
    time: float | None = 1_795_600_000.0,
) -> Path:
    """Writes a run over the world's split and returns its folder."""
    directory, samples = world.folder / name, world.split.samples
    (directory / "videos").mkdir(parents=True)
    editor = info or EditorInfo(name="made", version="1")
    generation = Generation(
        split="mine",
        split_sha256=world.split.sha256,
        n_samples=len(samples),
        samples_sha256=samples_digest(samples),
        editor=editor_entry("made", editor),
        seed=0,
        conform_version="1",
    )
    entries = [metric_entry(METRIC), metric_entry(OTHER_METRIC)]
    scoring = make_scoring(
        judge_entry("tester", judge) if judge else None, entries, get_formula("geometric"), exclude_unjudged=True
    )
    environment = {"rvebench": "0.1.0", "git": None, "python": "3.11.7", "machine": "Linux", "packages": {}}
    write_manifest(
        directory, Manifest(generation=generation, scoring=scoring, shard=shard, environments=(environment,))
    )
    write_run_samples(directory, samples)
    keys = edit_keys(samples, generation)
    with RunJournal(directory) as journal:
        for index, sample in enumerate(samples):
            if sample.id in no_edit:
                continue
            if failed and sample.id in failed:
                gone = EditRecord(sample_id=sample.id, status=Status.FAILED, reason=failed[sample.id], meta={})
                journal.record(keys[sample.id], gone.as_json())
                continue
            record = _edit(directory, sample, index)
            journal.record(keys[sample.id], record.as_json())
            if judge is not None and sample.id not in no_verdict:
                verdict = Verdict(
                    sample_id=sample.id,
                    status=Status.UNJUDGED if sample.id in silent else Status.OK,
                    reason="the judge timed out" if sample.id in silent else "",
                    scores={} if sample.id in silent else given_scores(sample, index),
                    rationale={Criterion.EA: rationale},
                    raw='{"EA": 5}',
                    usage=Usage(input_tokens=100, output_tokens=10, cost_usd=0.25),
                )
                key = verdict_key(edit=keys[sample.id], frames_sha256=record.frames_sha256, judge_digest=judge.digest)
                journal.record(key, verdict_to_json(verdict))
            for entry in entries:
                value = MetricValue(
                    sample_id=sample.id, metric=entry.name, status=Status.OK, value=0.5 + index / 100, source_value=0.5
                )
                key = metric_key(edit=keys[sample.id], frames_sha256=record.frames_sha256, metric_digest=entry.digest)
                journal.record(key, metric_to_json(value))
        if time is not None:
            journal._append({"unit": "session", "event": "end", "time": time, "pid": 1})
    return directory


def _edit(directory: Path, sample: Sample, index: int) -> EditRecord:
    path = directory / "videos" / f"{sample.id}.mp4"
    kept = directory.parent / "edits" / f"{index}.mp4"
    if not kept.is_file():
        kept.parent.mkdir(exist_ok=True)
        write_video(kept, scene(100 + index, (30, 160, 40), 5), fps=8)
    shutil.copyfile(kept, path)
    return EditRecord(
        sample_id=sample.id,
        status=Status.OK,
        video=f"videos/{sample.id}.mp4",
        frames_sha256=fingerprint(read_video(path)),
        frames=5,
        width=96,
        height=64,
        fps=8.0,
        wall_s=1.25,
        meta={},
    )
