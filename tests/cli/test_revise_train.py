"""`rvebench revise train-vae` and `train-critic` as a user runs them, on a split of six tiny clips."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")

from rvebench.records import Sample
from rvebench.splits.manifest import write_split
from rvebench.taxonomy import ReasoningType, Subset
from rvebench.video import write_video
from tests.cli.helpers import only_error, rvebench

TINY = {
    "model": {
        "preset": "nano",
        "vae": {"base_dim": 4, "z_dim": 4, "latents_mean": [0.0] * 4, "latents_std": [1.0] * 4},
        "vlm": {"dim": 32, "layers": 1, "heads": 2, "kv_heads": 1, "ffn_dim": 64, "vocab_size": 400},
    },
    "clips": {"frames": 5, "stride": 1, "size": {"width": 32, "height": 32}},
    "held_out_share": 0.2,
}
STAGE = ("--set", "stage.batch_size=2", "--set", "stage.save_every=1", "--set", "stage.eval_every=1000")


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("split")
    samples = []
    for n in range(6):
        rng = np.random.default_rng(n)
        paths = {}
        for role in ("source", "target"):
            paths[role] = folder / f"{n}.{role}.mp4"
            picture = np.kron(rng.integers(0, 255, (1, 4, 4, 3)), np.ones((5, 8, 8, 1))).astype(np.uint8)
            write_video(paths[role], picture, fps=4)
        samples.append(
            Sample(
                id=f"clip-{n}",
                subset=Subset.RAVE,
                reasoning_type=ReasoningType.TEMPORAL,
                source=paths["source"],
                target=paths["target"],
                instruction=("let it burn", "wait for noon")[n % 2],
                group=f"g{n}",
            )
        )
    write_split(samples, folder / "samples.jsonl")
    (folder / "vae.json").write_text(json.dumps({**TINY, "held_out_samples": 1}))
    (folder / "critic.json").write_text(json.dumps({**TINY, "critic": {"prompt": "nano-v1", "frames": 2}}))
    return folder


def test_an_autoencoder_and_then_a_critic_that_sees_through_it_are_trained(split: Path, tmp_path: Path) -> None:
    common = ("--data", split, "--clips", tmp_path / "clips", "--steps", 2, *STAGE)
    vae = tmp_path / "vae"
    said = rvebench("revise", "train-vae", "--config", split / "vae.json", "--out", vae, *common, "--format", "json")
    told = json.loads(said.stdout)
    assert told["steps"] == 2 and told["samples"] == 5 and told["held_out"]["clips"] == 2
    for name in ("revise.json", "report.json", "sheet.webp", "log.jsonl", "vae/config.json"):
        assert (vae / name).is_file()
    graded = tmp_path / "graded.jsonl"
    edit = {"sample": "clip-5", "kind": "mine", "video": str(split / "0.target.mp4"), "grade": 0.25}
    graded.write_text(json.dumps(edit))
    out = tmp_path / "critic"
    asked = ("--graded", graded, "--vae", vae, "--out", out)
    said = rvebench("revise", "train-critic", "--config", split / "critic.json", *asked, *common)
    assert "Pearson with the grade" in said.stdout and "mine" in said.stdout
    assert (out / "vlm" / "tokenizer.json").is_file()
    the_two_make_a_model(split, vae, out, tmp_path)


def the_two_make_a_model(split: Path, vae: Path, critic: Path, tmp_path: Path) -> None:
    import torch

    from rvebench.revise.assembly import load_parts
    from rvebench.revise.folder import read_folder
    from rvebench.revise.training.vae_stage import load_vae_folder

    sizes = tmp_path / "sizes.json"
    sizes.write_text(json.dumps({"preset": "nano", "model": {**TINY["model"], "dit": {"layers": 1}}}))
    common = ("revise", "assemble", "--vae", vae, "--critic", critic, "--config", sizes)
    made = json.loads(rvebench(*common, "--out", tmp_path / "model", "--format", "json").stdout)
    parts = load_parts(read_folder(tmp_path / "model"))
    trained = load_vae_folder(vae)[1].model.state_dict()
    assert all(torch.equal(tensor, trained[name]) for name, tensor in parts.vae.state_dict().items())
    rvebench(*common, "--generator", tmp_path / "model", "--seed", 9, "--half", "--out", tmp_path / "half")
    half = load_parts(read_folder(tmp_path / "half"))
    pairs = zip(parts.dit.parameters(), half.dit.parameters(), strict=True)
    assert all(torch.allclose(a, b, rtol=2**-7, atol=1e-6) for a, b in pairs)
    assert sum(file.stat().st_size for file in (tmp_path / "half").rglob("*") if file.is_file()) < made["bytes"]
    estimates = ("--generator", tmp_path / "model", "--out", tmp_path / "of-estimates", "--steps", 1)
    asked = ("revise", "train-critic", "--config", split / "critic.json", "--data", split, *estimates, *STAGE)
    told = json.loads(rvebench(*asked, "--clips", tmp_path / "clips", "--format", "json").stdout)
    made = json.loads((tmp_path / "of-estimates" / "report.json").read_text())["identity"]
    assert told["steps"] == 1 and made["generator"]
    said = rvebench(*common, "--config", "nano", "--out", tmp_path / "other", code=4)
    assert "the autoencoder has other sizes than the model's" in only_error(said)
    said = rvebench(*common, "--out", tmp_path / "model", code=2)
    assert "the folder is not empty" in only_error(said)


def test_sigterm_saves_and_another_training_is_refused(split: Path, tmp_path: Path) -> None:
    out = tmp_path / "vae"
    line = ["revise", "train-vae", "--config", split / "vae.json", "--data", split, "--out", out, *STAGE]
    top = Path(__file__).resolve().parent.parent.parent
    process = subprocess.Popen(
        [sys.executable, "-m", "rvebench", *map(str, line), "--steps", "100000"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(top)},
    )
    deadline = time.monotonic() + 200
    while not list(out.glob("step-*.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 130, errors
    assert "it is saved; run the same command with --resume" in errors
    said = rvebench(*line, "--steps", 7, "--resume", code=2)
    assert "settings.steps was 100000 and is 7" in only_error(said)


def test_bad_input_is_one_sentence(split: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "out")
    said = rvebench("revise", "train-vae", "--data", split, *out, "--set", "loss.edge=1", code=2)
    assert "no such key: loss.edge; did you mean edges?" in only_error(said)
    bare = [json.loads(line) for line in (split / "samples.jsonl").read_text().splitlines()]
    del bare[3]["target"]
    (split / "bare.jsonl").write_text("".join(json.dumps(row) + "\n" for row in bare))
    said = rvebench("revise", "train-critic", "--data", split / "bare.jsonl", *out, code=4)
    assert "clip-3: the sample has no target" in only_error(said)
