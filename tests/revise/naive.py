"""Second implementations of the model's modules, written from the formulas: loops over heads, explicit softmax.

They read a module's state dict and nothing else of it. Slow and plain on purpose.
"""

from __future__ import annotations

import math
from typing import Any

import torch

State = dict[str, torch.Tensor]


def under(state: State, prefix: str) -> State:
    """The entries below `prefix.`, without it."""
    return {name[len(prefix) + 1 :]: value for name, value in state.items() if name.startswith(prefix + ".")}


def linear(state: State, name: str, x: torch.Tensor) -> torch.Tensor:
    return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]


def normed(x: torch.Tensor, eps: float, weight: Any = 1.0, bias: Any = 0.0) -> torch.Tensor:
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(variance + eps) * weight + bias


def rms(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + eps) * weight


def gelu(x: torch.Tensor) -> torch.Tensor:
    return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def gelu_tanh(x: torch.Tensor) -> torch.Tensor:
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, heads: int) -> torch.Tensor:
    """One sequence: (Lq, D), (Lk, D), (Lk, D) to (Lq, D), a loop over heads."""
    size = q.shape[1] // heads
    outs = []
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        scores = q[:, part] @ k[:, part].T / math.sqrt(size)
        weights = torch.exp(scores - scores.amax(-1, keepdim=True))
        outs.append(weights / weights.sum(-1, keepdim=True) @ v[:, part])
    return torch.cat(outs, dim=-1)


def packed_attention(state: State, name: str, x: torch.Tensor, memory: torch.Tensor, heads: int) -> torch.Tensor:
    """torch's layout: queries, keys and values from one packed weight."""
    wq, wk, wv = state[f"{name}.in_proj_weight"].chunk(3)
    bq, bk, bv = state[f"{name}.in_proj_bias"].chunk(3)
    out = attention(x @ wq.T + bq, memory @ wk.T + bk, memory @ wv.T + bv, heads)
    return linear(state, f"{name}.out_proj", out)


def layer_norm(state: State, name: str, x: torch.Tensor, eps: float = 1e-5) -> torch.Tensor:
    return normed(x, eps, state[f"{name}.weight"], state[f"{name}.bias"])


def encoder_decoder(
    state: State, source: torch.Tensor, target: torch.Tensor, heads: int, layers: tuple[int, int]
) -> torch.Tensor:
    """Norm before each part, ReLU between the two matrices, a last norm on each side. One sample."""

    def feed_forward(where: str, x: torch.Tensor) -> torch.Tensor:
        return linear(state, f"{where}.linear2", torch.clamp(linear(state, f"{where}.linear1", x), min=0))

    memory = source
    for index in range(layers[0]):
        where = f"encoder.layers.{index}"
        x = layer_norm(state, f"{where}.norm1", memory)
        memory = memory + packed_attention(state, f"{where}.self_attn", x, x, heads)
        memory = memory + feed_forward(where, layer_norm(state, f"{where}.norm2", memory))
    memory = layer_norm(state, "encoder.norm", memory)
    out = target
    for index in range(layers[1]):
        where = f"decoder.layers.{index}"
        x = layer_norm(state, f"{where}.norm1", out)
        out = out + packed_attention(state, f"{where}.self_attn", x, x, heads)
        x = layer_norm(state, f"{where}.norm2", out)
        out = out + packed_attention(state, f"{where}.multihead_attn", x, memory, heads)
        out = out + feed_forward(where, layer_norm(state, f"{where}.norm3", out))
    return layer_norm(state, "decoder.norm", out)


def resampler(state: State, transformer: str, x: torch.Tensor, heads: int, layers: tuple[int, int]) -> torch.Tensor:
    """Perceptron, then the learned queries read what came of it. (L, Din) to (queries, D)."""
    hidden = linear(state, "fc.2", gelu(linear(state, "fc.0", x)))
    return encoder_decoder(under(state, transformer), hidden, state["decoder_query"][0], heads, layers)


