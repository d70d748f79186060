"""`rvebench data`: which splits there are, what they hold, whether everything is there, and how to make one."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rvebench.cli.common import EXIT_HELP, Format, console, print_json, progress_bar
from rvebench.errors import EXIT_CORRUPT, InterruptError, RveError, UsageError
from rvebench.taxonomy import Subset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rvebench.splits import ImportReport, Problem, SplitStats

__all__ = ["app"]

app = typer.Typer(
    help="Splits: list, render, verify, import, stats.",
    epilog=EXIT_HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

FormatOption = Annotated[Format, typer.Option("--format", help="How to print the result.")]
SplitArgument = Annotated[str, typer.Argument(help="A split's name, its .jsonl manifest, or its folder.")]
WorkersOption = Annotated[int, typer.Option(min=1, max=64, help="Threads that open videos.")]


class Layout(str, Enum):
    """What a data set to import looks like."""

    FOLDER = "folder"
    OFFICIAL = "official"
    VIEBENCH = "viebench"


@app.command("list")
def list_splits(output: FormatOption = Format.TEXT) -> None:
    """List the splits known by name.

    Example: rvebench data list
    """
    from rvebench.splits import SPLITS, load_split

    rows = []
    for entry in SPLITS:
        row: dict[str, object] = {"name": entry.name, "summary": entry.summary, "origin": entry.origin}
        try:
            split = load_split(entry.name)
            row |= {"samples": len(split.samples), "path": str(split.path), "problem": ""}
        except RveError as error:
            # One broken plug-in must not hide the splits that work.
            row |= {"samples": None, "path": None, "problem": str(error)}
        rows.append(row)
    if output is Format.JSON:
        print_json({"splits": rows})
        return
    _print_rows(
        ("split", "samples", "from", "what it is"),
        [
            (
                row["name"],
                "-" if row["samples"] is None else row["samples"],
                row["origin"],
                row["problem"] or row["summary"],
            )
            for row in rows
        ],
    )


@app.command("render")
def render(
    split: Annotated[str, typer.Argument(help="A rendered split: smoke, mini, sim-1k, literal or sim-train.")],
    size: Annotated[str, typer.Option(help="Width x height in pixels, even, 64 to 832.")] = "480x272",
    frames: Annotated[int, typer.Option(help="Frames of each clip, 4n + 1.")] = 33,
    samples: Annotated[int | None, typer.Option(min=1, help="How many; for sim-train only.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder to render into; default: the cache.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that render.")] = 2,
    output: FormatOption = Format.TEXT,
) -> None:
    """Render a procedural split; a second call does what is left. Needs the extra `sim`.

    Example: rvebench data render mini
    """
    from rvebench.splits import render_split, rendered_folder

    width, _, height = size.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise UsageError(f"--size {size!r} is not width x height", hint="write it as 480x272")
    shape = (int(width), int(height))
    folder = out or rendered_folder(split, shape, frames)
    try:
        with progress_bar(f"render {split}", None) as show:
            manifest = render_split(
                split, folder, size=shape, frames=frames, samples=samples, workers=workers, progress=show
            )
    except KeyboardInterrupt:
        raise InterruptError(
            "stopped on request; every finished sample is recorded", hint="run the same command again to go on"
        ) from None
    if output is Format.JSON:
        print_json({"split": split, "path": str(manifest)})
    else:
        typer.echo(str(manifest))


@app.command("render-graded")
def render_graded_(
    split: SplitArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for graded.jsonl and its videos.")],
    samples: Annotated[int | None, typer.Option(min=1, help="Only the first so many samples.")] = None,
    size: Annotated[str, typer.Option(help="Width x height of the split's videos.")] = "128x72",
    frames: Annotated[int, typer.Option(help="Length of the split's clips, 4n + 1.")] = 33,
    every: Annotated[int, typer.Option(min=1, help="Draw every so many-th frame of them.")] = 4,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that draw.")] = 2,
    output: FormatOption = Format.TEXT,
) -> None:
    """Draw edits of a rendered split that are known to be half right or wrong, for training a critic.

    A second call does what is left. Needs the extra `sim`.

    Example: rvebench data render-graded sim-train --out graded --samples 1200
    """
    from rvebench.splits import load_split
    from rvebench.splits.graded import GRADES, render_graded

    width, _, height = size.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise UsageError(f"--size {size!r} is not width x height", hint="write it as 128x72")
    ids = [sample.id for sample in load_split(split).samples][:samples]
    shape = (int(width), int(height))
    with progress_bar("draw", len(ids)) as show:
        path = render_graded(ids, out, size=shape, frames=frames, every=every, workers=workers, progress=show)
    if output is Format.JSON:
        print_json({"path": str(path), "samples": len(ids), "grades": GRADES})
        return
    typer.echo(f"{path}: {len(ids)} samples, each half right and wrong")


@app.command("verify")
def verify(split: SplitArgument, workers: WorkersOption = 2, output: FormatOption = Format.TEXT) -> None:
    """Open every video of a split and name every problem at once; leaves with 4 when there is an error.

    Example: rvebench data verify smoke
    """
    from rvebench.splits import load_split, verify_split

    loaded = load_split(split)
    with progress_bar("verify", None) as show:
        problems = verify_split(loaded, progress=show, workers=workers)
    errors = sum(problem.severity == "error" for problem in problems)
    if output is Format.JSON:
        print_json(
            {
                "split": loaded.name,
                "path": str(loaded.path),
                "sha256": loaded.sha256,
                "samples": len(loaded.samples),
                "clean": errors == 0,
                "problems": [
                    {
                        "severity": problem.severity,
                        "sample": problem.sample_id or None,
                        "file": None if problem.file is None else str(problem.file),
                        "what": problem.what,
                    }
                    for problem in problems
                ],
            }
        )
    else:
        _print_problems(loaded.name, len(loaded.samples), problems)
    if errors:
        raise typer.Exit(EXIT_CORRUPT)


def _print_problems(name: str, samples: int, problems: Sequence[Problem]) -> None:
    for problem in problems:
        typer.echo(f"{problem.severity}: {problem}")
    errors = sum(problem.severity == "error" for problem in problems)
    verdict = "clean" if errors == 0 else "not clean"
    typer.echo(f"{name}: {samples} samples, {errors} errors, {len(problems) - errors} warnings: {verdict}")


@app.command("import")
def import_split(
    source: Annotated[Path, typer.Argument(help="A folder (layout folder), or the list file of the other layouts.")],
    out: Annotated[Path, typer.Argument(help="The new split's folder; must not exist.")],
    layout: Annotated[
        Layout, typer.Option(help="What the source looks like; see docs/design/splits.md.")
    ] = Layout.FOLDER,
    subset: Annotated[
        Subset | None, typer.Option(help="For entries that name none; needed by layout official.")
    ] = None,
    reasoning_type: Annotated[str | None, typer.Option(help="Layout folder: for entries that name none.")] = None,
    licence: Annotated[str | None, typer.Option(help="SPDX expression for entries that name none.")] = None,
    provenance: Annotated[str | None, typer.Option(help="Where the samples come from.")] = None,
    root: Annotated[Path | None, typer.Option(help="Layouts official, viebench: the folder paths start from.")] = None,
    link: Annotated[bool, typer.Option("--link", help="Hard links in place of copies.")] = False,
    with_references: Annotated[
        bool, typer.Option("--with-references", help="Layout viebench: keep entries with a reference image.")
    ] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Make a self-contained split from a folder of videos, or from a public layout.

    Example: rvebench data import clips/ my-split --subset rave --licence CC-BY-4.0
    """
    _refuse_unused(
        layout,
        {
            "--subset": subset is not None and layout is Layout.VIEBENCH,
            "--reasoning-type": reasoning_type is not None and layout is not Layout.FOLDER,
            "--root": root is not None and layout is Layout.FOLDER,
            "--with-references": with_references and layout is not Layout.VIEBENCH,
        },
    )
    if layout is Layout.FOLDER and not source.is_dir():
        raise UsageError("not a folder", where=source, hint="name the layout of a list file with --layout")
    if layout is not Layout.FOLDER and source.is_dir():
        raise UsageError(f"layout {layout.value} reads a list file, not a folder", where=source)
    from rvebench.splits import import_folder, import_official, import_viebench

    with progress_bar("import", None) as show:
        if layout is Layout.FOLDER:
            report = import_folder(
                source,
                out,
                subset=subset,
                reasoning_type=reasoning_type,
                licence=licence,
                provenance=provenance,
                link=link,
                progress=show,
            )
        elif layout is Layout.OFFICIAL:
            if subset is None:
                raise UsageError("layout official needs --subset rave or --subset icvg: the list does not say which")
            report = import_official(
                source, out, subset=subset, root=root, licence=licence, provenance=provenance, link=link, progress=show
            )
        else:
            report = import_viebench(
                source,
                out,
                root=root,
                with_references=with_references,
                licence=licence,
                provenance=provenance,
                link=link,
                progress=show,
            )
    _print_report(report, output)


