"""`rvebench evaluate`, `generate` and `score`: the three verbs that work in a run directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rvebench.cli.common import Format, print_json, progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable

    from rvebench.llm import BatchProgress
    from rvebench.runs import Judging, Plan, RunOptions, Scorers

__all__ = ["evaluate", "generate", "score"]

Model = Annotated[
    str, typer.Option("--model", "-m", help="The editor: a name, python:…, command:…, http:… or folder:…")
]
SplitOption = Annotated[str, typer.Option("--split", "-s", help="A shipped split, or a path to samples.jsonl.")]
Judge = Annotated[str, typer.Option("--judge", "-j", help="Who judges the edits.")]
Metrics = Annotated[
    str, typer.Option("--metrics", help="Automatic metrics: a,b or none, all, ready (those whose weights are here).")
]
MetricsPrecision = Annotated[str, typer.Option("--metrics-precision", help="Of their networks: fp32, bf16 or fp16.")]
MetricsDevice = Annotated[str, typer.Option("--metrics-device", help="Of their networks: auto, cpu, cuda or cuda:1.")]
Formula = Annotated[str, typer.Option("--formula", "-f", help="How criteria become one number.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Run directory; made, or continued where it stopped.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Only the first N samples of the split.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed for the editor and for the intervals.")]
Workers = Annotated[int, typer.Option("--workers", "-w", min=1, help="Worker processes, each with its own model.")]
ShardOption = Annotated[str | None, typer.Option("--shard", help="Only part i of n, as i/n; see `runs merge`.")]
Timeout = Annotated[
    float | None, typer.Option("--timeout", min=0.1, help="Seconds for one edit; default half an hour.")
]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Do again what failed, timed out or was not judged.")]
AllowMixed = Annotated[bool, typer.Option("--allow-mixed", help="Go on in a run made with other software.")]
AllowTruncated = Annotated[
    bool, typer.Option("--allow-truncated", help="Accept sources with fewer frames than their container says.")
]
ExcludeUnjudged = Annotated[
    bool, typer.Option("--exclude-unjudged", help="Leave unjudged edits out, with their count, instead of withholding.")
]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", help="An OpenAI-compatible service for the judge; default: OpenAI's own.")
]
Repeats = Annotated[int, typer.Option("--repeats", min=1, max=100, help="Independent verdicts of each judge.")]
Reduce = Annotated[str, typer.Option("--reduce", help="How several verdicts become one: mean, median or worst.")]
Quorum = Annotated[
    int | None,
    typer.Option("--quorum", min=1, help="Judges (of one judge: repeats) that must answer, of a panel; default: all."),
]
Cache = Annotated[
    str | None,
    typer.Option("--cache", help="Where the judge's replies are kept: a file, a cassette (.jsonl), or off."),
]
Prices = Annotated[Path | None, typer.Option("--prices", help="A price table of your own (YAML).")]
MaxUsd = Annotated[float | None, typer.Option("--max-usd", help="Most the judge may cost, over all resumes.")]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", help="Most tokens the judge may use.")]
MaxHours = Annotated[float | None, typer.Option("--max-hours", help="Most hours at work.")]
Batch = Annotated[bool, typer.Option("--batch", help="Ask by the Batch API: half the price, within a day.")]
PollSeconds = Annotated[float, typer.Option("--poll", min=0.1, help="Seconds between two looks at a batch.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
FormatOption = Annotated[Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")]


def evaluate(
    model: Model,
    split: SplitOption = "smoke",
    judge: Judge = "gpt-4o",
    metrics: Metrics = "ready",
    metrics_precision: MetricsPrecision = "fp32",
    metrics_device: MetricsDevice = "auto",
    out: Out = None,
    limit: Limit = None,
    seed: Seed = 0,
    workers: Workers = 1,
    shard: ShardOption = None,
    formula: Formula = "geometric",
    timeout: Timeout = None,
    retry_failed: RetryFailed = False,
    exclude_unjudged: ExcludeUnjudged = False,
    base_url: BaseUrl = None,
    repeats: Repeats = 1,
    reduce: Reduce = "mean",
    quorum: Quorum = None,
    max_usd: MaxUsd = None,
    max_tokens: MaxTokens = None,
    max_hours: MaxHours = None,
    prices: Prices = None,
    cache: Cache = None,
    batch: Batch = False,
    poll: PollSeconds = 30.0,
    allow_mixed: AllowMixed = False,
    allow_truncated: AllowTruncated = False,
    dry_run: DryRun = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Run an editor on a split, judge its edits, report the numbers.

    The same command run again goes on where it stopped.



    Example:

        rvebench evaluate --model copy --split smoke --judge reference --out runs/copy
    """
    from rvebench.runs import RunOptions, build_scorers

    judging = _judging(
        judge,
        base_url,
        repeats,
        reduce,
        quorum,
        max_usd,
        max_tokens,
        max_hours,
        prices=prices,
        cache=cache,
        batch=batch,
        poll=poll,
    )
    scorers = build_scorers(
        judge=judging,
        metrics=metrics,
        formula=formula,
        exclude_unjudged=exclude_unjudged,
        dry=dry_run,
        metric_defaults={"precision": metrics_precision, "device": metrics_device},
    )
    options = RunOptions(
        workers=workers,
        timeout_s=timeout,
        retry_failed=retry_failed,
        allow_mixed=allow_mixed,
        allow_truncated=allow_truncated,
    )
    plan = _plan(model, split, seed, limit, shard, scorers, allow_truncated)
    _run(plan, out, options, generate=True, dry_run=dry_run, format_=format_)


