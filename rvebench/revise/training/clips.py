"""Training samples as plain values, and their videos as a model's frames, read once and kept.

Videos are decoded and resized when a :class:`PreparedClips` is made, in shards that are written whole or not at all; a
training then starts at once and reads frames from the disk as it needs them. A shard's name holds a digest of the
samples in it, so that a longer list of samples goes on where a shorter one ended.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from rvebench.errors import DataError, StorageError, UsageError
from rvebench.records import digest_of
from rvebench.revise.sampling.sizing import Fit, plan_size
from rvebench.revise.shapes import Size, check_frames
from rvebench.storage import atomic_write_bytes, atomic_write_text, read_json
from rvebench.video import Frames, read_video

__all__ = [
    "CLIPS_VERSION",
    "ClipShape",
    "PreparedClips",
    "SampleClips",
    "TakenClip",
    "TrainingSample",
    "fit_clip",
    "hold_out",
    "prepare_clips",
    "read_clip",
    "read_sample",
    "take_clip",
]

CLIPS_VERSION = 1
"""Raised when the same video would be prepared otherwise."""

_SHARD = 64
_MARK = "prepared.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSample:
    """One triplet to learn from, made by :meth:`of`."""

    id: str
    source: Path
    target: Path
    instruction: str
    mask: Path | None = None
    """White where target and source differ."""
    group: str = ""
    """Samples of one group share a source: they are held out together."""
    kind: str = ""
    """What sort of edit it is, if that is known: samples of one kind look alike and are asked alike."""
    frames_sha256: Mapping[str, str] = field(default_factory=dict)
    """Frame hashes by role, where they are known; a file without one is known by its path, size and time."""

    @classmethod
    def of(
        cls,
        *,
        id: str,
        source: Path,
        target: Path | None,
        instruction: str,
        mask: Path | None = None,
        group: str = "",
        kind: str = "",
        frames_sha256: Mapping[str, str] | None = None,
    ) -> TrainingSample:
        """Returns a sample; its group is the given one, else the source's hash, else its own id.

        Raises:
            DataError: it has no target, or says nothing to do.
        """
        if target is None:
            raise DataError("the sample has no target, and so nothing to learn from", where=id)
        if not instruction.strip():
            raise DataError("the sample has no instruction", where=id)
        hashes = dict(frames_sha256 or {})
        group = group or hashes.get("source", "") or id
        return cls(
            id=id,
            source=source,
            target=target,
            instruction=instruction,
            mask=mask,
            group=group,
            kind=kind,
            frames_sha256=hashes,
        )

    def identity(self) -> list[str]:
        """Returns what tells the sample's pixels from others'; paths count only where no hash is known.

        Raises:
            DataError: a file without a hash is not there.
        """
        files = {"source": self.source, "target": self.target, "mask": self.mask}
        return [self.id, *(self._identity_of(role, path) for role, path in files.items())]

    def _identity_of(self, role: str, path: Path | None) -> str:
        if path is None:
            return ""
        if known := self.frames_sha256.get(role):
            return known
        try:
            stat = path.stat()
        except OSError:
            raise DataError(f"the {role} is not there: {path}", where=self.id) from None
        return f"{path} {stat.st_size} {stat.st_mtime_ns}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipShape:
    """Which frames of a video a model is given, and at which size."""

    frames: int = 9
    """Of a clip, 4n + 1."""
    stride: int = 4
    """Every how many-th frame of the video is taken, from its first on."""
    size: Size = field(default_factory=lambda: Size(width=64, height=64))
    fit: Fit = "stretch"

    def __post_init__(self) -> None:
        check_frames(self.frames)
        if self.stride < 1:
            raise UsageError(f"every {self.stride}-th frame cannot be taken", hint="use 1 or more")

    @property
    def span(self) -> int:
        """Frames that a video must have."""
        return (self.frames - 1) * self.stride + 1

    def as_json(self) -> dict[str, Any]:
        """Returns the shape as JSON values."""
        return {"frames": self.frames, "stride": self.stride, "size": str(self.size), "fit": self.fit}


class SampleClips(NamedTuple):
    """The frames of one sample."""

    source_THWC: Frames
    target_THWC: Frames
    mask_THW: Frames | None
    """0..255."""


class TakenClip(NamedTuple):
    """The frames of a video that a clip is made of, at the video's own size."""

    frames_THWC: Frames
    fps: float
    """Frames a second of the clip."""


