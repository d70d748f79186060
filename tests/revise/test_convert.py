"""Conversion keeps every number, in any direction, with bounded memory, whole or not at all."""

from __future__ import annotations

import json
import pickle
import resource
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from rvebench.errors import DataError, LockedError, StorageError, UsageError  # noqa: E402
from rvebench.revise.checkpoints.convert import convert_checkpoint  # noqa: E402
from rvebench.revise.checkpoints.folder import CheckpointFolder  # noqa: E402
from rvebench.revise.checkpoints.keys import part_keys  # noqa: E402
from rvebench.revise.checkpoints.manifest import MANIFEST_NAME, Manifest  # noqa: E402
from rvebench.revise.checkpoints.tensors import Written, open_tensors, write_safetensors  # noqa: E402
from rvebench.revise.checkpoints.verify import verify_checkpoint  # noqa: E402
from rvebench.storage import exclusive_lock  # noqa: E402
from rvebench.weights import TensorInfo, load_tensors, sha256_of  # noqa: E402
from tests.revise.official import TINY, write_official, write_wan  # noqa: E402

States = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, States]:
    root = tmp_path_factory.mktemp("official") / "revise_ckpt"
    return root, write_official(root)


def all_tensors(path: Path) -> dict[str, dict[str, Any]]:
    """Every part's tensors under the names of ours, and the context's."""
    folder = CheckpointFolder(path)
    found = {part: {name: t.clone() for name, t in folder.tensors(part).items()} for part in folder.wanted_parts}
    for name in () if folder.layout.is_base else folder.context_names():
        found[name] = {key: load().clone() for key, (_, load) in folder.context_sources(name).items()}
    folder.close()
    return found


def assert_equal(found: Mapping[str, Mapping[str, Any]], wanted: Mapping[str, Mapping[str, Any]]) -> None:
    assert {part: set(rows) for part, rows in found.items()} == {part: set(rows) for part, rows in wanted.items()}
    for part, rows in wanted.items():
        for name, tensor in rows.items():
            other = found[part][name]
            assert other.dtype == tensor.dtype and torch.equal(other, tensor), f"{part} {name}"


def wanted_of(states: States) -> States:
    """What the official states are under the names of ours; Wan stores the text encoder in bf16."""
    names = {part: {key.official: key.ours for key in keys} for part, keys in part_keys(TINY).items()}
    found = {
        part: {names[part][name]: tensor for name, tensor in rows.items()}
        for part, rows in states.items()
        if part in names
    }
    found["text_encoder"] = {name: tensor.bfloat16() for name, tensor in found["text_encoder"].items()}
    return {**found, "special_tokens": states["special_tokens"], "null_context": states["null_context"]}


def test_every_number_survives_the_way_through_all_layouts_and_back(
    official: tuple[Path, States], tmp_path: Path
) -> None:
    root, states = official
    wanted = wanted_of(states)
    assert_equal(all_tensors(root), wanted)
    before = root
    for number, to in enumerate(("ours", "diffusers", "official", "diffusers", "official")):
        target = tmp_path / f"{number}-{to}"
        convert_checkpoint(before, target, to=to)  # type: ignore[arg-type]
        report = verify_checkpoint(target)
        assert report.sound, report
        assert (report.kind, report.config) == (to, TINY)
        assert report.sums is not None and report.sums.unlisted == ()
        assert_equal(all_tensors(target), wanted)
        before = target


def test_the_transformer_that_counts_is_the_one_in_the_mixed_file(official: tuple[Path, States]) -> None:
    root, states = official
    found = CheckpointFolder(root).tensors("transformer")["blocks.0.attn1.to_q.weight"]
    base = load_tensors(root / "wan/wanxiang1_3b/diffusion_pytorch_model.safetensors")
    assert torch.equal(found, states["transformer"]["blocks.0.self_attn.q.weight"])
    assert not torch.equal(found, base["blocks.0.self_attn.q.weight"])


