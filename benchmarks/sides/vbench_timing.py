"""VBench's side of `metrics_vs_vbench.py`, under VBench's Python; stand-alone, imports nothing of rvebench.

    PARITY_PYTHON vbench_timing.py CACHE THREADS

Networks are loaded as VBench loads them, and each dimension's own function scores one file at a time, so that a video's
cost can be told from the cost of loading. VBench decodes the file again for each dimension; that is its design.
"""

import importlib
import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from timing_protocol import serve

FAR_SIDE = Path(__file__).resolve().parents[2] / "rvebench/metrics/parity/vbench_side.py"


class VBenchSide:
    """VBench 0.1.5 on the CPU."""

    def __init__(self) -> None:
        self.networks: dict[str, Any] = {}

    def load(self, dimension: str) -> None:
        utils = importlib.import_module("vbench.utils")
        parts = utils.init_submodules([dimension], local=True, read_frame=False)[dimension]
        module = importlib.import_module(f"vbench.{dimension}")
        if dimension == "subject_consistency":
            self.networks[dimension] = importlib.import_module("torch").hub.load(**parts).to("cpu")
        elif dimension == "background_consistency":
            self.networks[dimension] = module.clip.load(parts[0], device="cpu")
        elif dimension == "overall_consistency":
            tokenizer = module.SimpleTokenizer(f"{utils.CACHE_DIR}/ViCLIP/bpe_simple_vocab_16e6.txt.gz")
            self.networks[dimension] = module.ViCLIP(tokenizer=tokenizer, **parts).to("cpu"), tokenizer
        elif dimension == "motion_smoothness":
            self.networks[dimension] = module.MotionSmoothness(parts["config"], parts["ckpt"], "cpu")

    def measure(self, dimensions: list[str], video: str, prompt: str) -> dict[str, float]:
        return {dimension: self._score(dimension, video, prompt) for dimension in dimensions}

    def _score(self, dimension: str, video: str, prompt: str) -> float:
        module = importlib.import_module(f"vbench.{dimension}")
        if dimension == "subject_consistency":
            found = module.subject_consistency(self.networks[dimension], [video], "cpu", False)
        elif dimension == "background_consistency":
            found = module.background_consistency(*self.networks[dimension], [video], "cpu", False)
        elif dimension == "overall_consistency":
            module.get_text_features.__defaults__[0].clear()  # it keeps texts for ever; the other side forgets them too
            network, tokenizer = self.networks[dimension]
            asked = [{"prompt": prompt, "video_list": [video]}]
            found = module.overall_consistency(network, asked, tokenizer, "cpu")
        elif dimension == "motion_smoothness":
            found = module.motion_smoothness(self.networks[dimension], [video])
        else:
            found = module.temporal_flickering([video])
        return float(found[1][0]["video_results"])


def main() -> None:
    """Serves until stdin ends."""
    cache, threads = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    spec = importlib.util.spec_from_file_location("vbench_side", FAR_SIDE)
    assert spec is not None and spec.loader is not None
    far_side = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(far_side)
    with tempfile.TemporaryDirectory() as folder:
        # torch.hub takes DINO's weights from its own folder, and would download them if they were not there.
        hub = Path(folder) / "hub/checkpoints"
        hub.mkdir(parents=True)
        weights = far_side.FILES["subject_consistency"][0]
        (hub / Path(weights).name).symlink_to(cache / weights)
        os.environ["VBENCH_CACHE_DIR"], os.environ["TORCH_HOME"] = str(cache), folder
        far_side.define_torchvision_ops()
        importlib.import_module("torch").set_num_threads(threads)
        serve(VBenchSide())


if __name__ == "__main__":
    main()
