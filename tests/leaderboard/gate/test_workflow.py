"""The action and the workflows: read as GitHub reads them, and their very commands run as it runs them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.leaderboard.gate.test_outputs import NASTY, check_junit
from tests.leaderboard.gate.world import write_run

TOP = Path(__file__).resolve().parent.parent.parent.parent
ACTION = TOP / ".github" / "actions" / "rvebench-gate" / "action.yml"
WORKFLOW = TOP / ".github" / "workflows" / "rvebench-gate.yml"
COMMENT = TOP / ".github" / "workflows" / "rvebench-gate-comment.yml"
BASE = [float(4 + i % 4) for i in range(16)]

pytestmark = pytest.mark.skipif(not ACTION.is_file(), reason="a source distribution has no workflows")


def load(path: Path) -> dict[str, Any]:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def on(workflow: dict[Any, Any]) -> dict[str, Any]:
    found = workflow.get("on", workflow.get(True))  # YAML 1.1 reads `on` as a truth value
    assert isinstance(found, dict)
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    content = load(path)
    if "runs" in content:
        return list(content["runs"]["steps"])
    (job,) = content["jobs"].values()
    return list(job["steps"])


def step(path: Path, name: str) -> dict[str, Any]:
    return next(item for item in steps(path) if item.get("name") == name)


class Ran(NamedTuple):
    code: int
    stdout: str
    stderr: str
    outputs: dict[str, str]
    summary: str


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout with the shipped policy, on a PATH where `rvebench` and `python` are those that run the tests."""
    folder = tmp_path / "checkout"
    (folder / "leaderboards").mkdir(parents=True)
    shutil.copy(TOP / "leaderboards" / "gate.toml", folder / "leaderboards")
    shims = tmp_path / "bin"
    shims.mkdir()
    for name, command in (("python", ""), ("rvebench", "-m rvebench")):
        (shims / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {command} "$@"\n')
        (shims / name).chmod(0o755)
    (tmp_path / "temp").mkdir()
    return folder


def run(workspace: Path, script: str, *, shell: str = "", **variables: str) -> Ran:
    """Runs a step's script as GitHub's runner does: in a file, by bash, with the variables it sets."""
    tmp = workspace.parent
    script_file = tmp / "step.sh"
    script_file.write_text(script, encoding="utf-8")
    files = {name: tmp / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for path in files.values():
        path.write_text("")
    flags = ["--noprofile", "--norc", "-eo", "pipefail"] if shell == "bash" else ["-e"]
    done = subprocess.run(
        ["bash", *flags, str(script_file)],
        cwd=workspace,
        capture_output=True,
        text=True,
        timeout=280,
        env={
            "PATH": f"{tmp / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(TOP),
            "HOME": str(tmp),
            "LANG": "C.UTF-8",
            "RVEBENCH_CACHE_DIR": str(tmp / "cache"),
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_REPOSITORY": "org/repo",
            "RUNNER_TEMP": str(tmp / "temp"),
            **{name: str(path) for name, path in files.items()},
            **variables,
        },
    )
    outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
    return Ran(done.returncode, done.stdout, done.stderr, outputs, files["GITHUB_STEP_SUMMARY"].read_text())


def run_action(workspace: Path, baseline: Path, candidate: Path, **inputs: str) -> Ran:
    """Runs the action with its declared inputs, defaults filled in."""
    declared = load(ACTION)["inputs"]
    given = {"baseline": str(baseline), "candidate": str(candidate), **inputs}
    assert set(given) <= set(declared)
    values = {name: given.get(name, entry.get("default", "")) for name, entry in declared.items()}
    (only,) = steps(ACTION)
    expanded = {name: _expand(text, values) for name, text in only["env"].items()}
    return run(workspace, only["run"], shell=only["shell"], **expanded)


def _expand(text: str, inputs: dict[str, str]) -> str:
    found = re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", text)
    assert found, text
    return inputs[found.group(1)]


def test_the_action_passes_and_leaves_every_report(workspace: Path, tmp_path: Path) -> None:
    base = write_run(tmp_path / "base", BASE)
    new = write_run(tmp_path / "new", BASE, model="folder:new")
    ran = run_action(workspace, base, new, policy="leaderboards/gate.toml")
    assert (ran.code, ran.outputs["verdict"], ran.outputs["exit-code"]) == (0, "pass", "0"), ran.stderr
    assert ran.stderr.startswith("::notice title=rvebench gate%3A pass::")
    assert ran.summary == (workspace / "gate-report" / "summary.md").read_text()
    assert json.loads((workspace / "gate-report" / "gate.json").read_text())["verdict"] == "pass"
    check_junit((workspace / "gate-report" / "gate.xml").read_text())


def test_the_action_fails_at_a_regression_with_annotations_on_the_policys_lines(
    workspace: Path, tmp_path: Path
) -> None:
    base = write_run(tmp_path / "base", BASE)
    new = write_run(tmp_path / "new", [score - 2 for score in BASE], model=f"folder:{NASTY[:-2]}")
    ran = run_action(workspace, base, new, policy="leaderboards/gate.toml", samples="true")
    assert (ran.code, ran.outputs["verdict"], ran.outputs["exit-code"]) == (1, "regress", "1"), ran.stderr
    number = (workspace / "leaderboards" / "gate.toml").read_text().splitlines().index("[rules.overall]") + 1
    assert ran.stderr.startswith(f"::error file=leaderboards/gate.toml,line={number},title=rvebench gate%3A overall")
    commands = [line for line in (ran.stdout + ran.stderr).splitlines() if line.lstrip().startswith("::")]
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in commands)
    top = check_junit((workspace / "gate-report" / "gate.xml").read_text())
    assert len(list(top.iter("testcase"))) == 3 + len(BASE)


def test_the_action_that_cannot_compare_says_so_everywhere(workspace: Path, tmp_path: Path) -> None:
    base = write_run(tmp_path / "base", BASE)
    new = write_run(tmp_path / "new", BASE, judge={"model": "gpt-5"})
    ran = run_action(workspace, base, new)
    assert (ran.code, ran.outputs["verdict"], ran.outputs["exit-code"]) == (2, "error", "2")
    assert "::error title=rvebench gate could not be run::" in ran.stderr
    assert "the runs differ in judge (gpt-4o against gpt-5)" in ran.stderr
    top = check_junit((workspace / "gate-report" / "gate.xml").read_text())
    assert top.attrib["errors"] == "1"


@pytest.mark.parametrize("path", [ACTION, WORKFLOW, COMMENT], ids=lambda path: path.stem)
def test_no_text_of_others_is_part_of_a_script_and_every_action_is_pinned(path: Path) -> None:
    for item in steps(path):
        assert "${{" not in item.get("run", ""), "an expression in a script is an injection"
        uses = item.get("uses", "")
        assert not uses or uses.startswith("./") or re.search(r"@[0-9a-f]{40}$", uses), uses


@pytest.mark.parametrize("path", [ACTION, WORKFLOW, COMMENT], ids=lambda path: path.stem)
def test_every_rvebench_command_has_the_options_it_is_given(path: Path) -> None:
    golden = json.loads((TOP / "tests" / "cli" / "surface.golden.json").read_text())
    text = "\n".join(item.get("run", "") for item in steps(path))
    for verb in ("gate", "evaluate", "leaderboard validate"):
        for line in text.splitlines():
            if f"rvebench {verb}" in line or (verb == "evaluate" and "arguments" in line and path == WORKFLOW):
                options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", line))
                assert options <= set(golden[verb]), (verb, options)


def test_the_job_that_runs_a_pull_requests_code_can_only_read_and_has_no_secret() -> None:
    workflow = load(WORKFLOW)
    assert set(on(workflow)) == {"pull_request"}, "pull_request_target would hand a token to a stranger's code"
    assert workflow["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in workflow["jobs"].values())
    assert "secrets." not in WORKFLOW.read_text()
    checkout = next(item for item in steps(WORKFLOW) if "checkout" in item.get("uses", ""))
    assert checkout["with"]["persist-credentials"] is False
    gate = step(WORKFLOW, "Gate")
    assert gate["uses"] == "./.github/actions/rvebench-gate" and (TOP / gate["uses"] / "action.yml").is_file()
    assert set(gate["with"]) <= set(load(ACTION)["inputs"])
    upload = next(item for item in steps(WORKFLOW) if "upload-artifact" in item.get("uses", ""))
    assert upload["if"] == "always()", "a regression must be reported too"


def test_the_job_that_may_write_runs_nothing_of_the_pull_request() -> None:
    workflow, gate = load(COMMENT), load(WORKFLOW)
    assert on(workflow) == {"workflow_run": {"workflows": [gate["name"]], "types": ["completed"]}}
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["comment"]["permissions"] == {"actions": "read", "pull-requests": "write"}
    for item in steps(COMMENT):
        assert "checkout" not in item.get("uses", "") and not item.get("uses", "").startswith("./")
        assert not re.search(r"\b(python|pip|bash|sh|source|rvebench gate)\s", item.get("run", ""))
    names = {
        item["with"]["name"] for path in (WORKFLOW, COMMENT) for item in steps(path) if "name" in item.get("with", {})
    }
    assert names == {"gate-report"}


def test_no_file_names_a_machine() -> None:
    for path in (ACTION, WORKFLOW, COMMENT):
        assert not re.search(r"/(work|home|root|tmp|Users)/", path.read_text())


def write_comment(workspace: Path, summary: str | None) -> str:
    report = workspace.parent / "temp" / "gate-report"
    report.mkdir(exist_ok=True)
    if summary is not None:
        (report / "summary.md").write_text(summary, encoding="utf-8")
    ran = run(
        workspace, step(COMMENT, "Write the comment")["run"], RUN_URL="https://github.com/org/repo/actions/runs/1"
    )
    assert ran.code == 0, ran.stderr
    return (workspace.parent / "temp" / "comment.md").read_text(encoding="utf-8")


def test_the_comment_is_the_summary_with_everything_disarmed(workspace: Path) -> None:
    hostile = "### ok\n@org/team <img src=x onerror=y> [a](http://x) ![b](/c) www.evil.example \x1b[0m\n| `a` | ✅ |\n"
    text = write_comment(workspace, hostile)
    assert text.startswith("<!-- rvebench-gate -->\n### ok\n")
    assert "| `a` | ✅ |" in text
    body = text.split("\n", 1)[1].rsplit("\nWritten by", 1)[0]
    for sign in ("@", "<", "](", "://", "www.e", "\x1b"):
        assert sign not in body, sign
    assert text.endswith("run: https://github.com/org/repo/actions/runs/1\n")
    assert len(write_comment(workspace, "é" * 100_000)) < 65_536


def test_without_a_report_the_comment_says_that_there_is_no_verdict(workspace: Path) -> None:
    assert "### rvebench gate: no verdict" in write_comment(workspace, None)


@pytest.mark.parametrize(
    ("known", "method", "path"),
    [("", "POST", "repos/org/repo/issues/12/comments"), ("77", "PATCH", "repos/org/repo/issues/comments/77")],
)
def test_one_comment_is_made_and_later_updated(workspace: Path, known: str, method: str, path: str) -> None:
    """A stand-in for `gh` writes down what it is asked, and answers like the service."""
    calls = workspace.parent / "calls"
    (workspace.parent / "bin" / "gh").write_text(
        '#!/bin/sh\nprintf "%s\\n" "$*" | head -n 1 >> "$CALLS"\n'
        'case "$*" in *"/pulls"*) echo "$NUMBER" ;; *--paginate*) echo "$KNOWN" ;; esac\n'
    )
    (workspace.parent / "bin" / "gh").chmod(0o755)
    script = step(COMMENT, "Post or update it")["run"]
    common = {"HEAD": "fork:branch", "HEAD_SHA": "a" * 40, "CALLS": str(calls), "KNOWN": known}
    assert run(workspace, script, NUMBER="12", **common).code == 0
    asked = calls.read_text().splitlines()
    assert asked[0].startswith("api --method GET repos/org/repo/pulls -f state=open -f head=fork:branch --jq")
    assert asked[-1] == f"api --method {method} {path} -F body=@{workspace.parent / 'temp'}/comment.md"
    calls.unlink()
    ran = run(workspace, script, NUMBER="", **common)
    assert (ran.code, len(calls.read_text().splitlines())) == (0, 1), "no open pull request: nothing is written"


def git(folder: Path, *arguments: str) -> str:
    named = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    return subprocess.run(
        ["git", "-C", str(folder), *named, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_steps_of_the_workflow_lead_from_a_checkout_to_a_verdict(workspace: Path, tmp_path: Path) -> None:
    """Validate is left out where there are no submissions, as here; the split is a tiny one of the tests."""
    from tests.runs.world import make_split

    split = make_split(tmp_path / "split", n=6, frames=5)
    git(workspace, "init", "--quiet")
    git(workspace, "add", ".")
    git(workspace, "commit", "--quiet", "-m", "base")
    loose = workspace / "leaderboards" / "gate.toml"
    loose.write_text(loose.read_text().replace("max_drop = 0.5", "max_drop = 9.0"))
    variables = {
        **{name: str(text) for name, text in load(WORKFLOW)["env"].items()},
        "BASE_SHA": git(workspace, "rev-parse", "HEAD"),
        "SPLIT": str(split),
    }
    for item in steps(WORKFLOW):
        if "run" in item and item["name"] != "Install":
            ran = run(workspace, item["run"], **variables)
            assert ran.code == 0, (item["name"], ran.stderr)
    temp = tmp_path / "temp"
    values = {
        name: text.replace("${{ runner.temp }}", str(temp)) for name, text in step(WORKFLOW, "Gate")["with"].items()
    }
    assert (temp / "gate.toml").read_text().count("max_drop = 0.5") == 3, "the rules of the base branch hold"
    ran = run_action(workspace, Path(values.pop("baseline")), Path(values.pop("candidate")), **values)
    assert (ran.code, ran.outputs["verdict"]) == (0, "inconclusive"), ran.stderr
    assert "PC" in ran.summary


def test_an_evaluation_that_cannot_be_made_stops_the_workflow(workspace: Path) -> None:
    script = step(WORKFLOW, "Evaluate the pull request")["run"]
    variables = {name: str(text) for name, text in load(WORKFLOW)["env"].items()}
    ran = run(workspace, script, **{**variables, "MODEL": "copi"})
    assert ran.code == 2 and "did you mean copy" in ran.stderr


def test_a_recorded_judge_needs_no_key_and_a_question_it_does_not_know_stops_the_workflow(
    workspace: Path, tmp_path: Path
) -> None:
    from rvebench.llm.cassette import write_cassette
    from tests.runs.world import make_split

    write_cassette(workspace / "replies.jsonl.gz", [])
    variables = {name: str(text) for name, text in load(WORKFLOW)["env"].items()}
    variables |= {"JUDGE": "gpt-4o", "CASSETTE": "replies.jsonl.gz", "SPLIT": str(make_split(tmp_path / "split", n=1))}
    ran = run(workspace, step(WORKFLOW, "Evaluate the pull request")["run"], **variables)
    assert ran.code not in {0, 1, 3}, ran.stdout
    assert "replies.jsonl.gz: it holds no reply of gpt-4o for s000" in ran.stderr
