"""What one step of each way to train costs: operations, memory, and, where it can be measured, time.

SFT, USO when the gate is open, USO on average, Edit-GRPO; for 17, 49 and 81 frames of 832x480 and 17 of 640x352. One
sample a step, activation checkpointing by block, latents and states computed before, a critic of Qwen2.5-VL-7B's
sizes, no dropout. "On average" is (1 - r) SFT + r USO, r the closed form of the gate's chance (25 % at tau .5,
shift 3): the gate is decided once a step. Source tokens that do not fit the context are averaged, as nothing is cut.

Without a GPU the table is a budget: operations counted and memory planned on the meta device, nothing run. On a GPU
of 80 GB or more the same steps are made with random weights at full size, each an update as the loop makes it (rollouts
or verdicts, forward, backward, clip, AdamW), rounds interleaved: seconds, torch's peak of allocated bytes, and use of
the machine (MFU), which is operations without what checkpointing repeats, a second, by those of one large matrix
product in bfloat16 that is measured first.

With --tiny the steps are those of a small model on the CPU, in processor seconds of one thread, because other work on
the machine does not count there. A ratio is the median over rounds of a step's time by that of the SFT step in the same
round. Small networks spend their time elsewhere than large ones: these ratios are the small model's.

Examples:
  python benchmarks/train_step.py              the budget; on a GPU, the measurement
  python benchmarks/train_step.py --budget     the budget, anywhere
  python benchmarks/train_step.py --decodes    USO by decode mode and frames of the critic, by operations
  python benchmarks/train_step.py --tiny       small models' ratios on the CPU, under two minutes
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import torch

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from rvebench.revise.assembly import Parts, random_parts  # noqa: E402
from rvebench.revise.config import Size  # noqa: E402
from rvebench.revise.model import build_connector, build_dit, build_vae  # noqa: E402
from rvebench.revise.model.context import NullContext, Tags  # noqa: E402
from rvebench.revise.pretrained import freeze  # noqa: E402
from rvebench.revise.training.batch import Batch, Draws  # noqa: E402
from rvebench.revise.training.config import (  # noqa: E402
    DropoutConfig,
    RewardConfig,
    TrainConfig,
    training_preset,
)
from rvebench.revise.training.critic_costs import QWEN25_VL_7B, CriticShape  # noqa: E402
from rvebench.revise.training.decode import pick_frames  # noqa: E402
from rvebench.revise.training.guards import FrozenGuard  # noqa: E402
from rvebench.revise.training.logs import Meter  # noqa: E402
from rvebench.revise.training.objectives.build import build_objective  # noqa: E402
from rvebench.revise.training.optim import Optimizers  # noqa: E402
from rvebench.revise.training.plan import TrainingPlan, training_plan  # noqa: E402
from rvebench.revise.training.policy import Policy  # noqa: E402
from rvebench.revise.training.sharding import prepare_net  # noqa: E402
from rvebench.revise.training.timesteps import gate_rate  # noqa: E402
from rvebench.revise.training.update import Updater  # noqa: E402
from rvebench.revise.training.world import World  # noqa: E402
from rvebench.revise.vlm.loading import random_vlm  # noqa: E402

WIDE, PAPER = Size(width=832, height=480), Size(width=640, height=352)
SHAPES = ((17, WIDE), (49, WIDE), (81, WIDE), (17, PAPER))
SFT, ACTIVE, MEAN, GRPO = "SFT", "USO, gate open", "USO, on average", "Edit-GRPO"
AIMS = {17: 1.25, 81: 1.08}
"""Most that USO may cost on average, by frames at 832x480, SFT being 1."""
AIM_MFU = 0.45
GIB, TERA = 2**30, 1e12
VLM_STATES = 267


@dataclass(frozen=True, kw_only=True)
class Case:
    """One kind of step."""

    name: str
    config: TrainConfig


def full_config(checkpointing: str = "block") -> TrainConfig:
    """The full-size training with a critic of Qwen2.5-VL-7B's sizes as the model's VLM."""
    base = training_preset("wan1.3b")
    model = replace(base.model, vlm=QWEN25_VL_7B, conditioning=replace(base.model.conditioning, source_overflow="pool"))
    loop: Any = replace(base.loop, batch_size=1, activation_checkpointing=checkpointing)
    return replace(base, model=model, loop=loop, dropout=DropoutConfig(text=0, vlm=0, source=0))


def cases(base: TrainConfig) -> tuple[Case, ...]:
    """The steps; the gate of USO is held open by a threshold of 1, which changes no operation."""
    # A reward of pixels alone: which networks rewards bring is the user's choice.
    grpo = replace(base.grpo, rewards=(RewardConfig(name="source-preservation-pixels"),))
    return (
        Case(name=SFT, config=replace(base, objective="sft")),
        Case(name=ACTIVE, config=replace(base, objective="uso", uso=replace(base.uso, tau=1.0))),
        Case(name=GRPO, config=replace(base, objective="edit-grpo", grpo=grpo)),
    )


def rate(config: TrainConfig) -> float:
    """How often the gate is open."""
    return gate_rate(config.timesteps, training_preset("wan1.3b").uso.tau)


def plan_of(case: Case, frames: int, size: Size, words: int | None = None) -> TrainingPlan:
    """The plan of one step."""
    return training_plan(case.config, frames=frames, size=size, vlm_tokens=VLM_STATES, critic_words=words)


def budget(shapes: Sequence[tuple[int, Size]], checkpointing: str) -> list[dict[str, Any]]:
    """Prints and returns operations and memory by the meta device alone."""
    base, rows = full_config(checkpointing), []
    chance = rate(base)
    print(f"\n{'shape':<20}{'step':<18}{'TFLOP':>11}{'by SFT':>9}{'model TFLOP':>13}{'peak GiB':>10}  at")
    for frames, size in shapes:
        plans = {case.name: plan_of(case, frames, size) for case in cases(base)}
        plain, active = plans[SFT], plans[ACTIVE]
        for name in (SFT, ACTIVE, MEAN, GRPO):
            plan = plans.get(name, active)
            total, model = float(plan.active_flops), plan.model_flops
            if name == MEAN:
                total = plain.active_flops + chance * (active.active_flops - plain.active_flops)
                model = plain.model_flops + chance * (active.model_flops - plain.model_flops)
            phase, most = plan.peak
            ratio = total / plain.active_flops
            print(
                f"{f'{frames} x {size}':<20}{name:<18}{total / TERA:>11,.1f}{ratio:>9.3f}{model / TERA:>13,.1f}"
                f"{most / GIB:>10.1f}  {phase}"
            )
            rows.append(
                {
                    "frames": frames,
                    "size": str(size),
                    "step": name,
                    "flops": total,
                    "model_flops": model,
                    "ratio": ratio,
                    "peak_bytes": most,
                }
            )
    return rows


def decodes(shapes: Sequence[tuple[int, Size]], checkpointing: str) -> list[dict[str, Any]]:
    """Prints and returns what USO costs on average by decode mode, frames and pixels of the critic, by operations."""
    base, rows = full_config(checkpointing), []
    chance = rate(base)
    print(f"\nUSO on average by SFT, operations; the gate is open in {100 * chance:.1f} % of steps")
    head = "".join(f"{f'{frames} x {size}':>16}" for frames, size in shapes)
    print(f"{'decode':<18}{'frames':>7}{'pixels':>10}{head}{'peak GiB, first':>17}")
    for mode in ("full", "prefix_truncated", "subclip", "image"):
        for frames_seen in (2, 4):
            for pixels in (None, 448 * 252):
                config = replace(
                    base,
                    objective="uso",
                    uso=replace(base.uso, tau=1.0, decode=mode),  # type: ignore[arg-type]
                    critic=replace(base.critic, frames=frames_seen, max_pixels=pixels),
                )
                told, first = [], 0
                for frames, size in shapes:
                    plan = plan_of(Case(name=ACTIVE, config=config), frames, size)
                    plain = plan_of(cases(base)[0], frames, size)
                    told.append(1 + chance * (plan.active_flops / plain.active_flops - 1))
                    first = first or plan.device_bytes
                cells = "".join(f"{value:>16.3f}" for value in told)
                print(f"{mode:<18}{frames_seen:>7}{pixels or 'all':>10}{cells}{first / GIB:>17.1f}")
                rows.append({"decode": mode, "frames": frames_seen, "max_pixels": pixels, "ratios": told})
    return rows


class Bench:
    """Steps of one model and one shape, each an update as the loop makes it."""

    def __init__(self, parts: Parts, base: TrainConfig, frames: int, size: Size, world: World) -> None:
        self.parts, self.frames, self.size, self.world = parts, frames, size, world
        self.batch = random_batch(parts, frames, size, base.loop.batch_size).to(world.device)
        self.words: int | None = None
        # One network and one optimiser for all steps: they train the same weights.
        dtype = torch.bfloat16 if base.loop.precision == "bf16" else torch.float32
        self.policy = Policy.of(parts, compute_dtype=dtype)
        self.trained = prepare_net(self.policy.net, base, world)
        self.optimizer = Optimizers(self.trained, base.optim)

    def step(self, case: Case) -> Callable[[], None]:
        """Returns what makes one step. Frozen networks are not hashed, which a training does once at its start."""
        config, draws = case.config, Draws.of(0)
        objective = build_objective(config, self.parts, self.policy)
        updater = Updater(
            objective,
            self.policy,
            parameters=self.trained,
            optimizer=self.optimizer,
            config=config.optim,
            world=self.world,
            guard=FrozenGuard({}),
            draws=draws,
            ema=None,
            meter=Meter(),
            warn=lambda text: print(f"note: {case.name}: {text}", file=sys.stderr),
        )

        def run() -> None:
            for items in objective.prepare(self.batch, self.policy, draws, parts=config.loop.accumulate):
                updater.run(items, items[0], real=True, updates=config.uso.warmup_steps, rate=1e-6)

        return run

    def listen(self) -> None:
        """Notes how long the critic's prompt is: the tokenizers of random models cut words small."""
        vlm: Any = self.parts.vlm
        language = vlm.llm.model if self.parts.config.vlm.backend == "vila" else vlm.model.model.language_model

        def note(_module: Any, _args: Any, named: dict[str, Any]) -> None:
            shown = len(pick_frames(self.frames, 4).frames)
            visual = CriticShape(frames=shown, size=self.size, words=0).visual_tokens(self.parts.config.vlm)
            self.words = int(named["inputs_embeds"].shape[1]) - 2 * visual

        language.register_forward_pre_hook(note, with_kwargs=True)


