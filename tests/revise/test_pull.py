"""Pulling a repository from a hub on loopback that cuts, stalls and lies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from rvebench.errors import DataError, LockedError, StorageError, UsageError
from rvebench.revise.checkpoints import pull as pulling
from rvebench.revise.checkpoints.manifest import MANIFEST_NAME, Manifest, check_manifest
from rvebench.revise.checkpoints.pull import REPOSITORIES, Pulled, PullPlan, known_repository, plan_pull, pull
from rvebench.storage import exclusive_lock
from rvebench.weights import DownloadError, OfflineError, Patience
from tests.revise.hub import COMMIT, host, row_of
from tests.weights.server import Behaviour, Web, body_of, serving

REPO = "sophiaa/revise"
QUICK = Patience(attempts=3, backoff_s=0.0, longest_wait_s=1.0, silence_s=20.0)
FILES = {
    "README.md": b"# weights\n",
    "revise_ckpt/adapter/model.pt": body_of(300_000, "adapter"),
    "revise_ckpt/empty.txt": b"",
    "revise_ckpt/transformer/model.pt": body_of(700_000, "transformer"),
    "revise_ckpt/wan/wanxiang1_3b/config.json": b"{}",
}


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as running:
        host(running, REPO, FILES)
        yield running


def plan(web: Web, folder: Path, repository: str = REPO, **more: object) -> PullPlan:
    environ = {"HF_ENDPOINT": web.url(""), **more.pop("environ", {})}  # type: ignore[dict-item]
    return plan_pull(repository, folder, environ=environ, patience=QUICK, **more)  # type: ignore[arg-type]


def fetch(web: Web, folder: Path, **more: object) -> Pulled:
    return pull(plan(web, folder, **more), patience=QUICK)  # type: ignore[arg-type]


def contents(folder: Path) -> Mapping[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST_NAME
    }


def sent(web: Web, path: str) -> int:
    return sum(seen.sent for seen in web.of(f"/cdn/{path}"))


def test_a_repository_comes_whole_with_a_manifest_of_sums(web: Web, tmp_path: Path) -> None:
    found = fetch(web, tmp_path / "new")
    assert contents(tmp_path / "new") == FILES
    assert (found.commit, found.fetched, found.kept) == (COMMIT, tuple(sorted(FILES)), ())
    manifest = Manifest.read(tmp_path / "new")
    assert manifest.source == {"repository": REPO, "commit": COMMIT}
    assert {name: entry.sha256 for name, entry in manifest.files.items()} == {
        name: hashlib.sha256(body).hexdigest() for name, body in FILES.items()
    }
    assert check_manifest(tmp_path / "new", tmp_path / "new").sound


def test_files_are_asked_for_at_the_commit_not_at_the_branch(web: Web, tmp_path: Path) -> None:
    fetch(web, tmp_path)
    asked = {seen.path for seen in web.seen}
    assert f"/{REPO}/resolve/{COMMIT}/README.md" in asked
    assert not any("/main/" in path for path in asked)


def test_a_plan_fetches_nothing_and_says_sizes_and_states(web: Web, tmp_path: Path) -> None:
    (tmp_path / "revise_ckpt/adapter").mkdir(parents=True)
    (tmp_path / "revise_ckpt/adapter/model.pt.part").write_bytes(b"x" * 1000)
    (tmp_path / "README.md").write_bytes(FILES["README.md"])
    found = plan(web, tmp_path)
    states = {row.file.path: (row.state, row.here_bytes) for row in found.rows}
    assert states["revise_ckpt/adapter/model.pt"] == ("part", 1000)
    assert states["README.md"] == ("here", 10)
    assert states["revise_ckpt/transformer/model.pt"] == ("absent", 0)
    assert found.total_bytes == sum(map(len, FILES.values()))
    assert found.to_fetch_bytes == found.total_bytes - 1010
    assert not [seen for seen in web.seen if "resolve" in seen.path or "cdn" in seen.path]


def test_a_cut_connection_goes_on_where_it_was_cut(web: Web, tmp_path: Path) -> None:
    name = "revise_ckpt/transformer/model.pt"
    web.paths[f"/cdn/{name}"].cut_after = [200_000, 150_000]
    fetch(web, tmp_path)
    assert contents(tmp_path) == FILES
    assert sent(web, name) == len(FILES[name]), "no byte came twice"


def test_a_pull_that_failed_goes_on_in_the_next_call_and_refetches_nothing(web: Web, tmp_path: Path) -> None:
    name = "revise_ckpt/transformer/model.pt"
    web.paths[f"/cdn/{name}"].cut_after = [250_000, 0, 0, 0]
    with pytest.raises(DownloadError, match=rf"{name} could not be fetched: http.*the connection"):
        fetch(web, tmp_path)
    assert name not in contents(tmp_path) and (tmp_path / f"{name}.part").stat().st_size == 250_000
    web.paths[f"/cdn/{name}"].cut_after = []
    found = fetch(web, tmp_path)
    assert found.fetched == (name, "revise_ckpt/wan/wanxiang1_3b/config.json")
    assert contents(tmp_path) == FILES
    assert sent(web, name) == len(FILES[name])
    assert sent(web, "revise_ckpt/adapter/model.pt") == len(FILES["revise_ckpt/adapter/model.pt"])


def test_a_second_pull_asks_for_the_list_alone(web: Web, tmp_path: Path) -> None:
    fetch(web, tmp_path)
    web.seen.clear()
    found = fetch(web, tmp_path)
    assert found.fetched == () and len(found.kept) == len(FILES)
    assert all(seen.path.startswith("/api/") for seen in web.seen)


def test_only_what_fits_the_patterns_comes(web: Web, tmp_path: Path) -> None:
    found = fetch(web, tmp_path, include=("*/adapter/*", "*.json"))
    assert found.fetched == ("revise_ckpt/adapter/model.pt", "revise_ckpt/wan/wanxiang1_3b/config.json")
    with pytest.raises(UsageError, match=r"no file of sophiaa/revise fits nothing\*"):
        plan(web, tmp_path, include=("nothing*",))


@pytest.mark.parametrize("name", ["revise_ckpt/adapter/model.pt", "README.md"])
def test_other_content_than_listed_is_refused_and_not_kept(web: Web, tmp_path: Path, name: str) -> None:
    web.paths[f"/cdn/{name}"].body = body_of(len(FILES[name]), "other")
    with pytest.raises(DataError, match=r"another file|not .*the pinned one"):
        fetch(web, tmp_path)
    assert name not in contents(tmp_path) and f"{name}.new" not in contents(tmp_path)


def test_a_file_of_ones_own_is_never_written_over(web: Web, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("my notes")
    with pytest.raises(DataError, match="nothing is written over"):
        fetch(web, tmp_path)
    assert (tmp_path / "README.md").read_text() == "my notes"


def test_a_file_put_there_by_hand_is_taken_when_its_sum_is_right(web: Web, tmp_path: Path) -> None:
    name = "revise_ckpt/transformer/model.pt"
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_bytes(FILES[name])
    told: list[str] = []
    found = pull(plan(web, tmp_path), notice=told.append, patience=QUICK)
    assert found.kept == (name,) and told == [f"{name} is there already: comparing its sum"]
    (tmp_path / "README.md").write_bytes(b"# weightz\n")
    with pytest.raises(DataError, match="nothing is written over"):
        fetch(web, tmp_path)


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "a\\evil", "C:evil", "a//evil"])
def test_a_path_that_climbs_out_of_the_folder_is_refused(web: Web, tmp_path: Path, name: str) -> None:
    first = f"/api/models/{REPO}/tree/{COMMIT}?recursive=true&expand=false"
    web.paths[first] = Behaviour(json.dumps([row_of(name, b"x", large=True)]).encode(), content_type="application/json")
    with pytest.raises(DataError, match="no path inside the folder"):
        plan(web, tmp_path / "in")
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"[{}]", "neither file nor folder"),
        (b"{}", "list of files is none"),
        (b"not json", "not JSON"),
        (b"[]", "holds no file"),
        (b'[{"type": "file", "path": "a", "size": -1, "oid": ""}]', "damaged row"),
        (b'[{"type": "file", "path": "a", "size": 1, "oid": "zz"}]', "without a sum"),
    ],
)
def test_a_list_that_is_none_is_an_error_of_one_sentence(web: Web, tmp_path: Path, answer: bytes, words: str) -> None:
    first = f"/api/models/{REPO}/tree/{COMMIT}?recursive=true&expand=false"
    web.paths[first] = Behaviour(answer, content_type="application/json")
    with pytest.raises(DataError, match=words):
        plan(web, tmp_path)


def test_a_list_without_end_or_at_another_host_is_refused(web: Web, tmp_path: Path) -> None:
    first = f"/api/models/{REPO}/tree/{COMMIT}?recursive=true&expand=false"
    web.paths[first].headers["Link"] = f'<{web.url(first)}>; rel="next"'
    with pytest.raises(DataError, match="has no end"):
        plan(web, tmp_path)
    web.paths[first].headers["Link"] = '<http://localhost:1/more>; rel="next"'
    with pytest.raises(DataError, match="at another host"):
        plan(web, tmp_path)


def test_a_hub_that_is_busy_is_asked_again_and_one_that_is_down_is_an_error(web: Web, tmp_path: Path) -> None:
    address = f"/api/models/{REPO}/revision/main"
    web.paths[address].statuses = [503, 429]
    assert plan(web, tmp_path).listing.commit == COMMIT
    web.paths[address].statuses = [503] * 3
    with pytest.raises(DownloadError, match="does not answer: HTTP 503"):
        plan(web, tmp_path)


def test_a_repository_that_is_not_there_or_wants_a_login_is_said(web: Web, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no public repository nobody/nothing with a revision main"):
        plan(web, tmp_path, repository="nobody/nothing")
    with pytest.raises(UsageError, match="with a revision v9"):
        plan(web, tmp_path, revision="v9")
    web.paths[f"/api/models/{REPO}/revision/main"].statuses = [401]
    with pytest.raises(UsageError, match="wants a login"):
        plan(web, tmp_path)


@pytest.mark.parametrize("variable", ["RVEBENCH_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_asks_nobody(web: Web, tmp_path: Path, variable: str) -> None:
    with pytest.raises(OfflineError, match=variable):
        plan(web, tmp_path, environ={variable: "1"})
    assert web.seen == []


@pytest.mark.parametrize("name", ["revise", "a/b/c", "../x", "a/..", "a b/c", "/x", "a/", ""])
def test_names_of_another_form_are_refused_before_anybody_is_asked(web: Web, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"not of the form OWNER/NAME; known: sophiaa/revise"):
        plan(web, tmp_path, repository=name)
    assert web.seen == []


def test_every_known_repository_comes_with_its_terms() -> None:
    assert set(REPOSITORIES) >= {"sophiaa/revise", "howellyoung1/OmniVideo11B", "Wan-AI/Wan2.1-T2V-1.3B"}
    assert all(known.terms and known.what for known in REPOSITORIES.values())
    assert "no licence" in known_repository(REPO).terms
    assert known_repository("some/body").terms == "read its terms before use"


def test_the_licence_on_the_card_is_read(web: Web, tmp_path: Path) -> None:
    assert plan(web, tmp_path).listing.licence is None
    host(web, "Wan-AI/Wan2.1-T2V-1.3B", {"a.bin": b"x"}, licence="apache-2.0")
    assert plan(web, tmp_path, repository="Wan-AI/Wan2.1-T2V-1.3B").listing.licence == "apache-2.0"


def test_too_little_disk_is_said_before_anything_comes(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(web, tmp_path)
    monkeypatch.setattr(pulling, "_SPARE_BYTES", 10**18)
    with pytest.raises(StorageError, match=r"too full: 0\.0 GB are to come"):
        pull(made, patience=QUICK)
    assert contents(tmp_path) == {}


def test_two_pulls_into_one_folder_do_not_mix(web: Web, tmp_path: Path) -> None:
    made = plan(web, tmp_path)
    with exclusive_lock(tmp_path / ".rvebench.lock"), pytest.raises(LockedError):
        pull(made, patience=QUICK)


def test_a_folder_that_cannot_be_made_is_an_error(web: Web, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write"):
        fetch(web, tmp_path / "file" / "in")
