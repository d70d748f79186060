"""Tells whether an attention check was passed; a pure function of a trial and its answer."""

from __future__ import annotations

from rvebench.study.records import Answer, Study, Trial

__all__ = ["passes_check"]


def passes_check(study: Study, trial: Trial, answer: Answer) -> bool:
    """Returns whether the answer to an attention check is what an attentive rater gives.

    Raises:
        ValueError: the trial is no attention check, or the answer is to another trial.
    """
    if trial.check is None or answer.trial != trial.id:
        raise ValueError(f"trial {trial.id} is no attention check, or the answer is to trial {answer.trial}")
    sign = -1 if study.lower_is_better else 1
    for criterion in trial.check.criteria:
        merit = {entry: sign * number for entry, number in answer.values[criterion].items()}
        worse = merit[trial.check.worse]
        better = [merit[entry] for entry in trial.check.better]
        if min(better) < worse or max(better) <= worse:
            return False
    return True
