from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch")

import torch

from rvebench.errors import DataError
from rvebench.metrics.backbones import viclip
from tests.metrics import naive_transformer as naive
from tests.metrics.oracle.shapes import FULL, SHAPES, TINY, Tower
from tests.metrics.oracle.weights import state_dict
from tests.metrics.test_dino import pixels, relative

State = dict[str, torch.Tensor]


def on_a_small_grid(state: State, grid: int, frames: int) -> State:
    """Returns weights of the same kind for `frames` frames of `grid` x `grid` patches."""
    small = dict(state)
    small["vision_encoder.positional_embedding"] = state["vision_encoder.positional_embedding"][: 1 + grid * grid]
    small["vision_encoder.temporal_positional_embedding"] = state["vision_encoder.temporal_positional_embedding"][
        :, :frames
    ]
    return small


@pytest.fixture(scope="module")
def state() -> State:
    return state_dict("viclip", replace(TINY, viclip_text=Tower(width=64, layers=1, heads=1)))


@pytest.fixture(scope="module")
def small(state: State) -> State:
    return on_a_small_grid(state, grid=3, frames=4)


def test_videos_give_what_a_plain_implementation_gives(small: State) -> None:
    videos = pixels(2, 4, 3, 42, 42)
    plain = naive.as_numpy(small)
    exact, found = viclip.load(small).double().encode_video(videos), viclip.load(small).encode_video(videos)
    for index, video in enumerate(videos):
        wanted = naive.viclip_video(plain, video.double().numpy())
        assert relative(exact[index], wanted) < 1e-6
        assert relative(found[index], wanted) < 1e-5


def test_texts_give_what_a_plain_implementation_gives(small: State) -> None:
    ids = torch.zeros(2, 32, dtype=torch.int64)
    ids[0, :4] = torch.tensor([49406, 320, 1125, 49407])
    ids[1] = torch.cat((torch.tensor([49406]), torch.arange(30) * 997, torch.tensor([49407])))
    found = viclip.load(small).double().encode_text(ids)
    for row, text in zip(found, ids.tolist(), strict=True):
        assert relative(row, naive.clip_text(naive.as_numpy(small), text, "text_encoder.")) < 1e-6


def test_batches_give_what_single_videos_give(small: State) -> None:
    network, videos = viclip.load(small), pixels(3, 4, 3, 42, 42)
    whole = network.encode_video(videos)
    assert relative(torch.cat([network.encode_video(video[None]) for video in videos]), whole) < 1e-6


def test_the_order_of_frames_matters(small: State) -> None:
    network, video = viclip.load(small), pixels(1, 4, 3, 42, 42)
    assert relative(network.encode_video(video.flip(1)), network.encode_video(video)) > 1e-3


def test_it_takes_eight_frames_of_the_published_size_and_says_so_of_others(state: State) -> None:
    network = viclip.load(state)
    embedding = network.encode_video(pixels(1, 8, 3, 224, 224))
    assert embedding.shape == (1, TINY.viclip_embed)
    assert embedding.isfinite().all()
    for shape in ((1, 7, 3, 224, 224), (1, 8, 3, 224, 256)):
        with pytest.raises(ValueError, match=r"videos of shape \(8, 3, 224, 224\), not"):
            network.encode_video(torch.zeros(shape))
    with pytest.raises(ValueError, match="33 tokens"):
        network.encode_text(torch.zeros(1, 33, dtype=torch.int64))


def test_the_full_network_has_the_published_names_and_size() -> None:
    published = {name: torch.empty(shape, device="meta") for name, shape in SHAPES["viclip"](FULL).items()}
    network = viclip.load(published)
    assert sum(value.numel() for value in network.parameters()) + 1 == 427_590_145  # and the training temperature
    assert len(network.state_dict()) + 1 == len(published)
    vision, text = network.config.vision, network.config.text
    assert (vision.width, vision.depth, vision.heads, vision.patch, vision.grid) == (1024, 24, 16, 14, 16)
    assert (text.width, text.depth, text.heads, text.context, text.output) == (768, 12, 12, 32, 768)
    assert network.config.frames == 8


def test_faults_of_a_checkpoint_are_listed(small: State) -> None:
    with pytest.raises(DataError, match=r"1 tensor is missing \(vision.blocks.0.attn.proj.bias\)"):
        viclip.load(
            {k: v for k, v in small.items() if k != "vision_encoder.transformer.resblocks.0.attn.out_proj.bias"}
        )
    with pytest.raises(DataError, match=r"not part of it \(other\)"):
        viclip.load({**small, "other": torch.zeros(1)})
    with pytest.raises(DataError, match=r"'conv1.weight' has shape \(128, 3, 14, 14\)"):
        viclip.load({**small, "vision_encoder.conv1.weight": torch.zeros(128, 3, 14, 14)})
    with pytest.raises(DataError, match="not the weights of ViCLIP"):
        viclip.load({"model": torch.zeros(1)})
