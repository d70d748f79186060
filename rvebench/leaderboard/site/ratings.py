"""People beside the judge: `ratings/<track>.csv`, in the form that `rvebench correlate` reads.

Its column `editor` names submissions of the track. The chart shows, for each rated submission, people's mean and the
judge's over the same edits; the coefficient over submissions and its interval come from :mod:`rvebench.scoring`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from rvebench.errors import CoverageError, DataError
from rvebench.leaderboard.evidence import SampleScore
from rvebench.leaderboard.site.board import Board, Row
from rvebench.leaderboard.site.charts import Chart, Point, ratings_chart
from rvebench.scoring.agreement import JudgeScore, Ratings, SampleFacts, Verdicts, measure_agreement, read_ratings
from rvebench.scoring.agreement.shapes import Measured
from rvebench.taxonomy import Criterion, Status

__all__ = ["People", "people_of"]

RATINGS_FOLDER = "ratings"
_PREFERRED = ("overall", *(which.value for which in Criterion))


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What people said of a track's edits."""

    criterion: str
    """The criterion shown: `overall`, or the first of the four that was rated."""
    raters: int
    edits: int
    """Rated edits with a verdict."""
    chart: Chart
    spearman: Measured
    """Over submissions."""


def people_of(board: Board, root: Path, hrefs: dict[str, str]) -> People | None:
    """Returns a track's ratings beside its judge; None where nobody has rated.

    Raises:
        DataError: the file is damaged, or rates a submission that the track does not have.
    """
    path = root / RATINGS_FOLDER / f"{board.track}.csv"
    if not path.is_file():
        return None
    ratings = read_ratings(path)
    rows = {row.id: row for row in board.rows}
    unknown = sorted({rating.editor for rating in ratings.rows} - rows.keys())
    if unknown:
        raise DataError(f"the track has no submission {unknown[0]!r}, which stands as an editor", where=path)
    rated = {rating.criterion for rating in ratings.rows}
    criterion = next((name for name in _PREFERRED if name in rated), None)
    if criterion is None:
        raise DataError(f"no criterion that the judge scores is rated: {', '.join(sorted(rated))}", where=path)
    return _people(board, ratings, criterion, rows, hrefs, path)


def _people(
    board: Board, ratings: Ratings, criterion: str, rows: dict[str, Row], hrefs: dict[str, str], path: Path
) -> People:
    given: dict[tuple[str, str], list[float]] = {}
    for rating in ratings.rows:
        if rating.criterion == criterion:
            given.setdefault((rating.editor, rating.sample_id), []).append(rating.score)
    scores: list[JudgeScore] = []
    facts: dict[str, SampleFacts] = {}
    people: dict[str, list[tuple[float, float]]] = {}
    for row in rows.values():
        for sample in row.samples:
            value = _judged(sample, criterion)
            if value is None:
                continue
            facts[sample.id] = SampleFacts(sample.cluster, sample.category.value)
            scores.append(
                JudgeScore(sample_id=sample.id, editor=row.id, judge="judge", criterion=criterion, score=value)
            )
            told = given.get((row.id, sample.id))
            if told:
                people.setdefault(row.id, []).append((math.fsum(told) / len(told), value))
    try:
        report = measure_agreement(
            ratings, Verdicts(rows=tuple(scores), facts=facts), level="system", criteria=[criterion]
        )
    except CoverageError as error:
        raise DataError(f"no rated edit has a verdict: {error.what}", where=path) from None
    chart = ratings_chart(
        [
            Point(
                name=rows[name].name,
                href=hrefs[name],
                x=math.fsum(human for human, _ in pairs) / len(pairs),
                y=math.fsum(judge for _, judge in pairs) / len(pairs),
                control=rows[name].place == "control",
            )
            for name, pairs in people.items()
        ],
        low=ratings.scale.low,
        high=ratings.scale.high,
        without=[row.name for row in board.rows if row.id not in people],
    )
    assert chart is not None, "an agreement was measured, so that something is rated and judged"
    return People(
        criterion=criterion,
        raters=len({rating.rater for rating in ratings.rows}),
        edits=sum(len(pairs) for pairs in people.values()),
        chart=chart,
        spearman=report.criteria[0].readings[0].with_people["spearman"],
    )


def _judged(sample: SampleScore, criterion: str) -> float | None:
    if sample.status is not Status.OK:
        return None
    return sample.score if criterion == "overall" else sample.criteria.get(Criterion(criterion))
