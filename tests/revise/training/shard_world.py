"""Four tiny triplets as videos, and the frozen encoders of a random model, for tests of shards.

`python -m tests.revise.training.shard_world VIDEOS OUT SLOW_S` precomputes them, waiting a while before each sample.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rvebench.revise.assembly import Parts, random_parts
from rvebench.revise.config import preset
from rvebench.revise.shapes import Size
from rvebench.revise.training.clips import ClipShape, TrainingSample
from rvebench.revise.training.critic.answers import CriticReading
from rvebench.revise.training.shards import EncoderPrints, KeptSettings, SampleEncoder, ShardSpec
from rvebench.video import write_video
from tests.revise.small import frames_of

SHAPE = ClipShape(frames=5, stride=1, size=Size(width=32, height=32))


def parts(seed: int = 0) -> Parts:
    return random_parts(preset("tiny-random"), seed=seed)


def encoder(model: Parts | None = None, shape: ClipShape = SHAPE, **kept: Any) -> SampleEncoder:
    model = model or parts()
    spec = ShardSpec(encoders=EncoderPrints.of(model), clip=shape, kept=KeptSettings(**kept))
    return SampleEncoder(model, spec)


def video(path: Path, seed: int = 0, *, frames: int = 5, width: int = 64, height: int = 32, fps: float = 8) -> Path:
    write_video(path, frames_of(frames, width=width, height=height, seed=seed), fps=fps)
    return path


def mask_video(path: Path, frames: int = 5) -> Path:
    mask = np.zeros((frames, 32, 64, 3), np.uint8)
    mask[2:, 8:24, 16:40] = 255
    write_video(path, mask, fps=8)
    return path


def samples_in(folder: Path, count: int = 4, *, start: int = 0, masks: bool = False) -> list[TrainingSample]:
    folder.mkdir(exist_ok=True)
    made = []
    for n in range(start, start + count):
        for role, seed in (("source", n), ("target", n + 100)):
            path = folder / f"{n}.{role}.mp4"
            if not path.is_file():
                video(path, seed)
        made.append(
            TrainingSample.of(
                id=f"s-{n}",
                source=folder / f"{n}.source.mp4",
                target=folder / f"{n}.target.mp4",
                mask=mask_video(folder / f"{n}.mask.mp4") if masks else None,
                instruction=f"let it rain, take {n}",
            )
        )
    return made


class MeanCritic:
    """Answers with the mean of what it is shown."""

    def __init__(self, name: str = "a") -> None:
        self.fingerprint = hashlib.sha256(name.encode()).hexdigest()
        self.modules: dict[str, torch.nn.Module] = {}
        self.asked: list[tuple[int, float]] = []

    def read(self, sources: Any, candidates: Any, instructions: Any, fps: float) -> CriticReading:
        self.asked.append((len(sources[0]), fps))
        delta_B = torch.stack([each.float().mean() for each in candidates])
        nothing_B = torch.zeros_like(delta_B)
        return CriticReading(
            delta_B=delta_B, p_yes_B=torch.sigmoid(delta_B), mass_B=nothing_B, yes_B=delta_B, no_B=nothing_B
        )


def tree(folder: Path) -> dict[str, str]:
    """Returns the sha256 of every file but locks, by path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }


def edit_store(folder: Path, **changes: Any) -> None:
    path = folder / "store.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


class SlowEncoder(SampleEncoder):
    """Waits before each sample."""

    slow_s = 0.0

    def encode(self, read: Any) -> Any:
        time.sleep(self.slow_s)
        return super().encode(read)


def main() -> None:
    from rvebench.revise.training.shards import precompute

    torch.set_num_threads(1)
    videos, out, slow = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    made = encoder()
    patient = SlowEncoder(made.parts, made.spec)
    patient.slow_s = slow
    precompute(samples_in(videos, 6), patient, out, shard_samples=1, progress=lambda *_: print("done", flush=True))


if __name__ == "__main__":
    main()
