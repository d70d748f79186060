"""Frames as images for a model, each encoded once however many judges, criteria and edits it is shown for."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from rvebench.llm import ImagePart
from rvebench.video import Clip, FramePlan

__all__ = ["SHARED_FRAMES", "EncodedFrames"]

_MOST_BYTES = 64 * 2**20


class _Entry:
    """The encoded frames of one video under one plan."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.images: dict[int, ImagePart] = {}
        self.size_bytes = 0


class _Key(NamedTuple):
    frames_sha256: str
    plan: str


class EncodedFrames:
    """Keeps the most recently shown videos' images, up to a number of bytes; safe for threads.

    A video is known by the hash of its frames, which a run has worked out when it checked what it decoded. So a source
    is found again when its next edit is judged, and nothing here keeps decoded frames.

    Args:
        most_bytes: of encoded images; the videos shown longest ago are dropped beyond that, all but one.
    """

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def images(self, clip: Clip, indices: Sequence[int], plan: FramePlan) -> tuple[ImagePart, ...]:
        """Returns the frames of a clip by number, sized and encoded by the plan; encodes those not seen yet."""
        entry = self._entry(_Key(clip.frames_sha256, plan.digest))
        with entry.lock:
            for index in indices:
                if index not in entry.images:
                    image = _encode(clip, index, plan)
                    entry.images[index] = image
                    entry.size_bytes += len(image.data)
            found = tuple(entry.images[index] for index in indices)
        self._shrink()
        return found

    def _entry(self, key: _Key) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            return entry

    def _shrink(self) -> None:
        with self._lock:
            held = sum(entry.size_bytes for entry in self._entries.values())
            while held > self._most_bytes and len(self._entries) > 1:
                _, oldest = self._entries.popitem(last=False)
                held -= oldest.size_bytes


SHARED_FRAMES = EncodedFrames()
"""What judges use unless told otherwise: they share the images of what they are shown."""


def _encode(clip: Clip, index: int, plan: FramePlan) -> ImagePart:
    width, height = plan.shown_size(*clip.size)
    # Video, number and plan decide the pixels, so they name the image; the encoder's version does not.
    pixels = hashlib.sha256(f"{plan.digest} {clip.frames_sha256} {index}\n".encode())
    return ImagePart(
        data=plan.render(clip.frames_THWC[index]),
        media_type=plan.media_type,
        width=width,
        height=height,
        frames_sha256=pixels.hexdigest(),
    )
