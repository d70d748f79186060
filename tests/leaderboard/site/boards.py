"""Leaderboard folders made by hand: tracks, samples and submissions whose numbers follow from their evidence."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from rvebench.leaderboard.evidence import (
    MEDIA_NAME,
    METRICS_NAME,
    VERDICTS_NAME,
    Evidence,
    media_text,
    merkle_root,
    metrics_bytes,
    recompute,
    verdicts_bytes,
)
from rvebench.leaderboard.lines import EditLine, MediaLine, SampleLine, UsageLine, VerdictLine
from rvebench.leaderboard.submission import (
    EvidenceHashes,
    GeneratorFacts,
    JudgeFacts,
    ModelFacts,
    RunFacts,
    Submission,
    write_submission,
)
from rvebench.leaderboard.tracks import TrackRules, read_samples, read_tracks, write_samples
from rvebench.records import Sample
from rvebench.runs.preview import PreviewLayout
from rvebench.scoring import get_formula
from rvebench.taxonomy import Criterion, ReasoningType, Status, Subset, criteria_for

INSTRUCTIONS = (
    "Show the table an hour after the ice was left in the sun.",
    "Make the room look as it would if the only lamp were switched off.",
    "What would the street look like if it had just rained?",
    "Let the driver see what the mirror would show from the other lane.",
)
RAVE_TYPES = (
    ReasoningType.TEMPORAL,
    ReasoningType.SPATIAL,
    ReasoningType.PHYSICAL_CAUSALITY,
    ReasoningType.SEMANTIC_INFERENCE,
)
REASONS = {
    Criterion.EA: "The outcome that the instruction implies is there in part.",
    Criterion.PC: "The background kept its place.",
    Criterion.GN: "Motion is even from frame to frame.",
    Criterion.GR: "Edges are clean.",
}


@dataclass(frozen=True, kw_only=True)
class System:
    """One submission to be."""

    name: str
    mean: float
    """About where its scores lie, 0..10."""
    slug: str = ""
    organisation: str = ""
    day: str = "2026-11-20"
    kind: str = "model"
    tier: str = "self-reported"
    supersedes: str | None = None
    open_weights: bool | None = True
    parameters_billion: float | None = None
    seconds: float = 0.0
    usd: float | None = None
    lost: Mapping[int, Status] = field(default_factory=dict)
    """Samples, by number, whose edit is not there, or that have no verdict."""
    notes: tuple[str, ...] = ()
    readme: str = ""
    trained_on_benchmark: bool = False
    lean: Mapping[ReasoningType, float] = field(default_factory=dict)
    """What a type adds to the mean."""

    @property
    def id(self) -> str:
        slug = self.slug or "".join(c if c.isalnum() else "-" for c in self.name.lower()).strip("-")
        return f"{self.day.replace('-', '')}_{slug}"


def make_samples(count: int, *, per_source: int = 1) -> tuple[Sample, ...]:
    found = []
    for index in range(count):
        source = index // per_source
        found.append(
            Sample(
                id=f"sample-{index:04d}",
                subset=Subset.RAVE,
                reasoning_type=RAVE_TYPES[index % len(RAVE_TYPES)],
                source=Path(),
                instruction=INSTRUCTIONS[index % len(INSTRUCTIONS)],
                frames_sha256={"source": hashlib.sha256(f"source {source}".encode()).hexdigest()},
            )
        )
    return tuple(found)


def write_track(root: Path, name: str, samples: tuple[Sample, ...], **rules: Any) -> TrackRules:
    """Adds an open track to a leaderboard folder, with its list of samples."""
    (root / "splits").mkdir(parents=True, exist_ok=True)
    listed = root / "splits" / f"{name}.jsonl"
    write_samples(samples, listed)
    path = root / "tracks.toml"
    text = path.read_text(encoding="utf-8") if path.is_file() else 'schema = "rve-tracks/1"\n'
    settings = {"title": name.replace("-", " ").capitalize(), "summary": "Made by a test.", **rules}
    words = "".join(f'{key} = "{value}"\n' for key, value in settings.items())
    text += (
        f'\n[{name}]\nstatus = "open"\n{words}split = "{name}"\nsplit_sha256 = "{read_samples(listed).sha256}"\n'
        f'conditioning = "direct"\nformula = "geometric"\nformula_digest = "{get_formula("geometric").digest}"\n'
        "noise_band = 0.3\n"
        f'[{name}.judge]\nname = "gpt-4o"\nversion = "1"\nmodel = "gpt-4o-2024-11-20"\ndigest = "{"a1" * 32}"\n'
        f'prompt_sha256 = "{"b2" * 32}"\nframe_plan_sha256 = "{"c3" * 32}"\n'
        f"[{name}.budget]\nfailed = 0.5\nunjudged = 0.5\ncopied = 0.1\n"
    )
    path.write_text(text, encoding="utf-8")
    return read_tracks(root).get(name)


def write_system(root: Path, track: str, system: System, *, seed: int = 0) -> Path:
    """Adds a submission whose every number is made from its evidence; returns its folder."""
    tracks = read_tracks(root)
    return write_evidence(root, track, tracks.get(track), tracks.samples(track), system, seed=seed)


def write_evidence(
    root: Path, track: str, rules: TrackRules, samples: Mapping[str, Sample], system: System, *, seed: int = 0
) -> Path:
    """The same for many systems: the track is read once."""
    rng = random.Random(f"{seed} {system.id}")
    lines = tuple(_line(index, sample, system, rng) for index, sample in enumerate(samples.values()))
    media = tuple(
        MediaLine(sample=line.sample, sha256=hashlib.sha256(f"{system.id} {line.sample}".encode()).hexdigest())
        for line in lines
        if line.edit.status is Status.OK
    )
    evidence = Evidence(lines=lines, media=media)
    numbers = recompute(evidence, rules, samples)
    folder = root / "submissions" / track / system.id
    folder.mkdir(parents=True)
    files = {
        VERDICTS_NAME: verdicts_bytes(lines),
        METRICS_NAME: metrics_bytes(()),
        MEDIA_NAME: media_text(media).encode(),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    if system.readme:
        (folder / "README.md").write_text(system.readme, encoding="utf-8")
    write_submission(
        Submission(
            track=track,
            submission_id=system.id,
            created=system.day,
            supersedes=system.supersedes,
            model=ModelFacts(
                name=system.name,
                kind=system.kind,  # type: ignore[arg-type]
                organisation=system.organisation,
                open_weights=system.open_weights,
                parameters_billion=system.parameters_billion,
                trained_on_benchmark=system.trained_on_benchmark,
                notes=system.notes,
            ),
            generator=GeneratorFacts(
                editor="command",
                version="1",
                digest="d4" * 32,
                conditioning=rules.conditioning,
                prompt_source="instruction",
                prompt_kind="instruction",
                seed=0,
                hardware="1 x H100" if system.seconds else "",
                wall_s=system.seconds * len(samples),
            ),
            run=RunFacts(
                run_id=hashlib.sha256(system.id.encode()).hexdigest()[:12],
                rvebench="0.1.0",
                git_commit="e5" * 20,
                python="3.11.14",
                packages={"numpy": "2.4.6"},
                environments=1,
                split=rules.split,
                split_sha256=rules.split_sha256,
                samples_sha256="f6" * 32,
                conform_version="1",
            ),
            judge=JudgeFacts(
                name=rules.judge.name,
                version=rules.judge.version,
                model=rules.judge.model,
                digest=rules.judge.digest,
                prompt_sha256=rules.judge.prompt_sha256,
                frame_plan_sha256=rules.judge.frame_plan_sha256,
                repeats=rules.repeats,
                label="an opinion of a model",
            ),
            formula=rules.formula,
            formula_digest=rules.formula_digest,
            interval_seed=rules.interval_seed,
            coverage=numbers.coverage,
            scores=numbers.scores,
            cost=numbers.cost,
            evidence=EvidenceHashes(
                verdicts_sha256=hashes[VERDICTS_NAME],
                metrics_sha256=hashes[METRICS_NAME],
                media_sha256=hashes[MEDIA_NAME],
                merkle_root=merkle_root(evidence, samples),
            ),
            tier=system.tier,  # type: ignore[arg-type]
        ),
        folder,
    )
    return folder


def _line(index: int, sample: Sample, system: System, rng: random.Random) -> SampleLine:
    hard = random.Random(f"hard {sample.id}").gauss(0, 1.5)
    mean = system.mean + hard + system.lean.get(sample.reasoning_type, 0.0)
    criteria = criteria_for(sample.subset)
    # Drawn for every sample, so that one that is lost changes no other.
    scores = {which: round(min(10.0, max(0.0, mean + rng.gauss(0, 1)))) * 1.0 for which in criteria}
    seconds = system.seconds * rng.uniform(0.8, 1.2)
    status = system.lost.get(index, Status.OK)
    if status not in {Status.OK, Status.UNJUDGED}:
        return SampleLine(sample=sample.id, edit=EditLine(status=status, reason="the editor wrote no video"))
    edit = EditLine(
        status=Status.OK,
        frames_sha256=hashlib.sha256(f"{system.id} {sample.id} frames".encode()).hexdigest(),
        frames=17,
        width=640,
        height=352,
        fps=8.0,
        wall_s=seconds,
        usd=system.usd,
    )
    if status is Status.UNJUDGED:
        return SampleLine(sample=sample.id, edit=edit, verdict=VerdictLine(status=status, reason="the judge timed out"))
    return SampleLine(
        sample=sample.id,
        edit=edit,
        verdict=VerdictLine(
            status=Status.OK,
            scores=scores,
            rationale={which: REASONS[which] for which in criteria},
            usage=UsageLine(input_tokens=2000, output_tokens=200, usd=0.007),
        ),
    )


SYSTEMS: Sequence[System] = (
    System(
        name="Meadow",
        mean=6.3,
        organisation="Example Lab",
        seconds=41,
        parameters_billion=12,
        tier="reproduced",
        lean={ReasoningType.TEMPORAL: 0.8},
    ),
    System(name="Harbour-2", mean=5.2, organisation="Another Lab", seconds=38, parameters_billion=12),
    System(
        name="Quill",
        mean=6.2,
        organisation="Quill Inc",
        open_weights=False,
        seconds=95,
        usd=0.75,
        lost={3: Status.REFUSED, 11: Status.REFUSED},
    ),
    System(name="Lantern", mean=4.6, organisation="Lantern Works", seconds=22, usd=0.12, parameters_billion=5),
    System(name="Pebble", mean=4.4, seconds=9, lost={5: Status.FAILED}, trained_on_benchmark=True),
    System(name="Drift", mean=3.1, seconds=60, parameters_billion=1.3, tier="maintainer-run"),
    System(name="Fern", mean=3.0, seconds=15),
    System(name="copy", mean=1.0, kind="control", open_weights=None, organisation="RVE-Bench"),
    System(name="target", mean=9.4, kind="control", open_weights=None, organisation="RVE-Bench"),
)


def write_leaderboard(
    root: Path, systems: Sequence[System] = SYSTEMS, *, samples: int = 48, track: str = "rave-test", per_source: int = 2
) -> Path:
    """Writes a leaderboard of one track with rows; returns its folder."""
    rules = write_track(root, track, make_samples(samples, per_source=per_source), title="RAVE, by GPT-4o")
    listed = read_tracks(root).samples(track)
    for system in systems:
        write_evidence(root, track, rules, listed, system)
    return root


def sheet(*, rows: int, columns: int, width: int = 96, height: int = 54, seed: int = 0) -> bytes:
    """Returns a contact sheet on which every cell looks different: a sun that sinks over hills."""
    image = Image.new("RGB", (width * columns, height * rows))
    draw = ImageDraw.Draw(image)
    rng = random.Random(seed)
    tint = [rng.randint(-25, 25) for _ in range(3)]
    hills = [rng.uniform(0.55, 0.85) for _ in range(5)]
    for row in range(rows):
        for column in range(columns):
            left, top, part = column * width, row * height, column / max(1, columns - 1)
            dusk = part if row else 0.15 * part
            sky = tuple(
                int(a + (b - a) * dusk) + t for a, b, t in zip((150, 190, 220), (60, 40, 70), tint, strict=True)
            )
            draw.rectangle((left, top, left + width - 1, top + height - 1), fill=sky)
            x, y = left + width * 0.65, top + height * (0.25 + 0.45 * dusk)
            radius = height * 0.13
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(250, 215 - int(90 * dusk), 140))
            points = [(left + width * i / 4, top + height * hill) for i, hill in enumerate(hills)]
            ground = tuple(max(0, int(value * (0.5 - 0.2 * dusk))) for value in sky)
            draw.polygon([*points, (left + width - 1, top + height - 1), (left, top + height - 1)], fill=ground)
    data = io.BytesIO()
    image.save(data, "WEBP", quality=70)
    return data.getvalue()


def write_media(root: Path, track: str, submission: str, samples: Sequence[str], *, width: int = 160) -> Path:
    """Lays contact sheets beside a leaderboard, as a run's `previews/` holds them."""
    folder = root / "media" / track / submission
    folder.mkdir(parents=True)
    layout = PreviewLayout(rows=3, columns=8)
    for seed, sample in enumerate(samples):
        data = sheet(rows=3, columns=8, width=width, height=round(width * 9 / 16), seed=seed)
        (folder / layout.file_name(sample)).write_bytes(data)
    return folder
