"""`rvebench metrics`: which automatic metrics there are, measuring videos without a run, and parity with VBench."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rvebench.cli.common import EXIT_HELP, Format, console, print_json, progress_bar
from rvebench.errors import EXIT_FAILED, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from rvebench.metrics.parity.compare import Parity
    from rvebench.metrics.standalone import Aggregate, Measured, VideoItem
    from rvebench.records import MetricValue

__all__ = ["app"]

app = typer.Typer(
    help="List metrics, measure videos without a run, check parity with VBench.",
    epilog=EXIT_HELP,
    no_args_is_help=True,
)

_WIDTH = 140
"""Columns of a table that is not printed to a terminal."""

FormatOption = Annotated[Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")]
Videos = Annotated[list[Path] | None, typer.Argument(metavar="VIDEO...", help="Video files.")]
Table = Annotated[Path | None, typer.Option("--table", help="CSV of videos: video,id,source,text.")]
Text = Annotated[str, typer.Option("--text", help="What every video is compared with, where a metric reads a text.")]


class ColourChoice(str, Enum):
    """Whose colours TF and MS see."""

    TAGGED = "tagged"
    VBENCH = "vbench"


class AggregationChoice(str, Enum):
    """How videos become one number."""

    MACRO = "macro"
    VBENCH = "vbench"


class PrecisionChoice(str, Enum):
    """Of the networks."""

    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


Precision = Annotated[PrecisionChoice, typer.Option("--precision", help="Of the networks.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or cuda:1.")]


@app.command("list")
def list_(format_: FormatOption = Format.TEXT) -> None:
    """Show every metric, and what keeps it from being measured here.

    Example:

        rvebench metrics list
    """
    from rvebench.metrics import METRICS, NEEDS, lacks

    rows = [(entry, lacks(entry.name)) for entry in METRICS]
    if format_ is Format.JSON:
        listed = [
            {
                "name": entry.name,
                "summary": entry.summary,
                "origin": entry.origin,
                "weights": list(NEEDS.get(entry.name, ())),
                "lacks": reason or None,
            }
            for entry, reason in rows
        ]
        print_json({"metrics": listed})
        return
    from rich.table import Table as RichTable

    table = RichTable(box=None, pad_edge=False)
    for title in ("metric", "what", "lacks"):
        table.add_column(title, overflow="fold")
    for entry, reason in rows:
        table.add_row(entry.name, entry.summary, reason)
    _wide().print(table)


@app.command("measure")
def measure(
    videos: Videos = None,
    table: Table = None,
    text: Text = "",
    metrics: Annotated[str, typer.Option("--metrics", help="a,b or ready, all, none.")] = "ready",
    precision: Precision = PrecisionChoice.FP32,
    device: Device = "auto",
    colour: Annotated[
        ColourChoice, typer.Option("--colour", help="vbench: TF and MS see BT.709 videos as OpenCV does.")
    ] = ColourChoice.TAGGED,
    aggregation: Annotated[
        AggregationChoice, typer.Option("--aggregation", help="vbench: SC and BC are averaged over frames.")
    ] = AggregationChoice.MACRO,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Measure videos that belong to no run. What was embedded before is not embedded again.

    A video that cannot be measured is a line with the reason, and the exit code is 1.

    Example:

        rvebench metrics measure clips/*.mp4 --text "a candle burns down" --metrics temporal_flickering
    """
    from rvebench.metrics import choose_metrics
    from rvebench.metrics.standalone import aggregate, measure_videos

    items = _items(videos, table, text)
    chosen = choose_metrics(metrics, {"precision": precision.value, "device": device})
    for name, reason in chosen.left_out.items():
        typer.echo(f"note: {name} is left out: {reason}", err=True)
    found: list[Measured] = []
    with progress_bar("measure", len(items) * len(chosen.metrics)) as show:
        for one in measure_videos(items, chosen.metrics, colour=colour.value):
            found.append(one)
            show(len(found), None)
    totals = aggregate((one.value for one in found), aggregation.value)
    if format_ is Format.JSON:
        print_json(
            {
                "aggregation": aggregation.value,
                "metrics": {name: total._asdict() for name, total in totals.items()},
                "videos": [_as_json(one) for one in found],
                "left_out": dict(chosen.left_out),
            }
        )
    else:
        _print_measured(found, totals, aggregation.value)
    raise typer.Exit(EXIT_FAILED if any(total.failed for total in totals.values()) else 0)


