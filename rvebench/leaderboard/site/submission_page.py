"""A submission's page: its numbers written out, and its samples as data for the page's script."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from rvebench.leaderboard.evidence import SampleScore
from rvebench.leaderboard.site.board import Board, Row, size_words
from rvebench.leaderboard.site.page import estimate_of, percent
from rvebench.leaderboard.submission import EstimateNumbers, MetricNumbers
from rvebench.runs.preview import ROW_NAMES, Preview, PreviewProblem
from rvebench.scoring.letters import letter_names
from rvebench.scoring.shapes import Estimate
from rvebench.scoring.words import ABSENT, interval, label, measure, measured_interval, score, signed
from rvebench.taxonomy import CRITERIA, Status

__all__ = ["Bar", "MetricLine", "SubmissionPage", "sample_data", "submission_page"]

_WHY_LETTERS = 300
"""Of each reason that a judge gives: the whole text stands in the evidence."""

_TIER_WORDS = {
    "self-reported": "The numbers follow from the submitted verdicts; nobody else has judged the edits.",
    "reproduced": "A tenth of the edits, drawn by a seed that nobody could choose, was judged again and agreed.",
    "maintainer-run": "A maintainer made the whole run.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A score on the scale 0..10, as lengths in percent."""

    label: str
    hint: str
    value: str
    interval: str
    n: int
    length: str | None
    low: str | None = None
    high: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricLine:
    """One metric."""

    name: str
    edit: str
    interval: str
    source: str
    delta: str
    n: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionPage:
    """Everything on a submission's page but its samples."""

    name: str
    track: str
    track_title: str
    organisation: str
    url: str
    lede: tuple[tuple[str, str], ...]
    kicker: str
    headline: Bar
    n: int
    endings: tuple[tuple[str, int, str], ...]
    asides: tuple[tuple[str, str], ...]
    tier: str
    tier_words: str
    judge_label: str
    notes: tuple[str, ...]
    criteria: tuple[Bar, ...]
    types: tuple[Bar, ...]
    metrics: tuple[MetricLine, ...]
    media_words: str
    type_choices: tuple[tuple[str, str], ...]
    status_choices: tuple[tuple[str, str], ...]
    readme: str
    facts: tuple[tuple[str, str], ...]


def submission_page(board: Board, row: Row, sheets: Mapping[str, Preview | PreviewProblem]) -> SubmissionPage:
    """Returns the page's fixed part."""
    submission, standing = row.submission, row.standing
    model, scores, coverage = submission.model, submission.scores, submission.coverage
    estimate = estimate_of(scores.overall)
    if standing is not None:
        estimate = Estimate(mean=standing.mean, ci95=standing.ci95, n=estimate.n)
    counts = {name: getattr(coverage, name) for name in ("ok", "failed", "refused", "missing", "unjudged")}
    return SubmissionPage(
        name=model.name,
        track=board.track,
        track_title=board.rules.title,
        organisation=model.organisation,
        url=model.url,
        lede=_told({"Made": submission.created, "Weights": _weights(row), "Licence": model.licence}),
        kicker=_kicker(board, row),
        headline=_bar("Score", "", estimate),
        n=coverage.n,
        endings=tuple(
            (label(name), count, "quiet" if count == 0 else "good" if name == "ok" else "bad")
            for name, count in counts.items()
        ),
        asides=_told(
            {
                "Rank, 95 % range": _range(row),
                "Letters": letter_names(standing.groups) if standing else "",
                "Judged edits only": _aside(scores.answered_only),
                "Mean of reasoning types": _aside(scores.macro),
                "Seconds an edit": "" if row.seconds_per_edit is None else f"{row.seconds_per_edit:.3g}",
                "Price of an edit": "" if row.usd_per_edit is None else f"${row.usd_per_edit:.3f}",
            }
        ),
        tier=submission.tier.capitalize(),
        tier_words=_TIER_WORDS[submission.tier],
        judge_label=submission.judge.label,
        notes=_notes(row),
        criteria=tuple(
            _bar(label(which.value), which.value, estimate_of(scores.criteria[which]))
            for which in CRITERIA
            if which in scores.criteria
        ),
        types=tuple(
            _bar(label(name.value), f"{numbers.n} samples", estimate_of(numbers.overall))
            for name, numbers in scores.by_category.items()
        ),
        metrics=tuple(_metric(name, numbers) for name, numbers in scores.metrics.items()),
        media_words=_media_words(row, sheets),
        type_choices=_choices([sample.category.value for sample in row.samples]),
        status_choices=_choices([sample.status.value for sample in row.samples]),
        readme=row.readme,
        facts=_facts(row),
    )


def sample_data(row: Row, sheets: Mapping[str, Preview | PreviewProblem], page_folder: Path) -> dict[str, object]:
    """Returns the samples as the page's script reads them.

    Args:
        row: the submission.
        sheets: of :meth:`rvebench.leaderboard.site.media.Media.sheets`.
        page_folder: where the page will lie, so that videos are found from it.
    """
    names = {sample.category.value for sample in row.samples} | {sample.status.value for sample in row.samples}
    return {
        "labels": {name: label(name) for name in sorted(names | {which.value for which in CRITERIA})},
        "samples": [_sample(sample, row, sheets.get(sample.id), page_folder) for sample in row.samples],
    }


