"""`rvebench gate`: may this model replace the one before it? An answer for people and for CI."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rvebench.cli.common import Format, console, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from rvebench.errors import RveError
    from rvebench.leaderboard.gate import GateResult

__all__ = ["gate", "print_gate"]

_STYLES = {"pass": "green", "regress": "red", "inconclusive": "yellow", "error": "red"}


def gate(
    baseline: Annotated[Path, typer.Option("--baseline", "-b", help="Run directory of what is in use.")],
    candidate: Annotated[Path, typer.Option("--candidate", "-c", help="Run directory of what shall replace it.")],
    policy: Annotated[
        Path | None, typer.Option("--policy", "-p", help="The rules (TOML); default: the shipped gate.toml.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of intervals and sign patterns.")] = 0,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML here.")] = None,
    junit_samples: Annotated[bool, typer.Option("--junit-samples", help="With a case for each sample.")] = False,
    github: Annotated[
        bool, typer.Option("--github", help="Annotate, and fill GITHUB_STEP_SUMMARY and GITHUB_OUTPUT.")
    ] = False,
    summary: Annotated[Path | None, typer.Option("--summary", help="Append a summary in Markdown here.")] = None,
    format_: Annotated[
        Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")
    ] = Format.TEXT,
) -> None:
    """Hold a candidate run to a policy beside a baseline run: pass, regress, or too few samples to tell.

    Leaves with 0 when it passes, 1 at a regression, 2 when the runs cannot be compared, 3 when outputs or verdicts are
    missing or a budget is exceeded (and when nothing can be told, if the policy says fail), 4 at damaged files.

    Example:

        rvebench gate --baseline runs/base --candidate runs/new --policy gate.toml
    """
    from rvebench.assets import asset_dir
    from rvebench.errors import RveError
    from rvebench.leaderboard.gate import POLICY_NAME, read_policy, run_gate

    try:
        rules = read_policy(policy or asset_dir("leaderboards") / POLICY_NAME)
        result = run_gate(baseline, candidate, rules, seed=seed)
        if policy is None:
            result = replace(result, policy=f"{POLICY_NAME} as shipped")
        _write_files(result, baseline, candidate, junit=junit, with_samples=junit_samples, summary=summary)
    except RveError as error:
        _tell_of(error, junit=junit, github=github)
        raise
    if format_ is Format.JSON:
        print_json(result.as_json())
    else:
        print_gate(result, console())
    if github:
        _tell_github(result, rules.path, to_stderr=format_ is Format.JSON, summary=summary)
    raise typer.Exit(result.exit_code)


def _write_files(
    result: GateResult,
    baseline: Path,
    candidate: Path,
    *,
    junit: Path | None,
    with_samples: bool,
    summary: Path | None,
) -> None:
    from rvebench.leaderboard.gate.github import markdown
    from rvebench.leaderboard.gate.junit import gate_junit
    from rvebench.runs import load_run
    from rvebench.storage import atomic_write_text

    if junit is not None:
        before = load_run(baseline).outcomes if with_samples else ()
        after = load_run(candidate).outcomes if with_samples else ()
        atomic_write_text(junit, gate_junit(result, baseline=before, candidate=after))
    if summary is not None:
        _append(summary, markdown(result))


def _append(path: Path, text: str) -> None:
    from rvebench.errors import StorageError

    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise StorageError(f"cannot write: {error.strerror}", where=path, hint="choose another file") from None


def _tell_github(result: GateResult, policy: Path, *, to_stderr: bool, summary: Path | None) -> None:
    from rvebench.leaderboard.gate.github import annotate, markdown, outputs

    for line in annotate(result, policy_file=_below_checkout(policy)):
        typer.echo(line, err=to_stderr)
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if name and (summary is None or summary.resolve() != Path(name).resolve()):
        _append(Path(name), markdown(result))
    if name := os.environ.get("GITHUB_OUTPUT"):
        _append(Path(name), outputs(result))


def _below_checkout(policy: Path) -> str:
    """Returns the policy's path in the repository; empty where it is not in it."""
    top = Path(os.environ.get("GITHUB_WORKSPACE") or ".").resolve()
    absolute = policy.resolve()
    return absolute.relative_to(top).as_posix() if absolute.is_relative_to(top) else ""


def _tell_of(error: RveError, *, junit: Path | None, github: bool) -> None:
    """Leaves a trace of a gate that could not be run where CI looks for its result; never hides the error itself."""
    from rvebench.errors import StorageError
    from rvebench.leaderboard.gate.github import error_annotation
    from rvebench.leaderboard.gate.junit import error_junit
    from rvebench.storage import atomic_write_text

    if github:
        typer.echo(error_annotation(error), err=True)
        if name := os.environ.get("GITHUB_OUTPUT"):
            with contextlib.suppress(StorageError):
                _append(Path(name), f"verdict=error\nexit-code={error.exit_code}\n")
    if junit is not None and not isinstance(error, StorageError):
        with contextlib.suppress(StorageError):
            atomic_write_text(junit, error_junit(error))


def print_gate(result: GateResult, out: Console) -> None:
    """Prints what was compared, a line a rule, why each did not pass, and the verdict."""
    from rich.table import Table
    from rich.text import Text

    from rvebench.leaderboard.gate import Verdict
    from rvebench.leaderboard.gate.wording import number, plain, signed

    for side, header in (("baseline", result.baseline), ("candidate", result.candidate)):
        out.print(
            Text.assemble(
                f"{side:10} ",
                (plain(header.model), "bold"),
                f" on {plain(header.split)}",
                (f"   run {header.run_id}", "dim"),
            )
        )
    judge = f"judge {plain(result.candidate.judge)}, " if result.candidate.judge else ""
    out.print(Text(f"{judge}formula {result.candidate.formula}, policy {plain(result.policy)}", style="dim"))
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    for name in ("base", "new", "diff", "95 % interval", "n"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for check in result.checks:
        judged, drop = check.judged, check.drop
        ends = "" if drop is None or drop.ci95 is None else [signed(end, judged=judged) for end in drop.ci95]
        table.add_row(
            check.name.replace("_", " "),
            number(check.baseline, judged=judged),
            number(check.candidate, judged=judged),
            "" if drop is None else signed(drop.difference, judged=judged),
            " … ".join(ends),
            "" if drop is None else str(drop.n),
            Text(check.verdict.value, style=_STYLES[check.verdict.value]),
        )
    out.print(table)
    for check in result.checks:
        if check.verdict is not Verdict.PASS:
            out.print(Text.assemble((f"{check.name}: ", "bold"), plain(check.words)))
    for note in result.notes:
        out.print(Text.assemble(("note: ", "bold"), plain(note)))
    out.print(Text(f"verdict: {result.verdict.value}", style=f"bold {_STYLES[result.verdict.value]}"))
