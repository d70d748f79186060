"""Runs the stages of a study in order, each once; a killed run goes on, and a change redoes what it decides.

A stage has a key: the digest of all that decides what it makes, the keys of the stages it needs included. It works in a
folder of that key and is done when `done.json` stands there, which is written last. What another setting made stays
where it was. What a stage does when its folder is there but not finished is its own affair: trainings go on from their
checkpoint. Several processes may work in one folder: each stage is locked by the one that does it, and the others take
the next that can be done, or wait.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from rvebench.errors import DataError, InterruptError, LockedError, StorageError
from rvebench.records import digest_of
from rvebench.storage import atomic_write_text, exclusive_lock, read_json

__all__ = ["Context", "Finished", "Runner", "Stage", "StageState"]

_VERSION = 1
_DONE = "done.json"
_KEY_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A stage that is done."""

    name: str
    key: str
    folder: Path
    result: Mapping[str, Any]
    """What it returned: JSON values."""
    wall_s: float
    """Of the run that finished it."""
    whole: bool
    """Whether that run began it as well, so that `wall_s` is all it took."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a stage is given."""

    folder: Path
    """Its own; made."""
    needs: Mapping[str, Finished]
    """The stages it needs, by name."""
    stop: Callable[[], bool]
    """Asked between units of work; true: record what is done and raise :class:`InterruptError`."""
    say: Callable[[str], object]
    """Is told of progress, a line each."""

    def check_stop(self, what: str) -> None:
        """Raises when a stop was asked for.

        Raises:
            InterruptError: it was.
        """
        if self.stop():
            raise InterruptError(f"stopped in {what}", hint="run the same command again: what is done is kept")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One piece of a study."""

    name: str
    """Unique, parts joined by slashes: `fork/uso/seed-1`."""
    decides: Mapping[str, Any]
    """JSON values of all that decides what it makes, but for the stages it needs."""
    run: Callable[[Context], Mapping[str, Any]]
    """Does it, and returns JSON values for the stages that need it."""
    needs: tuple[str, ...] = ()
    kind: str = ""
    """Stages of one kind take as long for each unit of work; empty for the first part of the name."""
    work: float = 1.0
    """Units: optimiser steps, edits, clips."""
    guess_s: float | None = None
    """Seconds a unit where none of its kind is done yet; None where nobody has measured it."""
    given: Mapping[str, Any] | None = None
    """What it returns, where that was made elsewhere: a record that says otherwise is of a folder since moved."""

    @property
    def sort(self) -> str:
        """What its time is told from."""
        return self.kind or self.name.partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageState:
    """How far a stage is."""

    name: str
    state: Literal["done", "begun", "left"]
    wall_s: float | None
    """What it took, where it is done."""
    expected_s: float | None
    """What it will take by what others of its kind took, else by the study's guess; None where nothing tells."""
    other: bool
    """Whether it was done under other settings."""


