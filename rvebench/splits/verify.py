"""Opens everything a split names and says everything that is wrong with it, at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rvebench.errors import RveError
from rvebench.records import Sample
from rvebench.splits.hashing import IMAGE_SUFFIXES, read_media, sample_files
from rvebench.splits.licence import NO_LICENCE
from rvebench.splits.loader import Split
from rvebench.taxonomy import Subset

__all__ = ["FPS_TOLERANCE", "Problem", "verify_split"]

FPS_TOLERANCE = 0.005
"""Relative; 29.97 passes for 30, 25 does not pass for 24."""

_MASK_WHITE = 128
_MEDIA = IMAGE_SUFFIXES | {".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".gif", ".mpg", ".mpeg", ".ts", ".ogv"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with a split."""

    severity: Literal["error", "warning"]
    what: str
    sample_id: str = ""
    """Empty when it concerns the split as a whole."""
    file: Path | None = None

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.sample_id, str(self.file or "")) if part)
        return f"{place}: {self.what}" if place else self.what


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What one decode of a file says; the frames are not kept."""

    sha256: str
    frames: int
    size: tuple[int, int]
    fps: float
    brightest: int


def _facts_of(path: Path) -> _Facts | str:
    from rvebench.video import fingerprint

    if not path.is_file():
        return "the file is not there"
    if path.stat().st_size == 0:
        return "the file is empty"
    try:
        clip = read_media(path)
        return _Facts(
            sha256=fingerprint(clip),
            frames=len(clip),
            size=clip.size,
            fps=clip.fps,
            brightest=int(clip.frames_THWC.max()),
        )
    except RveError as error:
        return error.what if error.where == str(path) else str(error)


def verify_split(
    split: Split, *, progress: Callable[[int, int], None] | None = None, workers: int = 2
) -> tuple[Problem, ...]:
    """Returns every problem of a split, in the manifest's order; errors and warnings. Each file is decoded once.

    Errors: a file that is missing, empty or cannot be decoded; a frame hash or rate that is not the declared one; a
    mask of another size or length than its source, or black; a target that shows the source's own frames; the same
    instruction twice on the same source; no licence stated. Warnings: no target; a target of another size; media
    files in the folder that no sample names.

    Args:
        split: what to check; its manifest was read without fault already.
        progress: called with (done, total) after each file.
        workers: threads that decode.
    """
    paths = list(dict.fromkeys(path for sample in split.samples for path in sample_files(sample).values()))
    facts: dict[Path, _Facts | str] = {}
    with ThreadPoolExecutor(max_workers=max(1, workers), thread_name_prefix="verify") as pool:
        jobs = {pool.submit(_facts_of, path): path for path in paths}
        try:
            for done, job in enumerate(as_completed(jobs), start=1):
                facts[jobs[job]] = job.result()
                if progress is not None:
                    progress(done, len(paths))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    found = [problem for sample in split.samples for problem in _of_sample(sample, facts)]
    return (*found, *_duplicates(split, facts), *_of_split(split))


def _of_sample(sample: Sample, facts: dict[Path, _Facts | str]) -> Iterator[Problem]:
    def error(what: str, file: Path | None = None) -> Problem:
        return Problem(severity="error", what=what, sample_id=sample.id, file=file)

    if sample.licence == NO_LICENCE:
        yield error("no licence is stated; add an SPDX expression as 'licence'")
    known: dict[str, _Facts] = {}
    for role, path in sample_files(sample).items():
        fact = facts[path]
        if isinstance(fact, str):
            yield error(f"{role}: {fact}", path)
            continue
        known[role] = fact
        declared = sample.frames_sha256.get(role)
        if declared is not None and declared != fact.sha256:
            yield error(f"{role}: the frames hash to {fact.sha256[:12]}…, declared is {declared[:12]}…", path)
    source = known.get("source")
    if source is None:
        return
    if sample.fps is not None and abs(source.fps - sample.fps) > FPS_TOLERANCE * sample.fps:
        yield error(f"source: {source.fps:g} frames a second, declared are {sample.fps:g}", sample.source)
    target = known.get("target")
    if "mask" in known:
        # A following shot's mask says where in the target the outcome shows.
        masked, name = (target, "target") if sample.subset is Subset.ICVG and target else (source, "source")
        yield from (error(f"mask: {what}", sample.mask) for what in _of_mask(known["mask"], masked, name))
    if "counterfactual" in known:
        yield from _of_counterfactual(sample, known["counterfactual"], target)
    if target is not None:
        if target.sha256 == source.sha256:
            yield error("target: shows the very frames of the source", sample.target)
        if target.size != source.size:
            what = f"target: {_by(target.size)} pixels, the source has {_by(source.size)}"
            yield Problem(severity="warning", what=what, sample_id=sample.id, file=sample.target)
        if target.frames < 2:
            what = "target: one frame, and the judge `reference` needs two"
            yield Problem(severity="warning", what=what, sample_id=sample.id, file=sample.target)


def _of_counterfactual(sample: Sample, found: _Facts, target: _Facts | None) -> Iterator[Problem]:
    if target is None:
        what = "counterfactual: the sample has no target that it could be the other side of"
    elif found.sha256 == target.sha256:
        what = "counterfactual: shows the very frames of the target"
    elif (found.size, found.frames) != (target.size, target.frames):
        what = (
            f"counterfactual: {found.frames} frames of {_by(found.size)} pixels, "
            f"the target has {target.frames} of {_by(target.size)}"
        )
    else:
        return
    yield Problem(severity="error", what=what, sample_id=sample.id, file=sample.counterfactual)


def _of_mask(mask: _Facts, masked: _Facts, name: str) -> Iterator[str]:
    if mask.size != masked.size:
        yield f"{_by(mask.size)} pixels, the {name} has {_by(masked.size)}"
    if mask.frames not in (1, masked.frames):
        yield f"{mask.frames} frames, the {name} has {masked.frames} (or give one)"
    if mask.brightest < _MASK_WHITE:
        yield "black everywhere, so that nothing may change"


def _duplicates(split: Split, facts: dict[Path, _Facts | str]) -> Iterator[Problem]:
    first: dict[tuple[str, str], str] = {}
    for sample in split.samples:
        fact = facts[sample.source]
        source = str(sample.source) if isinstance(fact, str) else fact.sha256
        words = " ".join(sample.instruction.casefold().split())
        other = first.setdefault((source, words), sample.id)
        if other != sample.id:
            what = f"same source frames and instruction as sample {other}"
            yield Problem(severity="error", what=what, sample_id=sample.id)


def _of_split(split: Split) -> Iterator[Problem]:
    without: dict[Subset, int] = defaultdict(int)
    for sample in split.samples:
        if sample.target is None and sample.subset is not Subset.LITERAL:
            without[sample.subset] += 1
    for subset, count in without.items():
        yield Problem(
            severity="warning",
            what=f"{count} of {len(split.samples)} samples ({subset.value}) have no target: "
            "the control `target` and the judge `reference` cannot serve them",
        )
    root = split.path.parent
    named = {path.resolve() for sample in split.samples for path in sample_files(sample).values()}
    told_of = "\n".join({sample.provenance for sample in split.samples})
    for file in sorted(root.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
        # An imported reference image stands in its sample's provenance only.
        told = file.suffix.lower() in IMAGE_SUFFIXES and file.relative_to(root).as_posix() in told_of
        if not hidden and not told and file.suffix.lower() in _MEDIA and file.is_file() and file.resolve() not in named:
            yield Problem(severity="warning", what="no sample names this file", file=file)


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
