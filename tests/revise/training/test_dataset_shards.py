"""Batches out of shards: each sample once an epoch over all ranks, one shape a batch, nothing replaced."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from rvebench.errors import DataError, UsageError  # noqa: E402
from rvebench.revise.training.batch import Batch, Draws  # noqa: E402
from rvebench.revise.training.clips import TrainingSample  # noqa: E402
from rvebench.revise.training.dataset import Bucket, ShardSource, prepare_source  # noqa: E402
from rvebench.revise.training.policy import Policy  # noqa: E402
from rvebench.revise.training.shards import BaselineCritic, EncoderPrints, SampleEncoder, precompute  # noqa: E402
from rvebench.revise.training.source import BatchSource, MemorySource  # noqa: E402
from tests.revise.training.shard_world import SHAPE, MeanCritic, encoder, parts, samples_in, video  # noqa: E402


@pytest.fixture(scope="module")
def made() -> SampleEncoder:
    return encoder()


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[TrainingSample]:
    return samples_in(tmp_path_factory.mktemp("videos"), 5)


@pytest.fixture(scope="module")
def plain(made: SampleEncoder, samples: list[TrainingSample], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("plain")
    precompute(samples, made, out, shard_samples=2)
    return out


@pytest.fixture(scope="module")
def mixed(made: SampleEncoder, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two folders of two clip shapes; the second has samples of two rates, and a mask for one of them."""
    root = tmp_path_factory.mktemp("mixed")
    precompute(samples_in(root / "a", 5), made, root / "one")
    others = samples_in(root / "b", 4, start=10)
    fast = video(root / "fast.mp4", 7, fps=16)
    others[1] = replace(others[1], source=fast)
    others[2] = replace(samples_in(root / "c", 1, start=12, masks=True)[0])
    picture = encoder(made.parts, replace(SHAPE, frames=1))
    precompute(others, picture, root / "two")
    return [root / "one", root / "two"]


def _same(one: Batch, other: Batch) -> bool:
    assert one.ids == other.ids and one.instructions == other.instructions and one.fps == other.fps
    return all(
        torch.equal(a, b)
        for a, b in (
            (one.source_BCTHW, other.source_BCTHW),
            (one.target_BCTHW, other.target_BCTHW),
            *zip(one.vlm, other.vlm, strict=True),
            *zip(one.text or (), other.text or (), strict=True),
        )
    )


def _batch(source: BatchSource, step: int, rank: int = 0, world: int = 1) -> Batch:
    drawn = source.batch(step, rank, world)
    assert drawn.batch is not None and not drawn.failures
    return drawn.batch


def test_batches_are_what_the_encoders_give_live(
    made: SampleEncoder, samples: list[TrainingSample], plain: Path
) -> None:
    source = ShardSource([plain], batch_size=3, encoders=EncoderPrints.of(made.parts))
    assert isinstance(source, BatchSource) and source.size == 5 and source.batch_size == 3
    by_id = {sample.id: sample for sample in samples}
    assert source.groups == tuple(sample.group for sample in samples)
    for step in range(4):
        batch = _batch(source, step)
        for index, id in enumerate(batch.ids):
            live = made.encode(by_id[id])
            assert batch.instructions[index] == live.instruction
            assert torch.equal(batch.source_BCTHW[index], live.tensors["source"])
            assert torch.equal(batch.target_BCTHW[index], live.tensors["target"])
            assert torch.equal(batch.vlm[index], live.tensors["vlm"])
            assert batch.text is not None and torch.equal(batch.text[index], live.tensors["text"])
            assert batch.source_frames_BTHWC is not None
            assert torch.equal(batch.source_frames_BTHWC[index], live.tensors["frames"])


def test_the_order_is_that_of_samples_in_memory(plain: Path) -> None:
    source = ShardSource([plain], batch_size=2, seed=7)
    memory = MemorySource(source.take(range(5)).batch, batch_size=2, seed=7)  # type: ignore[arg-type]
    for step in range(12):
        for rank in range(3):
            ours, theirs = source.batch(step, rank, 3).batch, memory.batch(step, rank, 3).batch
            assert (ours is None) == (theirs is None)
            assert ours is None or theirs is None or _same(ours, theirs)


def test_a_policy_takes_the_batches(made: SampleEncoder, plain: Path) -> None:
    policy = Policy.of(made.parts)
    batch = _batch(ShardSource([plain], batch_size=2), 0)
    noisy = Draws.of(0).normal_like(batch.target_BCTHW)
    velocity = policy.velocity(noisy, torch.tensor([0.5, 0.9]), policy.conditions(batch))
    assert velocity.shape == batch.target_BCTHW.shape and bool(torch.isfinite(velocity).all())


