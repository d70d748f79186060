"""`rvebench revise` as a user runs it, on a synthetic checkpoint and a hub on loopback."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from tests.cli.helpers import only_error, rvebench  # noqa: E402
from tests.revise.hub import COMMIT, host  # noqa: E402
from tests.revise.official import save, write_official  # noqa: E402
from tests.weights.server import Web, body_of, serving  # noqa: E402

REPO = "sophiaa/revise"


class Evil:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.trace}",)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cli") / "revise_ckpt"
    write_official(root)
    return root


@pytest.fixture
def broken(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "revise_ckpt"))


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as running:
        yield running


def checkpoint(*arguments: object, code: int = 0) -> Any:
    return rvebench("revise", "checkpoint", *arguments, code=code)


def test_the_commands_can_be_reached_by_help_without_torch() -> None:
    text = rvebench("revise", "--help").stdout
    assert "checkpoint" in text and "pull" in text
    assert "inspect" in rvebench("revise", "checkpoint", "--help").stdout


def test_a_folder_in_the_official_layout_is_inspected_verified_converted_and_verified_again(
    folder: Path, tmp_path: Path
) -> None:
    text = checkpoint("inspect", folder.parent).stdout
    assert "official layout" in text and "torch.storage._load_from_bytes" in text
    assert "holds transformer (69), visual_context_adapter (4), vision_head (51), adapter (57)" in text
    ran = checkpoint("verify", folder.parent)
    assert ran.stdout.splitlines()[-1] == "sound" and ran.stderr == ""
    ran = checkpoint("convert", folder, tmp_path / "ours")
    assert f"{tmp_path / 'ours'}: " in ran.stdout and "ours layout" in ran.stdout
    assert ran.stderr == "note: left out, for it has no place there: ar_model/checkpoint/training_args.bin\n"
    found = json.loads(checkpoint("verify", tmp_path / "ours", "--format", "json").stdout)
    assert found["sound"] and found["layout"] == "ours" and found["sums"]["missing"] == []
    back = json.loads(
        checkpoint("convert", tmp_path / "ours", tmp_path / "back", "--to", "official", "--format", "json").stdout
    )
    assert back["layout"] == "official" and "transformer/model.pt" in back["files"]
    assert json.loads(checkpoint("inspect", tmp_path / "back", "--format", "json").stdout)["layout"] == "official"


def test_what_is_wrong_is_in_a_table_and_the_exit_code_is_four(broken: Path) -> None:
    path = broken / "vision_head/vision_head/pytorch_model.bin"
    state = torch.load(path)
    del state["fc.0.bias"]
    state["stray.weight"] = torch.ones(2)
    state["decoder_query"] = torch.ones(1, 4, 8)
    save(path, state)
    ran = checkpoint("verify", broken, code=4)
    assert only_error(ran) == f"error: {broken}: this checkpoint is not sound"
    rows = [line.split() for line in ran.stdout.splitlines()]
    assert ["vision_head", "missing", "fc.0.bias"] in rows
    assert ["vision_head", "unexpected", "stray.weight"] in rows
    assert ["vision_head", "misshapen", "(1,", "4,", "8)", "(1,", "4,", "16)", "decoder_query"] in rows
    found = json.loads(checkpoint("verify", broken, "--format", "json", code=4).stdout)
    wrong = [part for part in found["parts"] if not part["sound"]]
    assert [part["file"] for part in wrong] == ["vision_head/vision_head/pytorch_model.bin"]


def test_the_released_sizes_can_be_demanded(folder: Path) -> None:
    ran = checkpoint("verify", folder, "--sizes", "wan1.3b", "--limit", 2, code=4)
    assert "sizes: wan1.3b" in ran.stdout and len(ran.stdout.splitlines()) < 120
    assert "neither a preset nor a file" in only_error(checkpoint("verify", folder, "--sizes", "huge", code=2))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("half", "transformer/model.pt: the zip is cut or damaged"),
        ("code", "the file holds code (posix.system); it was not loaded"),
        ("page", "this is a web page, not weights"),
        ("part", "the part text_encoder is missing"),
        ("tokens", "the file of the special tokens is missing"),
    ],
)
def test_bad_folders_are_one_sentence_in_verify_and_in_convert(
    broken: Path, tmp_path: Path, spoil: str, words: str
) -> None:
    mixed = broken / "transformer/model.pt"
    if spoil == "half":
        mixed.write_bytes(mixed.read_bytes()[:1000])
    elif spoil == "code":
        save(mixed, {"a": torch.ones(1), "x": Evil(tmp_path / "trace")})
    elif spoil == "page":
        mixed.write_text("<!doctype html><title>Sign in</title>")
    elif spoil == "part":
        next((broken / "wan").rglob("models_t5*")).unlink()
    else:
        shutil.rmtree(broken / "special_tokens")
    assert words in checkpoint("verify", broken, code=4).stdout
    ran = checkpoint("convert", broken, tmp_path / "out", code=4)
    assert words in only_error(ran) and not (tmp_path / "out").exists()
    assert not (tmp_path / "trace").exists()


def test_wrong_paths_are_exit_code_two_or_four(folder: Path, tmp_path: Path) -> None:
    assert "no such folder" in only_error(checkpoint("verify", tmp_path / "absent", code=2))
    assert "no such file or folder" in only_error(checkpoint("inspect", tmp_path / "absent", code=2))
    assert "looked for revise.json" in only_error(checkpoint("verify", tmp_path, code=4))
    assert "looked for revise.json" in only_error(checkpoint("inspect", tmp_path, code=4))
    assert "this is a file" in only_error(checkpoint("verify", folder / "adapter/model.pt", code=2))
    (tmp_path / "taken").mkdir()
    assert "nothing is written over" in only_error(checkpoint("convert", folder, tmp_path / "taken", code=2))
    (tmp_path / "notes.txt").write_text("hello")
    assert "cannot be read" in only_error(checkpoint("inspect", tmp_path / "notes.txt", code=4))


def test_a_file_with_code_is_named_by_inspect_and_not_run(tmp_path: Path) -> None:
    save(tmp_path / "a.pt", {"a": torch.ones(1), "x": Evil(tmp_path / "trace")})
    assert "a.pt: CODE, not run: posix.system" in checkpoint("inspect", tmp_path / "a.pt").stdout
    assert not (tmp_path / "trace").exists()


def test_the_known_repositories_are_listed_with_their_terms() -> None:
    text = rvebench("revise", "pull").stdout
    assert "sophiaa/revise" in text and "no licence" in text
    rows = json.loads(rvebench("revise", "pull", "--format", "json").stdout)["repositories"]
    assert {row["name"] for row in rows} >= {"howellyoung1/OmniVideo11B", "Wan-AI/Wan2.1-T2V-1.3B"}


def test_a_checkpoint_is_pulled_from_a_hub_and_verified_with_its_sums(folder: Path, web: Web, tmp_path: Path) -> None:
    files = {
        f"revise_ckpt/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    host(web, REPO, files)
    env = {"HF_ENDPOINT": web.url("")}
    out = tmp_path / "weights"
    ran = rvebench("revise", "pull", REPO, "--out", out, "--dry-run", env=env)
    assert f"{REPO} at {COMMIT}: {len(files)} files, " in ran.stdout and not out.exists()
    assert ran.stderr.startswith(f"note: {REPO}: its card states no licence; the repository of the code states no")
    web.paths["/cdn/revise_ckpt/transformer/model.pt"].cut_after = [100_000]
    ran = rvebench("revise", "pull", REPO, "--out", out, env=env)
    assert f"{out}: {len(files)} files fetched, 0 were there, commit {COMMIT}" in ran.stdout
    text = checkpoint("verify", out).stdout
    assert f"sums: {len(files)} files have the SHA-256 of the manifest" in text
    found = json.loads(rvebench("revise", "pull", REPO, "--out", out, "--format", "json", env=env).stdout)
    assert found["fetched"] == [] and len(found["kept"]) == len(files)


def test_pull_leaves_with_the_documented_codes(web: Web, tmp_path: Path) -> None:
    host(web, REPO, {"a.pt": body_of(1000)})
    env = {"HF_ENDPOINT": web.url("")}

    def pull(*arguments: object, code: int, more: dict[str, str] | None = None) -> str:
        return only_error(rvebench("revise", "pull", *arguments, env={**env, **(more or {})}, code=code))

    assert "give --out DIR" in pull(REPO, code=2)
    assert "not of the form OWNER/NAME" in pull("revise", "--out", tmp_path / "x", code=2)
    assert "no public repository" in pull("no/body", "--out", tmp_path / "x", code=2)
    assert "HF_HUB_OFFLINE forbids" in pull(REPO, "--out", tmp_path / "x", code=2, more={"HF_HUB_OFFLINE": "1"})
    assert "no http(s) URL" in pull(REPO, "--out", tmp_path / "x", code=2, more={"HF_ENDPOINT": "hub"})
    web.paths["/cdn/a.pt"].body = body_of(1000, "other")
    assert "the pinned one" in pull(REPO, "--out", tmp_path / "x", code=4)
    del web.paths["/cdn/a.pt"]
    assert "HTTP 404" in pull(REPO, "--out", tmp_path / "x", code=1)
