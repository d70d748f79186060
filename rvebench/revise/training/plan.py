"""What a training will cost, said before anything is loaded: weights, operations of a step, memory, the gate's chance.

Everything is counted on the meta device at real sizes, in seconds and without memory. Operations are torch's
FlopCounterMode's; peak memory is counted weights and kept tensors, and an estimate of what passes by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from rvebench.errors import UsageError
from rvebench.revise.config import Size
from rvebench.revise.config_parts import VlmConfig
from rvebench.revise.sampling.memory import RESERVE_BYTES
from rvebench.revise.training.config import TrainConfig
from rvebench.revise.training.critic_costs import QWEN25_VL_7B
from rvebench.revise.training.plan_memory import Held, PartCount, count_training_parts, held_bytes, phase_bytes
from rvebench.revise.training.plan_work import StepCosts, Work, step_costs, step_work
from rvebench.revise.training.timesteps import gate_rate

__all__ = ["CRITIC_PRESETS", "TrainingPlan", "training_plan"]

CRITIC_PRESETS: dict[str, VlmConfig] = {"qwen2.5-vl-7b": QWEN25_VL_7B}
"""Sizes of critics that can be counted in place of the model's own VLM."""

_GIB, _TERA = 2**30, 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """One training on so many ranks."""

    config: TrainConfig
    costs: StepCosts
    world: int
    cached: bool
    samples: int
    """Of a step, over all ranks."""
    part: int
    """Samples that a rank computes at once."""
    parts: tuple[PartCount, ...]
    work: tuple[Work, ...]
    held: tuple[Held, ...]
    phases: dict[str, int]
    """Bytes that each phase works with beside what is held."""
    trigger_rate: float | None
    """How often the reason loss is paid for, P(sigma <= tau); None for an objective without a gate."""
    device: str = "cuda"
    memory_bytes: int | None = None
    """Of one rank's device; None where it is not known."""
    reserve_bytes: int = RESERVE_BYTES

    @property
    def active_flops(self) -> int:
        """Operations of a step that pays for every row."""
        return sum(row.total for row in self.work)

    @property
    def quiet_flops(self) -> int:
        """Operations of a step that pays for what every step does, and no more."""
        return sum(row.total for row in self.work if row.share == 1)

    @property
    def mean_flops(self) -> float:
        """Operations of a step on average."""
        return sum(row.share * row.total for row in self.work)

    @property
    def model_flops(self) -> float:
        """The same without what is computed a second time: what use of the machine (MFU) is measured by."""
        return sum(row.share * (row.forward + row.backward) for row in self.work)

    @property
    def held_bytes(self) -> int:
        """Bytes that a rank holds all the time."""
        return sum(row.size_bytes for row in self.held)

    @property
    def peak(self) -> tuple[str, int]:
        """The phase that needs most, and how many bytes of the device it takes, the reserve included."""
        name = max(self.phases, key=lambda phase: self.phases[phase])
        return name, self.held_bytes + self.phases[name] + self.reserve_bytes

    @property
    def device_bytes(self) -> int:
        """The most bytes that a rank's device must have."""
        return self.peak[1]

    def table(self) -> str:
        """Returns the plan as text for a terminal."""
        return "\n".join([*self._head(), "", *self._weights(), "", *self._operations(), "", *self._memory()])

    def as_json(self) -> dict[str, Any]:
        """Returns the plan's numbers for a record: bytes, operations, shares."""
        phase, most = self.peak
        return {
            "objective": self.config.objective,
            "frames": self.costs.frames,
            "size": str(self.costs.size),
            "world": self.world,
            "cached": self.cached,
            "samples": self.samples,
            "part": self.part,
            "video_tokens": self.costs.tokens,
            "context_rows": self.costs.context,
            "trigger_rate": self.trigger_rate,
            "parameters": {part.name: {"parameters": part.parameters, "trained": part.trained} for part in self.parts},
            "flops": {
                row.name: {
                    "forward": row.forward,
                    "backward": row.backward,
                    "recomputed": row.recomputed,
                    "share": row.share,
                }
                for row in self.work
            },
            "flops_active": self.active_flops,
            "flops_mean": self.mean_flops,
            "flops_quiet": self.quiet_flops,
            "held_bytes": {row.name: row.size_bytes for row in self.held},
            "phase_bytes": dict(self.phases),
            "peak_phase": phase,
            "peak_bytes": most,
        }

    def _head(self) -> list[str]:
        config, costs = self.config, self.costs
        ranks = f"{self.world} ranks" if self.world > 1 else "1 rank"
        lines = [
            f"{config.objective} of {config.model.name}: {costs.frames} frames of {costs.size}, "
            f"{config.loop.precision}",
            f"{self.samples} samples a step on {ranks}, {self.part} at once on each"
            + (f", in {config.loop.accumulate} parts" if config.loop.accumulate > 1 else ""),
            f"{costs.tokens:,} video tokens, {costs.context:,} context rows"
            + (f", {costs.critic.tokens:,} tokens of the critic's prompt" if costs.critic else ""),
        ]
        if self.trigger_rate is not None:
            timesteps, tau = config.timesteps, config.uso.tau
            lines.append(
                f"the gate is open at sigma <= {tau:g}: {100 * self.trigger_rate:.2f} % of "
                f"{'steps' if config.uso.gate == 'step' else 'samples'} "
                f"({timesteps.law} at shift {timesteps.shift:g})"
            )
        return lines

    def _weights(self) -> list[str]:
        rows = [f"{'weights':<34}{'parameters':>14}{'trained':>14}"]
        rows += [
            f"{part.name:<34}{part.parameters / 1e6:>12,.1f} M{part.trained / 1e6:>12,.1f} M" for part in self.parts
        ]
        whole, trained = (sum(getattr(part, key) for part in self.parts) for key in ("parameters", "trained"))
        return [*rows, f"{'all':<34}{whole / 1e6:>12,.1f} M{trained / 1e6:>12,.1f} M"]

    def _operations(self) -> list[str]:
        rows = [f"{'TFLOP a step':<34}{'forward':>12}{'backward':>12}{'again':>12}{'paid %':>9}{'on average':>13}"]
        for row in self.work:
            counts = "".join(f"{_tera(count):>12}" for count in (row.forward, row.backward, row.recomputed))
            rows.append(f"{row.name:<34}{counts}{100 * row.share:>9.1f}{_tera(row.share * row.total):>13}")
        rows.append(f"{'all':<34}{'':>45}{_tera(self.mean_flops):>13}")
        if self.active_flops > self.quiet_flops and self.quiet_flops:
            active, mean = self.active_flops / self.quiet_flops, self.mean_flops / self.quiet_flops
            rows.append(
                f"a step that asks the critic: {_tera(self.active_flops)}, {active:.2f} of one that does not; "
                f"on average {mean:.3f}"
            )
        if self.config.objective == "edit-grpo":
            rows.append("networks of rewards other than the critic are not counted")
        return rows

    def _memory(self) -> list[str]:
        rows = [f"{'memory of a rank':<34}{'GiB':>12}"]
        rows += [f"{row.name:<34}{row.size_bytes / _GIB:>12,.2f}" for row in self.held]
        rows += [f"{'held all the time':<34}{self.held_bytes / _GIB:>12,.2f}"]
        rows += [f"{'+ ' + name:<34}{size / _GIB:>12,.2f}" for name, size in self.phases.items()]
        phase, most = self.peak
        told = f"needs {most / _GIB:,.1f} GiB at its most ({phase}, {self.reserve_bytes / _GIB:.1f} GiB set aside)"
        if self.memory_bytes is not None:
            told += f"; {self.device} has {self.memory_bytes / _GIB:,.1f} GiB"
        return [*rows, told]


