"""Reads and writes the files of a study folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from rvebench.errors import DataError, UsageError
from rvebench.records import canonical_json
from rvebench.storage import LogLine, TornTail, atomic_write_text, read_json, read_lines
from rvebench.study.records import SCHEMA, Answer, Consent, Remark, Study, Trial

__all__ = [
    "ANSWERS_NAME",
    "MEDIA_NAME",
    "STUDY_NAME",
    "TOKENS_NAME",
    "Answers",
    "answer_fault",
    "parse_line",
    "read_answers",
    "read_study",
    "write_study",
]

STUDY_NAME = "study.json"
MEDIA_NAME = "media"
TOKENS_NAME = "tokens.csv"
ANSWERS_NAME = "answers.jsonl"

_LINE: TypeAdapter[Answer | Consent | Remark] = TypeAdapter(
    Annotated[Answer | Consent | Remark, Field(discriminator="kind")]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All that raters have sent so far."""

    answers: tuple[Answer, ...]
    """In the order they came; at most one for each trial."""
    consents: tuple[Consent, ...] = ()
    remarks: tuple[Remark, ...] = ()
    torn_bytes: int = 0
    """Bytes at the end of the file that are no whole line: an answer that was being written when the power went."""


def write_study(directory: Path, study: Study) -> None:
    """Writes `study.json`; the same study gives the same bytes."""
    body = {"digest": study.digest, **study.model_dump(mode="json")}
    atomic_write_text(directory / STUDY_NAME, canonical_json(body) + "\n")


def read_study(directory: Path) -> Study:
    """Returns a study's record.

    Raises:
        UsageError: not a study folder.
        DataError: `study.json` is damaged, or was changed after it was made.
    """
    path = directory / STUDY_NAME
    if not path.is_file():
        raise UsageError(
            "not a study folder: it has no study.json", where=directory, hint="make one with `rvebench study create`"
        )
    body = read_json(path)
    if not isinstance(body, dict) or body.get("schema_id") != SCHEMA:
        raise DataError(f"not a study of schema {SCHEMA}", where=path, hint="create the study again with this version")
    digest = body.pop("digest", None)
    try:
        study = Study.model_validate(body)
    except ValidationError as error:
        raise DataError(f"the study is damaged: {first_fault(error)}", where=path) from None
    if study.digest != digest:
        raise DataError(
            "the study was changed after it was made: its digest does not fit",
            where=path,
            hint="restore the file from a copy; a study whose answers are in cannot be edited",
        )
    return study


def read_answers(directory: Path, *, study: Study | None = None) -> Answers:
    """Returns what raters have sent; a study that nobody has begun has none.

    Args:
        directory: the study folder.
        study: the record, when it is already read.

    Raises:
        UsageError: not a study folder.
        DataError: the file is damaged, or holds answers to another study.
    """
    study = study or read_study(directory)
    path = directory / ANSWERS_NAME
    answers: dict[str, Answer] = {}
    consents: dict[str, Consent] = {}
    remarks: dict[str, Remark] = {}
    torn_bytes = 0
    for item in read_lines(path):
        if isinstance(item, TornTail):
            torn_bytes = item.size_bytes
            continue
        line = parse_line(item, study, path)
        if isinstance(line, Answer):
            if line.trial in answers:
                raise DataError(f"trial {line.trial} is answered a second time", where=f"{path}:{item.number}")
            answers[line.trial] = line
        elif isinstance(line, Consent):
            consents.setdefault(line.rater, line)
        else:
            remarks[line.key] = line
    return Answers(
        answers=tuple(answers.values()),
        consents=tuple(consents.values()),
        remarks=tuple(remarks.values()),
        torn_bytes=torn_bytes,
    )


def parse_line(line: LogLine, study: Study, path: Path) -> Answer | Consent | Remark:
    """Returns one line of `answers.jsonl`.

    Raises:
        DataError: the line is none of the three kinds, or does not belong to this study.
    """
    where = f"{path}:{line.number}"
    try:
        found = _LINE.validate_python(line.value)
    except ValidationError as error:
        raise DataError(f"not an answer of a study: {first_fault(error)}", where=where) from None
    if found.study != study.digest:
        raise DataError(
            f"answers study {found.study[:12]}, and this is {study.digest[:12]}",
            where=where,
            hint="keep each study in a folder of its own",
        )
    if found.rater not in study.session_of:
        raise DataError(f"there is no rater {found.rater} in this study", where=where)
    if isinstance(found, Answer):
        trial = study.trial_of.get(found.trial)
        if trial is None or trial.rater != found.rater or found.shown != trial.shown:
            raise DataError(f"trial {found.trial} is not one of rater {found.rater} as the study has it", where=where)
        fault = answer_fault(study, trial, found.values, found.both_bad)
        if fault:
            raise DataError(fault, where=where)
    return found


def answer_fault(
    study: Study, trial: Trial, values: Mapping[str, Mapping[str, Any]], both_bad: tuple[str, ...]
) -> str | None:
    """Returns why `values` are no whole answer to `trial`, one clause; None when they are.

    Args:
        study: the study.
        trial: what was asked.
        values: places or scores, by criterion, then by entry.
        both_bad: criteria of a pairwise trial on which neither was called good.
    """
    asked = study.sample_of[trial.sample].criteria
    if set(values) != set(asked):
        return f"the criteria answered must be {', '.join(asked)}"
    low, high = (1, len(trial.shown)) if study.lower_is_better else study.rules.scale
    for criterion, given in values.items():
        if set(given) != set(trial.shown):
            return f"{criterion} must have one number for each clip"
        if not all(type(number) is int and low <= number <= high for number in given.values()):
            return f"the numbers of {criterion} must be whole, {low} to {high}"
        if study.lower_is_better and min(given.values()) != 1:
            return f"{criterion} has no best clip: one must have place 1"
    tied = {criterion for criterion, given in values.items() if len(set(given.values())) == 1}
    if both_bad and (study.design != "pairwise" or not set(both_bad) <= tied or len(set(both_bad)) != len(both_bad)):
        return "only a tie of a pairwise trial can be called bad on both sides"
    return None


def first_fault(error: ValidationError) -> str:
    """Returns the first fault that pydantic found, as `place: what`."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in fault["loc"])
    return f"{place}: {fault['msg']}" if place else str(fault["msg"])
