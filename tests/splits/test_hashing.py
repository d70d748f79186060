from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rvebench.errors import DataError, VideoError
from rvebench.splits import FrameHashCache, fingerprint_split, load_split, read_media
from rvebench.splits import hashing as module
from tests.splits.conftest import moving_square, row, write_rows


@pytest.fixture
def decodes(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Records each file that is decoded."""
    seen: list[Path] = []
    real = module.read_media

    def spy(path: Path, **options: Any) -> object:
        seen.append(path)
        return real(path, **options)

    monkeypatch.setattr(module, "read_media", spy)
    return seen


def test_every_hash_is_filled_in_and_each_file_decoded_once(good_split: Path, decodes: list[Path]) -> None:
    write_rows(good_split, row(), row(id="two", instruction="Other.", target="c.mp4"))
    shown: list[tuple[int, int]] = []
    split = fingerprint_split(load_split(str(good_split)), progress=lambda done, total: shown.append((done, total)))
    assert [set(sample.frames_sha256) for sample in split.samples] == [{"source", "target"}] * 2
    assert split.samples[0].frames_sha256["source"] == split.samples[1].frames_sha256["source"]
    assert len(decodes) == 3
    assert shown == [(1, 3), (2, 3), (3, 3)]


def test_a_second_time_decodes_nothing(good_split: Path, decodes: list[Path]) -> None:
    first = fingerprint_split(load_split(str(good_split)))
    decodes.clear()
    assert fingerprint_split(load_split(str(good_split))).sha256 == first.sha256
    assert decodes == []


def test_a_file_that_changed_is_decoded_again(good_split: Path, decodes: list[Path]) -> None:
    first = fingerprint_split(load_split(str(good_split)))
    decodes.clear()
    moving_square(good_split / "a.mp4", seed=9)
    second = fingerprint_split(load_split(str(good_split)))
    assert decodes == [good_split / "a.mp4"]
    assert second.sha256 != first.sha256


def test_a_damaged_cache_is_tolerated(good_split: Path, decodes: list[Path]) -> None:
    first = fingerprint_split(load_split(str(good_split)))
    cache = FrameHashCache().path
    lines = cache.read_bytes().split(b"\n")
    cache.write_bytes(b"\xff\xfe garbage\n[1,2]\n{}\n" + b"[" * 5000 + b"\n" + lines[1][:-20])
    decodes.clear()
    assert fingerprint_split(load_split(str(good_split))).sha256 == first.sha256
    assert len(decodes) == 4
    decodes.clear()
    fingerprint_split(load_split(str(good_split)))
    assert decodes == []


def test_a_cache_that_cannot_be_written_is_done_without(
    good_split: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RVEBENCH_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert fingerprint_split(load_split(str(good_split))).samples[0].frames_sha256["source"]


def test_a_declared_hash_is_trusted_and_its_file_not_decoded(good_split: Path, decodes: list[Path]) -> None:
    write_rows(good_split, row(frames_sha256={"source": "0" * 64, "target": "1" * 64}))
    split = fingerprint_split(load_split(str(good_split)))
    assert split.samples[0].frames_sha256["source"] == "0" * 64
    assert decodes == []


def test_every_file_that_cannot_be_used_is_named_at_once(good_split: Path) -> None:
    (good_split / "b.mp4").write_bytes(b"this is no video")
    (good_split / "c.mp4").unlink()
    write_rows(good_split, row(), row(id="two", source="c.mp4", target="e.mp4", frames_sha256={"target": "0" * 64}))
    with pytest.raises(DataError) as caught:
        fingerprint_split(load_split(str(good_split)))
    text = str(caught.value)
    assert "3 files cannot be used" in text
    assert all(name in text for name in ("b.mp4", "c.mp4", "e.mp4"))
    assert caught.value.exit_code == 4


def test_a_mask_may_be_an_image_of_one_frame(tmp_path: Path) -> None:
    white = np.zeros((48, 64), np.uint8)
    white[10:20] = 255
    Image.fromarray(white).save(tmp_path / "m.png")
    clip = read_media(tmp_path / "m.png")
    assert len(clip) == 1
    assert clip.size == (64, 48)
    assert clip.frames_THWC[0, 15, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("content", [None, b"", b"\x89PNG\r\n\x1a\n", b"garbage"])
def test_an_image_that_is_none_is_a_video_error(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "m.png").write_bytes(content)
    with pytest.raises(VideoError):
        read_media(tmp_path / "m.png")


def test_the_cache_key_follows_the_file_not_its_name(good_split: Path) -> None:
    (good_split / "alias.mp4").symlink_to("a.mp4")
    assert FrameHashCache.key(good_split / "alias.mp4") == FrameHashCache.key(good_split / "a.mp4")
    before = FrameHashCache.key(good_split / "a.mp4")
    os.utime(good_split / "a.mp4", ns=(1, 1))
    assert FrameHashCache.key(good_split / "a.mp4") != before


def test_order_of_samples_and_workers_change_nothing(good_split: Path) -> None:
    split = load_split(str(good_split))
    turned = replace(split, samples=split.samples[::-1])
    assert fingerprint_split(split, workers=1).sha256 == fingerprint_split(turned, workers=4).sha256
