"""Runs of `rvebench evaluate` with a judge behind the fault server: processes as a user's, and what they paid.

`python -m tests.faults.judging` is the driver behind :class:`Commands`: it loads everything once and forks a process
for each command line, since to start Python for each would take minutes.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rvebench.llm import COST_LOG_NAME
from rvebench.llm.cache import CACHE_NAME, SqliteCache
from rvebench.llm.cache_run import RUN_REPLIES_NAME
from rvebench.runs.journal import latest_lines
from rvebench.storage import LogLine, read_lines
from tests.llm.fault_answers import Completion, request_sha256
from tests.llm.fault_script import Script
from tests.llm.fault_server import FaultServer

TOP = Path(__file__).resolve().parent.parent.parent
KEY = "sk-test-9f8e7d6c5b4a39281706-do-not-show"
MODEL = "gpt-4o"
SAMPLES = 12
NO_NETWORK = "TESTS_CUT_THE_NETWORK_OFF"
"""A variable for commands that :class:`Commands` starts: they can connect to nothing."""
PRICES = f"""schema: rve-prices/1
models:
  {MODEL}: {{input: 2.5, output: 10, batch_discount: 0.5, as_of: 2026-11, source: "the fault server"}}
"""


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line that says what went wrong."""
        lines = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1 and "Traceback" not in self.err, self.err
        return lines[0]


class Commands:
    """Starts command lines, each in a process of its own."""

    def __init__(self) -> None:
        self._driver = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.judging"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=TOP,
        )  # fmt: skip
        self._folder = tempfile.TemporaryDirectory()

    def _ask(self, **question: Any) -> int:
        assert self._driver.stdin is not None and self._driver.stdout is not None
        self._driver.stdin.write(json.dumps(question) + "\n")
        self._driver.stdin.flush()
        return int(self._driver.stdout.readline())

    def start(self, *arguments: object, env: Mapping[str, str]) -> int:
        """Returns the process id of `rvebench ARGUMENTS`."""
        return self._ask(argv=["rvebench", *map(str, arguments)], env=dict(env), into=self._folder.name)

    def wait(self, pid: int) -> Ran:
        """Returns how a process ended; its code is negative when a signal ended it."""
        code = self._ask(wait=pid)
        out, err = (Path(self._folder.name, f"{pid}.{name}").read_text() for name in ("out", "err"))
        return Ran(code, out, err)

    def run(self, *arguments: object, env: Mapping[str, str], code: int = 0) -> Ran:
        """Returns how a command ended, with the exit code that is wanted."""
        ran = self.wait(self.start(*arguments, env=env))
        assert ran.code == code, f"exit {ran.code}, not {code}\n{ran.out}\n{ran.err}"
        assert "Traceback" not in ran.err, ran.err
        return ran

    def close(self) -> None:
        assert self._driver.stdin is not None and self._driver.stdout is not None
        self._driver.stdin.close()
        self._driver.wait(30)
        self._driver.stdout.close()
        self._folder.cleanup()


class RealCommands(Commands):
    """The same by starting Python anew, as a shell does."""

    def __init__(self) -> None:
        self._started: dict[int, subprocess.Popen[bytes]] = {}
        self._folder = tempfile.TemporaryDirectory()

    def start(self, *arguments: object, env: Mapping[str, str]) -> int:
        mark = Path(self._folder.name, str(len(list(Path(self._folder.name).iterdir()))))
        with mark.with_suffix(".o").open("wb") as out, mark.with_suffix(".e").open("wb") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "rvebench", *map(str, arguments)],
                stdout=out, stderr=err, env={**os.environ, **env}, cwd=TOP, start_new_session=True,
            )  # fmt: skip
        for suffix, name in ((".o", "out"), (".e", "err")):
            mark.with_suffix(suffix).rename(Path(self._folder.name, f"{process.pid}.{name}"))
        self._started[process.pid] = process
        return process.pid

    def wait(self, pid: int) -> Ran:
        code = self._started.pop(pid).wait()
        out, err = (Path(self._folder.name, f"{pid}.{name}").read_text() for name in ("out", "err"))
        return Ran(code, out, err)

    def close(self) -> None:
        self._folder.cleanup()


class World(NamedTuple):
    """What the tests of judged runs share."""

    split: Path
    edits: Path
    """A run with edits and no verdicts."""
    cache: Path
    """A cache folder without replies: it knows the hashes of the videos."""
    prices: Path

    def copy(self, folder: Path) -> Place:
        """Returns a place of its own, with the edits made."""
        shutil.copytree(self.edits, folder / "run")
        shutil.copytree(self.cache, folder / "cache")
        return Place(self, folder)


class Place(NamedTuple):
    """A run directory and a cache of its own."""

    world: World
    folder: Path

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def replies(self) -> Path:
        return self.cache / CACHE_NAME

    @property
    def summary(self) -> bytes:
        return (self.run / "summary.json").read_bytes()

    def command(self, url: str | None, *more: object, judge: str = f"openai:{MODEL}") -> list[object]:
        """Returns the command line that judges the copy."""
        service = [] if url is None else ["--base-url", url]
        return [
            "evaluate", "--model", "copy", "--split", self.world.split, "--judge", judge, *service,
            "--metrics", "none", "--prices", self.world.prices, "--out", self.run, "--format", "json", *more,
        ]  # fmt: skip


