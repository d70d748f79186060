"""What differs between two runs, by cause: the reason that their numbers may differ, or may not be compared.

:func:`deciding_changes` names what makes numbers incomparable and reads views alone; :func:`changes_between` names
everything, and reads manifests and journals too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from rvebench.records import Sample, canonical_json
from rvebench.runs.journal import latest_lines
from rvebench.runs.load import load_run
from rvebench.runs.manifest import Manifest, read_manifest
from rvebench.runs.plan import edit_keys
from rvebench.runs.units import EditRecord
from rvebench.runs.view import RunView
from rvebench.taxonomy import Status

__all__ = ["Cause", "Change", "RunFiles", "changed_samples", "changes_between", "deciding_changes", "read_run_files"]


class Cause(str, Enum):
    """Why two runs' numbers may differ."""

    SAMPLES = "samples"
    """Which samples there are, their texts, types and groups."""
    MEDIA = "media"
    """The same sample with another source, target or mask video."""
    EDITOR = "editor"
    """The model, its revision and settings, the seed."""
    EDITS = "edits"
    """The edited videos themselves."""
    JUDGE = "judge"
    PROMPT = "prompt"
    FRAMES = "frames"
    """Which frames are shown to a judge, and how videos are normalised."""
    FORMULA = "formula"
    METRIC = "metric"
    """A metric's version, weights or settings."""
    CODE = "code"
    """rvebench's own version, Python and packages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that differs."""

    cause: Cause
    what: str
    """Its name, as people say it."""
    a: str = ""
    b: str = ""
    samples: tuple[str, ...] = ()
    """Ids of the samples it is about, where it is about some."""
    n: int = 0
    """How many samples it is about; 0 where it is about the whole run."""

    def __str__(self) -> str:
        if self.samples:
            more = f" and {self.n - len(self.samples)} more" if self.n > len(self.samples) else ""
            return f"{self.what} ({', '.join(self.samples)}{more})"
        return f"{self.what} ({self.a or 'none'} against {self.b or 'none'})"

    def as_json(self) -> dict[str, object]:
        """Returns the fields that say something, in plain JSON values."""
        found: dict[str, object] = {"cause": self.cause.value, "what": self.what}
        if self.n:
            return {**found, "n": self.n, "samples": list(self.samples)}
        return {**found, "a": self.a, "b": self.b}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFiles:
    """A run with what its files say beyond its numbers."""

    view: RunView
    manifest: Manifest
    edits: Mapping[str, EditRecord]
    """By sample id; samples without a record are absent."""


def read_run_files(directory: Path, *, formula: str | None = None) -> RunFiles:
    """Returns a run, every number computed anew, with its manifest and edits.

    Raises:
        UsageError: not a run directory, or an unknown formula.
        DataError: the manifest, the samples or the journal is damaged.
    """
    view = load_run(directory, formula=formula)
    manifest = read_manifest(directory)
    lines = latest_lines(directory)
    keys = edit_keys([item.sample for item in view.outcomes], manifest.generation)
    return RunFiles(
        view=view,
        manifest=manifest,
        edits={name: EditRecord.from_json(lines[key]) for name, key in keys.items() if key in lines},
    )


_JUDGE_FACTS = (
    ("judge model", Cause.JUDGE),
    ("prompt sha256", Cause.PROMPT),
    ("frame plan sha256", Cause.FRAMES),
    ("judge digest", Cause.JUDGE),
)
"""The facts of a run that decide its verdicts, most telling first."""

_SHOWN = 3
"""Sample ids that are named."""


def deciding_changes(a: RunView, b: RunView) -> tuple[Change, ...]:
    """Returns what makes the two runs' scores incomparable: judge, prompt, frames, formula, changed samples.

    Samples that only one run has are not among them: those that both have can be compared.
    """
    found = []
    if a.header.judge != b.header.judge:
        found.append(Change(cause=Cause.JUDGE, what="judge", a=a.header.judge, b=b.header.judge))
    for name, cause in _JUDGE_FACTS:
        ours, theirs = a.header.facts.get(name, ""), b.header.facts.get(name, "")
        # A digest says only that something differs: it is named when nothing more telling is.
        if ours != theirs and not (name == "judge digest" and found):
            found.append(Change(cause=cause, what=name, a=_short(ours), b=_short(theirs)))
    if a.header.formula != b.header.formula:
        found.append(Change(cause=Cause.FORMULA, what="formula", a=a.header.formula, b=b.header.formula))
    changed = changed_samples(a, b)
    names = {Cause.SAMPLES: "samples that share an id", Cause.MEDIA: "videos of samples that share an id"}
    for cause, what in names.items():
        ids = sorted(name for name, found_cause in changed.items() if found_cause is cause)
        if ids:
            found.append(_about(cause, what, ids))
    return tuple(found)


def changed_samples(a: RunView, b: RunView) -> dict[str, Cause]:
    """Returns the ids of samples that both runs have and that are not the same, each with the reason.

    `MEDIA` where only frames' hashes differ, else `SAMPLES`.
    """
    in_b = {item.sample.id: item.sample for item in b.outcomes}
    found = {}
    for item in a.outcomes:
        ours, theirs = item.sample, in_b.get(item.sample.id)
        if theirs is None or (ours.digest, ours.cluster) == (theirs.digest, theirs.cluster):
            continue
        found[ours.id] = Cause.MEDIA if _words(ours) == _words(theirs) else Cause.SAMPLES
    return found


