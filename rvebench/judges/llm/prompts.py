"""The judge's texts: files under `prompts/judge/v1/`, found by variant, hashed, and filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rvebench.assets import asset_dir
from rvebench.errors import DataError
from rvebench.records import digest_of

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["PLACEHOLDERS", "PROMPT_VERSION", "PromptSet", "Wording", "load_prompts", "prompt_digest"]

PROMPT_VERSION = "v1"

Wording = Literal["plain", "neutral"]

PLACEHOLDERS = frozenset(
    {
        *("instruction", "expected_outcome", "preserve"),
        *("source", "edit", "reference", "interleaved"),
        *("role", "number", "count", "time"),
        *("keys", "low", "high", "reason"),
    }
)
"""Every name that a template may use."""

_HEAD = re.compile(r"<!-- version: (\d+\.\d+\.\d+) -->\n")


@dataclass(frozen=True, kw_only=True)
class PromptSet:
    """The texts of one variant: what one request is written with."""

    texts: Mapping[str, str]
    """Template by name (`ea`), without its version line."""
    files: Mapping[str, str]
    """Content by path below the version's folder, as hashed."""

    @cached_property
    def _environment(self) -> Environment:
        from jinja2 import DictLoader, Environment, StrictUndefined

        loader = DictLoader(dict(self.texts))
        # Plain text for a model: there is no markup to escape.
        return Environment(loader=loader, undefined=StrictUndefined, autoescape=False)  # noqa: S701

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Returns one text, filled in. Values are put in as they are: a template in them is not one.

        Raises:
            DataError: a placeholder has no value.
        """
        from jinja2 import UndefinedError

        try:
            return self._environment.get_template(name).render(values).strip()
        except UndefinedError as error:
            raise DataError(f"the prompt {name}.md wants what it is not given: {error}") from None


def prompt_digest(sets: Sequence[PromptSet]) -> str:
    """Returns the sha256 over all files of some variants: path and content, each file once."""
    files: dict[str, str] = {}
    for prompts in sets:
        files.update(prompts.files)
    return digest_of({"version": PROMPT_VERSION, "files": files})


def load_prompts(names: Sequence[str], variant: Sequence[str] = (), *, root: Path | None = None) -> PromptSet:
    """Returns the texts called `names` for a variant.

    Args:
        names: file names without `.md`.
        variant: folders to look in, in order, before the version's own, such as `("neutral/icvg", "icvg")`.
        root: the version's folder; None: the shipped one.

    Raises:
        DataError: a file is not there, has no version line, is no template, or uses an unknown placeholder.
    """
    top = asset_dir("prompts") / "judge" / PROMPT_VERSION if root is None else root
    texts: dict[str, str] = {}
    files: dict[str, str] = {}
    for name in names:
        places = [f"{folder}/{name}.md" for folder in variant] + [f"{name}.md"]
        found = next((place for place in places if (top / place).is_file()), None)
        if found is None:
            raise DataError(f"there is no prompt {name}.md", where=top)
        # Universal newlines: a checkout that turned line ends around has the same prompt.
        content = (top / found).read_text(encoding="utf-8")
        texts[name] = _checked(content, top / found)
        files[found] = content
    return PromptSet(texts=texts, files=files)


def _checked(content: str, path: Path) -> str:
    from jinja2 import Environment, TemplateSyntaxError, meta

    head = _HEAD.match(content)
    if head is None:
        raise DataError("the prompt's first line is not <!-- version: x.y.z -->", where=path)
    text = content[head.end() :]
    try:
        unknown = meta.find_undeclared_variables(Environment(autoescape=True).parse(text)) - PLACEHOLDERS
    except TemplateSyntaxError as error:
        raise DataError(f"the prompt is not a template: {error.message}", where=f"{path}:{error.lineno}") from None
    if unknown:
        raise DataError(
            f"the prompt uses {', '.join(sorted(unknown))}, which no judge gives it",
            where=path,
            hint=f"use {', '.join(sorted(PLACEHOLDERS))}",
        )
    return text
