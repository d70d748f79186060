"""What a template can say of a request, and how a request that yields no video is reported."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from rvebench.errors import VideoError
from rvebench.records import EditRequest, EditResult, Window
from rvebench.taxonomy import Status
from rvebench.video import probe_video, read_video

__all__ = ["REQUEST_VALUES", "check_output", "no_video", "request_values", "source_frames"]

REQUEST_VALUES: Mapping[str, str] = {
    "sample_id": "the sample's id, safe as a file name",
    "instruction": "the text the editor is told",
    "instruction_file": "a UTF-8 file that holds the instruction and nothing else",
    "source": "the source video, absolute",
    "source_name": "its file name",
    "source_stem": "its file name without suffix",
    "source_parent": "the folder it is in, absolute",
    "mask": "the mask, absolute",
    "seed": "the seed",
    "frames": "how many frames the source has",
    "width": "the source's width in pixels",
    "height": "the source's height in pixels",
    "fps": "the source's frames a second",
    "duration_s": "the source's length in seconds",
    "subset": "rave, icvg or literal",
    "window_start": "first source frame to consume, when the run fixes a window",
    "window_stride": "source frames per consumed frame",
    "window_count": "how many source frames to consume",
}
"""The placeholders every template knows, with what they stand for."""

_FROM_VIDEO = {"frames", "width", "height", "fps", "duration_s"}
_FROM_WINDOW = {"window_start", "window_stride", "window_count"}


def source_frames(source: Path) -> int:
    """Returns how many frames a video has: the container's count, or else by decoding it.

    Raises:
        VideoError: it cannot be read.
    """
    frames = probe_video(source).frames
    return frames if frames is not None else len(read_video(source))


def request_values(
    request: EditRequest, wanted: frozenset[str], *, folder: Path | None = None, window: Window | None = None
) -> dict[str, object]:
    """Returns the values of the placeholders `wanted`; the source is opened only when one of them needs it.

    Args:
        request: the request.
        wanted: names of :data:`REQUEST_VALUES`; others are ignored.
        folder: where the instruction's file is put when it is wanted.
        window: stands in for the request's own.

    Raises:
        VideoError: the source cannot be read.
        ValueError: the request lacks what a placeholder needs (mask, window).
    """
    values: dict[str, object] = {
        "sample_id": request.sample_id,
        "instruction": request.instruction,
        "source": str(request.source),
        "source_name": request.source.name,
        "source_stem": request.source.stem,
        "source_parent": str(request.source.parent),
        "seed": request.seed,
        "subset": request.subset.value,
    }
    if "mask" in wanted:
        if request.mask is None:
            raise ValueError("the sample has no mask, and this editor needs one")
        values["mask"] = str(request.mask)
    if "instruction_file" in wanted and folder is not None:
        path = folder / f"{request.sample_id}.txt"
        path.write_text(request.instruction, encoding="utf-8")
        values["instruction_file"] = str(path)
    if wanted & _FROM_VIDEO:
        facts = probe_video(request.source)
        frames = source_frames(request.source)
        values |= {"frames": frames, "width": facts.width, "height": facts.height, "fps": round(facts.fps, 6)}
        values["duration_s"] = round(facts.duration_s or frames / facts.fps, 6)
    if wanted & _FROM_WINDOW:
        used = request.window or window
        if used is None:
            raise ValueError("the run fixes no window, and this editor asks for one")
        values |= {"window_start": used.start, "window_stride": used.stride, "window_count": used.count}
    return values


def check_output(path: Path) -> str:
    """Returns why a file is no usable video, or nothing when it is one.

    The run decodes every output to its end later; this is the quick look that lets an editor say what it did wrong.
    """
    try:
        if path.stat().st_size == 0:
            return f"wrote an empty file: {path.name}"
        probe_video(path)
    except FileNotFoundError:
        return f"wrote nothing: {path.name} is not there"
    except VideoError as error:
        return f"wrote a file that is not a readable video: {error.what}"
    return ""


def no_video(
    request: EditRequest,
    reason: str,
    *,
    started: float,
    status: Status = Status.FAILED,
    model_id: str = "",
    cost_usd: float | None = None,
    meta: Mapping[str, str] | None = None,
) -> EditResult:
    """Returns the result of a request that ended without a video.

    Args:
        request: the request.
        reason: one sentence.
        started: `time.monotonic()` when the work began.
        status: failed, refused, timeout or missing.
        model_id: the model as the service names it.
        cost_usd: what was charged all the same.
        meta: further facts.
    """
    return EditResult(
        sample_id=request.sample_id,
        status=status,
        reason=reason,
        wall_s=time.monotonic() - started,
        model_id=model_id,
        cost_usd=cost_usd,
        meta=meta or {},
    )
