"""What raters have sent, in memory and on the disk: nothing is taken as received before it is durable."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType

from rvebench.storage import LineLog, LogLine
from rvebench.study.folder import ANSWERS_NAME, answer_fault, parse_line
from rvebench.study.records import Answer, Consent, Remark, Study, Trial

__all__ = ["AnswerStore", "Given", "RefusedError"]

_MAX_REMARKS = 20
"""Of one rater: more than anybody writes, and too few to fill a disk."""


class RefusedError(Exception):
    """What was sent cannot be taken.

    Args:
        status: the HTTP status that says why.
        sentence: for the rater's eyes.
    """

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        self.sentence = sentence
        super().__init__(sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer as the page sends it, with numbers by entry already."""

    key: str
    trial: str
    values: Mapping[str, Mapping[str, int]]
    both_bad: tuple[str, ...]
    watched_s: float
    elapsed_s: float
    replays: int


class AnswerStore:
    """Appends to `answers.jsonl`, fsynced line by line; safe to call from many threads of the one server process.

    A key that was recorded is recorded once: sent again, it changes nothing and is answered as the first time.
    """

    def __init__(self, directory: Path, study: Study) -> None:
        self._study = study
        self._mutex = threading.Lock()
        self._consents: dict[str, Consent] = {}
        self._answers: dict[str, Answer] = {}
        self._by_key: dict[tuple[str, str], Answer | Remark] = {}
        self._remarks: dict[str, int] = {}
        path = directory / ANSWERS_NAME

        def on_line(line: LogLine) -> None:
            self._take(parse_line(line, study, path))

        self._log = LineLog(path, on_line=on_line)
        self.torn = self._log.torn
        """What an interrupted write left at the end; it was cut off, and was never acknowledged."""

    def __enter__(self) -> AnswerStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._log.close()

    @property
    def count(self) -> int:
        """Answers recorded."""
        return len(self._answers)

    def has_consented(self, rater: str) -> bool:
        """Tells whether the rater has begun."""
        return rater in self._consents

    def has_remarked(self, rater: str) -> bool:
        """Tells whether the rater has written something at the end."""
        return self._remarks.get(rater, 0) > 0

    def done(self, rater: str) -> int:
        """Returns how many trials the rater has answered."""
        return sum(trial.id in self._answers for trial in self._study.session_of[rater])

    def current(self, rater: str) -> Trial | None:
        """Returns the rater's first trial without an answer; None at the end."""
        return next((trial for trial in self._study.session_of[rater] if trial.id not in self._answers), None)

    def begin(self, rater: str | None, key: str) -> str:
        """Records a consent and returns whose it is.

        Args:
            rater: who consents; None: somebody new, who becomes the first rater that nobody is yet.
            key: made once for this consent.

        Raises:
            RefusedError: nobody is left to become.
            StorageError: the line could not be written.
        """
        with self._mutex:
            if rater is None:
                known = next((one.rater for one in self._consents.values() if one.key == key), None)
                rater = known or next((one for one in self._study.raters if one not in self._consents), None)
                if rater is None:
                    raise RefusedError(409, "This study has all the participants it needs. Thank you for coming.")
            if rater not in self._consents:
                self._append(Consent(study=self._study.digest, key=key, rater=rater, at=_now()))
            return rater

    def answer(self, rater: str, given: Given) -> None:
        """Records an answer; returns when it is on the disk.

        Raises:
            RefusedError: it is no whole answer to the rater's current trial, or came too soon.
            StorageError: the line could not be written.
        """
        with self._mutex:
            earlier = self._by_key.get((rater, given.key))
            if isinstance(earlier, Answer) and earlier.trial == given.trial:
                return
            if earlier is not None:
                raise RefusedError(409, "This answer was sent before, to another question.")
            if rater not in self._consents:
                raise RefusedError(409, "Please agree to take part first.")
            trial = self.current(rater)
            if trial is None or trial.id != given.trial:
                raise RefusedError(409, "This screen is answered already, perhaps in another window.")
            fault = answer_fault(self._study, trial, given.values, given.both_bad)
            if fault is not None:
                raise RefusedError(422, f"The answer is not whole: {fault}.")
            least_s = self._study.rules.min_watch_s
            if min(given.watched_s, given.elapsed_s) < least_s:
                raise RefusedError(422, f"Please watch for at least {least_s:g} seconds.")
            self._append(
                Answer(
                    study=self._study.digest,
                    key=given.key,
                    rater=rater,
                    trial=trial.id,
                    values=given.values,
                    both_bad=given.both_bad,
                    shown=trial.shown,
                    watched_s=given.watched_s,
                    elapsed_s=given.elapsed_s,
                    replays=given.replays,
                    at=_now(),
                )
            )

    def remark(self, rater: str, key: str, text: str) -> None:
        """Records what a rater writes.

        Raises:
            RefusedError: the rater has not begun, or has written a great deal already.
            StorageError: the line could not be written.
        """
        with self._mutex:
            if (rater, key) in self._by_key:
                return
            if rater not in self._consents:
                raise RefusedError(409, "Please agree to take part first.")
            if self._remarks.get(rater, 0) >= _MAX_REMARKS:
                raise RefusedError(409, "That is all we can take in. Thank you.")
            self._append(Remark(study=self._study.digest, key=key, rater=rater, text=text, at=_now()))

    def _append(self, line: Answer | Consent | Remark) -> None:
        self._log.append(line.model_dump(mode="json"), durable=True)
        self._take(line)

    def _take(self, line: Answer | Consent | Remark) -> None:
        if isinstance(line, Consent):
            self._consents.setdefault(line.rater, line)
        elif isinstance(line, Answer):
            self._answers[line.trial] = line
            self._by_key[line.rater, line.key] = line
        else:
            self._remarks[line.rater] = self._remarks.get(line.rater, 0) + 1
            self._by_key[line.rater, line.key] = line


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
