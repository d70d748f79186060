"""Samples of a few pixels, an honest judge that knows them by heart, and the ways in which it can cheat."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rvebench.judges import Judge
from rvebench.judges.doctor import Answer, Examination, Limits, evaluate, question_judge
from rvebench.judges.ladder import Staged
from rvebench.records import Evidence, JudgeInfo, Sample, Verdict
from rvebench.sim.ladder import RUNGS, LadderClips, rung_frames
from rvebench.taxonomy import Criterion, ReasoningType, Status, Subset, criteria_for
from rvebench.video import Clip, Comparison, Frames

GRADES = {rung.name: rung.grades for rung in RUNGS}
Scores = dict[Criterion, float]

_KINDS = (
    (Subset.RAVE, ReasoningType.TEMPORAL),
    (Subset.RAVE, ReasoningType.SPATIAL),
    (Subset.ICVG, ReasoningType.CAMERA),
    (Subset.ICVG, ReasoningType.CAUSAL),
)


def clip_of(frames: Frames) -> Clip:
    return Clip(frames_THWC=frames.copy(), fps=8.0, pts_s=np.arange(len(frames)) / 8)


def noise(*seed: int) -> Frames:
    return np.random.default_rng(seed).integers(60, 190, (5, 8, 12, 3), dtype=np.uint8)


def a_sample(number: int) -> Sample:
    subset, kind = _KINDS[number % len(_KINDS)]
    return Sample(
        id=f"sample-{number}",
        subset=subset,
        reasoning_type=kind,
        source=Path(f"sample-{number}.source.mp4"),
        target=Path(f"sample-{number}.target.mp4"),
        instruction=f"instruction {number}",
    )


SAMPLES = tuple(a_sample(number) for number in range(8))


def stage(sample: Sample, other: Sample) -> Staged:
    number = SAMPLES.index(sample)
    source, target = noise(number, 0), noise(number, 1)
    drawn = {"half": noise(number, 2), "wrong": noise(number, 3)}
    mask = np.zeros_like(target)
    mask[:, :4] = 255
    shown = Comparison(sample=sample, source=clip_of(source), edit=clip_of(target), target=clip_of(target))
    other_target = noise(SAMPLES.index(other), 1)
    return Staged(
        shown, LadderClips(source=source, target=target, draw=drawn.__getitem__, other=other_target, mask=mask)
    )


class Known(NamedTuple):
    """What the honest judge finds out about a comparison."""

    sample: Sample
    rung: str
    """Empty for what is no rung."""
    swapped: bool
    right_words: bool
    name: str
    repeat: int


def _key(frames: Frames) -> int:
    return zlib.crc32(frames.tobytes())


def _by_heart() -> tuple[dict[int, Sample], dict[int, Sample], dict[tuple[str, int], str]]:
    sources, targets, rungs = {}, {}, {}
    for number, sample in enumerate(SAMPLES):
        sources[_key(noise(number, 0))] = sample
        targets[_key(noise(number, 1))] = sample
        for other in SAMPLES:
            if other is not sample:
                clips = stage(sample, other).clips
                for rung in RUNGS:
                    rungs[sample.id, _key(rung_frames(rung, sample.id, clips))] = rung.name
    return sources, targets, rungs


_SOURCES, _TARGETS, _RUNGS = _by_heart()


def honest(known: Known) -> Scores:
    """Returns what a perfect judge would say."""
    if not known.rung and not known.swapped:
        return dict.fromkeys(Criterion, 0.0)
    scores = dict(GRADES["no-op"] if known.swapped else GRADES[known.rung])
    if not known.right_words:
        scores[Criterion.EA] = 0.0
    return scores


@dataclass
class ByHeart:
    """Judges as `answer` says; None is no verdict."""

    answer: Callable[[Known], Scores | Exception | None] = honest
    reads: tuple[Evidence, ...] = ("instruction", "frames")
    repeat: int = 0
    asked: list[Known] = field(default_factory=list)

    @property
    def info(self) -> JudgeInfo:
        return JudgeInfo(name="by-heart", version="1", reads=self.reads, label="a test's")

    def repeated(self, repeat: int) -> ByHeart:
        return ByHeart(self.answer, self.reads, repeat, self.asked)

    async def judge(self, shown: Comparison) -> Verdict:
        first, second = _key(shown.source.frames_THWC), _key(shown.edit.frames_THWC)
        swapped = first not in _SOURCES
        sample = _TARGETS[first] if swapped else _SOURCES[first]
        known = Known(
            sample=sample,
            rung="" if swapped else _RUNGS.get((sample.id, second), ""),
            swapped=swapped,
            right_words=shown.sample.instruction == sample.instruction,
            name=shown.sample.id,
            repeat=self.repeat,
        )
        self.asked.append(known)
        found = self.answer(known)
        if isinstance(found, Exception):
            raise found
        if found is None:
            return Verdict(sample_id=shown.sample.id, status=Status.UNJUDGED, reason="no answer")
        scores = {criterion: found[criterion] for criterion in criteria_for(shown.sample.subset)}
        return Verdict(sample_id=shown.sample.id, status=Status.OK, scores=scores, returned_model="by-heart-1")


def questioned(judge: Judge, samples: Sequence[Sample] = SAMPLES) -> tuple[Answer, ...]:
    return asyncio.run(question_judge(judge, samples, stage=stage))


def examined(judge: Judge, samples: Sequence[Sample] = SAMPLES, limits: Limits | None = None) -> Examination:
    answers = questioned(judge, samples)
    return evaluate(answers, reads=judge.info.reads, grades=GRADES, limits=limits or Limits(), resamples=20)


def failed(examination: Examination) -> set[str]:
    return {finding.trap for finding in examination.findings if finding.outcome == "fail"}


def outcomes(examination: Examination) -> Mapping[str, str]:
    return {finding.trap: finding.outcome for finding in examination.findings}
