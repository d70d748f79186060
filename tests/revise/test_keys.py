"""The tables of names and shapes against diffusers, transformers, our own modules, and the published figures."""

from __future__ import annotations

from math import prod
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from rvebench.revise.checkpoints.keys import MIXED_PREFIXES, Key, part_keys, vae_keys  # noqa: E402
from rvebench.revise.config import ReviseConfig, VaeConfig, preset  # noqa: E402

FULL = part_keys(ReviseConfig())
SMALL = part_keys(preset("tiny-random"))


def shapes_of(model: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def ours(keys: tuple[Key, ...]) -> dict[str, tuple[int, ...]]:
    return {key.ours: key.shape for key in keys}


def count(keys: tuple[Key, ...]) -> int:
    return sum(prod(key.shape) for key in keys)


def test_the_full_model_has_the_published_numbers_of_tensors_and_parameters() -> None:
    assert {part: len(keys) for part, keys in FULL.items()} == {
        "transformer": 825,
        "vae": 194,
        "visual_context_adapter": 4,
        "vision_head": 129,
        "adapter": 129,
        "text_encoder": 242,
    }
    millions = {part: round(count(keys) / 1e6, 2) for part, keys in FULL.items()}
    assert millions["transformer"] == 1419.00
    assert millions["adapter"] == pytest.approx(1902.1, abs=0.05)
    assert millions["vision_head"] == pytest.approx(154.8, abs=0.05)
    assert millions["visual_context_adapter"] == 6.69


@pytest.mark.parametrize("keys", [*FULL.values(), *SMALL.values()])
def test_a_table_names_every_tensor_once_on_both_sides(keys: tuple[Key, ...]) -> None:
    assert len({key.official for key in keys}) == len({key.ours for key in keys}) == len(keys)


@pytest.mark.parametrize("name", ["wan1.3b", "tiny-random", "nano"])
def test_the_tables_are_the_state_dicts_of_the_modules_that_are_built(name: str) -> None:
    from transformers import UMT5Config, UMT5EncoderModel

    from rvebench.revise.model.connector import build_connector
    from rvebench.revise.model.dit import build_dit
    from rvebench.revise.model.vae import build_vae

    config = preset(name)
    tables = part_keys(config)
    assert ours(tables["transformer"]) == shapes_of(build_dit(config, "meta"))
    assert ours(tables["vae"]) == shapes_of(build_vae(config, "meta"))
    connector = {
        f"{MIXED_PREFIXES[part]}{key.ours}": key.shape
        for part in ("visual_context_adapter", "vision_head", "adapter")
        for key in tables.get(part, ())
    }
    assert connector == shapes_of(build_connector(config, "meta"))
    if config.text is not None:
        text = config.text
        with torch.device("meta"):
            encoder = UMT5EncoderModel(
                UMT5Config(
                    vocab_size=text.vocab_size,
                    d_model=text.dim,
                    d_kv=text.head_dim,
                    d_ff=text.ffn_dim,
                    num_layers=text.layers,
                    num_heads=text.heads,
                    relative_attention_num_buckets=text.relative_buckets,
                    feed_forward_proj="gated-gelu",
                )
            )
        found = shapes_of(encoder)
        found.pop("encoder.embed_tokens.weight", None)  # another name of shared.weight
        assert ours(tables["text_encoder"]) == found


def test_the_full_tables_are_diffusers_own_classes_at_their_own_defaults() -> None:
    from diffusers import AutoencoderKLWan, WanTransformer3DModel

    with torch.device("meta"):
        dit = WanTransformer3DModel(num_attention_heads=12, num_layers=30, ffn_dim=8960)
        vae = AutoencoderKLWan()
    assert ours(FULL["transformer"]) == shapes_of(dit)
    assert ours(FULL["vae"]) == shapes_of(vae)


@pytest.mark.parametrize(
    ("part", "converter"),
    [("transformer", "convert_wan_transformer_to_diffusers"), ("vae", "convert_wan_vae_to_diffusers")],
)
def test_renaming_is_what_diffusers_own_converters_do(part: str, converter: str) -> None:
    from diffusers.loaders import single_file_utils

    tensors = {key.official: torch.empty(key.shape, device="meta") for key in FULL[part]}
    wanted = getattr(single_file_utils, converter)(dict(tensors))
    to_ours = {key.official: key.ours for key in FULL[part]}
    assert {to_ours[name]: id(tensor) for name, tensor in tensors.items()} == {
        name: id(tensor) for name, tensor in wanted.items()
    }
    back = {key.ours: key.official for key in FULL[part]}
    assert {back[name]: id(tensor) for name, tensor in wanted.items()} == {
        name: id(tensor) for name, tensor in tensors.items()
    }


@pytest.mark.parametrize(
    "config",
    [
        VaeConfig(base_dim=16, dim_mult=(1, 2, 4), temporal_downsample=(True, True), num_res_blocks=1),
        VaeConfig(base_dim=8, dim_mult=(1, 1, 2, 2, 4), temporal_downsample=(False, True, True, False)),
        VaeConfig(base_dim=8, dim_mult=(1, 2, 2, 4), num_res_blocks=3),
    ],
)
def test_the_vae_table_holds_for_other_topologies_too(config: VaeConfig) -> None:
    from diffusers import AutoencoderKLWan

    with torch.device("meta"):
        model = AutoencoderKLWan(
            base_dim=config.base_dim,
            z_dim=config.z_dim,
            dim_mult=list(config.dim_mult),
            num_res_blocks=config.num_res_blocks,
            temperal_downsample=list(config.temporal_downsample),
        )
    assert ours(vae_keys(config)) == shapes_of(model)


def test_the_text_table_agrees_with_the_loader_of_the_text_encoder() -> None:
    from rvebench.revise.text import wan_text_names

    text = preset("tiny-random").text
    assert text is not None
    assert {key.official: key.ours for key in SMALL["text_encoder"]} == dict(wan_text_names(text.layers))
