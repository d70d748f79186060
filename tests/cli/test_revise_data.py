"""`rvebench revise precompute` and `rvebench revise shards` as a user runs them, without a process for each."""

from __future__ import annotations

import json
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from rvebench.cli.app import main  # noqa: E402
from tests.revise.training.shard_world import samples_in  # noqa: E402

Run = Callable[..., Any]
TINY = ("--config", "tiny-random", "--frames", 5, "--stride", 1, "--size", "32x32", "--device", "cpu")


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def ran(*arguments: object, code: int = 0) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["rvebench", "revise", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        assert (left.value.code or 0) == code, f"{out}\n{err}"
        return out, err

    return ran


def split_of(folder: Path, count: int = 3, *, targets: bool = True) -> Path:
    """Writes a split of tiny triplets."""
    made = samples_in(folder, count)
    rows = [
        {
            "schema": "rve-sample/1",
            "id": sample.id,
            "subset": "RAVE",
            "reasoning_type": "temporal",
            "source": sample.source.name,
            **({"target": sample.target.name} if targets else {}),
            "instruction": sample.instruction,
        }
        for sample in made
    ]
    path = folder / "samples.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_split_is_precomputed_listed_verified_and_added_to(run: Run, tmp_path: Path) -> None:
    data, out = split_of(tmp_path / "v"), tmp_path / "out"
    told, err = run("precompute", *TINY, "--data", data, "--out", out)
    assert told.startswith(f"{out}: 3 samples computed, 0 were there; the folder has 3 of 3 in 1 shards") and not err
    text, _ = run("shards", "list", out)
    assert "clip: 5 frames, 1 apart, 32x32, stretch" in text and "latents 16x2x4x4: 3 samples" in text
    critic = ("--critic", "model", "--critic-set", "frames=2")
    _, err = run("precompute", *TINY, "--data", data, "--out", out, *critic, code=2)
    assert "baselines of the critic" in err and "add --update" in err and err.count("\n") == 1
    told, _ = run("precompute", *TINY, "--data", data, "--out", out, *critic, "--update", "--format", "json")
    found = json.loads(told)
    assert (found["computed"], found["kept"], found["baselines"], found["failures"]) == (0, 3, 3, [])
    found = json.loads(run("shards", "list", out, "--format", "json")[0])
    assert [one["baselines"] for one in found["critics"]] == [3] and found["samples"] == 3
    assert run("shards", "verify", out)[0] == "sound: 3 samples in 1 shards\n"
    _, err = run("precompute", *TINY, "--seed", 1, "--data", data, "--out", out, code=2)
    assert err.startswith(f"error: {out}: the shards are stale: encoders.text is ") and err.count("\n") == 1
    (shard,) = (out / "shards").iterdir()
    shard.write_bytes(shard.read_bytes()[:-1])
    text, err = run("shards", "verify", out, code=4)
    assert str(shard) in text and "these shards are not sound" in err
    assert json.loads(run("shards", "verify", out, "--format", "json", code=4)[0])["sound"] is False


def test_parts_share_a_folder(run: Run, tmp_path: Path) -> None:
    data, out = split_of(tmp_path / "v"), tmp_path / "out"
    told, _ = run("precompute", *TINY, "--data", data, "--out", out, "--shard", "1/2")
    assert "0 samples computed" in told and "0 of 3" in told  # one shard holds all, and it is the first part's
    told, _ = run("precompute", *TINY, "--data", data, "--out", out, "--shard", "0/2")
    assert "3 samples computed" in told
    assert "of the form I/N" in run("precompute", *TINY, "--data", data, "--out", out, "--shard", "3", code=2)[1]


def test_failed_samples_are_named_and_the_command_leaves_with_one(run: Run, tmp_path: Path) -> None:
    data, out = split_of(tmp_path / "v", 4), tmp_path / "out"
    (tmp_path / "v/1.target.mp4").write_bytes(b"no video")
    rows = [json.loads(line) for line in data.read_text().splitlines()]
    del rows[2]["target"]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    told, err = run("precompute", *TINY, "--data", data, "--out", out, code=1)
    assert "2 samples computed" in told and "2 of 4 in 1 shards" in told
    lines = err.splitlines()
    assert len(lines) == 3 and lines[0].startswith("failed: s-1: 1.target.mp4: ")
    assert lines[1] == "failed: s-2: the sample has no target, and so nothing to learn from"
    assert lines[2].startswith(f"error: {out}: 2 of 4 samples failed and are in no shard; mend them")
    assert "failed: s-2: the sample has no target" in run("shards", "list", out)[0]


def test_what_cannot_be_asked_for_is_one_sentence(run: Run, tmp_path: Path) -> None:
    data, out = split_of(tmp_path / "v", 1), tmp_path / "out"
    bare = split_of(tmp_path / "bare", 2, targets=False)
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")

    def refused(*arguments: object, code: int = 2) -> str:
        _, err = run("precompute", "--out", out, *arguments, code=code)
        assert err.startswith("error: ") and err.count("\n") == 1, err
        return str(err)

    assert "either --data or --from-official" in refused(*TINY)
    assert "either --model or --config" in refused("--data", data)
    assert "none of the 2 samples can be learnt from: the sample has no target" in refused(
        *TINY, "--data", bare, code=4
    )
    assert "empty.jsonl" in refused(*TINY, "--data", empty, code=4)
    assert "no effect without --critic" in refused(*TINY, "--data", data, "--critic-set", "frames=2")
    assert "frames is 1 or even, not 3" in refused(
        *TINY, "--data", data, "--critic", "model", "--critic-set", "frames=3"
    )
    assert "4n + 1" in refused(*TINY, "--data", data, "--frames", 6)
    assert "absent" in refused("--model", tmp_path / "absent", "--data", data)
    assert "hold no frames" in refused(*TINY, "--from-official", data, "--vision")
    assert not out.exists()
    assert "holds no shards" in run("shards", "list", tmp_path, code=2)[1]


def test_released_pickles_are_imported_and_their_code_is_not_run(run: Run, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {tmp_path / 'trace'}",)

    good = {
        "prompt": "make it rain",
        "latent_feature_tgt": torch.zeros(16, 2, 4, 4),
        "latent_feature": torch.ones(16, 2, 4, 4),
        "t5_emb": torch.zeros(3, 32),
        "vlm_last_hidden_states": torch.zeros(1, 5, 48),
    }
    (tmp_path / "good.pkl").write_bytes(pickle.dumps(good))
    (tmp_path / "bad.pkl").write_bytes(pickle.dumps({**good, "extra": Evil()}))
    (tmp_path / "list.txt").write_text("good.pkl\nbad.pkl\n")
    out = tmp_path / "out"
    told, err = run("precompute", *TINY, "--from-official", tmp_path / "list.txt", "--out", out, code=1)
    assert "1 samples computed" in told and "recorded as those of tiny-random" in err
    assert "failed: bad: " in err and "the file holds code (posix.system)" in err
    assert not (tmp_path / "trace").exists() and "(declared)" in run("shards", "list", out)[0]


def test_a_model_folder_and_a_critic_folder_are_used(run: Run, tmp_path: Path) -> None:
    from rvebench.revise.assembly import save_parts
    from tests.revise.training.shard_world import parts

    save_parts(parts(), tmp_path / "model")
    data, out = split_of(tmp_path / "v", 1), tmp_path / "out"
    shape = TINY[2:]
    common = ("--data", data, "--out", out, "--critic-set", "frames=2")
    run("precompute", "--model", tmp_path / "model", *shape, *common, "--critic", "model")
    told, _ = run("precompute", "--model", tmp_path / "model", *shape, *common, "--critic", tmp_path / "model")
    assert "0 samples computed, 1 were there; " in told  # the same network is the same critic
    told, _ = run("precompute", *TINY, *common, "--critic", tmp_path / "model/vlm")
    assert "0 samples computed, 1 were there; " in told  # saved and loaded weights are the same encoders
