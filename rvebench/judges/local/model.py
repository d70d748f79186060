"""A vision-language model of transformers, loaded once, behind one shape for all of its families.

Images are prepared by the processors' PIL variants: torchvision's differ from them in the last bits, and are not there
beside every build of torch. The video processors need torchvision; frames are shown as images, so none is ever called.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rvebench.errors import UsageError
from rvebench.judges.local.vocabulary import Vocabulary, token_bytes
from rvebench.judges.local.weights import Weights
from rvebench.llm.messages import ChatMessage, ImagePart

__all__ = ["Prompt", "VisionModel", "choose_device", "load_model"]

_LONGEST_REASON = 500
_NO_LIMIT = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Messages as a model takes them."""

    inputs: Mapping[str, Any]
    """Tensors by argument name, on the model's device; one sequence."""
    text: str
    """The rendered template, one image token for each image."""

    @property
    def tokens(self) -> int:
        """How many tokens it has, those of the images among them."""
        return int(self.inputs["input_ids"].shape[1])


@dataclass(frozen=True, kw_only=True)
class VisionModel:
    """A loaded model."""

    model: Any
    processor: Any
    device: str

    @property
    def tokenizer(self) -> Any:
        """The processor's tokenizer."""
        return self.processor.tokenizer

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What each token writes; made when first needed.

        Raises:
            UsageError: the tokenizer is of a kind that is not understood.
        """
        return Vocabulary(token_bytes(self.tokenizer))

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """The tokens that end a reply."""
        given = self.model.generation_config.eos_token_id
        found = [self.tokenizer.eos_token_id] if given is None else given if isinstance(given, list) else [given]
        return tuple(int(token) for token in found if token is not None)

    @property
    def context(self) -> int:
        """Most tokens of question and reply together."""
        config = self.model.config.get_text_config()
        return int(getattr(config, "max_position_embeddings", None) or _NO_LIMIT)

    def prompt(self, messages: Sequence[ChatMessage]) -> Prompt:
        """Returns messages as tensors, ready for the reply; images stand where they stood among the words.

        Text that spells one of the model's control tokens is broken up, so that no instruction of a sample can end a
        turn or pass for an image.
        """
        # Some vocabularies count runs of spaces and line ends among the added tokens; those are words.
        added = (token for token in self.tokenizer.get_added_vocab() if token.startswith(("<", "[")))
        controls = sorted({*self.tokenizer.all_special_tokens, *added}, key=len, reverse=True)
        turns = [
            {
                "role": message.role,
                "content": [
                    {"type": "image"}
                    if isinstance(part, ImagePart)
                    else {"type": "text", "text": _harmless(part.text, controls)}
                    for part in message.parts
                ],
            }
            for message in messages
        ]
        text = self.tokenizer.apply_chat_template(
            turns, chat_template=self.processor.chat_template, tokenize=False, add_generation_prompt=True
        )
        images = [_picture(part) for message in messages for part in message.parts if isinstance(part, ImagePart)]
        # The template has written the special tokens that begin a text.
        inputs = self.processor(text=[text], images=images or None, return_tensors="pt", add_special_tokens=False)
        return Prompt(inputs={name: value.to(self.device) for name, value in inputs.items()}, text=text)


def choose_device(device: str, dtype: str) -> tuple[str, str]:
    """Returns device and dtype with `auto` resolved.

    Raises:
        UsageError: the device is not there.
    """
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, number = device.partition(":")
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}[kind]
    if not there or (number and int(number) >= torch.cuda.device_count()):
        raise UsageError(f"torch {torch.__version__} sees no device {device} here", hint="use device=auto")
    if dtype == "auto":
        dtype = "float32" if kind == "cpu" else "bfloat16"
    return device, dtype


def load_model(weights: Weights, *, device: str, dtype: str) -> VisionModel:
    """Returns the model, on its device, in evaluation mode, set to answer greedily.

    Raises:
        UsageError: it does not load: damaged files, no room on the device, or a package that its processor needs is
            not installed.
    """
    import torch
    from transformers import AutoModelForImageTextToText, GenerationConfig
    from transformers.utils import logging

    logging.disable_progress_bar()
    revision = weights.revision or None
    try:
        processor = _load_processor(weights.source, revision)
        model = AutoModelForImageTextToText.from_pretrained(
            weights.source, revision=revision, dtype=getattr(torch, dtype), use_safetensors=True
        )
        model = model.to(device).eval()
    except ImportError as error:
        raise UsageError(_needs(error), where=weights.name) from None
    except Exception as error:  # damaged files, no room on the device: each library has errors of its own for them
        told = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_REASON]
        raise UsageError(f"the model cannot be loaded: {told}", where=weights.name) from error
    given = model.generation_config
    # Checkpoints bring sampling temperatures and repetition penalties for chatting; a judge says what is most likely.
    model.generation_config = GenerationConfig(
        do_sample=False,
        num_beams=1,
        repetition_penalty=1.0,
        eos_token_id=given.eos_token_id,
        pad_token_id=given.pad_token_id if given.pad_token_id is not None else processor.tokenizer.pad_token_id,
    )
    return VisionModel(model=model, processor=processor, device=device)


def _load_processor(source: str, revision: str | None) -> Any:
    from transformers import AutoConfig, AutoImageProcessor, AutoTokenizer
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING

    config = AutoConfig.from_pretrained(source, revision=revision)
    kind = PROCESSOR_MAPPING[type(config)]
    settings, _ = kind.get_processor_dict(source, revision=revision)
    images = AutoImageProcessor.from_pretrained(source, revision=revision, backend="pil")
    if hasattr(images, "do_image_splitting"):
        # Idefics3 and SmolVLM cut an image into up to 17; sixteen frames would fill their context twice over.
        images.do_image_splitting = False
    parts = {
        "image_processor": images,
        "tokenizer": AutoTokenizer.from_pretrained(source, revision=revision),
        "video_processor": None,
    }
    names = kind.get_attributes()
    if not set(names) <= set(parts):
        raise ValueError(f"{kind.__name__} has parts that a judge of images does not know: {', '.join(names)}")
    return _without_videos(kind).from_args_and_dict([parts[name] for name in names], settings)


def _without_videos(kind: Any) -> Any:
    """Returns the processor class, content with no video processor: its checks import torchvision."""

    def check(self: Any, name: str, part: Any) -> Any:
        return None if name == "video_processor" else kind.check_argument_for_proper_class(self, name, part)

    return type(kind.__name__, (kind,), {"check_argument_for_proper_class": check, "__module__": kind.__module__})


def _needs(error: ImportError) -> str:
    text = " ".join(str(error).split())
    for package in ("torchvision", "num2words"):
        if package in text:
            return f"the model's processor needs {package}: install it, for torchvision the build that goes with torch"
    return f"the model's processor needs a package that is not here: {text[:300]}"


def _harmless(text: str, controls: Sequence[str]) -> str:
    for control in controls:
        if control and control in text:
            text = text.replace(control, f"{control[0]} {control[1:]}")
    return text


def _picture(part: ImagePart) -> Any:
    from PIL import Image

    return Image.open(io.BytesIO(part.data)).convert("RGB")
