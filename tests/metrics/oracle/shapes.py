"""Names and shapes of the tensors in the published checkpoints, and the two sets of sizes the parity tests use.

`FULL` is what is published; `TINY` keeps every name and patch size and shrinks widths and depths. AMT-S has one size:
it is small as published. The names and shapes were compared with the package's own classes (150, 302, 447 and 213
tensors, all equal).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

ModelName = Literal["dino", "clip", "viclip", "amt"]
Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tower:
    """Size of one transformer."""

    width: int
    layers: int
    heads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Sizes of the three transformers of one set of weights; patches are 16, 32 and 14 in every set."""

    name: str
    dino: Tower
    clip_vision: Tower
    clip_text: Tower
    clip_embed: int
    clip_context: int
    clip_vocab: int
    viclip_vision: Tower
    viclip_text: Tower
    viclip_embed: int


FULL = Sizes(
    name="full",
    dino=Tower(width=768, layers=12, heads=12),
    clip_vision=Tower(width=768, layers=12, heads=12),
    clip_text=Tower(width=512, layers=12, heads=8),
    clip_embed=512,
    clip_context=77,
    clip_vocab=49408,
    viclip_vision=Tower(width=1024, layers=24, heads=16),
    viclip_text=Tower(width=768, layers=12, heads=12),
    viclip_embed=768,
)
TINY = Sizes(
    name="tiny",
    # One head per 64 channels everywhere, as published: the number of heads stands in no tensor's shape.
    dino=Tower(width=128, layers=2, heads=2),
    clip_vision=Tower(width=128, layers=2, heads=2),
    clip_text=Tower(width=64, layers=1, heads=1),
    clip_embed=64,
    clip_context=77,
    clip_vocab=64,  # background consistency never asks for text
    viclip_vision=Tower(width=128, layers=2, heads=2),
    viclip_text=Tower(width=128, layers=2, heads=2),
    viclip_embed=64,
)

VICLIP_VOCAB = 49408
VICLIP_CONTEXT = 32
VICLIP_FRAMES = 8


def dino_shapes(sizes: Sizes) -> Shapes:
    """Tensors of DINO ViT-B/16 as facebookresearch/dino names them (150 in full)."""
    d = sizes.dino.width
    shapes: Shapes = {
        "cls_token": (1, 1, d),
        "pos_embed": (1, 14 * 14 + 1, d),
        "patch_embed.proj.weight": (d, 3, 16, 16),
        "patch_embed.proj.bias": (d,),
    }
    for layer in range(sizes.dino.layers):
        block = f"blocks.{layer}"
        shapes |= _norm(f"{block}.norm1", d)
        shapes |= _linear(f"{block}.attn.qkv", 3 * d, d)
        shapes |= _linear(f"{block}.attn.proj", d, d)
        shapes |= _norm(f"{block}.norm2", d)
        shapes |= _linear(f"{block}.mlp.fc1", 4 * d, d)
        shapes |= _linear(f"{block}.mlp.fc2", d, 4 * d)
    return shapes | _norm("norm", d)


def clip_shapes(sizes: Sizes) -> Shapes:
    """Tensors of CLIP ViT-B/32 as openai-clip names them (302 in full)."""
    vision, text = sizes.clip_vision, sizes.clip_text
    shapes: Shapes = {
        "positional_embedding": (sizes.clip_context, text.width),
        "text_projection": (text.width, sizes.clip_embed),
        "logit_scale": (),
        "visual.class_embedding": (vision.width,),
        "visual.positional_embedding": (7 * 7 + 1, vision.width),
        "visual.proj": (vision.width, sizes.clip_embed),
        "visual.conv1.weight": (vision.width, 3, 32, 32),
    }
    shapes |= _norm("visual.ln_pre", vision.width)
    shapes |= _clip_blocks("visual.transformer", vision)
    shapes |= _norm("visual.ln_post", vision.width)
    shapes |= _clip_blocks("transformer", text)
    shapes["token_embedding.weight"] = (sizes.clip_vocab, text.width)
    return shapes | _norm("ln_final", text.width)


def viclip_shapes(sizes: Sizes) -> Shapes:
    """Tensors of ViCLIP-L/14 as InternVideo and VBench name them (447 in full)."""
    vision, text = sizes.viclip_vision, sizes.viclip_text
    shapes: Shapes = {
        "temp": (),
        "vision_encoder.class_embedding": (vision.width,),
        "vision_encoder.positional_embedding": (16 * 16 + 1, vision.width),
        "vision_encoder.temporal_positional_embedding": (1, VICLIP_FRAMES, vision.width),
        "vision_encoder.proj": (vision.width, sizes.viclip_embed),
        "vision_encoder.conv1.weight": (vision.width, 3, 1, 14, 14),
    }
    shapes |= _norm("vision_encoder.ln_pre", vision.width)
    shapes |= _clip_blocks("vision_encoder.transformer", vision)
    shapes |= _norm("vision_encoder.ln_post", vision.width)
    shapes["text_encoder.positional_embedding"] = (VICLIP_CONTEXT, text.width)
    shapes["text_encoder.text_projection"] = (text.width, sizes.viclip_embed)
    shapes |= _clip_blocks("text_encoder.transformer", text)
    shapes["text_encoder.token_embedding.weight"] = (VICLIP_VOCAB, text.width)
    return shapes | _norm("text_encoder.ln_final", text.width)


