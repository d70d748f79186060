"""The umT5 encoder that Wan reads prompts with: cleaned text in, one row of width D for each token out.

Wan pads every prompt to 512 tokens and cuts the padding off again; padding is masked, so that the rows are the same
without it, and here a batch is only padded to its longest prompt.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import ftfy
import torch
from transformers import UMT5Config, UMT5EncoderModel

from rvebench.errors import DataError, UsageError
from rvebench.revise.pretrained import (
    build_model,
    fingerprint_of,
    quiet,
    read_json,
    read_tensors,
    read_tokenizer,
    sizes_of,
)
from rvebench.weights import load_tensors

__all__ = [
    "TextEncoder",
    "TextStates",
    "TextTooLongError",
    "TooLong",
    "clean_text",
    "load_text_encoder",
    "require_instruction",
    "wan_text_config",
    "wan_text_names",
]

TooLong = Literal["raise", "truncate"]
"""What becomes of a prompt past the limit: an error, or its end is left out and the count of tokens recorded."""


class TextTooLongError(UsageError):
    """A prompt has more tokens than the encoder reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStates:
    """Encoded prompts."""

    embeddings_LD: tuple[torch.Tensor, ...]
    """One tensor a prompt, as long as the prompt is, its end token included."""
    dropped: tuple[int, ...]
    """Tokens of each prompt that were left out; 0 unless prompts may be truncated."""

    @property
    def lengths(self) -> tuple[int, ...]:
        """Tokens of each prompt that were encoded."""
        return tuple(len(rows) for rows in self.embeddings_LD)


@dataclass(frozen=True, kw_only=True, eq=False)
class TextEncoder:
    """A loaded encoder."""

    model: Any
    """`UMT5EncoderModel`, frozen."""
    tokenizer: Any
    max_length: int = 512
    """Most tokens of a prompt, the end token included."""
    too_long: TooLong = "raise"

    @property
    def hidden_size(self) -> int:
        """Width D of the rows."""
        return int(self.model.config.d_model)

    @cached_property
    def fingerprint(self) -> str:
        """64 hexadecimal digits over weights, vocabulary and limits."""
        settings = {
            "config": sizes_of(self.model.config),
            "vocabulary": self.tokenizer.get_vocab(),
            "max_length": self.max_length,
            "too_long": self.too_long,
        }
        return fingerprint_of(settings, {"model": self.model})

    def encode(self, texts: Sequence[str]) -> TextStates:
        """Returns the rows of each prompt; "" is the null prompt, the end token alone.

        Raises:
            UsageError: there is no prompt.
            TextTooLongError: a prompt is past the limit, and `too_long` is "raise".
        """
        if not texts:
            raise UsageError("there is no prompt to encode")
        ids = [list(self.tokenizer(clean_text(text)).input_ids) for text in texts]
        dropped = [max(0, len(tokens) - self.max_length) for tokens in ids]
        if any(dropped) and self.too_long == "raise":
            index = next(index for index, count in enumerate(dropped) if count)
            raise TextTooLongError(
                f"the prompt has {len(ids[index])} tokens and the text encoder reads {self.max_length}: "
                f"{texts[index][:60]!r}…",
                hint="shorten it, or let prompts be truncated (too_long=truncate), which is recorded",
            )
        end = self.tokenizer.eos_token_id
        # As the tokenizer itself truncates: the end token stays.
        ids = [
            [*tokens[: self.max_length - 1], end] if cut else tokens for tokens, cut in zip(ids, dropped, strict=True)
        ]
        return TextStates(embeddings_LD=tuple(self._rows(ids)), dropped=tuple(dropped))

    def _rows(self, ids: list[list[int]]) -> list[torch.Tensor]:
        longest = max(len(tokens) for tokens in ids)
        filler = self.tokenizer.pad_token_id
        device = self.model.device
        ids_BL = torch.tensor([tokens + [filler] * (longest - len(tokens)) for tokens in ids], device=device)
        mask_BL = torch.tensor([[1] * len(tokens) + [0] * (longest - len(tokens)) for tokens in ids], device=device)
        states_BLD = self.model(input_ids=ids_BL, attention_mask=mask_BL).last_hidden_state
        return [rows[: len(tokens)] for rows, tokens in zip(states_BLD, ids, strict=True)]

    def save(self, folder: Path) -> None:
        """Writes encoder and tokenizer to a folder that :func:`load_text_encoder` reads."""
        with quiet():
            self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)


def clean_text(text: str) -> str:
    """Returns a prompt as Wan cleans it: mended by ftfy, HTML entities resolved, runs of white space made one space."""
    mended = html.unescape(html.unescape(ftfy.fix_text(text)))
    return re.sub(r"\s+", " ", mended).strip()


