"""Tracks: the rules under which rows may be ranked together, and the samples they are about.

`leaderboards/tracks.toml` holds the rules; `leaderboards/splits/<split>.jsonl` names each sample without its pixels,
and hashes to the split that a track pins. Both are read from the folder that the submissions are in, so that a
leaderboard is whole wherever it is copied to.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from rvebench.assets import asset_dir
from rvebench.errors import DataError, UnknownNameError
from rvebench.leaderboard.shapes import Name, Sha256, Share, Strict, Words
from rvebench.records import Sample, Track, canonical_json
from rvebench.registry import nearest_names
from rvebench.splits import Split
from rvebench.splits.schema import parse_line
from rvebench.storage import atomic_write_text
from rvebench.taxonomy import ReasoningType, Subset

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "TRACKS_NAME",
    "Budget",
    "Caps",
    "JudgePins",
    "TrackRules",
    "Tracks",
    "read_samples",
    "read_tracks",
    "write_samples",
]

TRACKS_NAME = "tracks.toml"
_SCHEMA = "rve-tracks/1"


class JudgePins(Strict):
    """The judge of a track; empty pins of a track that is only announced are not fixed yet."""

    name: Name
    version: Name
    model: Annotated[str, Field(max_length=120)] = ""
    digest: Sha256 | Literal[""] = ""
    """Of all that decides a verdict: settings, prompt and frame plan too."""
    prompt_sha256: Sha256 | Literal[""] = ""
    frame_plan_sha256: Sha256 | Literal[""] = ""


class Budget(Strict):
    """How much of a run may lack."""

    failed: Share
    """Share of edits that failed, timed out, were refused or are missing. They count 0 and are shown."""
    unjudged: Share
    """Share of edits without a verdict. They are left out and disclosed."""
    copied: Share
    """Share of edits that may be equal, frame by frame, to their source, to their target, or to another edit."""


class Caps(Strict):
    """Most bytes of each file, as it lies on the disk and as it unpacks."""

    submission_bytes: int = 102_400
    readme_bytes: int = 65_536
    media_bytes: int = 1_048_576
    verdicts_bytes: int = 8_388_608
    metrics_bytes: int = 4_194_304
    attestation_bytes: int = 524_288
    unpacked_bytes: int = 134_217_728
    """Of one evidence file, unpacked."""
    line_bytes: int = 262_144
    """Of one line of evidence."""


class TrackRules(Strict):
    """One track: what every row of it shares."""

    title: Name
    status: Literal["open", "announced", "closed"]
    """Submissions are taken only while it is open."""
    summary: Words = ""
    split: Name
    split_sha256: Sha256 | Literal[""] = ""
    conditioning: Track
    """How an editor may come to its edit: as it is, behind a text rewriter, or with reasoning of its own."""
    judge: JudgePins
    formula: Name
    formula_digest: Sha256
    repeats: Annotated[int, Field(ge=1)] = 1
    """Verdicts of the judge on each edit."""
    reducer: Literal["mean", "median", "worst"] = "mean"
    """How several verdicts become one."""
    interval_seed: Annotated[int, Field(ge=0)] = 0
    """Of the bootstrap, so that nobody chooses an interval."""
    metrics: Mapping[str, Sha256] = {}
    """Digest by name of the metrics that may stand beside the score."""
    budget: Budget
    noise_band: Annotated[float, Field(ge=0.0)]
    """How far a second judgement may be from the recorded one, as the mean absolute difference of the samples' scores
    (0..10): what the judge itself differs by when it is asked twice."""
    caps: Caps = Caps()


@dataclass(frozen=True, kw_only=True)
class Tracks:
    """The tracks of one leaderboard folder."""

    root: Path
    """The folder that holds tracks.toml, splits/ and submissions/."""
    rules: Mapping[str, TrackRules]
    """By track id, in the file's order."""

    def get(self, name: str) -> TrackRules:
        """Returns one track's rules.

        Raises:
            UnknownNameError: there is no such track; the hint lists the nearest.
        """
        if name in self.rules:
            return self.rules[name]
        near = nearest_names(name, self.rules)
        offer = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(self.rules)}"
        raise UnknownNameError(f"unknown track {name!r}", where=self.root / TRACKS_NAME, hint=offer)

    def samples(self, name: str) -> Mapping[str, Sample]:
        """Returns the samples of a track by id, in the split's order; they carry no path that could be opened.

        Raises:
            UnknownNameError: there is no such track.
            DataError: the list is not there, is damaged, or is not the split that the track pins.
        """
        rules = self.get(name)
        if rules.split not in self._read:
            self._read[rules.split] = read_samples(self.root / "splits" / f"{rules.split}.jsonl")
        split = self._read[rules.split]
        if split.sha256 != rules.split_sha256:
            raise DataError(
                f"the samples hash to {split.sha256[:12]}…, and track {name} pins {rules.split_sha256[:12] or 'none'}…",
                where=split.path,
                hint="restore the file from the repository",
            )
        return {sample.id: sample for sample in split.samples}

    @cached_property
    def _read(self) -> dict[str, Split]:
        return {}


