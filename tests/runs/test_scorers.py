"""Judges and metrics that misbehave: what they give is a number in its range, or no number at all."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvebench.judges import Judge
from rvebench.metrics import Metric
from rvebench.records import JudgeInfo, MetricInfo, MetricValue, Verdict
from rvebench.runs import RunOptions, RunView, build_scorers, execute, load_run, make_plan
from rvebench.taxonomy import Criterion, Status
from rvebench.video import Comparison
from tests.runs.world import make_split

FULL = {"EA": 5.0, "PC": 5.0, "GN": 5.0, "GR": 5.0}


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_split(tmp_path_factory.mktemp("split"), n=2)


@dataclass
class Says:
    """Gives the fields it was made with as its verdict on s001, and a sound one on the others."""

    info: JudgeInfo
    fields: dict[str, Any]

    async def judge(self, comparison: Comparison) -> Verdict:
        sample = comparison.sample
        scores = {name: FULL[name.value] for name in Criterion}
        sound = Verdict(sample_id=sample.id, status=Status.OK, scores=scores)
        return replace(sound, **self.fields) if sample.id == "s001" else sound


@dataclass
class LetsGo:
    """Drops what it was shown and waits until nobody else holds it; notes how many frames stayed."""

    info: JudgeInfo
    held: list[int] = field(default_factory=list)

    async def judge(self, comparison: Comparison) -> Verdict:
        sample_id = comparison.sample.id
        frames = [weakref.ref(video.frames_THWC) for video in (comparison.source, comparison.edit)]
        del comparison
        deadline = time.monotonic() + 5
        while any(one() is not None for one in frames) and time.monotonic() < deadline:
            await asyncio.sleep(0.001)
        self.held.append(sum(one() is not None for one in frames))
        return Verdict(sample_id=sample_id, status=Status.UNJUDGED, reason="let go")


@dataclass
class Measures:
    """Gives the fields it was made with as its value of s001, and a sound one of the others."""

    info: MetricInfo
    fields: dict[str, Any]

    def measure(self, items: Iterable[Comparison]) -> Iterator[MetricValue]:
        for item in items:
            sound = MetricValue(sample_id=item.sample.id, metric=self.info.name, status=Status.OK, value=0.5)
            yield replace(sound, **self.fields) if item.sample.id == "s001" else sound


def evaluate(
    split: Path, out: Path, *, verdict: dict[str, Any] | None = None, value: dict[str, Any] | None = None
) -> RunView:
    scorers = build_scorers(
        judge="reference", metrics="temporal_flickering", formula="geometric", exclude_unjudged=False
    )
    assert scorers.judge is not None
    if verdict is not None:
        judge: Judge = Says(scorers.judge.info, verdict)
        scorers = replace(scorers, judge=judge)
    if value is not None:
        metrics: tuple[Metric, ...] = tuple(Measures(metric.info, value) for metric in scorers.metrics)
        scorers = replace(scorers, metrics=metrics)
    plan = make_plan(model="target", split=str(split), seed=0, limit=None, shard=None, scorers=scorers)
    execute(plan, out, RunOptions(), generate=True, progress=lambda _tally: None)
    return load_run(out)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": Status.FAILED, "scores": {}, "reason": "out of memory"}, "out of memory"),
        ({"status": Status.REFUSED, "scores": {}}, "no reason"),
        ({"scores": {Criterion.EA: float("nan")}}, "EA"),
        ({"scores": {**dict.fromkeys(Criterion, 5.0), Criterion.EA: 11}}, "EA"),
        ({"scores": {Criterion.EA: 5.0}}, "no score for"),
        ({"sample_id": "s000"}, "s000"),
        ({"measures": {"progress": float("inf")}}, "ValueError"),
    ],
)
def test_a_judge_that_fails_in_any_way_leaves_the_edit_unjudged(
    split: Path, tmp_path: Path, fields: dict[str, Any], words: str
) -> None:
    view = evaluate(split, tmp_path / "run", verdict=fields)
    assert view.outcomes[1].status is Status.UNJUDGED and words in view.outcomes[1].reason
    assert view.outcomes[1].overall is None and view.summary.overall.mean is None
    assert view.outcomes[0].overall == pytest.approx(5)


def test_half_a_character_in_a_reply_loses_no_verdict(split: Path, tmp_path: Path) -> None:
    """A reply cut inside an escaped emoji, as JSON allows it."""
    view = evaluate(split, tmp_path / "run", verdict={"raw": "done \ud83d", "rationale": {Criterion.EA: "\ud83d"}})
    verdict = view.outcomes[1].verdict
    assert verdict is not None and verdict.status is Status.OK and verdict.raw == "done ?"


@pytest.mark.parametrize("fields", [{"value": float("nan")}, {"value": None}, {"sample_id": "s000"}, {"metric": "x"}])
def test_a_value_that_is_no_number_or_of_another_sample_is_a_failed_one(
    split: Path, tmp_path: Path, fields: dict[str, Any]
) -> None:
    view = evaluate(split, tmp_path / "run", value=fields)
    (bad,) = view.outcomes[1].metrics
    assert bad.status is Status.FAILED and bad.value is None and "what is not a value" in bad.reason
    (good,) = view.outcomes[0].metrics
    assert good.value == 0.5


def test_a_value_of_numpy_is_a_value(split: Path, tmp_path: Path) -> None:
    view = evaluate(split, tmp_path / "run", value={"value": np.float32(0.25)})
    assert view.outcomes[1].metrics[0].value == 0.25


def test_only_the_judge_holds_the_frames_that_it_was_shown(split: Path, tmp_path: Path) -> None:
    scorers = build_scorers(judge="reference", metrics="none", formula="geometric", exclude_unjudged=False)
    assert scorers.judge is not None
    judge = LetsGo(scorers.judge.info)
    scorers = replace(scorers, judge=judge)
    plan = make_plan(model="target", split=str(split), seed=0, limit=None, shard=None, scorers=scorers)
    execute(plan, tmp_path / "run", RunOptions(), generate=True, progress=lambda _tally: None)
    assert judge.held == [0, 0]
