"""Time and memory of one edit by a ReViSE model of random weights, and what keeping its conditions saves.

Two tables. The stages: text encoder, VLM, VAE encoder, connector, denoising, VAE decoder, each alone. The loops: the
same sampling with conditions computed once, with the connector run again at every step, with that and a pass of its
own for each branch of guidance (which is how the released code samples), and with text encoder and VLM run again too
(which no released code does; it bounds what can be saved). Rounds are interleaved, the loops in another order each
time; a ratio is the median over rounds of one loop's time by that of the first in the same round.

On a CPU, times are processor seconds of one thread, because other work on the machine does not count there; wall
clock stands beside. On a GPU they are wall clock after synchronising. Memory on a CPU is the largest sum of tensors
alive, counted in a pass of its own; on a GPU it is torch's counter of allocated bytes. Use of the machine (MFU) is
counted operations a second by those of one large matrix product that is measured first, in the same number format;
text encoder and VLM have none, because their operations are not counted. Random weights cost what trained ones cost,
and say nothing about the edit; the tokenizers are small ones trained on the spot, which cut a text into more pieces
than the released ones do, so that the lengths printed are longer than real ones.

Examples:
  python benchmarks/revise_inference.py                    the model of the tests, on the CPU, under two minutes
  python benchmarks/revise_inference.py --full             the released sizes in bfloat16, on a GPU of 80 GB; on a
                                                           machine without one: operations and memory plan alone
  python benchmarks/revise_inference.py --full --plan      operations and memory plan alone, anywhere
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from rvebench.revise.assembly import Parts, null_context  # noqa: E402
from rvebench.revise.conditions import GuidedConditions  # noqa: E402
from rvebench.revise.config import ReviseConfig, Size, preset  # noqa: E402
from rvebench.revise.edit import EditSettings, EncodedEdit, ReviseRequest  # noqa: E402
from rvebench.revise.model import Denoiser, VideoVae, build_connector, build_dit, build_vae  # noqa: E402
from rvebench.revise.model.budget import EditFlops, edit_flops  # noqa: E402
from rvebench.revise.model.context import Tags  # noqa: E402
from rvebench.revise.model.dit import cast_dit  # noqa: E402
from rvebench.revise.model.vae import frames_to_signal  # noqa: E402
from rvebench.revise.pipeline import ReviseEditPipeline  # noqa: E402
from rvebench.revise.placement import edit_memory  # noqa: E402
from rvebench.revise.pretrained import freeze  # noqa: E402
from rvebench.revise.sampling.sampler import Sampler  # noqa: E402
from rvebench.revise.vlm.loading import random_vlm  # noqa: E402
from rvebench.revise.vlm.protocol import VlmRequest  # noqa: E402
from rvebench.revise.vlm.tiny import random_text_encoder  # noqa: E402
from rvebench.video import Clip  # noqa: E402
from tests.revise.live_memory import LiveTensors  # noqa: E402

INSTRUCTION = "Show what the candle on the table looks like after it has burned for three hours."
PUBLISHED = (17, Size(width=640, height=352))
LONG = (81, Size(width=832, height=480))
MIB = 2**20
FIRST = "once"
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True, kw_only=True)
class Took:
    """One run of something."""

    wall_s: float
    processor_s: float

    def seconds(self, device: torch.device) -> float:
        """What counts on that device."""
        return self.processor_s if device.type == "cpu" else self.wall_s


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One edit cut into pieces that can be run alone, each as often as one likes."""

    pipeline: ReviseEditPipeline
    settings: EditSettings
    encoded: EncodedEdit
    context_rows: int

    @classmethod
    def of(cls, pipeline: ReviseEditPipeline, settings: EditSettings) -> Bench:
        """Encodes a clip that is exactly one window."""
        frames, size = settings.sampling.frames, settings.sampling.size
        assert size is not None, "the benchmark's settings fix a size"
        fps = settings.sampling.fps or 8.0
        drawn = np.random.default_rng(0).integers(0, 256, (frames, size.height, size.width, 3), dtype=np.uint8)
        clip = Clip(frames_THWC=drawn, fps=fps, pts_s=np.arange(frames) / fps)
        request = ReviseRequest(video=clip, instruction=INSTRUCTION, seed=1818)
        encoded = pipeline.encode([request], settings=settings)[0]
        ready = pipeline.condition([encoded])[0]
        assert len(ready.windows) == 1, "the clip is one window"
        rows = int(ready.windows[0].stack().context_BLD.shape[1])
        return cls(pipeline=pipeline, settings=settings, encoded=encoded, context_rows=rows)

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return self.pipeline.device

    def text(self) -> torch.Tensor | None:
        """The instruction through umT5."""
        encoder = self.pipeline.parts.text
        return None if encoder is None else encoder.encode([INSTRUCTION]).embeddings_LD[0]

    def vlm(self) -> torch.Tensor:
        """Frames and instruction through the VLM."""
        video = self.encoded.request.video
        prompt = VlmRequest(instruction=INSTRUCTION, frames_THWC=torch.from_numpy(video.frames_THWC.copy()))
        return self.pipeline.parts.vlm.encode([prompt]).of(0)

    def vae_encode(self) -> torch.Tensor:
        """Source frames to latents."""
        video = self.encoded.request.video
        signal = frames_to_signal(torch.from_numpy(video.frames_THWC.copy())).to(self.device)
        return VideoVae(self.pipeline.parts.vae).encode(signal)

    def connector(self, encoded: EncodedEdit | None = None) -> GuidedConditions:
        """Both branches' conditions from what the encoders said."""
        return self.pipeline.condition([encoded or self.encoded])[0].windows[0]

    def conditions(self) -> GuidedConditions:
        """The same with text encoder and VLM run as well."""
        return self.connector(replace(self.encoded, text_LD=self.text(), vlm_LD=self.vlm()))

    def denoise(self, conditions: Any, *, again: bool = False, passes: int = 1) -> torch.Tensor:
        """All steps; `conditions` are ready, or a function that is called once, or with `again` at every step."""
        source = self.encoded.source_latents[0]
        channels, frames, height, width = source.shape
        sampler = Sampler.of(self.settings.sampling, self.pipeline.config.compat, batched=passes == 1)
        latents: torch.Tensor = sampler.sample(
            Denoiser(self.pipeline.parts.dit),
            conditions,
            (channels, frames, height, width),
            [1818],
            device=self.device,
            recompute_conditions=again,
        )
        return latents

    def stages(self) -> dict[str, Callable[[], Any]]:
        """The edit in its order."""
        ready = self.connector()
        latents = self.encoded.source_latents[0].unsqueeze(0).to(self.device)
        steps = self.settings.sampling.steps
        named: dict[str, Callable[[], Any]] = {
            "text encoder": self.text,
            "VLM": self.vlm,
            "VAE encode": self.vae_encode,
            "connector": self.connector,
            f"denoise, {steps} steps": lambda: self.denoise(ready),
            "VAE decode": lambda: VideoVae(self.pipeline.parts.vae).decode(latents),
        }
        if self.pipeline.parts.text is None:
            del named["text encoder"]
        return named

    def loops(self) -> dict[str, Callable[[], torch.Tensor]]:
        """Ways to sample; all begin with text encoder and VLM, and end with the same latents."""

        def connector_again(passes: int) -> torch.Tensor:
            encoded = replace(self.encoded, text_LD=self.text(), vlm_LD=self.vlm())
            return self.denoise(lambda: self.connector(encoded), again=True, passes=passes)

        return {
            FIRST: lambda: self.denoise(self.conditions),
            "connector each step": lambda: connector_again(1),
            "the same, two passes (released)": lambda: connector_again(2),
            "text, VLM, connector each step": lambda: self.denoise(self.conditions, again=True),
        }


