"""A preference study's nouns, as `study.json` keeps them: samples, blinded media, trials, and people's answers.

A study folder holds::

    study.json      all that decides what each rater is shown; made once, never changed, named by its digest
    media/          blinded copies of sources and edits, named by digests that tell no method
    tokens.csv      one secret for each rater; readable by the owner alone, and no part of the digest
    answers.jsonl   what raters sent: consents, answers, remarks; only ever appended to

What a trial shows is a row of *entries*: methods by their id (`m1`, `m2`, ...) or one of the :data:`CONTROLS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from rvebench.records import digest_of
from rvebench.study.exclusion import Exclusion

__all__ = [
    "CONTROLS",
    "COPY",
    "NOISE",
    "SCHEMA",
    "TARGET",
    "Answer",
    "Check",
    "Consent",
    "Design",
    "Media",
    "Method",
    "Question",
    "Remark",
    "Rules",
    "Study",
    "StudySample",
    "Trial",
    "TrialKind",
]

SCHEMA = "rve-study/1"

Design = Literal["ranking", "pairwise", "likert"]
"""How people answer: an order of all entries (ties allowed), the better of two, or a score for each entry."""

TrialKind = Literal["main", "duplicate", "attention"]
"""Only `main` trials are evidence on methods; the other two are evidence on the rater."""

NOISE = "@noise"
"""The source drowned in noise: worse than any edit, on every criterion."""
COPY = "@copy"
"""The source untouched: as an edit, it does nothing."""
TARGET = "@target"
"""The sample's own target: the edit as it should be."""
CONTROLS = (NOISE, COPY, TARGET)

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.@-]{1,120}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
MediaName = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}\.mp4$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Question(_Strict):
    """One criterion, as raters read it."""

    id: Identifier
    """EA, PC, GN, GR as the judge's criteria, or another name such as `VQ`."""
    title: str
    """Two or three words."""
    text: str
    """The question in one sentence."""


class Method(_Strict):
    """One of the editing methods that are compared."""

    id: Identifier
    """`m1`, `m2`, ...: raters never see even that."""
    name: str
    """The editor, as reports name it."""
    run_id: str = ""
    """Of the run its edits were taken from."""
    left_out: int = 0
    """Samples of the pool that had no edit of this method and were left out for that (`--drop-missing`)."""


class Media(_Strict):
    """One file of `media/`."""

    name: MediaName
    sha256: Sha256
    """Of the file's bytes."""
    size_bytes: Annotated[int, Field(gt=0)]
    frames: Annotated[int, Field(gt=0)]
    fps: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]

    @property
    def duration_s(self) -> float:
        """Seconds to the end of the last frame."""
        return self.frames / self.fps


class StudySample(_Strict):
    """One sample with its source and every entry that some trial may show."""

    id: Identifier
    instruction: str
    subset: str
    category: str
    """Its reasoning type."""
    cluster: str
    """Samples that share one share a source: bootstraps resample clusters."""
    criteria: tuple[Identifier, ...] = Field(min_length=1)
    """The questions that apply: ICVG has no preservation."""
    source: Media
    entries: Mapping[Identifier, Media]
    """Method ids, all of them, and the controls that this sample has."""


class Check(_Strict):
    """What an attentive rater answers.

    It holds when `worse` is placed above none of `better` and below at least one of them, on each of `criteria`.
    """

    criteria: tuple[Identifier, ...] = Field(min_length=1)
    better: tuple[Identifier, ...] = Field(min_length=1)
    worse: Identifier


class Trial(_Strict):
    """One screen of one rater."""

    id: Identifier
    """Opaque, unique in the study."""
    rater: Identifier
    position: Annotated[int, Field(ge=0)]
    """Place in the rater's session, from 0."""
    kind: TrialKind
    sample: Identifier
    shown: tuple[Identifier, ...] = Field(min_length=1)
    """Entries from left to right (from top to bottom on a phone)."""
    repeats: Identifier | None = None
    """Of a duplicate: the id of the rater's earlier trial on the same sample and entries."""
    check: Check | None = None
    """Of an attention check: what is expected."""


class Rules(_Strict):
    """What all sessions have in common."""

    title: str
    introduction: tuple[str, ...]
    """Paragraphs that explain the task, before the first trial."""
    consent: tuple[str, ...]
    """Paragraphs a rater agrees to."""
    min_watch_s: Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)]
    """Seconds that the clips play, round and round, before a trial can be answered."""
    scale: tuple[int, int] = (1, 5)
    """Lowest and highest score of the Likert design; higher is better."""
    scale_words: tuple[str, str] = ("very bad", "very good")
    exclusion: Exclusion = Exclusion()
    """Whose answers the analysis leaves out; fixed before anybody answers."""

    @model_validator(mode="after")
    def _ordered(self) -> Rules:
        low, high = self.scale
        if not 0 <= low < high <= 10:
            raise ValueError(f"a scale of {low} to {high} is not within 0..10, lowest first")
        return self


