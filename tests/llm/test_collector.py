from __future__ import annotations

import gc
import weakref

import pytest

from rvebench.llm import calm_collector


class Node:
    """Something that can be part of a cycle."""

    other: Node


def cycle() -> weakref.ref[Node]:
    a, b = Node(), Node()
    a.other, b.other = b, a
    return weakref.ref(a)


def test_what_is_loaded_is_left_out_and_cycles_made_since_are_still_found() -> None:
    before = gc.get_threshold()
    with calm_collector():
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold() > before
        seen = cycle()
        gc.collect()
        assert seen() is None


def test_everything_is_as_before_also_after_an_error() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="stop"), calm_collector():
        raise ValueError("stop")
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
