from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("skia")

from rvebench.errors import UnknownNameError, UsageError
from rvebench.sim import change_masks, load_family, render_pictures
from rvebench.sim.ladder import RUNGS, LadderClips, ladder_clips, rung_frames, rung_of
from rvebench.sim.recipes import family_and_seed
from rvebench.taxonomy import Criterion

SIZE, FRAMES = (96, 64), 9
ID = "candle-burn-3"


@pytest.fixture(scope="module")
def clips() -> LadderClips:
    family = load_family("candle-burn")
    source, target, other = (
        render_pictures(family, seed, role, size=SIZE, frames=FRAMES)
        for seed, role in ((3, "source"), (3, "target"), (4, "target"))
    )
    clean = [render_pictures(family, 3, role, size=SIZE, frames=FRAMES, noisy=False) for role in ("source", "target")]
    mask = np.repeat(change_masks(*clean)[..., None], 3, axis=3)
    return ladder_clips(ID, source=source, target=target, other=other[:5], mask=mask)


def test_there_are_at_least_ten_rungs_each_graded_on_every_criterion() -> None:
    assert len({rung.name for rung in RUNGS}) == len(RUNGS) >= 10
    for rung in RUNGS:
        assert set(rung.grades) == set(Criterion)
        assert all(0 <= grade <= 10 for grade in rung.grades.values())


def test_every_rung_keeps_size_and_length_and_is_the_same_every_time(clips: LadderClips) -> None:
    for rung in RUNGS:
        frames = rung_frames(rung, ID, clips)
        assert frames.shape == clips.target.shape and frames.dtype == np.uint8, rung.name
        assert (frames == rung_frames(rung, ID, clips)).all(), rung.name


def test_the_anchors_are_what_they_say(clips: LadderClips) -> None:
    assert (rung_frames(rung_of("target"), ID, clips) == clips.target).all()
    assert (rung_frames(rung_of("no-op"), ID, clips) == clips.source).all()
    frozen = rung_frames(rung_of("frozen"), ID, clips)
    assert (frozen == frozen[0]).all()
    late = rung_frames(rung_of("late"), ID, clips)
    assert (late[0] == clips.source[0]).all() and (late[-1] == clips.target[-1]).all()


@pytest.mark.parametrize("name", ["tint", "over-edit"])
def test_damage_to_all_else_spares_the_outcome(clips: LadderClips, name: str) -> None:
    assert clips.mask is not None
    inside = clips.mask[..., 0] >= 128
    spoilt = rung_frames(rung_of(name), ID, clips)
    assert 0 < inside.mean() < 1
    assert (spoilt[inside] == clips.target[inside]).all()
    assert (spoilt[~inside] != clips.target[~inside]).any(axis=-1).mean() > 0.5


def test_without_a_mask_the_whole_following_shot_is_spoilt(clips: LadderClips) -> None:
    bare = replace(clips, mask=None)
    tint = rung_frames(rung_of("tint"), ID, bare)
    assert (tint != clips.target).any(axis=-1).mean() > 0.5


def test_an_unknown_rung_or_a_filmed_sample_is_a_clear_error(clips: LadderClips) -> None:
    with pytest.raises(UnknownNameError, match="did you mean half"):
        rung_of("haf")
    with pytest.raises(UsageError, match="not a rendered sample"):
        ladder_clips("bikes", source=clips.source, target=clips.target, other=clips.other, mask=None)


def test_an_id_tells_family_and_seed() -> None:
    assert family_and_seed("candle-burn-1000") == ("candle-burn", 1000)
    assert family_and_seed("candle-burn") is None
    assert family_and_seed("nothing-7") is None


def test_another_process_renders_the_same_bytes() -> None:
    program = (
        "import hashlib; from rvebench.sim import load_family, render_pictures\n"
        "f = render_pictures(load_family('candle-burn'), 3, 'target', size=(96, 64), frames=9)\n"
        "print(hashlib.sha256(f.tobytes()).hexdigest())"
    )
    prints = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(prints) == 1
