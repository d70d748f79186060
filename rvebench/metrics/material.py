"""What a metric is computed on: which frames, and how a comparison's pieces become values or reasons."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Mapping

import numpy as np

from rvebench.errors import VideoError
from rvebench.metrics.options import TextField
from rvebench.records import MetricInfo, MetricValue, Window
from rvebench.taxonomy import Status
from rvebench.video import Clip, Comparison, Frames, frames_fingerprint

__all__ = ["consumed", "failed", "frame_id", "frames_id", "know", "measured", "sample_text"]

_FINGERPRINTS: dict[int, str] = {}


def consumed(item: Comparison) -> Frames:
    """Returns the source frames an editor consumed, (T, H, W, 3), without copying them.

    Raises:
        VideoError: the window ends after the source does.
    """
    return _window(item.source, item.window)


def _window(source: Clip, window: Window | None) -> Frames:
    if window is None:
        return source.frames_THWC
    last = window.start + (window.count - 1) * window.stride
    if last >= len(source):
        raise VideoError(f"the editor's window ends at source frame {last}, but the source has {len(source)} frames")
    return source.frames_THWC[window.start : last + 1 : window.stride]


def frames_id(frames_THWC: Frames) -> str:
    """Returns :func:`rvebench.video.frames_fingerprint` of the frames; the same array is hashed once."""
    key = id(frames_THWC)
    known = _FINGERPRINTS.get(key)
    if known is None:
        known = frames_fingerprint(frames_THWC)
        _FINGERPRINTS[key] = known
        weakref.finalize(frames_THWC, _FINGERPRINTS.pop, key, None)
    return known


def know(clip: Clip) -> None:
    """Lets :func:`frames_id` take a clip's own hash, which runs and judges have worked out already."""
    frames, key = clip.frames_THWC, id(clip.frames_THWC)
    if key not in _FINGERPRINTS:
        _FINGERPRINTS[key] = clip.frames_sha256
        weakref.finalize(frames, _FINGERPRINTS.pop, key, None)


def frame_id(frame_HWC: Frames) -> str:
    """Returns a digest of one frame's size and content; frames with the same one are the same."""
    digest = hashlib.blake2b(repr(frame_HWC.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(frame_HWC).data)
    return digest.hexdigest()


def sample_text(item: Comparison, field: TextField) -> str:
    """Returns a text of the sample; empty when it has none."""
    text = getattr(item.sample, field)
    return "" if text is None else str(text).strip()


def failed(item: Comparison, info: MetricInfo, reason: str) -> MetricValue:
    """Returns what stands where no number can."""
    return MetricValue(sample_id=item.sample.id, metric=info.name, status=Status.FAILED, reason=reason)


def measured(
    item: Comparison,
    info: MetricInfo,
    value: float,
    source: float | None = None,
    *,
    weight: float = 1.0,
    details: Mapping[str, str] | None = None,
) -> MetricValue:
    """Returns one number of an edit, and the same of its source."""
    return MetricValue(
        sample_id=item.sample.id,
        metric=info.name,
        status=Status.OK,
        value=float(value),
        source_value=None if source is None else float(source),
        weight=float(weight),
        details=details or {},
    )
