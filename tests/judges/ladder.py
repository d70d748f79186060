"""Pseudo-edits of known quality: a scene or real clip, and what an editor could have done to it, with the grades it
earns by construction. The grades are labels, not human ratings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from rvebench.judges.reference import judge_comparison
from rvebench.records import Sample, Verdict, Window
from rvebench.taxonomy import ReasoningType, Subset
from rvebench.video import Clip, Comparison, Frames, read_video, write_video

Array = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

FPS = 16.0


class Grades(NamedTuple):
    """What a pseudo-edit earns, 0..10."""

    EA: float
    PC: float
    GN: float
    GR: float


GRADES = {
    "exact target": Grades(10, 10, 10, 10),
    "recompressed target": Grades(10, 10, 10, 9),
    "blurred": Grades(10, 9, 8, 5),
    "half-way": Grades(5, 10, 10, 10),
    "no-op copy": Grades(0, 10, 10, 10),
    "channel roll": Grades(9, 1, 4, 5),
    "background tint": Grades(10, 4, 8, 8),
    "flicker": Grades(7, 4, 1, 4),
    "noise": Grades(9, 5, 5, 2),
    "late switch": Grades(3, 10, 4, 10),
    "wrong video": Grades(0, 0, 9, 9),
    "frozen frame": Grades(8, 7, 1, 10),
}
"""The ten rows of the design's table, and two more: a recompressed target and a frozen frame."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """A source, its target, what lies half-way, and an unrelated video of the same size."""

    name: str
    source: Frames
    half: Frames
    target: Frames
    other: Frames
    mask: Frames | None = None


def clip_of(frames: Frames, fps: float = FPS) -> Clip:
    return Clip(frames_THWC=frames.copy(), fps=fps, pts_s=np.arange(len(frames)) / fps)


def sample_of(subset: Subset = Subset.RAVE) -> Sample:
    kind = ReasoningType.CAMERA if subset is Subset.ICVG else ReasoningType.PHYSICAL_CAUSALITY
    return Sample(id="s1", subset=subset, reasoning_type=kind, source=Path("s.mp4"), instruction="An hour later.")


def verdict_on(
    scene: Scene,
    edit: Frames,
    *,
    masked: bool = True,
    window: Window | None = None,
    subset: Subset = Subset.RAVE,
    fps: float = FPS,
) -> Verdict:
    mask = clip_of(scene.mask) if masked and scene.mask is not None else None
    return judge_comparison(
        Comparison(
            sample=sample_of(subset),
            source=clip_of(scene.source),
            edit=clip_of(edit, fps),
            target=clip_of(scene.target),
            mask=mask,
            window=window,
        )
    )


def texture(seed: int, height: int, width: int) -> Array:
    """Smooth noise of several sizes with mean 0 and about 1 of spread."""
    random = np.random.default_rng(seed)
    out = np.zeros((height, width), np.float32)
    for scale in (1.0, 2.5, 6.0, 16.0):
        layer = ndimage.gaussian_filter(random.standard_normal((height, width)), scale, mode="wrap")
        out += (layer / layer.std()).astype(np.float32) * np.float32(scale**0.5)
    return np.asarray(out / out.std(), np.float32)


def bytes_of(frames: npt.NDArray[np.float32] | npt.NDArray[np.float64] | Frames) -> Frames:
    return np.clip(np.rint(frames), 0, 255).astype(np.uint8)


def drawn(state: float, *, seed: int = 3, count: int = 17, height: int = 160, width: int = 240) -> Frames:
    """A room with a textured wall, a ball that rolls by, and a block that melts: `state` 0 whole, 1 a puddle."""
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    colour = np.random.default_rng(seed).uniform(70, 170, 3).astype(np.float32)
    wall = colour + 22 * texture(seed, height, width)[..., None] + 30 * (rows / height - 0.5)[..., None]
    grain = np.random.default_rng(seed + 1)
    frames = np.empty((count, height, width, 3), np.float32)
    for time in range(count):
        frame = wall.copy()
        x, y = 20 + 200 * time / (count - 1), 40 + 8 * np.sin(time * 0.7 + seed)
        frame[np.hypot(columns - x, rows - y) < 14] = (220, 60, 50)
        puddle = ((columns - 120) / (1 + 52 * state)) ** 2 + ((rows - 122) / (1 + 16 * state)) ** 2 < 1
        frame[puddle & (state > 0)] = (70, 120, 190)
        side = 27 * (1 - state) ** 0.5
        block = (np.abs(columns - 120) < side) & (rows < 122) & (rows > 122 - 2 * side)
        frame[block] = np.array((225, 235, 245)) - 40 * (columns[block][:, None] - 93) / 54
        frames[time] = ndimage.gaussian_filter(frame, (0.6, 0.6, 0)) + grain.normal(0, 1.5, (height, width, 1))
    return bytes_of(frames)


