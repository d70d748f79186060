"""Where files are: the shipped ones (`prompts/`, `data/`, `leaderboards/`), and the user's cache.

The shipped ones stand at the top of a checkout and inside the wheel (`rvebench/_assets/`); both are found the same way.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from rvebench.errors import StorageError

__all__ = ["asset_dir", "cache_dir"]

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


def cache_dir() -> Path:
    """Returns the folder of what can be computed or asked again: `$RVEBENCH_CACHE_DIR`, else the user's cache folder.

    It need not exist yet.
    """
    named = os.environ.get("RVEBENCH_CACHE_DIR")
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_cache_path("rvebench")


def _is_checkout(folder: Path) -> bool:
    return (folder / "pyproject.toml").is_file() and (folder / "rvebench").is_dir()
