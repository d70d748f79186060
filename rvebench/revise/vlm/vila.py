"""The VILA-style model of ReViSE: SigLIP tower, 2x2 downsampling projector, Llama-3, out of transformers' classes.

A frame is 384x384, 27x27 = 729 tokens of 1152 after the tower's layer -2, one row and one column of zeros more, 14x14
= 196 tokens of 4608 by setting each 2x2 neighbours side by side, then LayerNorm, Linear, GELU, Linear to 4096.
Transformers has no class for it. Names of files and tensors are VILA's, and so is the form of the prompt, see
:mod:`rvebench.revise.vlm.vila_prompt`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save_file
from torch.nn.functional import pad
from transformers import LlamaConfig, LlamaForCausalLM, SiglipVisionConfig, SiglipVisionModel

from rvebench.errors import DataError, UsageError
from rvebench.revise.pretrained import (
    build_model,
    fingerprint_of,
    freeze,
    quiet,
    read_json,
    read_tensors,
    read_tokenizer,
    sizes_of,
)
from rvebench.revise.vlm.preprocess import SiglipSpec, siglip_pixels
from rvebench.revise.vlm.protocol import FramePolicy, VlmRequest, VlmStates, chosen_frames
from rvebench.revise.vlm.states import pad_states
from rvebench.revise.vlm.vila_prompt import answer_ids, join_embeddings, prompt_ids, prompt_text

__all__ = ["SquareOrder", "VilaSettings", "VilaVlm", "build_projector", "downsample", "load_vila"]

SquareOrder = Literal["rows", "columns"]
"""Which way the 14x14 squares of a frame are read. VILA's `mlp_downsample` read columns in revision 253d0a9 and reads
rows in 33b4f1a; a checkpoint of VILA does not say which of the two it was trained with."""

_FRAMES_AT_ONCE = 16
_UNSUPPORTED = ("s2", "dynamic_s2", "mm_use_im_start_end")
_ORDER_KEY = "rvebench_square_order"


@dataclass(frozen=True, slots=True, kw_only=True)
class VilaSettings:
    """What decides the states beside the weights."""

    frames: FramePolicy = "first"
    max_frames: int = 8
    """Most frames shown under `all`."""
    square_order: SquareOrder = "rows"
    select_layer: int = -2
    """Which hidden layer of the tower is read (`mm_vision_select_layer`)."""
    pixels: SiglipSpec = field(default_factory=SiglipSpec)


@dataclass(frozen=True, kw_only=True, eq=False)
class VilaVlm:
    """A loaded model; see :class:`rvebench.revise.vlm.protocol.VlmBackend`."""

    tokenizer: Any
    llm: Any
    """`LlamaForCausalLM`."""
    tower: Any
    """`SiglipVisionModel`."""
    projector: Any
    """What :func:`build_projector` makes."""
    settings: VilaSettings

    @property
    def hidden_size(self) -> int:
        return int(self.llm.config.hidden_size)

    @property
    def dtype(self) -> torch.dtype:
        return self.llm.dtype

    @property
    def device(self) -> torch.device:
        return self.llm.device

    @property
    def modules(self) -> dict[str, Any]:
        """The networks by the names of their folders."""
        return {"llm": self.llm, "vision_tower": self.tower, "mm_projector": self.projector}

    @cached_property
    def fingerprint(self) -> str:
        settings = {
            "kind": "vila",
            "settings": asdict(self.settings),
            "llm": sizes_of(self.llm.config),
            "tower": sizes_of(self.tower.config),
            "vocabulary": self.tokenizer.get_vocab(),
        }
        return fingerprint_of(settings, self.modules)

    @property
    def tokens_per_frame(self) -> int:
        """196 at the released sizes."""
        side = self.tower.config.image_size // self.tower.config.patch_size
        return int(((side + 1) // 2) ** 2)

    def vision_features(self, frames_THWC: torch.Tensor) -> torch.Tensor:
        """Returns [T, tokens_per_frame, D], one segment a frame."""
        pixels = siglip_pixels(frames_THWC.to(self.device), self.settings.pixels).to(self.tower.dtype)
        layer = self.settings.select_layer
        features = [
            self.tower(part, output_hidden_states=True).hidden_states[layer] for part in pixels.split(_FRAMES_AT_ONCE)
        ]
        return self.projector(downsample(torch.cat(features), self.settings.square_order))

    def encode(self, requests: Sequence[VlmRequest]) -> VlmStates:
        if not requests:
            raise UsageError("there is no prompt to encode")
        rows, marks = zip(*(self._sequence(request) for request in requests), strict=True)
        embeddings_BLD, mask_BL, visual_BL = pad_states(rows, marks)
        hidden_BLD = self.llm.model(
            inputs_embeds=embeddings_BLD, attention_mask=mask_BL.long(), use_cache=False
        ).last_hidden_state
        return VlmStates(
            hidden_BLD=hidden_BLD.masked_fill(~mask_BL[..., None], 0), mask_BL=mask_BL, visual_BL=visual_BL
        )

    def _sequence(self, request: VlmRequest) -> tuple[torch.Tensor, torch.Tensor]:
        picked = chosen_frames(len(request.frames_THWC), self.settings.frames, self.settings.max_frames)
        pictures: list[torch.Tensor] = []
        if picked:
            pictures += self.vision_features(request.frames_THWC[list(picked)]).unbind()
        if request.reference_HWC is not None:
            pictures += self.vision_features(request.reference_HWC[None]).unbind()
        before, after = prompt_text(
            request, shown=len(pictures), frames=self.settings.frames, controls=tuple(self.tokenizer.get_added_vocab())
        )
        pieces = prompt_ids(self.tokenizer, before, self._answers[request.output], after)
        length = sum(len(piece) for piece in pieces) + sum(len(picture) for picture in pictures)
        if length > self.llm.config.max_position_embeddings:
            raise UsageError(
                f"the VLM's prompt has {length} tokens and the model reads {self.llm.config.max_position_embeddings}",
                hint="show fewer frames, or shorten the instruction",
            )
        table = self.llm.get_input_embeddings()
        words = [table(torch.tensor(piece, dtype=torch.long, device=self.device)) for piece in pieces]
        return join_embeddings(words, [picture.to(self.dtype) for picture in pictures])

    @cached_property
    def _answers(self) -> dict[str, int]:
        return answer_ids(self.tokenizer)

    def to(self, device: str | torch.device) -> VilaVlm:
        """Moves the networks, in place."""
        for module in self.modules.values():
            module.to(device)
        return self

    def with_frames(self, frames: FramePolicy, max_frames: int) -> VilaVlm:
        """Returns the same networks under another frame policy."""
        return replace(self, settings=replace(self.settings, frames=frames, max_frames=max_frames))

    def save(self, folder: Path) -> None:
        """Writes VILA's folders, as :func:`load_vila` reads them."""
        with quiet():
            self.llm.save_pretrained(folder / "llm")
            self.tower.save_pretrained(folder / "vision_tower")
        self.tokenizer.save_pretrained(folder / "llm")
        pixels = self.settings.pixels
        processor = {
            "image_processor_type": "SiglipImageProcessor",
            "size": {"height": pixels.height, "width": pixels.width},
            "image_mean": pixels.mean,
            "image_std": pixels.std,
        }
        _write_json(folder / "vision_tower" / "preprocessor_config.json", processor)
        tensors = {f"layers.{name}": tensor.contiguous() for name, tensor in self.projector.state_dict().items()}
        (folder / "mm_projector").mkdir(parents=True, exist_ok=True)
        save_file(tensors, folder / "mm_projector" / "model.safetensors", metadata={"format": "pt"})
        kind = {
            "mm_projector_type": "mlp_downsample",
            "model_type": "v2l_projector",
            _ORDER_KEY: self.settings.square_order,
        }
        _write_json(folder / "mm_projector" / "config.json", kind)
        config = {
            "model_type": "llava_llama",
            "hidden_size": self.hidden_size,
            "mm_hidden_size": self.tower.config.hidden_size,
            "mm_vision_select_layer": self.settings.select_layer,
            "mm_vision_select_feature": "cls_patch",
            "image_aspect_ratio": pixels.aspect,
        }
        _write_json(folder / "config.json", config)


