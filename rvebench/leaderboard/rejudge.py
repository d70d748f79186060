"""Judges a seeded tenth of a row's edits again, with the track's own judge, and says how far the verdicts are apart."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import rvebench
from rvebench.errors import CoverageError, DataError, RveError, UsageError
from rvebench.judges import Judge
from rvebench.judges.sound import sound_verdict
from rvebench.leaderboard.attest import (
    Attestation,
    Rejudged,
    draw,
    judged_samples,
    mean_difference,
    tier_of,
    write_attestation,
)
from rvebench.leaderboard.evidence import VERDICTS_NAME
from rvebench.leaderboard.gitbase import contains, resolve
from rvebench.leaderboard.lines import EditLine
from rvebench.leaderboard.rows import Row
from rvebench.leaderboard.runs import tame
from rvebench.leaderboard.submission import Submission, write_submission
from rvebench.leaderboard.tracks import TrackRules
from rvebench.records import Sample, Window
from rvebench.scoring import get_formula
from rvebench.splits import Split, fingerprint_split, read_media, sample_files
from rvebench.taxonomy import Status
from rvebench.video import Clip, Comparison, fingerprint

__all__ = ["Difference", "Rejudgement", "attach", "pixels_of", "rejudge"]


class Difference(NamedTuple):
    """One sample's score, twice."""

    sample: str
    recorded: float
    again: float | None
    """None where the judge did not answer."""
    reason: str


class Rejudgement(NamedTuple):
    """What a second judgement came to."""

    attestation: Attestation
    differences: tuple[Difference, ...]
    within: bool
    """The mean difference is inside the track's noise band."""


async def rejudge(
    row: Row,
    judge: Judge,
    *,
    split: Split,
    media: Path,
    root: Path,
    seed_from: str,
    by: str,
    day: str,
    progress: Callable[[int, int | None], None] | None = None,
) -> Rejudgement:
    """Returns the second verdicts on the samples that a seed draws; nothing is written.

    Args:
        row: a row without findings.
        judge: the track's.
        split: the track's, with its videos.
        media: the folder of the row's edits, `SAMPLE.mp4`.
        root: the leaderboard's folder, in a git repository.
        seed_from: the revision whose commit id is the seed; it must have the row's verdicts already.
        by: who judges again.
        day: today.
        progress: called with (done, total).

    Raises:
        UsageError: the judge or the split is not the track's, or the revision does not have the row.
        DataError: a video is not the one that was judged.
        CoverageError: the judge answered for no sample.
    """
    submission, rules = row.submission, row.rules
    assert submission and rules and row.evidence and row.samples, "a row without findings has all four"
    if judge.info.digest != rules.judge.digest:
        raise UsageError(
            f"the judge here is {judge.info.name} {judge.info.version} with digest {judge.info.digest[:12]}…, and the "
            f"track fixes {rules.judge.digest[:12]}…",
            where=row.folder,
            hint="use the version of rvebench that the track was made with",
        )
    seed = resolve(root, seed_from)
    verdicts = row.folder / VERDICTS_NAME
    if not contains(root, seed, verdicts.relative_to(root).as_posix(), verdicts.read_bytes()):
        raise UsageError(
            f"the commit {seed[:12]} does not have this row, so its samples could have been chosen for it",
            where=row.folder,
            hint="take a revision into which the row was merged",
        )
    drawn = draw(seed, submission, judged_samples(row))
    pixels = {sample.id: sample for sample in split.samples}
    again = []
    for done, name in enumerate(drawn):
        if progress:
            progress(done, len(drawn))
        again.append(await _again(row, judge, name, pixels, media))
    if progress:
        progress(len(drawn), len(drawn))
    difference = mean_difference(row, again, rules)
    if difference is None:
        raise CoverageError(
            f"the judge answered for none of {len(drawn)} samples: {again[0].reason if again else 'none is judged'}",
            where=row.folder,
        )
    attestation = Attestation(
        kind="rejudge",
        track=submission.track,
        submission_id=submission.submission_id,
        merkle_root=submission.evidence.merkle_root,
        by=by,
        created=day,
        rvebench=rvebench.__version__,
        judge_digest=judge.info.digest,
        seed_commit=seed,
        samples=tuple(again),
        mean_abs_difference=difference,
    )
    return Rejudgement(attestation, _differences(row, again, rules), within=difference <= rules.noise_band)


