"""AMT's bidirectional correlation lookup without the correlation volume.

Each pixel of a feature map is compared with a window of 7 x 7 positions of the other map and of three pooled copies
of it. All pairs of pixels would be 207 million products for a 720p frame in each direction, 1.7 GB, of which a lookup
reads a few in a thousand. Here neighbouring pixels share the work instead: the windows of a tile of 8 x 8 pixels lie
close together, so the tile's pixels are multiplied with the smallest box that holds their windows, and the windows
are cut out of that product. Pooling and scaling are linear, so features are pooled and scaled rather than products.

The cost grows with how far motion varies within 64 x 64 pixels of the frame; where it is wildest a box is the whole
map, and memory still stays within the budget of a portion, or of one tile.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["LEVELS", "RADIUS", "Correlation", "portions"]

LEVELS = 4
"""The map itself and its copies pooled once, twice and three times."""
RADIUS = 3
"""Positions on each side of a window's middle."""

_TAPS = 2 * RADIUS + 2
"""Pixels along a window's side that its 7 bilinear samples read; also the margin that holds a window wholly outside."""
_TILE = 8
"""Pixels along the side of a tile."""
_BUDGET = {"cpu": 4 << 20, "cuda": 64 << 20}
"""Numbers in a portion's boxes and products: on a CPU what its caches hold, else what keeps a GPU busy."""


