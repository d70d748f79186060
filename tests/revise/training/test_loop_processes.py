"""The loop in several processes: two ranks are one, any rank count resumes, and death at any moment costs nothing.

All processes are forked from a server that has imported everything once and computed nothing.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from rvebench.revise.training.batch import Batch
from rvebench.revise.training.objectives.protocol import Step
from rvebench.revise.training.source import MemorySource, SampleFailure, places_of_step
from tests.revise.training.ranks import ranks, server
from tests.revise.training.toy import (
    Toy,
    distance,
    equal,
    quiet_threads,
    samples,
    state_of,
    trainer,
)

EVEN = ("optim.clip_norm=0.05", "optim.eps=1e-3", "optim.warmup_steps=0")


@pytest.fixture(scope="module")
def context() -> Any:
    return server(__name__)


class Light(Toy):
    """Draws as flow matching does, and runs the source's tokens alone."""

    def loss(self, item: Any, policy: Any, draws: Any, *, step: int) -> Step:
        self.gates.append(draws.shared_uniform() < 0.4)
        noisy = item.batch.source_BCTHW + draws.normal_like(item.batch.source_BCTHW)
        return Step(policy.net.connector.source_tokens(noisy)[..., 0].square().mean(), {})


def train_two(out: Path, world: Any) -> None:
    """Everything that two ranks are asked, in one life."""
    one = trainer(out / "even", *EVEN, objective=Toy(by_id=True), world=world)
    one.run(until=3)
    state = state_of(one)
    if world.first:
        torch.save(state, out / "even.pt")
        (out / "names.json").write_text(json.dumps([name for name, _ in one.parameters]))
    one.run()
    state = state_of(one)
    if world.first:
        torch.save(state, out / "even-all.pt")

    resumed = trainer(out / "single", *EVEN, objective=Toy(by_id=True), world=world)
    assert resumed.resume() == 3, "saved by one rank"
    resumed.run()
    state = state_of(resumed)
    if world.first:
        torch.save(state, out / "from-one.pt")

    whole, toy = trainer(out / "whole", "loop.precision=bf16", world=world), Light()
    whole.run()
    trainer(out / "parts", "loop.precision=bf16", world=world).run(until=2)
    again = trainer(out / "parts", "loop.precision=bf16", world=world)
    assert again.resume() == 2
    again.run()
    assert equal(state_of(whole), state_of(again)), "a resume by as many ranks is exact"

    adapter = 'trainable=["visual_context_adapter"]'
    gates = trainer(out / "gates", "loop.steps=200", "loop.batch_size=3", adapter, objective=toy, world=world)
    gates.run()
    (out / f"gates-{world.rank}.json").write_text(json.dumps(toy.gates))

    uneven = trainer(out / "uneven", *EVEN, "loop.batch_size=3", objective=Toy(by_id=True), world=world)
    uneven.run()
    lone = trainer(out / "lone", *EVEN, "loop.batch_size=1", objective=Toy(by_id=True), world=world)
    lone.run()
    failing = trainer(out / "failing", *EVEN, objective=Toy(by_id=True), world=world, source=unreadable())
    failing.run()
    for name, made in (("uneven", uneven), ("lone", lone), ("failing", failing)):
        state = state_of(made)
        if world.first:
            torch.save(state, out / f"{name}.pt")
            (out / f"{name}.json").write_text(json.dumps([made.counters.samples, made.counters.failures]))

    muon = trainer(out / "muon", *EVEN, "optim.muon_lr=0.01", objective=Toy(by_id=True), world=world)
    muon.run(until=3)
    again = trainer(out / "muon", *EVEN, "optim.muon_lr=0.01", objective=Toy(by_id=True), world=world)
    assert again.resume() == 3
    again.run()
    state = state_of(again)
    if world.first:
        torch.save(state, out / "muon.pt")

    parts = trainer(
        out / "lora", *EVEN, 'lora={"rank": 2}', 'trainable=["transformer"]', objective=Toy(by_id=True), world=world
    )
    parts.run(until=2)
    weights = parts.weights()
    state = state_of(parts)
    if world.first:
        torch.save(state, out / "lora.pt")
        torch.save(weights, out / "lora-weights.pt")

    from rvebench.revise.training.guards import DivergedError, StoppedError

    try:
        trainer(out / "nan", objective=Toy(bad=BAD), world=world).run()
    except DivergedError as error:
        (out / f"nan-{world.rank}").write_text(str(error))

    def interrupt(done: int, _all: int) -> None:
        if done == 2:
            os.kill(os.getpid(), signal.SIGTERM)  # the first rank alone is told

    try:
        trainer(out / "stopped", world=world, progress=interrupt).run()
    except StoppedError as error:
        (out / f"stopped-{world.rank}").write_text(str(error))
    world.barrier()


BAD = f"s{places_of_step(10, 4, 0, 0, rank=1, world=2)[0]}"


def unreadable() -> MemorySource:
    """A source of which the second rank of two can read nothing in the first step."""
    places = places_of_step(10, 4, 0, 0, rank=1, world=2)
    bad = tuple(SampleFailure(f"s{place}", "cut") for place in places)
    return MemorySource(samples(), batch_size=4, unreadable=bad)


