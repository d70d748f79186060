"""Scenario families of one reasoning type: spatial."""

from __future__ import annotations

from rvebench.registry import Registration

__all__ = ["REGISTRATIONS"]

_HERE = "rvebench.sim.families.spatial"

REGISTRATIONS: tuple[Registration, ...] = (
    Registration(name="sun-shadows", target=f"{_HERE}.sun:SunShadows"),
    Registration(name="avenue-walk", target=f"{_HERE}.avenue:AvenueWalk"),
    Registration(name="robot-side", target=f"{_HERE}.robot:RobotSide"),
    Registration(name="mirror-bear", target=f"{_HERE}.mirror:MirrorBear"),
    Registration(name="cat-hideout", target=f"{_HERE}.hideout:CatHideout"),
    Registration(name="jigsaw-gap", target=f"{_HERE}.jigsaw:JigsawGap"),
)
