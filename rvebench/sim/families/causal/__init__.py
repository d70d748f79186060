"""Scenario families of one reasoning type: causal."""

from __future__ import annotations

from rvebench.registry import Registration

__all__ = ["REGISTRATIONS"]

_HERE = "rvebench.sim.families.causal"

REGISTRATIONS: tuple[Registration, ...] = (
    Registration(name="kettle-boil", target=f"{_HERE}.kettle:KettleBoil"),
    Registration(name="lamp-switch", target=f"{_HERE}.lamp:LampSwitch"),
    Registration(name="papers-gust", target=f"{_HERE}.papers:PapersGust"),
    Registration(name="rope-bucket", target=f"{_HERE}.rope:RopeBucket"),
    Registration(name="tap-overflow", target=f"{_HERE}.tap:TapOverflow"),
    Registration(name="window-ball", target=f"{_HERE}.window:WindowBall"),
)
