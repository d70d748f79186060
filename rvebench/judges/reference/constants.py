"""Every threshold that decides a score of the reference judge, in one place; all are part of the verdict's key.

Fixed parts of the methods (filter sizes, the number of tiles) stand beside the code that uses them; a change there is
a new version of the judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

__all__ = ["CONSTANTS", "Constants", "Ramp", "ramp"]

Ramp = tuple[float, float]
"""A straight line between two values, (good, bad): 1 at good and beyond, 0 at bad and beyond."""


def ramp(value: float, line: Ramp) -> float:
    """Returns how good `value` is, 0..1; good may lie on either side of bad."""
    good, bad = line
    return min(1.0, max(0.0, (value - bad) / (good - bad)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """Lengths are in pixels of the grid unless said otherwise, differences in levels of 0..255."""

    # What is looked at.
    grid_side: int = 136
    """Shorter side of the grid that state, preservation and motion are measured on."""
    grid_min_reduction: float = 2.0
    """The grid is at least this much smaller than the video, so that grain averages out at every size."""
    all_frames_up_to: int = 49
    """A longer edit is looked at in `groups` runs of three neighbouring frames."""
    groups: int = 16
    detail_frames: int = 5
    """Frames at full size for sharpness, noise and blocking."""
    detail_box: tuple[int, int] = (1280, 720)
    """Full size ends here: larger frames are shrunk into this box first."""

    # Where source and target differ.
    change_level: float = 10.0
    """Smoothed difference from which a place counts as changed."""
    change_window: int = 5
    min_changed_share: float = 0.0005
    """A frame with less of it changed shows no edit to measure."""
    min_mask_change: float = 3.0
    """Mean difference inside the mask below which a frame shows no edit to measure."""
    margin: int = 3
    """Ring around the region that belongs to neither side."""
    min_outside_share: float = 0.05
    """With less of the frame outside, the edit is a global one."""

    # Exposure and colour cast, removed before the state is measured.
    gain_range: tuple[float, float] = (0.5, 2.0)
    gain_min_r2: float = 0.5
    """A gain is believed only if it explains this share of the variance outside; else an offset alone is removed."""
    gain_share: float = 0.6
    """The share of the pixels outside that a gain is fitted to, those nearest to it: the rest may be damaged."""
    whole_cast_min_r2: float = 0.8
    """Another camera: a cast is believed where it explains this share of the whole frame's variance…"""
    whole_cast_gain: float = 0.3
    """… and changes the contrast by no more than this: more is another light, not a cast."""
    flicker_slack: float = 1.0
    """Global edits: frame-to-frame offsets below this are left alone."""

    # Edit accuracy.
    distance_slack: float = 1.5
    """Mean difference that a good codec leaves in the region; counted neither as distance nor as progress."""
    slack_share: float = 0.25
    """The slack is at most this share of the distance from source to target."""
    scales: tuple[int, ...] = (1, 4, 12)
    """Sides of the tiles that differences are averaged over before they are measured."""
    min_scale_share: float = 0.15
    """A scale at which base and target differ by less than this share of the finest says nothing."""
    arrival: tuple[float, float] = (0.8, 0.94)
    """At the second of these progresses an edit has arrived, since noise and blur leave more than a codec does; from
    the first on it is drawn there."""
    search: tuple[tuple[float, float], ...] = ((0.0, 0.0), (0.06, 0.06), (0.2, 0.2))
    """Another camera: how far from its place a tile is looked for, in parts of width and height; one scale each."""
    moment_reach: float = 0.5
    """How far ahead or behind the moment of the target may be that a frame is compared with, in parts of the clip."""
    extra_level: float = 20.0
    """Difference from both base and target from which a place outside the region shows something that was put there."""
    extra_share: float = 0.12
    """Share of the frame up to which that is a thing in a wrong place; beyond, it is damage all over."""
    scene: Ramp = (0.40, 0.20)
    """Structure in common with base or target, below which it is another scene and progress means nothing."""
    scene_palette: Ramp = (4.0, 16.0)
    """Levels of foreign colour; a following shot by another camera need share no structure, but its colours."""

    # Preservation.
    psnr_db: Ramp = (35.0, 13.0)
    structure: Ramp = (0.80, 0.40)
    global_structure: Ramp = (0.90, 0.40)

    # Naturalness: against the livelier of source and target, or the calmer one for motion that is missing.
    flicker: Ramp = (0.5, 10.0)
    jitter: Ramp = (0.75, 11.0)
    moving_share: float = 0.02
    """The share of a frame that moves most stands for its motion."""
    min_motion: float = 3.0
    """Pairs in which the reference moves less say nothing of frozen frames."""
    motion_kept: Ramp = (0.5, 0.1)
    motion_excess: Ramp = (2.5, 8.0)
    jump_slack: float = 0.15
    """A step in the state from one frame looked at to the next, in parts of the whole way, that is smooth enough."""
    jump_cost: float = 0.65
    """Naturalness lost for each whole way jumped at once."""

    # Realism: against the worse of source and target.
    colour: Ramp = (2.0, 40.0)
    """Levels by which the colours lie outside those of base and target, where it is the same scene."""
    colour_cost: float = 0.6
    """The most that colours alone cost."""
    blur: Ramp = (0.05, 0.50)
    noise: Ramp = (1.5, 22.0)
    blocking: Ramp = (0.15, 2.5)
    flat: Ramp = (0.30, 0.75)
    """Share of the pixels that lost all texture: mosaics, posters, areas filled with one colour."""
    region_blur: Ramp = (0.15, 0.55)
    region_noise: Ramp = (3.0, 24.0)
    region_flat: Ramp = (0.45, 0.90)
    min_region_pixels: int = 1024
    """Pixels at full size from which the region's own sharpness, noise and texture are measured too."""

    def as_settings(self) -> Mapping[str, str]:
        """Returns every constant as text, by name."""
        return {name: _text(value) for name, value in asdict(self).items()}


def _text(value: object) -> str:
    return ", ".join(_text(part) for part in value) if isinstance(value, tuple) else f"{value:g}"


CONSTANTS = Constants()
