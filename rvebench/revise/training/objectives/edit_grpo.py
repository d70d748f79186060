"""Edit-GRPO: learn from rewards alone, edits of one sample against each other (arXiv 2512.16906, after 2505.05470).

`prepare` lets the current weights make `group` edits of every sample, scores them, and keeps the stochastic steps with
their log-densities; `loss` recomputes the log-density of one such step with gradient:

    L = mean over kept edits of max(-A r, -A clip(r, 1 - c, 1 + c)) + beta KL,    r = exp(log p - log p_old)

A part is one stochastic step of one edit of each of a few samples. Its batch is the one its rollout had, so that both
compute the same numbers, and r is exactly 1 until the weights change.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from rvebench.errors import UsageError
from rvebench.revise.conditions import Conditions, GuidedConditions
from rvebench.revise.model.vae import VideoVae, signal_to_frames
from rvebench.revise.sampling.guidance import Guidance, GuidedDenoiser
from rvebench.revise.sampling.schedule import flow_schedule
from rvebench.revise.training.advantages import Advantages, group_advantages
from rvebench.revise.training.batch import Batch, Draws
from rvebench.revise.training.config import GrpoConfig
from rvebench.revise.training.objectives.protocol import Step, WorkItem
from rvebench.revise.training.policy import Policy
from rvebench.revise.training.ratios import clipped_loss
from rvebench.revise.training.reference import ReferenceWeights
from rvebench.revise.training.rewards.protocol import Captions, Edits, RewardError
from rvebench.revise.training.rewards.registry import RewardSet, Scored
from rvebench.revise.training.rollouts import Rollout, SdeStep, Transition, Velocity, draw_window, roll_out, sde_steps

__all__ = ["EditGrpo", "StepWork"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StepWork:
    """What the loss of one part needs beside its batch; without gradient."""

    transition: Transition
    reference_BCTHW: torch.Tensor | None
    """Where the step leads on average under the reference weights; None where no divergence counts."""
    advantages_B: torch.Tensor
    kept_B: torch.Tensor
    scale: float
    """All edits over those kept."""
    report: Mapping[str, float]
    """Of the whole set of rollouts, the same in all its parts."""


class EditGrpo:
    """The objective `edit-grpo`.

    Args:
        config: its settings.
        rewards: what :func:`rvebench.revise.training.rewards.make_rewards` returns.
        vae: decodes edits for the rewards.
        reference: the weights that the training began with; needed where `kl_weight` is above 0.
        captions: of source and edit, by sample id; for rewards that read them.
        masks: whether the data has masks, for rewards that read where an edit is. A sample without one then changes all
            of its frame, as another camera does; where no sample has one, nothing is known, and such rewards are
            refused.

    Raises:
        UsageError: the noise level is 0, there is no reference, or no captions though a reward reads them.
    """

    name = "edit-grpo"

    def __init__(
        self,
        config: GrpoConfig,
        *,
        rewards: RewardSet,
        vae: VideoVae,
        reference: ReferenceWeights | None = None,
        captions: Mapping[str, Captions] | None = None,
        masks: bool = False,
    ) -> None:
        if config.noise_level == 0:
            raise UsageError(
                "edit-grpo cannot learn from deterministic rollouts", hint="set grpo.noise_level above 0, say 0.7"
            )
        if config.steps < 2:
            raise UsageError("edit-grpo needs rollouts of at least two steps", hint="set grpo.steps to 2 or more")
        if config.kl_weight > 0 and reference is None:
            raise UsageError("grpo.kl_weight is above 0 and there are no reference weights", hint="set it to 0")
        if "captions" in rewards.needs and captions is None:
            named = [name for name, reward in rewards.rewards.items() if "captions" in reward.needs]
            raise UsageError(
                f"{', '.join(named)} compare edits with captions of source and edit, and the data has none",
                hint="give captions, or take other rewards",
            )
        self.config = config
        self._rewards = rewards
        self._vae = vae
        self._reference = reference if config.kl_weight > 0 else None
        self._captions = captions
        self._masks = masks
        # From pure noise on, where Flow-GRPO's rule for the first step holds; Wan's own grid starts a little below it.
        self._schedule = flow_schedule(config.steps, shift=config.shift, sigma_max=1.0)
        self._guidance = Guidance(scale=config.guidance_scale)

    def frozen(self) -> Mapping[str, nn.Module]:
        """As the protocol says: the VAE and the rewards' networks."""
        return {"vae": self._vae.model, **self._rewards.modules}

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def prepare(self, batch: Batch, policy: Policy, draws: Draws, *, parts: int) -> list[list[WorkItem]]:
        """As the protocol says; one part of a split batch makes `group` times `window` parts of the loss.

        A collective call. A rank without samples takes part in it and gets no work.

        Raises:
            RewardError: a reward failed in a way that is no missing verdict.
            NotFiniteError: the network answered with NaN or an infinity.
            UsageError: the network drops numbers at random, which would tell a rollout from its loss.
        """
        _check_still(policy.net)
        self._check_needs(batch)
        config = self.config
        steps = sde_steps(self._schedule, config.noise_level, draw_window(config, draws))
        taken: list[tuple[Batch, list[Rollout], list[list[torch.Tensor]]]] = []
        scores: list[torch.Tensor] = []
        named: list[Mapping[str, torch.Tensor]] = []
        for part in batch.split(parts) if len(batch) else []:
            velocity = self._velocity(part, policy)
            rollouts = list(
                roll_out(
                    velocity,
                    steps,
                    part.source_BCTHW,
                    draws,
                    group=config.group,
                    same_noise=config.same_noise,
                    ids=part.ids,
                )
            )
            scored = list(self._score(part, rollouts))
            scores.append(torch.stack([each.total_B for each in scored], dim=1))
            named.append(
                {name: torch.stack([each.parts[name] for each in scored], dim=1) for name in self._rewards.rewards}
            )
            taken.append((part, rollouts, []))
        rewards_BG = torch.cat(scores) if scores else torch.zeros(0, config.group, dtype=torch.float64)
        advantages = group_advantages(
            rewards_BG,
            std=config.std,
            clip=config.advantage_clip,
            counts=not batch.borrowed,
            device=batch.source_BCTHW.device,
        )
        report = _report(rewards_BG, named, advantages)
        if self._reference is not None:
            with self._reference.applied():
                for part, rollouts, means in taken:
                    velocity = self._velocity(part, policy)
                    means.extend([_mean_of(velocity, each) for each in rollout.transitions] for rollout in rollouts)
        work = self._work(taken, advantages, report)
        return [work] * config.updates

    def loss(self, item: WorkItem, policy: Policy, draws: Draws, *, step: int) -> Step:  # noqa: ARG002 - the protocol's
        """As the protocol says."""
        config, work = self.config, item.extra
        assert isinstance(work, StepWork)
        transition = work.transition
        mean = _mean_of(self._velocity(item.batch, policy), transition)
        log_prob_B = transition.step.log_prob(transition.reached_BCTHW, mean)
        terms = clipped_loss(
            log_prob_B,
            mean,
            transition,
            work.advantages_B,
            clip_range=config.clip_range,
            ratio_norm=config.ratio_norm,
        )
        per_edit_B = terms.policy_B
        metrics = {
            "ratio": float(terms.ratio_B.detach().mean()),
            "ratio/min": float(terms.ratio_B.detach().min()),
            "ratio/max": float(terms.ratio_B.detach().max()),
            "ratio/clipped": float(terms.clipped_B.float().mean()),
            "log_prob": float(log_prob_B.detach().mean()),
            "policy_loss": float((terms.policy_B.detach() * work.kept_B).mean() * work.scale),
            "sigma": transition.step.sigma,
            **work.report,
        }
        if work.reference_BCTHW is not None:
            divergence_B = transition.step.divergence(mean, work.reference_BCTHW)
            per_edit_B = per_edit_B + config.kl_weight * divergence_B
            metrics["kl"] = float(divergence_B.detach().mean())
        # What is left out is multiplied by 0 and still computed: all ranks make as many passes.
        loss = (per_edit_B * work.kept_B).mean() * work.scale
        return Step(loss, metrics)

    def _velocity(self, part: Batch, policy: Policy) -> Velocity:
        """Returns the guided velocity of a part; gradients reach the connector, whose conditions are computed here."""
        needs_null = self._guidance.needs_null
        conditions = policy.guided(part) if needs_null else GuidedConditions(conditional=policy.conditions(part))

        def denoise(latents: torch.Tensor, sigma_B: torch.Tensor, told: Conditions) -> torch.Tensor:
            return policy.velocity(latents, sigma_B, told)

        return GuidedDenoiser(denoise, conditions, self._guidance)

    def _score(self, part: Batch, rollouts: Sequence[Rollout]) -> Iterator[Scored]:
        needs = self._rewards.needs
        source = target = change = captions = None
        if "source" in needs:
            source = part.source_frames_BTHWC
            if source is None:
                source = signal_to_frames(self._vae.decode(part.source_BCTHW))
        if "target" in needs:
            target = signal_to_frames(self._vae.decode(part.target_BCTHW))
        if "captions" in needs:
            assert self._captions is not None
            captions = tuple(self._captions[sample] for sample in part.ids)
        for rollout in rollouts:
            edit = signal_to_frames(self._vae.decode(rollout.latents_BCTHW))
            if "change" in needs and change is None:
                change = _spread_over_pixels(part.change_BTHW, edit)
            yield self._rewards.score(
                Edits(
                    ids=part.ids,
                    instructions=part.instructions,
                    edit_BTHWC=edit,
                    source_BTHWC=source,
                    target_BTHWC=target,
                    change_BTHW=change,
                    captions=captions,
                    fps=part.fps,
                )
            )

    def _check_needs(self, batch: Batch) -> None:
        """Refuses, before anything is computed, a batch that lacks what a reward reads."""
        needs = self._rewards.needs
        if "change" in needs and batch.change_BTHW is None and not self._masks:
            named = [name for name, reward in self._rewards.rewards.items() if "change" in reward.needs]
            raise RewardError(
                f"the reward {', '.join(named)} needs the regions of change, and the data has none",
                where=batch.ids[0] if batch.ids else None,
                hint="give masks with the data, or take other rewards",
            )
        lacking = [sample for sample in batch.ids if "captions" in needs and sample not in (self._captions or {})]
        if lacking:
            raise RewardError("the sample has no captions of source and edit", where=lacking[0], hint="leave it out")

    def _work(
        self,
        taken: Sequence[tuple[Batch, Sequence[Rollout], Sequence[Sequence[torch.Tensor]]]],
        advantages: Advantages,
        report: Mapping[str, float],
    ) -> list[WorkItem]:
        items = []
        first = 0
        for part, rollouts, references in taken:
            rows = slice(first, first + len(part))
            first += len(part)
            for member, rollout in enumerate(rollouts):
                values_B = advantages.values_BG[rows, member].to(part.source_BCTHW.device)
                kept_B = advantages.kept_BG[rows, member].to(part.source_BCTHW.device)
                for index, transition in enumerate(rollout.transitions):
                    work = StepWork(
                        transition=transition,
                        reference_BCTHW=references[member][index] if references else None,
                        advantages_B=values_B,
                        kept_B=kept_B,
                        scale=advantages.scale,
                        report=report,
                    )
                    items.append(WorkItem(batch=part, extra=work))
        return items


