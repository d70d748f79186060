"""Scenario families of one reasoning type: emotional."""

from __future__ import annotations

from rvebench.registry import Registration

__all__ = ["REGISTRATIONS"]

_HERE = "rvebench.sim.families.emotional"

REGISTRATIONS: tuple[Registration, ...] = (
    Registration(name="match-score", target=f"{_HERE}.score:MatchScore"),
    Registration(name="gift-opened", target=f"{_HERE}.gift:GiftOpened"),
    Registration(name="dropped-cone", target=f"{_HERE}.cone:DroppedCone"),
    Registration(name="thunder-fright", target=f"{_HERE}.thunder:ThunderFright"),
    Registration(name="platform-farewell", target=f"{_HERE}.farewell:PlatformFarewell"),
    Registration(name="empty-seat", target=f"{_HERE}.seat:EmptySeat"),
)
