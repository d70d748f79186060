"""SIGKILL while a judge behind a service is asked: nothing that was recorded is paid twice, and the end is the same."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.faults.judging import (
    MODEL,
    SAMPLES,
    Commands,
    CountingServer,
    Place,
    Ran,
    RealCommands,
    World,
    costs_of,
    environment,
    kept_replies,
    kill,
    replies_in_run,
    requests_in_journal,
    verdicts,
)
from tests.llm.fault_script import Script

SLOW = Script(latency_s=0.15, jitter_s=0.15)
JOINT = f"openai:{MODEL}"
EACH_CRITERION = f"openai:{MODEL}?calls=separate"
CALLS = {JOINT: SAMPLES, EACH_CRITERION: SAMPLES // 6 * (4 * 4 + 2 * 3)}
"""A sample of the subset ICVG has three criteria, the others four."""


class Killed(NamedTuple):
    """What one process left."""

    at_work: bool
    new_paid: int
    new_recorded: int
    left_open: int
    """Calls whose reservation has no end: they were in flight."""
    in_hand: int
    """Replies that were settled and not kept yet."""


class Hunt:
    """One run that is killed again and again; money is what the server says."""

    def __init__(self, place: Place, server: CountingServer, commands: Commands, judge: str, cache: str) -> None:
        self.judge = judge
        self.place, self.server, self.commands = place, server, commands
        self.max_usd = 10.0
        self.max_tokens = 10_000_000
        self._cache = ["--cache", cache] if cache else []
        self.lost_at_kills = self.raises = 0

    def command(self) -> list[object]:
        caps = ("--max-usd", f"{self.max_usd:.6f}", "--max-tokens", self.max_tokens)
        return self.place.command(self.server.url, *caps, *self._cache, judge=self.judge)

    def recorded(self, questions: dict[str, str]) -> set[str]:
        """Returns the questions whose replies stand in the cache, in the run's own, or in the journal."""
        run = self.place.run
        digests = kept_replies(self.place.replies).keys() | replies_in_run(run) | requests_in_journal(run)
        return {questions[digest] for digest in digests}

    def kill_once(self, rng: random.Random, work_s: float, questions: dict[str, str]) -> Killed:
        """Starts the run and kills it some time after its first call; every fourth time, after its start."""
        server, run = self.server, self.place.run
        before, paid, costs, calls = self.recorded(questions), server.paid.total(), costs_of(run), server.calls
        asked = Counter(server.asked)
        pid = self.commands.start(*self.command(), env=environment(self.place.cache))
        if rng.random() < 0.75:
            deadline = time.monotonic() + 60
            while server.calls == calls and time.monotonic() < deadline:
                time.sleep(0.002)
        time.sleep(rng.uniform(0, work_s))
        kill(pid)
        ran = self.commands.wait(pid)
        server.drain()
        self.check_money()
        assert ran.code in {-9, 0} or self.raised(ran), ran.err
        after, costs_after = self.recorded(questions), costs_of(run)
        assert before <= after, "a reply that was recorded is gone"
        assert not [question for question in before if server.asked[question] != asked[question]], "asked again"
        new_paid, new_recorded = server.paid.total() - paid, len(after) - len(before)
        left_open, settled = costs_after.left_open - costs.left_open, costs_after.settled - costs.settled
        killed = Killed(ran.code == -9, new_paid, new_recorded, left_open, settled - new_recorded)
        assert killed.in_hand >= 0 and new_paid <= new_recorded + killed.left_open + killed.in_hand
        self.lost_at_kills += killed.left_open + killed.in_hand
        return killed

    def check_money(self) -> None:
        server, costs = self.server, costs_of(self.place.run)
        assert server.usd <= self.max_usd and server.tokens <= self.max_tokens
        assert server.usd <= costs.most_usd + 1e-9 and server.tokens <= costs.most_tokens, "spent more than was noted"

    def raised(self, ran: Ran) -> bool:
        """Raises the cap that a process met, as its message says to; returns whether it met one."""
        if ran.code != 3 or ran.out:
            return False
        assert "leaves no room" in ran.error
        self.raises += 1
        if "--max-usd" in ran.error:
            self.max_usd *= 1.5
        else:
            self.max_tokens = self.max_tokens * 3 // 2
        return True

    def finish(self) -> None:
        """Goes on to the end, with a larger cap where the kills have used it up."""
        for _ in range(20):
            pid = self.commands.start(*self.command(), env=environment(self.place.cache))
            ran = self.commands.wait(pid)
            self.check_money()
            if not self.raised(ran):
                assert ran.code == 0, f"{ran.out} {ran.err}"
                return
        raise AssertionError("a cap that is raised again and again never suffices")


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with CountingServer(SLOW) as opened:
        yield opened


