"""Units of work and their keys: what is recorded once is never done again.

A key is a digest of all that decides the unit's result, so that a record can only ever be found by the run that
would have produced the same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rvebench.records import MetricValue, Usage, Verdict, VerdictPart, Window, digest_of
from rvebench.taxonomy import Criterion, Status

__all__ = ["SETTLED", "EditRecord", "edit_key", "metric_key", "verdict_key"]

SETTLED = frozenset({Status.OK, Status.FAILED, Status.REFUSED, Status.TIMEOUT, Status.UNJUDGED})
"""Recorded statuses that a resume does not repeat. A missing output is looked for again: it costs nothing."""


def edit_key(*, sample_digest: str, editor_digest: str, seed: int) -> str:
    """Returns the key of one edit (32 hex digits)."""
    return digest_of({"unit": "edit", "sample": sample_digest, "editor": editor_digest, "seed": seed})[:32]


def verdict_key(*, edit: str, frames_sha256: str, judge_digest: str) -> str:
    """Returns the key of one verdict on the frames that `edit` produced."""
    return digest_of({"unit": "verdict", "edit": edit, "frames": frames_sha256, "judge": judge_digest})[:32]


def metric_key(*, edit: str, frames_sha256: str, metric_digest: str) -> str:
    """Returns the key of one metric value on the frames that `edit` produced."""
    return digest_of({"unit": "metric", "edit": edit, "frames": frames_sha256, "metric": metric_digest})[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRecord:
    """How one edit ended, as the journal keeps it."""

    sample_id: str
    status: Status
    reason: str = ""
    video: str = ""
    """Path of the normalised video below the run directory."""
    frames_sha256: str = ""
    frames: int = 0
    width: int = 0
    height: int = 0
    fps: float = 0.0
    window: Window | None = None
    wall_s: float = 0.0
    cost_usd: float | None = None
    model_id: str = ""
    meta: Mapping[str, str]
    attempt: int = 1

    def as_json(self) -> dict[str, Any]:
        """Returns the journal's fields, without the key."""
        line: dict[str, Any] = {
            "unit": "edit",
            "sample": self.sample_id,
            "status": self.status.value,
            "wall_s": round(float(self.wall_s), 4),
            "attempt": self.attempt,
        }
        if self.status is Status.OK:
            line.update(
                video=self.video,
                frames_sha256=self.frames_sha256,
                frames=self.frames,
                width=self.width,
                height=self.height,
                fps=self.fps,
            )
        optional = {
            "reason": self.reason,
            "window": self.window.as_json() if self.window else None,
            "cost_usd": self.cost_usd,
            "model_id": self.model_id,
            "meta": dict(self.meta),
        }
        line.update({name: value for name, value in optional.items() if value})
        return line

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> EditRecord:
        """Returns the record a journal line holds."""
        window = line.get("window")
        return cls(
            sample_id=line["sample"],
            status=Status(line["status"]),
            reason=line.get("reason", ""),
            video=line.get("video", ""),
            frames_sha256=line.get("frames_sha256", ""),
            frames=line.get("frames", 0),
            width=line.get("width", 0),
            height=line.get("height", 0),
            fps=line.get("fps", 0.0),
            window=window_from_json(window) if window else None,
            wall_s=line.get("wall_s", 0.0),
            cost_usd=line.get("cost_usd"),
            model_id=line.get("model_id", ""),
            meta=line.get("meta", {}),
            attempt=line.get("attempt", 1),
        )

    def path_in(self, directory: Path) -> Path:
        """Returns where the video is, for a run directory."""
        return directory / self.video


def window_from_json(value: Mapping[str, Any]) -> Window:
    """Returns the window a journal line holds."""
    return Window(start=int(value["start"]), stride=int(value["stride"]), count=int(value["count"]), fps=value["fps"])


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """Returns the journal's fields for a verdict, without the key."""
    line: dict[str, Any] = {"unit": "verdict", "sample": verdict.sample_id, **_answer_to_json(verdict)}
    if verdict.parts:
        line["parts"] = [
            {"judge": part.judge, "repeat": part.repeat, **_answer_to_json(part)} for part in verdict.parts
        ]
    return line


def verdict_from_json(line: Mapping[str, Any]) -> Verdict:
    """Returns the verdict a journal line holds."""
    parts = tuple(
        VerdictPart(judge=part["judge"], repeat=part["repeat"], **_answer_from_json(part))
        for part in line.get("parts", ())
    )
    return Verdict(sample_id=line["sample"], parts=parts, **_answer_from_json(line))


def _answer_to_json(answer: Verdict | VerdictPart) -> dict[str, Any]:
    line: dict[str, Any] = {"status": answer.status.value}
    optional: dict[str, Any] = {
        "scores": {name.value: score for name, score in answer.scores.items()},
        "rationale": {name.value: text for name, text in answer.rationale.items()},
        "reason": answer.reason,
        "returned_model": answer.returned_model,
        "raw": answer.raw,
        "measures": dict(answer.measures),
    }
    line.update({name: value for name, value in optional.items() if value})
    usage = answer.usage
    if usage != Usage():
        line["usage"] = {"in": usage.input_tokens, "out": usage.output_tokens, "usd": usage.cost_usd}
        if usage.unpriced:
            line["usage"]["unpriced"] = usage.unpriced
    return line


def _answer_from_json(line: Mapping[str, Any]) -> dict[str, Any]:
    usage = line.get("usage")
    return {
        "status": Status(line["status"]),
        "scores": {Criterion(name): float(score) for name, score in line.get("scores", {}).items()},
        "rationale": {Criterion(name): text for name, text in line.get("rationale", {}).items()},
        "reason": line.get("reason", ""),
        "returned_model": line.get("returned_model", ""),
        "raw": line.get("raw", ""),
        "usage": Usage(
            input_tokens=usage["in"],
            output_tokens=usage["out"],
            cost_usd=usage["usd"],
            unpriced=usage.get("unpriced", 0),
        )
        if usage
        else Usage(),
        "measures": line.get("measures", {}),
    }


def metric_to_json(value: MetricValue) -> dict[str, Any]:
    """Returns the journal's fields for a metric value, without the key."""
    line: dict[str, Any] = {
        "unit": "metric",
        "sample": value.sample_id,
        "metric": value.metric,
        "status": value.status.value,
    }
    optional = {
        "value": value.value,
        "source_value": value.source_value,
        "reason": value.reason or None,
        "weight": value.weight if value.weight != 1.0 else None,
        "details": dict(value.details) or None,
    }
    line.update({name: item for name, item in optional.items() if item is not None})
    return line


def metric_from_json(line: Mapping[str, Any]) -> MetricValue:
    """Returns the metric value a journal line holds."""
    return MetricValue(
        sample_id=line["sample"],
        metric=line["metric"],
        status=Status(line["status"]),
        value=line.get("value"),
        source_value=line.get("source_value"),
        reason=line.get("reason", ""),
        weight=float(line.get("weight", 1.0)),
        details=line.get("details", {}),
    )
