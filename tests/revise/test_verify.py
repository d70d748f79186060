"""A checkpoint with anything wrong is not sound, and the report names it."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from rvebench.revise.checkpoints.convert import convert_checkpoint  # noqa: E402
from rvebench.revise.checkpoints.inspection import inspect_path  # noqa: E402
from rvebench.revise.checkpoints.keys import part_keys  # noqa: E402
from rvebench.revise.checkpoints.manifest import FileSum, Manifest  # noqa: E402
from rvebench.revise.checkpoints.report import Misshapen, compare  # noqa: E402
from rvebench.revise.checkpoints.verify import VerifyReport, verify_checkpoint  # noqa: E402
from rvebench.revise.config import ReviseConfig  # noqa: E402
from rvebench.weights import TensorInfo, load_tensors, sha256_of  # noqa: E402
from tests.revise.official import TINY, save, write_official  # noqa: E402


class Evil:
    """An object whose pickle would run a command."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.trace}",)


@pytest.fixture(scope="module")
def sound_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sound") / "revise_ckpt"
    write_official(root)
    return root


@pytest.fixture
def root(sound_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound_folder, tmp_path / "revise_ckpt"))


def change(path: Path, work: Callable[[dict[str, Any]], None], around: str = "") -> None:
    state = {name: tensor.clone() for name, tensor in load_tensors(path, unwrap=(around,) if around else ()).items()}
    work(state)
    save(path, {around: state} if around else state)


def told(report: VerifyReport) -> str:
    return "\n".join(report.problems)


def test_the_synthetic_folder_is_sound_and_its_sizes_are_found(sound_folder: Path) -> None:
    report = verify_checkpoint(sound_folder)
    assert report.sound and report.problems == () and report.config == TINY
    assert [row.part for row in report.reports].count("transformer") == 2
    assert any("adapter is in transformer/model.pt and in adapter/model.pt" in note for note in report.notes)
    assert not verify_checkpoint(sound_folder, sizes=ReviseConfig()).sound


@pytest.mark.parametrize("names", ["official", "ours"])
@pytest.mark.parametrize("part", sorted(part_keys(ReviseConfig())))
def test_at_the_full_sizes_each_wrong_tensor_is_found_in_each_part(part: str, names: Any) -> None:
    keys = part_keys(ReviseConfig())[part]
    infos = {getattr(key, names): TensorInfo("bfloat16", key.shape) for key in keys}
    report = compare(part, Path("x"), keys, infos, names)
    assert report.sound and report.expected == len(keys) and report.dtypes == ("bfloat16",)
    first, second = next(iter(infos)), list(infos)[-1]
    gone = infos.pop(first)
    infos["stray.weight"] = gone
    infos[second] = TensorInfo("bfloat16", (*infos[second].shape, 2))
    report = compare(part, Path("x"), keys, infos, names, prefix="p.")
    assert report.missing == (f"p.{first}",) and report.unexpected == ("p.stray.weight",)
    assert report.misshapen == (Misshapen(f"p.{second}", infos[second].shape, infos[second].shape[:-1]),)
    assert not report.sound


def test_missing_unexpected_and_misshapen_tensors_are_named(root: Path) -> None:
    def spoil(state: dict[str, Any]) -> None:
        del state["wan_model.blocks.1.cross_attn.k.bias"]
        state["wan_model.extra"] = torch.ones(1)
        state["ar_vision_head.fc.2.weight"] = torch.ones(16, 17)

    change(root / "transformer/model.pt", spoil, "module")
    report = verify_checkpoint(root)
    by_part = {row.part: row for row in reversed(report.reports)}
    assert by_part["transformer"].missing == ("wan_model.blocks.1.cross_attn.k.bias",)
    assert by_part["transformer"].unexpected == ("wan_model.extra",)
    assert by_part["vision_head"].misshapen == (Misshapen("ar_vision_head.fc.2.weight", (16, 17), (16, 16)),)
    assert by_part["adapter"].sound and not report.sound


def test_a_wholly_wrong_file_does_not_pass_as_it_does_with_strict_false(root: Path) -> None:
    save(root / "transformer/model.pt", {"module": {f"net.{i}": torch.ones(2) for i in range(5)}})
    report = verify_checkpoint(root)
    assert not report.sound
    assert "5 tensors belong to no part: net.0, net.1, net.2 and 2 more" in told(report)
    assert "the part visual_context_adapter is missing" in told(report)


