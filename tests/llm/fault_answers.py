"""What the fault server's model says: JSON that fits the schema asked for, with scores from a hash of the request."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

CRITERIA = ("EA", "PC", "GN", "GR")


class Completion(NamedTuple):
    """What the model says, and what it bills."""

    whole: dict[str, Any]
    """The body of the 200."""
    tokens_in: int
    tokens_out: int
    sha256: str
    """Of what was asked."""


def request_sha256(body: Mapping[str, Any]) -> str:
    """Identity of what was asked: the model and the messages; sampling words and formats are left out."""
    text = json.dumps([body.get("model"), body.get("messages"), body.get("seed")], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def answer(body: Mapping[str, Any], digest: str | None = None) -> str:
    """Returns the whole answer to a chat request; `digest` is its identity, where that is known already."""
    digest = digest or request_sha256(body)
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        return json.dumps(fit(form["json_schema"]["schema"], digest))
    text = "\n".join(texts(body))
    template = last_object(text)
    if template is not None:
        low, high = (re.findall(r"from (\d+) to (\d+)", text) or [("0", "10")])[-1]
        return json.dumps(fill(template, digest, low=int(low), high=int(high)))
    return json.dumps({name: {"rationale": sentence(digest, name), "score": score(digest, name)} for name in CRITERIA})


def texts(body: Mapping[str, Any]) -> Iterator[str]:
    for message in body.get("messages", ()):
        content = message.get("content", "")
        if isinstance(content, str):
            yield content
        else:
            yield from (part["text"] for part in content if part.get("type") == "text")


def images(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for message in body.get("messages", ()):
        if isinstance(message.get("content"), list):
            yield from (part["image_url"] for part in message["content"] if part.get("type") == "image_url")


def draw(digest: str, path: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{digest} {path}".encode()).digest()[:4], "big")


def score(digest: str, path: str, low: float = 0, high: float = 10) -> int:
    return int(low) + draw(digest, path) % (int(high) - int(low) + 1)


def sentence(digest: str, path: str) -> str:
    looks = (
        "holds still",
        "follows the instruction",
        "keeps its colours",
        "flickers at the edge",
        "misses the outcome",
    )
    return f"The edit {looks[draw(digest, path) % len(looks)]}."


def fit(schema: Mapping[str, Any], digest: str, path: str = "", root: Mapping[str, Any] | None = None) -> Any:
    """Returns a value that the JSON schema accepts."""
    root = schema if root is None else root
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].lstrip("#/").split("/"):
            target = target[step]
        return fit(target, digest, path, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][draw(digest, path) % len(schema["enum"])]
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return fit(schema[word][0], digest, path, root)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {key: fit(item, digest, f"{path}/{key}", root) for key, item in schema.get("properties", {}).items()}
    if kind == "array":
        return [
            fit(schema.get("items", {"type": "string"}), digest, f"{path}/{n}", root)
            for n in range(max(1, schema.get("minItems", 1)))
        ]
    if kind in {"integer", "number"}:
        return score(digest, path, schema.get("minimum", 0), schema.get("maximum", 10))
    if kind == "boolean":
        return draw(digest, path) % 2 == 0
    return None if kind == "null" else sentence(digest, path)


def fill(template: Any, digest: str, path: str = "", *, low: int = 0, high: int = 10) -> Any:
    """Returns a value of the same shape as an example in a prompt: numbers are scores, strings are sentences."""
    if isinstance(template, dict):
        return {key: fill(item, digest, f"{path}/{key}", low=low, high=high) for key, item in template.items()}
    if isinstance(template, list):
        return [fill(item, digest, f"{path}/{n}", low=low, high=high) for n, item in enumerate(template)]
    if isinstance(template, bool) or template is None:
        return template
    if isinstance(template, (int, float)):
        return score(digest, path, low, high)
    if re.fullmatch(r"\W*(score|number|integer|\d+.{1,4}\d+)\W*.*", template, re.IGNORECASE):
        return score(digest, path, low, high)
    return sentence(digest, path)


def last_object(text: str) -> Any:
    """Returns the last JSON object in a text, reading `<a number>` and a bare `...` as values; None without one."""
    if "{" not in text:
        return None
    text = re.sub(r"(:\s*)\.\.\.(?=\s*[,}])", r'\1"score"', text)
    loose = re.sub(r"(:\s*)<([^<>]*)>", lambda hit: hit.group(1) + json.dumps(hit.group(2)), text)
    decoder = json.JSONDecoder()
    found = None
    at = loose.find("{")
    while at >= 0:
        try:
            found, end = decoder.raw_decode(loose, at)
        except ValueError:
            end = at + 1
        at = loose.find("{", end)
    return found


def spoil(content: str, fault: str) -> str:
    """Returns an answer with one of the faults that the wire does not show."""
    if fault == "wrong-json":
        return content[: len(content) // 2] + " and so on"
    if fault == "prose":
        return f"Here is my verdict:\n```json\n{content}\n```\nI hope this helps."
    if fault in {"nan", "out-of-range"}:
        return re.sub(r"\b\d+\b(?=\s*[,}\]])", "NaN" if fault == "nan" else "47", content)
    if fault == "length":
        return content[: len(content) * 2 // 3]
    return content


def input_tokens(body: Mapping[str, Any]) -> int:
    """Counts as OpenAI bills gpt-4o: about four letters a token, 85 an image and 170 a tile of 512 pixels."""
    total = 3 + sum(4 + math.ceil(len(text) / 4) for text in texts(body))
    return total + sum(image_tokens(image) for image in images(body))


def image_tokens(image: Mapping[str, Any]) -> int:
    from PIL import Image

    if image.get("detail") == "low":
        return 85
    with Image.open(io.BytesIO(base64.b64decode(image["url"].partition(",")[2]))) as picture:
        width, height = picture.size
    shrink = min(1.0, 2048 / max(width, height))
    shrink *= min(1.0, 768 / (min(width, height) * shrink))
    return 85 + 170 * math.ceil(width * shrink / 512) * math.ceil(height * shrink / 512)


def completion(body: Mapping[str, Any], fault: str, number: int) -> Completion:
    """Returns the answer to a chat request, with the fault that it is to have."""
    digest = request_sha256(body)
    content: str | None = spoil(answer(body, digest), fault)
    finish, refusal = "stop", None
    if fault == "length":
        finish = "length"
    elif fault == "content-filter":
        finish, content = "content_filter", None
    elif fault == "refusal":
        refusal, content = "I'm sorry, I can't assist with that request.", None
    elif fault == "no-content":
        content = None
    tokens_in = input_tokens(body)
    tokens_out = math.ceil(len(content or refusal or "") / 4)
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    whole = {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": f"{body.get('model')}-2024-11-20" if body.get("model") == "gpt-4o" else body.get("model"),
        "system_fingerprint": "fp_fault",
        "choices": [] if fault == "no-choices" else [choice],
        "usage": {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
            "prompt_tokens_details": {"cached_tokens": 0},
        },
    }
    return Completion(whole, tokens_in, tokens_out, digest)
