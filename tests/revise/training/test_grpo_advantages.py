"""Group-relative advantages against numpy, over two processes too, and the reference weights beside a sharded net."""

from __future__ import annotations

import math
import multiprocessing
import os
import socket
from pathlib import Path

import numpy as np
import pytest
import torch

from rvebench.revise.training.advantages import EPS, group_advantages, sum_over_ranks
from rvebench.revise.training.batch import Draws
from rvebench.revise.training.config import GrpoConfig
from rvebench.revise.training.objectives.edit_grpo import EditGrpo
from rvebench.revise.training.reference import ReferenceWeights
from rvebench.revise.training.rewards import Edits, RewardSet
from rvebench.revise.training.world import join_world
from tests.revise.training.grpo_world import (
    GaussianPolicy,
    IdentityVae,
    logged,
    plain_batch,
    reward_of,
    shade_grpo,
)
from tests.revise.training.toy import trainer

TRAINING = ("objective=edit-grpo", "loop.batch_size=3", "loop.steps=3", "optim.warmup_steps=0", "optim.lr=0.001")
REWARDS = torch.tensor(
    [[0.1, 0.5, 0.9, 0.2], [3.0, 3.0, 3.0, 3.0], [-1.0, math.nan, 2.0, 0.5], [math.nan, math.nan, math.nan, 0.3]],
    dtype=torch.float64,
)


def _oracle(rows: np.ndarray, all_rows: np.ndarray, *, std: str, clip: float) -> tuple[np.ndarray, np.ndarray]:
    """Row by row, as one would by hand."""
    values, kept = np.zeros(rows.shape), np.zeros(rows.shape, bool)
    for index, row in enumerate(rows):
        read = row[~np.isnan(row)]
        if len(read) < 2 or np.ptp(read) == 0:
            continue
        spread = np.std(read) if std == "group" else np.std(all_rows[~np.isnan(all_rows)])
        kept[index] = ~np.isnan(row)
        values[index] = np.where(kept[index], (row - read.mean()) / (spread + EPS), 0)
    return np.clip(values, -clip, clip), kept


@pytest.mark.parametrize("std", ["group", "global"])
@pytest.mark.parametrize("clip", [5.0, 0.8])
def test_advantages_are_those_of_an_oracle(std: str, clip: float) -> None:
    found = group_advantages(REWARDS, std=std, clip=clip)  # type: ignore[arg-type]
    values, kept = _oracle(REWARDS.numpy(), REWARDS.numpy(), std=std, clip=clip)
    assert np.allclose(found.values_BG.numpy(), values, atol=1e-6)
    assert (found.kept_BG.numpy() == kept).all()
    assert found.scale == pytest.approx(16 / 7)
    assert (found.alike, found.unread) == (2, 4), "a group with one reward says as little as one with equal ones"
    assert found.within == pytest.approx((np.std(REWARDS[0].numpy()) + np.std([-1.0, 2.0, 0.5])) / 2)
    assert found.clipped == pytest.approx(float((np.abs(values[kept]) == clip).mean()))


def test_groups_whose_rewards_differ_by_rounding_are_left_out() -> None:
    rewards = torch.tensor([[0.1 + 0.2, 0.3, 0.3], [0.0, 0.0, 0.0], [1e-6, 2e-6, 3e-6]], dtype=torch.float64)
    found = group_advantages(rewards)
    assert found.kept_BG.tolist() == [[False] * 3, [False] * 3, [True] * 3]
    assert found.values_BG[:2].abs().max() == 0


def test_nothing_to_learn_from_has_scale_zero() -> None:
    for rewards in (torch.ones(2, 3), torch.zeros(0, 3), torch.full((2, 3), math.nan)):
        found = group_advantages(rewards, std="global")
        assert found.scale == 0.0
        assert not found.kept_BG.any()
        assert found.values_BG.isfinite().all()


