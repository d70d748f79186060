"""The study's page in a real browser, against a real server: whole sessions by mouse, finger and keyboard."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="the extra `study` is not installed")

from rvebench.study import Answer, Study, read_answers, read_study
from rvebench.study.create import Candidate, create_study, draw_samples
from rvebench.study.design import Layout
from rvebench.study.exclusion import Exclusion
from rvebench.study.questions import default_rules, questions_named
from rvebench.study.records import Design
from rvebench.study.tokens import read_tokens
from rvebench.video import write_video
from tests.runs.world import scene
from tests.study.load import free_port, start_server

pytestmark = pytest.mark.browser

DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "color_scheme": "dark"}
METHODS = ("red", "green", "grey")
COLOURS = {"red": (220, 40, 40), "green": (40, 200, 60), "grey": (120, 120, 120)}
INSTRUCTION = "Imagine the disc <img src=x onerror=alert(1)> after it has cooled & rested"


class Served(NamedTuple):
    """A study that is being served."""

    folder: Path
    study: Study
    url: str

    def link(self, rater: str) -> str:
        return f"{self.url}/#{read_tokens(self.folder, self.study)[rater]}"

    def answers(self) -> tuple[Answer, ...]:
        return read_answers(self.folder).answers


@pytest.fixture(scope="module")
def candidates(tmp_path_factory: pytest.TempPathFactory) -> list[Candidate]:
    folder = tmp_path_factory.mktemp("clips")
    found = []
    for index in range(2):
        write_video(folder / f"{index}.source.mp4", scene(index, (220, 40, 40), 8), fps=8)
        edits: dict[str, Path | None] = {}
        for name in METHODS:
            # One method makes shorter clips: its last frame must wait for the others.
            frames = scene(index, COLOURS[name], 6 if name == "grey" else 8)
            write_video(folder / f"{index}.{name}.mp4", np.ascontiguousarray(frames), fps=8)
            edits[name] = folder / f"{index}.{name}.mp4"
        found.append(
            Candidate(
                id=f"s{index}",
                instruction=INSTRUCTION,
                subset="rave",
                category="temporal",
                cluster=f"s{index}",
                source=folder / f"{index}.source.mp4",
                edits=edits,
            )
        )
    return found


@pytest.fixture
def serve(tmp_path: Path, candidates: list[Candidate]) -> Iterator[Callable[..., Served]]:
    """Makes a study of two screens and a check, and serves it until the test ends."""
    running = []

    def start(design: Design, *options: str, shown: int = 2) -> Served:
        folder = tmp_path / "study"
        draw = draw_samples(candidates, METHODS, count=2, seed=1, drop_missing=False)
        study = create_study(
            folder,
            draw,
            methods=[(name, "") for name in METHODS],
            layout=Layout(design=design, raters=2, per_rater=2, shown=shown, attention=1, seed=4),
            questions=questions_named(("EA", "VQ"), design),
            rules=default_rules(design, min_watch_s=0.5, exclusion=Exclusion()),
            max_side=96,
        )
        port = free_port()
        running.append(start_server(folder, port, *options))
        return Served(folder, study, f"http://127.0.0.1:{port}")

    yield start
    for process in running:
        process.send_signal(signal.SIGINT)
        assert "Traceback" not in process.communicate()[1]


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a link; at the end no error was logged, and nothing but the study's server was asked."""
    contexts: list[Any] = []
    faults: list[str] = []
    requests: list[str] = []

    def open_link(url: str, forgive: str = "", **settings: Any) -> Any:
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda line: None if forgive and forgive in line.text else faults.append(line.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(url)
        return page

    yield open_link
    for context in contexts:
        context.close()
    assert faults == []
    assert [url for url in requests if not url.startswith(("http://127.0.0.1:", "data:"))] == []


# All stand at the same moment, to two milliseconds; only a clip that is over may stand at its own last frame.
TOGETHER = """((clips) => {
  const time = Math.max(...clips.map((clip) => clip.currentTime));
  return clips.every((clip) => time - clip.currentTime < 0.002 || clip.duration - clip.currentTime < 0.07);
})([...document.querySelectorAll('video')])"""


def on_trial(page: Any, after: str = "") -> str:
    """Waits for a trial other than `after` whose clips run, and returns its id."""
    page.wait_for_selector(f"[data-screen=trial]:not([data-trial='{after}'])[data-running=true]")
    return str(page.get_attribute("section[data-screen=trial]", "data-trial"))


def until(page: Any, expression: str) -> None:
    """Waits for an expression to be true. Playwright's own way evaluates text in the page, which its policy forbids."""
    for _try in range(600):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    times = page.evaluate("[...document.querySelectorAll('video')].map((v) => [v.currentTime, v.duration, v.error])")
    raise AssertionError(f"never true: {expression}; clips stand at {times}")


def step_on(page: Any) -> None:
    page.wait_for_selector("#next:not([disabled])")
    page.click("#next")


def test_a_session_by_mouse_ranks_clips_as_they_are_pressed(serve: Any, visit: Any) -> None:
    served = serve("ranking", "--tokens", shown=3)
    page = visit(served.link("r01"), **DESKTOP)
    assert page.url == f"{served.url}/", "the token leaves the address bar"
    assert page.is_disabled("#start")
    page.check("#agree")
    page.click("#start")
    seen: list[str] = []
    for _screen in range(3):
        seen.append(on_trial(page, seen[-1] if seen else ""))
        assert page.inner_text(".instruction-text") == INSTRUCTION
        assert page.is_disabled("#next")
        # The first question by pressing pictures, the second by the row of letters, with a tie.
        page.click("[data-clip=C] .frame")
        page.click("[data-clip=A] .frame")
        assert page.locator(".badge:visible").all_inner_texts() == ["2nd", "3rd", "1st"]
        step_on(page)
        page.click(".tray .chip >> text=B")
        page.click(".tray .chip >> text=A")
        page.click("[data-key=tie-1]")
        step_on(page)
    page.wait_for_selector("[data-screen=end]")
    page.fill("#remark", "<script>alert(1)</script>")
    page.click("#send-remark")
    page.wait_for_selector("text=Thank you, that has arrived.")
    answers = served.answers()
    assert [one.trial for one in answers] == seen == [one.id for one in served.study.session_of["r01"]]
    for one in answers:
        a, b, c = one.shown
        assert one.values["EA"] == {c: 1, a: 2, b: 3}
        assert one.values["VQ"] == {b: 1, a: 1, c: 3}
        assert one.watched_s >= 0.5 and one.elapsed_s >= 0.5
    assert read_answers(served.folder).remarks[0].text == "<script>alert(1)</script>"


def test_a_session_by_finger_on_a_phone(serve: Any, visit: Any) -> None:
    served = serve("pairwise")
    page = visit(served.url, **PHONE)
    page.tap("#agree")
    page.tap("#start")
    seen: list[str] = []
    for screen in range(3):
        seen.append(on_trial(page, seen[-1] if seen else ""))
        assert page.evaluate("document.documentElement.scrollWidth") == 390, "nothing stands out sideways"
        assert all(box["height"] >= 44 for box in boxes(page, ".choice, #next"))
        page.tap("[data-key=n]")
        page.wait_for_selector(".step[aria-current] >> text=Looks good")
        page.tap("[data-clip=B] .enlarge")
        assert page.locator("figure:visible").count() == 2
        page.tap("[data-key=b]")
        if screen == 1:
            # The page is closed and opened anew in the middle: nothing is lost but the screen that was not sent.
            page.reload()
            assert on_trial(page) == seen[-1]
            page.tap("[data-key=n]")
            page.wait_for_selector(".step[aria-current] >> text=Looks good")
            page.tap("[data-key=b]")
        page.wait_for_selector("#next:not([disabled])")
        page.tap("#next")
    page.wait_for_selector("[data-screen=end]")
    for one in served.answers():
        left, right = one.shown
        assert one.values == {"EA": {left: 1, right: 1}, "VQ": {left: 2, right: 1}}
        assert one.both_bad == ("EA",)
    assert len(served.answers()) == 3


def boxes(page: Any, selector: str) -> list[dict[str, float]]:
    return [one.bounding_box() for one in page.locator(selector).all()]


def test_a_session_by_keyboard_alone(serve: Any, visit: Any) -> None:
    served = serve("likert", shown=1)
    page = visit(served.url, **DESKTOP)
    page.wait_for_selector("#agree")
    for _press in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "agree":
            break
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    seen: list[str] = []
    for _screen in range(3):
        seen.append(on_trial(page, seen[-1] if seen else ""))
        clips = page.locator("figure.edit").count()
        page.keyboard.press("Space")
        page.wait_for_selector("[data-screen=trial][data-running=false]")
        for _frame in range(3):
            page.keyboard.press("ArrowRight")
        until(page, TOGETHER)
        page.keyboard.press("Space")
        page.wait_for_selector("[data-screen=trial][data-running=true]")
        for mark in ("4", "2")[:clips]:
            page.keyboard.press(mark)
        page.wait_for_selector(".step[aria-current] >> text=Looks good")
        for mark in ("5", "1")[:clips]:
            page.keyboard.press(mark)
        page.wait_for_selector("#next:not([disabled])")
        page.keyboard.press("Enter")
    page.wait_for_selector("[data-screen=end]")
    answers = served.answers()
    assert len(answers) == 3
    for one in answers:
        assert list(one.values["EA"].values()) == [4, 2][: len(one.shown)]
        assert list(one.values["VQ"].values()) == [5, 1][: len(one.shown)]


def test_a_lost_connection_costs_nothing_and_a_clip_that_fails_is_said(serve: Any, visit: Any) -> None:
    served = serve("pairwise")
    first, second = (trial.id for trial in served.study.session_of["r01"][:2])
    page = visit(served.url, forgive="503", **DESKTOP)
    lost: list[bool] = []

    def lose_reply(route: Any) -> None:
        # The server takes the answer, but its reply does not arrive: the worst moment to send again.
        lost.append(True)
        if len(lost) == 1:
            route.fetch()
            route.fulfill(status=503, json={"error": "gone"})
        else:
            route.continue_()

    page.context.route("**/api/answer", lose_reply)
    page.context.route(f"**/media/{second}/1.mp4", lambda route: route.fulfill(status=200, body=b"no video"))
    page.check("#agree")
    page.click("#start")
    assert on_trial(page) == first
    page.keyboard.press("a")
    page.wait_for_selector(".step[aria-current] >> text=Looks good")
    page.keyboard.press("b")
    step_on(page)
    page.wait_for_selector("text=Connected again")
    assert len(lost) == 2
    assert [one.trial for one in served.answers()] == [first]
    page.wait_for_selector(f"section[data-trial='{second}'] .again:visible")
    assert page.inner_text("[data-clip=B] .again") == "This clip does not load. Try again"
    page.context.unroute(f"**/media/{second}/1.mp4")
    page.click("[data-clip=B] .again")
    on_trial(page, first)


def test_the_clips_stay_together_and_the_short_one_waits(serve: Any, visit: Any) -> None:
    served = serve("ranking", shown=3)
    page = visit(served.url, **DESKTOP)
    page.check("#agree")
    page.click("#start")
    on_trial(page)
    until(page, "Number(document.querySelector('.trial').dataset.rounds) >= 1")
    page.keyboard.press("Space")
    page.wait_for_selector("[data-running=false]")
    page.evaluate("document.querySelector('input[type=range]').value = 940")
    page.dispatch_event("input[type=range]", "input")
    until(page, "Math.max(...[...document.querySelectorAll('video')].map((v) => v.currentTime)) > 0.9")
    times = page.evaluate("[...document.querySelectorAll('video')].map((v) => v.currentTime)")
    lengths = page.evaluate("[...document.querySelectorAll('video')].map((v) => v.duration)")
    assert len(times) == 4
    for time, length in zip(times, lengths, strict=True):
        assert time == pytest.approx(min(0.94, length - 0.0625), abs=0.03)
    assert read_study(served.folder) == served.study
