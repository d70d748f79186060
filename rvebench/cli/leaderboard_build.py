"""`rvebench leaderboard build`: the leaderboard as pages that open from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rvebench.cli.common import Format, print_json, progress_bar

__all__ = ["build"]

DEFAULT_ROOT = Path("leaderboards")


def build(
    root: Annotated[
        Path | None,
        typer.Option("--root", help="The leaderboard's folder; default: leaderboards, else the shipped one."),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", help="The folder to write: new, empty, or an earlier site, which is replaced.")
    ] = Path("build/leaderboard"),
    media: Annotated[
        Path | None,
        typer.Option("--media", help="Contact sheets and videos, as TRACK/SUBMISSION/; default: media in the root."),
    ] = None,
    format_: Annotated[
        Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")
    ] = Format.TEXT,
) -> None:
    """Write the leaderboard's site: tables with rank ranges, charts, a page for each submission, and data files.

    The pages open from a disk, load nothing from anywhere, and the same leaderboard gives the same bytes. A row that
    its evidence does not bear out stops the build: `rvebench leaderboard validate` says all that is wrong. Example:

        rvebench leaderboard build --root leaderboards --out build/leaderboard
    """
    from rvebench.assets import asset_dir
    from rvebench.leaderboard.site import build_site

    folder = root or (DEFAULT_ROOT if DEFAULT_ROOT.is_dir() else asset_dir("leaderboards"))
    with progress_bar("rows", None) as show:
        site = build_site(folder, out, media=media, progress=show)
    if format_ is Format.JSON:
        print_json({"index": str(site.index), "tracks": site.tracks, "rows": site.rows, "size_bytes": site.size_bytes})
        return
    rows = "1 submission" if site.rows == 1 else f"{site.rows} submissions"
    typer.echo(f"{site.index}: {site.tracks} tracks, {rows}, {site.size_bytes / 1e6:.1f} MB")
