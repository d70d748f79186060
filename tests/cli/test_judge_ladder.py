"""`rvebench judge ladder` and `doctor` with judges behind a service: what they cost, and how they stop."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("skia")
pytest.importorskip("pymunk")

from typer.testing import CliRunner

from rvebench.cli.app import app
from rvebench.errors import RveError
from rvebench.judges.doctor import question_judge
from rvebench.judges.ladder import Staged
from rvebench.llm import LlmClient
from rvebench.records import Sample
from rvebench.sim.ladder import RUNGS, LadderClips
from rvebench.video import Comparison
from tests.judges.doctor.world import clip_of, noise
from tests.llm.fault_server import FaultServer

KEY = "sk-test-0123456789abcdef"
SAMPLES = 2
JUDGE = "openai:gpt-4o?k=2&max_side=64"


def staged(sample: Sample, other: Sample) -> Staged:
    """A sample of the smoke split with small noise for its videos."""
    mine, its = (zlib.crc32(one.id.encode()) for one in (sample, other))
    source, target = noise(mine, 0), noise(mine, 1)
    drawn = {"half": noise(mine, 2), "wrong": noise(mine, 3)}
    mask = np.full_like(target, 255)
    clips = LadderClips(source=source, target=target, draw=drawn.__getitem__, other=noise(its, 1), mask=mask)
    return Staged(
        Comparison(sample=sample, source=clip_of(source), edit=clip_of(target), target=clip_of(target)), clips
    )


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rvebench.judges.ladder.stage_sample", staged)
    monkeypatch.setattr("rvebench.judges.doctor.question_judge", partial(question_judge, stage=staged))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with FaultServer() as opened:
        yield opened


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[LlmClient]:
    """The clients that were closed."""
    found: list[LlmClient] = []
    close = LlmClient.aclose

    async def aclose(self: LlmClient) -> None:
        found.append(self)
        await close(self)

    monkeypatch.setattr(LlmClient, "aclose", aclose)
    return found


def examined(verb: str, server: FaultServer, *arguments: object) -> Any:
    base = ["judge", verb, "--split", "smoke", "--limit", SAMPLES, "--base-url", server.url, "--format", "json"]
    return CliRunner().invoke(app, [str(one) for one in (*base, *arguments)])


def test_the_ladder_asks_over_the_cache_and_closes_the_judge(
    server: FaultServer, closed: list[LlmClient], tmp_path: Path
) -> None:
    arguments = ("--judge", JUDGE, "--cache", tmp_path / "replies.sqlite", "--max-usd", 5)
    first = examined("ladder", server, *arguments)
    assert first.exit_code == 0, first.output
    found = json.loads(first.stdout)
    assert found["unjudged"] == 0 and found["means"].keys() == {rung.name for rung in RUNGS}
    asked = server.counters()["answered"]
    assert 0 < asked <= SAMPLES * len(RUNGS) and len(closed) == 1
    again = examined("ladder", server, *arguments)
    assert json.loads(again.stdout) == found and server.counters()["answered"] == asked
    repeated = examined("ladder", server, *arguments, "--repeats", 2, "--reduce", "worst", "--quorum", 1)
    assert repeated.exit_code == 0, repeated.output
    assert server.counters()["answered"] == 2 * asked, "the first repeat is the single judge's question"


@pytest.mark.parametrize(("verb", "option", "cap"), [("ladder", "--max-usd", 0.1), ("doctor", "--max-tokens", 30_000)])
def test_a_cap_stops_an_examination_and_closes_the_judge(
    server: FaultServer, closed: list[LlmClient], verb: str, option: str, cap: float
) -> None:
    ran = examined(verb, server, "--judge", JUDGE, "--cache", "off", option, cap)
    assert isinstance(ran.exception, RveError) and ran.exception.exit_code == 3
    assert f"{option} {cap} leaves no room" in str(ran.exception)
    assert len(closed) == 1 and ran.stdout == ""


def test_a_model_without_a_price_is_refused_under_a_cap_and_counted_without_one(
    server: FaultServer, tmp_path: Path
) -> None:
    judge = ("--judge", "openai:nobodys-model?k=2&max_side=64", "--cache", "off")
    refused = examined("ladder", server, *judge, "--max-usd", 5)
    assert "the price of 'nobodys-model' is not known" in str(refused.exception)
    assert server.counters()["calls"] == 0
    card = tmp_path / "card.md"
    ran = examined("doctor", server, *judge, "--out", card)
    assert ran.exit_code == 1, "random scores pass no traps"
    found = json.loads(ran.stdout)
    # An equal question under way at the same time is one call, which both verdicts name.
    assert found["cost_usd"] == 0 and found["unpriced_calls"] >= server.counters()["answered"] > 0
    assert f"| cost | 0.00 USD, and {found['unpriced_calls']} calls whose price is not known |" in card.read_text()
