"""`rvebench doctor`: what is installed, which keys and weights are found, what will not work and why."""

from __future__ import annotations

import os
import platform
import shutil
from importlib import metadata, util
from typing import Annotated, NamedTuple

import typer

from rvebench.cli.common import Format, console, print_json
from rvebench.errors import EXIT_CORRUPT

__all__ = ["Finding", "doctor", "examine"]

_EXTRAS = {
    "torch": "local judges (hf:MODEL), metrics with a network and the ReViSE model",
    "transformers": "local judges (hf:MODEL)",
    "diffusers": "the diffusers editors (vace, lucy-edit, wan-sdedit)",
    "decord": "the decord reader (PyAV reads everything without it)",
}
_KEYS = {
    "OPENAI_API_KEY": "the gpt-4o judge",
    "RUNWAYML_API_SECRET": "http:runway",
    "LUMAAI_API_KEY": "http:luma",
    "DECART_API_KEY": "http:decart",
    "FAL_KEY": "http:fal-kling",
}


class Finding(NamedTuple):
    """One thing that was looked at."""

    what: str
    state: str
    """ok, absent (something optional is not there) or broken."""
    detail: str


def doctor(
    format_: Annotated[Format, typer.Option("--format", help="text, or json: exactly one object on stdout.")] = (
        Format.TEXT
    ),
) -> None:
    """Say what is installed here, what was found, and what will not work.

    Example:

        rvebench doctor
    """
    findings = examine()
    if format_ is Format.JSON:
        print_json({"findings": [finding._asdict() for finding in findings]})
    else:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False)
        for title in ("what", "state", "detail"):
            table.add_column(title, overflow="fold")
        for finding in findings:
            colour = {"ok": "green", "absent": "yellow", "broken": "red"}[finding.state]
            table.add_row(finding.what, Text(finding.state, style=colour), Text(finding.detail))
        console().print(table)
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(EXIT_CORRUPT)


def examine() -> list[Finding]:
    """Returns the findings; runs no model, opens no connection, prints no secret."""
    return [
        Finding("rvebench", "ok", f"{metadata.version('rvebench')} on Python {platform.python_version()}"),
        _codecs(),
        _assets(),
        _cache(),
        *(_extra(name, use) for name, use in _EXTRAS.items()),
        *(_key(name, use) for name, use in _KEYS.items()),
        _program("ffmpeg", "not needed; only for command: editors that call it"),
        *_registries(),
    ]


def _codecs() -> Finding:
    try:
        import av

        missing = [name for name, mode in (("libx264", "w"), ("h264", "r"), ("vp9", "r")) if not _has(name, mode)]
    except (ImportError, OSError) as error:
        return Finding("PyAV", "broken", f"does not import: {error}; no video can be read or written")
    if missing:
        return Finding("PyAV", "broken", f"{av.__version__} lacks {', '.join(missing)}: install the wheel from PyPI")
    return Finding("PyAV", "ok", f"{av.__version__} with libx264")


def _has(name: str, mode: str) -> bool:
    import av

    try:
        av.Codec(name, "w" if mode == "w" else "r")
    except ValueError:
        return False
    return True


def _assets() -> Finding:
    from rvebench.assets import asset_dir
    from rvebench.errors import RveError

    try:
        folders = [asset_dir("prompts"), asset_dir("data"), asset_dir("leaderboards")]
    except RveError as error:
        return Finding("shipped files", "broken", str(error))
    return Finding("shipped files", "ok", ", ".join(folder.name for folder in folders))


def _cache() -> Finding:
    from rvebench.assets import cache_dir

    folder = cache_dir()
    place = folder
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK):
        return Finding("cache folder", "broken", f"{folder} cannot be written: set RVEBENCH_CACHE_DIR")
    free_gib = shutil.disk_usage(place).free / 2**30
    return Finding("cache folder", "ok", f"{folder}, {free_gib:.1f} GiB free")


def _extra(name: str, use: str) -> Finding:
    spec = util.find_spec(name)
    if spec is None or spec.origin is None:
        # Without an origin it is a folder that happens to have the name, such as a clone in the working directory.
        return Finding(name, "absent", f"needed for {use}")
    try:
        return Finding(name, "ok", metadata.version(name))
    except metadata.PackageNotFoundError:
        return Finding(name, "ok", f"of unknown version, in {spec.origin}")


def _key(name: str, use: str) -> Finding:
    return Finding(name, "ok" if os.environ.get(name) else "absent", f"for {use}")


def _program(name: str, use: str) -> Finding:
    found = shutil.which(name)
    return Finding(name, "ok" if found else "absent", found or use)


def _registries() -> list[Finding]:
    from rvebench.editors import EDITORS
    from rvebench.errors import RveError
    from rvebench.judges import JUDGES
    from rvebench.metrics import METRICS
    from rvebench.splits import SPLITS

    found = []
    for what, registry in (("editors", EDITORS), ("judges", JUDGES), ("metrics", METRICS), ("splits", SPLITS)):
        try:
            found.append(Finding(what, "ok", ", ".join(registry.names())))
        except RveError as error:
            found.append(Finding(what, "broken", str(error)))
    return found