def test_advantages_ignore_the_scale_and_the_origin_of_rewards() -> None:
    rewards = torch.randn(3, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    plain, moved = group_advantages(rewards * 100), group_advantages(rewards * 1000 - 7)
    assert torch.allclose(plain.values_BG, moved.values_BG, atol=1e-5)


def _in_process(rank: int, folder: Path, port: int) -> None:
    torch.set_num_threads(1)
    settings = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "RANK": rank, "WORLD_SIZE": 2}
    os.environ.update({name: str(value) for name, value in settings.items()})
    world = join_world("cpu")
    results = {}
    # Unequal, then one rank without samples, then one with nothing to say, then none at all.
    cases = {
        "unequal": (REWARDS[:3], REWARDS[3:]),
        "empty": (REWARDS, torch.zeros(0, 4, dtype=torch.float64)),
        "alike": (REWARDS[:1], REWARDS[1:2]),
        "nothing": (torch.zeros(0, 4), torch.zeros(0, 4)),
    }
    for name, rows in cases.items():
        for std in ("group", "global"):
            found = group_advantages(rows[rank], std=std)  # type: ignore[arg-type]
            results[f"{name}-{std}"] = (found.values_BG, found.kept_BG, found.scale)
    for std in ("group", "global"):
        # Rank 1 computes with a sample of rank 0's.
        found = group_advantages(REWARDS if rank == 0 else REWARDS[:1], std=std, counts=rank == 0)  # type: ignore[arg-type]
        results[f"borrowed-{std}"] = (found.values_BG, found.kept_BG, found.scale)
    results["sharded"] = _sharded_reference()
    results["objective"] = _objective(rank)
    trainer(folder / "training", *TRAINING, objective=shade_grpo, world=world).run()  # type: ignore[arg-type]
    torch.save(results, folder / f"rank{rank}.pt")
    world.close()


def _objective(rank: int) -> tuple[torch.Tensor, ...]:
    """The gradient of one update, summed over ranks as the loop does it; rank 1 has no samples."""
    policy = GaussianPolicy((3, 1, 2, 2))
    rewards = RewardSet(rewards={"shade": reward_of(_shade)}, weights={"shade": 1.0})
    config = GrpoConfig(group=3, steps=4, window=2, std="global", kl_weight=0.0)
    grpo = EditGrpo(config, rewards=rewards, vae=IdentityVae())  # type: ignore[arg-type]
    batch = plain_batch(3)
    draws = Draws.of(0, rank=rank)
    (items,) = grpo.prepare(batch if rank == 0 else batch.take([]), policy, draws, parts=1)  # type: ignore[arg-type]
    gradient = torch.zeros(3, 1, 2, 2)
    for item in items:
        loss = grpo.loss(item, policy, draws, step=0).loss / len(items)  # type: ignore[arg-type]
        gradient += torch.autograd.grad(loss, policy.net.mean)[0]
    return gradient, sum_over_ranks(gradient), torch.tensor(len(items))


def _shade(edits: Edits) -> list[float | None]:
    """The first sample's edits are all alike, and those of the second have no reward."""
    shades = edits.edit_BTHWC.float().flatten(1).mean(1).tolist()
    return [[0.5, None, shade][int(sample[-1])] for sample, shade in zip(edits.ids, shades, strict=True)]


def _sharded_reference() -> tuple[torch.Tensor, ...]:
    """What a sharded net says at first, after a change, under the reference, and after the reference."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.Linear(6, 2))
    # The outermost keeps weights of its own: those are not let go of after a forward pass.
    fully_shard(net[1], mesh=init_device_mesh("cpu", (2,)))
    fully_shard(net, mesh=init_device_mesh("cpu", (2,)))
    optimizer, reference = torch.optim.SGD(net.parameters(), lr=0.1), ReferenceWeights(net)
    points = torch.arange(8.0).view(2, 4)
    with torch.no_grad():
        first = net(points)
    net(points).sum().backward()
    optimizer.step()
    with torch.no_grad():
        changed = net(points)
        with reference.applied():
            under = net(points)
        after = net(points)
    return first, changed, under, after


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes left. They are forked from a server that has imported everything and computed nothing."""
    folder = tmp_path_factory.mktemp("ranks")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    processes = [context.Process(target=_in_process, args=(rank, folder, port)) for rank in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=180)
    hanging = [process for process in processes if process.is_alive()]
    for process in hanging:
        process.kill()
    assert not hanging
    assert [process.exitcode for process in processes] == [0, 0]
    return folder


