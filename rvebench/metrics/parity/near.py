"""The near side of the parity check: hands a job to VBench in its own environment and reads the answer.

VBench 0.1.5 cannot be installed beside rvebench (it wants numpy 1, transformers 4.33, timm 1.0.12), so it runs in
another Python, which requirements/parity.txt says how to make. `vbench_side.py` beside this file is what runs there.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rvebench.errors import RveError, UsageError

__all__ = [
    "DIMENSIONS",
    "VBENCH_VERSION",
    "Cost",
    "Stage",
    "Tokens",
    "VBenchAnswer",
    "VBenchJob",
    "VBenchVideo",
    "run_vbench",
]

VBENCH_VERSION = "0.1.5"
DIMENSIONS = (
    "subject_consistency",
    "background_consistency",
    "overall_consistency",
    "temporal_flickering",
    "motion_smoothness",
)
"""VBench's dimensions that can be compared, by VBench's names."""

_SCRIPT = Path(__file__).with_name("vbench_side.py")
_HINT = "make the environment as requirements/parity.txt says and give its Python"


@dataclass(frozen=True, slots=True, kw_only=True)
class VBenchVideo:
    """One video VBench is asked about; VBench reads only names that end in `.mp4`."""

    path: Path
    prompt: str
    """The text of overall consistency; the other dimensions ignore it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VBenchJob:
    """What VBench is asked to compute."""

    videos: tuple[VBenchVideo, ...]
    dimensions: tuple[str, ...]
    cache_dir: Path
    """A VBench cache folder with all files the dimensions need; nothing is downloaded."""
    device: str = "cpu"
    tiny: bool = False
    """DINO's and ViCLIP's checkpoints are of other sizes than published, with 64 channels a head as published."""
    texts: tuple[str, ...] = ()
    """Texts to put through VBench's tokenizer."""
    dumps: Path | None = None
    """An existing folder for what passes between VBench's stages."""
    threads: int | None = None
    """PyTorch's threads; None leaves PyTorch's default."""
    trust_pickles: bool = False
    """Lets checkpoints run code while they load, which the published `amt-s.pth` may need."""

    def to_json(self) -> str:
        """Returns the job as `vbench_side.py` reads it."""
        return json.dumps(
            {
                "videos": [{"path": str(video.path.absolute()), "prompt": video.prompt} for video in self.videos],
                "dimensions": list(self.dimensions),
                "cache_dir": str(self.cache_dir.absolute()),
                "device": self.device,
                "tiny": self.tiny,
                "texts": list(self.texts),
                "dumps": None if self.dumps is None else str(self.dumps.absolute()),
                "threads": self.threads,
                "trust_pickles": self.trust_pickles,
            }
        )


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Stage(_Record):
    """One array that passed between two of VBench's stages."""

    shape: tuple[int, ...]
    dtype: str
    sha256: str
    """Over the bytes alone; `rvebench.video.frames_fingerprint` also covers the shape."""


class Cost(_Record):
    """What one dimension took, loading of the model included."""

    wall_s: float
    cpu_s: float
    peak_rss_mb: float
    """Highest resident memory of the process up to the end of this dimension."""


class Tokens(_Record):
    """One text and the 32 ids VBench's tokenizer gives it."""

    text: str
    ids: tuple[int, ...]


class VBenchAnswer(_Record):
    """What VBench computed. Paths are those of the job, made absolute."""

    values: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Score by dimension and path. VBench leaves out files it cannot read in temporal flickering: see `missing`."""
    aggregates: dict[str, float | None] = Field(default_factory=dict)
    """VBench's own figure for all videos; None where it is not a number."""
    errors: dict[str, str] = Field(default_factory=dict)
    """What a dimension died of; VBench loses the whole dimension when one video fails."""
    costs: dict[str, Cost] = Field(default_factory=dict)
    tokens: tuple[Tokens, ...] = ()
    stages: dict[str, dict[str, dict[str, Stage]]] = Field(default_factory=dict)
    """By dimension, path and stage; empty without `dumps`."""
    versions: dict[str, str] = Field(default_factory=dict)

    def missing(self, job: VBenchJob) -> list[tuple[str, str]]:
        """Returns (dimension, path) of each value that was asked for and is not here, for whatever reason."""
        return [
            (dimension, str(video.path.absolute()))
            for dimension in job.dimensions
            for video in job.videos
            if str(video.path.absolute()) not in self.values.get(dimension, {})
        ]


def run_vbench(python: Path, job: VBenchJob, *, timeout_s: float) -> VBenchAnswer:
    """Runs VBench on a job and waits for it.

    Args:
        python: the Python of the environment that holds VBench.
        job: what to compute.
        timeout_s: after this many seconds the process and its children are killed.

    Raises:
        UsageError: the Python cannot be started, VBench is missing or of another version, or a file of the job is
            missing.
        RveError: VBench took too long, died, or answered what cannot be read.
    """
    unknown = [name for name in job.dimensions if name not in DIMENSIONS]
    if unknown:
        raise UsageError(f"VBench is not asked for {unknown[0]!r}", hint=f"choose from {', '.join(DIMENSIONS)}")
    repeated = len({video.path.absolute() for video in job.videos}) < len(job.videos)
    if repeated or not job.videos:
        raise UsageError("VBench needs at least one video, and each only once")
    # The far side keeps links and VBench's results in a temporary folder, which a killed process would leave behind.
    with tempfile.TemporaryDirectory(prefix="rvebench-parity-") as scratch:
        out, log, code = _talk([str(python), "-I", str(_SCRIPT)], job.to_json(), scratch, timeout_s)
    return _read(out, log, code, python)


def _talk(command: list[str], text: str, scratch: str, timeout_s: float) -> tuple[str, str, int]:
    """Returns stdout, stderr and exit code of a command that was given `text`."""
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, encoding="utf-8", errors="replace",
            env=os.environ | {"TMPDIR": scratch}, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise UsageError(f"cannot be started ({error.strerror})", where=command[0], hint=_HINT) from error
    try:
        out, log = process.communicate(text, timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise RveError(
            f"VBench did not finish within {timeout_s:g} s", hint="give it more time, fewer videos or fewer dimensions"
        ) from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return out, log, process.returncode


def _read(out: str, log: str, code: int, python: Path) -> VBenchAnswer:
    try:
        answer = json.loads(out)
        fatal = answer.get("fatal")
        parsed = VBenchAnswer.model_validate(answer)
    except (ValueError, AttributeError) as error:  # ValidationError is a ValueError
        last = next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "it said nothing")
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        detail = "its answer has another form" if isinstance(error, ValidationError) else last
        raise RveError(f"VBench's process {how} and gave no answer: {detail}", where=python) from error
    if fatal is not None:
        raise UsageError(f"VBench cannot be run: {fatal}", where=python, hint=_HINT)
    return parsed
