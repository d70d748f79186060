"""Precomputed edits: a folder, a file pattern, or a table. Nothing is generated; what is not there is missing."""

from __future__ import annotations

import glob
import hashlib
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from rvebench.editors.exchange import check_output, no_video, source_frames
from rvebench.editors.folder_table import TableRow, read_table
from rvebench.editors.spec_files import WindowSpec
from rvebench.editors.templates import check_placeholders, fill_text, placeholders
from rvebench.errors import EditorError, RveError
from rvebench.records import EditorInfo, EditRequest, EditResult, PromptKind, Track, Window
from rvebench.taxonomy import Status
from rvebench.video import probe_video

__all__ = ["VIDEO_SUFFIXES", "FolderEditor"]

VIDEO_SUFFIXES = (".mp4", ".webm", ".gif", ".mov", ".mkv")
_HIDDEN_PLACEHOLDER = "{sample_id}"


class FolderEditor:
    """Takes edits that were made elsewhere.

    Args:
        path: a folder with `{sample_id}.mp4` (or webm, gif, mov, mkv), a pattern that holds `{sample_id}` and maybe
            `*`, or a CSV table with the columns sample_id, video and, where known, start, stride, count, fps.
        name: the model that made the edits.
        revision: its revision.
        track: direct, rewriter or thinking.
        prompt_kind: what text it was given.
        seeded: the edits were made with the run's seed.
        start: first source frame the model read, for all samples.
        stride: source frames per frame read.
        count: how many frames it read, at most.
        fps: frames a second of what it read; absent: the source's, divided by `stride`.
    """

    def __init__(
        self,
        path: str,
        *,
        name: str = "folder",
        revision: str = "",
        track: Track = "direct",
        prompt_kind: PromptKind = "instruction",
        seeded: bool = False,
        start: int = 0,
        stride: int = 1,
        count: int | None = None,
        fps: float | None = None,
    ) -> None:
        self._text = path
        self._path = Path(path).expanduser().absolute()
        self._rows: dict[str, TableRow] | None = None
        self._pattern = ""
        if placeholders(path):
            check_placeholders([path], ["sample_id"], where=f"folder:{path}")
            self._pattern = str(self._path)
        elif self._path.is_dir():
            self._pattern = str(Path(glob.escape(str(self._path))) / "{sample_id}.*")
        elif self._path.suffix.lower() == ".csv":
            self._rows = read_table(self._path)
        elif self._path.exists():
            raise EditorError("neither a folder nor a CSV table", where=self._path)
        else:
            raise EditorError(
                "there is no such folder or table",
                where=self._path,
                hint="give a folder, a pattern such as outputs/{sample_id}.mp4, or a CSV table",
            )
        windowed = (start, stride, count, fps) != (0, 1, None, None)
        self._window = WindowSpec(start=start, stride=stride, count=count, fps=fps) if windowed else None
        self._info = EditorInfo(
            name=name,
            version="1",
            revision=revision,
            prompt_kind=prompt_kind,
            track=track,
            deterministic=True,
            seeded=seeded,
            notes=("precomputed edits: how they were made is not recorded",),
        )

    @property
    def info(self) -> EditorInfo:
        return self._info

    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        for request in requests:
            started = time.monotonic()
            try:
                yield self._take(request, started)
            except RveError as error:
                yield no_video(request, str(error), started=started)
            except (OSError, ValueError) as error:
                yield no_video(request, f"cannot be taken: {error}", started=started)

    def _take(self, request: EditRequest, started: float) -> EditResult:
        row = None
        if self._rows is not None:
            row = self._rows.get(request.sample_id)
            if row is None:
                reason = f"{self._path} has no line for sample {request.sample_id}"
                return no_video(request, reason, started=started, status=Status.MISSING)
            found, looked_for = [row.video] if row.video.is_file() else [], str(row.video)
        else:
            looked_for = fill_text(self._pattern, {"sample_id": request.sample_id}, {}, escape=glob.escape)
            found = _files(looked_for)
            looked_for = looked_for if placeholders(self._text) else f"{self._path / request.sample_id}.{{mp4,webm,…}}"
        if not found:
            return no_video(request, f"not there: {looked_for}", started=started, status=Status.MISSING)
        if len(found) > 1:
            names = ", ".join(path.name for path in found)
            return no_video(request, f"more than one file for this sample: {names}", started=started)
        problem = check_output(found[0])
        if problem:
            return no_video(request, f"{found[0]}: {problem.removeprefix('wrote ')}", started=started)
        video = request.out.with_suffix(found[0].suffix)
        shutil.copyfile(found[0], video)
        same = self._twins.get(found[0], "")
        return EditResult(
            sample_id=request.sample_id,
            status=Status.OK,
            video=video,
            window=self._window_of(request, row),
            wall_s=time.monotonic() - started,
            model_id=self._info.revision,
            meta={"file": found[0].name} | ({"same_content_as": same} if same else {}),
        )

    def _window_of(self, request: EditRequest, row: TableRow | None) -> Window | None:
        if row is not None and row.window is not None:
            return row.window
        if self._window is None:
            return None
        return self._window.on(frames=source_frames(request.source), fps=probe_video(request.source).fps)

    @cached_property
    def _twins(self) -> dict[Path, str]:
        """Files whose bytes equal those of another one, with the names of the others: a sign of a copy gone wrong."""
        if self._rows is not None:
            files = sorted({row.video for row in self._rows.values() if row.video.is_file()})
        else:
            pattern = self._pattern.replace(_HIDDEN_PLACEHOLDER, "*")
            files = _files(re.sub(r"\*+", "*", pattern))
        by_size: dict[int, list[Path]] = {}
        for path in files:
            by_size.setdefault(path.stat().st_size, []).append(path)
        by_content: dict[str, list[Path]] = {}
        for group in by_size.values():
            for path in group if len(group) > 1 else ():
                with path.open("rb") as file:
                    by_content.setdefault(_sha256(file.read()), []).append(path)
        return {
            path: ", ".join(other.name for other in group if other != path)
            for group in by_content.values()
            for path in group
            if len(group) > 1
        }


def _files(pattern: str) -> list[Path]:
    paths = (Path(text) for text in glob.glob(pattern))  # noqa: PTH207 - an escaped absolute pattern
    return sorted(path for path in paths if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file())


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
