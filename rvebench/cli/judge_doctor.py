"""`rvebench judge doctor`: sets traps for a judge and writes its card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rvebench.cli.common import Format, console, print_json, progress_bar
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
from rvebench.errors import EXIT_FAILED, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rvebench.judges.doctor import JudgeCard
    from rvebench.records import Sample

__all__ = ["doctor"]

_SUFFIXES = (".json", ".md")


def doctor(
    judge_name: JudgeName = "reference",
    split: Annotated[str, typer.Option("--split", "-s", help="A rendered split.")] = "smoke",
    limit: Annotated[int | None, typer.Option("--limit", min=2, help="Only N samples, spread over the split.")] = None,
    repeats: Repeats = 1,
    reduce: Reduce = "mean",
    quorum: Quorum = None,
    min_spearman: Annotated[
        float, typer.Option("--min-spearman", min=-1, max=1, help="Pass mark of EA's rank correlation on the ladder.")
    ] = 0.7,
    base_url: BaseUrl = None,
    cache: Cache = None,
    max_usd: MaxUsd = None,
    max_tokens: MaxTokens = None,
    prices: Prices = None,
    out: Annotated[
        list[Path] | None,
        typer.Option("--out", "-o", help="Write the card here too, as .md or .json; may be repeated."),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")] = (
        Format.TEXT
    ),
) -> None:
    """Set traps for a judge, and say whether it may be official; leaves with 1 when a trap failed.

    Each sample is shown some 18 times: untouched, exact, blank, another sample's, in the wrong order, under other
    names, with other words, twice, and as every rung of the oracle ladder. docs/judges/doctor.md tells what must be
    seen.

    Replies of a service are kept in the cache: after a stop, the same command pays for what is left.

    Example:

        rvebench judge doctor --judge reference --limit 8 --out card.md
    """
    from rvebench.judges.doctor import (
        Limits,
        SplitFacts,
        card_as_json,
        card_as_markdown,
        evaluate,
        make_card,
        question_judge,
    )
    from rvebench.sim.ladder import LABEL, RUNGS
    from rvebench.sim.libraries import load_pymunk, load_skia
    from rvebench.splits import fingerprint_split, load_split

    for path in out or ():
        if path.suffix not in _SUFFIXES:
            raise UsageError("a card is a .md or a .json file", where=path)
    load_skia()
    load_pymunk()
    loaded = fingerprint_split(load_split(split))
    samples = _spread(loaded.samples, limit, split)
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
    limits = Limits(spearman_ea=min_spearman)
    with built_judge(judging) as judge, progress_bar("verdicts", None) as show:
        answers = ask_and_close(judge, question_judge(judge, samples, progress=show))
        info = judge.info
    examination = evaluate(answers, reads=info.reads, grades={rung.name: rung.grades for rung in RUNGS}, limits=limits)
    card = make_card(
        judge_name,
        info,
        SplitFacts(split, loaded.sha256, len(samples)),
        answers,
        examination,
        limits=limits,
        grades=LABEL,
    )
    for path in out or ():
        _write(path, card_as_markdown(card) if path.suffix == ".md" else _dumped(card_as_json(card)))
    if format_ is Format.JSON:
        print_json(card_as_json(card))
    else:
        _print(card)
    if not card.passed:
        raise typer.Exit(EXIT_FAILED)


def _spread(samples: Sequence[Sample], limit: int | None, split: str) -> tuple[Sample, ...]:
    from rvebench.sim.recipes import family_and_seed

    rendered = tuple(sample for sample in samples if family_and_seed(sample.id) and sample.target)
    if len(rendered) < 2:
        raise UsageError(
            f"{split} has {len(rendered)} rendered samples, the traps need two",
            hint="use a split made by `rvebench data render`, such as smoke",
        )
    if limit is None or limit >= len(rendered):
        return rendered
    return tuple(rendered[int(index * len(rendered) / limit)] for index in range(limit))


def _dumped(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _write(path: Path, text: str) -> None:
    from rvebench.storage import atomic_write_text

    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write_text(path, text)


def _print(card: JudgeCard) -> None:
    from rich.markup import escape
    from rich.table import Table

    out = console()
    out.print(f"{card.judge} on {card.split.samples} samples of {card.split.name}, judge {card.info.digest[:12]}")
    table = Table(box=None, pad_edge=False)
    for title in ("trap", "must", "measured", "kept", "unjudged", ""):
        table.add_column(title)
    for finding in card.examination.findings:
        measured = "; ".join(f"{measure.label} {measure.mean:.2f}" for measure in finding.measured)
        asked = finding.outcome != "not applicable"
        kept = f"{finding.kept}/{finding.judged}" if asked else ""
        silent = str(finding.samples - finding.judged) if asked else ""
        why = f": {finding.why}" if finding.why else ""
        table.add_row(finding.trap, finding.bound, measured, kept, silent, escape(f"{finding.outcome}{why}"))
    out.print(table)
    for reason, count in card.unjudged_reasons:
        out.print(escape(f"unjudged {count} times: {reason}"))
    if card.cost:
        out.print(f"cost: {card.cost}, of {card.asked} verdicts")
    out.print(escape(f"may be official: {'yes' if card.official else 'no'}: {card.why}"))
