"""DINO's vision transformer (Caron et al., ICCV 2021): frame features for subject consistency.

The weights are those of `facebookresearch/dino`, dino_vitbase16_pretrain.pth. The network takes frames of any size;
VBench gives it frames of short side 224 that are not cropped, so the position embeddings, learned on a square grid,
are stretched to the frame's own grid.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rvebench.errors import DataError
from rvebench.metrics.backbones.attention import Blocks
from rvebench.metrics.backbones.loading import build, depth_of, heads_of, shape_of

__all__ = ["DinoConfig", "DinoVit", "load"]

_MODEL = "a DINO vision transformer"
_GRIDS_KEPT = 8
"""Frame sizes whose position embeddings are kept; one takes about a megabyte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DinoConfig:
    """Sizes of a DINO vision transformer."""

    width: int
    """Channels of a token."""
    depth: int
    """Blocks."""
    heads: int
    """Attention heads."""
    patch: int
    """Side of a patch, pixels."""
    grid: int
    """Patches along each side of the square that the position embeddings were learned on."""

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> DinoConfig:
        """Returns the sizes that a checkpoint's tensors have.

        Raises:
            DataError: the tensors are not those of a DINO vision transformer.
        """
        width, _, patch, _ = shape_of(state, "patch_embed.proj.weight", 4, model=_MODEL)
        tokens = shape_of(state, "pos_embed", 3, model=_MODEL)[1]
        grid = math.isqrt(tokens - 1)
        if grid * grid != tokens - 1 or grid == 0:
            raise DataError(f"these are not the weights of {_MODEL}: {tokens - 1} position embeddings are no square")
        depth = depth_of(state, "blocks.", model=_MODEL)
        return cls(width=width, depth=depth, heads=heads_of(width, model=_MODEL), patch=patch, grid=grid)


class _PatchEmbed(nn.Module):
    def __init__(self, width: int, patch: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, kernel_size=patch, stride=patch)


class DinoVit(nn.Module):
    """DINO's vision transformer without a head; its parameters bear the published names."""

    def __init__(self, config: DinoConfig) -> None:
        super().__init__()
        self.config = config
        self.cls_token = nn.Parameter(torch.empty(1, 1, config.width))
        self.pos_embed = nn.Parameter(torch.empty(1, 1 + config.grid**2, config.width))
        self.patch_embed = _PatchEmbed(config.width, config.patch)
        self.blocks = Blocks(config.depth, config.width, config.heads, "gelu", eps=1e-6)
        self.norm = nn.LayerNorm(config.width, eps=1e-6)
        self._positions: dict[tuple[object, ...], Tensor] = {}

    def forward(self, pixels_BCHW: Tensor) -> Tensor:
        """Returns the class token of each frame, float32, (B, D).

        Args:
            pixels_BCHW: frames normalised by :func:`rvebench.metrics.preprocess.dino_input`. Rows and columns after
                the last whole patch are not seen.

        Raises:
            ValueError: a side is shorter than a patch.
        """
        height, width = pixels_BCHW.shape[-2:]
        if min(height, width) < self.config.patch:
            raise ValueError(f"a frame of {width} x {height} holds no patch of {self.config.patch} pixels")
        patches_BDHW = self.patch_embed.proj(pixels_BCHW.to(self.cls_token.dtype))
        patches_BLD = patches_BDHW.flatten(2).transpose(1, 2)
        first_BLD = self.cls_token.expand(len(patches_BLD), -1, -1)
        x_BLD = torch.cat((first_BLD, patches_BLD), dim=1) + self._position(height, width)
        return self.norm(self.blocks.first_token(x_BLD)).float()

    def _position(self, height: int, width: int) -> Tensor:
        """Returns the position embeddings of a frame of `height` x `width` pixels, (1, 1 + patches, D)."""
        rows, columns = height // self.config.patch, width // self.config.patch
        if height == width and rows == self.config.grid:
            return self.pos_embed
        key = (rows, columns, self.pos_embed.dtype, self.pos_embed.device)
        found = self._positions.get(key)
        if found is None:
            found = stretched(self.pos_embed.float(), rows, columns).to(self.pos_embed.dtype)
            if len(self._positions) >= _GRIDS_KEPT:
                self._positions.clear()
            self._positions[key] = found
        return found


def stretched(position_1LD: Tensor, rows: int, columns: int) -> Tensor:
    """Returns position embeddings of a square grid, stretched bicubically to `rows` x `columns`.

    DINO adds 0.1 to each side so that rounding never loses a row, and hands the quotient of the sides, 0.1 included,
    to the interpolation. Its samples therefore lie a little closer together than rows / side; published scores have
    this in them.
    """
    first_1LD, grid_1LD = position_1LD[:, :1], position_1LD[:, 1:]
    side, channels = math.isqrt(grid_1LD.shape[1]), grid_1LD.shape[2]
    grid_1DHW = F.interpolate(
        grid_1LD.reshape(1, side, side, channels).permute(0, 3, 1, 2),
        scale_factor=((rows + 0.1) / side, (columns + 0.1) / side),
        mode="bicubic",
        align_corners=False,
        recompute_scale_factor=False,
    )
    assert grid_1DHW.shape[-2:] == (rows, columns)
    return torch.cat((first_1LD, grid_1DHW.flatten(2).transpose(1, 2)), dim=1)


def load(state: Mapping[str, Tensor]) -> DinoVit:
    """Returns the network of a checkpoint, in float32, ready for inference.

    Raises:
        DataError: the tensors are not exactly those of a DINO vision transformer.
    """
    config = DinoConfig.of(state)
    return build(lambda: DinoVit(config), state, model=_MODEL)
