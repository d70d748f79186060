"""Files and batches of the fault server: upload, create, poll, collect, in OpenAI's words."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.llm.fault_script import Script

Answer = tuple[int, Any]
Bill = Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass(kw_only=True)
class Batch:
    id: str
    input_file_id: str
    endpoint: str
    completion_window: str
    metadata: dict[str, str]
    created: float
    status: str = "validating"
    outcome: str = "completed"
    output_file_id: str | None = None
    error_file_id: str | None = None
    errors: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: {"total": 0, "completed": 0, "failed": 0})

    def as_json(self) -> dict[str, Any]:
        over = self.status in {"completed", "failed", "expired", "cancelled"}
        stamps = {f"{self.status}_at": int(self.created) + 1} if over else {}
        return {
            "id": self.id, "object": "batch", "endpoint": self.endpoint, "input_file_id": self.input_file_id,
            "completion_window": self.completion_window, "status": self.status, "metadata": self.metadata,
            "created_at": int(self.created), "expires_at": int(self.created) + 86_400,
            "output_file_id": self.output_file_id, "error_file_id": self.error_file_id,
            "request_counts": self.counts,
            "errors": {"object": "list", "data": self.errors} if self.errors else None,
            **stamps,
        }  # fmt: skip


class Batches:
    """The state behind /v1/files and /v1/batches. `bill` answers one line and counts its tokens."""

    def __init__(self, bill: Bill) -> None:
        self._bill = bill
        self._files: dict[str, dict[str, Any]] = {}
        self._contents: dict[str, bytes] = {}
        self._serial = 0
        self._batches: dict[str, Batch] = {}

    @property
    def created(self) -> int:
        return len(self._batches)

    @property
    def uploaded(self) -> int:
        return sum(item["purpose"] == "batch" for item in self._files.values())

    def answer(
        self, script: Script, method: str, path: str, query: Mapping[str, str], body: bytes, kind: str
    ) -> Answer:
        """Returns status and JSON (or bytes) for a request below /v1/files or /v1/batches."""
        parts = path.strip("/").split("/")[1:]
        for batch in self._batches.values():
            self._advance(batch, script)
        if parts[0] == "files":
            return self._file(method, parts[1:], query, body, kind)
        return self._batch(script, method, parts[1:], query, body)

    def _file(self, method: str, parts: list[str], query: Mapping[str, str], body: bytes, kind: str) -> Answer:
        if not parts:
            if method == "POST":
                form = multipart(body, kind)
                return 200, self._keep(form["file"][1], form["file"][0], form["purpose"][1].decode())
            wanted = [item for item in self._files.values() if query.get("purpose") in {None, item["purpose"]}]
            return 200, page(sorted(wanted, key=lambda item: -item["serial"]), query)
        if parts[0] not in self._files:
            return 404, fault("No such File object: " + parts[0], None)
        if parts[1:] == ["content"]:
            return 200, self._contents[parts[0]]
        if method == "DELETE":
            del self._files[parts[0]], self._contents[parts[0]]
            return 200, {"id": parts[0], "object": "file", "deleted": True}
        return 200, self._files[parts[0]]

    def _keep(self, content: bytes, name: str, purpose: str) -> dict[str, Any]:
        # Not the number of files: an id is not given again when a file is deleted.
        serial = self._serial = self._serial + 1
        item = {
            "id": f"file-{serial:04d}", "object": "file", "bytes": len(content), "created_at": int(time.time()),
            "filename": name, "purpose": purpose, "status": "processed", "serial": serial,
        }  # fmt: skip
        self._files[item["id"]] = item
        self._contents[item["id"]] = content
        return item

    def _batch(self, script: Script, method: str, parts: list[str], query: Mapping[str, str], body: bytes) -> Answer:
        if not parts and method == "POST":
            asked = json.loads(body)
            if asked.get("input_file_id") not in self._files:
                return 400, fault("Invalid value for 'input_file_id'", "input_file_id")
            batch = Batch(
                id=f"batch_{len(self._batches) + 1:04d}", input_file_id=asked["input_file_id"],
                endpoint=asked["endpoint"], completion_window=asked["completion_window"],
                metadata=asked.get("metadata") or {}, created=time.time(), outcome=script.batch_outcome,
            )  # fmt: skip
            self._batches[batch.id] = batch
            return 200, batch.as_json()
        if not parts:
            return 200, page([item.as_json() for item in reversed(self._batches.values())], query)
        batch_or_none = self._batches.get(parts[0])
        if batch_or_none is None:
            return 404, fault("No batch found with id " + parts[0], None)
        if parts[1:] == ["cancel"] and batch_or_none.status in {"validating", "in_progress"}:
            batch_or_none.status = "cancelled"
        return 200, batch_or_none.as_json()

    def _advance(self, batch: Batch, script: Script) -> None:
        if batch.status not in {"validating", "in_progress"}:
            return
        lines = [json.loads(line) for line in self._contents[batch.input_file_id].splitlines() if line.strip()]
        names = [line.get("custom_id") for line in lines]
        wrong = not lines or len(set(names)) < len(names) or any(line.get("url") != batch.endpoint for line in lines)
        if wrong or batch.outcome == "failed":
            batch.status = "failed"
            batch.errors = [{"code": "invalid_request", "message": "The batch input is not valid.", "line": 1}]
            return
        batch.status = "in_progress"
        batch.counts["total"] = len(lines)
        if time.time() - batch.created < script.batch_delay_s:
            return
        self._finish(batch, lines)

    def _finish(self, batch: Batch, lines: list[dict[str, Any]]) -> None:
        half = (len(lines) + 1) // 2
        done = lines if batch.outcome == "completed" else lines[:half]
        left = lines[len(done) :]
        output = [
            {
                "id": f"batch_req_{number}", "custom_id": line["custom_id"], "error": None,
                "response": {"status_code": 200, "request_id": f"req_{number}", "body": self._bill(line["body"])},
            }
            for number, line in enumerate(done)
        ]  # fmt: skip
        random.Random(7).shuffle(output)  # the order of the answers is not that of the questions
        expired = batch.outcome == "expired"
        broken = {"status_code": 500, "request_id": "", "body": fault("It failed.", None)}
        wrong = [
            {
                "id": f"batch_req_e{number}", "custom_id": line["custom_id"],
                "response": None if expired else broken,
                "error": {"code": "batch_expired", "message": "This request expired."} if expired else None,
            }
            for number, line in enumerate(left)
        ]  # fmt: skip
        if output:
            batch.output_file_id = self._keep(jsonl(output), "output.jsonl", "batch_output")["id"]
        if wrong:
            batch.error_file_id = self._keep(jsonl(wrong), "errors.jsonl", "batch_output")["id"]
        batch.counts.update(completed=len(output), failed=len(wrong))
        batch.status = "expired" if expired else "completed"


def jsonl(lines: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def page(items: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """Returns one page of a list, newest first, as OpenAI cuts it by `after` and `limit`."""
    ids = [item["id"] for item in items]
    start = ids.index(query["after"]) + 1 if query.get("after") in ids else 0
    limit = int(query.get("limit", 20))
    cut = items[start : start + limit]
    return {
        "object": "list", "data": cut, "has_more": start + limit < len(items),
        "first_id": cut[0]["id"] if cut else None, "last_id": cut[-1]["id"] if cut else None,
    }  # fmt: skip


def fault(message: str, parameter: str | None, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": parameter, "code": code}}


def multipart(body: bytes, kind: str) -> dict[str, tuple[str, bytes]]:
    """Returns the fields of a multipart form: file name (or "") and content by field name."""
    mark = re.search(r'boundary="?([^";]+)', kind)
    assert mark, kind
    fields: dict[str, tuple[str, bytes]] = {}
    for part in body.split(b"--" + mark.group(1).encode())[1:-1]:
        head, _, content = part.strip(b"\r\n").partition(b"\r\n\r\n") if b"\r\n\r\n" in part else (part, b"", b"")
        text = head.decode()
        name = re.search(r'[; ]name="([^"]*)"', text)
        file = re.search(r'filename="([^"]*)"', text)
        if name:
            fields[name.group(1)] = (file.group(1) if file else "", content)
    return fields
