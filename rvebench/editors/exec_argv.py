"""Becomes the command whose argv stands in a JSON file. Standard library only: it is run as a script.

    python exec_argv.py ARGV.json

`conda run` writes the words it is given into a shell script. Handed this script and a file name instead, it never
sees the instruction, and newlines or quotes in it reach the editor as they are.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main(path: str) -> None:
    """Replaces this process by the command; comes back only with an error."""
    argv = json.loads(Path(path).read_text(encoding="utf-8"))
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - an argv list; no shell
    except OSError as error:
        sys.stderr.write(f"cannot start {argv[0]}: {error.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1])
