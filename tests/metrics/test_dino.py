from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from rvebench.errors import DataError
from rvebench.metrics.backbones import dino
from rvebench.metrics.backbones.linear import Linear, has_onednn
from tests.metrics import naive_transformer as naive
from tests.metrics.oracle.shapes import FULL, SHAPES, TINY
from tests.metrics.oracle.weights import state_dict


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    return state_dict("dino", TINY)


@pytest.fixture(scope="module")
def network(state: dict[str, torch.Tensor]) -> dino.DinoVit:
    return dino.load(state)


def pixels(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def relative(found: torch.Tensor, wanted: object) -> float:
    wanted = torch.as_tensor(wanted)
    return float((found.double() - wanted.double()).abs().max() / wanted.double().abs().max())


# A square of the trained grid, one of the same grid that is not square in pixels, wide, tall, one patch, a remainder.
@pytest.mark.parametrize("size", [(224, 224), (224, 230), (230, 230), (48, 80), (79, 33), (16, 16)])
def test_it_equals_a_plain_implementation_at_every_shape_of_frame(
    state: dict[str, torch.Tensor], network: dino.DinoVit, size: tuple[int, int]
) -> None:
    frame = pixels(1, 3, *size)
    wanted = naive.dino(naive.as_numpy(state), frame[0].double().numpy())
    assert relative(dino.load(state).double()(frame)[0], wanted) < 1e-6
    assert relative(network(frame)[0], wanted) < 1e-5


def test_a_frame_that_is_not_square_is_stretched_even_where_its_grid_is_the_trained_one(network: dino.DinoVit) -> None:
    frame = pixels(1, 3, 224, 230)
    assert relative(network(frame), network(frame[..., :224])) > 1e-4


def test_batches_give_what_single_frames_give(network: dino.DinoVit) -> None:
    frames = pixels(7, 3, 64, 112)
    whole = network(frames)
    assert whole.shape == (7, TINY.dino.width)
    assert whole.dtype == torch.float32
    for size in (1, 2, 4):
        assert relative(torch.cat([network(part) for part in frames.split(size)]), whole) < 1e-6


def test_rows_and_columns_after_the_last_whole_patch_change_nothing(network: dino.DinoVit) -> None:
    frame = pixels(1, 3, 70, 95)
    other = frame.clone()
    other[..., 64:, :] = 9.0
    other[..., :, 80:] = -9.0
    assert torch.equal(network(frame), network(other))
    other[..., 63, 0] += 1.0
    assert not torch.equal(network(frame), network(other))


def test_the_last_block_gives_the_same_first_token_as_when_all_are_computed(network: dino.DinoVit) -> None:
    x_BLD = pixels(2, 9, TINY.dino.width)
    assert relative(network.blocks.first_token(x_BLD), network.blocks(x_BLD)[:, 0]) < 1e-6


def test_positions_are_kept_for_each_grid_and_forgotten_when_there_are_many(state: dict[str, torch.Tensor]) -> None:
    network = dino.load(state)
    first = network(pixels(1, 3, 32, 48))
    kept = next(iter(network._positions.values()))
    assert torch.equal(network(pixels(1, 3, 32, 48)), first)
    assert next(iter(network._positions.values())) is kept
    for columns in range(1, 30):
        network(pixels(1, 3, 16, 16 * columns))
    assert len(network._positions) <= 8
    assert torch.equal(network(pixels(1, 3, 32, 48)), first)


def test_positions_follow_the_network_to_another_precision(state: dict[str, torch.Tensor]) -> None:
    network = dino.load(state)
    frame = pixels(1, 3, 32, 48)
    exact = network(frame)
    halved = network.to(torch.bfloat16)(frame)
    assert halved.dtype == torch.float32
    assert 1e-5 < relative(halved, exact) < 0.1


def test_a_frame_smaller_than_a_patch_is_refused(network: dino.DinoVit) -> None:
    with pytest.raises(ValueError, match="40 x 15 holds no patch of 16"):
        network(pixels(1, 3, 15, 40))


def test_the_full_network_has_the_published_names_shapes_and_size() -> None:
    shapes = SHAPES["dino"](FULL)
    published = {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}
    config = dino.DinoConfig.of(published)
    assert dataclasses.asdict(config) == {"width": 768, "depth": 12, "heads": 12, "patch": 16, "grid": 14}
    network = dino.load(published)
    assert {name: tuple(value.shape) for name, value in network.state_dict().items()} == shapes
    assert sum(value.numel() for value in network.parameters()) == 85_798_656
    assert not any(value.requires_grad for value in network.parameters())
    assert not network.training


def test_weights_are_shared_with_the_checkpoint_and_not_copied(state: dict[str, torch.Tensor]) -> None:
    network = dino.load(state)
    assert network.blocks[0].attn.qkv.weight.data_ptr() == state["blocks.0.attn.qkv.weight"].data_ptr()


def test_faults_of_a_checkpoint_are_listed(state: dict[str, torch.Tensor]) -> None:
    broken = dict(state)
    del broken["norm.weight"]
    broken["head.weight"] = torch.zeros(2, 2)
    broken["blocks.1.mlp.fc1.bias"] = torch.zeros(3)
    broken["norm.bias"] = torch.zeros(TINY.dino.width, dtype=torch.int64)
    with pytest.raises(DataError) as caught:
        dino.load(broken)
    text = str(caught.value)
    assert "1 tensor is missing (norm.weight)" in text
    assert "1 tensor is not part of it (head.weight)" in text
    assert "blocks.1.mlp.fc1.bias is (3,) and not (512,)" in text
    assert "1 tensor is not floating (norm.bias)" in text


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("patch_embed.proj.weight", None, "there is no tensor 'patch_embed.proj.weight'"),
        ("pos_embed", torch.zeros(197, 128), r"'pos_embed' has shape \(197, 128\)"),
        ("pos_embed", torch.zeros(1, 12, 128), "11 position embeddings are no square"),
        ("patch_embed.proj.weight", torch.zeros(100, 3, 16, 16), "its width, 100, is no multiple of 64"),
    ],
)
def test_another_models_weights_are_refused_in_one_sentence(
    state: dict[str, torch.Tensor], name: str, value: torch.Tensor | None, said: str
) -> None:
    broken = {key: tensor for key, tensor in state.items() if key != name}
    if value is not None:
        broken[name] = value
    with pytest.raises(DataError, match=said):
        dino.load(broken)
    with pytest.raises(DataError, match="not the weights of a DINO"):
        dino.load({"weight": torch.zeros(1)})


@pytest.mark.skipif(not has_onednn(), reason="this torch has no oneDNN for this processor")
@pytest.mark.parametrize("shape", [(337, 768, 3072), (50, 3072, 768), (1, 64, 192), (0, 64, 64)])
def test_the_linear_layer_gives_what_torchs_own_gives(shape: tuple[int, int, int]) -> None:
    rows, inputs, outputs = shape
    layer = Linear(inputs, outputs).requires_grad_(False)
    for x in (pixels(rows, inputs), pixels(2, rows, inputs), pixels(inputs, rows).t()):
        found, wanted = layer(x), torch.nn.functional.linear(x.double(), layer.weight.double(), layer.bias.double())
        assert found.shape == wanted.shape
        assert rows == 0 or (found.double() - wanted).abs().max() < 2e-6 * math.sqrt(inputs)


def test_the_linear_layer_lets_gradients_through() -> None:
    layer = Linear(8, 4)
    x = pixels(2, 8).requires_grad_(True)
    layer(x).sum().backward()
    assert x.grad is not None
    assert layer.weight.grad is not None
    layer(x.detach()).sum().backward()
    np.testing.assert_allclose(x.grad[0].numpy(), layer.weight.detach().sum(0).numpy(), rtol=1e-6)
