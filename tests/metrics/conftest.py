"""Small seeded weights in the layout of VBench's cache folder, and a store that finds them."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rvebench.records import Sample
from rvebench.taxonomy import ReasoningType, Subset
from rvebench.video import Clip, Comparison, Frames
from rvebench.weights import CATALOGUE, WeightStore


def require_extra() -> None:
    """Skips where the extra `metrics`, or the package that carries CLIP's vocabulary, is not installed."""
    for module in ("torch", "safetensors", "ftfy", "regex"):
        pytest.importorskip(module)
    if importlib.util.find_spec("open_clip") is None:
        pytest.skip("open_clip_torch, which carries the vocabulary, is not installed")


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_extra()
    from tests.metrics.oracle.weights import TINY, write_weights

    folder = tmp_path_factory.mktemp("vbench-cache")
    # The oracle's CLIP has no vocabulary, because VBench never shows it a text; here texts are read.
    write_weights(folder, replace(TINY, clip_vocab=49408))
    return folder


@pytest.fixture(scope="session")
def tiny_store(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> WeightStore:
    """A store whose files are the small ones; sizes and sums are those of the files."""
    own = {name: replace(file, sha256=None, size_bytes=None) for name, file in CATALOGUE.items()}
    environ = {
        **os.environ,
        "VBENCH_CACHE_DIR": str(tiny_weights),
        "TORCH_HOME": str(tiny_weights / "none"),
        "HOME": str(tiny_weights / "none"),
    }
    return WeightStore(tmp_path_factory.mktemp("store"), files=own, environ=environ)


def clip_of(frames_THWC: Frames, fps: float = 8.0) -> Clip:
    return Clip(frames_THWC=frames_THWC.copy(), fps=fps, pts_s=np.arange(len(frames_THWC)) / fps)


def sample_of(number: int = 0, **texts: str) -> Sample:
    return Sample(
        id=f"s{number}",
        subset=Subset.RAVE,
        reasoning_type=ReasoningType.TEMPORAL,
        source=Path("s.mp4"),
        **{"instruction": "the candle after an hour", "expected_outcome": "a short candle", **texts},
    )


def compare(source: Frames, edit: Frames, number: int = 0, **texts: str) -> Comparison:
    return Comparison(sample=sample_of(number, **texts), source=clip_of(source), edit=clip_of(edit))
