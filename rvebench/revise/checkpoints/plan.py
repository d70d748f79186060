"""Which files a checkpoint in a layout consists of, and how each is made from an opened checkpoint of any layout."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rvebench.errors import DataError
from rvebench.revise.checkpoints.folder import CheckpointFolder
from rvebench.revise.checkpoints.keys import MIXED_PREFIXES
from rvebench.revise.checkpoints.layout import BASE_PARTS, CONFIG_NAME, REVISE_PARTS
from rvebench.revise.checkpoints.manifest import FileSum
from rvebench.revise.checkpoints.settings import (
    model_index,
    scheduler_settings,
    text_settings,
    transformer_settings,
    vae_settings,
    wan_settings,
)
from rvebench.revise.checkpoints.tensors import Written, open_tensors, write_safetensors
from rvebench.revise.checkpoints.writers import copy_file, write_pickle, write_text, write_torch
from rvebench.storage import read_json
from rvebench.weights import TensorInfo

__all__ = ["Step", "plan_steps"]

Progress = Callable[[int], None]

_FLOATS = ("float64", "float32", "float16", "bfloat16")
_COPIED = (".json", ".txt", ".model", ".safetensors", ".jinja", ".md", ".tiktoken")
_WAN_FOLDER = "wan/wanxiang1_3b"
_TEXT_FILE = "models_t5_umt5-xxl-enc-bf16.pth"


class Step(NamedTuple):
    """One file of the target."""

    name: str
    """Relative, with forward slashes."""
    size_bytes: int
    """About; what its writing needs on the disk beside itself not counted."""
    write: Callable[[Path, Progress], FileSum]


def plan_steps(folder: CheckpointFolder, to: str, dtype: str | None) -> tuple[list[Step], tuple[str, ...]]:
    """Returns the files of the target, and those of the source that have no place in it.

    Every part of the source is compared with its table here, before anything is written.

    Args:
        folder: the source.
        to: `ours`, `diffusers` or `official`.
        dtype: torch's name, for all floating tensors but those of VAE, VLM and context; None changes none.

    Raises:
        DataError: a part is missing or wrong.
    """
    plan = _Plan(folder, dtype)
    steps = list(plan.official() if to == "official" else plan.components(to))
    return steps, tuple(plan.left_out)


class _Plan:
    def __init__(self, folder: CheckpointFolder, dtype: str | None) -> None:
        self.folder = folder
        self.layout = folder.layout
        self.dtype = dtype
        self.left_out: list[str] = []
        if not self.layout.is_base:
            self._refuse_gaps()

    def _refuse_gaps(self) -> None:
        strays = self.folder.strays()
        if strays:
            raise DataError(f"{len(strays)} tensors belong to no part ({strays[0]})", where=self.layout.mixed)
        for name in self.folder.context_names():
            self.folder.context_sources(name)
        needed = {"vlm": "the VLM"}
        if self.folder.config.text is not None:
            needed |= {"tokenizer": "the tokenizer of the text encoder"}
        for name, words in needed.items():
            if getattr(self.layout, name) is None:
                raise DataError(f"{words} is missing", where=self.layout.root, hint="finish the download")

    def rows(self, part: str, *, official: bool = False, prefix: str = "") -> list[Written]:
        """Returns a part's tensors as they are to be written."""
        sources = self.folder.sources(part)
        names = {key.ours: key.official if official else key.ours for key in self.folder.keys(part)}
        return [Written(prefix + names[name], self._cast(part, info), load) for name, (info, load) in sources.items()]

    def context(self, name: str) -> list[Written]:
        """Returns special tokens or null context as they are."""
        return [Written(item, info, load) for item, (info, load) in self.folder.context_sources(name).items()]

    def _cast(self, part: str, info: TensorInfo) -> TensorInfo:
        if self.dtype is None or part == "vae" or info.dtype not in _FLOATS:
            return info
        return TensorInfo(self.dtype, info.shape)

    def components(self, to: str) -> Iterator[Step]:
        """A folder a component: ours, and diffusers'."""
        config, base = self.folder.config, self.layout.is_base
        made = {"transformer": transformer_settings, "vae": vae_settings, "text_encoder": text_settings}
        if to == "ours":
            yield _text_step(CONFIG_NAME, config.to_json())
        else:
            yield _json_step("model_index.json", model_index())
            yield _json_step("scheduler/scheduler_config.json", scheduler_settings(config))
            if not base:
                yield _text_step("connector/config.json", config.to_json())
        wanted = self.folder.wanted_parts
        for part in (part for part in BASE_PARTS if part in wanted):
            own = self.layout.settings.get(part) if self.layout.kind in ("ours", "diffusers") else None
            settings = made[part](config) if own is None else read_json(own)
            yield _json_step(f"{part}/config.json", settings)
            name = "model" if part == "text_encoder" else "diffusion_pytorch_model"
            yield _tensors_step(f"{part}/{name}.safetensors", self.rows(part))
        for part in (part for part in REVISE_PARTS if part in wanted):
            yield _tensors_step(f"connector/{part}.safetensors", self.rows(part))
        if not base:
            for name in self.folder.context_names():
                yield _tensors_step(f"context/{name}.safetensors", self.context(name))
            yield from self._copies(self.layout.vlm, "vlm")
        yield from self._copies(self.layout.tokenizer, "tokenizer")

    def official(self) -> Iterator[Step]:
        """The released layout; Wan's own for the base model alone."""
        config, base = self.folder.config, self.layout.is_base
        root = "" if base else f"{_WAN_FOLDER}/"
        wanted = self.folder.wanted_parts
        yield _json_step(f"{root}config.json", wan_settings(config))
        transformer = self.rows("transformer", official=True)
        yield _tensors_step(f"{root}diffusion_pytorch_model.safetensors", transformer)
        yield _torch_step(f"{root}Wan2.1_VAE.pth", self.rows("vae", official=True))
        if "text_encoder" in wanted:
            yield _torch_step(f"{root}{_TEXT_FILE}", self.rows("text_encoder", official=True))
        yield from self._copies(self.layout.tokenizer, f"{root}google/umt5-xxl")
        if base:
            return
        adapter, head = "adapter/model.pt", "vision_head/vision_head/pytorch_model.bin"
        yield _torch_step(adapter, self.rows("adapter", official=True), around="model_state_dict")
        yield _torch_step(head, self.rows("vision_head", official=True))
        mixed = [
            row
            for part, prefix in MIXED_PREFIXES.items()
            if part in wanted
            for row in self.rows(part, official=True, prefix=prefix)
        ]
        yield _torch_step("transformer/model.pt", mixed, around="module")
        names = {"special_tokens": "special_tokens/tokens.pkl", "null_context": "unconditioned_context/context.pkl"}
        for name in self.folder.context_names():
            rows = self.context(name)
            yield Step(names[name], _bytes_of(rows), lambda path, _show, rows=rows: write_pickle(path, rows))  # type: ignore[misc]
        yield from self._copies(self.layout.vlm, "ar_model/checkpoint")

    def _copies(self, source: Path | None, target: str) -> Iterator[Step]:
        """A folder of transformers: texts and safetensors are copied, pickled weights become safetensors."""
        if source is None:
            return
        for path in sorted(path for path in source.rglob("*") if path.is_file()):
            name = f"{target}/{path.relative_to(source).as_posix()}"
            hidden = any(part.startswith(".") for part in path.relative_to(source).parts)
            if path.name.startswith("pytorch_model") and path.name.endswith(".bin.index.json"):
                yield _json_step(_renamed(name), _new_index(path))
            elif path.name.startswith("pytorch_model") and path.suffix == ".bin":
                file = open_tensors(path, ignore_others=self.folder.ignore_others)
                rows = [Written(key, info, _loads(file, key)) for key, info in file.infos.items()]
                yield _tensors_step(_renamed(name), rows)
            elif path.suffix in _COPIED and not hidden:
                yield Step(name, path.stat().st_size, lambda new, show, path=path: copy_file(path, new, show))  # type: ignore[misc]
            else:
                self.left_out.append(path.relative_to(self.layout.root).as_posix())