def random_model(config: ReviseConfig, device: torch.device, dtype: torch.dtype) -> ReviseEditPipeline:
    """Returns a pipeline with random weights, drawn where they are to be."""
    place = str(device)
    torch.manual_seed(0)
    vlm = random_vlm(config.vlm, config.compat, dtype=dtype, device=place)
    text = None if config.text is None else random_text_encoder(config.text, dtype=dtype, device=place)
    parts = Parts(
        config=config,
        dit=freeze(cast_dit(build_dit(config, place), dtype)),
        vae=freeze(build_vae(config, place)),
        connector=freeze(build_connector(config, place).to(dtype)),
        vlm=vlm,
        text=text,
        tags=Tags.random(config, torch.Generator().manual_seed(0)),
        null=null_context(vlm, text),
    )
    return ReviseEditPipeline(parts, device=place, digest="random")


def settle(device: torch.device) -> None:
    """Waits for the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def timed(call: Callable[[], Any], device: torch.device) -> tuple[Took, Any]:
    """Runs once."""
    settle(device)
    wall, processor = time.perf_counter(), time.process_time()
    with torch.no_grad():
        result = call()
    settle(device)
    return Took(wall_s=time.perf_counter() - wall, processor_s=time.process_time() - processor), result


def working_bytes(call: Callable[[], Any], pipeline: ReviseEditPipeline) -> int:
    """Returns the most bytes of tensors beside the weights while a stage runs."""
    if pipeline.device.type == "cuda":
        settle(pipeline.device)
        torch.cuda.reset_peak_memory_stats(pipeline.device)
        before = torch.cuda.memory_allocated(pipeline.device)
        with torch.no_grad():
            call()
        settle(pipeline.device)
        return int(torch.cuda.max_memory_allocated(pipeline.device) - before)
    live = LiveTensors(*pipeline.parts.modules.values())
    with torch.no_grad(), live:
        call()
    return int(live.peak)


def matmul_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Returns operations a second of one large square matrix product: the best of eight."""
    side = 8192 if device.type == "cuda" else 1024
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    torch.mm(a, b)
    best = min(timed(lambda: [torch.mm(a, b) for _ in range(4)], device)[0].seconds(device) for _ in range(8))
    return 4 * 2 * side**3 / best


