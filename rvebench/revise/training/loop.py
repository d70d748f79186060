"""The training loop: one for all objectives, one process or many.

    trainer = Trainer(config, policy, objective, source, out=folder)
    trainer.resume()
    trainer.run()

A step draws a batch, lets the objective prepare it, and runs the updates that come of it. Everything that a step
depends on is in a checkpoint, so that N steps are, bit for bit on a CPU, k steps, a resume, and N - k steps.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from rvebench.errors import DataError
from rvebench.revise.training.batch import Batch, Draws
from rvebench.revise.training.checkpoint import CheckpointStore
from rvebench.revise.training.config import TrainConfig
from rvebench.revise.training.generators import generator_state, load_generator_state, seed_generators
from rvebench.revise.training.guards import DivergedError, FrozenGuard, StoppedError, StopSignal, tensors_digest
from rvebench.revise.training.heldout import hacking_since
from rvebench.revise.training.hooks import Counters, Hooks, Speed
from rvebench.revise.training.logs import Meter, TrainLog, memory_bytes
from rvebench.revise.training.objectives.protocol import Objective, WorkItem
from rvebench.revise.training.optim import Ema, Optimizers, learning_rate
from rvebench.revise.training.policy import Policy
from rvebench.revise.training.resume import require_same
from rvebench.revise.training.sharding import full_tensors, prepare_net, reshard
from rvebench.revise.training.source import BatchSource, Drawn
from rvebench.revise.training.update import Updater
from rvebench.revise.training.world import World

__all__ = ["Counters", "Hooks", "Speed", "Trainer"]

_APPROVAL = "p_yes"
"""The metric of an objective that says how much its critic approves."""


class Trainer:
    """A training: see the module.

    Args:
        config: everything that decides it.
        policy: the model, whose net is frozen, moved and sharded here, in place.
        objective: what is learned, or what makes it of the policy when its net is ready: an objective that keeps a copy
            of the trained weights must be made so.
        source: batches.
        out: folder for checkpoints and logs; made when absent.
        world: the ranks; None for this process alone.
        hooks: see :class:`Hooks`.
        speed: for the logs.
        wandb: a project to report to.

    Raises:
        UsageError: the model lacks a part that is to be trained.
        DataError: the ranks do not start from the same weights.
    """

    def __init__(
        self,
        config: TrainConfig,
        policy: Policy,
        objective: Objective | Callable[[Policy], Objective],
        source: BatchSource,
        *,
        out: Path,
        world: World | None = None,
        hooks: Hooks | None = None,
        speed: Speed | None = None,
        wandb: str | None = None,
    ) -> None:
        self.config, self.policy, self.source = config, policy, source
        self.world = world or World()
        self.out = out
        self.hooks = hooks or Hooks()
        self.speed = speed
        self.counters = Counters()
        seed_generators(config.loop.seed, 0)  # fresh factors are drawn alike on every rank
        self.draws = Draws.of(config.loop.seed, self.world.rank)
        policy.compute_dtype = torch.bfloat16 if config.loop.precision == "bf16" else torch.float32
        began = tensors_digest(dict(policy.net.named_parameters()))
        self.parameters = prepare_net(policy.net, config, self.world)
        seed_generators(config.loop.seed, self.world.rank)
        self.objective: Objective = objective(policy) if callable(objective) else objective
        networks = dict(self.objective.frozen())
        self.made_of = {
            "objective": self.objective.name,
            "data": source.fingerprint,
            "weights it began with": began,
            "frozen networks": FrozenGuard(networks, wholly=tuple(networks)).digest,
        }
        if not self.world.agrees(self.made_of):
            raise DataError("the ranks do not start from the same weights and data", hint="give all the same folder")
        self.guard = FrozenGuard({"policy": policy.net, **networks}, wholly=tuple(networks))
        self.optimizer = Optimizers(self.parameters, config.optim)
        self.ema = None if config.optim.ema is None else Ema(self.parameters, config.optim.ema)
        self.meter = Meter()
        self.store = CheckpointStore(out / "checkpoints", self.world, keep=config.loop.keep, warn=self._warn)
        self.history: list[list[float]] = []
        self._updater = Updater(
            self.objective,
            policy,
            parameters=self.parameters,
            optimizer=self.optimizer,
            config=config.optim,
            world=self.world,
            guard=self.guard,
            draws=self.draws,
            ema=self.ema,
            meter=self.meter,
            warn=self._warn,
        )
        self._spare: WorkItem | None = None
        self._wandb = wandb
        self._since = (time.monotonic(), 0)
        self._saved_at = -1
        self._approval: float | None = None

    def resume(self) -> int:
        """Takes up the newest whole checkpoint, and returns its step; 0 where there is none.

        With another number of ranks than the checkpoint's the sums come in another order and ranks that are new draw
        other noise, so that numbers may then differ.

        Raises:
            UsageError: the checkpoint is of another training; the text lists the differences.
            DataError: no checkpoint is whole.
        """
        saved = self.store.newest()
        if saved is None:
            return 0
        require_same(saved, self._plain_config(), self.made_of)
        state = saved.state
        steps: dict[str, float] = state["optimizer_steps"]
        for name, parameter in self.parameters:
            if name in steps:
                self.optimizer.blank(parameter, float(steps[name]))
        self.store.load(saved, self._tensors())
        generators, own = self.store.generators(saved)
        load_generator_state(generators, self.draws, own=own)
        self.counters = Counters(**state["counters"])
        self.history = [list(point) for point in state["history"]]
        meters = state["meters"]
        for rank, meter in enumerate(meters):
            if rank % self.world.size == self.world.rank:
                self.meter.merge(meter)
        if len(meters) != self.world.size:
            self._warn(f"saved by {len(meters)} ranks and resumed by {self.world.size}: numbers may differ from now on")
        self._saved_at = self.counters.step
        return self.counters.step

    def run(self, *, until: int | None = None) -> Counters:
        """Trains to the last step, or to `until`, saves, and returns what was done.

        Raises:
            StoppedError: Ctrl-C or SIGTERM; the step was finished and saved.
            DivergedError: a loss or gradient is no number; the state before the step is saved.
            StorageError: a checkpoint or the log cannot be written; the checkpoint before stays whole.
            DataError: nothing of a whole epoch can be read.
        """
        total = self.config.loop.steps
        end = total if until is None else min(until, total)
        self._make_out()
        log = TrainLog(self.out, self.world, step=self.counters.step, wandb=self._wandb)
        stop = StopSignal()
        self._since = (time.monotonic(), self.counters.samples)
        with stop.listening(), closing(log), ThreadPoolExecutor(1) as reader:
            ahead = reader.submit(self._draw, self.counters.step)
            while self.counters.step < end:
                drawn = ahead.result()
                ahead = reader.submit(self._draw, self.counters.step + 1)
                self._step(drawn, log)
                self._measure(log)
                if self.hooks.progress is not None and self.world.first:
                    self.hooks.progress(self.counters.step, total)
                heard = int(self.world.most([stop.number])[0])
                if heard or self.counters.step % self.config.loop.save_every == 0 or self.counters.step == end:
                    self.save()
                if heard and self.counters.step < end:
                    raise StoppedError(
                        f"stopped after step {self.counters.step} of {total}; it is saved",
                        where=self.out,
                        hint="run the same command with --resume",
                    )
        return self.counters

    def save(self) -> Path | None:
        """Writes a checkpoint of this moment, unless there is one of this step already.

        Raises:
            StorageError: it cannot be written; older ones are untouched.
        """
        if self._saved_at == self.counters.step:
            return None
        self.guard.check_values()
        shared = self.draws.shared.get_state().tolist()
        if not self.world.agrees(shared):
            raise DataError("the ranks' shared generators differ: an objective drew from them on some ranks only")
        return self._save(generator_state(self.draws), self.meter.state())

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Puts the averaged weights in place while its body runs; does nothing where none are kept."""
        if self.ema is None:
            yield
            return
        reshard(self.policy.net)
        try:
            with self.ema.in_place():
                yield
                reshard(self.policy.net)
        finally:
            reshard(self.policy.net)

    def weights(self) -> dict[str, torch.Tensor]:
        """Returns every tensor of the net, whole, on the CPU, averages in the place of weights; all ranks call it."""
        with self.averaged():
            return full_tensors(self.policy.net)

    def _make_out(self) -> None:
        if self.world.first:
            self.out.mkdir(parents=True, exist_ok=True)
        self.world.barrier()

    def _draw(self, step: int) -> Drawn:
        return self.source.batch(step, self.world.rank, self.world.size)

    def _step(self, drawn: Drawn, log: TrainLog) -> None:
        counters = self.counters
        before, meter = generator_state(self.draws), self.meter.state()
        done = counters.updates
        own, failed = (int(each) for each in self.world.sum([len(drawn.batch or ()), len(drawn.failures)]))
        if failed:
            for each in self.world.gather([list(failure) for failure in drawn.failures]):
                for sample, reason in each:
                    log.write("failure", counters.step + 1, {"id": sample, "reason": reason})
            counters.failures += failed
        if own:
            batch = drawn.batch if drawn.batch is not None else self._borrowed()
            try:
                self._learn(batch.to(self.world.device), real=drawn.batch is not None)
            except DivergedError as error:
                raise self._diverged(error, before, meter, unchanged=counters.updates == done) from None
            counters.skipped_running = 0
        else:
            counters.skipped += 1
            counters.skipped_running += 1
            if counters.skipped_running * self.source.batch_size >= max(self.source.size, self.source.batch_size):
                raise DataError(
                    f"no sample of {counters.skipped_running} steps could be read, which is a whole epoch",
                    where=drawn.failures[0].id if drawn.failures else None,
                    hint=drawn.failures[0].reason if drawn.failures else None,
                )
        counters.samples += own
        counters.step += 1
        if counters.step % self.config.loop.log_every == 0 or counters.step == self.config.loop.steps:
            self._log(log)

    def _learn(self, batch: Batch, *, real: bool) -> None:
        counters, config = self.counters, self.config
        with torch.no_grad():
            updates = self.objective.prepare(batch, self.policy, self.draws, parts=config.loop.accumulate)
        first = next((item for items in updates for item in items), None)
        self._spare = first or self._spare or WorkItem(batch=batch.take([0]))
        rate = learning_rate(config.optim, counters.step, config.loop.steps)
        for index in range(int(self.world.most([len(updates)])[0])):
            items = updates[index] if index < len(updates) else ()
            if self._updater.run(items, self._spare, real=real, updates=counters.updates, rate=rate):
                counters.updates += 1

    def _borrowed(self) -> Batch:
        """Returns a sample of another rank, for a rank that has none and must keep step; it weighs nothing."""
        for rank in range(self.world.size):
            if (batch := self.source.batch(self.counters.step, rank, self.world.size).batch) is not None:
                return replace(batch.take([0]), borrowed=True)
        raise AssertionError("some rank has a sample")

    def _diverged(
        self,
        error: DivergedError,
        generators: dict[str, torch.Tensor],
        meter: dict[str, list[float]],
        *,
        unchanged: bool,
    ) -> DivergedError:
        """Saves what was before the step, and returns the error with where that is."""
        what = f"{error.what}, at step {self.counters.step + 1}"
        if not unchanged:
            return DivergedError(f"{what}, of which updates were done; the last checkpoint stands", where=error.where)
        if self._saved_at != self.counters.step:
            self._save(generators, meter)
        hint = f"{error.hint}; the state before the step is saved in {self.store.folder}"
        return DivergedError(what, where=error.where, hint=hint)

    def _log(self, log: TrainLog) -> None:
        means = self.meter.take(self.world)
        now, samples = time.monotonic(), self.counters.samples
        per_s = (samples - self._since[1]) / max(now - self._since[0], 1e-9)
        self._since = (now, samples)
        self._approval = means.get(_APPROVAL)
        speed: dict[str, float] = {"samples_per_s": per_s}
        if self.speed is not None:
            speed["flops_per_s"] = per_s * self.speed.flops_per_sample
            if self.speed.peak_flops:
                speed["mfu"] = speed["flops_per_s"] / self.speed.peak_flops
        memory = self.world.most([memory_bytes(self.world.device)])[0]
        done = {name: value for name, value in asdict(self.counters).items() if name not in ("step", "skipped_running")}
        log.write("train", self.counters.step, {**means, **done, **speed, "memory_bytes": int(memory)})

    def _measure(self, log: TrainLog) -> None:
        step, loop = self.counters.step, self.config.loop
        measured = self.hooks.held_out is not None and loop.eval_every and step % loop.eval_every == 0
        drawn = self.hooks.grid is not None and loop.grid_every and step % loop.grid_every == 0
        if not (measured or drawn):
            return
        with self.averaged(), torch.no_grad():
            if measured:
                assert self.hooks.held_out is not None
                self._note(self.hooks.held_out(self.policy, step), self.hooks.held_out.metric, log)
            if drawn:
                assert self.hooks.grid is not None
                path = self.out / "grids" / f"step-{step:08d}.png"
                self.hooks.grid(self.policy, path)
                log.picture("grid", step, path)
        self._since = (time.monotonic(), self.counters.samples)

    def _note(self, results: Mapping[str, float], metric: str, log: TrainLog) -> None:
        """Logs a held-out measurement, and warns of a critic that is being gamed."""
        log.write("held_out", self.counters.step, results)
        if self._approval is None or metric not in results:
            return
        self.history.append([self.counters.step, float(results[metric]), self._approval])
        since = hacking_since(self.history)
        if since is not None:
            text = (
                f"since step {since} the critic approves more and held-out {metric} falls: the policy may be gaming "
                "the critic; an earlier checkpoint may be the better model"
            )
            log.write("warning", self.counters.step, {"text": text})
            self._warn(text)

    def _save(self, generators: dict[str, torch.Tensor], meter: dict[str, list[float]]) -> Path:
        state = {
            "config": self._plain_config(),
            "config_digest": self.config.digest,
            "made_of": self.made_of,
            "counters": asdict(self.counters),
            "history": self.history,
            "meters": self.world.gather(meter),
            "optimizer_steps": {
                name: float(held.get("step", 0))
                for name, parameter in self.parameters
                if (held := self.optimizer.state_of(parameter))
            },
        }
        path = self.store.save(self.counters.step, self._tensors(), generators, state)
        self._saved_at = self.counters.step
        return path

    def _tensors(self) -> dict[str, torch.Tensor]:
        tensors = {f"weights.{name}": parameter.detach() for name, parameter in self.parameters}
        for name, parameter in self.parameters:
            held = self.optimizer.state_of(parameter)
            tensors.update({f"{key}.{name}": value for key, value in held.items() if key != "step"})
        if self.ema is not None:
            tensors.update({f"average.{name}": tensor for name, tensor in self.ema.tensors.items()})
        return tensors

    def _plain_config(self) -> dict[str, Any]:
        plain: dict[str, Any] = json.loads(json.dumps(self.config.to_dict()))
        return plain

    def _warn(self, text: str) -> None:
        if self.world.first:
            self.hooks.warn(text)
