"""Training: flow matching, reward weights, self-reflection and group-relative policy optimisation in one loop.

Importing this package imports nothing heavy; its modules need torch and diffusers, :mod:`.config` needs neither.
"""

from __future__ import annotations