def random_batch(parts: Parts, frames: int, size: Size, samples: int) -> Batch:
    """Samples of noise, with everything that any of the steps reads."""
    config, drawn = parts.config, torch.Generator().manual_seed(0)
    shape = config.latent_shape(frames=frames, size=size)

    def normal(*lengths: int) -> torch.Tensor:
        return torch.randn(lengths, generator=drawn)

    text = None
    if config.text is not None:
        text = tuple(normal(64, config.text.dim) for _ in range(samples))
    return Batch(
        ids=tuple(str(index) for index in range(samples)),
        instructions=("Show the candle after it has burned for three hours.",) * samples,
        source_BCTHW=normal(samples, *shape),
        target_BCTHW=normal(samples, *shape),
        vlm=tuple(normal(VLM_STATES, config.vlm.dim) for _ in range(samples)),
        text=text,
        change_BTHW=torch.rand((samples, *shape[1:]), generator=drawn),
        source_frames_BTHWC=torch.randint(
            0, 256, (samples, frames, size.height, size.width, 3), generator=drawn, dtype=torch.uint8
        ),
        baseline_B=torch.zeros(samples),
    )


def full_parts(config: TrainConfig, device: torch.device) -> Parts:
    """Random weights drawn on the device; no text encoder, whose states the batch brings."""
    model, place = config.model, str(device)
    torch.manual_seed(0)
    vlm = random_vlm(model.vlm, model.compat, dtype=torch.bfloat16, device=place)
    return Parts(
        config=model,
        dit=build_dit(model, place),
        vae=freeze(build_vae(model, place)),
        connector=freeze(build_connector(model, place).to(torch.bfloat16)),
        vlm=vlm,
        text=None,
        tags=Tags.random(model, torch.Generator().manual_seed(0)),
        null=NullContext(vlm_LD=torch.zeros(8, model.vlm.dim, device=device), text_LD=None),
    )