def take_clip(path: Path, shape: ClipShape, *, where: str) -> TakenClip:
    """Returns the frames of a video that a shape asks for, at the video's size; a still picture is repeated.

    Args:
        path: of the video.
        shape: what the model takes.
        where: the sample's id, for errors.

    Raises:
        DataError: it cannot be read, or is too short; names the sample.
    """
    try:
        clip = read_video(path, max_frames=shape.span)
    except DataError as error:
        raise DataError(f"{path.name}: {error.what}", where=where, hint=error.hint) from None
    frames_THWC = clip.frames_THWC
    if len(frames_THWC) not in (1, shape.span):
        raise DataError(
            f"{path.name} has {len(frames_THWC)} frames, and {shape.frames} frames that are {shape.stride} apart "
            f"need {shape.span}",
            where=where,
            hint="leave the sample out, or take a smaller stride",
        )
    taken = frames_THWC[:: shape.stride] if len(frames_THWC) > 1 else frames_THWC.repeat(shape.frames, axis=0)
    return TakenClip(taken, clip.fps / shape.stride)


def fit_clip(frames_THWC: Frames, shape: ClipShape) -> Frames:
    """Returns frames at the size of a shape, uint8 (T, H, W, 3)."""
    plan = plan_size(frames_THWC.shape[2], frames_THWC.shape[1], size=shape.size, fit=shape.fit, turn=False)
    return np.ascontiguousarray(plan.to_model(frames_THWC))


def read_clip(path: Path, shape: ClipShape, *, where: str) -> Frames:
    """Returns a video's frames in a shape, uint8 (T, H, W, 3); see :func:`take_clip`.

    Raises:
        DataError: it cannot be read, or is too short; names the sample.
    """
    return fit_clip(take_clip(path, shape, where=where).frames_THWC, shape)


def read_sample(sample: TrainingSample, shape: ClipShape) -> SampleClips:
    """Returns the frames of a sample, read from its videos.

    Raises:
        DataError: a video cannot be read or is too short; names the sample.
    """
    mask = None if sample.mask is None else read_clip(sample.mask, shape, where=sample.id)[..., 0]
    return SampleClips(
        read_clip(sample.source, shape, where=sample.id), read_clip(sample.target, shape, where=sample.id), mask
    )


