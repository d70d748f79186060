"""`rvebench leaderboard`: what the rows of a leaderboard are held to."""

from __future__ import annotations

import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rvebench.cli.common import EXIT_HELP, Format, print_json, progress_bar
from rvebench.cli.examining import BaseUrl, Cache, MaxTokens, MaxUsd, Prices, ask_and_close, built_judge, judging_of
from rvebench.cli.leaderboard_build import build

if TYPE_CHECKING:
    from rvebench.leaderboard.validate import OpenRow, Report

__all__ = ["app"]

app = typer.Typer(
    help="Leaderboards: tracks, rows that can be checked, second judgements.", epilog=EXIT_HELP, no_args_is_help=True
)
app.command()(build)

FormatOption = Annotated[Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")]
RowArgument = Annotated[Path, typer.Argument(metavar="SUBMISSION", help="A submission's folder.")]
By = Annotated[str, typer.Option("--by", help="Who answers for it: a name or handle.")]
Today = Annotated[str | None, typer.Option("--date", help="Day of the attestation; default: today (UTC).")]


class ReportFormat(str, Enum):
    """How a validation is printed."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    GITHUB = "github"


@app.command("validate")
def validate_rows(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Submissions, tracks' folders or a leaderboard; default: leaderboards."),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="REV", help="A git revision whose published rows must stay as they are."),
    ] = None,
    format_: Annotated[
        ReportFormat, typer.Option("--format", help="text, json, junit, or github: workflow commands.")
    ] = ReportFormat.TEXT,
) -> None:
    """Hold rows to their evidence: schema, pins, coverage, hashes, every number made again, plausibility, base.

    Works offline, and opens no video. Leaves with 4 when a row is rejected, with 3 when only more lacks than its track
    allows. Example:

        rvebench leaderboard validate leaderboards --base origin/main
    """
    from rvebench.leaderboard.validate import validate

    with progress_bar("rows", None) as show:
        report = validate(paths or [Path("leaderboards")], base=base, progress=show)
    _print(report, format_)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _print(report: Report, format_: ReportFormat) -> None:
    from rvebench.leaderboard.output import github_lines, junit_text, report_json, text_lines

    if format_ is ReportFormat.JSON:
        print_json(report_json(report))
    elif format_ is ReportFormat.JUNIT:
        typer.echo(junit_text(report), nl=False)
    else:
        prefix = _below_here(report.root)
        for line in github_lines(report, prefix=prefix) if format_ is ReportFormat.GITHUB else text_lines(report):
            typer.echo(line)


def _below_here(root: Path) -> str:
    """Returns the leaderboard's path below the working directory, where a CI job stands in its checkout."""
    here = Path.cwd()
    inside = root.is_relative_to(here) and root != here
    return f"{root.relative_to(here).as_posix()}/" if inside else ""


@app.command("tracks")
def list_tracks(
    root: Annotated[
        Path | None, typer.Argument(help="A leaderboard's folder; default: the one that is shipped.")
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """List the tracks: what each fixes, and which take submissions.

    Example:

        rvebench leaderboard tracks
    """
    from rvebench.leaderboard.tracks import read_tracks

    tracks = read_tracks(root)
    if format_ is Format.JSON:
        print_json({"tracks": {name: rules.model_dump(mode="json") for name, rules in tracks.rules.items()}})
        return
    for name, rules in tracks.rules.items():
        often = f", {rules.repeats} verdicts an edit" if rules.repeats > 1 else ""
        typer.echo(f"{name}  {rules.status}: {rules.title}")
        typer.echo(
            f"    split {rules.split} {rules.split_sha256[:12] or 'not fixed yet'}, judge {rules.judge.name} "
            f"{rules.judge.version}{often}, formula {rules.formula}, {rules.conditioning}"
        )


@app.command("rejudge")
def rejudge_row(
    row: RowArgument,
    media: Annotated[Path, typer.Option("--media", help="The folder of the row's edits, SAMPLE.mp4.")],
    seed_from: Annotated[
        str, typer.Option("--seed-from", metavar="REV", help="A revision that has the row; its commit id is the seed.")
    ],
    by: By,
    split: Annotated[
        str | None, typer.Option("--split", "-s", help="Where the split is; default: the track's, by name.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge, and write no attestation.")] = False,
    date: Today = None,
    base_url: BaseUrl = None,
    cache: Cache = None,
    max_usd: MaxUsd = None,
    max_tokens: MaxTokens = None,
    prices: Prices = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Judge a seeded tenth of a row again, and attest it when the verdicts agree within the track's noise band.

    The samples follow from a commit that has the row already, so that nobody could choose them. Leaves with 1 when the
    verdicts differ by more; nothing is written then. Example:

        rvebench leaderboard rejudge SUBMISSION --media runs/mymodel/videos --seed-from origin/main --by NAME
    """
    from rvebench.errors import EXIT_FAILED
    from rvebench.leaderboard.rejudge import attach, pixels_of, rejudge
    from rvebench.splits import load_split

    opened = _sound(row)
    rules = opened.row.rules
    assert rules is not None, "a row without findings has its track"
    judging = judging_of(
        rules.judge.name,
        repeats=rules.repeats,
        reduce=rules.reducer,
        quorum=None,
        base_url=base_url,
        # A second judgement must not find the first one's replies.
        cache=cache or "off",
        max_usd=max_usd,
        max_tokens=max_tokens,
        prices=prices,
    )
    whole = pixels_of(load_split(split or rules.split), rules)
    with built_judge(judging) as judge, progress_bar("judged again", None) as show:
        work = rejudge(
            opened.row,
            judge,
            split=whole,
            media=media,
            root=opened.root,
            seed_from=seed_from,
            by=by,
            day=date or _today(),
            progress=show,
        )
        found = ask_and_close(judge, work)
    submission = attach(opened.row, found.attestation) if found.within and not dry_run else opened.row.submission
    assert submission is not None, "a row without findings has a submission"
    difference = found.attestation.mean_abs_difference
    if format_ is Format.JSON:
        print_json(
            {
                "row": opened.row.shown,
                "within": found.within,
                "noise_band": rules.noise_band,
                "mean_abs_difference": difference,
                "samples": [entry._asdict() for entry in found.differences],
                "tier": submission.tier,
                "attestation": found.attestation.model_dump(mode="json"),
            }
        )
    else:
        for entry in found.differences:
            again = f"{entry.again:.2f}" if entry.again is not None else f"not judged: {entry.reason}"
            typer.echo(f"{entry.sample}  recorded {entry.recorded:.2f}, again {again}")
        reading = "within" if found.within else "outside"
        typer.echo(f"mean difference {difference:.4f}, {reading} the band of {rules.noise_band:g}: {submission.tier}")
    if not found.within:
        raise typer.Exit(EXIT_FAILED)


@app.command("attest")
def attest_row(
    row: RowArgument,
    by: By,
    note: Annotated[str, typer.Option("--note", help="Where and how it was run.")] = "",
    date: Today = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Say that a maintainer made the row's run from start to end; its tier becomes maintainer-run.

    Example:

        rvebench leaderboard attest SUBMISSION --by NAME --note "on the lab's machine"
    """
    from pydantic import ValidationError

    import rvebench
    from rvebench.errors import UsageError
    from rvebench.leaderboard.attest import Attestation
    from rvebench.leaderboard.rejudge import attach
    from rvebench.leaderboard.submission import explain

    opened = _sound(row)
    before = opened.row.submission
    assert before is not None, "a row without findings has a submission"
    try:
        attestation = Attestation(
            kind="maintainer-run",
            track=before.track,
            submission_id=before.submission_id,
            merkle_root=before.evidence.merkle_root,
            by=by,
            created=date or _today(),
            rvebench=rvebench.__version__,
            judge_digest=before.judge.digest,
            note=note,
        )
    except ValidationError as error:
        raise UsageError(f"the attestation cannot say that: {explain(error)}") from None
    submission = attach(opened.row, attestation)
    if format_ is Format.JSON:
        print_json({"row": opened.row.shown, "tier": submission.tier, "attestations": list(submission.attestations)})
    else:
        typer.echo(f"{opened.row.shown}: {submission.tier}, attested by {by}")


def _sound(row: Path) -> OpenRow:
    """Returns a row that passes every check; a second judgement of anything else would mean nothing."""
    from rvebench.errors import DataError
    from rvebench.leaderboard.validate import open_row

    opened = open_row(row)
    if opened.row.findings:
        first, more = opened.row.findings[0], len(opened.row.findings) - 1
        raise DataError(
            f"the row is rejected: {first.what}" + (f", and {more} more" if more else ""),
            where=first.where,
            hint=f"see `rvebench leaderboard validate {row}`",
        )
    return opened


def _today() -> str:
    return datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()


@app.command("schema")
def schema(
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder to write them to; default: print.")] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Print or write the JSON schemas of submissions, evidence and attestations, as the records define them.

    Example:

        rvebench leaderboard schema --out leaderboards/schema
    """
    import json

    from rvebench.leaderboard.schema import schema_texts, write_schemas

    texts = schema_texts()
    if out is not None:
        paths = [str(path) for path in write_schemas(out)]
        if format_ is Format.JSON:
            print_json({"written": paths})
        else:
            typer.echo("\n".join(paths))
    elif format_ is Format.JSON:
        print_json({name: json.loads(text) for name, text in texts.items()})
    else:
        for name, text in texts.items():
            typer.echo(f"{name}\n{text}")
