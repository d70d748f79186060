from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("skia")

from rvebench.errors import UnknownNameError, UsageError
from rvebench.sim import recipes
from rvebench.splits import load_split, render_split, rendered, verify_split
from rvebench.storage import LogLine, read_lines

SHAPE = {"size": (96, 64), "frames": 5}


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `smoke` a split of two small samples: one of reasoning, one said outright."""
    families = ("candle-burn", "literal-add")
    chosen = tuple(recipes.Recipe(family=name, seed=seed, words=seed) for seed, name in enumerate(families))
    monkeypatch.setattr(recipes, "recipes_of", lambda _name, samples=None: chosen)


@pytest.mark.usefixtures("two")
def test_a_rendered_split_verifies_and_has_targets_masks_and_a_free_licence(tmp_path: Path) -> None:
    split = load_split(str(render_split("smoke", tmp_path, workers=1, **SHAPE)))
    assert not verify_split(split)
    for sample in split.samples:
        assert sample.target and sample.mask and sample.licence == "CC0-1.0"
        assert sample.literal_instruction and sample.expected_outcome and sample.preserve
        assert set(sample.frames_sha256) == {"source", "target", "mask"}


@pytest.mark.usefixtures("two")
def test_a_second_call_does_only_what_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = render_split("smoke", tmp_path, workers=1, **SHAPE)
    whole = manifest.read_bytes()
    journal = tmp_path / "rendered.jsonl"
    first = next(item for item in read_lines(journal) if isinstance(item, LogLine))
    lines = journal.read_bytes().splitlines(keepends=True)
    # As after a kill: one sample recorded, half a line of the next, no manifest.
    journal.write_bytes(lines[0] + lines[1][: len(lines[1]) // 2])
    manifest.unlink()
    kept = tmp_path / "videos" / f"{first.value['sample']['id']}.target.mp4"
    stamp = kept.stat().st_mtime_ns
    seen: list[tuple[int, int]] = []
    render_split("smoke", tmp_path, workers=1, progress=lambda done, total: seen.append((done, total)), **SHAPE)
    assert manifest.read_bytes() == whole
    assert kept.stat().st_mtime_ns == stamp
    assert seen == [(1, 2), (2, 2)]


def test_a_shape_that_cannot_be_rendered_is_refused(tmp_path: Path) -> None:
    for size, frames in (((95, 64), 5), ((32, 32), 5), ((96, 64), 6), ((96, 64), 1)):
        with pytest.raises(UsageError, match="cannot be rendered"):
            render_split("smoke", tmp_path, size=size, frames=frames)
    assert not list(tmp_path.iterdir())


def test_an_unknown_rendered_split_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean mini"):
        render_split("minni", tmp_path, **SHAPE)


def test_a_split_that_is_not_rendered_says_how_to_render_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RVEBENCH_CACHE_DIR", str(tmp_path))
    with pytest.raises(UsageError, match="run `rvebench data render mini`"):
        load_split("mini")


@pytest.fixture
def without_skia(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "skia", None)
    yield


@pytest.mark.usefixtures("without_skia", "two")
def test_a_missing_renderer_is_one_sentence_with_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"renderer cannot be loaded.*rvebench\[sim\].*libgl1"):
        render_split("smoke", tmp_path, **SHAPE)


def test_the_cache_folder_tells_split_shape_and_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RVEBENCH_CACHE_DIR", str(tmp_path))
    assert rendered.rendered_folder("mini", (480, 272), 33) == tmp_path / "splits" / "mini-480x272x33-v2"
