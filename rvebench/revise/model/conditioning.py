"""Three named ways in which source and instruction reach the transformer.

=============== ================================== ==========================================================
strategy        source video                       instruction
=============== ================================== ==========================================================
revise          tokens in the cross-attention       VLM states through vision head and adapter, and umT5 text,
                context, from its latents           in the same context
channel-concat  latents beside the noise            VLM states through vision head and adapter, and text if
                                                   the model has a text encoder
viva            latents beside the noise            VLM states through a token refiner
=============== ================================== ==========================================================

Everything computed here is constant in the timestep: one call per sample, before sampling begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch

from rvebench.errors import UsageError
from rvebench.revise.conditions import Conditions, GuidedConditions
from rvebench.revise.config import ReviseConfig
from rvebench.revise.model.connector import Connector
from rvebench.revise.model.context import ContextParts, NullContext, Tags, join_context
from rvebench.revise.model.context_plan import ContextPlan

__all__ = ["Conditioned", "Conditioner", "SampleInputs", "build_conditioner"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleInputs:
    """What the encoders say of one sample."""

    source_latents_CTHW: torch.Tensor
    """Normalised, fp32."""
    vlm_LD: torch.Tensor
    """Last hidden states of the whole prompt, without padding."""
    text_LD: torch.Tensor | None
    """umT5 states at the instruction's real length; None where the model has no text encoder."""
    reference_latents_CTHW: torch.Tensor | None = None
    """A reference picture as a clip of one frame (strategy revise only; elsewhere it reaches the VLM alone)."""


class Conditioned(NamedTuple):
    """The conditions of one sample, and how its context is laid out."""

    conditions: GuidedConditions
    plan: ContextPlan


class Conditioner:
    """Turns what the encoders say into conditions for the transformer; see :func:`build_conditioner`.

    Args:
        config: the model.
        connector: loaded weights.
        tags: the special tokens.
        null: the null prompt; None leaves the null branch out, for sampling without guidance.
    """

    def __init__(self, config: ReviseConfig, connector: Connector, tags: Tags, null: NullContext | None) -> None:
        self.config = config
        self.connector = connector
        self.tags = tags
        self.null = null

    def condition(self, inputs: SampleInputs) -> Conditioned:
        """Returns the conditional and the null branch of one sample (batch 1).

        compat.null_source `keep` shows the source to both branches. `drop` takes its tokens and their tags out of the
        null context, and puts zeros in the place of concatenated latents.

        Raises:
            ContextOverflowError: the context does not fit; its text lists the parts.
            UsageError: inputs that the strategy has no use for, or lacks.
        """
        self._check(inputs)
        source, reference = self._visual(inputs)
        latents = inputs.source_latents_CTHW.unsqueeze(0) if self.config.concat_channels else None
        frames = inputs.source_latents_CTHW.shape[1]
        parts = ContextParts(
            interpreted_LD=self._interpret(inputs.vlm_LD, frames),
            text_LD=inputs.text_LD,
            source_THWD=source,
            reference_THWD=reference,
        )
        context, plan = join_context(parts, self.tags, self.config)
        conditional = Conditions(context_BLD=context, concat_latents_BCTHW=latents)
        if self.null is None:
            return Conditioned(GuidedConditions(conditional=conditional), plan)
        kept = self.config.compat.null_source == "keep"
        null_parts = ContextParts(
            interpreted_LD=self._interpret(self.null.vlm_LD.to(inputs.vlm_LD), frames),
            text_LD=self.null.text_LD,
            source_THWD=source if kept else None,
            reference_THWD=reference if kept else None,
        )
        null_context, _ = join_context(null_parts, self.tags, self.config)
        null_latents = latents if kept or latents is None else torch.zeros_like(latents)
        null = Conditions(context_BLD=null_context, concat_latents_BCTHW=null_latents)
        return Conditioned(GuidedConditions(conditional=conditional, null=null), plan)

    def _visual(self, inputs: SampleInputs) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        if self.connector.visual_context_adapter is None:
            return None, None
        source = self.connector.source_tokens(inputs.source_latents_CTHW.unsqueeze(0))[0]
        if inputs.reference_latents_CTHW is None:
            return source, None
        return source, self.connector.source_tokens(inputs.reference_latents_CTHW.unsqueeze(0))[0]

    def _interpret(self, vlm_LD: torch.Tensor, latent_frames: int) -> torch.Tensor:
        return self.connector.interpret(vlm_LD.unsqueeze(0), latent_frames=latent_frames)[0]

    def _check(self, inputs: SampleInputs) -> None:
        strategy = self.config.conditioning.strategy
        if (inputs.text_LD is None) != (self.config.text is None):
            state = "has no text encoder" if self.config.text is None else "needs encoded text"
            raise UsageError(f"this model ({strategy}) {state}")
        if inputs.reference_latents_CTHW is not None and strategy != "revise":
            raise UsageError(
                f"the strategy {strategy} takes no latents of a reference picture", hint="show it to the VLM alone"
            )
        if self.null is not None and (self.null.text_LD is None) != (self.config.text is None):
            raise UsageError("the null context has text exactly where the model has a text encoder")


def build_conditioner(
    config: ReviseConfig, connector: Connector, tags: Tags, null: NullContext | None = None
) -> Conditioner:
    """Returns the conditioner of `config.conditioning.strategy`.

    Raises:
        DataError: tags of other lengths than the configuration says.
    """
    return Conditioner(config, connector, Tags.from_mapping(tags.tensors, config), null)
