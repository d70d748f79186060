"""What the numbers were made with: code, git state, interpreter and package versions."""

from __future__ import annotations

import contextlib
import hashlib
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import rvebench

__all__ = ["describe_environment"]

_PACKAGES = ("numpy", "scipy", "pandas", "av", "pillow", "openai", "torch", "transformers", "diffusers", "decord")
_TRACKED = ("rvebench", "prompts", "data")


def describe_environment() -> dict[str, Any]:
    """Returns the part of a manifest that names the software, as JSON values without times or host names."""
    return {
        "rvebench": rvebench.__version__,
        "git": _git_state(Path(rvebench.__file__).resolve().parent.parent),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "packages": {name: version for name in _PACKAGES if (version := _version_of(name))},
    }


def _version_of(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _git_state(top: Path) -> dict[str, str] | None:
    """Returns the commit, and the hash of what differs from it in the folders that decide numbers.

    None when the package does not run from a checkout.
    """
    if not (top / ".git").exists():
        return None
    commit = _git(top, "rev-parse", "HEAD")
    if commit is None:
        return None
    changed = hashlib.sha256()
    edited = _git(top, "diff", "HEAD", "--", *_TRACKED) or ""
    added = (_git(top, "ls-files", "--others", "--exclude-standard", "-z", "--", *_TRACKED) or "").split("\0")[:-1]
    changed.update(edited.encode())
    for name in sorted(added):
        changed.update(name.encode() + b"\0")
        with contextlib.suppress(OSError):
            changed.update((top / name).read_bytes())
    return {"commit": commit.strip(), "dirty": changed.hexdigest()[:16] if edited or added else ""}


def _git(top: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(top), *arguments], capture_output=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace")
