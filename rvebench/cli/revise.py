"""`rvebench revise`: checkpoints of the ReViSE model, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rvebench.cli.common import EXIT_HELP, Format, byte_bar, console, print_error, print_json
from rvebench.cli.model_paths import model_folder
from rvebench.cli.revise_assemble import register as register_assemble
from rvebench.cli.revise_data import register as register_data
from rvebench.cli.revise_pull import pull
from rvebench.cli.revise_show import count_text, plain_table, size_text
from rvebench.cli.revise_train import register
from rvebench.errors import EXIT_CORRUPT, DataError

if TYPE_CHECKING:
    from rvebench.revise.checkpoints.inspection import FileView
    from rvebench.revise.checkpoints.manifest import ManifestCheck
    from rvebench.revise.checkpoints.verify import VerifyReport
    from rvebench.revise.config import ReviseConfig

__all__ = ["app"]

app = typer.Typer(
    help="The ReViSE model: its checkpoints, and the small networks around a small one.",
    epilog=EXIT_HELP,
    no_args_is_help=True,
)
checkpoint = typer.Typer(
    help="Look at, check and convert checkpoints, in the official layout, diffusers' or ours.",
    epilog=EXIT_HELP,
    no_args_is_help=True,
)
app.add_typer(checkpoint, name="checkpoint")
register(app)
register_assemble(app)
register_data(app)
app.command("pull")(pull)

FormatOption = Annotated[Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")]
SizesOption = Annotated[
    str | None,
    typer.Option(
        "--sizes",
        metavar="PRESET|FILE",
        help="What its sizes must be; default: what it declares, else the released ones.",
    ),
]
OthersOption = Annotated[
    bool,
    typer.Option(
        "--tensors-only", help="Pass over other objects in pickles instead of refusing the file; they are never built."
    ),
]


class TargetLayout(str, Enum):
    """Layouts that are written."""

    OURS = "ours"
    DIFFUSERS = "diffusers"
    OFFICIAL = "official"


class Cast(str, Enum):
    """Dtypes that tensors are written in."""

    KEEP = "keep"
    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


@checkpoint.command("inspect")
def inspect_(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH|NAME", callback=model_folder, help="A checkpoint's folder, or one file of weights."
        ),
    ],
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show what a folder or file is: its layout, tensors, dtypes, and what its pickles want imported.

    Nothing in a file is run. `code` names what is no part of a tensor: such a file is refused everywhere else, unless
    --tensors-only is given. Leaves with 4 when a file cannot be read.

    Example:

        rvebench revise checkpoint inspect revise_ckpt
    """
    from rvebench.revise.checkpoints.inspection import inspect_path

    found = inspect_path(path)
    if format_ is Format.JSON:
        print_json(found.as_json())
    else:
        kind = f"{found.layout} layout{', the base model alone' if found.base else ''}"
        typer.echo(f"{found.root}: {'one file' if found.layout == 'file' else kind}")
        _print_files([file for file in found.files if not file.problem], found.root)
    broken = [file for file in found.files if file.problem]
    for file in broken:
        typer.echo(f"error: {file.problem}", err=True)
    if broken:
        raise typer.Exit(EXIT_CORRUPT)


def _print_files(files: list[FileView], root: Path) -> None:
    table = plain_table("kind", "tensors", "parameters", "dtypes", "size", "file")
    for file in files:
        dtypes = "\n".join(f"{dtype} ({count})" for dtype, count in file.dtypes)
        numbers = (f"{file.tensors}", count_text(file.parameters), dtypes, size_text(file.size_bytes))
        table.add_row(file.kind, *numbers, _short(file.path, root))
    console().print(table)
    for file in files:
        if "," in file.part:
            typer.echo(f"{_short(file.path, root)}: holds {file.part}")
        if file.wrappers:
            typer.echo(f"{_short(file.path, root)}: taken off its names: {', '.join(file.wrappers)}")
    asked = dict.fromkeys(name for file in files for name in file.globals if name not in file.code)
    if asked:
        typer.echo(f"pickles ask for: {', '.join(asked)} (nothing was imported)")
    for file in files:
        if file.code:
            typer.echo(f"{_short(file.path, root)}: CODE, not run: {', '.join(file.code)}")


def _short(path: Path, root: Path) -> str:
    return path.name if path == root else path.relative_to(root).as_posix()


