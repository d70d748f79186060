"""Which layout a folder has, and where each part of the model lies in it. Only names are looked at here.

=========== ==================================================================================================
official    `revise_ckpt/` of the released model, see docs/revise/checkpoints.md
wan         the base model as Wan publishes it: config.json, diffusion_pytorch_model.safetensors, two .pth files
diffusers   `model_index.json` and a folder a component, as `Wan-AI/Wan2.1-T2V-1.3B-Diffusers`
ours        `revise.json`, the same folders, `connector/`, `context/`, `vlm/`, and a manifest
=========== ==================================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rvebench.errors import DataError, UsageError
from rvebench.revise.checkpoints.keys import MIXED_PREFIXES
from rvebench.revise.checkpoints.report import Names

__all__ = ["BASE_PARTS", "CONFIG_NAME", "REVISE_PARTS", "Kind", "Layout", "PartFile", "find_layout", "weights_in"]

Kind = Literal["official", "wan", "diffusers", "ours"]

CONFIG_NAME = "revise.json"
"""The configuration in the root of our layout."""
BASE_PARTS = ("transformer", "vae", "text_encoder")
REVISE_PARTS = ("visual_context_adapter", "vision_head", "adapter", "refiner")
"""Which of them a model has depends on its strategy; the released one has the first three."""
_WEIGHTS = ("diffusion_pytorch_model.safetensors", "model.safetensors", "pytorch_model.bin", "model.pt")
_OFFICIAL_MARKS = (
    *("transformer/model.pt", "adapter/model.pt", "vision_head/vision_head/pytorch_model.bin"),
    *("ar_model/checkpoint", "special_tokens/tokens.pkl", "unconditioned_context/context.pkl", "wan"),
)
_LOOKED_FOR = "revise.json, model_index.json, transformer/model.pt with adapter/ and wan/, or Wan2.1_VAE.pth"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFile:
    """Where one part may lie."""

    part: str
    path: Path
    names: Names
    prefix: str = ""
    """Of the part's names in a file that holds several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A folder's files by the parts they hold."""

    kind: Kind
    root: Path
    parts: Mapping[str, tuple[PartFile, ...]]
    """The places of each part, the one that counts first: the released code loads `transformer/model.pt` last."""
    tokenizer: Path | None = None
    vlm: Path | None = None
    special_tokens: Path | None = None
    null_context: Path | None = None
    config: Path | None = None
    """A :class:`rvebench.revise.config.ReviseConfig` as JSON."""
    settings: Mapping[str, Path] = field(default_factory=dict)
    """`config.json` of a part, as its own library writes it."""

    @property
    def is_base(self) -> bool:
        """Whether it is the base model alone, by its layout or because no part of ReViSE is there."""
        return self.kind == "wan" or (
            self.kind == "diffusers" and self.config is None and not any(part in self.parts for part in REVISE_PARTS)
        )

    @property
    def mixed(self) -> Path | None:
        """The official file of several parts."""
        return next((place.path for rows in self.parts.values() for place in rows if place.prefix), None)

    def files(self) -> Iterator[Path]:
        """Yields every file of weights and every pickle, once."""
        paths = [place.path for rows in self.parts.values() for place in rows]
        paths += [path for path in (self.special_tokens, self.null_context) if path is not None]
        yield from dict.fromkeys(paths)


def find_layout(path: Path) -> Layout:
    """Returns what a folder is; the folder may also be the one above `revise_ckpt`.

    Raises:
        UsageError: there is no such folder.
        DataError: it has no layout that is known.
    """
    if path.is_file():
        raise UsageError("this is a file; a checkpoint is a folder", where=path, hint="`inspect` takes a file too")
    if not path.is_dir():
        raise UsageError("there is no such folder", where=path)
    for root in (path, path / "revise_ckpt"):
        if not root.is_dir():
            continue
        if (root / CONFIG_NAME).is_file():
            return _components(root, "ours", root / CONFIG_NAME)
        if (root / "model_index.json").is_file() or _class_name(root / "transformer") == "WanTransformer3DModel":
            config = root / "connector" / "config.json"
            return _components(root, "diffusers", config if config.is_file() else None)
        if sum((root / mark).exists() for mark in _OFFICIAL_MARKS) >= 2:
            return _official(root)
        if (root / "Wan2.1_VAE.pth").is_file() or _class_name(root) == "WanModel":
            return _wan(root)
    raise DataError(
        "this is no checkpoint in a layout that is known",
        where=path,
        hint=f"looked for {_LOOKED_FOR}; `rvebench revise pull` fetches one",
    )


def _class_name(folder: Path) -> str | None:
    try:
        value = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    found = value.get("_class_name") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _present(path: Path) -> Path | None:
    return path if path.exists() else None


def weights_in(folder: Path, *names: str) -> Path | None:
    """Returns the folder's weights: one file, or the index of several."""
    for name in names or _WEIGHTS:
        for candidate in (folder / name, folder / f"{name}.index.json"):
            if candidate.is_file():
                return candidate
    return None


