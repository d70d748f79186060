"""One ReViSE model and its sampling as one frozen value, checked as a whole.

`preset("wan1.3b")` is the released model at full size, `preset("tiny-random")` the same classes small enough for CI,
`preset("nano")` the layout of the small model that is trained here. Nothing here imports torch.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rvebench.errors import UnknownNameError, UsageError
from rvebench.records import digest_of
from rvebench.registry import nearest_names
from rvebench.revise.config_io import from_plain, merged, read_plain, to_plain
from rvebench.revise.config_parts import (
    Compat,
    ConditioningConfig,
    ConnectorConfig,
    DitConfig,
    RefinerConfig,
    ResamplerConfig,
    SamplingConfig,
    Strategy,
    TagConfig,
    TextConfig,
    VaeConfig,
    VisualContextAdapterConfig,
    VlmConfig,
    VlmVisionConfig,
)
from rvebench.revise.shapes import SIZE_MULTIPLE, Size, check_frames

__all__ = [
    "SIZE_MULTIPLE",
    "Compat",
    "ConditioningConfig",
    "ConnectorConfig",
    "DitConfig",
    "RefinerConfig",
    "ResamplerConfig",
    "ReviseConfig",
    "SamplingConfig",
    "Size",
    "Strategy",
    "TagConfig",
    "TextConfig",
    "VaeConfig",
    "VisualContextAdapterConfig",
    "VlmConfig",
    "VlmVisionConfig",
    "check_frames",
    "preset",
    "preset_names",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviseConfig:
    """Everything that decides which model is built and how it samples.

    A part is None exactly where the strategy does not use it:

    ================ ======================= ========= ======= ========
    strategy         visual_context_adapter  connector refiner text
    ================ ======================= ========= ======= ========
    revise           yes                     yes       None    yes
    channel-concat   None                    yes       None    optional
    viva             None                    None      yes     None
    ================ ======================= ========= ======= ========
    """

    name: str = "wan1.3b"
    """A label for manifests and folders."""
    vae: VaeConfig = field(default_factory=VaeConfig)
    dit: DitConfig = field(default_factory=DitConfig)
    text: TextConfig | None = field(default_factory=TextConfig)
    vlm: VlmConfig = field(default_factory=VlmConfig)
    visual_context_adapter: VisualContextAdapterConfig | None = field(default_factory=VisualContextAdapterConfig)
    connector: ConnectorConfig | None = field(default_factory=ConnectorConfig)
    refiner: RefinerConfig | None = None
    conditioning: ConditioningConfig = field(default_factory=ConditioningConfig)
    compat: Compat = field(default_factory=Compat)
    sampling: SamplingConfig = field(default_factory=SamplingConfig)

    def __post_init__(self) -> None:
        self._check_parts()
        self._check_widths()

    def _check_parts(self) -> None:
        strategy = self.conditioning.strategy
        needed = {
            "revise": ("visual_context_adapter", "connector", "text"),
            "channel-concat": ("connector",),
            "viva": ("refiner",),
        }[strategy]
        optional = ("text",) if strategy == "channel-concat" else ()
        for part in ("visual_context_adapter", "connector", "refiner", "text"):
            given = getattr(self, part) is not None
            if part in needed and not given:
                raise UsageError(f"the strategy {strategy} needs the part {part}")
            if given and part not in (*needed, *optional):
                raise UsageError(f"the part {part} has no effect with strategy {strategy}", hint="set it to null")

    def _check_widths(self) -> None:
        width = self.dit.text_dim
        if self.text is not None and self.text.dim != width:
            raise UsageError(f"text.dim is {self.text.dim}, but dit.text_dim is {width}: text enters the context as is")
        if self.connector is not None and self.connector.adapter.dim != width:
            raise UsageError(f"connector.adapter.dim is {self.connector.adapter.dim}, but dit.text_dim is {width}")
        if self.dit.patch_size[0] != 1:
            raise UsageError("dit.patch_size begins with 1: clips of 4n + 1 frames have odd numbers of latents")
        patches = [self.dit.patch_size[1:]]
        if self.visual_context_adapter is not None:
            if self.visual_context_adapter.patch_size[0] != 1:
                raise UsageError("visual_context_adapter.patch_size begins with 1, as dit.patch_size does")
            patches.append(self.visual_context_adapter.patch_size[1:])
        stride = self.vae.spatial_factor * math.lcm(*(side for patch in patches for side in patch))
        if SIZE_MULTIPLE % stride:
            raise UsageError(
                f"latents and patches together span {stride} pixels, which does not divide {SIZE_MULTIPLE}, the "
                "multiple that frame sizes have"
            )

    @property
    def concat_channels(self) -> int:
        """Latent channels of the source that join the noise at the transformer's input (0 with strategy revise)."""
        return 0 if self.conditioning.strategy == "revise" else self.vae.z_dim

    def latent_shape(self, *, frames: int, size: Size) -> tuple[int, int, int, int]:
        """Returns (channels, time, height, width) of a clip's latents.

        Raises:
            UsageError: `frames` is not 4n + 1.
        """
        time = (check_frames(frames) - 1) // self.vae.temporal_factor + 1
        factor = self.vae.spatial_factor
        return self.vae.z_dim, time, size.height // factor, size.width // factor

    def to_dict(self) -> dict[str, Any]:
        """Returns the configuration as JSON values, every key written out."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_dict(cls, plain: object) -> ReviseConfig:
        """Builds a configuration from JSON values.

        A key `preset` names the configuration to start from; tables then change only the keys that they hold, and
        null takes a part away.

        Raises:
            UsageError: an unknown or dead key, a wrong type, or parts that do not fit together.
        """
        if not isinstance(plain, dict):
            raise UsageError(f"the configuration must be a table of keys, not {type(plain).__name__}")
        plain = dict(plain)
        if "preset" in plain:
            name = plain.pop("preset")
            if not isinstance(name, str):
                raise UsageError(f"preset must be a name, not {name!r}")
            plain = merged(preset(name).to_dict(), plain)
        return from_plain(cls, plain)

    @classmethod
    def load(cls, path: Path) -> ReviseConfig:
        """Reads a `.json` or `.toml` file; see :meth:`from_dict`.

        Raises:
            UsageError: as :meth:`from_dict`; the message names the file.
            DataError: the file is not valid JSON or TOML.
        """
        plain = read_plain(path)
        try:
            return cls.from_dict(plain)
        except UsageError as error:
            raise type(error)(error.what, where=path, hint=error.hint) from None

    def to_json(self) -> str:
        """Returns the text of a `.json` file that :meth:`load` reads back to an equal value."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n"

    def with_compat(self, name: str) -> ReviseConfig:
        """Returns the same configuration with the compat preset `official` or `fixed`.

        The guidance scale keeps its strength: where the formula changes, w becomes w + 1 (to standard) or w - 1.
        """
        compat = Compat.named(name)
        scale = self.sampling.guidance_scale
        if compat.guidance != self.compat.guidance:
            scale = scale + 1 if compat.guidance == "standard" else max(0.0, scale - 1)
        sampling = dataclasses.replace(self.sampling, guidance_scale=scale)
        return dataclasses.replace(self, compat=compat, sampling=sampling)

    def manifest(self) -> dict[str, Any]:
        """Returns what a run manifest says of the model: names, switches, sampling, and a digest of the whole."""
        plain = self.to_dict()
        return {
            "config": self.name,
            "config_digest": digest_of(plain),
            "strategy": self.conditioning.strategy,
            "max_context_len": self.conditioning.max_context_len,
            "source_overflow": self.conditioning.source_overflow,
            "compat": {"name": self.compat.name, **plain["compat"]},
            "sampling": plain["sampling"],
        }


