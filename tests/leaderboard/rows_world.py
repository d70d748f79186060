"""Leaderboards made by hand: a track of synthetic samples, and rows whose evidence costs no video."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rvebench.leaderboard.lines import (
    EditLine,
    Evidence,
    MediaLine,
    MetricLine,
    PartLine,
    SampleLine,
    UsageLine,
    VerdictLine,
)
from rvebench.leaderboard.pack import build_submission, write_folder
from rvebench.leaderboard.submission import GeneratorFacts, JudgeFacts, ModelFacts, RunFacts
from rvebench.leaderboard.tracks import Tracks, read_samples, read_tracks, write_samples
from rvebench.records import Sample
from rvebench.scoring import get_formula
from rvebench.taxonomy import Status, Subset, criteria_for, reasoning_types_of

JUDGE = "ab" * 32
METRIC = "cd" * 32
README = "# A model\n\n## Method\n\nIt edits.\n\n## Training data\n\nNone of this benchmark.\n"
DAY = "2026-11-20"


def hash_of(*parts: object) -> str:
    """Returns a hash that depends on the parts alone."""
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()


def make_samples(n: int) -> tuple[Sample, ...]:
    """Returns samples of both subsets and all types; every two share a source, one in four has a target."""
    kinds = [(subset, kind) for subset in (Subset.RAVE, Subset.ICVG) for kind in reasoning_types_of(subset)]
    found = []
    for index in range(n):
        subset, kind = kinds[index % len(kinds)]
        hashes = {"source": hash_of("source", index // 2)}
        if index % 4 == 0:
            hashes["target"] = hash_of("target", index)
        found.append(
            Sample(
                id=f"s{index:04d}",
                subset=subset,
                reasoning_type=kind,
                source=Path(),
                instruction=f"Imagine the scene {index} hours later.",
                frames_sha256=hashes,
            )
        )
    return tuple(found)


def make_root(
    folder: Path,
    n: int = 24,
    *,
    repeats: int = 1,
    n_metrics: int = 1,
    unpacked_bytes: int | None = None,
    **budget: float,
) -> Tracks:
    """Writes a leaderboard with the open track `tiny` and the announced track `later`."""
    samples = make_samples(n)
    (folder / "splits").mkdir(parents=True)
    (folder / "submissions" / "tiny").mkdir(parents=True)
    write_samples(samples, folder / "splits" / "tiny.jsonl")
    sha256 = read_samples(folder / "splits" / "tiny.jsonl").sha256
    formula = get_formula("geometric")
    allowed = {"failed": 0.25, "unjudged": 0.1, "copied": 0.1, **budget}

    def track(name: str, status: str) -> str:
        return (
            f'[{name}]\ntitle = "Tiny"\nstatus = "{status}"\nsplit = "tiny"\nsplit_sha256 = "{sha256}"\n'
            f'conditioning = "direct"\nformula = "{formula.name}"\nformula_digest = "{formula.digest}"\n'
            f"repeats = {repeats}\nnoise_band = 0.5\n"
            f'[{name}.judge]\nname = "tester"\nversion = "1"\ndigest = "{JUDGE}"\n'
            f"[{name}.metrics]\n" + "".join(f'metric_{index} = "{METRIC}"\n' for index in range(n_metrics)) + "\n"
            f"[{name}.budget]\n"
            + "".join(f"{key} = {value}\n" for key, value in allowed.items())
            + (f"[{name}.caps]\nunpacked_bytes = {unpacked_bytes}\n" if unpacked_bytes else "")
        )

    (folder / "tracks.toml").write_text(
        'schema = "rve-tracks/1"\n' + track("tiny", "open") + track("later", "announced"), encoding="utf-8"
    )
    return read_tracks(folder)


def make_evidence(
    tracks: Tracks, *, seed: int = 1, quality: float = 6.0, failed: int = 1, unjudged: int = 0, track: str = "tiny"
) -> Evidence:
    """Returns evidence of one model: `seed` decides its pixels and its luck, `quality` its mean."""
    rules, dice = tracks.get(track), random.Random(seed)
    lines, metrics, media = [], [], []
    for index, sample in enumerate(tracks.samples(track).values()):
        if index < failed:
            edit = EditLine(status=Status.FAILED, reason="exit code 1", wall_s=2.5)
            lines.append(SampleLine(sample=sample.id, edit=edit))
            continue
        edit = EditLine(
            status=Status.OK,
            frames_sha256=hash_of("frames", seed, index),
            frames=33,
            width=480,
            height=272,
            fps=16.0,
            wall_s=1.5 + index / 8,
            usd=0.01,
        )
        media.append(MediaLine(sample=sample.id, sha256=hash_of("file", seed, index)))

        def scores(sample: Sample = sample) -> dict[Any, float]:
            return {
                which: round(min(10.0, max(0.0, dice.gauss(quality, 2.0))), 1) for which in criteria_for(sample.subset)
            }

        if index < failed + unjudged:
            verdict = VerdictLine(status=Status.UNJUDGED, reason="the judge timed out")
        elif rules.repeats == 1:
            given = scores()
            verdict = VerdictLine(
                status=Status.OK,
                scores=given,
                rationale={which: f"{which.value}: seen in most frames" for which in given},
                usage=UsageLine(input_tokens=900, output_tokens=60, usd=0.003),
            )
        else:
            parts = tuple(
                PartLine(judge="tester", repeat=repeat, status=Status.OK, scores=scores())
                for repeat in range(rules.repeats)
            )
            mean = {
                which: sum(part.scores[which] for part in parts) / len(parts) for which in criteria_for(sample.subset)
            }
            verdict = VerdictLine(status=Status.OK, scores=mean, parts=parts)
        lines.append(SampleLine(sample=sample.id, edit=edit, verdict=verdict))
        metrics += [
            MetricLine(sample=sample.id, metric=name, digest=digest, value=dice.random(), source_value=dice.random())
            for name, digest in rules.metrics.items()
        ]
    return Evidence(lines=tuple(lines), metrics=tuple(metrics), media=tuple(media))


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a row says of itself."""

    model: ModelFacts
    generator: GeneratorFacts
    run: RunFacts
    judge: JudgeFacts


