from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rvebench.assets import asset_dir
from rvebench.leaderboard.site import build_site
from tests.browser.test_report_page import CONTRAST, settle
from tests.leaderboard.site.boards import SYSTEMS, make_samples, write_leaderboard, write_media, write_track

pytestmark = pytest.mark.browser
Open = Callable[..., Any]

NAMES = "() => [...document.querySelectorAll('.ranking tbody tr:not([hidden]) th a')].map((a) => a.textContent)"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_leaderboard(tmp_path_factory.mktemp("leaderboards"), samples=52)
    write_track(root, "icvg-test", make_samples(4), title="ICVG, by GPT-4o")
    write_media(root, "rave-test", SYSTEMS[0].id, ["sample-0000", "sample-0001"], width=64)
    shutil.copytree(asset_dir("leaderboards") / "reported", root / "reported")
    out = tmp_path_factory.mktemp("out") / "site"
    build_site(root, out)
    return out


@pytest.fixture
def page(open_page: Open, site: Path) -> Any:
    return open_page(site / "index.html")


def submission(site: Path, place: int = 0) -> Path:
    return site / "submissions" / "rave-test" / f"{SYSTEMS[place].id}.html"


def names(page: Any) -> list[str]:
    found: list[str] = page.evaluate(NAMES)
    return found


def test_it_opens_from_a_file_with_rows_best_first(page: Any) -> None:
    assert page.title() == "RVE-Bench leaderboard"
    assert names(page)[:2] == ["Meadow", "Quill"]
    assert names(page)[-2:] == ["target", "copy"]
    assert page.inner_text(".shown") == "9 of 9 rows"
    assert page.locator("#track-icvg-test .none-yet").count() == 1


def test_heads_sort_by_number_and_by_name_both_ways_with_missing_values_last(page: Any) -> None:
    head = page.locator(".ranking thead button")
    head.filter(has_text="Model").click()
    assert names(page) == sorted(names(page), key=str.lower)
    head.filter(has_text="Model").click()
    assert names(page) == sorted(names(page), key=str.lower, reverse=True)
    head.filter(has_text="s an edit").click()
    assert names(page)[0] == "Pebble" and set(names(page)[-2:]) == {"copy", "target"}
    head.filter(has_text="s an edit").click()
    assert names(page)[0] == "Quill" and set(names(page)[-2:]) == {"copy", "target"}
    head.filter(has_text="Score").click()
    assert names(page)[0] == "target" and names(page)[-1] == "copy"
    states = page.evaluate(
        "() => [...document.querySelectorAll('[aria-sort]')].map((th) => [th.innerText, th.ariaSort])"
    )
    assert states == [["Score", "descending"]]


def test_filters_keep_what_they_name_and_clear_again(page: Any) -> None:
    page.fill(".filters [name=words]", "lab harbour")
    assert names(page) == ["Harbour-2"]
    page.fill(".filters [name=words]", "")
    page.select_option(".filters [name=tier]", "reproduced")
    assert names(page) == ["Meadow"]
    page.select_option(".filters [name=tier]", "")
    page.select_option(".filters [name=weights]", "closed")
    assert names(page) == ["Quill"]
    page.select_option(".filters [name=weights]", "")
    page.uncheck(".filters [name=controls]")
    assert not {"copy", "target"} & set(names(page)) and page.inner_text(".shown") == "7 of 9 rows"
    page.fill(".filters [name=words]", "nobody is called this")
    assert names(page) == [] and page.locator(".none").is_visible()
    page.locator(".none button").click()
    page.wait_for_function("() => document.querySelector('.shown').textContent === '9 of 9 rows'")
    assert page.locator(".ranking").is_visible()


def test_everything_is_worked_by_keys(page: Any) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.locator(".ranking thead button").first.focus()
    page.keyboard.press("Enter")
    assert names(page)[:1] == ["Fern"], "the second press of the first order turns it round"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert names(page) == sorted(names(page), key=str.lower)
    for _ in range(6):
        page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.closest('tr') !== null")
    assert page.locator("tr.meant").count() == 1
    page.locator(".source summary").nth(1).focus()
    page.keyboard.press("Enter")
    assert page.locator(".source details").nth(1).get_attribute("open") is not None


