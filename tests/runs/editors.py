"""Editors that behave and editors that do not, for the pipeline's tests."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from rvebench.records import EditorInfo, EditRequest, EditResult, Window
from rvebench.taxonomy import Status


class Base:
    """Copies the source; subclasses misbehave on the samples named in `on` (comma separated; empty: all)."""

    def __init__(self, on: str = "", delay_s: float = 0.0, diary: str = "") -> None:
        self.on = {name for name in on.split(",") if name}
        self.delay_s = delay_s
        self.diary = diary

    @property
    def info(self) -> EditorInfo:
        return EditorInfo(name=type(self).__name__, version="1", deterministic=True)

    def note(self, text: str) -> None:
        if self.diary:
            with Path(self.diary).open("a", encoding="utf-8") as file:
                file.write(text + "\n")

    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        self.note(f"load {os.getpid()}")
        for request in requests:
            self.note(f"edit {request.sample_id}")
            time.sleep(self.delay_s)
            if not self.on or request.sample_id in self.on:
                yield self.one(request)
            else:
                yield self.copy(request)

    def one(self, request: EditRequest) -> EditResult:
        return self.copy(request)

    @staticmethod
    def copy(request: EditRequest) -> EditResult:
        shutil.copyfile(request.source, request.out)
        return EditResult(sample_id=request.sample_id, status=Status.OK, video=request.out)


class Good(Base):
    pass


class SlowToBuild(Base):
    def __init__(self) -> None:
        time.sleep(30)
        super().__init__()


class Paid(Base):
    @property
    def info(self) -> EditorInfo:
        return EditorInfo(name="Paid", version="1", paid=True)

    def one(self, request: EditRequest) -> EditResult:
        os._exit(9)


class Hangs(Base):
    def one(self, request: EditRequest) -> EditResult:
        time.sleep(3600)
        raise AssertionError


class Dies(Base):
    def one(self, request: EditRequest) -> EditResult:
        print("the driver says goodbye", flush=True)
        os._exit(7)


class Raises(Base):
    def one(self, request: EditRequest) -> EditResult:
        raise ValueError("bad weights")


class WritesNothing(Base):
    def one(self, request: EditRequest) -> EditResult:
        return EditResult(sample_id=request.sample_id, status=Status.OK, video=request.out)


class WritesGarbage(Base):
    def one(self, request: EditRequest) -> EditResult:
        request.out.write_bytes(b"not a video" * 100)
        return EditResult(sample_id=request.sample_id, status=Status.OK, video=request.out)


class Refuses(Base):
    def one(self, request: EditRequest) -> EditResult:
        return EditResult(sample_id=request.sample_id, status=Status.REFUSED, reason="content policy")


class Loud(Base):
    def one(self, request: EditRequest) -> EditResult:
        print("x" * 2_000_000)
        return self.copy(request)


class BatchOfFour(Base):
    """Collects four requests before it works; a poison item takes the whole batch down."""

    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        batch: list[EditRequest] = []
        for request in requests:
            batch.append(request)
            if len(batch) == 4:
                yield from self.work(batch)
                batch = []
        yield from self.work(batch)

    def work(self, batch: list[EditRequest]) -> Iterator[EditResult]:
        if any(request.sample_id in self.on for request in batch):
            os._exit(7)
        for request in batch:
            yield self.copy(request)


class CannotLoad(Base):
    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        raise OSError("no weights here")


class LeavesNotes(Base):
    def one(self, request: EditRequest) -> EditResult:
        request.out.with_name(f"{request.out.name}.job.json").write_text("{}")
        request.out.with_name("litter.bin").write_bytes(b"litter")
        return EditResult(sample_id=request.sample_id, status=Status.TIMEOUT, reason="still running there")


class ClaimsTooMuch(Base):
    def one(self, request: EditRequest) -> EditResult:
        return replace(self.copy(request), window=Window(start=0, stride=1, count=100, fps=8))


class Patient(Base):
    patience_s = 7200.0


class MakesAFolder(Base):
    def one(self, request: EditRequest) -> EditResult:
        request.out.mkdir()
        return EditResult(sample_id=request.sample_id, status=Status.OK, video=request.out)


class MakesAFolderAndRaises(Base):
    def one(self, request: EditRequest) -> EditResult:
        request.out.mkdir()
        raise ValueError("bad weights")


class CostsNaN(Base):
    def one(self, request: EditRequest) -> EditResult:
        return replace(self.copy(request), cost_usd=float("nan"))


class SaysItsStatusInText(Base):
    def one(self, request: EditRequest) -> EditResult:
        return replace(self.copy(request), status="ok")  # type: ignore[arg-type]


class CallsItselfUnjudged(Base):
    def one(self, request: EditRequest) -> EditResult:
        return EditResult(sample_id=request.sample_id, status=Status.UNJUDGED, reason="please leave me out")


class RaisesHalfACharacter(Base):
    def one(self, request: EditRequest) -> EditResult:
        raise ValueError("cannot read \udcff.bin " + "x" * 100_000)


class NamesItsVideoInText(Base):
    def one(self, request: EditRequest) -> EditResult:
        return replace(self.copy(request), video=str(request.out))  # type: ignore[arg-type]


class YieldsNone(Base):
    def one(self, request: EditRequest) -> EditResult:
        return None  # type: ignore[return-value]


class CountsInNumpy(Base):
    def one(self, request: EditRequest) -> EditResult:
        window = Window(start=np.int64(0), stride=1, count=np.int64(9), fps=np.float32(8))  # type: ignore[arg-type]
        return replace(self.copy(request), window=window, wall_s=np.float32(2))  # type: ignore[arg-type]


class ChangesItsFolder(Base):
    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        os.chdir("/")
        yield from super().edit(requests)


class LeavesAChildAndDies(Base):
    """The child inherits the worker's end of the pipe, so that the pipe does not close when the worker dies."""

    def one(self, request: EditRequest) -> EditResult:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        os._exit(7)


class WaitsForItsNeighbour(Base):
    """Holds the edit of `on` back until its neighbour's is finished and normalised."""

    def one(self, request: EditRequest) -> EditResult:
        result = self.copy(request)
        time.sleep(2)
        return result
