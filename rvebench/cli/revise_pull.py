"""`rvebench revise pull`: public weights, fetched whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rvebench.cli.common import Format, byte_bar, console, print_json
from rvebench.cli.revise_show import plain_table, size_text

if TYPE_CHECKING:
    from rvebench.revise.checkpoints.pull import PullPlan

__all__ = ["pull"]


def pull(
    repository: Annotated[
        str | None, typer.Argument(metavar="[OWNER/NAME]", help="A public repository of the hub; without it, a list.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where the files go.")] = None,
    revision: Annotated[str, typer.Option(help="A branch, a tag or a commit.")] = "main",
    include: Annotated[
        list[str] | None, typer.Option("--include", metavar="PATTERN", help="Fetch only such paths; may be repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be fetched, with sizes.")] = False,
    format_: Annotated[Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")] = (
        Format.TEXT
    ),
) -> None:
    """Fetch the public weights of ReViSE, Omni-Video or Wan; go on after a cut; check what came.

    Each file is compared with the sum that the hub lists, and appears when it is whole. HF_ENDPOINT names another hub;
    RVEBENCH_OFFLINE=1 or HF_HUB_OFFLINE=1 forbids the network. Leaves with 1 when the hub cannot be reached, 2 when it
    has no such repository, 4 when what came is not what was listed.

    Example:

        rvebench revise pull sophiaa/revise --out weights --dry-run
    """
    from rvebench.errors import UsageError
    from rvebench.revise.checkpoints.pull import known_repository, plan_pull
    from rvebench.revise.checkpoints.pull import pull as fetch

    if repository is None:
        _list_repositories(format_)
        return
    if out is None:
        raise UsageError("nothing says where the files go", hint="give --out DIR")
    known = known_repository(repository)
    plan = plan_pull(repository, out, revision=revision, include=include or (), environ=os.environ)
    stated = plan.listing.licence
    card = f"its card states the licence {stated}" if stated else "its card states no licence"
    typer.echo(f"note: {repository}: {card}; {known.terms}", err=True)
    if format_ is Format.TEXT:
        _print_plan(plan)
    if dry_run:
        if format_ is Format.JSON:
            print_json(_plan_json(plan))
        return
    with byte_bar(f"pull {repository}", plan.total_bytes) as bar:
        sizes = {row.file.path: row.here_bytes for row in plan.rows}

        def show(path: str, done: int, _total: int | None) -> None:
            sizes[path] = done
            bar(sum(sizes.values()), None)

        done = fetch(plan, progress=show, notice=lambda text: typer.echo(f"note: {text}", err=True))
    if format_ is Format.JSON:
        print_json({**_plan_json(plan), "fetched": list(done.fetched), "kept": list(done.kept)})
        return
    typer.echo(f"{out}: {len(done.fetched)} files fetched, {len(done.kept)} were there, commit {done.commit}")
    typer.echo(f"next: rvebench revise checkpoint verify {out}")


def _list_repositories(format_: Format) -> None:
    from rvebench.revise.checkpoints.pull import REPOSITORIES

    if format_ is Format.JSON:
        rows = [{"name": known.name, "what": known.what, "terms": known.terms} for known in REPOSITORIES.values()]
        print_json({"repositories": rows})
        return
    for known in REPOSITORIES.values():
        typer.echo(f"{known.name}: {known.what}; {known.terms}")


def _print_plan(plan: PullPlan) -> None:
    table = plain_table("size", "sum", "state", "file")
    for row in plan.rows:
        state = f"{size_text(row.here_bytes)} are here" if row.state == "part" else row.state
        table.add_row(size_text(row.file.size_bytes), "SHA-256" if row.file.sha256 else "git", state, row.file.path)
    console().print(table)
    typer.echo(
        f"{plan.listing.repository} at {plan.listing.commit}: {len(plan.rows)} files, {size_text(plan.total_bytes)}, "
        f"{size_text(plan.to_fetch_bytes)} to fetch into {plan.folder}"
    )


def _plan_json(plan: PullPlan) -> dict[str, Any]:
    return {
        "repository": plan.listing.repository,
        "commit": plan.listing.commit,
        "licence": plan.listing.licence,
        "folder": str(plan.folder),
        "total_bytes": plan.total_bytes,
        "to_fetch_bytes": plan.to_fetch_bytes,
        "files": [
            {
                "path": row.file.path,
                "size_bytes": row.file.size_bytes,
                "sha256": row.file.sha256,
                "state": row.state,
                "here_bytes": row.here_bytes,
            }
            for row in plan.rows
        ],
    }
