"""`rvebench study create|links`: from runs to a study, without a run being made."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rvebench.cli.app import app
from rvebench.errors import CoverageError, DataError, RveError, UsageError
from rvebench.runs.view import RunView, SampleOutcome
from rvebench.study import read_study
from rvebench.study.tokens import read_tokens
from rvebench.video import write_video
from tests.report.views import outcome, view_of
from tests.runs.world import scene


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, RunView]:
    """Runs by the path that names them; a test may change them."""
    clip = tmp_path / "clip.mp4"
    write_video(clip, scene(1, (200, 40, 40), 3), fps=8)

    def shown(index: int) -> SampleOutcome:
        made = outcome(index)
        return replace(made, sample=replace(made.sample, source=clip, target=None), video=clip)

    outcomes = [shown(index) for index in range(3)]
    found = {name: view_of(outcomes, resamples=20, model=f"editor {name}", run_id=f"run-{name}") for name in ("a", "b")}
    monkeypatch.setattr("rvebench.runs.load_run", lambda path: found[str(path)])
    return found


def run(*arguments: object) -> Any:
    ran = CliRunner().invoke(app, ["study", *map(str, arguments)], catch_exceptions=True)
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return ran


def change(view: RunView, index: int, **changes: Any) -> RunView:
    outcomes = list(view.outcomes)
    outcomes[index] = replace(outcomes[index], **changes)
    return replace(view, outcomes=tuple(outcomes))


def test_a_study_is_made_of_runs_and_its_links_are_printed(tmp_path: Path, runs: dict[str, RunView]) -> None:
    out = tmp_path / "study"
    consent = tmp_path / "consent.txt"
    consent.write_text("We store\nanswers.\n\nYou may stop.\n")
    options = ["--run", "a", "--run", "second=b", "--out", out, "--samples", 2, "--raters", 2, "--criteria", "EA,VQ"]
    ran = run("create", *options, "--design", "pairwise", "--consent", consent, "--format", "json")
    told = json.loads(ran.stdout)
    study = read_study(out)
    assert told["digest"] == study.digest and told["trials"] == len(study.trials) == 4
    assert told["methods"] == {"m1": "editor a", "m2": "second"}
    assert study.rules.consent == ("We store answers.", "You may stop.")
    assert [method.run_id for method in study.methods] == ["run-a", "run-b"]
    tokens = read_tokens(out, study)
    lines = run("links", out, "--url", "https://study.example").stdout.splitlines()
    assert lines == [f"{rater}  https://study.example/#{token}" for rater, token in tokens.items()]


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        (("--run", "a", "--run", "a"), UsageError, "two methods are called 'editor a'"),
        (("--run", "=a"), UsageError, "a method has no name"),
        (("--run", "a"), UsageError, "one clip cannot be ranked"),
        (("--run", "a", "--run", "b", "--samples", "9"), UsageError, "9 samples are asked for, and 3"),
        (("--run", "a", "--run", "b", "--criteria", "charm"), RveError, "no criterion is called 'charm'"),
        (("--run", "a", "--run", "b", "--consent", "nowhere.txt"), DataError, "consent text cannot be read"),
    ],
)
def test_what_cannot_be_made_is_said(
    tmp_path: Path, runs: dict[str, RunView], options: tuple[str, ...], error: type[RveError], text: str
) -> None:
    samples = () if "--samples" in options else ("--samples", "2")
    with pytest.raises(error, match=text):
        run("create", *options, *samples, "--out", tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_runs_that_do_not_fit_together_are_refused(tmp_path: Path, runs: dict[str, RunView]) -> None:
    options = ("create", "--run", "a", "--run", "b", "--samples", "2", "--out", tmp_path / "study")
    whole = runs["b"]
    other = replace(whole.outcomes[1].sample, instruction="something else")
    runs["b"] = change(whole, 1, sample=other)
    with pytest.raises(UsageError, match="not the same in all runs"):
        run(*options)
    runs["b"] = change(whole, 1, video=None)
    with pytest.raises(CoverageError, match="1 of 3 samples of editor b") as caught:
        run(*options)
    assert caught.value.exit_code == 3
    ran = run(*options, "--drop-missing")
    assert "left out: 1 samples that editor b has no edit of" in ran.stdout


def test_serving_without_its_libraries_says_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "rvebench.study.server.serve", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(UsageError, match=r"rvebench\[study\]") as caught:
        run("serve", tmp_path)
    assert caught.value.exit_code == 2