def ellipse(height: int, width: int, cy: float, cx: float, ry: float, rx: float) -> Mask:
    rows, columns = np.mgrid[:height, :width]
    return np.asarray(((rows / height - cy) / ry) ** 2 + ((columns / width - cx) / rx) ** 2 < 1)


def drawn_scene() -> Scene:
    mask = np.zeros((1, 160, 240, 3), np.uint8)
    mask[:, 64:142, 62:178] = 255
    return Scene(
        name="drawn", source=drawn(0.0), half=drawn(0.35), target=drawn(0.75), other=drawn(0.2, seed=40), mask=mask
    )


def recoloured(frames: Frames, where: Mask, amount: float) -> Frames:
    """A local edit on real pixels: inside `where` bright becomes dark and the colours change places."""
    soft = ndimage.gaussian_filter(where.astype(np.float32), 1.5)[..., None] * np.float32(amount)
    turned = 235 - 0.8 * frames[..., ::-1].astype(np.float32)
    return bytes_of(frames * (1 - soft) + turned * soft)


def real_scene(clips: dict[str, Path], name: str = "bikes", *, count: int = 17) -> Scene:
    source = read_video(clips[name], max_frames=count).frames_THWC
    stranger = "bikes" if name == "bigbuckbunny" else "bigbuckbunny"
    other = read_video(clips[stranger], max_frames=count).frames_THWC
    count, height, width, _ = source.shape
    other = np.stack([np.asarray(Image.fromarray(frame).resize((width, height))) for frame in other[:count]])
    where = ellipse(height, width, 0.55, 0.4, 0.2, 0.12)
    mask = np.repeat(where[None, ..., None], 3, axis=-1).astype(np.uint8) * 255
    return Scene(
        name=name,
        source=source,
        half=recoloured(source, where, 0.5),
        target=recoloured(source, where, 1.0),
        other=other,
        mask=mask,
    )


def evening_scene(clips: dict[str, Path], name: str = "carphone_pristine", *, count: int = 17) -> Scene:
    """A global edit: the whole picture from day to evening."""
    source = read_video(clips[name], max_frames=count).frames_THWC
    other = read_video(clips["bigbuckbunny"], max_frames=count).frames_THWC
    _, height, width, _ = source.shape
    other = np.stack([np.asarray(Image.fromarray(frame).resize((width, height))) for frame in other])

    def at(amount: float) -> Frames:
        light = (source / np.float32(255)) ** (1 + 0.8 * amount) * 255
        return bytes_of(light * (1 - amount * np.array((0.1, 0.35, 0.25), np.float32)))

    return Scene(name="evening", source=source, half=at(0.5), target=at(1.0), other=other)


def recompressed(frames: Frames, folder: Path, *, crf: int = 23) -> Frames:
    path = folder / f"recompressed-{crf}.mp4"
    write_video(path, frames, fps=FPS, crf=crf)
    return read_video(path).frames_THWC[:, : frames.shape[1], : frames.shape[2]]


def blurred(frames: Frames, sigma: float = 1.6) -> Frames:
    return bytes_of(ndimage.gaussian_filter(frames.astype(np.float32), (0, sigma, sigma, 0)))


def flickering(frames: Frames, levels: int = 25) -> Frames:
    signs = np.where(np.arange(len(frames)) % 2, levels, -levels).astype(np.float32)
    return bytes_of(frames + signs[:, None, None, None])


def noisy(frames: Frames, sigma: float = 28.0) -> Frames:
    return bytes_of(frames + np.random.default_rng(0).normal(0, sigma, frames.shape).astype(np.float32))


def tinted(frames: Frames) -> Frames:
    return bytes_of(frames * np.array((1.15, 1.0, 0.8), np.float32))


def late(scene: Scene) -> Frames:
    switch = round(len(scene.source) * 0.76)
    return np.concatenate([scene.source[:switch], scene.target[switch:]])


def frozen(frames: Frames) -> Frames:
    return np.repeat(frames[:1], len(frames), axis=0)


def ladder(scene: Scene, folder: Path) -> dict[str, Frames]:
    """Returns the pseudo-edits of a scene by the names of :data:`GRADES`."""
    return {
        "exact target": scene.target,
        "recompressed target": recompressed(scene.target, folder),
        "blurred": blurred(scene.target),
        "half-way": scene.half,
        "no-op copy": scene.source,
        "channel roll": np.roll(scene.target, 1, axis=-1),
        "background tint": tinted(scene.target),
        "flicker": flickering(scene.target),
        "noise": noisy(scene.target),
        "late switch": late(scene),
        "wrong video": scene.other,
        "frozen frame": frozen(scene.target),
    }