def amt_shapes(_: Sizes) -> Shapes:
    """Tensors of AMT-S as its checkpoint names them (213)."""
    shapes = _conv("feat_encoder.conv1", 32, 3, 7)
    for layer, (before, after) in enumerate([(32, 32), (32, 64), (64, 96)], start=1):
        for block, channels in enumerate([before, after]):
            name = f"feat_encoder.layer{layer}.{block}"
            shapes |= _conv(f"{name}.conv1", after // 4, channels, 1)
            shapes |= _conv(f"{name}.conv2", after // 4, after // 4, 3)
            shapes |= _conv(f"{name}.conv3", after, after // 4, 1)
            if channels != after:
                shapes |= _conv(f"{name}.downsample.0", after, channels, 1)
    shapes |= _conv("feat_encoder.conv2", 84, 96, 1)
    pyramid = [3, 20, 32, 44, 56]
    for level in range(1, 5):
        shapes |= _convrelu(f"encoder.pyramid{level}.0", pyramid[level], pyramid[level - 1])
        shapes |= _convrelu(f"encoder.pyramid{level}.1", pyramid[level], pyramid[level])
    for level, (inputs, channels, outputs) in {
        4: (113, 112, 48),
        3: (136, 132, 36),
        2: (100, 96, 24),
        1: (64, 60, 24),
    }.items():
        block = f"decoder{level}.convblock"
        shapes |= _convrelu(f"{block}.0", channels, inputs)
        shapes |= _convrelu(f"{block}.1.conv1", channels, channels)
        shapes |= _convrelu(f"{block}.1.conv2", 20, 20)
        shapes |= _convrelu(f"{block}.1.conv3", channels, channels)
        shapes |= _convrelu(f"{block}.1.conv4", 20, 20)
        shapes |= _conv(f"{block}.1.conv5", channels, channels, 3)
        shapes[f"{block}.1.prelu.weight"] = (channels,)
        shapes |= {f"{block}.2.weight": (channels, outputs, 4, 4), f"{block}.2.bias": (outputs,)}  # transposed
    for level, channels in {4: 44, 3: 32, 2: 20}.items():
        update = f"update{level}"
        shapes |= _conv(f"{update}.convc1", 64, 2 * 4 * 7 * 7, 1)
        shapes |= _conv(f"{update}.convf1", 40, 4, 7)
        shapes |= _conv(f"{update}.convf2", 20, 40, 3)
        shapes |= _conv(f"{update}.conv", 68, 84, 3)
        shapes |= _conv(f"{update}.gru.0", 76, 68 + 4 + channels, 3)
        shapes |= _conv(f"{update}.gru.2", 76, 76, 3)
        for head, outputs in {"feat_head": channels, "flow_head": 4}.items():
            shapes |= _conv(f"{update}.{head}.0", 76, 76, 3)
            shapes |= _conv(f"{update}.{head}.2", outputs, 76, 3)
    shapes |= _conv("comb_block.0", 18, 9, 3)
    shapes["comb_block.1.weight"] = (18,)
    return shapes | _conv("comb_block.2", 3, 18, 3)


def _linear(name: str, outputs: int, inputs: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _conv(name: str, outputs: int, inputs: int, kernel: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs, kernel, kernel), f"{name}.bias": (outputs,)}


def _convrelu(name: str, outputs: int, inputs: int) -> Shapes:
    return _conv(f"{name}.0", outputs, inputs, 3) | {f"{name}.1.weight": (outputs,)}


def _clip_blocks(name: str, tower: Tower) -> Shapes:
    shapes: Shapes = {}
    d = tower.width
    for layer in range(tower.layers):
        block = f"{name}.resblocks.{layer}"
        shapes |= {f"{block}.attn.in_proj_weight": (3 * d, d), f"{block}.attn.in_proj_bias": (3 * d,)}
        shapes |= _linear(f"{block}.attn.out_proj", d, d)
        shapes |= _norm(f"{block}.ln_1", d)
        shapes |= _linear(f"{block}.mlp.c_fc", 4 * d, d)
        shapes |= _linear(f"{block}.mlp.c_proj", d, 4 * d)
        shapes |= _norm(f"{block}.ln_2", d)
    return shapes


SHAPES: dict[ModelName, Callable[[Sizes], Shapes]] = {
    "dino": dino_shapes,
    "clip": clip_shapes,
    "viclip": viclip_shapes,
    "amt": amt_shapes,
}
