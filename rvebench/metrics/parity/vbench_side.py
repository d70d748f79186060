"""The far side of the parity check: runs the real VBench 0.1.5 in its own environment. Stand-alone; never imported.

    PARITY_PYTHON vbench_side.py < job.json > answer.json

It runs under another Python, with packages that cannot live beside rvebench's (requirements/parity.txt), so it imports
nothing of rvebench and is found by its path, as is its second half, `vbench_stages.py`. VBench itself is not changed:
each dimension goes through `VBench.evaluate(mode="custom_input", local=True)`. What it prints goes to stderr; stdout
carries the one answer.

Job::

    {"videos": [{"path": str, "prompt": str}], "dimensions": [str], "cache_dir": str,
     "device": "cpu" | "cuda", "tiny": bool, "texts": [str], "dumps": str | null,
     "threads": int | null, "trust_pickles": bool}

`cache_dir` holds the files as VBench's own cache does (see `FILES`); nothing is downloaded, a missing file is an error.
`tiny` says that the checkpoints of DINO and ViCLIP are of other sizes: the package's own classes are then built with
the widths and depths that the files show, at 64 channels a head, as published. `texts` go through VBench's tokenizer.
`trust_pickles` lets checkpoints run code while they load, which the published `amt-s.pth` may need.

Answer::

    {"values": {dimension: {path: number}}, "aggregates": {dimension: number}, "errors": {dimension: str},
     "costs": {dimension: {"wall_s", "cpu_s", "peak_rss_mb"}}, "tokens": [{"text", "ids"}],
     "stages": {dimension: {path: {stage: {"shape", "dtype", "sha256"}}}}, "versions": {name: str}}

or `{"fatal": str}`. With `dumps`, a folder, the stages of each video are also written as `DIMENSION-INDEX.npz` in it:
`frames` (T, H, W, 3) uint8 RGB, `input` (what the model was given), `features` and so on; `texts.npz` holds
`features` of `texts`.
"""

import contextlib
import functools
import importlib
import importlib.metadata
import importlib.util
import json
import math
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

VBENCH_VERSION = "0.1.5"

VOCABULARY = "ViCLIP/bpe_simple_vocab_16e6.txt.gz"  # VBench reads it while it is imported, whatever the dimension
FILES = {
    "subject_consistency": (
        "dino_model/dino_vitbase16_pretrain.pth",
        "dino_model/facebookresearch_dino_main/hubconf.py",
    ),
    "background_consistency": ("clip_model/ViT-B-32.pt",),
    "overall_consistency": ("ViCLIP/ViClip-InternVid-10M-FLT.pth",),
    "temporal_flickering": (),
    "motion_smoothness": ("amt_model/amt-s.pth",),
}
PACKAGES = (
    "vbench",
    "torch",
    "torchvision",
    "timm",
    "decord",
    "opencv-python-headless",
    "opencv-python",
    "openai-clip",
)
_KEPT: list[Any] = []  # a torch Library takes its operators along when it is collected


class JobError(Exception):
    """The job cannot be run; the text is one sentence for a person."""


def define_torchvision_ops() -> None:
    """Lets torchvision be imported beside a CPU build of torch.

    torchvision's wheel is linked against CUDA; on a CPU torch its library does not load, and its import dies for want
    of two operators. VBench's five dimensions call neither, so their schemas are enough.
    """
    torch = importlib.import_module("torch")
    if torch.version.cuda is None:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(library)


