"""The analysis as one page that loads nothing: bars of win rates, tables of strengths, agreement and raters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

from rvebench.pages import Shell, as_ascii, environment, make_shell
from rvebench.scoring.agreement import Measured
from rvebench.scoring.words import ABSENT
from rvebench.study.analysis.results import CriterionResult, StudyAnalysis
from rvebench.study.analysis.views import facing

__all__ = ["render_analysis"]

_MINUS = "−"


class _Bar(NamedTuple):
    """One opponent. Lengths are percent of the width."""

    label: str
    value: str
    interval: str
    length: float
    low: float | None
    high: float | None
    counts: str
    clear: bool
    """Whether the interval leaves out one half."""


class _Line(NamedTuple):
    """One row of a table."""

    label: str
    cells: tuple[str, ...]
    strong: bool = False


class _Panel(NamedTuple):
    """One criterion."""

    id: str
    title: str
    subtitle: str
    bars: tuple[_Bar, ...]
    method_columns: tuple[str, ...]
    methods: tuple[_Line, ...]
    matrix_columns: tuple[str, ...]
    matrix: tuple[_Line, ...]
    agreement: tuple[_Line, ...]
    notes: tuple[str, ...]


class _Page(NamedTuple):
    title: str
    focus: str
    design: str
    facts: tuple[tuple[str, str], ...]
    panels: tuple[_Panel, ...]
    raters: tuple[_Line, ...]
    rule: tuple[tuple[str, str], ...]
    both_columns: tuple[str, ...]
    both: tuple[_Line, ...]
    """Win rates with and without those left out; empty where nobody is."""
    notes: tuple[str, ...]


def render_analysis(found: StudyAnalysis, *, focus: str) -> str:
    """Returns the whole page as ASCII text; the same analysis gives the same text.

    Args:
        found: the analysis.
        focus: id of the method whose win rates the bars show.
    """
    template = environment().from_string(_read("analysis.html"))
    return as_ascii(template.render(page=_page(found, focus), shell=_shell()))


def _page(found: StudyAnalysis, focus: str) -> _Page:
    return _Page(
        title=found.title,
        focus=found.methods[focus],
        design=found.design,
        facts=(
            ("Answers", f"{found.answered} of {found.trials} trials"),
            ("Raters", f"{len(found.main.raters)} counted of {len(found.raters)}"),
            ("Seed", str(found.seed)),
            ("Study", found.digest[:12]),
        ),
        panels=tuple(_panel(criterion, found, focus) for criterion in found.main.criteria),
        raters=tuple(_rater_lines(found)),
        rule=tuple((_words(name), f"{value:g}") for name, value in found.rule.items()),
        both_columns=("Counted", "With those left out"),
        both=tuple(_both(found)),
        notes=found.notes,
    )


def _panel(criterion: CriterionResult, found: StudyAnalysis, focus: str) -> _Panel:
    likert = any(method.score is not None for method in criterion.methods)
    orders = any(method.plackett_luce is not None for method in criterion.methods)
    ranked = sorted(criterion.methods, key=lambda method: -(method.win_rate.value or 0.0))
    rates: dict[tuple[str, str], Measured] = {
        (method, pair.second): pair.win_rate for method in found.methods for pair in facing(criterion, method)
    }
    return _Panel(
        id=f"criterion-{found.main.criteria.index(criterion)}",
        title=criterion.title,
        subtitle=(
            f"{criterion.comparisons} comparisons in {criterion.answers} answers on {criterion.samples} samples "
            f"by {criterion.raters} {'rater' if criterion.raters == 1 else 'raters'}"
        ),
        bars=tuple(_bars(criterion, found, focus)),
        method_columns=(
            "Win rate, %",
            "Elo",
            "Log-strength",
            *(("Plackett-Luce",) if orders else ()),
            *(("Mean score",) if likert else ()),
        ),
        methods=tuple(
            _Line(
                found.methods[method.method],
                (
                    _said(method.win_rate, 100),
                    _said(method.elo, digits=0),
                    _said(method.log_strength, digits=2),
                    *((_number(method.plackett_luce, 2),) if orders else ()),
                    *((ABSENT if method.score is None else _said(method.score, digits=2),) if likert else ()),
                ),
                method.method == focus,
            )
            for method in ranked
        ),
        matrix_columns=tuple(found.methods[method.method] for method in ranked),
        matrix=tuple(
            _Line(
                found.methods[row.method],
                tuple(
                    "" if row is column else _said(rates.get((row.method, column.method), Measured()), 100, digits=0)
                    for column in ranked
                ),
                row.method == focus,
            )
            for row in ranked
        ),
        agreement=tuple(_agreement_lines(criterion)),
        notes=criterion.notes,
    )


def _bars(criterion: CriterionResult, found: StudyAnalysis, focus: str) -> Sequence[_Bar]:
    bars = []
    for pair in facing(criterion, focus):
        rate = pair.win_rate
        if rate.value is None:
            continue
        bad = f", {pair.both_bad} of them bad on both sides" if pair.both_bad else ""
        low, high = (None, None) if rate.ci95 is None else (100 * rate.ci95[0], 100 * rate.ci95[1])
        bars.append(
            _Bar(
                label=found.methods[pair.second],
                value=f"{100 * rate.value:.1f} %",
                interval="" if low is None or high is None else f"{low:.1f} to {high:.1f}",
                length=round(100 * rate.value, 3),
                low=None if low is None else round(low, 3),
                high=None if high is None else round(high, 3),
                counts=f"won {pair.wins}, tied {pair.ties}{bad}, lost {pair.losses}",
                clear=rate.ci95 is not None and not rate.ci95[0] <= 0.5 <= rate.ci95[1],
            )
        )
    return bars


def _agreement_lines(criterion: CriterionResult) -> Sequence[_Line]:
    agreement = criterion.agreement
    lines = [
        _Line(
            "Kendall's W, mean over samples",
            (
                _said(agreement.kendall_w, digits=2),
                "" if agreement.kendall_w_chance is None else f"chance gives {agreement.kendall_w_chance:.2f}",
            ),
        ),
        _Line("Two raters answer a pair alike, %", (_said(agreement.pairwise, 100, digits=0), "")),
    ]
    for what, alphas in (("scores", agreement.alpha_scores), ("preferences", agreement.alpha_preferences)):
        lines += [
            _Line(f"Krippendorff's alpha of {what}, {metric}", (_said(measured, digits=2), measured.reason))
            for metric, measured in alphas.items()
        ]
    return lines


def _rater_lines(found: StudyAnalysis) -> Sequence[_Line]:
    return [
        _Line(
            rater.rater,
            (
                f"{rater.answered} of {rater.trials}",
                _number(rater.median_s, 1),
                f"{rater.checks_failed} of {rater.checks}" if rater.checks else ABSENT,
                _percent(rater.consistency),
                _percent(rater.left),
                _percent(rater.tied),
                _percent(rater.same_pattern),
                "kept" if rater.kept else f"left out: {'; '.join(rater.reasons)}",
            ),
            not rater.kept,
        )
        for rater in found.raters
    ]


def _both(found: StudyAnalysis) -> Sequence[_Line]:
    if found.kept is None or found.kept is found.everyone:
        return ()
    everyone = {criterion.criterion: criterion for criterion in found.everyone.criteria}
    return [
        _Line(
            f"{criterion.title}: {found.methods[method.method]}",
            (_said(method.win_rate, 100), _said(other.win_rate, 100)),
        )
        for criterion in found.kept.criteria
        for method, other in zip(criterion.methods, everyone[criterion.criterion].methods, strict=True)
    ]


def _said(found: Measured, scale: float = 1.0, *, digits: int = 1) -> str:
    if found.value is None:
        return ABSENT
    value = _number(scale * found.value, digits)
    if found.ci95 is None:
        return value
    low, high = (_number(scale * end, digits) for end in found.ci95)
    return f"{value} ({low} to {high})"


def _number(value: float | None, digits: int) -> str:
    # Adding 0.0 turns -0.0 into 0.0.
    return ABSENT if value is None else f"{round(value, digits) + 0.0:.{digits}f}".replace("-", _MINUS)


def _percent(value: float | None) -> str:
    return ABSENT if value is None else f"{100 * value:.0f} %"


def _words(name: str) -> str:
    return name.replace("_s", " seconds").replace("_", " ") if name.endswith("_s") else name.replace("_", " ")


def _read(name: str) -> str:
    return resources.files("rvebench.study.analysis").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _shell() -> Shell:
    return make_shell([_read("analysis.css")], [])
