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
from tests.metrics.oracle.shapes import ModelName
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

Arrays = dict[str, NDArray[Any]]

MODELS: dict[str, ModelName | None] = {
    "subject_consistency": "dino",
    "background_consistency": "clip",
    "overall_consistency": "viclip",
    "temporal_flickering": None,
    "motion_smoothness": "amt",
}

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


def run(
    python: Path, cache: Path, dumps: Path, threads: int, dimensions: tuple[str, ...] = DIMENSIONS
) -> tuple[VBenchJob, VBenchAnswer]:
    job = VBenchJob(
        videos=tuple(
            VBenchVideo(path=FIXTURES / "clips" / f"{name}.mp4", prompt=prompt) for name, prompt in PROMPTS.items()
        ),
        dimensions=dimensions,
        cache_dir=cache,
        tiny=True,
        texts=TEXTS,
        dumps=dumps,
        threads=threads,
    )
    answer = run_vbench(python, job, timeout_s=1800)
    assert not answer.errors and not answer.missing(job), (answer.errors, answer.missing(job))
    return job, answer


def collect(dimension: str, job: VBenchJob, answer: VBenchAnswer, dumps: Path) -> tuple[dict[str, Any], Arrays]:
    """What is kept of one dimension: its part of each clip's record, and its arrays."""
    clips: dict[str, Any] = {}
    arrays: Arrays = {}
    for index, video in enumerate(job.videos):
        name, path = video.path.stem, str(video.path)
        stages = answer.stages[dimension][path]
        clips[name] = {"values": answer.values[dimension][path], "frames": _summary(stages["frames"])}
        if "input" in stages:
            clips[name]["input"] = _summary(stages["input"])
        with np.load(dumps / f"{dimension}-{index:06d}.npz") as dumped:
            for stage, part in _SLICES.items():
                if stage in dumped:
                    arrays[f"{dimension}/{name}/{stage}"] = dumped[stage][part]
    return clips, arrays


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", type=Path, help="the Python that has vbench 0.1.5")
    parser.add_argument("cache", type=Path, help="VBench's cache folder with tiny weights")
    parser.add_argument("--only", choices=DIMENSIONS, nargs="+", default=DIMENSIONS, help="keep the others' numbers")
    arguments = parser.parse_args()
    record: dict[str, Any] = {"clips": {name: {"prompt": prompt} for name, prompt in PROMPTS.items()}}
    arrays: Arrays = {}
    weights = check_weights(arguments.cache)
    if set(arguments.only) != set(DIMENSIONS):
        record = json.loads((FIXTURES / "vbench.json").read_text(encoding="utf-8"))
        with np.load(FIXTURES / "stages.npz") as kept:
            arrays = dict(kept)
        for dimension in set(DIMENSIONS) - set(arguments.only):
            model = MODELS[dimension]
            same = model is None or record["weights"][model] == weights[model]
            assert same, f"{dimension} was computed with other weights: leave --only out"
        assert {name: clip["prompt"] for name, clip in record["clips"].items()} == PROMPTS
    record |= {"seed": SEED, "weights": weights}

    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        job, answer = run(arguments.python, arguments.cache, Path(one), 1, tuple(arguments.only))
        _, again = run(arguments.python, arguments.cache, Path(two), 2, tuple(arguments.only))
        for dimension in arguments.only:
            part, new = collect(dimension, job, answer, Path(one))
            for name, entry in part.items():
                for kind, value in entry.items():
                    record["clips"][name].setdefault(kind, {})[dimension] = value
            arrays |= new
            other = collect(dimension, job, again, Path(two))[1]
            values = again.values[dimension]
            record.setdefault("one_thread_against_two", {})[dimension] = {
                "value": max(abs(value - values[path]) for path, value in answer.values[dimension].items()),
                "arrays": max(float(np.abs(value - other[key]).max()) for key, value in new.items()),
            }
            record.setdefault("aggregates", {})[dimension] = answer.aggregates[dimension]
        if "overall_consistency" in arguments.only:
            arrays["texts"] = np.load(Path(one) / "texts.npz")["features"]
    record["versions"] = answer.versions
    (FIXTURES / "vbench.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    lines = ",\n".join(
        json.dumps({"text": entry.text, "ids": entry.ids}, ensure_ascii=False) for entry in answer.tokens
    )
    (FIXTURES / "tokens.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    np.savez_compressed(FIXTURES / "stages.npz", **arrays)
    for dimension in DIMENSIONS:
        print(dimension, {name: round(clip["values"][dimension], 4) for name, clip in record["clips"].items()})
    print("one thread against two:", record["one_thread_against_two"])


if __name__ == "__main__":
    main()
