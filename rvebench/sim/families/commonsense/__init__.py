"""Scenario families of one reasoning type: commonsense."""

from __future__ import annotations

from rvebench.registry import Registration

__all__ = ["REGISTRATIONS"]

_HERE = "rvebench.sim.families.commonsense"

REGISTRATIONS: tuple[Registration, ...] = (
    Registration(name="rain-umbrella", target=f"{_HERE}.umbrella:RainUmbrella"),
    Registration(name="bus-boarding", target=f"{_HERE}.bus:BusBoarding"),
    Registration(name="dusk-lights", target=f"{_HERE}.dusk:DuskLights"),
    Registration(name="queue-moves", target=f"{_HERE}.queue:QueueMoves"),
    Registration(name="snow-coat", target=f"{_HERE}.snow:SnowCoat"),
    Registration(name="shop-closes", target=f"{_HERE}.shop:ShopCloses"),
)
