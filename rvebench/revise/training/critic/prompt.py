"""The critic's texts: files under `prompts/critic/`, hashed, and filled in.

A folder holds `system.md`, `source.md` and `edit.md` (the line before either video) and `question.md`. For a chain of
thought it also holds `thought.md`, which stands in for the question, and `verdict.md`, the words after which the answer
follows. A text may be empty. The first line of each file is its version and is not shown.

A folder with `pairs.md` in place of `source.md` and `edit.md` shows one video, in which each frame of the source is
followed by that of the edit: a model that reads two frames at a time then compares the two where they enter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rvebench.assets import asset_dir
from rvebench.errors import DataError, UnknownNameError, UsageError
from rvebench.records import digest_of
from rvebench.registry import nearest_names

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["CriticPrompt", "CriticWords", "critic_prompt_names", "load_critic_prompt"]

_HEAD = re.compile(r"<!-- version: (\d+\.\d+\.\d+) -->(?:\n|\Z)")
_PLACEHOLDERS = frozenset({"instruction"})
_APART = ("source", "edit")
_PAIRED = ("pairs",)


class CriticWords(NamedTuple):
    """The texts of one question, in the order in which the model reads them."""

    system: str
    source: str
    """Before the frames of the source, or the pairs of frames."""
    edit: str
    """Before those of the edit; empty where frames are paired."""
    question: str
    """After both."""
    verdict: str
    """What the reply is made to say before its answer; empty where the answer is its first word."""


@dataclass(frozen=True, kw_only=True)
class CriticPrompt:
    """The texts of one version, made by :func:`load_critic_prompt`."""

    name: str
    texts: Mapping[str, str]
    """Template by file name (`system`), without its version line."""
    digest: str
    """sha256 over the files in use, version lines included."""

    @property
    def thought(self) -> bool:
        """Whether the model is asked for a chain of thought before its answer."""
        return "thought" in self.texts

    @property
    def paired(self) -> bool:
        """Whether frames of source and edit alternate in one video."""
        return "pairs" in self.texts

    def words(self, instruction: str) -> CriticWords:
        """Returns the texts for one request. The instruction is put in as it is: a template in it is not one."""
        environment = _environment()
        filled = {
            name: environment.from_string(text).render(instruction=instruction).strip()
            for name, text in self.texts.items()
        }
        return CriticWords(
            system=filled["system"],
            source=filled["pairs" if self.paired else "source"],
            edit=filled.get("edit", ""),
            question=filled["thought" if self.thought else "question"],
            verdict=filled.get("verdict", ""),
        )


def critic_prompt_names() -> tuple[str, ...]:
    """Returns the versions there are, sorted."""
    return tuple(sorted(path.name for path in (asset_dir("prompts") / "critic").iterdir() if path.is_dir()))


def load_critic_prompt(name: str, *, thought: bool = False, root: Path | None = None) -> CriticPrompt:
    """Returns the texts of one version.

    Args:
        name: a folder of `prompts/critic`.
        thought: whether a chain of thought comes before the answer.
        root: where the folder is; None for the shipped ones.

    Raises:
        UnknownNameError: there is no such folder.
        UsageError: the version has no texts for a chain of thought.
        DataError: a file is missing, has no version line, or is no template.
    """
    top = asset_dir("prompts") / "critic" if root is None else root
    folder = top / name
    if Path(name).name != name or not folder.is_dir():
        known = sorted(path.name for path in top.iterdir() if path.is_dir())
        near = nearest_names(name, known) or known
        raise UnknownNameError(f"no critic prompt is called {name!r}", hint=f"did you mean {', '.join(near)}?")
    shown = _PAIRED if (folder / "pairs.md").is_file() else _APART
    names = ("system", *shown, *(("thought", "verdict") if thought else ("question",)))
    if thought and not (folder / "thought.md").is_file():
        raise UsageError(
            f"the critic prompt {name} has no form with a chain of thought", hint="leave critic.thought off, or use v1"
        )
    files, texts = {}, {}
    for each in names:
        path = folder / f"{each}.md"
        try:
            # Universal newlines: a checkout that turned line ends around has the same prompt.
            files[each] = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise DataError(f"there is no {path.name}", where=folder) from None
        texts[each] = _checked(files[each], path)
    return CriticPrompt(name=name, texts=texts, digest=digest_of({"name": name, "files": files}))


def _environment() -> Environment:
    from jinja2 import Environment, StrictUndefined

    # Plain text for a model: there is no markup to escape.
    return Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701


def _checked(content: str, path: Path) -> str:
    from jinja2 import TemplateSyntaxError, meta

    head = _HEAD.match(content)
    if head is None:
        raise DataError("the prompt's first line is not <!-- version: x.y.z -->", where=path)
    text = content[head.end() :]
    try:
        unknown = meta.find_undeclared_variables(_environment().parse(text)) - _PLACEHOLDERS
    except TemplateSyntaxError as error:
        raise DataError(f"the prompt is not a template: {error.message}", where=f"{path}:{error.lineno}") from None
    if unknown:
        raise DataError(
            f"the prompt uses {', '.join(sorted(unknown))}, which it is not given",
            where=path,
            hint="use instruction",
        )
    return text