@pytest.fixture(scope="module")
def two(context: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("two")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    trainer(out / "single", *EVEN, objective=Toy(by_id=True)).run(until=3)
    ranks(context, train_two, 2, out)
    torch.set_num_threads(before)
    return out


def alone(out: Path, *changes: str, until: int | None = None, source: Any = None, data: Batch | None = None) -> Any:
    torch.set_num_threads(1)
    one = trainer(out, *changes, objective=Toy(by_id=True), source=source, data=data)
    one.run(until=until)
    return one


def loaded(path: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = torch.load(path, weights_only=True)
    return found


def test_two_ranks_are_one_process(two: Path, tmp_path: Path) -> None:
    one = alone(tmp_path, *EVEN)
    assert distance(state_of(one), loaded(two / "even-all.pt")) < 1e-6
    assert json.loads((two / "names.json").read_text()) == [name for name, _ in one.parameters]


def test_what_two_ranks_saved_one_loads_to_the_bit(two: Path) -> None:
    import shutil

    newest = two / "even" / "checkpoints" / "step-00000006"
    one = trainer(two / "reshard", *EVEN, objective=Toy(by_id=True))
    shutil.copytree(newest, two / "reshard" / "checkpoints" / "step-00000006")
    assert one.resume() == 6
    assert equal(state_of(one), loaded(two / "even-all.pt"))
    assert not equal(loaded(two / "even.pt"), loaded(two / "even-all.pt"))


def test_what_one_saved_two_ranks_continue(two: Path, tmp_path: Path) -> None:
    assert distance(state_of(alone(tmp_path, *EVEN)), loaded(two / "from-one.pt")) < 1e-6


def test_ranks_agree_about_the_gate_at_every_one_of_200_steps(two: Path) -> None:
    first, second = (json.loads((two / f"gates-{rank}.json").read_text()) for rank in (0, 1))
    assert len(first) == 200 and first == second
    assert 50 < sum(first) < 110  # 0.4 of 200, five standard deviations about it


@pytest.mark.parametrize("name", ["uneven", "lone", "failing"])
def test_uneven_and_empty_ranks_weigh_what_they_have_and_do_not_hang(two: Path, tmp_path: Path, name: str) -> None:
    size = {"uneven": 3, "lone": 1, "failing": 4}[name]
    one = alone(tmp_path, *EVEN, f"loop.batch_size={size}", source=unreadable() if name == "failing" else None)
    assert distance(state_of(one), loaded(two / f"{name}.pt")) < 1e-6
    assert json.loads((two / f"{name}.json").read_text()) == [one.counters.samples, one.counters.failures]


def test_muon_over_two_ranks_and_a_resume_is_that_of_one(two: Path, tmp_path: Path) -> None:
    one = alone(tmp_path, *EVEN, "optim.muon_lr=0.01")
    assert any(name.startswith("momentum") for name in state_of(one))
    assert distance(state_of(one), loaded(two / "muon.pt")) < 1e-5


def test_low_rank_factors_over_two_ranks_are_those_of_one(two: Path, tmp_path: Path) -> None:
    one = alone(tmp_path, *EVEN, 'lora={"rank": 2}', 'trainable=["transformer"]', until=2)
    assert distance(state_of(one), loaded(two / "lora.pt")) < 1e-6
    assert distance(one.weights(), loaded(two / "lora-weights.pt")) < 1e-6


def test_every_rank_names_the_sample_of_the_rank_that_met_a_nan(two: Path) -> None:
    for rank in (0, 1):
        assert f"{BAD}: the loss" in (two / f"nan-{rank}").read_text() or f"{BAD}," in (two / f"nan-{rank}").read_text()


def test_a_signal_to_one_rank_stops_all_after_the_same_step(two: Path) -> None:
    told = [(two / f"stopped-{rank}").read_text() for rank in (0, 1)]
    assert told[0] == told[1] and "stopped after step 2 of 6; it is saved" in told[0]
    assert [path.name for path in (two / "stopped" / "checkpoints").iterdir()] == ["step-00000002"]


def _train_to_the_end(out: Path) -> None:
    quiet_threads()
    made = trainer(out, "loop.save_every=1", "loop.steps=14")
    made.resume()
    made.run()
    torch.save(state_of(made), out / "end.pt")


def _run(context: Any, out: Path) -> Any:
    process = context.Process(target=_train_to_the_end, args=(out,))
    process.start()
    return process


def _newest(out: Path) -> int:
    folder = out / "checkpoints"
    return max((int(path.name[5:]) for path in folder.glob("step-*")), default=0) if folder.is_dir() else 0


def test_kills_at_random_moments_end_in_the_same_weights(context: Any, tmp_path: Path) -> None:
    """Each kill comes at a random moment of the step, or of its checkpoint, after another few steps were saved."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    _run(context, whole).join()
    rng = random.Random(5)
    for target in (3, 6, 9):
        process = _run(context, killed)
        while _newest(killed) < target and process.is_alive():
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.08))
        assert process.is_alive()
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert _newest(killed) >= target
    _run(context, killed).join()
    assert equal(loaded(whole / "end.pt"), loaded(killed / "end.pt"))
    left = [path.name for path in (killed / "checkpoints").iterdir()]
    assert sorted(left) == ["step-00000013", "step-00000014"], "no half-written checkpoint is left"
