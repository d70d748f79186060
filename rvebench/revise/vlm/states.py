"""Sequences of different lengths as one batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch

__all__ = ["pad_states"]


def pad_states(
    rows_LD: Sequence[torch.Tensor], visual_L: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Returns rows padded with zeros on the right [B, L, D], where they are [B, L], and which are visual [B, L]."""
    pad_sequence = torch.nn.utils.rnn.pad_sequence
    padded_BLD = pad_sequence(list(rows_LD), batch_first=True)
    mask_BL = pad_sequence(
        [torch.ones(len(rows), dtype=torch.bool, device=rows.device) for rows in rows_LD], batch_first=True
    )
    return padded_BLD, mask_BL, pad_sequence(list(visual_L), batch_first=True)
