"""Weights from a seed, under the published tensor names: the parity tests' stand-in for 2.7 GB of checkpoints.

Every number is a sum of integers (Philox words, whose stream numpy guarantees), rounded once: each machine, numpy and
torch makes the same bits. Gains are chosen so that scores spread: with usual initialisations every frame has nearly
the same feature, and a comparison of those would pass with half of the model missing.
"""

import hashlib
import math
import re
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tests.metrics.oracle.shapes import FULL, SHAPES, TINY, ModelName, Sizes

__all__ = ["FILES", "FULL", "SEED", "TINY", "draw", "state_dict", "write_weights"]

SEED = 20261126
"""The seed of all committed reference numbers."""

FILES: dict[ModelName, str] = {
    "dino": "dino_model/dino_vitbase16_pretrain.pth",
    "clip": "clip_model/ViT-B-32.pt",
    "viclip": "ViCLIP/ViClip-InternVid-10M-FLT.pth",
    "amt": "amt_model/amt-s.pth",
}
"""Where VBench's cache folder holds each model."""

_CHUNK = 1 << 22
_UNIT = math.sqrt(3) / 65536  # a sum of four uniform 16-bit numbers has the standard deviation 65536 / sqrt(3)


def draw(label: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Nearly normal numbers (sum of four uniforms), mean 0, standard deviation 1, fixed by `label` alone."""
    key = np.frombuffer(hashlib.sha256(label.encode()).digest()[:16], dtype="<u8")
    stream = np.random.Philox(key=key)
    count = math.prod(shape)
    out = np.empty(count, dtype=np.float32)
    for start in range(0, count, _CHUNK):
        word = stream.random_raw(min(_CHUNK, count - start))
        total = np.zeros(len(word), dtype=np.int64)
        for shift in (0, 16, 32, 48):
            total += ((word >> np.uint64(shift)) & np.uint64(0xFFFF)).astype(np.int64)
        out[start : start + len(word)] = (total - 2 * 65535).astype(np.float32) * np.float32(_UNIT)
    return out.reshape(shape)


def state_dict(model: ModelName, sizes: Sizes, seed: int = SEED) -> dict[str, torch.Tensor]:
    """Weights of one model in float32, CLIP's as its archive stores them (see `_as_stored`).

    Args:
        model: which checkpoint.
        sizes: `FULL`, `TINY` or sizes of your own; ignored for AMT.
        seed: other seeds give other weights, and no committed number holds for them.
    """
    state: dict[str, torch.Tensor] = {}
    for name, shape in SHAPES[model](sizes).items():
        mean, spread = _distribution(model, name, shape)
        value = draw(f"{seed}/{model}/{name}", shape) * np.float32(spread) + np.float32(mean)
        state[name] = torch.from_numpy(np.ascontiguousarray(value, dtype=np.float32))
    return _as_stored(state) if model == "clip" else state


_NORM = re.compile(r"(^|\.)(norm\d?|ln_\w+)\.(weight|bias)$")


def _distribution(model: ModelName, name: str, shape: tuple[int, ...]) -> tuple[float, float]:
    """Mean and standard deviation of one tensor's numbers."""
    if name in ("temp", "logit_scale"):
        return (0.01 if name == "temp" else math.log(1 / 0.07)), 0.0
    if model == "amt":
        return _amt_distribution(name, shape)
    if _NORM.search(name):
        return (1.0, 0.1) if name.endswith("weight") else (0.0, 0.05)
    if name.endswith("bias"):
        return 0.0, 0.05
    if name.endswith("token_embedding.weight"):
        return 0.0, 1.0
    if ("embed" in name and "patch_embed" not in name) or name == "cls_token":
        return 0.0, 0.2
    if name.endswith(("conv1.weight", "patch_embed.proj.weight")):
        return 0.0, 2.0 / math.sqrt(math.prod(shape[1:]))
    if "proj" in name and len(shape) == 2 and name.rsplit(".", 1)[-1] in ("proj", "text_projection"):
        return 0.0, 1.0 / math.sqrt(shape[0])  # stored (inputs, outputs)
    gain = 2.0 if "qkv" in name or "in_proj" in name else 1.5
    return 0.0, gain / math.sqrt(shape[1])


# Flows of a pixel or two and a picture that is not clipped: otherwise the score says nothing of the warps before it.
_AMT_GAINS = [
    (r"decoder1\.convblock\.2\.", 0.06),
    (r"decoder\d\.convblock\.2\.", 0.2),
    (r"flow_head\.2\.", 0.15),
    (r"comb_block\.2\.", 0.05),
]


def _amt_distribution(name: str, shape: tuple[int, ...]) -> tuple[float, float]:
    if len(shape) == 1:
        return (0.25, 0.05) if name.endswith("weight") else (0.0, 0.02)  # PReLU slopes; biases
    transposed = re.search(r"convblock\.2\.weight$", name) is not None
    fan_in = shape[0] * 4 if transposed else math.prod(shape[1:])  # a stride of 2 reads a quarter of a 4x4 kernel
    gain = next((gain for pattern, gain in _AMT_GAINS if re.search(pattern, name)), 1.2)
    return 0.0, gain / math.sqrt(fan_in)


def _as_stored(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """OpenAI's archive holds matrix and convolution weights with their biases in float16, the rest in float32."""
    halved = re.compile(r"(attn\.|mlp\.|conv1\.|(^|\.)proj$|text_projection$)")
    return {name: value.half() if halved.search(name) else value for name, value in state.items()}


def write_weights(folder: Path, sizes: Sizes, seed: int = SEED, models: tuple[ModelName, ...] = tuple(FILES)) -> None:
    """Writes checkpoints in the published file layouts, as VBench's cache folder holds them.

    Args:
        folder: becomes a `VBENCH_CACHE_DIR`, except for the tokenizer's vocabulary.
        sizes: `FULL` takes 2.5 GB, `TINY` 45 MB.
        seed: as for `state_dict`.
        models: which of the four to write.
    """
    for model in models:
        state = state_dict(model, sizes, seed)
        path = folder / FILES[model]
        path.parent.mkdir(parents=True, exist_ok=True)
        if model == "clip":
            _write_archive(state, path, sizes)
        else:
            torch.save({"viclip": {"model": state}, "amt": {"state_dict": state}, "dino": state}[model], path)


def _write_archive(state: dict[str, torch.Tensor], path: Path, sizes: Sizes) -> None:
    """CLIP is published as a TorchScript archive, and openai-clip 1.0.1 reads nothing else."""
    root = torch.nn.Module()
    for name, value in state.items():
        *parents, leaf = name.split(".")
        node = root
        for parent in parents:
            if not hasattr(node, parent):
                node.add_module(parent, torch.nn.Module())
            node = getattr(node, parent)
        node.register_parameter(leaf, torch.nn.Parameter(value, requires_grad=False))
    for name, number in (
        ("input_resolution", 224),
        ("context_length", sizes.clip_context),
        ("vocab_size", sizes.clip_vocab),
    ):
        root.register_buffer(name, torch.tensor(number))
    torch.jit.save(torch.jit.script(root), path)
