"""The judge card: who the judge is, what every trap found, and whether a track may call it official."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from rvebench import __version__
from rvebench.judges.doctor.standing import CARD_SCHEMA, conclude
from rvebench.judges.doctor.traps import LADDER, Answer, Examination, Finding, Limits, Measure
from rvebench.records import JudgeInfo
from rvebench.taxonomy import Criterion

__all__ = ["JudgeCard", "SplitFacts", "card_as_json", "card_as_markdown", "make_card"]

_MOST_REASONS = 5
_MOST_IDS = 6


class SplitFacts(NamedTuple):
    """What the traps were set on."""

    name: str
    sha256: str
    """Of the whole split."""
    samples: int
    """Used, of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeCard:
    """What is known of a judge after its examination."""

    judge: str
    """As the user named it."""
    info: JudgeInfo
    rvebench: str
    returned_models: tuple[str, ...]
    split: SplitFacts
    limits: Limits
    grades: str
    """What the ladder's grades are."""
    examination: Examination
    asked: int
    """Verdicts asked for."""
    unjudged: int
    unjudged_reasons: tuple[tuple[str, int], ...]
    """The most frequent reasons, with counts."""
    cost_usd: float
    unpriced_calls: int
    """Calls whose price is not known: their cost is not in `cost_usd`."""
    passed: bool
    """No trap failed."""
    official: bool
    """Whether a track may mark the judge official."""
    why: str

    @property
    def cost(self) -> str:
        """The cost in words; empty for a judge that asks no service."""
        if not self.info.paid:
            return ""
        more = f", and {self.unpriced_calls} calls whose price is not known" if self.unpriced_calls else ""
        return f"{self.cost_usd:.2f} USD{more}"


def make_card(
    judge: str,
    info: JudgeInfo,
    split: SplitFacts,
    answers: Sequence[Answer],
    examination: Examination,
    *,
    limits: Limits,
    grades: str,
) -> JudgeCard:
    """Returns the card of an examined judge."""
    silent = [answer for answer in answers if answer.scores is None]
    reasons = Counter(answer.reason for answer in silent)
    outcomes = [(finding.trap, finding.outcome, finding.why) for finding in examination.findings]
    official, why = conclude(outcomes, samples=split.samples, limits=limits)
    return JudgeCard(
        judge=judge,
        info=info,
        rvebench=__version__,
        returned_models=tuple(sorted({answer.returned_model for answer in answers if answer.returned_model})),
        split=split,
        limits=limits,
        grades=grades,
        examination=examination,
        asked=len(answers),
        unjudged=len(silent),
        unjudged_reasons=tuple(reasons.most_common(_MOST_REASONS)),
        cost_usd=sum(answer.cost_usd for answer in answers),
        unpriced_calls=sum(answer.unpriced for answer in answers),
        passed=examination.passed,
        official=official,
        why=why,
    )


def card_as_json(card: JudgeCard) -> dict[str, Any]:
    """Returns the card as one JSON object."""
    info, ladder = card.info, card.examination.ladder
    return {
        "schema": CARD_SCHEMA,
        "judge": {
            "spec": card.judge,
            "name": info.name,
            "version": info.version,
            "digest": info.digest,
            "model": info.model,
            "returned_models": list(card.returned_models),
            "prompt_sha256": info.prompt_sha256,
            "frame_plan_sha256": info.frame_plan_sha256,
            "settings": dict(info.settings),
            "reads": list(info.reads),
            "label": info.label,
        },
        "rvebench": card.rvebench,
        "split": card.split._asdict(),
        "official": card.official,
        "passed": card.passed,
        "why": card.why,
        "traps": [_finding_as_json(finding) for finding in card.examination.findings],
        "ladder": {
            "grades": card.grades,
            "mean_scores": {
                rung: {criterion.value: round(mean, 3) for criterion, mean in row.items()}
                for rung, row in ladder.means.items()
            },
            "clear_orders": ladder.pairs,
            "violated": len(ladder.violations),
        },
        "asked": card.asked,
        "unjudged": card.unjudged,
        "unjudged_reasons": [{"reason": reason, "count": count} for reason, count in card.unjudged_reasons],
        "cost_usd": card.cost_usd,
        "unpriced_calls": card.unpriced_calls,
        "limits": asdict(card.limits),
    }


def _finding_as_json(finding: Finding) -> dict[str, Any]:
    return {
        "trap": finding.trap,
        "what": finding.what,
        "bound": finding.bound,
        "outcome": finding.outcome,
        "why": finding.why,
        "measured": [_measure_as_json(measure, finding.trap) for measure in finding.measured],
        "samples": finding.samples,
        "judged": finding.judged,
        "unjudged": finding.samples - finding.judged,
        "kept": finding.kept,
        "broken": list(finding.broken),
    }


