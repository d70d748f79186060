"""From source latents and VLM states to context tokens: the three modules that are ReViSE's own.

Sizes and state dict keys are those of the released checkpoint: `visual_context_adapter.` 4 tensors, `ar_vision_head.`
129, `adapter.` 129. Attention runs through torch's scaled dot product attention.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from rvebench.revise.config import ResamplerConfig, ReviseConfig, VisualContextAdapterConfig
from rvebench.revise.model.refiner import TokenRefiner

__all__ = ["Connector", "ContextAdapter", "VisionHead", "VisualContextAdapter", "build_connector"]


class VisualContextAdapter(nn.Module):
    """Source latents to context tokens on a coarser grid; positions are not marked.

    patches (1, 4, 4) -> LayerNorm -> Linear -> LayerNorm, both norms without parameters. The facts give the first
    norm's epsilon, 1e-6; ours has the same in the second.
    """

    def __init__(self, config: VisualContextAdapterConfig, *, latent_channels: int, text_dim: int) -> None:
        super().__init__()
        patch = config.patch_size
        self.patch_embedding = nn.Conv3d(latent_channels, config.dim, kernel_size=patch, stride=patch)
        self.projection = nn.Linear(config.dim, text_dim)

    def forward(self, latents_BCTHW: torch.Tensor) -> torch.Tensor:
        """Returns tokens (B, T, H, W, D) on the patch grid; the context reads them row by row, frame by frame."""
        patches = self.patch_embedding(latents_BCTHW).movedim(1, -1)
        hidden = F.layer_norm(patches, patches.shape[-1:], eps=1e-6)
        tokens = self.projection(hidden)
        return F.layer_norm(tokens, tokens.shape[-1:], eps=1e-6)


class _Resampler(nn.Module):
    """Learned queries that read a sequence: perceptron, encoder over the sequence, decoder over the queries."""

    def __init__(self, config: ResamplerConfig, input_dim: int) -> None:
        super().__init__()
        self.decoder_query = nn.Parameter(torch.randn(1, config.queries, config.dim) * config.dim**-0.5)
        self.fc = nn.Sequential(nn.Linear(input_dim, config.dim), nn.GELU(), nn.Linear(config.dim, config.dim))

    def _read(self, transformer: nn.Module, states_BLD: torch.Tensor, mask_BL: torch.Tensor | None) -> torch.Tensor:
        ignored = None if mask_BL is None else ~mask_BL
        query = self.decoder_query.expand(states_BLD.shape[0], -1, -1)
        tokens: torch.Tensor = transformer(
            self.fc(states_BLD), query, src_key_padding_mask=ignored, memory_key_padding_mask=ignored
        )
        return tokens


def _encoder_decoder(config: ResamplerConfig) -> nn.Module:
    layer = {
        "d_model": config.dim,
        "nhead": config.heads,
        "dim_feedforward": config.ffn_dim,
        "dropout": 0.0,
        "activation": "relu",
        "batch_first": True,
        "norm_first": True,
    }
    encoder = nn.TransformerEncoder(
        nn.TransformerEncoderLayer(**layer),
        config.encoder_layers,
        norm=nn.LayerNorm(config.dim),
        enable_nested_tensor=False,  # torch warns that nested tensors and norm_first exclude each other
    )
    decoder = nn.TransformerDecoder(
        nn.TransformerDecoderLayer(**layer), config.decoder_layers, norm=nn.LayerNorm(config.dim)
    )
    return nn.Transformer(
        config.dim, config.heads, custom_encoder=encoder, custom_decoder=decoder, batch_first=True, norm_first=True
    )


class VisionHead(_Resampler):
    """All VLM states to a few vectors of the width of a vision tower: (B, L, 4096) to (B, 4, 1152)."""

    def __init__(self, config: ResamplerConfig, *, vlm_dim: int) -> None:
        super().__init__(config, vlm_dim)
        self.visionHeadAdapter = _encoder_decoder(config)

    def forward(self, states_BLD: torch.Tensor, mask_BL: torch.Tensor | None = None) -> torch.Tensor:
        """Returns (B, queries, dim); rows where the mask is false are not read."""
        return self._read(self.visionHeadAdapter, states_BLD, mask_BL)


class ContextAdapter(_Resampler):
    """Each vision vector on its own to a run of context tokens: (B, 4, 1152) to (B, 4 * 256, 4096)."""

    def __init__(self, config: ResamplerConfig, *, vision_dim: int) -> None:
        super().__init__(config, vision_dim)
        self.adapter = _encoder_decoder(config)

    def forward(self, vision_BVD: torch.Tensor) -> torch.Tensor:
        """Returns (B, V * queries, dim), the runs of the vectors one after the other."""
        batch, count, _ = vision_BVD.shape
        alone = vision_BVD.flatten(0, 1).unsqueeze(1)
        return self._read(self.adapter, alone, None).unflatten(0, (batch, count)).flatten(1, 2)


class Connector(nn.Module):
    """What stands between source, VLM and transformer; which parts there are follows from the strategy."""

    def __init__(self, config: ReviseConfig) -> None:
        super().__init__()
        text_dim = config.dit.text_dim
        self.visual_context_adapter: VisualContextAdapter | None = None
        self.ar_vision_head: VisionHead | None = None
        self.adapter: ContextAdapter | None = None
        self.refiner: TokenRefiner | None = None
        if config.visual_context_adapter is not None:
            self.visual_context_adapter = VisualContextAdapter(
                config.visual_context_adapter, latent_channels=config.vae.z_dim, text_dim=text_dim
            )
        if config.connector is not None:
            head = config.connector.vision_head
            self.ar_vision_head = VisionHead(head, vlm_dim=config.vlm.dim)
            self.adapter = ContextAdapter(config.connector.adapter, vision_dim=head.dim)
        if config.refiner is not None:
            self.refiner = TokenRefiner(config.refiner, vlm_dim=config.vlm.dim, text_dim=text_dim)

    def source_tokens(self, latents_BCTHW: torch.Tensor) -> torch.Tensor:
        """Returns the source's (or a reference's) tokens on their grid, (B, T, H, W, D)."""
        adapter = self.visual_context_adapter
        assert adapter is not None, "only the strategy revise has source tokens"
        tokens: torch.Tensor = adapter(latents_BCTHW.to(adapter.projection.weight.dtype))
        return tokens

    def interpret(
        self, states_BLD: torch.Tensor, mask_BL: torch.Tensor | None = None, *, latent_frames: int
    ) -> torch.Tensor:
        """Returns what the VLM states say, as context tokens.

        Args:
            states_BLD: last hidden states of whole prompts.
            mask_BL: bool, true at tokens; None where there is no padding.
            latent_frames: of the edit; an image (1) takes the first vision vector alone, as the released code does.

        Returns:
            (B, V * queries, text_dim) through vision head and adapter, or (B, L, text_dim) through the refiner, whose
            rows at padding are not to be used.
        """
        if self.refiner is not None:
            refined: torch.Tensor = self.refiner(states_BLD.to(self.refiner.proj_in.weight.dtype), mask_BL)
            return refined
        assert self.ar_vision_head is not None and self.adapter is not None, "a configuration names one or the other"
        vision = self.ar_vision_head(states_BLD.to(self.ar_vision_head.decoder_query.dtype), mask_BL)
        tokens: torch.Tensor = self.adapter(vision[:, :1] if latent_frames == 1 else vision)
        return tokens


def build_connector(config: ReviseConfig, device: torch.device | str = "cpu") -> Connector:
    """Returns the connector with fresh weights; on the device `meta`, without memory.

    Its state dict keys carry the prefixes of the released mixed checkpoint: `visual_context_adapter.`,
    `ar_vision_head.` and `adapter.`; the refiner's is `refiner.`.
    """
    with torch.device(device):
        connector: Connector = Connector(config).eval()
    return connector
