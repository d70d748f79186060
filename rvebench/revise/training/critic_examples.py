"""What a critic is taught by: a source, an edit, a request, and how right the edit is.

Half of the examples are right: a sample's target. The others are edits that any triplets allow to make (nothing
changed, another's edit, another's request, the edit the wrong way round, half blended, spoilt pictures), and graded
edits where somebody knows them. Grades are 0..1; those between are soft targets:

============ ===== ==========================================================================
kind         grade the edit
============ ===== ==========================================================================
target       1     the target
unchanged    0     the source itself
instruction  0     the target, under the request of a sample of another kind
other        0     the target of another sample, of the same kind where there is one
reversed     0     the source of a sample whose source is its target
blend        a     a target + (1 - a) source, a from 0.1 to 0.9: how unsure one-step estimates look
spoilt       0     the target blurred, noisy, flickering, tinted or overdone
graded       given `half` (0.5: half of the change is made), `wrong` (0: another law), or any that the user brings
============ ===== ==========================================================================
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from rvebench.errors import DataError, UsageError
from rvebench.revise.training.clips import ClipShape, PreparedClips, read_clip
from rvebench.video import Frames, probe_video

__all__ = [
    "CriticExample",
    "ExampleMix",
    "ExamplePool",
    "GradedClip",
    "changed_pixels",
    "edit_progress",
    "read_graded_clip",
    "spoilt",
]

_CHANGED = 12
"""Levels of 255 by which a pixel must differ to count as changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleMix:
    """How often each kind is shown, relative to the others; `graded` is 0 in effect where there are none."""

    target: float = 0.5
    unchanged: float = 0.1
    instruction: float = 0.1
    other: float = 0.05
    reversed: float = 0.04
    blend: float = 0.06
    spoilt: float = 0.05
    graded: float = 0.1

    def __post_init__(self) -> None:
        weights = [getattr(self, one.name) for one in fields(self)]
        if not all(math.isfinite(weight) and weight >= 0 for weight in weights) or not sum(weights):
            raise UsageError(f"the shares of examples are 0 or more and not all 0, not {weights}")


class GradedClip(NamedTuple):
    """An edit of a sample that is neither its target nor made here."""

    kind: str
    frames_THWC: Frames
    grade: float


