"""Scenario families of one reasoning type: semantic."""

from __future__ import annotations

from rvebench.registry import Registration

__all__ = ["REGISTRATIONS"]

_HERE = "rvebench.sim.families.semantic"

REGISTRATIONS: tuple[Registration, ...] = (
    Registration(name="cake-candles", target=f"{_HERE}.cake:CakeCandles"),
    Registration(name="chess-resign", target=f"{_HERE}.chess:ChessResign"),
    Registration(name="crossing-lights", target=f"{_HERE}.crossing:CrossingLights"),
    Registration(name="flag-mourning", target=f"{_HERE}.flag:FlagMourning"),
    Registration(name="litmus-flask", target=f"{_HERE}.litmus:LitmusFlask"),
    Registration(name="porch-pumpkins", target=f"{_HERE}.porch:PorchPumpkins"),
)
