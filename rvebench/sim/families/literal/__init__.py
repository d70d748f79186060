"""Scenario families of one reasoning type: literal, the control that needs no inference."""

from __future__ import annotations

from rvebench.registry import Registration

__all__ = ["REGISTRATIONS"]

_HERE = "rvebench.sim.families.literal"

REGISTRATIONS: tuple[Registration, ...] = (
    Registration(name="literal-add", target=f"{_HERE}.add:LiteralAdd"),
    Registration(name="literal-move", target=f"{_HERE}.move:LiteralMove"),
    Registration(name="literal-recolour", target=f"{_HERE}.recolour:LiteralRecolour"),
    Registration(name="literal-remove", target=f"{_HERE}.remove:LiteralRemove"),
    Registration(name="literal-replace", target=f"{_HERE}.replace:LiteralReplace"),
    Registration(name="literal-resize", target=f"{_HERE}.resize:LiteralResize"),
)
