"""Models on disk: what is written is read back bit for bit, and what is not whole is said before it is loaded."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from safetensors.torch import load_file, save_file  # noqa: E402

from rvebench.errors import DataError, RveError, UsageError  # noqa: E402
from rvebench.revise.checkpoints.convert import convert_checkpoint  # noqa: E402
from rvebench.revise.checkpoints.manifest import MANIFEST_NAME  # noqa: E402
from rvebench.revise.config import preset  # noqa: E402
from rvebench.revise.folder import ModelFolder, needed_files, read_folder, seal_folder  # noqa: E402
from rvebench.revise.pipeline import ReviseEditPipeline  # noqa: E402
from tests.revise.small import quick, request_of  # noqa: E402
from tests.revise.test_pipeline import _viva  # noqa: E402


@pytest.fixture(scope="module")
def made() -> ReviseEditPipeline:
    return ReviseEditPipeline.from_config("tiny-random", seed=11)


@pytest.fixture(scope="module")
def saved(made: ReviseEditPipeline, tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return made.save_pretrained(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def copy(saved: ModelFolder, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved.path, tmp_path / "copy"))


def test_a_model_read_back_edits_bit_for_bit_the_same(made: ReviseEditPipeline, saved: ModelFolder) -> None:
    loaded = ReviseEditPipeline.from_pretrained(saved.path, verify=True)
    assert loaded.config == made.config and loaded.digest == saved.digest
    (before,) = made.edit([request_of()], settings=quick(made))
    (after,) = loaded.edit([request_of()], settings=quick(loaded))
    assert (before.frames_THWC == after.frames_THWC).all()
    for name, module in made.parts.modules.items():
        other = loaded.parts.modules[name].state_dict()
        assert all(torch.equal(tensor, other[key]) for key, tensor in module.state_dict().items()), name


@pytest.mark.parametrize("config", [preset("nano"), _viva()], ids=lambda config: config.conditioning.strategy)
def test_models_of_the_other_strategies_are_kept_too(config: Any, tmp_path: Path) -> None:
    model = ReviseEditPipeline.from_config(config, seed=2)
    folder = model.save_pretrained(tmp_path / "model")
    assert set(needed_files(config)) <= set(folder.files)
    loaded = ReviseEditPipeline.from_pretrained(tmp_path / "model")
    settings = quick(model, steps=1)
    (before,), (after,) = (one.edit([request_of()], settings=settings) for one in (model, loaded))
    assert (before.frames_THWC == after.frames_THWC).all()


def test_no_file_is_a_pickle(saved: ModelFolder) -> None:
    for path in saved.path.rglob("*"):
        if path.suffix == ".json":
            json.loads(path.read_text())
        elif path.is_file():
            assert path.suffix == ".safetensors", path
            size = int.from_bytes(path.read_bytes()[:8], "little")
            assert "__metadata__" in json.loads(path.read_bytes()[8 : 8 + size]), path


def test_the_digest_tells_weights_apart_and_not_folders(saved: ModelFolder, tmp_path: Path) -> None:
    moved = read_folder(Path(shutil.copytree(saved.path, tmp_path / "moved")))
    assert moved.digest == saved.digest and moved.size_bytes == saved.size_bytes
    again = ReviseEditPipeline.from_pretrained(saved.path).save_pretrained(tmp_path / "again")
    weights = {name: entry for name, entry in saved.files.items() if name.endswith(".safetensors")}
    assert len(weights) > 8 and weights.items() <= again.files.items()
    other = ReviseEditPipeline.from_config("tiny-random", seed=12).save_pretrained(tmp_path / "other")
    assert other.digest != saved.digest


def test_a_folder_is_read_with_other_switches(saved: ModelFolder) -> None:
    loaded = ReviseEditPipeline.from_pretrained(saved.path, compat="fixed")
    assert loaded.config.compat.name == "fixed"
    assert loaded.config.sampling.guidance_scale == saved.config.sampling.guidance_scale + 1
    assert loaded.parts.vlm.settings.frames == "all"  # type: ignore[attr-defined]


def _lose_manifest(folder: Path) -> None:
    (folder / MANIFEST_NAME).unlink()


def _lose_file(folder: Path) -> None:
    (folder / "connector" / "adapter.safetensors").unlink()


def _cut(folder: Path) -> None:
    path = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


def _cut_unnoticed(folder: Path) -> None:
    _cut(folder)
    _reseal(folder)


def _misspell(folder: Path) -> None:
    path = folder / "revise.json"
    plain = json.loads(path.read_text())
    plain["sampling"]["stepz"] = 3
    path.write_text(json.dumps(plain))


def _garble(folder: Path) -> None:
    (folder / "revise.json").write_text("{")


def _reseal(folder: Path) -> None:
    (folder / MANIFEST_NAME).unlink(missing_ok=True)
    seal_folder(folder, {})


def _edit_tensors(file: str, change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        tensors = load_file(folder / file)
        change(tensors)
        save_file(tensors, folder / file, metadata={"format": "pt"})
        _reseal(folder)

    return apply


def _wider(tensors: dict[str, Any]) -> None:
    tensors["decoder_query"] = torch.zeros(1, 9, 32)


def _fewer(tensors: dict[str, Any]) -> None:
    del tensors["patch_embedding.bias"]


def _more(tensors: dict[str, Any]) -> None:
    tensors["lora.weight"] = torch.zeros(1)


def _untagged(tensors: dict[str, Any]) -> None:
    del tensors["<ipl_ed>"]


def _short_null(tensors: dict[str, Any]) -> None:
    tensors["text_emb"] = torch.zeros(3, 7)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (_lose_manifest, r"there is no rvebench.manifest.json: the folder is not complete"),
        (_lose_file, r"adapter.safetensors: the manifest lists this file and it is not there"),
        (_cut, r"diffusion_pytorch_model.safetensors: the file has \d+ bytes and should have \d+"),
        (_cut_unnoticed, r"diffusion_pytorch_model.safetensors"),
        (_misspell, r"revise.json: .*stepz"),
        (_garble, r"revise.json"),
        (
            _edit_tensors("connector/adapter.safetensors", _wider),
            r"1 misshapen \(decoder_query \[1, 9, 32\] for \[1, 8, 32\]\)",
        ),
        (
            _edit_tensors("transformer/diffusion_pytorch_model.safetensors", _fewer),
            r"transformer: .*1 missing \(patch_embedding.bias\)",
        ),
        (_edit_tensors("vae/diffusion_pytorch_model.safetensors", _more), r"vae: .*1 unexpected \(lora.weight\)"),
        (_edit_tensors("context/special_tokens.safetensors", _untagged), r"the special tokens lack <ipl_ed>"),
        (_edit_tensors("context/null_context.safetensors", _short_null), r"text_emb has the shape \(3, 7\)"),
    ],
)
def test_a_folder_that_is_not_whole_is_said_in_a_sentence(harm: Callable[[Path], None], told: str, copy: Path) -> None:
    harm(copy)
    with pytest.raises(DataError, match=told) as caught:
        ReviseEditPipeline.from_pretrained(copy)
    assert "\n" not in str(caught.value)


def test_a_flipped_byte_is_found_when_files_are_verified(copy: Path) -> None:
    path = copy / "vae" / "diffusion_pytorch_model.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(bytes(content))
    ReviseEditPipeline.from_pretrained(copy)
    with pytest.raises(DataError, match="the file is damaged: its sha256 is not that of the manifest"):
        ReviseEditPipeline.from_pretrained(copy, verify=True)


def test_a_folder_of_another_kind_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such folder"):
        read_folder(tmp_path / "nothing")
    with pytest.raises(RveError, match="this is no checkpoint in a layout that is known"):
        read_folder(tmp_path)
    official = tmp_path / "revise_ckpt"
    (official / "transformer").mkdir(parents=True)
    (official / "adapter").mkdir()
    for part in ("transformer", "adapter"):
        (official / part / "model.pt").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"official layout.*rvebench revise checkpoint convert"):
        read_folder(official)


def test_a_folder_in_use_is_not_written_over(made: ReviseEditPipeline, copy: Path) -> None:
    with pytest.raises(UsageError, match="the folder is not empty"):
        made.save_pretrained(copy)


def test_bfloat16_weights_come_back_as_they_were(tmp_path: Path) -> None:
    half = ReviseEditPipeline.from_config("tiny-random", dtype=torch.bfloat16)
    half.save_pretrained(tmp_path / "half")
    loaded = ReviseEditPipeline.from_pretrained(tmp_path / "half", dtype=torch.bfloat16)
    for name, module in half.parts.modules.items():
        other = loaded.parts.modules[name].state_dict()
        for key, tensor in module.state_dict().items():
            assert other[key].dtype == tensor.dtype and torch.equal(other[key], tensor), (name, key)


def test_a_model_says_what_it_needs_of_a_folder() -> None:
    tiny = preset("tiny-random")
    assert "context/special_tokens.safetensors" in needed_files(tiny)
    bare = replace(tiny.conditioning.tags, visual=0, interpreted=0, prompt=0)
    without = replace(tiny, conditioning=replace(tiny.conditioning, tags=bare))
    assert "context/special_tokens.safetensors" not in needed_files(without)


def test_a_model_in_the_released_layout_edits_the_same_once_converted(
    made: ReviseEditPipeline, saved: ModelFolder, tmp_path: Path
) -> None:
    official, back = tmp_path / "revise_ckpt", tmp_path / "back"
    convert_checkpoint(saved.path, official, to="official")
    assert (official / "transformer" / "model.pt").is_file()
    with pytest.raises(UsageError, match=r"official layout.*rvebench revise checkpoint convert"):
        ReviseEditPipeline.from_pretrained(official)
    convert_checkpoint(official, back, to="ours", sizes=made.config)
    loaded = ReviseEditPipeline.from_pretrained(back)
    (before,) = made.edit([request_of()], settings=quick(made))
    (after,) = loaded.edit([request_of()], settings=quick(loaded))
    assert (before.frames_THWC == after.frames_THWC).all()