@app.command("parity")
def parity(
    vbench_python: Annotated[Path, typer.Option("--vbench-python", help="Python of an environment with vbench 0.1.5.")],
    videos: Videos = None,
    table: Table = None,
    text: Text = "",
    cache: Annotated[
        Path, typer.Option("--vbench-cache", help="VBench's folder of weights; both sides read it.")
    ] = Path("~/.cache/vbench"),
    metrics: Annotated[str, typer.Option("--metrics", help="VBench dimensions, or all.")] = "all",
    precision: Precision = PrecisionChoice.FP32,
    bound: Annotated[float, typer.Option("--bound", min=0.0, help="Largest difference that counts as none.")] = 1e-6,
    timeout: Annotated[float, typer.Option("--timeout", min=1.0, help="Seconds that VBench may take.")] = 3600.0,
    tiny: Annotated[bool, typer.Option("--tiny", help="The weights are small ones, as the tests make.")] = False,
    trust_pickles: Annotated[
        bool, typer.Option("--trust-pickles", help="Let VBench's checkpoints run code in its environment.")
    ] = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Run the real VBench in its own environment on the same files and weights, and print each difference.

    requirements/parity.txt says how to make the environment. Exit code 1 when a difference is above the bound.

    Example:

        rvebench metrics parity --vbench-python parity/bin/python clips/*.mp4 --text "a candle burns down"
    """
    from rvebench.metrics import MetricOptions
    from rvebench.metrics.parity.compare import check_parity
    from rvebench.metrics.parity.near import DIMENSIONS

    wanted = DIMENSIONS if metrics == "all" else tuple(name.strip() for name in metrics.split(","))
    with progress_bar("vbench", None):
        result = check_parity(
            _items(videos, table, text),
            python=vbench_python,
            vbench_cache=cache.expanduser(),
            dimensions=wanted,
            options=MetricOptions(precision=precision.value, device="cpu"),
            bound=bound,
            timeout_s=timeout,
            tiny=tiny,
            trust_pickles=trust_pickles,
        )
    if format_ is Format.JSON:
        print_json(_parity_json(result))
    else:
        _print_parity(result)
    raise typer.Exit(0 if result.holds else EXIT_FAILED)


def _items(videos: list[Path] | None, table: Path | None, text: str) -> list[VideoItem]:
    from rvebench.metrics.standalone import VideoItem, read_video_table, require_distinct

    if bool(videos) == (table is not None):
        raise UsageError("videos are needed, as arguments or as --table", hint="not both, and not neither")
    if table is not None:
        return read_video_table(table)
    return require_distinct([VideoItem(id=path.stem, video=path, text=text) for path in videos or ()])


def _as_json(one: Measured) -> dict[str, object]:
    value = one.value
    return {
        "id": one.item.id,
        "video": str(one.item.video),
        "metric": value.metric,
        "status": value.status.value,
        "value": value.value,
        "source_value": value.source_value,
        "weight": value.weight,
        "reason": value.reason or None,
        "details": dict(value.details),
    }


def _print_measured(found: Sequence[Measured], totals: Mapping[str, Aggregate], how: str) -> None:
    from rich.table import Table as RichTable

    table = RichTable(box=None, pad_edge=False)
    for title in ("video", "metric", "value", "source", "note"):
        number = title in {"value", "source"}
        table.add_column(title, overflow="fold", no_wrap=title != "note", justify="right" if number else "left")
    for item, value in found:
        table.add_row(item.id, value.metric, _number(value.value), _number(value.source_value), _note(value))
    for name, total in totals.items():
        note = f"{how} mean of {total.n}" + (f", {total.failed} failed" if total.failed else "")
        table.add_row("all", name, _number(total.mean), "", note, style="bold")
    _wide().print(table)


def _wide() -> Console:
    """Returns a console that cuts no name where nobody's window is too narrow for it: in a pipe or a file."""
    wide = console()
    if not wide.is_terminal:
        wide.width = max(wide.width, _WIDTH)
    return wide


def _note(value: MetricValue) -> str:
    if value.reason:
        return value.reason
    if value.details.get("truncated") == "yes":
        return f"text cut: {value.details['tokens']} tokens"
    return ""


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.6f}"


def _parity_json(result: Parity) -> dict[str, object]:
    return {
        "holds": result.holds,
        "bound": result.bound,
        "worst": result.worst,
        "weights": dict(result.weights),
        "versions": dict(result.answer.versions),
        "rows": [
            {
                "dimension": row.dimension,
                "video": str(row.video),
                "ours": row.ours,
                "vbench": row.theirs,
                "difference": row.gap,
                "reason": row.reason or None,
            }
            for row in result.rows
        ],
    }


def _print_parity(result: Parity) -> None:
    from rich.table import Table as RichTable

    table = RichTable(box=None, pad_edge=False)
    for title in ("dimension", "video", "ours", "VBench", "difference", "note"):
        words = title in {"dimension", "video", "note"}
        table.add_column(title, overflow="fold", no_wrap=title != "note", justify="left" if words else "right")
    for row in result.rows:
        gap = "–" if row.gap is None else f"{row.gap:.1e}"
        above = row.gap is not None and row.gap > result.bound
        table.add_row(
            row.dimension,
            row.video.name,
            "–" if row.ours is None else f"{row.ours:.9f}",
            "–" if row.theirs is None else f"{row.theirs:.9f}",
            gap,
            row.reason,
            style="red" if above else "",
        )
    _wide().print(table)
    worst = "nothing could be compared" if result.worst is None else f"largest difference {result.worst:.1e}"
    typer.echo(f"{worst}, bound {result.bound:.0e}: {'the same' if result.holds else 'NOT the same'}")
