"""What a training may be continued with: the same of everything that decides its numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rvebench.errors import UsageError
from rvebench.revise.training.checkpoint import SavedStep

__all__ = ["config_changes", "require_same"]

_FREE = frozenset(
    f"loop.{name}"
    for name in (
        "activation_checkpointing",  # computes the same again
        "log_every",
        "save_every",
        "keep",
        "eval_every",
        "eval_samples",
        "grid_every",
        "grid_samples",
    )
)
_MOST = 8


def config_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Returns the differences that decide numbers, as `key: old -> new`.

    What may differ: how often is logged, saved and measured, checkpoints that are kept, activation checkpointing, and
    the steps in all, unless the learning rate depends on them (a cosine or linear schedule).

    Args:
        old: a configuration's JSON values.
        new: another's.
    """
    free = set(_FREE)
    if _leaves(old).get("optim.schedule") == "constant":
        free.add("loop.steps")
    before, after = _leaves(old), _leaves(new)
    return [
        f"{key}: {_shown(before, key)} -> {_shown(after, key)}"
        for key in sorted({*before, *after} - free)
        if before.get(key, _Absent) != after.get(key, _Absent)
    ]


def require_same(saved: SavedStep, config: Mapping[str, Any], made_of: Mapping[str, str]) -> None:
    """Returns when a checkpoint belongs to this training.

    Args:
        saved: the checkpoint.
        config: the configuration's JSON values.
        made_of: fingerprints of what else decides numbers, by name (data, frozen weights, objective).

    Raises:
        UsageError: it does not; the text lists the differences.
    """
    changes = config_changes(saved.state["config"], config)
    if not changes:
        before = saved.state["made_of"]
        changes = [
            f"{name}: {str(before.get(name))[:12]} -> {str(made_of.get(name))[:12]}"
            for name in sorted({*before, *made_of})
            if before.get(name) != made_of.get(name)
        ]
    if changes:
        more = f" and {len(changes) - _MOST} more" if len(changes) > _MOST else ""
        raise UsageError(
            f"the checkpoint is of another training ({'; '.join(changes[:_MOST])}{more})",
            where=saved.path,
            hint="give the settings it was made with, or train in another folder with --init",
        )


class _Absent:
    """Stands for a key that is not there."""


def _leaves(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, Mapping) and value:
        return {
            key: leaf
            for name, inner in value.items()
            for key, leaf in _leaves(inner, f"{path}.{name}" if path else str(name)).items()
        }
    return {path: value}


def _shown(leaves: Mapping[str, Any], key: str) -> str:
    return json.dumps(leaves[key]) if key in leaves else "absent"
