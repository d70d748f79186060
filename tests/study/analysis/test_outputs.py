"""The files of an analysis: ratings that `correlate` reads, a page in which nothing acts, the same bytes each time."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from rvebench.errors import UsageError
from rvebench.scoring.agreement import parse_ratings
from rvebench.study import Answers, Study
from rvebench.study.analysis import StudyAnalysis, analyze_study, ratings_csv, render_analysis, write_analysis
from tests.study.analysis.population import Population, answer_study, laid_out
from tests.study.analysis.test_raters import always_level
from tests.study.world import RULES

TASTE = Population(quality=(0.9, 0.3, 0.0), cuts=(-1.0, -0.5, 0.0, 0.5, 1.0))
NAMES = ('Editor, "quoted"', "</style><script>alert(1)</script>", "<img src=x onerror=alert(1)>")


@pytest.fixture(scope="module")
def study() -> Study:
    return laid_out(
        raters=4,
        samples=11,
        methods=3,
        names=NAMES,
        rules=RULES.model_copy(update={"title": "<b>Which</b> & {{ 7 * 7 }}"}),
    )


@pytest.fixture(scope="module")
def answers(study: Study) -> Answers:
    """Rater r03 does not look."""
    found = answer_study(study, TASTE, seed=3)
    changed = [
        always_level(study, study.trial_of[each.trial], each) if each.rater == "r03" else each for each in found.answers
    ]
    return replace(found, answers=tuple(changed))


@pytest.fixture(scope="module")
def found(study: Study, answers: Answers) -> StudyAnalysis:
    return analyze_study(study, answers, resamples=100)


def test_places_become_shares_of_the_others_and_the_file_is_read_back(study: Study, answers: Answers) -> None:
    read = parse_ratings(ratings_csv(study, answers, {"r01", "r02"}), where="ratings.csv")
    assert (read.scale.low, read.scale.high, read.unread) == (0, 1, ())
    assert {row.editor for row in read.rows} == set(NAMES) and {row.rater for row in read.rows} == {"r01", "r02"}
    assert {row.criterion for row in read.rows} == {"EA", "vq"}
    totals = Counter[tuple[str, str, str]]()
    for row in read.rows:
        totals[row.sample_id, row.rater, row.criterion] += row.score
    assert set(totals.values()) == {1.5}  # 3 methods share as many points as there are pairs, 3, each out of 2
    assert read.facts["s000"].cluster == "s000" and read.facts["s000"].category == "temporal"


def test_likert_scores_stand_as_they_were_given() -> None:
    study = laid_out(design="likert", raters=2, samples=3, methods=2)
    given = answer_study(study, Population(quality=(3.0, 1.0)))
    read = parse_ratings(ratings_csv(study, given, set(study.raters)), where="ratings.csv")
    values = {(each.trial, name): value for each in given.answers for name, value in each.values["EA"].items()}
    assert (read.scale.low, read.scale.high) == (1, 5)
    rows = {(row.sample_id, row.rater, row.editor): row.score for row in read.rows if row.criterion == "EA"}
    for trial in study.trials:
        for method in study.methods:
            assert rows[trial.sample, trial.rater, method.name] == values[trial.id, method.id]


def test_in_blocks_an_edit_is_measured_against_those_beside_it() -> None:
    study = laid_out(design="pairwise", raters=3, samples=6, methods=3)
    read = parse_ratings(ratings_csv(study, answer_study(study, TASTE), set(study.raters)), where="ratings.csv")
    assert {row.score for row in read.rows} <= {0.0, 0.5, 1.0}


def test_nothing_in_the_page_acts_and_it_asks_for_nothing(found: StudyAnalysis) -> None:
    page = render_analysis(found, focus="m2")
    assert "<script" not in page and "<img" not in page and "onerror=alert(1)>" not in page
    assert "&lt;/style&gt;&lt;script&gt;alert(1)" in page and "{{ 7 * 7 }}" in page
    assert page.isascii() and not re.search(r"(?:src|href)=\"(?!#|data:,\")", page)
    assert "default-src &#39;none&#39;" in page
    assert page.count("</style>") == 1


def test_bars_are_as_long_as_win_rates_and_rows_are_crossed_by_their_intervals(found: StudyAnalysis) -> None:
    page = render_analysis(found, focus="m1")
    fills = [float(each) for each in re.findall(r'class="bar-fill[^"]*" x="0" y="7" width="([\d.]+)%"', page)]
    rates = [pair.win_rate for criterion in found.main.criteria for pair in criterion.pairs if pair.first == "m1"]
    assert fills == [pytest.approx(100 * (rate.value or 0), abs=1e-3) for rate in rates]
    assert page.count('class="whisker"') == 3 * len(fills) and page.count('class="half"') == len(fills)
    assert "left out: gave one same pattern in 100% of 11 trials" in page
    assert "Win rates with and without those left out" in page


def test_files_are_the_same_each_time_and_name_both_sets_of_raters(
    study: Study, answers: Answers, found: StudyAnalysis, tmp_path: Path
) -> None:
    written = write_analysis(tmp_path / "a", study, answers, found, focus="m1")
    again = write_analysis(tmp_path / "b", study, answers, analyze_study(study, answers, resamples=100), focus="m1")
    assert [path.name for path in written] == ["analysis.json", "analysis.html", "ratings.csv", "ratings-everyone.csv"]
    assert [path.read_bytes() for path in written] == [path.read_bytes() for path in again]
    body = json.loads(written[0].read_text(encoding="utf-8"))
    assert body["kept"]["raters"] == ["r01", "r02", "r04"] and body["everyone"]["raters"][2] == "r03"
    assert ",r03," not in written[2].read_text(encoding="utf-8") and ",r03," in written[3].read_text(encoding="utf-8")


def test_where_nobody_is_left_out_an_older_second_table_goes(study: Study, tmp_path: Path) -> None:
    answers = answer_study(study, TASTE, seed=3)
    (tmp_path / "ratings-everyone.csv").write_text("old", encoding="utf-8")
    found = analyze_study(study, answers, resamples=100)
    assert [path.name for path in write_analysis(tmp_path, study, answers, found, focus="m1")][-1] == "ratings.csv"
    assert not (tmp_path / "ratings-everyone.csv").exists()
    assert "No rater was left out" in (tmp_path / "analysis.html").read_text(encoding="utf-8")


def test_a_file_in_the_folders_place_is_refused(
    study: Study, answers: Answers, found: StudyAnalysis, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="--out is a file, not a folder"):
        write_analysis(tmp_path / "out", study, answers, found, focus="m1")
