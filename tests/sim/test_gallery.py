"""The gallery's table of families is what the families say, and its sheets are all there."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("skia")
pytest.importorskip("pymunk")

from rvebench.sim import FAMILIES
from rvebench.taxonomy import ReasoningType

GALLERY = Path(__file__).resolve().parents[2] / "docs" / "gallery"


@pytest.fixture(scope="module")
def make() -> dict[str, Any]:
    return runpy.run_path(str(GALLERY / "make.py"))


def test_the_table_is_up_to_date(make: dict[str, Any]) -> None:
    page = (GALLERY / "README.md").read_text(encoding="utf-8")
    assert make["with_table"](page) == page, "run `python docs/gallery/make.py --table`"
    assert all(f"| {name} |" in page for name in FAMILIES.names())


def test_every_type_has_its_two_sheets_and_they_are_light(make: dict[str, Any]) -> None:
    page = (GALLERY / "README.md").read_text(encoding="utf-8")
    for kind in ReasoningType:
        for name, most in ((kind.value, make["SHEET_BYTES"]), (f"objects-{kind.value}", make["OBJECTS_BYTES"])):
            assert 50_000 < (GALLERY / f"{name}.jpg").stat().st_size < most
            assert f"({name}.jpg)" in page


def test_a_row_of_another_camera_s_shot_has_its_counterfactual(make: dict[str, Any]) -> None:
    from rvebench.sim import load_family

    make["cells_of"].__globals__["CELL"] = (80, 64)
    assert set(make["cells_of"](load_family("snow-coat"), 1)) == {
        "source, early", "source, late", "counterfactual, late", "target, late", "mask, late",
    }  # fmt: skip
    assert "mask, late" not in make["cells_of"](load_family("table-above"), 1)
