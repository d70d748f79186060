"""Vision-language models of the real classes with random weights, small enough for a test, saved to a folder.

The tokenizer is trained on the spot, byte-level like those of Qwen and SmolVLM, on the repository's own prompts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rvebench.assets import asset_dir

__all__ = ["KINDS", "save_model", "train_tokenizer"]

KINDS = ("qwen2_5_vl", "qwen3_vl", "smolvlm", "idefics3")

_QWEN_CONTROLS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
_SMOL_CONTROLS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<end_of_utterance>",
    "<fake_token_around_image>",
    "<global-img>",
    "<image>",
)
_QWEN_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part['text'] }}{% endif %}{% endfor %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_SMOL_TEMPLATE = (
    "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}: "
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}"
    "{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)
_SENTENCES = (
    '{"EA": {"rationale": "The candle is shorter.", "score": 7}, "PC": {"rationale": "Kept.", "score": 10}}',
    'Yes No yes no YES NO "rationale": "score": The edit shows what the instruction implies. Answer yes or no.',
)


def train_tokenizer(controls: tuple[str, ...] = _QWEN_CONTROLS, *, end: str = "<|im_end|>") -> Any:
    """Returns a byte-level BPE tokenizer of about 600 tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=list(controls),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    prompts = [path.read_text("utf-8") for path in sorted(asset_dir("prompts").rglob("*.md"))]
    words.train_from_iterator([*prompts, *_SENTENCES * 20], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        eos_token=end,
        pad_token="<|endoftext|>",
        additional_special_tokens=[control for control in controls if control not in (end, "<|endoftext|>")],
    )


def save_model(kind: str, folder: Path, *, seed: int = 0) -> Path:
    """Saves a tiny model with its processor's parts to a folder, as a checkpoint of the hub is laid out.

    Args:
        kind: one of :data:`KINDS`.
        folder: is made.
        seed: of the weights.
    """
    import torch

    qwen = kind.startswith("qwen")
    tokenizer = train_tokenizer() if qwen else train_tokenizer(_SMOL_CONTROLS, end="<end_of_utterance>")
    torch.manual_seed(seed)
    model = {"qwen2_5_vl": _qwen2_5, "qwen3_vl": _qwen3, "smolvlm": _smol, "idefics3": _idefics3}[kind](tokenizer)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(3.0)  # far enough from uniform that greedy choices are not decided by rounding
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _image_processor(kind).save_pretrained(folder)
    (folder / "chat_template.jinja").write_text(_QWEN_TEMPLATE if qwen else _SMOL_TEMPLATE, "utf-8")
    if not qwen:
        (folder / "processor_config.json").write_text('{"image_seq_len": 4}', "utf-8")
    return folder


def _id(tokenizer: Any, token: str) -> int:
    return int(tokenizer.convert_tokens_to_ids(token))


def _qwen_ids(tokenizer: Any) -> dict[str, int]:
    return {
        "image_token_id": _id(tokenizer, "<|image_pad|>"),
        "video_token_id": _id(tokenizer, "<|video_pad|>"),
        "vision_start_token_id": _id(tokenizer, "<|vision_start|>"),
        "vision_end_token_id": _id(tokenizer, "<|vision_end|>"),
    }


def _words(tokenizer: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 8192,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def _qwen2_5(tokenizer: Any) -> Any:
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    config = Qwen2_5_VLConfig(
        text_config=_words(tokenizer)
        | {"rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]}},
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "out_hidden_size": 32,
            "fullatt_block_indexes": [1],
            "window_size": 56,
        },
        tie_word_embeddings=False,
        **_qwen_ids(tokenizer),
    )
    return Qwen2_5_VLForConditionalGeneration(config)


def _qwen3(tokenizer: Any) -> Any:
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    config = Qwen3VLConfig(
        text_config=_words(tokenizer)
        | {
            "head_dim": 8,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 10000.0,
                "mrope_section": [2, 1, 1],
                "mrope_interleaved": True,
            },
        },
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "out_hidden_size": 32,
            "num_position_embeddings": 64,
            "deepstack_visual_indexes": [0],
        },
        tie_word_embeddings=False,
        **_qwen_ids(tokenizer),
    )
    return Qwen3VLForConditionalGeneration(config)


def _small(tokenizer: Any) -> dict[str, Any]:
    return {
        "text_config": _words(tokenizer) | {"model_type": "llama"},
        "vision_config": {
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 56,
            "patch_size": 14,
        },
        "image_token_id": _id(tokenizer, "<image>"),
        "scale_factor": 2,
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": False,
    }


def _smol(tokenizer: Any) -> Any:
    from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration

    return SmolVLMForConditionalGeneration(SmolVLMConfig(**_small(tokenizer)))


def _idefics3(tokenizer: Any) -> Any:
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration

    return Idefics3ForConditionalGeneration(Idefics3Config(**_small(tokenizer)))


def _image_processor(kind: str) -> Any:
    """Returns the PIL variant of each class, which is there without torchvision."""
    if kind.startswith("qwen"):
        from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

        patch = 14 if kind == "qwen2_5_vl" else 16
        return Qwen2VLImageProcessorPil(
            patch_size=patch, merge_size=2, temporal_patch_size=2, min_pixels=56 * 56, max_pixels=128 * 128
        )
    sizes = {"size": {"longest_edge": 112}, "max_image_size": {"longest_edge": 56}}
    if kind == "smolvlm":
        from transformers.models.smolvlm.image_processing_pil_smolvlm import SmolVLMImageProcessorPil

        return SmolVLMImageProcessorPil(**sizes)
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

    return Idefics3ImageProcessorPil(**sizes)
