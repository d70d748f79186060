"""Several judges, or one judge asked several times, as one: every verdict is kept, and one number comes of them.

`--judge a,b --repeats 3` makes a panel of two judges asked three times each. Every judge has one voice, however often
it is asked: its repeats are reduced first, the judges' numbers after that, both by the same reducer.
"""

from __future__ import annotations

import asyncio
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from rvebench.errors import UnknownNameError, UsageError
from rvebench.judges.protocol import Judge
from rvebench.judges.sound import repeat_of, sound_verdict
from rvebench.records import JudgeInfo, Sample, Usage, Verdict, VerdictPart, digest_of
from rvebench.registry import nearest_names
from rvebench.scoring import spread_of
from rvebench.taxonomy import Criterion, Status, criteria_for
from rvebench.video import Comparison

if TYPE_CHECKING:
    from rvebench.llm import ChatRequest

__all__ = ["REDUCERS", "PanelJudge", "split_judges"]

REDUCERS: Mapping[str, Callable[[Sequence[float]], float]] = MappingProxyType(
    {"mean": statistics.fmean, "median": statistics.median, "worst": min}
)
"""How several scores on one criterion become one."""

_VERSION = "1"
_DIGITS = 6


class _Seat(NamedTuple):
    """One judge of the panel."""

    name: str
    """Unique on the panel."""
    judge: Judge


def split_judges(text: str) -> tuple[str, ...]:
    """Returns the judges' specs in `a,b?option=value,c`; a comma inside an option's value is written `%2C`.

    Raises:
        UsageError: one is empty.
    """
    specs = tuple(part.strip() for part in text.split(","))
    if len(specs) > 1 and not all(specs):
        raise UsageError(f"a judge is missing in {text!r}", hint="write judges with one comma between each two")
    return specs


class PanelJudge:
    """Asks every judge, and reduces their scores criterion by criterion.

    The panel's verdict is ok only where enough voices answered; a judge that did not is shown among the parts, and is
    never a number. A voice is a judge, which has answered when all its repeats have; on a panel of one judge every
    repeat is a voice.

    Args:
        judges: at least one.
        repeats: verdicts of each judge.
        reducer: one of :data:`REDUCERS`.
        quorum: voices that must answer; None: all. Below that, samples are scored by different judges.
        index: which of several independent panels of the same judges.

    Raises:
        UsageError: a number is out of range, the reducer is unknown, or a judge is there twice.
    """

    def __init__(
        self,
        judges: Sequence[Judge],
        *,
        repeats: int = 1,
        reducer: str = "mean",
        quorum: int | None = None,
        index: int = 0,
    ) -> None:
        if not judges:
            raise UsageError("a panel needs a judge")
        if repeats < 1:
            raise UsageError(f"--repeats {repeats} is below 1")
        if reducer not in REDUCERS:
            near = nearest_names(reducer, REDUCERS)
            offer = f"did you mean {near[0]}?" if near else f"use one of {', '.join(REDUCERS)}"
            raise UnknownNameError(f"unknown reducer {reducer!r}", hint=offer)
        self._seats = _seats(judges)
        self._repeats = repeats
        self._reducer = reducer
        self._voices = len(judges) if len(judges) > 1 else repeats
        self._quorum = self._voices if quorum is None else quorum
        if not 1 <= self._quorum <= self._voices:
            kind = "judges" if len(judges) > 1 else "repeats"
            raise UsageError(f"a quorum of {quorum} cannot be reached or failed by {self._voices} {kind}")
        self._index = index

    @cached_property
    def info(self) -> JudgeInfo:
        """The panel's description; it names every judge's digest, so that no two panels' records merge."""
        infos = [seat.judge.info for seat in self._seats]
        settings = {f"judge {seat.name}": seat.judge.info.digest for seat in self._seats}
        settings |= {"reducer": self._reducer, "quorum": str(self._quorum), "repeats": str(self._repeats)}
        if self._index:
            settings["repeat"] = str(self._index)
        return JudgeInfo(
            name="panel",
            version=_VERSION,
            model=", ".join(dict.fromkeys(info.model for info in infos if info.model)),
            frame_plan_sha256=_common(info.frame_plan_sha256 for info in infos),
            prompt_sha256=_common(info.prompt_sha256 for info in infos),
            settings=settings,
            needs=tuple(dict.fromkeys(need for info in infos for need in info.needs)),
            paid=any(info.paid for info in infos),
            label=self._label(),
            reads=tuple(dict.fromkeys(kind for info in infos for kind in info.reads)),
        )

    @property
    def judges(self) -> tuple[Judge, ...]:
        """The judges as they were given."""
        return tuple(seat.judge for seat in self._seats)

    @property
    def asked(self) -> tuple[Judge, ...]:
        """Who gives each of the verdicts: of every judge, every repeat."""
        return tuple(judge for _, _, judge in self._chairs)

    def repeated(self, repeat: int) -> PanelJudge:
        """Returns the panel number `repeat`, from 0, whose verdicts are independent of the others'."""
        return PanelJudge(self.judges, repeats=self._repeats, reducer=self._reducer, quorum=self._quorum, index=repeat)

    def requests(self, comparison: Comparison) -> tuple[ChatRequest, ...]:
        """Returns the requests that the judges behind a service begin with, for estimates; nothing is sent.

        Raises:
            VideoError: the editor's window ends after the source does.
        """
        found: list[ChatRequest] = []
        for _, _, judge in self._chairs:
            ask: Callable[[Comparison], Sequence[ChatRequest]] | None = getattr(judge, "requests", None)
            found += ask(comparison) if ask is not None else ()
        return tuple(found)

    async def judge(self, comparison: Comparison) -> Verdict:
        """Returns the panel's verdict with every judge's every verdict in it.

        Raises:
            FatalCallError: no question of one of the judges can be answered like this.
            BudgetError: the next call could cost more than is left.
        """
        chairs = self._chairs
        asked = [sound_verdict(judge, comparison) for _, _, judge in chairs]
        sample = comparison.sample
        del comparison  # held by the judges alone, as long as each of them needs it
        parts: list[VerdictPart] = []
        # Waits for all even where one raises: replies on their way are paid for, and accepted ones are kept.
        for (name, repeat, _), found in zip(chairs, await asyncio.gather(*asked, return_exceptions=True), strict=True):
            if isinstance(found, BaseException):
                raise found
            parts.append(_part(name, repeat, found))
        return self._reduced(sample, tuple(parts))

    async def aclose(self) -> None:
        """Closes the judges' connections."""
        for seat in self._seats:
            close = getattr(seat.judge, "aclose", None)
            if close is not None:
                await close()

    @cached_property
    def _chairs(self) -> tuple[tuple[str, int, Judge], ...]:
        """Name, repeat and judge of every verdict to be given."""
        return tuple(
            (seat.name, repeat, repeat_of(seat.judge, self._index * self._repeats + repeat))
            for seat in self._seats
            for repeat in range(self._repeats)
        )

    def _label(self) -> str:
        often = f", asked {self._repeats} times each" if self._repeats > 1 else ""
        if len(self._seats) == 1:
            seat = self._seats[0]
            return f"the {self._reducer} of {self._repeats} verdicts of {seat.name}: {seat.judge.info.label}"
        who = "; ".join(f"{seat.name}: {seat.judge.info.label or 'of unknown kind'}" for seat in self._seats)
        least = "" if self._quorum == self._voices else f", at least {self._quorum} of them"
        return f"the {self._reducer} of {len(self._seats)} judges{least}{often} ({who})"

    def _reduced(self, sample: Sample, parts: tuple[VerdictPart, ...]) -> Verdict:
        voices = [[part for part in parts if part.judge == seat.name] for seat in self._seats]
        if len(voices) == 1:
            counted = [[part for part in voices[0] if part.status is Status.OK]]
            answered = len(counted[0])
        else:
            counted = [voice for voice in voices if all(part.status is Status.OK for part in voice)]
            answered = len(counted)
        silent = [part for part in parts if part.status is not Status.OK]
        verdict = Verdict(
            sample_id=sample.id,
            status=Status.OK if answered >= self._quorum else Status.UNJUDGED,
            reason=self._why(answered, silent),
            returned_model=", ".join(dict.fromkeys(part.returned_model for part in parts if part.returned_model)),
            usage=sum((part.usage for part in parts), Usage()),
            parts=parts,
        )
        if verdict.status is not Status.OK:
            return verdict
        reduce = REDUCERS[self._reducer]
        scores: dict[Criterion, float] = {}
        measures: dict[str, float] = {}
        for criterion in criteria_for(sample.subset):
            values = [[part.scores[criterion] for part in voice] for voice in counted]
            scores[criterion] = reduce([reduce(repeats) for repeats in values])
            for name, deviation in spread_of(values)._asdict().items():
                if deviation is not None:
                    measures[f"{name}_{criterion.value}"] = round(deviation, _DIGITS)
        said = _said([part for voice in counted for part in voice], many=len(parts) > 1)
        return replace(verdict, scores=scores, rationale=said, measures=measures)

    def _why(self, answered: int, silent: Sequence[VerdictPart]) -> str:
        if not silent:
            return ""
        kind = "judges" if len(self._seats) > 1 else "repeats"
        reasons = "; ".join(f"{_called(part)}: {part.reason}" for part in silent)
        return f"{answered} of {self._voices} {kind} answered, {self._quorum} must: {reasons}"


