"""Rewards against hand-made oracles, a tiny CLIP of transformers' own class, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import CLIPConfig, CLIPModel, PreTrainedTokenizerFast

from rvebench.errors import DataError, UnknownNameError, UsageError
from rvebench.revise.training.config import GrpoConfig, RewardConfig
from rvebench.revise.training.critic.answers import CriticReading
from rvebench.revise.training.rewards import (
    REWARDS,
    Captions,
    ClipEncoder,
    Edits,
    ImageTextEncoder,
    Reward,
    RewardError,
    RewardTools,
    make_rewards,
)
from rvebench.revise.training.rewards.encoders import ClipPixels

TEXTS = ("ice in the sun", "a puddle where the ice was", "a candle, half as high", "the ball on the floor")


def _edits(count: int = 2, *, seed: int = 0) -> Edits:
    made = torch.Generator().manual_seed(seed)

    def clips() -> torch.Tensor:
        return torch.randint(0, 256, (count, 5, 8, 12, 3), generator=made, dtype=torch.uint8)

    return Edits(
        ids=tuple(f"sample-{index}" for index in range(count)),
        instructions=tuple(f"melt {index}" for index in range(count)),
        edit_BTHWC=clips(),
        source_BTHWC=clips(),
        target_BTHWC=clips(),
        change_BTHW=torch.rand(count, 5, 8, 12, generator=made),
        captions=tuple(Captions(source=TEXTS[index], edit=TEXTS[index + 1]) for index in range(count)),
    )


def _made(name: str, tools: RewardTools | None = None) -> Reward:
    return make_rewards((RewardConfig(name=name),), tools or RewardTools()).rewards[name]


class _ByColour:
    """Pictures are their mean colour, texts what their length says: cosines can be had by hand."""

    logit_scale = 100.0
    modules: dict[str, torch.nn.Module] = {}  # noqa: RUF012

    def encode_images(self, frames_NHWC: torch.Tensor) -> torch.Tensor:
        return F.normalize(frames_NHWC.float().mean((1, 2)), dim=-1)

    def encode_texts(self, texts: Any) -> torch.Tensor:
        return F.normalize(torch.tensor([[len(text), 1.0, 2.0] for text in texts]), dim=-1)


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def _colours(clip: torch.Tensor, frames: tuple[int, ...]) -> list[np.ndarray]:
    return [clip[frame].numpy().astype(float).mean((0, 1)) for frame in frames]


def test_instruction_following_is_the_edits_text_less_the_sources() -> None:
    edits = _edits()
    found = _made("instruction-following", RewardTools(clip=_ByColour(), frames=3)).score(edits)
    assert edits.captions is not None
    for index, captions in enumerate(edits.captions):
        colours = _colours(edits.edit_BTHWC[index], (0, 2, 4))
        fits = [
            np.mean([_cosine(colour, np.array([len(text), 1, 2])) for colour in colours])
            for text in (captions.edit, captions.source)
        ]
        assert found[index] == pytest.approx(fits[0] - fits[1], abs=1e-6)


def test_source_preservation_compares_frames_of_one_moment() -> None:
    edits = _edits()
    reward = _made("source-preservation", RewardTools(clip=_ByColour(), frames=3))
    assert edits.source_BTHWC is not None
    for index, value in enumerate(reward.score(edits)):
        pairs = zip(
            _colours(edits.source_BTHWC[index], (0, 2, 4)), _colours(edits.edit_BTHWC[index], (0, 2, 4)), strict=True
        )
        assert value == pytest.approx(np.mean([_cosine(*pair) for pair in pairs]), abs=1e-6)
    assert reward.score(replace(edits, edit_BTHWC=edits.source_BTHWC)) == pytest.approx([1.0, 1.0])


def test_preference_is_pickscores_logit_over_26() -> None:
    edits = _edits()
    found = _made("preference", RewardTools(preference=_ByColour(), frames=1)).score(edits)
    assert edits.captions is not None
    for index, captions in enumerate(edits.captions):
        (colour,) = _colours(edits.edit_BTHWC[index], (0,))
        assert found[index] == pytest.approx(100 * _cosine(colour, np.array([len(captions.edit), 1, 2])) / 26, abs=1e-5)


def test_pixel_rewards_are_weighted_errors_inside_and_outside_of_the_change() -> None:
    edits = _edits()
    assert edits.target_BTHWC is not None and edits.source_BTHWC is not None and edits.change_BTHW is not None
    near, kept = (_made(name).score(edits) for name in ("target-nearness", "source-preservation-pixels"))
    for index in range(2):
        edit = edits.edit_BTHWC[index].numpy().astype(float)
        share = edits.change_BTHW[index].numpy().astype(float)
        to_target = np.abs(edit - edits.target_BTHWC[index].numpy()).mean(-1) / 255
        to_source = np.abs(edit - edits.source_BTHWC[index].numpy()).mean(-1) / 255
        assert near[index] == pytest.approx(-np.average(to_target, weights=share), abs=1e-6)
        assert kept[index] == pytest.approx(-np.average(to_source, weights=1 - share), abs=1e-6)


def test_pixel_rewards_are_best_at_the_target_and_at_the_source_and_zero_where_they_have_no_region() -> None:
    edits = _edits()
    assert edits.target_BTHWC is not None and edits.source_BTHWC is not None and edits.change_BTHW is not None
    near, kept = _made("target-nearness"), _made("source-preservation-pixels")
    assert near.score(replace(edits, edit_BTHWC=edits.target_BTHWC)) == [0.0, 0.0]
    assert kept.score(replace(edits, edit_BTHWC=edits.source_BTHWC)) == [0.0, 0.0]
    change = edits.change_BTHW.clone()
    change[0], change[1] = 0, 1
    bounds = replace(edits, change_BTHW=change)
    assert [value == 0 for value in near.score(bounds)] == [True, False]
    assert [value == 0 for value in kept.score(bounds)] == [False, True]


@pytest.mark.parametrize(("reading", "expected"), [("p-yes", [0.5, 0.9]), ("delta", [0.0, 2.2])])
def test_the_critic_is_shown_what_uso_shows_it(reading: Any, expected: list[float]) -> None:
    asked: list[Any] = []

    def read(sources: Any, candidates: Any, instructions: Any, fps: float) -> CriticReading:
        asked.append((sources, candidates, instructions, fps))
        nothing = torch.zeros(2)
        return CriticReading(
            delta_B=torch.tensor([0.0, 2.2]),
            p_yes_B=torch.tensor([0.5, 0.9]),
            mass_B=nothing,
            yes_B=nothing,
            no_B=nothing,
        )

    critic: Any = SimpleNamespace(read=read, fingerprint="0" * 64, modules={"vlm": torch.nn.Identity()})
    edits = _edits()
    reward = _made("critic", RewardTools(critic=critic, critic_reading=reading, frames=2))
    assert reward.score(edits) == pytest.approx(expected)
    ((sources, candidates, instructions, fps),) = asked
    assert edits.source_BTHWC is not None
    assert torch.equal(sources[1], edits.source_BTHWC[1, [0, 4]])
    assert torch.equal(candidates[0], edits.edit_BTHWC[0, [0, 4]])
    assert (instructions, fps) == (edits.instructions, 8.0 / 4)
    assert set(make_rewards((RewardConfig(name="critic"),), RewardTools(critic=critic)).modules) == {
        "reward.critic.vlm"
    }


def test_a_judge_is_asked_clip_by_clip_and_its_silence_is_no_number() -> None:
    asked = []

    def judge(source: torch.Tensor, edit: torch.Tensor, instruction: str, sample: str) -> float | None:
        asked.append((source.shape, edit.shape, instruction, sample))
        return None if sample == "sample-1" else 6.5

    rewards = make_rewards((RewardConfig(name="judge", weight=2.0),), RewardTools(judge=judge))
    scored = rewards.score(_edits())
    assert scored.total_B[0] == 13.0
    assert scored.total_B[1].isnan()
    assert asked == [((5, 8, 12, 3), (5, 8, 12, 3), f"melt {index}", f"sample-{index}") for index in range(2)]


def test_the_sum_is_weighted_and_an_edit_that_one_reward_cannot_read_has_none() -> None:
    told = iter([3.0, None])
    weights = (RewardConfig(name="target-nearness", weight=0.5), RewardConfig(name="judge", weight=2))
    rewards = make_rewards(weights, RewardTools(judge=lambda *clip: next(told)))
    scored = rewards.score(_edits())
    assert float(scored.total_B[0]) == pytest.approx(0.5 * float(scored.parts["target-nearness"][0]) + 2 * 3.0)
    assert scored.total_B.isnan().tolist() == [False, True]
    assert scored.parts["target-nearness"].isfinite().all()
    assert rewards.needs == {"source", "target", "change"}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_reward_that_is_no_number_stops_and_names_the_sample(value: float) -> None:
    rewards = make_rewards((RewardConfig(name="judge"),), RewardTools(judge=lambda *clip: value))
    with pytest.raises(RewardError, match="the reward judge is") as caught:
        rewards.score(_edits())
    assert caught.value.where == "sample-0"


def test_an_unknown_reward_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(UnknownNameError) as caught:
        make_rewards((RewardConfig(name="instruction-folowing"),), RewardTools())
    assert "instruction-following" in str(caught.value.hint)


def test_every_default_reward_is_known_and_says_what_it_lacks() -> None:
    for config in GrpoConfig().rewards:
        assert config.name in REWARDS
        with pytest.raises(UsageError, match=f"the reward {config.name} needs"):
            make_rewards((config,), RewardTools())
    for name in ("critic", "judge"):
        with pytest.raises(UsageError, match=f"the reward {name} needs"):
            make_rewards((RewardConfig(name=name),), RewardTools())
    with pytest.raises(UsageError, match="named twice"):
        make_rewards((RewardConfig(name="target-nearness"),) * 2, RewardTools())


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("target-nearness", "target_BTHWC"),
        ("source-preservation-pixels", "change_BTHW"),
        ("source-preservation", "source_BTHWC"),
        ("preference", "captions"),
    ],
)
def test_a_reward_without_what_it_reads_names_itself(name: str, lost: str) -> None:
    reward = _made(name, RewardTools(clip=_ByColour(), preference=_ByColour()))
    changes: dict[str, Any] = {lost: None}
    with pytest.raises(RewardError, match=name):
        reward.score(replace(_edits(), **changes))


def _tokenizer() -> PreTrainedTokenizerFast:
    """CLIP's kind of tokenizer, trained on a few sentences."""
    words = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    words.normalizer = normalizers.Lowercase()
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.decoder = decoders.BPEDecoder(suffix="</w>")
    controls = ["<|startoftext|>", "<|endoftext|>"]
    trainer = trainers.BpeTrainer(vocab_size=150, special_tokens=controls, end_of_word_suffix="</w>")
    words.train_from_iterator(TEXTS, trainer)
    ids = [(control, words.token_to_id(control)) for control in controls]
    words.post_processor = processors.TemplateProcessing(single=f"{controls[0]} $A {controls[1]}", special_tokens=ids)
    return PreTrainedTokenizerFast(
        tokenizer_object=words, bos_token=controls[0], eos_token=controls[1], pad_token=controls[1]
    )


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    tokenizer = _tokenizer()
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = CLIPConfig(
        projection_dim=16,
        text_config={
            **sizes,
            "vocab_size": len(tokenizer),
            "max_position_embeddings": 20,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        vision_config={**sizes, "image_size": 30, "patch_size": 10},
    )
    torch.manual_seed(0)
    CLIPModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_clip_is_read_from_a_folder_and_embeds_as_its_own_class_does(clip_folder: Path) -> None:
    encoder = ClipEncoder.load(clip_folder)
    assert isinstance(encoder, ImageTextEncoder)
    # Its own copy from the disk: training a tokenizer twice need not give the same numbers.
    model, tokenizer = (
        CLIPModel.from_pretrained(clip_folder).eval(),
        PreTrainedTokenizerFast.from_pretrained(clip_folder),
    )
    frames = torch.randint(0, 256, (3, 30, 30, 3), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    pixels = ClipPixels(side=30)
    plain = (frames.permute(0, 3, 1, 2) / 255 - torch.tensor(pixels.mean).view(3, 1, 1)) / torch.tensor(
        pixels.std
    ).view(3, 1, 1)
    with torch.no_grad():
        together = model(
            pixel_values=plain,
            **tokenizer(list(TEXTS[:3]), padding=True, return_tensors="pt", return_token_type_ids=False),
        )
    cosines = encoder.encode_images(frames) @ encoder.encode_texts(TEXTS[:3]).T
    assert torch.allclose(cosines * encoder.logit_scale, together.logits_per_image, atol=1e-4)
    assert encoder.logit_scale == pytest.approx(float(model.logit_scale.detach().exp()))
    assert not any(parameter.requires_grad for parameter in encoder.modules["clip"].parameters())


def test_a_texts_embedding_depends_on_no_neighbour_and_long_texts_are_cut(clip_folder: Path) -> None:
    encoder = ClipEncoder.load(clip_folder)
    alone = torch.cat([encoder.encode_texts([text]) for text in TEXTS])
    assert torch.allclose(alone, encoder.encode_texts(TEXTS), atol=1e-5)
    assert encoder.encode_texts(["ice in the sun " * 40]).shape == (1, 16)
    frames = torch.randint(0, 256, (5, 16, 24, 3), dtype=torch.uint8)
    few = ClipEncoder(encoder.modules["clip"], None, ClipPixels(side=30), batch=2)
    assert torch.allclose(few.encode_images(frames), encoder.encode_images(frames), atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(48, 80), (90, 45), (33, 33)])
def test_pictures_are_resized_and_cropped_as_pil_does(height: int, width: int) -> None:
    made = np.random.default_rng(0)
    coarse = Image.fromarray(made.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    picture = coarse.resize((width, height), Image.Resampling.BICUBIC)
    side, short = 30, min(height, width)
    tall, wide = side * height // short, side * width // short
    top, left = (tall - side) // 2, (wide - side) // 2
    small = np.asarray(picture.resize((wide, tall), Image.Resampling.BICUBIC), np.float32)
    expected = small[top : top + side, left : left + side] / 255
    pixels = ClipPixels(side=side)
    found = pixels(torch.from_numpy(np.asarray(picture).copy())[None])[0].permute(1, 2, 0)
    found = found * torch.tensor(pixels.std) + torch.tensor(pixels.mean)
    assert found.shape == (side, side, 3)
    assert np.abs(found.numpy() - expected).max() < 2.5 / 255


def test_what_is_no_clip_is_refused_in_one_sentence(clip_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no config\.json"):
        ClipEncoder.load(tmp_path / "none")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(DataError, match="holds no CLIP"):
        ClipEncoder.load(tmp_path)
    (tmp_path / "config.json").write_text((clip_folder / "config.json").read_text())
    with pytest.raises(UsageError, match="holds no weights"):
        ClipEncoder.load(tmp_path)
    weights = load_file(clip_folder / "model.safetensors")
    save_file({name: weights[name] for name in list(weights)[1:]}, tmp_path / "model.safetensors")
    with pytest.raises(DataError, match="1 missing"):
        ClipEncoder.load(tmp_path)
    (tmp_path / "model.safetensors").write_bytes((clip_folder / "model.safetensors").read_bytes())
    with pytest.raises(UsageError, match="holds no tokenizer"):
        ClipEncoder.load(tmp_path)
    larger = _tokenizer()
    larger.add_tokens([f"<{index}>" for index in range(200)])
    larger.save_pretrained(tmp_path)
    with pytest.raises(DataError, match="tokens and the CLIP"):
        ClipEncoder.load(tmp_path)
    assert ClipEncoder.load(tmp_path, tokenizer=clip_folder).encode_texts(["ice"]).shape == (1, 16)


def test_a_clip_serves_vivas_three_rewards(clip_folder: Path) -> None:
    encoder = ClipEncoder.load(clip_folder)
    rewards = make_rewards(GrpoConfig().rewards, RewardTools(clip=encoder, preference=encoder))
    scored = rewards.score(_edits())
    assert scored.total_B.isfinite().all()
    assert torch.allclose(scored.total_B, sum(scored.parts.values(), torch.zeros(2, dtype=torch.float64)))
    assert rewards.needs == {"captions", "source"}
