"""Sets the traps: shows a judge every case of every sample and writes down what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from rvebench.judges.doctor.traps import Answer, Case, cases_for
from rvebench.judges.ladder import Staged, rung_comparison, stage_sample
from rvebench.judges.protocol import Judge
from rvebench.judges.sound import repeat_of, sound_verdict
from rvebench.llm.faults import BudgetError, FatalCallError
from rvebench.records import Sample, Verdict
from rvebench.taxonomy import Status
from rvebench.video import Clip, Comparison

__all__ = ["cases_of", "question_judge", "stranger_to"]

_GREY = 128
_PRAISE = "correct-edit-10-of-10"
_AT_ONCE_PAID = 8

Make = Callable[[], Comparison]


async def question_judge(
    judge: Judge,
    samples: Sequence[Sample],
    *,
    stage: Callable[[Sample, Sample], Staged] = stage_sample,
    samples_at_once: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Answer, ...]:
    """Returns the judge's answer to every case of every sample; a case without a verdict is among them.

    Args:
        judge: the judge.
        samples: of the rendered world, at least two.
        stage: brings a sample into memory, and another one to take a wrong target from.
        samples_at_once: in memory; each holds about a dozen clips.
        progress: called with (done, total) verdicts.

    Raises:
        FatalCallError, BudgetError: nothing more can be asked; verdicts under way were waited for.
        UsageError: a sample is not one of the rendered world.
        VideoError: a sample's video cannot be read.
    """
    room = asyncio.Semaphore(samples_at_once)
    turns = asyncio.Semaphore(samples_at_once * (_AT_ONCE_PAID if judge.info.paid else 1))
    again = repeat_of(judge, 1)
    wanted = _rungs() | cases_for(judge.info.reads)
    halted: list[FatalCallError | BudgetError] = []
    done = 0

    async def ask(sample: Sample, case: str, make: Make) -> Answer | None:
        nonlocal done
        async with turns:
            if halted:
                return None
            comparison = await asyncio.to_thread(make)
            try:
                verdict = await sound_verdict(again if case == Case.AGAIN.value else judge, comparison)
            except (FatalCallError, BudgetError) as error:
                halted.append(error)
                return None
        done += 1
        if progress is not None:
            progress(done, len(samples) * len(wanted))
        return _answer(sample, case, verdict)

    async def one(index: int) -> list[Answer | None]:
        sample, other = samples[index], stranger_to(samples, index)
        async with room:
            if halted:
                return []
            staged = await asyncio.to_thread(stage, sample, other)
            chosen = ((case, make) for case, make in cases_of(staged, other) if case in wanted)
            return await asyncio.gather(*(ask(sample, case, make) for case, make in chosen))

    found = await asyncio.gather(*(one(index) for index in range(len(samples))))
    if halted:
        raise halted[0]
    return tuple(answer for answers in found for answer in answers if answer is not None)


def stranger_to(samples: Sequence[Sample], index: int) -> Sample:
    """Returns the next sample of another reasoning type, of the same subset if there is one, to swap things with."""
    sample = samples[index]
    others = [samples[(index + step) % len(samples)] for step in range(1, len(samples))]
    unlike = [other for other in others if other.reasoning_type is not sample.reasoning_type]
    alike = [other for other in unlike if other.subset is sample.subset]
    return (alike or unlike or others)[0]


def cases_of(staged: Staged, other: Sample) -> Iterator[tuple[str, Make]]:
    """Yields every case of one sample: its name, and a function that makes what is shown.

    Args:
        staged: the sample.
        other: lends names and words.
    """
    from rvebench.sim.ladder import RUNGS, rung_of

    def rung(name: str) -> Make:
        return lambda: rung_comparison(staged, rung_of(name))

    for one in RUNGS:
        yield one.name, rung(one.name)
    yield Case.AGAIN.value, rung("half")
    shown = staged.shown
    copy = replace(shown, edit=shown.source)
    yield Case.BLANK.value, lambda: replace(shown, edit=_blank_like(shown.source))
    # A judge that compares with the target is told what the shot would be had nothing happened: the source it lacks.
    nothing_happened = shown.counterfactual or shown.source
    yield (
        Case.SWAPPED.value,
        lambda: replace(shown, source=shown.edit, edit=shown.source, counterfactual=nothing_happened),
    )
    yield Case.RENAMED_TARGET.value, lambda: replace(shown, sample=_renamed(shown.sample, other.id))
    yield Case.RENAMED_COPY.value, lambda: replace(copy, sample=_renamed(shown.sample, _PRAISE))
    yield Case.OTHER_WORDS.value, lambda: replace(shown, sample=_reworded(shown.sample, other))


def _rungs() -> frozenset[str]:
    from rvebench.sim.ladder import RUNGS

    return frozenset(rung.name for rung in RUNGS)


def _answer(sample: Sample, case: str, verdict: Verdict) -> Answer:
    return Answer(
        sample.id,
        case,
        dict(verdict.scores) if verdict.status is Status.OK else None,
        verdict.reason,
        verdict.returned_model,
        verdict.usage.cost_usd,
        verdict.usage.unpriced,
    )


def _blank_like(clip: Clip) -> Clip:
    return Clip(frames_THWC=np.full_like(clip.frames_THWC, _GREY), fps=clip.fps, pts_s=clip.pts_s)


def _renamed(sample: Sample, name: str) -> Sample:
    """Returns the same sample under another name; no file stands behind the new paths."""

    def path(role: str, old: Path | None) -> Path | None:
        return None if old is None else old.with_name(f"{name}.{role}{old.suffix}")

    return replace(
        sample,
        id=name,
        source=sample.source.with_name(f"{name}.source{sample.source.suffix}"),
        target=path("target", sample.target),
        mask=path("mask", sample.mask),
        counterfactual=path("counterfactual", sample.counterfactual),
        provenance="",
        group="",
    )


def _reworded(sample: Sample, other: Sample) -> Sample:
    return replace(
        sample,
        instruction=other.instruction,
        literal_instruction=other.literal_instruction,
        expected_outcome=other.expected_outcome,
        preserve=other.preserve,
    )