@pytest.mark.parametrize("world", [1, 2, 3])
@pytest.mark.parametrize("batch_size", [2, 4])
def test_mixed_shapes_are_bucketed_and_each_sample_comes_once_an_epoch_over_all_ranks(
    mixed: list[Path], world: int, batch_size: int
) -> None:
    source = ShardSource(mixed, batch_size=batch_size, seed=3)
    assert [len(places) for places in source.buckets.values()] == [5, 2, 1, 1]
    assert set(source.buckets) == {
        Bucket((16, 2, 4, 4), 8.0, False),
        Bucket((16, 1, 4, 4), 8.0, False),
        Bucket((16, 1, 4, 4), 16.0, False),
        Bucket((16, 1, 4, 4), 8.0, True),
    }
    orders = []
    for epoch in range(3):
        seen: list[str] = []
        for turn in range(source.steps_per_epoch):
            step = epoch * source.steps_per_epoch + turn
            shares = [source.batch(step, rank, world).batch for rank in range(world)]
            there = [share for share in shares if share is not None]
            assert 1 <= sum(len(share) for share in there) <= batch_size
            kinds = {(share.source_BCTHW.shape[1:], share.fps, share.change_BTHW is None) for share in there}
            assert len(kinds) == 1, "all ranks of a step work on one bucket"
            seen += [id for share in there for id in share.ids]
        assert Counter(seen) == Counter(source.ids)
        orders.append(tuple(seen))
    assert len(set(orders)) == 3, "every epoch has an order of its own"


def test_any_step_can_be_asked_for_at_any_time(mixed: list[Path]) -> None:
    def ids(source: ShardSource, step: int) -> list[tuple[str, ...]]:
        return [_batch(source, step, rank, 1).ids for rank in range(1)]

    first = ShardSource(mixed, batch_size=2, seed=1)
    stream = [ids(first, step) for step in range(25)]
    resumed = ShardSource(mixed, batch_size=2, seed=1)
    assert [ids(resumed, step) for step in range(11, 25)] == stream[11:] and ids(resumed, 0) == stream[0]
    assert resumed.fingerprint == first.fingerprint
    assert [ids(ShardSource(mixed, batch_size=2, seed=2), step) for step in range(25)] != stream


def test_the_fingerprint_tells_data_order_and_seed_but_not_places(
    mixed: list[Path], plain: Path, tmp_path: Path
) -> None:
    import shutil

    shutil.copytree(plain, tmp_path / "moved")
    same = ShardSource([plain], batch_size=2).fingerprint
    assert ShardSource([tmp_path / "moved"], batch_size=2).fingerprint == same
    others = [
        ShardSource([plain], batch_size=2, seed=1),
        ShardSource([plain], batch_size=3),
        ShardSource([plain], batch_size=2, ids=["s-0", "s-1"]),
        ShardSource([mixed[0]], batch_size=2, ids=["s-0"]),
    ]
    assert len({same, *(source.fingerprint for source in others)}) == 5


def test_a_sample_that_cannot_be_read_is_left_out_and_counted(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path
) -> None:
    precompute(samples, made, tmp_path, shard_samples=1)
    source = ShardSource([tmp_path], batch_size=5)
    assert len(_batch(source, 0)) == 5
    (shard,) = (tmp_path / "shards").glob("00002-*")
    data = bytearray(shard.read_bytes())
    data[-3] ^= 1
    shard.write_bytes(data)
    drawn = ShardSource([tmp_path], batch_size=5).batch(0, 0, 1)
    assert drawn.batch is not None and sorted(drawn.batch.ids) == ["s-0", "s-1", "s-3", "s-4"]
    (failure,) = drawn.failures
    assert failure.id == "s-2" and "00002-" in failure.reason and "is not what was written" in failure.reason
    alone = ShardSource([tmp_path], batch_size=1, ids=["s-2"]).batch(0, 0, 1)
    assert alone.batch is None and len(alone.failures) == 1


def test_shards_of_another_model_are_refused_before_the_first_batch(plain: Path) -> None:
    with pytest.raises(UsageError, match=r"stale, for the model has other encoders: text is .*; vae is .*; vlm is"):
        ShardSource([plain], batch_size=2, encoders=EncoderPrints.of(parts(seed=1)))


