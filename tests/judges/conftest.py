from __future__ import annotations

from pathlib import Path

import pytest

from rvebench.records import Verdict
from tests.judges.ladder import Scene, drawn_scene, evening_scene, ladder, real_scene, verdict_on

Ladder = dict[str, Verdict]


def judged(scene: Scene, folder: Path) -> Ladder:
    return {name: verdict_on(scene, edit) for name, edit in ladder(scene, folder).items()}


@pytest.fixture(scope="session")
def drawn_ladder(tmp_path_factory: pytest.TempPathFactory) -> Ladder:
    return judged(drawn_scene(), tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="session")
def real_ladder(real_clips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Ladder:
    return judged(real_scene(real_clips), tmp_path_factory.mktemp("real"))


@pytest.fixture(scope="session")
def evening_ladder(real_clips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Ladder:
    return judged(evening_scene(real_clips), tmp_path_factory.mktemp("evening"))


@pytest.fixture(params=["drawn", "real"])
def local_ladder(request: pytest.FixtureRequest) -> Ladder:
    found: Ladder = request.getfixturevalue(f"{request.param}_ladder")
    return found
