from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rvebench.report import render_html
from rvebench.runs.view import RunView
from rvebench.taxonomy import Criterion, Status
from tests.report.views import judged_by, mixed_view, outcome, panel_view, sheet, view_of

pytestmark = pytest.mark.browser
Open = Callable[..., Any]

PIXELS = """([card, view]) => {
  const canvas = document.querySelector(`#sample-${card} [data-view=${view}] canvas`);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let hash = 2166136261;
  for (const value of data) hash = Math.imul(hash ^ value, 16777619) >>> 0;
  return hash;
}"""

# Both are read in one call, so that no frame can pass between them.
DISC = """([card, view]) => {
  // Where the bright or orange disc of the test sheet stands: the mean x of red pixels, in parts of the width.
  const canvas = document.querySelector(`#sample-${card} [data-view=${view}] canvas`);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0, count = 0;
  for (let place = 0; place < data.length; place += 4) {
    if (data[place] > 225) { sum += (place / 4) % canvas.width; count += 1; }
  }
  return count === 0 ? null : sum / count / canvas.width;
}"""


def write(folder: Path, view: RunView) -> Path:
    file = folder / "report.html"
    file.write_text(render_html(view), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mixed")
    return write(folder, mixed_view(folder, 12))


def ready(page: Any, index: int) -> Any:
    """Brings a card into view and waits for its frames."""
    page.evaluate(f"() => document.getElementById('sample-{index}').scrollIntoView({{ behavior: 'instant' }})")
    page.wait_for_selector(f"#sample-{index} .player[data-state=ready]")
    return page.locator(f"#sample-{index}")


def shown_ids(page: Any) -> list[str]:
    found: list[str] = page.locator(".card-id").all_inner_texts()
    return found


def settle(page: Any) -> None:
    """Waits until the page has drawn what was asked of it."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_the_page_opens_from_a_file_with_its_headline_and_cards(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed)
    assert page.title() == "lucy-edit on smoke: RVE-Bench report"
    assert float(page.inner_text("#headline-value")) > 0
    assert len(shown_ids(page)) == 12
    assert page.inner_text("#shown") == "12 of 12 samples"
    assert page.locator("#failures tbody tr").count() == 4


def test_stepping_draws_another_frame_in_every_view_and_back_again(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed)
    card = ready(page, 0)
    views = ("source", "edit", "target")
    first = [page.evaluate(PIXELS, [0, view]) for view in views]
    assert len(set(first)) == 3
    card.locator(".on").click()
    second = [page.evaluate(PIXELS, [0, view]) for view in views]
    assert all(a != b for a, b in zip(first, second, strict=True))
    assert card.locator("output").inner_text() == "2 / 8"
    card.locator(".back").click()
    assert [page.evaluate(PIXELS, [0, view]) for view in views] == first
    card.locator(".back").click()
    assert card.locator("output").inner_text() == "8 / 8"


def test_source_and_edit_stand_at_the_same_moment_at_every_place_of_the_slider(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed)
    card = ready(page, 0)
    before = -1.0
    for frame in range(1, 9):
        card.locator("input[type=range]").fill(str(frame))
        source, edit = (page.evaluate(DISC, [0, view]) for view in ("source", "edit"))
        assert source == pytest.approx(0.15 + 0.7 * (frame - 1) / 7, abs=0.04)
        assert edit == pytest.approx(source, abs=0.04)
        assert source > before
        before = source


def test_playing_moves_on_in_step_and_pausing_stops_it(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed)
    card = ready(page, 0)
    page.select_option("#speed", "16")
    page.evaluate(
        """() => {
          window.seen = new Set();
          const player = document.querySelector("#sample-0 .player");
          new MutationObserver(() => window.seen.add(player.dataset.frame)).observe(player, { attributes: true });
        }"""
    )
    card.locator(".play").click()
    assert card.locator(".play").inner_text() == "Pause"
    page.wait_for_function("() => window.seen.size === 8")
    source, edit = page.evaluate(f"() => ['source', 'edit'].map((view) => ({DISC})([0, view]))")
    assert edit == pytest.approx(source, abs=0.04)
    card.locator(".play").click()
    still = card.locator("output").inner_text()
    page.wait_for_timeout(200)
    assert card.locator("output").inner_text() == still


def test_play_all_keeps_samples_of_one_length_at_one_frame(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed, viewport={"width": 1280, "height": 2400})
    ready(page, 1)
    ready(page, 0).locator(".on").click()
    page.locator("#play-all").click()
    page.wait_for_function("() => document.querySelector('#sample-1 .player').dataset.frame > 2")
    frames = page.evaluate("() => [0, 1].map((i) => document.querySelector(`#sample-${i} .player`).dataset.frame)")
    assert frames[0] == frames[1]
    page.locator("#play-all").click()
    assert page.locator(".play", has_text="Pause").count() == 0


def test_the_difference_view_is_black_where_nothing_changed_and_bright_where_it_did(
    open_page: Open, tmp_path: Path
) -> None:
    path = tmp_path / "a.2x2.webp"
    path.write_bytes(_half_changed())
    page = open_page(write(tmp_path, view_of([outcome(0, preview=path)])))
    card = ready(page, 0)
    assert card.locator("[data-view=difference]").is_hidden()
    page.locator("#difference").check()
    assert card.locator("[data-view=difference]").is_visible()
    left, right = page.evaluate(
        """() => {
          const canvas = document.querySelector("[data-view=difference] canvas");
          const at = (x) => [...canvas.getContext("2d").getImageData(x, canvas.height >> 1, 1, 1).data];
          return [at(canvas.width >> 2), at((canvas.width * 3) >> 2)];
        }"""
    )
    assert max(left[:3]) < 30
    assert min(right[:3]) > 180
    page.locator("#difference").uncheck()
    assert card.locator("[data-view=difference]").is_hidden()


def _half_changed() -> bytes:
    import io

    from PIL import Image

    image = Image.new("RGB", (128, 64), (20, 20, 20))
    for column in range(2):
        image.paste((230, 230, 230), (column * 64 + 32, 32, column * 64 + 64, 64))
    out = io.BytesIO()
    image.save(out, format="WEBP", lossless=True)
    return out.getvalue()


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (lambda page: page.select_option("#subset", "icvg"), {4, 9}),
        (lambda page: page.select_option("#type", "temporal"), {0, 5, 10}),
        (lambda page: page.select_option("#status", "refused"), {5}),
        (lambda page: page.fill("#search", "SAMPLE-0007"), {7}),
        (lambda page: page.fill("#search", "worried friend"), {4, 9}),
        (lambda page: page.fill("#search", "people in distress"), {5}),
        (lambda page: page.fill("#high", "0"), {3, 5, 8, 10}),
        (lambda page: page.fill("#search", "nothing has this text"), set()),
    ],
)
def test_each_filter_keeps_what_it_names(
    open_page: Open, mixed: Path, act: Callable[[Any], None], expected: set[int]
) -> None:
    page = open_page(mixed)
    act(page)
    settle(page)
    assert set(shown_ids(page)) == {f"sample-{index:04d}" for index in expected}
    page.locator("#filters button[type=reset]").click()
    settle(page)
    assert len(shown_ids(page)) == 12


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("panel"), panel_view())


def test_the_filter_of_judges_keeps_where_they_disagree_or_one_is_silent(open_page: Open, panel: Path) -> None:
    page = open_page(panel)
    for choice, ids in {"disagree": ["sample-0001"], "silent": ["sample-0002"]}.items():
        page.select_option("#judging", choice)
        settle(page)
        assert shown_ids(page) == ids
    page.locator("#filters button[type=reset]").click()
    settle(page)
    assert len(shown_ids(page)) == 5
    assert page.input_value("#judging") == ""


def test_the_filter_of_judges_is_worked_by_keys(open_page: Open, panel: Path) -> None:
    page = open_page(panel)
    page.locator("#status").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.id") == "judging"
    page.keyboard.press("ArrowDown")
    settle(page)
    assert shown_ids(page) == ["sample-0001"]


def test_a_card_shows_each_judges_scores_with_reasons_and_who_did_not_answer(open_page: Open, panel: Path) -> None:
    page = open_page(panel)
    card = page.locator("#sample-1")
    assert card.locator(".parts").get_attribute("open") is not None
    assert card.locator(".part h4").all_inner_texts()[:2] == ["gpt-4o", "gpt-4o (repeat 1)"]
    assert card.locator(".said").first.locator("> *").all_inner_texts() == ["EA", "2.00", "gpt-4o on EA: given 2 at 0"]
    silent = page.locator("#sample-2")
    assert silent.locator(".parts").get_attribute("open") is None
    silent.locator(".parts summary").focus()
    page.keyboard.press("Enter")
    assert silent.locator(".part .trouble").inner_text() == "Did not answer: gpt-4o timed out"
    assert "3 of 4 answered" in silent.locator(".parts summary").inner_text()
    assert page.locator("#sample-4 .parts").count() == 0, "no judge saw the failed edit"


def test_words_of_any_judge_are_found(open_page: Open, panel: Path) -> None:
    page = open_page(panel)
    page.fill("#search", "qwen2.5 6.5")
    settle(page)
    assert shown_ids(page) == ["sample-0004"]


def test_hostile_words_of_a_judge_do_nothing(open_page: Open, tmp_path: Path) -> None:
    attack = "</script><img src=x onerror=\"document.title='owned'\">"
    page = open_page(write(tmp_path, view_of([judged_by(0, {attack: [1.0, None], "b": [9.0, 9.0]})])))
    assert page.locator("#sample-0 .part h4").first.inner_text() == attack
    assert page.locator("#judges .judge-name").first.inner_text() == attack
    assert page.locator("img").count() == 0
    assert "owned" not in page.title()


def test_sorting_puts_low_scores_high_scores_and_disagreement_first(open_page: Open, tmp_path: Path) -> None:
    even, split = dict.fromkeys(Criterion, 9.0), {**dict.fromkeys(Criterion, 8.0), Criterion.EA: 1.0}
    outcomes = [
        outcome(0, sample_id="m", scores=dict.fromkeys(Criterion, 6.0)),
        outcome(1, sample_id="z", scores=even),
        outcome(2, sample_id="a", scores=split),
        outcome(3, sample_id="f", status=Status.FAILED),
        outcome(5, sample_id="u", status=Status.UNJUDGED),
    ]
    page = open_page(write(tmp_path, view_of(outcomes)))
    for order, ids in {
        "low": "famzu",
        "high": "zmafu",
        "disagreement": "amzfu",
        "id": "afmuz",
        "split": "mzafu",
    }.items():
        page.select_option("#sort", order)
        settle(page)
        assert "".join(shown_ids(page)) == ids, order


def test_keys_move_play_step_search_and_show_differences(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed)
    current = "() => document.querySelector('[aria-current]')?.id ?? null"
    page.keyboard.press("j")
    assert page.evaluate(current) == "sample-0"
    assert page.evaluate("() => document.activeElement.id") == "sample-0"
    page.keyboard.press("j")
    assert page.evaluate(current) == "sample-1"
    page.keyboard.press("k")
    assert page.evaluate(current) == "sample-0"
    card = ready(page, 0)
    page.keyboard.press("ArrowRight")
    assert card.locator("output").inner_text() == "2 / 8"
    page.keyboard.press("ArrowLeft")
    assert card.locator("output").inner_text() == "1 / 8"
    page.keyboard.press(" ")
    assert card.locator(".play").inner_text() == "Pause"
    page.keyboard.press(" ")
    assert card.locator(".play").inner_text() == "Play"
    page.keyboard.press("d")
    assert card.locator("[data-view=difference]").is_visible()
    page.keyboard.press("a")
    assert page.inner_text("#play-all") == "Pause all"
    page.keyboard.press("a")
    page.keyboard.press("/")
    page.keyboard.type("j k 0007")
    assert page.input_value("#search") == "j k 0007"


def test_keys_leave_sliders_and_buttons_their_own_meaning(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed)
    card = ready(page, 0)
    card.locator("input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    assert card.locator("output").inner_text() == "2 / 8"
    card.locator(".on").focus()
    page.keyboard.press(" ")
    assert card.locator("output").inner_text() == "3 / 8"
    assert card.locator(".play").inner_text() == "Play"


def test_a_failure_links_to_its_card_even_when_it_is_filtered_out(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed)
    page.select_option("#status", "ok")
    settle(page)
    page.locator("#failures a", has_text="sample-0005").click()
    page.wait_for_selector("#sample-5[aria-current]")
    settle(page)
    assert page.locator("#sample-5").is_visible()
    assert page.input_value("#status") == ""
    assert page.evaluate("() => document.activeElement.id") == "sample-5"


def test_hostile_texts_do_nothing_in_a_browser(open_page: Open, tmp_path: Path) -> None:
    attack = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    path = tmp_path / "a.2x4.webp"
    path.write_bytes(sheet(rows=2, columns=4))
    view = view_of(
        [
            outcome(0, sample_id=attack, instruction=attack, preview=path),
            outcome(1, status=Status.FAILED, reason=attack, sample_id="\u202egpj.exe"),
        ],
        notes=(attack,),
        judge_label=attack,
    )
    page = open_page(write(tmp_path, view))
    ready(page, 0)
    assert page.inner_text("#sample-0 .instruction") == attack
    assert page.inner_text(".notes li") == attack
    assert "owned" not in page.title()
    assert page.locator("img").count() == 0


def test_the_policy_lets_no_foreign_script_run(browser: Any, mixed: Path, tmp_path: Path) -> None:
    foreign = (
        "<b id=probe></b><script>probe.textContent = 'ran'</script><i onclick='probe.textContent = 1'>x</i></body>"
    )
    copy = tmp_path / "tampered.html"
    copy.write_text(mixed.read_text(encoding="utf-8").replace("</body>", foreign), encoding="utf-8")
    context = browser.new_context()
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(copy.as_uri())
    page.locator("i", has_text="x").click()
    assert page.inner_text("#probe") == ""
    assert len([text for text in refused if "Content Security Policy" in text]) == 2
    context.close()


def test_a_damaged_preview_is_a_sentence_in_its_card(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "a.2x4.webp"
    path.write_bytes(sheet(rows=2, columns=4))
    file = write(tmp_path, view_of([outcome(0, preview=path), outcome(1, preview=path)]))
    text = file.read_text(encoding="utf-8")
    start = text.index('id="media-0">') + len('id="media-0">')
    file.write_text(f"{text[:start]}AAAA{text[start + 4 :]}", encoding="utf-8")
    page = open_page(file)
    page.evaluate("() => document.getElementById('sample-0').scrollIntoView({ behavior: 'instant' })")
    page.wait_for_selector("#sample-0 .player[data-state=broken]")
    assert "damaged" in page.inner_text("#sample-0 .player")
    ready(page, 1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("kind", ["mixed", "panel"])
def test_text_is_readable_and_nothing_runs_off_the_side(
    open_page: Open, request: pytest.FixtureRequest, kind: str, scheme: str, width: int
) -> None:
    file: Path = request.getfixturevalue(kind)
    page = open_page(file, color_scheme=scheme, viewport={"width": width, "height": 900})
    if kind == "mixed":
        ready(page, 0)
    else:
        page.evaluate("() => document.querySelectorAll('.card details').forEach((one) => { one.open = true; })")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    contrasts = page.evaluate(CONTRAST)
    assert len(contrasts) > 100
    too_weak = sorted({(name, round(ratio, 2)) for name, ratio in contrasts if ratio < 4.5})
    assert too_weak == []
    paper = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, paper[4:-1].split(", "))) < 300) == (scheme == "dark")


CONTRAST = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (colour.startsWith("rgb(")) return parse(colour);
    }
    return parse(getComputedStyle(document.body).backgroundColor);
  };
  return [...document.querySelectorAll("body *")]
    .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ""))
    .filter((element) => element.getClientRects().length > 0 && !element.matches("script, style, option, :disabled"))
    .map((element) => {
      const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))];
      return [`${element.tagName}.${element.className}`, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    });
}"""


def test_every_control_has_a_name_and_every_section_a_heading(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed)
    ready(page, 0)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, canvas")]
          .filter((one) => !(one.ariaLabel || one.textContent.trim() || one.labels?.length))
          .map((one) => one.outerHTML)"""
    )
    assert nameless == []
    for landmark in ("main", "nav[aria-label]", "header", "footer", "form[role=search]"):
        assert page.locator(landmark).count() >= 1
    assert page.evaluate("() => [...document.querySelectorAll('main > section')].every((s) => s.querySelector('h2'))")


def test_printing_hides_the_controls_and_keeps_the_cards(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed)
    ready(page, 0)
    page.emulate_media(media="print")
    assert page.locator("#filters").is_hidden()
    assert page.locator("#sample-0 .controls").is_hidden()
    assert page.locator("#sample-0 .instruction").is_visible()
    assert page.locator("#sample-0 canvas").first.is_visible()


def test_with_less_motion_wanted_nothing_scrolls_smoothly(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed, reduced_motion="reduce")
    assert page.evaluate("() => getComputedStyle(document.documentElement).scrollBehavior") == "auto"


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A thousand samples with previews of the size a run of that many keeps: eight columns of 160 pixels."""
    folder = tmp_path_factory.mktemp("thousand")
    sheets = []
    for seed in range(10):
        path = folder / f"shared-{seed}.2x8.webp"
        path.write_bytes(sheet(rows=2, columns=8, width=160, height=90, seed=seed))
        sheets.append(path)
    outcomes = [
        outcome(i, status=Status.FAILED, reason="the editor wrote no video")
        if i % 25 == 24
        else outcome(i, preview=sheets[i % 10])
        for i in range(1000)
    ]
    return write(folder, view_of(outcomes, resamples=50))


def test_a_thousand_samples_are_there_at_once(open_page: Open, thousand: Path) -> None:
    assert thousand.stat().st_size < 20_000_000
    page = open_page(thousand)
    paint = page.evaluate(
        """() => new Promise((done) => {
          new PerformanceObserver((list) => {
            const entry = list.getEntriesByName("first-contentful-paint")[0];
            if (entry) done(entry.startTime);
          }).observe({ type: "paint", buffered: true });
        })"""
    )
    assert paint < 1000
    assert page.inner_text("#shown") == "1000 of 1000 samples"
    assert page.locator(".card").count() == 50
    assert page.evaluate("() => document.querySelectorAll('*').length") < 12_000
    assert page.evaluate("() => document.querySelectorAll('.player[data-state=ready]').length") < 10
    start = time.perf_counter()
    page.fill("#search", "sample-0987")
    page.wait_for_function("() => document.querySelectorAll('.card').length === 1")
    ready(page, 987)
    assert time.perf_counter() - start < 1.5


def test_pages_turn_by_button_by_key_and_by_address(open_page: Open, thousand: Path) -> None:
    page = open_page(thousand, fragment="#sample-974")
    page.wait_for_selector("#sample-974[aria-current]")
    assert page.inner_text("#page-name") == "Page 20 of 20"
    assert page.locator("#page-on").is_disabled()
    page.locator("#page-back").click()
    assert page.inner_text("#page-name") == "Page 19 of 20"
    page.locator("#sample-949").click()
    page.keyboard.press("j")
    assert page.evaluate("() => document.querySelector('[aria-current]').id") == "sample-950"
    assert page.inner_text("#page-name") == "Page 20 of 20"


def test_sheets_far_from_the_viewport_are_given_back(open_page: Open, thousand: Path) -> None:
    page = open_page(thousand)
    for index in (0, 10, 20, 30, 40):
        ready(page, index)
    assert page.evaluate("() => document.querySelectorAll('.player[data-state=ready]').length") < 8