def _tiny_random() -> ReviseConfig:
    return ReviseConfig(
        name="tiny-random",
        vae=VaeConfig(base_dim=8, num_res_blocks=1),
        dit=DitConfig(heads=2, head_dim=24, layers=2, ffn_dim=96, freq_dim=32, text_dim=32, rope_max_seq_len=256),
        text=TextConfig(vocab_size=512, dim=32, head_dim=8, ffn_dim=64, layers=2, heads=4, max_length=192),
        vlm=VlmConfig(
            dim=48,
            layers=2,
            heads=4,
            kv_heads=2,
            ffn_dim=96,
            vocab_size=512,
            vision=VlmVisionConfig(dim=32, layers=2, heads=2, ffn_dim=64, image_size=56),
        ),
        visual_context_adapter=VisualContextAdapterConfig(dim=48),
        connector=ConnectorConfig(
            vision_head=ResamplerConfig(dim=16, queries=4, ffn_dim=64, heads=2, encoder_layers=1, decoder_layers=1),
            adapter=ResamplerConfig(dim=32, queries=8, ffn_dim=128, heads=2, encoder_layers=1, decoder_layers=1),
        ),
        conditioning=ConditioningConfig(max_context_len=384),
        sampling=SamplingConfig(steps=4, size=Size(width=96, height=64)),
    )


def _nano() -> ReviseConfig:
    return ReviseConfig(
        name="nano",
        vae=VaeConfig(
            base_dim=16,
            z_dim=8,
            dim_mult=(1, 2, 4),
            num_res_blocks=1,
            temporal_downsample=(True, True),
            latents_mean=(0.0,) * 8,
            latents_std=(1.0,) * 8,
        ),
        dit=DitConfig(heads=4, head_dim=40, layers=6, ffn_dim=960, freq_dim=64, text_dim=128, rope_max_seq_len=256),
        text=None,
        vlm=VlmConfig(
            backend="qwen2.5",
            dim=128,
            layers=4,
            heads=4,
            kv_heads=2,
            ffn_dim=384,
            vocab_size=1024,
            vision=VlmVisionConfig(dim=96, layers=4, heads=4, ffn_dim=288, patch_size=8),
        ),
        visual_context_adapter=None,
        connector=ConnectorConfig(
            vision_head=ResamplerConfig(dim=96, queries=4, ffn_dim=192, heads=4, encoder_layers=1, decoder_layers=1),
            adapter=ResamplerConfig(dim=128, queries=8, ffn_dim=256, heads=4, encoder_layers=1, decoder_layers=1),
        ),
        conditioning=ConditioningConfig(strategy="channel-concat", max_context_len=64, tags=TagConfig()),
        compat=Compat.named("fixed"),
        sampling=SamplingConfig(
            solver="euler",
            steps=12,
            shift=3.0,
            guidance_scale=2.0,
            frames=9,
            fps=4.0,  # of the two-second clips that it is trained on, nine frames
            size=Size(width=64, height=64),
            fit="stretch",
            detail="source",
        ),
    )


_PRESETS = {"nano": _nano, "tiny-random": _tiny_random, "wan1.3b": ReviseConfig}


def preset_names() -> tuple[str, ...]:
    """Returns the names that :func:`preset` knows."""
    return tuple(_PRESETS)


def preset(name: str) -> ReviseConfig:
    """Returns the configuration called `name`.

    Raises:
        UnknownNameError: no preset has that name.
    """
    if name not in _PRESETS:
        near = nearest_names(name, _PRESETS) or list(_PRESETS)
        raise UnknownNameError(f"no ReViSE preset is called {name!r}", hint=f"did you mean {', '.join(near)}?")
    return _PRESETS[name]()
