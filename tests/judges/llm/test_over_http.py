"""The judge over the real client and a server that speaks the wire protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from rvebench.judges.llm import Connection, build_llm_judge
from rvebench.llm import FatalCallError
from rvebench.llm.cache import SqliteCache
from rvebench.llm.limits import Limits
from rvebench.records import Verdict
from rvebench.runs.units import verdict_to_json
from rvebench.taxonomy import Status
from tests.judges.llm.world import clip, comparison
from tests.llm.fault_script import Script
from tests.llm.fault_server import FaultServer

KEY = "sk-test-0123456789abcdef"
QUICK = Limits(attempts=3, backoff_s=0.01, attempt_s=2.0, read_s=1.0)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def over_http(script: Script, *, spec: str = "gpt-4o?k=2", cache: SqliteCache | None = None) -> tuple[Verdict, int]:
    """Returns the verdict, and the calls that the server counted."""

    async def run(url: str) -> Verdict:
        judge = build_llm_judge(spec, Connection(base_url=url, cache=cache, limits=QUICK))
        try:
            return await judge.judge(comparison())
        finally:
            await judge.aclose()

    with FaultServer(script) as server:
        verdict = asyncio.run(run(server.url))
        return verdict, server.counts["calls"]


@pytest.mark.parametrize("formats", [("json_schema", "json_object"), ("json_object",), ()])
def test_a_healthy_service_gives_a_verdict_in_every_form_it_may_offer(formats: Sequence[str]) -> None:
    verdict, _ = over_http(Script(formats=tuple(formats)))
    assert verdict.status is Status.OK
    assert len(verdict.scores) == 4
    assert verdict.usage.input_tokens > 0
    assert verdict.returned_model


@pytest.mark.parametrize("fault", ["prose", "500", "429", "502-html", "truncated", "drop", "no-choices"])
def test_one_fault_is_overcome(fault: str) -> None:
    verdict, _ = over_http(Script(sequence=(fault,)))
    assert verdict.status is Status.OK


@pytest.mark.parametrize("fault", ["wrong-json", "nan", "out-of-range", "length"])
def test_a_reply_that_is_no_verdict_is_mended_once_and_never_read(fault: str) -> None:
    mended, _ = over_http(Script(sequence=(fault,)))
    assert mended.status is Status.OK
    assert [bool(entry.get("malformed")) for entry in json.loads(mended.raw)] == [True, False]
    lost, _ = over_http(Script(for_ever=fault))
    assert lost.status is Status.UNJUDGED
    assert not lost.scores
    assert lost.raw


@pytest.mark.parametrize("fault", ["refusal", "content-filter", "content-filter-400", "policy-400"])
def test_a_refusal_is_unjudged(fault: str) -> None:
    verdict, _ = over_http(Script(for_ever=fault))
    assert verdict.status is Status.UNJUDGED
    assert verdict.reason.startswith("refused: ")


@pytest.mark.parametrize("fault", ["500", "html-200", "empty", "reset"])
def test_a_service_that_stays_down_is_unjudged(fault: str) -> None:
    verdict, _ = over_http(Script(for_ever=fault))
    assert verdict.status is Status.UNJUDGED
    assert verdict.reason.startswith("no answer: ")


@pytest.mark.parametrize("fault", ["401", "404-model", "no-images", "no-images-500", "quota", "echo-key"])
def test_what_would_fail_for_every_sample_stops_the_run_without_the_key(fault: str) -> None:
    with pytest.raises(FatalCallError) as caught:
        over_http(Script(for_ever=fault))
    assert KEY not in str(caught.value)


def test_an_accepted_verdict_is_never_paid_for_again(tmp_path: Path) -> None:
    with SqliteCache(tmp_path / "replies.sqlite") as cache:
        first, _ = over_http(Script(), spec="gpt-4o?k=2&calls=separate", cache=cache)
        second, calls = over_http(Script(), spec="gpt-4o?k=2&calls=separate", cache=cache)
    assert calls == 0
    assert second.scores == first.scores
    assert second.usage.cost_usd == 0.0
    assert all(entry["cached"] for entry in json.loads(second.raw))


def test_the_key_is_not_in_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict, _ = over_http(Script(sequence=("500",), for_ever="wrong-json"))
    assert KEY not in json.dumps(verdict_to_json(verdict))


def test_many_comparisons_at_once_each_get_their_own_verdict() -> None:
    async def run(url: str) -> list[Verdict]:
        judge = build_llm_judge("gpt-4o?k=2", Connection(base_url=url, limits=QUICK))
        shown = [comparison(edit=clip(seed=seed)) for seed in range(10, 30)]
        try:
            return list(await asyncio.gather(*(judge.judge(item) for item in shown)))
        finally:
            await judge.aclose()

    with FaultServer(Script(rates={"429": 0.1, "500": 0.05}, seed=1, retry_after_s=0.01)) as server:
        verdicts = asyncio.run(run(server.url))
    assert all(verdict.status is Status.OK for verdict in verdicts)
    assert len({tuple(verdict.scores.values()) for verdict in verdicts}) > 10
