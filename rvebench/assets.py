"""Where the shipped files are: `prompts/`, `data/` and `leaderboards/`.

They stand at the top of a checkout and inside the wheel (`rvebench/_assets/`); both are found the same way.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from rvebench.errors import StorageError

__all__ = ["asset_dir"]

_PACKAGE = Path(__file__).resolve().parent


def asset_dir(name: Literal["prompts", "data", "leaderboards"]) -> Path:
    """Returns the absolute folder of shipped files called `name`.

    Raises:
        StorageError: the installation lacks it.
    """
    for candidate in (_PACKAGE / "_assets" / name, _PACKAGE.parent / name):
        if candidate.is_dir() and (candidate.parent == _PACKAGE / "_assets" or _is_checkout(candidate.parent)):
            return candidate
    raise StorageError(f"the shipped folder {name}/ is not there", where=_PACKAGE, hint="install rvebench again")


def _is_checkout(folder: Path) -> bool:
    return (folder / "pyproject.toml").is_file() and (folder / "rvebench").is_dir()
