from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from rvebench.cli.editors import app
from rvebench.editors.check import check_editor
from rvebench.errors import RveError
from rvebench.records import EditorInfo, EditRequest, EditResult, Window
from rvebench.taxonomy import Status
from rvebench.video import write_video

HERE = "tests.editors.test_cli"


class Fickle:
    """Says that it is deterministic, and is not."""

    info = EditorInfo(name="fickle", version="1", deterministic=True)
    runs = 0

    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        for request in requests:
            Fickle.runs += 1
            write_video(request.out, np.full((4, 32, 32, 3), 40 * (Fickle.runs % 5), np.uint8), fps=4)
            yield EditResult(sample_id=request.sample_id, status=Status.OK, video=request.out)


class Boastful(Fickle):
    """Declares frames the source does not have."""

    info = EditorInfo(name="boastful", version="1")

    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        for result in super().edit(requests):
            yield EditResult(
                sample_id=result.sample_id,
                status=Status.OK,
                video=result.video,
                window=Window(start=0, stride=1, count=81, fps=24),
            )


class Silent(Fickle):
    """Yields nothing."""

    info = EditorInfo(name="silent", version="1")

    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        list(requests)
        yield from ()


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    return done.exit_code, done.stdout


def test_list_names_every_editor_and_what_is_missing() -> None:
    code, text = run("list")
    assert code == 0
    assert "$RUNWAYML_API_SECRET" in text and "wrong-sample" in text and "target caption" in text


def test_list_as_json_is_one_object() -> None:
    code, text = run("list", "--format", "json")
    rows = {row["name"]: row for row in json.loads(text)["editors"]}
    assert code == 0
    assert rows["copy"]["missing"] == [] and rows["copy"]["kind"] == "python"
    assert rows["runway"]["paid"] and rows["runway"]["kind"] == "http"
    assert rows["revise-official"]["missing"] == ["environment variable REVISE_HOME"]


@pytest.mark.parametrize("name", ["copy", "target", "wrong-sample", "blank"])
def test_check_passes_every_control(name: str) -> None:
    code, text = run("check", name, "--format", "json")
    report = json.loads(text)
    assert code == 0 and report["ok"] and report["facts"]["repeats"]
    assert report["facts"]["size"] == [192, 128] and report["facts"]["frames"] == 24


def test_check_runs_a_command_and_reports_size_and_length(ffmpeg: str) -> None:
    code, text = run("check", f"command:{ffmpeg} -y -i {{source}} -vf scale=64:48 -frames:v 9 {{out}}")
    assert code == 0
    assert "[64, 48]" in text and "works" in text and "no window is declared" in text


def test_check_says_what_a_failing_command_did(script: Callable[[str], str]) -> None:
    code, text = run("check", f"command:{script('print(1)')} {{out}}")
    assert code == 1 and "wrote nothing" in text and "does not work here" in text


def test_check_catches_an_editor_that_is_not_as_deterministic_as_it_says() -> None:
    code, text = run("check", f"python:{HERE}:Fickle")
    assert code == 1 and "two runs differ" in text


def test_check_catches_a_window_the_source_does_not_have_and_a_result_that_never_came(tmp_path: Path) -> None:
    boast, silent = tmp_path / "a", tmp_path / "b"
    boast.mkdir()
    silent.mkdir()
    assert "ends behind" in check_editor(Boastful(), boast).problems[0]
    assert "one result was expected" in check_editor(Silent(), silent).problems[0]


def test_check_of_a_paid_service_shows_the_request_and_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    code, text = run("check", "runway", "--format", "json")
    assert code == 1 and json.loads(text)["problems"] == ["missing: environment variable RUNWAYML_API_SECRET"]
    monkeypatch.setenv("RUNWAYML_API_SECRET", "key_000011112222")
    code, text = run("check", "runway", "--format", "json")
    report = json.loads(text)
    assert code == 0 and "key_000011112222" not in text
    assert report["request"]["headers"]["Authorization"] == "Bearer ***"
    assert report["request"]["json"]["model"] == "aleph2" and "nothing was sent" in report["note"]


def test_check_of_a_service_whose_key_is_set_does_not_say_that_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNWAYML_API_SECRET", "key_000011112222")
    code, text = run("check", "runway")
    assert code == 0 and text.splitlines()[-1] == "nothing is missing; not tried"


@pytest.mark.parametrize("name", ["ditto", "insvie", "insv2v", "omni-video", "revise-official"])
def test_check_tells_the_traps_of_a_model_that_is_not_installed(name: str) -> None:
    code, text = run("check", name, "--format", "json")
    report = json.loads(text)
    assert code == 1 and not report["ok"]
    assert report["info"]["notes"] and "facts" not in report
    assert all(problem.startswith("missing: ") for problem in report["problems"])


def test_check_of_a_program_that_is_not_there_says_so() -> None:
    code, text = run("check", "command:nothing-here {out}")
    assert code == 1 and "missing: executable nothing-here" in text


def test_check_of_an_unknown_kind_is_a_usage_error() -> None:
    with pytest.raises(RveError, match="unknown kind of editor") as caught:
        run("check", "nothing:here")
    assert caught.value.exit_code == 2


def test_the_command_line_module_imports_nothing_heavy() -> None:
    import subprocess

    code = "import sys, rvebench.cli.editors; print([m for m in ('numpy', 'av', 'pydantic') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
