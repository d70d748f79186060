"""Training: flow matching, reward-weighted and self-reflective objectives, group-relative policy optimisation, one loop.

Importing this package imports nothing heavy; its modules need torch and diffusers, :mod:`.config` needs neither.
"""

from __future__ import annotations
