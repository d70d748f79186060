"""Weights that others publish: which files, where they lie, how they come here, and the tensors in them.

Nothing here imports torch before tensors are asked for, nor opens a connection before a file is fetched.
"""

from rvebench.weights.catalogue import CATALOGUE, WeightFile, catalogue, known_file
from rvebench.weights.checkpoint import iter_globals, load_tensors
from rvebench.weights.convert import load_weights
from rvebench.weights.download import DownloadError, OfflineError, Patience, fetch
from rvebench.weights.store import MissingWeightsError, WeightPath, WeightState, WeightStore, sha256_of

__all__ = [
    "CATALOGUE",
    "DownloadError",
    "MissingWeightsError",
    "OfflineError",
    "Patience",
    "WeightFile",
    "WeightPath",
    "WeightState",
    "WeightStore",
    "catalogue",
    "fetch",
    "iter_globals",
    "known_file",
    "load_tensors",
    "load_weights",
    "sha256_of",
]