def _refuse_unused(layout: Layout, misplaced: dict[str, bool]) -> None:
    for option, wrong in misplaced.items():
        if wrong:
            raise UsageError(f"{option} has no meaning for layout {layout.value}")


def _print_report(report: ImportReport, output: Format) -> None:
    if output is Format.JSON:
        print_json(
            {
                "split": report.split.name,
                "path": str(report.split.path),
                "sha256": report.split.sha256,
                "samples": len(report.split.samples),
                "files": report.files,
                "size_bytes": report.size_bytes,
                "notes": list(report.notes),
            }
        )
        return
    for note in report.notes:
        typer.echo(f"note: {note}")
    size = _megabytes(report.size_bytes)
    typer.echo(f"{report.split.path}: {len(report.split.samples)} samples, {report.files} files, {size}")


@app.command("stats")
def stats(split: SplitArgument, workers: WorkersOption = 2, output: FormatOption = Format.TEXT) -> None:
    """Count what a split holds: types, targets, masks, licences, lengths and sizes.

    Example: rvebench data stats smoke --format json
    """
    from rvebench.splits import load_split, split_stats

    loaded = load_split(split)
    with progress_bar("open", None) as show:
        found = split_stats(loaded, progress=show, workers=workers)
    if output is Format.JSON:
        print_json(found.as_json())
        return
    _print_stats(found)