def _sample(
    sample: SampleScore, row: Row, sheet: Preview | PreviewProblem | None, page_folder: Path
) -> dict[str, object]:
    lost = sample.status not in {Status.OK, Status.UNJUDGED}
    found: dict[str, object] = {
        "id": sample.id,
        "type": sample.category.value,
        "status": sample.status.value,
        "instruction": sample.instruction,
        "reason": sample.reason if sample.status is not Status.OK else "",
        "score": None if sample.score is None else round(sample.score, 4),
        "criteria": [[which.value, round(sample.criteria[which], 4)] for which in CRITERIA if which in sample.criteria],
        "why": [[which.value, _short(sample.rationale[which])] for which in CRITERIA if which in sample.rationale],
        "lost": lost,
        "video": "",
    }
    if sample.id in row.media.videos:
        found["video"] = quote(Path(os.path.relpath(row.media.videos[sample.id], page_folder)).as_posix())
    if isinstance(sheet, Preview):
        found["sheet"] = {
            "rows": list(ROW_NAMES[: sheet.layout.rows]),
            "columns": sheet.layout.columns,
            "width": sheet.cell_width,
            "height": sheet.cell_height,
        }
    elif isinstance(sheet, PreviewProblem):
        found["missing"] = sheet.reason.capitalize()
    else:
        found["missing"] = "There is no edit to show" if lost else "No picture of this edit lies beside the leaderboard"
    return found


def _short(text: str) -> str:
    return text if len(text) <= _WHY_LETTERS else f"{text[:_WHY_LETTERS].rstrip()}…"


def _bar(name: str, hint: str, estimate: Estimate) -> Bar:
    mean, ends = estimate.mean, estimate.ci95
    return Bar(
        label=name,
        hint=hint,
        value=score(mean),
        interval=interval(estimate),
        n=estimate.n,
        length=None if mean is None else percent(mean),
        low=None if mean is None or ends is None else percent(ends[0]),
        high=None if mean is None or ends is None else percent(ends[1]),
    )


def _aside(numbers: EstimateNumbers) -> str:
    if numbers.mean is None:
        return ""
    return f"{score(numbers.mean)} {interval(estimate_of(numbers))}, n = {numbers.n}".replace(" ,", ",")


def _kicker(board: Board, row: Row) -> str:
    if row.standing is not None:
        return f"Rank {row.standing.rank} of {len(board.ranked)}"
    return {
        "control": "A control: it has no rank",
        "withheld": "No headline, no rank",
        "replaced": "Replaced by a newer row: it has no rank",
    }[row.place]


def _range(row: Row) -> str:
    ends = row.standing.rank95 if row.standing else None
    return "" if ends is None else str(ends[0]) if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _weights(row: Row) -> str:
    model = row.submission.model
    parts = [
        "" if model.open_weights is None else "open" if model.open_weights else "closed",
        size_words(model.parameters_billion, ("billion parameters", "million parameters")),
    ]
    return ", ".join(part for part in parts if part)


def _notes(row: Row) -> tuple[str, ...]:
    model = row.submission.model
    found = list(model.notes)
    if model.trained_on_benchmark:
        found.append("Samples of this split, or renderings of the same families, were in the training data.")
    if row.submission.run.environments > 1:
        found.append(f"Records of {row.submission.run.environments} different software environments are mixed.")
    if row.submission.run.git_dirty:
        found.append("The code differed from its commit when the run was made.")
    return tuple(found)


def _metric(name: str, numbers: MetricNumbers) -> MetricLine:
    edit = estimate_of(numbers.edit)
    return MetricLine(
        name=name,
        edit=measure(edit.mean),
        interval=measured_interval(edit),
        source=ABSENT if numbers.source is None else measure(numbers.source.mean),
        delta=ABSENT if numbers.delta is None else signed(numbers.delta.mean),
        n=f"{edit.n} of {edit.n + numbers.failed}" if numbers.failed else str(edit.n),
    )


def _media_words(row: Row, sheets: Mapping[str, Preview | PreviewProblem]) -> str:
    edits = sum(sample.status in {Status.OK, Status.UNJUDGED} for sample in row.samples)
    shown = sum(isinstance(sheet, Preview) for sheet in sheets.values())
    if not sheets and not row.media.videos:
        return (
            "No picture of these edits lies beside the leaderboard: a submission holds the hashes of its videos, not "
            "the videos. Their scores, instructions and reasons are all here."
        )
    parts = [f"{shown} of {edits} edits are shown; move across one, or its slider, to run through its frames."]
    if row.media.videos:
        parts.append(f"{len(row.media.videos)} videos are linked.")
    return " ".join(parts)


def _facts(row: Row) -> tuple[tuple[str, str], ...]:
    s = row.submission
    packages = ", ".join(f"{name} {version}" for name, version in sorted(s.run.packages.items()))
    return _told(
        {
            "submission": s.submission_id,
            "replaces": s.supersedes or "",
            "model revision": s.model.revision,
            "editor": f"{s.generator.editor} {s.generator.version} {s.generator.revision}".strip(),
            "conditioning": s.generator.conditioning,
            "text given to the editor": s.generator.prompt_source,
            "seed": str(s.generator.seed),
            "hardware": s.generator.hardware,
            "judge": f"{s.judge.name} {s.judge.version}",
            "judge answered as": ", ".join(s.judge.returned_models),
            "judge's cost": f"${s.cost.judge_usd:.2f}" if s.cost.judge_usd else "",
            "run": s.run.run_id,
            "rvebench": s.run.rvebench,
            "commit": s.run.git_commit,
            "python": s.run.python,
            "packages": packages,
            "verdicts sha256": s.evidence.verdicts_sha256,
            "metrics sha256": s.evidence.metrics_sha256,
            "media sha256": s.evidence.media_sha256,
            "Merkle root": s.evidence.merkle_root,
        }
    )


def _told(pairs: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name, text in pairs.items() if text)


def _choices(values: list[str]) -> tuple[tuple[str, str], ...]:
    return tuple((value, label(value)) for value in dict.fromkeys(values))
