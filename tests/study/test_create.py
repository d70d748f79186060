"""Making a study: which samples, which clips, and nothing that tells methods apart."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvebench.errors import CoverageError, UnknownNameError, UsageError, VideoError
from rvebench.study import NOISE, Study, read_study
from rvebench.study.create import Candidate, create_study, draw_samples
from rvebench.study.design import Layout
from rvebench.study.exclusion import Exclusion
from rvebench.study.questions import default_rules, questions_named
from rvebench.study.tokens import link, rater_of, read_tokens
from rvebench.video import probe_video, read_video, write_video
from tests.runs.world import scene

METHODS = ("Sharp-9B", "Smear-2")


@pytest.fixture(scope="module")
def candidates(tmp_path_factory: pytest.TempPathFactory) -> list[Candidate]:
    folder = tmp_path_factory.mktemp("clips")
    found = []
    for index in range(4):
        paths = {name: folder / f"{index}.{name}.mp4" for name in ("source", *METHODS)}
        for crf, path in zip((16, 10, 40), paths.values(), strict=True):
            write_video(path, scene(index, (200, crf, 40), 4), fps=8, crf=crf)
        found.append(
            Candidate(
                id=f"s{index}",
                instruction="Let it cool",
                subset="icvg" if index == 3 else "rave",
                category="temporal",
                cluster=f"s{index}",
                source=paths["source"],
                edits={name: paths[name] for name in METHODS},
                has_preservation=index != 3,
            )
        )
    return found


def make(folder: Path, candidates: list[Candidate], *, samples: int = 3, **changes: Any) -> Study:
    draw = draw_samples(candidates, METHODS, count=samples, seed=5, drop_missing=changes.pop("drop_missing", False))
    layout = {"design": "pairwise", "raters": 2, "per_rater": samples, "shown": 2, "attention": 1, "seed": 5}
    return create_study(
        folder,
        draw,
        methods=[(name, f"run-{name}") for name in METHODS],
        layout=Layout(**{**layout, **changes}),
        questions=questions_named(("EA", "PC"), "pairwise"),
        rules=default_rules("pairwise", min_watch_s=2, exclusion=Exclusion()),
        max_side=64,
    )


def test_a_made_study_is_whole_and_blind(tmp_path: Path, candidates: list[Candidate]) -> None:
    study = make(tmp_path / "study", candidates, samples=4)
    assert read_study(tmp_path / "study") == study
    assert [method.name for method in study.methods] == list(METHODS)
    names = sorted(path.name for path in (tmp_path / "study").iterdir())
    assert names == ["media", "study.json", "tokens.csv"] and list(tmp_path.iterdir()) == [tmp_path / "study"]
    assert {item.id: item.criteria for item in study.samples}["s3"] == ("EA",)
    media = [one for item in study.samples for one in (item.source, *item.entries.values())]
    assert {one.name for one in media} == {path.name for path in (tmp_path / "study" / "media").iterdir()}
    for one in media:
        path = tmp_path / "study" / "media" / one.name
        info = probe_video(path)
        assert (info.codec, info.pix_fmt, info.has_audio) == ("h264", "yuv420p", False)
        assert (info.width, info.height, info.frames, one.fps) == (64, one.height, 4, 8.0)
        # No tag of the container or the encoder's options names where a clip came from.
        assert not any(word in path.read_bytes() for word in (b"Sharp", b"Smear", b"crf=10", b"crf=40"))


def test_the_same_seed_makes_the_same_study_with_other_secrets(tmp_path: Path, candidates: list[Candidate]) -> None:
    first = make(tmp_path / "a", candidates, samples=2)
    second = make(tmp_path / "b", candidates, samples=2)
    assert first.digest == second.digest
    assert (tmp_path / "a" / "study.json").read_bytes() == (tmp_path / "b" / "study.json").read_bytes()
    tokens = read_tokens(tmp_path / "a", first)
    assert not set(tokens.values()) & set(read_tokens(tmp_path / "b", second).values())
    assert stat.S_IMODE((tmp_path / "a" / "tokens.csv").stat().st_mode) == 0o600
    assert rater_of(tokens, tokens["r02"]) == "r02" and rater_of(tokens, "é") is None
    assert link("https://a.example/", "abc") == "https://a.example/#abc"


def test_noise_is_made_of_the_source_and_far_from_it(tmp_path: Path, candidates: list[Candidate]) -> None:
    study = make(tmp_path / "study", candidates, samples=2)
    noisy = next(item for item in study.samples if NOISE in item.entries)
    folder = tmp_path / "study" / "media"
    source = read_video(folder / noisy.source.name).frames_THWC.astype(int)
    noise = read_video(folder / noisy.entries[NOISE].name).frames_THWC.astype(int)
    edit = read_video(folder / noisy.entries["m1"].name).frames_THWC.astype(int)
    assert np.abs(noise - source).mean() > 40 > 4 * np.abs(edit - source).mean()


def test_a_missing_edit_is_not_passed_over_in_silence(tmp_path: Path, candidates: list[Candidate]) -> None:
    lacking = [replace(candidates[0], edits={**candidates[0].edits, "Smear-2": None}), *candidates[1:]]
    with pytest.raises(CoverageError, match="1 of 4 samples of Smear-2"):
        make(tmp_path / "study", lacking)
    study = make(tmp_path / "study", lacking, samples=2, drop_missing=True)
    assert {method.name: method.left_out for method in study.methods} == {"Sharp-9B": 0, "Smear-2": 1}
    assert "s0" not in study.sample_of
    with pytest.raises(UsageError, match="4 samples are asked for, and 3"):
        make(tmp_path / "other", lacking, samples=4, drop_missing=True)


def test_a_failed_creation_leaves_no_study_and_can_be_made_again(tmp_path: Path, candidates: list[Candidate]) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    bad = [replace(one, edits={**one.edits, "Smear-2": broken}) for one in candidates]
    with pytest.raises(VideoError):
        make(tmp_path / "study", bad, samples=2)
    assert not (tmp_path / "study").exists()
    make(tmp_path / "study", candidates, samples=2)
    with pytest.raises(UsageError, match="something already"):
        make(tmp_path / "study", candidates, samples=2)


def test_criteria_are_known_names(tmp_path: Path) -> None:
    assert [one.id for one in questions_named(("ea", "VQ", "Overall"), "likert")] == ["EA", "VQ", "overall"]
    with pytest.raises(UnknownNameError, match="choose from EA"):
        questions_named(("beauty",), "ranking")
    for names in ((), ("EA", "ea")):
        with pytest.raises(UsageError):
            questions_named(names, "ranking")
