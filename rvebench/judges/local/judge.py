"""The judge `hf:MODEL`: the API judge's questions put to a model on this machine, and the soft reading beside them."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rvebench.errors import VideoError
from rvebench.judges.llm.frames import SHARED_FRAMES, EncodedFrames
from rvebench.judges.llm.judge import LlmJudge
from rvebench.judges.llm.messages import Style, ask, show
from rvebench.judges.llm.prompts import PromptSet, load_prompts, prompt_digest
from rvebench.judges.llm.questions import questionnaire
from rvebench.judges.local.asker import LocalAsker
from rvebench.judges.local.model import choose_device
from rvebench.judges.local.spec import PREFIX, LocalSpec, parse_local_spec
from rvebench.judges.local.weights import find_weights, require_libraries
from rvebench.llm.faults import RejectedError, TransportError
from rvebench.llm.structured import Question
from rvebench.records import JudgeInfo, Usage, Verdict, digest_of
from rvebench.taxonomy import Criterion, Status, Subset
from rvebench.video import Comparison

__all__ = ["LABEL", "LocalJudge", "build_local_judge", "yes_no_prompts"]

LABEL = "a local VLM's opinion, not human"

_VERSION = "1"
_DIGITS = 6


@dataclass(slots=True)
class _Soft:
    """The yes/no questions of one comparison, as far as they were read."""

    p_yes: dict[Criterion, float] = field(default_factory=dict)
    measures: dict[str, float] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    reason: str = ""
    """Why it ends before the last question."""


class LocalJudge:
    """Asks a vision-language model of transformers.

    Replies are greedy: the same frames get the same verdict on the same machine. A reply that is no verdict is answered
    once with what was wrong with it; after that, and where the model cannot take the question, the sample is unjudged.

    Args:
        spec: which model, asked how.
        store: where encoded frames are kept.

    Raises:
        UsageError: torch or transformers are missing, the weights are not here, the model takes no images, or the
            device is not there.
    """

    def __init__(self, spec: LocalSpec, *, store: EncodedFrames = SHARED_FRAMES) -> None:
        require_libraries(f"{PREFIX}{spec.model}")
        weights = find_weights(spec.model, spec.revision)
        device, dtype = choose_device(spec.device, spec.dtype)
        self.spec = spec
        self._store = store
        self._asking = spec.asking(weights.name)
        self._asker = LocalAsker(weights, device=device, dtype=dtype, constrain=spec.constrain)
        self._written = LlmJudge(self._asking, self._asker, provider="hf", store=store)
        self._yes_no = {subset: yes_no_prompts(subset) for subset in Subset}
        self._info = JudgeInfo(
            name=f"{PREFIX}{weights.name}",
            version=_VERSION,
            model=weights.name,
            frame_plan_sha256=self._asking.frame_plan.digest,
            prompt_sha256=self._prompts_sha256(),
            settings={**spec.settings, "weights": weights.identity, "device": device.partition(":")[0], "dtype": dtype},
            label=LABEL,
            reads=self._asking.reads,
        )
        self._repeat = 0

    @property
    def info(self) -> JudgeInfo:
        """The judge's description, with the weights' commit or hash."""
        return self._info

    def repeated(self, repeat: int) -> LocalJudge:
        """Returns the judge that gives the verdict number `repeat`, from 0, with the same loaded model.

        Replies are greedy, so that on one machine repeats differ in nothing but their records.
        """
        other = copy.copy(self)
        other._repeat = repeat
        other._written = self._written.repeated(repeat)
        settings = {name: value for name, value in self._info.settings.items() if name != "repeat"}
        other._info = replace(self._info, settings=settings | ({"repeat": str(repeat)} if repeat else {}))
        return other

    async def judge(self, comparison: Comparison) -> Verdict:
        """Returns the verdict; unjudged, with a reason, where there is none.

        Raises:
            FatalCallError: the model cannot be loaded.
        """
        if self.spec.reading == "hard":
            return await self._written.judge(comparison)
        soft = await self._read_soft(comparison)
        if self.spec.reading == "both":
            verdict = await self._written.judge(comparison)
            return _beside(verdict, soft)
        verdict = Verdict(
            sample_id=comparison.sample.id,
            status=Status.UNJUDGED if soft.reason else Status.OK,
            reason=soft.reason,
            returned_model=self._asker.returned_model,
        )
        if not soft.reason:
            verdict = replace(verdict, scores={key: round(10 * p, _DIGITS) for key, p in soft.p_yes.items()})
        return _beside(verdict, soft)

    async def aclose(self) -> None:
        """Lets the model go."""
        await self._asker.aclose()

    def _prompts_sha256(self) -> str:
        parts = []
        if self.spec.reading != "soft":
            parts.append(self._written.info.prompt_sha256)
        if self.spec.reading != "hard":
            parts.append(prompt_digest(list(self._yes_no.values())))
        return parts[0] if len(parts) == 1 else digest_of(parts)

    async def _read_soft(self, comparison: Comparison) -> _Soft:
        soft = _Soft()
        subset = comparison.sample.subset
        asked = questionnaire("rve", subset, reference=False)
        assert asked is not None, "the benchmark's own preset has questions for every subset"
        try:
            exhibit = await asyncio.to_thread(
                show,
                comparison,
                self._asking.frame_plan,
                layout=self._asking.layout,
                told=self._asking.told == "yes",
                reference=False,
                store=self._store,
            )
        except VideoError as error:
            soft.reason = str(error)
            return soft
        style = Style(
            provider="hf",
            model=self._asking.model,
            sampling=self._asking.sampling,
            with_schema=False,
            prompt_sha256=self._info.prompt_sha256,
            repeat=self._repeat,
        )
        for question in asked.questions:
            request = ask(exhibit, (question,), self._yes_no[subset], style)
            try:
                found = await self._asker.ask_yes_no(request)
            except (RejectedError, TransportError) as error:
                soft.reason = f"no answer: {error}"
                return soft
            _note(soft, question, found.reading._asdict(), request.digest)
            soft.usage += Usage(input_tokens=found.usage.input_tokens, output_tokens=1)
        return soft


def build_local_judge(text: str) -> LocalJudge:
    """Returns the judge behind `hf:MODEL?option=value&…`; its weights are found and not yet loaded.

    Raises:
        UsageError: see :class:`LocalJudge` and :func:`parse_local_spec`.
    """
    return LocalJudge(parse_local_spec(text))


def yes_no_prompts(subset: Subset) -> PromptSet:
    """Returns the texts that put a yes/no question for each criterion.

    Raises:
        DataError: one is missing or damaged.
    """
    asked = questionnaire("rve", subset, reference=False)
    assert asked is not None, "the benchmark's own preset has questions for every subset"
    folders = ("yesno/icvg", "yesno", "icvg") if subset is Subset.ICVG else ("yesno",)
    names = (question.key.lower() for question in asked.questions)
    return load_prompts(("preamble", "task", "label", *names, "single", "close"), folders)


def _note(soft: _Soft, question: Question, reading: Mapping[str, Any], digest: str) -> None:
    key = question.key
    soft.p_yes[Criterion(key)] = float(reading["p_yes"])
    soft.measures |= {
        f"soft_{key}": round(float(reading["p_yes"]), _DIGITS),
        f"hard_{key}": float(reading["hard"]),
        f"yes_no_mass_{key}": round(float(reading["mass"]), _DIGITS),
    }
    soft.entries.append({"asks": key, "reading": "yes/no", "request": digest, **reading})


def _beside(verdict: Verdict, soft: _Soft) -> Verdict:
    """Returns a verdict with the soft reading recorded in it."""
    entries = [*(json.loads(verdict.raw) if verdict.raw else []), *soft.entries]
    return replace(
        verdict,
        measures={**verdict.measures, **soft.measures},
        raw=json.dumps(entries, ensure_ascii=False) if entries else "",
        usage=verdict.usage + soft.usage,
    )
