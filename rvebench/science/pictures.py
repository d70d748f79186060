"""The figures of a study's page, from its findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rvebench.science.figures import Interval, Line, forest_svg, line_svg
from rvebench.science.measures import measure_named

__all__ = ["pictures_of"]

Findings = Mapping[str, Any]


def pictures_of(findings: Findings) -> dict[str, str]:
    """Returns SVGs by file name: differences of Table 4, lines by lambda and tau, reliability."""
    return {
        "differences.svg": _differences(findings),
        "lambda.svg": _by_lambda(findings),
        "tau.svg": _by_tau(findings),
        "reliability.svg": _reliability(findings),
    }


def _differences(findings: Findings) -> str:
    rows = [
        Interval(
            label=f"{each['better']} − {each['than']}, {each['set']}",
            value=each["mean"],
            low=None if each["ci95"] is None else each["ci95"][0],
            high=None if each["ci95"] is None else each["ci95"][1],
            strong=each["verdict"] != "not shown",
        )
        for each in findings["contrasts"]
        if (each["table"], each["column"], each["measure"]) == ("4", "steps", "ea_progress")
        and each["mean"] is not None
    ]
    return forest_svg("EA progress, differences of Table 4", rows, note="right of the line: the first is better")


def _by_lambda(findings: Findings) -> str:
    weights: Mapping[str, float] = findings["facts"]["lambdas"]
    lines = [
        _arm_line(findings, which, dict(sorted(weights.items(), key=lambda item: item[1])), "ea_progress", which)
        for which in findings["means"]
    ]
    return line_svg(
        "EA progress by lambda",
        [line for line in lines if line.points],
        x_label="lambda",
        y_label=measure_named("ea_progress").title,
    )


def _arm_line(findings: Findings, which: str, places: Mapping[str, float], measure: str, label: str) -> Line:
    cells = [
        (x, cell)
        for arm, x in places.items()
        if (cell := findings["means"][which].get(arm, {}).get(measure)) is not None
    ]
    return Line(
        label=label,
        points=tuple((x, float(cell["mean"])) for x, cell in cells),
        intervals=tuple(_pair(cell["ci95"]) for _, cell in cells),
    )


def _by_tau(findings: Findings) -> str:
    taus = findings["calibration"]["taus"]
    lines = []
    for name, label in (("pearson", "all edits"), ("pearson_models", "models' edits"), ("pearson_own", "own progress")):
        there = [
            (each["tau"], each[name]) for each in taus if each[name] is not None and each[name]["value"] is not None
        ]
        lines.append(
            Line(
                label=label,
                points=tuple((tau, float(cell["value"])) for tau, cell in there),
                intervals=tuple(_pair(cell["ci95"]) for _, cell in there),
            )
        )
    paper = tuple((each["tau"], each["paper_pearson"]) for each in taus if each["paper_pearson"] is not None)
    lines.append(Line(label="the paper", points=paper))
    return line_svg(
        "Pearson of P(yes) on estimates from noise",
        [line for line in lines if line.points],
        x_label="tau",
        y_label="Pearson with EA progress",
    )


def _reliability(findings: Findings) -> str:
    lines = [
        Line(
            label=name,
            points=tuple((each["p_yes"], each["success"]) for each in found["bins"] if each["p_yes"] is not None),
        )
        for name, found in findings["calibration"]["reliability"].items()
    ]
    return line_svg(
        "How often edits succeed, by P(yes)",
        [line for line in lines if line.points],
        x_label="P(yes)",
        y_label="share that succeeded",
        diagonal=True,
    )


def _pair(ends: Sequence[float] | None) -> tuple[float, float] | None:
    return None if ends is None else (float(ends[0]), float(ends[1]))
