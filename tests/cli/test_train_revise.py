"""`rvebench train-revise`: a tiny training from videos to a model that edits, and what is refused with one sentence."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner, Result

from rvebench.cli.app import app
from rvebench.cli.train_revise import CriticSize
from rvebench.cli.train_rewards import read_captions
from rvebench.errors import DataError, RveError, UsageError
from rvebench.judges.reference import ReferenceJudge
from rvebench.revise.training.guards import StoppedError
from rvebench.revise.training.plan import CRITIC_PRESETS
from tests.runs.world import make_split

SMALL = (
    "model.sampling.frames=5",
    'model.sampling.size={"width": 64, "height": 32}',
    "model.sampling.steps=2",
    "loop.log_every=1",
    "optim.warmup_steps=0",
)


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_split(tmp_path_factory.mktemp("split"), n=3)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shards") / "kept"


def command(split: Path, out: Path, shards: Path, *more: str) -> list[str]:
    sets = [word for change in SMALL for word in ("--set", change)]
    return [
        "train-revise", "--config", "tiny-random", "--objective", "sft", "--data", str(split), "--out", str(out),
        "--shards", str(shards), "--stride", "1", "--device", "cpu", *sets, *more,
    ]  # fmt: skip


def run(arguments: list[str]) -> Result:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return CliRunner().invoke(app, arguments)
    finally:
        torch.set_num_threads(before)


def refused(arguments: list[str]) -> RveError:
    error = run(arguments).exception
    assert isinstance(error, RveError), error
    return error


def test_a_split_becomes_a_model_that_edits_and_a_stop_is_resumed(
    split: Path, shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rvebench.revise.pipeline import ReviseEditPipeline
    from rvebench.revise.training.loop import Trainer
    from rvebench.weights import load_tensors

    shown = ("--held-out", str(split), "--set", "loop.eval_every=3", "--set", "loop.grid_every=3")
    ran = run(command(split, tmp_path / "whole", shards, "--steps", "3", "--format", "json", *shown))
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert (told["steps"], told["samples"], told["failures"]) == (3, 6, 0) and told["last"]["loss"] > 0
    pipeline = ReviseEditPipeline.from_pretrained(tmp_path / "whole" / "model")
    assert pipeline.config.name == "tiny-random"
    assert (tmp_path / "whole" / "grids" / "step-00000003.png").stat().st_size > 1000
    log = (tmp_path / "whole" / "train.jsonl").read_text()
    # an untrained autoencoder shows source and target alike, so that there is no progress to be measured
    assert '"event":"held_out"' in log and '"gn_error"' in log and '"flops_per_s"' in log

    after = Trainer._measure

    def interrupted(self: Any, log: Any) -> None:
        after(self, log)
        if self.counters.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Trainer, "_measure", interrupted)
    cut = command(split, tmp_path / "cut", shards, "--steps", "3")
    error = refused(cut)
    assert isinstance(error, StoppedError) and error.exit_code == 130 and "--resume" in str(error)
    monkeypatch.undo()
    assert "holds a training" in str(refused(cut))
    changed = refused([*cut, "--resume", "--set", "optim.lr=0.5"])
    assert isinstance(changed, UsageError) and "optim.lr: 0.0001 -> 0.5" in str(changed)
    ran = run([*cut, "--resume"])
    assert ran.exit_code == 0 and "continued after step 2 of 3" in ran.output
    for file in ("transformer/diffusion_pytorch_model.safetensors", "connector/visual_context_adapter.safetensors"):
        whole, resumed = (load_tensors(tmp_path / name / "model" / file) for name in ("whole", "cut"))
        assert all(torch.equal(whole[name], resumed[name]) for name in whole), file


def test_a_dry_run_says_what_a_step_costs_and_makes_nothing(split: Path, shards: Path, tmp_path: Path) -> None:
    arguments = command(split, tmp_path / "none", shards, "--dry-run", "--format", "json")
    arguments[arguments.index("sft")] = "uso"
    ran = run(arguments)
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)["dry_run"]
    assert told["trigger_rate"] == pytest.approx(0.25) and told["flops_mean"] > 0 and told["peak_bytes"] > 0
    larger = json.loads(run([*arguments, "--critic-size", "qwen2.5-vl-7b", "--device", "meta"]).stdout)["dry_run"]
    assert larger["flops_mean"] > 1000 * told["flops_mean"]
    assert not (tmp_path / "none").exists()


def test_a_critic_s_size_is_for_counting_alone(split: Path, shards: Path, tmp_path: Path) -> None:
    arguments = command(split, tmp_path / "none", shards, "--critic-size", "qwen2.5-vl-7b")
    assert "add --dry-run" in str(refused(arguments))
    assert "sft asks no critic" in str(refused([*arguments, "--dry-run"]))
    assert {size.value for size in CriticSize} == set(CRITIC_PRESETS)


def test_what_main_memory_cannot_hold_is_refused_before_anything_is_made(
    split: Path, shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rvebench.cli.train_parts.available_memory", lambda _device: 2_000_000)
    for more in ((), ("--dry-run",)):
        error = refused(command(split, tmp_path / "none", shards, *more))
        assert error.exit_code == 2 and "GiB" in str(error)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--set", "optim.lrr=1"), "did you mean"),
        (("--set", "loop.batch_size=0"), "LoopConfig.batch_size must be at least 1"),
        (("--init", "nowhere"), "nowhere"),
        (("--config", "nanoo"), "did you mean nano"),
        (("--device", "gpu9"), "no device is called 'gpu9'"),
    ],
)
def test_options_that_cannot_be_are_refused_with_a_sentence(
    split: Path, shards: Path, tmp_path: Path, more: tuple[str, str], said: str
) -> None:
    error = refused(command(split, tmp_path / "none", shards, *more))
    assert error.exit_code == 2 and said in str(error)


def test_measurements_without_held_out_samples_are_refused(split: Path, shards: Path, tmp_path: Path) -> None:
    error = refused(command(split, tmp_path / "none", shards, "--set", "loop.eval_every=1"))
    assert isinstance(error, UsageError) and "--held-out" in str(error)


def test_a_sample_without_target_stops_before_anything_is_made(tmp_path: Path) -> None:
    bare = make_split(tmp_path / "split", n=1, with_target=False)
    error = refused(command(bare, tmp_path / "out", tmp_path / "shards"))
    assert error.exit_code == 4 and "has no target" in str(error) and "s000" in str(error)


def grpo(split: Path, out: Path, shards: Path, *more: str) -> list[str]:
    arguments = command(split, out, shards, "--steps", "1", *more)
    arguments[arguments.index("sft")] = "edit-grpo"
    sets = ("grpo.group=2", "grpo.steps=2", "grpo.window=1", "loop.batch_size=1", 'grpo.rewards=[{"name": "judge"}]')
    return [*arguments, *(word for change in sets for word in ("--set", change))]


def test_a_judge_of_ours_is_a_reward(
    split: Path, shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    judged = ReferenceJudge.judge

    async def seen(self: Any, comparison: Any) -> Any:
        asked.append(comparison)
        return await judged(self, comparison)

    monkeypatch.setattr(ReferenceJudge, "judge", seen)
    ran = run(grpo(split, tmp_path / "judged", shards, "--reward-judge", "reference"))
    assert ran.exit_code == 0, ran.output
    assert len(asked) == 2, "one sample, a group of two edits"
    first = asked[0]
    assert first.sample.id == asked[1].sample.id and first.target is not None
    assert len(first.edit) == 5 and first.edit.size == (64, 32) and first.window.count == 5
    log = (tmp_path / "judged" / "train.jsonl").read_text("utf-8")
    assert '"reward/judge' in log


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "the reward judge needs a judge"),
        (("--reward-judge", "referense"), "did you mean reference"),
        (("--reward-max-usd", "1"), "no effect without a judge"),
        (("--reward-tokenizer", "words"), "no effect without its weights"),
        (("--reward-captions", "nowhere.jsonl"), "cannot be read"),
    ],
)
def test_rewards_that_lack_what_they_read_are_refused(
    split: Path, shards: Path, tmp_path: Path, more: tuple[str, ...], said: str
) -> None:
    assert said in str(refused(grpo(split, tmp_path / "none", shards, *more)))


def test_options_for_rewards_are_refused_where_nothing_reads_them(split: Path, shards: Path, tmp_path: Path) -> None:
    assert "no effect with sft" in str(refused(command(split, tmp_path / "a", shards, "--reward-judge", "reference")))


def test_captions_are_read_by_id_and_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "captions.jsonl"
    path.write_text('{"id": "a", "source": "ice", "edit": "a puddle"}\n\n', "utf-8")
    assert read_captions(path)["a"].edit == "a puddle"
    for line, said in (('{"id": "b", "source": "ice"}', "2"), ('{"id": "a", "source": "x", "edit": "y"}', "twice")):
        path.write_text('{"id": "a", "source": "ice", "edit": "a puddle"}\n' + line, "utf-8")
        with pytest.raises(DataError) as caught:
            read_captions(path)
        assert said in str(caught.value) and ":2" in str(caught.value)
