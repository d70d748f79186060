"""`rvebench gate`, `rvebench runs diff` and `rvebench compare --explain`, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rvebench.cli.app import app
from rvebench.errors import RveError
from rvebench.taxonomy import Status
from tests.cli.helpers import only_error, rvebench
from tests.leaderboard.gate.test_outputs import check_junit
from tests.leaderboard.gate.world import write_run

BASE = [float(4 + i % 4) for i in range(16)]
POLICY = 'schema = "rve-gate/1"\n[rules.overall]\nmax_drop = 0.5\n'


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_run(tmp_path / "base", BASE)
    (tmp_path / "gate.toml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def call(*arguments: str, code: int) -> tuple[str, str]:
    """Runs the program in this process; returns both outputs. An error that `main` would print is in the second."""
    done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "120"})
    if isinstance(done.exception, RveError):
        assert done.exception.exit_code == code, done.exception
        return done.stdout, f"{done.stderr}error: {done.exception}"
    assert done.exit_code == code, (done.exception, done.output)
    return done.stdout, done.stderr


def gate(*more: str, code: int, candidate: str = "new", policy: str = "gate.toml") -> tuple[str, str]:
    return call("gate", "--baseline", "base", "--candidate", candidate, "--policy", policy, *more, code=code)


def test_all_three_verdicts_are_told_with_their_exit_codes(runs: Path) -> None:
    write_run(runs / "same", BASE, model="folder:same")
    write_run(runs / "worse", [score - 1 for score in BASE], model="folder:worse")
    write_run(runs / "noisy", [score + (4 if i % 4 < 2 else -4) for i, score in enumerate(BASE)], model="folder:noisy")
    assert gate(candidate="same", code=0)[0].splitlines()[-1] == "verdict: pass"
    worse = gate(candidate="worse", code=1)[0].splitlines()
    assert worse[0].startswith("baseline   folder:base on mini   run ")
    assert any(line.startswith("overall: fell by 1.00") for line in worse)
    assert worse[-1] == "verdict: regress"
    noisy = gate(candidate="noisy", code=0)[0]
    assert "verdict: inconclusive" in noisy and "sources (" in noisy and "would decide with 80 % power" in noisy
    (runs / "gate.toml").write_text(POLICY.replace("[rules", '[gate]\non_inconclusive = "fail"\n[rules'))
    gate(candidate="noisy", code=3)


def test_json_is_one_object_on_stdout_and_says_the_exit_code(runs: Path) -> None:
    write_run(runs / "new", [score - 1 for score in BASE], model="folder:new")
    found = json.loads(gate("--format", "json", code=1)[0])
    assert (found["verdict"], found["exit_code"], found["tests"]) == ("regress", 1, 1)
    (check,) = found["checks"]
    assert (check["rule"], check["difference"], check["n"], check["line"]) == ("overall", -1.0, 16, 2)


def test_the_reports_are_written_where_they_were_asked_for(runs: Path) -> None:
    write_run(runs / "new", BASE, model="folder:new")
    (runs / "summary.md").write_text("before\n")
    gate("--junit", "gate.xml", "--junit-samples", "--summary", "summary.md", code=0)
    assert len(list(check_junit((runs / "gate.xml").read_text()).iter("testcase"))) == 17
    assert (runs / "summary.md").read_text().startswith("before\n### ✅ rvebench gate: pass\n"), "it is appended"


def test_github_gets_commands_a_summary_once_and_outputs(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(runs / "new", [score - 1 for score in BASE], model="folder:new")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "step.md")
    monkeypatch.setenv("GITHUB_OUTPUT", "out.txt")
    out, _ = gate("--github", "--summary", "step.md", code=1)
    assert out.splitlines()[-1].startswith("::error file=gate.toml,line=2,title=rvebench gate%3A overall regress::fell")
    assert (runs / "step.md").read_text().count("### ❌ rvebench gate: regress") == 1
    assert (runs / "out.txt").read_text().startswith("verdict=regress\nexit-code=1\n")


def test_without_a_policy_the_shipped_one_holds(runs: Path) -> None:
    write_run(runs / "new", BASE, model="folder:new")
    out, _ = call("gate", "--baseline", "base", "--candidate", "new", "--format", "json", code=0)
    assert [check["rule"] for check in json.loads(out)["checks"]] == ["overall", "EA", "PC"]
    assert json.loads(out)["policy"] == "gate.toml as shipped", "no path of this machine"


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("missing", 2, "not a run directory: it has no manifest.json"),
        ("empty", 3, "the candidate is empty: no edit of its 16 samples is recorded; make it with `rvebench evaluate`"),
        ("split", 2, "the runs differ in split (mini, 16 samples against smoke, 12 samples; 12 in both)"),
        ("torn", 4, "manifest.json: not a JSON file"),
    ],
)
def test_a_run_that_cannot_be_held_to_a_policy_gets_one_sentence(runs: Path, name: str, code: int, words: str) -> None:
    if name == "empty":
        write_run(runs / "new", [Status.MISSING] * 16)
    elif name == "split":
        write_run(runs / "new", BASE[:12], split="smoke")
    elif name == "torn":
        write_run(runs / "new", BASE)
        (runs / "new" / "manifest.json").write_text('{"schema_id": "rve')
    error = gate("--junit", "gate.xml", "--github", code=code)[1]
    assert words in error and error.count("error: ") == 1
    assert "::error title=rvebench gate could not be run::" in error
    assert check_junit((runs / "gate.xml").read_text()).attrib["errors"] == "1", "no older report is left to be read"


def test_a_policy_with_a_typing_error_gets_one_sentence_with_the_line(runs: Path) -> None:
    write_run(runs / "new", BASE, model="folder:new")
    (runs / "gate.toml").write_text(POLICY.replace("max_drop", "max_dorp"))
    ran = rvebench("gate", "-b", "base", "-c", "new", "-p", "gate.toml", code=2, cwd=runs)
    assert only_error(ran) == "error: gate.toml:3: no such key: rules.overall.max_dorp; did you mean max_drop?"
    assert gate(policy="nothing.toml", code=2)[1].startswith("error: nothing.toml: the policy cannot be read: No such")


def test_a_report_that_cannot_be_written_is_an_error_of_its_own(runs: Path) -> None:
    write_run(runs / "new", BASE, model="folder:new")
    assert "cannot write" in gate("--summary", "no/such/folder.md", code=4)[1]
    assert "cannot write" in gate("--junit", "no/such/folder.xml", code=4)[1]


def test_runs_diff_names_causes_and_takes_the_change_apart(runs: Path) -> None:
    write_run(runs / "new", [score - 1 for score in BASE], judge={"prompt_sha256": "b" * 64})
    out, _ = call("runs", "diff", "base", "new", code=0)
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0].startswith("A folder:base on mini, judged by gpt-4o run ")
    assert "prompt prompt sha256 (aaaaaaaaaaaa… against bbbbbbbbbbbb…)" in lines
    assert "overall A 5.50, B 4.50, B-A -1.00" in lines
    assert "the same edits -1.00 16 prompt" in lines
    found = json.loads(call("runs", "diff", "base", "new", "--format", "json", code=0)[0])
    assert list(found) == ["a", "b", "changes", "unjudged", "quantities"]
    assert found["quantities"]["overall"]["parts"][0]["causes"] == ["prompt"]
    assert call("runs", "diff", "base", "base", code=0)[0].splitlines()[2] == "Nothing that is recorded differs."


def test_runs_diff_reads_runs_that_cannot_be_compared(runs: Path) -> None:
    write_run(runs / "new", BASE[:6], split="smoke", judged=False, model="[red]x[/red]")
    out, _ = call("runs", "diff", "base", "new", code=0)
    assert "B  [red]x[/red] on smoke, not judged" in out
    assert "samples only in A (s006, s007, s008 and 7 more)" in out
    assert "No number is in both runs, so there is no change to explain." in out
    assert "not a run directory" in call("runs", "diff", "base", "nothing", code=2)[1]


def test_compare_explains_when_asked(runs: Path) -> None:
    write_run(runs / "new", [score - 1 for score in BASE], model="folder:new")
    out, _ = call("compare", "base", "new", "--explain", code=1)
    assert "B is worse than A: -1.00" in out and "What differs" in out
    assert " ".join(out.splitlines()[-1].split()) == "other edits -1.00 16 editor"
    found = json.loads(call("compare", "base", "new", "--explain", "--format", "json", code=1)[0])
    assert found["explanation"]["quantities"]["overall"]["change"] == -1.0
    assert "explanation" not in json.loads(call("compare", "base", "new", "--format", "json", code=1)[0])


def test_compare_explains_by_the_formula_it_compares_with(runs: Path) -> None:
    write_run(runs / "new", BASE, formula="strict")
    found = json.loads(call("compare", "base", "new", "-f", "geometric", "--explain", "--format", "json", code=0)[0])
    assert found["explanation"]["changes"] == []
    assert "see `rvebench runs diff`" in call("compare", "base", "new", code=2)[1]
