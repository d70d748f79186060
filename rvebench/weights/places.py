"""Where other tools keep their weights; nothing is imported, written or made."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

__all__ = ["expand", "is_file"]


def is_file(path: Path) -> bool:
    """Returns whether a file can be seen there; a folder that may not be entered holds none."""
    try:
        return path.is_file()
    except OSError:
        return False


def expand(template: str, environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Yields the path a template means here and the name of the place, or nothing where there is no such folder.

    Args:
        template: as in :attr:`rvebench.weights.WeightFile.known_places`.
        environ: the variables that move the tools' folders.
    """
    found = re.fullmatch(r"\{(\w+)(?::([\w./-]+))?\}/(.+)", template)
    assert found is not None, template  # the record checked it
    kind, of, rest = found[1], found[2] or "", found[3]
    folder = _FOLDERS[kind](of, environ)
    if folder is not None:
        yield folder / rest, f"{kind}:{of}" if of else kind


def _home_cache(environ: Mapping[str, str]) -> Path | None:
    named = environ.get("XDG_CACHE_HOME")
    if named:
        return Path(named).expanduser()
    home = environ.get("HOME")
    return Path(home) / ".cache" if home else None


def _under(base: Path | None, *parts: str) -> Path | None:
    return None if base is None else base.joinpath(*parts)


def _vbench(_: str, environ: Mapping[str, str]) -> Path | None:
    """VBench and CLIP look below the home folder, whatever XDG_CACHE_HOME says."""
    named = environ.get("VBENCH_CACHE_DIR")
    return Path(named).expanduser() if named else _under(_home(environ), ".cache", "vbench")


def _home(environ: Mapping[str, str]) -> Path | None:
    home = environ.get("HOME")
    return Path(home) if home else None


def _torch_hub(_: str, environ: Mapping[str, str]) -> Path | None:
    named = environ.get("TORCH_HOME")
    return Path(named).expanduser() / "hub" if named else _under(_home_cache(environ), "torch", "hub")


def _clip(_: str, environ: Mapping[str, str]) -> Path | None:
    return _under(_home(environ), ".cache", "clip")


def _package(of: str, _: Mapping[str, str]) -> Path | None:
    """The folder of an installed package, which is not imported."""
    try:
        spec = importlib.util.find_spec(of)
    except (ImportError, ValueError):
        return None
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(places[0]) if places else None


def _hf(of: str, environ: Mapping[str, str]) -> Path | None:
    """The snapshot that a Hugging Face cache keeps of a repository's main branch."""
    hub = environ.get("HF_HUB_CACHE")
    home = environ.get("HF_HOME")
    base = Path(hub) if hub else Path(home) / "hub" if home else _under(_home_cache(environ), "huggingface", "hub")
    if base is None:
        return None
    folder = base.expanduser() / f"models--{of.replace('/', '--')}"
    try:
        commit = (folder / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return folder / "snapshots" / commit if re.fullmatch(r"[0-9a-f]{40}", commit) else None


_FOLDERS: Mapping[str, Callable[[str, Mapping[str, str]], Path | None]] = {
    "vbench": _vbench,
    "torch_hub": _torch_hub,
    "clip": _clip,
    "package": _package,
    "hf": _hf,
}
