"""The specification of an editor that is a command: an argv template, its environment, and where its output lands."""

from __future__ import annotations

import shlex
from typing import Literal

from pydantic import Field, model_validator

from rvebench.editors.exchange import REQUEST_VALUES
from rvebench.editors.spec_files import CommonSpec, Strict
from rvebench.editors.templates import check_placeholders, placeholders, texts_of
from rvebench.errors import EditorError
from rvebench.records import digest_of

__all__ = ["BatchSpec", "CommandSpec", "inline_spec"]

DEFAULT_TIMEOUT_S = 3600.0
_OF_COMMAND = ("out", "outdir")
_OF_BATCH = ("jsonl", "outdir", "seed")


class BatchSpec(Strict):
    """How several requests are handed to one start of the command: a JSONL file, one request a line."""

    size: int = Field(default=16, ge=1)
    """Requests in one start, at most."""
    fields: dict[str, object] = Field(min_length=1)
    """The line's fields: a template by name. A value that is one placeholder keeps its type."""


class CommandSpec(CommonSpec):
    """An editor that is a command."""

    transport: Literal["command"] = "command"
    argv: tuple[str, ...] = Field(min_length=1)
    """The program and its arguments. Placeholders are filled in each argument alone; no shell sees them."""
    env: dict[str, str] = Field(default_factory=dict)
    """Variables added to the environment; `${NAME}` takes one from it."""
    cwd: str | None = None
    conda: str | None = None
    """Conda environment to run in."""
    conda_executable: str = "conda"
    """conda, mamba or micromamba, or a path to one."""
    mode: Literal["per-sample", "per-batch"] = "per-sample"
    batch: BatchSpec | None = None
    output: str = "{out}"
    """Where the video lands: a path or glob, relative to `cwd`. Exactly one new file must match."""
    mkdirs: tuple[str, ...] = ()
    """Folders made before the command starts, for scripts that do not make their own."""
    files: dict[str, object] = Field(default_factory=dict)
    """Files written before the command starts, by path: text, a mapping (written as JSON, which is YAML too), or a
    list of rows (written as CSV). Placeholders are filled in the values."""
    source_suffixes: tuple[str, ...] = ()
    """File suffixes the command understands, as `.mp4`; empty: any. Another source fails before the command starts."""
    cut_source: bool = False
    """{source} is a copy that holds the window's frames only, for scripts that always read the whole file."""
    timeout_s: float = Field(default=DEFAULT_TIMEOUT_S, gt=0)
    """Seconds for one start of the command; per batch that is all its requests together."""
    grace_s: float = Field(default=10.0, ge=0)
    """Seconds between SIGTERM and SIGKILL."""

    @model_validator(mode="after")
    def _consistent(self) -> CommandSpec:
        if (self.mode == "per-batch") != (self.batch is not None):
            raise ValueError("mode per-batch and the key batch go together")
        if self.cut_source and self.window is None:
            raise ValueError("cut_source needs window")
        both = [name for name in self.settings if name in REQUEST_VALUES or name in {*_OF_COMMAND, *_OF_BATCH}]
        if both:
            raise ValueError(f"setting {both[0]!r} has the name of a placeholder")
        of_run = (*self.settings, *(_OF_BATCH if self.batch else (*REQUEST_VALUES, *_OF_COMMAND)))
        of_sample = (*REQUEST_VALUES, *self.settings)
        try:
            check_placeholders(self.argv, of_run, where="argv")
            check_placeholders([*self.env.values(), self.cwd or ""], self.settings, where="env, cwd")
            check_placeholders([self.output], (*of_sample, "outdir", *(() if self.batch else ("out",))), where="output")
            check_placeholders([*self.mkdirs, *texts_of(self.files)], of_run, where="mkdirs, files")
            if self.batch:
                check_placeholders(texts_of(self.batch.fields), of_sample, where="batch.fields")
        except EditorError as error:
            raise ValueError(str(error)) from None
        used = frozenset().union(*(placeholders(text) for text in self.argv))
        if self.batch and "jsonl" not in used:
            raise ValueError("argv of a per-batch command needs {jsonl}")
        if self.output == "{out}" and "out" not in used:
            raise ValueError("argv needs {out}, or the key output must say where the video lands")
        return self


def inline_spec(template: str) -> CommandSpec:
    """Returns the specification of `command:TEMPLATE`, split into words once, before anything is filled in.

    Raises:
        EditorError: a quote is not closed, the command is empty, or it never names {out}.
    """
    where = f"command:{template}"
    try:
        words = shlex.split(template)
    except ValueError as error:
        raise EditorError(f"cannot be split into words: {error}", where=where) from None
    if not words:
        raise EditorError("the command is empty", where=where)
    used = frozenset().union(*(placeholders(word) for word in words))
    if "out" not in used:
        raise EditorError(
            "the command never names {out}, so that its video could not be found",
            where=where,
            hint='for example "command:ffmpeg -y -i {source} -vf hue=s=0 {out}", or a YAML file that says `output:`',
        )
    check_placeholders(words, (*REQUEST_VALUES, *_OF_COMMAND), where=where)
    return CommandSpec(
        name=f"command-{digest_of(words)[:8]}",
        version="1",
        revision=shlex.join(words)[:200],
        argv=tuple(words),
        seeded="seed" in used,
        needs=("mask",) if "mask" in used else (),
        notes=("an inline command: the version of its program is not recorded",),
    )