@functools.cache
def load_stages() -> Any:
    """Loads the file beside this one by its path: an isolated Python (-I) does not look there."""
    spec = importlib.util.spec_from_file_location("vbench_stages", Path(__file__).with_name("vbench_stages.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that shape the numbers; what is not installed is left out."""
    found = {"python": platform.python_version()}
    for name in (*PACKAGES, "numpy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def check(job: dict[str, Any]) -> None:
    """Refuses a job that VBench would answer with a download, a NaN or a traceback."""
    version = versions().get("vbench")
    if version is None:
        raise JobError(f"vbench is not installed in {sys.executable}")
    if version != VBENCH_VERSION:
        raise JobError(f"vbench {version} is installed, the comparison is with {VBENCH_VERSION}")
    unknown = [name for name in job["dimensions"] if name not in FILES]
    if unknown:
        raise JobError(f"unknown dimension {unknown[0]!r}, there are {', '.join(FILES)}")
    cache = Path(job["cache_dir"])
    for file in [VOCABULARY, *(file for name in job["dimensions"] for file in FILES[name])]:
        if not (cache / file).is_file():
            raise JobError(f"{cache / file} is missing")
    for video in job["videos"]:
        if not Path(video["path"]).is_file():
            raise JobError(f"{video['path']} is missing")
        if not video["path"].endswith(".mp4"):
            raise JobError(f"{video['path']}: VBench reads only files that end in .mp4")


@contextlib.contextmanager
def replaced(owner: Any, name: str, make: Callable[[Any], Any]) -> Iterator[None]:
    """Puts `make(old)` in the place of an attribute for a while."""
    old = getattr(owner, name)
    setattr(owner, name, make(old))
    try:
        yield
    finally:
        setattr(owner, name, old)


def build_tiny(cache: Path, stack: contextlib.ExitStack) -> None:
    """Makes the package build its own classes in the sizes of the checkpoints. CLIP's builder does so by itself."""
    torch = importlib.import_module("torch")

    def tiny_hub(_: Any) -> Any:
        def load(repo_or_dir: str, *_args: Any, **_kwargs: Any) -> Any:
            sys.path.insert(0, repo_or_dir)
            vision = importlib.import_module("vision_transformer")
            sys.path.remove(repo_or_dir)
            state = torch.load(cache / FILES["subject_consistency"][0], map_location="cpu")
            width, depth = state["cls_token"].shape[-1], sum(name.endswith("norm1.weight") for name in state)
            model = vision.VisionTransformer(
                patch_size=16, embed_dim=width, depth=depth, num_heads=width // 64, mlp_ratio=4, qkv_bias=True,
                norm_layer=functools.partial(torch.nn.LayerNorm, eps=1e-6), num_classes=0,
            )  # fmt: skip
            model.load_state_dict(state)
            return model.eval()

        return load

    stack.enter_context(replaced(torch.hub, "load", tiny_hub))
    viclip = importlib.import_module("vbench.third_party.ViCLIP.viclip")
    vision = importlib.import_module("vbench.third_party.ViCLIP.viclip_vision")
    text = importlib.import_module("vbench.third_party.ViCLIP.viclip_text")

    def sizes(tower: str) -> tuple[int, int, int]:
        state = torch.load(cache / FILES["overall_consistency"][0], map_location="cpu")["model"]
        projection = "vision_encoder.proj" if tower == "vision_encoder" else "text_encoder.text_projection"
        width, embed = state[projection].shape
        return width, sum(name.startswith(tower) and name.endswith("ln_1.weight") for name in state), embed

    def tiny_vision(**_: Any) -> Any:
        width, layers, embed = sizes("vision_encoder")
        return vision.VisionTransformer(224, 14, width, layers, width // 64, output_dim=embed, num_frames=8).eval()

    def tiny_text(**_: Any) -> Any:
        width, layers, embed = sizes("text_encoder")
        return text.CLIP_TEXT(embed, 32, 49408, width, width // 64, layers, 0).eval()

    stack.enter_context(replaced(viclip, "clip_joint_l14", lambda _: tiny_vision))
    stack.enter_context(replaced(viclip, "clip_text_l14", lambda _: tiny_text))


def evaluate(job: dict[str, Any], work: Path) -> dict[str, Any]:
    """Runs VBench over the job, one dimension after another."""
    torch = importlib.import_module("torch")
    vbench = importlib.import_module("vbench")
    stages = load_stages()
    if job.get("threads"):
        torch.set_num_threads(job["threads"])
    videos, prompts, paths = work / "videos", {}, {}
    videos.mkdir()
    for index, video in enumerate(job["videos"]):
        link = videos / f"{index:06d}.mp4"
        link.symlink_to(Path(video["path"]).resolve())
        prompts[link.name], paths[str(link)] = video["prompt"], video["path"]
    # The string "cuda" would make motion smoothness scale pictures by the card's memory; VBench's own command does not.
    device = "cpu" if job["device"] == "cpu" else torch.device(job["device"])
    runner = vbench.VBench(device, "", str(work / "results"))
    recorder = stages.Recorder(Path(job["dumps"]), paths) if job.get("dumps") else None
    answer: dict[str, Any] = {"values": {}, "aggregates": {}, "errors": {}, "costs": {}}
    for dimension in job["dimensions"]:
        wall, cpu = time.perf_counter(), time.process_time()
        with contextlib.ExitStack() as stack:
            if job.get("tiny"):
                build_tiny(Path(job["cache_dir"]), stack)
            if recorder is not None:
                for owner, name, make in stages.watches(recorder, dimension):
                    stack.enter_context(replaced(owner, name, make))
            try:
                runner.evaluate(
                    videos_path=str(videos), name=dimension, prompt_list=prompts, dimension_list=[dimension],
                    local=True, mode="custom_input",
                )  # fmt: skip
            except Exception as error:  # whatever VBench dies of is this dimension's result
                answer["errors"][dimension] = f"{type(error).__name__}: {error}"
                continue
            finally:
                if recorder is not None:
                    recorder.close()
        aggregate, rows = json.loads((work / "results" / f"{dimension}_eval_results.json").read_text())[dimension]
        answer["values"][dimension] = {
            paths[row["video_path"]]: row["video_results"] for row in rows if math.isfinite(row["video_results"])
        }
        answer["aggregates"][dimension] = aggregate if math.isfinite(aggregate) else None
        answer["costs"][dimension] = {
            "wall_s": time.perf_counter() - wall,
            "cpu_s": time.process_time() - cpu,
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    return answer | {"stages": recorder.stages if recorder is not None else {}}


def tokens(job: dict[str, Any]) -> list[dict[str, Any]]:
    """Token ids of the job's texts, 32 each, from the text tower's own method; with `dumps` also their features."""
    if not job.get("texts"):
        return []
    tower = importlib.import_module("vbench.third_party.ViCLIP.viclip_text")
    reader = type("Tokenizer", (), {"_tokenizer": tower._Tokenizer(str(Path(job["cache_dir"]) / VOCABULARY))})
    ids = tower.CLIP_TEXT.tokenize(reader, job["texts"], context_length=32).tolist()
    if job.get("dumps"):
        load_stages().dump_text_features(Path(job["dumps"]) / "texts.npz", job["texts"])
    return [{"text": text, "ids": row} for text, row in zip(job["texts"], ids, strict=True)]


def main() -> int:
    """Reads a job, writes an answer; 1 when there is none."""
    answer_to = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # VBench prints
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [entry for entry in sys.path if str(Path(entry or ".").resolve()) != here]
    with answer_to, tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        try:
            job = json.load(sys.stdin)
            check(job)
            cache = Path(job["cache_dir"]).resolve()
            os.environ["VBENCH_CACHE_DIR"] = str(cache)
            # torch.hub takes DINO's weights from its own folder, and would download them if they were not there.
            (work / "torch/hub/checkpoints").mkdir(parents=True)
            name = FILES["subject_consistency"][0]
            (work / "torch/hub/checkpoints" / Path(name).name).symlink_to(cache / name)
            os.environ["TORCH_HOME"] = str(work / "torch")
            if job.get("trust_pickles"):
                os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
            define_torchvision_ops()
            answer = evaluate(job, work)
            answer |= {"tokens": tokens(job), "versions": versions()}
        except (JobError, ImportError, KeyError) as error:
            answer = {"fatal": str(error) if isinstance(error, JobError) else f"{type(error).__name__}: {error}"}
        json.dump(answer, answer_to, allow_nan=False)
    return 1 if "fatal" in answer else 0


if __name__ == "__main__":
    sys.exit(main())