def patches(x_CTHW: torch.Tensor, size: tuple[int, int, int]) -> list[list[list[torch.Tensor]]]:
    """Blocks (C, t, h, w), indexed by time, row and column."""
    pt, ph, pw = size
    _, time, height, width = x_CTHW.shape
    return [
        [
            [x_CTHW[:, t * pt : (t + 1) * pt, h * ph : (h + 1) * ph, w * pw : (w + 1) * pw] for w in range(width // pw)]
            for h in range(height // ph)
        ]
        for t in range(time // pt)
    ]


def visual_context(state: State, latents_CTHW: torch.Tensor, size: tuple[int, int, int]) -> torch.Tensor:
    """Source tokens (N, D), frame by frame, row by row."""
    kernel, bias = state["patch_embedding.weight"], state["patch_embedding.bias"]
    tokens = []
    for frame in patches(latents_CTHW, size):
        for row in frame:
            for block in row:
                embedded = (kernel * block).sum(dim=(1, 2, 3, 4)) + bias
                tokens.append(normed(linear(state, "projection", normed(embedded, 1e-6)), 1e-6))
    return torch.stack(tokens)


def refine(state: State, x: torch.Tensor, heads: int, layers: int) -> torch.Tensor:
    hidden = linear(state, "proj_in", x)
    for index in range(layers):
        block = under(state, f"blocks.{index}")
        q, k, v = linear(block, "qkv", layer_norm(block, "norm1", hidden)).chunk(3, dim=-1)
        hidden = hidden + linear(block, "out", attention(q, k, v, heads))
        inner = gelu(linear(block, "ffn.0", layer_norm(block, "norm2", hidden)))
        hidden = hidden + linear(block, "ffn.2", inner)
    return linear(state, "proj_out", layer_norm(state, "norm", hidden))


def rotate(x_LD: torch.Tensor, heads: int, grid: tuple[int, int, int]) -> torch.Tensor:
    """Rotary positions: pairs of channels as complex numbers; a head's pairs are shared by time, height, width."""
    size = x_LD.shape[1] // heads
    side = 2 * (size // 6)
    shares = (size - 2 * side, side, side)
    out = torch.empty_like(x_LD)
    index = 0
    for t in range(grid[0]):
        for h in range(grid[1]):
            for w in range(grid[2]):
                angles = [
                    position * 10000.0 ** (-2 * pair / share)
                    for position, share in zip((t, h, w), shares, strict=True)
                    for pair in range(share // 2)
                ]
                turn = torch.polar(
                    torch.ones(size // 2, dtype=torch.float64), torch.tensor(angles, dtype=torch.float64)
                )
                for head in range(heads):
                    part = slice(head * size, (head + 1) * size)
                    pairs = torch.view_as_complex(x_LD[index, part].double().reshape(-1, 2))
                    out[index, part] = torch.view_as_real(pairs * turn).reshape(-1).to(out)
                index += 1
    return out


def wan(
    state: State, latents_CTHW: torch.Tensor, timestep: float, context_LD: torch.Tensor, config: Any
) -> torch.Tensor:
    """The whole transformer for one sample, from the facts: adaLN of six, full-width RMS norms, GELU-tanh."""
    heads, eps = config.heads, config.eps
    blocks = patches(latents_CTHW, config.patch_size)
    grid = (len(blocks), len(blocks[0]), len(blocks[0][0]))
    kernel, bias = state["patch_embedding.weight"], state["patch_embedding.bias"]
    x = torch.stack([(kernel * b).sum(dim=(1, 2, 3, 4)) + bias for frame in blocks for row in frame for b in row])

    half = config.freq_dim // 2
    angles = [timestep * 10000.0 ** (-index / half) for index in range(half)]
    sinusoid = torch.tensor([math.cos(a) for a in angles] + [math.sin(a) for a in angles]).to(x)
    embedder = under(state, "condition_embedder")

    def silu(v: torch.Tensor) -> torch.Tensor:
        return v / (1 + torch.exp(-v))

    time = linear(embedder, "time_embedder.linear_2", silu(linear(embedder, "time_embedder.linear_1", sinusoid)))
    six = linear(embedder, "time_proj", silu(time)).reshape(6, -1)
    text = linear(embedder, "text_embedder.linear_2", gelu_tanh(linear(embedder, "text_embedder.linear_1", context_LD)))

    def attend(where: State, q_from: torch.Tensor, kv_from: torch.Tensor, rotary: bool) -> torch.Tensor:
        q = rms(linear(where, "to_q", q_from), where["norm_q.weight"], eps)
        k = rms(linear(where, "to_k", kv_from), where["norm_k.weight"], eps)
        if rotary:
            q, k = rotate(q, heads, grid), rotate(k, heads, grid)
        return linear(where, "to_out.0", attention(q, k, linear(where, "to_v", kv_from), heads))

    for index in range(config.layers):
        block = under(state, f"blocks.{index}")
        shift1, scale1, gate1, shift2, scale2, gate2 = block["scale_shift_table"][0] + six
        h = normed(x, eps) * (1 + scale1) + shift1
        x = x + attend(under(block, "attn1"), h, h, True) * gate1
        x = x + attend(under(block, "attn2"), layer_norm(block, "norm2", x, eps), text, False)
        h = normed(x, eps) * (1 + scale2) + shift2
        x = x + linear(block, "ffn.net.2", gelu_tanh(linear(block, "ffn.net.0.proj", h))) * gate2
    shift, scale = state["scale_shift_table"][0] + time
    x = linear(state, "proj_out", normed(x, eps) * (1 + scale) + shift)

    pt, ph, pw = config.patch_size
    out = torch.zeros(x.shape[1] // (pt * ph * pw), grid[0] * pt, grid[1] * ph, grid[2] * pw, dtype=x.dtype)
    index = 0
    for t in range(grid[0]):
        for h_ in range(grid[1]):
            for w in range(grid[2]):
                block = x[index].reshape(pt, ph, pw, -1).permute(3, 0, 1, 2)
                out[:, t * pt : (t + 1) * pt, h_ * ph : (h_ + 1) * ph, w * pw : (w + 1) * pw] = block
                index += 1
    return out
