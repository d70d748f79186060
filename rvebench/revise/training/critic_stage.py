"""Training a small critic from scratch: a Qwen2.5-VL that says Yes or No to a source, an edit and a request.

The loss is cross-entropy over the whole vocabulary at the answer's place, between "Yes" and "No" as the grade says.
On right edits the request's own words are predicted as well: telling from two videos what was asked is the same
knowledge, with many more bits an example, and its words' states are what the generator is conditioned on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from scipy import stats

from rvebench.errors import UsageError
from rvebench.records import digest_of
from rvebench.revise.config import ReviseConfig
from rvebench.revise.model.vae import VideoVae, frames_to_signal, signal_to_frames
from rvebench.revise.pretrained import fingerprint_of, freeze
from rvebench.revise.training.config_parts import CriticConfig
from rvebench.revise.training.critic import QwenCritic, load_critic_prompt, read_answers
from rvebench.revise.training.critic_examples import CriticExample, ExamplePool, edit_progress
from rvebench.revise.training.critic_losses import (
    ANSWERS,
    Asked,
    CriticLossSettings,
    answer_ids,
    changes_loss,
    words_loss,
)
from rvebench.revise.training.decode import pick_frames
from rvebench.revise.vlm.preprocess import QwenSpec
from rvebench.revise.vlm.qwen25 import QwenSettings, QwenVlm, load_qwen25
from rvebench.revise.vlm.tiny import qwen_tokenizer, random_qwen25
from rvebench.video import Frames

__all__ = [
    "CriticLossSettings",
    "CriticTask",
    "Estimator",
    "critic_texts",
    "finished",
    "fresh_critic",
    "measure_critic",
]

_EVAL_BATCH = 32
_OFTEN = 500


class Estimator(Protocol):
    """A generator that says from noisy latents of a target what the clean ones are."""

    @property
    def fingerprint(self) -> str:
        """Digest of its weights."""

    def estimate(
        self, examples: Sequence[CriticExample], fps: float, generator: torch.Generator
    ) -> list[tuple[Frames, float]]:
        """Returns, of each example's edit, the decoded one-step estimate at a drawn noise level, and that level."""


def critic_texts(instructions: Sequence[str], prompt: str) -> list[str]:
    """Returns what a critic's tokenizer is learnt from: requests, the prompt's words, and the answers, many times.

    Args:
        instructions: of the training.
        prompt: a folder of prompts/critic.
    """
    words = load_critic_prompt(prompt).words("")
    own = [words.system, words.source, words.edit, words.question, "system", "user", "assistant"]
    spelt = [f"{space}{form}" for word in ANSWERS for form in (word, word.lower(), word.upper()) for space in ("", " ")]
    return [*instructions, *(text for text in own if text), *(spelt * _OFTEN)]


def fresh_critic(
    config: ReviseConfig,
    critic: CriticConfig,
    instructions: Sequence[str],
    *,
    seed: int,
    start_from: Path | None = None,
) -> QwenCritic:
    """Returns a critic with random weights and a tokenizer of its own, or with those of a folder.

    Args:
        config: the sizes.
        critic: how it is asked.
        instructions: what the tokenizer is learnt from.
        seed: of the weights.
        start_from: an earlier training's folder, with `vlm/`.

    Raises:
        UsageError: the configuration's VLM is no Qwen2.5-VL, the folder is not there, or an answer is not one token.
        DataError: the folder is damaged.
    """
    if config.vlm.backend != "qwen2.5":
        raise UsageError(f"a critic is trained with the backend qwen2.5, not {config.vlm.backend}")
    pixels = QwenSpec(patch=config.vlm.vision.patch_size)
    size = config.sampling.size
    if size is not None:
        # When it conditions an edit it is shown the source at its own size, and has never seen more than this.
        pixels = replace(pixels, max_pixels=max(pixels.min_pixels, size.width * size.height))
    settings = QwenSettings(frames=config.compat.vlm_frames, max_frames=config.vlm.frames, pixels=pixels)
    if start_from is not None:
        vlm = load_qwen25(
            start_from / "vlm",
            frames=settings.frames,
            max_frames=settings.max_frames,
            max_pixels=pixels.max_pixels,
        )
    else:
        texts = critic_texts(instructions, critic.prompt)
        tokenizer = qwen_tokenizer(min(1024, config.vlm.vocab_size), texts=texts)
        vlm = random_qwen25(config.vlm, seed=seed, settings=settings, tokenizer=tokenizer)
    vlm.model.requires_grad_(True)
    made = QwenCritic(vlm=vlm, prompt=load_critic_prompt(critic.prompt), config=critic)
    for answer in ANSWERS:
        if len(vlm.tokenizer.encode(answer, add_special_tokens=False)) != 1:
            raise UsageError(f"the tokenizer has no token for {answer!r}")
    return made