def check_kills(
    tmp_path: Path, world: World, server: CountingServer, commands: Commands, *, kills: int, per_run: int, seed: int,
    judge: str = EACH_CRITERION, cache: str = "", anew: bool = False,
) -> None:  # fmt: skip
    rng = random.Random(seed)
    (tmp_path / "whole").mkdir()
    whole = world.copy(tmp_path / "whole")
    began = time.monotonic()
    commands.run(*whole.command(server.url, judge=judge), env=environment(whole.cache))
    length_s = time.monotonic() - began
    work_s = began + length_s - server.arrivals[0]
    questions = kept_replies(whole.replies)
    assert len(questions) == len(set(questions.values())) == server.calls == CALLS[judge]
    whole_usd, whole_tokens = server.usd, server.tokens

    done = at_work = paid_twice = in_hand = bound = raises = 0
    rows = []
    for number in range(1000):
        if done >= kills:
            break
        server.reset()
        folder = tmp_path / f"run{number}"
        folder.mkdir()
        place = Place(world, folder) if anew else world.copy(folder)
        hunt = Hunt(place, server, commands, judge, cache)
        # Caps near what is needed: that they hold is tested when they are reached.
        hunt.max_usd, hunt.max_tokens = whole_usd * rng.uniform(0.6, 1.6), int(whole_tokens * rng.uniform(0.6, 2.5))
        for _ in range(min(per_run, kills - done)):
            killed = hunt.kill_once(rng, 0.7 * work_s, questions)
            done += 1
            at_work += killed.at_work
            in_hand += killed.in_hand
            rows.append(killed)
        hunt.finish()
        assert place.summary == whole.summary
        assert server.paid.keys() == set(questions.values())
        assert server.paid.total() <= CALLS[judge] + hunt.lost_at_kills
        paid_twice += server.paid.total() - CALLS[judge]
        bound += hunt.lost_at_kills
        raises += hunt.raises
        assert {line["status"] for line in verdicts(place.run).values()} == {"ok"}
    print(
        f"\n{kills} kills ({at_work} while at work), an uninterrupted run takes {length_s:.1f} s, {work_s:.1f} s asking"
    )
    print(
        f"{paid_twice} calls were paid twice; {bound} were in flight at kills, {in_hand} of them answered and not kept"
    )
    print(f"{raises} processes met a cap; paid, recorded, in flight and in hand at each kill:")
    for killed in rows:
        print("killed" if killed.at_work else "ended ", *killed[1:])
    assert at_work >= kills // 2


def test_five_kills_pay_nothing_twice_that_was_recorded_and_end_in_the_same_bytes(
    tmp_path: Path, world: World, server: CountingServer, commands: Commands
) -> None:
    check_kills(tmp_path, world, server, commands, kills=5, per_run=5, seed=4)


def test_without_a_cache_a_verdict_of_four_calls_that_was_killed_pays_only_for_those_it_lacks(
    tmp_path: Path, world: World, server: CountingServer, commands: Commands
) -> None:
    whole = world.copy(tmp_path / "whole")
    commands.run(*whole.command(server.url, judge=EACH_CRITERION), env=environment(whole.cache))
    questions = kept_replies(whole.replies)
    server.reset()
    server.use(SLOW)
    place = world.copy(tmp_path / "killed")
    hunt = Hunt(place, server, commands, EACH_CRITERION, "off")
    pid = commands.start(*hunt.command(), env=environment(place.cache))
    deadline = time.monotonic() + 60
    while not replies_in_run(place.run) - requests_in_journal(place.run):
        assert time.monotonic() < deadline
        time.sleep(0.002)
    kill(pid)
    commands.wait(pid)
    server.drain()
    of_half_verdicts = {questions[digest] for digest in replies_in_run(place.run) - requests_in_journal(place.run)}
    assert of_half_verdicts and not place.replies.exists()
    before = Counter(server.asked)
    hunt.finish()
    assert not [question for question in of_half_verdicts if server.asked[question] > before[question]]
    assert place.summary == whole.summary and server.paid.keys() == set(questions.values())
    # Another run with --cache off asks anew.
    asked = server.calls
    other = world.copy(tmp_path / "other")
    command = other.command(server.url, "--cache", "off", judge=EACH_CRITERION)
    commands.run(*command, env=environment(other.cache))
    assert server.calls - asked == CALLS[EACH_CRITERION]


@pytest.mark.kill
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("judge", "cache"),
    [(EACH_CRITERION, ""), (JOINT, "off"), (EACH_CRITERION, "off")],
    ids=["cache", "no cache", "no cache, each criterion"],
)
def test_twenty_kills_pay_nothing_twice_that_was_recorded_and_end_in_the_same_bytes(
    tmp_path: Path, world: World, server: CountingServer, judge: str, cache: str
) -> None:
    check_kills(
        tmp_path, world, server, RealCommands(), kills=20, per_run=4, seed=5, judge=judge, cache=cache, anew=True
    )
