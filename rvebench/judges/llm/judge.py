"""The judge that asks a model: questions out, one verdict back, and never a number that was not said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from rvebench.errors import VideoError
from rvebench.judges.llm.frames import SHARED_FRAMES, EncodedFrames
from rvebench.judges.llm.messages import Exhibit, Style, ask, ask_again, show
from rvebench.judges.llm.prompts import PromptSet, Wording, prompt_digest
from rvebench.judges.llm.questions import Questionnaire, questionnaire
from rvebench.judges.llm.spec import LlmSpec
from rvebench.llm import ChatRequest, RefusedError, Reply, TokenUsage, TransportError
from rvebench.llm.faults import LostReplyError, RejectedError
from rvebench.llm.ports import Asker
from rvebench.llm.structured import Malformed, Parsed, Question, parse_scores
from rvebench.records import JudgeInfo, Usage, Verdict
from rvebench.taxonomy import Criterion, Status, Subset
from rvebench.video import Comparison

__all__ = ["LlmJudge", "label_of"]

_VERSION = "1"
_AT_ONCE = 32

Round = tuple[Question, ...]


def label_of(model: str) -> str:
    """Returns what kind of evidence such a judge's scores are."""
    return f"a VLM's opinion ({model}), not human"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """How one round of questions ended: parsed, or a reason."""

    parsed: Parsed | None = None
    reason: str = ""
    """Empty where it was not put, another one having failed."""


