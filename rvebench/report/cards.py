"""One sample as the page's script takes it: plain JSON values, texts as they are, no path."""

from __future__ import annotations

from rvebench.records import MetricValue, VerdictPart
from rvebench.report.judges import DISAGREE_POINTS, between_sd
from rvebench.runs.preview import ROW_NAMES, Preview, PreviewProblem
from rvebench.runs.view import SampleOutcome
from rvebench.scoring.words import ABSENT, hide_paths, label, measure, signed
from rvebench.taxonomy import CRITERIA, Status

__all__ = ["card"]


def card(outcome: SampleOutcome, preview: Preview | PreviewProblem | None) -> dict[str, object]:
    """Returns what one sample's card shows; `templates/cards.js` is its only reader."""
    sample, verdict = outcome.sample, outcome.verdict
    parts = () if verdict is None else verdict.parts
    deviation = between_sd(parts)
    return {
        "id": sample.id,
        "subset": sample.subset.value,
        "type": sample.reasoning_type.value,
        "typeName": label(sample.reasoning_type.value),
        "subsetName": label(sample.subset.value),
        "status": outcome.status.value,
        "reason": hide_paths(outcome.reason),
        # The last bits of a mean differ between processors; the bytes of a page must not.
        "overall": None if outcome.overall is None else round(outcome.overall, 6),
        "instruction": sample.instruction,
        "literal": sample.literal_instruction or "",
        "expected": sample.expected_outcome or "",
        "preserve": list(sample.preserve),
        "criteria": [
            {
                "name": which.value,
                "label": label(which.value),
                "score": verdict.scores.get(which),
                # A panel's words are those of its parts, which the card shows judge by judge.
                "why": "" if parts else hide_paths(verdict.rationale.get(which, "")),
            }
            for which in CRITERIA
            if verdict is not None and (which in verdict.scores or which in verdict.rationale)
        ],
        "metrics": [_metric(value) for value in sorted(outcome.metrics, key=lambda value: value.metric)],
        "measures": [[name, measure(number)] for name, number in sorted(verdict.measures.items())] if verdict else [],
        "parts": [_part(part) for part in parts],
        "disagree": deviation is not None and round(deviation, 6) >= DISAGREE_POINTS,
        "deviation": None if deviation is None else round(deviation, 6),
        "window": _window(outcome),
        "preview": _preview(outcome, preview),
    }


def _part(part: VerdictPart) -> dict[str, object]:
    """Returns what one judge said at one time: its scores with their reasons, or why there are none."""
    fine = part.status is Status.OK
    return {
        "judge": hide_paths(part.judge),
        "repeat": part.repeat,
        "reason": "" if fine else hide_paths(part.reason) or "no reason is recorded",
        "scores": [
            [which.value, part.scores[which], hide_paths(part.rationale.get(which, ""))]
            for which in CRITERIA
            if fine and which in part.scores
        ],
    }


def _metric(value: MetricValue) -> list[str]:
    """Returns name, edit, source, difference, why there is no value, and what else must be known of it."""
    if value.status is not Status.OK or value.value is None:
        return [value.metric, ABSENT, ABSENT, ABSENT, hide_paths(value.reason) or "not measured", ""]
    difference = None if value.source_value is None else value.value - value.source_value
    return [value.metric, measure(value.value), measure(value.source_value), signed(difference), "", _detail(value)]


def _detail(value: MetricValue) -> str:
    """Returns the text that a video was compared with, and how much of it was read."""
    text = value.details.get("text")
    if text is None:
        return ""
    cut = f"; cut, of {value.details.get('tokens', '?')} tokens" if value.details.get("truncated") == "yes" else ""
    return f"text: {text}{cut}"


def _window(outcome: SampleOutcome) -> str:
    window = outcome.window
    if window is None:
        return ""
    step = "every frame" if window.stride == 1 else f"one frame in {window.stride}"
    return f"{window.count} frames of the source from frame {window.start}, {step}, at {window.fps:g} frames a second"


def _preview(outcome: SampleOutcome, preview: Preview | PreviewProblem | None) -> dict[str, object]:
    if isinstance(preview, Preview):
        layout = preview.layout
        return {
            "rows": list(ROW_NAMES[: layout.rows]),
            "columns": layout.columns,
            "width": preview.cell_width,
            "height": preview.cell_height,
        }
    if preview is not None:
        return {"problem": preview.reason}
    # Where there is no edit, the card already says why.
    made = outcome.status in {Status.OK, Status.UNJUDGED}
    return {"problem": "the run keeps no preview of this sample" if made else ""}