def _measure_as_json(measure: Measure, trap: str) -> dict[str, Any]:
    low, mean, high = (round(value, 3) for value in measure[1:])
    if trap == LADDER:
        return {"label": measure.label, "value": mean, "ci95": [low, high]}
    return {"label": measure.label, "least": low, "mean": mean, "most": high}


def card_as_markdown(card: JudgeCard) -> str:
    """Returns the card as a Markdown page."""
    info = card.info
    facts = {
        "judge": f"`{card.judge}`, version {info.version}",
        "digest": f"`{info.digest}`",
        "model": f"asked for {info.model}" if info.model else "",
        "answered by": ", ".join(card.returned_models),
        "evidence": info.label,
        "reads": ", ".join(kind.replace("_", " ") for kind in info.reads),
        "prompt sha256": f"`{info.prompt_sha256}`" if info.prompt_sha256 else "",
        "frame plan sha256": f"`{info.frame_plan_sha256}`" if info.frame_plan_sha256 else "",
        "split": f"{card.split.name}, {card.split.samples} samples, sha256 `{card.split.sha256}`",
        "rvebench": card.rvebench,
        "verdicts": f"{card.asked} asked for, {card.unjudged} without an answer",
        "cost": card.cost,
    }
    lines = [
        f"# Judge card: `{card.judge}`",
        "",
        f"**May be official: {'yes' if card.official else 'no'}.** {_sentence(card.why)}",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {_cell(text)} |" for name, text in facts.items() if text),
        "",
        "## Traps",
        "",
        f"A bound must be kept in {card.limits.share:.0%} of the judged samples, and {card.limits.answered:.0%} of the "
        "samples must be judged. Measured: mean (least to most) over samples.",
        "",
        "| trap | shown | bound | measured | kept | unjudged | |",
        "|---|---|---|---|---|---|---|",
        *(_row(finding) for finding in card.examination.findings if finding.trap != LADDER),
        "",
        *_ladder(card),
    ]
    noted = [finding for finding in card.examination.findings if finding.broken]
    if noted:
        lines += ["", "## Where bounds were not kept", "", *(f"- {one.trap}: {_ids(one.broken)}" for one in noted)]
    if card.unjudged_reasons:
        lines += ["", "## Why there was no verdict", ""]
        lines += [f"- {count} times: {_cell(reason)}" for reason, count in card.unjudged_reasons]
    return "\n".join(lines) + "\n"


def _row(finding: Finding) -> str:
    measured = "; ".join(
        f"{measure.label} {measure.mean:.2f} ({measure.low:.2f} to {measure.high:.2f})" for measure in finding.measured
    )
    if finding.outcome == "not applicable":
        counts = ("", "")
        outcome = f"not applicable: {finding.why}"
    else:
        counts = (f"{finding.kept} of {finding.judged}", str(finding.samples - finding.judged))
        outcome = "pass" if finding.outcome == "pass" else f"**fail**: {finding.why}"
    cells = (finding.trap, finding.what, finding.bound, measured, *counts, outcome)
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _ladder(card: JudgeCard) -> list[str]:
    from rvebench.judges.ladder import Correlation

    ladder = card.examination.ladder
    found = next(finding for finding in card.examination.findings if finding.trap == LADDER)
    outcome = "pass" if found.outcome == "pass" else f"**fail**: {found.why}"
    lines = [
        "## Oracle ladder",
        "",
        f"{_sentence(found.what)} Grades are {card.grades}. {found.bound}: {outcome}. "
        f"{found.judged} of {found.samples} rungs were judged; {len(ladder.violations)} of "
        f"{ladder.pairs} clear orders are violated.",
        "",
        "| criterion | Spearman (95 %) | Kendall (95 %) | rungs |",
        "|---|---|---|---|",
    ]

    def shown(one: Correlation) -> str:
        return f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})"

    lines += [
        f"| {criterion.value} | {shown(one.spearman)} | {shown(one.kendall)} | {one.n} |"
        for criterion, one in ladder.agreement.items()
    ]
    names = [criterion.value for criterion in Criterion]
    lines += ["", f"| mean score | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for rung, row in ladder.means.items():
        cells = (f"{row[criterion]:.1f}" if criterion in row else "" for criterion in Criterion)
        lines.append(f"| {rung} | {' | '.join(cells)} |")
    return lines


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _ids(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _MOST_IDS} more" if len(ids) > _MOST_IDS else ""
    return f"{', '.join(ids[:_MOST_IDS])}{more}"
