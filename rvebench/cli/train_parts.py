"""What `rvebench train-revise` trains with, made of plain values: configuration, model, batches, hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import typer

from rvebench.cli.common import progress_bar
from rvebench.errors import UsageError
from rvebench.revise.assembly import Parts, load_parts, random_parts
from rvebench.revise.folder import read_folder
from rvebench.revise.sampling.memory import available_memory
from rvebench.revise.training.batch import Batch
from rvebench.revise.training.clips import ClipShape
from rvebench.revise.training.config import TrainConfig, training_preset, training_preset_names
from rvebench.revise.training.dataset import ShardSource, prepare_source
from rvebench.revise.training.grids import EditGrid, edited_samples
from rvebench.revise.training.hooks import Hooks
from rvebench.revise.training.plan import CRITIC_PRESETS, TrainingPlan, training_plan
from rvebench.revise.training.policy import Policy
from rvebench.revise.training.shards import BaselineCritic, EncoderPrints, SampleEncoder, ShardSpec, ShardStore
from rvebench.revise.training.world import World

__all__ = ["Making", "TargetMeasure", "read_config"]


def read_config(text: str, *, objective: str | None, init: Path | None, changes: list[str]) -> TrainConfig:
    """Returns the training that options describe; the model is that of `init` where it is given.

    Raises:
        UsageError: no such preset, file or folder, an unknown key, or a value that cannot be.
        DataError: a file is damaged.
    """
    if text in training_preset_names() or not Path(text).suffix:
        config = training_preset(text)
    else:
        config = TrainConfig.load(Path(text))
    if init is not None:
        config = replace(config, model=read_folder(init).config)
    first = [] if objective is None else [f'objective="{objective}"']
    return config.with_changes((*first, *changes))


@dataclass(frozen=True, kw_only=True, eq=False)
class Making:
    """What a training is made of."""

    config: TrainConfig
    data: str
    held_out: str | None
    init: Path | None
    shards: Path
    """Where encodings of splits are kept."""
    stride: int
    dtype: str
    """Of VLM and text encoder."""

    def __post_init__(self) -> None:
        if self.config.loop.eval_every and self.held_out is None:
            raise UsageError("loop.eval_every asks for held-out measurements", hint="give --held-out")

    def plan(self, *, world: int, device: str, critic: str | None = None) -> TrainingPlan:
        """Returns what the training costs, at the shape of its data; nothing is loaded.

        Args:
            world: ranks.
            device: of each.
            critic: one of `CRITIC_PRESETS`, to be counted in place of the model's own VLM.

        Raises:
            UsageError: the objective asks no critic, or the data has a shape that the model does not take.
        """
        if critic is not None and not self.config.needs_critic:
            raise UsageError(f"{self.config.objective} asks no critic", hint="leave out --critic-size")
        shape = self.shape()
        return training_plan(
            self.config,
            world=world,
            device=device,
            memory_bytes=_memory_of(device, world),
            frames=shape.frames,
            size=shape.size,
            critic_vlm=None if critic is None else CRITIC_PRESETS[critic],
        )

    def shape(self) -> ClipShape:
        """Returns the clip shape: that of the shards, else that of the model."""
        if _holds_shards(self.data):
            return ShardStore.open(Path(self.data)).spec.clip
        sampling = self.config.model.sampling
        if sampling.size is None:
            raise UsageError("the model fixes no frame size", hint="precompute with --size, and give that folder")
        return ClipShape(frames=sampling.frames, stride=self.stride, size=sampling.size)

    def parts(self, world: World) -> Parts:
        """Returns the model to begin with, frozen networks where they are needed; master weights are fp32."""
        encoders = getattr(torch, self.dtype)
        if self.init is None:
            parts = random_parts(self.config.model, seed=self.config.loop.seed)
            for module in parts.vlm.modules.values():
                module.to(encoders)
        else:
            parts = load_parts(read_folder(self.init), config=self.config.model, vlm_dtype=encoders)
        if parts.text is not None:
            parts.text.model.to(encoders)
        parts.vae.to(world.device)
        if self.config.needs_critic:
            for module in parts.vlm.modules.values():
                module.to(world.device)
        return parts

    def source(self, parts: Parts, world: World) -> ShardSource:
        """Returns the batches; a split is encoded first, by the first rank, and what is there is not done again."""
        return self._source(
            self.data, parts, world, self.shards, batch_size=self.config.loop.batch_size, baselines=self._baselines()
        )

    def _baselines(self) -> bool:
        return self.config.objective == "uso" and self.config.critic.baseline == "source"

    def _source(
        self, data: str, parts: Parts, world: World, folder: Path, *, batch_size: int, baselines: bool
    ) -> ShardSource:
        from rvebench.revise.training.critic import build_critic

        critic = None
        if baselines:
            made = build_critic(self.config.critic, parts.vlm)
            critic = BaselineCritic(critic=made, frames=self.config.critic.frames, device=str(world.device))
        seed = self.config.loop.seed
        if _holds_shards(data):
            return ShardSource(
                [Path(data)],
                batch_size=batch_size,
                seed=seed,
                encoders=EncoderPrints.of(parts),
                critic=critic,
                frames=self.config.objective != "sft",
            )
        from rvebench.cli.revise_train import training_samples

        samples = training_samples(data)
        spec = ShardSpec(encoders=EncoderPrints.of(parts), clip=self.shape())
        encoder = SampleEncoder(parts, spec, device=str(world.device), offload="model")
        for _ in range(world.rank):
            world.barrier()  # one after the other: the first encodes, and the others find everything there
        with progress_bar("encoding", len(samples)) as show:
            prepared = prepare_source(
                samples, encoder, folder, batch_size=batch_size, seed=seed, critic=critic, progress=show
            )
        for _ in range(world.size - world.rank):
            world.barrier()
        if world.first:
            for failure in prepared.report.failures:
                typer.echo(f"failed: {failure.id}: {failure.reason}", err=True)
        self.place(parts, world)
        return prepared.source

    def place(self, parts: Parts, world: World) -> None:
        """Puts the frozen networks that the training asks where it computes, after encoding moved them about."""
        parts.vae.to(world.device)
        if self.config.needs_critic:
            for module in parts.vlm.modules.values():
                module.to(world.device)

    def hooks(
        self, parts: Parts, world: World, source: ShardSource, *, progress: Callable[[int, int], object]
    ) -> Hooks:
        """Returns what is measured and shown beside the training."""
        loop = self.config.loop
        measure = None
        shown: Batch | None = None
        if self.held_out is not None:
            folder = self.shards.with_name(f"{self.shards.name}-held-out")
            held = self._source(self.held_out, parts, world, folder, batch_size=1, baselines=False)
            measure = TargetMeasure(parts.vae, _first(held, loop.eval_samples), world=world)
            shown = _first(held, loop.grid_samples)
        if shown is None and loop.grid_every:
            shown = _first(source, loop.grid_samples)
        return Hooks(
            held_out=measure,
            grid=None if shown is None else EditGrid(parts.vae, shown, world=world),
            progress=progress,
            warn=lambda text: typer.echo(f"warning: {text}", err=True),
        )


class TargetMeasure:
    """Held-out edits against their exact targets, as the VAE shows both: no critic has a say in it.

    Args:
        vae: the autoencoder.
        batch: held-out samples.
        world: the ranks.
    """

    metric = "ea_progress"

    def __init__(self, vae: Any, batch: Batch, *, world: World) -> None:
        self._vae, self._batch, self._world = vae, batch, world

    def __call__(self, policy: Policy, step: int) -> Mapping[str, float]:  # noqa: ARG002 - as the protocol has it
        """Returns the means of measures over those samples that have them, and how many samples there are."""
        from rvebench.science.measures import measure_edit

        edits = edited_samples(policy, self._vae, self._batch, world=self._world)
        measures = [
            measure_edit(edit.source_THWC, edit.target_THWC, edit.edit_THWC, edit.change_THW)._asdict()
            for edit in edits
        ]
        found: dict[str, float] = {"samples": float(len(self._batch))}
        for name in measures[0] if measures else ():
            values = [float(each[name]) for each in measures if each[name] is not None]
            if values:
                found[name] = sum(values) / len(values)
        return found


def _memory_of(device: str, world: int) -> int | None:
    """Returns the bytes that a rank may fill: of its own GPU, or of main memory, which ranks share; None if unknown."""
    if torch.device(device).type == "cuda":
        return int(torch.cuda.get_device_properties(torch.device(device)).total_memory)
    try:
        return available_memory(device) // world
    except UsageError:
        return None


def _holds_shards(data: str) -> bool:
    return (Path(data) / "store.json").is_file()


def _first(source: ShardSource, count: int) -> Batch:
    """Returns the first samples of the source's first bucket.

    Raises:
        UsageError: none of them can be read.
    """
    places = next(iter(source.buckets.values()))[:count]
    drawn = source.take(places)
    if drawn.batch is None:
        raise UsageError("no held-out sample can be read", hint=drawn.failures[0].reason)
    return drawn.batch
