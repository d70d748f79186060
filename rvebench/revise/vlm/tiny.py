"""Models of the real classes with random weights, of any size, and tokenizers trained on the spot: nothing is fetched.

At the sizes of the preset `tiny-random` they serve tests; at full size they serve measurements of time and memory. The
same seed and sizes give the same weights on one kind of device.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    SiglipVisionConfig,
    SiglipVisionModel,
    UMT5Config,
    UMT5EncoderModel,
)

from rvebench.errors import UsageError
from rvebench.revise.config import TextConfig, VlmConfig
from rvebench.revise.pretrained import freeze
from rvebench.revise.text import TextEncoder
from rvebench.revise.vlm.preprocess import QwenSpec, SiglipSpec
from rvebench.revise.vlm.qwen25 import QwenSettings, QwenVlm
from rvebench.revise.vlm.vila import VilaSettings, VilaVlm, build_projector

__all__ = ["llama_tokenizer", "qwen_tokenizer", "random_qwen25", "random_text_encoder", "random_vila", "umt5_tokenizer"]

_SENTENCES = (
    "Show what the ice looks like after an hour in the sun.",
    "Let the candle burn down until the room is dark.",
    "Move the red ball to where it rolls if the string is cut.",
    "Make the street look as it would after heavy rain.",
    "You are a helpful assistant. You are able to understand the visual content that the user provides.",
    "system user assistant video image yes no",
)
_LLAMA_CONTROLS = (
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|reserved_special_token_0|>",
    "<|reserved_special_token_1|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
)
_QWEN_CONTROLS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
_BYTES = 256


def llama_tokenizer(vocab_size: int, *, named: bool = True) -> Any:
    """Returns a byte-level tokenizer with Llama-3's control tokens, which begins each text with its first.

    Args:
        vocab_size: most tokens.
        named: whether the tokens of the two outputs bear their new names, [GEN_IMG] and [GEN_VID].
    """
    new = {"<|reserved_special_token_0|>": "[GEN_IMG]", "<|reserved_special_token_1|>": "[GEN_VID]"} if named else {}
    controls = tuple(new.get(control, control) for control in _LLAMA_CONTROLS)
    words = _byte_level(controls, vocab_size)
    words.post_processor = processors.TemplateProcessing(
        single=f"{controls[0]} $A", special_tokens=[(controls[0], words.token_to_id(controls[0]))]
    )
    return _fast(words, controls, bos_token=controls[0], eos_token=controls[1], pad_token=controls[1])


def qwen_tokenizer(vocab_size: int, *, texts: Sequence[str] = _SENTENCES) -> Any:
    """Returns a byte-level tokenizer with Qwen2.5-VL's control tokens.

    Args:
        vocab_size: most tokens.
        texts: what its merges are learnt from; a word that is to be one token stands there often.
    """
    words = _byte_level(_QWEN_CONTROLS, vocab_size, texts)
    return _fast(words, _QWEN_CONTROLS, eos_token="<|im_end|>", pad_token="<|endoftext|>")  # noqa: S106


def umt5_tokenizer(vocab_size: int) -> Any:
    """Returns a tokenizer with umT5's control tokens, <pad> 0, </s> 1, <unk> 2, which ends each text with </s>."""
    controls = ("<pad>", "</s>", "<unk>")
    words = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))  # noqa: S106
    words.normalizer = normalizers.NFKC()
    words.pre_tokenizer = pre_tokenizers.Metaspace()
    words.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    _train(words, (*controls, *(f"<0x{byte:02X}>" for byte in range(_BYTES))), vocab_size, alphabet=[])
    words.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return _fast(words, controls, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")  # noqa: S106


def random_vila(
    config: VlmConfig,
    *,
    seed: int = 0,
    settings: VilaSettings | None = None,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
) -> VilaVlm:
    """Returns a VILA-style model of the sizes of a configuration.

    Args:
        config: its sizes.
        seed: of the weights.
        settings: what else decides; its `pixels` are set to the tower's size.
        dtype: of the weights.
        device: where they are made.
    """
    vision = config.vision
    tokenizer = llama_tokenizer(config.vocab_size)
    tower_config = SiglipVisionConfig(
        hidden_size=vision.dim,
        intermediate_size=vision.ffn_dim,
        num_hidden_layers=vision.layers,
        num_attention_heads=vision.heads,
        image_size=vision.image_size,
        patch_size=vision.patch_size,
        hidden_act="gelu_pytorch_tanh",
        vision_use_head=False,
    )
    llm_config = LlamaConfig(
        vocab_size=config.vocab_size,
        hidden_size=config.dim,
        intermediate_size=config.ffn_dim,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.kv_heads,
        max_position_embeddings=8192,
        rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": 500000.0},
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    pixels = SiglipSpec(height=vision.image_size, width=vision.image_size)
    given = settings or VilaSettings()
    tower = _made(lambda: SiglipVisionModel(tower_config), seed, dtype, device)
    if -given.select_layer > len(tower.encoder.layers) + 1:
        raise UsageError(f"the tower has {len(tower.encoder.layers)} layers, none is number {given.select_layer}")
    return VilaVlm(
        tokenizer=tokenizer,
        llm=_made(lambda: LlamaForCausalLM(llm_config), seed + 1, dtype, device),
        tower=tower,
        projector=_made(lambda: build_projector(vision.dim, config.dim), seed + 2, dtype, device),
        settings=VilaSettings(
            frames=given.frames,
            max_frames=given.max_frames,
            square_order=given.square_order,
            select_layer=given.select_layer,
            pixels=pixels,
        ),
    )


def random_qwen25(
    config: VlmConfig,
    *,
    seed: int = 0,
    settings: QwenSettings | None = None,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
    tokenizer: Any = None,
) -> QwenVlm:
    """Returns a Qwen2.5-VL of the sizes of a configuration.

    Args:
        config: its sizes.
        seed: of the weights.
        settings: what else decides.
        dtype: of the weights.
        device: where they are made.
        tokenizer: what :func:`qwen_tokenizer` gave, of at most as many tokens; None for one of a few words.
    """
    vision = config.vision
    tokenizer = tokenizer or qwen_tokenizer(config.vocab_size)
    vocabulary = tokenizer.get_vocab()
    half = config.dim // config.heads // 2
    sections = [half - 2 * (3 * half // 8), 3 * half // 8, 3 * half // 8]  # 16, 24, 24 at heads of 128
    model_config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": config.vocab_size,
            "hidden_size": config.dim,
            "intermediate_size": config.ffn_dim,
            "num_hidden_layers": config.layers,
            "num_attention_heads": config.heads,
            "num_key_value_heads": config.kv_heads,
            "max_position_embeddings": 32768,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0, "mrope_section": sections},
            "bos_token_id": None,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        vision_config={
            "depth": vision.layers,
            "hidden_size": vision.dim,
            "intermediate_size": vision.ffn_dim,
            "num_heads": vision.heads,
            "patch_size": vision.patch_size,
            "out_hidden_size": config.dim,
            "fullatt_block_indexes": sorted({vision.layers - 1, *range(7, vision.layers, 8)}),
            "window_size": 8 * vision.patch_size,
            "tokens_per_second": 2,
        },
        image_token_id=vocabulary["<|image_pad|>"],
        video_token_id=vocabulary["<|video_pad|>"],
        vision_start_token_id=vocabulary["<|vision_start|>"],
        vision_end_token_id=vocabulary["<|vision_end|>"],
        tie_word_embeddings=False,
    )
    model = _made(lambda: Qwen2_5_VLForConditionalGeneration(model_config), seed, dtype, device)
    default = QwenSettings(pixels=QwenSpec(patch=vision.patch_size))
    return QwenVlm(tokenizer=tokenizer, model=model, settings=settings or default)


def random_text_encoder(
    config: TextConfig, *, seed: int = 0, dtype: torch.dtype = torch.float32, device: str = "cpu"
) -> TextEncoder:
    """Returns a umT5 encoder of the sizes of a configuration."""
    model_config = UMT5Config(
        vocab_size=config.vocab_size,
        d_model=config.dim,
        d_kv=config.head_dim,
        d_ff=config.ffn_dim,
        num_layers=config.layers,
        num_heads=config.heads,
        relative_attention_num_buckets=config.relative_buckets,
    )
    model = _made(lambda: UMT5EncoderModel(model_config), seed, dtype, device)
    tokenizer = umt5_tokenizer(config.vocab_size)
    return TextEncoder(model=model, tokenizer=tokenizer, max_length=config.max_length)


def _byte_level(controls: Sequence[str], vocab_size: int, texts: Sequence[str] = _SENTENCES) -> Any:
    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    _train(words, controls, vocab_size, alphabet=pre_tokenizers.ByteLevel.alphabet(), texts=texts)
    return words


def _train(
    words: Any,
    controls: Sequence[str],
    vocab_size: int,
    *,
    alphabet: Sequence[str],
    texts: Sequence[str] = _SENTENCES,
) -> None:
    if vocab_size < len(controls) + len(alphabet):
        raise UsageError(f"a vocabulary of {vocab_size} has no room for {len(controls) + len(alphabet)} tokens")
    trainer = trainers.BpeTrainer(
        vocab_size=min(vocab_size, 2048),
        special_tokens=list(controls),
        initial_alphabet=sorted(alphabet),
        show_progress=False,
    )
    words.train_from_iterator(list(texts), trainer)


def _fast(words: Any, controls: Sequence[str], **named: str) -> Any:
    others = [control for control in controls if control not in named.values()]
    return PreTrainedTokenizerFast(tokenizer_object=words, additional_special_tokens=others, **named)


def _made(build: Callable[[], Any], seed: int, dtype: torch.dtype, device: str) -> Any:
    """Returns a network with weights of a seed, made where it is to be, drawn without touching others' randomness."""
    before = torch.get_default_dtype()
    devices = [torch.device(device)] if torch.device(device).type == "cuda" else []
    with torch.random.fork_rng(devices=devices), torch.device(device):
        torch.manual_seed(seed)
        torch.set_default_dtype(dtype)
        try:
            network = build()
        finally:
            torch.set_default_dtype(before)
    return freeze(network)
