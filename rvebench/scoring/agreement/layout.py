"""One criterion's ratings and scores as arrays over the same edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rvebench.scoring.agreement.ratings import JudgeScore, Rating, SampleFacts
from rvebench.scoring.agreement.resample import Floats, Ints

__all__ = ["Layout", "ReadingKey", "lay_out"]


_RANK = {"hard": 0, "yes/no": 1}
"""What comes first among the readings of a judge: the scores it states, then its bare answers."""


class ReadingKey(NamedTuple):
    """One way to read one judge."""

    judge: str
    reading: str

    def __str__(self) -> str:
        return self.judge if self.reading == "hard" else f"{self.judge} ({self.reading})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """N rated edits in the order of their names, R raters; NaN where a score is missing."""

    samples: tuple[str, ...]
    """The sample of each edit."""
    clusters: tuple[str, ...]
    sample_N: Ints
    editor_N: Ints
    cluster_N: Ints
    human_NR: Floats
    readings: Mapping[ReadingKey, Floats]
    """Scores (N) of each judge and reading; a judge's hard one comes first."""
    n_judged_only: int
    """Judged edits that nobody rated."""

    @property
    def n_samples(self) -> int:
        """How many samples."""
        return len(set(self.sample_N.tolist()))

    @property
    def n_editors(self) -> int:
        """How many editors."""
        return len(set(self.editor_N.tolist()))


def lay_out(ratings: Sequence[Rating], scores: Sequence[JudgeScore], facts: Mapping[str, SampleFacts]) -> Layout:
    """Returns the arrays of one criterion's rows."""
    units = sorted({(row.sample_id, row.editor) for row in ratings})
    place = {unit: index for index, unit in enumerate(units)}
    raters = {name: index for index, name in enumerate(sorted({row.rater for row in ratings}))}
    human_NR = np.full((len(units), len(raters)), np.nan)
    for rating in ratings:
        human_NR[place[rating.sample_id, rating.editor], raters[rating.rater]] = rating.score
    # Judges in the order in which they are given, the hard readings of each before its others.
    judges = list(dict.fromkeys(score.judge for score in scores))
    keys = dict.fromkeys(ReadingKey(score.judge, score.reading) for score in scores)
    ordered = sorted(keys, key=lambda key: (judges.index(key.judge), _RANK.get(key.reading, len(_RANK)), key.reading))
    readings = {key: np.full(len(units), np.nan) for key in ordered}
    extra = set()
    for score in scores:
        unit = (score.sample_id, score.editor)
        if unit in place:
            readings[ReadingKey(score.judge, score.reading)][place[unit]] = score.score
        else:
            extra.add(unit)
    samples = tuple(sample for sample, _ in units)
    clusters = tuple(facts.get(sample, SampleFacts()).cluster or sample for sample in samples)
    return Layout(
        samples=samples,
        clusters=clusters,
        sample_N=_numbered(samples),
        editor_N=_numbered([editor for _, editor in units]),
        cluster_N=_numbered(clusters),
        human_NR=human_NR,
        readings=readings,
        n_judged_only=len(extra),
    )


def _numbered(names: Sequence[str]) -> Ints:
    numbers = {name: number for number, name in enumerate(sorted(set(names)))}
    return np.array([numbers[name] for name in names], dtype=np.int64)
