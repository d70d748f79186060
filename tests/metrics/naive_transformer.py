"""A second implementation of the transformers: float64 numpy, one head and one token at a time, published names.

It shares nothing with `rvebench.metrics.backbones`: no fused matrices beyond what the checkpoint holds, an explicit
softmax, a mask made of a loop, a bicubic interpolation that sums its sixteen neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

Array = npt.NDArray[np.float64]
State = Mapping[str, Array]

DINO_NAMES = {
    "norm1": "norm1",
    "qkv_weight": "attn.qkv.weight",
    "qkv_bias": "attn.qkv.bias",
    "proj": "attn.proj",
    "norm2": "norm2",
    "fc1": "mlp.fc1",
    "fc2": "mlp.fc2",
}
CLIP_NAMES = {
    "norm1": "ln_1",
    "qkv_weight": "attn.in_proj_weight",
    "qkv_bias": "attn.in_proj_bias",
    "proj": "attn.out_proj",
    "norm2": "ln_2",
    "fc1": "mlp.c_fc",
    "fc2": "mlp.c_proj",
}


def as_numpy(state: Mapping[str, torch.Tensor]) -> dict[str, Array]:
    return {name: tensor.double().numpy() for name, tensor in state.items()}


def layer_norm(state: State, name: str, x: Array, eps: float) -> Array:
    out = np.empty_like(x)
    for index, row in enumerate(x):
        centred = row - row.mean()
        out[index] = centred / math.sqrt((centred**2).mean() + eps) * state[f"{name}.weight"] + state[f"{name}.bias"]
    return out


def linear(state: State, name: str, x: Array) -> Array:
    return np.stack([state[f"{name}.weight"] @ row + state[f"{name}.bias"] for row in x])


def gelu(x: Array) -> Array:
    return x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2


def quick_gelu(x: Array) -> Array:
    return x / (1 + np.exp(-1.702 * x))


def softmax(scores: Array) -> Array:
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


def attend(state: State, block: str, names: Mapping[str, str], x: Array, *, causal: bool) -> Array:
    length, width = x.shape
    weight, bias = state[f"{block}.{names['qkv_weight']}"], state[f"{block}.{names['qkv_bias']}"]
    queries, keys, values = (
        x @ weight[part * width : (part + 1) * width].T + bias[part * width : (part + 1) * width] for part in range(3)
    )
    gathered = np.empty_like(x)
    for start in range(0, width, 64):
        head = slice(start, start + 64)
        for token in range(length):
            seen = token + 1 if causal else length
            weights = softmax(keys[:seen, head] @ queries[token, head] / 8)  # 8 = sqrt(64)
            gathered[token, head] = weights @ values[:seen, head]
    return linear(state, f"{block}.{names['proj']}", gathered)


def blocks(state: State, prefix: str, x: Array, *, clip: bool, causal: bool = False) -> Array:
    names, eps, activation = (CLIP_NAMES, 1e-5, quick_gelu) if clip else (DINO_NAMES, 1e-6, gelu)
    depth = 0
    while (block := f"{prefix}.{depth}") + f".{names['qkv_weight']}" in state:
        x = x + attend(state, block, names, layer_norm(state, f"{block}.{names['norm1']}", x, eps), causal=causal)
        hidden = activation(
            linear(state, f"{block}.{names['fc1']}", layer_norm(state, f"{block}.{names['norm2']}", x, eps))
        )
        x = x + linear(state, f"{block}.{names['fc2']}", hidden)
        depth += 1
    assert depth
    return x


def patches(pixels_CHW: Array, kernel: Array) -> list[list[Array]]:
    """Returns the embedding of each whole patch, by row and column, without a bias."""
    side = kernel.shape[-1]
    rows, columns = pixels_CHW.shape[1] // side, pixels_CHW.shape[2] // side
    flat = kernel.reshape(len(kernel), -1)
    return [
        [
            flat @ pixels_CHW[:, row * side : (row + 1) * side, column * side : (column + 1) * side].ravel()
            for column in range(columns)
        ]
        for row in range(rows)
    ]


def cubic(distance: float) -> float:
    """Returns Keys' kernel with a = -0.75, which torch interpolates with."""
    a, t = -0.75, abs(distance)
    if t <= 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a if t < 2 else 0.0


def bicubic(grid_HWD: Array, row: float, column: float) -> Array:
    """Returns the value between the points of a grid, whose borders go on forever."""
    height, width, channels = grid_HWD.shape
    total = np.zeros(channels)
    for y in range(math.floor(row) - 1, math.floor(row) + 3):
        for x in range(math.floor(column) - 1, math.floor(column) + 3):
            point = grid_HWD[min(max(y, 0), height - 1), min(max(x, 0), width - 1)]
            total += cubic(row - y) * cubic(column - x) * point
    return total


def dino(state: State, pixels_CHW: Array) -> Array:
    found = patches(pixels_CHW, state["patch_embed.proj.weight"])
    position = state["pos_embed"][0]
    side = math.isqrt(len(position) - 1)
    grid = position[1:].reshape(side, side, -1)
    height, width = pixels_CHW.shape[1:]
    exact = height == width and len(found) == side
    tokens = [state["cls_token"][0, 0] + position[0]]
    for row, line in enumerate(found):
        for column, patch in enumerate(line):
            y = (row + 0.5) * side / (len(found) + 0.1) - 0.5
            x = (column + 0.5) * side / (len(line) + 0.1) - 0.5
            place = grid[row, column] if exact else bicubic(grid, y, x)
            tokens.append(patch + state["patch_embed.proj.bias"] + place)
    x_LD = blocks(state, "blocks", np.stack(tokens), clip=False)
    return layer_norm(state, "norm", x_LD, 1e-6)[0]


def clip_vision(state: State, pixels_CHW: Array) -> Array:
    found = [patch for line in patches(pixels_CHW, state["visual.conv1.weight"]) for patch in line]
    tokens = np.stack([state["visual.class_embedding"], *found]) + state["visual.positional_embedding"]
    x_LD = blocks(state, "visual.transformer.resblocks", layer_norm(state, "visual.ln_pre", tokens, 1e-5), clip=True)
    return layer_norm(state, "visual.ln_post", x_LD[:1], 1e-5)[0] @ state["visual.proj"]


def clip_text(state: State, ids: list[int], prefix: str = "") -> Array:
    """Returns the embedding of one text; all of its tokens are computed, those after the end too."""
    table = state[f"{prefix}token_embedding.weight"]
    x_LD = np.stack([table[token] for token in ids]) + state[f"{prefix}positional_embedding"][: len(ids)]
    x_LD = blocks(state, f"{prefix}transformer.resblocks", x_LD, clip=True, causal=True)
    return layer_norm(state, f"{prefix}ln_final", x_LD, 1e-5)[ids.index(max(ids))] @ state[f"{prefix}text_projection"]


def viclip_video(state: State, pixels_TCHW: Array) -> Array:
    tower = {name.removeprefix("vision_encoder."): value for name, value in state.items()}
    position, time = tower["positional_embedding"], tower["temporal_positional_embedding"][0]
    tokens = [tower["class_embedding"] + position[0]]
    for index, frame in enumerate(pixels_TCHW):
        found = [patch for line in patches(frame, tower["conv1.weight"][:, :, 0]) for patch in line]
        tokens += [patch + place + time[index] for patch, place in zip(found, position[1:], strict=True)]
    x_LD = blocks(tower, "transformer.resblocks", layer_norm(tower, "ln_pre", np.stack(tokens), 1e-5), clip=True)
    return layer_norm(tower, "ln_post", x_LD[:1], 1e-5)[0] @ tower["proj"]
