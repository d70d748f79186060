"""The transformer block that DINO, CLIP and ViCLIP have in common.

All three are pre-norm transformers (Dosovitskiy et al., ICLR 2021; Radford et al., ICML 2021). They differ in the
activation, the epsilon of the layer norms and whether a token may look ahead.

Axes: B videos or frames, L tokens, D channels, H heads, C channels of a head.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from rvebench.metrics.backbones.attend import attend
from rvebench.metrics.backbones.linear import Linear

__all__ = ["Activation", "Attention", "Block", "Blocks", "Mlp", "quick_gelu"]

Activation = Literal["gelu", "quick_gelu"]

_ROWS = 704
"""Tokens that pass an MLP at once on a CPU: what stands between its layers stays in the cache."""


def quick_gelu(x: Tensor) -> Tensor:
    """Returns x * sigmoid(1.702 x), OpenAI CLIP's stand-in for GELU."""
    return torch.sigmoid_(x * 1.702).mul_(x)


class Attention(nn.Module):
    """Multi-head self-attention with one matrix for queries, keys and values.

    Args:
        width: channels of a token.
        heads: attention heads; they divide `width`.
        causal: whether a token sees only itself and those before it.
    """

    def __init__(self, width: int, heads: int, *, causal: bool = False) -> None:
        super().__init__()
        self.heads = heads
        self.causal = causal
        self.qkv = Linear(width, 3 * width)
        self.proj = Linear(width, width)

    def forward(self, x_BLD: Tensor, *, first_only: bool = False) -> Tensor:
        """Returns (B, L, D), or (B, 1, D) where only what the first token gathers is wanted."""
        B, L, D = x_BLD.shape
        q_BHLC, k_BHLC, v_BHLC = self.qkv(x_BLD).view(B, L, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        if first_only:
            q_BHLC = q_BHLC[:, :, :1]
        return self.proj(attend(q_BHLC, k_BHLC, v_BHLC, causal=self.causal))


class Mlp(nn.Module):
    """Two linear layers with an activation between them, four times as wide inside."""

    def __init__(self, width: int, activation: Activation) -> None:
        super().__init__()
        self.activation = activation
        self.fc1 = Linear(width, 4 * width)
        self.fc2 = Linear(4 * width, width)

    def forward(self, x_BLD: Tensor) -> Tensor:
        """Returns (B, L, D)."""
        rows_ND = x_BLD.flatten(0, 1)
        shares = -(-len(rows_ND) // _ROWS) if x_BLD.device.type == "cpu" else 1
        return torch.cat([self._through(share_ND) for share_ND in rows_ND.chunk(shares)]).view_as(x_BLD)

    def _through(self, x_ND: Tensor) -> Tensor:
        return self.fc2(self.fc1.gelu(x_ND) if self.activation == "gelu" else quick_gelu(self.fc1(x_ND)))


class Block(nn.Module):
    """Attention, then the MLP, each of them normalised before and added to what came in."""

    def __init__(self, width: int, heads: int, activation: Activation, *, eps: float, causal: bool = False) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=eps)
        self.attn = Attention(width, heads, causal=causal)
        self.norm2 = nn.LayerNorm(width, eps=eps)
        self.mlp = Mlp(width, activation)

    def forward(self, x_BLD: Tensor, *, first_only: bool = False) -> Tensor:
        """Returns (B, L, D), or (B, 1, D): the first token alone, from all the tokens."""
        kept_BLD = x_BLD[:, :1] if first_only else x_BLD
        kept_BLD = kept_BLD + self.attn(self.norm1(x_BLD), first_only=first_only)
        return kept_BLD + self.mlp(self.norm2(kept_BLD))


class Blocks(nn.ModuleList):
    """Blocks one after the other."""

    def __init__(
        self, depth: int, width: int, heads: int, activation: Activation, *, eps: float, causal: bool = False
    ) -> None:
        super().__init__([Block(width, heads, activation, eps=eps, causal=causal) for _ in range(depth)])

    def forward(self, x_BLD: Tensor) -> Tensor:
        """Returns every token, (B, L, D)."""
        for block in self:
            x_BLD = block(x_BLD)
        return x_BLD

    def first_token(self, x_BLD: Tensor) -> Tensor:
        """Returns what :meth:`forward` gives for the first token, (B, D).

        The other tokens of the last block are never computed, for nothing reads them. In a model of 12 blocks this
        is one sixteenth of the work, and the result is the same.
        """
        inner: Sequence[nn.Module] = list(self)
        for block in inner[:-1]:
            x_BLD = block(x_BLD)
        return inner[-1](x_BLD, first_only=True)[:, 0]
