"""Scenario families of one reasoning type: temporal."""

from __future__ import annotations

from rvebench.registry import Registration

__all__ = ["REGISTRATIONS"]

_HERE = "rvebench.sim.families.temporal"

REGISTRATIONS: tuple[Registration, ...] = (
    Registration(name="candle-burn", target=f"{_HERE}.candle:CandleBurn"),
    Registration(name="fruit-ripen", target=f"{_HERE}.fruit:FruitRipen"),
    Registration(name="ice-melt", target=f"{_HERE}.ice:IceMelt"),
    Registration(name="plant-grow", target=f"{_HERE}.plant:PlantGrow"),
    Registration(name="snow-cover", target=f"{_HERE}.snow:SnowCover"),
    Registration(name="tide-turn", target=f"{_HERE}.tide:TideTurn"),
)
