"""Measures videos that belong to no run: a list goes in, one record a video and metric comes out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from rvebench.errors import UsageError, VideoError
from rvebench.metrics.protocol import Metric
from rvebench.records import MetricValue, Sample
from rvebench.taxonomy import ReasoningType, Status, Subset
from rvebench.video import Comparison, read_video

__all__ = ["Aggregate", "Measured", "VideoItem", "aggregate", "measure_videos", "read_video_table"]

Colour = Literal["tagged", "vbench"]
Aggregation = Literal["macro", "vbench"]
Matrix = Literal["tagged", "bt601"]

_READ_BY_OPENCV = frozenset({"temporal_flickering", "motion_smoothness"})
"""Metrics whose frames VBench reads with OpenCV, which takes every stream for BT.601."""
_TOGETHER = 8
"""Videos that are decoded before their metrics are computed: 17 frames of each fill a GPU's batch."""
_TOGETHER_BYTES = 128 << 20
"""Decoded frames of a group; the video that goes beyond is its last."""
_POOLED_BY_VBENCH = frozenset({"subject_consistency", "background_consistency"})
"""Metrics that VBench (one process) averages over frames; over videos otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoItem:
    """One video to measure."""

    id: str
    video: Path
    source: Path | None = None
    """The video it was made from."""
    text: str = ""
    """What it is compared with by metrics of text."""


class Measured(NamedTuple):
    """One metric of one video."""

    item: VideoItem
    value: MetricValue


class _Decoded(NamedTuple):
    """A video to measure, in the colours that are asked for."""

    item: VideoItem
    ready: Mapping[Matrix, Comparison | str]
    """What its file holds, or why it cannot be decoded."""


class Aggregate(NamedTuple):
    """One metric over all videos."""

    mean: float | None
    """None when no video could be measured."""
    n: int
    failed: int


def read_video_table(path: Path) -> list[VideoItem]:
    """Returns the videos of a CSV file with the columns `video` and, where wanted, `id`, `source` and `text`.

    Paths are relative to the file. Without an id, a video's name without its ending is it.

    Raises:
        UsageError: the file cannot be read, lacks the column, names a file that is not there, or an id twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the list of videos cannot be read: {error}", where=path) from None
    rows = csv.DictReader(io.StringIO(text))
    if "video" not in (rows.fieldnames or ()):
        raise UsageError("the list of videos has no column `video`", where=path, hint="video,id,source,text")
    items = []
    for row in rows:
        where = f"{path}:{rows.line_num}"
        name, source = (row.get("video") or "").strip(), (row.get("source") or "").strip()
        if not name:
            raise UsageError("the row names no video", where=where)
        video = path.parent / name
        items.append(
            VideoItem(
                id=(row.get("id") or "").strip() or video.stem,
                video=video,
                source=path.parent / source if source else None,
                text=(row.get("text") or "").strip(),
            )
        )
    return require_distinct(items, where=path)


def require_distinct(items: Sequence[VideoItem], *, where: object = None) -> list[VideoItem]:
    """Returns the items when every file is there and no id is used twice.

    Raises:
        UsageError: one is not, or is; the first of each kind is named.
    """
    seen: dict[str, VideoItem] = {}
    for item in items:
        for path in (item.video, item.source):
            if path is not None and not path.is_file():
                raise UsageError(f"there is no video {path}", where=where)
        if item.id in seen:
            raise UsageError(
                f"two videos have the id {item.id!r}: {seen[item.id].video} and {item.video}",
                where=where,
                hint="list them in a CSV file with a column `id`",
            )
        seen[item.id] = item
    if not items:
        raise UsageError("there is no video to measure", where=where)
    return list(items)


