"""Where a batch stands, in files: the state, its history, and the requests and answers themselves.

In the batch directory:

======================= ==========================================================================
`batch.json`            the state: every chunk with its step and the service's ids; replaced whole
`batch-history.jsonl`   a line for each step, with the time, for people
`NNNN.jsonl`            requests of a chunk as they are uploaded; removed once its answers are here
`NNNN.ids`              their digests
`NNNN.output.jsonl`     answers, as downloaded
`NNNN.errors.jsonl`     errors, as downloaded
======================= ==========================================================================
"""

from __future__ import annotations

import time
import uuid
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import TypeAdapter, ValidationError

from rvebench.errors import DataError
from rvebench.records import canonical_json
from rvebench.storage import LineLog, atomic_write_text

__all__ = ["LIVE_STEPS", "BatchFiles", "Chunk", "Step"]

Step = Literal["written", "uploading", "uploaded", "creating", "created", "ended", "fetched", "counted"]
"""How far a chunk is. `uploading` and `creating` are written before the request is sent: whoever finds them asks the
service what became of it."""
LIVE_STEPS: frozenset[Step] = frozenset({"written", "uploading", "uploaded", "creating", "created"})
"""Steps at which its answers are still to come."""
_FORMAT: Final = "rve-batch/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One batch of the service: requests to one model in one file."""

    number: int
    """From 1."""
    model: str
    requests: int
    size_bytes: int
    input_most: int
    """Bound of the input tokens."""
    output_most: int
    step: Step = "written"
    begun_s: int = 0
    """Unix time here when its creation was about to be sent."""
    file_id: str = ""
    batch_id: str = ""
    status: str = ""
    """As the service names it."""
    output_file_id: str = ""
    error_file_id: str = ""
    problem_kind: str = ""
    """Why the service took none of it; empty when it did."""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    format: Literal["rve-batch/1"]
    name: str
    made: int = 0
    """Chunks so far, those dropped too: a number is never given twice."""
    chunks: tuple[Chunk, ...] = ()


_STATE = TypeAdapter(_State)


class BatchFiles:
    """The batch directory. Its user holds a lock on it.

    Args:
        directory: made when absent.

    Raises:
        DataError: the state is damaged.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._path = directory / "batch.json"
        try:
            state = _STATE.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            state = _State(format=_FORMAT, name=uuid.uuid4().hex)
            self._write(state)
        except ValidationError as error:
            first = error.errors()[0]
            raise DataError(
                f"not the state of a batch: {'.'.join(map(str, first['loc']))}: {first['msg']}",
                where=self._path,
                hint="restore it from a copy: without it, what was paid for cannot be told from what was not",
            ) from None
        self._state = state
        self._history = LineLog(directory / "batch-history.jsonl")

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """Every chunk, in the order in which they were made."""
        return self._state.chunks

    @property
    def next_number(self) -> int:
        """The number of the next chunk."""
        return self._state.made + 1

    def key(self, chunk: Chunk) -> str:
        """Returns the name that a chunk has nowhere else: in the service's metadata, and in the cost log."""
        return f"rvebench:{self._state.name}:{chunk.number:04d}"

    def upload_name(self, chunk: Chunk) -> str:
        """Returns the name of the uploaded file."""
        return f"rvebench-{self._state.name}-{chunk.number:04d}.jsonl"

    def requests(self, number: int) -> Path:
        """Returns the path of a chunk's requests."""
        return self.directory / f"{number:04d}.jsonl"

    def output(self, chunk: Chunk) -> Path:
        """Returns the path of a chunk's answers."""
        return self.directory / f"{chunk.number:04d}.output.jsonl"

    def errors(self, chunk: Chunk) -> Path:
        """Returns the path of a chunk's errors."""
        return self.directory / f"{chunk.number:04d}.errors.jsonl"

    def digests(self, chunk: Chunk) -> tuple[str, ...]:
        """Returns the digests of a chunk's requests, in order."""
        return tuple(self._ids(chunk.number).read_text(encoding="ascii").split())

    def add(self, chunk: Chunk, digests: list[str]) -> Chunk:
        """Records a chunk whose requests are written."""
        atomic_write_text(self._ids(chunk.number), "\n".join(digests) + "\n")
        self._save((*self.chunks, chunk), chunk, made=chunk.number)
        return chunk

    def drop(self, chunk: Chunk) -> None:
        """Forgets a chunk of which nothing was sent."""
        self._save(tuple(other for other in self.chunks if other.number != chunk.number), chunk, what="dropped")
        self.requests(chunk.number).unlink(missing_ok=True)
        self._ids(chunk.number).unlink(missing_ok=True)

    def move(self, chunk: Chunk, **changes: Any) -> Chunk:
        """Records and returns a chunk with some fields changed."""
        moved = replace(chunk, **changes)
        if moved != chunk:
            self._save(tuple(moved if other.number == moved.number else other for other in self.chunks), moved)
        return moved

    def close(self) -> None:
        """Closes the history."""
        self._history.close()

    def _ids(self, number: int) -> Path:
        return self.directory / f"{number:04d}.ids"

    def _save(self, chunks: tuple[Chunk, ...], chunk: Chunk, *, what: str = "", made: int | None = None) -> None:
        state = replace(self._state, chunks=chunks, made=self._state.made if made is None else made)
        self._write(state)
        self._state = state
        line = {"at": round(time.time(), 3), "chunk": chunk.number, "step": what or chunk.step, "status": chunk.status}
        self._history.append({**line, "batch": chunk.batch_id, "file": chunk.file_id}, durable=True)

    def _write(self, state: _State) -> None:
        atomic_write_text(self._path, canonical_json(asdict(state)) + "\n")
