"""The fault server itself: what it enforces and counts is what the other tests rely on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from tests.llm.fault_answers import answer
from tests.llm.fault_script import FAULTS, Script
from tests.llm.fault_server import FaultServer
from tests.llm.world import SCHEMA, image

BODY: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


def sdk(server: FaultServer) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.url, api_key="none", max_retries=0)


def test_the_same_question_has_the_same_answer_and_is_counted_as_paid_again(server: FaultServer) -> None:
    first, second = (httpx2.post(f"{server.url}/chat/completions", json=BODY).json() for _ in range(2))
    assert first["choices"] == second["choices"]
    seen = httpx2.get(server.url.removesuffix("/v1") + "/counters").json()
    assert (seen["calls"], seen["answered"], seen["distinct_answered"], seen["answered_again"]) == (2, 2, 1, 1)
    assert seen["usd"] == pytest.approx((seen["input_tokens"] * 2.5 + seen["output_tokens"] * 10) / 1e6)


def test_images_are_billed_by_tile(server: FaultServer) -> None:
    import base64

    url = "data:image/png;base64," + base64.b64encode(image().data).decode()
    content = [{"type": "image_url", "image_url": {"url": url, "detail": "high"}}]
    body = {"model": "m", "messages": [{"role": "user", "content": content}]}
    whole = httpx2.post(f"{server.url}/chat/completions", json=body).json()
    assert whole["usage"]["prompt_tokens"] == 85 + 170 + 3


def test_the_rate_limit_is_enforced_and_fills_again(server: FaultServer) -> None:
    server.use(Script(rate_per_s=20, burst=5, limit_headers=True))
    with httpx2.Client(base_url=server.url) as asker:
        answers = [asker.post("chat/completions", json=BODY) for _ in range(10)]
        codes = [one.status_code for one in answers]
        assert codes.count(200) in {5, 6} and server.counts["over_rate"] == codes.count(429)
        assert answers[0].headers["x-ratelimit-remaining-requests"] == "4"
        assert float(answers[-1].headers["retry-after"]) <= 0.05
        time.sleep(0.12)
        assert asker.post("chat/completions", json=BODY).status_code == 200


def test_an_answer_fits_a_schema_and_an_example_in_the_prompt_alike() -> None:
    asked = {**BODY, "response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA.schema}}}
    fits = json.loads(answer(asked))
    assert set(fits) == {"rationale", "score"} and 0 <= fits["score"] <= 10
    prompt = 'Answer like {"EA": {"rationale": "why", "score": <0 to 10>}} and nothing else.'
    shaped = json.loads(answer({"model": "m", "messages": [{"role": "user", "content": prompt}]}))
    assert isinstance(shaped["EA"]["rationale"], str) and 0 <= shaped["EA"]["score"] <= 10
    prompt = '{"PC": {"rationale": "...", "score": ...}} Each score is a number from 9 to 10.'
    shaped = json.loads(answer({"model": "m", "messages": [{"role": "user", "content": prompt}]}))
    assert isinstance(shaped["PC"]["rationale"], str) and shaped["PC"]["score"] in {9, 10}


def test_a_script_is_read_and_what_is_no_fault_is_said() -> None:
    script = Script.read('{"rates": {"429": 0.5}, "keys": ["a"], "latency_s": 0.1}')
    assert script.keys == ("a",) and Script.of_json(script.as_json()) == script
    with pytest.raises(SystemExit, match="no fault is called 'flood'"):
        Script.read('{"sequence": ["flood"]}')
    with pytest.raises(SystemExit, match="no field"):
        Script.read('{"speed": 1}')
    assert len(FAULTS) == len(set(FAULTS))


def lines(count: int) -> bytes:
    one = ({"custom_id": f"q{n}", "method": "POST", "url": "/v1/chat/completions", "body": BODY} for n in range(count))
    return b"".join(json.dumps(line).encode() + b"\n" for line in one)


def finished(asker: openai.OpenAI, count: int = 4) -> Any:
    file = asker.files.create(file=("in.jsonl", lines(count)), purpose="batch")
    batch = asker.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"run": "x"}
    )
    for _ in range(100):
        batch = asker.batches.retrieve(batch.id)
        if batch.status not in {"validating", "in_progress"}:
            return batch
        time.sleep(0.02)
    raise AssertionError(batch)


def test_a_batch_is_uploaded_polled_and_collected(server: FaultServer) -> None:
    asker = sdk(server)
    batch = finished(asker)
    assert batch.status == "completed" and batch.request_counts.completed == 4
    output = [json.loads(line) for line in asker.files.content(batch.output_file_id).text.splitlines()]
    assert {line["custom_id"] for line in output} == {"q0", "q1", "q2", "q3"}
    assert output[0]["response"]["body"]["choices"][0]["message"]["content"]
    assert server.counts["answered"] == 4
    assert [found.metadata for found in asker.batches.list()] == [{"run": "x"}]


@pytest.mark.parametrize(
    ("outcome", "status"), [("failed", "failed"), ("expired", "expired"), ("partial", "completed")]
)
def test_a_batch_fails_expires_or_is_done_in_part(server: FaultServer, outcome: str, status: str) -> None:
    server.use(Script(batch_outcome=outcome))
    batch = finished(sdk(server))
    assert batch.status == status
    assert server.counts["answered"] == (0 if outcome == "failed" else 2)
    assert bool(batch.error_file_id) == (outcome != "failed")


def test_a_batch_may_be_created_without_anyone_hearing_of_it(server: FaultServer) -> None:
    server.use(Script(batch_faults=("drop-after",)))
    asker = sdk(server)
    with pytest.raises(openai.APIConnectionError):
        finished(asker)
    assert len(list(asker.batches.list())) == 1


def test_it_runs_as_a_command() -> None:
    command = [sys.executable, "-m", "tests.llm.fault_server", "--script", '{"sequence": ["500"]}']
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[1]
            assert httpx2.post(f"{url}/chat/completions", json=BODY).status_code == 500
            assert httpx2.post(f"{url}/chat/completions", json=BODY).status_code == 200
            base = url.removesuffix("/v1")
            assert httpx2.post(f"{base}/script", json={"for_ever": "401"}).status_code == 200
            assert httpx2.post(f"{url}/chat/completions", json=BODY).status_code == 401
            assert httpx2.post(f"{base}/reset").json()["calls"] == 0
        finally:
            process.terminate()