def test_an_overridden_file_must_be_sound_too(root: Path) -> None:
    change(root / "vision_head/vision_head/pytorch_model.bin", lambda state: state.pop("fc.0.bias"))
    report = verify_checkpoint(root)
    wrong = [row for row in report.reports if not row.sound]
    assert [row.path.name for row in wrong] == ["pytorch_model.bin"] and wrong[0].missing == ("fc.0.bias",)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("wan/wanxiang1_3b/Wan2.1_VAE.pth", "the part vae is missing"),
        ("wan/wanxiang1_3b/models_t5_umt5-xxl-enc-bf16.pth", "the part text_encoder is missing"),
        ("wan/wanxiang1_3b/google", "the tokenizer of the text encoder is missing"),
        ("special_tokens", "the file of the special tokens is missing"),
        ("unconditioned_context", "the file of the null context is missing"),
        ("ar_model", "the VLM is missing"),
        ("ar_model/checkpoint/llm", "the VLM has no weights in llm"),
        ("ar_model/checkpoint/llm/pytorch_model-00002-of-00002.bin", "the shard pytorch_model-00002-of-00002.bin"),
    ],
)
def test_a_missing_part_is_named(root: Path, path: str, words: str) -> None:
    shutil.rmtree(root / path) if (root / path).is_dir() else (root / path).unlink()
    report = verify_checkpoint(root)
    assert not report.sound and words in told(report), report.problems


@pytest.mark.parametrize(
    "path",
    [
        "transformer/model.pt",
        "adapter/model.pt",
        "wan/wanxiang1_3b/Wan2.1_VAE.pth",
        "wan/wanxiang1_3b/diffusion_pytorch_model.safetensors",
        "special_tokens/tokens.pkl",
        "ar_model/checkpoint/vision_tower/model.safetensors",
    ],
)
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_half_downloaded_file_is_named_in_one_sentence(root: Path, path: str, share: float) -> None:
    whole = (root / path).read_bytes()
    (root / path).write_bytes(whole[: int(len(whole) * share)])
    report = verify_checkpoint(root)
    assert not report.sound
    found = [text for text in report.problems if path in text]
    assert found and all("\n" not in text and "Traceback" not in text for text in found), report.problems


@pytest.mark.parametrize("path", ["transformer/model.pt", "special_tokens/tokens.pkl"])
def test_a_pickle_with_code_is_refused_by_name_and_never_run(root: Path, tmp_path: Path, path: str) -> None:
    trace = tmp_path / "trace"
    value = {"a": torch.ones(2), "x": Evil(trace)}
    if path.endswith(".pkl"):
        (root / path).write_bytes(pickle.dumps(value))
    else:
        save(root / path, value)
    report = verify_checkpoint(root)
    assert not report.sound and "the file holds code (posix.system); it was not loaded" in told(report)
    views = {view.path.relative_to(root).as_posix(): view for view in inspect_path(root).files}
    assert views[path].code == ("posix.system",)
    assert not trace.exists()
    pickle.loads(pickle.dumps(value))
    assert trace.exists(), "it would have worked"


def test_objects_beside_the_tensors_are_passed_over_only_on_request(root: Path, tmp_path: Path) -> None:
    path = root / "transformer/model.pt"
    state = load_tensors(path, unwrap=("module",))
    save(path, {"module": {name: t.clone() for name, t in state.items()}, "args": Evil(tmp_path / "trace")})
    assert not verify_checkpoint(root).sound
    report = verify_checkpoint(root, ignore_others=True)
    assert report.sound and any("passed over posix.system, which was not run" in note for note in report.notes)
    assert not (tmp_path / "trace").exists()


def test_context_of_another_width_is_named(root: Path) -> None:
    tokens = {name: torch.ones(3, 31) for name in ("<img_st>", "<img_ed>", "<ipl_st>", "<ipl_ed>", "<prp_st>")}
    (root / "special_tokens/tokens.pkl").write_bytes(pickle.dumps(tokens))
    (root / "unconditioned_context/context.pkl").write_bytes(pickle.dumps({"text_emb": torch.ones(2, 32)}))
    text = told(verify_checkpoint(root))
    assert "<img_st> has the shape (3, 31), not (…, 32)" in text
    assert "the tensor <prp_ed> is missing" in text
    assert "the tensor vlm_last_hidden_states is missing" in text


