"""Requests and replies as they stand on the wire of chat completions: pure functions, no transport."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from rvebench.llm.dialect import Dialect
from rvebench.llm.faults import LostReplyError, RefusedError
from rvebench.llm.messages import ChatMessage, ChatRequest, ImagePart, Part, Reply, TextPart, TokenUsage

__all__ = ["body_of", "read_reply"]


def body_of(request: ChatRequest, dialect: Dialect) -> dict[str, Any]:
    """Returns the JSON body of a call."""
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_message(message) for message in request.messages],
        dialect.length_word: sampling.max_output_tokens,
    }
    for name, value in (("temperature", sampling.temperature), ("top_p", sampling.top_p), ("seed", sampling.seed)):
        if value is not None and name not in dialect.dropped:
            body[name] = value
    if request.schema is not None and dialect.form == "json_schema":
        shape = {"name": request.schema.name, "strict": True, "schema": request.schema.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": shape}
    elif request.schema is not None and dialect.form == "json_object":
        body["response_format"] = {"type": "json_object"}
    return body


def _message(message: ChatMessage) -> dict[str, Any]:
    # Many services take a plain text alone where there are no images, in the system's turn above all.
    if all(isinstance(part, TextPart) for part in message.parts):
        return {
            "role": message.role,
            "content": "\n\n".join(part.text for part in message.parts if isinstance(part, TextPart)),
        }
    return {"role": message.role, "content": [_part(part) for part in message.parts]}


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, ImagePart):
        url = f"data:{part.media_type};base64,{base64.b64encode(part.data).decode('ascii')}"
        return {"type": "image_url", "image_url": {"url": url, "detail": part.detail}}
    return {"type": "text", "text": part.text}


def read_reply(content: bytes, *, where: str, request_id: str = "", meta: Mapping[str, str] | None = None) -> Reply:
    """Returns the answer in the body of a 200.

    An answer cut short by its token limit is an answer: its text is kept and `finish_reason` is `length`.

    Raises:
        LostReplyError: the body is no whole chat completion, or has no answer in it.
        RefusedError: the model or a content filter declined.
    """
    try:
        whole = json.loads(content)
    except (ValueError, RecursionError):
        seen = "an empty body" if not content.strip() else "HTML" if content.lstrip()[:1] == b"<" else "broken JSON"
        raise LostReplyError(f"the service answered 200 with {seen}", where=where) from None
    if not isinstance(whole, dict):
        raise LostReplyError("the service answered 200 with JSON that is no chat completion", where=where)
    usage = _usage(whole.get("usage"))
    choices = whole.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict) or not isinstance(choice.get("message"), dict):
        said = _text(whole["error"].get("message")) if isinstance(whole.get("error"), dict) else ""
        what = f"the service answered 200 with an error: {said[:300]}" if said else "the answer has no choices"
        raise LostReplyError(what, where=where, usage=usage)
    message = choice["message"]
    finish = _text(choice.get("finish_reason")) or "stop"
    text = message.get("content")
    if isinstance(text, list):  # some services answer in parts, as questions are asked
        text = "".join(_text(part.get("text")) for part in text if isinstance(part, dict))
    if refusal := _text(message.get("refusal")):
        raise RefusedError(f"the model declined: {refusal[:300]}", where=where, usage=usage)
    if finish == "content_filter":
        raise RefusedError("a content filter held the answer back", where=where, usage=usage)
    if not isinstance(text, str) or (not text.strip() and finish != "length"):
        if finish != "length":
            raise LostReplyError("the answer has no text", where=where, usage=usage)
        text = ""  # every token went into thinking
    return Reply(
        text=text,
        returned_model=_text(whole.get("model")),
        fingerprint=_text(whole.get("system_fingerprint")),
        finish_reason=finish,
        usage=usage or TokenUsage(),
        request_id=request_id or _text(whole.get("id")),
        meta={**(meta or {}), **({} if usage else {"usage": "not stated"})},
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _usage(value: Any) -> TokenUsage | None:
    """Returns the tokens that were counted; None where the service does not count, or not in whole numbers."""
    if not isinstance(value, dict):
        return None
    details = value.get("prompt_tokens_details")
    counts = (
        value.get("prompt_tokens"),
        value.get("completion_tokens"),
        details.get("cached_tokens") if isinstance(details, dict) else 0,
    )
    numbers = [count if type(count) is int and count >= 0 else None for count in counts]
    if numbers[0] is None or numbers[1] is None:
        return None
    return TokenUsage(input_tokens=numbers[0], output_tokens=numbers[1], cached_input_tokens=numbers[2] or 0)
