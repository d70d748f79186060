"""What raters are asked, and how the task is told to them. Wordings are ours; the criteria are the papers'."""

from __future__ import annotations

from collections.abc import Sequence

from rvebench.errors import UnknownNameError, UsageError
from rvebench.study.exclusion import Exclusion
from rvebench.study.records import Design, Question, Rules

__all__ = ["PAPER_QUESTIONS", "QUESTIONS", "default_rules", "questions_named"]

QUESTIONS: tuple[Question, ...] = (
    Question(
        id="EA",
        title="Does what was asked",
        text="Which clip shows best what the instruction leads to? Judge the outcome, not how pretty it is.",
    ),
    Question(
        id="PC",
        title="Keeps the rest",
        text="Which clip keeps best what the instruction does not touch: people, things, place and camera?",
    ),
    Question(
        id="VQ",
        title="Looks good",
        text="Which clip looks best: sharp, steady, free of flicker, smears and things that cannot be?",
    ),
    Question(
        id="GN",
        title="Moves naturally",
        text="Which clip moves and behaves most as the real world does?",
    ),
    Question(
        id="GR",
        title="Looks real",
        text="Which clip looks most like real footage, free of blur, noise and broken shapes?",
    ),
    Question(
        id="overall",
        title="Overall",
        text="All in all, which clip is the best answer to the instruction?",
    ),
)
"""Every criterion that can be asked. EA, PC, GN and GR are the judge's; VQ is the visual quality of the ReViSE paper's
user study (section 5.3)."""

PAPER_QUESTIONS = ("EA", "PC", "VQ")
"""Edit accuracy, content preservation, visual quality: the three of the ReViSE paper's user study."""

_SCORED = {
    "EA": "How well does the clip show what the instruction leads to? Judge the outcome, not how pretty it is.",
    "PC": "How well does the clip keep what the instruction does not touch: people, things, place and camera?",
    "VQ": "How good does the clip look: sharp, steady, free of flicker, smears and things that cannot be?",
    "GN": "How naturally does the clip move and behave?",
    "GR": "How much does the clip look like real footage, free of blur, noise and broken shapes?",
    "overall": "All in all, how good an answer to the instruction is the clip?",
}

_HOW: dict[Design, str] = {
    "ranking": "You put the edits in order, from the best to the worst. Edits that are equally good may share a place.",
    "pairwise": "You say which of two edits is better. If you see no difference, say so; if both are bad, say that.",
    "likert": "You give each edit a mark. Use the whole scale, and judge each edit for itself.",
}


def questions_named(names: Sequence[str], design: Design) -> tuple[Question, ...]:
    """Returns the questions of these criteria, in this order, worded for the design.

    Raises:
        UnknownNameError: there is no such criterion.
        UsageError: one is named twice, or none is.
    """
    known = {question.id.lower(): question for question in QUESTIONS}
    found = []
    for name in names:
        question = known.get(name.strip().lower())
        if question is None:
            raise UnknownNameError(
                f"no criterion is called {name!r}", hint=f"choose from {', '.join(one.id for one in QUESTIONS)}"
            )
        if question in found:
            raise UsageError(f"criterion {question.id} is asked twice")
        found.append(question)
    if not found:
        raise UsageError("a study must ask something", hint=f"name criteria, for example {','.join(PAPER_QUESTIONS)}")
    if design == "likert":
        return tuple(question.model_copy(update={"text": _SCORED[question.id]}) for question in found)
    return tuple(found)


def default_rules(
    design: Design, *, title: str = "", consent: Sequence[str] = (), min_watch_s: float, exclusion: Exclusion
) -> Rules:
    """Returns the texts and limits of a study.

    Args:
        design: how people answer.
        title: shown on top; empty: a plain one.
        consent: paragraphs to agree to; empty: a plain one, which fits a study that stores what this server stores.
        min_watch_s: seconds of playing before an answer is taken.
        exclusion: whose answers will be left out.
    """
    return Rules(
        title=title or "Which edit is better?",
        introduction=(
            "A video was edited by several computer programs, all following one instruction. The instruction often "
            "does not say what the result looks like: it takes some thought. You judge how well each program did.",
            "On each screen you read the instruction, watch the original and the edits side by side, and answer "
            "a short question or a few.",
            _HOW[design],
            "There are no trick questions about taste. A few screens have a plain answer, and a few come twice: they "
            "show how steady answers are.",
        ),
        consent=tuple(consent)
        or (
            "Taking part is voluntary. You may stop at any time, by closing the page, and go on later where you were.",
            "What is stored: your answers, how long they took, and when they were given, under a number that is not "
            "your name. Neither your name, nor your address, nor your device is stored.",
            "The answers are used to compare video editing programs, and may be published without anything that "
            "leads to you.",
        ),
        min_watch_s=min_watch_s,
        exclusion=exclusion,
    )
