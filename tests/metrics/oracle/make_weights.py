"""Writes the oracle's weights: `python -m tests.metrics.oracle.make_weights {tiny,full} FOLDER`, from the root."""

import argparse
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.metrics.oracle.weights import FILES, FULL, TINY, write_weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=["tiny", "full"])
    parser.add_argument("folder", type=Path, help="becomes a VBENCH_CACHE_DIR")
    arguments = parser.parse_args()
    write_weights(arguments.folder, TINY if arguments.size == "tiny" else FULL)
    clip = find_spec("clip")
    if clip is None or clip.origin is None:
        sys.exit("the weights are written, the vocabulary is not: openai-clip, which carries it, is not installed")
    shutil.copy(Path(clip.origin).with_name("bpe_simple_vocab_16e6.txt.gz"), arguments.folder / "ViCLIP")
    for path in sorted(arguments.folder.rglob("*")):
        if path.is_file():
            print(f"{path.stat().st_size:>12,}  {path}")
    assert all((arguments.folder / file).is_file() for file in FILES.values())


if __name__ == "__main__":
    main()
