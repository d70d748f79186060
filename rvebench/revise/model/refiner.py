"""The token refiner of the viva strategy: VLM states to context tokens, one for one.

VIVA (2512.16906) feeds the hidden states of its instructor, which reads system prompt, instruction, first frame and
reference, through a trained refiner into the transformer. Its code is not public; this is the plain form of one:
pre-norm bidirectional blocks between two projections. Unlike HunyuanVideo's, it does not look at the timestep, so
that it runs once per sample.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from rvebench.revise.config import RefinerConfig

__all__ = ["TokenRefiner"]


class _Block(nn.Module):
    def __init__(self, config: RefinerConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.norm1 = nn.LayerNorm(config.dim)
        self.qkv = nn.Linear(config.dim, 3 * config.dim)
        self.out = nn.Linear(config.dim, config.dim)
        self.norm2 = nn.LayerNorm(config.dim)
        self.ffn = nn.Sequential(
            nn.Linear(config.dim, config.ffn_dim), nn.GELU(), nn.Linear(config.ffn_dim, config.dim)
        )

    def forward(self, hidden_BLD: torch.Tensor, mask_B11L: torch.Tensor | None) -> torch.Tensor:
        query, key, value = self.qkv(self.norm1(hidden_BLD)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask_B11L)
        hidden_BLD = hidden_BLD + self.out(attended.transpose(1, 2).flatten(2))
        refined: torch.Tensor = hidden_BLD + self.ffn(self.norm2(hidden_BLD))
        return refined


class TokenRefiner(nn.Module):
    """Blocks of self-attention over the VLM's states, then a projection to the context's width."""

    def __init__(self, config: RefinerConfig, *, vlm_dim: int, text_dim: int) -> None:
        super().__init__()
        self.proj_in = nn.Linear(vlm_dim, config.dim)
        self.blocks = nn.ModuleList(_Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.dim)
        self.proj_out = nn.Linear(config.dim, text_dim)

    def forward(self, states_BLD: torch.Tensor, mask_BL: torch.Tensor | None = None) -> torch.Tensor:
        """Returns (B, L, text_dim); rows at padding hold no meaning and are attended to by no other row."""
        hidden = self.proj_in(states_BLD)
        mask = None if mask_BL is None else mask_BL[:, None, None, :]
        for block in self.blocks:
            hidden = block(hidden, mask)
        tokens: torch.Tensor = self.proj_out(self.norm(hidden))
        return tokens
