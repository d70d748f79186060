"""The lines of evidence: one record for each kind, and a row's evidence as it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, NamedTuple

from pydantic import Field

from rvebench.leaderboard.shapes import Number, Score, Sha256, Strict
from rvebench.taxonomy import Criterion, Status

__all__ = [
    "AnswerLine",
    "EditLine",
    "Evidence",
    "MediaLine",
    "MetricLine",
    "PartLine",
    "SampleLine",
    "UsageLine",
    "VerdictLine",
    "WindowLine",
]

SampleId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}$")]
_Count = Annotated[int, Field(ge=0)]
_Text = Annotated[str, Field(max_length=4000)]


class UsageLine(Strict):
    """What the judge's calls used."""

    input_tokens: _Count = 0
    output_tokens: _Count = 0
    usd: Annotated[Number, Field(ge=0.0)] = 0.0
    unpriced: _Count = 0


class WindowLine(Strict):
    """The frames of the source that the editor consumed (:class:`rvebench.records.Window`)."""

    start: _Count
    stride: Annotated[int, Field(ge=1)]
    count: Annotated[int, Field(ge=1)]
    fps: Annotated[Number, Field(gt=0.0)]


class EditLine(Strict):
    """How the edit of one sample ended."""

    status: Status
    """ok, failed, refused, timeout or missing."""
    reason: _Text = ""
    frames_sha256: Sha256 | None = None
    """Of the decoded frames, so that another container changes nothing; only of an edit that is there."""
    frames: _Count = 0
    width: _Count = 0
    height: _Count = 0
    fps: Annotated[Number, Field(ge=0.0)] = 0.0
    wall_s: Annotated[Number, Field(ge=0.0)] = 0.0
    usd: Annotated[Number, Field(ge=0.0)] | None = None
    model_id: _Text = ""
    window: WindowLine | None = None
    """None: the whole source."""


class AnswerLine(Strict):
    """One answer of a judge."""

    status: Status
    """ok or unjudged."""
    scores: Mapping[Criterion, Score] = {}
    rationale: Mapping[Criterion, str] = {}
    reason: _Text = ""
    returned_model: Annotated[str, Field(max_length=500)] = ""
    raw: str = ""
    usage: UsageLine = UsageLine()
    measures: Mapping[str, Number] = {}


class PartLine(AnswerLine):
    """One judge's one repeat, inside the verdict that was made of all."""

    judge: Annotated[str, Field(max_length=200)]
    repeat: _Count


class VerdictLine(AnswerLine):
    """The verdict on one edit."""

    parts: tuple[PartLine, ...] = ()
    """Empty where the judge was asked once."""


class SampleLine(Strict):
    """One sample's evidence."""

    sample: SampleId
    edit: EditLine
    verdict: VerdictLine | None = None
    """None where there is no edit to judge."""

    @property
    def status(self) -> Status:
        """ok, or why there is no score."""
        if self.edit.status is not Status.OK:
            return self.edit.status
        return self.verdict.status if self.verdict else Status.UNJUDGED

    @property
    def reason(self) -> str:
        """Why the edit failed, or was not judged."""
        return self.edit.reason or (self.verdict.reason if self.verdict else "")


class MetricLine(Strict):
    """One metric of one edit."""

    sample: SampleId
    metric: Annotated[str, Field(max_length=120)]
    digest: Sha256
    """Of all that decides a value of the metric."""
    value: Number | None
    source_value: Number | None = None
    weight: Annotated[Number, Field(ge=0.0)] = 1.0
    reason: _Text = ""


class MediaLine(NamedTuple):
    """The file of one edit."""

    sample: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The evidence of one row, as it was read: nothing in it is checked beyond its shape."""

    lines: tuple[SampleLine, ...]
    metrics: tuple[MetricLine, ...] = ()
    media: tuple[MediaLine, ...] = ()

    @cached_property
    def by_sample(self) -> Mapping[str, SampleLine]:
        """The first line of each sample."""
        found: dict[str, SampleLine] = {}
        for line in self.lines:
            found.setdefault(line.sample, line)
        return found
