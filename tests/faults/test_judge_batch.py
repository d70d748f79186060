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
    MODEL,
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


def test_a_batch_that_expires_half_done_is_asked_again_and_what_fails_for_good_waits_for_a_retry(
    direct: Place, place: Place, server: CountingServer, commands: Commands
) -> None:
    server.use(Script(batch_delay_s=0, batch_outcome="expired"))
    env = environment(place.cache)
    # 12 questions: half of those that are left expire each time, and each is asked three times.
    commands.run(*batched(place, server), env=env, code=3)
    assert server.batches.created == 3 and server.paid.total() == 11
    (silent,) = [line for line in verdicts(place.run).values() if line["status"] == "unjudged"]
    assert "asked 3 times by batch" in silent["reason"] and "--retry-failed" in silent["reason"]
    commands.run(*batched(place, server), env=env, code=3)
    assert server.batches.created == 3, "without --retry-failed it is settled"
    server.use(Script(batch_delay_s=0))
    commands.run(*batched(place, server, "--retry-failed"), env=env)
    assert (server.batches.created, server.calls) == (4, 0), "nothing is asked directly at the full price"
    assert len(server.paid) == server.paid.total() == SAMPLES
    assert same_verdicts(place, direct)


def test_what_failed_in_batches_can_be_asked_directly(
    direct: Place, place: Place, server: CountingServer, commands: Commands
) -> None:
    server.use(Script(batch_delay_s=0, batch_outcome="expired"))
    commands.run(*batched(place, server), env=environment(place.cache), code=3)
    commands.run(*place.command(server.url, "--retry-failed"), env=environment(place.cache))
    assert (server.batches.created, server.calls, server.paid.total()) == (3, 1, SAMPLES)
    assert same_verdicts(place, direct)


def test_a_batch_that_the_service_does_not_take_stops_in_one_sentence_and_the_next_command_goes_on(
    direct: Place, place: Place, server: CountingServer, commands: Commands
) -> None:
    server.use(Script(batch_delay_s=0, batch_outcome="failed"))
    ran = commands.run(*batched(place, server), env=environment(place.cache), code=2)
    assert "The batch input is not valid" in ran.error and not verdicts(place.run)
    assert (server.batches.created, server.calls) == (1, 0) and costs_of(place.run).most_usd == 0
    server.use(Script(batch_delay_s=0))
    commands.run(*batched(place, server), env=environment(place.cache))
    assert (server.batches.created, server.calls, server.paid.total()) == (2, 0, SAMPLES)
    assert same_verdicts(place, direct)


# Several judges


def test_a_panel_is_batched_but_for_those_who_ask_no_service(
    world: World, server: CountingServer, commands: Commands, tmp_path: Path
) -> None:
    server.use(Script(batch_delay_s=0))
    (tmp_path / "other").mkdir()
    (tmp_path / "batched").mkdir()
    judge = f"openai:{MODEL},openai:gpt-4o-mini,reference"
    panel = ("--repeats", 2, "--reduce", "median")
    other, place = world.copy(tmp_path / "other"), world.copy(tmp_path / "batched")
    commands.run(*other.command(server.url, *panel, judge=judge), env=environment(other.cache))
    assert server.calls == server.paid.total() == 4 * SAMPLES
    server.reset(Script(batch_delay_s=0))
    command = place.command(server.url, "--batch", "--poll", 0.1, "--max-usd", 5, *panel, judge=judge)
    commands.run(*command, env=environment(place.cache))
    assert (server.batches.created, server.calls, server.paid.total()) == (2, 0, 4 * SAMPLES)
    assert same_verdicts(place, other)
    parts = [part for line in verdicts(place.run).values() for part in line["parts"]]
    assert len(parts) == 6 * SAMPLES and {part["status"] for part in parts} == {"ok"}
    costs = costs_of(place.run)
    assert costs.left_open == 0 and costs.most_tokens == server.tokens
    commands.run(*command, env=environment(place.cache))
    assert (server.batches.created, server.calls) == (2, 0)


def test_two_services_have_batches_of_their_own(
    world: World, server: CountingServer, commands: Commands, tmp_path: Path
) -> None:
    server.use(Script(batch_delay_s=0.5))
    with CountingServer(Script(batch_delay_s=0)) as second:
        place = world.copy(tmp_path)
        judge = f"openai:{MODEL},openai:gpt-4o-mini?base_url={second.url}"
        command = place.command(server.url, "--batch", "--poll", 0.1, judge=judge)
        pid = commands.start(*command, env=environment(place.cache))
        wait_for(lambda: server.batches.created and second.batches.created)
        kill(pid)
        commands.wait(pid)
        commands.run(*command, env=environment(place.cache))
        for one in (server, second):
            assert (one.batches.created, one.calls, one.paid.total()) == (1, 0, SAMPLES)
    assert len(list((place.run / "batch").iterdir())) == 2


def test_a_judge_that_asks_no_service_is_not_batched(place: Place, server: CountingServer, commands: Commands) -> None:
    ran = commands.run(*place.command(server.url, "--batch", judge="reference"), env=environment(place.cache), code=2)
    assert "--batch is for judges behind a chat service" in ran.error and "'reference'" in ran.error


# Money


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
    assert costs_of(place.run) == (0, 0, 0, 0), "nothing was sent, and nothing is reserved"
    server.use(Script(keys=(KEY,), batch_delay_s=0))
    commands.run(*batched(place, server, "--max-usd", 0.5), env=environment(place.cache))
    assert (server.batches.created, server.paid.total()) == (1, SAMPLES)
    assert costs_of(place.run).most_usd == pytest.approx(server.usd / 2)
    assert same_verdicts(place, direct)
