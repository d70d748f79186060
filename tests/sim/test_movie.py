from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("skia")

from rvebench.sim.movie import Movie, make_movie, plan_movie

SMALL = {"scenes": 3, "shots": 9, "size": (96, 54)}


@pytest.fixture(scope="module")
def movie() -> Movie:
    return make_movie(1, **SMALL)  # type: ignore[arg-type]


def test_a_film_has_forty_to_sixty_shots_over_eight_scenes_in_order() -> None:
    shots = plan_movie(0)
    assert 40 <= len(shots) <= 60
    assert sorted({shot.scene for shot in shots}) == list(range(8))
    assert all(b.scene - a.scene in {0, 1} and b.start > a.start for a, b in pairwise(shots))
    assert shots[0].joined_by == "start" and {shot.joined_by for shot in shots[1:]} <= {"cut", "fade", "wipe"}


def test_a_scene_is_one_world_and_scenes_are_different_worlds() -> None:
    worlds: dict[int, set[tuple[str, int]]] = {}
    for shot in plan_movie(2):
        worlds.setdefault(shot.scene, set()).add((shot.family, shot.seed))
        assert shot.caption
    assert all(len(found) == 1 for found in worlds.values())
    assert len({next(iter(found)) for found in worlds.values()}) == len(worlds)


def test_the_known_cuts_are_where_the_picture_jumps(movie: Movie) -> None:
    frames = movie.frames_THWC.astype(np.int16)
    steps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
    cuts = movie.boundaries("cut")
    inside = np.ones(len(steps), bool)
    for shot in movie.shots:
        inside[max(0, shot.start - 1) : shot.start + 9] = False
    assert cuts
    for cut in cuts:
        assert steps[cut - 1] > 2 * steps[inside].max(), cut


def test_fades_and_wipes_take_eight_frames_of_both_shots(movie: Movie) -> None:
    end = 0
    for shot in movie.shots:
        if shot.joined_by in {"fade", "wipe"}:
            assert shot.start == end - 8
        else:
            assert shot.start == end
        end = shot.start + shot.frames
    assert len(movie.frames_THWC) == end


def test_the_same_seed_gives_the_same_film(movie: Movie) -> None:
    assert (make_movie(1, **SMALL).frames_THWC == movie.frames_THWC).all()  # type: ignore[arg-type]
    assert plan_movie(1) != plan_movie(2)


def test_too_few_shots_for_the_scenes_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        plan_movie(0, scenes=4, shots=7)
