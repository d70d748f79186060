"""The analysis page in a browser: drawn in both colour schemes, no wider than a phone, nothing in a name acts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rvebench.study.analysis import analyze_study, write_analysis
from tests.study.analysis.population import Population, answer_study, laid_out

pytestmark = pytest.mark.browser
Open = Callable[..., Any]
NAMES = ("ReViSE", "Lucy-Edit", "<img src=x onerror=alert(1)>", "VACE", "InsV2V-a-very-long-name-without-any-break")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = laid_out(raters=5, samples=11, methods=5, names=NAMES)
    answers = answer_study(study, Population(quality=(1.2, 0.4, 0.1, 0.0, -0.6)), seed=4)
    out = tmp_path_factory.mktemp("analysis")
    found = analyze_study(study, answers, resamples=100)
    return write_analysis(out, study, answers, found, focus="m1")[1]


def test_bars_stand_as_long_as_their_rates_in_light_and_dark(open_page: Open, file: Path) -> None:
    colours = set()
    for scheme in ("light", "dark"):
        page = open_page(file, color_scheme=scheme)
        assert page.inner_text("h2#rates-title") == "How often people preferred ReViSE"
        assert page.locator(".charts .panel").count() == 2 and page.locator(".charts .bar-row").count() == 8
        row = page.locator(".charts .bar-row").first
        rate = float(row.locator(".bar-value").inner_text().rstrip(" %"))
        whole, filled = (row.locator(f".{name}").bounding_box()["width"] for name in ("bar-track", "bar-fill"))
        assert filled / whole == pytest.approx(rate / 100, abs=0.01)
        colours.add(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))
        assert page.locator("img").count() == 0 and page.locator("text=<img src=x").count() > 0
    assert len(colours) == 2


def test_a_phone_shows_it_without_scrolling_sideways_and_the_keyboard_reaches_every_table(
    open_page: Open, file: Path
) -> None:
    page = open_page(file, viewport={"width": 360, "height": 740})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Skip to the win rates"
    assert page.locator(".scroll[tabindex='0']").count() == page.locator("table").count()
