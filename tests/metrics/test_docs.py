"""The cards say what the code does, and their pictures are what the script draws."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from rvebench.metrics import METRICS, NEEDS
from rvebench.weights import CATALOGUE

DOCS = Path(__file__).resolve().parents[2] / "docs" / "metrics"
_PICTURE = re.compile(r'href="data:image/jpeg;base64,[^"]+"')


@pytest.fixture(scope="module")
def make() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "make_figures.py"))


@pytest.mark.parametrize("name", METRICS.names())
def test_the_index_says_what_the_code_says(name: str) -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    (row,) = (line for line in index.splitlines() if line.startswith(f"| [{name}]({name}.md)"))
    weights, span, vbench, text = (cell.strip() for cell in row.strip("|").split("|")[3:])
    metric = METRICS.load(name)()
    files = [f"`{file}` ({CATALOGUE[file].licence})" for file in NEEDS.get(name, ())]
    assert weights.replace("**", "") == (", ".join(files) or "none")
    assert span == f"{metric.info.low:g} to {metric.info.high:g}"
    assert bool(vbench) == ("VBench 0.1.5" in metric.info.version)
    assert text.strip("`") == getattr(metric, "text", "")


@pytest.mark.parametrize("name", METRICS.names())
def test_a_card_has_its_picture_and_names_terms(name: str) -> None:
    card = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    assert f"](figures/{name}.svg)" in card
    for heading in ("## Formula", "## What differs from running VBench", "## What fools it"):
        assert heading in card
    for file in NEEDS.get(name, ()):
        assert CATALOGUE[file].licence in card


@pytest.mark.parametrize("name", METRICS.names())
def test_a_picture_is_what_the_script_draws(name: str, make: dict[str, Any]) -> None:
    kept = (DOCS / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    drawn = make["FIGURES"][name]().svg()
    assert len(kept) <= make["MOST_BYTES"]
    # Encoders of JPEG differ between versions of Pillow; how many pictures there are, and all else, may not.
    assert _PICTURE.sub("", kept) == _PICTURE.sub("", drawn), f"run `python docs/metrics/make_figures.py {name}`"


def test_every_figure_belongs_to_a_metric(make: dict[str, Any]) -> None:
    assert set(make["FIGURES"]) == set(METRICS.names())
    assert {path.stem for path in (DOCS / "figures").glob("*.svg")} == set(METRICS.names())
