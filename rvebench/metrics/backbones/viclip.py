"""ViCLIP-L/14 (Wang et al., InternVid, ICLR 2024): videos and texts in one space, for overall consistency.

The weights are those of `ViClip-InternVid-10M-FLT.pth`. Every patch of all eight frames attends to every other, in
one sequence of 1 + 8 * 256 tokens; the text transformer is CLIP's with a context of 32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rvebench.metrics.backbones.attention import Blocks
from rvebench.metrics.backbones.clip import EPS, ClipText, TextConfig, VisionConfig, rename
from rvebench.metrics.backbones.loading import build, shape_of, without_prefix

__all__ = ["ViClip", "ViClipConfig", "load"]

_MODEL = "ViCLIP"
_PREFIXES = {"vision_encoder.": "vision.", "text_encoder.": "text."}


@dataclass(frozen=True, slots=True, kw_only=True)
class ViClipConfig:
    """Sizes of ViCLIP."""

    vision: VisionConfig
    """Of the video transformer."""
    text: TextConfig
    """Of the text transformer."""
    frames: int
    """Frames of a video."""

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> ViClipConfig:
        """Returns the sizes that a checkpoint's tensors have.

        Raises:
            DataError: the tensors are not those of ViCLIP.
        """
        vision = without_prefix(state, "vision_encoder.")
        frames = shape_of(vision, "temporal_positional_embedding", 3, model=_MODEL)[1]
        shape_of(vision, "conv1.weight", 5, model=_MODEL)
        return cls(
            vision=VisionConfig.of(vision, model=_MODEL),
            text=TextConfig.of(without_prefix(state, "text_encoder."), model=_MODEL),
            frames=frames,
        )


class _VideoTower(nn.Module):
    """The video transformer with its projection."""

    def __init__(self, config: VisionConfig, frames: int) -> None:
        super().__init__()
        kernel = (1, config.patch, config.patch)
        self.conv1 = nn.Conv3d(3, config.width, kernel_size=kernel, stride=kernel, bias=False)
        self.class_embedding = nn.Parameter(torch.empty(config.width))
        self.positional_embedding = nn.Parameter(torch.empty(1 + config.grid**2, config.width))
        self.temporal_positional_embedding = nn.Parameter(torch.empty(1, frames, config.width))
        self.ln_pre = nn.LayerNorm(config.width, eps=EPS)
        self.blocks = Blocks(config.depth, config.width, config.heads, "quick_gelu", eps=EPS)
        self.ln_post = nn.LayerNorm(config.width, eps=EPS)
        self.proj = nn.Parameter(torch.empty(config.width, config.output))

    def forward(self, pixels_BTCHW: Tensor) -> Tensor:
        """Returns (B, output)."""
        patches_BDTHW = self.conv1(pixels_BTCHW.to(self.proj.dtype).transpose(1, 2))
        # A patch's place in all frames, then the next place: the order of the published code.
        patches_BLTD = patches_BDTHW.flatten(3).permute(0, 3, 2, 1) + self.positional_embedding[1:, None]
        patches_BLTD = patches_BLTD + self.temporal_positional_embedding
        first_BLD = (self.class_embedding + self.positional_embedding[0]).expand(len(patches_BLTD), 1, -1)
        x_BLD = self.ln_pre(torch.cat((first_BLD, patches_BLTD.flatten(1, 2)), dim=1))
        return (self.ln_post(self.blocks.first_token(x_BLD)) @ self.proj).float()


class ViClip(nn.Module):
    """Both towers of ViCLIP."""

    def __init__(self, config: ViClipConfig) -> None:
        super().__init__()
        self.config = config
        self.vision = _VideoTower(config.vision, config.frames)
        self.text = ClipText(config.text)

    def encode_video(self, pixels_BTCHW: Tensor) -> Tensor:
        """Returns the embedding of each video, not normalised, float32, (B, output).

        Args:
            pixels_BTCHW: the frames of each, normalised by :func:`rvebench.metrics.preprocess.viclip_input`.

        Raises:
            ValueError: the frames have another size or number than the network was trained on.
        """
        side, frames = self.config.vision.side, self.config.frames
        if pixels_BTCHW.shape[1:] != (frames, 3, side, side):
            found = tuple(pixels_BTCHW.shape[1:])
            raise ValueError(f"ViCLIP takes videos of shape {(frames, 3, side, side)}, not {found}")
        embedding_BD: Tensor = self.vision(pixels_BTCHW)
        return embedding_BD

    def encode_text(self, ids_BL: Tensor) -> Tensor:
        """Returns the embedding of each text, not normalised, float32, (B, output).

        Args:
            ids_BL: token ids of :class:`rvebench.metrics.backbones.tokenizer.Tokenizer`, padded to equal length.

        Raises:
            ValueError: there are more tokens than the network takes.
        """
        embedding_BD: Tensor = self.text(ids_BL)
        return embedding_BD


def load(state: Mapping[str, Tensor]) -> ViClip:
    """Returns the network of a checkpoint, in float32, ready for inference.

    Args:
        state: the tensors under the file's entry `model`. Its scalar `temp` serves training only.

    Raises:
        DataError: the tensors are not exactly those of ViCLIP.
    """
    config = ViClipConfig.of(state)
    renamed = {}
    for name, tensor in rename(state).items():
        for published, ours in _PREFIXES.items():
            if name.startswith(published):
                name = ours + name[len(published) :]
        renamed[name] = tensor
    renamed.pop("temp", None)
    return build(lambda: ViClip(config), renamed, model=_MODEL)
