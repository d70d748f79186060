from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rvebench.splits import Problem, fingerprint_split, load_split, verify_split, write_split
from tests.splits.conftest import moving_square, row, write_rows


def problems_of(folder: Path) -> tuple[Problem, ...]:
    return verify_split(load_split(str(folder)))


def errors_of(folder: Path) -> list[str]:
    return [str(problem) for problem in problems_of(folder) if problem.severity == "error"]


def test_a_whole_split_with_declared_hashes_is_clean(good_split: Path) -> None:
    write_split(fingerprint_split(load_split(str(good_split))).samples, good_split / "samples.jsonl")
    assert problems_of(good_split) == ()


def test_every_problem_is_named_in_one_go(good_split: Path) -> None:
    (good_split / "empty.mp4").touch()
    (good_split / "garbage.mp4").write_bytes(b"not a video at all" * 50)
    whole = (good_split / "a.mp4").read_bytes()
    (good_split / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    write_rows(
        good_split,
        row(id="missing", source="none.mp4"),
        row(id="empty", source="empty.mp4"),
        row(id="garbage", target="garbage.mp4"),
        row(id="cut", source="cut.mp4"),
        row(id="hash", source="c.mp4", frames_sha256={"source": "0" * 64}),
        row(id="rate", source="d.mp4", fps=24),
        row(id="free", source="d.mp4", instruction="Another.", licence=None),
    )
    found = {problem.sample_id: problem for problem in problems_of(good_split) if problem.severity == "error"}
    assert set(found) == {"missing", "empty", "garbage", "cut", "hash", "rate", "free"}
    assert "the file is not there" in found["missing"].what
    assert "the file is empty" in found["empty"].what
    assert found["garbage"].file == good_split / "garbage.mp4"
    assert "declared is 000000000000" in found["hash"].what
    assert "25 frames a second, declared are 24" in found["rate"].what
    assert "no licence is stated" in found["free"].what


def test_a_rate_close_to_the_declared_one_passes(good_split: Path) -> None:
    moving_square(good_split / "a.mp4", fps=29.97)
    write_rows(good_split, row(fps=30))
    assert errors_of(good_split) == []


@pytest.mark.parametrize(
    ("size", "white", "why"),
    [((32, 48), 255, "32x48 pixels, the source has 64x48"), ((64, 48), 90, "black everywhere")],
)
def test_a_mask_that_cannot_serve_is_an_error(good_split: Path, size: tuple[int, int], white: int, why: str) -> None:
    Image.fromarray(np.full((size[1], size[0]), white, np.uint8)).save(good_split / "m.png")
    write_rows(good_split, row(mask="m.png"))
    assert [why in text for text in errors_of(good_split)] == [True]


def test_a_mask_of_another_length_is_an_error_and_of_one_frame_is_not(good_split: Path) -> None:
    moving_square(good_split / "m.mp4", count=4)
    write_rows(good_split, row(mask="m.mp4"))
    assert ["mask: 4 frames, the source has 6" in text for text in errors_of(good_split)] == [True]
    Image.fromarray(np.full((48, 64), 255, np.uint8)).save(good_split / "m.png")
    write_rows(good_split, row(mask="m.png"))
    assert errors_of(good_split) == []


def test_a_following_shots_mask_marks_its_target_and_a_counterfactual_must_fit_it(good_split: Path) -> None:
    moving_square(good_split / "shot.mp4", size=(32, 48), seed=5)
    moving_square(good_split / "still.mp4", size=(32, 48), seed=9)
    Image.fromarray(np.full((48, 32), 255, np.uint8)).save(good_split / "m.png")
    shot = {"subset": "icvg", "reasoning_type": "causal", "target": "shot.mp4", "mask": "m.png"}
    write_rows(good_split, row(**shot, counterfactual="still.mp4"))
    assert errors_of(good_split) == []
    write_rows(good_split, row(**shot, counterfactual="shot.mp4"))
    assert "shows the very frames of the target" in errors_of(good_split)[0]
    write_rows(good_split, row(**shot, counterfactual="a.mp4"))
    assert "frames of 64x48 pixels, the target has" in errors_of(good_split)[0]
    write_rows(good_split, row(counterfactual="still.mp4", target=None))
    assert "has no target" in errors_of(good_split)[0]


def test_a_target_that_is_the_source_is_an_error(good_split: Path) -> None:
    (good_split / "copy.mp4").write_bytes((good_split / "a.mp4").read_bytes())
    write_rows(good_split, row(target="copy.mp4"))
    assert ["very frames of the source" in text for text in errors_of(good_split)] == [True]


def test_the_same_instruction_on_the_same_frames_is_an_error_also_under_another_name(good_split: Path) -> None:
    (good_split / "copy.mp4").write_bytes((good_split / "a.mp4").read_bytes())
    write_rows(good_split, row(), row(id="two", source="copy.mp4", instruction="imagine it ten  minutes after SUNSET."))
    assert errors_of(good_split) == ["two: same source frames and instruction as sample one"]


def test_missing_targets_and_files_nobody_names_are_warnings(good_split: Path) -> None:
    write_rows(good_split, row(target=None))
    (good_split / "README.md").write_text("words")
    (good_split / ".hidden.mp4").touch()
    found = problems_of(good_split)
    assert {problem.severity for problem in found} == {"warning"}
    assert "1 of 1 samples (rave) have no target" in found[0].what
    assert [problem.file for problem in found[1:]] == [good_split / f"{name}.mp4" for name in "bcd"]


def test_literal_samples_need_no_target(good_split: Path) -> None:
    write_rows(
        good_split,
        row(subset="literal", reasoning_type="literal"),
        row(id="two", subset="literal", reasoning_type="literal", source="c.mp4", target=None),
    )
    assert [problem.what for problem in problems_of(good_split)] == ["no sample names this file"]


def test_a_target_of_one_frame_is_a_warning_because_nobody_can_judge_by_it(good_split: Path) -> None:
    Image.new("RGB", (48, 32), "red").save(good_split / "still.png")
    write_rows(good_split, row(target="still.png"))
    found = [problem for problem in problems_of(good_split) if "one frame" in problem.what]
    assert [problem.severity for problem in found] == ["warning"]


def test_an_image_that_a_provenance_names_is_accounted_for(good_split: Path) -> None:
    (good_split / "references").mkdir()
    for name in ("0001.png", "0002.png"):
        Image.new("RGB", (8, 8)).save(good_split / "references" / name)
    write_rows(good_split, row(provenance="VIE-Bench; reference image references/0001.png"))
    unnamed = [problem.file for problem in problems_of(good_split) if problem.what == "no sample names this file"]
    assert good_split / "references" / "0002.png" in unnamed
    assert good_split / "references" / "0001.png" not in unnamed


def test_progress_counts_each_file_once(good_split: Path) -> None:
    shown: list[tuple[int, int]] = []
    verify_split(load_split(str(good_split)), progress=lambda done, total: shown.append((done, total)), workers=3)
    assert shown == [(1, 4), (2, 4), (3, 4), (4, 4)]