def _mean_of(velocity: Velocity, transition: Transition) -> torch.Tensor:
    step: SdeStep = transition.step
    latents = transition.latents_BCTHW
    sigma_B = torch.full((len(latents),), step.sigma, dtype=torch.float64, device=latents.device)
    return step.mean(latents, velocity(latents, sigma_B))


def _check_still(net: nn.Module) -> None:
    for name, module in net.named_modules():
        if isinstance(module, nn.Dropout) and module.p > 0:
            raise UsageError(
                f"{name} drops numbers at random, and a ratio of densities would measure that",
                hint="set lora.dropout to 0 for edit-grpo",
            )


def _spread_over_pixels(change_BTHW: torch.Tensor | None, edit_BTHWC: torch.Tensor) -> torch.Tensor:
    """Returns each pixel's share of change: its latent's. The first frame is one latent, then so many frames are.

    None is a change of all.
    """
    frames, height, width = edit_BTHWC.shape[1:4]
    if change_BTHW is None:
        return torch.ones(edit_BTHWC.shape[:4], device=edit_BTHWC.device)
    latents = change_BTHW.shape[1]
    each = (frames - 1) // max(1, latents - 1)
    places = [math.ceil(frame / each) if each else 0 for frame in range(frames)]
    change = change_BTHW.float()[:, places]
    rows, columns = height // change.shape[2], width // change.shape[3]
    return change.repeat_interleave(rows, dim=2).repeat_interleave(columns, dim=3)


def _report(
    rewards_BG: torch.Tensor, named: Sequence[Mapping[str, torch.Tensor]], advantages: Advantages
) -> dict[str, float]:
    """What a rank's rollouts came to; a name is left out where no edit was read."""
    report = {
        "groups/alike": advantages.alike / max(1, len(rewards_BG)),
        "edits/unread": advantages.unread / max(1, rewards_BG.numel()),
        "reward/total/within": advantages.within,
        "advantage/clipped": advantages.clipped,
        "advantage/abs": _mean_abs(advantages),
    }
    columns = {"total": rewards_BG}
    for name in named[0] if named else ():
        columns[name] = torch.cat([each[name] for each in named])
    for name, values in columns.items():
        read = values[values.isfinite()]
        if len(read):
            report[f"reward/{name}"] = float(read.mean())
            report[f"reward/{name}/std"] = float(read.std(correction=0))
    return report


def _mean_abs(advantages: Advantages) -> float:
    kept = advantages.values_BG[advantages.kept_BG]
    return float(kept.abs().mean()) if len(kept) else 0.0
