"""Where files are looked for, and how their content is known to be right."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rvebench.errors import EXIT_USAGE, DataError, UnknownNameError
from rvebench.weights import CATALOGUE, MissingWeightsError, WeightStore
from rvebench.weights import store as store_module
from tests.weights.conftest import record

Make = Callable[..., WeightStore]
BODY = b"weights" * 1000
SHA = hashlib.sha256(BODY).hexdigest()


def put(path: Path, body: bytes = BODY) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def test_the_folder_is_the_variable_else_in_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RVEBENCH_CACHE_DIR", str(tmp_path))
    assert WeightStore(environ={}).root == tmp_path / "weights"
    assert WeightStore(environ={"RVEBENCH_WEIGHTS_DIR": str(tmp_path / "mine")}).root == tmp_path / "mine"
    assert WeightStore(tmp_path / "given", environ={"RVEBENCH_WEIGHTS_DIR": "/elsewhere"}).root == tmp_path / "given"


def test_missing_weights_say_which_file_from_where_and_what_to_run(make_store: Make) -> None:
    file = record("a", "https://host.local/a.bin", body=BODY)
    store = make_store(file)
    with pytest.raises(MissingWeightsError) as caught:
        store.find("a")
    text = str(caught.value)
    assert "a.bin" in text and "rvebench weights fetch a" in text and "\n" not in text
    assert "https://host.local/a.bin" in text and str(store.root / "a.bin") in text
    assert caught.value.exit_code == EXIT_USAGE
    assert not store.root.exists(), "looking makes no folder"


def test_an_unknown_name_is_an_error_everywhere(make_store: Make) -> None:
    for look in (make_store().find, make_store().verify, make_store().look):
        with pytest.raises(UnknownNameError):
            look("nothing")


PLACES = {
    "{vbench}/ViCLIP/a.bin": (".cache/vbench/ViCLIP/a.bin", {}, "vbench"),
    "{vbench}/x/a.bin": ("vb/x/a.bin", {"VBENCH_CACHE_DIR": "vb"}, "vbench"),
    "{torch_hub}/checkpoints/a.bin": (".cache/torch/hub/checkpoints/a.bin", {}, "torch_hub"),
    "{torch_hub}/checkpoints/b.bin": ("th/hub/checkpoints/b.bin", {"TORCH_HOME": "th"}, "torch_hub"),
    "{torch_hub}/checkpoints/c.bin": ("xdg/torch/hub/checkpoints/c.bin", {"XDG_CACHE_HOME": "xdg"}, "torch_hub"),
    "{clip}/a.bin": (".cache/clip/a.bin", {}, "clip"),
    "{hf:o/n}/a.bin": (".cache/huggingface/hub/models--o--n/snapshots/" + "a" * 40 + "/a.bin", {}, "hf:o/n"),
    "{hf:o/n}/b.bin": ("hh/hub/models--o--n/snapshots/" + "a" * 40 + "/b.bin", {"HF_HOME": "hh"}, "hf:o/n"),
    "{hf:o/n}/c.bin": ("hub/models--o--n/snapshots/" + "a" * 40 + "/c.bin", {"HF_HUB_CACHE": "hub"}, "hf:o/n"),
}


@pytest.mark.parametrize("template", sorted(PLACES))
def test_the_files_of_other_tools_are_found_where_they_keep_them(
    make_store: Make, tmp_path: Path, template: str
) -> None:
    where, variables, origin = PLACES[template]
    home = tmp_path / "home"
    path = put(home / where)
    if "models--" in where:
        put(path.parent.parent.parent / "refs" / "main", b"a" * 40)
    environ = {name: str(home / value) for name, value in variables.items()}
    file = record("a", body=BODY, known_places=(template,))
    found = make_store(file, environ=environ).find("a")
    assert (found.path, found.origin, found.sha256) == (path, origin, SHA)
    assert [item.name for item in path.parent.iterdir()] == [path.name], "nothing is written beside it"


def test_a_reference_that_is_no_commit_leads_nowhere(make_store: Make, tmp_path: Path) -> None:
    hub = tmp_path / "home" / ".cache" / "huggingface" / "hub" / "models--o--n"
    put(hub / "refs" / "main", b"../../../../secret")
    put(tmp_path / "home" / "secret" / "a.bin")
    with pytest.raises(MissingWeightsError):
        make_store(record("a", body=BODY, known_places=("{hf:o/n}/a.bin",))).find("a")


def test_a_packages_file_is_found_without_importing_it(tmp_path: Path) -> None:
    put(tmp_path / "some_clip" / "__init__.py", b"raise SystemExit('imported')")
    put(tmp_path / "some_clip" / "a.bin")
    top = Path(__file__).resolve().parent.parent.parent
    program = (
        "from pathlib import Path\n"
        "from rvebench.weights import WeightFile, WeightStore\n"
        f"file = WeightFile(name='a', filename='a.bin', urls=(), sha256={SHA!r}, size_bytes=None, licence='MIT',"
        " source='t', known_places=('{package:some_clip}/a.bin', '{package:none}/a.bin'))\n"
        "print(WeightStore(Path('w'), files={'a': file}, environ={}).find('a').origin)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{top}{os.pathsep}{tmp_path}"},
    )
    assert ran.stdout.strip() == "package:some_clip", ran.stderr


def test_ones_own_folder_comes_first(make_store: Make, tmp_path: Path) -> None:
    file = record("a", body=BODY, known_places=("{clip}/a.bin",))
    store = make_store(file)
    put(tmp_path / "home/.cache/clip/a.bin")
    assert store.find("a").origin == "clip"
    put(store.path_of(file))
    assert store.find("a").origin == "store"


def test_an_interrupted_download_of_another_tool_is_passed_over_for_a_sound_copy(
    make_store: Make, tmp_path: Path
) -> None:
    places = ("{vbench}/a.bin", "{clip}/a.bin")
    store = make_store(record("a", body=BODY, known_places=places))
    cut = put(tmp_path / "home/.cache/vbench/a.bin", BODY[:-1])
    with pytest.raises(DataError, match=r"6999 bytes there, not 7000: an interrupted download\?"):
        store.find("a")
    assert store.look("a").state == "damaged"
    put(tmp_path / "home/.cache/clip/a.bin")
    assert store.find("a").origin == "clip" and store.look("a").origin == "clip"
    assert cut.read_bytes() == BODY[:-1]


def test_a_pinned_sum_that_does_not_fit_is_an_error_with_both_sums(make_store: Make) -> None:
    file = record("a", body=BODY)
    store = make_store(file)
    wrong = put(store.path_of(file), BODY[:-1] + b"!")
    with pytest.raises(DataError, match=f"{hashlib.sha256(wrong.read_bytes()).hexdigest()}, not {SHA}, the pinned one"):
        store.find("a")


def test_a_large_file_is_read_for_its_sum_once(make_store: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    file = record("a", body=BODY)
    store = make_store(file)
    path = put(store.path_of(file))
    assert store.look("a").state == "unchecked"
    store.find("a")
    assert store.look("a").state == "here"

    def never(*_: object) -> str:
        raise AssertionError("the file was read again")

    with monkeypatch.context() as patch:
        patch.setattr(store_module, "sha256_of", never)
        assert make_store(file).find("a").sha256 == SHA
        with pytest.raises(AssertionError, match="read again"):
            store.verify("a")
    before = path.stat()
    path.write_bytes(BODY[:-1] + b"!")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(DataError):
        store.find("a")


def test_verify_does_not_believe_what_is_on_record(make_store: Make) -> None:
    file = record("a", body=BODY)
    store = make_store(file)
    path = put(store.path_of(file), BODY[:-1] + b"!")
    store.remember(path, SHA)
    assert store.find("a").sha256 == SHA, "the test's lie is believed by find"
    with pytest.raises(DataError):
        store.verify("a")
    path.write_bytes(BODY)
    read: list[int] = []
    assert store.verify("a", read.append).sha256 == SHA and read[-1] == len(BODY)


def test_a_damaged_record_of_a_sum_only_costs_a_read(make_store: Make) -> None:
    file = record("a", body=BODY)
    store = make_store(file)
    put(store.path_of(file))
    store.find("a")
    for sidecar in (store.root / "checked").iterdir():
        sidecar.write_text('{"sha256": 5}')
    assert store.find("a").sha256 == SHA


def test_without_a_pin_the_first_content_is_trusted_and_another_refused(make_store: Make, tmp_path: Path) -> None:
    file = record("a", known_places=("{clip}/a.bin",))
    store = make_store(file)
    foreign = put(tmp_path / "home/.cache/clip/a.bin")
    assert store.look("a").trust == "none yet"
    assert store.find("a").sha256 == SHA
    assert store.look("a").trust == "first use"
    kept = store.root / "trusted" / "a.json"
    assert json.loads(kept.read_text()) == {"sha256": SHA, "origin": "clip"}
    foreign.write_bytes(b"other weights")
    with pytest.raises(DataError, match="first seen here") as caught:
        store.find("a")
    assert str(kept) in str(caught.value)
    kept.unlink()
    assert store.find("a").sha256 == hashlib.sha256(b"other weights").hexdigest()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sha256": 3}', '{"sha256": "x"}'])
def test_a_damaged_trust_record_is_an_error_and_not_a_new_trust(make_store: Make, text: str) -> None:
    file = record("a")
    store = make_store(file)
    put(store.path_of(file))
    put(store.root / "trusted" / "a.json", text.encode())
    with pytest.raises(DataError, match="first seen of a"):
        store.find("a")


def test_a_folder_that_may_not_be_entered_is_passed_over(
    make_store: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.is_file

    def is_file(self: Path) -> bool:
        if "clip" in self.parts:
            raise PermissionError(13, "Permission denied", str(self))
        return real(self)

    monkeypatch.setattr(Path, "is_file", is_file)
    file = record("a", body=BODY, known_places=("{clip}/a.bin", "{vbench}/a.bin"))
    put(tmp_path / "home/.cache/vbench/a.bin")
    assert make_store(file).find("a").origin == "vbench"


def test_a_store_that_cannot_be_written_still_finds(make_store: Make, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    put(tmp_path / "home/.cache/clip/a.bin")
    file = record("a", body=BODY, known_places=("{clip}/a.bin",))
    assert make_store(file, root=tmp_path / "taken" / "weights").find("a").sha256 == SHA


def test_every_shipped_place_can_be_expanded(tmp_path: Path) -> None:
    store = WeightStore(tmp_path, files=CATALOGUE, environ={"HOME": str(tmp_path)})
    for name in CATALOGUE:
        assert store.look(name).state in {"absent", "unchecked"}


def test_nothing_heavy_is_imported_before_tensors_are_asked_for() -> None:
    program = (
        "import sys, rvebench.weights\n"
        "from rvebench.weights import WeightStore\n"
        "store = WeightStore(); [store.look(name) for name in store.files]\n"
        "heavy = {'torch', 'safetensors', 'numpy', 'httpx2', 'open_clip', 'huggingface_hub'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
