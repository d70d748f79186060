"""Who says how good an edit is: names, and how a name becomes a judge.

A third party adds a judge through the entry-point group `rvebench.judges`: a class (or function) that takes no
arguments and gives a :class:`Judge`.
"""

from __future__ import annotations

from rvebench.judges.protocol import Judge
from rvebench.judges.registry import DEFAULT_JUDGE, FAMILIES, JUDGES, build_judge

__all__ = ["DEFAULT_JUDGE", "FAMILIES", "JUDGES", "Judge", "build_judge"]
