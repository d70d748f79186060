"""A folder of shards: resumable to the byte, shared by processes, never stale, never silently damaged."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from rvebench.errors import DataError, StorageError, UsageError  # noqa: E402
from rvebench.revise.training.clips import TrainingSample  # noqa: E402
from rvebench.revise.training.shards import (  # noqa: E402
    BaselineCritic,
    KeptSettings,
    Part,
    SampleEncoder,
    ShardStore,
    list_store,
    precompute,
    verify_store,
)
from rvebench.revise.training.shards.files import open_shard, read_entry  # noqa: E402
from tests.revise.training.shard_world import SHAPE, MeanCritic, encoder, parts, samples_in, tree, video  # noqa: E402


@pytest.fixture(scope="module")
def made() -> SampleEncoder:
    return encoder()


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[TrainingSample]:
    return samples_in(tmp_path_factory.mktemp("videos"), 6, masks=True)


@pytest.fixture(scope="module")
def whole(made: SampleEncoder, samples: list[TrainingSample], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole")
    precompute(samples, made, out, shard_samples=2)
    return out


def _entries(folder: Path) -> dict[str, dict[str, torch.Tensor]]:
    store = ShardStore.open(folder)
    found = {}
    for record in store.index()[0]:
        path = folder / str(record.shard)
        for place, entry in enumerate(record.entries):
            found[entry.id] = read_entry(open_shard(path), place, entry, path)
    return found


def _counting(made: SampleEncoder) -> tuple[SampleEncoder, list[str]]:
    seen: list[str] = []

    class Counting(SampleEncoder):
        def encode(self, read: Any) -> Any:
            seen.append(read.sample.id)
            return super().encode(read)

    return Counting(made.parts, made.spec), seen


def test_a_shard_holds_the_bits_that_the_encoders_give(
    made: SampleEncoder, samples: list[TrainingSample], whole: Path
) -> None:
    found = _entries(whole)
    assert list(found) == [sample.id for sample in samples]
    for sample in samples:
        live = made.encode(sample).tensors
        assert found[sample.id].keys() == live.keys() >= {"source", "target", "vlm", "text", "change", "frames"}
        for name, tensor in live.items():
            assert torch.equal(found[sample.id][name], tensor) and found[sample.id][name].dtype == tensor.dtype


def test_a_second_run_computes_nothing(made: SampleEncoder, samples: list[TrainingSample], whole: Path) -> None:
    counting, seen = _counting(made)
    before = tree(whole)
    report = precompute(samples, counting, whole)
    assert (report.computed, report.kept, report.samples, seen) == (0, 6, 6, [])
    assert tree(whole) == before


def test_parts_filled_by_two_processes_in_any_order_are_the_bytes_of_one(
    made: SampleEncoder, samples: list[TrainingSample], whole: Path, tmp_path: Path
) -> None:
    second = precompute(samples, made, tmp_path, shard_samples=2, part=Part(index=1, of=2))
    assert (second.computed, second.asked, second.samples) == (2, 6, 2)
    first = precompute(samples, made, tmp_path, part=Part(index=0, of=2))
    assert (first.computed, first.samples, first.shards) == (4, 6, 3)
    assert tree(tmp_path) == tree(whole)


def test_a_part_is_read_strictly() -> None:
    assert Part.parse("2/8") == Part(index=2, of=8)
    for text in ("8/8", "1", "a/b", "-1/2", "0/0"):
        with pytest.raises(UsageError, match="part"):
            Part.parse(text)


class Killed(BaseException):
    """No handler for errors stops it."""


@pytest.mark.parametrize("step", range(9))
def test_a_run_that_ends_before_or_after_any_write_resumes_to_the_same_bytes(
    made: SampleEncoder,
    samples: list[TrainingSample],
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    from rvebench.revise.training.shards import files, job, store

    left = [step]

    def dying(write: Callable[..., Any]) -> Callable[..., Any]:
        def once(*arguments: Any) -> None:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            write(*arguments)

        return once

    monkeypatch.setattr(files, "promote", dying(files.promote))
    for module in (store, job):
        monkeypatch.setattr(module, "atomic_write_text", dying(module.atomic_write_text))
    with pytest.raises(Killed):
        precompute(samples, made, tmp_path, shard_samples=2)
    monkeypatch.undo()
    recorded = 2 * len(list((tmp_path / "records").glob("*.json")))
    report = precompute(samples, made, tmp_path, shard_samples=2)
    assert report.kept == recorded == 2 * max(0, (step - 2) // 2) and report.computed == 6 - recorded
    assert tree(tmp_path) == tree(whole)


def test_a_killed_run_resumes_to_the_same_bytes_and_repeats_nothing_recorded(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path
) -> None:
    videos, after = samples[0].source.parent, 2
    plain = [replace(sample, mask=None) for sample in samples]
    top = Path(__file__).resolve().parents[3]
    environ = {**os.environ, "PYTHONPATH": str(top), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.revise.training.shard_world", str(videos), str(tmp_path / "out"), "0.3"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)
    assert child.stdout is not None
    for _ in range(2 * after):  # one line when a sample is done, one when its shard is recorded
        assert child.stdout.readline() == "done\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    recorded = {path.name for path in (tmp_path / "out/records").glob("*.json")}
    assert after <= len(recorded) < 6 and not (tmp_path / "out/index.json").exists()
    with pytest.raises(UsageError, match=r"not finished.*run the same"):
        list_store(tmp_path / "out")
    torn = tmp_path / "out/shards/.00005-torn.safetensors.tmp"
    torn.write_bytes(b"half a shard")
    counting, seen = _counting(made)
    report = precompute(plain, counting, tmp_path / "out")
    assert report.kept == len(recorded) and seen == [sample.id for sample in plain[len(recorded) :]]
    assert verify_store(tmp_path / "out").strays == ("shards/.00005-torn.safetensors.tmp",)
    torn.unlink()
    precompute(plain, made, tmp_path / "again", shard_samples=1)
    assert tree(tmp_path / "out") == tree(tmp_path / "again")


def test_a_shard_without_a_record_is_written_again(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path
) -> None:
    precompute(samples[:4], made, tmp_path, shard_samples=2)
    before = tree(tmp_path)
    (record,) = (tmp_path / "records").glob("00001-*.json")
    record.unlink()
    shard = tmp_path / "shards" / f"{record.stem}.safetensors"
    shard.write_bytes(shard.read_bytes()[:100])
    assert precompute(samples[:4], made, tmp_path).computed == 2
    assert tree(tmp_path) == before


def test_a_stale_folder_is_refused_with_every_difference(
    made: SampleEncoder, samples: list[TrainingSample], whole: Path
) -> None:
    before = tree(whole)
    other = encoder(parts(seed=1))
    words = r"the shards are stale: encoders.text is \w{12}… there and \w{12}… is wanted; encoders.vae is .*; encoders"
    for update in (False, True):
        with pytest.raises(UsageError, match=words + r".vlm is .*into another folder"):
            precompute(samples, other, whole, update=update)
    with pytest.raises(UsageError, match=r"stale: clip.stride is 1 there and 2 is wanted; kept.latents is float32"):
        precompute(samples, encoder(made.parts, replace(SHAPE, stride=2), latents="float16"), whole)
    assert tree(whole) == before


def test_the_weights_of_each_encoder_alone_make_shards_stale(made: SampleEncoder, whole: Path) -> None:
    store = ShardStore.open(whole)
    vae = made.parts.vae
    weight = next(vae.parameters())
    kept = weight.detach().clone()
    try:
        weight.data.view(-1)[0] += 1e-3
        with pytest.raises(UsageError, match=r"stale: encoders.vae is \w{12}… there and \w{12}… is wanted; precompute"):
            store.require(encoder(made.parts).spec)
    finally:
        weight.data.copy_(kept)
    store.require(encoder(made.parts).spec)


def test_other_samples_need_update_and_only_new_ones_are_computed(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path
) -> None:
    precompute(samples[:3], made, tmp_path, shard_samples=2)
    counting, seen = _counting(made)
    with pytest.raises(UsageError, match=r"begun for something else: s-3, s-4, s-5 are new; add --update"):
        precompute(samples, counting, tmp_path)
    with pytest.raises(UsageError, match=r"s-0 is no longer listed; add --update"):
        precompute(samples[1:3], counting, tmp_path)
    report = precompute(samples, counting, tmp_path, update=True)
    assert seen == ["s-3", "s-4", "s-5"] and report.kept == 3 and report.samples == 6
    assert set(_entries(tmp_path)) == {sample.id for sample in samples}
    precompute(samples, counting, tmp_path)
    assert len(seen) == 3


def test_a_recorded_sample_that_changed_is_refused(
    made: SampleEncoder, samples: list[TrainingSample], whole: Path, tmp_path: Path
) -> None:
    spoken = [replace(samples[0], instruction="let it snow"), *samples[1:]]
    with pytest.raises(UsageError, match=r"s-0: the sample has other frames or words than when it was recorded"):
        precompute(spoken, made, whole)
    moved = [replace(samples[0], source=video(tmp_path / "other.mp4", 50)), *samples[1:]]
    with pytest.raises(UsageError, match=r"s-0: the sample has other frames or words"):
        precompute(moved, made, whole)


def test_moved_files_are_the_same_samples(
    made: SampleEncoder, samples: list[TrainingSample], whole: Path, tmp_path: Path
) -> None:
    for path in samples[0].source.parent.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    moved = [
        replace(sample, source=tmp_path / sample.source.name, target=tmp_path / sample.target.name)
        for sample in samples
    ]
    assert precompute(moved, made, whole).kept == 6


def test_failures_are_named_tried_again_and_never_replaced(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path
) -> None:
    broken, absent = tmp_path / "broken.mp4", tmp_path / "absent.mp4"
    broken.write_bytes(b"no video")
    bad = [samples[0], replace(samples[1], target=broken), replace(samples[2], source=absent), samples[3]]
    out = tmp_path / "out"
    report = precompute(bad, made, out, shard_samples=2)
    assert [failure.id for failure in report.failures] == ["s-1", "s-2"] and report.samples == 2
    assert "broken.mp4" in report.failures[0].reason and "absent.mp4" in report.failures[1].reason
    assert [failure.id for failure in list_store(out).failures] == ["s-1", "s-2"]
    index = (out / "index.json").read_bytes()
    again = precompute(bad, made, out)
    assert again.failures == report.failures and again.kept == 2 and (out / "index.json").read_bytes() == index
    mended = precompute([bad[0], bad[1], samples[2], bad[3]], made, out)
    assert [failure.id for failure in mended.failures] == ["s-1"] and mended.computed == 1
    assert [failure.id for failure in list_store(out).failures] == ["s-1"]
    assert sorted(_entries(out)) == ["s-0", "s-2", "s-3"]


def test_when_every_sample_fails_the_folder_says_so(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path
) -> None:
    long = encoder(made.parts, replace(SHAPE, frames=9))
    report = precompute(samples[:2], long, tmp_path)
    assert report.samples == 0 and len(report.failures) == 2 and list_store(tmp_path).samples == 0


def test_no_sample_and_two_of_one_id_are_refused(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="no sample to precompute"):
        precompute([], made, tmp_path / "a")
    with pytest.raises(UsageError, match="s-0: two samples have the same id"):
        precompute([samples[0], samples[0]], made, tmp_path / "a")
    assert not (tmp_path / "a").exists()


def _flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda shard: _flip(shard, -3), r"00001-\w+.safetensors: the shard's file is damaged: \w+ of s-[23] is not"),
        (lambda shard: _flip(shard, 200), r"00001-\w+.safetensors: the shard"),
        (lambda shard: shard.write_bytes(shard.read_bytes()[:-9]), r"00001-\w+.safetensors: .*it has \d+ bytes and sh"),
        (lambda shard: shard.unlink(), r"00001-\w+.safetensors: .*damaged: it is not there"),
    ],
)
def test_damage_is_found_and_the_file_is_named(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    precompute(samples[:4], made, tmp_path, shard_samples=2)
    assert verify_store(tmp_path).sound
    (shard,) = (tmp_path / "shards").glob("00001-*")
    spoil(shard)
    (problem,) = verify_store(tmp_path).problems
    assert re.search(words, problem), problem


def test_damaged_json_is_named(made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path) -> None:
    precompute(samples[:2], made, tmp_path, shard_samples=2)
    (record,) = (tmp_path / "records").glob("*.json")
    good = record.read_text()
    record.write_text(good.replace("take 0", "take 9"))
    with pytest.raises(DataError, match=r"records.*it is not what was written"):
        precompute(samples[:2], made, tmp_path)
    record.write_text(good)
    index = tmp_path / "index.json"
    index.write_text(index.read_text()[:-20])
    with pytest.raises(DataError, match=r"index.json: not a JSON file"):
        list_store(tmp_path)
    precompute(samples[:2], made, tmp_path)
    assert verify_store(tmp_path).sound
    store = tmp_path / "store.json"
    store.write_text(json.dumps({**json.loads(store.read_text()), "format": "rvebench-shards/9"}))
    with pytest.raises(DataError, match=r"format 'rvebench-shards/9'.*this version reads rvebench-shards/1"):
        precompute(samples[:2], made, tmp_path)


def test_a_folder_without_shards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no shards.*precompute"):
        list_store(tmp_path)


def test_a_full_disk_leaves_what_was_recorded(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rvebench.revise.training.shards import files

    written = files.save_file
    calls: list[Path] = []

    def save(tensors: Any, path: Path, **told: Any) -> None:
        calls.append(path)
        if len(calls) > 1:
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")
        written(tensors, path, **told)

    monkeypatch.setattr(files, "save_file", save)
    with pytest.raises(StorageError, match=r"cannot write: No space left on device; free some space"):
        precompute(samples[:4], made, tmp_path, shard_samples=2)
    monkeypatch.undo()
    assert not calls[1].exists()
    assert precompute(samples[:4], made, tmp_path).kept == 2 and verify_store(tmp_path).sound


def test_baselines_are_added_for_a_new_critic_and_nothing_else_is_computed(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path
) -> None:
    counting, seen = _counting(made)
    first = BaselineCritic(critic=MeanCritic("a"), frames=2)
    report = precompute(samples[:4], counting, tmp_path, critic=first, shard_samples=3)
    assert report.baselines == 4 and len(seen) == 4
    shards = tree(tmp_path / "shards")
    second = BaselineCritic(critic=MeanCritic("b"), frames=4)
    with pytest.raises(UsageError, match=r"baselines of the critic \w{12}… are new; add --update"):
        precompute(samples[:4], counting, tmp_path, critic=second)
    assert precompute(samples[:4], counting, tmp_path, critic=second, update=True).baselines == 4
    assert precompute(samples[:4], counting, tmp_path, critic=second).baselines == 0
    assert len(seen) == 4 and tree(tmp_path / "shards") == shards
    assert second.critic.asked == [(4, 8 * 3 / 4)] * 4 and first.critic.asked == [(2, 2.0)] * 4  # type: ignore[attr-defined]
    assert {count for _, count in list_store(tmp_path).critics} == {4} and len(list_store(tmp_path).critics) == 2


def test_a_baseline_belongs_to_its_critic_and_to_the_frames_it_was_shown() -> None:
    def key(name: str, frames: int, of: int = 9) -> str:
        return BaselineCritic(critic=MeanCritic(name), frames=frames).key(of)

    assert len({key("a", 2), key("b", 2), key("a", 4), key("a", 4, 17)}) == 4 and key("a", 2) == key("a", 2)


def test_a_baseline_that_is_no_number_is_a_failure(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path
) -> None:
    class Lost(MeanCritic):
        def read(self, *arguments: Any) -> Any:
            reading = super().read(*arguments)
            return reading._replace(delta_B=reading.delta_B * float("nan"))

    report = precompute(samples[:2], made, tmp_path, critic=BaselineCritic(critic=Lost(), frames=2))
    assert [failure.id for failure in report.failures] == ["s-0", "s-1"] and report.baselines == 0
    assert "not finite" in report.failures[0].reason


def test_baselines_need_the_source_frames(made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path) -> None:
    bare = encoder(made.parts, source_frames=False)
    with pytest.raises(UsageError, match=r"baselines need the source's frames.*--no-source-frames"):
        precompute(samples[:1], bare, tmp_path / "a", critic=BaselineCritic(critic=MeanCritic(), frames=2))


def test_one_part_is_worked_on_by_one_process(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path
) -> None:
    from rvebench.errors import LockedError
    from rvebench.storage import exclusive_lock

    precompute(samples[:2], made, tmp_path)
    for held, part in ((".part-0-of-1.lock", Part()), (".part-0-of-1.lock", Part(index=1, of=2))):
        with exclusive_lock(tmp_path / held), pytest.raises(LockedError, match="another process"):
            precompute(samples[:2], made, tmp_path, part=part)
    with exclusive_lock(tmp_path / ".part-0-of-2.lock"):
        assert precompute(samples[:2], made, tmp_path, part=Part(index=1, of=2)).computed == 0


def test_a_folder_that_another_process_does_not_let_go_of_is_one_sentence(
    made: SampleEncoder, samples: list[TrainingSample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rvebench.errors import LockedError
    from rvebench.revise.training.shards import files

    precompute(samples[:1], made, tmp_path)
    monkeypatch.setattr(files, "_WAIT_S", 0)
    with files.lock(tmp_path / ".claim.lock"), pytest.raises(LockedError, match="another process holds the folder"):
        precompute(samples[:1], made, tmp_path)


def test_unknown_precisions_are_refused() -> None:
    with pytest.raises(UsageError, match=r"latents is 'int8'; use one of float32, bfloat16, float16"):
        KeptSettings(latents="int8")  # type: ignore[arg-type]