def test_a_shard_of_another_size_is_refused_before_the_first_batch(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path
) -> None:
    precompute(samples[:2], made, tmp_path, shard_samples=1)
    (shard,) = (tmp_path / "shards").glob("00001-*")
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"00001-\w+\.safetensors: .*bytes and should have"):
        ShardSource([tmp_path], batch_size=1)


def test_baselines_come_with_their_critic_or_are_asked_for(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path
) -> None:
    critic = BaselineCritic(critic=MeanCritic("a"), frames=2)
    precompute(samples, made, tmp_path, critic=critic)
    batch = _batch(ShardSource([tmp_path], batch_size=5, critic=critic), 0)
    assert batch.baseline_B is not None and batch.source_frames_BTHWC is not None
    for index in range(5):
        shown = batch.source_frames_BTHWC[index, [0, 4]].float().mean()
        assert float(batch.baseline_B[index]) == pytest.approx(float(shown), rel=1e-6)
    assert _batch(ShardSource([tmp_path], batch_size=5), 0).baseline_B is None
    other = BaselineCritic(critic=MeanCritic("b"), frames=2)
    with pytest.raises(UsageError, match=r"no baseline of the critic \w{12}… for s-0, s-1, s-2 and 2 more.*--update"):
        ShardSource([tmp_path], batch_size=5, critic=other)


def test_frames_that_are_not_kept_are_asked_for_by_name(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path
) -> None:
    precompute(samples[:1], encoder(made.parts, source_frames=False, latents="bfloat16"), tmp_path)
    with pytest.raises(UsageError, match=r"the source's frames are not kept here.*--no-source-frames"):
        ShardSource([tmp_path], batch_size=1)
    batch = _batch(ShardSource([tmp_path], batch_size=1, frames=False), 0)
    assert batch.source_frames_BTHWC is None and batch.source_BCTHW.dtype == torch.float32


def test_folders_with_one_id_and_empty_choices_are_refused(plain: Path, mixed: list[Path]) -> None:
    with pytest.raises(DataError, match="s-0: the sample lies in two folders"):
        ShardSource([plain, mixed[0]], batch_size=1)
    with pytest.raises(UsageError, match="the shards do not hold s-99"):
        ShardSource([plain], batch_size=1, ids=["s-0", "s-99"])
    with pytest.raises(UsageError, match=r"no sample to train on.*shards list"):
        ShardSource([plain], batch_size=1, ids=[])
    with pytest.raises(UsageError, match="at least 1 sample"):
        ShardSource([plain], batch_size=0)
    with pytest.raises(UsageError, match="several buckets"):
        ShardSource(mixed, batch_size=1).take([0, 5])


def test_a_folder_that_is_not_finished_is_refused(plain: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(plain, tmp_path / "cut")
    (tmp_path / "cut/index.json").unlink()
    with pytest.raises(UsageError, match=r"not finished"):
        ShardSource([tmp_path / "cut"], batch_size=1)


def test_videos_alone_make_a_source_that_fills_its_shards_once(
    made: SampleEncoder, samples: list[TrainingSample], plain: Path, tmp_path: Path
) -> None:
    seen: list[Any] = []
    source, report = prepare_source(
        samples[:3], made, tmp_path / "s", batch_size=2, progress=lambda done, of: seen.append((done, of))
    )
    assert report.computed == 3 and seen[-1] == (3, 3)
    reference = ShardSource([plain], batch_size=2, ids=[sample.id for sample in samples[:3]])
    for step in range(4):
        assert _same(_batch(source, step), _batch(reference, step))
    bad = [replace(samples[3], target=tmp_path / "absent.mp4"), *samples[:3], samples[4]]
    source, report = prepare_source(bad, made, tmp_path / "s", batch_size=2)
    assert report.computed == 1 and report.kept == 3 and [failure.id for failure in report.failures] == ["s-3"]
    assert sorted(source.ids) == ["s-0", "s-1", "s-2", "s-4"]
    with pytest.raises(UsageError, match=r"none of the 1 samples can be used; s-3: .*absent.mp4"):
        prepare_source(bad[:1], made, tmp_path / "t", batch_size=2)


def test_more_shards_than_files_may_be_open_are_read(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    precompute(samples, made, tmp_path, shard_samples=1)
    monkeypatch.setattr("rvebench.revise.training.dataset._OPEN_FILES", 2)
    source = ShardSource([tmp_path], batch_size=5)
    assert sorted(_batch(source, 0).ids) == sorted(source.ids) and len(source._open) == 2
