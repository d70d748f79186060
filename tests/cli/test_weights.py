"""`rvebench weights` as a user runs it, against a server on loopback."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.helpers import only_error, rvebench
from tests.weights.server import Behaviour, Web, body_of, serving

BODY = body_of(200_000)
SHA = hashlib.sha256(BODY).hexdigest()
OTHER = body_of(1000, "unpinned")


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as running:
        running.paths["/amt-s.pth"] = Behaviour(BODY)
        running.paths["/free.bin"] = Behaviour(OTHER)
        yield running


@pytest.fixture
def env(web: Web, tmp_path: Path) -> dict[str, str]:
    """A home of its own, and a catalogue whose files the server has."""
    files = {
        "amt-s": {"sha256": SHA, "size_bytes": len(BODY), "urls": [web.url("/amt-s.pth")]},
        "free": {"filename": "free.bin", "urls": [web.url("/free.bin")], "licence": "MIT"},
    }
    (tmp_path / "catalogue.json").write_text(json.dumps(files))
    return {
        "HOME": str(tmp_path / "home"),
        "VBENCH_CACHE_DIR": str(tmp_path / "home/.cache/vbench"),
        "RVEBENCH_WEIGHTS_DIR": str(tmp_path / "weights"),
        "RVEBENCH_WEIGHTS_CATALOGUE": str(tmp_path / "catalogue.json"),
        "COLUMNS": "200",
    }


def listed(env: dict[str, str]) -> dict[str, dict[str, object]]:
    found = json.loads(rvebench("weights", "list", "--format", "json", env=env).stdout)
    assert found["folder"] == env["RVEBENCH_WEIGHTS_DIR"]
    return {row["name"]: row for row in found["weights"]}


def test_the_list_says_licence_state_and_how_the_content_is_known(env: dict[str, str], tmp_path: Path) -> None:
    rows = listed(env)
    assert set(rows) == {"amt-s", "clip-bpe", "clip-vit-b32", "dino-vitb16", "free", "viclip-l14"}
    assert (rows["amt-s"]["state"], rows["amt-s"]["sum"], rows["free"]["sum"]) == ("absent", "pinned", "none yet")
    text = rvebench("weights", "list", env=env).stdout
    assert "amt-s: the AMT-S weights are CC BY-NC 4.0: no commercial use" in text
    assert "viclip-l14: the licence of the ViCLIP weights is not verified" in text
    assert "Apache-2.0" in text and f"folder: {tmp_path / 'weights'}" in text
    assert not (tmp_path / "weights").exists()


def test_a_file_is_fetched_listed_verified_and_found(env: dict[str, str], web: Web, tmp_path: Path) -> None:
    path = tmp_path / "weights" / "amt-s.pth"
    ran = rvebench("weights", "fetch", "amt-s", env=env)
    assert ran.stdout == f"amt-s: {path}\n"
    assert ran.stderr == "note: the AMT-S weights are CC BY-NC 4.0: no commercial use\n", "no bar without a terminal"
    assert listed(env)["amt-s"]["state"] == "here"
    assert rvebench("weights", "path", "amt-s", env=env).stdout == f"{path}\n"
    found = json.loads(rvebench("weights", "path", "amt-s", "--format", "json", env=env).stdout)
    assert found == {"name": "amt-s", "path": str(path), "sha256": SHA, "origin": "store"}
    assert rvebench("weights", "verify", "amt-s", env=env).stdout == f"amt-s: sound, {path} (pinned: {SHA})\n"
    rvebench("weights", "fetch", "amt-s", env={**env, "RVEBENCH_OFFLINE": "1"})
    assert len(web.seen) == 1


def test_trust_on_first_use_is_said(env: dict[str, str]) -> None:
    ran = json.loads(rvebench("weights", "fetch", "free", "--format", "json", env=env).stdout)
    assert [row["name"] for row in ran["weights"]] == ["free"] and ran["failed"] == []
    assert listed(env)["free"]["sum"] == "first use"
    assert "first seen here" in rvebench("weights", "verify", "free", env=env).stdout


def test_damage_is_exit_code_four_in_every_command_and_fetch_repairs_it(env: dict[str, str], tmp_path: Path) -> None:
    rvebench("weights", "fetch", "amt-s", env=env)
    path = tmp_path / "weights" / "amt-s.pth"
    path.write_bytes(BODY[:-1] + b"!")
    assert "the pinned one" in only_error(rvebench("weights", "verify", env=env, code=4))
    assert "the pinned one" in only_error(rvebench("weights", "path", "amt-s", env=env, code=4))
    assert listed(env)["amt-s"]["state"] == "damaged"
    rvebench("weights", "fetch", "amt-s", env=env)
    assert path.read_bytes() == BODY
    path.write_bytes(BODY[:-1])
    assert listed(env)["amt-s"]["reason"] == "199999 bytes, not 200000"


def test_wrong_content_is_exit_code_four_and_nothing_is_kept(env: dict[str, str], web: Web, tmp_path: Path) -> None:
    web.paths["/amt-s.pth"] = Behaviour(body_of(len(BODY), "other"))
    ran = rvebench("weights", "fetch", "amt-s", env=env, code=4)
    assert "the pinned one" in only_error(ran)
    assert not (tmp_path / "weights" / "amt-s.pth").exists()


def test_one_source_that_fails_does_not_stop_the_other_files(env: dict[str, str], web: Web) -> None:
    del web.paths["/amt-s.pth"]
    ran = rvebench("weights", "fetch", "amt-s", "free", "--format", "json", env=env, code=1)
    assert "HTTP 404" in only_error(ran)
    found = json.loads(ran.stdout)
    assert [row["name"] for row in found["weights"]] == ["free"]
    assert found["failed"][0]["name"] == "amt-s" and "HTTP 404" in found["failed"][0]["reason"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fetch",), "nothing says which weights"),
        (("fetch", "amt-s", "--all"), "exclude each other"),
        (("fetch", "free", "amt"), "unknown weights 'amt'; known: amt-s, "),
        (("path", "../amt-s"), "unknown weights"),
        (("path", "amt-s"), "run `rvebench weights fetch amt-s`"),
        (("verify", "amt-s"), "run `rvebench weights fetch amt-s`"),
    ],
)
def test_what_cannot_be_done_is_exit_code_two_before_anything_is_fetched(
    env: dict[str, str], web: Web, arguments: tuple[str, ...], words: str
) -> None:
    assert words in only_error(rvebench("weights", *arguments, env=env, code=2))
    assert web.seen == []


def test_offline_is_exit_code_two_and_asks_nobody(env: dict[str, str], web: Web) -> None:
    error = only_error(rvebench("weights", "fetch", "amt-s", env={**env, "HF_HUB_OFFLINE": "1"}, code=2))
    assert "HF_HUB_OFFLINE" in error and web.seen == []


def test_verify_with_nothing_here_says_so(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "catalogue.json").write_text(json.dumps({"clip-bpe": {"known_places": []}}))
    assert "no weights are here" in rvebench("weights", "verify", env=env).stdout
    assert json.loads(rvebench("weights", "verify", "--format", "json", env=env).stdout)["weights"] == []


def test_a_bad_catalogue_is_one_sentence(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "catalogue.json").write_text("{")
    assert "catalogue.json" in only_error(rvebench("weights", "list", env=env, code=4))


def test_the_copies_of_other_tools_are_used_where_they_lie(env: dict[str, str], web: Web, tmp_path: Path) -> None:
    theirs = tmp_path / "home/.cache/vbench/amt_model/amt-s.pth"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(BODY)
    assert rvebench("weights", "fetch", "amt-s", env=env).stdout == f"amt-s: {theirs} (vbench)\n"
    assert web.seen == []


def test_a_folder_that_cannot_be_made_is_exit_code_four(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    taken = {**env, "RVEBENCH_WEIGHTS_DIR": str(tmp_path / "taken" / "w")}
    error = only_error(rvebench("weights", "fetch", "amt-s", env=taken, code=4))
    assert "set RVEBENCH_WEIGHTS_DIR" in error
