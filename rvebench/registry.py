"""Names to objects, without importing anything until an object is asked for.

A registry holds `"module:attribute"` targets. Third parties add theirs through entry points of the registry's group
(`rvebench.editors`, `rvebench.judges`, `rvebench.metrics`, `rvebench.splits`); an unknown name is an error that lists
the nearest ones, a name claimed twice is an error that lists both claims.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import entry_points
from typing import Generic, TypeVar, cast

from rvebench.errors import UnknownNameError, UsageError

__all__ = ["Registration", "Registry", "load_target", "nearest_names"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One name in a registry."""

    name: str
    target: str
    """`"package.module:attribute"`."""
    summary: str = ""
    """One line for listings."""
    origin: str = "rvebench"
    """The distribution that provides it."""


def load_target(target: str, *, kind: str = "target") -> object:
    """Returns the object that `"module:attribute"` names.

    Raises:
        UsageError: the text is not of that form, the module does not import, or the attribute is not there.
    """
    module_name, _, attribute = target.partition(":")
    if not module_name or not attribute:
        raise UsageError(f"{kind} {target!r} is not of the form package.module:Name")
    try:
        found: object = importlib.import_module(module_name)
    except ImportError as error:
        raise UsageError(
            f"{kind} {target!r} cannot be imported: {error}",
            hint="install the package that provides it, or put its folder on PYTHONPATH",
        ) from error
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise UsageError(f"{kind} {target!r}: {module_name} has no {attribute!r}") from None
    return found


def nearest_names(name: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """Returns the names closest to `name`, best first."""
    return difflib.get_close_matches(name.lower(), sorted(known), n=most, cutoff=0.4)


class Registry(Generic[T]):
    """Lazy targets by name, plus those that installed packages announce.

    Args:
        kind: the word for one entry ("editor"), used in errors.
        builtin: the registrations that ship with this package.
        group: the entry-point group to read; nothing is read until a name is asked for.
    """

    def __init__(self, kind: str, builtin: Iterable[Registration], *, group: str) -> None:
        self.kind = kind
        self.group = group
        self._builtin = tuple(builtin)

    @cached_property
    def _entries(self) -> Mapping[str, Registration]:
        found: dict[str, Registration] = {}
        plugins = (
            Registration(
                name=point.name,
                target=point.value,
                summary=f"from {point.dist.name}" if point.dist else "from an entry point",
                origin=point.dist.name if point.dist else "entry point",
            )
            for point in sorted(entry_points(group=self.group), key=lambda p: (p.name, p.value))
        )
        for entry in (*self._builtin, *plugins):
            other = found.get(entry.name)
            if other is not None and other.target != entry.target:
                raise UsageError(
                    f"two {self.kind}s are called {entry.name!r}: {other.target} ({other.origin}) and "
                    f"{entry.target} ({entry.origin})",
                    hint="uninstall one of the two packages",
                )
            found.setdefault(entry.name, entry)
        return found

    def __iter__(self) -> Iterator[Registration]:
        """Yields the registrations by name."""
        return iter(sorted(self._entries.values(), key=lambda entry: entry.name))

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def names(self) -> list[str]:
        """Returns every known name, sorted."""
        return sorted(self._entries)

    def entry(self, name: str) -> Registration:
        """Returns the registration called `name`.

        Raises:
            UnknownNameError: nothing has that name; the hint lists the nearest ones.
        """
        try:
            return self._entries[name]
        except KeyError:
            near = nearest_names(name, self._entries)
            offer = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(self.names()) or 'none'}"
            raise UnknownNameError(f"unknown {self.kind} {name!r}", hint=offer) from None

    def load(self, name: str) -> T:
        """Returns the object behind `name`, importing its module now."""
        return cast(T, load_target(self.entry(name).target, kind=self.kind))
