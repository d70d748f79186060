"""`rvebench submit`: packs a finished run as a row. The same run and words give the same bytes."""

from __future__ import annotations

import hashlib
import re
import shutil
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import NamedTuple

from pydantic import ValidationError

from rvebench.errors import CoverageError, DataError, StorageError, UsageError
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
from rvebench.leaderboard.pins import pin_differences
from rvebench.leaderboard.runs import FinishedRun, day_of, generator_facts, judge_facts, read_finished, run_facts
from rvebench.leaderboard.submission import (
    CoverageNumbers,
    EvidenceHashes,
    GeneratorFacts,
    JudgeFacts,
    ModelFacts,
    RunFacts,
    Submission,
    explain,
    read_submission,
    write_submission,
)
from rvebench.leaderboard.tracks import TrackRules, Tracks
from rvebench.records import Sample
from rvebench.scoring import get_formula
from rvebench.storage import atomic_write_bytes, atomic_write_text

__all__ = ["README_NAME", "UNFILLED", "Packed", "Words", "build_submission", "pack_run", "slug_of", "write_folder"]

README_NAME = "README.md"
UNFILLED = "(to be filled in)"
"""What stands in a README where its author has not written yet: a row is not taken with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What only the submitter knows."""

    model_name: str = ""
    """Empty: what the editor calls itself."""
    slug: str = ""
    """Empty: made of the name."""
    organisation: str = ""
    url: str = ""
    revision: str = ""
    licence: str = ""
    open_weights: bool | None = None
    parameters_billion: float | None = None
    trained_on_benchmark: bool = False
    hardware: str = ""
    notes: tuple[str, ...] = ()
    method: str = ""
    """How the model edits; goes into the README."""
    training_data: str = ""
    """What the model was trained on; goes into the README."""
    supersedes: str | None = None
    created: str | None = None
    """A day; None: that of the run's last record."""


class Packed(NamedTuple):
    """A row that was packed."""

    folder: Path
    submission: Submission
    left_out: tuple[str, ...]
    """Metrics of the run that the track has no place for."""
    unfilled: bool
    """The README still lacks its author's words."""


def pack_run(
    directory: Path,
    track: str,
    words: Words,
    *,
    tracks: Tracks,
    out: Path,
    progress: Callable[[int, int], None] | None = None,
) -> Packed:
    """Writes `out/<track>/<day>_<slug>/` from a finished run.

    Args:
        directory: the run.
        track: the track's id.
        words: what the submitter says.
        tracks: of the leaderboard.
        out: the folder of submissions.
        progress: called with (done, total) as videos are checked.

    Raises:
        UnknownNameError: there is no such track.
        UsageError: the track is not open, the run is not one of it, or the folder is taken.
        CoverageError: the run is half-written, or more of it lacks than the track allows.
        DataError: the run is damaged.
        StorageError: the folder cannot be written.
    """
    rules = tracks.get(track)
    if rules.status != "open":
        raise UsageError(
            f"the track {track} is {rules.status}: it takes no submission",
            where=tracks.root,
            hint=f"open tracks: {', '.join(name for name, entry in tracks.rules.items() if entry.status == 'open')}",
        )
    run = read_finished(directory, rules, progress=progress)
    day = words.created or day_of(directory)
    if day is None:
        raise UsageError("a merged run has no day", where=directory, hint="say when it was made, as --date 2026-11-26")
    name = words.model_name or str(run.manifest.generation.editor.info.get("name", ""))
    slug = slug_of(words.slug or name)
    try:
        model = ModelFacts(
            name=name,
            kind="control" if run.control else "model",
            organisation=words.organisation,
            url=words.url,
            revision=words.revision,
            licence=words.licence,
            open_weights=words.open_weights,
            parameters_billion=words.parameters_billion,
            trained_on_benchmark=words.trained_on_benchmark,
            notes=words.notes,
        )
        generator, judge, facts = generator_facts(run, hardware=words.hardware), judge_facts(run), run_facts(run)
        _require_track(directory, track, rules, run, facts, judge, generator)
        submission = build_submission(
            track=track,
            rules=rules,
            samples=tracks.samples(track),
            evidence=run.evidence,
            folder=f"{day.replace('-', '')}_{slug}",
            day=day,
            model=model,
            generator=generator,
            run=facts,
            judge=judge,
            supersedes=words.supersedes,
        )
    except ValidationError as error:
        raise UsageError(
            f"the submission cannot say that: {explain(error)}", hint="change the option it is about"
        ) from None
    _require_budget(directory, track, rules, submission.coverage)
    readme = _readme(submission, rules, words)
    folder = write_folder(out / track / submission.submission_id, submission, run.evidence, readme=readme)
    kept = (folder / README_NAME).read_text(encoding="utf-8")
    return Packed(folder, submission, run.left_out, unfilled=UNFILLED in kept)


def slug_of(name: str) -> str:
    """Returns a name as a part of a path: lower-case letters, digits, dots and hyphens.

    Raises:
        UsageError: nothing of the name is left.
    """
    text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9.]+|\.{2,}", "-", text)
    slug = re.sub(r"-[-.]*-", "-", slug).strip("-.")[:60].strip("-.")
    if not slug:
        raise UsageError(f"no folder can be named after {name!r}", hint="give --slug with letters or digits")
    return slug


