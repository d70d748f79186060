"""The layers of AMT-S: two encoders, a decoder block, an update block, and bilinear resizing and warping."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Decoder", "FeatureEncoder", "Prelu", "PyramidEncoder", "Update", "planes", "resize", "warp", "warp_grid"]

_SLOPE = 0.1
"""Slope of the update block's activations below zero."""


def resize(map_NCHW: Tensor, factor: float) -> Tensor:
    """Returns a map resampled bilinearly, pixel centres at halves, no prefilter; values stay."""
    if factor == 1:
        return map_NCHW
    return F.interpolate(map_NCHW, scale_factor=factor, mode="bilinear", align_corners=False)


def warp_grid(flow: Tensor) -> Tensor:
    """Turns displacements into the positions that `grid_sample` takes, in place.

    Args:
        flow: (N, 2, ..., H, W) float32, x and y in pixels of the H x W map; it is overwritten.

    Returns:
        `flow`, with -1 and 1 at the centres of the outermost pixels.
    """
    height, width = flow.shape[-2:]
    x, y = flow.unbind(1)
    x.div_((width - 1) / 2).add_(torch.linspace(-1, 1, width, device=flow.device))
    y.div_((height - 1) / 2).add_(torch.linspace(-1, 1, height, device=flow.device)[:, None])
    return flow


def warp(map_NCHW: Tensor, flow_N2HW: Tensor) -> Tensor:
    """Returns what a map holds at displaced positions, bilinearly; positions outside take the nearest edge.

    Args:
        map_NCHW: any floating type.
        flow_N2HW: float32, x and y in pixels of the map.
    """
    grid_NHW2 = warp_grid(flow_N2HW.clone(memory_format=torch.contiguous_format)).permute(0, 2, 3, 1)
    sampled = F.grid_sample(map_NCHW.float(), grid_NHW2, mode="bilinear", padding_mode="border", align_corners=True)
    return sampled.to(map_NCHW.dtype)


def planes(map_NCHW: Tensor) -> Tensor:
    """Returns a map in float32, channel by channel in memory, out of one with the channels last.

    Each sample is copied as the transposition of a matrix, which torch does several times faster than it reorders
    four axes.
    """
    samples_NLC = map_NCHW.permute(0, 2, 3, 1).flatten(1, 2)
    copied_NCL = torch.empty_like(samples_NLC.mT, dtype=torch.float32, memory_format=torch.contiguous_format)
    for copied_CL, sample_LC in zip(copied_NCL, samples_NLC, strict=True):
        copied_CL.copy_(sample_LC.mT)
    return copied_NCL.unflatten(2, map_NCHW.shape[-2:])


class Prelu(nn.PReLU):
    """`torch.nn.PReLU`, whose kernel for bfloat16 on a CPU takes five to nine times as long as this one."""

    def forward(self, x_NCHW: Tensor) -> Tensor:
        """Returns x where it is positive, and x times its channel's slope elsewhere."""
        slope = self.weight
        # A slope of at most 1 leaves the greater of the two: the same bits.
        if x_NCHW.dtype != torch.bfloat16 or x_NCHW.device.type != "cpu" or bool((slope > 1).any()):
            return super().forward(x_NCHW)
        return torch.maximum(x_NCHW, x_NCHW * slope[:, None, None])


def _conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2)


