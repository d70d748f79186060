"""The errors a user can meet: what went wrong, where, and what to do about it.

Every error that reaches a person derives from :class:`RveError`. The command line prints its text without a
traceback and leaves with its `exit_code`:

==== =======================================================
code meaning
==== =======================================================
0    done
1    a regression, or samples that failed
2    usage: an option, a name or a path that cannot be used
3    coverage or budget: outputs missing, headline withheld
4    data that is corrupt, or that cannot be written
130  interrupted; what was finished is recorded
==== =======================================================
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "EXIT_CORRUPT",
    "EXIT_COVERAGE",
    "EXIT_FAILED",
    "EXIT_INTERRUPTED",
    "EXIT_OK",
    "EXIT_USAGE",
    "CoverageError",
    "DataError",
    "EditorError",
    "InterruptError",
    "LockedError",
    "RveError",
    "StorageError",
    "UnknownNameError",
    "UsageError",
    "VideoError",
]

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_COVERAGE = 3
EXIT_CORRUPT = 4
EXIT_INTERRUPTED = 130


class RveError(Exception):
    """Root of every error that is meant for a person.

    Args:
        what: what went wrong, one clause without a final full stop.
        where: the file, `file:line`, or sample id it went wrong in.
        hint: what to do about it, one clause without a final full stop.
    """

    exit_code: ClassVar[int] = EXIT_FAILED

    def __init__(self, what: str, *, where: object | None = None, hint: str | None = None) -> None:
        self.what = what
        self.where = None if where is None else str(where)
        self.hint = hint
        text = what if self.where is None else f"{self.where}: {what}"
        super().__init__(text if hint is None else f"{text}; {hint}")

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process borders: keep the three parts when pickled."""
        return (_rebuild, (type(self), self.what, self.where, self.hint))


def _rebuild(kind: type[RveError], what: str, where: str | None, hint: str | None) -> RveError:
    return kind(what, where=where, hint=hint)


class UsageError(RveError):
    """An option, a name or a path the user gave cannot be used."""

    exit_code = EXIT_USAGE


class UnknownNameError(UsageError):
    """A name that no registry knows; the hint lists the nearest ones."""


class LockedError(UsageError):
    """Another process works on this run directory."""


class CoverageError(RveError):
    """Outputs or verdicts are missing, so that a number cannot be given."""

    exit_code = EXIT_COVERAGE


class DataError(RveError):
    """A file whose content is not what it must be."""

    exit_code = EXIT_CORRUPT


class VideoError(DataError):
    """A video that cannot be decoded, or not to the end its container promises."""


class StorageError(RveError):
    """A file that cannot be written: the disk is full, or permissions are missing."""

    exit_code = EXIT_CORRUPT


class EditorError(RveError):
    """An editor that cannot be built, started or understood."""

    exit_code = EXIT_USAGE


class InterruptError(RveError):
    """The user asked to stop; everything finished before is recorded."""

    exit_code = EXIT_INTERRUPTED
