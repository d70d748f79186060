"""The rendered split that ships: what it holds, and that today's families still draw it."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from rvebench.assets import asset_dir
from rvebench.sim.recipes import Recipe, recipes_of
from rvebench.splits import Split, load_split, render_split, sample_files, split_stats, verify_split
from rvebench.taxonomy import ReasoningType, Subset, reasoning_types_of
from rvebench.video import read_video, write_video

TOP = Path(__file__).resolve().parent.parent.parent
AGAIN = "a family was changed: run `python data/smoke/build.py`"
LEAST_DB, MOST_LEVELS = 48.0, 12.0
"""What blocks of 8x8 pixels may differ by, all in all and at most.

Measured for encodes of two renders that differ by a level at one place in fifty: 50.5 dB and 5.4 levels; for a picture
that is one level brighter: 46.3 dB."""
MOST_FLIPPED = 0.002
"""The share of a mask's pixels that may differ."""
REDRAWN = slice(None, None, 6)
"""Three samples: one with a mask, one with a counterfactual, one of type camera."""


@pytest.fixture(scope="module")
def smoke() -> Split:
    return load_split("smoke")


def test_it_verifies_clean(smoke: Split) -> None:
    assert verify_split(smoke) == ()


def test_it_is_small_and_holds_only_what_ships(smoke: Split) -> None:
    folder = asset_dir("data") / "smoke"
    files = {path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert sum(path.stat().st_size for path in files) < 6_000_000
    named = {path for sample in smoke.samples for path in sample_files(sample).values()}
    texts = {"LICENSE.md", "README.md", "build.py", "samples.jsonl"}
    assert files == named | {folder / name for name in texts}
    assert "CC0-1.0" in (folder / "LICENSE.md").read_text(encoding="utf-8")


def test_there_are_two_samples_of_each_type_from_sixteen_families(smoke: Split) -> None:
    kinds = {*reasoning_types_of(Subset.RAVE), *reasoning_types_of(Subset.ICVG)}
    assert Counter(sample.reasoning_type for sample in smoke.samples) == dict.fromkeys(kinds, 2)
    assert len({sample.id.rpartition("-")[0] for sample in smoke.samples}) == 16


def test_every_sample_has_its_target_texts_hashes_and_a_free_licence(smoke: Split) -> None:
    for sample in smoke.samples:
        assert sample.target and sample.expected_outcome and sample.literal_instruction and sample.preserve
        assert sample.licence == "CC0-1.0" and "rendered by rvebench" in sample.provenance
        assert set(sample.frames_sha256) == set(sample_files(sample))
        # Another camera changes every place.
        assert (sample.mask is None) == (sample.reasoning_type is ReasoningType.CAMERA)
        assert sample.counterfactual is None or sample.subset is Subset.ICVG


def test_every_clip_has_the_declared_form(smoke: Split) -> None:
    stats = split_stats(smoke)
    assert (stats.source_sizes, stats.source_fps) == ((("480x272", 16),), (("16", 16),))
    assert stats.unreadable == ()
    assert all(len(read_video(path)) == 33 for path in sample_files(smoke.samples[0]).values())


def test_targets_keep_what_the_mask_does_not_cover_and_change_what_it_does(smoke: Split) -> None:
    checked = 0
    for sample in smoke.samples:
        if sample.subset is not Subset.RAVE or sample.mask is None or sample.target is None:
            continue
        source, target = (read_video(path).frames_THWC.astype(np.int16) for path in (sample.source, sample.target))
        inside = read_video(sample.mask).frames_THWC[..., 0] > 127
        difference = np.abs(source - target).mean(-1)
        assert difference[inside].mean() > 4 * difference[~inside].mean(), sample.id
        assert difference[~inside].mean() < 3.0, sample.id
        checked += 1
    assert checked == 8


def test_it_holds_the_samples_and_the_words_of_todays_recipes(smoke: Split) -> None:
    shipped = [(sample.id, sample.instruction) for sample in smoke.samples]
    assert shipped == [(recipe.id, recipe.instruction) for recipe in recipes_of("smoke")], AGAIN


def same_clip(one: Path, other: Path) -> bool:
    """Returns whether two encoded clips show one scene.

    Pixels of two encodes differ by what the codec makes of a single level (43 dB); means of blocks do not.
    """
    clips = [read_video(path).frames_THWC.astype(np.float64) for path in (one, other)]
    blocks = [clip.reshape(len(clip), 34, 8, 60, 8, 3).mean(axis=(2, 4)) for clip in clips]
    difference = np.abs(blocks[0] - blocks[1])
    error = float((difference**2).mean())
    return difference.max() < MOST_LEVELS and (error == 0 or 10 * np.log10(255**2 / error) > LEAST_DB)


def same_mask(one: Path, other: Path) -> bool:
    masks = [read_video(path).frames_THWC[..., 0] > 127 for path in (one, other)]
    return float((masks[0] != masks[1]).mean()) < MOST_FLIPPED


def test_a_fresh_render_shows_what_ships(smoke: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoded frames are compared: other builds of the renderer or of x264 may differ in the last bit."""
    pytest.importorskip("skia")
    pytest.importorskip("pymunk")
    few: tuple[Recipe, ...] = recipes_of("smoke")[REDRAWN]
    monkeypatch.setattr("rvebench.sim.recipes.recipes_of", lambda _name, samples=None: few)
    fresh = load_split(str(render_split("smoke", tmp_path, size=(480, 272), frames=33)))
    for ours, theirs in zip(fresh.samples, smoke.samples[REDRAWN], strict=True):
        assert (ours.id, ours.expected_outcome, ours.preserve) == (theirs.id, theirs.expected_outcome, theirs.preserve)
        files, shipped = sample_files(ours), sample_files(theirs)
        assert files.keys() == shipped.keys(), AGAIN
        for role, path in files.items():
            same = same_mask if role == "mask" else same_clip
            assert same(path, shipped[role]), f"{ours.id}, {role}: {AGAIN}"


def test_the_bound_lets_rounding_pass_and_no_change_of_the_picture(smoke: Split, tmp_path: Path) -> None:
    """A level at one place in fifty passes; a picture that is brighter by one level does not, nor a spot."""
    clip = read_video(smoke.samples[0].source).frames_THWC
    rng = np.random.default_rng(0)
    rounding = (rng.random(clip.shape) < 0.02).astype(np.uint8)
    spot = np.zeros_like(rounding)
    spot[8:12, 96:112, 96:112] = 30
    written = []
    for name, change in (("kept", 0 * spot), ("rounded", rounding), ("brighter", 0 * spot + 1), ("spot", spot)):
        written.append(tmp_path / f"{name}.mp4")
        write_video(written[-1], np.minimum(clip, 220) + change, fps=16, crf=20)
    kept, *others = written
    assert [same_clip(kept, other) for other in others] == [True, False, False]


LOAD = """
from pathlib import Path
import rvebench
from rvebench.splits import load_split, verify_split
split = load_split("smoke")
assert split.path.is_relative_to(Path(rvebench.__file__).parent), split.path
print(split.sha256, len(verify_split(split)))
"""


def test_an_installed_package_brings_it_whole(smoke: Split, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(build, cwd=TOP, check=True, capture_output=True, timeout=120)
    (wheel,), (archive,) = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "site")
    # Isolated from the checkout, which an editable installation would find.
    load = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n{LOAD}"]
    ran = subprocess.run(load, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=120)
    assert ran.stdout.split() == [smoke.sha256, "0"]
    with tarfile.open(archive) as packed_sources:
        kept = {name.partition("/")[2] for name in packed_sources.getnames()}
    files = (path for path in smoke.path.parent.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert {path.relative_to(TOP).as_posix() for path in files} <= kept
