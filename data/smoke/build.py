"""Builds the split `smoke`: renders it afresh, checks it, and puts what ships in place of what shipped before.

    pip install "rvebench[sim]"
    python data/smoke/build.py [--out data/smoke] [--workers 2]

Needed after the look, the words or the set of the families changed. What shipped before stays until the new videos are
rendered, verified and small enough.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from rvebench.sim import FRAMES, SIZE
from rvebench.splits import load_split, render_split, verify_split

HERE = Path(__file__).resolve().parent
MOST_BYTES = 5_950_000
"""With the texts beside the videos the folder stays under 6 MB."""


def build(out: Path, workers: int) -> int:
    """Returns how many samples ship."""
    out.mkdir(parents=True, exist_ok=True)
    # Inside `out`, so that taking the place of the old folder is a rename.
    with tempfile.TemporaryDirectory(prefix=".build-", dir=out) as text:
        fresh = Path(text)
        split = load_split(str(render_split("smoke", fresh, size=SIZE, frames=FRAMES, workers=workers)))
        problems = verify_split(split)
        if problems:
            raise SystemExit("\n".join(map(str, problems)))
        size = sum(path.stat().st_size for path in (fresh / "videos").iterdir())
        if size > MOST_BYTES:
            raise SystemExit(f"{size / 1e6:.2f} MB of videos are too much to ship; {MOST_BYTES / 1e6:.2f} MB fit")
        shutil.rmtree(out / "videos", ignore_errors=True)
        (fresh / "videos").rename(out / "videos")
        split.path.replace(out / split.path.name)
    return len(split.samples)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--workers", type=int, default=2, help="processes that render")
    given = parser.parse_args()
    out = given.out.absolute()
    samples = build(out, given.workers)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{out}: {samples} samples, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