def make_facts(tracks: Tracks, evidence: Evidence, *, name: str = "A model", kind: str = "model") -> Facts:
    """Returns facts that fit the track `tiny`."""
    rules = tracks.get("tiny")
    return Facts(
        model=ModelFacts(name=name, kind=kind, organisation="A lab", licence="Apache-2.0"),  # type: ignore[arg-type]
        generator=GeneratorFacts(
            editor="made",
            version="1",
            digest="ef" * 32,
            conditioning="direct",
            prompt_source="instruction",
            prompt_kind="instruction",
            seed=0,
            wall_s=float(sum(line.edit.wall_s for line in evidence.lines)),
        ),
        run=RunFacts(
            run_id="0123456789ab",
            rvebench="0.1.0",
            git_commit="",
            python="3.11.7",
            packages={"numpy": "2.4.6"},
            environments=1,
            split="tiny",
            split_sha256=rules.split_sha256,
            samples_sha256="12" * 32,
            conform_version="1",
        ),
        judge=JudgeFacts(name="tester", version="1", digest=JUDGE, repeats=rules.repeats, label="made by hand"),
    )


def make_row(
    tracks: Tracks,
    evidence: Evidence | None = None,
    *,
    slug: str = "model",
    day: str = DAY,
    facts: Mapping[str, Any] | None = None,
    supersedes: str | None = None,
    kind: str = "model",
    readme: str = README,
    **made: Any,
) -> Path:
    """Writes a row and returns its folder; by default everything in it is as it should be."""
    found = make_evidence(tracks, **made) if evidence is None else evidence
    told = replace(make_facts(tracks, found, name=slug, kind=kind), **(facts or {}))
    submission = build_submission(
        track="tiny",
        rules=tracks.get("tiny"),
        samples=tracks.samples("tiny"),
        evidence=found,
        folder=f"{day.replace('-', '')}_{slug}",
        day=day,
        supersedes=supersedes,
        model=told.model,
        generator=told.generator,
        run=told.run,
        judge=told.judge,
    )
    return write_folder(
        tracks.root / "submissions" / "tiny" / submission.submission_id, submission, found, readme=readme
    )


def edit_submission(folder: Path, change: Any) -> None:
    """Applies a function to the JSON value of submission.json."""
    path = folder / "submission.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    change(value)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def rehash(folder: Path) -> None:
    """Writes the hashes of the files as they are now into submission.json, as a careful forger would."""

    def change(value: dict[str, Any]) -> None:
        for key, name in (
            ("verdicts_sha256", "verdicts.jsonl.zst"),
            ("metrics_sha256", "metrics.jsonl.zst"),
            ("media_sha256", "media.sha256"),
        ):
            value["evidence"][key] = hashlib.sha256((folder / name).read_bytes()).hexdigest()

    edit_submission(folder, change)
