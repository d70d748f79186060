from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rvebench.errors import DataError, UsageError
from rvebench.revise.config import ReviseConfig, preset
from rvebench.revise.config_parts import VaeConfig, VlmVisionConfig
from rvebench.revise.model.vae import VideoVae
from rvebench.revise.shapes import Size
from rvebench.revise.training.clips import ClipShape, PreparedClips, SampleClips, TrainingSample
from rvebench.revise.training.config_parts import CriticConfig, OptimConfig
from rvebench.revise.training.critic import load_critic_prompt
from rvebench.revise.training.critic_examples import ExampleMix, ExamplePool, GradedClip, edit_progress, spoilt
from rvebench.revise.training.critic_losses import CriticLossSettings, change_share, changes_loss, place_of
from rvebench.revise.training.critic_stage import CriticTask, finished, fresh_critic
from rvebench.revise.training.stage import StageSettings, run_stage
from rvebench.revise.training.supporting import CriticTrainConfig, VaeTrainConfig, changed, read_training
from rvebench.revise.training.vae_stage import (
    VaeLossSettings,
    VaeTask,
    latent_statistics,
    load_vae_folder,
    psnr_db,
    save_vae_folder,
    sheet,
    vae_loss,
)
from rvebench.revise.vlm.qwen25 import load_qwen25

SHAPE = ClipShape(frames=5, stride=1, size=Size(width=32, height=32))
KINDS = ["target", "unchanged", "instruction", "other", "reversed", "blend", "spoilt"]


class MemoryClips(PreparedClips):
    """Clips that were never on a disk."""

    def __getitem__(self, index: int) -> SampleClips:
        rng = np.random.default_rng(self.places[index])
        source = np.kron(rng.integers(0, 255, (5, 4, 4, 3)), np.ones((1, 8, 8, 1))).astype(np.uint8)
        target = source.copy()
        target[:, 8:24, 8:24] = 255 - target[:, 8:24, 8:24]
        return SampleClips(source, target, None)


def _clips(first: int, count: int) -> MemoryClips:
    words = ("let it burn down", "show it after the rain", "cut the string", "Yes, wait for noon")
    samples = tuple(
        TrainingSample.of(
            id=f"s-{n}", source=Path("a"), target=Path("b"), instruction=words[n % 4], kind=f"kind-{n % 2}"
        )
        for n in range(first, first + count)
    )
    return MemoryClips(samples=samples, shape=SHAPE, shards=(), places=tuple(range(first, first + count)))


def _config() -> ReviseConfig:
    nano = preset("nano")
    vae = VaeConfig(
        base_dim=4,
        z_dim=4,
        dim_mult=(1, 1, 2),
        num_res_blocks=1,
        temporal_downsample=(True, True),
        latents_mean=(0.0,) * 4,
        latents_std=(1.0,) * 4,
    )
    vlm = replace(
        nano.vlm,
        dim=32,
        layers=1,
        heads=2,
        kv_heads=1,
        ffn_dim=64,
        vocab_size=400,
        vision=VlmVisionConfig(dim=32, layers=1, heads=2, ffn_dim=64, patch_size=8),
    )
    return replace(nano, vae=vae, vlm=vlm)


def _stage(steps: int, lr: float = 3e-3) -> StageSettings:
    optim = OptimConfig(lr=lr, warmup_steps=2, schedule="constant", clip_norm=1.0, ema=0.9)
    return StageSettings(steps=steps, batch_size=4, optim=optim, save_every=steps, eval_every=steps)


def _vae_task(**loss: object) -> VaeTask:
    return VaeTask.fresh(_config(), _clips(0, 6), _clips(6, 2), VaeLossSettings(**loss), seed=1)  # type: ignore[arg-type]


def _pool(first: int, count: int, **graded: object) -> ExamplePool:
    return ExamplePool(clips=_clips(first, count), **graded)  # type: ignore[arg-type]


def test_an_autoencoder_learns_and_is_written_with_its_statistics(tmp_path: Path) -> None:
    task = _vae_task(precision="fp32", crop_side=16, crop_frames=5)
    before = task.evaluate()
    end = run_stage(task, _stage(12, lr=1e-2), tmp_path)
    assert end.measured["l1_of_255"] < before["l1_of_255"] * 0.95
    assert 0 < end.measured["copy_psnr_db"] < 30 and end.measured["clips"] == 4
    config = save_vae_folder(tmp_path, task, end.averaged, {"steps": end.step})
    read, vae = load_vae_folder(tmp_path)
    assert read.vae == config.vae and read.vae.latents_std != (1.0,) * 4
    signal = torch.from_numpy(np.stack([task.clips[n].source_THWC for n in range(6)])).movedim(-1, 1) / 127.5 - 1
    latents = vae.encode(signal.float())
    assert latents.mean(dim=(0, 2, 3, 4)).abs().max() < 1 and latents.std(dim=(0, 2, 3, 4)).max() < 3
    assert json.loads((tmp_path / "report.json").read_text())["steps"] == 12
    assert sheet(task, samples=1)[:4] == b"RIFF"