def test_lengths_of_the_tags_are_those_of_the_file_also_when_sizes_are_given(root: Path) -> None:
    report = verify_checkpoint(root, sizes=ReviseConfig())
    assert report.config is not None and report.config.conditioning.tags == TINY.conditioning.tags
    tokens = {name: tensor.clone() for name, tensor in load_tensors(root / "special_tokens/tokens.pkl").items()}
    tokens["<ipl_ed>"] = tokens["<ipl_ed>"][1:]
    (root / "special_tokens/tokens.pkl").write_bytes(pickle.dumps(tokens))
    report = verify_checkpoint(root)
    assert report.sound and any("<ipl_st> and <ipl_ed> differ in length" in note for note in report.notes)


def test_sums_are_compared_with_the_manifest_in_the_folder_or_above(root: Path) -> None:
    assert verify_checkpoint(root).sums is None
    files = {
        f"revise_ckpt/{path.relative_to(root).as_posix()}": FileSum(sha256_of(path), path.stat().st_size)
        for path in root.rglob("*")
        if path.is_file()
    }
    Manifest(files=files).write(root.parent)
    report = verify_checkpoint(root.parent)
    assert report.sound and report.sums is not None and report.sums.checked == len(files)
    config = root / "ar_model/checkpoint/config.json"
    config.write_text(config.read_text().replace("llava_llama", "llava_lluma"))
    (root / "ar_model/checkpoint/llm/tokenizer.json").unlink()
    (root / "new.txt").write_text("x")
    report = verify_checkpoint(root)
    assert report.sums is not None and not report.sound
    assert report.sums.changed == ("revise_ckpt/ar_model/checkpoint/config.json",)
    assert report.sums.missing == ("revise_ckpt/ar_model/checkpoint/llm/tokenizer.json",)
    assert report.sums.unlisted == ("revise_ckpt/new.txt",)
    assert verify_checkpoint(root, sums=False).sound


def test_one_flipped_bit_in_ours_is_found_by_its_sum(root: Path, tmp_path: Path) -> None:
    made = convert_checkpoint(root, tmp_path / "ours", to="ours").path
    path = made / "connector/adapter.safetensors"
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    report = verify_checkpoint(made)
    assert all(row.sound for row in report.reports) and not report.sound
    assert report.sums is not None and report.sums.changed == ("connector/adapter.safetensors",)


def test_ours_is_compared_with_the_sizes_it_declares(root: Path, tmp_path: Path) -> None:
    made = convert_checkpoint(root, tmp_path / "ours", to="ours").path
    text = (made / "revise.json").read_text()
    (made / "revise.json").write_text(text.replace('"freq_dim": 32', '"freq_dim": 34'))
    report = verify_checkpoint(made, sums=False)
    assert [len(row.misshapen) for row in report.reports if not row.sound] == [1]
    (made / "revise.json").write_text(text.replace('"freq_dim"', '"freq_dims"'))
    report = verify_checkpoint(made, sums=False)
    assert not report.sound and "freq_dims" in told(report) and report.config is None


def test_an_inspection_tells_kinds_dtypes_wrappers_and_globals(root: Path) -> None:
    found = inspect_path(root.parent)
    assert (found.layout, found.base, found.manifest) == ("official", False, False)
    views = {view.path.relative_to(root).as_posix(): view for view in found.files}
    mixed = views["transformer/model.pt"]
    assert mixed.kind == "zip" and mixed.wrappers == ("module",) and mixed.code == ()
    assert mixed.part == "transformer (69), visual_context_adapter (4), vision_head (51), adapter (57)"
    assert views["adapter/model.pt"].wrappers == ("model_state_dict", "module.")
    assert views["special_tokens/tokens.pkl"].dtypes == (("bfloat16", 6),)
    assert "torch.storage._load_from_bytes" in views["special_tokens/tokens.pkl"].globals
    alone = inspect_path(root / "adapter/model.pt")
    assert alone.layout == "file" and alone.files[0].tensors == 57
