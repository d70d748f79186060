"""Writes the oracle's weights: `python -m tests.metrics.oracle.make_weights {tiny,full} FOLDER`, from the root.

The folder becomes a `VBENCH_CACHE_DIR`. `catalogue.json` in it is for `RVEBENCH_WEIGHTS_CATALOGUE`: it lifts the pinned
sums and sizes, so that rvebench takes these files for the published ones. Scores made with them mean nothing.
"""

import argparse
import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.metrics.oracle.weights import FILES, FULL, TINY, write_weights

VOCABULARY = "bpe_simple_vocab_16e6.txt.gz"
NAMES = ("dino-vitb16", "clip-vit-b32", "viclip-l14", "amt-s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=["tiny", "full"])
    parser.add_argument("folder", type=Path, help="becomes a VBENCH_CACHE_DIR")
    arguments = parser.parse_args()
    write_weights(arguments.folder, TINY if arguments.size == "tiny" else FULL)
    catalogue = {name: {"sha256": None, "size_bytes": None} for name in NAMES}
    (arguments.folder / "catalogue.json").write_text(json.dumps(catalogue, indent=2) + "\n", encoding="utf-8")
    carriers = [spec.origin for name in ("open_clip", "clip") if (spec := find_spec(name)) and spec.origin]
    if not carriers:
        sys.exit("the weights are written, the vocabulary is not: no package that carries it is installed")
    shutil.copy(Path(carriers[0]).with_name(VOCABULARY), arguments.folder / "ViCLIP")
    for path in sorted(arguments.folder.rglob("*")):
        if path.is_file():
            print(f"{path.stat().st_size:>12,}  {path}")
    assert all((arguments.folder / file).is_file() for file in FILES.values())


if __name__ == "__main__":
    main()
