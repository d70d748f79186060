"""The specifications that ship with the package, as registry targets. Nothing is read until one is built."""

from __future__ import annotations

from pathlib import Path

from rvebench.editors.spec_files import SpecFile

__all__ = [
    "DECART",
    "DITTO",
    "FAL_KLING",
    "INSV2V",
    "INSVIE",
    "LUMA",
    "OMNI_VIDEO",
    "REVISE_OFFICIAL",
    "RUNWAY",
]

_SPECS = Path(__file__).with_name("specs")

INSV2V = SpecFile(path=_SPECS / "insv2v.yaml")
INSVIE = SpecFile(path=_SPECS / "insvie.yaml")
OMNI_VIDEO = SpecFile(path=_SPECS / "omni-video.yaml")
DITTO = SpecFile(path=_SPECS / "ditto.yaml")
REVISE_OFFICIAL = SpecFile(path=_SPECS / "revise-official.yaml")
RUNWAY = SpecFile(path=_SPECS / "runway.yaml")
LUMA = SpecFile(path=_SPECS / "luma.yaml")
DECART = SpecFile(path=_SPECS / "decart.yaml")
FAL_KLING = SpecFile(path=_SPECS / "fal-kling.yaml")
