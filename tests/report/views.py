"""Runs made by hand, for the tests of what is shown of them."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from rvebench.records import MetricValue, Sample, Usage, Verdict, VerdictPart, Window
from rvebench.report import PreviewLayout
from rvebench.runs.view import RunHeader, RunView, SampleOutcome
from rvebench.scoring import (
    CategorySummary,
    Coverage,
    Estimate,
    MetricRow,
    MetricSummary,
    ScoreRow,
    Summary,
    get_formula,
    score_sample,
    summarise,
)
from rvebench.taxonomy import Criterion, ReasoningType, Status, Subset, criteria_for

INSTRUCTIONS = (
    "Show the table an hour after the ice was left in the sun.",
    "Make the room look as it would if the only lamp were switched off.",
    "What would the street look like if it had just rained?",
    "Let the driver see what the mirror would show from the other lane.",
    "Continue with the shot that a worried friend would see next.",
)
KINDS = (
    (Subset.RAVE, ReasoningType.TEMPORAL),
    (Subset.RAVE, ReasoningType.SPATIAL),
    (Subset.RAVE, ReasoningType.PHYSICAL_CAUSALITY),
    (Subset.RAVE, ReasoningType.SEMANTIC_INFERENCE),
    (Subset.ICVG, ReasoningType.EMOTIONAL),
)


def sheet(*, rows: int, columns: int, width: int = 96, height: int = 54, seed: int = 0, quality: int = 60) -> bytes:
    """Returns a contact sheet on which every cell looks different: a disc that moves, a sky that turns."""
    image = Image.new("RGB", (width * columns, height * rows))
    draw = ImageDraw.Draw(image)
    hue = random.Random(seed).random() * math.tau
    for row in range(rows):
        for column in range(columns):
            left, top, part = column * width, row * height, column / max(1, columns - 1)
            sky = tuple(int(150 + 60 * math.sin(hue + shift + 0.5 * row)) for shift in (0, 2, 4))
            draw.rectangle((left, top, left + width - 1, top + height - 1), fill=sky)
            ground = tuple(int(value * 0.55) for value in sky)
            draw.rectangle((left, top + height * 2 // 3, left + width - 1, top + height - 1), fill=ground)
            x, radius = left + width * (0.15 + 0.7 * part), height * 0.16
            y = top + height * (0.45 - 0.2 * math.sin(math.pi * part))
            disc = (245, 240, 225) if row == 0 else (235, 140, 60)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=disc)
    out = io.BytesIO()
    image.save(out, format="WEBP", quality=quality, method=0)
    return out.getvalue()


def header(**changes: object) -> RunHeader:
    values: dict[str, object] = {
        "run_id": "3fa29c1d",
        "model": "lucy-edit",
        "split": "smoke",
        "judge": "reference",
        "judge_label": "Measured against the sample's own target video; no model was asked.",
        "formula": "geometric",
        "seed": 7,
        "facts": {"rvebench": "0.1.0", "split sha256": "5d" * 32, "frame plan sha256": "a7" * 32, "python": "3.11.9"},
        "notes": ("The editor was trained on captions of the target and was given the instruction.",),
    }
    return RunHeader(**{**values, **changes})  # type: ignore[arg-type]


def outcome(
    index: int,
    *,
    status: Status = Status.OK,
    reason: str = "",
    preview: Path | None = None,
    sample_id: str | None = None,
    instruction: str | None = None,
    scores: dict[Criterion, float] | None = None,
    metrics: bool = True,
) -> SampleOutcome:
    """Returns one sample with scores that depend on its index alone."""
    subset, kind = KINDS[index % len(KINDS)]
    name = sample_id or f"sample-{index:04d}"
    sample = Sample(
        id=name,
        subset=subset,
        reasoning_type=kind,
        source=Path(f"/somewhere/private/{name}.mp4"),
        instruction=instruction or INSTRUCTIONS[index % len(INSTRUCTIONS)],
        literal_instruction="Replace the ice cubes with a puddle of water." if index % 2 == 0 else None,
        expected_outcome="The ice has melted into a puddle that wets the cloth.",
        preserve=("the table and the cloth", "the direction of the light"),
        frames_sha256={"source": f"{index // 2:064x}"},
    )
    dice = random.Random(index)
    verdict = None
    if status is Status.OK:
        given = scores or {which: round(dice.uniform(2, 10), 1) for which in criteria_for(subset)}
        verdict = Verdict(
            sample_id=name,
            status=Status.OK,
            scores=given,
            rationale={
                which: f"{which.value}: the change is there in most frames, late in the clip." for which in given
            },
            measures={"progress": 0.8125, "psnr_outside_db": 38.2071},
        )
    elif status is Status.UNJUDGED:
        verdict = Verdict(sample_id=name, status=Status.UNJUDGED, reason=reason)
    values = (
        MetricValue(
            sample_id=name,
            metric="temporal_flickering",
            status=Status.OK,
            value=0.95 + 0.0001 * (index % 50),
            source_value=0.9625,
        ),
    )
    made = status in {Status.OK, Status.UNJUDGED}
    row = ScoreRow(
        sample_id=name,
        subset=subset,
        category=kind.value,
        cluster=sample.cluster,
        status=status,
        scores=dict(verdict.scores) if verdict and status is Status.OK else {},
    )
    return SampleOutcome(
        sample=sample,
        status=status,
        reason=reason,
        overall=score_sample(row, get_formula("geometric")),
        verdict=verdict,
        metrics=values if metrics and made else (),
        window=Window(start=0, stride=2, count=49, fps=12.0) if made and index % 3 == 0 else None,
        preview=preview,
    )


def view_of(outcomes: Sequence[SampleOutcome], *, resamples: int = 200, **changes: object) -> RunView:
    """Returns a run over outcomes, summarised as a real one is."""
    rows = [
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
    metrics = [
        MetricRow(
            sample_id=item.sample.id,
            cluster=item.sample.cluster,
            metric=value.metric,
            value=value.value,
            source_value=value.source_value,
        )
        for item in outcomes
        for value in item.metrics
    ]
    summary = summarise(rows, metrics, get_formula("geometric"), seed=7, resamples=resamples)
    return RunView(
        directory=Path("/somewhere/private/run"), header=header(**changes), outcomes=tuple(outcomes), summary=summary
    )


def mixed_view(folder: Path, n: int = 12, *, columns: int = 8, width: int = 96, height: int = 54) -> RunView:
    """Returns a run with previews, and one sample of each way to fail (none unjudged, so that there is a headline)."""
    bad = {
        3: (Status.FAILED, "the editor wrote no video: exit code 1"),
        5: (Status.REFUSED, "the service refused: people in distress"),
        8: (Status.TIMEOUT, "no edit within 600 s"),
        10: (Status.MISSING, "no edit is recorded"),
    }
    found = []
    for index in range(n):
        status, reason = bad.get(index, (Status.OK, ""))
        path = None
        if status is Status.OK:
            layout = PreviewLayout(rows=3 if index % 2 == 0 else 2, columns=columns)
            path = folder / layout.file_name(f"sample-{index:04d}")
            path.write_bytes(sheet(rows=layout.rows, columns=columns, width=width, height=height, seed=index))
        found.append(outcome(index, status=status, reason=reason, preview=path))
    return view_of(found)


def judged_by(index: int, scores: Mapping[str, Sequence[float | None]]) -> SampleOutcome:
    """Returns a sample that a panel judged: of each judge, what it gave for every criterion at each repeat.

    None is a repeat that did not answer; the sample is then unjudged, as with a panel that asks for every voice.
    """
    plain = outcome(index)
    criteria = criteria_for(plain.sample.subset)
    parts = tuple(
        VerdictPart(judge=name, repeat=repeat, status=Status.UNJUDGED, reason=f"{name} timed out")
        if given is None
        else VerdictPart(
            judge=name,
            repeat=repeat,
            status=Status.OK,
            scores=dict.fromkeys(criteria, given),
            rationale={which: f"{name} on {which.value}: given {given:g} at {repeat}" for which in criteria},
            usage=Usage(input_tokens=1000, output_tokens=10, cost_usd=0.125),
        )
        for name, repeats in scores.items()
        for repeat, given in enumerate(repeats)
    )
    silent = [part.reason for part in parts if part.status is not Status.OK]
    values = [given for repeats in scores.values() for given in repeats if given is not None]
    reached = dict.fromkeys(criteria, math.fsum(values) / len(values)) if not silent else {}
    status, reason = (Status.UNJUDGED, "; ".join(silent)) if silent else (Status.OK, "")
    verdict = Verdict(
        sample_id=plain.sample.id,
        status=status,
        scores=reached,
        reason=reason,
        rationale=dict.fromkeys(reached, "the panel's words"),
        usage=sum((part.usage for part in parts), Usage()),
        parts=parts,
    )
    row = ScoreRow(
        sample_id=plain.sample.id,
        subset=plain.sample.subset,
        category=plain.sample.reasoning_type.value,
        cluster=plain.sample.cluster,
        status=status,
        scores=reached,
    )
    return SampleOutcome(
        sample=plain.sample,
        status=status,
        reason=reason,
        overall=score_sample(row, get_formula("geometric")),
        verdict=verdict,
        metrics=plain.metrics,
    )


def panel_view() -> RunView:
    """Returns a run of a panel of two: they differ on the second sample, one is silent on the third."""
    return view_of(
        [
            judged_by(0, {"gpt-4o": [7.0, 8.0], "hf:Qwen/Qwen2.5-VL-7B-Instruct": [7.0, 7.0]}),
            judged_by(1, {"gpt-4o": [2.0, 3.0], "hf:Qwen/Qwen2.5-VL-7B-Instruct": [8.0, 8.0]}),
            judged_by(2, {"gpt-4o": [4.0, None], "hf:Qwen/Qwen2.5-VL-7B-Instruct": [5.0, 5.0]}),
            judged_by(4, {"gpt-4o": [6.0, 6.0], "hf:Qwen/Qwen2.5-VL-7B-Instruct": [5.5, 6.5]}),
            outcome(3, status=Status.FAILED, reason="the editor wrote no video"),
        ],
        judge="gpt-4o,hf:Qwen/Qwen2.5-VL-7B-Instruct",
        judge_label="the mean of 2 judges, asked 2 times each",
    )


def fixed_view(sheet_file: Path) -> RunView:
    """Returns a small run whose every number is written down here, for the golden files."""
    estimate = Estimate(mean=4.25, ci95=(1.5, 7.0), n=4)
    summary = Summary(
        coverage=Coverage(n=4, ok=2, failed=1, refused=0, missing=1, unjudged=0),
        overall=estimate,
        answered_only=Estimate(mean=8.5, ci95=None, n=2),
        macro=Estimate(mean=4.25, ci95=(2.0, 6.5), n=4),
        withheld="",
        criteria={"EA": estimate, "PC": Estimate(mean=3.0, ci95=None, n=3)},
        metrics={
            "temporal_flickering": MetricSummary(
                edit=Estimate(mean=0.98, ci95=(0.97, 0.99), n=2),
                source=Estimate(mean=0.96, ci95=(0.95, 0.97), n=2),
                delta=Estimate(mean=0.02, ci95=(-0.001, 0.041), n=2),
            ),
            "unpaired": MetricSummary(edit=Estimate(mean=None, n=0)),
        },
        by_category={
            "temporal": CategorySummary(
                coverage=Coverage(n=4, ok=2, failed=1, refused=0, missing=1, unjudged=0),
                overall=estimate,
                criteria={"EA": estimate},
            )
        },
    )
    outcomes = (
        outcome(0, preview=sheet_file, sample_id="über-日本"),
        outcome(1, preview=sheet_file.with_name("gone.2x2.webp")),
        outcome(2, status=Status.FAILED, reason="/somewhere/private/run/videos/x.mp4: the file is empty"),
        outcome(3, status=Status.MISSING, reason="no edit is recorded"),
    )
    return RunView(directory=Path("/somewhere/private/run"), header=header(), outcomes=outcomes, summary=summary)
