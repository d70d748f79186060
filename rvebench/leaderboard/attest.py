"""Attestations: who judged a part of a row again, which part, and what came of it.

A tenth of the samples is drawn by a seed that nobody could know when the row was made: the id of a commit that has the
row in it already. An attestation is a file named after its own hash; it names the row by its Merkle root, so that it
fits no other.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from rvebench.errors import DataError
from rvebench.leaderboard.evidence import VERDICTS_NAME
from rvebench.leaderboard.gitbase import contains
from rvebench.leaderboard.lines import SampleId
from rvebench.leaderboard.rows import ATTESTATIONS, Row
from rvebench.leaderboard.shapes import Day, FolderName, Name, Score, Sha256, Strict, Words
from rvebench.leaderboard.submission import SUBMISSION_NAME, Submission, Tier, explain
from rvebench.leaderboard.tracks import TrackRules
from rvebench.records import canonical_json
from rvebench.scoring import get_formula
from rvebench.storage import atomic_write_bytes
from rvebench.taxonomy import Criterion, Status

__all__ = [
    "SHARE",
    "Attestation",
    "Rejudged",
    "check_tier",
    "draw",
    "judged_samples",
    "mean_difference",
    "tier_of",
    "write_attestation",
]

SHARE = 0.1
"""Of the judged samples, that are judged again."""
_TOLERANCE = 1e-9


class Rejudged(Strict):
    """One sample, judged again."""

    sample: SampleId
    status: Status
    """ok or unjudged: the second time."""
    reason: Words = ""
    scores: Mapping[Criterion, Score] = {}


class Attestation(Strict):
    """What somebody found out about a row, or says of it."""

    schema_id: Literal["rve-attestation/1"] = "rve-attestation/1"
    kind: Literal["rejudge", "maintainer-run"]
    """A tenth judged again; or a run that a maintainer made from start to end."""
    track: Name
    submission_id: FolderName
    merkle_root: Sha256
    by: Name
    created: Day
    rvebench: Name
    judge_digest: Sha256
    seed_commit: Annotated[str, Field(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})?$")] = ""
    """The commit that drew the samples; empty for a maintainer's run."""
    share: Annotated[float, Field(gt=0.0, le=1.0)] = SHARE
    samples: tuple[Rejudged, ...] = ()
    mean_abs_difference: Annotated[float, Field(ge=0.0, le=10.0)] | None = None
    """Of the formula's score, between the recorded verdict and the new one, over the samples that have both."""
    note: Words = ""


def draw(seed_commit: str, submission: Submission, judged: Sequence[str], share: float = SHARE) -> tuple[str, ...]:
    """Returns the samples to judge again: those whose hash with the seed and the row is lowest.

    Args:
        seed_commit: a commit id.
        submission: the row.
        judged: samples with a verdict.
        share: of them; at least one is drawn.
    """

    def order(name: str) -> str:
        return hashlib.sha256(
            canonical_json([seed_commit, submission.evidence.merkle_root, submission.submission_id, name]).encode()
        ).hexdigest()

    return tuple(sorted(judged, key=order)[: max(1, math.ceil(share * len(judged)))]) if judged else ()


def mean_difference(row: Row, again: Sequence[Rejudged], rules: TrackRules) -> float | None:
    """Returns the mean absolute difference between the recorded scores and the new ones; None: no sample has both.

    Raises:
        DataError: scores are not those that apply.
    """
    assert row.samples is not None and row.evidence is not None
    formula = get_formula(rules.formula)
    found = []
    for entry in again:
        line = row.evidence.by_sample.get(entry.sample)
        if entry.status is not Status.OK or line is None or line.verdict is None or line.status is not Status.OK:
            continue
        subset = row.samples[entry.sample].subset
        before = formula.score(subset, line.verdict.scores, where=entry.sample)
        found.append(abs(formula.score(subset, entry.scores, where=entry.sample) - before))
    return math.fsum(found) / len(found) if found else None


def judged_samples(row: Row) -> list[str]:
    """Returns the samples of a row that have a verdict, in the split's order."""
    assert row.samples is not None and row.evidence is not None
    lines = row.evidence.by_sample
    return [name for name in row.samples if name in lines and lines[name].status is Status.OK]


def write_attestation(attestation: Attestation, folder: Path) -> str:
    """Writes an attestation into a row's folder, named after its hash; returns the name.

    Raises:
        StorageError: it cannot be written.
    """
    content = f"{canonical_json(attestation.model_dump(mode='json'))}\n".encode()
    name = f"{hashlib.sha256(content).hexdigest()[:12]}.json"
    (folder / ATTESTATIONS).mkdir(exist_ok=True)
    atomic_write_bytes(folder / ATTESTATIONS / name, content)
    return name


