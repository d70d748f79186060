"""One kept reply and the question it answers, as text with a checksum: the same in the cache and in a cassette.

The question is kept as the canonical JSON that its digest is the sha256 of (:meth:`ChatRequest.identity`): whoever has
an entry can check what it is an answer to. Images are in it as hashes only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from rvebench.llm.messages import ChatRequest, Reply, TokenUsage
from rvebench.records import canonical_json
from rvebench.redaction import Secrets

__all__ = ["Entry", "make_entry"]

_NOT_KEPT = {"from_cache"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A question and its accepted reply."""

    digest: str
    """Of the request."""
    request: str
    """Canonical JSON of the request's identity; with `"masked":true` where a secret was taken out of its texts."""
    reply: str
    """JSON of the reply in ASCII, with its cost and time at the call."""
    tag: str
    made_ms: int
    """When it was kept, in milliseconds since 1970."""
    checksum: str

    def body_sha256(self) -> str:
        """Returns what the checksum must be."""
        body = canonical_json([self.digest, self.request, self.reply, self.tag, self.made_ms])
        return hashlib.sha256(body.encode(errors="replace")).hexdigest()

    def fault(self) -> str:
        """Returns what is wrong with it, or nothing."""
        if self.checksum != self.body_sha256():
            return "its content fails its checksum"
        try:
            question = json.loads(self.request)
            restored = self.as_reply()
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            return f"it cannot be read: {error}"
        if not isinstance(question, dict) or not isinstance(restored.text, str):
            return "it is not a question and its reply"
        if not question.get("masked") and hashlib.sha256(self.request.encode()).hexdigest() != self.digest:
            return "its digest is not that of its question"
        return ""

    def question(self) -> dict[str, Any]:
        """Returns the request's identity."""
        value = json.loads(self.request)
        assert isinstance(value, dict)
        return value

    def as_reply(self) -> Reply:
        """Returns the reply as one from the cache: it costs nothing and takes no time now.

        Raises:
            ValueError: it is not JSON.
            TypeError: it is not a reply.
            KeyError: it is not a reply.
        """
        value = json.loads(self.reply)
        # A later version may keep more than this one knows.
        known = {field.name for field in fields(Reply)} - _NOT_KEPT
        kept = {name: item for name, item in value.items() if name in known}
        kept["usage"] = TokenUsage(**value["usage"])
        return Reply(**{**kept, "cost_usd": 0.0, "wall_s": 0.0, "from_cache": True})

    def masked(self, secrets: Secrets) -> Entry:
        """Returns the entry without the secrets; itself when it holds none."""
        question = _mask_question(self.question(), secrets)
        reply = _ascii_json(_mask_values(json.loads(self.reply), secrets))
        fresh = replace(self, request=canonical_json(question), reply=reply, tag=secrets.mask_values(self.tag))
        return self if fresh == self else sealed(fresh)

    def as_json(self) -> dict[str, Any]:
        """Returns the entry as one JSON object."""
        return {
            "digest": self.digest,
            "tag": self.tag,
            "made_ms": self.made_ms,
            "request": self.question(),
            "reply": json.loads(self.reply),
            "checksum": self.checksum,
        }

    @classmethod
    def from_json(cls, value: Any) -> Entry:
        """Returns the entry of :meth:`as_json`; whether it is sound, :meth:`fault` says.

        Raises:
            ValueError: it is not an entry.
        """
        shape = {"digest": str, "tag": str, "made_ms": int, "request": dict, "reply": dict, "checksum": str}
        if not isinstance(value, dict) or any(not isinstance(value.get(name), kind) for name, kind in shape.items()):
            raise ValueError(f"not an object with {', '.join(shape)}")
        return cls(
            digest=value["digest"],
            request=canonical_json(value["request"]),
            reply=_ascii_json(value["reply"]),
            tag=value["tag"],
            made_ms=value["made_ms"],
            checksum=value["checksum"],
        )


def make_entry(request: ChatRequest, reply: Reply, *, made_ms: int, secrets: Secrets) -> Entry:
    """Returns the entry of an accepted reply, without secrets even where the server echoed one."""
    value = {name: item for name, item in _as_mapping(reply).items() if name not in _NOT_KEPT}
    bare = Entry(
        digest=request.digest,
        request=canonical_json(_mask_question(request.identity(), secrets)),
        reply=_ascii_json(_mask_values(value, secrets)),
        tag=secrets.mask_values(request.tag.encode(errors="replace").decode()),
        made_ms=made_ms,
        checksum="",
    )
    return sealed(bare)


def sealed(entry: Entry) -> Entry:
    """Returns the entry with the checksum of its content."""
    return replace(entry, checksum=entry.body_sha256())


def _as_mapping(reply: Reply) -> dict[str, Any]:
    value = {field.name: getattr(reply, field.name) for field in fields(Reply)}
    return {**value, "usage": asdict(reply.usage), "meta": dict(reply.meta)}


def _ascii_json(value: Mapping[str, Any]) -> str:
    # In ASCII: half a surrogate pair, as in a reply cut in the middle, comes back as it was.
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _mask_values(value: Any, secrets: Secrets) -> Any:
    if isinstance(value, str):
        return secrets.mask_values(value)
    if isinstance(value, Mapping):
        return {name: _mask_values(item, secrets) for name, item in value.items()}
    if isinstance(value, list):
        return [_mask_values(item, secrets) for item in value]
    return value


def _mask_question(question: dict[str, Any], secrets: Secrets) -> dict[str, Any]:
    """Masks the texts of the messages alone: hashes and names of models are no place for a key."""
    messages = [
        {
            **message,
            "parts": [
                {**part, "text": secrets.mask_values(part["text"])} if "text" in part else part
                for part in message["parts"]
            ],
        }
        for message in question["messages"]
    ]
    if messages == question["messages"]:
        return question
    return {**question, "messages": messages, "masked": True}
