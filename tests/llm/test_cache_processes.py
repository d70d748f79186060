"""Eight processes at one cache: nothing is lost, nothing is torn, nobody is told to come back later."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from rvebench.llm.cache import SqliteCache
from rvebench.llm.cache_care import check_cache
from tests.llm.cache_world import a_request

TOP = Path(__file__).resolve().parent.parent.parent

WORK = """
import random, sys
from pathlib import Path
from rvebench.llm.cache import SqliteCache
from tests.llm.cache_world import a_reply, a_request
path, seed, puts, pool = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
chance = random.Random(seed)
with SqliteCache(path) as cache:
    for _ in range(puts):
        number = chance.randrange(pool)
        cache.put(a_request(number), a_reply(number, text=f"{number} by {seed} " + "x" * 2000))
        print(number, flush=True)
        found = cache.get(a_request(number).digest)
        assert found is not None and found.text.startswith(f"{number} by "), found
"""


def start(path: Path, seed: int, *, puts: int, pool: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORK, str(path), str(seed), str(puts), str(pool)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TOP), os.environ.get("PYTHONPATH", "")])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_eight_processes_that_begin_at_once_write_overlapping_questions(tmp_path: Path) -> None:
    path = tmp_path / "new" / "replies.sqlite"
    workers = [start(path, seed, puts=300, pool=500) for seed in range(8)]
    spoken = [worker.communicate(timeout=240) for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 8, [err for _, err in spoken]
    written = {int(line) for out, _ in spoken for line in out.split()}
    with SqliteCache(path) as cache:
        checked = check_cache(cache)
        assert checked.sound and checked.replies == len(written) > 400
        assert all(cache.get(a_request(number).digest) is not None for number in written)


def test_a_killed_writer_loses_nothing_it_had_put_and_stops_nobody(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    chance = random.Random(5)
    written: set[int] = set()
    for turn in range(5):
        other = start(path, 100 + turn, puts=60, pool=2000)
        victim = start(path, turn, puts=100_000, pool=2000)
        assert victim.stdout is not None
        written.add(int(victim.stdout.readline()))
        time.sleep(chance.uniform(0, 0.4))
        victim.send_signal(signal.SIGKILL)
        # What follows the last line's end was torn.
        written.update(int(line) for line in victim.communicate(timeout=60)[0].split("\n")[:-1] if line)
        out, err = other.communicate(timeout=120)
        assert other.returncode == 0, err
        written.update(map(int, out.split()))
    with SqliteCache(path) as cache:
        assert check_cache(cache).sound
        assert all(cache.get(a_request(number).digest) is not None for number in written)


def test_a_process_waits_for_a_long_write_of_another(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    with SqliteCache(path) as cache:
        cache.run(lambda connection: connection.execute("BEGIN IMMEDIATE"))
        worker = start(path, 1, puts=3, pool=9)
        time.sleep(1.5)
        assert worker.poll() is None
        cache.run(lambda connection: connection.execute("COMMIT"))
        _, err = worker.communicate(timeout=60)
        assert worker.returncode == 0, err
