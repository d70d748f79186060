"""Options that take a model's folder: a shipped model's name stands for its folder."""

from __future__ import annotations

from pathlib import Path

from rvebench.assets import asset_dir
from rvebench.errors import StorageError

__all__ = ["model_folder", "shipped_or_given"]


def model_folder(value: Path | None) -> Path | None:
    """Returns the folder that an option means; a callback of typer."""
    return None if value is None else shipped_or_given(value)


def shipped_or_given(path: Path) -> Path:
    """Returns the folder that a path means: a bare name that is not here may be a shipped model's."""
    if len(path.parts) != 1 or path.exists():
        return path
    try:
        shipped = asset_dir("data") / "models" / path
    except StorageError:
        return path
    return shipped if (shipped / "revise.json").is_file() else path
