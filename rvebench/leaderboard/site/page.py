"""The index page, every number already written out: what the template places, it does not compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rvebench.leaderboard.site.board import Board, Row, size_words
from rvebench.leaderboard.site.charts import Chart, Point, cost_chart
from rvebench.leaderboard.site.ratings import People
from rvebench.leaderboard.site.reported import Reported
from rvebench.leaderboard.submission import EstimateNumbers
from rvebench.scoring.letters import letter_names
from rvebench.scoring.shapes import Estimate
from rvebench.scoring.words import ABSENT, SCORE_MAX, interval, label, score
from rvebench.taxonomy import CRITERIA

__all__ = [
    "Cell",
    "HeatLine",
    "RowLine",
    "SourceView",
    "TrackView",
    "estimate_of",
    "href_of",
    "percent",
    "source_views",
    "track_view",
]

STEPS = 10
"""Colours of the heat map from 0 to 10."""

_STATUS = {"open": "Open", "announced": "Announced, not open yet", "closed": "Closed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLine:
    """One row of the table."""

    id: str
    name: str
    href: str
    organisation: str
    place: str
    rank: str
    rank_value: int | None
    range: str
    """Empty where the rank is sure, or there is none."""
    score: str
    value: float | None
    interval: str
    mean_at: str | None
    """Percent of the scale; None: there is no number to draw."""
    low_at: str | None
    high_at: str | None
    letters: str
    groups: str
    """The letters' numbers, apart by spaces."""
    ok: int
    lacking: str
    """`3 failed, 1 refused`; empty when every edit is there and judged."""
    seconds: str
    seconds_value: float | None
    usd: str
    usd_value: float | None
    tier: str
    created: str
    weights: str
    """`open`, `closed` or nothing where it is not told."""
    size: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of the heat map."""

    text: str
    step: int | None
    """0..10, the colour; None: no number."""
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatLine:
    """One row of the heat map."""

    name: str
    href: str
    place: str
    types: tuple[Cell, ...]
    criteria: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackView:
    """One track."""

    id: str
    title: str
    status: str
    summary: str
    lede: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    rows: tuple[RowLine, ...]
    n_ranked: int
    tiers: tuple[str, ...]
    types: tuple[str, ...]
    criteria: tuple[str, ...]
    heat: tuple[HeatLine, ...]
    seconds: Chart | None
    usd: Chart | None
    people: People | None
    spearman: str
    """The coefficient in words; empty without ratings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedView:
    """One table of a paper."""

    id: str
    name: str
    benchmark: str
    judge: str
    second_hand: bool
    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[str, ...]], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """One source of reported figures."""

    title: str
    id: str
    version: str
    url: str
    judge: str
    formula: str
    tables: tuple[ReportedView, ...]
    contradicted: tuple[str, ...]
    """What its text claims and its tables do not bear out."""


def href_of(track: str, row: Row) -> str:
    """Returns the address of a submission's page, from the index."""
    return f"submissions/{track}/{row.id}.html"


