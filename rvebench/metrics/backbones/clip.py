"""OpenAI's CLIP with vision transformers (Radford et al., ICML 2021): ViT-B/32 for background consistency and CLIP-T.

The weights are those of OpenAI's `ViT-B-32.pt`. Both towers are read from that one file, each alone when only one is
wanted. The file holds half-precision numbers; they are computed with in float32, as `clip.load` does on a CPU.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rvebench.errors import DataError
from rvebench.metrics.backbones.attention import Blocks
from rvebench.metrics.backbones.loading import build, depth_of, heads_of, shape_of, without_prefix

__all__ = ["ClipText", "ClipVision", "TextConfig", "VisionConfig", "load_text", "load_vision", "rename"]

_VISION = "CLIP's vision transformer"
_TEXT = "CLIP's text transformer"
EPS = 1e-5
"""Of CLIP's and ViCLIP's layer norms."""

_RENAMED = {
    "transformer.resblocks.": "blocks.",
    ".ln_1.": ".norm1.",
    ".ln_2.": ".norm2.",
    ".attn.in_proj_": ".attn.qkv.",
    ".attn.out_proj.": ".attn.proj.",
    ".mlp.c_fc.": ".mlp.fc1.",
    ".mlp.c_proj.": ".mlp.fc2.",
}
_NO_WEIGHTS = frozenset({"logit_scale", "input_resolution", "context_length", "vocab_size"})
"""Entries of the published file that neither tower computes with."""


def rename(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Returns the tensors of a CLIP or ViCLIP checkpoint under the names that the modules here use."""
    renamed = {}
    for name, tensor in state.items():
        for published, ours in _RENAMED.items():
            name = name.replace(published, ours)
        renamed[name] = tensor
    return renamed


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionConfig:
    """Sizes of CLIP's vision transformer."""

    width: int
    """Channels of a token."""
    depth: int
    """Blocks."""
    heads: int
    """Attention heads."""
    patch: int
    """Side of a patch, pixels."""
    grid: int
    """Patches along each side of a frame."""
    output: int
    """Channels of an embedding."""

    @classmethod
    def of(cls, state: Mapping[str, Tensor], *, model: str = _VISION) -> VisionConfig:
        """Returns the sizes of a vision transformer's tensors, named as in the published file without a prefix.

        Raises:
            DataError: the tensors are not those of a vision transformer of CLIP's kind.
        """
        conv = state.get("conv1.weight")
        width, *_, patch = shape_of(state, "conv1.weight", 4 if conv is None else conv.dim(), model=model)
        tokens, _ = shape_of(state, "positional_embedding", 2, model=model)
        _, output = shape_of(state, "proj", 2, model=model)
        grid = math.isqrt(tokens - 1)
        if grid * grid != tokens - 1 or grid == 0:
            raise DataError(f"these are not the weights of {model}: {tokens - 1} position embeddings are no square")
        depth = depth_of(state, "transformer.resblocks.", model=model)
        return cls(width=width, depth=depth, heads=heads_of(width, model=model), patch=patch, grid=grid, output=output)

    @property
    def side(self) -> int:
        """The side of the square frames that it takes, pixels."""
        return self.grid * self.patch


@dataclass(frozen=True, slots=True, kw_only=True)
class TextConfig:
    """Sizes of a text transformer of CLIP's kind."""

    width: int
    """Channels of a token."""
    depth: int
    """Blocks."""
    heads: int
    """Attention heads."""
    context: int
    """Tokens of a text, start and end included."""
    vocabulary: int
    """Different tokens."""
    output: int
    """Channels of an embedding."""

    @classmethod
    def of(cls, state: Mapping[str, Tensor], *, model: str = _TEXT) -> TextConfig:
        """Returns the sizes of a text transformer's tensors, named as in the published file without a prefix.

        Raises:
            DataError: the tensors are not those of a text transformer of CLIP's kind.
        """
        vocabulary, width = shape_of(state, "token_embedding.weight", 2, model=model)
        context, _ = shape_of(state, "positional_embedding", 2, model=model)
        _, output = shape_of(state, "text_projection", 2, model=model)
        depth = depth_of(state, "transformer.resblocks.", model=model)
        return cls(
            width=width,
            depth=depth,
            heads=heads_of(width, model=model),
            context=context,
            vocabulary=vocabulary,
            output=output,
        )


