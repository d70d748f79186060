"""Vision-language models on this machine as judges: `--judge hf:MODEL`."""

from __future__ import annotations

from rvebench.judges.local.judge import LABEL, LocalJudge, build_local_judge
from rvebench.judges.local.spec import PREFIX, LocalSpec, parse_local_spec

__all__ = ["LABEL", "PREFIX", "LocalJudge", "LocalSpec", "build_local_judge", "parse_local_spec"]
