"""The model that is trained: transformer and connector, and how a batch conditions them.

`PolicyNet` holds the modules, so that sharding, checkpoints and optimisers have one tree of names: `transformer.` and
`connector.`. `Policy` is the velocity field that objectives ask; it computes in the precision of the training, with
master weights in fp32.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from rvebench.errors import UsageError
from rvebench.revise.assembly import Parts
from rvebench.revise.conditions import Conditions, GuidedConditions
from rvebench.revise.config import ReviseConfig
from rvebench.revise.model.connector import Connector
from rvebench.revise.model.context import ContextParts, NullContext, Tags, join_context
from rvebench.revise.model.dit import Denoiser
from rvebench.revise.training.batch import Batch, Draws
from rvebench.revise.training.config import DropoutConfig, TrainablePart

__all__ = ["Dropped", "Policy", "PolicyNet", "draw_dropped", "set_trainable"]

_ATTRIBUTES = {
    "visual_context_adapter": "visual_context_adapter",
    "vision_head": "ar_vision_head",
    "adapter": "adapter",
    "refiner": "refiner",
}


class PolicyNet(nn.Module):
    """Transformer and connector under one roof.

    Args:
        transformer: what :func:`rvebench.revise.model.dit.build_dit` returns.
        connector: what :func:`rvebench.revise.model.connector.build_connector` returns.
    """

    def __init__(self, transformer: nn.Module, connector: Connector) -> None:
        super().__init__()
        self.transformer = transformer
        self.connector = connector

    def part(self, name: TrainablePart) -> nn.Module:
        """Returns a part by its name in the configuration.

        Raises:
            UsageError: the model has no such part.
        """
        module = self.transformer if name == "transformer" else getattr(self.connector, _ATTRIBUTES[name])
        if module is None:
            raise UsageError(f"the model has no {name} to train")
        assert isinstance(module, nn.Module)
        return module


def set_trainable(net: PolicyNet, parts: Sequence[TrainablePart]) -> list[tuple[str, nn.Parameter]]:
    """Freezes all but the named parts, casts those to fp32, and returns their parameters by name.

    Raises:
        UsageError: the model has no such part.
    """
    net.requires_grad_(False)
    for name in parts:
        net.part(name).requires_grad_(True).float()
    return [(name, parameter) for name, parameter in net.named_parameters() if parameter.requires_grad]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dropped:
    """Which samples go without which condition in a step; bool, shape (B,)."""

    text_B: torch.Tensor
    vlm_B: torch.Tensor
    source_B: torch.Tensor

    @classmethod
    def none(cls, count: int) -> Dropped:
        """Returns that none is dropped."""
        nothing = torch.zeros(count, dtype=torch.bool)
        return cls(text_B=nothing, vlm_B=nothing, source_B=nothing)

    @classmethod
    def null(cls, count: int, *, source: bool) -> Dropped:
        """Returns what makes the null branch of guidance: no words, and no source either where `source` says so."""
        every = torch.ones(count, dtype=torch.bool)
        return cls(text_B=every, vlm_B=every, source_B=every if source else ~every)


def draw_dropped(count: int, config: DropoutConfig, draws: Draws) -> Dropped:
    """Draws what each sample of a step goes without; three numbers a sample are drawn whatever the configuration."""
    chances = draws.uniform(3 * count).view(3, count)
    vlm_B = chances[1] < config.vlm
    text_B = vlm_B if config.together else chances[0] < config.text
    return Dropped(text_B=text_B, vlm_B=vlm_B, source_B=chances[2] < config.source)


class Policy:
    """The velocity field of a training.

    Args:
        config: the model.
        net: its weights.
        tags: the special tokens.
        null: what stands in for dropped words.
        compute_dtype: of matrix products, by autocast; float32 for none. A sharded net that casts by itself is given
            float32 here.
    """

    def __init__(
        self,
        config: ReviseConfig,
        net: PolicyNet,
        *,
        tags: Tags,
        null: NullContext,
        compute_dtype: torch.dtype = torch.float32,
    ) -> None:
        self.config = config
        self.net = net
        self.tags = tags
        self.null = null
        self.compute_dtype = compute_dtype
        self._denoiser = Denoiser(net.transformer)

    @classmethod
    def of(cls, parts: Parts, *, compute_dtype: torch.dtype = torch.float32) -> Policy:
        """Returns the policy of a model's parts, which it shares."""
        net = PolicyNet(parts.dit, parts.connector)
        return cls(parts.config, net, tags=parts.tags, null=parts.null, compute_dtype=compute_dtype)

    @property
    def device(self) -> torch.device:
        """Where the transformer is."""
        return next(self.net.transformer.parameters()).device

    def conditions(self, batch: Batch, dropped: Dropped | None = None) -> Conditions:
        """Returns what the transformer is told of a batch; gradients reach the connector's trainable parts.

        Args:
            batch: on the policy's device.
            dropped: what samples go without; None for nothing.

        Raises:
            ContextOverflowError: a context does not fit; its text lists the parts.
        """
        dropped = dropped or Dropped.none(len(batch))
        kept_B = ~dropped.source_B
        source = batch.source_BCTHW * kept_B.to(batch.source_BCTHW).view(-1, 1, 1, 1, 1)
        with self._precision():
            states = self._states(batch, dropped)
            tokens = self._interpret(states, batch.source_BCTHW.shape[2])
            grid = None
            if self.net.connector.visual_context_adapter is not None:
                grid = self.net.connector.source_tokens(batch.source_BCTHW)
            rows = [
                self._context(batch, index, tokens[index], grid, dropped=dropped, with_source=bool(kept_B[index]))
                for index in range(len(batch))
            ]
        contexts = Conditions.stack([Conditions(context_BLD=row) for row in rows])
        return Conditions(
            context_BLD=contexts.context_BLD,
            context_mask=contexts.context_mask,
            concat_latents_BCTHW=source if self.config.concat_channels else None,
        )

    def guided(self, batch: Batch) -> GuidedConditions:
        """Returns the conditional and the null branch of a batch, as sampling takes them."""
        drop_source = self.config.compat.null_source == "drop"
        return GuidedConditions(
            conditional=self.conditions(batch),
            null=self.conditions(batch, Dropped.null(len(batch), source=drop_source)),
        )

    def velocity(self, noisy_BCTHW: torch.Tensor, sigma_B: torch.Tensor, conditions: Conditions) -> torch.Tensor:
        """Returns the velocity noise minus data at a noise level, fp32, of the latents' shape.

        Args:
            noisy_BCTHW: latents with noise.
            sigma_B: noise level of each, 0..1; the network is told 1000 sigma, rounded once. In fp64 that is what
                the samplers tell it, to the bit.
            conditions: what :meth:`conditions` gave.
        """
        with self._precision():
            return self._denoiser(noisy_BCTHW, (1000 * sigma_B).to(noisy_BCTHW), conditions)

    def _precision(self) -> contextlib.AbstractContextManager[None]:
        return _autocast(self.device.type, self.compute_dtype)

    def _states(self, batch: Batch, dropped: Dropped) -> list[torch.Tensor]:
        null = self.null.vlm_LD.to(batch.vlm[0])
        return [null if gone else states for states, gone in zip(batch.vlm, dropped.vlm_B.tolist(), strict=True)]

    def _interpret(self, states: Sequence[torch.Tensor], latent_frames: int) -> list[torch.Tensor]:
        longest = max(len(each) for each in states)
        padded = torch.stack([F.pad(each, (0, 0, 0, longest - len(each))) for each in states])
        lengths = torch.tensor([len(each) for each in states], device=padded.device)
        mask = None
        if int(lengths.min()) < longest:
            mask = torch.arange(longest, device=padded.device)[None] < lengths[:, None]
        tokens = self.net.connector.interpret(padded, mask, latent_frames=latent_frames)
        if self.net.connector.refiner is None:
            return list(tokens)
        return [row[: len(each)] for row, each in zip(tokens, states, strict=True)]

    def _context(
        self,
        batch: Batch,
        index: int,
        interpreted_LD: torch.Tensor,
        grid_BTHWD: torch.Tensor | None,
        *,
        dropped: Dropped,
        with_source: bool,
    ) -> torch.Tensor:
        text = None
        if batch.text is not None:
            text = self.null.text_LD if bool(dropped.text_B[index]) else batch.text[index]
            assert text is not None, "a model that reads text has a null text"
            text = text.to(interpreted_LD)
        parts = ContextParts(
            interpreted_LD=interpreted_LD,
            text_LD=text,
            source_THWD=grid_BTHWD[index] if grid_BTHWD is not None and with_source else None,
        )
        return join_context(parts, self.tags, self.config)[0]


@contextlib.contextmanager
def _autocast(kind: str, dtype: torch.dtype) -> Iterator[None]:
    if dtype == torch.float32 or kind == "meta":
        yield
        return
    with torch.autocast(kind, dtype=dtype):
        yield
