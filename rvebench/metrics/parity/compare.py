"""Puts this package's scores beside those of the real VBench: the same files, the same weights."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from rvebench.assets import cache_dir
from rvebench.metrics.encoders import Encoders
from rvebench.metrics.options import MetricOptions
from rvebench.metrics.parity.near import DIMENSIONS, VBenchAnswer, VBenchJob, VBenchVideo, run_vbench
from rvebench.metrics.protocol import Metric
from rvebench.metrics.registry import METRICS
from rvebench.metrics.standalone import VideoItem, measure_videos
from rvebench.records import digest_of
from rvebench.taxonomy import Status
from rvebench.weights import CATALOGUE, WeightStore

__all__ = ["BOUND", "Difference", "Parity", "check_parity", "store_of"]

BOUND = 1e-6
"""Largest difference of a score in fp32 on the CPU."""


class Difference(NamedTuple):
    """One score, twice."""

    dimension: str
    video: Path
    ours: float | None
    theirs: float | None
    reason: str
    """Why one of them is missing."""

    @property
    def gap(self) -> float | None:
        """|ours - theirs|; None where one is missing."""
        return None if self.ours is None or self.theirs is None else abs(self.ours - self.theirs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """How the two compare."""

    rows: tuple[Difference, ...]
    answer: VBenchAnswer
    weights: Mapping[str, str]
    """sha256 of each file that both read."""
    bound: float

    @property
    def worst(self) -> float | None:
        """The largest difference; None when nothing could be compared."""
        gaps = [gap for row in self.rows if (gap := row.gap) is not None]
        return max(gaps) if gaps else None

    @property
    def holds(self) -> bool:
        """Whether every score is there twice and none differs by more than the bound.

        Where neither gives a number (a video of one frame, say) they agree.
        """
        if not any(row.gap is not None for row in self.rows):
            return False
        return all(row.ours is row.theirs if row.gap is None else row.gap <= self.bound for row in self.rows)


def store_of(vbench_cache: Path) -> WeightStore:
    """Returns a store that reads VBench's own files, whatever they are: both sides must see the same ones."""
    files = {name: replace(file, sha256=None, size_bytes=None) for name, file in CATALOGUE.items()}
    environ = {**os.environ, "VBENCH_CACHE_DIR": str(vbench_cache)}
    hidden = str(vbench_cache / "nowhere")
    environ |= {"TORCH_HOME": hidden, "HOME": hidden, "XDG_CACHE_HOME": hidden}
    # A store holds a name to the sum that it first saw. Here other weights are another store, not a damaged file.
    found = [path.stat() for path in sorted(vbench_cache.rglob("*.p*")) if path.is_file()]
    state = [str(vbench_cache.resolve()), *(f"{stat.st_ino} {stat.st_size} {stat.st_mtime_ns}" for stat in found)]
    return WeightStore(cache_dir() / "parity" / digest_of(state)[:16], files=files, environ=environ)


def check_parity(
    videos: Sequence[VideoItem],
    *,
    python: Path,
    vbench_cache: Path,
    dimensions: Sequence[str] = DIMENSIONS,
    options: MetricOptions | None = None,
    bound: float = BOUND,
    timeout_s: float = 3600.0,
    tiny: bool = False,
    trust_pickles: bool = False,
) -> Parity:
    """Returns every score from both sides.

    Args:
        videos: what to measure; their texts are VBench's prompts.
        python: of the environment that holds VBench.
        vbench_cache: folder with VBench's files; nothing is downloaded by either side.
        dimensions: VBench's names.
        options: of this side.
        bound: largest difference that counts as the same.
        timeout_s: for VBench.
        tiny: the weights are of other sizes than published.
        trust_pickles: VBench may run code that its checkpoints hold.

    Raises:
        UsageError: VBench cannot be started, is another version, or lacks a file.
        RveError: VBench died or took too long.
    """
    job = VBenchJob(
        videos=tuple(VBenchVideo(path=item.video, prompt=item.text) for item in videos),
        dimensions=tuple(dimensions),
        cache_dir=vbench_cache,
        tiny=tiny,
        trust_pickles=trust_pickles,
    )
    answer = run_vbench(python, job, timeout_s=timeout_s)
    store = store_of(vbench_cache)
    encoders = Encoders(options or MetricOptions(device="cpu"), store)
    rows = []
    for item, value in measure_videos(videos, [_metric(name, encoders) for name in dimensions], colour="vbench"):
        theirs = answer.values.get(value.metric, {}).get(str(item.video.absolute()))
        theirs = theirs if theirs is not None and math.isfinite(theirs) else None
        reason = "" if value.status is Status.OK else f"ours: {value.reason}"
        if theirs is None:
            said = answer.errors.get(value.metric, "no number")
            reason = "; ".join(part for part in (reason, f"VBench: {said}") if part)
        rows.append(Difference(value.metric, item.video, value.value, theirs, reason))
    weights = {
        name: store.find(name).sha256
        for name in ("dino-vitb16", "clip-vit-b32", "viclip-l14", "amt-s")
        if store.look(name).path is not None
    }
    return Parity(rows=tuple(rows), answer=answer, weights=weights, bound=bound)


def _metric(name: str, encoders: Encoders) -> Metric:
    build = METRICS.load(name)
    return build() if name == "temporal_flickering" else build(encoders.options, encoders)
