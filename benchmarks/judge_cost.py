"""What a verdict of an LLM judge costs on this machine, besides the call: the bound is 15 ms for 16 frames of 512 px.

One row is one size of frame, 8 of the source and 8 of the edit, drawn as shipped or with grain like a camera's. A
verdict is everything but the call: frames chosen, sized, encoded and named, the request written and hashed, the reply
read, the journal line appended and made durable. `JPEG alone` is Pillow's encoder on the sized pictures, the floor of
`of it frames`. What is done once a video stands apart: a run hashes all frames of what it decodes, to check it, and
images are named by that hash. So does the HTTP body, which the client makes for each call.
Pinned to one core; processor time, best and median of some rounds, so that a busy machine does not decide.
Run: `python benchmarks/judge_cost.py [--rounds N] [--json]`.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rvebench.judges.llm import EncodedFrames, LlmJudge, parse_llm_spec
from rvebench.llm import ChatRequest, Reply, TokenUsage
from rvebench.llm.dialect import Dialect
from rvebench.llm.wire import body_of
from rvebench.records import Sample
from rvebench.runs.journal import RunJournal
from rvebench.runs.units import verdict_to_json
from rvebench.taxonomy import ReasoningType, Subset
from rvebench.video import Clip, Comparison, Frames, frames_fingerprint, read_video, resize_frames
from rvebench.video.picture import picture_of

BOUND_MS = 15.0
ROWS = (
    (480, 272, 0),
    (512, 288, 0),
    (512, 288, 6),
    (512, 512, 0),
    (512, 512, 6),
    (640, 360, 6),
    (1280, 720, 6),
    (1920, 1080, 6),
)
"""Width, height, and deviation of the grain in levels."""
TOP = Path(__file__).resolve().parent.parent
REPLY = json.dumps({key: {"rationale": "word " * 50, "score": 7} for key in ("EA", "PC", "GN", "GR")})


class Instant:
    """A client that answers at once."""

    async def ask(self, request: ChatRequest) -> Reply:  # noqa: ARG002
        """Returns the fixed reply."""
        return Reply(text=REPLY, returned_model="gpt-4o-2024-11-20", usage=TokenUsage(input_tokens=5000))

    async def accept(self, request: ChatRequest, reply: Reply) -> None:
        """Keeps nothing."""


def comparison(width: int, height: int, grain: int) -> Comparison:
    """Returns 33 frames of a shipped clip at another size as source and as edit."""
    drawn = read_video(next(iter(sorted((TOP / "data" / "smoke" / "videos").glob("*.source.mp4")))))
    frames = resize_frames(drawn.frames_THWC, width, height)
    rng = np.random.default_rng(0)

    def grainy(still: Frames) -> Clip:
        pixels = np.empty_like(still)
        for index, frame in enumerate(still):
            noisy = frame + grain * rng.standard_normal(frame.shape, np.float32)
            pixels[index] = np.clip(noisy, 0, 255).astype(np.uint8)
        return Clip(frames_THWC=pixels, fps=drawn.fps, pts_s=drawn.pts_s.copy())

    sample = Sample(
        id="s",
        subset=Subset.RAVE,
        reasoning_type=ReasoningType.TEMPORAL,
        source=Path("/nowhere"),
        instruction="Let an hour pass.",
        expected_outcome="The candle is shorter.",
        preserve=("the table", "the cat"),
    )
    # Mirrored: an edit that is its source would be encoded with it.
    return Comparison(sample=sample, source=grainy(frames), edit=grainy(frames[:, :, ::-1].copy()))


def timed(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Returns the best and the median processor time in ms."""
    seen = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        seen.append((time.process_time() - began) * 1e3)
    return min(seen), statistics.median(seen)


def measure(width: int, height: int, grain: int, rounds: int, journal: RunJournal) -> dict[str, object]:
    """Returns one row."""
    shown = comparison(width, height, grain)
    spec = parse_llm_spec("gpt-4o")
    loop = asyncio.new_event_loop()

    def verdict(judge: LlmJudge) -> None:
        found = loop.run_until_complete(judge.judge(shown))
        journal.record("0" * 32, verdict_to_json(found), paid=True)

    judge = LlmJudge(spec, Instant(), store=EncodedFrames())
    verdict(judge)  # compiles the templates

    def cold() -> None:
        judge._store = EncodedFrames()
        verdict(judge)

    def encode() -> None:
        store = EncodedFrames()
        store.images(shown.source, indices, spec.frame_plan)
        store.images(shown.edit, indices, spec.frame_plan)

    def encode_alone() -> None:
        for picture in sized:
            picture.save(io.BytesIO(), "JPEG", quality=spec.frame_plan.quality, subsampling=2)

    indices = spec.frame_plan.indices(len(shown.source))
    size = spec.frame_plan.shown_size(width, height)
    sized = [picture_of(clip.frames_THWC[index], size) for clip in (shown.source, shown.edit) for index in indices]
    hashing = timed(lambda: [frames_fingerprint(clip.frames_THWC) for clip in (shown.source, shown.edit)], 3)
    floor = timed(encode_alone, rounds)
    whole, frames, again = timed(cold, rounds), timed(encode, rounds), timed(lambda: verdict(judge), rounds)
    (request,) = judge.requests(shown)
    body = timed(lambda: json.dumps(body_of(request, Dialect())).encode(), rounds)
    loop.close()
    return {
        "frame": f"{width}x{height}",
        "grain": grain,
        "shown": "x".join(str(side) for side in (request.images[0].width, request.images[0].height)),
        "images": len(request.images),
        "kilobytes": round(sum(len(image.data) for image in request.images) / 1000),
        "verdict_ms": [round(value, 2) for value in whole],
        "frames_ms": [round(value, 2) for value in frames],
        "jpeg_ms": [round(value, 2) for value in floor],
        "body_ms": [round(value, 2) for value in body],
        "next_judge_ms": [round(value, 2) for value in again],
        "once_a_video_ms": [round(value / 2, 2) for value in hashing],
        "within": whole[0] <= BOUND_MS,
    }


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", action="store_true", help="one JSON object a row instead of the table")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if not arguments.json:
        print(f"load {os.getloadavg()[0]:.1f}")
        print(f"{'frames':>9} {'grain':>5} {'shown':>8} {'kB':>5}", end="")
        print(
            "".join(
                f"{title:>14}"
                for title in ("verdict ms", "of it frames", "JPEG alone", "HTTP body", "next judge", "once a video")
            )
        )
    with tempfile.TemporaryDirectory() as folder, RunJournal(Path(folder)) as journal:
        for width, height, grain in ROWS:
            row = measure(width, height, grain, arguments.rounds, journal)
            if arguments.json:
                print(json.dumps(row), flush=True)
                continue
            parts = ("verdict_ms", "frames_ms", "jpeg_ms", "body_ms", "next_judge_ms", "once_a_video_ms")
            cells = "".join(f"{'{:.1f} / {:.1f}'.format(*row[part]):>14}" for part in parts)
            head = f"{row['frame']:>9} {grain:>5} {row['shown']:>8} {row['kilobytes']:>5}"
            print(f"{head}{cells}", "" if row["within"] else f" over {BOUND_MS:g}", flush=True)
    if not arguments.json:
        print("best / median; `next judge` is another judge, or a repeat, on the same comparison: its frames are kept")


if __name__ == "__main__":
    main()
