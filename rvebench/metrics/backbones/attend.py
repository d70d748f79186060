"""Attention of every token to every other, the fastest way that a machine offers.

Torch's fused kernel never writes down how much each token attends to each other one. On a CPU it falls short in
bfloat16: over the 2,049 tokens of ViCLIP on an AMD EPYC of family 25, 67 GFLOP per second of a core, no more than in
float32. Two plain products with a softmax between them reach 115, if what lies between them stays in the cache; they
round it to bfloat16, as the products' other operands are.

Axes: B videos or frames, H heads, L tokens, C channels of a head.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from rvebench.metrics.backbones.linear import has_onednn

__all__ = ["attend", "attend_by_products"]

_SCORES = 3 << 19
"""Weights of attention that are written down at once: 3 MB of bfloat16."""


def _products_pay() -> bool:
    """Returns whether this CPU multiplies in bfloat16 without tiles (AMX), for which torch's kernel has a path."""
    tiles = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return has_onednn() and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and not (tiles and tiles())


_BF16_PRODUCTS = _products_pay()


def attend(q_BHLC: Tensor, k_BHLC: Tensor, v_BHLC: Tensor, *, causal: bool = False) -> Tensor:
    """Returns what each token gathers, softmax(q k^T / sqrt(C)) v, with the heads side by side: (B, L, H * C).

    Args:
        q_BHLC: queries, perhaps of fewer tokens than there are keys.
        k_BHLC: keys.
        v_BHLC: values.
        causal: whether a token sees only itself and those before it.
    """
    many = q_BHLC.shape[2] > 1 and not causal
    if many and _BF16_PRODUCTS and q_BHLC.device.type == "cpu" and q_BHLC.dtype == torch.bfloat16:
        return attend_by_products(q_BHLC, k_BHLC, v_BHLC)
    return F.scaled_dot_product_attention(q_BHLC, k_BHLC, v_BHLC, is_causal=causal).transpose(1, 2).flatten(2)


def attend_by_products(q_BHLC: Tensor, k_BHLC: Tensor, v_BHLC: Tensor, *, scores: int = _SCORES) -> Tensor:
    """Returns the same without a fused kernel, (B, L, H * C).

    Args:
        q_BHLC: queries.
        k_BHLC: keys.
        v_BHLC: values.
        scores: numbers that may stand between the products; more only where one token needs more.
    """
    B, H, L, C = q_BHLC.shape
    gathered_BLHC = q_BHLC.new_empty((B, L, H, C))
    scaled_BHLC = q_BHLC * C**-0.5
    per_head = L * k_BHLC.shape[2]
    if H * per_head <= scores:
        together = scores // (H * per_head)
        for start in range(0, B, together):
            part = slice(start, start + together)
            weights_BHLL = (scaled_BHLC[part] @ k_BHLC[part].mT).softmax(-1)
            gathered_BLHC[part] = (weights_BHLL @ v_BHLC[part]).transpose(1, 2)
        return gathered_BLHC.flatten(2)
    # One head at a time, its queries in equal shares: oneDNN is fastest with products of two axes.
    shares = -(-per_head // scores)
    for video in range(B):
        for head in range(H):
            k_CL, v_LC = k_BHLC[video, head].mT, v_BHLC[video, head]
            rows = -(-L // shares)
            for start in range(0, L, rows):
                weights_LL = (scaled_BHLC[video, head, start : start + rows] @ k_CL).softmax(-1)
                gathered_BLHC[video, start : start + rows, head] = weights_LL @ v_LC
    return gathered_BLHC.flatten(2)
