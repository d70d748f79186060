"""Frames as images for a model, each encoded once however many judges and criteria look at it."""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rvebench.llm import ImagePart
from rvebench.video import Clip, FramePlan, Frames, fit_within

__all__ = ["SHARED_FRAMES", "EncodedFrames"]

_MOST_BYTES = 96 * 2**20


class _Entry:
    """The encoded frames of one clip under one plan."""

    def __init__(self, frames: Frames) -> None:
        # The clip is known by its array: hashing all of its frames would cost more than encoding those shown.
        self.array = weakref.ref(frames)
        self.lock = threading.Lock()
        self.images: dict[int, ImagePart] = {}
        self.size_bytes = 0


class _Key(NamedTuple):
    array: int
    plan: str


class EncodedFrames:
    """Keeps the most recently shown clips' images, up to a number of bytes; safe for threads.

    Args:
        most_bytes: of encoded images; the oldest clips are dropped beyond that.
    """

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def images(self, clip: Clip, indices: Sequence[int], plan: FramePlan) -> tuple[ImagePart, ...]:
        """Returns the frames of a clip by number, sized and encoded by the plan; encodes those not seen yet."""
        frames = clip.frames_THWC
        entry = self._entry(frames, plan)
        with entry.lock:
            for index in indices:
                if index not in entry.images:
                    image = _encode(frames[index], plan)
                    entry.images[index] = image
                    entry.size_bytes += len(image.data)
            found = tuple(entry.images[index] for index in indices)
        self._shrink()
        return found

    def _entry(self, frames: Frames, plan: FramePlan) -> _Entry:
        key = _Key(id(frames), plan.digest)
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry.array() is not frames:  # an id comes back once its array is gone
                entry = _Entry(frames)
                self._entries[key] = entry
            self._entries.move_to_end(key)
            return entry

    def _shrink(self) -> None:
        with self._lock:
            for key in [key for key, entry in self._entries.items() if entry.array() is None]:
                del self._entries[key]
            held = sum(entry.size_bytes for entry in self._entries.values())
            while held > self._most_bytes and len(self._entries) > 1:
                _, oldest = self._entries.popitem(last=False)
                held -= oldest.size_bytes


SHARED_FRAMES = EncodedFrames()
"""What judges use unless told otherwise: several judges on one comparison share its images."""


def _encode(frame_HWC: Frames, plan: FramePlan) -> ImagePart:
    height, width = frame_HWC.shape[:2]
    size = (width, height) if plan.max_side is None else fit_within(width, height, plan.max_side, plan.max_side)
    # The plan decides what becomes of the pixels, so both together name the image; the encoder's version does not.
    pixels = hashlib.sha256(f"{plan.digest} {width}x{height}\n".encode())
    pixels.update(np.ascontiguousarray(frame_HWC).data)
    return ImagePart(
        data=plan.render(frame_HWC),
        media_type=plan.media_type,
        width=size[0],
        height=size[1],
        frames_sha256=pixels.hexdigest(),
    )