class CountingServer(FaultServer):
    """The fault server, which also counts by question what was asked and what was paid."""

    def reset(self, script: Script | None = None) -> None:
        super().reset(script)
        self.asked: Counter[str] = Counter()
        self.paid: Counter[str] = Counter()
        self._questions: dict[str, str] = {}

    def __enter__(self) -> CountingServer:
        super().__enter__()
        return self

    def _remember(self, body: Mapping[str, Any]) -> None:
        super()._remember(body)
        self.asked[self._question(body)] += 1

    def _bill_line(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._question(body)
        return super()._bill_line(body)

    def _bill(self, answer: Completion) -> None:
        super()._bill(answer)
        self.paid[self._questions[answer.sha256]] += 1

    def _question(self, body: Mapping[str, Any]) -> str:
        return self._questions.setdefault(request_sha256(body), question_of_body(body))

    @property
    def tokens(self) -> int:
        return self.counts["input_tokens"] + self.counts["output_tokens"]

    def drain(self) -> None:
        """Waits until every call of a dead client is over, and billed."""
        deadline = time.monotonic() + 20
        while self.in_flight:
            assert time.monotonic() < deadline
            time.sleep(0.005)


def question_of_body(body: Mapping[str, Any]) -> str:
    """Returns all texts of a request on the wire: samples and criteria of these tests differ in them."""
    found = []
    for message in body["messages"]:
        content = message["content"]
        found += [content] if isinstance(content, str) else [part["text"] for part in content if "text" in part]
    return "\n\n".join(found)


def kept_replies(cache: Path) -> dict[str, str]:
    """Returns the question, as :func:`question_of_body` has it, of every reply in a cache, by the request's digest."""
    if not cache.exists():
        return {}
    with SqliteCache(cache) as opened:
        rows = [(row.entry.digest, row.entry.question()) for row in opened.rows()]
    found = {}
    for digest, question in rows:
        parts = (part for message in question["messages"] for part in message["parts"])
        found[digest] = "\n\n".join(part["text"] for part in parts if "text" in part)
    return found


def replies_in_run(run: Path) -> set[str]:
    """Returns the digests of the requests whose replies a run without a cache keeps itself."""
    path = run / RUN_REPLIES_NAME
    return {item.value["digest"] for item in read_lines(path) if isinstance(item, LogLine)} if path.exists() else set()


def requests_in_journal(run: Path) -> set[str]:
    """Returns the digests of the requests whose replies stand in recorded verdicts."""
    raws = [json.loads(line["raw"]) for line in verdicts(run).values() if line["status"] == "ok"]
    return {entry["request"] for raw in raws for entry in raw if "request" in entry}


def verdicts(run: Path) -> dict[str, dict[str, Any]]:
    """Returns the recorded verdict lines by sample."""
    if not (run / "journal.jsonl").exists():
        return {}
    return {line["sample"]: line for line in latest_lines(run).values() if line["unit"] == "verdict"}


def cost_lines(run: Path) -> list[dict[str, Any]]:
    if not (run / COST_LOG_NAME).exists():
        return []
    return [item.value for item in read_lines(run / COST_LOG_NAME) if isinstance(item, LogLine)]


class Costs(NamedTuple):
    """What a run's cost log says."""

    settled: int
    """Calls that ended with a count of the service's."""
    left_open: int
    """Reservations without an end: calls in flight when a process was killed."""
    most_usd: float
    """Spent, or perhaps spent."""
    most_tokens: int


def costs_of(run: Path) -> Costs:
    lines = cost_lines(run)
    kinds = Counter(line["kind"] for line in lines)
    ended = {line["key"]: line for line in lines if line["kind"] in {"paid", "free", "lost"}}
    held = {line["key"]: line for line in lines if line["kind"] == "hold"}
    last = [*ended.values(), *(line for key, line in held.items() if key not in ended)]
    return Costs(
        settled=kinds["paid"],
        left_open=len(held.keys() - ended.keys()),
        most_usd=sum(line["pico_usd"] for line in last) / 1e12,
        most_tokens=sum(line["tokens"] for line in last),
    )


def every_file(*folders: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def environment(cache_dir: Path, *, key: str | None = KEY, network: bool = True) -> dict[str, str]:
    """Returns the variables of a command; without a key the variable is empty, which means the same."""
    # No git here: a file saved in this repository during a test would be other software.
    return {
        "RVEBENCH_CACHE_DIR": str(cache_dir),
        "OPENAI_API_KEY": key or "",
        "COLUMNS": "200",
        "GIT_DIR": "/nowhere",
        **({} if network else {NO_NETWORK: "1"}),
    }


def main() -> None:
    """Forks a process for each command line that comes, and says its id; then how it ended."""
    import anyio  # noqa: F401
    import httpx2  # noqa: F401
    import openai.resources.chat  # noqa: F401
    import tenacity  # noqa: F401

    import rvebench.cli.finish
    import rvebench.judges.llm
    import rvebench.report
    import rvebench.runs  # noqa: F401
    from rvebench.cli import main as command_line

    for line in sys.stdin:
        question = json.loads(line)
        if "wait" in question:
            answer = os.waitstatus_to_exitcode(os.waitpid(question["wait"], 0)[1])
        else:
            answer = os.fork()
            if answer == 0:
                _become(question, command_line)
        print(answer, flush=True)


def _cut_off() -> None:
    """Makes every connection of this process fail, and every name unknown."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError("a test cut the network off")

    socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse  # type: ignore[assignment, method-assign]


def _become(question: Mapping[str, Any], command_line: Any) -> None:
    code = 1
    try:
        os.setsid()
        os.environ.update(question["env"])
        if NO_NETWORK in question["env"]:
            _cut_off()
        sys.argv = question["argv"]
        for number, name in ((1, "out"), (2, "err")):
            path = os.path.join(question["into"], f"{os.getpid()}.{name}")  # noqa: PTH118
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        command_line()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
