"""The transformer: diffusers' WanTransformer3DModel, with a context mask where one is wanted.

Wan's cross-attention attends to every row of its context, and diffusers' block passes it no mask. Ours therefore
travels with the context: :class:`MaskedTextProjection` takes it as extra channels, projects the rest, and hands both
on; :class:`MaskedCrossAttention` takes them apart again. Nothing is stored between the two, so that activation
checkpointing, which runs blocks again much later, sees the mask of its own pass. Parameter names do not change.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import WanTransformer3DModel
from diffusers.models.attention_dispatch import dispatch_attention_fn
from diffusers.models.embeddings import PixArtAlphaTextProjection
from diffusers.models.transformers.transformer_wan import WanAttnProcessor, WanRotaryPosEmbed
from torch import nn

from rvebench.revise.conditions import Conditions
from rvebench.revise.config import ReviseConfig

__all__ = [
    "MASK_CHANNELS",
    "Denoiser",
    "MaskedCrossAttention",
    "MaskedTextProjection",
    "build_dit",
    "cast_dit",
    "restore_buffers",
    "widen_patch_embedding",
]

MASK_CHANNELS = 8
"""Channels that carry the mask; eight, so that rows keep the 16-byte alignment that fast matrix kernels ask for."""


class MaskedTextProjection(PixArtAlphaTextProjection):
    """The context projection, which lets mask channels at the end of a row pass.

    Takes (B, L, text_dim), or (B, L, text_dim + MASK_CHANNELS); gives (B, L, dim), or (B, L, dim + MASK_CHANNELS).
    """

    def forward(self, caption: torch.Tensor) -> torch.Tensor:
        width = self.linear_1.in_features
        if caption.shape[-1] == width:
            return super().forward(caption)
        return torch.cat([super().forward(caption[..., :width]), caption[..., width:]], dim=-1)


class MaskedCrossAttention:
    """Wan's cross-attention over a context that may carry a mask; without one, exactly diffusers' own processor."""

    # AttentionMixin.set_attention_backend and context parallelism set these two on a processor.
    _attention_backend: Any = None
    _parallel_config: Any = None

    def __init__(self) -> None:
        self._plain = WanAttnProcessor()

    def __call__(
        self,
        attn: Any,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        rotary_emb: tuple[torch.Tensor, torch.Tensor] | None = None,
    ) -> torch.Tensor:
        """Returns the attended states, (B, Lq, dim)."""
        width = attn.to_out[0].out_features
        if encoder_hidden_states.shape[-1] == width:
            self._plain._attention_backend = self._attention_backend
            self._plain._parallel_config = self._parallel_config
            plain: torch.Tensor = self._plain(attn, hidden_states, encoder_hidden_states, attention_mask, rotary_emb)
            return plain
        mask_B11L = encoder_hidden_states[:, None, None, :, width] > 0.5
        context_BLD = encoder_hidden_states[..., :width]
        query = attn.norm_q(attn.to_q(hidden_states)).unflatten(2, (attn.heads, -1))
        key = attn.norm_k(attn.to_k(context_BLD)).unflatten(2, (attn.heads, -1))
        value = attn.to_v(context_BLD).unflatten(2, (attn.heads, -1))
        attended = dispatch_attention_fn(
            query, key, value, attn_mask=mask_B11L, backend=self._attention_backend, parallel_config=None
        )
        out: torch.Tensor = attn.to_out[1](attn.to_out[0](attended.flatten(2, 3).type_as(query)))
        return out


def build_dit(config: ReviseConfig, device: torch.device | str = "cpu") -> nn.Module:
    """Returns the transformer with fresh weights; on the device `meta`, without memory.

    State dict keys are those of diffusers' WanTransformer3DModel (825 tensors and 1,418,996,800 parameters at
    wan1.3b). After loading weights into a model built on `meta`, call :func:`restore_buffers`.
    """
    dit = config.dit
    with torch.device(device):
        model: nn.Module = WanTransformer3DModel(
            patch_size=dit.patch_size,
            num_attention_heads=dit.heads,
            attention_head_dim=dit.head_dim,
            in_channels=config.vae.z_dim + config.concat_channels,
            out_channels=config.vae.z_dim,
            text_dim=dit.text_dim,
            freq_dim=dit.freq_dim,
            ffn_dim=dit.ffn_dim,
            num_layers=dit.layers,
            cross_attn_norm=True,
            qk_norm="rms_norm_across_heads",
            eps=dit.eps,
            rope_max_seq_len=dit.rope_max_seq_len,
        )
        projection = MaskedTextProjection(dit.text_dim, dit.dim, act_fn="gelu_tanh")
    projection.load_state_dict(model.condition_embedder.text_embedder.state_dict(), assign=True)
    model.condition_embedder.text_embedder = projection
    for block in model.blocks:
        block.attn2.set_processor(MaskedCrossAttention())
    return model.eval()


def restore_buffers(model: nn.Module, device: torch.device | str = "cpu") -> nn.Module:
    """Computes the rotary tables again on `device`; they are in no checkpoint, and a model on `meta` has none."""
    config = model.config
    with torch.device(device):
        model.rope = WanRotaryPosEmbed(config.attention_head_dim, config.patch_size, config.rope_max_seq_len)
    return model


def cast_dit(model: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Casts the transformer, and leaves in fp32 what diffusers keeps there: time embedding, modulations, norms."""
    kept = tuple(model._keep_in_fp32_modules)
    for name, parameter in model.named_parameters():
        if not any(part in kept for part in name.split(".")):
            parameter.data = parameter.data.to(dtype)
    return model


