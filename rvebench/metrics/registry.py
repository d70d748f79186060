"""Which metrics there are, and what the `--metrics` option means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

from rvebench.errors import RveError, UsageError
from rvebench.metrics.options import MetricOptions, parse_metric_spec
from rvebench.metrics.protocol import Metric
from rvebench.registry import Registration, Registry

__all__ = ["METRICS", "NEEDS", "Chosen", "build_metric", "choose_metrics", "lacks"]

METRICS: Registry[Callable[..., Metric]] = Registry(
    "metric",
    [
        Registration(name=name, target=f"rvebench.metrics.{target}", summary=summary)
        for name, target, summary in (
            ("subject_consistency", "frame_consistency:SubjectConsistency", "VBench's SC: DINO's view of the frames"),
            (
                "background_consistency",
                "frame_consistency:BackgroundConsistency",
                "VBench's BC: CLIP's view of the frames",
            ),
            ("overall_consistency", "text_alignment:OverallConsistency", "VBench's OC: ViCLIP, video and instruction"),
            ("viclip_t", "text_alignment:ViClipText", "the paper's ViCLIP_T: ViCLIP, video and expected outcome"),
            (
                "temporal_flickering",
                "temporal_flickering:TemporalFlickering",
                "VBench's TF: how little neighbouring frames differ; no weights",
            ),
            ("motion_smoothness", "motion_smoothness:MotionSmoothness", "VBench's MS: frames that AMT-S foresees"),
            ("viclip_direction", "text_alignment:ViClipDirection", "whether the video moved the way the text did"),
            ("dino_source_similarity", "source_similarity:DinoSourceSimilarity", "DINO, edit frames and source frames"),
            ("clip_source_similarity", "source_similarity:ClipSourceSimilarity", "CLIP, edit frames and source frames"),
            ("clip_t", "clip_t:ClipT", "CLIP's view of each frame and the text; SigLIP and others through open_clip"),
        )
    ],
    group="rvebench.metrics",
)

_VICLIP = ("viclip-l14", "clip-bpe")
NEEDS: Mapping[str, tuple[str, ...]] = {
    "subject_consistency": ("dino-vitb16",),
    "background_consistency": ("clip-vit-b32",),
    "overall_consistency": _VICLIP,
    "viclip_t": _VICLIP,
    "viclip_direction": _VICLIP,
    "motion_smoothness": ("amt-s",),
    "dino_source_similarity": ("dino-vitb16",),
    "clip_source_similarity": ("clip-vit-b32",),
    "clip_t": ("clip-vit-b32", "clip-bpe"),
}
"""Weight files by metric, as :data:`rvebench.weights.CATALOGUE` names them."""


class Chosen(NamedTuple):
    """What `--metrics` came to."""

    metrics: tuple[Metric, ...]
    left_out: Mapping[str, str]
    """Why, by name, metrics were left out that could have been meant."""


def build_metric(spec: str, defaults: Mapping[str, str] | None = None) -> Metric:
    """Returns the metric that `name` or `name?option=value` stands for; no weights are loaded yet.

    Args:
        spec: what the user wrote.
        defaults: options for every metric that takes them.

    Raises:
        UnknownNameError: no metric has that name; the nearest ones are listed.
        UsageError: an option cannot be used, a library is missing, or what an installed package registered is not a
            metric.
    """
    name, options, given = parse_metric_spec(spec, defaults)
    entry = METRICS.entry(name)
    build = METRICS.load(name)
    takes = getattr(build, "takes", frozenset[str]())
    for option in sorted(given - takes):
        can = f"it takes {', '.join(sorted(takes))}" if takes else f"write {name}"
        raise UsageError(f"the metric {name!r} does not take the option {option!r}", where=spec, hint=can)
    metric = build(_only(options, takes)) if takes else build()
    if not isinstance(metric, Metric):
        raise UsageError(f"{entry.target} is not a metric: it lacks `info` or `measure`", where=entry.origin)
    return metric


def _only(options: MetricOptions, takes: frozenset[str]) -> MetricOptions:
    """Returns the options that a metric takes; defaults that it does not know are not its business."""
    return MetricOptions(**cast(Any, {name: getattr(options, name) for name in takes}))


def lacks(name: str) -> str:
    """Returns what keeps a metric from being measured here, in a few words; empty when nothing does."""
    try:
        build_metric(name)
    except UsageError as error:
        return str(error)
    from rvebench.weights import WeightStore

    store = WeightStore()
    missing = []
    for file in NEEDS.get(name, ()):
        try:
            store.find(file)
        except RveError:
            missing.append(file)
    return f"no weights; `rvebench weights fetch {' '.join(missing)}`" if missing else ""


def choose_metrics(text: str, defaults: Mapping[str, str] | None = None) -> Chosen:
    """Returns the metrics that a text stands for, in the order given, each once.

    Args:
        text: `ready` (all whose libraries and weights are here), `all`, `none`, or specs with commas between.
        defaults: options for every metric that takes them.

    Raises:
        UnknownNameError: no metric has that name; the nearest ones are listed.
        UsageError: a name is empty or given twice with other options, or a word like `all` stands beside names.
    """
    specs = [part.strip() for part in text.split(",")]
    if specs == ["none"]:
        return Chosen((), {})
    if specs == ["all"]:
        return Chosen(tuple(build_metric(name, defaults) for name in METRICS.names()), {})
    if specs == ["ready"]:
        reasons = {name: lacks(name) for name in METRICS.names()}
        ready = tuple(build_metric(name, defaults) for name, reason in reasons.items() if not reason)
        return Chosen(ready, {name: reason for name, reason in reasons.items() if reason})
    seen: dict[str, str] = {}
    for spec in specs:
        name = spec.partition("?")[0]
        if name in {"all", "none", "ready"}:
            raise UsageError(f"{name!r} cannot stand beside other metrics", where=f"--metrics {text}")
        if not name:
            known = ", ".join(METRICS.names())
            raise UsageError(
                "a metric's name is empty", where=f"--metrics {text}", hint=f"use ready, all, none or of: {known}"
            )
        if seen.setdefault(name, spec) != spec:
            raise UsageError(f"the metric {name!r} is asked for twice with other options", where=f"--metrics {text}")
    return Chosen(tuple(build_metric(spec, defaults) for spec in seen.values()), {})