def timed(call: Callable[[], None], device: torch.device) -> tuple[float, int]:
    """Returns seconds (wall on a GPU, of the processor on a CPU) and torch's peak of allocated bytes (0 on a CPU)."""
    gpu = device.type == "cuda"
    if gpu:
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
    clock = time.perf_counter if gpu else time.process_time
    began = clock()
    call()
    if gpu:
        torch.cuda.synchronize(device)
    return clock() - began, int(torch.cuda.max_memory_allocated(device)) if gpu else 0


def matmul_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Returns operations a second of one large square matrix product: the best of eight."""
    side = 8192 if device.type == "cuda" else 1024
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))

    def multiply() -> None:
        for _ in range(4):
            torch.mm(a, b)

    multiply()
    return 4 * 2 * side**3 / min(timed(multiply, device)[0] for _ in range(8))


def measure(bench: Bench, steps: Sequence[Case], *, rounds: int, peak: float, chance: float) -> list[dict[str, Any]]:
    """Measures one shape, prints its table and returns its rows."""
    device = bench.world.device
    bench.listen()
    made = {case.name: bench.step(case) for case in steps}
    for run in made.values():
        run()  # kernels are chosen, caches filled
    took: dict[str, list[tuple[float, int]]] = {name: [] for name in made}
    names = list(made)
    for index in range(rounds):
        turn = index % len(names)
        for name in names[turn:] + names[:turn]:
            took[name].append(timed(made[name], device))
    plans = {case.name: plan_of(case, bench.frames, bench.size, bench.words) for case in steps}
    seconds = {name: [each[0] for each in runs] for name, runs in took.items()}
    seconds[MEAN] = [s + chance * (a - s) for s, a in zip(seconds[SFT], seconds[ACTIVE], strict=True)]
    rows = []
    for name in (SFT, ACTIVE, MEAN, GRPO):
        if name not in seconds:
            continue
        plan = plans.get(name, plans[ACTIVE])
        total, model = float(plan.active_flops), plan.model_flops
        if name == MEAN:
            total = plans[SFT].active_flops + chance * (total - plans[SFT].active_flops)
            model = plans[SFT].model_flops + chance * (model - plans[SFT].model_flops)
        ratios = [each / base for each, base in zip(seconds[name], seconds[SFT], strict=True)]
        most = max((each[1] for each in took.get(name, took[ACTIVE])), default=0)
        row = {
            "frames": bench.frames,
            "size": str(bench.size),
            "step": name,
            "flops": total,
            "seconds": median(seconds[name]),
            "ratio": median(ratios),
            "ratio_flops": total / plans[SFT].active_flops,
            "mfu": model / median(seconds[name]) / peak,
            "peak_bytes": most,
            "planned_bytes": plan.device_bytes,
        }
        memory = f"{most / GIB:>10.1f}{plan.device_bytes / GIB:>10.1f}" if most else f"{'':>10}{'':>10}"
        print(
            f"{f'{bench.frames} x {bench.size}':<20}{name:<18}{total / TERA:>11,.3f}{row['seconds']:>10.3f}"
            f"{row['ratio']:>8.3f}{f'{min(ratios):.2f}-{max(ratios):.2f}':>13}{row['ratio_flops']:>9.3f}"
            f"{100 * row['mfu']:>7.1f}{memory}",
            flush=True,
        )
        rows.append(row)
    return rows


def head(kind: str) -> None:
    """Prints the columns of measured tables."""
    print(
        f"\n{'shape':<20}{'step':<18}{'TFLOP':>11}{kind:>10}{'by SFT':>8}{'spread':>13}{'by FLOP':>9}{'MFU %':>7}"
        f"{'peak GiB':>10}{'planned':>10}"
    )


def tiny(rounds: int) -> list[dict[str, Any]]:
    """Measures the small models on one thread of the CPU."""
    torch.set_num_threads(1)
    world = World()
    peak = matmul_rate(world.device, torch.float32)
    print(f"small models, random weights, fp32, one thread; one matrix product: {peak / TERA:.3f} TFLOP/s")
    print("USO decodes by prefix_truncated; two samples a step")
    head("CPU s")
    rows = []
    for name, frames, size in (("nano", 9, Size(width=64, height=64)), ("tiny-random", 9, Size(width=64, height=64))):
        base = training_preset(name)
        prompt = "nano-v1" if name == "nano" else "v1"
        base = replace(
            base,
            loop=replace(base.loop, batch_size=2),
            dropout=DropoutConfig(text=0, vlm=0, source=0),
            critic=replace(base.critic, frames=4, prompt=prompt),
            grpo=replace(base.grpo, group=4),
        )
        print(name)
        bench = Bench(random_parts(base.model), base, frames, size, world)
        rows += measure(bench, cases(base), rounds=rounds, peak=peak, chance=rate(base))
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", action="store_true", help="run nothing: operations and memory, also on a GPU")
    parser.add_argument("--decodes", action="store_true", help="run nothing: USO by decode mode and critic frames")
    parser.add_argument("--tiny", action="store_true", help="small models on the CPU")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of every step (default 5)")
    parser.add_argument("--no-grpo", action="store_true", help="leave Edit-GRPO out of a measurement at full size")
    parser.add_argument("--checkpointing", choices=("block", "none"), default="block", help="default block")
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    asked = parser.parse_args(arguments)
    if asked.rounds < 1:
        parser.error(f"--rounds must be 1 or more, not {asked.rounds}")
    if asked.tiny + asked.budget + asked.decodes > 1:
        parser.error("--tiny, --budget and --decodes are measurements of their own: use one")
    if asked.tiny:
        rows = tiny(asked.rounds)
    elif asked.decodes:
        rows = decodes(SHAPES, asked.checkpointing)
    elif asked.budget or not torch.cuda.is_available():
        print("wan1.3b, one sample a step, critic of Qwen2.5-VL-7B's sizes; counted on meta, nothing is run")
        rows = budget(SHAPES, asked.checkpointing)
        why = "." if asked.budget else ": torch sees no GPU on this machine."
        print(
            f"\nNot measured: seconds, MFU (aim {AIM_MFU:.0%}), real peaks, and the ratio by time of USO to SFT "
            f"(aims {', '.join(f'{most}x at {frames} frames' for frames, most in AIMS.items())}){why}"
        )
    else:
        rows = at_full_size(asked)
    if asked.json is not None:
        asked.json.write_text(json.dumps(rows, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def at_full_size(asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Measures on the GPU, the smallest shape first."""
    device = torch.device("cuda")
    base = full_config(asked.checkpointing)
    peak = matmul_rate(device, torch.bfloat16)
    print(f"wan1.3b, random weights, {torch.cuda.get_device_name(device)}, torch {torch.__version__}")
    print(f"one matrix product in bfloat16: {peak / TERA:,.1f} TFLOP/s")
    head("wall s")
    rows: list[dict[str, Any]] = []
    steps = [case for case in cases(base) if not (asked.no_grpo and case.name == GRPO)]
    for frames, size in sorted(SHAPES, key=lambda shape: shape[0] * shape[1].width):
        bench = Bench(full_parts(base, device), base, frames, size, World(device=device))
        rows += measure(bench, steps, rounds=asked.rounds, peak=peak, chance=rate(base))
        del bench
        gc.collect()
        torch.cuda.empty_cache()
    return rows


if __name__ == "__main__":
    main()
