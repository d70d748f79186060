"""The splits that come with the package."""

from __future__ import annotations

from pathlib import Path

from rvebench.assets import asset_dir
from rvebench.splits.rendered import rendered_manifest

__all__ = ["demo_manifest", "literal_manifest", "mini_manifest", "sim_1k_manifest", "smoke_manifest"]


def smoke_manifest() -> Path:
    """Returns the manifest of `smoke`: two rendered triplets of each reasoning type."""
    return asset_dir("data") / "smoke" / "samples.jsonl"


def demo_manifest() -> Path:
    """Returns the manifest of `demo`: triplets made from one shot of Big Buck Bunny."""
    return asset_dir("data") / "demo" / "samples.jsonl"


def mini_manifest() -> Path:
    """Returns the manifest of `mini`: 96 rendered triplets, once they are rendered."""
    return rendered_manifest("mini")


def literal_manifest() -> Path:
    """Returns the manifest of `literal`: 30 rendered edits said outright, once they are rendered."""
    return rendered_manifest("literal")


def sim_1k_manifest() -> Path:
    """Returns the manifest of `sim-1k`: 1,200 rendered triplets, once they are rendered."""
    return rendered_manifest("sim-1k")
