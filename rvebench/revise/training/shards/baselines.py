"""The critic's verdict on the untouched source, computed once a sample and kept by what decides it.

A logit belongs to a critic (weights, prompt, how frames are shown) and to the frames it was shown. Both are in the key
it is kept under, so that a shard can hold the baselines of several critics, and a training takes its own or none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch

from rvebench.errors import InterruptError, RveError, StorageError
from rvebench.records import digest_of
from rvebench.revise.checkpoints.layout import CONFIG_NAME
from rvebench.revise.config import ReviseConfig
from rvebench.revise.sampling.sampler import NotFiniteError
from rvebench.revise.training.config_parts import CriticConfig
from rvebench.revise.training.critic import Critic, baseline_logits, build_critic
from rvebench.revise.training.decode import pick_frames
from rvebench.revise.training.shards.files import Failure, failure_of, open_shard, read_entry
from rvebench.revise.training.shards.store import ShardStore
from rvebench.revise.vlm.loading import load_vlm

__all__ = ["BaselineCritic", "add_baselines", "baseline_key", "load_baseline_critic"]


def baseline_key(critic: Critic, clip_frames: int, frames: int) -> str:
    """Returns 64 hexadecimal digits over all that decides a baseline beside source and instruction."""
    return digest_of({"critic": critic.fingerprint, "frames": list(pick_frames(clip_frames, frames).frames)})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BaselineCritic:
    """A critic, and how many frames of a clip it is shown."""

    critic: Critic
    frames: int
    device: str = "cpu"

    def key(self, clip_frames: int) -> str:
        """Returns what the logits are kept under; see :func:`baseline_key`."""
        return baseline_key(self.critic, clip_frames, self.frames)

    def logit(self, id: str, frames_THWC: torch.Tensor, instruction: str, fps: float) -> float:
        """Returns the log-odds that the critic calls the source its own edit.

        Args:
            id: of the sample, for errors.
            frames_THWC: the whole clip as the model was shown it, uint8.
            instruction: what was asked.
            fps: of the clip.

        Raises:
            UsageError: the critic cannot be asked so.
            NotFiniteError: it answers with no number.
        """
        picks = pick_frames(len(frames_THWC), self.frames)
        shown = frames_THWC[list(picks.frames)].to(self.device)
        found = float(baseline_logits(self.critic, [shown], [instruction], picks.fps(fps))[0])
        if not math.isfinite(found):
            raise NotFiniteError("the critic's baseline is not finite", where=id, hint="check the critic's weights")
        return found


def load_baseline_critic(
    folder: Path,
    model: ReviseConfig,
    config: CriticConfig,
    *,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
) -> BaselineCritic:
    """Returns the critic whose network lies in a folder: a whole model, what `train-critic` wrote, or a VLM alone.

    Args:
        folder: the VLM is looked for in `vlm/` below it, then in itself; a `revise.json` beside `vlm/` tells its sizes.
        model: tells them elsewhere.
        config: how it is asked.
        dtype: of the weights; part of what its verdicts belong to.
        device: where it is to be.

    Raises:
        UsageError: there is no such folder, or the backend cannot be asked.
        DataError: a file is damaged, or of other sizes.
    """
    if (folder / CONFIG_NAME).is_file():
        model = ReviseConfig.load(folder / CONFIG_NAME)
    weights = folder / "vlm" if (folder / "vlm").is_dir() else folder
    vlm = load_vlm(weights, model.vlm, model.compat, dtype=dtype, device=device)
    return BaselineCritic(critic=build_critic(config, vlm), frames=config.frames, device=device)


def add_baselines(store: ShardStore, critic: BaselineCritic, ids: set[str], failures: list[Failure]) -> int:
    """Computes the logits that are missing among some samples, shard by shard, and returns how many they were.

    Args:
        store: the folder; its shards keep the source's frames.
        critic: who is asked.
        ids: samples that count.
        failures: gets those whose baseline is no number.

    Raises:
        DataError: a shard is damaged.
        StorageError: the logits cannot be kept.
    """
    key = critic.key(store.spec.clip.frames)
    there = store.baselines(key)
    added = 0
    for record in store.records():
        wanted = [
            (place, entry) for place, entry in enumerate(record.entries) if entry.id in ids and entry.id not in there
        ]
        if not wanted:
            continue
        path = store.path / str(record.shard)
        file = open_shard(path)
        logits: dict[str, float] = {}
        for place, entry in wanted:
            skipped = set(entry.shapes) - {"frames"}
            frames = read_entry(file, place, entry, path, skip=skipped)["frames"]
            try:
                logits[entry.id] = critic.logit(entry.id, frames, entry.instruction, entry.fps)
            except (StorageError, InterruptError):
                raise
            except RveError as error:
                failures.append(Failure(id=entry.id, reason=f"baseline: {failure_of(entry.id, error).reason}"))
        if logits:
            store.write_baselines(key, record.number, logits)
            added += len(logits)
    return added