@pytest.fixture(scope="module")
def two_ranks(folder: Path) -> list[dict[str, tuple[torch.Tensor, ...]]]:
    return [torch.load(folder / f"rank{rank}.pt") for rank in range(2)]


@pytest.mark.parametrize("std", ["group", "global"])
def test_two_ranks_agree_with_one_process_and_empty_groups_do_not_hang(
    two_ranks: list[dict[str, tuple[torch.Tensor, ...]]], std: str
) -> None:
    whole = group_advantages(REWARDS, std=std)  # type: ignore[arg-type]
    for name in ("unequal", "empty"):
        ranks = [rank[f"{name}-{std}"] for rank in two_ranks]
        assert torch.allclose(torch.cat([values for values, _, _ in ranks]), whole.values_BG, atol=1e-7)
        assert torch.equal(torch.cat([kept for _, kept, _ in ranks]), whole.kept_BG)
        assert [scale for _, _, scale in ranks] == [pytest.approx(whole.scale)] * 2
    values, _, scale = two_ranks[0][f"borrowed-{std}"]
    assert torch.allclose(values, whole.values_BG, atol=1e-7)
    assert scale == pytest.approx(whole.scale)
    assert torch.allclose(two_ranks[1][f"borrowed-{std}"][0], values[:1], atol=1e-7)
    assert [rank[f"alike-{std}"][2] for rank in two_ranks] == [2.0, 2.0]
    assert not two_ranks[1][f"alike-{std}"][1].any()
    assert [rank[f"nothing-{std}"][2] for rank in two_ranks] == [0.0, 0.0]


def test_a_rank_without_samples_and_groups_without_a_say_neither_hang_nor_count(
    two_ranks: list[dict[str, tuple[torch.Tensor, ...]]],
) -> None:
    alone, _, parts = _objective(0)
    assert int(parts) == 6
    assert alone.abs().max() > 0
    for rank, count in zip(two_ranks, (6, 0), strict=True):
        _, together, items = rank["objective"]
        assert torch.allclose(together, alone, atol=1e-9)
        assert int(items) == count
    assert two_ranks[1]["objective"][0].abs().max() == 0


def test_a_sharded_training_has_ratio_one_and_a_divergence_that_begins_at_zero(folder: Path) -> None:
    """Three samples a step: the ranks have two and one."""
    lines = logged(folder / "training")
    assert [line["step"] for line in lines] == [1, 2, 3]
    for line in lines:
        assert (line["ratio/min"], line["ratio"], line["ratio/max"]) == (1.0, 1.0, 1.0)
    assert lines[0]["kl"] == 0.0
    assert all(line["kl"] > 0 for line in lines[1:])


def test_a_sharded_net_is_asked_with_its_reference_weights_and_gets_its_own_back(
    two_ranks: list[dict[str, tuple[torch.Tensor, ...]]],
) -> None:
    for rank in two_ranks:
        first, changed, under, after = rank["sharded"]
        assert torch.equal(under, first)
        assert torch.equal(after, changed)
        assert not torch.equal(first, changed)


def test_the_reference_holds_what_is_trained_alone_and_leaves_no_trace() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 1))
    net[0].requires_grad_(False)
    reference = ReferenceWeights(net)
    assert reference.size_bytes == 4 * 4
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with torch.no_grad():
        net[1].weight.add_(1)
    changed = net[1].weight.detach().clone()
    with pytest.raises(RuntimeError, match="stop"), reference.applied():
        assert torch.equal(net[1].weight, before["1.weight"])
        raise RuntimeError("stop")
    assert torch.equal(net[1].weight, changed)