def hold_out(
    samples: Sequence[TrainingSample], share: float = 0.05
) -> tuple[tuple[TrainingSample, ...], tuple[TrainingSample, ...]]:
    """Returns the samples to train on and those held out: the last groups, by first appearance, at least one.

    Raises:
        UsageError: the share is not within 0..1, or there are fewer than two groups.
    """
    groups = list(dict.fromkeys(sample.group for sample in samples))
    if not 0 < share < 1 or len(groups) < 2:
        raise UsageError(
            f"a share of {share} of {len(groups)} groups cannot be held out", hint="give more samples with sources"
        )
    last = set(groups[-max(1, round(len(groups) * share)) :])
    kept = tuple(sample for sample in samples if sample.group not in last)
    return kept, tuple(sample for sample in samples if sample.group in last)


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedClips:
    """Prepared frames of a list of samples; what :func:`prepare_clips` returns."""

    samples: tuple[TrainingSample, ...]
    shape: ClipShape
    shards: tuple[Any, ...]
    """Open files, each with `_SHARD` samples."""
    places: tuple[int, ...]
    """Of each sample in the shards, counted through."""

    def __len__(self) -> int:
        return len(self.samples)

    def of(self, samples: Sequence[TrainingSample]) -> PreparedClips:
        """Returns the same files for some of the samples, in the order given."""
        known = {sample.id: place for sample, place in zip(self.samples, self.places, strict=True)}
        return replace(self, samples=tuple(samples), places=tuple(known[sample.id] for sample in samples))

    def __getitem__(self, index: int) -> SampleClips:
        """Returns the frames of one sample, copied from the disk."""
        file, place = self.shards[self.places[index] // _SHARD], self.places[index] % _SHARD
        mask = None
        if self.samples[index].mask is not None:
            mask = file.get_slice("mask")[place : place + 1][0]
        source, target = (file.get_slice(role)[place : place + 1][0] for role in ("source", "target"))
        return SampleClips(source, target, mask)


def prepare_clips(
    samples: Sequence[TrainingSample],
    shape: ClipShape,
    folder: Path,
    *,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> PreparedClips:
    """Returns the frames of the samples, decoding what the folder does not hold yet.

    Args:
        samples: in any order; a longer list that begins with an earlier one reuses its full shards.
        shape: of all clips.
        folder: where shards are kept; it belongs to one shape.
        workers: threads that decode.
        progress: called with samples done and all.

    Raises:
        UsageError: there is no sample, two have one id, or the folder holds another shape or an older version.
        DataError: a video cannot be used, or a shard is damaged; what was prepared is kept.
        StorageError: a shard cannot be written.
    """
    samples = tuple(samples)
    if not samples:
        raise UsageError("there is no sample to train on", hint="is the split empty, or all of it left out?")
    if len({sample.id for sample in samples}) != len(samples):
        raise UsageError("two samples have the same id")
    _claim(folder, shape)
    shards = []
    for first in range(0, len(samples), _SHARD):
        part = samples[first : first + _SHARD]
        digest = digest_of([CLIPS_VERSION, shape.as_json(), [sample.identity() for sample in part]])
        path = folder / f"clips-{first // _SHARD:05d}-{digest[:12]}.safetensors"
        if not path.is_file():
            with ThreadPoolExecutor(workers) as pool:
                clips = list(pool.map(lambda sample: read_sample(sample, shape), part))
            _write(path, clips, digest)
        shards.append(_open(path, digest, len(part)))
        if progress is not None:
            progress(first + len(part), len(samples))
    return PreparedClips(samples=samples, shape=shape, shards=tuple(shards), places=tuple(range(len(samples))))


def _claim(folder: Path, shape: ClipShape) -> None:
    """Makes the folder one for this shape, or checks that it is."""
    mark = {"version": CLIPS_VERSION, **shape.as_json()}
    path = folder / _MARK
    if path.is_file():
        found = read_json(path)
        if found != mark:
            raise UsageError(
                f"the prepared clips here are {json.dumps(found)}, and {json.dumps(mark)} are wanted",
                where=folder,
                hint="choose another folder, or delete this one",
            )
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot be made: {error.strerror or error}", where=folder) from error
    atomic_write_text(path, json.dumps(mark, indent=2) + "\n")


def _write(path: Path, clips: Sequence[SampleClips], digest: str) -> None:
    tensors = {
        "source": np.stack([clip.source_THWC for clip in clips]),
        "target": np.stack([clip.target_THWC for clip in clips]),
    }
    if any(clip.mask_THW is not None for clip in clips):
        blank = np.zeros(clips[0].source_THWC.shape[:3], np.uint8)
        tensors["mask"] = np.stack([blank if clip.mask_THW is None else clip.mask_THW for clip in clips])
    sums = {f"crc32.{name}": f"{zlib.crc32(tensor.data):08x}" for name, tensor in tensors.items()}
    atomic_write_bytes(path, save(tensors, metadata={"digest": digest, **sums}))


def _open(path: Path, digest: str, count: int) -> Any:
    """Returns an open shard after comparing its sums."""
    try:
        file: Any = safe_open(path, framework="numpy")
        told = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError) as error:
        raise _damaged(path, str(error)) from None
    sound = {"source", "target"} <= set(tensors) and told.get("digest") == digest
    for name, tensor in tensors.items():
        sound = sound and len(tensor) == count and told.get(f"crc32.{name}") == f"{zlib.crc32(tensor.data):08x}"
    if not sound:
        raise _damaged(path, "its content is not what was written")
    return file


def _damaged(path: Path, why: str) -> DataError:
    return DataError(f"the prepared clips are damaged: {why}", where=path, hint="delete the file: it is made again")