@checkpoint.command("verify")
def verify(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH|NAME", callback=model_folder, help="A checkpoint's folder, or the one above revise_ckpt."
        ),
    ],
    sizes: SizesOption = None,
    sums: Annotated[bool, typer.Option("--sums/--no-sums", help="Compare SHA-256 with the manifest.")] = True,
    tensors_only: OthersOption = False,
    limit: Annotated[int, typer.Option(min=1, help="Rows of each kind of wrong tensor to print.")] = 12,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Compare every tensor of every part with what it must be; missing, unexpected and misshapen ones are listed.

    Sizes are those that the folder declares, else those of the released model when its transformer is of that size,
    else told from single tensors. Leaves with 4 when anything is wrong.

    Example:

        rvebench revise checkpoint verify revise_ckpt --sizes wan1.3b
    """
    from rvebench.revise.checkpoints.verify import verify_checkpoint

    with _counting("sums") as show:
        report = verify_checkpoint(
            path, sizes=_sizes(sizes), sums=sums, ignore_others=tensors_only, progress=lambda count: show("", count)
        )
    if format_ is Format.JSON:
        print_json(report.as_json())
    else:
        _print_report(report, limit)
    if not report.sound:
        print_error(DataError("this checkpoint is not sound", where=report.root))
        raise typer.Exit(EXIT_CORRUPT)


def _print_report(report: VerifyReport, limit: int) -> None:
    from rich.text import Text

    sizes = f", sizes: {report.config.name}" if report.config is not None else ""
    typer.echo(f"{report.root}: {report.kind} layout{sizes}")
    table = plain_table("part", "tensors", "parameters", "dtypes", "state", "file")
    for row in report.reports:
        state = Text("sound", style="green") if row.sound else Text("wrong", style="red")
        numbers = (f"{row.expected}", count_text(row.parameters), "\n".join(row.dtypes))
        table.add_row(row.part, *numbers, state, _short(row.path, report.root))
    if report.reports:
        console().print(table)
    if not all(row.sound for row in report.reports):
        _print_wrong(report, limit)
    for text in report.problems:
        typer.echo(f"wrong: {text}")
    for text in report.notes:
        typer.echo(f"note: {text}")
    if report.sums is not None:
        _print_sums(report.sums, limit)
    if report.sound:
        typer.echo("sound")


def _print_wrong(report: VerifyReport, limit: int) -> None:
    table = plain_table("part", "wrong", "shape", "must be", "tensor")
    for row in report.reports:
        if not row.sound:
            counts = f"{len(row.missing)} missing, {len(row.unexpected)} unexpected, {len(row.misshapen)} misshapen"
            typer.echo(f"wrong: {_short(row.path, report.root)}: {row.part}: {counts}")
        rows = [("missing", name, "", "") for name in row.missing[:limit]]
        rows += [("unexpected", name, "", "") for name in row.unexpected[:limit]]
        rows += [("misshapen", name, str(shape), str(wanted)) for name, shape, wanted in row.misshapen[:limit]]
        for word, name, shape, wanted in rows:
            table.add_row(row.part, word, shape, wanted, name)
    console().print(table)


def _print_sums(sums: ManifestCheck, limit: int) -> None:
    typer.echo(f"sums: {sums.checked} files have the SHA-256 of the manifest")
    for word, names in (("missing", sums.missing), ("changed", sums.changed), ("not in the manifest", sums.unlisted)):
        if names:
            more = f" and {len(names) - limit} more" if len(names) > limit else ""
            typer.echo(f"sums: {word}: {', '.join(names[:limit])}{more}")


@checkpoint.command("convert")
def convert(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A checkpoint in any layout.")],
    target: Annotated[Path, typer.Argument(metavar="DST", help="The new folder; must not exist.")],
    to: Annotated[TargetLayout, typer.Option("--to", help="Its layout.")] = TargetLayout.OURS,
    dtype: Annotated[
        Cast, typer.Option(help="Of transformer, connector and text encoder; VAE and VLM stay as they are.")
    ] = Cast.KEEP,
    sizes: SizesOption = None,
    tensors_only: OthersOption = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Write a checkpoint in another layout: strict, tensor by tensor, whole or not at all, never over another.

    A conversion that was stopped goes on when the same command is given again. Memory does not grow with the files.
    The base model alone goes to diffusers' layout and to Wan's own (--to official).

    Example:

        rvebench revise checkpoint convert revise_ckpt revise-ours --to ours --dtype bf16
    """
    from rvebench.revise.checkpoints.convert import convert_checkpoint

    with _counting("convert") as show:
        made = convert_checkpoint(
            source,
            target,
            to=to.value,
            dtype=dtype.value,
            sizes=_sizes(sizes),
            ignore_others=tensors_only,
            progress=show,
        )
    size = sum(entry.size_bytes for entry in made.files.values())
    for name in made.left_out:
        typer.echo(f"note: left out, for it has no place there: {name}", err=True)
    if format_ is Format.JSON:
        files = {name: entry._asdict() for name, entry in made.files.items()}
        print_json(
            {
                "path": str(made.path),
                "layout": to.value,
                "files": files,
                "resumed": made.resumed,
                "left_out": list(made.left_out),
            }
        )
        return
    resumed = f", {made.resumed} of them from before" if made.resumed else ""
    typer.echo(f"{made.path}: {len(made.files)} files{resumed}, {size_text(size)}, {to.value} layout")


def _sizes(text: str | None) -> ReviseConfig | None:
    from rvebench.revise.checkpoints.sizes import load_sizes

    return None if text is None else load_sizes(text)


@contextmanager
def _counting(title: str) -> Iterator[Callable[[str, int], None]]:
    """Shows bytes that are reported piece by piece."""
    done = 0
    with byte_bar(title, None) as bar:

        def show(_name: str, count: int) -> None:
            nonlocal done
            done += count
            bar(done, None)

        yield show
