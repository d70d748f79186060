"""Weights that others publish: which files, where they lie, how they come here, and the tensors in them.

Nothing here imports torch before tensors are asked for, nor opens a connection before a file is fetched.
"""

from rvebench.weights.catalogue import CATALOGUE, WeightFile, catalogue, known_file
from rvebench.weights.checkpoint import iter_globals, load_tensors, load_values
from rvebench.weights.convert import load_weights
from rvebench.weights.download import DownloadError, OfflineError, Patience, RemoteFile, fetch, fetch_to
from rvebench.weights.listing import FileListing, TensorInfo, list_tensors
from rvebench.weights.store import MissingWeightsError, WeightPath, WeightState, WeightStore, sha256_of

__all__ = [
    "CATALOGUE",
    "DownloadError",
    "FileListing",
    "MissingWeightsError",
    "OfflineError",
    "Patience",
    "RemoteFile",
    "TensorInfo",
    "WeightFile",
    "WeightPath",
    "WeightState",
    "WeightStore",
    "catalogue",
    "fetch",
    "fetch_to",
    "iter_globals",
    "known_file",
    "list_tensors",
    "load_tensors",
    "load_values",
    "load_weights",
    "sha256_of",
]
