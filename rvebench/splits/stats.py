"""What a split holds, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rvebench.errors import RveError
from rvebench.splits.hashing import sample_files
from rvebench.splits.loader import Split
from rvebench.taxonomy import Subset, reasoning_types_of

__all__ = ["SourceFacts", "SplitStats", "split_stats"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """What the container of one source says."""

    seconds: float | None
    size: tuple[int, int]
    fps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitStats:
    """Counts over the samples, and over their distinct files."""

    name: str
    sha256: str
    samples: int
    groups: int
    """Resampling clusters: samples that share a source."""
    by_type: tuple[tuple[Subset, str, int], ...]
    """Subset, reasoning type, samples; in the paper's order, zeros included for the subsets that occur."""
    with_target: int
    with_mask: int
    with_counterfactual: int
    with_literal_instruction: int
    with_expected_outcome: int
    with_preserve: int
    licences: tuple[tuple[str, int], ...]
    """Most frequent first."""
    files: int
    size_bytes: int
    sources: int
    """Distinct source files that could be opened."""
    source_seconds: tuple[float, float, float] | None
    """Shortest, total, longest over those whose length is known."""
    source_sizes: tuple[tuple[str, int], ...]
    """`WxH` and how many sources have it."""
    source_fps: tuple[tuple[str, int], ...]
    unreadable: tuple[str, ...]
    """Files that are missing or cannot be opened, with the reason."""

    def as_json(self) -> dict[str, Any]:
        """Returns the numbers as one JSON object."""
        seconds = self.source_seconds
        return {
            "split": self.name,
            "sha256": self.sha256,
            "samples": self.samples,
            "groups": self.groups,
            "by_type": [{"subset": s.value, "reasoning_type": t, "samples": n} for s, t, n in self.by_type],
            "with": {
                "target": self.with_target,
                "mask": self.with_mask,
                "counterfactual": self.with_counterfactual,
                "literal_instruction": self.with_literal_instruction,
                "expected_outcome": self.with_expected_outcome,
                "preserve": self.with_preserve,
            },
            "licences": dict(self.licences),
            "files": {"count": self.files, "size_bytes": self.size_bytes, "unreadable": list(self.unreadable)},
            "sources": {
                "count": self.sources,
                "seconds": None
                if seconds is None
                else {"shortest": seconds[0], "total": seconds[1], "longest": seconds[2]},
                "sizes": dict(self.source_sizes),
                "fps": dict(self.source_fps),
            },
        }


def _probe(path: Path) -> SourceFacts | str:
    from rvebench.video import probe_video

    try:
        info = probe_video(path)
    except RveError as error:
        return str(error)
    return SourceFacts(seconds=info.duration_s, size=(info.width, info.height), fps=info.fps)


def split_stats(split: Split, *, progress: Callable[[int, int], None] | None = None, workers: int = 2) -> SplitStats:
    """Returns the numbers of a split. Containers are opened, frames are not decoded; faults are listed, not raised."""
    samples = split.samples
    types = Counter((sample.subset, sample.reasoning_type.value) for sample in samples)
    subsets = [subset for subset in Subset if any(sample.subset is subset for sample in samples)]
    paths = list(dict.fromkeys(path for sample in samples for path in sample_files(sample).values()))
    present = [path for path in paths if path.is_file()]
    unreadable = [f"{path}: the file is not there" for path in paths if not path.is_file()]
    sources = [path for path in dict.fromkeys(sample.source for sample in samples) if path.is_file()]
    facts: list[SourceFacts] = []
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        for done, found in enumerate(pool.map(_probe, sources), start=1):
            if isinstance(found, str):
                unreadable.append(found)
            else:
                facts.append(found)
            if progress is not None:
                progress(done, len(sources))
    seconds = [fact.seconds for fact in facts if fact.seconds is not None]
    return SplitStats(
        name=split.name,
        sha256=split.sha256,
        samples=len(samples),
        groups=len({sample.cluster for sample in samples}),
        by_type=tuple((s, kind.value, types[s, kind.value]) for s in subsets for kind in reasoning_types_of(s)),
        with_target=sum(sample.target is not None for sample in samples),
        with_mask=sum(sample.mask is not None for sample in samples),
        with_counterfactual=sum(sample.counterfactual is not None for sample in samples),
        with_literal_instruction=sum(sample.literal_instruction is not None for sample in samples),
        with_expected_outcome=sum(sample.expected_outcome is not None for sample in samples),
        with_preserve=sum(bool(sample.preserve) for sample in samples),
        licences=_ranked(sample.licence for sample in samples),
        files=len(present),
        size_bytes=sum(path.stat().st_size for path in present),
        sources=len(facts),
        source_seconds=(min(seconds), sum(seconds), max(seconds)) if seconds else None,
        source_sizes=_ranked(f"{fact.size[0]}x{fact.size[1]}" for fact in facts),
        source_fps=_ranked(f"{fact.fps:g}" for fact in facts),
        unreadable=tuple(unreadable),
    )


def _ranked(values: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(values).items(), key=lambda entry: (-entry[1], entry[0])))