class ClipVision(nn.Module):
    """CLIP's vision transformer with its projection into the space shared with texts."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.config = config
        self.conv1 = nn.Conv2d(3, config.width, kernel_size=config.patch, stride=config.patch, bias=False)
        self.class_embedding = nn.Parameter(torch.empty(config.width))
        self.positional_embedding = nn.Parameter(torch.empty(1 + config.grid**2, config.width))
        self.ln_pre = nn.LayerNorm(config.width, eps=EPS)
        self.blocks = Blocks(config.depth, config.width, config.heads, "quick_gelu", eps=EPS)
        self.ln_post = nn.LayerNorm(config.width, eps=EPS)
        self.proj = nn.Parameter(torch.empty(config.width, config.output))

    def forward(self, pixels_BCHW: Tensor) -> Tensor:
        """Returns the embedding of each frame, not normalised, float32, (B, output).

        Args:
            pixels_BCHW: square frames normalised by :func:`rvebench.metrics.preprocess.clip_input`.

        Raises:
            ValueError: the frames have another size than the network was trained on.
        """
        _check_side(pixels_BCHW, self.config.side)
        patches_BLD = self.conv1(pixels_BCHW.to(self.proj.dtype)).flatten(2).transpose(1, 2)
        first_BLD = self.class_embedding.expand(len(patches_BLD), 1, -1)
        x_BLD = self.ln_pre(torch.cat((first_BLD, patches_BLD), dim=1) + self.positional_embedding)
        return (self.ln_post(self.blocks.first_token(x_BLD)) @ self.proj).float()


class ClipText(nn.Module):
    """A text transformer of CLIP's kind with its projection into the space shared with pictures."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocabulary, config.width)
        self.positional_embedding = nn.Parameter(torch.empty(config.context, config.width))
        self.blocks = Blocks(config.depth, config.width, config.heads, "quick_gelu", eps=EPS, causal=True)
        self.ln_final = nn.LayerNorm(config.width, eps=EPS)
        self.text_projection = nn.Parameter(torch.empty(config.width, config.output))

    def forward(self, ids_BL: Tensor) -> Tensor:
        """Returns the embedding of each text, not normalised, float32, (B, output).

        A text's embedding is read at its end token, the one with the highest id. No token looks ahead, so what fills
        up a text after its end changes nothing and is not computed.

        Args:
            ids_BL: token ids of :class:`rvebench.metrics.backbones.tokenizer.Tokenizer`, padded to equal length.

        Raises:
            ValueError: there are more tokens than the network takes.
        """
        if ids_BL.shape[1] > self.config.context:
            raise ValueError(f"{ids_BL.shape[1]} tokens, but the text transformer takes {self.config.context}")
        end_B = ids_BL.argmax(dim=1)
        length = int(end_B.max()) + 1
        x_BLD = self.blocks(self.token_embedding(ids_BL[:, :length]) + self.positional_embedding[:length])
        last_BD = x_BLD[torch.arange(len(x_BLD), device=x_BLD.device), end_B]
        return (self.ln_final(last_BD) @ self.text_projection).float()


def _check_side(pixels: Tensor, side: int) -> None:
    if pixels.shape[-2:] != (side, side):
        raise ValueError(f"frames of {pixels.shape[-1]} x {pixels.shape[-2]}, but the network takes {side} x {side}")


def load_vision(state: Mapping[str, Tensor]) -> ClipVision:
    """Returns the vision transformer of a CLIP checkpoint, in float32, ready for inference.

    Raises:
        DataError: the tensors are not exactly those of CLIP with a vision transformer.
    """
    tower = without_prefix(state, "visual.")
    config = VisionConfig.of(tower)
    return build(lambda: ClipVision(config), rename(tower), model=_VISION)


def load_text(state: Mapping[str, Tensor]) -> ClipText:
    """Returns the text transformer of a CLIP checkpoint, in float32, ready for inference.

    Raises:
        DataError: the tensors are not exactly those of CLIP with a text transformer.
    """
    tower = {name: tensor for name, tensor in state.items() if not name.startswith("visual.")}
    tower = {name: tensor for name, tensor in tower.items() if name not in _NO_WEIGHTS}
    config = TextConfig.of(tower)
    return build(lambda: ClipText(config), rename(tower), model=_TEXT)