class Study(_Strict):
    """All that decides what raters are shown. Two studies with one digest ask the same of the same people."""

    schema_id: Literal["rve-study/1"] = "rve-study/1"
    design: Design
    seed: Annotated[int, Field(ge=0)]
    questions: tuple[Question, ...] = Field(min_length=1)
    methods: tuple[Method, ...] = Field(min_length=1)
    samples: tuple[StudySample, ...] = Field(min_length=1)
    raters: tuple[Identifier, ...] = Field(min_length=1)
    trials: tuple[Trial, ...] = Field(min_length=1)
    """Rater by rater, in the order of their sessions."""
    rules: Rules

    @cached_property
    def digest(self) -> str:
        """sha256 of the whole record."""
        return digest_of(self.model_dump(mode="json"))

    @cached_property
    def sample_of(self) -> Mapping[str, StudySample]:
        """Samples by id."""
        return {sample.id: sample for sample in self.samples}

    @cached_property
    def trial_of(self) -> Mapping[str, Trial]:
        """Trials by id."""
        return {trial.id: trial for trial in self.trials}

    @cached_property
    def session_of(self) -> Mapping[str, tuple[Trial, ...]]:
        """Each rater's trials in the order they are shown."""
        found: dict[str, list[Trial]] = {rater: [] for rater in self.raters}
        for trial in self.trials:
            found[trial.rater].append(trial)
        return {rater: tuple(sorted(own, key=lambda trial: trial.position)) for rater, own in found.items()}

    @property
    def lower_is_better(self) -> bool:
        """Whether the numbers in answers are places (1 is best); else they are scores."""
        return self.design != "likert"

    @model_validator(mode="after")
    def _consistent(self) -> Study:
        for what, names in (
            ("question", [question.id for question in self.questions]),
            ("method", [method.id for method in self.methods]),
            ("sample", [sample.id for sample in self.samples]),
            ("rater", list(self.raters)),
            ("trial", [trial.id for trial in self.trials]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"a {what} is listed twice")
        asked = {question.id for question in self.questions}
        methods = {method.id for method in self.methods}
        entries = {sample.id: set(sample.entries) for sample in self.samples}
        for sample in self.samples:
            if not set(sample.criteria) <= asked or not methods <= entries[sample.id] <= methods | set(CONTROLS):
                raise ValueError(f"sample {sample.id} has other criteria or entries than the study")
        raters, known = set(self.raters), {trial.id for trial in self.trials}
        for trial in self.trials:
            if trial.rater not in raters or not set(trial.shown) <= entries.get(trial.sample, set()):
                raise ValueError(f"trial {trial.id} names a rater, sample or entry that the study lacks")
            if len(set(trial.shown)) != len(trial.shown) or (self.design == "pairwise" and len(trial.shown) != 2):
                raise ValueError(f"trial {trial.id} does not show what a {self.design} trial shows")
            if (trial.kind == "duplicate") != (trial.repeats in known) or (trial.kind == "attention") != bool(
                trial.check
            ):
                raise ValueError(f"trial {trial.id} is not what its kind says")
        return self


class Answer(_Strict):
    """One rater's answer to one trial, resolved to entries: no reader needs to know what stood left or right."""

    kind: Literal["answer"] = "answer"
    study: Sha256
    """Digest of the study it answers."""
    key: Identifier
    """Made by the rater's browser, once for each answer: a repeated post is not recorded twice."""
    rater: Identifier
    trial: Identifier
    values: Mapping[Identifier, Mapping[Identifier, int]]
    """By criterion, then by entry. Ranking and pairwise: the place, 1 the best, equal where tied (1, 1, 3 or 1, 1, 2
    say the same). Likert: the score."""
    both_bad: tuple[Identifier, ...] = ()
    """Pairwise: the criteria on which the rater called neither good; both have place 1 there."""
    shown: tuple[Identifier, ...]
    """Entries from left to right, as in the trial."""
    watched_s: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """Seconds that the clips were playing, by the browser."""
    elapsed_s: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """Seconds from the first showing of the trial to the answer, by the server's clock; pauses count."""
    replays: Annotated[int, Field(ge=0)] = 0
    at: str
    """UTC, ISO 8601."""


class Consent(_Strict):
    """A rater agreed to the consent text and began."""

    kind: Literal["consent"] = "consent"
    study: Sha256
    key: Identifier
    """As in an answer."""
    rater: Identifier
    at: str


class Remark(_Strict):
    """What a rater wrote at the end, in words; never shown on a page unescaped."""

    kind: Literal["remark"] = "remark"
    study: Sha256
    key: Identifier
    rater: Identifier
    text: Annotated[str, StringConstraints(min_length=1, max_length=4000)]
    at: str