def _seats(judges: Sequence[Judge]) -> tuple[_Seat, ...]:
    digests = Counter(judge.info.digest for judge in judges)
    for judge in judges:
        if digests[judge.info.digest] > 1:
            raise UsageError(
                f"the judge {judge.info.name!r} is on the panel twice", hint="ask it several times with --repeats"
            )
    names = Counter(judge.info.name for judge in judges)
    return tuple(_Seat(_seat_name(judge.info, alone=names[judge.info.name] == 1), judge) for judge in judges)


def _seat_name(info: JudgeInfo, *, alone: bool) -> str:
    return info.name if alone else f"{info.name} #{info.digest[:8]}"


def _common(hashes: Iterable[str]) -> str:
    """Returns the one hash that judges share, or a hash over all."""
    found = sorted({one for one in hashes if one})
    return digest_of(found) if len(found) > 1 else "".join(found)


def _part(name: str, repeat: int, verdict: Verdict) -> VerdictPart:
    return VerdictPart(
        judge=name,
        repeat=repeat,
        status=verdict.status,
        scores=verdict.scores,
        rationale=verdict.rationale,
        reason=verdict.reason,
        returned_model=verdict.returned_model,
        raw=verdict.raw,
        usage=verdict.usage,
        measures=verdict.measures,
    )


def _called(part: VerdictPart) -> str:
    return f"{part.judge} (repeat {part.repeat})" if part.repeat else part.judge


def _said(parts: Sequence[VerdictPart], *, many: bool) -> dict[Criterion, str]:
    """Returns who said what on each criterion."""
    found: dict[Criterion, str] = {}
    for criterion in Criterion:
        texts = [(part, part.rationale[criterion]) for part in parts if criterion in part.rationale]
        if texts:
            found[criterion] = "\n".join(
                f"{_called(part)}, {part.scores[criterion]:g}: {text}" if many else text for part, text in texts
            )
    return found