@dataclass(kw_only=True, eq=False)
class Runner:
    """The stages of one study in one folder.

    Args:
        stages: in an order in which each comes after those it needs.
        work: the folder.
        stop: see :class:`Context`.
        say: see :class:`Context`.
        poll_s: seconds between looks at what another process does.

    Raises:
        ValueError: a name stands twice, or a stage comes before one that it needs.
    """

    stages: Sequence[Stage]
    work: Path
    stop: Callable[[], bool] = lambda: False
    say: Callable[[str], object] = lambda _line: None
    poll_s: float = 2.0
    _keys: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for stage in self.stages:
            if stage.name in self._keys:
                raise ValueError(f"the stage {stage.name} stands twice")
            if missing := [name for name in stage.needs if name not in self._keys]:
                raise ValueError(f"the stage {stage.name} comes before {missing[0]}, which it needs")
            self._keys[stage.name] = digest_of(
                {
                    "version": _VERSION,
                    "name": stage.name,
                    "decides": dict(stage.decides),
                    "needs": {name: self._keys[name] for name in stage.needs},
                }
            )

    def key(self, name: str) -> str:
        """Returns the key of a stage."""
        return self._keys[name]

    def folder(self, name: str) -> Path:
        """Returns the folder of a stage under its present key."""
        return self.work / "stages" / f"{_flat(name)}-{self._keys[name][:_KEY_SHOWN]}"

    def finished(self, name: str) -> Finished | None:
        """Returns what a stage made, or None where it is not done under its present key.

        Raises:
            DataError: its record is damaged.
        """
        path = self.folder(name) / _DONE
        if not path.is_file():
            return None
        value = read_json(path)
        try:
            key, result, wall_s, whole = value["key"], value["result"], float(value["wall_s"]), bool(value["whole"])
        except (KeyError, TypeError, ValueError):
            raise DataError("no record of a stage", where=path, hint="delete it: the stage is done again") from None
        if key != self._keys[name] or not isinstance(result, dict):
            raise DataError("the record of another stage", where=path, hint="delete it: the stage is done again")
        given = next(stage.given for stage in self.stages if stage.name == name)
        if given is not None and result != given:
            return None
        return Finished(name=name, key=key, folder=path.parent, result=result, wall_s=wall_s, whole=whole)

    def run(self) -> dict[str, Finished]:
        """Does what is left, in order, and returns every stage's record by name.

        Stages that another process is doing are waited for.

        Raises:
            InterruptError: a stop was asked for; what is done is kept.
            StorageError: something cannot be written.
        """
        try:
            for name in ("stages", "locks"):
                (self.work / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot be made: {error.strerror or error}", where=self.work) from error
        found: dict[str, Finished] = {}
        told: set[str] = set()
        while left := [stage for stage in self.stages if stage.name not in found]:
            ready = [stage for stage in left if all(need in found for need in stage.needs)]
            # after each that was done look again from the first: others may have freed an earlier one
            if any(self._settled(stage, found) for stage in ready):
                continue
            self._check_stop(ready[0].name)
            if ready[0].name not in told:
                told.add(ready[0].name)
                self.say(f"waiting for {', '.join(stage.name for stage in ready)}: another process works at it")
            time.sleep(self.poll_s)
        return {stage.name: found[stage.name] for stage in self.stages}

    def _settled(self, stage: Stage, found: dict[str, Finished]) -> bool:
        """Does a stage if need be; false where another process is at it."""
        record = self.finished(stage.name)
        if record is None:
            self._check_stop(stage.name)
            with ExitStack() as held:
                try:
                    held.enter_context(exclusive_lock(self.work / "locks" / self.folder(stage.name).name))
                except LockedError:
                    return False
                record = self.finished(stage.name)  # the other may have ended between the two looks
                if record is None:
                    place = 1 + next(n for n, each in enumerate(self.stages) if each is stage)
                    self.say(f"[{place}/{len(self.stages)}] {stage.name}")
                    record = self._do(stage, found)
        found[stage.name] = record
        return True

    def _check_stop(self, name: str) -> None:
        if self.stop():
            raise InterruptError(f"stopped before {name}", hint="run the same command again: what is done is kept")

    def _do(self, stage: Stage, found: Mapping[str, Finished]) -> Finished:
        folder = self.folder(stage.name)
        whole = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        context = Context(
            folder=folder, needs={name: found[name] for name in stage.needs}, stop=self.stop, say=self.say
        )
        try:
            result = dict(stage.run(context))
        except InterruptError as error:  # trainings speak of an option of their own command
            hint = "run the same command again: what is done is kept"
            raise InterruptError(error.what, where=error.where, hint=hint) from None
        record = {
            "name": stage.name,
            "key": self._keys[stage.name],
            "decides": dict(stage.decides),
            "result": result,
            "wall_s": round(time.monotonic() - began, 3),
            "whole": whole,
            "work": stage.work,
        }
        atomic_write_text(folder / _DONE, _record_text(record))
        again = self.finished(stage.name)
        assert again is not None, "the record was just written"
        return again

    def states(self) -> list[StageState]:
        """Returns how far every stage is; does nothing."""
        done = {stage.name: self.finished(stage.name) for stage in self.stages}
        paces: dict[str, list[float]] = {}
        for stage in self.stages:
            record = done[stage.name]
            if record is not None and record.whole and stage.work > 0:
                paces.setdefault(stage.sort, []).append(record.wall_s / stage.work)
        states = []
        for stage in self.stages:
            record = done[stage.name]
            pace = stage.guess_s
            if paces.get(stage.sort):
                pace = sum(paces[stage.sort]) / len(paces[stage.sort])
            states.append(
                StageState(
                    name=stage.name,
                    state="done" if record is not None else "begun" if self.folder(stage.name).is_dir() else "left",
                    wall_s=None if record is None else record.wall_s,
                    expected_s=None if pace is None or record is not None else pace * stage.work,
                    other=self._elsewhere(stage.name),
                )
            )
        return states

    def _elsewhere(self, name: str) -> bool:
        own = self.folder(name)
        cut = len(own.name) - _KEY_SHOWN
        return any(
            path.parent != own and path.parent.name[:cut] == own.name[:cut] and len(path.parent.name) == len(own.name)
            for path in (self.work / "stages").glob(f"{_flat(name)}-*/{_DONE}")
        )


def _record_text(value: Mapping[str, Any]) -> str:
    """Returns the text of a record; refuses what is no JSON, NaN included."""
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _flat(name: str) -> str:
    return name.replace("/", ".")