def build_submission(
    *,
    track: str,
    rules: TrackRules,
    samples: Mapping[str, Sample],
    evidence: Evidence,
    folder: str,
    day: str,
    model: ModelFacts,
    generator: GeneratorFacts,
    run: RunFacts,
    judge: JudgeFacts,
    supersedes: str | None = None,
) -> Submission:
    """Returns the row that evidence comes to, self-reported; a pure function of its arguments."""
    numbers = recompute(evidence, rules, samples)
    return Submission(
        track=track,
        submission_id=folder,
        created=day,
        supersedes=supersedes,
        model=model,
        generator=generator,
        run=run,
        judge=judge,
        formula=rules.formula,
        formula_digest=get_formula(rules.formula).digest,
        interval_seed=rules.interval_seed,
        coverage=numbers.coverage,
        scores=numbers.scores,
        cost=numbers.cost,
        evidence=EvidenceHashes(
            verdicts_sha256=hashlib.sha256(verdicts_bytes(evidence.lines)).hexdigest(),
            metrics_sha256=hashlib.sha256(metrics_bytes(evidence.metrics)).hexdigest(),
            media_sha256=hashlib.sha256(media_text(evidence.media).encode()).hexdigest(),
            merkle_root=merkle_root(evidence, samples),
        ),
    )


def write_folder(folder: Path, submission: Submission, evidence: Evidence, *, readme: str) -> Path:
    """Writes a row's folder; it appears whole. A README that is there already is its author's and stays.

    Raises:
        UsageError: the folder holds another row.
        StorageError: it cannot be written.
    """
    if folder.exists():
        _require_same(folder, submission)
    fresh = folder.with_name(f".{folder.name}.tmp")
    try:
        fresh.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        atomic_write_bytes(fresh / VERDICTS_NAME, verdicts_bytes(evidence.lines))
        atomic_write_bytes(fresh / METRICS_NAME, metrics_bytes(evidence.metrics))
        atomic_write_text(fresh / MEDIA_NAME, media_text(evidence.media))
        write_submission(submission, fresh)
        kept = folder / README_NAME
        atomic_write_text(fresh / README_NAME, kept.read_text(encoding="utf-8") if kept.is_file() else readme)
        if folder.exists():
            shutil.rmtree(folder)
        fresh.replace(folder)
    except OSError as error:
        raise StorageError(f"cannot be written: {error.strerror or error}", where=folder) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def _require_same(folder: Path, submission: Submission) -> None:
    try:
        there = read_submission(folder)
    except DataError:
        there = None
    if there is None or there.evidence != submission.evidence or there.tier != "self-reported":
        raise UsageError(
            "the folder holds another submission",
            where=folder,
            hint="choose another --slug, or remove it when it was never published",
        )


def _require_track(
    directory: Path,
    track: str,
    rules: TrackRules,
    run: FinishedRun,
    facts: RunFacts,
    judge: JudgeFacts,
    generator: GeneratorFacts,
) -> None:
    formula = get_formula(rules.formula)
    differences = pin_differences(
        rules,
        run=facts,
        judge=judge,
        generator=generator,
        formula=(formula.name, formula.digest),
        interval_seed=rules.interval_seed,
        control=run.control,
    )
    if differences:
        raise UsageError(
            f"the run is not one of track {track}: {'; '.join(difference.text for difference in differences)}",
            where=directory,
            hint="choose the track it was made for, or make the run as the track says",
        )


def _require_budget(directory: Path, track: str, rules: TrackRules, coverage: CoverageNumbers) -> None:
    lacking = coverage.failed + coverage.refused + coverage.missing
    for count, share, what, hint in (
        (coverage.unjudged, rules.budget.unjudged, "edits are not judged", "judge them again with --retry-failed"),
        (lacking, rules.budget.failed, "samples have no edit", "edit them again with --retry-failed"),
    ):
        if count > share * coverage.n:
            raise CoverageError(
                f"{count} of {coverage.n} {what}, and track {track} allows {int(share * coverage.n)}",
                where=directory,
                hint=hint,
            )


_README = Template("""# $name

$headline

## Method

$method

## Training data

$training

Samples of this benchmark, or renderings of the same families, in the training data: $trained.

## How the edits were made

| | |
|---|---|
| editor | $editor |
| conditioning | $conditioning |
| seed | $seed |
| hardware | $hardware |
| judge | $judge |

Every number of `submission.json` can be made again from the evidence beside it:
`rvebench leaderboard validate` does. In the run's folder of videos, `sha256sum -c media.sha256` checks the edits.
""")


def _readme(submission: Submission, rules: TrackRules, words: Words) -> str:
    mean = submission.headline
    interval = submission.scores.overall.ci95
    said = (
        "no score"
        if mean is None
        else f"{mean:.2f}" + (f" ({interval[0]:.2f} to {interval[1]:.2f})" if interval else "")
    )
    generator = submission.generator
    return _README.substitute(
        name=submission.model.name,
        headline=f"A {submission.model.kind} on the track {submission.track} ({rules.title}): {said} of 10.",
        method=words.method or UNFILLED,
        training=words.training_data or UNFILLED,
        trained="yes" if submission.model.trained_on_benchmark else "no",
        editor=f"{generator.editor} {generator.version} {generator.revision}".strip(),
        conditioning=generator.conditioning,
        seed=generator.seed,
        hardware=generator.hardware or "not said",
        judge=f"{submission.judge.name} {submission.judge.version}",
    )
