"""`rvebench judge cache`: the replies that were paid for, checked, forgotten, taken along and brought in."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rvebench.cli.common import EXIT_HELP, Format, print_json, progress_bar
from rvebench.errors import EXIT_CORRUPT, CoverageError, DataError, UsageError

if TYPE_CHECKING:
    from rvebench.llm.cache import SqliteCache
    from rvebench.llm.cache_care import Checked, Rescued
    from rvebench.llm.entry import Entry
    from rvebench.llm.rows import Row

__all__ = ["app"]

app = typer.Typer(
    help="Check, tidy, export and import the replies that judges gave.", epilog=EXIT_HELP, no_args_is_help=True
)

CacheOption = Annotated[
    Path | None,
    typer.Option("--cache", help="The cache file; default: replies.sqlite in the cache folder (RVEBENCH_CACHE_DIR)."),
]
FormatOption = Annotated[Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")]

_SHOWN = 20
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


@app.command("verify")
def verify(
    cache: CacheOption = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take damaged replies out: they are asked again.")] = False,
    aside: Annotated[
        bool,
        typer.Option(
            "--move-aside",
            help="Give a damaged file another name, and save what can be read; while no run uses it.",
        ),
    ] = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Recompute the checksum and the digest of every kept reply; leaves with 4 when one is damaged.

    Example:

        rvebench judge cache verify --remove
    """
    from rvebench.llm.cache_care import Checked, check_cache

    path = _present(cache)
    rescued, removed = None, 0
    try:
        with _opened(path) as opened, progress_bar("verify", len(opened)) as show:
            checked = check_cache(opened, progress=lambda done: show(done, None))
            if remove and checked.faults and not checked.file_faults:
                removed = opened.remove(fault.digest for fault in checked.faults)
    except DataError as error:
        if not aside:
            raise
        checked = Checked(0, 0, (), (error.what,))
    if aside and checked.file_faults:
        rescued = _move_aside(path)
    if format_ is Format.JSON:
        print_json(_as_json(path, checked, removed, rescued))
    else:
        _print(path, checked, removed, rescued)
    if not (checked.sound or removed or rescued):
        raise typer.Exit(EXIT_CORRUPT)


def _as_json(path: Path, checked: Checked, removed: int, rescued: Rescued | None) -> dict[str, object]:
    return {
        "cache": str(path),
        "replies": checked.replies,
        "masked": checked.masked,
        "faults": [fault._asdict() for fault in checked.faults],
        "file_faults": list(checked.file_faults),
        "removed": removed,
        "moved_to": str(rescued.moved_to) if rescued else None,
        "saved": rescued.replies if rescued else None,
    }


def _print(path: Path, checked: Checked, removed: int, rescued: Rescued | None) -> None:
    sound = checked.replies - len(checked.faults)
    typer.echo(f"{path}: {sound} of {checked.replies} replies are sound")
    if checked.masked:
        typer.echo(f"{checked.masked} of them with a secret taken out of the question: checked by checksum alone")
    for fault in checked.faults[:_SHOWN]:
        typer.echo(f"damaged: {fault.digest}{f' for {fault.tag}' if fault.tag else ''}: {fault.what}")
    if len(checked.faults) > _SHOWN:
        typer.echo(f"and {len(checked.faults) - _SHOWN} more (--format json lists all)")
    for line in checked.file_faults:
        typer.echo(f"damaged file: {line}")
    if removed:
        typer.echo(f"removed {removed}")
    if rescued:
        typer.echo(f"moved to {rescued.moved_to}; {rescued.replies} sound replies are in a new cache")
    elif checked.file_faults:
        typer.echo("use --move-aside to keep the file under another name and save what can be read")
    elif checked.faults and not removed:
        typer.echo("use --remove to take them out: they are asked again")