def widen_patch_embedding(weight: torch.Tensor, in_channels: int) -> torch.Tensor:
    """Returns a patch embedding (D, C, t, h, w) for more input channels, zero at the new ones.

    With it a text-to-video transformer takes concatenated source latents and still computes, at first, what it did.

    Raises:
        ValueError: the weight has more channels already.
    """
    extra = in_channels - weight.shape[1]
    if extra < 0:
        raise ValueError(f"the patch embedding has {weight.shape[1]} input channels, more than {in_channels}")
    return torch.cat([weight, weight.new_zeros(weight.shape[0], extra, *weight.shape[2:])], dim=1)


class Denoiser:
    """The transformer as a velocity field: `denoiser(latents, timesteps, conditions)`.

    Args:
        model: what :func:`build_dit` returns, loaded, possibly compiled or sharded.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    @property
    def dtype(self) -> torch.dtype:
        """What the bulk of the weights is in, and the context is cast to."""
        dtype: torch.dtype = self.model.patch_embedding.weight.dtype
        return dtype

    def __call__(self, latents_BCTHW: torch.Tensor, t_B: torch.Tensor, conditions: Conditions) -> torch.Tensor:
        """Returns the velocity noise minus data, fp32, of the latents' shape.

        Args:
            latents_BCTHW: noisy latents; a batch as large as that of `conditions`.
            t_B: timesteps in 0..1000, that is, 1000 sigma.
            conditions: contexts, and the source latents to concatenate where the model takes them.
        """
        if latents_BCTHW.shape[0] != conditions.batch_size:
            raise ValueError(
                f"{latents_BCTHW.shape[0]} latents cannot be conditioned on {conditions.batch_size} contexts"
            )
        inputs = latents_BCTHW
        if conditions.concat_latents_BCTHW is not None:
            inputs = torch.cat([inputs, conditions.concat_latents_BCTHW.to(inputs)], dim=1)
        context = conditions.context_BLD.to(self.dtype)
        if conditions.context_mask is not None:
            mask = conditions.context_mask[..., None].to(context)
            context = torch.cat([context, mask.expand(-1, -1, MASK_CHANNELS)], dim=-1)
        velocity: torch.Tensor = self.model(
            hidden_states=inputs.to(self.dtype), timestep=t_B, encoder_hidden_states=context, return_dict=False
        )[0]
        return velocity.float()
