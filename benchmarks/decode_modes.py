"""What each way of decoding the critic's frames costs, and how far it is from decoding the whole clip.

For every mode of rvebench.revise.training.decode: the difference of the frames in levels of 255, the cosine between the
gradient that reaches the latents and the exact one, time, and what is kept for the backward pass. Times are processor
seconds of one thread for one forward and one backward pass, the least of three. diffusers' own decode is the last row.

The figures depend on the weights, not on their size alone: random ones say nothing about trained ones. Give a trained
autoencoder, and clips to read.

Examples:
  python benchmarks/decode_modes.py                                              random weights, a made-up clip
  python benchmarks/decode_modes.py --vae MODEL/vae --clips a.mp4 b.mp4          a trained autoencoder on clips
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, get_args

import torch
from torch.autograd.graph import saved_tensors_hooks

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from rvebench.revise.config import Size, preset  # noqa: E402
from rvebench.revise.model.vae import VideoVae, build_vae, frames_to_signal  # noqa: E402
from rvebench.revise.training.clips import ClipShape, read_clip  # noqa: E402
from rvebench.revise.training.config_parts import DecodeMode  # noqa: E402
from rvebench.revise.training.decode import DecodeError, approximation_error, decode_frames, pick_frames  # noqa: E402
from rvebench.video import Frames  # noqa: E402
from tests.revise.small import frames_of  # noqa: E402


class Row(NamedTuple):
    """One line of the table."""

    name: str
    errors: list[DecodeError]
    seconds: float
    kept_mib: float


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vae", type=Path, help="folder of an AutoencoderKLWan as diffusers saves it")
    parser.add_argument("--clips", type=Path, nargs="*", default=[])
    parser.add_argument("--frames", type=int, default=17)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--size", default="64x64")
    parser.add_argument("--critic-frames", type=int, default=4)
    parser.add_argument("--contexts", type=int, nargs="*", default=[0, 1, 2])
    asked = parser.parse_args()
    torch.set_num_threads(1)
    vae = _vae(asked.vae)
    shape = ClipShape(frames=asked.frames, stride=asked.stride, size=Size.parse(asked.size))
    shown = [read_clip(path, shape, where=path.name) for path in asked.clips]
    if not shown:
        shown = [frames_of(asked.frames, width=shape.size.width, height=shape.size.height)]
    clips = [_latents(vae, frames) for frames in shown]
    picks = pick_frames(asked.frames, asked.critic_frames)
    print(f"{len(clips)} clips of {asked.frames} frames of {asked.size}, latents {tuple(clips[0].shape)}")
    print(f"frames {picks.frames} of latents {picks.latents}\n")
    rows = []
    for mode in get_args(DecodeMode):
        for context in asked.contexts if mode == "prefix_truncated" else [0]:

            def run(latents: torch.Tensor, mode: DecodeMode = mode, context: int = context) -> torch.Tensor:
                return decode_frames(vae, latents[None], picks, mode=mode, context=context).frames_BKHWC

            name = f"{mode} {context}" if mode == "prefix_truncated" else mode
            errors = [approximation_error(vae, clip, picks, mode=mode, context=context) for clip in clips]
            rows.append(Row(name, errors, *_cost(run, clips[0])))
    plain = VideoVae(vae)
    rows.append(Row("diffusers", [], *_cost(lambda latents: plain.decode(latents[None]), clips[0])))
    print("mode                 mean diff  largest  relative  gradient cosine  seconds  kept MiB")
    for row in rows:
        told = " " * 45
        if row.errors:
            mean, largest, relative, cosine = (sum(values) / len(values) for values in zip(*row.errors, strict=True))
            told = f"{255 * mean:9.2f}  {255 * largest:7.1f}  {relative:8.4f}  {cosine:15.4f}"
        print(f"{row.name:19}  {told}  {row.seconds:7.2f}  {row.kept_mib:8.1f}")


def _vae(folder: Path | None) -> torch.nn.Module:
    if folder is None:
        torch.manual_seed(0)
        return build_vae(preset("nano"))
    from diffusers import AutoencoderKLWan

    model: torch.nn.Module = AutoencoderKLWan.from_pretrained(str(folder), local_files_only=True)
    return model.eval().requires_grad_(False)


def _latents(vae: torch.nn.Module, frames_THWC: Frames) -> torch.Tensor:
    with torch.no_grad():
        return VideoVae(vae).encode(frames_to_signal(torch.from_numpy(frames_THWC)))[0]


def _cost(run: Callable[[torch.Tensor], torch.Tensor], clip: torch.Tensor) -> tuple[float, float]:
    """Returns processor seconds of a forward and backward pass, and MiB kept between them."""
    seconds, kept = [], 0.0
    for _ in range(3):
        latents = clip.clone().requires_grad_()
        storages: dict[int, int] = {}

        def pack(tensor: torch.Tensor, storages: dict[int, int] = storages) -> torch.Tensor:
            storage = tensor.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
            return tensor

        begun = time.process_time()
        with saved_tensors_hooks(pack, lambda tensor: tensor):
            out = run(latents)
        out.square().sum().backward()
        seconds.append(time.process_time() - begun)
        kept = sum(storages.values()) / 2**20
    return min(seconds), kept


if __name__ == "__main__":
    main()