def _components(root: Path, kind: Kind, config: Path | None) -> Layout:
    parts: dict[str, tuple[PartFile, ...]] = {}
    for part in BASE_PARTS:
        found = weights_in(root / part)
        if found is not None:
            parts[part] = (PartFile(part=part, path=found, names="ours"),)
    for part in REVISE_PARTS:
        path = root / "connector" / f"{part}.safetensors"
        if path.is_file():
            parts[part] = (PartFile(part=part, path=path, names="ours"),)
    return Layout(
        kind=kind,
        root=root,
        parts=parts,
        tokenizer=_present(root / "tokenizer"),
        vlm=_present(root / "vlm"),
        special_tokens=_present(root / "context" / "special_tokens.safetensors"),
        null_context=_present(root / "context" / "null_context.safetensors"),
        config=config,
        settings=_settings({part: root / part for part in BASE_PARTS}, root / "vlm"),
    )


def _settings(folders: Mapping[str, Path], vlm: Path) -> dict[str, Path]:
    wanted = {part: folder / "config.json" for part, folder in folders.items()}
    wanted |= {"llm": vlm / "llm" / "config.json", "vision_tower": vlm / "vision_tower" / "config.json"}
    return {part: path for part, path in wanted.items() if path.is_file()}


def _wan_files(folder: Path) -> dict[str, PartFile]:
    texts = sorted(folder.glob("models_t5_*.pth"))
    paths = {
        "transformer": weights_in(folder, "diffusion_pytorch_model.safetensors"),
        "vae": _present(folder / "Wan2.1_VAE.pth"),
        "text_encoder": texts[0] if texts else None,
    }
    return {part: PartFile(part=part, path=path, names="official") for part, path in paths.items() if path is not None}


def _wan(root: Path) -> Layout:
    return Layout(
        kind="wan",
        root=root,
        parts={part: (place,) for part, place in _wan_files(root).items()},
        tokenizer=_present(root / "google" / "umt5-xxl"),
        settings=_settings({"transformer": root}, root / "vlm"),
    )


def _official(root: Path) -> Layout:
    bases = sorted(path for path in (root / "wan").glob("*") if path.is_dir())
    base = next((path for path in bases if (path / "config.json").is_file()), bases[0] if bases else root / "wan")
    rows: dict[str, list[PartFile]] = {part: [] for part in (*BASE_PARTS, *REVISE_PARTS)}
    mixed = root / "transformer" / "model.pt"
    if mixed.is_file():
        for part, prefix in MIXED_PREFIXES.items():
            rows[part].append(PartFile(part=part, path=mixed, names="official", prefix=prefix))
    own = {"adapter": root / "adapter" / "model.pt", "vision_head": _vision_head(root)}
    for part, path in own.items():
        if path.is_file():
            rows[part].append(PartFile(part=part, path=path, names="official"))
    for part, place in _wan_files(base).items():
        rows[part].append(place)
    vlm = root / "ar_model" / "checkpoint"
    return Layout(
        kind="official",
        root=root,
        parts={part: tuple(places) for part, places in rows.items() if places},
        tokenizer=_present(base / "google" / "umt5-xxl"),
        vlm=_present(vlm),
        special_tokens=_present(root / "special_tokens" / "tokens.pkl"),
        null_context=_present(root / "unconditioned_context" / "context.pkl"),
        settings=_settings({"transformer": base}, vlm),
    )


def _vision_head(root: Path) -> Path:
    nested = root / "vision_head" / "vision_head" / "pytorch_model.bin"
    return nested if nested.is_file() else root / "vision_head" / "pytorch_model.bin"
