from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from rvebench.errors import DataError
from rvebench.metrics.backbones import clip
from tests.metrics import naive_transformer as naive
from tests.metrics.oracle.shapes import FULL, SHAPES, TINY
from tests.metrics.oracle.weights import state_dict
from tests.metrics.test_dino import pixels, relative


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    return state_dict("clip", TINY)


def test_frames_give_what_a_plain_implementation_gives(state: dict[str, torch.Tensor]) -> None:
    frames = pixels(2, 3, 224, 224)
    plain = naive.as_numpy(state)
    exact, network = clip.load_vision(state).double()(frames), clip.load_vision(state)(frames)
    for index, frame in enumerate(frames):
        wanted = naive.clip_vision(plain, frame.double().numpy())
        assert relative(exact[index], wanted) < 1e-6
        assert relative(network[index], wanted) < 1e-5


def test_texts_give_what_a_plain_implementation_gives_over_the_whole_context(state: dict[str, torch.Tensor]) -> None:
    ids = torch.zeros(3, 77, dtype=torch.int64)
    ids[0, :5] = torch.tensor([62, 4, 8, 15, 63])
    ids[1, :2] = torch.tensor([62, 63])
    ids[2] = torch.cat((torch.tensor([62]), torch.arange(75) % 60, torch.tensor([63])))
    found = clip.load_text(state).double()(ids)
    for row, text in zip(found, ids.tolist(), strict=True):
        assert relative(row, naive.clip_text(naive.as_numpy(state), text)) < 1e-6


def test_batches_give_what_single_items_give(state: dict[str, torch.Tensor]) -> None:
    frames, vision, text = pixels(7, 3, 224, 224), clip.load_vision(state), clip.load_text(state)
    ids = torch.zeros(7, 77, dtype=torch.int64)
    for row in range(7):
        ids[row, : 2 + 3 * row] = torch.arange(2 + 3 * row)
    for network, items in ((vision, frames), (text, ids)):
        whole = network(items)
        for size in (1, 2, 4):
            assert relative(torch.cat([network(part) for part in items.split(size)]), whole) < 1e-6


def test_what_fills_up_a_text_changes_nothing(state: dict[str, torch.Tensor]) -> None:
    network = clip.load_text(state)
    ids = torch.tensor([[62, 7, 9, 63, 0, 0, 0, 0]])
    padded = torch.nn.functional.pad(ids, (0, 69))
    assert torch.equal(network(ids), network(padded))
    assert torch.equal(network(ids[:, :4]), network(torch.tensor([[62, 7, 9, 63, 5, 6, 5, 6]])))
    assert not torch.equal(network(ids), network(torch.tensor([[62, 7, 10, 63]])))


def test_half_precision_weights_are_computed_with_in_float32(state: dict[str, torch.Tensor]) -> None:
    assert state["visual.conv1.weight"].dtype == torch.float16
    network = clip.load_vision(state)
    assert {value.dtype for value in network.parameters()} == {torch.float32}
    assert torch.equal(network.conv1.weight, state["visual.conv1.weight"].float())
    assert network(pixels(1, 3, 224, 224)).dtype == torch.float32


def test_frames_of_another_size_and_longer_texts_are_refused(state: dict[str, torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="frames of 256 x 224, but the network takes 224 x 224"):
        clip.load_vision(state)(pixels(1, 3, 224, 256))
    with pytest.raises(ValueError, match="78 tokens, but the text transformer takes 77"):
        clip.load_text(state)(torch.zeros(1, 78, dtype=torch.int64))


def test_the_full_network_has_the_published_names_and_size() -> None:
    published = {name: torch.empty(shape, device="meta") for name, shape in SHAPES["clip"](FULL).items()}
    vision, text = clip.load_vision(published), clip.load_text(published)
    total = sum(value.numel() for network in (vision, text) for value in network.parameters())
    assert total + 1 == 151_277_313  # and the scale of the logits
    assert (vision.config.heads, vision.config.depth, vision.config.side, vision.config.output) == (12, 12, 224, 512)
    assert (text.config.heads, text.config.depth, text.config.context, text.config.vocabulary) == (8, 12, 77, 49408)
    towers = {f"visual.{name}" for name in vision.state_dict()} | set(text.state_dict())
    assert towers == set(clip.rename(published)) - {"logit_scale"}


def test_new_names_are_in_one_to_one_relation_with_the_published_ones() -> None:
    published = dict.fromkeys(SHAPES["clip"](FULL) | SHAPES["viclip"](FULL), torch.zeros(1))
    renamed = clip.rename(published)
    assert len(renamed) == len(published)
    assert "visual.blocks.11.attn.qkv.weight" in renamed
    assert not any("resblocks" in name or "in_proj" in name for name in renamed)


def test_entries_of_the_archive_that_are_no_weights_are_passed_over(state: dict[str, torch.Tensor]) -> None:
    extra = {name: torch.tensor(224) for name in ("input_resolution", "context_length", "vocab_size")}
    for load in (clip.load_text, clip.load_vision):
        with_extra, without = load({**state, **extra}).state_dict(), load(state).state_dict()
        assert with_extra.keys() == without.keys()
        assert all(torch.equal(with_extra[name], without[name]) for name in without)


def test_faults_of_a_checkpoint_are_listed(state: dict[str, torch.Tensor]) -> None:
    with pytest.raises(DataError, match=r"not part of it \(other\)"):
        clip.load_text({**state, "other": torch.zeros(1)})
    with pytest.raises(DataError, match=r"1 tensor is not part of it \(other\)"):
        clip.load_vision({**state, "visual.other": torch.zeros(1)})
    with pytest.raises(DataError, match=r"missing \(blocks.1.norm2.bias\)"):
        clip.load_vision({k: v for k, v in state.items() if k != "visual.transformer.resblocks.1.ln_2.bias"})
    with pytest.raises(DataError, match=r"no tensor 'transformer.resblocks.0…'"):
        clip.load_vision({k: v for k, v in state.items() if "resblocks" not in k})
    with pytest.raises(DataError, match="not the weights of CLIP's vision transformer"):
        clip.load_vision({})
