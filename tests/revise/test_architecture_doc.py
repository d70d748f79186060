"""The architecture page says what the code does: its tables and its figure are read off tensors on the meta device."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

DOCS = Path(__file__).resolve().parents[2] / "docs" / "revise"
RELEASED = {
    "latents": (1, 16, 5, 44, 80),
    "source": (1, 5, 11, 20, 4096),
    "tower": (1, 729, 1152),
    "visual": (1, 196, 4096),
    "states": (1, 267, 4096),
    "vision": (1, 4, 1152),
    "told": (1, 1024, 4096),
    "context": (1, 2560, 4096),
    "patches": (2, 4400, 1536),
    "guided": (1, 16, 5, 44, 80),
    "edit": (17, 352, 640, 3),
}
"""What is known of the released model at its published setting, written down by hand."""


@pytest.fixture(scope="module")
def make() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "make_figure.py"))


@pytest.fixture(scope="module")
def full(make: dict[str, Any]) -> Any:
    return make["traced"](make["PUBLISHED"])


@pytest.fixture(scope="module")
def tiny(make: dict[str, Any]) -> Any:
    return make["traced"](make["TINY"])


def test_the_traced_shapes_are_those_of_the_released_model(full: Any) -> None:
    shapes = {row.key: row.shape for row in full.rows}
    assert {key: shapes[key] for key in RELEASED} == RELEASED


def test_the_tables_are_what_the_code_gives(make: dict[str, Any], full: Any, tiny: Any) -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    assert make["page"](text, full, tiny) == text, "run `python docs/revise/make_figure.py`"


def test_the_figure_is_what_the_script_draws(make: dict[str, Any], full: Any) -> None:
    kept = (DOCS / "architecture.svg").read_text(encoding="utf-8")
    assert kept == make["draw"](full, make["preset"]("wan1.3b")), "run `python docs/revise/make_figure.py`"


def test_the_figure_shows_every_tensor(full: Any) -> None:
    figure = (DOCS / "architecture.svg").read_text(encoding="utf-8")
    assert [row.key for row in full.rows if row.text not in figure] == []


def test_every_link_of_the_page_leads_somewhere() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    targets = {target.split("#")[0] for target in re.findall(r"\]\(([^)]+)\)", text)}
    assert {"model.md", "vlm.md", "sampling.md", "checkpoints.md", "architecture.svg"} <= targets
    assert [target for target in sorted(targets) if not (DOCS / target).exists()] == []