def _move_aside(path: Path) -> Rescued:
    from datetime import datetime, timezone

    from rvebench.llm.cache_care import move_aside

    return move_aside(path, stamp=datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S"))


@app.command("gc")
def gc(
    cache: CacheOption = None,
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="AGE", help="Replies kept longer ago than this: 12h, 30d, 8w.")
    ] = None,
    max_size: Annotated[
        str | None,
        typer.Option("--max-size", metavar="SIZE", help="The oldest until the file is so small: 500MB, 2GB."),
    ] = None,
    models: Annotated[
        list[str] | None, typer.Option("--model", help="Only replies of this model; may be given again.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed.")] = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Remove kept replies that are old, too many, or of some model; to ask the same again costs money again.

    Example:

        rvebench judge cache gc --older-than 30d --max-size 2GB --dry-run
    """
    import time

    from rvebench.llm.cache_care import forget

    if older_than is None and max_size is None and not models:
        raise UsageError("nothing says what to remove", hint="give --older-than, --max-size or --model")
    age_s = None if older_than is None else _age_s(older_than)
    size_bytes = None if max_size is None else _size_bytes(max_size)
    path = _present(cache)
    with _opened(path) as opened:
        gone = forget(
            opened,
            now_ms=time.time_ns() // 1_000_000,
            older_than_s=age_s,
            max_bytes=size_bytes,
            models=models or (),
            dry_run=dry_run,
        )
    if format_ is Format.JSON:
        print_json(
            {
                "cache": str(path),
                "dry_run": dry_run,
                "removed": len(gone.digests),
                "removed_bytes": gone.size_bytes,
                "kept": gone.kept,
                "kept_bytes": gone.kept_bytes,
            }
        )
        return
    verb = "would remove" if dry_run else "removed"
    typer.echo(
        f"{path}: {verb} {len(gone.digests)} replies ({gone.size_bytes / 1e6:.1f} MB), "
        f"{gone.kept} left ({gone.kept_bytes / 1e6:.1f} MB)"
    )


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="The cassette to write: NAME.jsonl or NAME.jsonl.gz.")],
    cache: CacheOption = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="Only the replies that this run used, its own included.")
    ] = None,
    models: Annotated[
        list[str] | None, typer.Option("--model", help="Only replies of this model; may be given again.")
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Write kept replies to a cassette, which plays them where nobody may be asked, as in CI.

    Example:

        rvebench judge cache export smoke.jsonl.gz --run runs/copy
    """
    from rvebench.llm.cassette import write_cassette
    from rvebench.llm.rows import row_of

    own = {} if run is None else _kept_by(run)
    path = _present(cache, needed=not own)
    with ExitStack() as stack:
        opened = stack.enter_context(_opened(path)) if path.is_file() else None
        wanted = None if run is None else _used_by(run, opened, frozenset(own))
        chosen = frozenset(models or ())

        def entries() -> Iterator[Entry]:
            kept = (row for row in opened.rows() if row.entry.digest not in own) if opened else ()
            for row in heapq.merge((row_of(own[digest]) for digest in sorted(own)), kept, key=_digest_of_row):
                if (wanted is None or row.entry.digest in wanted) and (not chosen or row.model in chosen):
                    yield row.entry

        count = write_cassette(file, entries())
    if format_ is Format.JSON:
        print_json({"cache": str(path), "cassette": str(file), "replies": count})
    else:
        typer.echo(f"{file}: {count} replies")


def _digest_of_row(row: Row) -> str:
    return row.entry.digest


def _kept_by(run: Path) -> dict[str, Entry]:
    """Returns the replies that a run keeps itself, as it does with `evaluate --cache off`, by digest."""
    from rvebench.llm.cache_run import replies_of_run
    from rvebench.runs import is_run

    if not is_run(run):
        raise UsageError("this is not a run directory", where=run, hint="`rvebench runs list` shows those there are")
    return replies_of_run(run)


def _used_by(run: Path, cache: SqliteCache | None, own: frozenset[str]) -> frozenset[str]:
    """Returns the digests of the replies that a run used, out of its own and those in the cache."""
    from rvebench.llm.used import digests_of_run

    found = digests_of_run(run)
    there = own.union(digest for digest in found.named - own if cache is not None and cache.row(digest) is not None)
    gone = found.noted - there
    if gone:
        raise CoverageError(
            f"{len(gone)} of {len(found.noted)} replies this run used are no longer in the cache",
            where=run,
            hint="import them from an older cassette, or name the cache it used with --cache",
        )
    if not there:
        raise CoverageError(
            "no reply this run used is in the cache", where=run, hint="name the cache it used with --cache"
        )
    return there


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A cassette.")],
    cache: CacheOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Add a cassette's replies to the cache; every line is checked before the first is added.

    Of two replies to one question the one in the cache stays.

    Example:

        rvebench judge cache import smoke.jsonl.gz
    """
    from rvebench.llm.cache import SqliteCache, default_cache_path
    from rvebench.llm.cassette import read_cassette

    path = cache or default_cache_path()
    for _ in read_cassette(file):
        pass
    with SqliteCache(path) as opened:
        merged = opened.merge(read_cassette(file))
    if format_ is Format.JSON:
        print_json({"cache": str(path), "cassette": str(file), **merged._asdict(), "different": list(merged.different)})
        return
    typer.echo(f"{path}: {merged.added} added, {merged.known} known, {len(merged.different)} answered otherwise here")
    for digest in merged.different[:_SHOWN]:
        typer.echo(f"the cache keeps its own reply to {digest}")


def _present(cache: Path | None, *, needed: bool = True) -> Path:
    """Returns the cache's path; these commands make none."""
    from rvebench.llm.cache import default_cache_path

    path = cache or default_cache_path()
    if needed and not path.is_file():
        raise UsageError(
            "there is no reply cache here", where=path, hint="name one with --cache; the first judge that asks makes it"
        )
    return path


def _opened(path: Path) -> SqliteCache:
    from rvebench.llm.cache import SqliteCache

    return SqliteCache(path)


def _age_s(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text.strip().lower())
    if found is None:
        raise UsageError(f"{text!r} is not an age", where="--older-than", hint="write 12h, 30d or 8w")
    return float(found[1]) * _SECONDS[found[2]]


def _size_bytes(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?", text.strip().lower())
    if found is None:
        raise UsageError(f"{text!r} is not a size", where="--max-size", hint="write 500MB, 2GB or 2GiB")
    return int(float(found[1]) * _BYTES[found[2] or ""])
