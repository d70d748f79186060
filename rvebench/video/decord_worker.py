"""Decodes one video with decord; started as a process of its own, because decord can hang with the GIL held.

Arguments: the video, the folder for the results, the largest number of frames (0: all), the largest size in bytes.
Writes `frames.npy` and `times.npy` into the folder and prints one JSON object: `{}` or `{"error": text}`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

_CHUNK = 16


def _decode(video: str, folder: Path, most: int, max_bytes: int) -> None:
    import decord

    decord.logging.set_level(decord.logging.QUIET)
    reader = decord.VideoReader(video, num_threads=1)
    count = min(len(reader), most) if most else len(reader)
    if count == 0:
        raise ValueError("no frame")
    first = reader[0].asnumpy()
    if count * first.nbytes > max_bytes:
        raise ValueError(f"{count} frames of {first.shape[1]}x{first.shape[0]} are too large")
    out = np.lib.format.open_memmap(folder / "frames.npy", "w+", np.uint8, (count, *first.shape))
    for start in range(0, count, _CHUNK):
        numbers = list(range(start, min(start + _CHUNK, count)))
        out[start : start + len(numbers)] = reader.get_batch(numbers).asnumpy()
    out.flush()
    times = reader.get_frame_timestamp(list(range(count)))[:, 0]
    np.save(folder / "times.npy", np.asarray(times, np.float64))


def main() -> None:
    """Runs the decode that the arguments describe."""
    video, folder, most, max_bytes = sys.argv[1:]
    try:
        _decode(video, Path(folder), int(most), int(max_bytes))
        answer: dict[str, str] = {}
    except Exception as error:  # decord raises whatever it likes; this is the process border where it is recorded
        answer = {"error": " ".join(str(error).split())[:300] or type(error).__name__}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
