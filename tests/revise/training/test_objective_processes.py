"""The real objectives over two ranks with a sharded transformer: rollouts, references, adapters and gates keep step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from rvebench.revise.training.config import TrainConfig, training_preset
from rvebench.revise.training.loop import Trainer
from rvebench.revise.training.objectives.build import build_objective
from rvebench.revise.training.policy import Policy
from rvebench.revise.training.source import MemorySource, SampleFailure
from rvebench.revise.training.world import World
from tests.revise.training.grpo_world import tiny_batch, tiny_parts
from tests.revise.training.ranks import ranks, server
from tests.revise.training.toy import distance, equal, state_of

GRPO = (
    "grpo.group=2",
    "grpo.steps=3",
    "grpo.window=2",
    "grpo.kl_weight=0.1",
    "grpo.updates=2",
    'grpo.rewards=[{"name": "target-nearness", "weight": 1.0}]',
)
OBJECTIVES = {
    "sft": (),
    "rwr": (),
    "uso": ("uso.tau=0.8", "uso.decode=full"),
    "edit-grpo": GRPO,
    "edit-grpo with lora": (*GRPO, 'lora={"rank": 2}', 'trainable=["transformer"]'),
}
EVEN = ("optim.clip_norm=0.05", "optim.eps=1e-3", "optim.warmup_steps=0")
STEPS = 4


def trained(
    name: str, out: Path, *changes: str, source: MemorySource | None = None, world: World | None = None
) -> Trainer:
    """Returns the trainer of a tiny model and ten samples, not run yet."""
    config: TrainConfig = training_preset("tiny-random").with_changes(
        (f"objective={name.split()[0]}", f"loop.steps={STEPS}", "loop.log_every=1", *OBJECTIVES[name], *changes)
    )
    parts = tiny_parts()
    data = tiny_batch(parts, 10)
    return Trainer(
        config,
        Policy.of(parts),
        lambda policy: build_objective(config, parts, policy, masks=True),
        source or MemorySource(data, batch_size=config.loop.batch_size),
        out=out,
        world=world,
    )


def one_sided() -> MemorySource:
    """A source of which the second rank of two can read nothing, so that the first draws as one process does."""
    data = tiny_batch(tiny_parts(), 10)
    whole = MemorySource(data, batch_size=2)
    bad = {each for step in range(5) for each in whole.batch(step, 1, 2).batch.ids}  # type: ignore[union-attr]
    assert len(bad) == 5
    return MemorySource(data, batch_size=2, unreadable=[SampleFailure(each, "cut") for each in sorted(bad)])


def train_each(out: Path, world: World) -> None:
    for name in OBJECTIVES:
        folder = out / name
        beside = trained(name, folder / "one-sided", *EVEN, source=one_sided(), world=world)
        beside.run()
        state = state_of(beside)
        if world.first:
            torch.save(state, folder / "one-sided.pt")

        whole = trained(name, folder / "whole", "loop.batch_size=3", world=world)
        whole.run()
        trained(name, folder / "parts", "loop.batch_size=3", world=world).run(until=2)
        again = trained(name, folder / "parts", "loop.batch_size=3", world=world)
        assert again.resume() == 2
        again.run()
        first, second = state_of(whole), state_of(again)
        (folder / f"exact-{world.rank}.json").write_text(json.dumps(equal(first, second)))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("objectives")
    ranks(server(__name__), train_each, 2, out)
    return out


@pytest.mark.parametrize("name", OBJECTIVES)
def test_two_ranks_learn_what_one_process_learns(two: Path, tmp_path: Path, name: str) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    one = trained(name, tmp_path, *EVEN, source=one_sided())
    began = state_of(one)
    one.run()
    torch.set_num_threads(before)
    found: dict[str, torch.Tensor] = torch.load(two / name / "one-sided.pt", weights_only=True)
    assert distance(state_of(one), found) < 1e-6
    assert distance(began, {key: found[key] for key in began}) > 1e-5, "something was learnt"


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_resume_of_two_ranks_is_exact(two: Path, name: str) -> None:
    assert [json.loads((two / name / f"exact-{rank}.json").read_text()) for rank in (0, 1)] == [True, True]


def test_the_gate_was_open_in_one_step_and_shut_in_another(two: Path) -> None:
    lines = (two / "uso" / "whole" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    steps = [each for each in (json.loads(line) for line in lines) if each.get("event") == "train"]
    rates: list[Any] = [each["gate"] for each in steps]
    assert min(rates) == 0.0 and max(rates) == 1.0
