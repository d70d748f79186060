"""The loop in one process: exact resume, checkpoints that are whole or not there, and every way a training can fail."""

from __future__ import annotations

import dataclasses
import errno
import json
import math
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

import rvebench.revise.training.checkpoint as checkpoint_module
from rvebench.errors import DataError, StorageError, UsageError
from rvebench.revise.training.batch import Batch
from rvebench.revise.training.checkpoint import CheckpointStore
from rvebench.revise.training.config import LoraConfig, OptimConfig
from rvebench.revise.training.guards import DivergedError, FrozenChangedError, StoppedError
from rvebench.revise.training.heldout import hacking_since
from rvebench.revise.training.logs import LOG_NAME
from rvebench.revise.training.optim import Ema, ema_decay, learning_rate
from rvebench.revise.training.resume import config_changes
from rvebench.revise.training.source import MemorySource, SampleFailure, places_of_step
from rvebench.revise.training.world import World
from rvebench.storage import LogLine, read_lines
from tests.revise.training.toy import Toy, config, distance, equal, samples, state_of, trainer

CLOCK = ("samples_per_s", "flops_per_s", "mfu", "memory_bytes")


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def log_of(out: Path) -> list[dict[str, Any]]:
    lines = [line.value for line in read_lines(out / LOG_NAME) if isinstance(line, LogLine)]
    return [{key: value for key, value in line.items() if key not in CLOCK} for line in lines]


MIXED = ("loop.precision=bf16", "loop.accumulate=2", "loop.log_every=4", "optim.muon_lr=0.01")


@pytest.mark.parametrize(("changes", "moments"), [((), set()), (MIXED, {"momentum"})])
def test_steps_done_at_once_are_bit_for_bit_steps_a_resume_and_the_rest(
    tmp_path: Path, changes: tuple[str, ...], moments: set[str]
) -> None:
    whole = trainer(tmp_path / "whole", *changes)
    whole.run()
    trainer(tmp_path / "parts", *changes).run(until=3)
    resumed = trainer(tmp_path / "parts", *changes)
    assert resumed.resume() == 3
    resumed.run()
    assert equal(state_of(whole), state_of(resumed))
    kinds = {name.split(".")[0] for name in state_of(whole)}
    assert kinds == {"weights", "average", "exp_avg", "exp_avg_sq"} | moments
    assert whole.counters == resumed.counters
    assert log_of(tmp_path / "whole") == log_of(tmp_path / "parts") != []
    fresh = trainer(tmp_path / "fresh", *changes)
    assert (
        distance(state_of(fresh), {k: v for k, v in state_of(whole).items() if k.startswith(("weights", "average"))})
        > 1e-5
    )


def test_lines_of_steps_that_are_done_again_are_cut_from_the_log(tmp_path: Path) -> None:
    first = trainer(tmp_path, "loop.save_every=2")
    first.run(until=4)
    (tmp_path / "checkpoints" / "step-00000004" / "manifest.json").unlink()
    told: list[str] = []
    again = trainer(tmp_path, "loop.save_every=2", warn=told.append)
    assert again.resume() == 2
    assert len(told) == 1 and "step-00000004" in told[0] and "passed over" in told[0]
    again.run()
    assert [line["step"] for line in log_of(tmp_path)] == [1, 2, 3, 4, 5, 6]


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(tmp_path: Path) -> None:
    trainer(tmp_path, "loop.save_every=2").run(until=4)
    file = next((tmp_path / "checkpoints" / "step-00000004" / "tensors").iterdir())
    data = bytearray(file.read_bytes())
    data[-3] ^= 1
    file.write_bytes(data)
    told: list[str] = []
    assert trainer(tmp_path, "loop.save_every=2", warn=told.append).resume() == 2
    assert "is damaged" in told[0]


