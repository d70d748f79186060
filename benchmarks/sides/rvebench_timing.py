"""This package's side of `metrics_vs_vbench.py`: `python rvebench_timing.py CACHE THREADS PRECISION`.

It reads VBench's own files, as the parity check does, and scores the way `rvebench metrics measure` does. Embeddings
are forgotten before each video; the networks stay.
"""

import sys
from pathlib import Path

from timing_protocol import serve


class RvebenchSide:
    """The metrics of this package on the CPU."""

    def __init__(self, cache: Path, precision: str) -> None:
        from rvebench.metrics.encoders import Encoders
        from rvebench.metrics.options import MetricOptions
        from rvebench.metrics.parity.compare import store_of

        options = MetricOptions(precision=precision, device="cpu")  # type: ignore[arg-type]  # checked there
        self.encoders = Encoders(options, store_of(cache))

    def load(self, dimension: str) -> None:
        from rvebench.metrics.encoders import Network

        networks: dict[str, Network] = {
            "subject_consistency": "dino",
            "background_consistency": "clip",
            "overall_consistency": "viclip",
            "motion_smoothness": "amt",
        }
        if dimension in networks:
            self.encoders.network(networks[dimension])

    def measure(self, dimensions: list[str], video: str, prompt: str) -> dict[str, float]:
        from rvebench.metrics.registry import METRICS
        from rvebench.metrics.standalone import VideoItem, measure_videos

        self.encoders.forget()
        metrics = []
        for name in dimensions:
            build = METRICS.load(name)
            metrics.append(build() if name == "temporal_flickering" else build(self.encoders.options, self.encoders))
        item = VideoItem(id="clip", video=Path(video), text=prompt)
        found = {}
        for _, value in measure_videos([item], metrics, colour="vbench"):
            if value.value is None:
                raise SystemExit(f"{value.metric} of {video}: {value.reason}")
            found[value.metric] = value.value
        return found


def main() -> None:
    """Serves until stdin ends."""
    import torch

    cache, threads, precision = Path(sys.argv[1]).resolve(), int(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(threads)
    serve(RvebenchSide(cache, precision))


if __name__ == "__main__":
    main()