class CriticExample(NamedTuple):
    """One question and its answer."""

    sample: str
    kind: str
    source_THWC: Frames
    edit_THWC: Frames
    instruction: str
    grade: float
    """0 for No, 1 for Yes; between, how likely Yes should be."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ExamplePool:
    """Samples to make examples of."""

    clips: PreparedClips
    graded: Mapping[str, Sequence[GradedClip]] = field(default_factory=dict)
    """By sample id."""
    mix: ExampleMix = field(default_factory=ExampleMix)
    others: PreparedClips | None = None
    """Where others' targets and requests are taken from; None for the same samples."""

    def __post_init__(self) -> None:
        if len({sample.instruction for sample in self._others.samples}) < 2:
            raise UsageError(
                "a critic is taught by what was not asked for, and all samples have one instruction",
                hint="give more samples",
            )

    def draw(self, index: int, rng: np.random.Generator) -> CriticExample:
        """Returns an example of one sample, of a drawn kind; what is not possible for it becomes `unchanged`."""
        names = [one.name for one in fields(self.mix)]
        weights = np.array([getattr(self.mix, name) for name in names])
        if not self.graded.get(self.clips.samples[index].id):
            weights[names.index("graded")] = 0.0
        return self.make(index, names[int(rng.choice(len(names), p=weights / weights.sum()))], rng)

    def make(self, index: int, kind: str, rng: np.random.Generator) -> CriticExample:
        """Returns an example of one sample of a kind: one of the module's table, or a graded edit's own kind.

        Raises:
            ValueError: no such kind.
        """
        sample, clip = self.clips.samples[index], self.clips[index]
        source, edit, instruction, grade = clip.source_THWC, clip.target_THWC, sample.instruction, 0.0
        graded = self.graded.get(sample.id, ())
        if kind == "target":
            grade = 1.0
        elif kind == "instruction":
            instruction = self._others.samples[self._unlike(index, rng)].instruction
        elif kind == "other":
            edit = self._others[self._alike(index, rng)].target_THWC
        elif kind == "reversed":
            source, edit = edit, source
        elif kind == "blend":
            grade = float(rng.uniform(0.1, 0.9))
            mixed = grade * edit.astype(np.float32) + (1 - grade) * source
            edit = np.round(mixed).astype(np.uint8)
        elif kind == "spoilt":
            edit = spoilt(source, edit, rng)
        elif kind == "graded" and graded:
            chosen = graded[int(rng.integers(len(graded)))]
            kind, edit, grade = chosen.kind, chosen.frames_THWC, chosen.grade
        elif found := [one for one in graded if one.kind == kind]:
            edit, grade = found[0].frames_THWC, found[0].grade
        elif kind in ("unchanged", "graded"):
            kind, edit = "unchanged", source
        else:
            raise ValueError(f"no example of the kind {kind!r} of {sample.id}")
        return CriticExample(sample.id, kind, source, edit, instruction, grade)

    @property
    def _others(self) -> PreparedClips:
        return self.clips if self.others is None else self.others

    def _alike(self, index: int, rng: np.random.Generator) -> int:
        """Returns where another sample with another target is, of the same kind where there is one."""
        own = self.clips.samples[index]
        peers = [place for place in self._by_kind.get(own.kind, ()) if self._others.samples[place].id != own.id]
        if not own.kind or not peers:
            peers = [place for place, sample in enumerate(self._others.samples) if sample.id != own.id]
        return peers[int(rng.integers(len(peers)))]

    def _unlike(self, index: int, rng: np.random.Generator) -> int:
        """Returns where a sample is that is asked something else, of another kind where kinds are known."""
        own, others = self.clips.samples[index], self._others.samples
        first = int(rng.integers(len(others)))
        places = [(first + step) % len(others) for step in range(len(others))]
        asked = [place for place in places if others[place].instruction != own.instruction]
        return next((place for place in asked if others[place].kind != own.kind), asked[0])

    @cached_property
    def _by_kind(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, sample in enumerate(self._others.samples):
            places.setdefault(sample.kind, []).append(place)
        return places


def read_graded_clip(path: Path, shape: ClipShape, *, where: str) -> Frames:
    """Returns a graded edit's frames: a whole clip as a sample's, or one that has just the frames that are shown.

    Raises:
        DataError: it cannot be read, or has another length; names the sample.
    """
    try:
        found = probe_video(path).frames
    except DataError as error:
        raise DataError(f"{path.name}: {error.what}", where=where, hint=error.hint) from None
    return read_clip(path, replace(shape, stride=1) if found == shape.frames else shape, where=where)


def spoilt(source_THWC: Frames, target_THWC: Frames, rng: np.random.Generator) -> Frames:
    """Returns the target with one plain fault: blur, noise, flicker, a tint, or the change overdone."""
    target = target_THWC.astype(np.float32)
    way = int(rng.integers(5))
    if way == 0:
        sigma = rng.uniform(1.5, 3.5)
        made = ndimage.gaussian_filter(target, (0, sigma, sigma, 0))
    elif way == 1:
        made = target + rng.normal(0, rng.uniform(25, 60), target.shape).astype(np.float32)
    elif way == 2:
        made = target * rng.uniform(0.55, 1.45, (len(target), 1, 1, 1)).astype(np.float32)
    elif way == 3:
        made = target * rng.uniform(0.5, 1.5, (1, 1, 1, 3)).astype(np.float32)
    else:
        made = target + rng.uniform(0.7, 1.5) * (target - source_THWC)
    return np.clip(np.round(made), 0, 255).astype(np.uint8)


def changed_pixels(source_THWC: Frames, edit_THWC: Frames) -> NDArray[np.bool_]:
    """Returns where two clips differ by more than 12 levels in a channel, (T, H, W)."""
    changed: NDArray[np.bool_] = np.abs(edit_THWC.astype(np.int16) - source_THWC).max(axis=-1) > _CHANGED
    return changed


def edit_progress(source_THWC: Frames, target_THWC: Frames, edit_THWC: Frames) -> float:
    """Returns how much of the way from source to target an edit has gone where they differ, 0..1.

    It is 1 - |edit - target|^2 / |source - target|^2 over the pixels that differ by more than 12 levels in a channel,
    0 where that is negative: a blend a target + (1 - a) source has 1 - (1 - a)^2. Where nothing differs, it is 1 for
    an edit within 12 levels of the target everywhere and else 0.
    """
    source, target, edit = (frames.astype(np.float32) for frames in (source_THWC, target_THWC, edit_THWC))
    changed = changed_pixels(source_THWC, target_THWC)
    if not changed.any():
        return float(np.abs(edit - target).max() <= _CHANGED)
    left = np.square(edit - target)[changed].sum() / np.square(source - target)[changed].sum()
    return float(np.clip(1 - left, 0, 1))