def _words(sample: Sample) -> tuple[object, ...]:
    return (
        sample.subset,
        sample.reasoning_type,
        sample.instruction,
        sample.literal_instruction,
        sample.expected_outcome,
        sample.preserve,
        sample.group,
    )


def changes_between(a: RunFiles, b: RunFiles) -> tuple[Change, ...]:
    """Returns everything that differs between two runs, in the order of :class:`Cause`."""
    found = [
        *_samples(a.view, b.view),
        *deciding_changes(a.view, b.view),
        *_editor(a.manifest, b.manifest),
        *_edits(a, b),
        *_metrics(a.manifest, b.manifest),
        *_code(a.manifest, b.manifest),
    ]
    order = list(Cause)
    return tuple(sorted(found, key=lambda change: order.index(change.cause)))


def _samples(a: RunView, b: RunView) -> Iterator[Change]:
    ours, theirs = ({item.sample.id for item in view.outcomes} for view in (a, b))
    for what, ids in (("samples only in A", ours - theirs), ("samples only in B", theirs - ours)):
        if ids:
            yield _about(Cause.SAMPLES, what, sorted(ids))


def _editor(a: Manifest, b: Manifest) -> Iterator[Change]:
    ours, theirs = a.generation, b.generation
    if ours.editor.spec != theirs.editor.spec:
        yield Change(cause=Cause.EDITOR, what="editor", a=ours.editor.spec, b=theirs.editor.spec)
    for name, was, now in _differing(ours.editor.info, theirs.editor.info):
        if name == "name" and ours.editor.spec != theirs.editor.spec:
            continue  # said already
        yield Change(cause=Cause.EDITOR, what=f"editor {name.replace('_', ' ')}", a=was, b=now)
    if ours.seed != theirs.seed:
        yield Change(cause=Cause.EDITOR, what="seed", a=str(ours.seed), b=str(theirs.seed))
    if ours.conform_version != theirs.conform_version:
        yield Change(cause=Cause.FRAMES, what="normalisation", a=ours.conform_version, b=theirs.conform_version)


def _edits(a: RunFiles, b: RunFiles) -> Iterator[Change]:
    shared = sorted(a.edits.keys() & b.edits.keys())
    both = [name for name in shared if a.edits[name].status is b.edits[name].status is Status.OK]
    other = [name for name in both if a.edits[name].frames_sha256 != b.edits[name].frames_sha256]
    if other:
        yield _about(Cause.EDITS, f"edited videos: {len(other)} of {len(both)} show other frames", other)
    ended = [name for name in shared if a.edits[name].status is not b.edits[name].status]
    if ended:
        yield _about(Cause.EDITS, "edits that ended otherwise", ended)
    moved = [name for name in both if a.edits[name].window != b.edits[name].window]
    if moved:
        yield _about(Cause.EDITOR, "the window of the source", moved)


def _metrics(a: Manifest, b: Manifest) -> Iterator[Change]:
    ours, theirs = (
        {entry.name: entry for entry in (manifest.scoring.metrics if manifest.scoring else ())} for manifest in (a, b)
    )
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours or name not in theirs:
            words = ("measured", "not measured") if name in ours else ("not measured", "measured")
            yield Change(cause=Cause.METRIC, what=f"metric {name}", a=words[0], b=words[1])
        elif ours[name].digest != theirs[name].digest:
            for key, was, now in _differing(ours[name].info, theirs[name].info):
                yield Change(cause=Cause.METRIC, what=f"metric {name} {key.replace('_', ' ')}", a=was, b=now)


def _code(a: Manifest, b: Manifest) -> Iterator[Change]:
    for name, was, now in _differing(_software(a), _software(b)):
        yield Change(cause=Cause.CODE, what=name, a=was, b=now)


def _software(manifest: Manifest) -> dict[str, Any]:
    last = manifest.environments[-1]
    git = last.get("git") or {}
    return {
        "rvebench": last.get("rvebench", ""),
        "commit": git.get("commit", ""),
        "uncommitted changes": git.get("dirty", ""),
        "python": last.get("python", ""),
        "machine": last.get("machine", ""),
        **last.get("packages", {}),
    }


def _differing(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yields the keys with other values, and both values as short texts; tables by their own keys."""
    for name in sorted(a.keys() | b.keys()):
        ours, theirs = a.get(name), b.get(name)
        if ours == theirs:
            continue
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            for inner, was, now in _differing(ours, theirs):
                yield f"{name} {inner}", was, now
        else:
            yield name, _text(ours), _text(theirs)


def _text(value: Any) -> str:
    if value is None or value == "" or value == []:
        return ""
    return _short(value if isinstance(value, str) else canonical_json(value))


def _short(text: str) -> str:
    if len(text) == 64 or (len(text) == 40 and not text.strip("0123456789abcdef")):
        return f"{text[:12]}…"
    return text if len(text) <= 60 else f"{text[:57]}…"


def _about(cause: Cause, what: str, ids: list[str]) -> Change:
    return Change(cause=cause, what=what, samples=tuple(ids[:_SHOWN]), n=len(ids))
