"""Answers of batches, found by digest in the files they were downloaded to."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, cast

from rvebench.errors import DataError
from rvebench.llm.batch_rows import FailureKind, Row, read_row
from rvebench.llm.batch_state import BatchFiles, Chunk
from rvebench.llm.messages import Reply, TokenUsage
from rvebench.llm.prices import PriceTable

__all__ = ["Answers", "Bill", "Failure"]


_NO_TOKENS = TokenUsage()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a question has no answer."""

    kind: FailureKind
    what: str
    attempts: int
    """Batches that it was in."""
    usage: TokenUsage | None = _NO_TOKENS
    """What the last attempt is billed; None: the model answered, and nobody counted."""


class Bill(NamedTuple):
    """What a chunk used."""

    usage: TokenUsage
    answers: int
    """Rows that were billed."""


class _Place(NamedTuple):
    path: Path
    offset: int
    size_bytes: int
    model: str
    batch_id: str


class Answers:
    """The answers and failures of every chunk that was fetched. Replies stay on disk; only their places are kept.

    Args:
        files: the batch directory.
        prices: for the cost of replies.

    Raises:
        DataError: a file of answers is gone.
    """

    def __init__(self, files: BatchFiles, prices: PriceTable | None) -> None:
        self._files = files
        self._prices = prices
        self._places: dict[str, _Place] = {}
        self._failures: dict[str, Failure] = {}
        self._bills: dict[int, Bill] = {}
        for chunk in files.chunks:
            if chunk.step in {"fetched", "counted"}:
                self.read(chunk)

    def __contains__(self, digest: str) -> bool:
        return digest in self._places

    def __len__(self) -> int:
        return len(self._places)

    def failures(self) -> Mapping[str, Failure]:
        """Returns the failures of questions that have no answer, by digest."""
        return self._failures

    def failure(self, digest: str) -> Failure | None:
        """Returns why the question has no answer, if it was asked and has none."""
        return self._failures.get(digest)

    def bill(self, chunk: Chunk) -> Bill:
        """Returns what a chunk that was read used."""
        return self._bills[chunk.number]

    def reply(self, digest: str) -> Reply | None:
        """Returns the answer to a question, if there is one.

        Raises:
            DataError: its file changed since it was read.
        """
        place = self._places.get(digest)
        if place is None:
            return None
        with place.path.open("rb") as file:
            file.seek(place.offset)
            row = read_row(file.read(place.size_bytes), model=place.model, where=place.path.name)
        if row is None or row.digest != digest or row.reply is None:
            raise DataError("the file of answers changed while it was open", where=place.path)
        meta = {**row.reply.meta, "batch": place.batch_id}
        cost = None
        if row.usage is not None and self._prices is not None:
            cost = self._prices.cost_usd(place.model, row.usage, batch=True)
        if cost is None:
            return replace(row.reply, meta={**meta, "cost": "not known"})
        return replace(row.reply, cost_usd=cost, meta=meta)

    def read(self, chunk: Chunk) -> None:
        """Takes in what a chunk brought.

        Raises:
            DataError: a file of answers is gone.
        """
        open_digests = dict.fromkeys(self._files.digests(chunk))
        usage, answers = TokenUsage(), 0
        for row, place in self._rows(chunk):
            # A digest that was not asked, or that came twice, is not ours to count.
            if row.digest not in open_digests:
                continue
            del open_digests[row.digest]
            used = _bound_each(chunk) if row.usage is None else row.usage
            if used != TokenUsage():
                usage, answers = usage + used, answers + 1
            if row.reply is not None:
                self._places[row.digest] = place
                self._failures.pop(row.digest, None)
            elif row.kind is not None:
                self._fail(row.digest, row.kind, row.what, row.usage)
        kind = cast(FailureKind, chunk.problem_kind or ("expired" if chunk.status == "expired" else "missing"))
        what = chunk.problem or f"the batch {chunk.batch_id} ended as {chunk.status} without a line for this question"
        for digest in open_digests:
            self._fail(digest, kind, what)
        self._bills[chunk.number] = Bill(usage, answers)

    def forget(self, kinds: Collection[FailureKind]) -> None:
        """Forgets failures of these kinds until the directory is opened again."""
        self._failures = {digest: one for digest, one in self._failures.items() if one.kind not in kinds}

    def _fail(self, digest: str, kind: FailureKind, what: str, usage: TokenUsage | None = _NO_TOKENS) -> None:
        if digest not in self._places:
            before = self._failures.get(digest)
            attempts = 1 + (before.attempts if before else 0)
            self._failures[digest] = Failure(kind=kind, what=what, attempts=attempts, usage=usage)

    def _rows(self, chunk: Chunk) -> Iterator[tuple[Row, _Place]]:
        for wanted, path in (
            (chunk.output_file_id, self._files.output(chunk)),
            (chunk.error_file_id, self._files.errors(chunk)),
        ):
            if not wanted:
                continue
            offset = 0
            try:
                file = path.open("rb")
            except FileNotFoundError:
                raise DataError(
                    "the file of answers is gone",
                    where=path,
                    hint=f"the service keeps it for a while as {wanted}; restore it, or start in another directory",
                ) from None
            with file:
                for line in file:
                    row = read_row(line, model=chunk.model, where=path.name)
                    if row is not None:
                        yield row, _Place(path, offset, len(line), chunk.model, chunk.batch_id)
                    offset += len(line)


def _bound_each(chunk: Chunk) -> TokenUsage:
    """Returns the mean bound of a chunk's questions, for an answer whose tokens nobody counted."""
    return TokenUsage(
        input_tokens=math.ceil(chunk.input_most / chunk.requests),
        output_tokens=math.ceil(chunk.output_most / chunk.requests),
    )
