"""Scores one edit: decodes each video once, shows the judge and every metric the same frames, keeps a preview."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from rvebench.errors import DataError, VideoError
from rvebench.judges import Judge
from rvebench.judges.sound import sound_verdict
from rvebench.records import MetricValue, Sample, Verdict, canonical_json
from rvebench.runs.lane import MetricLane
from rvebench.runs.units import EditRecord, verdict_to_json
from rvebench.splits import read_media, sample_files
from rvebench.storage import atomic_write_bytes
from rvebench.taxonomy import Status
from rvebench.video import Clip, Comparison, FramePlan, Frames, contact_sheet, fingerprint, resize_frames

__all__ = ["PreviewPlan", "Scored", "Todo", "decode_edit", "preview_path", "preview_plan", "read_hashed", "score_edit"]


Role = Literal["source", "target", "mask", "counterfactual"]


class Todo(NamedTuple):
    """What is left to do for one edit."""

    verdict: bool
    metrics: tuple[str, ...]
    preview: bool

    def __bool__(self) -> bool:
        return bool(self.verdict or self.metrics or self.preview)


class Scored(NamedTuple):
    """What was found out about one edit."""

    verdict: Verdict | None
    values: tuple[MetricValue, ...]


class PreviewPlan(NamedTuple):
    """How large the report's contact sheets are: the whole page stays near 60 MB whatever the number of samples."""

    columns: int
    cell_width: int
    quality: int


def preview_plan(n_samples: int) -> PreviewPlan:
    """Returns the preview plan for a run of `n_samples` (before sharding, so that shards agree)."""
    if n_samples <= 50:
        return PreviewPlan(columns=17, cell_width=288, quality=72)
    if n_samples <= 250:
        return PreviewPlan(columns=12, cell_width=224, quality=72)
    return PreviewPlan(columns=8, cell_width=160, quality=60)


def preview_path(directory: Path, sample: Sample, plan: PreviewPlan) -> Path:
    """Returns where the preview of a sample is; rows and columns stand in the name."""
    rows = 3 if sample.target is not None else 2
    return directory / "previews" / f"{sample.id}.{rows}x{plan.columns}.webp"


async def score_edit(
    sample: Sample,
    record: EditRecord,
    todo: Todo,
    *,
    room: asyncio.Semaphore,
    directory: Path,
    judge: Judge | None,
    lanes: Sequence[MetricLane],
    preview: PreviewPlan,
    decode_limit_s: float,
    judge_timeout_s: float | None,
    allow_truncated: bool,
) -> Scored:
    """Returns the verdict and metric values that `todo` asks for, and writes the preview.

    `room` says how many edits may be decoded, drawn and measured at a time. A verdict that waits for a service is none
    of them: such a judge has encoded what it shows, and holds no decoded video.

    Raises:
        DataError: the source, the target or the recorded edit is not what it was when it was hashed. That is damage,
            not a bad edit: no number may come of it.
        BudgetError, FatalCallError: the judge can ask nothing more, of this sample or any other.
    """
    async with room:
        comparison = await asyncio.to_thread(decode_edit, sample, record, directory, decode_limit_s, allow_truncated)
        if todo.preview:
            await asyncio.to_thread(_write_preview, comparison, preview_path(directory, sample, preview), preview)
        asked = judge if todo.verdict else None
        judging = asyncio.create_task(_judge(asked, comparison, judge_timeout_s))
        measuring = [lane.measure(comparison) for lane in lanes if lane.info.name in todo.metrics]
        del comparison  # held by the judge and the metrics alone, as long as each of them needs it
        try:
            values = await asyncio.gather(*measuring)
        except BaseException:
            judging.cancel()
            await asyncio.gather(judging, return_exceptions=True)
            raise
    return Scored(await judging, tuple(values))


async def _judge(judge: Judge | None, comparison: Comparison, timeout_s: float | None) -> Verdict | None:
    if judge is None:
        return None
    sample_id = comparison.sample.id
    judging = sound_verdict(judge, comparison)
    del comparison
    try:
        verdict = await asyncio.wait_for(judging, timeout=timeout_s)
        canonical_json(verdict_to_json(verdict))
        return verdict
    except asyncio.TimeoutError:
        reason = f"the judge gave no verdict within {timeout_s} s"
    except (TypeError, ValueError, DataError) as error:
        reason = f"the judge gave a verdict that cannot be recorded ({type(error).__name__}: {error})"
    return Verdict(sample_id=sample_id, status=Status.UNJUDGED, reason=reason)


def read_hashed(sample: Sample, role: Role, *, decode_limit_s: float, allow_truncated: bool) -> Clip:
    """Returns one of a sample's videos, checked against the hash its split was identified by.

    Raises:
        DataError: it does not decode, or to other frames.
    """
    path = sample_files(sample)[role]
    return _read(path, sample.frames_sha256.get(role), f"{role} of sample {sample.id}", decode_limit_s, allow_truncated)


def _read(path: Path, declared: str | None, what: str, decode_limit_s: float, allow_truncated: bool) -> Clip:
    try:
        clip = read_media(path, time_limit_s=decode_limit_s, allow_truncated=allow_truncated)
    except VideoError as error:
        raise DataError(f"the {what} cannot be decoded: {error.what}", where=path) from None
    if declared and fingerprint(clip) != declared:
        raise DataError(
            f"the {what} is not the video that was hashed",
            where=path,
            hint="restore the file, or check the split with `rvebench data verify`",
        )
    return clip


def decode_edit(
    sample: Sample, record: EditRecord, directory: Path, decode_limit_s: float, allow_truncated: bool
) -> Comparison:
    """Returns what is judged of one edit: each of its videos decoded once, checked against its hash.

    Raises:
        DataError: a video is not what it was when it was hashed.
    """

    def read(role: Role) -> Clip:
        return read_hashed(sample, role, decode_limit_s=decode_limit_s, allow_truncated=allow_truncated)

    return Comparison(
        sample=sample,
        source=read("source"),
        edit=_read(
            record.path_in(directory), record.frames_sha256, f"recorded edit of {sample.id}", decode_limit_s, False
        ),
        window=record.window,
        target=read("target") if sample.target else None,
        mask=read("mask") if sample.mask else None,
        counterfactual=read("counterfactual") if sample.counterfactual else None,
    )


def _write_preview(comparison: Comparison, path: Path, plan: PreviewPlan) -> None:
    """Writes source, edit and target in rows of paired frames, all in the source's shape."""
    pairs = FramePlan(k=plan.columns).pairs(comparison.source, comparison.edit, comparison.window)
    source = comparison.source.frames_THWC[[pair.source for pair in pairs]]
    edit = comparison.edit.frames_THWC[[pair.edit for pair in pairs]]
    rows = [source, edit]
    if comparison.target is not None:
        times = FramePlan(k=plan.columns).pairs(comparison.target, comparison.edit, None)
        rows.append(comparison.target.frames_THWC[[pair.source for pair in times]])
    height, width = source.shape[1:3]
    cell_height = max(2, round(plan.cell_width * height / width / 2) * 2)
    sized = [_columns(resize_frames(row, plan.cell_width, cell_height), plan.columns) for row in rows]
    sheet = contact_sheet(sized, columns=plan.columns, cell_width=plan.cell_width, quality=plan.quality)
    atomic_write_bytes(path, sheet)


def _columns(frames: Frames, columns: int) -> Frames:
    """Returns exactly `columns` frames: a shorter clip shows its frames for longer."""
    spread: Frames = frames[np.linspace(0, len(frames) - 1, columns).round().astype(int)]
    return spread
