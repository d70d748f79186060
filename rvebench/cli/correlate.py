"""`rvebench correlate`: how well a judge agrees with people, beside how well people agree with each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rvebench.cli.common import Format, console, print_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from rvebench.scoring.agreement import (
        AgreementReport,
        CriterionAgreement,
        Measured,
        ReadingAgreement,
        TieCalibration,
    )

__all__ = ["correlate", "print_report"]

_NARROW = 108
"""Columns of a terminal below which a table has no room for Pearson's coefficient and pairs with ties."""

_TITLES = {
    "spearman": "Spearman",
    "pearson": "Pearson",
    "kendall": "Kendall tau-b",
    "pairwise_accuracy": "pairs, ties half",
    "pairwise_accuracy_ties": "pairs with ties",
}
_NO_INTERVAL = "no interval from"
"""Begins a reason that holds for a whole block, which is said once."""

_WIDE_ONLY = ("pearson", "pairwise_accuracy_ties")


class LevelChoice(str, Enum):
    """What a coefficient is over."""

    SAMPLE = "sample"
    SYSTEM = "system"


class ByChoice(str, Enum):
    """What the numbers are given apart for."""

    CATEGORY = "category"


def correlate(
    verdicts: Annotated[
        list[str],
        typer.Option(
            "--verdicts",
            metavar="RUN|CSV",
            help="A run directory, or a CSV file sample_id,editor,judge,criterion,score. Give it again for more; "
            "NAME=RUN says what the ratings call the run's editor.",
        ),
    ],
    human: Annotated[
        Path, typer.Option("--human", metavar="CSV", help="People's ratings: sample_id,editor,rater,criterion,score.")
    ],
    human_scale: Annotated[
        tuple[float, float] | None,
        typer.Option(
            "--human-scale", metavar="LOW HIGH", help="The ratings' scale, unless the file declares it: # scale: 1 5"
        ),
    ] = None,
    level: Annotated[
        LevelChoice, typer.Option("--level", help="Coefficients over single edits, or over editors' means.")
    ] = LevelChoice.SAMPLE,
    by: Annotated[ByChoice | None, typer.Option("--by", help="Each reasoning type too, apart.")] = None,
    judges: Annotated[list[str] | None, typer.Option("--judge", "-j", help="Only this judge; repeatable.")] = None,
    criteria: Annotated[
        list[str] | None, typer.Option("--criterion", "-c", help="Only this criterion; repeatable.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split", "-s", help="The split that tells sources and reasoning types of samples in a CSV file."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the intervals.")] = 0,
    format_: Annotated[
        Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")
    ] = Format.TEXT,
) -> None:
    """Compare judges' scores with people's: coefficients with 95 % intervals, beside the human-human ceiling.

    A number that cannot mean anything (one rater, too few editors, constant scores) is not printed; the reason is.

    Example:

        rvebench correlate --verdicts runs/a --verdicts runs/b --human ratings.csv --by category
    """
    from rvebench.cli.verdicts import gather_verdicts
    from rvebench.scoring.agreement import Scale, measure_agreement, read_ratings

    ratings = read_ratings(human, scale=Scale(*human_scale) if human_scale else None)
    found = gather_verdicts(verdicts, ratings, split=split)
    report = measure_agreement(
        ratings,
        found,
        level=level.value,
        by_category=by is ByChoice.CATEGORY,
        judges=judges or (),
        criteria=criteria or (),
        seed=seed,
    )
    if format_ is Format.JSON:
        print_json(report.as_json())
    else:
        print_report(report, console())


def print_report(report: AgreementReport, out: Console) -> None:
    """Prints one block for each criterion and category: people among themselves, then each judge against them."""
    from rich.text import Text

    over = "editors' means" if report.level == "system" else "edits"
    low, high = report.scale
    out.print(
        Text(
            f"coefficients over {over}; people rated {low:g} to {high:g}; "
            f"95 % intervals over sources, seed {report.seed}"
        ),
        style="dim",
    )
    for block in report.criteria:
        out.print()
        _print_block(block, out)
    if report.notes:
        out.print()
    for note in report.notes:
        out.print(Text.assemble(("note: ", "bold"), note))


def _print_block(block: CriterionAgreement, out: Console) -> None:
    from rich.text import Text

    out.print(
        Text.assemble(
            (f"{block.criterion}{f', {block.category}' if block.category else ''}".replace("_", " "), "bold"),
            f"   {_count(block.n_units, 'edit')} of {_count(block.n_samples, 'sample')} by "
            f"{_count(block.n_editors, 'editor')}, {_count(block.n_raters, 'rater')}, "
            f"{_count(block.n_clusters, 'source')}",
        )
    )
    given = {metric: found for metric, found in block.alpha.items() if found.value is not None}
    if given:
        said = ", ".join(f"{metric} {_cell(found, inline=True)}" for metric, found in given.items())
        out.print(Text(f"Krippendorff's alpha among raters: {said}"))
    else:
        reason = next(iter(block.alpha.values())).reason
        out.print(Text(f"Krippendorff's alpha among raters: none ({reason})"))
    for reason in sorted({found.reason for found in _all_measured(block) if found.reason.startswith(_NO_INTERVAL)}):
        out.print(Text(reason))
    shown = [name for name in _TITLES if out.width >= _NARROW or name not in _WIDE_ONLY]
    for reading in block.readings:
        said = "" if reading.reading == "hard" else f" ({reading.reading})"
        out.print(Text(f"{reading.judge}{said}, {_count(reading.n_units, 'edit')}", style="bold"))
        out.print(_table(reading, [name for name in shown if name in reading.with_people]))
        for line in _below(reading, shown):
            out.print(Text(line, style="dim"))
    for difference in block.differences:
        cells = [
            f"{_TITLES[name]} {_cell(found, signed=True, inline=True)}"
            for name, found in difference.difference.items()
            if name in shown and found.value is not None
        ]
        if cells:
            head = f"{difference.reading} minus {difference.baseline} on {_count(difference.n_units, 'edit')}: "
            out.print(Text(head + ", ".join(cells)))


def _all_measured(block: CriterionAgreement) -> Iterator[Measured]:
    yield from block.alpha.values()
    for reading in block.readings:
        yield from reading.with_people.values()


def _table(reading: ReadingAgreement, names: Sequence[str]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    for name in names:
        table.add_column(_TITLES[name], justify="right", no_wrap=True)
    rows: list[tuple[str, Mapping[str, Measured], bool]] = [
        ("judge and people", reading.with_people, False),
        ("one rater, left out", reading.rater_left_out, False),
        ("judge in that place", reading.judge_left_out, False),
        ("difference", reading.left_out_gap, True),
        ("two raters", reading.rater_pairs, False),
        ("judge and one rater", reading.judge_pairs, False),
    ]
    for label, found, signed in rows:
        if found is not reading.with_people and all(found[name].value is None for name in names):
            continue
        table.add_row(Text(label), *(Text(_cell(found[name], signed=signed)) for name in names))
    return table


def _below(reading: ReadingAgreement, shown: Sequence[str]) -> list[str]:
    """Returns why numbers are missing from a table, and what its pairs become with calibrated ties."""
    reasons: dict[str, list[str]] = {}
    for what, group in (("judge", reading.with_people), ("ceiling", reading.rater_left_out)):
        for name, found in group.items():
            if found.reason and name in shown and not found.reason.startswith(_NO_INTERVAL):
                reasons.setdefault(found.reason, []).append(_TITLES[name] if what == "judge" else "ceiling")
    lines = [f"  {', '.join(dict.fromkeys(names))}: {reason}" for reason, names in reasons.items()]
    calibrated = _calibrated(reading.tie_calibration)
    return [*lines, calibrated] if calibrated else lines


def _calibrated(found: TieCalibration) -> str:
    if found.accuracy.value is None or found.threshold is None:
        return ""
    elsewhere = "" if found.held_out is None else f"; {found.held_out:.2f} with the threshold of other sources"
    return (
        f"  pairs with ties, scores within {found.threshold:.3g} tied: {_cell(found.accuracy, inline=True)}{elsewhere}"
    )


def _cell(found: Measured, *, signed: bool = False, inline: bool = False) -> str:
    """Returns a value with its interval; in a sentence the interval stands in brackets."""
    if found.value is None:
        return "-"
    # Adding 0.0 turns -0.0 into 0.0.
    value, *ends = (f"{round(x, 2) + 0.0:{'+' if signed else ''}.2f}" for x in (found.value, *(found.ci95 or ())))
    if not ends:
        return value
    return f"{value} ({'…'.join(ends)})" if inline else f"{value} {'…'.join(ends)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
