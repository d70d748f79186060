"""A tiny split, the edits of the copy on it, and a driver that starts commands quickly: made once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.judging import PRICES, SAMPLES, Commands, World, environment
from tests.runs.world import make_split


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    opened = Commands()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, commands: Commands) -> World:
    folder = tmp_path_factory.mktemp("judged")
    split = make_split(folder / "split", n=SAMPLES, frames=5)
    (folder / "prices.yaml").write_text(PRICES)
    made = World(split=split, edits=folder / "edits", cache=folder / "cache", prices=folder / "prices.yaml")
    generate = ("generate", "--model", "copy", "--split", split, "--out", made.edits)
    commands.run(*generate, env=environment(made.cache))
    return made