def test_ours_holds_no_pickle_and_loads_strictly_into_the_classes_that_are_built(
    official: tuple[Path, States], tmp_path: Path
) -> None:
    pytest.importorskip("diffusers")
    pytest.importorskip("transformers")
    from diffusers import AutoencoderKLWan, WanTransformer3DModel
    from transformers import UMT5EncoderModel

    from rvebench.revise.config import ReviseConfig
    from rvebench.revise.model.connector import build_connector
    from rvebench.revise.model.dit import build_dit

    root, states = official
    made = convert_checkpoint(root, tmp_path / "ours", to="ours")
    suffixes = {path.suffix for path in made.path.rglob("*") if path.is_file()}
    assert suffixes == {".json", ".safetensors", ".model"}
    config = ReviseConfig.load(made.path / "revise.json")
    folder = CheckpointFolder(made.path)
    build_dit(config).load_state_dict(folder.tensors("transformer"))
    state = {
        f"{prefix}.{name}": tensor
        for part, prefix in (
            ("visual_context_adapter", "visual_context_adapter"),
            ("vision_head", "ar_vision_head"),
            ("adapter", "adapter"),
        )
        for name, tensor in folder.tensors(part).items()
    }
    build_connector(config).load_state_dict(state)
    for kind, part in ((WanTransformer3DModel, "transformer"), (AutoencoderKLWan, "vae")):
        model, told = kind.from_pretrained(made.path / part, output_loading_info=True)
        assert not any(told[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
        wanted = folder.tensors(part)
        assert all(torch.equal(tensor, wanted[name]) for name, tensor in model.state_dict().items())
    encoder, told = UMT5EncoderModel.from_pretrained(made.path / "text_encoder", output_loading_info=True)
    assert not told["missing_keys"] and not told["unexpected_keys"]
    first = encoder.state_dict()["encoder.block.1.layer.1.DenseReluDense.wi_0.weight"]
    assert torch.equal(first.bfloat16(), states["text_encoder"]["blocks.1.ffn.gate.0.weight"].bfloat16())


def test_what_is_written_in_the_official_layout_is_nested_and_pickled_as_the_released_files_are(
    official: tuple[Path, States], tmp_path: Path
) -> None:
    root, states = official
    convert_checkpoint(root, tmp_path / "ours", to="ours")
    back = convert_checkpoint(tmp_path / "ours", tmp_path / "official", to="official").path
    mixed = torch.load(back / "transformer/model.pt", weights_only=True)
    assert list(mixed) == ["module"]
    prefixes = {name.split(".")[0] for name in mixed["module"]}
    assert prefixes == {"wan_model", "visual_context_adapter", "adapter", "ar_vision_head"}
    adapter = torch.load(back / "adapter/model.pt", weights_only=True)
    assert set(adapter) == {"model_state_dict", "epoch", "step"}
    assert set(adapter["model_state_dict"]) == set(states["adapter"])
    assert set(torch.load(back / "vision_head/vision_head/pytorch_model.bin")) == set(states["vision_head"])
    null = pickle.loads((back / "unconditioned_context/context.pkl").read_bytes())  # ours, written just now
    assert torch.equal(null["text_emb"][0], states["null_context"]["text_emb"])
    size = (back / "transformer/model.pt").stat().st_size
    numbers = sum(tensor.numel() for tensor in mixed["module"].values())
    assert size < 4 * numbers * 1.5 + 200_000, "each tensor is saved with its own numbers alone"


def test_the_base_model_goes_to_and_fro_too_and_cannot_become_ours(tmp_path: Path) -> None:
    from tests.revise.official import make_states

    write_wan(tmp_path / "wan", TINY, make_states())
    wanted = all_tensors(tmp_path / "wan")
    convert_checkpoint(tmp_path / "wan", tmp_path / "diffusers", to="diffusers")
    convert_checkpoint(tmp_path / "diffusers", tmp_path / "again", to="official")
    for name, kind in (("diffusers", "diffusers"), ("again", "wan")):
        report = verify_checkpoint(tmp_path / name)
        assert report.sound and report.kind == kind
        assert_equal(all_tensors(tmp_path / name), wanted)
    with pytest.raises(UsageError, match="the base model alone"):
        convert_checkpoint(tmp_path / "wan", tmp_path / "ours", to="ours")
    assert not list(tmp_path.glob(".ours*"))


@pytest.mark.parametrize("nesting", ["", "module", "model_state_dict", "state_dict"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_every_nesting_and_prefix_of_training_loops_is_seen_through(tmp_path: Path, nesting: str, prefix: str) -> None:
    states = write_official(tmp_path / "revise_ckpt", nesting=nesting, prefix=prefix)
    assert_equal(all_tensors(tmp_path), wanted_of(states))


def test_a_dtype_casts_all_but_vae_and_context(official: tuple[Path, States], tmp_path: Path) -> None:
    root, states = official
    convert_checkpoint(root, tmp_path / "half", to="ours", dtype="bf16")
    found, wanted = all_tensors(tmp_path / "half"), wanted_of(states)
    for part in ("transformer", "adapter", "vision_head", "visual_context_adapter", "text_encoder"):
        assert all(torch.equal(found[part][name], tensor.bfloat16()) for name, tensor in wanted[part].items())
    for part in ("vae", "special_tokens", "null_context"):
        assert_equal({part: found[part]}, {part: wanted[part]})


def test_sums_in_the_manifest_are_those_of_the_files(official: tuple[Path, States], tmp_path: Path) -> None:
    made = convert_checkpoint(official[0], tmp_path / "ours", to="ours")
    manifest = Manifest.read(made.path)
    here = {path.relative_to(made.path).as_posix() for path in made.path.rglob("*") if path.is_file()}
    assert set(manifest.files) == here - {MANIFEST_NAME}
    assert all(sha256_of(made.path / name) == entry.sha256 for name, entry in manifest.files.items())
    assert made.left_out == ("ar_model/checkpoint/training_args.bin",)


def test_pickled_shards_of_the_vlm_become_safetensors_with_their_index(
    official: tuple[Path, States], tmp_path: Path
) -> None:
    made = convert_checkpoint(official[0], tmp_path / "ours", to="ours")
    llm = made.path / "vlm/llm"
    assert sorted(path.name for path in llm.glob("model*")) == [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
    ]
    old = open_tensors(official[0] / "ar_model/checkpoint/llm/pytorch_model.bin.index.json")
    new = open_tensors(llm / "model.safetensors.index.json")
    assert new.infos == old.infos
    assert all(torch.equal(new.tensor(name), old.tensor(name)) for name in old.infos)


def test_nothing_is_written_over(official: tuple[Path, States], tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(UsageError, match="nothing is written over"):
        convert_checkpoint(official[0], tmp_path / "taken", to="ours")
    with pytest.raises(UsageError, match="inside the source"):
        convert_checkpoint(official[0], official[0] / "new", to="ours")
    with exclusive_lock(tmp_path / ".locked.lock"), pytest.raises(LockedError):
        convert_checkpoint(official[0], tmp_path / "locked", to="ours")


def test_a_stopped_conversion_goes_on_after_the_last_finished_file(
    official: tuple[Path, States], tmp_path: Path
) -> None:
    seen: list[str] = []

    def stop(name: str, _count: int) -> None:
        seen.append(name)
        if name.startswith("vae/"):
            raise KeyboardInterrupt

    target = tmp_path / "ours"
    with pytest.raises(KeyboardInterrupt):
        convert_checkpoint(official[0], target, to="ours", progress=stop)
    assert not target.exists() and (tmp_path / ".ours.partial").is_dir()
    (tmp_path / ".ours.partial/vae/.config.json.abc.tmp").write_text("half")
    again: list[str] = []
    made = convert_checkpoint(official[0], target, to="ours", progress=lambda name, _: again.append(name))
    assert made.resumed >= 3
    assert "transformer/diffusion_pytorch_model.safetensors" in seen
    assert "transformer/diffusion_pytorch_model.safetensors" not in again
    assert [path.name for path in tmp_path.iterdir()] == ["ours"]
    report = verify_checkpoint(target)
    assert report.sound and report.sums is not None and report.sums.unlisted == ()
    straight = convert_checkpoint(official[0], tmp_path / "straight", to="ours")
    assert straight.files == made.files


KILLED = """
import os, signal, sys
from pathlib import Path
from rvebench.revise.checkpoints.convert import convert_checkpoint

def kill(name, _count):
    if name.startswith("connector/adapter"):
        os.kill(os.getpid(), signal.SIGKILL)

convert_checkpoint(Path(sys.argv[1]), Path(sys.argv[2]), to="ours", progress=kill)
"""


def test_a_killed_conversion_leaves_no_folder_and_goes_on(official: tuple[Path, States], tmp_path: Path) -> None:
    target = tmp_path / "ours"
    ran = subprocess.run([sys.executable, "-c", KILLED, str(official[0]), str(target)], check=False)
    assert ran.returncode == -9 and not target.exists()
    made = convert_checkpoint(official[0], target, to="ours")
    assert made.resumed > 5 and verify_checkpoint(target).sound
    assert [path.name for path in tmp_path.iterdir()] == ["ours"]
    assert {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()} == {
        *made.files,
        MANIFEST_NAME,
    }


def test_a_stopped_conversion_of_other_options_starts_afresh(official: tuple[Path, States], tmp_path: Path) -> None:
    def stop(name: str, _count: int) -> None:
        if name.startswith("vae/"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert_checkpoint(official[0], tmp_path / "ours", to="ours", progress=stop)
    made = convert_checkpoint(official[0], tmp_path / "ours", to="ours", dtype="bf16")
    assert made.resumed == 0
    dtypes = {info.dtype for info in open_tensors(made.path / "connector/adapter.safetensors").infos.values()}
    assert dtypes == {"bfloat16"}


def test_a_folder_that_cannot_be_written_and_a_full_disk_are_errors_of_one_sentence(
    official: tuple[Path, States], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write"):
        convert_checkpoint(official[0], tmp_path / "file" / "ours", to="ours")

    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(StorageError, match="cannot write: File too large"):
            convert_checkpoint(official[0], tmp_path / "ours", to="ours")
        with pytest.raises(StorageError, match="cannot write"):
            convert_checkpoint(official[0], tmp_path / "back", to="official")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert not (tmp_path / "ours").exists()
    assert convert_checkpoint(official[0], tmp_path / "ours", to="ours").resumed > 0


def test_too_little_disk_is_said_before_anything_is_written(
    official: tuple[Path, States], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10**9, 10**9, 10**6))
    with pytest.raises(StorageError, match=r"too full: 0\.0 GB are needed, 0\.0 GB are free; .*narrower --dtype"):
        convert_checkpoint(official[0], tmp_path / "ours", to="ours")
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_is_missing_or_wrong_stops_before_anything_is_written(tmp_path: Path) -> None:
    root = tmp_path / "revise_ckpt"
    write_official(root)
    for name, words in (
        ("special_tokens", "the file of the special tokens is missing"),
        ("ar_model", "the VLM is missing"),
        ("wan", "the tokenizer of the text encoder is missing"),
    ):
        copy = tmp_path / name
        shutil.copytree(root, copy)
        shutil.rmtree(copy / name)
        with pytest.raises(DataError, match=words):
            convert_checkpoint(copy, tmp_path / "out", to="ours")
    state = load_tensors(root / "vision_head/vision_head/pytorch_model.bin")
    torch.save({"module": {f"wan_model.{name}": t for name, t in state.items()}}, root / "transformer/model.pt")
    with pytest.raises(DataError, match=r"transformer is not what it must be: \d+ missing \(wan_model"):
        convert_checkpoint(root, tmp_path / "out", to="ours")
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".out*"))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, bad: float) -> None:
    tensor = torch.ones(3)
    tensor[1] = bad
    row = Written("a", TensorInfo("float32", (3,)), lambda: tensor)
    with pytest.raises(DataError, match="a holds NaN or an infinity"):
        write_safetensors(tmp_path / "a.safetensors", [row])
    assert not list(tmp_path.iterdir())


def test_a_number_too_large_for_the_dtype_is_refused(tmp_path: Path) -> None:
    row = Written("a", TensorInfo("float16", (1,)), lambda: torch.tensor([1e5]))
    with pytest.raises(DataError, match="do not fit float16"):
        write_safetensors(tmp_path / "a.safetensors", [row])


def test_what_is_written_is_read_by_the_format_s_own_library(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    values = {
        "b": torch.arange(6, dtype=torch.int64).reshape(2, 3),
        "a": torch.randn(5, 4).t(),
        "c": torch.randn(3).bfloat16(),
        "d": torch.tensor([True, False]),
        "e": torch.empty(0, 4),
        "f": torch.tensor(2.5),
    }
    rows = [
        Written(name, TensorInfo(str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)), lambda t=tensor: t)  # type: ignore[misc]
        for name, tensor in values.items()
    ]
    entry = write_safetensors(tmp_path / "a.safetensors", rows)
    found = load_file(tmp_path / "a.safetensors")
    assert all(found[name].dtype == t.dtype and torch.equal(found[name], t) for name, t in values.items())
    assert entry == (sha256_of(tmp_path / "a.safetensors"), (tmp_path / "a.safetensors").stat().st_size)


MEASURE = """
import sys
from pathlib import Path
from rvebench.revise.checkpoints.tensors import Written, open_tensors, write_safetensors
from rvebench.weights import TensorInfo
import torch

def anonymous():
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))

torch.ones(4).to(torch.bfloat16).aminmax()
for name in sys.argv[1:]:
    file = open_tensors(Path(name))
    rows = [Written(n, TensorInfo("bfloat16", i.shape), lambda n=n: file.tensor(n)) for n, i in file.infos.items()]
    rows[0].load()
    before, most = anonymous(), 0
    def show(_):
        global most
        most = max(most, anonymous())
    write_safetensors(Path(name + ".out"), rows, progress=show)
    print((most - before) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the kernel's own account of memory")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    state = {f"t{index}": torch.zeros(16 * 2**20 // 4) for index in range(4)} | {"big": torch.ones(96 * 2**20 // 4)}
    save_file(state, tmp_path / "a.safetensors")
    torch.save(state, tmp_path / "a.pt")
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path / "a.safetensors"), str(tmp_path / "a.pt")],
        capture_output=True,
        text=True,
        check=True,
    )
    most = [int(line) for line in ran.stdout.split()]
    assert len(most) == 2 and max(most) < 40, f"{most} MB while 160 became 80"


def test_a_manifest_that_climbs_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    row = {"sha256": "0" * 64, "size_bytes": 1}
    for name in ("../a", "/etc/passwd", "a\\b", "a/../../b", "", "a//b", "./a", "a\n"):
        value = {"format": "rvebench-files", "version": 1, "source": {}, "files": {name: row}}
        (tmp_path / MANIFEST_NAME).write_text(json.dumps(value))
        with pytest.raises(DataError, match="no path inside the folder"):
            Manifest.read(tmp_path)
