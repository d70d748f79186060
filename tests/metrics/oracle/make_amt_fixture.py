"""Runs VBench's interpolation network with seeded weights and keeps samples of what passes through it.

    PYTHONPATH=. PARITY_PYTHON -m tests.metrics.oracle.make_amt_fixture

from the repository root, with the Python that has vbench 0.1.5 (README.md in this folder). The network is run as it
comes out of the package; hooks on modules named after published tensors see what goes in and comes out.
"""

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.metrics.oracle.amt_samples import HOOKED, MOMENTS, PAIRS, images, record, sampled, stages
from tests.metrics.oracle.weights import TINY, state_dict

ROOT = Path(__file__).resolve().parents[3]


def published_network() -> Any:
    # By path: the package rvebench needs newer libraries than that environment has.
    spec = importlib.util.spec_from_file_location("vbench_side", ROOT / "rvebench/metrics/parity/vbench_side.py")
    assert spec is not None and spec.loader is not None
    sys.path.insert(0, str(ROOT / "rvebench/metrics/parity"))
    side = importlib.util.module_from_spec(spec)
    sys.modules["vbench_side"] = side
    spec.loader.exec_module(side)
    side.define_torchvision_ops()
    network = importlib.import_module("vbench.third_party.amt.networks.AMT-S").Model()
    network.load_state_dict(state_dict("amt", TINY))
    return network.eval()


def main() -> None:
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    network = published_network()
    arrays: dict[str, Any] = {}
    for label in PAIRS:
        for moment in MOMENTS:
            first, last = (torch.from_numpy(image) for image in images(label))
            with record(network, HOOKED if moment == 0.5 else ()) as seen:
                made = network(first, last, torch.full((1, 1, 1, 1), moment), scale_factor=1.0, eval=True)
            frame = made["imgt_pred"]
            if seen:
                arrays[f"{label}/stages"] = stages(seen)
            arrays[f"{label}/{moment}/frame"] = sampled(frame)
            arrays[f"{label}/{moment}/levels"] = np.int64((frame * 255).clamp(0, 255).to(torch.uint8).sum())
    np.savez_compressed(ROOT / "tests/fixtures/metrics/amt.npz", **arrays)


if __name__ == "__main__":
    main()
