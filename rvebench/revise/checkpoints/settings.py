"""The `config.json` files of diffusers, transformers and Wan that say a part's sizes.

They are written without those libraries; tests open what is written with them.
"""

from __future__ import annotations

from typing import Any

from rvebench.revise.config import ReviseConfig

__all__ = [
    "model_index",
    "scheduler_settings",
    "text_settings",
    "transformer_settings",
    "vae_settings",
    "wan_settings",
]


def transformer_settings(config: ReviseConfig) -> dict[str, Any]:
    """For diffusers' WanTransformer3DModel."""
    dit = config.dit
    return {
        "_class_name": "WanTransformer3DModel",
        "patch_size": list(dit.patch_size),
        "num_attention_heads": dit.heads,
        "attention_head_dim": dit.head_dim,
        "in_channels": config.vae.z_dim + config.concat_channels,
        "out_channels": config.vae.z_dim,
        "text_dim": dit.text_dim,
        "freq_dim": dit.freq_dim,
        "ffn_dim": dit.ffn_dim,
        "num_layers": dit.layers,
        "cross_attn_norm": True,
        "qk_norm": "rms_norm_across_heads",
        "eps": dit.eps,
        "added_kv_proj_dim": None,
        "image_dim": None,
        "rope_max_seq_len": dit.rope_max_seq_len,
    }


def vae_settings(config: ReviseConfig) -> dict[str, Any]:
    """For diffusers' AutoencoderKLWan."""
    vae = config.vae
    return {
        "_class_name": "AutoencoderKLWan",
        "base_dim": vae.base_dim,
        "z_dim": vae.z_dim,
        "dim_mult": list(vae.dim_mult),
        "num_res_blocks": vae.num_res_blocks,
        "attn_scales": [],
        "temperal_downsample": list(vae.temporal_downsample),
        "dropout": 0.0,
        "latents_mean": list(vae.latents_mean),
        "latents_std": list(vae.latents_std),
        "scale_factor_temporal": vae.temporal_factor,
        "scale_factor_spatial": vae.spatial_factor,
    }


def text_settings(config: ReviseConfig) -> dict[str, Any]:
    """For transformers' UMT5EncoderModel."""
    text = config.text
    assert text is not None, "only a part that the configuration has is written"
    return {
        "architectures": ["UMT5EncoderModel"],
        "model_type": "umt5",
        "vocab_size": text.vocab_size,
        "d_model": text.dim,
        "d_kv": text.head_dim,
        "d_ff": text.ffn_dim,
        "num_layers": text.layers,
        "num_decoder_layers": text.layers,
        "num_heads": text.heads,
        "relative_attention_num_buckets": text.relative_buckets,
        "relative_attention_max_distance": 128,
        "feed_forward_proj": "gated-gelu",
        "layer_norm_epsilon": 1e-6,
        "dropout_rate": 0.1,
        "is_encoder_decoder": True,
        "tie_word_embeddings": False,
        "tokenizer_class": "T5Tokenizer",
        "pad_token_id": 0,
        "eos_token_id": 1,
        "decoder_start_token_id": 0,
    }


def wan_settings(config: ReviseConfig) -> dict[str, Any]:
    """For Wan's own WanModel; the context length is what the released model sets at inference in any case."""
    dit = config.dit
    return {
        "_class_name": "WanModel",
        "_diffusers_version": "0.30.0",
        "model_type": "t2v",
        "dim": dit.dim,
        "ffn_dim": dit.ffn_dim,
        "freq_dim": dit.freq_dim,
        "in_dim": config.vae.z_dim + config.concat_channels,
        "out_dim": config.vae.z_dim,
        "num_heads": dit.heads,
        "num_layers": dit.layers,
        "text_len": 512,
        "eps": dit.eps,
    }


def scheduler_settings(config: ReviseConfig) -> dict[str, Any]:
    """For diffusers' UniPCMultistepScheduler, with the flow shift of the sampling."""
    return {
        "_class_name": "UniPCMultistepScheduler",
        "num_train_timesteps": 1000,
        "prediction_type": "flow_prediction",
        "use_flow_sigmas": True,
        "flow_shift": config.sampling.shift,
        "solver_order": 2,
        "solver_type": "bh2",
        "predict_x0": True,
        "lower_order_final": True,
        "final_sigmas_type": "zero",
    }


def model_index() -> dict[str, Any]:
    """For diffusers' WanPipeline, which passes over the folders that are ReViSE's."""
    return {
        "_class_name": "WanPipeline",
        "scheduler": ["diffusers", "UniPCMultistepScheduler"],
        "text_encoder": ["transformers", "UMT5EncoderModel"],
        "tokenizer": ["transformers", "T5TokenizerFast"],
        "transformer": ["diffusers", "WanTransformer3DModel"],
        "vae": ["diffusers", "AutoencoderKLWan"],
    }