def track_view(board: Board, people: People | None) -> TrackView:
    """Returns a track as it is shown."""
    rules, shown = board.rules, [row for row in board.rows if row.place != "replaced"]
    types = _ordered([name.value for row in shown for name in row.submission.scores.by_category])
    criteria = [which.value for which in CRITERIA if any(which in row.submission.scores.criteria for row in shown)]
    judge = " ".join(part for part in (rules.judge.name, rules.judge.model) if part)
    return TrackView(
        id=board.track,
        title=rules.title,
        status=_STATUS[rules.status],
        summary=rules.summary,
        lede=(
            ("Split", rules.split),
            ("Judge", judge if rules.judge.model != rules.judge.name else rules.judge.name),
            ("Formula", rules.formula),
            *((("Samples", f"{board.n_samples} from {board.n_sources} sources"),) if board.n_samples else ()),
            ("Editors", rules.conditioning),
        ),
        facts=tuple(
            (name, text)
            for name, text in {
                "track": board.track,
                "split sha256": rules.split_sha256 or "not fixed yet",
                "judge": f"{rules.judge.name} {rules.judge.version}",
                "judge digest": rules.judge.digest or "not fixed yet",
                "prompt sha256": rules.judge.prompt_sha256,
                "frame plan sha256": rules.judge.frame_plan_sha256,
                "formula sha256": rules.formula_digest,
                "verdicts on each edit": str(rules.repeats),
                "seed of the intervals": str(rules.interval_seed),
                "judge's noise band": f"{rules.noise_band:g} points",
            }.items()
            if text
        ),
        rows=tuple(_line(board, row) for row in shown),
        n_ranked=len(board.ranked),
        tiers=tuple(dict.fromkeys(row.submission.tier for row in shown)),
        types=tuple(label(name) for name in types),
        criteria=tuple(criteria),
        heat=tuple(_heat(board, row, types, criteria) for row in shown if row.submission.headline is not None),
        seconds=_cost(board, shown, "seconds"),
        usd=_cost(board, shown, "USD"),
        people=people,
        spearman=_coefficient(people),
    )


def source_views(sources: Sequence[Reported]) -> tuple[SourceView, ...]:
    """Returns the papers' tables as they are shown, every figure with the decimals it is printed with."""
    return tuple(
        SourceView(
            **{name: getattr(one.source, name) for name in ("title", "id", "version", "url", "judge", "formula")},
            tables=tuple(
                ReportedView(
                    id=table.id,
                    name=table.name,
                    benchmark=table.benchmark,
                    judge=table.judge,
                    second_hand=table.second_hand,
                    columns=tuple(
                        f"{column}, {table.unit[column]}" if column in table.unit else column
                        for column in table.columns
                    ),
                    lines=tuple(
                        (row.method, tuple(_figures(table.columns, row.values, decimals))) for row in table.rows
                    ),
                    notes=table.notes,
                )
                for table in one.tables
                for decimals in [_decimals(table.columns, [row.values for row in table.rows])]
            ),
            contradicted=tuple(claim.text for claim in one.claims if not claim.agrees),
        )
        for one in sources
    )


def estimate_of(numbers: EstimateNumbers) -> Estimate:
    """Returns a submission's estimate as scoring knows it."""
    return Estimate(mean=numbers.mean, ci95=numbers.ci95, n=numbers.n)


def percent(value: float) -> str:
    """Returns a score's place on the scale 0..10 in percent."""
    return f"{min(max(value / SCORE_MAX, 0.0), 1.0) * 100:.2f}"


def _line(board: Board, row: Row) -> RowLine:
    submission, standing = row.submission, row.standing
    model, coverage = submission.model, submission.coverage
    # A ranked row's interval is the one that its rank range was drawn with.
    estimate = estimate_of(submission.scores.overall)
    if standing is not None:
        estimate = Estimate(mean=standing.mean, ci95=standing.ci95, n=estimate.n)
    mean, ends = estimate.mean, estimate.ci95
    seconds, usd = row.seconds_per_edit, row.usd_per_edit
    lacking = {name: getattr(coverage, name) for name in ("failed", "refused", "missing", "unjudged")}
    return RowLine(
        id=row.id,
        name=model.name,
        href=href_of(board.track, row),
        organisation=model.organisation,
        place=row.place,
        rank=str(standing.rank) if standing else "",
        rank_value=standing.rank if standing else None,
        range=_range(standing.rank95 if standing else None),
        score=score(mean),
        value=mean,
        interval=interval(estimate),
        mean_at=None if mean is None else percent(mean),
        low_at=None if mean is None or ends is None else percent(ends[0]),
        high_at=None if mean is None or ends is None else percent(ends[1]),
        letters=letter_names(standing.groups) if standing else "",
        groups=" ".join(map(str, standing.groups)) if standing else "",
        ok=coverage.ok,
        lacking=", ".join(f"{count} {name}" for name, count in lacking.items() if count),
        seconds=_amount(seconds),
        seconds_value=seconds,
        usd="" if usd is None else f"{usd:.3f}",
        usd_value=usd,
        tier=submission.tier,
        created=submission.created,
        weights="" if model.open_weights is None else "open" if model.open_weights else "closed",
        size=size_words(model.parameters_billion, ("B", "M")),
        flags=_flags(row),
    )


