"""`rvebench evaluate --batch`: killed while it waits, out of money, met by a service that leaves half undone."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.judging import (
    KEY,
    SAMPLES,
    Commands,
    CountingServer,
    Place,
    World,
    costs_of,
    environment,
    every_file,
    kill,
    verdicts,
)
from tests.llm.fault_script import Script


@pytest.fixture(scope="module")
def direct(world: World, commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The same run without batches."""
    place = world.copy(tmp_path_factory.mktemp("direct"))
    with CountingServer() as server:
        commands.run(*place.command(server.url), env=environment(place.cache))
    return place


@pytest.fixture
def place(world: World, tmp_path: Path) -> Place:
    return world.copy(tmp_path)


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with CountingServer(Script(batch_delay_s=1.5)) as opened:
        yield opened


def wait_for(true: Callable[[], object], *, at_most_s: float = 60) -> None:
    deadline = time.monotonic() + at_most_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def batched(place: Place, server: CountingServer, *more: object) -> list[object]:
    return place.command(server.url, "--batch", "--poll", 0.1, *more)


def same_verdicts(place: Place, other: Place) -> bool:
    def scores(run: Path) -> dict[str, object]:
        return {name: (line["status"], line.get("scores")) for name, line in verdicts(run).items()}

    return scores(place.run) == scores(other.run) and place.summary == other.summary


def test_killed_while_it_waits_a_batch_is_resumed_paid_for_once_and_gives_the_same_verdicts(
    direct: Place, place: Place, server: CountingServer, commands: Commands
) -> None:
    rng = random.Random(6)
    command, env = batched(place, server, "--max-usd", 5), environment(place.cache)
    for wanted in (lambda: server.batches.uploaded, lambda: server.batches.created, lambda: server.batches.created):
        pid = commands.start(*command, env=env)
        wait_for(wanted)
        time.sleep(rng.uniform(0, 0.4))
        kill(pid)
        assert commands.wait(pid).code == -9
        assert not verdicts(place.run)
    ran = commands.run(*command, env=env)
    assert f"batch: {SAMPLES} answered, 0 waiting" in ran.err
    assert (server.batches.created, server.calls) == (1, 0)
    assert len(server.paid) == server.paid.total() == SAMPLES
    assert same_verdicts(place, direct)
    assert costs_of(place.run).most_usd == pytest.approx(server.usd / 2)
    commands.run(*command, env=env)
    assert (server.batches.created, server.calls) == (1, 0)
    assert not [path for path, data in every_file(place.folder).items() if KEY.encode() in data]


def test_killed_while_answers_are_read_a_batch_loses_none(
    direct: Place, place: Place, server: CountingServer, commands: Commands
) -> None:
    server.use(Script(batch_delay_s=0))
    pid = commands.start(*batched(place, server), env=environment(place.cache))
    wait_for(lambda: len(verdicts(place.run)) > 2)
    kill(pid)
    commands.wait(pid)
    commands.run(*batched(place, server), env=environment(place.cache))
    assert (server.batches.created, server.calls, server.paid.total()) == (1, 0, SAMPLES)
    assert same_verdicts(place, direct)


def test_ctrl_c_while_waiting_says_that_batches_go_on(
    direct: Place, place: Place, server: CountingServer, commands: Commands
) -> None:
    pid = commands.start(*batched(place, server), env=environment(place.cache))
    wait_for(lambda: server.batches.created)
    time.sleep(0.3)
    os.kill(pid, signal.SIGINT)
    ran = commands.wait(pid)
    assert ran.code == 130 and "go on at the service" in ran.error
    commands.run(*batched(place, server), env=environment(place.cache))
    assert (server.batches.created, server.paid.total()) == (1, SAMPLES)
    assert same_verdicts(place, direct)


def test_a_batch_that_expires_half_done_is_asked_again_for_the_rest(
    direct: Place, place: Place, server: CountingServer, commands: Commands
) -> None:
    server.use(Script(batch_delay_s=0, batch_outcome="expired"))
    ran = commands.run(*batched(place, server), env=environment(place.cache))
    assert ran.code == 0
    assert len(server.paid) == server.paid.total() == SAMPLES
    assert same_verdicts(place, direct)


def test_a_budget_that_holds_a_part_is_used_for_it_and_the_rest_waits_for_a_larger_one(
    direct: Place, place: Place, server: CountingServer, commands: Commands
) -> None:
    server.use(Script(batch_delay_s=0))
    ran = commands.run(*batched(place, server, "--max-usd", 0.05), env=environment(place.cache), code=3)
    assert "--max-usd 0.05 leaves no room" in ran.error
    assert 0 < server.paid.total() < SAMPLES and server.usd / 2 <= 0.05
    assert len(verdicts(place.run)) == server.paid.total(), "what was answered is recorded"
    commands.run(*batched(place, server, "--max-usd", 5), env=environment(place.cache))
    assert len(server.paid) == server.paid.total() == SAMPLES and server.calls == 0
    assert same_verdicts(place, direct)


def test_a_wrong_key_ends_before_a_batch_is_made_and_the_right_one_goes_on(
    direct: Place, place: Place, server: CountingServer, commands: Commands
) -> None:
    server.use(Script(keys=("another",), batch_delay_s=0))
    ran = commands.run(*batched(place, server, "--max-usd", 0.5), env=environment(place.cache), code=2)
    assert "OPENAI_API_KEY" in ran.error and KEY not in ran.err
    assert (server.batches.uploaded, server.batches.created, server.calls) == (0, 0, 0)
    server.use(Script(keys=(KEY,), batch_delay_s=0))
    commands.run(*batched(place, server, "--max-usd", 0.5), env=environment(place.cache))
    assert (server.batches.created, server.paid.total()) == (1, SAMPLES)
    assert costs_of(place.run).most_usd == pytest.approx(server.usd / 2)
    assert same_verdicts(place, direct)
