"""Objectives: supervised flow matching, reward-weighted regression, unified semantic optimisation, Edit-GRPO."""

from __future__ import annotations
