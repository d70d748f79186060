"""Makes `fixtures/renders.npz`: a few renders of one family of each type, and the machine they were made on.

Run after the look of a family was changed on purpose: `python -m tests.sim.make_fixtures`.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rvebench.sim import load_family, render_pictures
from rvebench.sim.libraries import load_pymunk, load_skia
from rvebench.sim.texture import grain

__all__ = ["FIXTURE", "SHOWN", "Renders", "describe_machine", "grain_again", "load_renders", "render_again"]

FIXTURE = Path(__file__).resolve().parent / "fixtures" / "renders.npz"

SHOWN = (
    "avenue-walk",
    "chess-resign",
    "domino-run",
    "literal-replace",
    "rain-umbrella",
    "rope-bucket",
    "thunder-fright",
    "tide-turn",
    "train-pan",
)
"""One family of each type, among them those whose bodies move under forces."""

_SIZE = (96, 64)
_FRAMES = 17
_KEPT = (0, 8, 16)
_SEED = 1
_GRAIN = "grain"


class Renders(NamedTuple):
    """What a fixture holds."""

    machine: dict[str, str]
    clips: dict[str, npt.NDArray[np.uint8]]
    """The target's kept frames by family, without grain, shape (T, H, W, 3)."""
    grain: npt.NDArray[np.int16]


def describe_machine() -> dict[str, str]:
    """Returns what may decide the last bit of a render."""
    file = Path("/proc/cpuinfo")
    lines = [line.partition(":") for line in file.read_text().splitlines()] if file.exists() else []
    cpu = {name.strip(): value.strip() for name, _, value in lines}
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": cpu.get("model name", platform.processor()),
        "vectors": " ".join(sorted({"avx2", "avx512f", "avx512bw", "fma"} & set(cpu.get("flags", "").split()))),
        "skia": str(load_skia().__version__),
        "pymunk": str(load_pymunk().version),
        "numpy": np.__version__,
    }


def render_again(name: str) -> npt.NDArray[np.uint8]:
    """Renders what the fixture keeps of one family."""
    clip = render_pictures(load_family(name), _SEED, "target", size=_SIZE, frames=_FRAMES, noisy=False)
    return clip[list(_KEPT)]


def grain_again() -> npt.NDArray[np.int16]:
    """Returns the grain of one frame."""
    return grain(_SEED, _KEPT[-1], *_SIZE).astype(np.int16)


def load_renders() -> Renders:
    """Reads the fixture."""
    with np.load(FIXTURE) as stored:
        values: dict[str, Any] = {key: stored[key] for key in stored.files}
    machine = json.loads(str(values.pop("machine")))
    return Renders(machine, {key: value for key, value in values.items() if key != _GRAIN}, values[_GRAIN])


def main() -> None:
    """Writes the fixture."""
    FIXTURE.parent.mkdir(exist_ok=True)
    clips = {name: render_again(name) for name in SHOWN}
    machine = np.array(json.dumps(describe_machine()))
    np.savez_compressed(FIXTURE, machine=machine, **{_GRAIN: grain_again()}, **clips)
    print(f"{FIXTURE}: {len(clips)} families, {FIXTURE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
