"""The nouns that pass between rooms: samples, edit requests and results, verdicts, metric values.

All are frozen; none opens a file. What belongs to pixels (:class:`rvebench.video.Clip`) lives in `video/`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from rvebench.taxonomy import Criterion, ReasoningType, Status, Subset

__all__ = [
    "EditRequest",
    "EditResult",
    "EditorInfo",
    "Evidence",
    "JudgeInfo",
    "MetricInfo",
    "MetricValue",
    "Need",
    "PromptKind",
    "Sample",
    "Track",
    "Usage",
    "Verdict",
    "VerdictPart",
    "Window",
    "canonical_json",
    "digest_of",
]

PromptKind = Literal["instruction", "target_caption"]
"""What text an editor was trained on: an instruction ("imagine dusk"), or a caption of the target video."""

Track = Literal["direct", "rewriter", "thinking"]
"""How an editor came to its edit: as it is, behind a text rewriter, or with reasoning of its own."""

Need = Literal["mask", "target", "other", "counterfactual"]
"""What a request must carry beyond source and instruction. `target` and `other` are for controls only."""

Evidence = Literal["instruction", "expected_outcome", "frames", "target", "mask", "counterfactual"]
"""What a judge looks at. `frames` are the source's and the edit's; `expected_outcome` takes in the preserve list."""

_EMPTY: Mapping[str, str] = MappingProxyType({})


def canonical_json(value: object) -> str:
    """Returns one fixed text for a JSON value: sorted keys, no spaces, no NaN.

    Raises:
        ValueError: the value holds NaN or an infinity.
        TypeError: the value is not JSON.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(value: object) -> str:
    """Returns the sha256 (64 hex digits) of a JSON value's canonical text."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The frames of the source that an editor really consumed.

    Frame `i` of the edit shows the moment of source frame `start + i * stride * fps_ratio` only when the editor kept
    the length; pairing is the frame plan's work (:class:`rvebench.video.FramePlan`).
    """

    start: int
    """Index of the first source frame consumed, from 0."""
    stride: int
    """Source frames per consumed frame, at least 1."""
    count: int
    """How many source frames were consumed, at least 1."""
    fps: float
    """Frames a second of the consumed sequence."""

    def __post_init__(self) -> None:
        if self.start < 0 or self.stride < 1 or self.count < 1 or not self.fps > 0:
            raise ValueError(f"not a window of a video: {self}")

    def as_json(self) -> dict[str, float]:
        """Returns the four fields for a journal line."""
        return {"start": int(self.start), "stride": int(self.stride), "count": int(self.count), "fps": float(self.fps)}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One benchmark item. Paths are absolute; hashes are of decoded frames, so that re-muxing changes nothing."""

    id: str
    """Unique in its split: letters, digits, `.`, `_`, `-`, at most 120; safe as a file name."""
    subset: Subset
    reasoning_type: ReasoningType
    source: Path
    instruction: str
    """What the editor is told: it implies the outcome and does not name it."""
    target: Path | None = None
    literal_instruction: str | None = None
    """The same edit said outright."""
    expected_outcome: str | None = None
    """What a correct edit shows, for judges; never shown to an editor on the direct track."""
    preserve: tuple[str, ...] = ()
    """What must stay as it was."""
    mask: Path | None = None
    """Video or image, white where the edit should change the source; in a following shot, where the outcome shows."""
    counterfactual: Path | None = None
    """The target's shot had nothing happened: its camera and time with the source's outcome. Absent where the source
    itself shows that."""
    fps: float | None = None
    """Declared frames a second of the source, if the manifest says."""
    licence: str = "NOASSERTION"
    """SPDX expression for the pixels."""
    provenance: str = ""
    group: str = ""
    """Samples with the same group share a source; bootstrap resamples groups. Empty: the source's frame hash."""
    frames_sha256: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    """Frame hashes by role: `source`, `target`, `mask`, `counterfactual`."""

    @cached_property
    def digest(self) -> str:
        """sha256 of everything that decides a score on this sample; no path is part of it."""
        return digest_of(
            {
                "id": self.id,
                "subset": self.subset.value,
                "reasoning_type": self.reasoning_type.value,
                "instruction": self.instruction,
                "literal_instruction": self.literal_instruction,
                "expected_outcome": self.expected_outcome,
                "preserve": list(self.preserve),
                "frames_sha256": dict(self.frames_sha256),
            }
        )

    @property
    def cluster(self) -> str:
        """The unit of resampling: samples of one source rise and fall together."""
        return self.group or self.frames_sha256.get("source", self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorInfo:
    """What an editor says of itself; everything here is part of a run's identity."""

    name: str
    version: str
    """Version of the adapter or of the command specification."""
    revision: str = ""
    """What was run: checkpoint revision, model id with date, or a digest of the specification."""
    prompt_kind: PromptKind = "instruction"
    needs: tuple[Need, ...] = ()
    max_frames: int | None = None
    sizes: tuple[tuple[int, int], ...] = ()
    """Sizes (width, height) the model accepts; empty: any."""
    deterministic: bool = False
    """Same request, same frames, on one machine."""
    seeded: bool = True
    """The request's seed reaches the model."""
    track: Track = "direct"
    paid: bool = False
    """Each edit costs money: its journal line is made durable at once."""
    prompt_source: str = "instruction"
    """Which text of the sample is passed on: `instruction`, `literal` or `expected_outcome`."""
    notes: tuple[str, ...] = ()
    """What a reader of the scores must know ("wants a target caption"), shown in the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRequest:
    """One edit to make."""

    sample_id: str
    source: Path
    """The source video, absolute."""
    instruction: str
    subset: Subset
    seed: int
    out: Path
    """Where the editor puts its video; the parent folder exists, the file does not."""
    window: Window | None = None
    """The frames to consume, when the run fixes them; else the editor chooses and declares."""
    mask: Path | None = None
    target: Path | None = None
    """Only for an editor whose `needs` has `target`: the control."""
    other: Path | None = None
    """Only for an editor whose `needs` has `other`: the target (or source) of another sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditResult:
    """How one request ended."""

    sample_id: str
    status: Status
    video: Path | None = None
    """The produced video when `status` is ok; any container PyAV reads."""
    window: Window | None = None
    """The source frames really consumed; None: the whole source, paired by time."""
    reason: str = ""
    """Why there is no video, one sentence."""
    wall_s: float = 0.0
    cost_usd: float | None = None
    model_id: str = ""
    """The model as the service or checkpoint names it."""
    meta: Mapping[str, str] = field(default_factory=lambda: _EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a judge's calls used. Zeros for judges that call nothing."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    """Of the calls whose price is known; a reply from a cache costs nothing."""
    unpriced: int = 0
    """Calls that cost an amount nobody knows: it is not in `cost_usd`."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=self.cost_usd + other.cost_usd,
            unpriced=self.unpriced + other.unpriced,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeInfo:
    """What a judge says of itself; its digest is part of every verdict's key."""

    name: str
    version: str
    model: str = ""
    """The model asked for; the returned one stands in each verdict."""
    frame_plan_sha256: str = ""
    prompt_sha256: str = ""
    settings: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    needs: tuple[Need, ...] = ()
    paid: bool = False
    label: str = ""
    """What kind of evidence the scores are, shown beside every table."""
    reads: tuple[Evidence, ...] = ("instruction", "frames")
    """What the verdict depends on: `rvebench judge doctor` sets only traps that could be seen."""

    @property
    def digest(self) -> str:
        """sha256 of all that decides a verdict."""
        return digest_of(
            {
                "name": self.name,
                "version": self.version,
                "model": self.model,
                "frame_plan": self.frame_plan_sha256,
                "prompt": self.prompt_sha256,
                "settings": dict(self.settings),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictPart:
    """One of the verdicts that a panel's verdict was made from, whole."""

    judge: str
    """Its name on the panel."""
    repeat: int = 0
    """Which of several independent verdicts of that judge, from 0."""
    status: Status
    scores: Mapping[Criterion, float] = field(default_factory=dict)
    """Empty unless ok."""
    rationale: Mapping[Criterion, str] = field(default_factory=dict)
    reason: str = ""
    returned_model: str = ""
    raw: str = ""
    usage: Usage = field(default_factory=Usage)
    measures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One judge's answer on one sample."""

    sample_id: str
    status: Status
    """ok, or unjudged with a reason. A refusal of the judge is unjudged too: it says nothing of the edit."""
    scores: Mapping[Criterion, float] = field(default_factory=dict)
    """0..10 for each criterion that applies; empty unless ok."""
    rationale: Mapping[Criterion, str] = field(default_factory=dict)
    reason: str = ""
    returned_model: str = ""
    raw: str = ""
    """The judge's reply as it came."""
    usage: Usage = field(default_factory=Usage)
    measures: Mapping[str, float] = field(default_factory=dict)
    """Intermediate numbers the scores were computed from, by name."""
    parts: tuple[VerdictPart, ...] = ()
    """Of a panel: every judge's every repeat, those that failed too. `usage` is their sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricInfo:
    """What a metric says of itself; its digest is part of every value's key."""

    name: str
    version: str
    weights_sha256: str = ""
    higher_is_better: bool = True
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    settings: Mapping[str, str] = field(default_factory=lambda: _EMPTY)

    @property
    def digest(self) -> str:
        """sha256 of all that decides a value."""
        return digest_of(
            {
                "name": self.name,
                "version": self.version,
                "weights": self.weights_sha256,
                "settings": dict(self.settings),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricValue:
    """One metric on one edit; the same measure of the source stands beside it where it has a meaning."""

    sample_id: str
    metric: str
    status: Status
    """ok or failed."""
    value: float | None = None
    source_value: float | None = None
    """The metric of the source's own frames: a frozen output beats it, which is not a merit."""
    reason: str = ""
    weight: float = 1.0
    """How many terms (pairs of frames, say) the value is the mean of: benchmarks that pool terms over videos weigh by
    it."""
    details: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    """What a reader of the value must know: the text compared with, how much of it was read, the frames used."""
