"""Which layout a folder has, what its sizes are, and that nothing but names is needed to tell."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from rvebench.errors import DataError, UsageError  # noqa: E402
from rvebench.revise.checkpoints.folder import CheckpointFolder  # noqa: E402
from rvebench.revise.checkpoints.keys import part_keys  # noqa: E402
from rvebench.revise.checkpoints.layout import find_layout  # noqa: E402
from rvebench.revise.checkpoints.sizes import infer_config, load_sizes  # noqa: E402
from rvebench.revise.checkpoints.tensors import open_tensors  # noqa: E402
from rvebench.revise.config import ReviseConfig, preset  # noqa: E402
from rvebench.weights import TensorInfo  # noqa: E402
from tests.revise.official import TINY, make_states, save, write_official, write_wan  # noqa: E402


def infos(config: ReviseConfig, names: str) -> dict[str, dict[str, TensorInfo]]:
    return {
        part: {getattr(key, names): TensorInfo("float32", key.shape) for key in keys}
        for part, keys in part_keys(config).items()
    }


def test_the_official_layout_is_found_in_its_folder_and_from_the_one_above(tmp_path: Path) -> None:
    write_official(tmp_path / "revise_ckpt")
    for path in (tmp_path, tmp_path / "revise_ckpt"):
        layout = find_layout(path)
        assert (layout.kind, layout.root, layout.is_base) == ("official", tmp_path / "revise_ckpt", False)
    layout = find_layout(tmp_path)
    places = {part: [place.path.name for place in rows] for part, rows in layout.parts.items()}
    assert places["transformer"] == ["model.pt", "diffusion_pytorch_model.safetensors"]
    assert places["adapter"] == ["model.pt", "model.pt"]
    assert places["visual_context_adapter"] == ["model.pt"]
    assert layout.tokenizer == tmp_path / "revise_ckpt/wan/wanxiang1_3b/google/umt5-xxl"


def test_the_base_model_is_found_in_wan_s_layout_and_in_diffusers(tmp_path: Path) -> None:
    write_wan(tmp_path / "wan", TINY, make_states())
    assert (find_layout(tmp_path / "wan").kind, find_layout(tmp_path / "wan").is_base) == ("wan", True)
    (tmp_path / "diffusers/transformer").mkdir(parents=True)
    (tmp_path / "diffusers/transformer/config.json").write_text('{"_class_name": "WanTransformer3DModel"}')
    assert (find_layout(tmp_path / "diffusers").kind, find_layout(tmp_path / "diffusers").is_base) == (
        "diffusers",
        True,
    )


@pytest.mark.parametrize("names", ["adapter/model.pt", "readme.txt", "model.safetensors", "wan/x"])
def test_a_folder_of_other_things_is_an_error_that_says_what_was_looked_for(tmp_path: Path, names: str) -> None:
    (tmp_path / names).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / names).write_text("x")
    with pytest.raises(DataError, match=r"no checkpoint in a layout that is known; looked for revise\.json"):
        find_layout(tmp_path)


def test_no_folder_and_a_file_are_errors_of_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such folder"):
        find_layout(tmp_path / "absent")
    (tmp_path / "a.pt").write_text("x")
    with pytest.raises(UsageError, match="this is a file"):
        find_layout(tmp_path / "a.pt")


@pytest.mark.parametrize("names", ["official", "ours"])
def test_sizes_are_told_from_tensors_under_either_names(names: str) -> None:
    found = infer_config(infos(TINY, names), {}, dataclasses.asdict(TINY.conditioning.tags))
    assert found.dit.dim == TINY.dit.dim  # heads are not in shapes
    found = dataclasses.replace(found, dit=TINY.dit, vlm=TINY.vlm)
    assert found == TINY


def test_a_transformer_of_the_released_size_makes_all_sizes_the_released_ones() -> None:
    parts = infos(ReviseConfig(), "official")
    assert infer_config(parts, {}) == ReviseConfig()
    # a text encoder cut by whole layers does not pass as a smaller one
    cut = {name: info for name, info in parts["text_encoder"].items() if not name.startswith("blocks.23.")}
    found = infer_config({**parts, "text_encoder": cut}, {})
    assert found.text == ReviseConfig().text


def test_layers_that_config_json_declares_are_missed_when_they_are_cut(tmp_path: Path) -> None:
    write_wan(tmp_path, TINY, make_states())
    parts = infos(TINY, "official")
    parts["transformer"] = {
        name: info for name, info in parts["transformer"].items() if not name.startswith("blocks.1.")
    }
    assert infer_config(parts, {}).dit.layers == 1
    assert infer_config(parts, {"transformer": tmp_path / "config.json"}).dit.layers == 2


def test_nothing_known_gives_the_released_sizes() -> None:
    assert infer_config({}, {}) == ReviseConfig()
    assert infer_config({"transformer": {"patch_embedding.weight": TensorInfo("float32", ())}}, {}) == ReviseConfig()


def test_sizes_that_cannot_be_are_an_error_of_one_sentence() -> None:
    parts = infos(TINY, "official")
    parts["transformer"]["patch_embedding.weight"] = TensorInfo("float32", (50, 16, 2, 2, 2))
    with pytest.raises(DataError, match=r"sizes of its parts do not fit together: .*; give the sizes with --sizes"):
        infer_config(parts, {})


def test_sizes_are_given_by_preset_or_file(tmp_path: Path) -> None:
    assert load_sizes("tiny-random") == preset("tiny-random")
    (tmp_path / "a.json").write_text(TINY.to_json())
    assert load_sizes(str(tmp_path / "a.json")) == TINY
    with pytest.raises(UsageError, match=r"neither a preset nor a file; presets: nano"):
        load_sizes("huge")


def test_the_mixed_file_may_be_the_transformer_alone(tmp_path: Path) -> None:
    states = write_official(tmp_path)
    save(tmp_path / "transformer/model.pt", {"module": states["transformer"]})
    folder = CheckpointFolder(tmp_path)
    assert torch.equal(folder.tensors("transformer")["proj_out.bias"], states["transformer"]["head.head.bias"])
    assert torch.equal(folder.tensors("adapter")["decoder_query"], states["adapter"]["decoder_query"])
    with pytest.raises(DataError, match="the part visual_context_adapter is missing"):
        folder.tensors("visual_context_adapter")


def test_shards_are_read_through_their_index_and_stay_in_their_folder(tmp_path: Path) -> None:
    index = tmp_path / "model.safetensors.index.json"
    for names, words in (
        ({"a": "gone.safetensors"}, "the shard gone.safetensors is missing"),
        ({"a": "../x.safetensors"}, "outside its folder"),
        ({}, "names no files"),
        ([], "names no files"),
    ):
        index.write_text(json.dumps({"weight_map": names}))
        with pytest.raises(DataError, match=words):
            open_tensors(index)
    from safetensors.torch import save_file

    save_file({"a": torch.ones(2)}, tmp_path / "1.safetensors")
    save_file({"b": torch.zeros(3)}, tmp_path / "2.safetensors")
    index.write_text(json.dumps({"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}))
    file = open_tensors(index)
    assert file.parameters == 5 and torch.equal(file.tensor("b"), torch.zeros(3))
    save_file({"a": torch.ones(2)}, tmp_path / "2.safetensors")
    with pytest.raises(DataError, match="two shards hold the tensor a"):
        open_tensors(index)


def test_to_verify_and_inspect_needs_no_torch(tmp_path: Path) -> None:
    write_official(tmp_path)
    code = (
        "import sys; from pathlib import Path\n"
        "from rvebench.revise.checkpoints.verify import verify_checkpoint\n"
        "from rvebench.revise.checkpoints.inspection import inspect_path\n"
        f"assert verify_checkpoint(Path({str(tmp_path)!r})).sound\n"
        f"inspect_path(Path({str(tmp_path)!r}))\n"
        "print([name for name in ('torch', 'diffusers', 'transformers') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
