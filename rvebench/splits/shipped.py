"""The splits that come with the package."""

from __future__ import annotations

from pathlib import Path

from rvebench.assets import asset_dir

__all__ = ["demo_manifest"]


def demo_manifest() -> Path:
    """Returns the manifest of `demo`: triplets made from one shot of Big Buck Bunny."""
    return asset_dir("data") / "demo" / "samples.jsonl"
