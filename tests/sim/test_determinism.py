"""The same sample is the same picture: in another process, after other work, and within a bound on another machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("skia")
pytest.importorskip("pymunk")

from rvebench.sim import load_family
from rvebench.taxonomy import ReasoningType
from tests.sim.make_fixtures import SHOWN, describe_machine, grain_again, load_renders, render_again

TOP = Path(__file__).resolve().parent.parent.parent
LEAST_DB = 50.0
"""What two machines may differ by: a level here and there at edges, which no viewer and no judge sees."""

RENDER = """
import hashlib, json, sys
from pathlib import Path
from rvebench.sim import FPS, load_family, render_pictures
from rvebench.video import fingerprint, read_video, write_video
names, folder = json.loads(sys.argv[1]), Path(sys.argv[2])
found = {}
for name in names:
    for role in ("source", "target"):
        path = folder / f"{name}.{role}.mp4"
        write_video(path, render_pictures(load_family(name), 2, role, size=(96, 64), frames=5), fps=FPS, crf=20)
        found[path.name] = [fingerprint(read_video(path)), hashlib.sha256(path.read_bytes()).hexdigest()]
print(json.dumps(found, sort_keys=True))
"""


def rendered(names: list[str], folder: Path, *, hash_seed: int) -> dict[str, list[str]]:
    """Returns the hash of the decoded frames and of the file of each clip, made in a process of its own."""
    folder.mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", RENDER, json.dumps(names), str(folder)],
        capture_output=True,
        text=True,
        cwd=TOP,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, list[str]] = json.loads(ran.stdout)
    return found


def psnr_db(one: np.ndarray, other: np.ndarray) -> float:
    error = float(((one.astype(np.float64) - other) ** 2).mean())
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def test_the_families_shown_are_one_of_each_type() -> None:
    assert sorted(load_family(name).reasoning_type for name in SHOWN) == sorted(ReasoningType)


def test_another_process_decodes_the_same_frames_whatever_it_did_before(tmp_path: Path) -> None:
    """The second process takes the families in another order, with other hashes of texts."""
    one = rendered(list(SHOWN), tmp_path / "one", hash_seed=1)
    two = rendered(list(reversed(SHOWN)), tmp_path / "two", hash_seed=2)
    assert len({frames for frames, _ in one.values()}) == 2 * len(SHOWN)
    assert one == two


def test_the_fixture_holds_the_families_shown() -> None:
    stored = load_renders()
    assert sorted(stored.clips) == sorted(SHOWN)
    for clip in stored.clips.values():
        assert clip.dtype == np.uint8 and (clip[0] != clip[-1]).any()


@pytest.mark.parametrize("name", SHOWN)
def test_a_fresh_render_is_the_stored_one(name: str) -> None:
    """To the bit where the fixture was made, and within a bound that no eye sees elsewhere."""
    stored = load_renders()
    fresh, kept = render_again(name), stored.clips[name]
    again = "if the family was changed on purpose, run `python -m tests.sim.make_fixtures`"
    assert psnr_db(fresh, kept) > LEAST_DB, again
    if describe_machine() == stored.machine:
        assert (fresh == kept).all(), again


def test_grain_is_the_same_on_every_machine() -> None:
    assert (grain_again() == load_renders().grain).all()


def test_the_bound_lets_rounding_pass_and_no_change_of_the_picture() -> None:
    """A level at one place in fifty passes; a picture that is brighter by one level does not."""
    kept = load_renders().clips[SHOWN[0]]
    rng = np.random.default_rng(0)
    edge = kept + (rng.random(kept.shape) < 0.02).astype(np.int16)
    assert psnr_db(edge, kept) > LEAST_DB
    assert psnr_db(kept.astype(np.int16) + 1, kept) < LEAST_DB
