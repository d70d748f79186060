"""Scenario families of one reasoning type: spatial."""

from __future__ import annotations

from rvebench.registry import Registration

__all__ = ["REGISTRATIONS"]

REGISTRATIONS: tuple[Registration, ...] = ()