def test_the_decoder_trained_is_the_decoder_used() -> None:
    task = _vae_task(precision="fp32")
    latents = torch.randn(1, 4, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ours = task._decoded(latents).clamp(-1, 1)
        assert torch.equal(ours, VideoVae(task.model).decode(latents))


def test_the_divergence_is_that_of_two_normals() -> None:
    mean, logvar = torch.full((1, 1, 1, 1, 1), 0.7), torch.full((1, 1, 1, 1, 1), -0.4)
    signal = torch.zeros(1, 3, 1, 4, 4)
    told = vae_loss(signal, signal, mean, logvar, VaeLossSettings(edges=0.0, divergence=2.0))
    posterior = torch.distributions.Normal(mean, (0.5 * logvar).exp())
    wanted = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).mean()
    assert told.divergence == pytest.approx(float(wanted)) and told.total == pytest.approx(2 * float(wanted))


def test_equal_clips_have_a_hundred_decibels_and_one_level_forty_eight() -> None:
    black = np.zeros((2, 4, 4, 3), np.uint8)
    assert psnr_db(black, black) == 100 and psnr_db(black, black + 1) == pytest.approx(48.13, abs=0.01)


def test_latent_statistics_are_those_of_all_latents_together() -> None:
    task = _vae_task()
    mean, std = latent_statistics(task.model, task.clips)
    every = torch.cat(
        [
            task.model.encode(torch.from_numpy(clip).movedim(-1, 0)[None].float() / 127.5 - 1).latent_dist.mode()
            for n in range(6)
            for clip in task.clips[n][:2]
        ]
    ).detach()
    assert mean == pytest.approx(every.mean(dim=(0, 2, 3, 4)).tolist(), abs=1e-4)
    assert std == pytest.approx(every.std(dim=(0, 2, 3, 4)).tolist(), rel=1e-2)


