from __future__ import annotations

from pathlib import Path

import pytest

from rvebench.errors import DataError, UsageError
from rvebench.revise.training.clips import TrainingSample
from rvebench.science.study import NoisePlan, load_study
from rvebench.science.world import held_out_sets, spoil, spoilt_kind, training_samples, training_sets
from rvebench.splits import Split, load_split

PLAN = load_study("nano").noise


def listed(count: int, tmp_path: Path) -> list[TrainingSample]:
    return [
        TrainingSample.of(
            id=f"melt-ice-{n}",
            source=tmp_path / f"{n}.s.mp4",
            target=tmp_path / f"{n}.t.mp4",
            instruction="An hour in the sun.",
            frames_sha256={"source": f"s{n}", "target": f"t{n}"},
        )
        for n in range(count)
    ]


def drawn(samples: list[TrainingSample], folder: Path) -> Path:
    for sample in samples:
        for kind in ("half", "wrong"):
            (folder / f"{sample.id}.{kind}.mp4").write_bytes(b"video")
    return folder


def test_targets_are_spoilt_in_the_shares_of_the_study() -> None:
    kinds = [spoilt_kind(f"candle-{n}", PLAN) for n in range(8000)]
    for kind, share in (("unchanged", 0.25), ("wrong", 0.15), ("half", 0.10), ("clean", 0.50)):
        assert kinds.count(kind) / 8000 == pytest.approx(share, abs=0.02)


def test_a_longer_list_spoils_the_shorter_ones_samples_the_same_way(tmp_path: Path) -> None:
    many = listed(60, tmp_path)
    folder = drawn(many, tmp_path)
    assert spoil(many, PLAN, folder)[0][:20] == spoil(many[:20], PLAN, folder)[0]
    other = NoisePlan(seed=PLAN.seed + 1)
    assert [spoilt_kind(s.id, other) for s in many] != [spoilt_kind(s.id, PLAN) for s in many]


def test_each_kind_has_its_target_and_hashes_that_are_no_lie(tmp_path: Path) -> None:
    many = listed(60, tmp_path)
    made, counts = spoil(many, PLAN, drawn(many, tmp_path))
    assert sum(counts.values()) == 60 and set(counts) == {"clean", "unchanged", "wrong", "half"}
    for before, after in zip(many, made, strict=True):
        kind = spoilt_kind(before.id, PLAN)
        assert after.source == before.source and after.frames_sha256["source"] == before.frames_sha256["source"]
        if kind == "clean":
            assert after == before
        elif kind == "unchanged":
            assert after.target == before.source and after.frames_sha256["target"] == before.frames_sha256["source"]
        else:
            assert after.target.name == f"{before.id}.{kind}.mp4" and "target" not in after.frames_sha256


def test_a_spoilt_target_that_was_not_drawn_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="spoilt target is not there"):
        spoil(listed(60, tmp_path), PLAN, tmp_path)


def test_nothing_held_out_is_trained_on_and_every_sample_has_a_family(tmp_path: Path) -> None:
    split = load_split("smoke")
    samples = training_samples(split, 12)
    kept, held = training_sets(samples, 0.25)
    assert len(kept) + len(held) == 12 and not {s.id for s in kept} & {s.id for s in held}
    test = Split(name="mini", path=split.path, samples=split.samples[12:])
    found = held_out_sets(split_of(split, 12), samples, 0.25, test, 2)
    assert [each.set for each in found] == ["held-out"] * len(held) + ["mini"] * 2
    assert [each.sample.id for each in found[: len(held)]] == [s.id for s in held]
    assert all(each.sample.id.startswith(each.family) for each in found)


def split_of(split: Split, count: int) -> Split:
    return Split(name=split.name, path=split.path, samples=split.samples[:count])


def test_a_test_split_that_was_trained_on_is_refused() -> None:
    split = load_split("smoke")
    with pytest.raises(DataError, match="in the training split and in the test split"):
        held_out_sets(split, training_samples(split, 12), 0.25, split, None)


def test_a_split_that_is_too_short_is_refused_with_how_to_lengthen_it() -> None:
    with pytest.raises(UsageError, match=r"asks for 99 samples, and the split has 16.*--samples 99"):
        training_samples(load_split("smoke"), 99)
