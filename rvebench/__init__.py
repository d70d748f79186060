"""RVE-Bench: evaluate and train video editors that must reason."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
