"""Rewards that need no network: distances of pixels, inside and outside of what an edit should change.

For a world whose targets are rendered they are exact, and so they serve to prove a training and to train the small
model. `target-nearness` is an oracle: it looks at the target, and has no meaning where several edits would be right.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from rvebench.revise.training.rewards.protocol import Edits, Need, RewardError, RewardTools

__all__ = ["SourcePreservationPixels", "TargetNearness"]


class TargetNearness:
    """Minus the mean absolute error against the target where the edit should change something; in -1..0."""

    needs: frozenset[Need] = frozenset({"target", "change"})
    modules: Mapping[str, nn.Module] = {}

    @classmethod
    def of(cls, tools: RewardTools) -> TargetNearness:  # noqa: ARG003 - as every factory of rewards
        """Returns the reward."""
        return cls()

    def score(self, edits: Edits) -> list[float | None]:
        """As the protocol says; 0 for a sample in which nothing is to change: its edits do not differ in this."""
        if edits.target_BTHWC is None or edits.change_BTHW is None:
            raise RewardError("target-nearness needs targets and the regions of change", where=edits.ids[0])
        return _minus_error(edits.edit_BTHWC, edits.target_BTHWC, edits.change_BTHW)


class SourcePreservationPixels:
    """Minus the mean absolute error against the source where the edit should change nothing; in -1..0."""

    needs: frozenset[Need] = frozenset({"source", "change"})
    modules: Mapping[str, nn.Module] = {}

    @classmethod
    def of(cls, tools: RewardTools) -> SourcePreservationPixels:  # noqa: ARG003 - as every factory of rewards
        """Returns the reward."""
        return cls()

    def score(self, edits: Edits) -> list[float | None]:
        """As the protocol says; 0 for a sample in which everything is to change: its edits do not differ in this."""
        if edits.source_BTHWC is None or edits.change_BTHW is None:
            raise RewardError("source-preservation-pixels needs sources and the regions of change", where=edits.ids[0])
        return _minus_error(edits.edit_BTHWC, edits.source_BTHWC, 1 - edits.change_BTHW)


def _minus_error(edit: torch.Tensor, other: torch.Tensor, weight_BTHW: torch.Tensor) -> list[float | None]:
    """The weighted mean of |edit - other| over pixels, 255 levels being 1, for each clip."""
    error_BTHW = (edit.float() - other.float()).abs().mean(-1) / 255
    total_B = weight_BTHW.double().flatten(1).sum(1)
    sum_B = (error_BTHW * weight_BTHW).double().flatten(1).sum(1)
    return [-error / total if total > 0 else 0.0 for error, total in zip(sum_B.tolist(), total_B.tolist(), strict=True)]
