"""Cuts questions into files for the Batch API: one model each, within the service's limits and the budget."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from rvebench.errors import StorageError
from rvebench.llm.batch_rows import request_line
from rvebench.llm.batch_state import BatchFiles, Chunk
from rvebench.llm.dialect import Dialect
from rvebench.llm.faults import RejectedError
from rvebench.llm.messages import ChatRequest
from rvebench.llm.tokens import TokenEstimate, estimate_tokens
from rvebench.storage import promote

__all__ = ["MOST_BYTES", "MOST_REQUESTS", "Draft", "drafts_of"]

MOST_REQUESTS = 50_000
MOST_BYTES = 200 * 10**6
"""OpenAI's limits for one input file (platform.openai.com/docs/guides/batch, read in 2025-06)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A chunk whose requests are in its file and which is not recorded yet."""

    chunk: Chunk
    digests: list[str]


@dataclass(slots=True)
class _Sheet:
    path: Path
    file: BinaryIO
    digests: list[str] = field(default_factory=list)
    size_bytes: int = 0
    tokens: TokenEstimate = field(default_factory=TokenEstimate)


def drafts_of(
    requests: Iterable[ChatRequest],
    files: BatchFiles,
    *,
    dialect: Dialect,
    most_requests: int,
    most_bytes: int,
    fits: Callable[[str, TokenEstimate], bool],
) -> Generator[Draft, None, None]:
    """Yields chunks one by one; each is to be recorded before the next is asked for.

    Args:
        requests: equal ones are written once.
        files: the batch directory.
        dialect: the words in which the service is asked.
        most_requests: in one chunk.
        most_bytes: of one chunk's file.
        fits: says whether the budget has room for so many tokens of a model; a chunk is cut where it has not.

    Raises:
        RejectedError: one request alone is larger than a file may be.
        StorageError: a file cannot be written.
    """
    sheets: dict[str, _Sheet] = {}
    seen: set[str] = set()
    try:
        for request in requests:
            if request.digest in seen:
                continue
            seen.add(request.digest)
            line, tokens = request_line(request, dialect), estimate_tokens(request)
            if len(line) > most_bytes:
                raise RejectedError(f"a question of {len(line)} bytes is more than a batch takes ({most_bytes})")
            sheet = sheets.get(request.model)
            if sheet is not None and (
                len(sheet.digests) >= most_requests
                or sheet.size_bytes + len(line) > most_bytes
                or not fits(request.model, sheet.tokens + tokens)
            ):
                yield _finish(sheets.pop(request.model), request.model, files)
                sheet = None
            if sheet is None:
                sheet = sheets[request.model] = _new_sheet(files, len(sheets))
            _write(sheet, line)
            sheet.digests.append(request.digest)
            sheet.size_bytes += len(line)
            sheet.tokens += tokens
        for model in list(sheets):
            yield _finish(sheets.pop(model), model, files)
    finally:
        for sheet in sheets.values():
            sheet.file.close()
            sheet.path.unlink(missing_ok=True)


def _new_sheet(files: BatchFiles, place: int) -> _Sheet:
    path = files.directory / f".sheet-{place}-{os.getpid()}.tmp"
    try:
        return _Sheet(path, path.open("wb"))
    except OSError as error:
        raise _full(path, error) from error


def _write(sheet: _Sheet, line: bytes) -> None:
    try:
        sheet.file.write(line)
    except OSError as error:
        raise _full(sheet.path, error) from error


def _finish(sheet: _Sheet, model: str, files: BatchFiles) -> Draft:
    number = files.next_number
    try:
        sheet.file.close()
    except OSError as error:
        raise _full(sheet.path, error) from error
    promote(sheet.path, files.requests(number))
    chunk = Chunk(
        number=number,
        model=model,
        requests=len(sheet.digests),
        size_bytes=sheet.size_bytes,
        input_most=sheet.tokens.input_most,
        output_most=sheet.tokens.output_most,
    )
    return Draft(chunk=chunk, digests=sheet.digests)


def _full(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"cannot write: {error.strerror or error}",
        where=path,
        hint="free some space, then run the same command again: nothing was sent of this part",
    )