def load_vila(
    folder: Path,
    *,
    frames: FramePolicy = "first",
    max_frames: int = 8,
    square_order: SquareOrder | None = None,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
) -> VilaVlm:
    """Returns the model of a checkpoint in VILA's layout: config.json, llm/, vision_tower/, mm_projector/.

    Args:
        folder: `ar_model/checkpoint` of the released weights.
        frames: which frames are shown; `first` is what the released weights know.
        max_frames: most frames under `all`.
        square_order: see :data:`SquareOrder`; None for what the projector's config.json says if :meth:`VilaVlm.save`
            wrote it, else rows. A projector called `mlp_downsample_2x2_fix` always reads rows.
        dtype: of the weights; the released ones were used in float16.
        device: where they are to be.

    Raises:
        UsageError: a folder or file is not there, or the checkpoint asks for what is not built here.
        DataError: a file is damaged or incomplete, or holds tensors of other names or shapes.
    """
    if not folder.is_dir():
        raise UsageError("there is no such folder", where=folder)
    config = read_json(folder / "config.json")
    for name in _UNSUPPORTED:
        if config.get(name):
            raise UsageError(f"{name} is set, which is not built here", where=folder / "config.json")
    projector_config = read_json(folder / "mm_projector" / "config.json")
    kind = projector_config.get("mm_projector_type")
    if kind not in ("mlp_downsample", "mlp_downsample_2x2_fix"):
        raise UsageError(
            f"the projector is a {kind!r}, and mlp_downsample is built here", where=folder / "mm_projector/config.json"
        )
    # a tower without a class token has no first token to leave out, as VILA's `patch` would
    if config.get("mm_vision_select_feature", "cls_patch") != "cls_patch":
        raise UsageError("SigLIP goes with mm_vision_select_feature cls_patch", where=folder / "config.json")
    tower = build_model(
        SiglipVisionModel,
        SiglipVisionConfig.from_dict(read_json(folder / "vision_tower" / "config.json")),
        read_tensors(folder / "vision_tower"),
        where=folder / "vision_tower",
        dtype=dtype,
    )
    llm = build_model(
        LlamaForCausalLM,
        LlamaConfig.from_dict(read_json(folder / "llm" / "config.json")),
        read_tensors(folder / "llm"),
        where=folder / "llm",
        dtype=dtype,
    )
    tokenizer = read_tokenizer(folder / "llm")
    if max(answer_ids(tokenizer).values()) >= llm.config.vocab_size:
        raise DataError("the tokenizer has tokens that the language model lacks", where=folder / "llm")
    settings = VilaSettings(
        frames=frames,
        max_frames=max_frames,
        square_order=_order(square_order, projector_config, folder),
        select_layer=_layer(config.get("mm_vision_select_layer", -2), tower, folder),
        pixels=_pixels(folder, config, tower.config.image_size),
    )
    projector = _load_projector(folder / "mm_projector", tower.config.hidden_size, llm.config.hidden_size)
    vlm = VilaVlm(tokenizer=tokenizer, llm=llm, tower=tower, projector=projector.to(dtype), settings=settings)
    return vlm.to(device)