def read_tracks(root: Path | None = None) -> Tracks:
    """Returns the tracks of a leaderboard folder; by default of the one that comes with the package.

    Raises:
        DataError: the file is not there, is not TOML, or a track lacks something.
    """
    folder = asset_dir("leaderboards") if root is None else root
    path = folder / TRACKS_NAME
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError("the file is not there", where=path) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"not a TOML file: {error}", where=path) from None
    if table.pop("schema", None) != _SCHEMA:
        raise DataError(f"the file does not say schema = {_SCHEMA!r}", where=path)
    return Tracks(root=folder, rules={name: _rules(path, name, entry) for name, entry in table.items()})


def _rules(path: Path, name: str, entry: object) -> TrackRules:
    try:
        rules = TrackRules.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join([name, *map(str, first["loc"])])
        raise DataError(f"{place}: {first['msg']}", where=path) from None
    lacking = [
        pin
        for pin, value in (("split_sha256", rules.split_sha256), ("judge.digest", rules.judge.digest))
        if rules.status == "open" and not value
    ]
    if lacking:
        raise DataError(f"{name} is open and does not fix {' and '.join(lacking)}", where=path)
    return rules


_KEYS = ("id", "subset", "reasoning_type", "instruction", "literal_instruction", "expected_outcome", "preserve")


def write_samples(samples: tuple[Sample, ...], path: Path) -> None:
    """Writes the list of a track's samples: all that their digests cover, and no path.

    Raises:
        StorageError: the file cannot be written.
    """
    rows = []
    for sample in samples:
        row = {key: getattr(sample, key) for key in _KEYS}
        row |= {"subset": sample.subset.value, "reasoning_type": sample.reasoning_type.value}
        row |= {"preserve": list(sample.preserve), "frames_sha256": dict(sample.frames_sha256), "group": sample.group}
        rows.append({key: value for key, value in row.items() if value not in (None, "", [])})
    atomic_write_text(path, "".join(f"{canonical_json(row)}\n" for row in rows))


def read_samples(path: Path) -> Split:
    """Returns the samples of a list that :func:`write_samples` wrote, as a split whose sha256 can be compared.

    Raises:
        DataError: the file is not there, or a line is not a sample.
    """
    found = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the list of samples cannot be read: {error}", where=path) from None
    for number, line in enumerate(lines, start=1):
        try:
            value = parse_line(line)
            assert isinstance(value, dict), "an object a line"
            found.append(
                Sample(
                    id=value["id"],
                    subset=Subset(value["subset"]),
                    reasoning_type=ReasoningType(value["reasoning_type"]),
                    source=Path(),
                    instruction=value["instruction"],
                    literal_instruction=value.get("literal_instruction"),
                    expected_outcome=value.get("expected_outcome"),
                    preserve=tuple(value.get("preserve", ())),
                    group=value.get("group", ""),
                    frames_sha256=value["frames_sha256"],
                )
            )
        except (AssertionError, KeyError, TypeError, ValueError, DataError) as error:
            raise DataError(f"not a sample of a track: {error}", where=f"{path}:{number}") from None
    return Split(name=path.stem, path=path, samples=tuple(found))
