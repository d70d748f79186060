"""AMT-S (Li et al., "AMT: All-Pairs Multi-Field Transforms for Efficient Frame Interpolation", CVPR 2023).

The network that VBench's motion smoothness asks for the frame between two frames. This is an independent
implementation from a functional description of the network and from the names and shapes of the published tensors
(`lalala125/AMT`, amt-s.pth). The authors' code and weights are under CC BY-NC 4.0: no line of that code is here, and
who uses the weights is bound by their terms.

The middle frame is made from coarse to fine. At a sixteenth of the frame's sides a decoder guesses two flows, from
the middle frame to each of the given ones. Three times these are checked against the correlation of the two frames,
corrected, and refined at twice the size. The last decoder splits them into three pairs of flows, each with a mask and
a correction of colour; the given frames are warped along all of them and merged.

Convolutions run in the precision of the weights. Flows, positions and the merge stay in float32: half a step of an
8-bit picture is as much as bfloat16 can tell apart near 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rvebench.metrics.backbones.amt_correlation import LEVELS, RADIUS, Correlation
from rvebench.metrics.backbones.amt_layers import (
    Decoder,
    FeatureEncoder,
    Prelu,
    PyramidEncoder,
    Update,
    planes,
    resize,
    warp,
    warp_grid,
)
from rvebench.metrics.backbones.loading import build, shape_of

__all__ = ["MULTIPLE", "AmtConfig", "AmtS", "load"]

MULTIPLE = 16
"""Sides of a frame must be multiples of this: they are halved four times."""

_MODEL = "AMT-S"
_PER_CANDIDATE = 2 + 2 + 1 + 3
"""Channels of a candidate: two flows, a mask, a correction of colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmtConfig:
    """Sizes of the network; the defaults are those of AMT-S."""

    pyramid: tuple[int, int, int, int] = (20, 32, 44, 56)
    """Channels of the warped features at 1/2, 1/4, 1/8 and 1/16 of the frame's sides."""
    feature: tuple[int, int, int] = (32, 64, 96)
    """Channels inside the encoder of the correlated features, at 1/2, 1/4 and 1/8."""
    correlated: int = 84
    """Channels of the correlated features."""
    side: int = 20
    """Channels that a decoder's residual block treats apart."""
    update: tuple[int, int, int, int, int] = (64, 40, 20, 68, 76)
    """Channels inside an update block: of the lookup, of the flows (twice), of both, of the rest."""
    candidates: int = 3
    """Pairs of flows that are merged."""
    merge: int = 18
    """Channels inside the last correction of the merged frame."""

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> AmtConfig:
        """Returns the sizes that a checkpoint's tensors have.

        Raises:
            DataError: the tensors are not those of this network.
        """

        def outputs(name: str) -> int:
            return shape_of(state, f"{name}.weight", 4, model=_MODEL)[0]

        one, two, three, four = (outputs(f"encoder.pyramid{number}.0.0") for number in (1, 2, 3, 4))
        looked, motion, moved, joint = (outputs(f"update4.{name}") for name in ("convc1", "convf1", "convf2", "conv"))
        return cls(
            pyramid=(one, two, three, four),
            feature=(
                outputs("feat_encoder.conv1"),
                outputs("feat_encoder.layer2.0.conv3"),
                outputs("feat_encoder.layer3.0.conv3"),
            ),
            correlated=outputs("feat_encoder.conv2"),
            side=outputs("decoder4.convblock.1.conv2.0"),
            update=(looked, motion, moved, joint, outputs("update4.gru.0")),
            candidates=shape_of(state, "decoder1.convblock.2.weight", 4, model=_MODEL)[1] // _PER_CANDIDATE,
            merge=outputs("comb_block.0"),
        )


