"""`rvebench weights`: which weights the metrics need, whether they are here and sound, and how they get here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rvebench.cli.common import EXIT_HELP, Format, byte_bar, console, print_error, print_json
from rvebench.errors import EXIT_CORRUPT, RveError, UsageError

if TYPE_CHECKING:
    from rvebench.weights import WeightFile, WeightState, WeightStore

__all__ = ["app"]

app = typer.Typer(
    help="List, fetch and check the weights of metrics with a network.", epilog=EXIT_HELP, no_args_is_help=True
)

FormatOption = Annotated[Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")]


@app.command("list")
def list_(format_: FormatOption = Format.TEXT) -> None:
    """Show every file: its licence, whether it is here, and how its content is known to be right.

    Nothing is read or fetched. `pinned`: the right SHA-256 is part of this version; `first use`: nobody publishes one,
    so the sum of the first look is on record and every later look is compared with it.

    Example:

        rvebench weights list
    """
    store = _store()
    states = [store.look(name) for name in sorted(store.files)]
    if format_ is Format.JSON:
        print_json({"folder": str(store.root), "weights": [_as_json(state) for state in states]})
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in ("name", "size", "state", "sum", "licence", "where"):
        table.add_column(title, overflow="fold")
    colours = {"here": "green", "unchecked": "cyan", "absent": "yellow", "damaged": "red"}
    for state in states:
        file = state.file
        size = f"{file.size_bytes / 1e6:.0f} MB" if file.size_bytes else "unknown"
        where = f"{state.path} ({state.origin})" if state.path else ""
        table.add_row(
            file.name,
            size,
            Text(state.state, style=colours[state.state]),
            state.trust,
            file.licence,
            Text(f"{where}: {state.reason}" if state.reason else where),
        )
    console().print(table)
    typer.echo(f"folder: {store.root}")
    for state in states:
        if state.file.terms:
            typer.echo(f"{state.file.name}: {state.file.terms}")


def _as_json(state: WeightState) -> dict[str, object]:
    file = state.file
    return {
        "name": file.name,
        "filename": file.filename,
        "state": state.state,
        "path": str(state.path) if state.path else None,
        "origin": state.origin or None,
        "reason": state.reason or None,
        "sum": state.trust,
        "sha256": file.sha256,
        "size_bytes": file.size_bytes,
        "licence": file.licence,
        "terms": file.terms or None,
        "source": file.source,
        "urls": list(file.urls),
    }


@app.command("fetch")
def fetch(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Names from `weights list`.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every file of the list.")] = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Fetch files that are not here; go on where an earlier fetch stopped; check what came.

    A copy that VBench, torch, CLIP or the Hugging Face cache already keeps is used where it lies. Files go to
    RVEBENCH_WEIGHTS_DIR, else to the cache folder. HF_ENDPOINT and RVEBENCH_WEIGHTS_MIRROR name other sources;
    RVEBENCH_OFFLINE=1 forbids the network. Leaves with 1 when a file cannot be had, 4 when what came is not the right
    file or cannot be written; with several names the others are still fetched.

    Example:

        rvebench weights fetch dino-vitb16 clip-vit-b32
    """
    from rvebench.weights import fetch as fetch_file

    store = _store()
    done: list[dict[str, object]] = []
    failed: list[dict[str, object]] = []
    code = 0
    for file in _files(store, names, every):
        if file.terms:
            typer.echo(f"note: {file.terms}", err=True)
        try:
            with byte_bar(f"fetch {file.name}", file.size_bytes) as show:
                found = fetch_file(file, store, show, notice=lambda text: typer.echo(f"note: {text}", err=True))
        except RveError as error:
            print_error(error)
            failed.append({"name": file.name, "reason": str(error)})
            code = code or error.exit_code
            continue
        done.append({"name": found.name, "path": str(found.path), "sha256": found.sha256, "origin": found.origin})
        if format_ is Format.TEXT:
            typer.echo(f"{found.name}: {found.path}{'' if found.origin == 'store' else f' ({found.origin})'}")
    if format_ is Format.JSON:
        print_json({"folder": str(store.root), "weights": done, "failed": failed})
    if code:
        raise typer.Exit(code)


@app.command("verify")
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="Names from `weights list`; default: those here.")
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Read files whole and compare their SHA-256; leaves with 4 when one is damaged, 2 when a named one is not here.

    A converted copy is checked too; a damaged one is removed and made again when it is needed.

    Example:

        rvebench weights verify
    """
    from rvebench.weights.convert import verify_converted

    store = _store()
    wanted = names or [name for name in sorted(store.files) if store.look(name).state != "absent"]
    rows: list[dict[str, object]] = []
    code = 0
    for file in _files(store, wanted, False) if wanted else ():
        try:
            with byte_bar(f"verify {file.name}", file.size_bytes) as show:
                found = store.verify(file.name, lambda count, show=show: show(count, None))  # type: ignore[misc]
        except RveError as error:
            print_error(error)
            rows.append({"name": file.name, "sound": False, "reason": str(error)})
            code = code or error.exit_code
            continue
        copy = verify_converted(store, found.sha256)
        if copy is False:
            typer.echo(f"note: the converted copy of {file.name} was damaged and is removed", err=True)
            code = code or EXIT_CORRUPT
        rows.append(
            {"name": file.name, "sound": True, "path": str(found.path), "sha256": found.sha256, "converted": copy}
        )
        if format_ is Format.TEXT:
            known = "pinned" if file.sha256 else "first seen here"
            typer.echo(f"{file.name}: sound, {found.path} ({known}: {found.sha256})")
    if format_ is Format.JSON:
        print_json({"folder": str(store.root), "weights": rows})
    elif not rows:
        typer.echo(f"no weights are here; `rvebench weights fetch NAME` puts them into {store.root}")
    if code:
        raise typer.Exit(code)


@app.command("path")
def path(
    name: Annotated[str, typer.Argument(help="A name from `weights list`.")],
    format_: FormatOption = Format.TEXT,
) -> None:
    """Print where a file lies, after its content was checked; leaves with 2 when it is not here, 4 when damaged.

    Example:

        rvebench weights path clip-vit-b32
    """
    found = _store().find(name)
    if format_ is Format.JSON:
        print_json({"name": found.name, "path": str(found.path), "sha256": found.sha256, "origin": found.origin})
    else:
        typer.echo(str(found.path))


def _store() -> WeightStore:
    from rvebench.weights import WeightStore

    return WeightStore()


def _files(store: WeightStore, names: list[str] | None, every: bool) -> list[WeightFile]:
    """Returns the records of the names, each once; checks every name before anything is done."""
    from rvebench.weights import known_file

    if every and names:
        raise UsageError("names and --all exclude each other", hint="give one of them")
    if not every and not names:
        known = ", ".join(sorted(store.files))
        raise UsageError("nothing says which weights", hint=f"name some ({known}) or give --all")
    return [known_file(name, store.files) for name in dict.fromkeys(names or sorted(store.files))]