class Correlation:
    """What a pair of feature maps look like around given positions of one another.

    Args:
        features_PBCHW: (2, B, C, H, W), of the first frames and of the last ones.
        budget: numbers that boxes and products may take at once; more only where one tile needs more.
    """

    def __init__(self, features_PBCHW: Tensor, *, budget: int | None = None) -> None:
        self.pairs, channels = features_PBCHW.shape[1:3]
        self.size = height, width = tuple(features_PBCHW.shape[-2:])
        self.budget = budget or _BUDGET.get(features_PBCHW.device.type, _BUDGET["cuda"])
        self._padding = (0, -width % _TILE, 0, -height % _TILE)
        # Both directions are one batch of 2 B maps: the first frames ask the last ones, and the other way round.
        queries = features_PBCHW.flatten(0, 1) * channels**-0.5
        self._queries_TQC = self._tiles(F.pad(queries, self._padding))
        maps = features_PBCHW.flip(0).flatten(0, 1)
        self._sizes: list[tuple[int, int]] = []
        self._maps: list[Tensor] = []
        for _ in range(LEVELS):
            rows, columns = maps.shape[-2:]
            if min(rows, columns) < 2:
                # Upstream divides by size - 1 there. On a GPU its samples then are 0, on a CPU they are not a number.
                break
            self._sizes.append((rows, columns))
            # One row a pixel, and a margin of zeros: positions outside the map count as 0.
            self._maps.append(F.pad(maps, (_TAPS,) * 4).permute(0, 2, 3, 1).reshape(-1, channels))
            maps = F.avg_pool2d(maps, 2)

    def lookup(self, positions_PB2HW: Tensor) -> Tensor:
        """Returns the correlations around positions.

        Args:
            positions_PB2HW: (2, B, 2, H, W) float32: for each pixel of the first frames a position (x, y) in the last
                ones, and the other way round, in pixels of the features.

        Returns:
            (B, 2 * 4 * 49, H, W): direction, then level, then column and then row of the window. Zero where a
            position is outside the map, and on levels of a single row or column.
        """
        # Pixels that fill up the last tiles look where their neighbours look, so that boxes stay small.
        positions = F.pad(positions_PB2HW.flatten(0, 1), self._padding, mode="replicate")
        at_TQ2 = self._tiles(positions)
        levels = len(self._maps)
        scale = 0.5 ** torch.arange(levels, device=at_TQ2.device, dtype=torch.float32)
        at_LTQ2 = at_TQ2 * scale[:, None, None, None]
        whole_LTQ2 = at_LTQ2.floor()
        part_LTQ2 = at_LTQ2 - whole_LTQ2
        # Corner of each window in its padded map. What lies further out than the margin reads zeros in the margin.
        most = torch.tensor([[c, r] for r, c in self._sizes], device=at_TQ2.device, dtype=torch.float32) + _TAPS
        corner_LTQ2 = (whole_LTQ2.nan_to_num(nan=-_TAPS) + (_TAPS - RADIUS)).clamp_(min=0)
        corner_LTQ2 = torch.minimum(corner_LTQ2, most[:, None, None, :]).long()
        low_LT2 = corner_LTQ2.amin(dim=2)
        sides = (corner_LTQ2.amax(dim=2) - low_LT2 + _TAPS).tolist()

        tiles, per_tile = at_TQ2.shape[:2]
        windows_LTQK = self._queries_TQC.new_zeros((LEVELS, tiles, per_tile, _TAPS * _TAPS))
        for level in range(levels):
            for start, stop, columns, rows in portions(
                sides[level], self.budget, self._queries_TQC.shape[-1] + per_tile
            ):
                part = slice(start, stop)
                windows_LTQK[level, part] = self._windows(
                    level, part, corner_LTQ2[level, part], low_LT2[level, part], columns, rows
                )
        return self._laid_out(_between(windows_LTQK, part_LTQ2))

    def _windows(self, level: int, part: slice, corner_TQ2: Tensor, low_T2: Tensor, columns: int, rows: int) -> Tensor:
        """Returns the products of some tiles' pixels with the 8 x 8 pixels around their positions, (T, Q, 64)."""
        device = corner_TQ2.device
        height, width = (side + 2 * _TAPS for side in self._sizes[level])
        # A box as large as the portion's largest must not leave the padded map either.
        left_T = low_T2[:, 0].clamp(max=width - columns)
        top_T = low_T2[:, 1].clamp(max=height - rows)
        sample_T = torch.arange(part.start, part.stop, device=device) // (len(self._queries_TQC) // (2 * self.pairs))
        pixel_T11 = ((sample_T * height + top_T) * width + left_T)[:, None, None]
        down_R1 = torch.arange(rows, device=device)[:, None] * width
        pixels = pixel_T11 + (down_R1 + torch.arange(columns, device=device))
        box_TKC = self._maps[level].index_select(0, pixels.flatten()).unflatten(0, (len(pixels), rows * columns))
        products_TQK = self._queries_TQC[part] @ box_TKC.transpose(1, 2)

        first_TQ = (corner_TQ2[..., 1] - top_T[:, None]) * columns + (corner_TQ2[..., 0] - left_T[:, None])
        taps = torch.arange(_TAPS, device=device)
        across_down = (taps[:, None] + taps * columns).flatten()  # the column is the slow index of a window
        return products_TQK.gather(2, first_TQ[..., None] + across_down)

    def _tiles(self, map_NCHW: Tensor) -> Tensor:
        """Returns a map, padded to whole tiles, as (N * tiles, pixels of a tile, C)."""
        count, channels, height, width = map_NCHW.shape
        cut = map_NCHW.reshape(count, channels, height // _TILE, _TILE, width // _TILE, _TILE)
        return cut.permute(0, 2, 4, 3, 5, 1).reshape(-1, _TILE * _TILE, channels)

    def _laid_out(self, samples_LTQK: Tensor) -> Tensor:
        """Returns samples by level and tile as a map with both directions' channels, (B, 2 * L * K, H, W)."""
        levels, _, _, kept = samples_LTQK.shape
        height, width = self.size
        rows, columns = -(-height // _TILE), -(-width // _TILE)
        cut = samples_LTQK.reshape(levels, 2, self.pairs, rows, columns, _TILE, _TILE, kept)
        map_BHWC = cut.permute(2, 3, 5, 4, 6, 1, 0, 7).reshape(self.pairs, rows * _TILE, columns * _TILE, -1)
        return map_BHWC[:, :height, :width].permute(0, 3, 1, 2)


def portions(sides: Sequence[Sequence[int]], budget: int, per_pixel: int) -> list[tuple[int, int, int, int]]:
    """Returns how to cut tiles into runs that share one size of box, as (start, stop, columns, rows).

    Args:
        sides: columns and rows of the box that each tile needs.
        budget: numbers that a run may take.
        per_pixel: numbers for each pixel of a tile's box.
    """
    runs: list[tuple[int, int, int, int]] = []
    start, widest, tallest = 0, 0, 0
    for index, (columns, rows) in enumerate(sides):
        wider, taller = max(widest, columns), max(tallest, rows)
        if index > start and (index + 1 - start) * wider * taller * per_pixel > budget:
            runs.append((start, index, widest, tallest))
            start, wider, taller = index, columns, rows
        widest, tallest = wider, taller
    if sides:
        runs.append((start, len(sides), widest, tallest))
    return runs


def _between(windows_LTQK: Tensor, part_LTQ2: Tensor) -> Tensor:
    """Returns the 7 x 7 bilinear samples within windows of 8 x 8 pixels, column slow, (L, T, Q, 49)."""
    levels = len(part_LTQ2)
    samples = windows_LTQK.new_zeros((*windows_LTQK.shape[:3], (_TAPS - 1) ** 2))
    window = windows_LTQK[:levels].float().unflatten(3, (_TAPS, _TAPS))
    across, down = (part_LTQ2[..., axis, None, None] for axis in (0, 1))
    window = torch.lerp(window[..., :-1, :], window[..., 1:, :], across)
    samples[:levels] = torch.lerp(window[..., :-1], window[..., 1:], down).flatten(3)
    return samples
