"""What decides the numbers in a folder of shards, as one record: the encoders, the clip's shape, what is kept and how.

A folder belongs to one such record. Another one is an error that says what differs, never a silent mixture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from rvebench.errors import DataError, UsageError
from rvebench.revise.config import ReviseConfig
from rvebench.revise.config_io import from_plain, to_plain
from rvebench.revise.pretrained import fingerprint_of
from rvebench.revise.training.clips import ClipShape

if TYPE_CHECKING:
    import torch
    from torch import nn

    from rvebench.revise.assembly import Parts

__all__ = [
    "FORMAT",
    "EncoderPrints",
    "KeptSettings",
    "ShardSpec",
    "StatePrecision",
    "ViewOfVlm",
    "differences",
    "torch_dtype",
    "vae_fingerprint",
]

FORMAT = "rvebench-shards/1"
"""Raised when the same sample would be written otherwise."""

LatentPrecision = Literal["float32", "bfloat16", "float16"]
StatePrecision = Literal["encoder", "float32", "bfloat16", "float16"]
"""`encoder` keeps states as their encoder gave them."""
ViewOfVlm = Literal["source", "model"]
"""source: the VLM is shown the source's own pixels, as when a clip is edited; model: those of the resized clip."""

_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderPrints:
    """Which frozen encoders the numbers come from: 64 hexadecimal digits each."""

    vae: str
    vlm: str
    text: str | None
    """None where the model reads no text."""
    declared: bool = False
    """The numbers were computed elsewhere, and somebody says that they are of these encoders; nothing here can tell."""

    @classmethod
    def of(cls, parts: Parts, *, declared: bool = False) -> EncoderPrints:
        """Returns the fingerprints of a model's encoders; seconds at full size."""
        return cls(
            vae=vae_fingerprint(parts.vae, parts.config),
            vlm=parts.vlm.fingerprint,
            text=None if parts.text is None else parts.text.fingerprint,
            declared=declared,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSettings:
    """What is kept of a sample, and in which precision."""

    latents: LatentPrecision = "float32"
    states: StatePrecision = "encoder"
    """Of the VLM and of the text encoder."""
    source_frames: bool = True
    """The source as the model was shown it, uint8: critics and rewards need it, flow matching alone does not."""
    vision: bool = False
    """What the VLM's language model is given for the clip's frames."""
    vlm_sees: ViewOfVlm = "source"

    def __post_init__(self) -> None:
        for name, known in (
            ("latents", get_args(LatentPrecision)),
            ("states", get_args(StatePrecision)),
            ("vlm_sees", get_args(ViewOfVlm)),
        ):
            if getattr(self, name) not in known:
                raise UsageError(f"{name} is {getattr(self, name)!r}", hint=f"use one of {', '.join(known)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardSpec:
    """All that decides a folder's numbers beside its samples."""

    encoders: EncoderPrints
    clip: ClipShape = field(default_factory=ClipShape)
    kept: KeptSettings = field(default_factory=KeptSettings)

    def as_json(self) -> dict[str, Any]:
        """Returns the record as JSON values."""
        return {
            "encoders": to_plain(self.encoders),
            "clip": self.clip.as_json(),
            "kept": to_plain(self.kept),
        }

    @classmethod
    def from_json(cls, value: object, *, where: object) -> ShardSpec:
        """Reads what :meth:`as_json` wrote.

        Raises:
            DataError: it is something else; `where` is named.
        """
        from rvebench.revise.shapes import Size

        try:
            assert isinstance(value, Mapping)
            clip = dict(value["clip"])
            clip["size"] = Size.parse(clip["size"])
            return cls(
                encoders=from_plain(EncoderPrints, value["encoders"]),
                clip=ClipShape(**clip),
                kept=from_plain(KeptSettings, value["kept"]),
            )
        except (UsageError, AssertionError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"does not say how its shards were made: {error}", where=where) from None


def differences(there: object, wanted: object, place: str = "") -> Iterator[str]:
    """Yields what differs between two JSON values, as `key is THIS there and THAT is wanted`."""
    if isinstance(there, Mapping) and isinstance(wanted, Mapping):
        for key in sorted({*there, *wanted}):
            yield from differences(there.get(key), wanted.get(key), f"{place}.{key}".lstrip("."))
    elif there != wanted:
        yield f"{place} is {_short(there)} there and {_short(wanted)} is wanted"


def _short(value: object) -> str:
    text = str(value)
    return f"{text[:_SHOWN]}…" if len(text) == 64 else text


def vae_fingerprint(vae: nn.Module, config: ReviseConfig) -> str:
    """Returns 64 hexadecimal digits over an autoencoder's weights, sizes and the normalisation of its latents."""
    return fingerprint_of({"kind": "autoencoder-kl-wan", "sizes": to_plain(config.vae)}, {"vae": vae})


def torch_dtype(name: str) -> torch.dtype:
    """Returns the dtype that torch has under a name."""
    import torch

    found = getattr(torch, name)
    assert isinstance(found, torch.dtype)
    return found
