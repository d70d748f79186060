"""How a metric is computed: `name?precision=bf16&device=cuda&batch=32`, checked before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import unquote

from rvebench.errors import UsageError
from rvebench.registry import nearest_names

__all__ = ["TEXT_FIELDS", "MetricOptions", "Precision", "TextField", "parse_metric_spec"]

Precision = Literal["fp32", "bf16", "fp16"]
TextField = Literal["instruction", "literal_instruction", "expected_outcome"]
TEXT_FIELDS: tuple[TextField, ...] = get_args(TextField)
"""Texts of a sample that a video can be compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricOptions:
    """What the user may set of a metric.

    Raises:
        UsageError: a field is out of range.
    """

    precision: Precision = "fp32"
    """Of weights and activations; sums and cosines are fp32 or better in any case. Part of the metric's identity."""
    device: str = "auto"
    """`auto` (cuda where there is one, else cpu), `cpu`, `cuda` or `cuda:1`. No part of the identity."""
    batch: int | None = None
    """Frames (pairs of frames) in one forward pass at most; None: what suits the device. No part of the identity."""
    text: TextField | None = None
    """Which text of the sample the video is compared with; None: the metric's own default."""
    model: str | None = None
    """Of open_clip, as `NAME/PRETRAINED`: a tag that it knows, or a file; None: CLIP ViT-B/32 without open_clip."""

    def __post_init__(self) -> None:
        if self.precision not in get_args(Precision):
            raise UsageError(f"precision={self.precision} is unknown", hint="use fp32, bf16 or fp16")
        kind, colon, number = self.device.partition(":")
        if kind not in {"auto", "cpu", "cuda"} or (colon and not (kind == "cuda" and number.isdecimal())):
            raise UsageError(f"device={self.device} is unknown", hint="use auto, cpu, cuda or cuda:1")
        if self.batch is not None and self.batch < 1:
            raise UsageError(f"batch={self.batch} is below 1", hint="leave it out to have it chosen")
        if self.model is not None and not all(self.model.partition("/")):
            raise UsageError(f"model={self.model} is not of the form NAME/PRETRAINED", hint="ViT-B-16-SigLIP/webli")
        if self.text is not None and self.text not in TEXT_FIELDS:
            near = nearest_names(self.text, TEXT_FIELDS, most=1)
            offer = f"did you mean {near[0]}? " if near else ""
            raise UsageError(f"text={self.text} is no text of a sample", hint=f"{offer}use {', '.join(TEXT_FIELDS)}")


def parse_metric_spec(spec: str, defaults: Mapping[str, str] | None = None) -> tuple[str, MetricOptions, set[str]]:
    """Returns a metric's name, its options, and the names of the options that its spec itself gives.

    Args:
        spec: `name` or `name?option=value&option=value`.
        defaults: options of all metrics of a run, which the spec overrides.

    Raises:
        UsageError: an option is unknown, given twice, or out of range.
    """
    name, mark, query = spec.partition("?")
    given: dict[str, str] = {}
    for part in query.split("&") if mark else ():
        option, equals, value = part.partition("=")
        option = unquote(option).strip().replace("-", "_")
        if not equals or not option:
            raise UsageError(f"option {part!r} is not of the form name=value", where=spec)
        if option in given:
            raise UsageError(f"option {option!r} is given twice", where=spec)
        given[option] = unquote(value)
    try:
        return name, _options({**(defaults or {}), **given}), set(given)
    except UsageError as error:
        raise UsageError(error.what, where=spec, hint=error.hint) from None


def _options(given: Mapping[str, str]) -> MetricOptions:
    known = tuple(MetricOptions.__dataclass_fields__)
    for option in given:
        if option not in known:
            near = nearest_names(option, known, most=1)
            offer = f"did you mean {near[0]}? " if near else ""
            raise UsageError(f"unknown option {option!r}", hint=f"{offer}options are {', '.join(known)}")
    batch = given.get("batch")
    if batch is not None and not batch.isdecimal():
        raise UsageError(f"batch={batch} is not a whole number", hint="leave it out to have it chosen")
    return MetricOptions(
        precision=given.get("precision", "fp32"),  # type: ignore[arg-type]  # checked there
        device=given.get("device", "auto"),
        batch=None if batch is None else int(batch),
        text=given.get("text"),  # type: ignore[arg-type]
        model=given.get("model"),
    )
