from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rvebench.assets import asset_dir
from rvebench.splits import Split, load_split, read_media, split_stats, verify_split
from rvebench.taxonomy import Subset, reasoning_types_of


@pytest.fixture(scope="module")
def demo() -> Split:
    return load_split("demo")


def test_the_shipped_split_verifies_clean(demo: Split) -> None:
    assert verify_split(demo) == ()


def test_it_is_small_and_names_its_author() -> None:
    folder = asset_dir("data") / "demo"
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) < 3_000_000
    attribution = (folder / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert "Blender Foundation" in attribution
    assert "creativecommons.org/licenses/by/3.0" in attribution


def test_every_reasoning_type_of_the_paper_is_there_with_texts_and_hashes(demo: Split) -> None:
    kinds = {sample.reasoning_type for sample in demo.samples}
    assert kinds == {*reasoning_types_of(Subset.RAVE), *reasoning_types_of(Subset.ICVG)}
    for sample in demo.samples:
        assert sample.target is not None
        assert sample.expected_outcome
        assert sample.literal_instruction
        assert bool(sample.preserve) == (sample.subset is Subset.RAVE)
        assert sample.licence == "CC-BY-3.0"
        assert "source" in sample.frames_sha256
        assert "target" in sample.frames_sha256


def test_instructions_do_not_name_the_outcome(demo: Split) -> None:
    outcomes = {
        "evening": ("dusk", "dark", "blue", "orange", "night"),
        "october": ("autumn", "yellow", "orange", "brown", "fall"),
        "grass": ("wall", "stone", "top"),
        "slope": ("stone", "pebble", "rock", "remove"),
        "cold": ("snow", "white", "ice"),
        "damp": ("fog", "mist", "haze"),
        "film": ("black", "white", "grey", "colour", "grain", "silent"),
        "seine": ("french", "france", "tricolour", "white", "red", "flag"),
        "camera": ("close", "zoom"),
        "cramped": ("stretch", "stand"),
        "emotional": ("yawn", "close"),
        "heavy": ("lower", "down"),
    }
    for sample in demo.samples:
        (words,) = (forbidden for key, forbidden in outcomes.items() if key in sample.id)
        said = f" {sample.instruction.lower()}"
        assert [word for word in words if f" {word}" in said] == [], sample.id


def test_targets_keep_what_the_mask_does_not_cover_and_change_what_it_does(demo: Split) -> None:
    checked = 0
    for sample in demo.samples:
        if sample.mask is None or sample.target is None:
            continue
        source, target = (read_media(path).frames_THWC.astype(np.int16) for path in (sample.source, sample.target))
        inside = np.broadcast_to(read_media(sample.mask).frames_THWC[..., 0] > 127, source.shape[:3])
        difference = np.abs(source - target).mean(-1)
        assert difference[inside].mean() > 4 * difference[~inside].mean(), sample.id
        assert difference[~inside].mean() < 3.0, sample.id
        checked += 1
    assert checked == 5


def test_every_clip_has_the_declared_form(demo: Split) -> None:
    stats = split_stats(demo)
    assert stats.source_sizes == (("480x272", 4),)
    assert stats.source_fps == (("25", 4),)
    assert stats.groups == 4
    assert stats.unreadable == ()
    assert (stats.with_target, stats.with_mask) == (12, 5)
    assert stats.as_json()["by_type"][0] == {"subset": "rave", "reasoning_type": "temporal", "samples": 2}


def test_stats_list_what_cannot_be_opened(tmp_path: Path, good_split: Path) -> None:
    (good_split / "a.mp4").write_bytes(b"garbage")
    (good_split / "d.mp4").unlink()
    stats = split_stats(load_split(str(good_split)))
    assert len(stats.unreadable) == 2
    assert (stats.samples, stats.sources, stats.files) == (2, 1, 3)
    assert dict(stats.licences) == {"CC0-1.0": 2}
