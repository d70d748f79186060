"""Published checkpoints are converted once; the tensors are the published ones, whoever converts and whatever fails."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rvebench.errors import DataError, StorageError
from rvebench.weights import WeightFile, WeightStore, convert, load_weights
from rvebench.weights.convert import converted_path, verify_converted
from tests.weights.conftest import record
from tests.weights.test_checkpoint import Config, equal, state

torch = pytest.importorskip("torch")
Make = Callable[..., WeightStore]


def published(folder: Path, value: object, **more: object) -> WeightFile:
    """Writes a checkpoint and returns its record."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(value, folder / "a.bin")
    body = (folder / "a.bin").read_bytes()
    return record("a", body=body, **more)


@pytest.fixture
def store(tmp_path: Path, make_store: Make) -> WeightStore:
    kept = {"model": state(), "config": Config()}
    return make_store(published(tmp_path / "weights", kept, unwrap=("model",), only_tensors=True))


def never(*_: object, **__: object) -> Any:
    raise AssertionError("the published file was read again")


def test_the_second_load_maps_the_converted_copy(store: WeightStore, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_weights("a", store)
    assert equal(dict(sorted(first.items())), dict(sorted(state().items())))
    monkeypatch.setattr(convert, "_write", never)
    second = load_weights("a", store)
    assert equal(dict(sorted(second.items())), dict(sorted(state().items())))
    sha256 = store.find("a").sha256
    kept = json.loads(converted_path(store, sha256).with_suffix(".json").read_text())
    assert (kept["source_sha256"], kept["name"], kept["unwrap"]) == (sha256, "a", ["model"])
    assert verify_converted(store, sha256) is True


def test_the_copy_names_its_source(store: WeightStore) -> None:
    from safetensors import safe_open

    load_weights("a", store)
    sha256 = store.find("a").sha256
    with safe_open(converted_path(store, sha256), framework="pt") as opened:
        metadata = opened.metadata()
    assert metadata["source_sha256"] == sha256 and metadata["name"] == "a"


@pytest.mark.parametrize("damage", ["cut", "touched", "record gone", "record garbage", "copy gone", "other keys"])
def test_a_copy_that_is_not_as_it_was_written_is_made_anew(store: WeightStore, damage: str) -> None:
    load_weights("a", store)
    path = converted_path(store, store.find("a").sha256)
    note = path.with_suffix(".json")
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-8])
    elif damage == "touched":
        path.write_bytes(path.read_bytes()[:-8] + b"damaged!")
    elif damage == "record gone":
        note.unlink()
    elif damage == "record garbage":
        note.write_text("[")
    elif damage == "copy gone":
        path.unlink()
    else:
        note.write_text(json.dumps(json.loads(note.read_text()) | {"unwrap": ["state_dict"]}))
    found = load_weights("a", store)
    assert json.loads(note.read_text())["unwrap"] == ["model"]
    assert equal(dict(sorted(found.items())), dict(sorted(state().items())))
    assert verify_converted(store, store.find("a").sha256) is True


def test_verify_finds_a_damaged_copy_and_removes_it(store: WeightStore) -> None:
    assert verify_converted(store, store.find("a").sha256) is None
    load_weights("a", store)
    path = converted_path(store, store.find("a").sha256)
    path.write_bytes(path.read_bytes()[:-8] + b"damaged!")
    assert verify_converted(store, store.find("a").sha256) is False
    assert not path.exists()


def test_a_full_disk_costs_the_copy_not_the_tensors(store: WeightStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(convert, "promote", full)
    found = load_weights("a", store)
    assert equal(dict(sorted(found.items())), dict(sorted(state().items())))
    assert list((store.root / "converted").iterdir()) == []


def test_a_folder_that_cannot_be_written_costs_the_copy_not_the_tensors(tmp_path: Path, make_store: Make) -> None:
    file = published(tmp_path / "home/.cache/clip", state(), known_places=("{clip}/a.bin",))
    (tmp_path / "taken").write_text("a file")
    found = load_weights("a", make_store(file, root=tmp_path / "taken" / "weights"))
    assert equal(found, state())


def test_what_a_killed_process_left_is_swept_away(store: WeightStore) -> None:
    sha256 = store.find("a").sha256
    folder = store.root / "converted"
    folder.mkdir()
    left = folder / f".{sha256}.safetensors.12345.tmp"
    left.write_bytes(b"half")
    load_weights("a", store)
    assert sorted(path.name for path in folder.iterdir()) == [f"{sha256}.json", f"{sha256}.safetensors"]


def test_a_changed_source_is_refused_although_its_copy_is_there(store: WeightStore) -> None:
    load_weights("a", store)
    path = store.path_of(store.files["a"])
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(DataError, match=r"SHA-256"):
        load_weights("a", store)


def test_a_file_with_code_is_refused_unless_only_its_tensors_are_wanted(tmp_path: Path, make_store: Make) -> None:
    strict = make_store(published(tmp_path / "weights", {"w": torch.ones(1), "config": Config()}))
    with pytest.raises(DataError, match="holds code"):
        load_weights("a", strict)


def test_a_published_safetensors_file_is_mapped_where_it_lies(tmp_path: Path, make_store: Make) -> None:
    from safetensors.torch import save_file

    folder = tmp_path / "weights"
    folder.mkdir()
    save_file({"w": torch.ones(2)}, folder / "a.safetensors")
    store = make_store(record("a", body=(folder / "a.safetensors").read_bytes(), filename="a.safetensors"))
    assert equal(load_weights("a", store), {"w": torch.ones(2)})
    assert not (folder / "converted").exists()


def test_processes_that_convert_at_once_agree(store: WeightStore, tmp_path: Path) -> None:
    sha256 = store.find("a").sha256
    program = (
        "import sys, hashlib\n"
        "from pathlib import Path\n"
        "from rvebench.weights import WeightFile, WeightStore, load_weights\n"
        f"file = WeightFile(name='a', filename='a.bin', urls=(), sha256={sha256!r}, size_bytes=None, licence='MIT',"
        " source='t', unwrap=('model',), only_tensors=True)\n"
        "found = load_weights('a', WeightStore(Path(sys.argv[1]), files={'a': file}, environ={}))\n"
        "print(sorted(found), {name: str(value.sum()) for name, value in found.items()})\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(store.root)], stdout=subprocess.PIPE) for _ in range(2)
    ]
    outputs = {process.communicate(timeout=120)[0] for process in running}
    assert len(outputs) == 1 and b"fp32" in outputs.pop()
    assert [process.returncode for process in running] == [0, 0]


def test_without_torch_one_sentence_says_what_to_install(store: WeightStore, tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "from pathlib import Path\n"
        "from rvebench.errors import UsageError\n"
        "from rvebench.weights import WeightStore, load_tensors, load_weights\n"
        "store = WeightStore(Path(sys.argv[1]))\n"
        "for load in (lambda: load_weights('amt-s', store), lambda: load_tensors(Path('x'))):\n"
        "    try:\n"
        "        load()\n"
        "    except UsageError as error:\n"
        "        print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    lines = ran.stdout.splitlines()
    assert len(lines) == 2 and all('pip install "rvebench[metrics]"' in line for line in lines)