@dataclass(kw_only=True, eq=False)
class CriticTask:
    """The stage for :func:`rvebench.revise.training.stage.run_stage`; its items are samples."""

    config: ReviseConfig
    critic: QwenCritic
    pool: ExamplePool
    held_out: ExamplePool
    settings: CriticLossSettings
    vae: VideoVae | None = None
    estimator: Estimator | None = None
    fps: float = 4.0
    """Frames a second of the clips."""
    started_from: str = ""
    """Fingerprint of the weights it began with; empty for a seed's."""
    seed: int = 0
    name: str = field(default="train-critic")

    @property
    def model(self) -> Any:
        return self.critic.vlm.model

    def identity(self) -> Mapping[str, Any]:
        return {
            "vlm": asdict(self.config.vlm),
            "prompt": self.critic.prompt.digest,
            "frames": self.critic.config.frames,
            "vocabulary": digest_of(self.critic.vlm.tokenizer.get_vocab()),
            "loss": asdict(self.settings),
            "mix": asdict(self.pool.mix),
            "shape": self.pool.clips.shape.as_json(),
            "samples": digest_of([sample.id for sample in self.pool.clips.samples]),
            "held_out": digest_of([sample.id for sample in self.held_out.clips.samples]),
            "graded": digest_of(sorted((key, len(value)) for key, value in self.pool.graded.items())),
            "vae": "" if self.vae is None else fingerprint_of({}, {"vae": self.vae.model}),
            "generator": "" if self.estimator is None else self.estimator.fingerprint,
            "started_from": self.started_from,
        }

    def __len__(self) -> int:
        return len(self.pool.clips)

    def names(self, items: Sequence[int]) -> list[str]:
        return [self.pool.clips.samples[item].id for item in items]

    def loss(self, items: Sequence[int], generator: torch.Generator) -> tuple[torch.Tensor, Mapping[str, float]]:
        rng = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
        drawn = [self.pool.draw(item, rng) for item in items]
        examples = self._seen(drawn, rng, generator)
        asked = self._asked(examples)
        logits_BV = asked.logits_BV
        grades_B = torch.tensor([example.grade for example in examples])
        logs_BV = F.log_softmax(logits_BV.float(), dim=1)
        yes, no = answer_ids(self.critic)
        answer = -(grades_B * logs_BV[:, yes] + (1 - grades_B) * logs_BV[:, no]).mean()
        sure_B = (grades_B == 0) | (grades_B == 1)
        right_B = (logs_BV[:, yes] > logs_BV[:, no]) == (grades_B > 0.5)
        told = {
            "answer": float(answer.detach()),
            "accuracy": float(right_B[sure_B].float().mean()) if sure_B.any() else 0.0,
        }
        right = [example.grade == 1 for example in examples]
        instructions = [example.instruction for example in examples]
        judged = [example.kind != "estimate" for example in examples]
        places = self._picks[0]
        pairs = [(example.source_THWC[places], example.edit_THWC[places]) for example in drawn]
        whole = answer
        beside = {
            "words": words_loss(self.critic, asked.states, instructions, right) if self.settings.words else None,
            "changes": changes_loss(self.critic, asked.states, pairs, judged) if self.settings.changes else None,
        }
        for name, value in beside.items():
            if value is not None:
                whole = whole + getattr(self.settings, name) * value
                told[name] = float(value.detach())
        return whole, told

    def _asked(self, examples: Sequence[CriticExample]) -> Asked:
        sources, edits = self._shown(examples)
        instructions = [example.instruction for example in examples]
        whole = self.critic.states(sources, edits, instructions, self._shown_fps)
        last_B = torch.tensor([len(ids) - 1 for ids in whole.ids])
        logits_BV = self.model.lm_head(whole.states_BLD[torch.arange(len(examples)), last_B])
        return Asked(logits_BV, whole)

    @cached_property
    def _picks(self) -> tuple[list[int], float]:
        picks = pick_frames(self.pool.clips.shape.frames, self.critic.config.frames)
        return list(picks.frames), picks.fps(self.fps)

    @property
    def _shown_fps(self) -> float:
        return self._picks[1]

    def _shown(self, examples: Sequence[CriticExample]) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        places = self._picks[0]
        return (
            [torch.from_numpy(example.source_THWC[places]) for example in examples],
            [torch.from_numpy(example.edit_THWC[places]) for example in examples],
        )

    def _seen(
        self, examples: Sequence[CriticExample], rng: np.random.Generator, generator: torch.Generator
    ) -> list[CriticExample]:
        """Returns the examples with some of their edits as a decoder or a generator would show them."""
        made = list(examples)
        estimated: list[int] = []
        if self.estimator is not None:
            right = [place for place, example in enumerate(made) if example.kind == "target"]
            estimated = [place for place in right if rng.random() < self.settings.estimate_share / self._target_share]
        if self.estimator is not None and estimated:
            found = self.estimator.estimate([made[place] for place in estimated], self.fps, generator)
            for place, (frames, _sigma) in zip(estimated, found, strict=True):
                example = made[place]
                progress = edit_progress(example.source_THWC, example.edit_THWC, frames)
                made[place] = example._replace(kind="estimate", edit_THWC=frames, grade=progress)
        if self.vae is not None:
            rest = [place for place in range(len(made)) if place not in estimated]
            coded = [place for place in rest if rng.random() < self.settings.vae_share]
            noise = rng.uniform(0, self.settings.latent_noise, len(coded)) * (rng.random(len(coded)) < 0.5)
            for place, frames in zip(coded, self._decoded([made[p] for p in coded], noise, generator), strict=True):
                made[place] = made[place]._replace(edit_THWC=frames)
        return made

    @property
    def _target_share(self) -> float:
        mix = asdict(self.pool.mix)
        share: float = mix["target"] / sum(mix.values())
        return max(share, self.settings.estimate_share, 1e-6)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _decoded(
        self, examples: Sequence[CriticExample], noise: Sequence[float], generator: torch.Generator | None
    ) -> list[Frames]:
        """Returns edits as decoded from their latents, (1 - s) z + s e, s the noise level of each."""
        if not examples:
            return []
        assert self.vae is not None
        signal = torch.cat([frames_to_signal(torch.from_numpy(example.edit_THWC)) for example in examples])
        latents = self.vae.encode(signal)
        if generator is not None:
            sigma = torch.as_tensor(np.asarray(noise), dtype=torch.float32).view(-1, 1, 1, 1, 1)
            latents = (1 - sigma) * latents + sigma * torch.randn(latents.shape, generator=generator)
        return [np.asarray(clip) for clip in signal_to_frames(self.vae.decode(latents)).numpy()]

    def evaluate(self) -> dict[str, Any]:
        return measure_critic(self)