def test_where_no_checkpoint_is_whole_the_resume_says_so(tmp_path: Path) -> None:
    trainer(tmp_path).run(until=1)
    (tmp_path / "checkpoints" / "step-00000001" / "state.json").unlink()
    with pytest.raises(DataError, match="no checkpoint is whole"):
        trainer(tmp_path).resume()


def test_a_checkpoint_holds_no_pickle_and_old_ones_go(tmp_path: Path) -> None:
    trainer(tmp_path, "loop.save_every=1", "loop.keep=2").run(until=4)
    folders = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert folders == ["step-00000003", "step-00000004"]
    files = [path for path in (tmp_path / "checkpoints").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json", ".safetensors"}


def test_a_disk_that_fills_during_a_checkpoint_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = trainer(tmp_path, "loop.save_every=2")
    one.run(until=2)

    def full(self: Any, stream: Any, *rest: Any, **named: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("torch.distributed.checkpoint.filesystem._StorageWriterTransforms.transform_save_stream", full)
    with pytest.raises(StorageError, match="cannot be written: No space left on device") as caught:
        one.run(until=4)
    assert caught.value.exit_code == 4 and "step-00000004" in str(caught.value)
    monkeypatch.undo()
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-00000002"]
    again = trainer(tmp_path, "loop.save_every=2")
    assert again.resume() == 2
    again.run()
    whole = trainer(tmp_path / "whole")
    whole.run()
    assert equal(state_of(again), state_of(whole))


def test_a_disk_that_fills_at_the_last_file_leaves_no_half_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = trainer(tmp_path)
    one.run(until=1)
    monkeypatch.setattr(checkpoint_module, "_sync", lambda path: (_ for _ in ()).throw(OSError(28, "disk full")))
    with pytest.raises(StorageError, match="disk full"):
        one.run(until=2)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-00000001"]


def test_a_resume_under_another_configuration_is_refused_with_the_difference(tmp_path: Path) -> None:
    trainer(tmp_path).run(until=1)
    with pytest.raises(UsageError, match=r"optim\.lr: 0\.0001 -> 0\.001; optim\.warmup_steps: 2 -> 3"):
        trainer(tmp_path, "optim.lr=1e-3", "optim.warmup_steps=3").resume()
    with pytest.raises(UsageError, match=r"another training \(data: "):
        trainer(tmp_path, data=samples(11)).resume()
    assert trainer(tmp_path, "loop.steps=9", "loop.keep=1", "loop.save_every=5", "loop.log_every=2").resume() == 1


def test_more_steps_are_another_training_only_where_the_rate_depends_on_them() -> None:
    constant, cosine = config(), config("optim.schedule=cosine")
    assert config_changes(constant.to_dict(), config("loop.steps=7").to_dict()) == []
    longer = config("optim.schedule=cosine", "loop.steps=7")
    assert config_changes(cosine.to_dict(), longer.to_dict()) == ["loop.steps: 6 -> 7"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_step_end_saves_and_leaves_with_130(tmp_path: Path, number: signal.Signals) -> None:
    def interrupt(done: int, _all: int) -> None:
        if done == 2:
            os.kill(os.getpid(), number)

    with pytest.raises(StoppedError, match="stopped after step 2 of 6; it is saved") as caught:
        trainer(tmp_path, progress=interrupt).run()
    assert caught.value.exit_code == 130
    again, whole = trainer(tmp_path), trainer(tmp_path / "whole")
    assert again.resume() == 2
    again.run()
    whole.run()
    assert equal(state_of(again), state_of(whole))


def with_nan(place: int) -> Batch:
    batch = samples()
    batch.target_BCTHW[place, 0, 0, 0, 0] = float("nan")
    return batch


def test_a_sample_with_a_nan_is_named_and_the_state_before_its_step_is_saved(tmp_path: Path) -> None:
    places = [places_of_step(10, 4, 0, step) for step in range(3)]
    bad = next(place for place in places[2] if place not in places[0] + places[1])
    with pytest.raises(DivergedError) as caught:
        trainer(tmp_path, data=with_nan(bad)).run()
    text = str(caught.value)
    assert f"s{bad} (target_BCTHW): the loss is not a finite number" in text and "at step 3" in text
    assert caught.value.exit_code == 1 and "the state before the step is saved" in text
    whole = trainer(tmp_path / "whole", data=with_nan(bad))
    whole.run(until=2)
    again = trainer(tmp_path, data=with_nan(bad))
    assert again.resume() == 2
    assert equal(state_of(again), state_of(whole))
    assert torch.equal(again.draws.noise.get_state(), whole.draws.noise.get_state())
    with pytest.raises(DivergedError, match=rf"s{bad} "):
        again.run()


def test_a_loss_that_is_no_number_though_its_inputs_are_names_the_samples_of_its_part(tmp_path: Path) -> None:
    first = [f"s{place}" for place in places_of_step(10, 4, 0, 0)]
    with pytest.raises(DivergedError, match=f"^{first[2]}, {first[3]}: the loss"):
        trainer(tmp_path, "loop.accumulate=2", objective=Toy(bad=first[3])).run()


def test_a_gradient_that_is_no_number_stops_the_training(tmp_path: Path) -> None:
    class Root(Toy):
        def loss(self, item: Any, policy: Any, draws: Any, *, step: int) -> Any:
            made = super().loss(item, policy, draws, step=step)
            zero = (made.loss - made.loss.detach()).square()
            return made._replace(loss=made.loss + zero.sqrt())

    with pytest.raises(DivergedError, match="the gradient is not a finite number"):
        trainer(tmp_path, objective=Root()).run()


def test_samples_that_cannot_be_read_are_counted_and_named_and_nothing_takes_their_place(tmp_path: Path) -> None:
    bad = (SampleFailure("s3", "the file is cut"), SampleFailure("s7", "no such file"))
    toy = Toy()
    one = trainer(tmp_path, "loop.steps=5", objective=toy, source=MemorySource(samples(), batch_size=4, unreadable=bad))
    one.run()
    assert one.counters.failures == 4 and one.counters.samples == 16  # two epochs of ten, less two samples each
    assert sorted(toy.seen) == sorted(2 * [f"s{place}" for place in range(10) if place not in (3, 7)])
    failures = [line for line in log_of(tmp_path) if line["event"] == "failure"]
    assert sorted({(line["id"], line["reason"]) for line in failures}) == [tuple(each) for each in bad]
    assert len(failures) == 4


def test_a_step_with_nothing_to_read_is_skipped_and_a_whole_epoch_of_them_is_an_error(tmp_path: Path) -> None:
    first = places_of_step(10, 4, 0, 0)
    bad = tuple(SampleFailure(f"s{place}", "the file is cut") for place in first)
    one = trainer(tmp_path, "loop.steps=1", source=MemorySource(samples(), batch_size=4, unreadable=bad))
    before = state_of(one)
    counters = one.run()
    assert (counters.step, counters.updates, counters.skipped) == (1, 0, 1) and equal(before, state_of(one))
    every = tuple(SampleFailure(f"s{place}", "the file is cut") for place in range(10))
    with pytest.raises(DataError, match="whole epoch"):
        trainer(tmp_path / "all", source=MemorySource(samples(), batch_size=4, unreadable=every)).run()


def test_data_without_a_sample_are_refused() -> None:
    with pytest.raises(DataError, match="no sample"):
        MemorySource(samples().take([]), batch_size=4)


@pytest.mark.parametrize("how", ["gradient", "write"])
def test_a_frozen_network_that_is_touched_stops_the_training(tmp_path: Path, how: str) -> None:
    frozen = torch.nn.Linear(2, 2).requires_grad_(False)

    class Careless(Toy):
        def loss(self, item: Any, policy: Any, draws: Any, *, step: int) -> Any:
            if how == "gradient":
                frozen.weight.grad = torch.ones(2, 2)
            else:
                with torch.no_grad():
                    frozen.weight.add_(1)
            return super().loss(item, policy, draws, step=step)

    toy = Careless()
    toy.watched = {"critic": frozen}
    with pytest.raises(FrozenChangedError, match=r"critic\.weight is frozen and (got a gradient|was written to)"):
        trainer(tmp_path, objective=toy).run()


def test_a_frozen_network_changed_behind_autograds_back_is_found_when_saving(tmp_path: Path) -> None:
    toy = Toy()
    toy.watched = {"critic": torch.nn.Linear(2, 2).requires_grad_(False)}
    one = trainer(tmp_path, objective=toy)
    toy.watched["critic"].weight.data.view(-1)[0] = 9.0
    with pytest.raises(FrozenChangedError, match="not what they were"):
        one.run()


def test_a_critic_that_asks_for_gradients_is_refused(tmp_path: Path) -> None:
    toy = Toy()
    toy.watched = {"critic": torch.nn.Linear(2, 2)}
    with pytest.raises(FrozenChangedError, match=r"critic\.weight is to stay frozen"):
        trainer(tmp_path, objective=toy)


def test_every_trained_tensor_moves_and_no_other(tmp_path: Path) -> None:
    one = trainer(tmp_path)
    before = {name: tensor.clone() for name, tensor in one.policy.net.state_dict().items()}
    one.run(until=2)
    after = one.policy.net.state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == {name for name, _ in one.parameters}
    assert {name.split(".")[1] for name in moved if name.startswith("connector")} == {"visual_context_adapter"}


def test_trained_tensors_that_no_loss_reads_are_told(tmp_path: Path) -> None:
    class Blind(Toy):
        def loss(self, item: Any, policy: Any, draws: Any, *, step: int) -> Any:
            self.by_id = True
            conditions = policy.conditions
            policy.conditions = lambda batch: dataclasses.replace(
                conditions(batch), context_BLD=conditions(batch).context_BLD.detach()
            )
            try:
                return super().loss(item, policy, draws, step=step)
            finally:
                policy.conditions = conditions

    told: list[str] = []
    trainer(tmp_path, objective=Blind(), warn=told.append).run(until=2)
    assert len(told) == 1 and "without a gradient" in told[0] and "visual_context_adapter" in told[0]
    assert "1 more" in told[0]  # of its four tensors, three are named
    told.clear()
    trainer(tmp_path / "whole", warn=told.append).run(until=1)
    assert not told


def test_parts_give_the_gradient_of_the_whole_batch(tmp_path: Path) -> None:
    # A large epsilon: where the true gradient is zero, Adam blows rounding up to whole steps of the rate.
    changes = ("loop.batch_size=5", "optim.clip_norm=1000", "optim.warmup_steps=0", "optim.eps=1e-3")
    whole = trainer(tmp_path / "one", *changes, objective=Toy(by_id=True))
    thrice = trainer(tmp_path / "three", *changes, "loop.accumulate=5", objective=Toy(by_id=True))
    before = {name: parameter.detach().clone() for name, parameter in whole.parameters}
    whole.run()
    thrice.run()
    assert distance(state_of(whole), state_of(thrice)) < 1e-6
    assert distance(before, {name: parameter.detach() for name, parameter in whole.parameters}) > 1e-4


def test_checkpointed_blocks_give_the_same_bits(tmp_path: Path) -> None:
    plain, kept = (trainer(tmp_path / name, f"loop.activation_checkpointing={name}") for name in ("none", "block"))
    plain.run(until=2)
    kept.run(until=2)
    assert equal(state_of(plain), state_of(kept))


def test_the_rate_rises_then_falls_as_the_schedule_says() -> None:
    base = {"lr": 1.0, "warmup_steps": 4, "final_share": 0.2}
    constant = [learning_rate(OptimConfig(**base), step, 10) for step in range(10)]
    assert constant == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1]
    linear = [learning_rate(OptimConfig(**base, schedule="linear"), step, 10) for step in range(10)]
    assert linear[4:] == pytest.approx([1, 0.84, 0.68, 0.52, 0.36, 0.2])
    cosine = [learning_rate(OptimConfig(**base, schedule="cosine"), step, 10) for step in range(10)]
    assert cosine[4:] == pytest.approx([0.2 + 0.4 * (1 + math.cos(math.pi * each / 5)) for each in range(6)])
    assert learning_rate(OptimConfig(**{**base, "warmup_steps": 0}), 0, 1) == 1


def test_averages_are_those_of_a_plain_sum() -> None:
    parameter = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    ema = Ema([("w", parameter)], 0.6)
    wanted = parameter.detach().double().clone()
    for number in range(1, 9):
        with torch.no_grad():
            parameter.add_(0.1 * number)
        ema.update(number)
        decay = min(0.6, (1 + number) / (10 + number))
        wanted = decay * wanted + (1 - decay) * parameter.detach().double()
    assert torch.allclose(ema.tensors["w"].double(), wanted, atol=1e-6)
    assert ema_decay(0.6, 1) == 2 / 11 and ema_decay(0.6, 1000) == 0.6
    held = parameter.detach().clone()
    with ema.in_place():
        assert torch.allclose(parameter.detach().double(), wanted, atol=1e-6)
    assert torch.equal(parameter.detach(), held)


def test_the_gradient_is_clipped_once_to_its_whole_norm(tmp_path: Path) -> None:
    one = trainer(tmp_path, "optim.clip_norm=0.05", objective=Toy(by_id=True))
    seen: list[float] = []
    step = one.optimizer.step

    def watched() -> None:
        seen.append(math.sqrt(sum(float(p.grad.square().sum()) for _, p in one.parameters if p.grad is not None)))
        step()

    one.optimizer.step = watched  # type: ignore[method-assign]
    one.run(until=2)
    assert seen == pytest.approx([0.05, 0.05], rel=1e-4)
    lines = log_of(tmp_path)
    assert all(line["gradient_norm"] > 0.05 and line["clipped_share"] == 1 for line in lines)


def test_low_rank_factors_alone_are_trained_and_merge_exactly(tmp_path: Path) -> None:
    from rvebench.revise.model.dit import build_dit
    from rvebench.revise.training.lora import adapter_tensors, merged_tensors

    one = trainer(tmp_path, 'lora={"rank": 4, "alpha": 8.0}', 'trainable=["transformer"]', "optim.lr=0.01")
    before = {name: tensor.clone() for name, tensor in one.policy.net.state_dict().items()}
    one.run()
    after = one.policy.net.state_dict()
    assert {name for name in before if not torch.equal(before[name], after[name])} == {
        name for name, _ in one.parameters
    }
    assert one.parameters and all(".lora_" in name for name, _ in one.parameters)
    tensors = {
        name.removeprefix("transformer."): tensor for name, tensor in after.items() if name.startswith("transformer.")
    }
    merged = build_dit(one.policy.config)
    merged.load_state_dict(merged_tensors(tensors, LoraConfig(rank=4, alpha=8.0)))
    factored = build_dit(one.policy.config)
    factored.load_state_dict({n.replace(".base_layer.", "."): t for n, t in tensors.items() if ".lora_" not in n})
    plain = build_dit(one.policy.config)
    plain.load_state_dict(factored.state_dict())
    factored.load_lora_adapter(
        adapter_tensors(tensors, LoraConfig(rank=4, alpha=8.0)),
        prefix="transformer",
        network_alphas=None,
        metadata=None,
    )
    inputs = {
        "hidden_states": torch.randn(1, 16, 2, 4, 8, generator=torch.Generator().manual_seed(1)),
        "timestep": torch.tensor([300.0]),
        "encoder_hidden_states": torch.randn(1, 6, 32, generator=torch.Generator().manual_seed(2)),
        "return_dict": False,
    }
    with torch.no_grad():
        trained = one.policy.net.transformer(**inputs)[0]
        assert torch.allclose(merged(**inputs)[0], trained, atol=1e-5)
        assert torch.allclose(factored(**inputs)[0], trained, atol=1e-5)
        assert not torch.allclose(plain(**inputs)[0], trained, atol=1e-3)


def test_factors_for_layers_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no layer of the transformer is called to_qq"):
        trainer(tmp_path, 'lora={"targets": ["to_qq"]}', 'trainable=["transformer"]')


def test_a_held_out_measure_sees_averaged_weights_and_warns_of_a_gamed_critic(tmp_path: Path) -> None:
    class Approving(Toy):
        def loss(self, item: Any, policy: Any, draws: Any, *, step: int) -> Any:
            made = super().loss(item, policy, draws, step=step)
            return made._replace(metrics={"p_yes": 0.1 * step})

    class Judge:
        metric = "score"

        def __init__(self) -> None:
            self.weights: list[torch.Tensor] = []

        def __call__(self, policy: Any, step: int) -> dict[str, float]:
            self.weights.append(policy.net.transformer.proj_out.weight.detach().clone())
            return {"score": 1.0 - 0.1 * step}

    told: list[str] = []
    judge = Judge()
    one = trainer(tmp_path, "loop.eval_every=1", objective=Approving(), held_out=judge, warn=told.append)
    one.run(until=5)
    assert one.ema is not None
    assert torch.equal(judge.weights[-1], one.ema.tensors["transformer.proj_out.weight"])
    assert not torch.equal(judge.weights[-1], one.policy.net.transformer.proj_out.weight)  # type: ignore[arg-type]
    events = [line["event"] for line in log_of(tmp_path)]
    assert events.count("held_out") == 5 and events.count("warning") == 2
    assert told and "since step 1 the critic approves more and held-out score falls" in told[0]


def test_gaming_is_a_trend_and_not_a_single_fall() -> None:
    fall = [[10 * n, 1 - 0.1 * n, 0.1 * n] for n in range(4)]
    assert hacking_since(fall) == 0
    assert hacking_since(fall[:3]) is None
    assert hacking_since([*fall, [40, 0.9, 0.5]]) is None
    assert hacking_since([[n, 1 - 0.1 * n, 0.5] for n in range(5)]) is None


def test_the_order_visits_every_sample_once_an_epoch_and_ranks_share_each_step() -> None:
    places = [place for step in range(15) for place in places_of_step(10, 4, 7, step)]
    for epoch in range(6):
        assert sorted(places[10 * epoch : 10 * epoch + 10]) == list(range(10))
    assert places[:10] != places[10:20]
    for world in (2, 3, 5, 8):
        for step in range(4):
            shares = [places_of_step(10, 5, 7, step, rank=rank, world=world) for rank in range(world)]
            assert [place for share in shares for place in share] == places_of_step(10, 5, 7, step)


def test_a_store_without_a_checkpoint_has_none(tmp_path: Path) -> None:
    assert CheckpointStore(tmp_path / "none", World(), keep=1, warn=print).newest() is None


def test_the_manifest_lists_every_file_with_its_hash(tmp_path: Path) -> None:
    trainer(tmp_path).run(until=1)
    folder = tmp_path / "checkpoints" / "step-00000001"
    manifest = json.loads((folder / "manifest.json").read_text())
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == there - {"manifest.json"}


def test_tensorboard_gets_the_numbers_where_it_is_installed(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    trainer(tmp_path).run(until=2)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    losses = [line["loss"] for line in log_of(tmp_path)]
    assert [event.value for event in events.Scalars("train/loss")] == pytest.approx(losses)
