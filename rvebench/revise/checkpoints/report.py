"""The strict comparison of the tensors that are there with those that must be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rvebench.revise.checkpoints.keys import Key
from rvebench.weights import TensorInfo

__all__ = ["KeyReport", "Misshapen", "Names", "compare"]

Names = Literal["official", "ours"]
"""Which of the two names of a tensor a file uses."""

_TWINS = {"encoder.embed_tokens.weight"}
"""Second names of a tensor that transformers may write too."""


class Misshapen(NamedTuple):
    """A tensor of another shape than it must have."""

    name: str
    shape: tuple[int, ...]
    expected: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReport:
    """What one file, or a prefix of it, has of one part."""

    part: str
    path: Path
    expected: int
    """Tensors the part has."""
    parameters: int
    """Numbers in those that were found right."""
    dtypes: tuple[str, ...]
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    misshapen: tuple[Misshapen, ...] = ()

    @property
    def sound(self) -> bool:
        """Every tensor is there, none is of another shape, and none is there beside them."""
        return not (self.missing or self.unexpected or self.misshapen)

    def summary(self) -> str:
        """`2 missing (a, b), 1 unexpected (c)`, or `sound`."""
        groups = {
            "missing": list(self.missing),
            "unexpected": list(self.unexpected),
            "misshapen": [f"{row.name} {row.shape}, not {row.expected}" for row in self.misshapen],
        }
        return ", ".join(f"{len(names)} {word} ({_some(names)})" for word, names in groups.items() if names) or "sound"

    def as_json(self, root: Path) -> dict[str, Any]:
        """Returns the report as JSON values; the path relative to the checkpoint."""
        return {
            "part": self.part,
            "file": self.path.relative_to(root).as_posix(),
            "sound": self.sound,
            "expected": self.expected,
            "parameters": self.parameters,
            "dtypes": list(self.dtypes),
            "missing": list(self.missing),
            "unexpected": list(self.unexpected),
            "misshapen": [row._asdict() for row in self.misshapen],
        }


def _some(names: list[str], most: int = 3) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def compare(
    part: str, path: Path, keys: Iterable[Key], found: Mapping[str, TensorInfo], names: Names, *, prefix: str = ""
) -> KeyReport:
    """Compares a file's tensors with a part's table.

    Args:
        part: the part's name.
        path: the file.
        keys: the part's table.
        found: the tensors that are there, by their names without `prefix`.
        names: which names the file uses.
        prefix: put before each name in the report.
    """
    expected = {getattr(key, names): key.shape for key in keys}
    right = {name: info for name, info in found.items() if expected.get(name) == info.shape}
    wrong = [
        Misshapen(prefix + name, info.shape, expected[name])
        for name, info in found.items()
        if name in expected and name not in right
    ]
    return KeyReport(
        part=part,
        path=path,
        expected=len(expected),
        parameters=sum(info.numel for info in right.values()),
        dtypes=tuple(sorted({info.dtype for info in found.values()})),
        missing=tuple(prefix + name for name in expected if name not in found),
        unexpected=tuple(prefix + name for name in found if name not in expected and name not in _TWINS),
        misshapen=tuple(wrong),
    )
