"""The benchmark of training steps counts, runs, and says what it cannot measure. No time is looked at."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")
pytest.importorskip("peft")

from rvebench.revise.training.config import DropoutConfig  # noqa: E402
from tests.revise.training.small_training import small_config, small_parts  # noqa: E402

FILE = Path(__file__).resolve().parents[3] / "benchmarks" / "train_step.py"


@pytest.fixture(scope="module")
def bench() -> dict[str, Any]:
    return runpy.run_path(str(FILE))


def test_without_a_gpu_steps_are_counted_and_times_called_unmeasured(
    bench: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setitem(bench["main"].__globals__, "SHAPES", bench["SHAPES"][:1])
    bench["main"](["--json", str(tmp_path / "rows.json")])
    told = capsys.readouterr().out
    assert told.rstrip().endswith("torch sees no GPU on this machine.")
    rows = {row["step"]: row for row in json.loads((tmp_path / "rows.json").read_text())}
    assert rows["SFT"]["flops"] / 1e12 == pytest.approx(142.7, abs=0.1)
    assert rows["USO, on average"]["ratio"] == pytest.approx(1 + (rows["USO, gate open"]["ratio"] - 1) / 4)


def test_every_step_of_a_small_model_is_made_and_tabled(
    bench: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    base = small_config(dropout=DropoutConfig(text=0, vlm=0, source=0))
    base = replace(
        base,
        critic=replace(base.critic, frames=2),
        grpo=replace(base.grpo, group=2, steps=2, window=1),
        loop=replace(base.loop, batch_size=1),
    )
    world, size = bench["World"](), bench["Size"](width=32, height=32)
    made = bench["Bench"](small_parts(), base, 5, size, world)
    before = made.trained[0][1].detach().clone()
    rows = bench["measure"](made, bench["cases"](base), rounds=1, peak=1e11, chance=0.25)
    assert [row["step"] for row in rows] == ["SFT", "USO, gate open", "USO, on average", "Edit-GRPO"]
    assert not torch.equal(before, made.trained[0][1]), "the optimiser moved the weights"
    assert "nan" not in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--rounds", "0"], ["--tiny", "--budget"], ["--checkpointing", "some"]])
def test_what_makes_no_sense_is_refused(bench: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        bench["main"](words)
    assert refused.value.code == 2
