from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rvebench.errors import DataError, InterruptError, LockedError
from rvebench.science.driver import Context, Runner, Stage


def stages(log: Path, *, second: int = 1, slow: bool = False, fail: str = "") -> list[Stage]:
    def make(name: str) -> Any:
        def run(context: Context) -> Mapping[str, Any]:
            with log.open("a") as file:
                file.write(f"{name}\n")
            (context.folder / "made").write_text(name)
            if name == fail:
                raise RuntimeError("stage broke")
            if slow and name == "b":
                time.sleep(60)
            return {"sum": 1 + sum(need.result["sum"] for need in context.needs.values())}

        return run

    return [
        Stage(name="a", decides={"x": 1}, run=make("a"), work=10),
        Stage(name="b", decides={"x": second}, run=make("b"), needs=("a",), work=5, guess_s=2.0),
        Stage(name="fork/c", decides={}, run=make("fork/c"), needs=("a", "b"), work=20, guess_s=0.5),
        Stage(name="fork/d", decides={}, run=make("fork/d"), needs=("a",), work=40),
    ]


def ran(log: Path) -> list[str]:
    return log.read_text().split() if log.exists() else []


def test_each_stage_is_done_once_and_gives_what_it_made_to_those_that_need_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    found = Runner(stages=stages(log), work=tmp_path / "w").run()
    assert {name: each.result["sum"] for name, each in found.items()} == {"a": 1, "b": 2, "fork/c": 4, "fork/d": 2}
    again = Runner(stages=stages(log), work=tmp_path / "w").run()
    assert ran(log) == ["a", "b", "fork/c", "fork/d"]
    assert {name: each.key for name, each in again.items()} == {name: each.key for name, each in found.items()}


def test_a_change_redoes_what_it_decides_and_keeps_the_rest(tmp_path: Path) -> None:
    log = tmp_path / "log"
    Runner(stages=stages(log), work=tmp_path / "w").run()
    changed = Runner(stages=stages(log, second=2), work=tmp_path / "w")
    assert {each.name: (each.state, each.other) for each in changed.states()} == {
        "a": ("done", False),
        "b": ("left", True),
        "fork/c": ("left", True),
        "fork/d": ("done", False),
    }
    changed.run()
    assert ran(log)[4:] == ["b", "fork/c"]
    Runner(stages=stages(log), work=tmp_path / "w").run()
    assert len(ran(log)) == 6, "what was made under the first setting is still there"


def test_a_folder_given_that_has_moved_since_is_told_anew_and_redoes_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"

    def moved(place: str) -> Runner:
        told = {"folder": place}
        given = Stage(name="given", decides={"files": "same"}, run=lambda _c: told, given=told)
        needing = Stage(name="use", decides={}, run=lambda c: log.open("a").write("use\n") and {}, needs=("given",))
        return Runner(stages=[given, needing], work=tmp_path / "w")

    assert moved("/old").run()["given"].result == {"folder": "/old"}
    runner = moved("/new")
    assert runner.run()["given"].result == {"folder": "/new"}
    assert [state.state for state in runner.states()] == ["done", "done"] and ran(log) == ["use"]


def test_a_stage_that_failed_is_begun_and_goes_on_in_its_folder(tmp_path: Path) -> None:
    log = tmp_path / "log"
    broken = Runner(stages=stages(log, fail="b"), work=tmp_path / "w")
    with pytest.raises(RuntimeError, match="broke"):
        broken.run()
    assert [each.state for each in broken.states()] == ["done", "begun", "left", "left"]
    found = Runner(stages=stages(log), work=tmp_path / "w").run()
    assert ran(log) == ["a", "b", "b", "fork/c", "fork/d"]
    assert not found["b"].whole and found["a"].whole


def _until_killed(log: Path, work: Path) -> None:
    Runner(stages=stages(log, slow=True), work=work).run()


def test_a_run_killed_within_a_stage_redoes_that_stage_and_none_before(tmp_path: Path) -> None:
    log, work = tmp_path / "log", tmp_path / "w"
    process = multiprocessing.get_context("spawn").Process(target=_until_killed, args=(log, work))
    process.start()
    for _ in range(600):
        if "b" in ran(log):
            break
        time.sleep(0.05)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    Runner(stages=stages(log), work=work).run()
    assert ran(log) == ["a", "b", "b", "fork/c", "fork/d"]


