"""What can be wrong with a row: a stable code for each kind, and a finding that says what, where and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

from rvebench.errors import EXIT_CORRUPT, EXIT_COVERAGE

__all__ = ["CODES", "Code", "Finding"]


class Code(NamedTuple):
    """One kind of fault."""

    held: str
    """What every row is held to."""
    todo: str
    """What to do where it does not hold."""
    exit_code: int = EXIT_CORRUPT


_PACK = "pack the run again with `rvebench submit`"
_RESTORE = "restore the file as `rvebench submit` wrote it"

CODES: Mapping[str, Code] = MappingProxyType(
    {
        "layout.name": Code("a row's folder is submissions/TRACK/YYYYMMDD_SLUG", "rename the folder, or remove it"),
        "layout.missing": Code("every file of a row is there", _PACK),
        "layout.extra": Code("a row's folder holds its own files and no other", "remove the file"),
        "layout.link": Code("a row is made of plain files and folders", "put the file itself in its place"),
        "layout.size": Code("no file is larger than the track allows", "shorten it, or ask for another track"),
        "layout.bomb": Code("no file unpacks to more than the track allows", _RESTORE),
        "layout.damaged": Code("evidence is whole lines under zstandard", _RESTORE),
        "path.unsafe": Code("ids and names hold no folder", "use the sample ids of the split"),
        "text.markup": Code("texts hold no markup and no invisible character", "write it as plain text"),
        "text.unfilled": Code("the README says how the model edits and what it was trained on", "write it"),
        "schema.submission": Code("submission.json is of the schema", _PACK),
        "schema.evidence": Code("each line of evidence is of the schema", _RESTORE),
        "identity.folder": Code("folder, id, track and day agree", "rename the folder, or pack the run again"),
        "identity.supersedes": Code("what a row replaces is an older row of its track", "name a row of the track"),
        "track.unknown": Code("the track is in tracks.toml", "use the name of a track"),
        "track.closed": Code("the track takes submissions", "wait until it opens, or choose another"),
        "pin.split": Code("the split is the track's", "run the split that the track names"),
        "pin.judge": Code("the judge is the track's", "judge the run as the track says"),
        "pin.prompt": Code("the judge's prompt is the track's", "judge the run as the track says"),
        "pin.frame-plan": Code("the judge saw the frames that the track says", "judge the run as the track says"),
        "pin.repeats": Code("each edit was judged as often as the track says", "judge the run as the track says"),
        "pin.formula": Code("the formula is the track's", _PACK),
        "pin.seed": Code("the intervals' seed is the track's", _PACK),
        "pin.conditioning": Code("the editor was told what the track allows", "submit to the track it belongs to"),
        "coverage.dropped": Code("every sample of the split is there", "put its line back: a sample is never left out"),
        "coverage.doubled": Code("each sample is there once", "remove the line that is not the run's"),
        "coverage.unknown": Code("every sample is one of the split", "remove its line"),
        "coverage.verdict": Code("each edit that is there has a verdict, and no other has", _RESTORE),
        "coverage.repeat": Code("each verdict holds every repeat of the judge once", "judge the run as the track says"),
        "coverage.metric": Code("a metric is the track's, and measured once on each edit", _RESTORE),
        "coverage.media": Code("media.sha256 names the edits that are there, each once", _RESTORE),
        "budget.failed": Code(
            "no more edits lack than the track allows", "edit them again with --retry-failed", EXIT_COVERAGE
        ),
        "budget.unjudged": Code(
            "no more edits are unjudged than the track allows", "judge them again with --retry-failed", EXIT_COVERAGE
        ),
        "numbers.verdict": Code("a verdict's scores are those that apply, and follow from its repeats", _RESTORE),
        "numbers.coverage": Code("the counts are those of the evidence", _PACK),
        "numbers.mean": Code("every mean is that of the evidence, to 1e-9", _PACK),
        "numbers.interval": Code("every interval is that of the evidence, to 1e-9", _PACK),
        "numbers.cost": Code("tokens, dollars and seconds are those of the evidence", _PACK),
        "hash.verdicts": Code("verdicts.jsonl.zst is the file that was hashed", _RESTORE),
        "hash.metrics": Code("metrics.jsonl.zst is the file that was hashed", _RESTORE),
        "hash.media": Code("media.sha256 is the file that was hashed", _RESTORE),
        "hash.merkle": Code("the samples' evidence hashes to the Merkle root", _RESTORE),
        "media.source": Code("edits are not their sources", "submit a run that edits, or a control as one"),
        "media.target": Code("edits are not their targets", "submit a run that edits, or a control as one"),
        "media.identical": Code("edits of different samples differ", "submit the edits of each sample"),
        "media.stolen": Code("edits are not those of another row", "name the row in `supersedes` if it is yours"),
        "numbers.constant": Code("verdicts differ between samples", "submit the verdicts as the judge gave them"),
        "base.changed": Code("a published row is not changed", "restore it, and submit a row that supersedes it"),
        "base.removed": Code("a published row is not removed unless another supersedes it", "restore the folder"),
        "base.track": Code("a published track keeps its pins", "restore them, and add a track with another name"),
        "tier.unattested": Code("a tier above self-reported has its attestation", "say self-reported, or attest it"),
        "tier.attestation": Code("an attestation is of this row, and says what it must", "attest the row again"),
        "tier.band": Code("a second judgement is within the track's noise band", "say self-reported"),
        "tier.seed": Code("the samples judged again are those that the seed draws", "attest the row again"),
    }
)
"""Every code with what it holds rows to. Codes do not change their meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault of one row."""

    code: str
    where: str
    """The file, or the row's folder, below the leaderboard's root."""
    what: str
    """What is wrong, one clause."""
    line: int | None = None
    severity: Literal["error", "warning"] = "error"

    @property
    def todo(self) -> str:
        """What to do about it."""
        return CODES[self.code].todo

    @property
    def sentence(self) -> str:
        """What is wrong, where, and what to do, in one sentence."""
        place = self.where if self.line is None else f"{self.where}:{self.line}"
        return f"{place}: {self.what}; {self.todo}."

    def as_json(self) -> dict[str, object]:
        """Returns the finding in plain JSON values."""
        return {
            "code": self.code,
            "severity": self.severity,
            "where": self.where,
            "line": self.line,
            "what": self.what,
            "todo": self.todo,
            "sentence": self.sentence,
        }
