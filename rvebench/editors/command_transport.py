"""Editors that are commands: one start for each request, or for a batch of them.

What is taken for an edit is a *new* file at the place the specification names: scripts that leave with code 0 and no
video, or with the video of an earlier run still lying there, are caught.
"""

from __future__ import annotations

import csv
import glob
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from pathlib import Path

from rvebench.editors.command_spec import CommandSpec
from rvebench.editors.exchange import check_output, no_video, request_values, source_frames
from rvebench.editors.exec_argv import __file__ as _exec_argv
from rvebench.editors.process import CommandOutcome, run_command
from rvebench.editors.templates import env_names, fill_text, fill_value, placeholders, texts_of
from rvebench.errors import RveError
from rvebench.records import EditorInfo, EditRequest, EditResult, Window
from rvebench.redaction import Secrets
from rvebench.taxonomy import Status
from rvebench.video import probe_video, read_video, write_video

__all__ = ["CommandEditor"]

_TAIL_CHARS = 2000
_CUT_CRF = 4

Stamp = tuple[int, int, int]
"""Inode, size and change time of a file: what tells a new file from one that lay there before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One request, ready to run."""

    request: EditRequest
    output: str
    """Glob of the place where its video lands."""
    before: Mapping[str, Stamp]
    """What lay there before the command ran."""
    window: Window | None
    started: float


