from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from rvebench.errors import DataError, InterruptError, RveError, StorageError, UsageError
from rvebench.revise.training.config_parts import OptimConfig
from rvebench.revise.training.muon import is_for_muon, orthogonal
from rvebench.revise.training.stage import StageSettings, run_stage
from rvebench.storage import atomic_write_bytes

OPTIM = OptimConfig(lr=1e-2, warmup_steps=3, schedule="cosine", clip_norm=1.0, ema=0.9)


class Line:
    """A task whose loss draws noise, so that a generator that is not restored shows."""

    name = "line"

    def __init__(self, *, data: int = 7, poison: int | None = None) -> None:
        torch.manual_seed(3)
        self.model: nn.Module = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.Linear(8, 1))
        self.data, self.poison = data, poison

    def identity(self) -> Mapping[str, Any]:
        return {"data": self.data}

    def __len__(self) -> int:
        return self.data

    def names(self, items: Sequence[int]) -> list[str]:
        return [f"sample-{item}" for item in items]

    def loss(self, items: Sequence[int], generator: torch.Generator) -> tuple[torch.Tensor, Mapping[str, float]]:
        inputs = torch.randn(len(items), 4, generator=generator) + torch.tensor(items)[:, None]
        loss = (self.model(inputs) - inputs.sum(dim=1, keepdim=True)).square().mean()
        return (loss * float("nan") if self.poison in items else loss), {}

    def evaluate(self) -> Mapping[str, Any]:
        return {"first": float(self.model[0].weight.sum())}  # type: ignore[index]


def _settings(steps: int = 12, **changes: Any) -> StageSettings:
    return StageSettings(**{"steps": steps, "batch_size": 3, "optim": OPTIM, "save_every": 4, **changes})


class StopAt:
    def __init__(self, step: int) -> None:
        self.left = step

    def __call__(self) -> bool:
        self.left -= 1
        return self.left <= 0


@pytest.mark.parametrize(("at", "muon"), [(1, None), (4, 0.02), (5, None), (11, 0.02)])
def test_a_training_that_was_stopped_goes_on_to_the_same_bits(tmp_path: Path, at: int, muon: float | None) -> None:
    settings = _settings(optim=replace(OPTIM, muon_lr=muon))
    whole = run_stage(Line(), settings, tmp_path / "whole")
    with pytest.raises(InterruptError, match=f"stopped at step {at} of 12"):
        run_stage(Line(), settings, tmp_path / "parts", stop=StopAt(at))
    fresh = Line()
    nn.init.zeros_(fresh.model[0].weight)  # type: ignore[index]
    parts = run_stage(fresh, settings, tmp_path / "parts", resume=True)
    assert whole.measured == parts.measured
    for name, weight in whole.averaged.items():
        assert torch.equal(weight, parts.averaged[name])
    logs = [
        [
            {key: value for key, value in json.loads(line).items() if key not in ("crc", "s_per_step")}
            for line in (tmp_path / folder / "log.jsonl").read_text().splitlines()
        ]
        for folder in ("whole", "parts")
    ]
    assert logs[0] == logs[1]


def test_steps_done_after_the_last_checkpoint_are_done_again(tmp_path: Path) -> None:
    settings = _settings(log_every=1)
    whole = run_stage(Line(), settings, tmp_path / "a")
    for late in ("step-00000012.safetensors",):
        (tmp_path / "a" / late).unlink()
    again = run_stage(Line(), settings, tmp_path / "a", resume=True)
    assert again.measured == whole.measured
    steps = [json.loads(line)["step"] for line in (tmp_path / "a" / "log.jsonl").read_text().splitlines()]
    assert steps == [*range(1, 13), 12]


def test_a_loss_that_is_no_number_stops_saves_and_names_the_samples(tmp_path: Path) -> None:
    with pytest.raises(RveError, match=r"the loss of step \d+ is nan.*sample-5.*is saved"):
        run_stage(Line(poison=5), _settings(), tmp_path)
    assert list(tmp_path.glob("step-*.safetensors"))
    run_stage(Line(), _settings(), tmp_path, resume=True)


def test_another_training_is_not_gone_on_with_and_the_difference_is_named(tmp_path: Path) -> None:
    run_stage(Line(), _settings(4), tmp_path)
    with pytest.raises(UsageError, match="add --resume"):
        run_stage(Line(), _settings(4), tmp_path)
    with pytest.raises(UsageError, match=r"settings.steps was 4 and is 8; task.data was 7 and is 9"):
        run_stage(Line(data=9), _settings(8), tmp_path, resume=True)


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_is_whole(tmp_path: Path) -> None:
    run_stage(Line(), _settings(), tmp_path)
    newest = max(tmp_path.glob("step-*.safetensors"))
    newest.write_bytes(newest.read_bytes()[:-7])
    with pytest.raises(DataError, match=r"step-00000012.*the checkpoint is damaged"):
        run_stage(Line(), _settings(), tmp_path, resume=True)
    newest.unlink()
    assert run_stage(Line(), _settings(), tmp_path, resume=True).step == 12


def test_only_the_newest_checkpoints_are_kept(tmp_path: Path) -> None:
    run_stage(Line(), _settings(20, save_every=2, keep=3), tmp_path)
    assert [path.stem for path in sorted(tmp_path.glob("*.safetensors"))] == [f"step-{n:08d}" for n in (16, 18, 20)]


def test_an_orthogonal_update_has_singular_values_of_about_one() -> None:
    torch.manual_seed(0)
    for shape in ((6, 40), (40, 6), (8, 8)):
        values = torch.linalg.svdvals(orthogonal(torch.randn(shape)))
        assert values.min() > 0.5 and values.max() < 1.3


def test_muon_takes_hidden_matrices_and_kernels_alone() -> None:
    taken = {"a.weight": (8, 8), "b.weight": (16, 8, 3, 3, 3)}
    left = {
        "c.bias": (8,),
        "in.weight": (16, 3, 3, 3, 3),
        "out.weight": (3, 16, 3, 3, 3),
        "embed_tokens.weight": (9, 9),
    }
    assert all(is_for_muon(name, torch.zeros(shape)) for name, shape in taken.items())
    assert not any(is_for_muon(name, torch.zeros(shape)) for name, shape in left.items())


def test_a_full_disk_leaves_the_checkpoint_before_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        if path.stem.endswith("8"):
            raise StorageError("cannot write: no space left on device", where=path)
        atomic_write_bytes(path, data)

    monkeypatch.setattr("rvebench.revise.training.stage.atomic_write_bytes", full)
    with pytest.raises(StorageError, match="no space left"):
        run_stage(Line(), _settings(), tmp_path)
    monkeypatch.undo()
    assert run_stage(Line(), _settings(), tmp_path, resume=True).step == 12