def measure_critic(task: CriticTask, *, seed: int = 0) -> dict[str, Any]:
    """Returns how a critic does on held-out samples, every kind of example of each; the same for the same weights.

    `accuracy` and `p_yes` are by kind; a kind whose grades lie between 0 and 1 has no accuracy. `auc` is the chance
    that a target is more likely Yes than an example of grade 0; `pearson` is between P(yes) and the grades of all.
    Edits come through the autoencoder where there is one, without noise.
    """
    rng = np.random.default_rng(seed)
    examples = [
        example for index in range(len(task.held_out.clips)) for example in _all_kinds(task.held_out, index, rng)
    ]
    reads: list[float] = []
    with torch.no_grad():
        for first in range(0, len(examples), _EVAL_BATCH):
            part = examples[first : first + _EVAL_BATCH]
            if task.vae is not None:
                decoded = task._decoded(part, [], None)
                part = [example._replace(edit_THWC=frames) for example, frames in zip(part, decoded, strict=True)]
            reads += read_answers(task._asked(part).logits_BV, task.critic.tokens).p_yes_B.tolist()
    grades, kinds = np.array([one.grade for one in examples]), np.array([one.kind for one in examples])
    p_yes = np.array(reads)
    accuracy, means = {}, {}
    for kind in sorted(set(kinds)):
        of = kinds == kind
        means[kind] = round(float(p_yes[of].mean()), 4)
        if set(grades[of]) <= {0.0, 1.0}:
            accuracy[kind] = round(float(((p_yes[of] > 0.5) == (grades[of] > 0.5)).mean()), 4)
    right, wrong = p_yes[grades == 1], p_yes[grades == 0]
    auc = stats.mannwhitneyu(right, wrong).statistic / (len(right) * len(wrong))
    varied = p_yes.std() > 0
    return {
        "accuracy": accuracy,
        "balanced_accuracy": round(float(((right > 0.5).mean() + (wrong <= 0.5).mean()) / 2), 4),
        "auc": round(float(auc), 4),
        "pearson": round(float(stats.pearsonr(p_yes, grades).statistic), 4) if varied else None,
        "p_yes": means,
        "examples": len(examples),
    }


def _all_kinds(pool: ExamplePool, index: int, rng: np.random.Generator) -> list[CriticExample]:
    kinds = ["target", "unchanged", "instruction", "other", "reversed", "blend", "spoilt"]
    kinds += [graded.kind for graded in pool.graded.get(pool.clips.samples[index].id, ())]
    return [pool.make(index, kind, rng) for kind in kinds]


def finished(task: CriticTask, weights: Mapping[str, torch.Tensor]) -> QwenVlm:
    """Returns the critic's VLM with other weights, frozen."""
    own = dict(task.model.named_parameters())
    with torch.no_grad():
        for name, weight in weights.items():
            own[name].copy_(weight)
    freeze(task.model)
    return task.critic.vlm