def measure_videos(
    items: Iterable[VideoItem], metrics: Sequence[Metric], *, colour: Colour = "tagged", time_limit_s: float = 120.0
) -> Iterator[Measured]:
    """Yields each metric of each video, video by video; each file is decoded once.

    Args:
        items: the videos. A few are decoded at a time, so that networks get full batches.
        metrics: what to measure.
        colour: `vbench` reads the frames of TF and MS a second time where a stream is tagged BT.709, the way OpenCV
            and so VBench does; `tagged` gives every metric the right colours.
        time_limit_s: for decoding one file.

    A video that cannot be decoded, or measured, is a failed value with the reason.
    """
    matrices = [_matrix(metric, colour) for metric in metrics]
    group: list[_Decoded] = []
    size = 0
    for item in items:
        ready = {matrix: _decoded(item, matrix, time_limit_s) for matrix in dict.fromkeys(matrices)}
        group.append(_Decoded(item, ready))
        size += sum(_bytes(found) for found in ready.values())
        if len(group) == _TOGETHER or size >= _TOGETHER_BYTES:
            yield from _measure_group(group, metrics, matrices)
            group, size = [], 0
    yield from _measure_group(group, metrics, matrices)


def _measure_group(
    group: Sequence[_Decoded], metrics: Sequence[Metric], matrices: Sequence[Matrix]
) -> Iterator[Measured]:
    """Yields each metric of each video, video by video, when each metric has seen all of the group."""
    columns = [_column(group, metric, matrix) for metric, matrix in zip(metrics, matrices, strict=True)]
    for number, (item, _) in enumerate(group):
        yield from (Measured(item, column[number]) for column in columns)


def _column(group: Sequence[_Decoded], metric: Metric, matrix: Matrix) -> list[MetricValue]:
    """Returns one metric of each video of a group."""
    name = metric.info.name
    reasons: dict[int, str] = {}
    sound: list[Comparison] = []
    for number, (item, ready) in enumerate(group):
        found = ready[matrix]
        if item.source is None and getattr(metric, "compares_with_source", False):
            reasons[number] = f"{name} compares a video with its source, and none is named"
        elif isinstance(found, str):
            reasons[number] = found
        else:
            sound.append(found)
    values = metric.measure(sound)
    return [
        MetricValue(sample_id=item.id, metric=name, status=Status.FAILED, reason=reasons[number])
        if number in reasons
        else _alone(next(values), item)
        for number, (item, _) in enumerate(group)
    ]


def _matrix(metric: Metric, colour: Colour) -> Matrix:
    """Returns the colours that a metric is shown."""
    return "bt601" if colour == "vbench" and metric.info.name in _READ_BY_OPENCV else "tagged"


def _bytes(found: Comparison | str) -> int:
    """Returns the size of the decoded frames."""
    if isinstance(found, str):
        return 0
    clips = (found.edit,) if found.source is found.edit else (found.edit, found.source)
    return sum(clip.frames_THWC.nbytes for clip in clips)


def _decoded(item: VideoItem, matrix: Matrix, time_limit_s: float) -> Comparison | str:
    """Returns the decoded videos, or why they cannot be."""
    try:
        edit = read_video(item.video, time_limit_s=time_limit_s, matrix=matrix)
        source = edit if item.source is None else read_video(item.source, time_limit_s=time_limit_s, matrix=matrix)
    except VideoError as error:
        return str(error)
    sample = Sample(
        id=item.id,
        subset=Subset.RAVE,
        reasoning_type=ReasoningType.TEMPORAL,
        source=item.source or item.video,
        instruction=item.text,
        literal_instruction=item.text or None,
        expected_outcome=item.text or None,
    )
    return Comparison(sample=sample, source=source, edit=edit)


def _alone(value: MetricValue, item: VideoItem) -> MetricValue:
    """Returns the value without a source's where there is no source."""
    return value if item.source is not None else replace(value, source_value=None)


def aggregate(values: Iterable[MetricValue], how: Aggregation) -> Mapping[str, Aggregate]:
    """Returns each metric over its videos.

    Args:
        values: of any metrics, in any order.
        how: `macro`, every video counts the same; `vbench`, as its single process does: SC and BC are averaged over
            frames, so that longer videos count more.
    """
    by_metric: dict[str, list[MetricValue]] = {}
    for value in values:
        by_metric.setdefault(value.metric, []).append(value)
    found = {}
    for name, own in by_metric.items():
        pooled = how == "vbench" and name in _POOLED_BY_VBENCH
        pairs = [
            (value.value, value.weight if pooled else 1.0)
            for value in own
            if value.status is Status.OK and value.value is not None
        ]
        total = sum(weight for _, weight in pairs)
        mean = sum(number * weight for number, weight in pairs) / total if total else None
        found[name] = Aggregate(mean, len(pairs), len(own) - len(pairs))
    return found
