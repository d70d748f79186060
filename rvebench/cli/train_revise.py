"""`rvebench train-revise`: one command for every objective, alone or under torchrun."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rvebench.cli.common import Format, print_json, progress_bar
from rvebench.cli.model_paths import model_folder
from rvebench.errors import EXIT_FAILED, RveError, UsageError

if TYPE_CHECKING:
    from rvebench.cli.train_parts import Making
    from rvebench.cli.train_rewards import RewardOptions
    from rvebench.revise.training.config import TrainConfig
    from rvebench.revise.training.hooks import Counters
    from rvebench.revise.training.plan import TrainingPlan
    from rvebench.revise.training.world import World

__all__ = ["train_revise"]


class ObjectiveChoice(str, Enum):
    """What is learned."""

    SFT = "sft"
    RWR = "rwr"
    USO = "uso"
    EDIT_GRPO = "edit-grpo"


class CriticSize(str, Enum):
    """Critics whose cost can be counted in place of the model's own VLM's: keys of `CRITIC_PRESETS`."""

    QWEN25_VL_7B = "qwen2.5-vl-7b"


class EncoderDtype(str, Enum):
    """Precisions of frozen networks."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


def train_revise(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where checkpoints, logs and model/ go.")],
    data: Annotated[
        str,
        typer.Option("--data", metavar="SPLIT|FILE|SHARDS", help="A split, its manifest, or a precomputed folder."),
    ],
    config: Annotated[
        str, typer.Option("--config", "-c", metavar="PRESET|FILE", help="nano, wan1.3b, tiny-random, or a file.")
    ] = "nano",
    objective: Annotated[
        ObjectiveChoice | None, typer.Option("--objective", help="What is learned. [the configuration's]")
    ] = None,
    init: Annotated[
        Path | None,
        typer.Option(
            "--init", metavar="DIR|NAME", callback=model_folder, help="The model to begin with. [random weights]"
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest whole checkpoint in --out.")] = False,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a key, such as optim.lr=1e-4; may be repeated."),
    ] = None,
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="The same as --set loop.steps=N.")] = None,
    held_out: Annotated[
        str | None,
        typer.Option("--held-out", metavar="SPLIT|FILE|SHARDS", help="Measured and shown every loop.eval_every steps."),
    ] = None,
    shards: Annotated[
        Path | None,
        typer.Option("--shards", metavar="DIR", help="Where a split's encodings are kept. [OUT/shards]"),
    ] = None,
    stride: Annotated[int, typer.Option(min=1, help="Of a split: every how many-th frame of a video is taken.")] = 4,
    device: Annotated[str, typer.Option("--device", help="auto, cuda, cuda:N, mps or cpu.")] = "auto",
    dtype: Annotated[
        EncoderDtype, typer.Option("--dtype", help="Of VLM and text encoder; as in precompute.")
    ] = EncoderDtype.FLOAT32,
    peak_tflops: Annotated[
        float | None, typer.Option("--peak-tflops", min=0.001, help="Of one GPU, for the MFU in the log.")
    ] = None,
    wandb: Annotated[str | None, typer.Option("--wandb", metavar="PROJECT", help="Report to wandb as well.")] = None,
    reward_clip: Annotated[
        Path | None, typer.Option("--reward-clip", metavar="DIR", help="A CLIP, for edit-grpo's rewards by CLIP.")
    ] = None,
    reward_preference: Annotated[
        Path | None, typer.Option("--reward-preference", metavar="DIR", help="PickScore's weights, for `preference`.")
    ] = None,
    reward_tokenizer: Annotated[
        Path | None, typer.Option("--reward-tokenizer", metavar="DIR", help="PickScore's tokenizer, if elsewhere.")
    ] = None,
    reward_captions: Annotated[
        Path | None,
        typer.Option("--reward-captions", metavar="FILE", help="Lines of JSON: id, and what source and edit show."),
    ] = None,
    reward_judge: Annotated[
        str | None, typer.Option("--reward-judge", help="A judge for the reward `judge`: reference, hf:MODEL, …")
    ] = None,
    reward_base_url: Annotated[
        str | None, typer.Option("--reward-base-url", help="Of that judge's OpenAI-compatible service.")
    ] = None,
    reward_max_usd: Annotated[
        float | None, typer.Option("--reward-max-usd", help="Stop before that judge's calls cost more.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what a step costs and whether it fits, and do nothing.")
    ] = False,
    critic_size: Annotated[
        CriticSize | None,
        typer.Option("--critic-size", help="With --dry-run: count a critic of this size, not the model's own VLM."),
    ] = None,
    format_: Annotated[
        Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")
    ] = Format.TEXT,
) -> None:
    """Train a ReViSE model: supervised, reward-weighted, by self-reflection, or by Edit-GRPO.

    Ctrl-C and SIGTERM finish the step, save, and leave with 130; --resume goes on to the same bits, and refuses other
    settings with the difference. A loss that is no number stops, saves what was before the step, names the samples, and
    leaves with 1, as do samples that could not be read. Several GPUs: torchrun --nproc-per-node 8 -m rvebench
    train-revise …

    Example:

        rvebench train-revise --config nano --objective uso --data smoke --init revise-nano --out nano-uso
    """
    from rvebench.cli.train_parts import Making, read_config
    from rvebench.cli.train_rewards import RewardOptions
    from rvebench.revise.training.world import join_world

    settings = read_config(
        config,
        objective=None if objective is None else objective.value,
        init=init,
        changes=[*(changes or []), *([] if steps is None else [f"loop.steps={steps}"])],
    )
    rewards = RewardOptions(
        clip=reward_clip,
        preference=reward_preference,
        preference_tokenizer=reward_tokenizer,
        captions=reward_captions,
        judge=reward_judge,
        base_url=reward_base_url,
        max_usd=reward_max_usd,
    )
    if settings.objective != "edit-grpo" and rewards != RewardOptions():
        raise UsageError(f"options for rewards have no effect with {settings.objective}", hint="leave them out")
    making = Making(
        config=settings,
        data=data,
        held_out=held_out,
        init=init,
        shards=shards or out / "shards",
        stride=stride,
        dtype=dtype.value,
    )
    if dry_run:
        _dry_run(making, device, format_, None if critic_size is None else critic_size.value)
        return
    if critic_size is not None:
        raise UsageError("--critic-size counts what a critic would cost; it trains with none", hint="add --dry-run")
    world = join_world(device)
    try:
        _train(making, world, out, rewards, resume=resume, peak_tflops=peak_tflops, wandb=wandb, format_=format_)
    finally:
        world.close()


