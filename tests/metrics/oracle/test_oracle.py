from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from rvebench.video import read_video

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures/metrics"
VBENCH: dict[str, Any] = json.loads((FIXTURES / "vbench.json").read_text(encoding="utf-8"))
CLIPS = sorted(VBENCH["clips"])


@pytest.mark.parametrize("model", ["dino", "clip", "viclip", "amt"])
def test_weights_from_the_seed_are_those_vbench_was_given(model: Any) -> None:
    pytest.importorskip("torch")
    from tests.metrics.oracle.make_fixtures import digest
    from tests.metrics.oracle.weights import TINY, state_dict

    assert digest(state_dict(model, TINY)) == VBENCH["weights"][model]


def test_published_sizes_are_whole() -> None:
    from tests.metrics.oracle.shapes import FULL, SHAPES

    tensors = {model: len(shapes(FULL)) for model, shapes in SHAPES.items()}
    assert tensors == {"dino": 150, "clip": 302, "viclip": 447, "amt": 213}
    numbers = {model: sum(int(np.prod(shape)) for shape in shapes(FULL).values()) for model, shapes in SHAPES.items()}
    assert numbers == {"dino": 85_798_656, "clip": 151_277_313, "viclip": 427_590_145, "amt": 2_990_543}


@pytest.mark.parametrize(("matrix", "dimension"), [("tagged", "subject_consistency"), ("bt601", "motion_smoothness")])
@pytest.mark.parametrize("name", CLIPS)
def test_the_reader_gives_the_frames_vbench_saw(name: str, matrix: Literal["tagged", "bt601"], dimension: str) -> None:
    """VBench reads with decord, which believes colour tags, and with OpenCV, which does not."""
    frames = read_video(FIXTURES / "clips" / f"{name}.mp4", matrix=matrix).frames_THWC
    expected = VBENCH["clips"][name]["frames"][dimension]
    assert list(frames.shape) == expected["shape"]
    assert hashlib.sha256(np.ascontiguousarray(frames).tobytes()).hexdigest() == expected["sha256"]


def test_only_in_bt709_clips_opencv_gave_vbench_other_frames_than_decord() -> None:
    differ = {
        name
        for name, clip in VBENCH["clips"].items()
        if clip["frames"]["subject_consistency"]["sha256"] != clip["frames"]["temporal_flickering"]["sha256"]
    }
    assert differ == {name for name in CLIPS if name.endswith("bt709")}


def test_scores_spread_so_that_a_wrong_model_cannot_pass() -> None:
    for dimension, least in {
        "subject_consistency": 0.3,
        "background_consistency": 0.3,
        "overall_consistency": 0.2,
        "temporal_flickering": 0.3,
        "motion_smoothness": 0.15,
    }.items():
        values = [clip["values"][dimension] for clip in VBENCH["clips"].values()]
        assert max(values) - min(values) > least
        assert len({round(value, 4) for value in values}) == len(values)


@pytest.mark.skipif(
    not {"RVEBENCH_PARITY_PYTHON", "RVEBENCH_PARITY_CACHE"} <= set(os.environ),
    reason="RVEBENCH_PARITY_PYTHON and RVEBENCH_PARITY_CACHE name no environment with VBench (README.md here)",
)
def test_the_real_vbench_still_says_what_the_fixtures_hold(tmp_path: Path) -> None:
    from tests.metrics.oracle.make_fixtures import run

    python, cache = Path(os.environ["RVEBENCH_PARITY_PYTHON"]), Path(os.environ["RVEBENCH_PARITY_CACHE"])
    _, answer = run(python, cache, tmp_path, threads=2)
    for dimension, by_path in answer.values.items():
        for path, value in by_path.items():
            assert value == pytest.approx(VBENCH["clips"][Path(path).stem]["values"][dimension], abs=1e-6)
    assert [list(entry.ids) for entry in answer.tokens] == [
        entry["ids"] for entry in json.loads((FIXTURES / "tokens.json").read_text(encoding="utf-8"))
    ]