class CommandEditor:
    """An editor that is a command.

    Args:
        spec: what to run and where the video lands.
        environ: the environment; the process's own when absent.
    """

    def __init__(self, spec: CommandSpec, *, environ: Mapping[str, str] | None = None) -> None:
        self.spec = spec
        self._environ = dict(os.environ if environ is None else environ)
        self._secrets = Secrets(self._environ)
        texts = [*spec.argv, *texts_of(dict(spec.batch.fields) if spec.batch else {}), spec.output]
        texts += [*spec.mkdirs, *texts_of(spec.files)]
        self._wanted = frozenset().union(*(placeholders(text) for text in texts))

    @property
    def info(self) -> EditorInfo:
        return self.spec.info()

    @property
    def patience_s(self) -> float:
        """Seconds after which this editor ends a command itself."""
        return self.spec.timeout_s

    def missing(self) -> tuple[str, ...]:
        """Returns what is not there to run this: variables, folders, programs."""
        spec = self.spec
        texts = [*spec.argv, *spec.env.values(), spec.cwd or "", spec.output, spec.conda_executable]
        texts += [*spec.mkdirs, *texts_of(spec.files), *texts_of(spec.batch.fields if spec.batch else {})]
        unset = sorted({name for text in texts for name in env_names(text) if not self._environ.get(name)})
        if unset:
            return tuple(f"environment variable {name}" for name in unset)
        if spec.cwd is not None and not self._cwd().is_dir():
            return (f"folder {self._cwd()}",)
        if spec.conda:
            conda = self._fill(spec.conda_executable)
            return () if self._which(conda) else (f"executable {conda} (for the conda environment {spec.conda})",)
        program = self._fill(spec.argv[0])
        if placeholders(spec.argv[0]) - set(spec.settings):
            return ()
        return () if self._which(program) else (f"executable {program}",)

    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        if self.spec.batch is None:
            for request in requests:
                yield from self._run([request])
            return
        stream = iter(requests)
        while batch := list(islice(stream, self.spec.batch.size)):
            # A command has one {seed}: requests of other seeds get a start of their own.
            for _, group in groupby(batch, key=lambda request: request.seed):
                yield from self._run(list(group))

    def _which(self, program: str) -> str | None:
        if os.sep in program:
            path = self._cwd() / Path(program).expanduser()
            return str(path) if path.is_file() and os.access(path, os.X_OK) else None
        return shutil.which(program, path=self._environment().get("PATH"))

    def _fill(self, text: str) -> str:
        return fill_text(text, {**self.spec.settings, **dict.fromkeys(placeholders(text), "")}, self._environ)

    def _cwd(self) -> Path:
        return Path(self._fill(self.spec.cwd)).expanduser() if self.spec.cwd else Path.cwd()

    def _environment(self) -> dict[str, str]:
        return {**self._environ, **{name: self._fill(text) for name, text in self.spec.env.items()}}

    def _run(self, requests: Sequence[EditRequest]) -> Iterator[EditResult]:
        """Runs the command once for these requests and yields how each ended."""
        started = time.monotonic()
        folder = Path(tempfile.mkdtemp(prefix=".editor-", dir=requests[0].out.parent))
        try:
            jobs: list[_Job] = []
            values: dict[str, object] = {}
            lines = []
            for request in requests:
                request.out.unlink(missing_ok=True)
                try:
                    window = self._window(request)
                    values = self._values(request, folder, window)
                    jobs.append(self._job(request, values, window, started))
                    if self.spec.batch:
                        lines.append(fill_value(self.spec.batch.fields, values, self._environ))
                except (RveError, ValueError, OSError) as error:
                    yield no_video(request, self._secrets.mask(str(error)), started=started)
            if not jobs:
                return
            if self.spec.batch:
                path = folder / "requests.jsonl"
                path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
                first = jobs[0].request.seed
                values = {**self.spec.settings, "jsonl": str(path), "outdir": str(folder), "seed": first}
            try:
                outcome = self._start(values, folder)
            except (OSError, ValueError) as error:
                for job in jobs:
                    yield no_video(job.request, f"the command could not be started: {error}", started=started)
                return
            for job in jobs:
                yield self._result(job, outcome)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _window(self, request: EditRequest) -> Window | None:
        """Returns the frames the command will read: those the run fixes, where it can be told, else its own."""
        told = self.spec.cut_source or {"window_start", "window_count"} <= self._wanted
        if request.window is not None and told:
            return request.window
        if self.spec.window is None:
            return None
        return self.spec.window.on(frames=source_frames(request.source), fps=probe_video(request.source).fps)

    def _values(self, request: EditRequest, folder: Path, window: Window | None) -> dict[str, object]:
        known = self.spec.source_suffixes
        if known and not self.spec.cut_source and request.source.suffix not in known:
            raise ValueError(f"the command reads {' or '.join(known)} only, and the source is {request.source.name}")
        if self.spec.cut_source and window is not None:
            own = folder / "sources" / request.sample_id
            own.mkdir(parents=True)
            cut = own / f"{request.source.stem}.mp4"
            _cut(request.source, window, cut)
            request = replace(request, source=cut)
        values = request_values(request, self._wanted, folder=folder, window=window)
        return {**self.spec.settings, **values, "out": str(request.out), "outdir": str(folder)}

    def _job(self, request: EditRequest, values: Mapping[str, object], window: Window | None, started: float) -> _Job:
        pattern = fill_text(self.spec.output, values, self._environ, escape=glob.escape)
        pattern = str(self._cwd() / Path(pattern).expanduser())
        return _Job(request=request, output=pattern, before=_stamps(pattern), window=window, started=started)

    def _prepare(self, values: Mapping[str, object]) -> None:
        """Makes the folders and files the command expects."""
        for text in self.spec.mkdirs:
            (self._cwd() / fill_text(text, values, self._environ)).mkdir(parents=True, exist_ok=True)
        for text, template in self.spec.files.items():
            path = self._cwd() / fill_text(text, values, self._environ)
            path.parent.mkdir(parents=True, exist_ok=True)
            content = fill_value(template, values, self._environ)
            if isinstance(content, str):
                path.write_text(content, encoding="utf-8")
            elif isinstance(content, list):
                with path.open("w", encoding="utf-8", newline="") as file:
                    csv.writer(file).writerows(content)
            else:
                path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")

    def _start(self, values: Mapping[str, object], folder: Path) -> CommandOutcome:
        self._prepare(values)
        argv = [fill_text(word, values, self._environ) for word in self.spec.argv]
        if self.spec.conda:
            path = folder / "argv.json"
            path.write_text(json.dumps(argv), encoding="utf-8")
            argv = [self._fill(self.spec.conda_executable), "run", "-n", self.spec.conda]
            # micromamba streams by itself and does not know the flag.
            argv += [] if "micromamba" in Path(argv[0]).name else ["--no-capture-output"]
            argv += ["python", "-I", str(_exec_argv), str(path)]
        return run_command(
            argv,
            env=self._environment(),
            timeout_s=self.spec.timeout_s,
            cwd=self._cwd(),
            grace_s=self.spec.grace_s,
        )

    def _result(self, job: _Job, outcome: CommandOutcome) -> EditResult:
        request = job.request
        found = sorted(path for path, stamp in _stamps(job.output).items() if job.before.get(path) != stamp)
        ended_well = not outcome.timed_out and outcome.code == 0
        reason = ""
        if not ended_well and not (self.spec.batch and len(found) == 1 and not check_output(Path(found[0]))):
            limit = f"stopped after {self.spec.timeout_s:g} s"
            reason = limit if outcome.timed_out else f"exited with {_code(outcome.code)}"
        elif not found:
            reason = f"exited with code 0 and wrote nothing to {Path(job.output).name}"
        elif len(found) > 1:
            names = ", ".join(Path(path).name for path in found[:4])
            reason = f"wrote {len(found)} files where one was expected: {names}"
        else:
            reason = check_output(Path(found[0]))
        if reason:
            request.out.unlink(missing_ok=True)
            tail = self._secrets.mask(outcome.tail)[-_TAIL_CHARS:]
            status = Status.TIMEOUT if outcome.timed_out else Status.FAILED
            text = f"{reason}; its output ends: {tail}" if tail else reason
            return no_video(request, text, started=job.started, status=status)
        video = request.out.with_suffix(Path(found[0]).suffix)
        if Path(found[0]) != video:
            shutil.move(found[0], video)
        meta = {} if ended_well else {"batch": f"the batch {'timed out' if outcome.timed_out else _code(outcome.code)}"}
        return EditResult(
            sample_id=request.sample_id,
            status=Status.OK,
            video=video,
            window=job.window,
            wall_s=outcome.wall_s,
            meta=meta,
        )


def _cut(source: Path, window: Window, out: Path) -> None:
    """Writes the window's frames as a video of their own, as good as lossless."""
    clip = read_video(source, max_frames=window.start + (window.count - 1) * window.stride + 1)
    write_video(out, clip.frames_THWC[window.start :: window.stride], fps=window.fps, crf=_CUT_CRF)


def _code(code: int) -> str:
    """Returns an exit code in words."""
    return f"code {code}" if code <= 128 else f"code {code} (signal {code - 128})"


def _stamps(pattern: str) -> dict[str, Stamp]:
    """Returns the files that a glob matches, with what tells them apart from later ones."""
    found: dict[str, Stamp] = {}
    for path in glob.glob(pattern, recursive=True):  # noqa: PTH207 - escaped absolute pattern
        if os.path.isfile(path):  # noqa: PTH113
            facts = os.stat(path)  # noqa: PTH116
            found[path] = (facts.st_ino, facts.st_size, facts.st_mtime_ns)
    return found
