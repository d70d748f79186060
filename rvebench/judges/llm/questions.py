"""What a judge is asked, by preset: the questions, the texts that put them, and the criteria they answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from rvebench.judges.llm.prompts import PromptSet, Wording, load_prompts
from rvebench.llm.structured import Parsed, Question
from rvebench.taxonomy import Criterion, Subset, criteria_for

__all__ = ["Answer", "Calls", "Preset", "Questionnaire", "questionnaire"]

Preset = Literal["rve", "viebench"]
"""This benchmark's four criteria on 0..10, or VIE-Bench's questions on 1..10."""

Calls = Literal["joint", "separate"]
"""All questions in one call, or one call a question."""

_CRITERIA: Mapping[Criterion, Question] = {
    Criterion.EA: Question(key="EA", names=("edit accuracy", "accuracy")),
    Criterion.PC: Question(key="PC", names=("preservation consistency", "preservation", "consistency")),
    Criterion.GN: Question(key="GN", names=("generation naturalness", "naturalness")),
    Criterion.GR: Question(key="GR", names=("generation realism", "realism")),
}
_VIEBENCH = (
    Question(key="instruction_following", names=("IF",), low=1),
    Question(key="preservation", low=1),
    Question(key="quality", names=("video quality",), low=1),
)
_VIEBENCH_REFERENCE = Question(key="reference_similarity", names=("similarity",), low=1)
_VIEBENCH_CRITERIA: Mapping[Criterion, str] = {
    Criterion.EA: "instruction_following",
    Criterion.PC: "preservation",
    Criterion.GN: "quality",
    Criterion.GR: "quality",
}
_FRAME = ("preamble", "task", "label", "close", "repair")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All questions answered, as a verdict holds it."""

    scores: Mapping[Criterion, float]
    rationale: Mapping[Criterion, str]
    measures: Mapping[str, float]
    """A preset's own numbers, where they are not the criteria themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    """The questions put to one kind of sample."""

    preset: Preset
    subset: Subset
    questions: tuple[Question, ...]

    def rounds(self, calls: Calls) -> tuple[tuple[Question, ...], ...]:
        """Returns the questions of each call."""
        return (self.questions,) if calls == "joint" else tuple((question,) for question in self.questions)

    def prompts(self, calls: Calls, wording: Wording) -> PromptSet:
        """Returns the texts that put the questions."""
        rubrics = tuple(question.key.lower() for question in self.questions)
        folders: list[str] = [self.preset] if self.preset != "rve" else []
        if self.subset is Subset.ICVG:
            folders += ["neutral/icvg", "icvg"] if wording == "neutral" else ["icvg"]
        if wording == "neutral":
            folders.append("neutral")
        return load_prompts((*_FRAME, *rubrics, "joint" if calls == "joint" else "single"), folders)

    def read(self, parsed: Sequence[Parsed]) -> Answer:
        """Returns the criteria that the answers of all rounds give."""
        scores = {key: score for part in parsed for key, score in part.scores.items()}
        texts = {key: text for part in parsed for key, text in part.rationales.items()}
        if self.preset == "rve":
            answers = {criterion: criterion.value for criterion in criteria_for(self.subset)}
            measures = {}
        else:
            answers = dict(_VIEBENCH_CRITERIA)
            measures = {f"viebench_{key}": score for key, score in scores.items()}
        return Answer(
            scores={criterion: scores[key] for criterion, key in answers.items()},
            rationale={criterion: texts[key] for criterion, key in answers.items() if key in texts},
            measures=measures,
        )


def questionnaire(preset: Preset, subset: Subset, *, reference: bool) -> Questionnaire | None:
    """Returns what is asked of one subset's samples; None where the preset has no questions for it.

    Args:
        preset: whose questions.
        subset: of the sample.
        reference: whether the target is shown; VIE-Bench then asks a fourth question.
    """
    assert preset in get_args(Preset)
    if preset == "rve":
        return Questionnaire(
            preset=preset, subset=subset, questions=tuple(_CRITERIA[criterion] for criterion in criteria_for(subset))
        )
    if subset is Subset.ICVG:
        return None
    questions = (*_VIEBENCH, _VIEBENCH_REFERENCE) if reference else _VIEBENCH
    return Questionnaire(preset=preset, subset=subset, questions=questions)
