"""The context as tensors: tags, parts in their order, padding.

`<img_st>` source `<img_ed>` [`<img_st>` reference `<img_ed>`] `<ipl_st>` VLM `<ipl_ed>` `<prp_st>` text `<prp_ed>`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from rvebench.errors import DataError
from rvebench.revise.config import ReviseConfig
from rvebench.revise.model.context_plan import ContextCounts, ContextPlan, Grid, plan_context

__all__ = ["ContextParts", "NullContext", "Tags", "join_context", "pool_grid"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tags:
    """The embedded special tokens, one (length, text_dim) tensor each, by their names in the checkpoint."""

    tensors: Mapping[str, torch.Tensor]

    @staticmethod
    def shapes(config: ReviseConfig) -> dict[str, tuple[int, int]]:
        """Returns the tags a model has, with the shapes they must have."""
        lengths = config.conditioning.tags
        used = {"img": lengths.visual, "ipl": lengths.interpreted, "prp": lengths.prompt}
        if config.visual_context_adapter is None:
            del used["img"]
        if config.refiner is not None:
            del used["ipl"]
        if config.text is None:
            del used["prp"]
        width = config.dit.text_dim
        return {f"<{tag}_{end}>": (n, width) for tag, n in used.items() if n for end in ("st", "ed")}

    @classmethod
    def from_mapping(cls, tensors: Mapping[str, torch.Tensor], config: ReviseConfig) -> Tags:
        """Takes tags from a checkpoint's mapping; a leading axis of length 1 is dropped, tags not used are too.

        Raises:
            DataError: a tag is missing, or has another length or width than the configuration says.
        """
        taken: dict[str, torch.Tensor] = {}
        for name, shape in cls.shapes(config).items():
            if name not in tensors:
                raise DataError(f"the special tokens lack {name}", hint=f"the file has {', '.join(sorted(tensors))}")
            tensor = tensors[name]
            tensor = tensor[0] if tensor.ndim == 3 and tensor.shape[0] == 1 else tensor
            if tuple(tensor.shape) != shape:
                raise DataError(
                    f"the special token {name} has the shape {tuple(tensor.shape)}, not {shape}",
                    hint="set the lengths of conditioning.tags to those of the file",
                )
            taken[name] = tensor
        return cls(tensors=taken)

    @classmethod
    def random(cls, config: ReviseConfig, generator: torch.Generator) -> Tags:
        """Draws tags for a model that is not loaded from a checkpoint, of a norm like that of embedded text."""
        return cls(tensors={name: torch.randn(n, generator=generator) * 0.1 for name, n in cls.shapes(config).items()})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NullContext:
    """What stands in for instruction and VLM states in the null branch."""

    vlm_LD: torch.Tensor
    """States of the null prompt, before the connector."""
    text_LD: torch.Tensor | None
    """Its encoded text; None where the model has no text encoder."""

    @classmethod
    def from_mapping(cls, values: Mapping[str, object], config: ReviseConfig) -> NullContext:
        """Takes the released `context.pkl`: `text_emb` (a list of one, or a tensor) and `vlm_last_hidden_states`.

        Its third entry, `text_emb_siglip2`, is used by no released code, nor here.

        Raises:
            DataError: an entry is missing or of another width than the model.
        """
        vlm = _matrix(values, "vlm_last_hidden_states", config.vlm.dim)
        text = None if config.text is None else _matrix(values, "text_emb", config.text.dim)
        return cls(vlm_LD=vlm, text_LD=text)


def _matrix(values: Mapping[str, object], name: str, width: int) -> torch.Tensor:
    value = values.get(name)
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    if not isinstance(value, torch.Tensor):
        raise DataError(f"the null context lacks a tensor {name}", hint=f"the file has {', '.join(sorted(values))}")
    matrix = value[0] if value.ndim == 3 and value.shape[0] == 1 else value
    if matrix.ndim != 2 or matrix.shape[1] != width:
        raise DataError(f"the null context's {name} has the shape {tuple(value.shape)}, not (length, {width})")
    return matrix


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContextParts:
    """The tokens of one sample, before tags."""

    interpreted_LD: torch.Tensor
    text_LD: torch.Tensor | None = None
    source_THWD: torch.Tensor | None = None
    reference_THWD: torch.Tensor | None = None

    @property
    def counts(self) -> ContextCounts:
        """How many tokens each part brings."""
        return ContextCounts(
            interpreted=self.interpreted_LD.shape[0],
            text=None if self.text_LD is None else self.text_LD.shape[0],
            source_grid=_grid(self.source_THWD),
            reference_grid=_grid(self.reference_THWD),
        )


def _grid(tokens_THWD: torch.Tensor | None) -> Grid | None:
    if tokens_THWD is None:
        return None
    time, height, width, _ = tokens_THWD.shape
    return time, height, width


def pool_grid(tokens_THWD: torch.Tensor, pool: tuple[int, int]) -> torch.Tensor:
    """Averages blocks of tokens, smaller ones at the far edges, and normalises again.

    The visual context adapter ends in a norm without parameters, so that the transformer has seen source tokens of
    mean 0 and variance 1 only; an average has less variance, and gets it back.
    """
    time, side = pool
    if pool == (1, 1):
        return tokens_THWD
    blocks = (time, side, side)
    averaged = F.avg_pool3d(
        tokens_THWD.movedim(-1, 0), blocks, stride=blocks, ceil_mode=True, count_include_pad=False
    ).movedim(0, -1)
    return F.layer_norm(averaged, averaged.shape[-1:], eps=1e-6)


def join_context(parts: ContextParts, tags: Tags, config: ReviseConfig) -> tuple[torch.Tensor, ContextPlan]:
    """Returns the context of one sample, (1, L, text_dim) in the dtype of the VLM's tokens, and its plan.

    With compat.padding `attend`, L is max_context_len and the rest are zeros, which cross-attention attends to as the
    released code does. With `mask`, L is the real length: leaving the rows out is the same as masking them.

    Raises:
        ContextOverflowError: see :func:`rvebench.revise.model.context_plan.plan_context`.
    """
    plan = plan_context(parts.counts, config)
    like = parts.interpreted_LD
    runs: list[torch.Tensor] = []

    def add(tag: str, tokens_LD: torch.Tensor) -> None:
        opened, closed = tags.tensors.get(f"<{tag}_st>"), tags.tensors.get(f"<{tag}_ed>")
        runs.extend(run.to(like) for run in (opened, tokens_LD, closed) if run is not None)

    if parts.source_THWD is not None:
        add("img", pool_grid(parts.source_THWD, plan.pool).flatten(0, 2))
    if parts.reference_THWD is not None:
        add("img", parts.reference_THWD.flatten(0, 2))
    add("ipl", parts.interpreted_LD)
    if parts.text_LD is not None:
        add("prp", parts.text_LD)
    context_LD = torch.cat(runs)
    assert context_LD.shape[0] == plan.total, "the plan and the tensors count the same rows"
    if config.compat.padding == "attend":
        context_LD = F.pad(context_LD, (0, 0, 0, plan.limit - plan.total))
    return context_LD.unsqueeze(0), plan