def require_instruction(text: str, *, where: object | None = None) -> str:
    """Returns the instruction, if it says anything.

    Raises:
        UsageError: it is empty, or nothing but white space.
    """
    if not clean_text(text):
        raise UsageError("the instruction is empty", where=where, hint="say what is to be changed")
    return text


def load_text_encoder(
    weights: Path,
    tokenizer: Path | None = None,
    *,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
    max_length: int = 512,
    too_long: TooLong = "raise",
) -> TextEncoder:
    """Returns the encoder.

    Args:
        weights: a folder as transformers saves it, or Wan's single file (models_t5_umt5-xxl-enc-bf16.pth), whose sizes
            are read off its tensors.
        tokenizer: the folder of the tokenizer (google/umt5-xxl); that of the weights when None.
        dtype: of weights and rows.
        device: where it is to be.
        max_length: most tokens of a prompt.
        too_long: what becomes of longer ones.

    Raises:
        UsageError: a folder or file is not there.
        DataError: it is damaged, incomplete, or holds other weights.
    """
    if weights.is_dir():
        config = UMT5Config.from_dict(read_json(weights / "config.json"))
        tensors = read_tensors(weights)
    elif weights.is_file():
        found = load_tensors(weights)
        config = wan_text_config(found, where=weights)
        names = wan_text_names(config.num_layers)
        if extra := sorted(set(found) - set(names)):
            raise DataError(f"{len(extra)} unexpected tensors, the first {extra[0]}", where=weights)
        tensors = {names[name]: tensor for name, tensor in found.items()}
    else:
        raise UsageError("there is no such file or folder", where=weights)
    words = read_tokenizer(tokenizer or (weights if weights.is_dir() else weights.parent))
    if len(words) > config.vocab_size:
        raise DataError(
            f"the tokenizer has {len(words)} tokens and the encoder {config.vocab_size}", where=tokenizer or weights
        )
    model = build_model(UMT5EncoderModel, config, tensors, where=weights, dtype=dtype)
    return TextEncoder(model=model.to(device), tokenizer=words, max_length=max_length, too_long=too_long)


def wan_text_names(layers: int) -> dict[str, str]:
    """Returns the names of Wan's umT5 file, each with transformers' name for the same tensor; 242 for 24 layers."""
    names = {"token_embedding.weight": "shared.weight", "norm.weight": "encoder.final_layer_norm.weight"}
    for layer in range(layers):
        theirs, attention, feed = f"blocks.{layer}", f"encoder.block.{layer}.layer.0", f"encoder.block.{layer}.layer.1"
        names |= {f"{theirs}.attn.{part}.weight": f"{attention}.SelfAttention.{part}.weight" for part in "qkvo"}
        names |= {
            f"{theirs}.norm1.weight": f"{attention}.layer_norm.weight",
            f"{theirs}.pos_embedding.embedding.weight": f"{attention}.SelfAttention.relative_attention_bias.weight",
            f"{theirs}.norm2.weight": f"{feed}.layer_norm.weight",
            f"{theirs}.ffn.gate.0.weight": f"{feed}.DenseReluDense.wi_0.weight",
            f"{theirs}.ffn.fc1.weight": f"{feed}.DenseReluDense.wi_1.weight",
            f"{theirs}.ffn.fc2.weight": f"{feed}.DenseReluDense.wo.weight",
        }
    return names


def wan_text_config(tensors: Mapping[str, torch.Tensor], *, where: Path) -> Any:
    """Returns the configuration that the shapes in Wan's umT5 file tell of (xxl: 24 layers, 64 heads of 64).

    Raises:
        DataError: they are not the tensors of a umT5 encoder under Wan's names.
    """
    layers = len({name.split(".")[1] for name in tensors if re.match(r"blocks\.\d+\.", name)})
    expected = wan_text_names(layers)
    if not layers or (missing := sorted(set(expected) - set(tensors))):
        told = f", {missing[0]} is missing" if layers else ""
        raise DataError(f"holds no umT5 encoder under Wan's names{told}", where=where)
    vocabulary, width = tensors["token_embedding.weight"].shape
    buckets, heads = tensors["blocks.0.pos_embedding.embedding.weight"].shape
    return UMT5Config(
        vocab_size=vocabulary,
        d_model=width,
        d_kv=tensors["blocks.0.attn.q.weight"].shape[0] // heads,
        d_ff=tensors["blocks.0.ffn.fc1.weight"].shape[0],
        num_layers=layers,
        num_heads=heads,
        relative_attention_num_buckets=buckets,
    )
