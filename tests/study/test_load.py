"""SIGKILL while people answer: what was accepted is there, once."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="the extra `study` is not installed")

from tests.study.load import run_load


def test_a_kill_loses_and_doubles_no_answer(tmp_path: Path) -> None:
    memory = run_load(tmp_path / "study", raters=8, seconds=3, samples=120)
    assert memory.accepted_before_kill >= 8
    assert len(memory.accepted) >= memory.accepted_before_kill + 8


@pytest.mark.kill
def test_a_kill_under_fifty_raters_loses_and_doubles_no_answer(tmp_path: Path) -> None:
    memory = run_load(tmp_path / "study", raters=50, seconds=60, samples=400)
    assert len(memory.accepted) >= memory.accepted_before_kill + 50
