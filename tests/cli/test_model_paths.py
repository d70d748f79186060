from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rvebench.assets import asset_dir
from rvebench.cli.app import app
from rvebench.cli.model_paths import model_folder, shipped_or_given
from rvebench.errors import UsageError

SHIPPED = asset_dir("data") / "models" / "revise-nano"


def test_a_shipped_models_name_stands_for_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert model_folder(Path("revise-nano")) == SHIPPED
    assert model_folder(None) is None
    for other in ("revise-nanno", "./x/revise-nano", "..", "", str(SHIPPED)):
        assert shipped_or_given(Path(other)) == Path(other)
    (tmp_path / "revise-nano").mkdir()
    assert model_folder(Path("revise-nano")) == Path("revise-nano"), "what lies here comes first"


def test_commands_take_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    verified = CliRunner().invoke(app, ["revise", "checkpoint", "verify", "revise-nano", "--format", "json"])
    assert verified.exit_code == 0, verified.output
    dry = ["--objective", "uso", "--data", "smoke", "--out", "run", "--dry-run", "--format", "json"]
    planned = CliRunner().invoke(app, ["train-revise", "--init", "revise-nano", *dry])
    assert planned.exit_code == 0, planned.output
    assert json.loads(planned.stdout)
    unknown = CliRunner().invoke(app, ["train-revise", "--init", "revise-nanno", *dry])
    assert isinstance(unknown.exception, UsageError) and "revise-nanno: there is no such folder" in str(
        unknown.exception
    )
