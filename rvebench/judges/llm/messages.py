"""From a comparison to chat requests: labelled frames, the request in words, the questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rvebench.judges.llm.frames import EncodedFrames
from rvebench.judges.llm.prompts import PromptSet
from rvebench.llm import ChatMessage, ChatRequest, ImagePart, JsonSchema, Reply, Sampling, TextPart
from rvebench.llm.messages import Part
from rvebench.llm.structured import Question, answer_schema
from rvebench.taxonomy import Subset
from rvebench.video import Clip, Comparison, FramePlan

__all__ = ["Exhibit", "Layout", "ShownFrame", "Style", "ask", "ask_again", "show"]

Layout = Literal["interleaved", "runs"]
"""Each edit frame after its source frame, or all source frames and then all edit frames."""

_MOST_QUOTED = 6000
"""Characters of an unreadable reply that are put before the model again: any verdict fits, endless text does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFrame:
    """One image with what its label says."""

    role: Literal["source", "edit", "reference"]
    number: int
    """From 1."""
    count: int
    """Frames the whole video has."""
    time_s: float
    image: ImagePart


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """Everything about one comparison that a judge is shown, whatever it is asked."""

    frames: tuple[ShownFrame, ...]
    facts: Mapping[str, Any]
    """Values for the templates."""
    sample_id: str = ""
    """For messages to people; no part of a question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How requests are made, the same for every comparison."""

    provider: str
    model: str
    sampling: Sampling
    with_schema: bool
    prompt_sha256: str
    repeat: int = 0


def show(
    comparison: Comparison,
    plan: FramePlan,
    *,
    layout: Layout,
    told: bool,
    reference: bool,
    store: EncodedFrames,
) -> Exhibit:
    """Returns what is shown of a comparison.

    A following shot answers to no frame of its source, so the two are always shown in runs, each spread over itself.

    Args:
        comparison: with a target when `reference` is set.
        plan: which frames, how sized and encoded.
        layout: in which order.
        told: whether the expected outcome and the list of what must stay are given.
        reference: whether the target is shown, before the others.
        store: where encoded frames are kept.

    Raises:
        VideoError: the editor's window ends after the source does.
    """
    sample, source, edit = comparison.sample, comparison.source, comparison.edit
    follows = sample.subset is Subset.ICVG
    if follows:
        of_source, of_edit = plan.indices(len(source)), plan.indices(len(edit))
    else:
        pairs = plan.pairs(source, edit, comparison.window)
        of_source, of_edit = tuple(pair.source for pair in pairs), tuple(pair.edit for pair in pairs)
    interleaved = layout == "interleaved" and not follows
    if not interleaved:
        of_source = tuple(sorted(set(of_source)))  # a source frame that answers to several is shown once
    shown_source = _shown("source", source, of_source, plan, store)
    shown_edit = _shown("edit", edit, of_edit, plan, store)
    if interleaved:
        frames = [frame for pair in zip(shown_source, shown_edit, strict=True) for frame in pair]
    else:
        frames = [*shown_source, *shown_edit]
    target = comparison.target if reference else None
    if target is not None:
        frames = [*_shown("reference", target, plan.indices(len(target)), plan, store), *frames]
    return Exhibit(
        frames=tuple(frames),
        facts={
            "instruction": sample.instruction,
            "expected_outcome": sample.expected_outcome if told else None,
            "preserve": list(sample.preserve) if told else [],
            "source": _length(source),
            "edit": _length(edit),
            "reference": None if target is None else _length(target),
            "interleaved": interleaved,
        },
        sample_id=sample.id,
    )


def _shown(
    role: Literal["source", "edit", "reference"],
    clip: Clip,
    indices: Sequence[int],
    plan: FramePlan,
    store: EncodedFrames,
) -> list[ShownFrame]:
    images = store.images(clip, indices, plan)
    return [
        ShownFrame(role=role, number=index + 1, count=len(clip), time_s=float(clip.pts_s[index]), image=image)
        for index, image in zip(indices, images, strict=True)
    ]


def _length(clip: Clip) -> Mapping[str, str]:
    return {"frames": str(len(clip)), "seconds": f"{clip.duration_s:.2f}"}


def ask(exhibit: Exhibit, questions: Sequence[Question], prompts: PromptSet, style: Style) -> ChatRequest:
    """Returns the request that puts some questions about an exhibit.

    What requests share stands first, so that a service that keeps beginnings bills it once: all samples share the rules
    and, where every question is asked at once, the rubrics; the calls about one sample share its frames too.
    """
    values = {**exhibit.facts, **_form(questions)}
    rubrics = [prompts.render(question.key.lower(), values) for question in questions]
    joint = len(questions) > 1
    rubrics.append(prompts.render("joint" if joint else "single", values))
    rules = [prompts.render("preamble", values)]
    closing = [prompts.render("close", values)]
    if joint:
        rules += rubrics
    else:
        closing += rubrics
    parts: list[Part] = [TextPart(prompts.render("task", values))]
    for frame in exhibit.frames:
        parts += [TextPart(_label(frame, prompts)), frame.image]
    parts.append(TextPart("\n\n".join(closing)))
    return _request(
        (
            ChatMessage(role="system", parts=(TextPart("\n\n".join(rules)),)),
            ChatMessage(role="user", parts=tuple(parts)),
        ),
        answer_schema(questions) if style.with_schema else None,
        style,
        tag=exhibit.sample_id,
    )


def ask_again(
    request: ChatRequest, reply: Reply, reason: str, questions: Sequence[Question], prompts: PromptSet, style: Style
) -> ChatRequest:
    """Returns the one request that follows an unreadable reply: the whole talk so far, and what was wrong."""
    said = reply.text.encode("utf-8", "replace").decode("utf-8").strip() or "(no text)"
    if len(said) > _MOST_QUOTED:
        said = f"{said[:_MOST_QUOTED]} (and so on)"
    again = prompts.render("repair", {**_form(questions), "reason": reason})
    return _request(
        (
            *request.messages,
            ChatMessage(role="assistant", parts=(TextPart(said),)),
            ChatMessage(role="user", parts=(TextPart(again),)),
        ),
        request.schema,
        style,
        tag=request.tag,
    )


def _request(messages: tuple[ChatMessage, ...], schema: JsonSchema | None, style: Style, *, tag: str) -> ChatRequest:
    return ChatRequest(
        provider=style.provider,
        model=style.model,
        messages=messages,
        sampling=style.sampling,
        schema=schema,
        prompt_sha256=style.prompt_sha256,
        repeat=style.repeat,
        tag=tag,
    )


def _form(questions: Sequence[Question]) -> Mapping[str, Any]:
    return {
        "keys": [question.key for question in questions],
        "low": f"{questions[0].low:g}",
        "high": f"{questions[0].high:g}",
    }


def _label(frame: ShownFrame, prompts: PromptSet) -> str:
    return prompts.render(
        "label",
        {"role": frame.role, "number": frame.number, "count": frame.count, "time": f"{frame.time_s:.2f}"},
    )
