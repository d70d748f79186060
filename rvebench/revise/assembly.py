"""All parts of one model together: made with random weights, loaded from a folder, or written to one.

Loading is strict: each tensor of a file has its place, name and shape, or the error says which has not. Transformer,
VAE and connector are built on the meta device and take the file's tensors as they are, so that nothing is held twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn
from transformers.utils import logging as transformers_logging

from rvebench.errors import DataError, StorageError, UsageError
from rvebench.revise.config import ReviseConfig
from rvebench.revise.folder import ModelFolder, seal_folder, write_config
from rvebench.revise.model.connector import Connector, build_connector
from rvebench.revise.model.context import NullContext, Tags
from rvebench.revise.model.dit import build_dit, cast_dit, restore_buffers
from rvebench.revise.model.vae import build_vae
from rvebench.revise.pretrained import freeze, read_tensors
from rvebench.revise.text import TextEncoder, load_text_encoder
from rvebench.revise.vlm.loading import load_vlm, random_vlm
from rvebench.revise.vlm.protocol import VlmBackend, VlmRequest
from rvebench.revise.vlm.tiny import random_text_encoder
from rvebench.weights import load_tensors

__all__ = ["Parts", "load_parts", "null_context", "random_parts", "save_parts"]

CONNECTOR_PARTS: Mapping[str, str] = {
    "visual_context_adapter": "visual_context_adapter",
    "vision_head": "ar_vision_head",
    "adapter": "adapter",
    "refiner": "refiner",
}
"""Files of `connector/`, with the attribute of `Connector` that each is."""

_WEIGHTS = "diffusion_pytorch_model.safetensors"
_NAMED = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """A whole model, frozen. The VAE is in fp32, all else in the dtype asked for."""

    config: ReviseConfig
    dit: nn.Module
    vae: nn.Module
    connector: Connector
    vlm: VlmBackend
    text: TextEncoder | None
    """None where the strategy reads no text."""
    tags: Tags
    null: NullContext

    @property
    def modules(self) -> dict[str, Any]:
        """Every network by name."""
        text = {} if self.text is None else {"text_encoder": self.text.model}
        return {"transformer": self.dit, "vae": self.vae, "connector": self.connector, **self.vlm.modules, **text}

    def with_config(self, config: ReviseConfig) -> Parts:
        """Returns the same weights under other switches (compat, sampling, context)."""
        vlm = self.vlm.with_frames(config.compat.vlm_frames, config.vlm.frames)
        return replace(self, config=config, vlm=vlm)


def random_parts(
    config: ReviseConfig, *, seed: int = 0, dtype: torch.dtype = torch.float32, device: str = "cpu"
) -> Parts:
    """Returns a model of these sizes with random weights; the same for the same seed on one kind of device.

    Args:
        config: the sizes.
        seed: of all weights, tags included, 0 or more.
        dtype: of all but the VAE.
        device: where they are drawn, and stay; at full size a GPU is much the faster

    Raises:
        UsageError: the seed is negative.
    """
    if seed < 0:
        raise UsageError(f"a seed is 0 or more, not {seed}")
    with torch.random.fork_rng(devices=[torch.device(device)] if torch.device(device).type == "cuda" else []):
        torch.manual_seed(seed)
        dit = cast_dit(build_dit(config, device), dtype)
        vae = build_vae(config, device)
        connector = build_connector(config, device).to(dtype)
    vlm = random_vlm(config.vlm, config.compat, seed=seed + 1, dtype=dtype, device=device)
    text = None
    if config.text is not None:
        text = random_text_encoder(config.text, seed=seed + 5, dtype=dtype, device=device)
    return Parts(
        config=config,
        dit=freeze(dit),
        vae=freeze(vae),
        connector=freeze(connector),
        vlm=vlm,
        text=text,
        tags=Tags.random(config, torch.Generator().manual_seed(seed + 6)),
        null=null_context(vlm, text),
    )


@torch.no_grad()  # type: ignore[untyped-decorator]
def null_context(vlm: VlmBackend, text: TextEncoder | None) -> NullContext:
    """Returns what the encoders say of nothing: no frames and no words."""
    states = vlm.encode([VlmRequest(instruction="", frames_THWC=torch.zeros(0, 1, 1, 3, dtype=torch.uint8))])
    return NullContext(vlm_LD=states.of(0), text_LD=None if text is None else text.encode([""]).embeddings_LD[0])


def load_parts(
    folder: ModelFolder,
    *,
    config: ReviseConfig | None = None,
    dtype: torch.dtype = torch.float32,
    vlm_dtype: torch.dtype | None = None,
) -> Parts:
    """Returns the model of a folder, on the CPU.

    Args:
        folder: what :func:`rvebench.revise.folder.read_folder` says.
        config: the folder's with other switches; None for its own.
        dtype: of all but the VAE.
        vlm_dtype: of the VLM; None for `dtype`. The released VLM was run in float16.

    Raises:
        DataError: a file is damaged, or holds tensors of other names or shapes.
        UsageError: a folder is not there.
    """
    config = config or folder.config
    path = folder.path

    dit = build_dit(config, "meta")
    _fill(dit, read_tensors(path / "transformer"), path / "transformer")
    restore_buffers(dit)
    vae = build_vae(config, "meta")
    _fill(vae, read_tensors(path / "vae"), path / "vae")
    connector = build_connector(config, "meta")
    for part, attribute in CONNECTOR_PARTS.items():
        module = getattr(connector, attribute)
        if module is not None:
            file = path / "connector" / f"{part}.safetensors"
            _fill(module, load_tensors(file), file)
    text = None
    if config.text is not None:
        text = load_text_encoder(
            path / "text_encoder", path / "tokenizer", dtype=dtype, max_length=config.text.max_length
        )
        if text.hidden_size != config.text.dim:
            raise DataError(
                f"the text encoder is {text.hidden_size} wide, and revise.json says {config.text.dim}",
                where=path / "text_encoder",
            )
    vlm = load_vlm(path / "vlm", config.vlm, config.compat, dtype=vlm_dtype or dtype)
    tags = load_tensors(path / "context" / "special_tokens.safetensors") if Tags.shapes(config) else {}
    return Parts(
        config=config,
        dit=freeze(cast_dit(dit, dtype)),
        vae=freeze(vae.float()),
        connector=freeze(connector.to(dtype)),
        vlm=vlm,
        text=text,
        tags=Tags.from_mapping(tags, config),
        null=NullContext.from_mapping(load_tensors(path / "context" / "null_context.safetensors"), config),
    )


def _fill(module: nn.Module, tensors: Mapping[str, torch.Tensor], where: Path) -> None:
    """Gives a module built on meta exactly these tensors."""
    wanted = module.state_dict()
    faults = {
        "missing": sorted(set(wanted) - set(tensors)),
        "unexpected": sorted(set(tensors) - set(wanted)),
        "misshapen": [
            f"{name} {list(tensors[name].shape)} for {list(wanted[name].shape)}"
            for name in sorted(set(wanted) & set(tensors))
            if tensors[name].shape != wanted[name].shape
        ],
    }
    told = [
        f"{len(names)} {word} ({', '.join(names[:_NAMED])}{', …' if len(names) > _NAMED else ''})"
        for word, names in faults.items()
        if names
    ]
    if told:
        raise DataError(
            f"the tensors are not those that revise.json describes: {'; '.join(told)}",
            where=where,
            hint="is it another model's file?",
        )
    module.load_state_dict(dict(tensors), assign=True)


def save_parts(parts: Parts, path: Path) -> ModelFolder:
    """Writes a model in our layout; the manifest comes last, so that half a folder is never taken for a whole.

    Raises:
        UsageError: the folder is there and not empty.
        StorageError: it cannot be written.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError("the folder is not empty", where=path, hint="choose a new one")
    null = {"vlm_last_hidden_states": parts.null.vlm_LD}
    if parts.null.text_LD is not None:
        null["text_emb"] = parts.null.text_LD
    try:
        path.mkdir(parents=True, exist_ok=True)
        for part, model in (("transformer", parts.dit), ("vae", parts.vae)):
            _save(path / part / _WEIGHTS, model.state_dict())
            model.save_config(path / part)
        for part, attribute in CONNECTOR_PARTS.items():
            module = getattr(parts.connector, attribute)
            if module is not None:
                _save(path / "connector" / f"{part}.safetensors", module.state_dict())
        if parts.tags.tensors:
            _save(path / "context" / "special_tokens.safetensors", parts.tags.tensors)
        _save(path / "context" / "null_context.safetensors", null)
        if parts.text is not None:
            with _silent():
                parts.text.model.save_pretrained(path / "text_encoder")
                parts.text.tokenizer.save_pretrained(path / "tokenizer")
        with _silent():
            parts.vlm.save(path / "vlm")
        write_config(path, parts.config)
        return seal_folder(path, {"made": "ReviseEditPipeline.save_pretrained"})
    except OSError as error:
        raise StorageError(f"cannot write the model: {error.strerror or error}", where=path) from error


@contextmanager
def _silent() -> Iterator[None]:
    """Keeps transformers from drawing progress bars."""
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if bars:
            transformers_logging.enable_progress_bar()


def _save(file: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    save_file(ready, file, metadata={"format": "pt"})
