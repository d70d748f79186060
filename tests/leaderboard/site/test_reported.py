from __future__ import annotations

from pathlib import Path

import pytest

from rvebench.assets import asset_dir
from rvebench.errors import DataError
from rvebench.leaderboard.site.reported import Reported, read_reported

SOURCES = read_reported(asset_dir("leaderboards"))
PAPER = next(source for source in SOURCES if source.source.id == "arXiv 2512.09924")
CRITERIA = ("EA", "PC", "GN", "GR")


def table(source: Reported, name: str) -> dict[str, dict[str, float]]:
    return {row.method: dict(row.values) for one in source.tables if one.id == name for row in one.rows}


def test_every_source_and_table_has_a_name_of_its_own() -> None:
    assert len({source.source.id for source in SOURCES}) == len(SOURCES) == 2
    for source in SOURCES:
        assert len({one.id for one in source.tables}) == len(source.tables)
        for one in source.tables:
            assert len({row.method for row in one.rows}) == len(one.rows) > 0


def test_all_six_tables_of_the_paper_are_there_in_full_but_for_the_one_that_could_not_be_read() -> None:
    filled = {one.id: sum(len(row.values) for row in one.rows) for one in PAPER.tables}
    assert filled == {
        "table-1-rave": 5 * 11,
        "table-1-icvg": 5 * 10,
        "table-2": 3,
        "table-3": 5 * 6,
        "table-4": 4 * 6,
        "table-5": 4 * 6,
        "table-6": 5 * 2,
    }


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.text[:40])
def test_the_texts_percentages_follow_from_the_tables_or_are_marked_as_contradictions(claim: object) -> None:
    start, to = PAPER.figure(*claim.start), PAPER.figure(*claim.to)  # type: ignore[attr-defined]
    gain = 100 * (to / start - 1)
    decimals = 0 if claim.percent == int(claim.percent) else 1  # type: ignore[attr-defined]
    assert (round(gain, decimals) == claim.percent) == claim.agrees  # type: ignore[attr-defined]


def test_one_method_has_the_same_figures_wherever_the_paper_repeats_them() -> None:
    first, objective, weight = (table(PAPER, name) for name in ("table-1-rave", "table-4", "table-5"))
    shared = (*CRITERIA, "Overall", "ViCLIP_T")
    for method, others in {
        "Omni-Video": [objective["Omni-Video"]],
        "ReViSE": [objective["with USO (ReViSE)"], weight["λ = 0.25 (ReViSE)"]],
    }.items():
        for other in others:
            assert {name: first[method][name] for name in shared} == {name: other[name] for name in shared}


def test_overall_is_below_every_mean_of_the_tables_means() -> None:
    """What the note says: Overall was taken sample by sample, where a zero in one criterion is a zero."""
    for name in ("table-1-rave", "table-1-icvg", "table-3", "table-4", "table-5"):
        for row in table(PAPER, name).values():
            scores = [row[which] for which in CRITERIA if which in row]
            product = 1.0
            for score in scores:
                product *= score
            assert row["Overall"] < product ** (1 / len(scores))


def test_the_best_of_each_column_is_the_method_that_the_text_says() -> None:
    for name in ("table-1-rave", "table-1-icvg", "table-3"):
        rows = table(PAPER, name)
        for column in ("EA", "GN", "Overall", "ViCLIP_T"):
            assert max(rows, key=lambda method: rows[method][column]) == "ReViSE"


def test_trigger_rates_are_those_of_uniform_steps_with_shift_three() -> None:
    for row in next(one for one in PAPER.tables if one.id == "table-6").rows:
        tau = float(row.method.split()[2])
        # sigma = 3 s / (1 + 2 s) is at most tau for s up to tau / (3 - 2 tau).
        assert row.values["Trigger rate"] == pytest.approx(100 * tau / (3 - 2 * tau), abs=0.1)


def test_the_upper_bound_in_the_notes_is_what_the_text_implies() -> None:
    assert round(0.451 / 0.934, 3) == 0.483
    assert any("0.483" in note for one in PAPER.tables for note in one.notes)


def test_rows_of_two_judges_stand_in_tables_that_name_them() -> None:
    board = next(source for source in SOURCES if source is not PAPER)
    judges = {one.id: one.judge for one in board.tables}
    assert "GPT-4o" in judges["instructx-average"] and "Gemini" in judges["viva-average"]
    assert {one.id for one in board.tables if one.second_hand} == {"viva-average", "instructx-average"}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("EA = 2.6309", "EA = nan", "finite"),
        ("EA = 2.6309", "XA = 2.6309", "XA is no column"),
        ("rve-reported/1", "rve-reported/0", "rve-reported/1"),
        ("[source]", "[source", "TOML"),
        ('method = "VACE"', 'method = "<script>"', "markup"),
        ("https://arxiv.org", "javascript:arxiv.org", "https"),
    ],
)
def test_a_faulty_file_is_refused_in_one_sentence(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    (tmp_path / "reported").mkdir()
    text = (asset_dir("leaderboards") / "reported" / "rve-bench.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "reported" / "rve-bench.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=sentence):
        read_reported(tmp_path)


def test_a_folder_without_reported_rows_has_none(tmp_path: Path) -> None:
    assert read_reported(tmp_path) == ()