class AmtS(nn.Module):
    """The interpolating network; its parameters bear the published names."""

    def __init__(self, config: AmtConfig) -> None:
        super().__init__()
        self.config = config
        half, quarter, eighth, sixteenth = config.pyramid
        self.feat_encoder = FeatureEncoder(config.feature, config.correlated)
        self.encoder = PyramidEncoder(config.pyramid)
        self.decoder4 = Decoder(2 * sixteenth + 1, 2 * sixteenth, config.side, 4 + eighth)
        self.decoder3 = Decoder(3 * eighth + 4, 3 * eighth, config.side, 4 + quarter)
        self.decoder2 = Decoder(3 * quarter + 4, 3 * quarter, config.side, 4 + half)
        self.decoder1 = Decoder(3 * half + 4, 3 * half, config.side, _PER_CANDIDATE * config.candidates)
        looked = 2 * LEVELS * (2 * RADIUS + 1) ** 2
        self.update4 = Update(eighth, looked, config.update, 1)
        self.update3 = Update(quarter, looked, config.update, 2)
        self.update2 = Update(half, looked, config.update, 4)
        colours = 3 * config.candidates
        self.comb_block = nn.Sequential(
            nn.Conv2d(colours, config.merge, 3, padding=1),
            Prelu(config.merge),
            nn.Conv2d(config.merge, 3, 3, padding=1),
        )

    def forward(self, first_BCHW: Tensor, last_BCHW: Tensor, moment: float = 0.5) -> Tensor:
        """Returns the frame at `moment` between two frames, float32, (B, 3, H, W) in 0..1.

        Args:
            first_BCHW: frames at moment 0 in 0..1. Hand them over in float32, whatever the precision of the weights.
            last_BCHW: frames at moment 1.
            moment: strictly between 0 and 1.

        Frames with a side below 128 pixels have no third level to correlate; it reads as zeros, as on a GPU with
        VBench, whose network gives no number on a CPU then, and fails below 64.

        Raises:
            ValueError: the shapes differ, or a side is no multiple of 16.
        """
        pairs, _, height, width = first_BCHW.shape
        if first_BCHW.shape != last_BCHW.shape or height % MULTIPLE or width % MULTIPLE:
            raise ValueError(
                f"frames of {tuple(first_BCHW.shape)} and {tuple(last_BCHW.shape)}: both need the same shape, with "
                f"sides that are multiples of {MULTIPLE}"
            )
        first, last = first_BCHW.float(), last_BCHW.float()
        mean_B111 = (first.mean((1, 2, 3), keepdim=True) + last.mean((1, 2, 3), keepdim=True)) / 2
        # Both frames of a pair pass the encoders as one batch: all first frames, then all last ones.
        images_N3HW = torch.cat((first - mean_B111, last - mean_B111))
        inputs = images_N3HW.to(self.comb_block[0].weight.dtype, memory_format=torch.channels_last)
        correlation = Correlation(self.feat_encoder(inputs).unflatten(0, (2, pairs)))
        pyramid = self.encoder(inputs)

        coarsest = pyramid.pop()
        time_B1HW = coarsest.new_full((pairs, 1, *coarsest.shape[-2:]), moment)
        made = self.decoder4(torch.cat((coarsest[:pairs], coarsest[pairs:], time_B1HW), dim=1))
        flow_B4HW, feature = made[:, :4].float(), made[:, 4:]
        for update, decoder in (
            (self.update4, self.decoder3),
            (self.update3, self.decoder2),
            (self.update2, self.decoder1),
        ):
            small_B4HW = resize(flow_B4HW, 1 / update.scale) / update.scale
            more_feature, more_flow = update(feature, small_B4HW, correlation.lookup(_aims(small_B4HW, moment)))
            flow_B4HW = flow_B4HW + more_flow
            warped = warp(pyramid.pop(), _by_frame(flow_B4HW).flatten(0, 1))
            feature = feature + more_feature
            made = decoder(torch.cat((feature, warped[:pairs], warped[pairs:], flow_B4HW.to(warped.dtype)), dim=1))
            flow_B4HW = 2 * resize(flow_B4HW, 2)
            if decoder is not self.decoder1:
                flow_B4HW, feature = made[:, :4].float().add_(flow_B4HW), made[:, 4:]
        return self._merge(images_N3HW, mean_B111, flow_B4HW, made)

    def _merge(self, images_N3HW: Tensor, mean_B111: Tensor, flow_B4HW: Tensor, made_BCHW: Tensor) -> Tensor:
        """Returns the middle frame out of the given frames, warped along each candidate's flows.

        Args:
            images_N3HW: frames less their mean, all first ones and then all last ones.
            mean_B111: their means.
            flow_B4HW: flows that all candidates share.
            made_BCHW: what the last decoder made: each candidate's own part of the flows, masks, corrections.
        """
        pairs, _, height, width = made_BCHW.shape
        count = self.config.candidates
        residual, masks, colours = planes(made_BCHW).split((4 * count, count, 3 * count), dim=1)
        # Candidates lie one below the other, so that one call samples a frame for all of them.
        flow_PB2KHW = flow_B4HW.new_empty((2, pairs, 2, count, height, width))
        torch.add(
            residual.unflatten(1, (2, count, 2)).permute(1, 0, 3, 2, 4, 5),
            _by_frame(flow_B4HW)[:, :, :, None],
            out=flow_PB2KHW,
        )
        grid = warp_grid(flow_PB2KHW.flatten(0, 1)).flatten(2, 3).permute(0, 2, 3, 1)
        warped = F.grid_sample(images_N3HW, grid, mode="bilinear", padding_mode="border", align_corners=True)
        first, last = warped.view(2, pairs, 3, count, height, width)
        frames_B3KHW = last.lerp_(first, masks.sigmoid()[:, None]).add_(mean_B111[..., None])
        frames_B3KHW += colours.unflatten(1, (count, 3)).transpose(1, 2)

        # Published weights take candidates one after the other; here colours come first.
        into, act, out = self.comb_block
        weight = into.weight.unflatten(1, (count, 3)).transpose(1, 2).flatten(1, 2)
        weight, frames = (
            tensor.to(weight.dtype, memory_format=torch.channels_last)
            for tensor in (weight, frames_B3KHW.flatten(1, 2))
        )
        corrected = out(act(F.conv2d(frames, weight, into.bias, padding=1)))
        return frames_B3KHW.mean(dim=2).add_(corrected).clamp_(0, 1)


