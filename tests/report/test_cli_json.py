"""Keys of the objects that commands print, against the page that documents them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from rvebench.leaderboard.findings import Finding
from rvebench.runs.changes import Cause, Change
from tests.leaderboard.gate import test_outputs as gate_world
from tests.scoring import test_compare as compare_world

PAGE = (Path(__file__).parents[2] / "docs" / "cli-json.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    found = re.search(rf"^## {title}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"the page has no section {title}"
    return found[1]


def keys(value: object, *, named_by_user: tuple[str, ...] = ()) -> Iterator[str]:
    """Yields every key of an object; below some keys stand names of criteria or categories, whose objects count."""
    if isinstance(value, Mapping):
        for key, inside in value.items():
            yield key
            below: Any = list(inside.values()) if key in named_by_user else inside
            yield from keys(below, named_by_user=named_by_user)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from keys(item, named_by_user=named_by_user)


def a_comparison() -> object:
    rows = compare_world.many(12)
    return compare_world.quick(rows, compare_world.shifted(rows, 0.5)).as_json()


def a_gate() -> object:
    return gate_world.result(gate_world.PASS, gate_world.REGRESS, gate_world.ERROR).as_json()


def changes() -> object:
    whole = Change(cause=Cause.JUDGE, what="the judge", a="one", b="two")
    some = Change(cause=Cause.MEDIA, what="other videos", n=1, samples=("a",))
    return {"changes": [whole.as_json(), some.as_json()]}


def a_finding() -> object:
    return Finding(code="pin.judge", where="a/b", what="another judge").as_json()


@pytest.mark.parametrize(
    ("title", "made"),
    [
        ("A comparison", a_comparison),
        ("A gate", a_gate),
        ("A difference explained", changes),
        ("A validation", a_finding),
    ],
)
def test_every_key_stands_in_its_section_of_the_page(title: str, made: Any) -> None:
    text = section(title)
    found = set(keys(made(), named_by_user=("criteria", "by_category")))
    assert found and [key for key in sorted(found) if f"`{key}`" not in text] == []
