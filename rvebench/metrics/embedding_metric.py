"""What the metrics that embed videos have in common: pulling items in batches, and turning faults into reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, NamedTuple

from rvebench.errors import DataError, RveError, UsageError, VideoError
from rvebench.metrics.device import require_torch
from rvebench.metrics.encoders import WEIGHTS, Backbone, Encoders, shared_encoders
from rvebench.metrics.material import consumed, failed, know
from rvebench.metrics.options import MetricOptions
from rvebench.records import MetricInfo, MetricValue
from rvebench.video import Comparison, Frames
from rvebench.weights import MissingWeightsError

__all__ = ["EmbeddingMetric", "Pair"]


class Pair(NamedTuple):
    """One comparison and the source frames that its editor consumed."""

    item: Comparison
    source: Frames

    @property
    def edit(self) -> Frames:
        """The edit's frames, (T, H, W, 3)."""
        return self.item.edit.frames_THWC


class EmbeddingMetric:
    """Base of a metric with a network: subclasses describe themselves and measure one pair.

    Args:
        options: precision, device, batch and text.
        encoders: the networks; None: those that all metrics of the process with these options share.

    Raises:
        UsageError: the extra `metrics` is not installed.
    """

    backbone: ClassVar[Backbone]
    name: ClassVar[str]
    version: ClassVar[str]
    range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    takes: ClassVar[frozenset[str]] = frozenset({"precision", "device", "batch"})
    """Options the metric looks at; others are refused."""
    min_frames: ClassVar[int] = 1
    compares_with_source: ClassVar[bool] = False
    """The value says nothing without a source."""

    def __init__(self, options: MetricOptions | None = None, encoders: Encoders | None = None) -> None:
        require_torch(self.name)
        self.options = options or MetricOptions()
        self.encoders = encoders or shared_encoders(
            self.options.precision, self.options.device, self.options.batch, None
        )

    @property
    def settings(self) -> dict[str, str]:
        """Whatever decides a value, beside version and weights."""
        return {"precision": self.options.precision}

    @property
    def info(self) -> MetricInfo:
        """The metric's description; the weights' hash is empty while their file is not there."""
        try:
            sha256 = self.encoders.store.find(WEIGHTS[self.backbone]).sha256
        except RveError:
            sha256 = ""
        low, high = self.range
        return MetricInfo(
            name=self.name,
            version=self.version,
            weights_sha256=sha256,
            higher_is_better=True,
            low=low,
            high=high,
            settings=self.settings,
        )

    def measure(self, items: Iterable[Comparison]) -> Iterator[MetricValue]:
        """Yields one value for each item, in order; a fault of one item is that item's reason."""
        info, portion, frames = self.info, list[Comparison](), 0
        for item in items:
            portion.append(item)
            frames += len(item.edit) + len(item.source)
            if frames >= self.encoders.batch(self.backbone):
                yield from self._measure_all(portion, info)
                portion, frames = [], 0
        yield from self._measure_all(portion, info)

    def _measure_all(self, items: list[Comparison], info: MetricInfo) -> Iterator[MetricValue]:
        pairs: dict[int, Pair] = {}
        reasons: dict[int, str] = {}
        for number, item in enumerate(items):
            try:
                pairs[number] = Pair(item, consumed(item))
                self.require_fit(pairs[number])
            except (VideoError, DataError) as error:
                reasons[number] = str(error)
        sound = [pair for number, pair in pairs.items() if number not in reasons]
        for pair in sound:
            know(pair.item.edit)
            know(pair.item.source)
        try:
            if sound:
                self.prepare(sound)
        except (MissingWeightsError, DataError, UsageError, MemoryError):
            pass  # met again below, item by item, where it becomes the item's reason
        for number, item in enumerate(items):
            if number in reasons:
                yield failed(item, info, reasons[number])
                continue
            try:
                yield self.measure_pair(pairs[number], info)
            except (MissingWeightsError, DataError, UsageError, MemoryError) as error:
                yield failed(item, info, str(error))

    def require_fit(self, pair: Pair) -> None:
        """Checks that the metric has a meaning for the edit.

        Raises:
            DataError: it has not; the text is the reason.
        """
        if len(pair.edit) < self.min_frames:
            has = "one frame" if len(pair.edit) == 1 else f"{len(pair.edit)} frames"
            raise DataError(f"the edit has {has}; {self.name} needs at least {self.min_frames}")

    def prepare(self, pairs: list[Pair]) -> None:
        """Embeds what the pairs need in batches across them; :meth:`measure_pair` then finds it done."""
        raise NotImplementedError

    def measure_pair(self, pair: Pair, info: MetricInfo) -> MetricValue:
        """Returns the value of one pair.

        Raises:
            DataError: it cannot be measured; the text is the reason.
        """
        raise NotImplementedError
