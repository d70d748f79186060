"""A synthetic movie: scenes of the rendered world in shots, joined by cuts, fades and wipes at known frames.

It is the ground truth for building in-context triplets from films: where shots begin, which belong to one scene, and
what each shows are known without any model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rvebench.sim.families import FAMILIES, load_family
from rvebench.sim.family import Family, rng_of
from rvebench.sim.render import Role, render_pictures
from rvebench.video import Frames, resize_frames

__all__ = ["Movie", "Shot", "Transition", "make_movie", "plan_movie"]

Transition = Literal["start", "cut", "fade", "wipe"]

_JOIN_FRAMES = 8
"""Frames that a fade or a wipe takes from both of its shots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One shot of the movie."""

    scene: int
    """From 0; shots of one scene show one world."""
    family: str
    seed: int
    role: Role
    """The world's state."""
    framing: tuple[float, float, float]
    """Left, top and width of what is seen, as shares of the frame: the camera's place."""
    frames: int
    joined_by: Transition
    """How it follows the shot before it."""
    start: int
    """First frame in which it is seen; a fade or wipe begins here."""
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Movie:
    """Frames with their truth."""

    frames_THWC: Frames
    fps: float
    shots: tuple[Shot, ...]

    def boundaries(self, *kinds: Transition) -> tuple[int, ...]:
        """Returns the first frame of every shot but the first, or only of those joined in the given ways."""
        wanted = kinds or ("cut", "fade", "wipe")
        return tuple(shot.start for shot in self.shots[1:] if shot.joined_by in wanted)


def plan_movie(seed: int, *, scenes: int = 8, shots: int = 48) -> tuple[Shot, ...]:
    """Returns the shots of a movie; nothing is rendered.

    Args:
        seed: decides everything.
        scenes: worlds, each of a family of its own while there are enough.
        shots: 40 to 60 for a film of about a minute and a half; at least two a scene.

    Raises:
        ValueError: fewer than two shots a scene.
    """
    if scenes < 1 or shots < 2 * scenes:
        raise ValueError(f"{shots} shots are too few for {scenes} scenes")
    rng = rng_of("movie", seed)
    names = FAMILIES.names()
    order = [names[index % len(names)] for index in rng.permutation(max(scenes, len(names)))[:scenes]]
    counts = np.full(scenes, shots // scenes)
    counts[: shots % scenes] += 1
    planned: list[Shot] = []
    at = 0
    for scene, (name, count) in enumerate(zip(order, counts, strict=True)):
        world = int(rng.integers(2_000_000, 3_000_000))
        family = load_family(name)
        for index in range(int(count)):
            frames = int(rng.integers(18, 33))
            joined: Transition = "start" if not planned else _transition(rng, new_scene=index == 0)
            if joined in {"fade", "wipe"}:
                at -= _JOIN_FRAMES
            role: Role = ("source", "half", "target")[min(2, 3 * index // int(count))]
            planned.append(
                Shot(
                    scene=scene,
                    family=name,
                    seed=world,
                    role=role,
                    framing=_framing(rng, index),
                    frames=frames,
                    joined_by=joined,
                    start=at,
                    caption=_caption(family, world, role),
                )
            )
            at += frames
    return tuple(planned)


def _transition(rng: np.random.Generator, *, new_scene: bool) -> Transition:
    if not new_scene:
        return "cut"
    kinds: Sequence[Transition] = ("cut", "fade", "wipe")
    return kinds[int(rng.integers(3))]


def _framing(rng: np.random.Generator, index: int) -> tuple[float, float, float]:
    """Alternates wide and close, so that neighbouring shots of one state look cut."""
    width = 1.0 if index % 2 == 0 else float(rng.uniform(0.5, 0.68))
    return float(rng.uniform(0, 1 - width)), float(rng.uniform(0, 1 - width)), width


def _caption(family: Family[object, object], seed: int, role: Role) -> str:
    setup = family.setup(rng_of(family.name, seed))
    thing = family.objects(setup)
    if role == "target":
        return family.words(setup).expected
    return f"A {thing}; {'the first signs of' if role == 'half' else 'before'} a change by {family.law}."


def make_movie(seed: int, *, scenes: int = 8, shots: int = 48, size: tuple[int, int] = (320, 180)) -> Movie:
    """Returns a rendered movie; the same bytes for the same arguments.

    Args:
        seed: decides everything.
        scenes: see :func:`plan_movie`.
        shots: see :func:`plan_movie`.
        size: width and height, even.
    """
    planned = plan_movie(seed, scenes=scenes, shots=shots)
    out = np.zeros((planned[-1].start + planned[-1].frames, size[1], size[0], 3), np.uint8)
    for shot in planned:
        clip = _shoot(shot, size)
        stop = shot.start + shot.frames
        if shot.joined_by in {"fade", "wipe"}:
            join = slice(shot.start, shot.start + _JOIN_FRAMES)
            out[join] = _joined(shot.joined_by, out[join], clip[:_JOIN_FRAMES])
            out[join.stop : stop] = clip[_JOIN_FRAMES:]
        else:
            out[shot.start : stop] = clip
    return Movie(frames_THWC=out, fps=16.0, shots=planned)


def _shoot(shot: Shot, size: tuple[int, int]) -> Frames:
    left, top, share = shot.framing
    width, height = size
    whole = (round(width / share / 2) * 2, round(height / share / 2) * 2)
    frames = render_pictures(load_family(shot.family), shot.seed, shot.role, size=whole, frames=shot.frames)
    x, y = round(left * whole[0]), round(top * whole[1])
    seen = frames[:, y : y + height, x : x + width]
    return seen if seen.shape[1:3] == (height, width) else resize_frames(np.ascontiguousarray(seen), width, height)


def _joined(kind: Transition, before: Frames, after: Frames) -> Frames:
    """Returns the frames of a fade or of a wipe from the left."""
    shares = (np.arange(_JOIN_FRAMES) + 1) / (_JOIN_FRAMES + 1)
    if kind == "fade":
        weights = shares[:, None, None, None]
        mixed: Frames = np.rint(before * (1 - weights) + after * weights).astype(np.uint8)
        return mixed
    edge = np.arange(before.shape[2])[None, None, :, None] < (shares * before.shape[2])[:, None, None, None]
    return np.where(edge, after, before)
