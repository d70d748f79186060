"""A tiny split rendered for tests: a disc crosses a textured field and should change its colour."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from rvebench.video import Frames, write_video

TYPES = [
    ("rave", "temporal"),
    ("rave", "physical_causality"),
    ("icvg", "camera"),
    ("rave", "spatial"),
    ("icvg", "emotional"),
    ("rave", "semantic_inference"),
]


def scene(seed: int, colour: tuple[int, int, int], frames: int = 9, size: tuple[int, int] = (96, 64)) -> Frames:
    """Returns frames (T, H, W, 3) of a disc on a field; `seed` decides the field and the disc's path."""
    rng = np.random.default_rng(seed)
    width, height = size
    coarse = rng.integers(40, 200, (height // 8, width // 8, 3)).repeat(8, 0).repeat(8, 1)
    y, x = np.mgrid[:height, :width]
    out = np.empty((frames, height, width, 3), np.uint8)
    for t in range(frames):
        out[t] = coarse
        out[t][disc(t, seed, x, y)] = colour
    return out


def disc(t: int, seed: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Returns where the disc is at frame `t`."""
    inside: np.ndarray = (x - 24 - 4 * t) ** 2 + (y - 28 - (seed % 3)) ** 2 < 14**2
    return inside


def make_split(folder: Path, n: int = 6, *, frames: int = 9, with_target: bool = True) -> Path:
    """Writes a split of `n` samples and returns the path of its samples.jsonl."""
    folder.mkdir(parents=True, exist_ok=True)
    y, x = np.mgrid[:64, :96]
    lines = []
    for index in range(n):
        subset, kind = TYPES[index % len(TYPES)]
        name = f"s{index:03d}"
        write_video(folder / f"{name}.source.mp4", scene(index, (220, 40, 40), frames), fps=8)
        row = {
            "id": name,
            "subset": subset,
            "reasoning_type": kind,
            "source": f"{name}.source.mp4",
            "instruction": f"Imagine the disc after it has cooled ({index})",
            "licence": "CC0-1.0",
            "provenance": "rendered by the tests",
        }
        if with_target:
            write_video(folder / f"{name}.target.mp4", scene(index, (40, 60, 220), frames), fps=8)
            mask = np.stack([np.repeat(disc(t, index, x, y)[..., None] * 255, 3, 2) for t in range(frames)])
            write_video(folder / f"{name}.mask.mp4", mask.astype(np.uint8), fps=8)
            row |= {"target": f"{name}.target.mp4", "mask": f"{name}.mask.mp4"}
        lines.append(json.dumps(row))
    path = folder / "samples.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
