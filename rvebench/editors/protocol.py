"""What an editing model must offer: a description of itself, and edits in a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

from rvebench.records import EditorInfo, EditRequest, EditResult

__all__ = ["Editor"]


@runtime_checkable
class Editor(Protocol):
    """An editing model.

    An editor is built once in each worker process and may load its model on the first request. It pulls requests as
    it can take them (one, or a batch) and yields one result for each, in any order. A request it cannot serve is a
    result with status failed, refused or timeout and a reason; an exception fails every request pulled and not
    yielded, and the worker is started anew.
    """

    @property
    def info(self) -> EditorInfo:
        """The editor's description; reading it loads no model."""
        ...

    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        """Yields one result for each request."""
        ...