def stage_flops(flops: EditFlops) -> dict[str, int]:
    """Operations by the names of :meth:`Bench.stages`."""
    return {
        "VAE encode": flops.vae_encode,
        "connector": flops.source_tokens + flops.interpret,
        f"denoise, {flops.steps} steps": flops.steps * flops.denoise_step,
        "VAE decode": flops.vae_decode,
    }


def measure(pipeline: ReviseEditPipeline, settings: EditSettings, *, rounds: int, peaks: Mapping[str, float]) -> None:
    """Measures one shape of edit and prints its tables."""
    bench, device = Bench.of(pipeline, settings), pipeline.device
    sampling = settings.sampling
    assert sampling.size is not None, "the benchmark's settings fix a size"
    config = replace(pipeline.config, sampling=sampling)
    vlm_tokens = len(bench.encoded.vlm_LD)
    flops = edit_flops(
        config,
        frames=sampling.frames,
        size=sampling.size,
        vlm_tokens=vlm_tokens,
        context_len=bench.context_rows,
    )
    stages, loops = bench.stages(), bench.loops()
    working = {name: working_bytes(call, pipeline) for name, call in stages.items()}  # also the warm-up
    stage_runs: dict[str, list[Took]] = {name: [] for name in stages}
    loop_runs: dict[str, list[Took]] = {name: [] for name in loops}
    latents: dict[str, torch.Tensor] = {}
    names = list(loops)
    for index in range(rounds):
        for name, call in stages.items():
            stage_runs[name].append(timed(call, device)[0])
        turn = index % len(names)
        for name in names[turn:] + names[:turn]:
            took, latents[name] = timed(loops[name], device)
            loop_runs[name].append(took)

    kind = "processor ms" if device.type == "cpu" else "wall ms"
    print(f"\n{sampling.frames} frames {sampling.size}, {sampling.steps} steps ({sampling.solver}), rounds {rounds}")
    print(f"context {bench.context_rows} rows, VLM prompt {vlm_tokens} tokens")
    print(f"{'stage':<34}{'GFLOP':>12}{kind:>14}{'wall ms':>11}{'MFU %':>8}{'working MiB':>13}")
    counted = stage_flops(flops)
    for name, runs in stage_runs.items():
        seconds = median(run.seconds(device) for run in runs)
        count = counted.get(name)
        # the autoencoder computes in float32 whatever the rest does
        peak = peaks["float32" if name.startswith("VAE") else "model"]
        use = "" if count is None else f"{100 * count / seconds / peak:.1f}"
        done = "" if count is None else f"{count / 1e9:,.2f}"
        wall = median(run.wall_s for run in runs)
        print(f"{name:<34}{done:>12}{seconds * 1e3:>14,.1f}{wall * 1e3:>11,.1f}{use:>8}{working[name] / MIB:>13,.1f}")
    if device.type == "cuda":
        held = torch.cuda.memory_allocated(device)
        print(f"on the device beside that: weights and what the benchmark keeps, {held / 2**30:.2f} GiB")

    head = "text, VLM, connector, all steps"
    print(f"\n{head:<34}{kind:>14}{'wall ms':>11}{'ratio':>8}{'spread':>14}{'differs by':>12}")
    first = [run.seconds(device) for run in loop_runs[FIRST]]
    for name, runs in loop_runs.items():
        ratios = [run.seconds(device) / base for run, base in zip(runs, first, strict=True)]
        off = float((latents[name] - latents[FIRST]).abs().max())
        print(
            f"{name:<34}{median(run.seconds(device) for run in runs) * 1e3:>14,.1f}"
            f"{median(run.wall_s for run in runs) * 1e3:>11,.1f}{median(ratios):>8.3f}"
            f"{f'{min(ratios):.3f}-{max(ratios):.3f}':>14}{off:>12.1e}"
        )
    connector, denoise = flops.source_tokens + flops.interpret, flops.steps * flops.denoise_step
    ratio = (flops.steps * connector + denoise) / (connector + denoise)
    print(f"{'connector each step, by operations':<34}{'':>25}{ratio:>8.3f}   (text encoder and VLM left out)")


