from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from rvebench.report import MEDIA_LIMIT_BYTES, PreviewLayout, render_html
from rvebench.runs.view import RunView
from rvebench.taxonomy import Criterion, Status
from tests.report.views import fixed_view, judged_by, mixed_view, outcome, panel_view, sheet, view_of

GOLDEN = Path(__file__).parent / "golden"
ATTACKS = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "<!--<script>",
    "{{ 7 * 7 }} {% raw %}",
    "'\"&amp;\u2028\u2029",
    "\u202egnirts desrever\u202c \u05e9\u05dc\u05d5\u05dd",
    "lone \ud800 surrogate",
)


class _Reader(HTMLParser):
    """Collects what a browser would make of a page: elements with attributes, the data, the texts outside scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.blocks: dict[str, str] = {}
        self._block: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag in {"script", "style"}:
            self._block = attributes.get("id") or tag
            self.blocks[self._block] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self._block = None

    def handle_data(self, data: str) -> None:
        if self._block is None:
            self.texts.append(data)
        else:
            self.blocks[self._block] += data

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))

    @property
    def samples(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(self.blocks["data"])["samples"]
        return found


def test_the_page_is_the_golden_page() -> None:
    page = render_html(fixed_view(GOLDEN / "tiny.2x2.webp"))
    golden = GOLDEN / "report.html"
    if os.environ.get("RVEBENCH_UPDATE_GOLDEN"):
        golden.write_text(page, encoding="utf-8")
    assert page == golden.read_text(encoding="utf-8"), "look at the page, then run with RVEBENCH_UPDATE_GOLDEN=1"


def test_the_same_run_gives_the_same_bytes_in_another_process_with_another_hash_seed(tmp_path: Path) -> None:
    mixed_view(tmp_path)
    code = (
        "import hashlib, pathlib, sys; from tests.report.views import mixed_view; from rvebench.report import *; "
        "view = mixed_view(pathlib.Path(sys.argv[1])); "
        "print(hashlib.sha256((render_html(view) + samples_csv(view)).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "4242")
    }
    assert len(digests) == 1


def test_no_folder_of_the_machine_is_in_the_page(tmp_path: Path) -> None:
    view = mixed_view(tmp_path)
    broken = outcome(20, status=Status.FAILED, reason=f"{tmp_path}/videos/out.mp4: the file is empty")
    page = render_html(
        view_of(
            [*view.outcomes, broken],
            model="command:/opt/private/bin/edit --in {source}",
            notes=("weights of /srv/private/models/x.safetensors, see https://example.org/a/b",),
            facts={"weights": "/srv/private/models/x.safetensors"},
        )
    )
    for folder in ("private", str(tmp_path), "/srv/", "/opt/", "/somewhere"):
        assert folder not in page
    reader = _Reader(page)
    assert "command:…/edit --in {source}" in reader.text
    assert "https://example.org/a/b" in reader.text
    assert reader.samples[-1]["reason"] == "…/out.mp4: the file is empty"


@pytest.mark.parametrize("attack", ATTACKS)
def test_texts_of_a_run_stay_texts(attack: str, tmp_path: Path) -> None:
    plain = render_html(view_of([outcome(0), outcome(1, status=Status.FAILED, reason="plain")]))
    hostile_outcome = outcome(0, sample_id=attack, instruction=attack)
    hostile = render_html(
        view_of(
            [hostile_outcome, outcome(1, status=Status.FAILED, reason=attack)],
            model=attack,
            split=attack,
            judge=attack,
            judge_label=attack,
            notes=(attack, attack),
            facts={attack: attack},
        )
    )
    reader = _Reader(hostile)
    assert reader.samples[0]["instruction"] == attack
    assert reader.samples[0]["id"] == attack
    count = {tag: sum(name == tag for name, _ in reader.elements) for tag in ("script", "img", "svg", "b", "style")}
    wanted = _Reader(plain)
    assert count == {tag: sum(name == tag for name, _ in wanted.elements) for tag in count}
    assert not [name for _, attributes in reader.elements for name in attributes if name.startswith("on")]
    assert reader.blocks["script"] == wanted.blocks["script"]
    hostile.encode("ascii")


def test_nothing_in_the_page_can_load_anything(tmp_path: Path) -> None:
    reader = _Reader(render_html(mixed_view(tmp_path)))
    for tag, attributes in reader.elements:
        assert tag not in {"iframe", "object", "embed", "base"}
        assert "style" not in attributes, "the policy would block it"
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))
    policy = next(a["content"] or "" for _, a in reader.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_headline_stands_with_its_interval_and_the_answered_only_figure_beside_it(tmp_path: Path) -> None:
    view = fixed_view(GOLDEN / "tiny.2x2.webp")
    text = _Reader(render_html(view)).text
    assert "Overall score 4.25 of 10" in text
    assert "[1.50, 7.00]" in text
    assert "Judged edits only 8.50, n = 2" in text
    assert "A frozen output wins temporal metrics" in text
    assert re.search(
        r"temporal_flickering\s+0\.9800 \[0\.9700, 0\.9900\]\s+0\.9600\s+\+0\.0200 \[−0\.0010, 0\.0410\]", text
    )
    assert "Measured against the sample's own target video" in text


def test_an_unjudged_edit_withholds_the_headline_and_says_why() -> None:
    view = view_of([outcome(0), outcome(1, status=Status.UNJUDGED, reason="the judge's reply did not parse")])
    reader = _Reader(render_html(view))
    assert re.search(r"Overall score Withheld 1 of 2 \w+ has no verdict", reader.text)
    assert "the judge's reply did not parse" in reader.text
    assert not [tag for tag, attributes in reader.elements if attributes.get("class") == "headline-bar"]
    assert reader.samples[1]["overall"] is None


def test_a_run_where_everything_failed_scores_zero_and_lists_every_failure() -> None:
    view = view_of([outcome(i, status=Status.FAILED, reason=f"reason {i}") for i in range(7)])
    reader = _Reader(render_html(view))
    assert "Overall score 0.00 of 10" in reader.text
    for index in range(7):
        assert f"reason {index}" in reader.text
        assert ("a", {"class": "code", "href": f"#sample-{index}"}) in reader.elements
    assert "Judged edits only" not in reader.text


def test_a_run_without_metrics_shows_no_metrics_table() -> None:
    page = render_html(view_of([outcome(i, metrics=False) for i in range(3)]))
    assert "Automatic metrics" not in page
    assert _Reader(page).samples[0]["metrics"] == []


def test_a_run_without_a_judge_lists_no_edit_as_a_failure() -> None:
    view = view_of([outcome(i, status=Status.UNJUDGED, reason="the run has no judge") for i in range(3)], judge="")
    text = _Reader(render_html(view)).text
    assert "The run has no judge, so there are no scores." in text
    assert "Every sample has an edit." in text
    assert "Withheld none of the 3 edits has a verdict" in text


def test_an_empty_run_is_a_page() -> None:
    assert "there are no samples to score" in render_html(view_of([]))


def test_unicode_ids_arrive_as_they_are() -> None:
    names = ["über", "日本語", "שלום", "🎬-1"]
    view = view_of([outcome(i, sample_id=name) for i, name in enumerate(names)])
    assert [sample["id"] for sample in _Reader(render_html(view)).samples] == names


def test_a_preview_that_cannot_be_shown_is_said_in_its_card(tmp_path: Path) -> None:
    layout = PreviewLayout(rows=2, columns=3)
    good = sheet(rows=2, columns=3)
    files = {
        "good": (tmp_path / layout.file_name("a"), good),
        "no layout": (tmp_path / "b.webp", good),
        "wrong layout": (tmp_path / "c.2x7.webp", good),
        "not WebP": (tmp_path / layout.file_name("d"), b"GIF89a"),
        "truncated header": (tmp_path / layout.file_name("e"), good[:20]),
        "absent": (tmp_path / layout.file_name("f"), None),
    }
    for path, data in files.values():
        if data is not None:
            path.write_bytes(data)
    page = render_html(view_of([outcome(i, preview=path) for i, (path, _) in enumerate(files.values())]))
    reader = _Reader(page)
    shown = [sample["preview"] for sample in reader.samples]
    assert shown[0] == {"columns": 3, "height": 54, "rows": ["Source", "Edit"], "width": 96}
    assert all(set(preview) == {"problem"} for preview in shown[1:])  # type: ignore[call-overload]
    assert [name for name in reader.blocks if name.startswith("media-")] == ["media-0"]
    assert str(tmp_path) not in page


def test_previews_past_the_limit_are_left_out_and_their_cards_say_so(tmp_path: Path) -> None:
    view = mixed_view(tmp_path, 3)
    assert view.outcomes[0].preview is not None
    limit = view.outcomes[0].preview.stat().st_size
    assert limit < MEDIA_LIMIT_BYTES
    reader = _Reader(render_html(view, media_limit_bytes=limit))
    assert "media-0" in reader.blocks
    assert "media-1" not in reader.blocks
    assert "left out" in str(reader.samples[1]["preview"])


def test_a_card_carries_all_that_was_asked_and_said(tmp_path: Path) -> None:
    sample = _Reader(render_html(mixed_view(tmp_path, 1))).samples[0]
    assert sample["expected"] == "The ice has melted into a puddle that wets the cloth."
    assert sample["literal"] == "Replace the ice cubes with a puddle of water."
    assert sample["preserve"] == ["the table and the cloth", "the direction of the light"]
    assert [entry["name"] for entry in sample["criteria"]] == ["EA", "PC", "GN", "GR"]  # type: ignore[attr-defined]
    assert sample["metrics"] == [["temporal_flickering", "0.9500", "0.9625", "−0.0125", "", ""]]
    assert sample["measures"] == [["progress", "0.8125"], ["psnr_outside_db", "38.2071"]]
    assert sample["window"] == "49 frames of the source from frame 0, one frame in 2, at 12 frames a second"


def test_a_panel_has_a_section_with_what_each_judge_gave_and_what_judging_used() -> None:
    reader = _Reader(render_html(panel_view()))
    assert re.search(r"gpt-4o\s+5\.00 \(0\.58\)\s+4\.67 \(0\.71\).* 7 of 8", reader.text)
    assert "SD between judges" in reader.text
    assert "SD within a judge" in reader.text
    assert "gpt-4o, hf:Qwen/Qwen2.5-VL-7B-Instruct −0.20, −1.50" in reader.text
    assert "Judge used 15,000 input and 150 output tokens, 1.88 USD" in reader.text
    assert ("a", {"href": "#judges"}) in reader.elements


def test_one_judge_has_no_section_and_no_filter_of_judges() -> None:
    reader = _Reader(render_html(view_of([outcome(0)])))
    assert not {"judges", "judging"} & {attributes.get("id") for _, attributes in reader.elements}
    assert "Judge used" not in reader.text
    assert reader.samples[0]["parts"] == []
    assert reader.samples[0]["disagree"] is False


def test_a_card_of_a_panel_holds_every_judges_words_once_and_why_one_is_silent() -> None:
    page = render_html(panel_view())
    silent = _Reader(page).samples[2]
    parts: list[dict[str, object]] = silent["parts"]  # type: ignore[assignment]
    assert [(part["judge"], part["repeat"], part["reason"]) for part in parts[:2]] == [
        ("gpt-4o", 0, ""),
        ("gpt-4o", 1, "gpt-4o timed out"),
    ]
    assert parts[0]["scores"][0] == ["EA", 4.0, "gpt-4o on EA: given 4 at 0"]  # type: ignore[index]
    assert parts[1]["scores"] == []
    assert "the panel's words" not in page
    assert page.count("gpt-4o on EA: given 2 at 0") == 1


@pytest.mark.parametrize(
    ("scores", "disagree"),
    [
        ({"a": [4.0], "b": [7.0]}, True),
        ({"a": [4.0], "b": [6.5]}, False),
        # A spread that the judges' own repeats explain is no disagreement between them.
        ({"a": [2.0, 8.0], "b": [4.0, 10.0]}, False),
        ({"a": [2.0, 9.0]}, False),
        ({"a": [2.0], "b": [None]}, False),
        ({"a": [2.0], "b": [9.0], "c": [None]}, True),
    ],
)
def test_judges_disagree_from_a_deviation_of_two_points(scores: dict[str, list[float | None]], disagree: bool) -> None:
    assert _Reader(render_html(view_of([judged_by(0, scores)]))).samples[0]["disagree"] is disagree


def test_a_panel_of_one_judge_offers_no_filter_for_judges_that_disagree() -> None:
    reader = _Reader(render_html(view_of([judged_by(0, {"a": [4.0, 9.0]})])))
    values = [attributes.get("value") for tag, attributes in reader.elements if tag == "option"]
    assert "silent" in values
    assert "disagree" not in values
    assert "Two by two" not in reader.text


def test_judges_whose_folders_alone_differ_keep_their_own_rows_and_show_no_folder() -> None:
    scores = {f"hf:/srv/private/{name}/model": [value] for name, value in (("x", 4.0), ("y", 5.0), ("z", 7.0))}
    page = render_html(view_of([judged_by(0, scores)]))  # type: ignore[arg-type]
    assert "private" not in page.replace("/somewhere/private", "")
    assert _Reader(page).text.count("hf:…/model, hf:…/model") == 3


@pytest.mark.parametrize("attack", ATTACKS)
def test_texts_of_a_panel_stay_texts(attack: str) -> None:
    plain, hostile = (
        _Reader(render_html(view_of([judged_by(0, {name: [4.0], "b": [5.0], f"{name}!": [None]})])))
        for name in ("plain", attack)
    )
    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in plain.elements]
    assert hostile.samples[0]["parts"][0]["judge"] == attack  # type: ignore[index]
    assert not [name for _, attributes in hostile.elements for name in attributes if name.startswith("on")]


def test_a_zero_score_is_a_zero_and_no_score_is_a_dash() -> None:
    zero = outcome(0, scores=dict.fromkeys(Criterion, 0.0))
    reader = _Reader(render_html(view_of([zero])))
    assert "Overall score 0.00 of 10" in reader.text
    assert reader.samples[0]["overall"] == 0.0


def _page_of(n: int, folder: Path) -> RunView:
    data = sheet(rows=2, columns=4, width=48, height=28)
    path = folder / "shared.2x4.webp"
    path.write_bytes(data)
    return view_of([outcome(i, preview=path) for i in range(n)], resamples=50)


def test_the_page_grows_with_its_previews_and_by_little_else(tmp_path: Path) -> None:
    small, large = (_page_of(n, tmp_path) for n in (10, 210))
    sheet_bytes = (tmp_path / "shared.2x4.webp").stat().st_size
    a_sample = (len(render_html(large)) - len(render_html(small))) / 200
    assert a_sample < sheet_bytes * 4 / 3 + 2_500