def _dry_run(making: Making, device: str, format_: Format, critic: str | None) -> None:
    from rvebench.revise.placement import check_device

    world = int(os.environ.get("WORLD_SIZE", "1"))
    if int(os.environ.get("RANK", "0")):
        return
    plan = making.plan(world=world, device=str(check_device(device)), critic=critic)
    if format_ is Format.JSON:
        print_json({"dry_run": plan.as_json()})
    else:
        typer.echo(plan.table())
    _require_memory(plan)


def _require_memory(plan: TrainingPlan) -> None:
    from rvebench.revise.training.plan_advice import require_training_memory

    if plan.memory_bytes is not None:
        require_training_memory(plan, plan.memory_bytes)


def _train(
    making: Making,
    world: World,
    out: Path,
    rewards: RewardOptions,
    *,
    resume: bool,
    peak_tflops: float | None,
    wandb: str | None,
    format_: Format,
) -> None:
    from rvebench.cli.train_rewards import opened_tools
    from rvebench.revise.training.export import export_model
    from rvebench.revise.training.hooks import Speed
    from rvebench.revise.training.loop import Trainer
    from rvebench.revise.training.objectives.build import build_objective
    from rvebench.revise.training.policy import Policy

    plan = making.plan(world=world.size, device=str(world.device))
    _require_memory(plan)
    with _only_one(out, world):
        if any((out / "checkpoints").glob("step-*")) and not resume:
            raise UsageError("the folder holds a training", where=out, hint="add --resume, or choose another --out")
        parts = making.parts(world)
        source = making.source(parts, world)
        policy = Policy.of(parts)
        speed = Speed(
            flops_per_sample=plan.model_flops / plan.samples,
            peak_flops=None if peak_tflops is None else 1e12 * peak_tflops * world.size,
        )
        asked = opened_tools(rewards, data=making.data, shape=making.shape(), device=world.device)
        with progress_bar("training", making.config.loop.steps) as show, asked as (tools, captions):
            trainer = Trainer(
                making.config,
                policy,
                lambda ready: build_objective(
                    making.config, parts, ready, tools=tools, captions=captions, masks=source.has_masks
                ),
                source,
                out=out,
                world=world,
                hooks=making.hooks(parts, world, source, progress=lambda done, total: show(done, total)),
                speed=speed,
                wandb=wandb,
            )
            if resume and (step := trainer.resume()):
                _say(world, f"continued after step {step} of {making.config.loop.steps}")
            counters = trainer.run()
        export_model(trainer, parts, out / "model")
    if world.first:
        _tell(making.config, counters, out, plan, format_)


def _tell(config: TrainConfig, counters: Counters, out: Path, plan: TrainingPlan, format_: Format) -> None:
    from rvebench.revise.training.logs import LOG_NAME
    from rvebench.storage import LogLine, read_lines

    lines = [line.value for line in read_lines(out / LOG_NAME) if isinstance(line, LogLine)]
    last: dict[str, Any] = next((line for line in reversed(lines) if line["event"] == "train"), {})
    told = {
        "out": str(out),
        "model": str(out / "model"),
        "objective": config.objective,
        "steps": counters.step,
        "updates": counters.updates,
        "samples": counters.samples,
        "failures": counters.failures,
        "trigger_rate": plan.trigger_rate,
        "last": {name: value for name, value in last.items() if name not in ("event", "step")},
    }
    if format_ is Format.JSON:
        print_json(told)
    else:
        loss = f", loss {last['loss']:.4f}" if "loss" in last else ""
        typer.echo(f"{out / 'model'}: {config.objective}, {counters.step} steps, {counters.samples} samples{loss}")
    if counters.failures:
        typer.echo(
            f"error: {out / LOG_NAME}: samples could not be read {counters.failures} times and were left out; "
            "the log names them",
            err=True,
        )
        raise typer.Exit(EXIT_FAILED)


def _say(world: World, text: str) -> None:
    if world.first:
        typer.echo(f"note: {text}", err=True)


@contextlib.contextmanager
def _only_one(out: Path, world: World) -> Iterator[None]:
    """Keeps two trainings out of one folder; the first rank holds the lock for all, and all fail with it."""
    from rvebench.errors import StorageError
    from rvebench.storage import exclusive_lock

    with contextlib.ExitStack() as stack:
        failure: RveError | None = None
        if world.first:
            try:
                out.mkdir(parents=True, exist_ok=True)
                stack.enter_context(exclusive_lock(out / "lock"))
            except OSError as error:
                failure = StorageError(f"cannot be made: {error.strerror or error}", where=out)
            except RveError as error:
                failure = error
        failed = world.most([float(failure is not None)])[0]
        if failure is not None:
            raise failure
        if failed:
            raise UsageError("the first process cannot work in this folder", where=out)
        yield
