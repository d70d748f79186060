"""How fast and how well frames are shrunk for a judge: FFmpeg's scaler as it is used here, beside Pillow's filters.

Eight frames of a shipped clip with grain, shrunk to 512 px: processor time for one frame, and decibels (PSNR over RGB)
against Pillow's Lanczos and bicubic filters, and against Lanczos again after the JPEG of the default plan.
Run: `python benchmarks/shrink.py`.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable

import numpy as np
from judge_cost import comparison
from PIL import Image

from rvebench.video import Frames, fit_within
from rvebench.video.picture import picture_of

SIZES = ((640, 360), (1280, 720), (1920, 1080))
Size = tuple[int, int]


def by_pillow(resample: Image.Resampling, gap: float | None = None) -> Callable[[Frames, Size], Image.Image]:
    """Returns one of Pillow's ways."""
    return lambda frame, size: Image.fromarray(frame).resize(size, resample, reducing_gap=gap)


WAYS: dict[str, Callable[[Frames, Size], Image.Image]] = {
    "Pillow Lanczos": by_pillow(Image.Resampling.LANCZOS),
    "Pillow bicubic": by_pillow(Image.Resampling.BICUBIC),
    "Pillow bicubic, gap 1": by_pillow(Image.Resampling.BICUBIC, 1.0),
    "Pillow box": by_pillow(Image.Resampling.BOX),
    "here": picture_of,
}


def decibels(shown: Frames, reference: Frames) -> float:
    """Returns the PSNR; infinite for equal pictures."""
    error = float(np.mean((shown.astype(np.float64) - reference) ** 2))
    return 10 * np.log10(255**2 / error) if error else float("inf")


def as_jpeg(pixels: Frames) -> Frames:
    """Returns what is decoded from the JPEG that is sent."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=90, subsampling=2)
    return np.asarray(Image.open(out))


def main() -> None:
    """Prints the table."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"load {os.getloadavg()[0]:.1f}")
    print(f"{'frame':>9} {'way':22} {'ms/frame':>9} {'Lanczos':>8} {'bicubic':>8} {'JPEG':>6}")
    for width, height in SIZES:
        frames = comparison(width, height, 6).source.frames_THWC[:32:4]
        size = fit_within(width, height, 512, 512)
        shown = {}
        for name, way in WAYS.items():
            seen = []
            for _ in range(6):
                began = time.process_time()
                pictures = [way(frame, size) for frame in frames]
                seen.append((time.process_time() - began) * 1e3 / len(frames))
            shown[name] = min(seen), np.stack([np.asarray(picture.convert("RGB")) for picture in pictures])
        lanczos, bicubic = shown["Pillow Lanczos"][1], shown["Pillow bicubic"][1]
        for name, (ms, pixels) in shown.items():
            sent = decibels(np.stack([as_jpeg(one) for one in pixels]), lanczos)
            against = f"{decibels(pixels, lanczos):8.1f} {decibels(pixels, bicubic):8.1f}"
            print(f"{f'{width}x{height}':>9} {name:22} {ms:9.2f} {against} {sent:6.2f}", flush=True)


if __name__ == "__main__":
    main()
