"""Scenario families of one reasoning type: physical causality."""

from __future__ import annotations

from rvebench.registry import Registration

__all__ = ["REGISTRATIONS"]

_HERE = "rvebench.sim.families.physical"

REGISTRATIONS: tuple[Registration, ...] = (
    Registration(name="stone-displaces", target=f"{_HERE}.stone:StoneDisplaces"),
    Registration(name="boat-loaded", target=f"{_HERE}.boat:BoatLoaded"),
    Registration(name="balance-tips", target=f"{_HERE}.balance:BalanceTips"),
    Registration(name="street-wet", target=f"{_HERE}.rain:StreetWet"),
    Registration(name="tower-hit", target=f"{_HERE}.tower:TowerHit"),
    Registration(name="domino-run", target=f"{_HERE}.dominoes:DominoRun"),
    Registration(name="balloon-fills", target=f"{_HERE}.balloon:BalloonFills"),
)
