from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rvebench.errors import DataError, UsageError
from rvebench.revise.shapes import Size
from rvebench.revise.training.clips import ClipShape, TrainingSample, hold_out, prepare_clips, read_clip
from rvebench.video import read_video, write_video

SHAPE = ClipShape(frames=5, stride=2, size=Size(width=32, height=32))


def _video(path: Path, frames: int = 9, level: int = 40) -> Path:
    picture = np.full((frames, 36, 64, 3), level, np.uint8)
    picture += (np.arange(frames, dtype=np.uint8) * 10)[:, None, None, None]
    write_video(path, picture, fps=16)
    return path


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[TrainingSample]:
    folder = tmp_path_factory.mktemp("videos")
    return [
        TrainingSample.of(
            id=f"s-{n}",
            source=_video(folder / f"{n}.source.mp4", level=20 + n),
            target=_video(folder / f"{n}.target.mp4", level=100 + n),
            mask=_video(folder / f"{n}.mask.mp4", level=60) if n else None,
            instruction="let it burn down",
        )
        for n in range(3)
    ]


def test_every_second_frame_is_taken_and_stretched(samples: list[TrainingSample]) -> None:
    clip = read_clip(samples[0].source, SHAPE, where="s-0")
    assert clip.shape == (5, 32, 32, 3)
    whole = read_video(samples[0].source).frames_THWC
    assert np.abs(clip.mean(axis=(1, 2, 3)) - whole[::2].mean(axis=(1, 2, 3))).max() < 1


def test_prepared_clips_are_those_of_the_videos_and_are_decoded_once(
    samples: list[TrainingSample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = prepare_clips(samples, SHAPE, tmp_path / "clips")
    assert first[0].mask_THW is None and first[1].mask_THW is not None
    monkeypatch.setattr("rvebench.revise.training.clips.read_video", None)
    again = prepare_clips(samples, SHAPE, tmp_path / "clips")
    for index in range(3):
        assert np.array_equal(first[index].target_THWC, again[index].target_THWC)
    monkeypatch.undo()
    assert np.array_equal(again[2].source_THWC, read_clip(samples[2].source, SHAPE, where="s-2"))


def test_a_folder_of_another_shape_is_refused(samples: list[TrainingSample], tmp_path: Path) -> None:
    prepare_clips(samples, SHAPE, tmp_path)
    with pytest.raises(UsageError, match="choose another folder"):
        prepare_clips(samples, ClipShape(frames=5, stride=1, size=SHAPE.size), tmp_path)


def test_a_damaged_shard_is_an_error_that_names_the_file(samples: list[TrainingSample], tmp_path: Path) -> None:
    prepare_clips(samples, SHAPE, tmp_path)
    (shard,) = tmp_path.glob("clips-*.safetensors")
    data = bytearray(shard.read_bytes())
    data[-5] ^= 1
    shard.write_bytes(data)
    with pytest.raises(DataError, match=r"clips-00000.*damaged"):
        prepare_clips(samples, SHAPE, tmp_path)
    shard.write_bytes(bytes(data[:100]))
    with pytest.raises(DataError, match=r"clips-00000.*damaged"):
        prepare_clips(samples, SHAPE, tmp_path)


def test_what_cannot_be_learnt_from_names_its_sample(samples: list[TrainingSample], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="s-7: the sample has no target"):
        TrainingSample.of(id="s-7", source=samples[0].source, target=None, instruction="x")
    with pytest.raises(UsageError, match="no sample to train on"):
        prepare_clips([], SHAPE, tmp_path)
    short = TrainingSample.of(
        id="s-8", source=_video(tmp_path / "short.mp4", 4), target=samples[0].target, instruction="x"
    )
    with pytest.raises(DataError, match=r"s-8: short.mp4 has 4 frames, and 5 frames that are 2 apart need 9"):
        prepare_clips([short], SHAPE, tmp_path / "a")
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    broken = TrainingSample.of(id="s-9", source=tmp_path / "broken.mp4", target=samples[0].target, instruction="x")
    with pytest.raises(DataError, match=r"s-9: broken.mp4"):
        prepare_clips([broken], SHAPE, tmp_path / "b")


def test_whole_groups_are_held_out() -> None:
    def sample(n: int) -> TrainingSample:
        return TrainingSample.of(id=f"{n}", source=Path("a"), target=Path("b"), instruction="x", group=f"g{n // 2}")

    kept, held = hold_out([sample(n) for n in range(40)], 0.1)
    assert {one.group for one in held} == {"g18", "g19"} and len(kept) == 36
    with pytest.raises(UsageError, match="held out"):
        hold_out([sample(0), sample(1)])