def generate(
    model: Model,
    split: SplitOption = "smoke",
    out: Out = None,
    limit: Limit = None,
    seed: Seed = 0,
    workers: Workers = 1,
    shard: ShardOption = None,
    timeout: Timeout = None,
    retry_failed: RetryFailed = False,
    allow_mixed: AllowMixed = False,
    allow_truncated: AllowTruncated = False,
    dry_run: DryRun = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Only make the edits; `rvebench score` judges them later.

    Example:

        rvebench generate --model folder:outputs --split smoke --out runs/mine
    """
    from rvebench.runs import RunOptions, build_scorers
    from rvebench.scoring import DEFAULT_FORMULA

    scorers = build_scorers(judge=None, metrics="none", formula=DEFAULT_FORMULA, exclude_unjudged=False)
    options = RunOptions(
        workers=workers,
        timeout_s=timeout,
        retry_failed=retry_failed,
        allow_mixed=allow_mixed,
        allow_truncated=allow_truncated,
    )
    plan = _plan(model, split, seed, limit, shard, scorers, allow_truncated)
    _run(plan, out, options, generate=True, dry_run=dry_run, format_=format_)


def score(
    run: Annotated[Path, typer.Argument(help="A run directory with edits.")],
    judge: Judge = "gpt-4o",
    metrics: Metrics = "ready",
    metrics_precision: MetricsPrecision = "fp32",
    metrics_device: MetricsDevice = "auto",
    formula: Formula = "geometric",
    retry_failed: RetryFailed = False,
    exclude_unjudged: ExcludeUnjudged = False,
    base_url: BaseUrl = None,
    repeats: Repeats = 1,
    reduce: Reduce = "mean",
    quorum: Quorum = None,
    max_usd: MaxUsd = None,
    max_tokens: MaxTokens = None,
    max_hours: MaxHours = None,
    prices: Prices = None,
    cache: Cache = None,
    batch: Batch = False,
    poll: PollSeconds = 30.0,
    allow_mixed: AllowMixed = False,
    allow_truncated: AllowTruncated = False,
    dry_run: DryRun = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Judge and measure the edits of a run; no editor is started. Verdicts of other judges are kept.

    Example:

        rvebench score runs/mine --judge reference
    """
    from rvebench.runs import RunOptions, build_scorers, plan_of_run

    judging = _judging(
        judge,
        base_url,
        repeats,
        reduce,
        quorum,
        max_usd,
        max_tokens,
        max_hours,
        prices=prices,
        cache=cache,
        batch=batch,
        poll=poll,
    )
    scorers = build_scorers(
        judge=judging,
        metrics=metrics,
        formula=formula,
        exclude_unjudged=exclude_unjudged,
        dry=dry_run,
        metric_defaults={"precision": metrics_precision, "device": metrics_device},
    )
    options = RunOptions(retry_failed=retry_failed, allow_mixed=allow_mixed, allow_truncated=allow_truncated)
    _run(plan_of_run(run, scorers), run, options, generate=False, dry_run=dry_run, format_=format_)


def _judging(
    spec: str,
    base_url: str | None,
    repeats: int,
    reduce: str,
    quorum: int | None,
    max_usd: float | None,
    max_tokens: int | None,
    max_hours: float | None,
    *,
    prices: Path | None,
    cache: str | None,
    batch: bool,
    poll: float,
) -> Judging:
    from rvebench.runs import AskingOptions, Judging

    return Judging(
        spec=spec,
        repeats=repeats,
        reduce=reduce,
        quorum=quorum,
        asking=AskingOptions(
            base_url=base_url,
            cache=cache,
            prices=prices,
            max_usd=max_usd,
            max_tokens=max_tokens,
            max_hours=max_hours,
            batch=batch,
            poll_s=poll,
        ),
    )


def _plan(
    model: str,
    split: str,
    seed: int,
    limit: int | None,
    shard: str | None,
    scorers: Scorers,
    allow_truncated: bool,
) -> Plan:
    from rvebench.runs import make_plan, parse_shard

    with progress_bar("reading sources", None) as show:
        return make_plan(
            model=model,
            split=split,
            seed=seed,
            limit=limit,
            shard=parse_shard(shard),
            scorers=scorers,
            allow_truncated=allow_truncated,
            progress=show,
        )


def _run(plan: Plan, out: Path | None, options: RunOptions, *, generate: bool, dry_run: bool, format_: Format) -> None:
    from rvebench.cli.finish import finish
    from rvebench.cli.progress import run_progress
    from rvebench.runs import default_directory, execute

    directory = out or default_directory(plan)
    if dry_run:
        _print_plan(plan, directory, options, generate=generate, format_=format_)
        return
    typer.echo(f"run {plan.manifest.run_id} in {directory}", err=True)
    if plan.scorers.left_out:
        listed = ", ".join(plan.scorers.left_out)
        typer.echo(f"note: metrics left out: {listed}; `rvebench metrics list` says what they lack", err=True)
    with run_progress() as show:
        outcome = execute(plan, directory, options, generate=generate, progress=show, watch=_batch_watch())
    if outcome.torn is not None:
        typer.echo(
            f"note: the journal ended in a torn line of {outcome.torn.size_bytes} bytes (an earlier process was "
            "killed); it was dropped and its unit done again",
            err=True,
        )
    if outcome.resumed:
        edits, scorings = outcome.tally.edits_done, outcome.tally.scored_done
        left = f"{edits} edits and {scorings} scorings were left" if edits or scorings else "nothing was left to do"
        typer.echo(f"note: continued; {left}", err=True)
    finish(directory, format_)


def _batch_watch() -> Callable[[BatchProgress], None]:
    """Returns what says how far batches are, each time that this has changed."""
    said = ""

    def say(progress: BatchProgress) -> None:
        nonlocal said
        failed = f", {len(progress.failed)} failed" if progress.failed else ""
        line = f"batch: {progress.answered} answered, {progress.waiting} waiting{failed}"
        if line != said:
            typer.echo(line, err=True)
        said = line

    return say


def _print_plan(plan: Plan, directory: Path, options: RunOptions, *, generate: bool, format_: Format) -> None:
    from rvebench.cli.cost import cost_as_json, print_cost
    from rvebench.runs import estimate_run, left_to_do

    left = left_to_do(plan, directory, options, generate=generate)
    scoring = plan.scorers.scoring
    facts = {
        "run": plan.manifest.run_id,
        "directory": str(directory),
        "model": plan.manifest.generation.editor.spec,
        "split": plan.manifest.generation.split,
        "samples": len(plan.own),
        "judge": scoring.judge.spec if scoring.judge else None,
        "metrics": [entry.name for entry in scoring.metrics],
        "metrics_left_out": list(plan.scorers.left_out),
        "edits_recorded": left.recorded,
        "edits_to_make": len(left.edits),
        "edits_to_score": len(left.edits) + len(left.scores),
        "paid_edits": len(left.edits) if plan.editor.paid else 0,
        "paid_verdicts": left.verdicts if plan.scorers.judge is not None and plan.scorers.judge.info.paid else 0,
    }
    with progress_bar("estimate", None):
        estimate = estimate_run(plan, left)
    if format_ is Format.JSON:
        print_json({"dry_run": {**facts, "judge_cost": None if estimate is None else cost_as_json(estimate)}})
        return
    for name, value in facts.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        typer.echo(f"{name.replace('_', ' '):16} {'-' if shown in (None, '') else shown}")
    if estimate is not None:
        print_cost(estimate)