@dataclass(slots=True)
class _Log:
    """Every reply of one round, in order, and what they cost."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    usage: TokenUsage = field(default_factory=TokenUsage)
    cost_usd: float = 0.0
    unpriced: int = 0
    models: list[str] = field(default_factory=list)

    def add_unpriced(self, usage: TokenUsage) -> None:
        """Counts a call that was billed without a reply; only the client knows at what price."""
        self.usage += usage
        self.unpriced += 1


class LlmJudge:
    """Shows frames to a model behind a chat service and reads its scores.

    Args:
        spec: which model, shown what, asked how.
        asker: the client; it retries, caches and counts the money.
        provider: who is asked: `openai`, or the host of another base URL.
        repeat: which of several independent verdicts; repeats share no cached reply and their records never merge.
        store: where encoded frames are kept.
        on_close: closes the client.

    A reply that cannot be read is answered once with what was wrong with it; after that, after a refusal, and after a
    fault that outlived the client's retries, the sample is unjudged, with every reply as it came. What would stop every
    other question too (`FatalCallError`, `OutageError`, `BudgetError`) is not caught here: it must end the run.
    """

    def __init__(
        self,
        spec: LlmSpec,
        asker: Asker,
        *,
        provider: str = "openai",
        repeat: int = 0,
        store: EncodedFrames = SHARED_FRAMES,
        on_close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.spec = spec
        self._asker = asker
        self._provider = provider
        self._repeat = repeat
        self._store = store
        self._on_close = on_close
        self._prompts: dict[tuple[Subset, Wording], PromptSet] = {}

    @cached_property
    def info(self) -> JudgeInfo:
        """The judge's description, with every option that decides a verdict."""
        settings = {**self.spec.settings, "provider": self._provider}
        if self._repeat:
            settings["repeat"] = str(self._repeat)
        return JudgeInfo(
            name=self.spec.name,
            version=_VERSION,
            model=self.spec.model,
            frame_plan_sha256=self.spec.frame_plan.digest,
            prompt_sha256=self._prompt_sha256,
            settings=settings,
            needs=("target",) if self._shows_target else (),
            paid=True,
            label=label_of(self.spec.model),
            reads=self.spec.reads,
        )

    @property
    def at_once(self) -> int:
        """How many verdicts to have under way: most have one call under way each, and hold encoded frames meanwhile."""
        return self.spec.wire.concurrency or _AT_ONCE

    def repeated(self, repeat: int) -> LlmJudge:
        """Returns the judge that gives the verdict number `repeat`, from 0, over the same client."""
        return LlmJudge(
            self.spec,
            self._asker,
            provider=self._provider,
            repeat=repeat,
            store=self._store,
            on_close=self._on_close,
        )

    async def aclose(self) -> None:
        """Closes the client's connections."""
        if self._on_close is not None:
            await self._on_close()

    def requests(self, comparison: Comparison) -> tuple[ChatRequest, ...]:
        """Returns the requests that a verdict begins with, for estimates and batches; nothing is sent.

        Empty where the judge cannot judge the comparison.

        Raises:
            VideoError: the editor's window ends after the source does.
        """
        asked = self._questionnaire(comparison)
        if isinstance(asked, str):
            return ()
        exhibit, wording = self._show(comparison), self._wordings[0]
        prompts = self._prompts_of(asked, wording)
        return tuple(ask(exhibit, questions, prompts, self._style) for questions in asked.rounds(self.spec.calls))

    async def judge(self, comparison: Comparison) -> Verdict:
        """Returns the verdict; unjudged, with a reason and the raw replies, where there is none.

        Raises:
            FatalCallError: no question can be answered like this.
            OutageError: the service is down.
            BudgetError: the next call could cost more than is left.
        """
        sample_id = comparison.sample.id
        asked = self._questionnaire(comparison)
        if isinstance(asked, str):
            return Verdict(sample_id=sample_id, status=Status.UNJUDGED, reason=asked)
        try:
            exhibit = await asyncio.to_thread(self._show, comparison)
        except VideoError as error:
            return Verdict(sample_id=sample_id, status=Status.UNJUDGED, reason=str(error))
        del comparison  # what is encoded is all that is needed; decoded frames are not held while the service thinks
        rounds = asked.rounds(self.spec.calls)
        logs = [_Log() for _ in rounds]
        outcomes = await self._put_all(rounds, exhibit, asked, logs)
        return _verdict(sample_id, asked, rounds, outcomes, logs)

    # --- what is fixed for all comparisons -------------------------------------------------------------------------

    @property
    def _shows_target(self) -> bool:
        return self.spec.reference == "yes"

    @property
    def _wordings(self) -> tuple[Wording, ...]:
        by_option: dict[str, tuple[Wording, ...]] = {
            "plain": ("plain",),
            "neutral": ("neutral",),
            "plain+neutral": ("plain", "neutral"),
        }
        return by_option[self.spec.wording]

    @cached_property
    def _prompt_sha256(self) -> str:
        asked = (self._questions_for(subset) for subset in (Subset.RAVE, Subset.ICVG))
        return prompt_digest(
            [self._prompts_of(one, wording) for one in asked if one is not None for wording in self._wordings]
        )

    @cached_property
    def _style(self) -> Style:
        return Style(
            provider=self._provider,
            model=self.spec.model,
            sampling=self.spec.sampling,
            with_schema=self.spec.schema != "none",
            prompt_sha256=self._prompt_sha256,
            repeat=self._repeat,
        )

    def _questions_for(self, subset: Subset) -> Questionnaire | None:
        return questionnaire(self.spec.preset, subset, reference=self._shows_target)

    def _prompts_of(self, asked: Questionnaire, wording: Wording) -> PromptSet:
        key = (asked.subset, wording)
        if key not in self._prompts:
            self._prompts[key] = asked.prompts(self.spec.calls, wording)
        return self._prompts[key]

    # --- one comparison --------------------------------------------------------------------------------------------

    def _questionnaire(self, comparison: Comparison) -> Questionnaire | str:
        """Returns what is asked, or why the judge cannot judge this."""
        asked = self._questions_for(comparison.sample.subset)
        if asked is None:
            return f"the preset {self.spec.preset} has no questions for samples of {comparison.sample.subset.value}"
        if self._shows_target and comparison.target is None:
            return "the sample has no target video to show as the reference"
        return asked

    def _show(self, comparison: Comparison) -> Exhibit:
        return show(
            comparison,
            self.spec.frame_plan,
            layout=self.spec.layout,
            told=self.spec.told == "yes",
            reference=self._shows_target,
            store=self._store,
        )

    async def _put_all(
        self, rounds: Sequence[Round], exhibit: Exhibit, asked: Questionnaire, logs: Sequence[_Log]
    ) -> list[_Outcome]:
        """Puts the first round alone, so that a service that keeps beginnings has the frames when the others come.

        Where it fails, there will be no verdict, and the others are not paid for.
        """
        first = await self._put(rounds[0], exhibit, asked, logs[0])
        if first.parsed is None:
            return [first, *(_Outcome() for _ in rounds[1:])]
        others = (
            self._put(questions, exhibit, asked, log) for questions, log in zip(rounds[1:], logs[1:], strict=True)
        )
        outcomes = [first]
        # Waits for all even where one raises: replies on their way are paid for, and accepted ones are kept.
        for outcome in await asyncio.gather(*others, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
            outcomes.append(outcome)
        return outcomes

    async def _put(self, questions: Round, exhibit: Exhibit, asked: Questionnaire, log: _Log) -> _Outcome:
        """Puts one round, in each wording until one is not refused."""
        refused = ""
        for wording in self._wordings:
            prompts = self._prompts_of(asked, wording)
            try:
                return await self._ask_twice(questions, exhibit, prompts, log, wording)
            except RefusedError as error:
                refused = str(error)
                log.entries.append({"asks": _keys(questions), "wording": wording, "refused": refused})
                if error.usage is not None:
                    log.add_unpriced(error.usage)
            except (TransportError, RejectedError) as error:
                if isinstance(error, LostReplyError):
                    log.add_unpriced(error.usage or TokenUsage())
                return _Outcome(reason=f"no answer: {error}")
        return _Outcome(reason=f"refused: {refused}")

    async def _ask_twice(
        self, questions: Round, exhibit: Exhibit, prompts: PromptSet, log: _Log, wording: Wording
    ) -> _Outcome:
        request = ask(exhibit, questions, prompts, self._style)
        reply, read = await self._ask(request, questions, log, wording)
        if isinstance(read, Parsed):
            return _Outcome(parsed=read)
        first = _explain(read, reply, self.spec.max_tokens)
        request = ask_again(request, reply, first, questions, prompts, self._style)
        reply, read = await self._ask(request, questions, log, wording)
        if isinstance(read, Parsed):
            return _Outcome(parsed=read)
        again = _explain(read, reply, self.spec.max_tokens)
        return _Outcome(reason=f"the reply cannot be read ({first}), and neither can the one to the re-ask ({again})")

    async def _ask(
        self, request: ChatRequest, questions: Round, log: _Log, wording: Wording
    ) -> tuple[Reply, Parsed | Malformed]:
        reply = await self._asker.ask(request)
        read = parse_scores(reply.text, questions)
        log.usage += reply.usage
        log.cost_usd += reply.cost_usd
        log.unpriced += not reply.is_priced
        log.models.append(reply.returned_model)
        entry: dict[str, Any] = {
            "asks": _keys(questions),
            "wording": wording,
            "request": request.digest,
            "model": reply.returned_model,
            "fingerprint": reply.fingerprint,
            "finish": reply.finish_reason,
            "cached": reply.from_cache,
            "text": reply.text,
        }
        if reply.meta:
            entry["notes"] = dict(reply.meta)  # a cost that is not known, a setting that the service does not take
        if isinstance(read, Malformed):
            entry["malformed"] = read.reason
        else:
            await self._asker.accept(request, reply)
        log.entries.append(entry)
        return reply, read


def _keys(questions: Round) -> str:
    return ",".join(question.key for question in questions)


def _explain(malformed: Malformed, reply: Reply, max_tokens: int) -> str:
    if reply.finish_reason == "length":
        return f"{malformed.reason}; it was cut off after {max_tokens} tokens"
    return malformed.reason


def _verdict(
    sample_id: str, asked: Questionnaire, rounds: Sequence[Round], outcomes: Sequence[_Outcome], logs: Sequence[_Log]
) -> Verdict:
    usage = sum((log.usage for log in logs), TokenUsage())
    models = sorted({model for log in logs for model in log.models if model})
    entries = [entry for log in logs for entry in log.entries]
    verdict = Verdict(
        sample_id=sample_id,
        status=Status.UNJUDGED,
        returned_model=", ".join(models),
        raw=_writable(json.dumps(entries, ensure_ascii=False)) if entries else "",
        usage=Usage(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_usd=sum(log.cost_usd for log in logs),
            unpriced=sum(log.unpriced for log in logs),
        ),
    )
    parsed = [outcome.parsed for outcome in outcomes if outcome.parsed is not None]
    if len(parsed) < len(rounds):
        reasons = [
            outcome.reason if len(rounds) == 1 else f"{_keys(questions)}: {outcome.reason}"
            for questions, outcome in zip(rounds, outcomes, strict=True)
            if outcome.reason
        ]
        return replace(verdict, reason="; ".join(reasons))
    answer = asked.read(parsed)
    scores: dict[Criterion, float] = dict(answer.scores)
    return replace(verdict, status=Status.OK, scores=scores, rationale=answer.rationale, measures=answer.measures)


def _writable(text: str) -> str:
    # A lone surrogate from a reply would not encode; as a JSON escape it says the same.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