def test_rows_that_share_a_letter_are_marked_with_the_one_that_is_meant(page: Any) -> None:
    told = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('.ranking tbody tr')]
             .map((tr) => [tr.querySelector('th a').textContent, tr.dataset.groups.split(' ').filter(Boolean)]))"""
    )
    for name in ("Drift", "Meadow", "copy"):
        page.locator(".ranking tbody tr", has_text=name).first.hover()
        marked = page.evaluate("() => [...document.querySelectorAll('tr.like th a')].map((a) => a.textContent)")
        like = {other for other, letters in told.items() if other != name and set(letters) & set(told[name])}
        assert set(marked) == like
    assert any(set(told["Drift"]) & set(told[other]) for other in told if other != "Drift"), "the test needs a pair"


def test_a_row_leads_to_its_page_and_back(page: Any, open_page: Open, site: Path) -> None:
    hrefs = page.evaluate("() => [...document.querySelectorAll('.ranking th a')].map((a) => a.href)")
    assert len(hrefs) == 9 and all(Path(href.removeprefix("file://")).is_file() for href in hrefs)
    one = open_page(submission(site))
    assert one.title().startswith("Meadow")
    back = one.evaluate("() => document.querySelector('.eyebrow a').href")
    assert back == (site / "index.html").as_uri() + "#track-rave-test"


def test_a_submissions_samples_are_filtered_sorted_and_turned_over(open_page: Open, site: Path) -> None:
    page = open_page(submission(site, 2))
    assert page.inner_text("#shown") == "52 of 52 samples"
    assert page.locator(".tile").count() == 48 and page.inner_text("#page-name") == "Page 1 of 2"
    page.locator("#page-on").click()
    assert page.locator(".tile").count() == 4
    page.select_option("#status", "refused")
    assert page.locator(".tile").count() == 2
    assert "the editor wrote no video" in page.locator(".tile").first.inner_text()
    page.locator("#filters button[type=reset]").click()
    page.wait_for_function("() => document.querySelectorAll('.tile').length === 48")
    page.select_option("#sort", "low")
    scores = [float(text) for text in page.locator(".tile-head b").all_inner_texts()]
    assert scores == sorted(scores)
    page.fill("#search", "sample-0007")
    assert page.locator(".tile .code").all_inner_texts() == ["sample-0007"]


def test_a_sheet_runs_through_its_frames_by_slider_and_by_pointer(open_page: Open, site: Path) -> None:
    page = open_page(submission(site))
    page.evaluate("() => document.getElementById('sample-0').scrollIntoView({ behavior: 'instant', block: 'center' })")
    page.wait_for_selector("#sample-0 .stage[data-state=ready]")
    pixels = "() => document.querySelectorAll('#sample-0 canvas')[1].toDataURL()"
    first = page.evaluate(pixels)
    slider = page.locator("#sample-0 .time")
    slider.focus()
    page.keyboard.press("End")
    last = page.evaluate(pixels)
    assert first != last and slider.input_value() == "8"
    box = page.locator("#sample-0 .stage").bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + box["height"] / 2)
    assert slider.input_value() == "1" and page.evaluate(pixels) not in (first, last)
    assert "No picture" in page.inner_text("#sample-2 .nothing")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("kind", ["index", "submission"])
def test_text_is_readable_and_nothing_runs_off_the_side(
    open_page: Open, site: Path, kind: str, scheme: str, width: int
) -> None:
    file = site / "index.html" if kind == "index" else submission(site)
    page = open_page(file, color_scheme=scheme, viewport={"width": width, "height": 800})
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    settle(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    # A chart's letters have a fill, and a caption lies on a picture: neither is what the measure looks at.
    passed_over = ("text.", "title.", "FIGCAPTION.")
    contrasts = [(name, ratio) for name, ratio in page.evaluate(CONTRAST) if not name.startswith(passed_over)]
    assert len(contrasts) > 100
    assert sorted({(name, round(ratio, 2)) for name, ratio in contrasts if ratio < 4.5}) == []
    paper = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, paper[4:-1].split(", "))) < 300) == (scheme == "dark")


def test_every_control_has_a_name_and_every_section_a_heading(open_page: Open, site: Path) -> None:
    for file in (site / "index.html", submission(site)):
        page = open_page(file)
        nameless = page.evaluate(
            """() => [...document.querySelectorAll("button, input, select, canvas, svg[role=img], [role=region]")]
              .filter((one) => !(one.ariaLabel || one.getAttribute("aria-label") || one.textContent.trim()
                || one.labels?.length))
              .map((one) => one.outerHTML)"""
        )
        assert nameless == []
        assert page.evaluate(
            "() => [...document.querySelectorAll('main > section')].every((s) => s.querySelector('h2'))"
        )


def test_without_a_script_the_tables_are_all_there(open_page: Open, site: Path) -> None:
    page = open_page(site / "index.html", java_script_enabled=False)
    assert page.locator(".ranking tbody tr").count() == 9
    assert page.locator(".map tbody tr").count() == 9


def test_no_foreign_script_runs(browser: Any, site: Path, tmp_path: Path) -> None:
    copy = tmp_path / "tampered.html"
    text = (site / "index.html").read_text(encoding="ascii")
    copy.write_text(text.replace("</main>", "<b id=probe></b><script>probe.textContent = 'ran'</script></main>"))
    context = browser.new_context()
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(copy.as_uri())
    assert page.inner_text("#probe") == ""
    assert any("Content Security Policy" in text for text in refused)
    context.close()