def _print_stats(found: SplitStats) -> None:
    typer.echo(f"{found.name}: {found.samples} samples on {found.groups} sources, sha256 {found.sha256[:12]}…")
    _print_rows(("subset", "reasoning type", "samples"), [(s.value, kind, count) for s, kind, count in found.by_type])
    holds = {
        "target": found.with_target,
        "mask": found.with_mask,
        "counterfactual": found.with_counterfactual,
        "literal instruction": found.with_literal_instruction,
        "expected outcome": found.with_expected_outcome,
        "preserve list": found.with_preserve,
    }
    typer.echo("with " + ", ".join(f"{what} {count}" for what, count in holds.items()))
    typer.echo("licences " + _counted(found.licences))
    typer.echo(f"{found.files} files, {_megabytes(found.size_bytes)}; {found.sources} source videos")
    if found.source_seconds is not None:
        shortest, total, longest = found.source_seconds
        typer.echo(f"source length {shortest:.2f} to {longest:.2f} s, {total:.1f} s in all")
    typer.echo(f"source size {_counted(found.source_sizes)}; frames a second {_counted(found.source_fps)}")
    for text in found.unreadable:
        typer.echo(f"unreadable: {text}")


def _counted(values: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in values) or "none"


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.2f} MB"


def _print_rows(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(*header, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    console().print(table)
