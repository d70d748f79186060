"""One conversion from decoded pictures to RGB, the same on every machine.

Pictures in 8-bit 4:2:0, which is nearly all video, are converted by the fixed-point rule of FFmpeg's `yuv2rgb` on x86:
it is what PyAV's and decord's RGB frames are. FFmpeg has other rules on other processors, a few levels off, so that
frame hashes would depend on the machine; here the rule itself is written down (:class:`Yuv420ToRgb`), and FFmpeg is
used where it was found to give exactly the same. Everything else goes through FFmpeg's scaler in its bit-exact mode.

The matrix and the range come from the stream's tags. Untagged streams are read as BT.601 limited range, as FFmpeg and
decord do, whatever their size. Transfer functions and primaries are not converted: HDR stays as coded.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple, cast

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from rvebench.video.clip import Frames

__all__ = ["BT709", "LIMITED_RANGE", "Matrix", "RgbConverter", "Yuv420ToRgb", "colour_space_name", "to_yuv420"]

Matrix = Literal["tagged", "bt601"]
"""Whose word is taken for a stream's colour matrix."""

BT709 = 1
"""FFmpeg's number (ITU-T H.273) for the BT.709 matrix."""

LIMITED_RANGE = 1
_FULL_RANGE = 2
_SCALER_EXACT = 0x2 | 0x2000 | 0x40000 | 0x80000
"""SWS_BILINEAR | SWS_FULL_CHR_H_INT | SWS_ACCURATE_RND | SWS_BITEXACT."""

_BOX_EXACT = 0x20 | 0x40000 | 0x80000
"""SWS_AREA | SWS_ACCURATE_RND | SWS_BITEXACT: chroma is the mean of its 2x2 pixels, the inverse of the rule."""

_KR_KB = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 7: (0.212, 0.087), 9: (0.2627, 0.0593), 10: (0.2627, 0.0593)}
"""Luma weights by H.273 matrix number; every other number is read as BT.601."""
_BT601 = (0.299, 0.114)
_UNTAGGED = 2
_SCALER_SPACES = (0, 1, 2, 4, 5, 6, 7, 9)
"""The numbers FFmpeg's scaler takes; it refuses the others."""
_NAMES = {0: "rgb", 1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}

_Table = npt.NDArray[np.int16]


def colour_space_name(number: int) -> str:
    """Returns a matrix's name by its H.273 number: `bt709`, `bt601`, ...; `unspecified` when untagged."""
    return _NAMES.get(number, "unspecified")


class _Tables(NamedTuple):
    y: _Table
    v_to_r: _Table
    u_to_g: _Table
    v_to_g: _Table
    u_to_b: _Table