def _loads(file: Any, name: str) -> Callable[[], Any]:
    return lambda: file.tensor(name)


def _renamed(name: str) -> str:
    """`a/pytorch_model-00001-of-00002.bin` to `a/model-00001-of-00002.safetensors`; the index likewise."""
    folder, _, file = name.rpartition("/")
    new = file.replace("pytorch_model", "model", 1).replace(".bin", ".safetensors", 1)
    return f"{folder}/{new}" if folder else new


def _new_index(path: Path) -> Mapping[str, object]:
    index = read_json(path)
    places = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(places, dict):
        raise DataError("this index names no files of weights", where=path)
    return {**index, "weight_map": {name: _renamed(str(file)) for name, file in places.items()}}


def _text_step(name: str, text: str) -> Step:
    return Step(name, len(text), lambda path, _show: write_text(path, text))


def _json_step(name: str, value: Mapping[str, object]) -> Step:
    return _text_step(name, json.dumps(value, indent=2) + "\n")


def _tensors_step(name: str, rows: list[Written]) -> Step:
    return Step(name, _bytes_of(rows), lambda path, show: write_safetensors(path, rows, progress=show))


def _torch_step(name: str, rows: list[Written], *, around: str = "") -> Step:
    return Step(name, _bytes_of(rows), lambda path, show: write_torch(path, rows, around=around, progress=show))


def _bytes_of(rows: list[Written]) -> int:
    return sum(row.info.size_bytes for row in rows)
