"""The whole way on real video: import, a real ffmpeg edit, precomputed outputs, the untouched copy."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import rvebench

imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")

NIGHT = "eq=brightness=-0.25:saturation=0.5"
HALF_WAY = "eq=brightness=-0.12:saturation=0.75"
INSTRUCTIONS = {
    "bikes": "Imagine this street an hour after the shops have closed and the sky has gone dark",
    "carphone_pristine": "Imagine the driver's trip if he had left after dinner instead of at noon",
    "bigbuckbunny": "Imagine this meadow once the moon is the only light",
}


def ffmpeg(*arguments: object) -> None:
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", *map(str, arguments)], check=True, timeout=120
    )


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, real_clips: dict[str, Path]) -> Path:
    """A folder of real clips with targets, imported as a split, and a folder of finished outputs."""
    folder = tmp_path_factory.mktemp("real")
    raw, outputs = folder / "raw", folder / "outputs"
    raw.mkdir()
    outputs.mkdir()
    rows = []
    for name, instruction in INSTRUCTIONS.items():
        cut = ("-frames:v", 24, "-an", "-crf", 16, "-pix_fmt", "yuv420p")
        size = "scale=320:-2," if name != "carphone_pristine" else ""
        ffmpeg("-i", real_clips[name], "-vf", f"{size}null", *cut, raw / f"{name}.mp4")
        ffmpeg("-i", raw / f"{name}.mp4", "-vf", NIGHT, *cut, raw / f"{name}.target.mp4")
        ffmpeg("-i", raw / f"{name}.mp4", "-vf", HALF_WAY, *cut, outputs / f"{name}.mp4")
        rows.append(
            {
                "id": name,
                "subset": "rave",
                "reasoning_type": "temporal",
                "source": f"{name}.mp4",
                "target": f"{name}.target.mp4",
                "instruction": instruction,
                "licence": "LicenseRef-test-only",
            }
        )
    (raw / "instructions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    rvebench("data", "import", raw, folder / "split")
    return folder


def evaluate(work: Path, name: str, model: str) -> dict[str, Any]:
    split = work / "split" / "samples.jsonl"
    out = work / "runs" / name
    ran = rvebench(
        "evaluate", "--model", model, "--split", split, "--judge", "reference", "--out", out, "--format", "json"
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    assert (out / "report.html").stat().st_size > 50_000
    return found


def test_an_imported_split_of_real_clips_verifies(work: Path) -> None:
    rvebench("data", "verify", work / "split" / "samples.jsonl")


def test_an_untouched_copy_of_real_video_scores_nothing_on_edit_accuracy(work: Path) -> None:
    found = evaluate(work, "copy", "copy")
    assert found["coverage"] == {"n": 3, "ok": 3, "failed": 0, "refused": 0, "missing": 0, "unjudged": 0}
    assert found["criteria"]["EA"]["mean"] < 0.3
    assert found["metrics"]["temporal_flickering"]["delta"]["mean"] == 0


def test_a_real_ffmpeg_edit_through_the_command_line_comes_near_the_target(work: Path) -> None:
    exe = imageio_ffmpeg.get_ffmpeg_exe()
    model = f"command:{exe} -y -loglevel error -i {{source}} -vf {NIGHT} -crf 16 -pix_fmt yuv420p {{out}}"
    found = evaluate(work, "ffmpeg", model)
    assert found["overall"]["mean"] > 9
    assert found["criteria"]["EA"]["mean"] > 9


def test_finished_outputs_in_a_folder_are_scored_between_the_two(work: Path) -> None:
    found = evaluate(work, "folder", f"folder:{work / 'outputs'}")
    assert 2 < found["criteria"]["EA"]["mean"] < 8
    ran = rvebench("compare", work / "runs" / "copy", work / "runs" / "folder", "--format", "json")
    assert json.loads(ran.stdout)["overall"]["difference"] > 0