def test_a_second_process_does_what_the_first_is_not_at_and_waits_for_the_rest(tmp_path: Path) -> None:
    log, work, said = tmp_path / "log", tmp_path / "w", list[str]()
    process = multiprocessing.get_context("spawn").Process(target=_until_killed, args=(log, work))
    process.start()
    for _ in range(600):
        if "b" in ran(log):
            break
        time.sleep(0.05)

    def say(line: str) -> None:
        said.append(line)
        if line.startswith("waiting"):
            process.kill()  # the kernel frees its lock

    found = Runner(stages=stages(log), work=work, say=say, poll_s=0.02).run()
    process.join()
    assert ran(log) == ["a", "b", "fork/d", "b", "fork/c"]
    assert said[0] == "[4/4] fork/d" and said[1].startswith("waiting for b: another process")
    assert list(found) == ["a", "b", "fork/c", "fork/d"]


def test_a_lock_of_a_stage_s_own_is_no_reason_to_wait(tmp_path: Path) -> None:
    def locked(_context: Context) -> Mapping[str, Any]:
        raise LockedError("another process trains here")

    with pytest.raises(LockedError, match="trains here"):
        Runner(stages=[Stage(name="fork", decides={}, run=locked)], work=tmp_path).run()


def test_a_stop_is_heard_between_stages_and_within_them(tmp_path: Path) -> None:
    log = tmp_path / "log"
    asked = Runner(stages=stages(log), work=tmp_path / "w", stop=lambda: "b" in ran(log))
    with pytest.raises(InterruptError, match="stopped before fork/c"):
        asked.run()
    assert [each.state for each in asked.states()] == ["done", "done", "left", "left"]
    context = Context(folder=tmp_path, needs={}, stop=lambda: True, say=print)
    with pytest.raises(InterruptError, match="stopped in the edits"):
        context.check_stop("the edits")


def test_a_training_that_was_stopped_is_gone_on_with_by_the_same_command(tmp_path: Path) -> None:
    def stopped(_context: Context) -> Mapping[str, Any]:
        raise InterruptError("stopped after step 2 of 6; it is saved", hint="run the same command with --resume")

    with pytest.raises(InterruptError, match=r"it is saved.*run the same command again"):
        Runner(stages=[Stage(name="fork", decides={}, run=stopped)], work=tmp_path).run()


def test_what_is_left_is_estimated_by_what_others_of_its_kind_took_else_by_the_guess(tmp_path: Path) -> None:
    log = tmp_path / "log"
    runner = Runner(stages=stages(log), work=tmp_path / "w")
    assert [each.expected_s for each in runner.states()] == [None, 10.0, 10.0, None]
    with pytest.raises(RuntimeError):
        Runner(stages=stages(log, fail="fork/d"), work=tmp_path / "w").run()
    last = runner.states()[3]
    assert last.expected_s == pytest.approx(2 * (runner.states()[2].wall_s or 0))


def test_damaged_records_and_values_that_are_no_json_are_refused(tmp_path: Path) -> None:
    log = tmp_path / "log"
    runner = Runner(stages=stages(log), work=tmp_path / "w")
    runner.run()
    (runner.folder("a") / "done.json").write_text("{}")
    with pytest.raises(DataError, match="no record of a stage"):
        runner.run()
    bad = Stage(name="nan", decides={}, run=lambda _context: {"value": float("nan")})
    with pytest.raises(ValueError, match="JSON"):
        Runner(stages=[bad], work=tmp_path / "v").run()


def test_stages_out_of_order_or_twice_are_refused(tmp_path: Path) -> None:
    found = stages(tmp_path / "log")
    with pytest.raises(ValueError, match="comes before"):
        Runner(stages=[found[1], found[0]], work=tmp_path)
    with pytest.raises(ValueError, match="stands twice"):
        Runner(stages=[found[0], found[0]], work=tmp_path)
