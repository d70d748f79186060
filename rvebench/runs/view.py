"""A run as its readers see it: what the report, the tables and the comparisons are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rvebench.records import MetricValue, Sample, Verdict, Window
from rvebench.scoring import Summary
from rvebench.taxonomy import Status

__all__ = ["RunHeader", "RunView", "SampleOutcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHeader:
    """What decides every number of a run, for the top of a page or table."""

    run_id: str
    """Short digest of the run's identity."""
    model: str
    """The editor as the user named it."""
    split: str
    judge: str
    """Empty when the run is not judged."""
    judge_label: str
    """What kind of evidence the scores are."""
    formula: str
    seed: int
    facts: Mapping[str, str]
    """The manifest's other entries in reading order: versions, hashes, frame plan, window, editor notes."""
    notes: tuple[str, ...] = ()
    """What a reader must know before trusting the numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOutcome:
    """One sample: how its edit ended and what was said of it."""

    sample: Sample
    status: Status
    """ok, failed, refused, timeout, missing; unjudged when the edit is there and the judge failed."""
    reason: str = ""
    overall: float | None = None
    """The formula on this sample's criteria, 0..10; 0 for a missing, failed or refused edit; None when unjudged."""
    verdict: Verdict | None = None
    metrics: tuple[MetricValue, ...] = ()
    window: Window | None = None
    video: Path | None = None
    """The normalised edit, when there is one."""
    preview: Path | None = None
    """The contact sheet, when there is one; its name tells its rows and columns (`runs.scorer.preview_path`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A whole run, re-derived from the files of its directory."""

    directory: Path
    header: RunHeader
    outcomes: tuple[SampleOutcome, ...]
    """In the split's order."""
    summary: Summary