def training_plan(
    config: TrainConfig,
    *,
    world: int = 1,
    device: str = "cuda",
    memory_bytes: int | None = None,
    frames: int | None = None,
    size: Size | None = None,
    cached: bool = True,
    critic_vlm: VlmConfig | None = None,
    vlm_tokens: int | None = None,
    critic_words: int | None = None,
) -> TrainingPlan:
    """Returns what a training costs; nothing is loaded.

    Args:
        config: the training.
        world: ranks, each with a device of its own.
        device: their kind, as torch names it; on a CPU nothing is set aside for a runtime.
        memory_bytes: of each device, where it is known.
        frames: of a clip; None for those that the model samples.
        size: of its frames; None for the model's own.
        cached: whether latents, states and baseline logits come from `rvebench revise precompute`.
        critic_vlm: sizes of the critic where it is not the model's own VLM; see :data:`CRITIC_PRESETS`.
        vlm_tokens: states of a sample's VLM prompt; None for an estimate.
        critic_words: tokens of the critic's prompt that show no picture; None for an estimate.

    Raises:
        UsageError: a shape that the model does not take, a context that does not fit, or more ranks than samples.
    """
    batch, sampling = config.loop.batch_size, config.model.sampling
    if world < 1 or world > batch:
        raise UsageError(
            f"{batch} samples a step cannot be spread over {world} ranks", hint="raise loop.batch_size, or use fewer"
        )
    size = size or sampling.size
    if size is None:
        raise UsageError("the model has no frame size of its own", hint="give one")
    costs = step_costs(
        config,
        frames=frames or sampling.frames,
        size=size,
        critic_vlm=critic_vlm,
        vlm_tokens=vlm_tokens,
        critic_words=critic_words,
    )
    part = math.ceil(math.ceil(batch / world) / config.loop.accumulate)
    parts = count_training_parts(config, costs, cached=cached)
    held = held_bytes(config, parts, world=world)
    trained = next((row.size_bytes for row in held if row.name == "gradients"), 0)
    return TrainingPlan(
        config=config,
        costs=costs,
        world=world,
        cached=cached,
        samples=batch,
        part=part,
        parts=parts,
        work=step_work(config, costs, samples=batch, cached=cached),
        held=held,
        phases=phase_bytes(config, costs, part=part, cached=cached, trained_bytes=trained),
        trigger_rate=gate_rate(config.timesteps, config.uso.tau) if config.objective == "uso" else None,
        device=device,
        memory_bytes=memory_bytes,
        reserve_bytes=0 if device.startswith("cpu") else RESERVE_BYTES,
    )


def _tera(count: float) -> str:
    tera = count / _TERA
    return f"{tera:,.1f}" if tera >= 10 else f"{tera:,.3f}" if tera >= 0.001 or not tera else f"{tera:.1e}"
