"""What `amt.npz` holds: which pairs of frames, which tensors on their way, and which of their numbers."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tests.metrics.oracle.weights import draw

PAIRS = {"wide": (128, 176), "tall": (160, 128)}
"""Frame height and width by label."""
MOMENTS = (0.5, 0.3)
HOOKED = (
    "feat_encoder.conv2",
    "encoder.pyramid4",
    "decoder4.convblock.2",
    *(f"update{level}.{part}" for level in (4, 3, 2) for part in ("convc1", "convf1", "flow_head", "feat_head")),
    *(f"decoder{level}.convblock.{part}" for level in (3, 2, 1) for part in (0, 1, 2)),
    "comb_block.2",
)
"""Modules whose input and output are kept."""
_KEPT = 30


def images(label: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A pair of frames, (1, 3, H, W) in 0..1, out of integers alone: blocks that move by a few pixels, and noise."""
    height, width = PAIRS[label]
    blocks = draw(f"amt/{label}/blocks", (3, height // 8 + 4, width // 8 + 4))
    scene = np.kron(blocks, np.ones((8, 8), dtype=np.float32))
    pair = []
    for side, (down, right) in (("first", (3, 2)), ("last", (9, 13))):
        noise = draw(f"amt/{label}/{side}", (3, height, width))
        seen = scene[:, down : down + height, right : right + width] * 40 + noise * 8 + 120
        pair.append((np.clip(np.rint(seen), 0, 255).astype(np.float32) / np.float32(255))[None])
    return pair[0], pair[1]


def sampled(value: torch.Tensor) -> NDArray[np.float32]:
    """Thirty of a tensor's numbers, evenly spread in the order batch, channel, row, column; last its largest size."""
    flat = value.detach().float().contiguous().flatten()
    step = len(flat) // _KEPT
    return torch.cat((flat[step // 2 :: step][:_KEPT], flat.abs().amax()[None])).numpy()


def stages(seen: Mapping[str, torch.Tensor]) -> NDArray[np.float32]:
    """Samples of what went into each of `HOOKED` and came out, (modules, 2, 31)."""
    return np.stack([[sampled(seen[f"{name}.{side}"]) for side in ("in", "out")] for name in HOOKED])


@contextlib.contextmanager
def record(network: Any, names: Sequence[str]) -> Iterator[dict[str, torch.Tensor]]:
    """Gives a mapping that fills with `NAME.in` and `NAME.out` while the network runs.

    Modules that run once for each frame, or once for both, are joined to one batch.
    """
    seen: dict[str, torch.Tensor] = {}

    def hook(name: str) -> Any:
        def keep(_module: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
            for side, value in (("in", inputs[0]), ("out", output)):
                key = f"{name}.{side}"
                seen[key] = torch.cat((seen[key], value)) if key in seen else value.detach().clone()

        return keep

    handles = [network.get_submodule(name).register_forward_hook(hook(name)) for name in names]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()
