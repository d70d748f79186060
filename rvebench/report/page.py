"""The fixed part of the page, every number already written out: what the template places, it does not compute."""

from __future__ import annotations

from dataclasses import dataclass

from rvebench.report.judges import mean_and_sd, panel_note, panel_of, sd_rows, usage_of, usage_words
from rvebench.runs.view import RunView, SampleOutcome
from rvebench.scoring import Estimate, JudgePair, JudgeSpread, MetricSummary, Summary
from rvebench.scoring.words import (
    ABSENT,
    SCORE_MAX,
    hide_paths,
    interval,
    label,
    measure,
    measured_interval,
    measured_of,
    score,
    signed,
    unmeasured_words,
)
from rvebench.taxonomy import CRITERIA, Status

__all__ = ["Bar", "Choice", "Ending", "Failure", "JudgeLine", "MetricLine", "Page", "Panel", "TypeLine", "make_page"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A score on the scale 0..10, as lengths in percent."""

    label: str
    hint: str
    value: str
    interval: str
    n: int
    length: str | None
    """Percent of the scale; None: there is no number to draw."""
    low: str | None = None
    high: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeLine:
    """One reasoning type in the table of criteria."""

    label: str
    overall: str
    criteria: tuple[str, ...]
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricLine:
    """One metric over the run."""

    name: str
    edit: str
    edit_interval: str
    source: str
    delta: str
    delta_interval: str
    n: str
    """`16`, or `14 of 16` where some edits could not be measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeLine:
    """One row of a table of judges: a judge, two judges beside each other, or a deviation over all."""

    name: str
    criteria: tuple[str, ...]
    answered: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The judges of a run that several judges, or one asked several times, gave the verdicts of."""

    criterion_names: tuple[str, ...]
    note: str
    lines: tuple[JudgeLine, ...]
    deviations: tuple[JudgeLine, ...]
    pairs: tuple[JudgeLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How many samples ended one way."""

    name: str
    count: int
    tone: str
    """`good`, `bad` or `quiet` (a count of zero)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A sample without a verdict."""

    index: int
    """Its place in the split's order."""
    id: str
    type: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One entry of a filter."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything above and around the list of samples."""

    model: str
    split: str
    judge: str
    judge_label: str
    judge_used: str
    """Tokens and cost; empty where nothing was used."""
    panel: Panel | None
    formula: str
    run_id: str
    seed: int
    headline: Bar
    withheld: str
    endings: tuple[Ending, ...]
    n: int
    answered_only: str
    macro: str
    criteria: tuple[Bar, ...]
    types: tuple[Bar, ...]
    criterion_names: tuple[str, ...]
    type_lines: tuple[TypeLine, ...]
    metrics: tuple[MetricLine, ...]
    unmeasured: tuple[str, ...]
    """Why edits could not be measured."""
    failures: tuple[Failure, ...]
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    subset_choices: tuple[Choice, ...]
    type_choices: tuple[Choice, ...]
    status_choices: tuple[Choice, ...]


def make_page(view: RunView) -> Page:
    """Returns the page's fixed part."""
    header, summary = view.header, view.summary
    judged, spread = bool(header.judge), panel_of(view)
    names = tuple(which.value for which in CRITERIA if which.value in summary.criteria)
    outcomes = view.outcomes
    return Page(
        model=hide_paths(header.model),
        split=hide_paths(header.split),
        judge=hide_paths(header.judge),
        judge_label=hide_paths(header.judge_label),
        judge_used=usage_words(usage_of(view)),
        panel=None if spread is None else _panel(spread),
        formula=header.formula,
        run_id=header.run_id,
        seed=header.seed,
        headline=_bar("Overall", "", summary.overall),
        withheld=hide_paths(summary.withheld),
        endings=_endings(summary),
        n=summary.coverage.n,
        answered_only=_aside(summary.answered_only),
        macro=_aside(summary.macro),
        criteria=tuple(_bar(label(name), name, summary.criteria[name]) for name in names) if judged else (),
        types=_types(summary) if judged else (),
        criterion_names=names,
        type_lines=_type_lines(summary, names) if judged else (),
        metrics=tuple(_metric_line(name, metric) for name, metric in summary.metrics.items()),
        unmeasured=tuple(unmeasured_words(summary.metrics)),
        failures=tuple(_failures(outcomes, judged=judged)),
        facts=tuple((name, hide_paths(text)) for name, text in header.facts.items()),
        notes=tuple(hide_paths(note) for note in header.notes),
        subset_choices=_choices([outcome.sample.subset.value for outcome in outcomes]),
        type_choices=_choices([outcome.sample.reasoning_type.value for outcome in outcomes]),
        status_choices=_choices([outcome.status.value for outcome in outcomes]),
    )


def _percent(value: float) -> str:
    return f"{min(max(value / SCORE_MAX, 0.0), 1.0) * 100:.2f}"


def _bar(name: str, hint: str, estimate: Estimate) -> Bar:
    mean, ends = estimate.mean, estimate.ci95
    return Bar(
        label=name,
        hint=hint,
        value=score(mean),
        interval=interval(estimate),
        n=estimate.n,
        length=None if mean is None else _percent(mean),
        low=None if mean is None or ends is None else _percent(ends[0]),
        high=None if mean is None or ends is None else _percent(ends[1]),
    )


def _aside(estimate: Estimate) -> str:
    if estimate.mean is None:
        return ""
    return f"{score(estimate.mean)} {interval(estimate)}".rstrip() + f", n = {estimate.n}"


def _endings(summary: Summary) -> tuple[Ending, ...]:
    coverage = summary.coverage
    counts = {
        "OK": coverage.ok,
        "Failed": coverage.failed,
        "Refused": coverage.refused,
        "Missing": coverage.missing,
        "Unjudged": coverage.unjudged,
    }
    return tuple(
        Ending(name=name, count=count, tone="quiet" if count == 0 else "good" if name == "OK" else "bad")
        for name, count in counts.items()
    )


def _types(summary: Summary) -> tuple[Bar, ...]:
    return tuple(
        _bar(label(name), _counted(category.coverage.n), category.overall)
        for name, category in summary.by_category.items()
    )


def _counted(n: int) -> str:
    return f"{n} {'sample' if n == 1 else 'samples'}"


def _type_lines(summary: Summary, names: tuple[str, ...]) -> tuple[TypeLine, ...]:
    return tuple(
        TypeLine(
            label=label(name),
            overall=score(category.overall.mean),
            # A criterion that is not asked of a type is an empty cell; one that has no number is a dash.
            criteria=tuple(
                score(category.criteria[which].mean) if which in category.criteria else "" for which in names
            ),
            n=category.coverage.n,
        )
        for name, category in summary.by_category.items()
    )


def _metric_line(name: str, metric: MetricSummary) -> MetricLine:
    return MetricLine(
        name=name,
        edit=measure(metric.edit.mean),
        edit_interval=measured_interval(metric.edit),
        source=ABSENT if metric.source is None else measure(metric.source.mean),
        delta=ABSENT if metric.delta is None else signed(metric.delta.mean),
        delta_interval="" if metric.delta is None else measured_interval(metric.delta),
        n=measured_of(metric),
    )


def _panel(spread: JudgeSpread) -> Panel:
    return Panel(
        criterion_names=tuple(which.value for which in spread.criteria),
        note=panel_note(spread),
        lines=tuple(
            JudgeLine(
                name=hide_paths(row.judge),
                criteria=tuple(mean_and_sd(row.means.get(one), row.within_sd.get(one)) for one in spread.criteria),
                answered=f"{row.answered} of {row.asked}",
            )
            for row in spread.judges
        ),
        deviations=tuple(JudgeLine(name=name, criteria=cells) for name, cells in sd_rows(spread).items()),
        pairs=_pair_lines(spread),
    )


def _pair_lines(spread: JudgeSpread) -> tuple[JudgeLine, ...]:
    # By the names as they are: two judges whose folders alone differ look the same once those are hidden.
    cells: dict[tuple[str, str], list[str]] = {}
    for pair in spread.pairs:
        cells.setdefault((pair.first, pair.second), []).append(_pair_cell(pair))
    return tuple(
        JudgeLine(name=hide_paths(f"{first}, {second}"), criteria=tuple(found))
        for (first, second), found in cells.items()
    )


def _pair_cell(pair: JudgePair) -> str:
    if pair.difference is None:
        return ABSENT
    rank = ABSENT if pair.spearman is None else f"{pair.spearman + 0.0:.2f}".replace("-", "−")
    return f"{rank}, {pair.difference + 0.0:+.2f}".replace("-", "−")


def _failures(outcomes: tuple[SampleOutcome, ...], *, judged: bool) -> list[Failure]:
    """Returns every sample without a verdict; in a run without a judge, every sample without an edit."""
    fine = {Status.OK} if judged else {Status.OK, Status.UNJUDGED}
    return [
        Failure(
            index=index,
            id=outcome.sample.id,
            type=label(outcome.sample.reasoning_type.value),
            status=outcome.status.value,
            reason=hide_paths(outcome.reason) or "no reason is recorded",
        )
        for index, outcome in enumerate(outcomes)
        if outcome.status not in fine
    ]


def _choices(values: list[str]) -> tuple[Choice, ...]:
    return tuple(Choice(value=value, label=label(value)) for value in dict.fromkeys(values))