def _conv_prelu(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(_conv(inputs, outputs, stride=stride), Prelu(outputs))


def _normed(map_NCHW: Tensor) -> Tensor:
    """Returns each channel of each sample with mean 0 and variance 1, for maps that lie in memory channel by channel.

    Torch's group norm of one channel a group is the fastest way on a CPU. For maps with the channels last it is no
    faster, and its variance loses a digit and a half.
    """
    return F.group_norm(map_NCHW, map_NCHW.shape[1], eps=1e-5)


class _Bottleneck(nn.Module):
    """A residual block through a quarter of its channels."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        inner = outputs // 4
        self.conv1 = _conv(inputs, inner, 1)
        self.conv2 = _conv(inner, inner, 3, stride)
        self.conv3 = _conv(inner, outputs, 1)
        if stride > 1:
            self.downsample = nn.Sequential(_conv(inputs, outputs, 1, stride))
        self.shrinks = stride > 1

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for conv in (self.conv1, self.conv2, self.conv3):
            y = _normed(conv(y)).relu_()
        return y.add_(_normed(self.downsample(x)) if self.shrinks else x).relu_()


class FeatureEncoder(nn.Module):
    """Features to correlate, at an eighth of the frame's sides.

    Args:
        widths: channels at a half, a quarter and an eighth of the frame's sides.
        outputs: channels of the features.
    """

    def __init__(self, widths: tuple[int, int, int], outputs: int) -> None:
        super().__init__()
        half, quarter, eighth = widths
        self.conv1 = _conv(3, half, 7, 2)
        self.layer1 = nn.Sequential(_Bottleneck(half, half, 1), _Bottleneck(half, half, 1))
        self.layer2 = nn.Sequential(_Bottleneck(half, quarter, 2), _Bottleneck(quarter, quarter, 1))
        self.layer3 = nn.Sequential(_Bottleneck(quarter, eighth, 2), _Bottleneck(eighth, eighth, 1))
        self.conv2 = _conv(eighth, outputs, 1)

    def forward(self, image_NCHW: Tensor) -> Tensor:
        x = _normed(self.conv1(image_NCHW.contiguous())).relu_()
        return self.conv2(self.layer3(self.layer2(self.layer1(x))))


class PyramidEncoder(nn.Module):
    """Features to warp, at a half, a quarter, an eighth and a sixteenth of the frame's sides.

    Args:
        widths: their channels.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        for number, (inputs, outputs) in enumerate(zip((3, *widths), widths, strict=False), start=1):
            stage = nn.Sequential(_conv_prelu(inputs, outputs, 2), _conv_prelu(outputs, outputs))
            self.add_module(f"pyramid{number}", stage)

    def forward(self, image_NCHW: Tensor) -> list[Tensor]:
        maps = [image_NCHW]
        for stage in self.children():
            maps.append(stage(maps[-1]))
        return maps[1:]


class _SideBlock(nn.Module):
    """A residual block whose last channels pass through convolutions of their own in between."""

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.conv1 = _conv_prelu(width, width)
        self.conv2 = _conv_prelu(side, side)
        self.conv3 = _conv_prelu(width, width)
        self.conv4 = _conv_prelu(side, side)
        self.conv5 = _conv(width, width)
        self.prelu = Prelu(width)

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for whole, aside in ((self.conv1, self.conv2), (self.conv3, self.conv4)):
            y = whole(y)
            y[:, -self.side :] = aside(y[:, -self.side :])
        return self.prelu(self.conv5(y).add_(x))


class Decoder(nn.Module):
    """From the features of a level to those of the next finer one, twice as large.

    Args:
        inputs: channels.
        width: channels inside.
        side: channels that `_SideBlock` treats apart.
        outputs: channels.
    """

    def __init__(self, inputs: int, width: int, side: int, outputs: int) -> None:
        super().__init__()
        self.convblock = nn.Sequential(
            _conv_prelu(inputs, width),
            _SideBlock(width, side),
            nn.ConvTranspose2d(width, outputs, 4, stride=2, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.convblock(x)


class Update(nn.Module):
    """Corrects features and flows by what the correlation says of them; works at an eighth of the frame's sides.

    Args:
        feature: channels of the features.
        correlation: channels of a lookup.
        widths: channels made of the lookup, of the flows (twice), of both, and inside.
        scale: how many times the features are larger than an eighth of the frame.
    """

    def __init__(self, feature: int, correlation: int, widths: tuple[int, int, int, int, int], scale: int) -> None:
        super().__init__()
        looked, motion, moved, joint, inner = widths
        self.scale = scale
        self.convc1 = _conv(correlation, looked, 1)
        self.convf1 = _conv(4, motion, 7)
        self.convf2 = _conv(motion, moved)
        self.conv = _conv(looked + moved, joint)
        self.gru = self._two(joint + 4 + feature, inner, inner)
        self.feat_head = self._two(inner, inner, feature)
        self.flow_head = self._two(inner, inner, 4)

    @staticmethod
    def _two(inputs: int, inner: int, outputs: int) -> nn.Sequential:
        return nn.Sequential(_conv(inputs, inner), nn.LeakyReLU(_SLOPE, inplace=True), _conv(inner, outputs))

    def forward(self, feature_BCHW: Tensor, flow_B4HW: Tensor, correlation_BCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Returns what to add to the features and, in float32, to the flows at the features' size.

        Args:
            feature_BCHW: features, `scale` times as large as the other two.
            flow_B4HW: float32 flows in pixels of the correlation's map.
            correlation_BCHW: the lookup at these flows.
        """
        flow = flow_B4HW.to(feature_BCHW.dtype)
        looked = F.leaky_relu_(self.convc1(correlation_BCHW), _SLOPE)
        moved = F.leaky_relu_(self.convf2(F.leaky_relu_(self.convf1(flow), _SLOPE)), _SLOPE)
        joint = F.leaky_relu_(self.conv(torch.cat((looked, moved), dim=1)), _SLOPE)
        inner = self.gru(torch.cat((joint, flow, resize(feature_BCHW, 1 / self.scale)), dim=1))
        more_flow = resize(self.flow_head(inner).float(), self.scale) * self.scale
        return resize(self.feat_head(inner), self.scale), more_flow
