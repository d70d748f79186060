"""The released trainer's samples, one pickle each, as shards. Nothing in a pickle runs: plain values and tensors alone.

A list is a text file with one path a line. A pickle is a dict: `prompt`, `latent_feature_tgt` (C, T, H, W),
`vlm_last_hidden_states` (1, L, D), `t5_emb` (n, D), alone or in a list of one, and the source's latents. The released
extractor writes those as `latent_features`, and the released trainer reads `latent_feature`, finds nothing, and trains
without a source; here both names are read, and a sample with neither is a failure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from rvebench.errors import DataError, UsageError
from rvebench.records import digest_of
from rvebench.revise.config import ReviseConfig
from rvebench.revise.training.clips import ClipShape
from rvebench.revise.training.shards.encode import EncodedSample
from rvebench.revise.training.shards.precompute import Part, PrecomputeReport, fill_store, samples_a_shard
from rvebench.revise.training.shards.spec import EncoderPrints, KeptSettings, ShardSpec
from rvebench.revise.training.shards.store import ShardStore
from rvebench.weights import load_values, sha256_of

__all__ = ["OFFICIAL_FPS", "OfficialSample", "import_official", "read_official", "read_official_list"]

OFFICIAL_FPS = 8.0
"""Frames a second of the released model's clips; the pickles do not say."""

_SOURCES = ("latent_feature", "latent_features")
_TEXTS = ("t5_emb", "text_emb")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialSample:
    """One line of a list."""

    id: str
    path: Path


def read_official_list(path: Path) -> tuple[OfficialSample, ...]:
    """Returns the samples that a list names; a relative path starts at the list's folder.

    A sample is called like its file; where two files have one name, their folders' names are put before it.

    Raises:
        UsageError: the list is not there, names nothing, or one file twice.
        DataError: it is no text.
    """
    try:
        lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    except OSError as error:
        raise UsageError(f"the list cannot be read: {error.strerror}", where=path) from None
    except UnicodeDecodeError:
        raise DataError("the list is no UTF-8 text", where=path, hint="give a file with one path a line") from None
    paths = [path.parent / line for line in lines if line and not line.startswith("#")]
    if not paths:
        raise UsageError("the list names no sample", where=path, hint="write one path of a pickle a line")
    stems = Counter(file.stem for file in paths)
    samples = tuple(
        OfficialSample(id=file.stem if stems[file.stem] == 1 else f"{file.parent.name}.{file.stem}", path=file)
        for file in paths
    )
    twice = [id for id, count in Counter(sample.id for sample in samples).items() if count > 1]
    if twice:
        raise UsageError(f"two samples of the list are called {twice[0]}", where=path, hint="rename one of the files")
    return samples


def read_official(path: Path, config: ReviseConfig, shape: ClipShape, *, id: str) -> EncodedSample:
    """Returns the tensors of one pickle.

    Args:
        path: of the pickle.
        config: the model whose encoders they are said to be of.
        shape: of the clip.
        id: of the sample.

    Raises:
        DataError: the file is damaged or holds code, a key is missing, or a tensor does not fit the model.
    """
    value = load_values(path)
    if not isinstance(value, dict):
        raise DataError(f"holds a {type(value).__name__} and not a sample's dict", where=path)
    wanted = config.latent_shape(frames=shape.frames, size=shape.size)
    target = _latents(value, ("latent_feature_tgt",), wanted, path)
    source = _latents(value, _SOURCES, wanted, path)
    tensors = {
        "source": source,
        "target": target,
        "vlm": _states(value, ("vlm_last_hidden_states",), config.vlm.dim, path),
    }
    if config.text is not None:
        tensors["text"] = _states(value, _TEXTS, config.text.dim, path)
    prompt = value.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise DataError("the sample has no prompt", where=path)
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise DataError(f"{name} is not finite", where=path)
    return EncodedSample(id=id, instruction=prompt, group=id, fps=OFFICIAL_FPS, tensors=tensors)


def _found(value: Mapping[Any, Any], names: Sequence[str], path: Path) -> torch.Tensor:
    for name in names:
        found = value.get(name)
        if isinstance(found, (list, tuple)) and len(found) == 1:
            found = found[0]
        if isinstance(found, torch.Tensor):
            return found
    if tuple(names) == _SOURCES:
        raise DataError(
            "the sample has no source latents under latent_feature or latent_features: an edit cannot be learnt from "
            "it",
            where=path,
            hint="extract it again with its source",
        )
    raise DataError(f"the sample has no tensor {' or '.join(names)}", where=path)


def _latents(
    value: Mapping[Any, Any], names: Sequence[str], wanted: tuple[int, int, int, int], path: Path
) -> torch.Tensor:
    found = _found(value, names, path)
    if found.ndim == 5 and len(found) == 1:
        found = found[0]
    if tuple(found.shape) != tuple(wanted):
        raise DataError(
            f"{names[0]} has the shape {list(found.shape)}, and the clips of this folder have {list(wanted)}",
            where=path,
            hint="precompute clips of another shape into another folder (--frames, --size)",
        )
    return found.float().contiguous().clone()


def _states(value: Mapping[Any, Any], names: Sequence[str], width: int, path: Path) -> torch.Tensor:
    found = _found(value, names, path)
    if found.ndim == 3 and len(found) == 1:
        found = found[0]
    if found.ndim != 2 or not len(found) or found.shape[1] != width:
        raise DataError(
            f"{names[0]} has the shape {list(found.shape)}, and the model takes states of width {width}", where=path
        )
    return found.contiguous().clone()


def import_official(
    samples: Sequence[OfficialSample],
    config: ReviseConfig,
    encoders: EncoderPrints,
    path: Path,
    *,
    shape: ClipShape,
    part: Part | None = None,
    update: bool = False,
    shard_samples: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PrecomputeReport:
    """Writes the samples of a list into a folder of shards; see :func:`rvebench.revise.training.shards.precompute`.

    Args:
        samples: what :func:`read_official_list` says.
        config: the model whose encoders the pickles are said to be of.
        encoders: its fingerprints; they are marked as declared, for the pickles cannot prove them.
        path: of the folder.
        shape: of the clips.
        part: this process's share.
        update: the folder may be given more samples.
        shard_samples: most samples a shard in a new folder.
        progress: called with samples of the part that are done, and all of them.

    Raises:
        UsageError: the folder is stale or was begun for others, or a recorded sample has changed.
        DataError: a file of the folder is damaged.
        StorageError: a file cannot be written.
    """
    kept = KeptSettings(source_frames=False)
    declared = EncoderPrints(vae=encoders.vae, vlm=encoders.vlm, text=encoders.text, declared=True)
    spec = ShardSpec(encoders=declared, clip=shape, kept=kept)

    def made(sample: OfficialSample, place: int) -> Callable[[], EncodedSample]:
        del place
        encoded = read_official(sample.path, config, shape, id=sample.id)
        return lambda: encoded

    store = ShardStore.claim(path, spec, shard_samples=shard_samples or samples_a_shard(spec, config))
    return fill_store(
        store,
        samples,
        key=lambda sample: digest_of({"official": sha256_of(sample.path)}),
        made=made,
        part=part or Part(),
        update=update,
        progress=progress,
    )