def test_weights_of_other_sizes_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no autoencoder"):
        load_vae_folder(tmp_path)
    save_vae_folder(tmp_path, _vae_task(), dict(_vae_task().model.state_dict()), {})
    wide = replace(_config(), vae=replace(_config().vae, base_dim=8))
    with pytest.raises(DataError, match="the tensors are not those of the configuration"):
        VaeTask.fresh(wide, _clips(0, 2), _clips(2, 1), VaeLossSettings(), seed=0, start_from=tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_example_is_what_the_table_says(kind: str) -> None:
    pool = _pool(0, 8)
    clip, sample = pool.clips[3], pool.clips.samples[3]
    example = pool.make(3, kind, np.random.default_rng(0))
    assert (example.grade == 1) is (kind == "target") and (0 < example.grade < 1) is (kind == "blend")
    assert np.array_equal(example.edit_THWC, clip.source_THWC) is (kind in ("unchanged", "reversed"))
    assert np.array_equal(example.edit_THWC, clip.target_THWC) is (kind in ("target", "instruction"))
    assert (example.instruction == sample.instruction) is (kind != "instruction")
    if kind == "other":
        peers = [n for n in range(8) if n % 2 == 1 and n != 3]
        assert any(np.array_equal(example.edit_THWC, pool.clips[n].target_THWC) for n in peers)


def test_graded_edits_are_shown_where_there_are_any_and_shares_are_kept() -> None:
    clip = GradedClip("half", np.zeros((5, 32, 32, 3), np.uint8), 0.5)
    pool = _pool(0, 4, graded={"s-1": [clip]}, mix=ExampleMix(target=0.5, graded=0.2))
    rng = np.random.default_rng(0)
    drawn = [pool.draw(1, rng).kind for _ in range(400)]
    assert 0.42 < drawn.count("target") / 400 < 0.58 and 0.14 < drawn.count("half") / 400 < 0.27
    assert "half" not in [pool.draw(0, rng).kind for _ in range(50)]
    with pytest.raises(UsageError, match="all samples have one instruction"):
        _pool(0, 1)


def test_progress_is_a_share_of_the_squared_way() -> None:
    clip = _clips(0, 1)[0]
    source, target = clip.source_THWC.astype(float), clip.target_THWC
    for share in (0.0, 0.5, 1.0):
        blend = np.round(share * target + (1 - share) * source).astype(np.uint8)
        assert edit_progress(clip.source_THWC, target, blend) == pytest.approx(1 - (1 - share) ** 2, abs=0.02)
    assert edit_progress(target, target, target) == 1 and edit_progress(target, target, clip.source_THWC) == 0


def test_spoilt_pictures_are_plainly_other_than_the_target() -> None:
    clip = _clips(0, 1)[0]
    for seed in range(10):
        made = spoilt(clip.source_THWC, clip.target_THWC, np.random.default_rng(seed))
        assert made.shape == clip.target_THWC.shape and psnr_db(made, clip.target_THWC) < 30


def _critic_task(vae: VideoVae | None = None) -> CriticTask:
    config = _config()
    asked = CriticConfig(prompt="nano-v1", frames=2)
    critic = fresh_critic(config, asked, [sample.instruction for sample in _clips(0, 4).samples], seed=0)
    mix = ExampleMix(target=0.5, unchanged=0.5, instruction=0, other=0, reversed=0, blend=0, spoilt=0, graded=0)
    return CriticTask(
        config=config,
        critic=critic,
        pool=_pool(0, 8, mix=mix),
        held_out=_pool(8, 3),
        settings=CriticLossSettings(vae_share=1.0),
        vae=vae,
    )


def test_a_critic_learns_to_answer_and_is_written_with_its_tokenizer(tmp_path: Path) -> None:
    task = _critic_task()
    loss, before = task.loss(list(range(8)), torch.Generator().manual_seed(0))
    loss.backward()
    assert all(weight.grad is not None for weight in task.model.parameters())
    task.model.zero_grad()
    end = run_stage(task, _stage(12, lr=1e-2), tmp_path)
    _, after = task.loss(list(range(8)), torch.Generator().manual_seed(0))
    assert after["answer"] < before["answer"] - 2  # from one word in 400 to one of two
    measured = end.measured
    assert set(measured["accuracy"]) == set(KINDS) - {"blend"} and measured["examples"] == 21
    assert 0 <= measured["auc"] <= 1 and set(measured["p_yes"]) == set(KINDS)
    vlm = finished(task, end.averaged)
    vlm.save(tmp_path / "vlm")
    again = load_qwen25(tmp_path / "vlm")
    assert again.settings.pixels.patch == 8
    assert again.tokenizer.encode("Yes") == vlm.tokenizer.encode("Yes") and len(again.tokenizer.encode(" no")) == 1


def test_edits_go_through_the_autoencoder_and_the_requests_words_are_found() -> None:
    task = _critic_task(vae=VideoVae(_vae_task().model.requires_grad_(False)))
    loss, told = task.loss([0, 1, 2, 3, 4, 5, 6, 7], torch.Generator().manual_seed(0))
    assert torch.isfinite(loss) and told["words"] > 0
    example = task.pool.make(0, "target", np.random.default_rng(0))
    sources, edits = task._shown([example])
    ids = task.critic.states(sources, edits, [example.instruction], 4.0).ids[0]
    place = place_of(task.critic, example.instruction, ids)
    assert place is not None and task.critic.vlm.tokenizer.decode(ids[place.start : place.stop]) == example.instruction


@pytest.mark.parametrize("prompt", ["nano-v1", "nano-v2"])
def test_what_an_edit_changed_is_asked_of_the_tokens_that_cover_it(prompt: str) -> None:
    task = _critic_task()
    critic = replace(task.critic, prompt=load_critic_prompt(prompt))
    source = np.zeros((2, 64, 64, 3), np.uint8)
    edit = source.copy()
    edit[0, :16, 48:] = 200  # the upper right of 4x4 cells, in the first frame alone
    share = change_share(critic, source, edit)
    wanted = [0.0] * (32 if critic.prompt.paired else 16)
    wanted[3] = 1.0 if critic.prompt.paired else 0.5
    assert share.tolist() == wanted
    states = critic.states([torch.from_numpy(source)], [torch.from_numpy(edit)], ["Melt the ice."], 4.0)
    loss = changes_loss(critic, states, [(source, edit)], [True])
    ids = torch.tensor(states.ids[0])
    at = (ids == critic.vlm.model.config.video_token_id).nonzero()[-len(wanted) :, 0]
    yes, no = (critic.vlm.tokenizer.encode(word)[0] for word in ("Yes", "No"))
    logits = critic.vlm.model.lm_head(states.states_BLD[0, at])
    chance = torch.sigmoid(logits[:, yes] - logits[:, no])
    told = torch.tensor(wanted)
    by_hand = -(told * chance.log() + (1 - told) * (1 - chance).log()).mean()
    assert loss is not None and float(loss.detach()) == pytest.approx(float(by_hand.detach()), rel=1e-4)
    assert changes_loss(critic, states, [(source, edit)], [False]) is None


def test_a_training_is_named_read_and_changed(tmp_path: Path) -> None:
    assert read_training(VaeTrainConfig, "nano") == VaeTrainConfig()
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"model": {"preset": "nano"}, "loss": {"words": 0.5}, "critic": {"frames": 2}}))
    mine = read_training(CriticTrainConfig, str(path))
    assert mine.loss.words == 0.5 and mine.model == preset("nano")
    assert changed(mine, ["stage.steps=7", "critic.prompt=v1"]).critic.prompt == "v1"
    with pytest.raises(UsageError, match="did you mean steps"):
        changed(mine, ["stage.step=7"])
    with pytest.raises(UsageError, match="no training is called"):
        read_training(VaeTrainConfig, "nanu")