def _by_frame(flow_B4HW: Tensor) -> Tensor:
    """Returns both flows of each pair as (2, B, 2, H, W)."""
    return flow_B4HW.unflatten(1, (2, 2)).transpose(0, 1)


def _aims(flow_B4HW: Tensor, moment: float) -> Tensor:
    """Returns where flows say that the pixels of each frame lie in the other one, (2, B, 2, H, W).

    A flow from the middle frame to one of the others covers half of the motion between these, so it is doubled, and
    taken as if it began at the other frame's pixel. At other moments the published network divides the flow to the
    last frame by `moment`, and the flow to the first frame by 1 - `moment`.
    """
    height, width = flow_B4HW.shape[-2:]
    device = flow_B4HW.device
    rows, columns = torch.meshgrid(
        torch.arange(height, device=device), torch.arange(width, device=device), indexing="ij"
    )
    to_first, to_last = _by_frame(flow_B4HW)
    return torch.stack((to_last / moment, to_first / (1 - moment))) + torch.stack((columns, rows))


def load(state: Mapping[str, Tensor]) -> AmtS:
    """Returns the network of a checkpoint, in float32, ready for inference.

    Raises:
        DataError: the tensors are not exactly those of the network.
    """
    config = AmtConfig.of(state)
    network = build(lambda: AmtS(config), state, model=_MODEL)
    for name, part in network.named_children():
        if name != "feat_encoder":
            part.to(memory_format=torch.channels_last)
    return network
