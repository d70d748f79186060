"""Tries an editor on one small clip, and says what it did: the work behind `rvebench editors check`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rvebench.editors.protocol import Editor
from rvebench.records import EditRequest, EditResult
from rvebench.taxonomy import Status, Subset
from rvebench.video import Frames, fingerprint, read_video, write_video

__all__ = ["CheckReport", "Problem", "check_editor", "sample_request"]

SIZE = (192, 128)
FRAMES = 24
FPS = 12.0
INSTRUCTION = 'What if it had rained all night? Keep the "square" and its $(colour), don\'t cut.\n-- second line'
"""Holds what breaks carelessly built command lines."""

Problem = str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What one try showed."""

    result: EditResult
    problems: tuple[Problem, ...]
    facts: dict[str, object]
    """Size, length, rate, window and times, for printing."""

    @property
    def ok(self) -> bool:
        """The editor wrote a video that can be used."""
        return not self.problems


def _moving_square() -> Frames:
    """Returns a textured ground with a square that moves to the right."""
    width, height = SIZE
    rows, columns = np.mgrid[0:height, 0:width]
    ground = np.stack([rows * 255 // height, columns * 255 // width, (rows ^ columns) % 256], axis=-1).astype(np.uint8)
    frames = np.repeat(ground[None], FRAMES, axis=0)
    for index in range(FRAMES):
        left = 8 + index * (width - 56) // FRAMES
        frames[index, 40:80, left : left + 40] = (230, 60, 40)
    return frames


def sample_request(folder: Path, *, seed: int) -> EditRequest:
    """Returns a request on a small generated clip, with all that any editor may need."""
    source, other, mask = folder / "source.mp4", folder / "other.mp4", folder / "mask.mp4"
    frames = _moving_square()
    write_video(source, frames, fps=FPS)
    write_video(other, np.ascontiguousarray(frames[:, ::-1]), fps=FPS)
    inside = np.zeros_like(frames)
    inside[:, 32:88] = 255
    write_video(mask, inside, fps=FPS)
    return EditRequest(
        sample_id="check",
        source=source,
        instruction=INSTRUCTION,
        subset=Subset.RAVE,
        seed=seed,
        out=folder / "check.mp4",
        mask=mask,
        target=other,
        other=other,
    )


def check_editor(editor: Editor, folder: Path, *, seed: int = 0) -> CheckReport:
    """Runs an editor on one clip, twice when it claims to be deterministic.

    Args:
        editor: the editor.
        folder: an empty folder for the clip and the output.
        seed: the request's seed.
    """
    problems: list[Problem] = []
    result, wall_s = _run(editor, folder / "first", seed)
    facts: dict[str, object] = {"status": result.status.value, "wall_s": round(wall_s, 3)}
    if result.status is not Status.OK:
        reason = result.reason or "the editor gave no reason"
        return CheckReport(result=result, problems=(reason,), facts=facts)
    if result.video is None:
        return CheckReport(result=result, problems=("status is ok, and no video is named",), facts=facts)
    clip = read_video(result.video)
    facts |= {"size": list(clip.size), "frames": len(clip), "fps": round(clip.fps, 3)}
    facts |= {"source_size": list(SIZE), "source_frames": FRAMES, "source_fps": FPS}
    facts |= {"window": result.window.as_json() if result.window else None, "model": result.model_id}
    facts |= {"cost_usd": result.cost_usd, "frames_sha256": fingerprint(clip)}
    if result.window is None and len(clip) != FRAMES:
        facts["note"] = "the length differs and no window is declared: frames are paired by time"
    window = result.window
    if window is not None and window.start + (window.count - 1) * window.stride >= FRAMES:
        problems.append(f"the declared window ends behind the source's {FRAMES} frames: {window}")
    if editor.info.deterministic:
        again, _ = _run(editor, folder / "again", seed)
        same = again.video is not None and fingerprint(read_video(again.video)) == facts["frames_sha256"]
        facts["repeats"] = same
        if not same:
            problems.append("it says it is deterministic, and two runs differ")
    return CheckReport(result=result, problems=tuple(problems), facts=facts)


def _run(editor: Editor, folder: Path, seed: int) -> tuple[EditResult, float]:
    folder.mkdir()
    request = sample_request(folder, seed=seed)
    started = time.monotonic()
    results = list(editor.edit(iter([request])))
    wall_s = time.monotonic() - started
    if len(results) != 1 or results[0].sample_id != request.sample_id:
        found = ", ".join(result.sample_id for result in results) or "none"
        broken = EditResult(
            sample_id=request.sample_id,
            status=Status.FAILED,
            reason=f"one result was expected for sample 'check', got {len(results)}: {found}",
        )
        return broken, wall_s
    return results[0], wall_s