def build_projector(tower_width: int, width: int) -> Any:
    """Returns the projector's layers under VILA's numbers; number 0 is :func:`downsample`, which has no weights."""
    return torch.nn.Sequential(
        torch.nn.Identity(),
        torch.nn.LayerNorm(4 * tower_width),
        torch.nn.Linear(4 * tower_width, width),
        torch.nn.GELU(),
        torch.nn.Linear(width, width),
    )


def downsample(features_TND: torch.Tensor, order: SquareOrder) -> torch.Tensor:
    """Returns [T, M, 4D]: the four tokens of each 2x2 square side by side, row by row within the square.

    An odd side is made even by zeros below and at the right.

    Args:
        features_TND: N a square number, 729 at the released sizes, row by row.
        order: in which the squares follow each other.

    Raises:
        UsageError: N is no square number.
    """
    frames, tokens, width = features_TND.shape
    side = round(tokens**0.5)
    if side * side != tokens:
        raise UsageError(f"{tokens} tokens of a frame do not form a square")
    grid = features_TND.reshape(frames, side, side, width)
    if side % 2:
        grid = pad(grid, (0, 0, 0, 1, 0, 1))
        side += 1
    squares = grid.reshape(frames, side // 2, 2, side // 2, 2, width)
    places = (0, 1, 3, 2, 4, 5) if order == "rows" else (0, 3, 1, 2, 4, 5)
    return squares.permute(*places).reshape(frames, -1, 4 * width)


def _load_projector(folder: Path, tower_width: int, width: int) -> Any:
    projector = build_projector(tower_width, width)
    found = {name.removeprefix("layers."): tensor for name, tensor in read_tensors(folder).items()}
    wanted = projector.state_dict()
    if set(found) != set(wanted):
        odd = sorted(set(found) ^ set(wanted))
        raise DataError(f"the projector's tensors are not those of mlp_downsample: {', '.join(odd[:4])}", where=folder)
    for name, tensor in found.items():
        if tensor.shape != wanted[name].shape:
            raise DataError(
                f"the projector's {name} is {list(tensor.shape)}, and the tower and the language model ask for "
                f"{list(wanted[name].shape)}",
                where=folder,
            )
    projector.load_state_dict(found)
    return freeze(projector)


def _order(asked: SquareOrder | None, config: dict[str, Any], folder: Path) -> SquareOrder:
    if config["mm_projector_type"] == "mlp_downsample_2x2_fix":
        return "rows"
    order = asked or config.get(_ORDER_KEY, "rows")
    if order not in ("rows", "columns"):
        raise UsageError(f"unknown square order {order!r}", where=folder, hint="use rows or columns")
    return "rows" if order == "rows" else "columns"


def _layer(layer: object, tower: Any, folder: Path) -> int:
    count = tower.config.num_hidden_layers + 1
    if not isinstance(layer, int) or not -count <= layer < count:
        raise UsageError(f"mm_vision_select_layer is {layer!r}, of {count} layers", where=folder / "config.json")
    return layer


def _pixels(folder: Path, config: dict[str, Any], side: int) -> SiglipSpec:
    aspect = config.get("image_aspect_ratio") or "resize"
    if aspect not in ("resize", "pad"):
        raise UsageError(
            f"image_aspect_ratio is {aspect!r}; resize and pad are built here", where=folder / "config.json"
        )
    path = folder / "vision_tower" / "preprocessor_config.json"
    processor = read_json(path) if path.is_file() else {}
    size = processor.get("size") or {"height": side, "width": side}
    if (size.get("height"), size.get("width")) != (side, side):
        raise DataError(f"asks for pictures of {size}, and the tower for {side}x{side}", where=path)
    default = SiglipSpec()
    return SiglipSpec(
        height=side,
        width=side,
        mean=tuple(processor.get("image_mean") or default.mean),
        std=tuple(processor.get("image_std") or default.std),
        aspect="resize" if aspect == "resize" else "pad",
    )


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", "utf-8")