def tier_of(attestations: Sequence[Attestation]) -> Tier:
    """Returns the tier that sound attestations give a row."""
    kinds = {attestation.kind for attestation in attestations}
    return "maintainer-run" if "maintainer-run" in kinds else "reproduced" if "rejudge" in kinds else "self-reported"


def check_tier(row: Row, *, root: Path | None) -> None:
    """Notes a tier without attestation, and attestations that do not say what they must.

    Args:
        row: with its submission read.
        root: the leaderboard's folder in a git repository, to see that a seed's commit has the row; None: not looked.
    """
    submission = row.submission
    if submission is None:
        return
    sound: list[Attestation] = []
    folder = row.folder / ATTESTATIONS
    there = sorted(path.name for path in folder.glob("*.json")) if folder.is_dir() and not folder.is_symlink() else []
    for name in sorted({*there, *submission.attestations}):
        if name not in submission.attestations or name not in there:
            lacks = "is not named in submission.json" if name in there else "is not there"
            row.add("tier.attestation", f"the attestation {lacks}", file=f"{ATTESTATIONS}/{name}")
            continue
        before = len(row.findings)
        attestation = _read(row, submission, name)
        if attestation is not None and row.evidence is not None and row.samples is not None and row.rules is not None:
            _check_rejudge(row, submission, attestation, name, row.rules, root)
        if attestation is not None and len(row.findings) == before:
            sound.append(attestation)
    if submission.tier != tier_of(sound):
        row.add(
            "tier.unattested",
            f"the tier is {submission.tier!r}, and its attestations give {tier_of(sound)!r}",
            file=SUBMISSION_NAME,
        )


def _read(row: Row, submission: Submission, name: str) -> Attestation | None:
    path = row.folder / ATTESTATIONS / name
    if path.is_symlink() or not path.is_file():
        return None
    content = path.read_bytes()
    file = f"{ATTESTATIONS}/{name}"
    if hashlib.sha256(content).hexdigest()[:12] != name.removesuffix(".json"):
        row.add("tier.attestation", "the file is not the one that its name is the hash of", file=file)
        return None
    try:
        attestation = Attestation.model_validate_json(content)
    except ValidationError as error:
        row.add("tier.attestation", explain(error), file=file)
        return None
    for what, ours, theirs in (
        ("track", attestation.track, submission.track),
        ("row", attestation.submission_id, submission.submission_id),
        ("Merkle root", attestation.merkle_root, submission.evidence.merkle_root),
        ("judge's digest", attestation.judge_digest, submission.judge.digest),
    ):
        if ours != theirs:
            row.add("tier.attestation", f"the {what} is {ours[:12]}, and the row's {theirs[:12]}", file=file)
            return None
    return attestation


def _check_rejudge(
    row: Row, submission: Submission, attestation: Attestation, name: str, rules: TrackRules, root: Path | None
) -> None:
    if attestation.kind != "rejudge":
        return
    file = f"{ATTESTATIONS}/{name}"
    drawn = draw(attestation.seed_commit, submission, judged_samples(row))
    if not attestation.seed_commit or tuple(entry.sample for entry in attestation.samples) != drawn:
        row.add("tier.seed", f"the seed {attestation.seed_commit[:12] or 'none'} draws other samples", file=file)
        return
    if root is not None:
        path = row.folder / VERDICTS_NAME
        shown = path.relative_to(root).as_posix()
        if not re.fullmatch(r"[0-9a-f]+", attestation.seed_commit) or not contains(
            root, attestation.seed_commit, shown, path.read_bytes()
        ):
            row.add(
                "tier.seed", f"the seed's commit {attestation.seed_commit[:12]} does not have these verdicts", file=file
            )
            return
    try:
        again = mean_difference(row, attestation.samples, rules)
    except DataError as error:
        row.add("tier.attestation", str(error), file=file)
        return
    said = attestation.mean_abs_difference
    if again is None or said is None or abs(again - said) > _TOLERANCE:
        shown_again, shown_said = ("none" if value is None else f"{value:g}" for value in (again, said))
        row.add(
            "tier.attestation", f"the mean difference is {shown_said}, and the verdicts give {shown_again}", file=file
        )
    elif again > rules.noise_band:
        row.add("tier.band", f"the mean difference is {again:g}, and the track's band {rules.noise_band:g}", file=file)
