"""Runs the real VBench on the committed clips with tiny weights and writes what the parity tests compare with.

    python -m tests.metrics.oracle.make_fixtures PARITY_PYTHON CACHE_DIR

from the repository root, with rvebench's own Python. CACHE_DIR is what `make_weights tiny` wrote, plus DINO's code.
README.md in this folder tells how to make both, and what the files hold.
"""

import argparse
import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rvebench.metrics.parity.near import DIMENSIONS, Stage, VBenchAnswer, VBenchJob, VBenchVideo, run_vbench
from tests.metrics.oracle.weights import FILES, SEED, TINY, state_dict

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures/metrics"

PROMPTS = {
    "bunny-bt709": "A rabbit steps out of its burrow",
    "bunny-cut-bt601": "Make it so that the “ice” melts — naïve café 😀 &amp; more, under 30°C!!!",
    "bunny-portrait-untagged": "What will the rabbit do next? Show the result.",
    "shapes-five-bt709": "",
    "shapes-long-bt601": " ".join(["long prompt words"] * 30),
    "shapes-odd-rgb": "你好 world's end",
}

TEXTS = (
    *PROMPTS.values(),
    "Emoji 👩‍🚀🚀 and flags 🇺🇳",
    "日本語のテキストと한국어 텍스트 und ÄÖÜß",
    "I'll say it's  the\tuser's\nline; we've, they'd, I'm",
    "&lt;b&gt;bold&lt;/b&gt; &amp;amp; twice",
    "stop <|endoftext|> here",
    "32 tokens " + "a " * 26 + "end",
)

_SLICES: dict[str, Any] = {
    "input": np.s_[::8, :, ::29, ::29],
    "predicted": np.s_[:, :, ::16, ::16],
    "features": np.s_[:],
    "pair_means": np.s_[:],
}


def _summary(stage: Stage) -> dict[str, Any]:
    return {"shape": list(stage.shape), "dtype": stage.dtype, "sha256": stage.sha256}


def digest(state: dict[str, torch.Tensor]) -> str:
    """SHA-256 over names and bytes of a state dict."""
    seen = hashlib.sha256()
    for name, value in sorted(state.items()):
        seen.update(name.encode() + b"\0" + value.contiguous().numpy().tobytes())
    return seen.hexdigest()


def check_weights(cache: Path) -> dict[str, str]:
    """Digests of the tiny weights, once the files in `cache` are seen to hold exactly these."""
    digests = {}
    for model, file in FILES.items():
        expected = state_dict(model, TINY)
        if model == "clip":
            stored = torch.jit.load(cache / file).state_dict()
        else:
            stored = torch.load(cache / file, weights_only=True)
            stored = stored.get({"viclip": "model", "amt": "state_dict"}.get(model, ""), stored)
        digests[model] = digest(expected)
        found = digest({name: value for name, value in stored.items() if name in expected})
        assert found == digests[model], f"{cache / file} holds other weights: run make_weights again"
    return digests


def run(python: Path, cache: Path, dumps: Path, threads: int) -> tuple[VBenchJob, VBenchAnswer]:
    job = VBenchJob(
        videos=tuple(
            VBenchVideo(path=FIXTURES / "clips" / f"{name}.mp4", prompt=prompt) for name, prompt in PROMPTS.items()
        ),
        dimensions=DIMENSIONS,
        cache_dir=cache,
        tiny=True,
        texts=TEXTS,
        dumps=dumps,
        threads=threads,
    )
    answer = run_vbench(python, job, timeout_s=900)
    assert not answer.errors and not answer.missing(job), (answer.errors, answer.missing(job))
    return job, answer


def largest_difference(one: VBenchAnswer, other: VBenchAnswer) -> dict[str, float]:
    return {
        dimension: max(abs(value - other.values[dimension][path]) for path, value in values.items())
        for dimension, values in one.values.items()
    }


def collect(job: VBenchJob, answer: VBenchAnswer, dumps: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    clips: dict[str, Any] = {}
    arrays: dict[str, NDArray[Any]] = {"texts": np.load(dumps / "texts.npz")["features"]}
    for index, video in enumerate(job.videos):
        name, path = video.path.stem, str(video.path)
        entry: dict[str, Any] = {"prompt": video.prompt, "values": {}, "frames": {}, "input": {}}
        for dimension in job.dimensions:
            stages = answer.stages[dimension][path]
            entry["values"][dimension] = answer.values[dimension][path]
            entry["frames"][dimension] = _summary(stages["frames"])
            if "input" in stages:
                entry["input"][dimension] = _summary(stages["input"])
            with np.load(dumps / f"{dimension}-{index:06d}.npz") as dumped:
                for stage, part in _SLICES.items():
                    if stage in dumped:
                        arrays[f"{dimension}/{name}/{stage}"] = dumped[stage][part]
        assert entry["frames"]["subject_consistency"] == entry["frames"]["background_consistency"]
        assert entry["frames"]["temporal_flickering"] == entry["frames"]["motion_smoothness"]
        clips[name] = entry
    return clips, arrays


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", type=Path, help="the Python that has vbench 0.1.5")
    parser.add_argument("cache", type=Path, help="VBench's cache folder with tiny weights")
    arguments = parser.parse_args()
    weights = check_weights(arguments.cache)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        job, answer = run(arguments.python, arguments.cache, Path(one), threads=1)
        _, again = run(arguments.python, arguments.cache, Path(two), threads=2)
        clips, arrays = collect(job, answer, Path(one))
        other = collect(job, again, Path(two))[1]
    spread = {key: float(np.abs(value - other[key]).max()) for key, value in arrays.items()}
    record = {
        "seed": SEED,
        "versions": answer.versions,
        "weights": weights,
        "clips": clips,
        "aggregates": answer.aggregates,
        "one_thread_against_two": {
            "values": largest_difference(answer, again),
            "arrays": {key: spread[key] for key in sorted(spread, key=lambda key: -spread[key])[:6]},
        },
    }
    (FIXTURES / "vbench.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    tokens = [{"text": entry.text, "ids": list(entry.ids)} for entry in answer.tokens]
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in tokens)
    (FIXTURES / "tokens.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    np.savez_compressed(FIXTURES / "stages.npz", **arrays)
    for dimension, by_path in answer.values.items():
        print(dimension, {Path(path).stem: round(value, 4) for path, value in by_path.items()})
    print("one thread against two:", record["one_thread_against_two"])
    print("bytes:", sum(path.stat().st_size for path in FIXTURES.rglob("*") if path.is_file()))


if __name__ == "__main__":
    main()
