"""What the frozen encoders say of a training's samples, computed once and kept in safetensors shards."""

from __future__ import annotations

from rvebench.revise.training.shards.baselines import BaselineCritic, baseline_key, load_baseline_critic
from rvebench.revise.training.shards.encode import EncodedSample, SampleEncoder, pool_change
from rvebench.revise.training.shards.files import Entry, Failure, Record
from rvebench.revise.training.shards.official import import_official, read_official, read_official_list
from rvebench.revise.training.shards.precompute import Part, PrecomputeReport, UnusableSample, precompute, sample_key
from rvebench.revise.training.shards.spec import EncoderPrints, KeptSettings, ShardSpec
from rvebench.revise.training.shards.store import ShardStore
from rvebench.revise.training.shards.verify import ShardListing, ShardReport, list_store, verify_store

__all__ = [
    "BaselineCritic",
    "EncodedSample",
    "EncoderPrints",
    "Entry",
    "Failure",
    "KeptSettings",
    "Part",
    "PrecomputeReport",
    "Record",
    "SampleEncoder",
    "ShardListing",
    "ShardReport",
    "ShardSpec",
    "ShardStore",
    "UnusableSample",
    "baseline_key",
    "import_official",
    "list_store",
    "load_baseline_critic",
    "pool_change",
    "precompute",
    "read_official",
    "read_official_list",
    "sample_key",
    "verify_store",
]
