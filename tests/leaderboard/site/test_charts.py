from __future__ import annotations

import re
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rvebench.leaderboard.site.charts import HEIGHT, Point, cost_chart, ratings_chart


def at(name: str, x: float, y: float, **more: object) -> Point:
    return Point(name=name, href=f"{name}.html", x=x, y=y, **more)  # type: ignore[arg-type]


def across(text: str) -> float:
    return float(text.rstrip("%"))


def test_cost_is_logarithmic_and_higher_scores_stand_higher() -> None:
    chart = cost_chart([at("a", 1, 0), at("b", 10, 5), at("c", 100, 10)], unit="seconds", without=["d"])
    assert chart is not None
    a, b, c = chart.dots
    assert across(b.x) - across(a.x) == pytest.approx(across(c.x) - across(b.x), abs=0.02)
    assert [float(dot.y) for dot in chart.dots] == [HEIGHT, HEIGHT / 2, 0]
    assert chart.without == ("d",)


def test_the_front_holds_what_nothing_is_both_cheaper_and_better_than() -> None:
    points = [
        at("cheap", 1, 3),
        at("worse", 2, 2),
        at("best", 8, 9),
        at("dear", 20, 8),
        at("target", 1, 10, control=True),
    ]
    chart = cost_chart(points, unit="seconds", without=[])
    assert chart is not None
    assert {dot.name for dot in chart.dots if dot.front} == {"cheap", "best"}
    assert len(chart.front) == 2


def test_there_is_no_chart_without_a_row_that_tells() -> None:
    assert cost_chart([], unit="seconds", without=["a"]) is None
    assert ratings_chart([], low=1, high=5, without=[]) is None


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(1e-4, 1e5), st.floats(0, 10), st.text("abcdefgh ", min_size=1, max_size=30)),
        min_size=1,
        max_size=40,
    )
)
def test_dots_stay_in_the_chart_and_names_cover_no_other(rows: list[tuple[float, float, str]]) -> None:
    points = [Point(name=name, href=str(index), x=x, y=y) for index, (x, y, name) in enumerate(rows)]
    chart = cost_chart(points, unit="seconds", without=[])
    assert chart is not None
    assert all(0 <= across(dot.x) <= 100 and 0 <= float(dot.y) <= HEIGHT for dot in chart.dots)
    assert 2 <= len(chart.x_ticks) <= 30
    heights = sorted((float(dot.label_y), dot.anchor) for dot in chart.dots if dot.label)
    labels = [(across(dot.x), float(dot.label_y), dot.anchor) for dot in chart.dots if dot.label]
    assert len(set(labels)) == len(heights)


def test_ratings_keep_their_own_scale() -> None:
    chart = ratings_chart([at("low", 1, 0), at("high", 5, 10)], low=1, high=5, without=[])
    assert chart is not None
    assert [across(dot.x) for dot in chart.dots] == [2, 98]
    assert [tick.text for tick in chart.x_ticks] == ["1", "2", "3", "4", "5"]


def _light(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_step_of_the_heat_map_can_be_read(theme: int) -> None:
    common = _css("common.css")
    colours = dict(re.findall(r"(--heat-\w+): (#[0-9a-f]{6});", common.split("prefers-color-scheme: dark")[theme]))
    inks = dict(re.findall(r"\.h(\d+) \{ background: var\(--heat-\d+\); color: var\((--heat-\w+)\)", _css("index.css")))
    assert len(inks) == 11
    for step, ink in inks.items():
        ours = colours[ink]
        if theme and int(step) >= 8:
            ours = re.search(r"\.h8, \.h9, \.h10 \{ color: (#[0-9a-f]{6})", common)[1]  # type: ignore[index]
        pair = sorted([_light(ours), _light(colours[f"--heat-{step}"])])
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (step, ours, colours[f"--heat-{step}"])


def _css(name: str) -> str:
    return resources.files("rvebench.leaderboard.site").joinpath("templates", name).read_text(encoding="utf-8")