def _differences(row: Row, again: Sequence[Rejudged], rules: TrackRules) -> tuple[Difference, ...]:
    assert row.samples is not None and row.evidence is not None
    formula = get_formula(rules.formula)
    found = []
    for entry in again:
        subset, verdict = row.samples[entry.sample].subset, row.evidence.by_sample[entry.sample].verdict
        assert verdict is not None, "only judged samples are drawn"
        new = formula.score(subset, entry.scores, where=entry.sample) if entry.status is Status.OK else None
        found.append(Difference(entry.sample, formula.score(subset, verdict.scores), new, entry.reason))
    return tuple(found)


async def _again(row: Row, judge: Judge, name: str, pixels: Mapping[str, Sample], media: Path) -> Rejudged:
    assert row.evidence is not None and row.samples is not None
    sample = pixels.get(name)
    if sample is None or sample.digest != row.samples[name].digest:
        raise UsageError(
            f"the split here has another sample {name}, or none", hint="use the split that the track names"
        )
    line = row.evidence.by_sample[name]
    files = {entry.sample: entry.sha256 for entry in row.evidence.media}
    edit = _edit(media / f"{name}.mp4", line.edit, files.get(name, ""))
    clips = {role: _clip(path, sample.frames_sha256.get(role)) for role, path in sample_files(sample).items()}
    window = line.edit.window
    verdict = await sound_verdict(
        judge,
        Comparison(
            sample=sample,
            source=clips["source"],
            edit=edit,
            window=None if window is None else Window(**window.model_dump()),
            target=clips.get("target"),
            mask=clips.get("mask"),
            counterfactual=clips.get("counterfactual"),
        ),
    )
    ok = verdict.status is Status.OK
    return Rejudged(
        sample=name,
        status=verdict.status,
        reason="" if ok else " ".join(tame(verdict.reason, 500).split()),
        scores=dict(verdict.scores) if ok else {},
    )


def _edit(path: Path, edit: EditLine, sha256: str) -> Clip:
    if not path.is_file():
        raise DataError("the edit is not there", where=path, hint="give the folder of videos of the run, as --media")
    clip = _clip(path, edit.frames_sha256)
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise DataError("the file is not the one that media.sha256 names", where=path)
    return clip


def _clip(path: Path, frames_sha256: str | None) -> Clip:
    try:
        clip = read_media(path)
    except RveError as error:
        raise DataError(f"cannot be decoded: {error.what}", where=path) from None
    if frames_sha256 and fingerprint(clip) != frames_sha256:
        raise DataError("the video has other frames than the one that was judged", where=path)
    return clip


def attach(row: Row, attestation: Attestation) -> Submission:
    """Writes an attestation into a row and raises its tier; returns the row as it is then.

    Raises:
        StorageError: a file cannot be written.
    """
    assert row.submission is not None
    name = write_attestation(attestation, row.folder)
    names = tuple(sorted({*row.submission.attestations, name}))
    rank = {"self-reported": 0, "reproduced": 1, "maintainer-run": 2}
    tier = max((row.submission.tier, tier_of([attestation])), key=rank.__getitem__)
    submission = row.submission.model_copy(update={"attestations": names, "tier": tier})
    write_submission(submission, row.folder)
    return submission


def pixels_of(split: Split, rules: TrackRules) -> Split:
    """Returns the split with its hashes, once it is the track's.

    Raises:
        UsageError: it is another.
    """
    hashed = fingerprint_split(split)
    if hashed.sha256 != rules.split_sha256:
        raise UsageError(
            f"the split {split.name} here hashes to {hashed.sha256[:12]}…, and the track fixes "
            f"{rules.split_sha256[:12]}…",
            where=split.path,
        )
    return hashed
