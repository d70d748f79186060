"""`rvebench judge`: what a judge is worth."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from rvebench.cli import judge_cache, judge_doctor
from rvebench.cli.common import EXIT_HELP, Format, console, print_json, progress_bar
from rvebench.cli.examining import (
    BaseUrl,
    Cache,
    JudgeName,
    MaxTokens,
    MaxUsd,
    Prices,
    Quorum,
    Reduce,
    Repeats,
    ask_and_close,
    built_judge,
    judging_of,
)
from rvebench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rvebench.judges.ladder import LadderReport

__all__ = ["app"]

app = typer.Typer(help="What a judge is worth.", epilog=EXIT_HELP, no_args_is_help=True)
app.add_typer(judge_cache.app, name="cache")
app.command("doctor")(judge_doctor.doctor)


class Families(str, Enum):
    """Which scenario families are climbed."""

    ALL = "all"
    DESIGN = "design"
    HELD_OUT = "held-out"


@app.callback()
def judge() -> None:
    """What a judge is worth."""


@app.command("ladder")
def ladder(
    judge_name: JudgeName = "reference",
    split: Annotated[str, typer.Option("--split", "-s", help="A rendered split.")] = "mini",
    families: Annotated[
        Families, typer.Option(help="Only families that the judge `reference` was designed on, or was not.")
    ] = Families.ALL,
    limit: Annotated[int | None, typer.Option("--limit", min=2, help="Only N samples, spread over the split.")] = None,
    at_once: Annotated[int, typer.Option("--at-once", min=1, max=64, help="Samples in work at a time.")] = 2,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the intervals.")] = 0,
    repeats: Repeats = 1,
    reduce: Reduce = "mean",
    quorum: Quorum = None,
    base_url: BaseUrl = None,
    cache: Cache = None,
    max_usd: MaxUsd = None,
    max_tokens: MaxTokens = None,
    prices: Prices = None,
    format_: Annotated[Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")] = (
        Format.TEXT
    ),
) -> None:
    """Judge edits of known quality, and compare the scores with the grades they were made for.

    The grades are constructed, not human. Replies of a service are kept in the cache: after a stop, the same command
    pays for what is left.

    Example:

        rvebench judge ladder --judge reference --split mini --limit 16
    """
    from rvebench.judges.ladder import climb, summarise_ladder
    from rvebench.sim.libraries import load_pymunk, load_skia
    from rvebench.splits import load_split

    load_skia()
    load_pymunk()
    judging = judging_of(
        judge_name,
        repeats=repeats,
        reduce=reduce,
        quorum=quorum,
        base_url=base_url,
        cache=cache,
        max_usd=max_usd,
        max_tokens=max_tokens,
        prices=prices,
    )
    samples = tuple(sample for sample in load_split(split).samples if _is_of(families, sample.id))
    if len(samples) < 2:
        raise UsageError(
            f"{split} has {len(samples)} samples of the families asked for, the ladder needs two",
            hint="use a split made by `rvebench data render`, such as mini",
        )
    if limit is not None and limit < len(samples):
        step = len(samples) / limit
        samples = tuple(samples[int(index * step)] for index in range(limit))
    with built_judge(judging) as built, progress_bar("ladder", len(samples)) as show:
        scores, unjudged = ask_and_close(built, climb(built, samples, at_once=at_once, progress=show))
    report = summarise_ladder(scores, unjudged=unjudged, seed=seed)
    if format_ is Format.JSON:
        print_json({"judge": judge_name, "split": split, "samples": len(samples), **_as_json(report)})
    else:
        _print(report, judge_name, split, len(samples))


def _is_of(families: Families, sample_id: str) -> bool:
    from rvebench.sim.ladder import HELD_OUT
    from rvebench.sim.recipes import family_and_seed

    if families is Families.ALL:
        return True
    found = family_and_seed(sample_id)
    return found is not None and (found[0] in HELD_OUT) is (families is Families.HELD_OUT)


def _as_json(report: LadderReport) -> dict[str, object]:
    from rvebench.sim.ladder import LABEL

    return {
        "grades": LABEL,
        "agreement": {
            criterion.value: {
                "n": found.n,
                **{
                    name: {"value": value.value, "ci95": [value.low, value.high]}
                    for name, value in (
                        ("spearman", found.spearman),
                        ("kendall", found.kendall),
                        ("pearson", found.pearson),
                    )
                },
            }
            for criterion, found in report.agreement.items()
        },
        "means": {name: {key.value: mean for key, mean in row.items()} for name, row in report.means.items()},
        "steps": {"samples": report.stepped, "out_of_order": list(report.missteps)},
        "ea_moved_by": {name: {"mean": mean, "most": most} for name, (mean, most) in report.moved.items()},
        "pairs": report.pairs,
        "violations": [
            {**violation._asdict(), "criterion": violation.criterion.value} for violation in report.violations
        ],
        "unjudged": report.unjudged,
    }


def _named(ids: Sequence[str]) -> str:
    return f"; not in {', '.join(ids)}" if ids else ""


def _print(report: LadderReport, judge_name: str, split: str, n_samples: int) -> None:
    from rich.table import Table

    from rvebench.sim.ladder import LABEL, RUNGS
    from rvebench.taxonomy import Criterion

    out = console()
    out.print(f"{judge_name} on the ladder of {n_samples} samples of {split}; grades are {LABEL}")
    table = Table(box=None, pad_edge=False)
    for title in ("criterion", "Spearman", "95 %", "Kendall", "Pearson", "n"):
        table.add_column(title, justify="left" if title == "criterion" else "right")
    for criterion, found in report.agreement.items():
        interval = f"{found.spearman.low:.2f} … {found.spearman.high:.2f}"
        numbers = (found.spearman.value, found.kendall.value, found.pearson.value)
        spearman, kendall, pearson = (f"{number:.3f}" for number in numbers)
        table.add_row(criterion.value, spearman, interval, kendall, pearson, str(found.n))
    out.print(table)
    means = Table(box=None, pad_edge=False)
    means.add_column("mean score (grade)")
    for criterion in Criterion:
        means.add_column(criterion.value, justify="right")
    for rung in RUNGS:
        row = report.means.get(rung.name, {})
        cells = (f"{row[key]:.1f} ({rung.grades[key]:g})" if key in row else "" for key in Criterion)
        means.add_row(rung.name, *cells)
    out.print(means)
    kept = report.stepped - len(report.missteps)
    out.print(f"EA keeps no-op < half < target in {kept} of {report.stepped} samples{_named(report.missteps)}")
    for name, (mean, most) in report.moved.items():
        out.print(f"{name} moves EA by {mean:.2f} on average, {most:.2f} at most")
    out.print(f"{len(report.violations)} of {report.pairs} clear orders violated, {report.unjudged} unjudged")
    kinds = Counter((found.criterion, found.better, found.worse) for found in report.violations)
    for (criterion, better, worse), count in kinds.most_common():
        out.print(f"  {count:4} {criterion.value}: {better} below {worse}")
    for violation in report.violations[:20]:
        out.print(
            f"  {violation.sample_id} {violation.criterion.value}: {violation.better} {violation.better_score:.1f} "
            f"below {violation.worse} {violation.worse_score:.1f}"
        )
    if len(report.violations) > 20:
        out.print(f"  and {len(report.violations) - 20} more (--format json lists all)")