@lru_cache(maxsize=32)
def _tables(space: int, full_range: bool) -> _Tables:
    """Returns each term of the conversion for the 256 values of its sample."""
    kr, kb = _KR_KB.get(space, _BT601)
    kg = 1.0 - kr - kb
    unit = 65536 * 255 / 224
    gains = [round(unit * g) for g in (2 * (1 - kr), 2 * (1 - kb) * kb / kg, 2 * (1 - kr) * kr / kg, 2 * (1 - kb))]
    luma, black = 65536 * 255 // 219, 16
    if full_range:
        gains = [gain * 224 // 255 for gain in gains]
        luma, black = 65536, 0
    samples = np.arange(256, dtype=np.int32)

    def term(gain: int, zero: int) -> _Table:
        factor = (gain * 8192 + 32768) >> 16
        return (((samples - zero) * 8 * factor) >> 16).astype(np.int16)

    return _Tables(
        term(luma, black), term(gains[0], 128), term(-gains[1], 128), term(-gains[2], 128), term(gains[3], 128)
    )


class Yuv420ToRgb:
    """The rule for 8-bit 4:2:0: one table look-up a term, sums, and a clip; each chroma sample serves its 2x2 pixels.

    Args:
        space: matrix number of H.273.
        full_range: luma spans 0..255 instead of 16..235.
    """

    def __init__(self, space: int, *, full_range: bool) -> None:
        self._tables = _tables(space, full_range)

    def __call__(self, y_HW: Frames, u_HW: Frames, v_HW: Frames) -> Frames:
        """Returns RGB, (H, W, 3), from one luma and two half-size chroma planes."""
        height, width = y_HW.shape
        tables = self._tables
        luma = tables.y[y_HW]
        out = np.empty((height, width, 3), np.uint8)

        def channel(at: int, chroma: _Table) -> None:
            wide = chroma.repeat(2, axis=0)[:height].repeat(2, axis=1)[:, :width]
            out[..., at] = np.clip(luma + wide, 0, 255)

        channel(0, tables.v_to_r[v_HW])
        channel(1, tables.u_to_g[u_HW] + tables.v_to_g[v_HW])
        channel(2, tables.u_to_b[u_HW])
        return out


def _plane(frame: av.VideoFrame, index: int) -> Frames:
    plane = frame.planes[index]
    rows = np.frombuffer(memoryview(plane), np.uint8, count=plane.line_size * plane.height)
    picture: Frames = rows.reshape(plane.height, plane.line_size)[:, : plane.width]
    return picture


@lru_cache(maxsize=32)
def _scaler_agrees(space: int, tagged_range: int, name: str, width: int) -> bool:
    """Tells whether FFmpeg's fast path on this machine gives the rule's bytes for pictures of this width."""
    height = 64
    probe = av.VideoFrame(width, height, name)
    probe.colorspace, probe.color_range = space, tagged_range
    dice = np.random.default_rng(0)
    for plane in probe.planes:
        plane.update(dice.integers(0, 256, plane.buffer_size, dtype=np.uint8).tobytes())
    rule = Yuv420ToRgb(space, full_range=_is_full(probe))(*(_plane(probe, i) for i in range(3)))
    try:
        fast = VideoReformatter().reformat(probe, format="rgb24", threads=1).to_ndarray()
    except av.error.FFmpegError:
        return False  # reserved matrix numbers: FFmpeg refuses, the rule reads them as untagged
    return bool(np.array_equal(rule, fast))


def _is_full(frame: av.VideoFrame) -> bool:
    return frame.format.name == "yuvj420p" or frame.color_range == _FULL_RANGE


class RgbConverter:
    """Converts the pictures of one video; keep one for the whole stream.

    Args:
        matrix: `tagged` believes the stream; `bt601` reads all but RGB as BT.601, which is what OpenCV does.
    """

    def __init__(self, matrix: Matrix = "tagged") -> None:
        self._scaler = VideoReformatter()
        self._matrix = matrix

    def __call__(self, frame: av.VideoFrame, width: int, height: int) -> Frames:
        """Returns RGB, (H, W, 3), of the given size; transparency is laid over black."""
        name = frame.format.name
        if self._matrix == "bt601" and int(frame.colorspace) != 0:
            frame.colorspace = _UNTAGGED
        if (frame.width, frame.height) == (width, height) and name in ("yuv420p", "yuvj420p"):
            space = int(frame.colorspace)
            if height % 2 == 0 and _scaler_agrees(space, int(frame.color_range), name, width):
                return self._scaled(frame, width, height, "rgb24", interpolation=None)
            return Yuv420ToRgb(space, full_range=_is_full(frame))(*(_plane(frame, i) for i in range(3)))
        if frame.format.has_palette or any(part.is_alpha for part in frame.format.components):
            rgba = self._scaled(frame, width, height, "rgba", interpolation=_SCALER_EXACT)
            return _over_black(rgba)
        if int(frame.colorspace) not in _SCALER_SPACES:
            frame.colorspace = 9 if int(frame.colorspace) == 10 else _UNTAGGED
        return self._scaled(frame, width, height, "rgb24", interpolation=_SCALER_EXACT)

    def _scaled(
        self, frame: av.VideoFrame, width: int, height: int, pixels: str, *, interpolation: int | None
    ) -> Frames:
        done = self._scaler.reformat(
            frame, width=width, height=height, format=pixels, interpolation=interpolation, threads=1
        )
        return cast(Frames, done.to_ndarray())


def _over_black(rgba_HWC: Frames) -> Frames:
    alpha = rgba_HWC[..., 3:]
    if bool((alpha == 255).all()):
        return np.ascontiguousarray(rgba_HWC[..., :3])
    return ((rgba_HWC[..., :3].astype(np.uint16) * alpha + 127) // 255).astype(np.uint8)


def to_yuv420(picture_HWC: Frames, scaler: VideoReformatter) -> av.VideoFrame:
    """Returns an RGB picture of even sides in 8-bit 4:2:0, BT.709 limited range, tagged as such."""
    return scaler.reformat(
        av.VideoFrame.from_ndarray(picture_HWC, format="rgb24"),
        format="yuv420p",
        dst_colorspace=BT709,
        dst_color_range=LIMITED_RANGE,
        interpolation=_BOX_EXACT,
        threads=1,
    )
