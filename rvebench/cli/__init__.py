"""The command line: one module a verb; each parses, calls one function, prints.

Modules here import nothing heavy at the top: `rvebench --help` must stay under 0.3 s of CPU.
"""

from __future__ import annotations

from rvebench.cli.app import main

__all__ = ["main"]