def _flags(row: Row) -> tuple[str, ...]:
    found = []
    if row.place == "control":
        found.append("control")
    if row.place == "withheld":
        found.append("score withheld")
    if row.submission.model.trained_on_benchmark:
        found.append("trained on this benchmark")
    return tuple(found)


def _range(ends: tuple[int, int] | None) -> str:
    if ends is None:
        return ""
    return "" if ends[0] == ends[1] else f"{ends[0]}–{ends[1]}"


def _amount(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}" if value >= 0.01 else "<0.01"


def _heat(board: Board, row: Row, types: Sequence[str], criteria: Sequence[str]) -> HeatLine:
    scores = row.submission.scores
    by_type = {name.value: category.overall for name, category in scores.by_category.items()}
    by_criterion = {name.value: numbers for name, numbers in scores.criteria.items()}
    return HeatLine(
        name=row.name,
        href=href_of(board.track, row),
        place=row.place,
        types=tuple(_cell(by_type.get(name), label(name)) for name in types),
        criteria=tuple(_cell(by_criterion.get(name), label(name)) for name in criteria),
    )


def _cell(numbers: EstimateNumbers | None, name: str) -> Cell:
    if numbers is None or numbers.mean is None:
        return Cell(text=ABSENT, step=None, hint=f"{name}: no number")
    ends = interval(estimate_of(numbers))
    return Cell(
        text=f"{numbers.mean:.1f}",
        step=round(numbers.mean / SCORE_MAX * STEPS),
        hint=f"{name}: {score(numbers.mean)} {ends}, n = {numbers.n}".replace("  ", " "),
    )


def _cost(board: Board, rows: Sequence[Row], unit: str) -> Chart | None:
    points, without = [], []
    for row in rows:
        # What a control costs, and what a row without a score does, says nothing of editing.
        if row.standing is None:
            continue
        cost = row.seconds_per_edit if unit == "seconds" else row.usd_per_edit
        if cost is None or cost <= 0:
            without.append(row.name)
            continue
        ends = row.standing.ci95
        points.append(
            Point(
                name=row.name,
                href=href_of(board.track, row),
                x=cost,
                y=row.standing.mean,
                y_low=ends[0] if ends else None,
                y_high=ends[1] if ends else None,
            )
        )
    return cost_chart(points, unit=unit, without=without)


def _coefficient(people: People | None) -> str:
    if people is None:
        return ""
    found = people.spearman
    if found.value is None:
        return found.reason or "no coefficient"
    ends = "" if found.ci95 is None else f" [{found.ci95[0]:.2f}, {found.ci95[1]:.2f}]"
    return f"Spearman {found.value:.2f}{ends} over {found.n} submissions"


def _ordered(names: Sequence[str]) -> list[str]:
    from rvebench.scoring.summary import category_order

    return category_order(names)


def _decimals(columns: Sequence[str], rows: Sequence[Mapping[str, float]]) -> dict[str, int]:
    """Returns how many decimals a column needs so that none of its figures loses one."""
    return {
        column: max((len(f"{row[column]:.10g}".partition(".")[2]) for row in rows if column in row), default=0)
        for column in columns
    }


def _figures(columns: Sequence[str], values: Mapping[str, float], decimals: Mapping[str, int]) -> list[str]:
    return [f"{values[name]:.{decimals[name]}f}" if name in values else ABSENT for name in columns]