def plan(config: ReviseConfig, settings: EditSettings) -> None:
    """Prints operations and memory of one shape of edit, by arithmetic and the meta device alone."""
    sampling = settings.sampling
    assert sampling.size is not None, "the benchmark's settings fix a size"
    flops = edit_flops(replace(config, sampling=sampling), frames=sampling.frames, size=sampling.size, vlm_tokens=267)
    print(f"\n{sampling.frames} frames {sampling.size}, {sampling.steps} steps, 267 VLM states a branch")
    print(f"{'stage':<34}{'TFLOP':>12}{'share %':>10}")
    for name, count in stage_flops(flops).items():
        print(f"{name:<34}{count / 1e12:>12,.2f}{100 * count / flops.total:>10.2f}")
    print(f"{'all but text encoder and VLM':<34}{flops.total / 1e12:>12,.1f}{100:>10.2f}")
    print(
        f"{'with the connector at each step':<34}{flops.total_recomputed / 1e12:>12,.1f}"
        f"{100 * flops.total_recomputed / flops.total:>10.2f}"
    )
    memory = edit_memory(config, settings, device=torch.device("cuda"), dtype=torch.bfloat16, offload="none")
    print(f"\n{memory.table()}")


def cases(arguments: argparse.Namespace) -> list[tuple[ReviseConfig, EditSettings]]:
    """Returns the models and shapes to be measured."""
    steps = arguments.steps
    if not arguments.full:
        config = preset(arguments.preset)
        return [(config, EditSettings.of(config, steps=steps, stride=1))]
    config = preset("wan1.3b")
    # 81 frames of 832x480 have 8190 source tokens, and the context 2560 rows: they have to be averaged
    pooled = replace(config, conditioning=replace(config.conditioning, source_overflow="pool"))
    return [
        (each, EditSettings.of(each, steps=steps, frames=frames, size=size, stride=1))
        for each, (frames, size) in ((config, PUBLISHED), (pooled, LONG))
    ]


def load() -> str:
    """The machine's load over one minute."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="tiny-random", choices=("tiny-random", "nano"), help="model without --full")
    parser.add_argument("--full", action="store_true", help="wan1.3b: 17 frames 640x352, then 81 frames 832x480")
    parser.add_argument("--plan", action="store_true", help="with --full: measure nothing, print operations and memory")
    parser.add_argument("--steps", type=int, default=40, help="denoising steps (default 40)")
    parser.add_argument(
        "--rounds", type=int, help="rounds, each of all stages and all loops (default 5; with --full 2)"
    )
    parser.add_argument("--device", default="cpu", help="without --full: cpu (default) or cuda")
    parser.add_argument("--dtype", choices=tuple(DTYPES), help="default float32; with --full bfloat16")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
    asked = parser.parse_args(arguments)
    if asked.rounds is not None and asked.rounds < 1:
        parser.error(f"--rounds must be 1 or more, not {asked.rounds}")
    if asked.steps < 1 or asked.threads < 1:
        parser.error("--steps and --threads must be 1 or more")
    if asked.plan and not asked.full:
        parser.error("--plan goes with --full")
    if asked.device.startswith("cuda") and not torch.cuda.is_available():
        parser.error("torch sees no GPU here; leave --device out")
    if asked.full and (asked.plan or not torch.cuda.is_available()):
        print("operations and memory of wan1.3b in bfloat16, batch 1, both branches in one pass; nothing is run")
        for config, settings in cases(asked):
            plan(config, settings)
        print("\nNot measured: seconds, MFU, peak memory and the loops' ratios at this size", end="")
        print("." if asked.plan else ": torch sees no GPU on this machine.")
        return
    device = torch.device("cuda" if asked.full else asked.device)
    if device.type == "cpu":
        torch.set_num_threads(asked.threads)
    dtype = DTYPES[asked.dtype or ("bfloat16" if asked.full else "float32")]
    rounds = asked.rounds or (2 if asked.full else 5)
    work = cases(asked)
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {asked.threads} thread(s)"
    print(f"{work[0][0].name}, random weights, {dtype}, {where}, torch {torch.__version__}; {load()}")
    peaks = {"model": matmul_rate(device, dtype), "float32": matmul_rate(device, torch.float32)}
    print(
        f"one matrix product: {peaks['model'] / 1e12:.3f} TFLOP/s; in float32 {peaks['float32'] / 1e12:.3f}", flush=True
    )
    pipeline = random_model(work[0][0], device, dtype)
    for config, settings in work:
        measure(pipeline.with_config(config), settings, rounds=rounds, peaks=peaks)
    print(f"\nat the end {load()}")


if __name__ == "__main__":
    main()
