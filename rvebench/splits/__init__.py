"""Which samples exist, where their pixels are, and whether everything is there."""

from __future__ import annotations

from rvebench.splits.hashing import FrameHashCache, fingerprint_files, fingerprint_split, read_media, sample_files
from rvebench.splits.import_folder import import_folder
from rvebench.splits.import_lists import import_official, import_viebench
from rvebench.splits.import_writer import ImportReport
from rvebench.splits.licence import NO_LICENCE, check_licence
from rvebench.splits.loader import SPLITS, Split, load_split
from rvebench.splits.manifest import MANIFEST_NAME, read_manifest, write_split
from rvebench.splits.rendered import render_split, rendered_folder
from rvebench.splits.schema import SCHEMA, sample_from_json, sample_to_json
from rvebench.splits.stats import SplitStats, split_stats
from rvebench.splits.verify import Problem, verify_split

__all__ = [
    "MANIFEST_NAME",
    "NO_LICENCE",
    "SCHEMA",
    "SPLITS",
    "FrameHashCache",
    "ImportReport",
    "Problem",
    "Split",
    "SplitStats",
    "check_licence",
    "fingerprint_files",
    "fingerprint_split",
    "import_folder",
    "import_official",
    "import_viebench",
    "load_split",
    "read_manifest",
    "read_media",
    "render_split",
    "rendered_folder",
    "sample_files",
    "sample_from_json",
    "sample_to_json",
    "split_stats",
    "verify_split",
    "write_split",
]
