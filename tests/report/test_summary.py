from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

from rvebench.report import samples_csv, summary_json
from rvebench.taxonomy import Status
from tests.report.views import fixed_view, judged_by, mixed_view, outcome, panel_view, view_of

GOLDEN = Path(__file__).parent / "golden"
KEYS = [
    "run",
    "model",
    "split",
    "judge",
    "formula",
    "seed",
    "coverage",
    "overall",
    "criteria",
    "metrics",
    "by_category",
    "judges",
]


def test_the_json_object_is_frozen() -> None:
    text = json.dumps(summary_json(fixed_view(GOLDEN / "tiny.2x2.webp")), indent=2, allow_nan=False) + "\n"
    golden = GOLDEN / "summary.json"
    if os.environ.get("RVEBENCH_UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), "programs read this object: changing it breaks them"


def test_the_judges_of_a_panel_are_frozen() -> None:
    text = json.dumps(summary_json(panel_view())["judges"], indent=2, allow_nan=False) + "\n"
    golden = GOLDEN / "judges.json"
    if os.environ.get("RVEBENCH_UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), "programs read this object: changing it breaks them"


def test_a_run_of_one_judge_has_no_panel(tmp_path: Path) -> None:
    assert summary_json(mixed_view(tmp_path))["judges"] is None


def test_a_judge_that_never_answered_is_a_member_without_numbers() -> None:
    found = summary_json(view_of([judged_by(0, {"a": [4.0], "b": [None]})]))["judges"]
    assert isinstance(found, dict)
    assert found["members"][1] == {"name": "b", "asked": 1, "answered": 0, "means": {}, "within_sd": {}}
    assert found["pairs"][0]["criteria"]["EA"] == {"spearman": None, "difference": None, "samples": 0}
    assert found["criteria"]["EA"] == {"between_sd": None, "within_sd": None, "samples": 1}


def test_the_json_object_has_exactly_the_documented_keys(tmp_path: Path) -> None:
    found = summary_json(mixed_view(tmp_path))
    assert list(found) == KEYS
    assert list(found["coverage"]) == ["n", "ok", "failed", "refused", "missing", "unjudged"]  # type: ignore[call-overload]
    assert list(found["overall"]) == ["mean", "ci95", "n"]  # type: ignore[call-overload]


def test_every_key_of_the_json_object_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli-json.md").read_text(encoding="utf-8")
    panel = ["members", "pairs", "name", "asked", "answered", "means", "within_sd", "between_sd", "samples"]
    panel += ["first", "second", "spearman", "difference"]
    for key in [
        *KEYS,
        "ok",
        "failed",
        "refused",
        "missing",
        "unjudged",
        "mean",
        "ci95",
        "n",
        "source",
        "delta",
        *panel,
    ]:
        assert f"`{key}`" in page


def test_a_withheld_headline_is_null_in_json() -> None:
    found = summary_json(view_of([outcome(0), outcome(1, status=Status.UNJUDGED)]))
    assert found["overall"] == {"mean": None, "ci95": None, "n": 1}


def test_the_csv_has_one_row_a_sample_and_empty_cells_for_no_number(tmp_path: Path) -> None:
    view = mixed_view(tmp_path)
    rows = list(csv.DictReader(io.StringIO(samples_csv(view))))
    assert [row["id"] for row in rows] == [item.sample.id for item in view.outcomes]
    assert rows[3]["status"] == "failed"
    assert rows[3]["overall"] == "0.0"
    assert rows[3]["EA"] == rows[3]["temporal_flickering"] == ""
    assert rows[4]["subset"] == "icvg"
    assert rows[4]["PC"] == ""
    unjudged = list(csv.DictReader(io.StringIO(samples_csv(view_of([outcome(0, status=Status.UNJUDGED)])))))
    assert unjudged[0]["overall"] == ""


def test_the_csv_gives_back_the_numbers_bit_for_bit(tmp_path: Path) -> None:
    view = mixed_view(tmp_path)
    rows = csv.DictReader(io.StringIO(samples_csv(view)))
    assert [float(row["overall"]) for row in rows] == [item.overall for item in view.outcomes]


def test_texts_in_the_csv_break_no_row_and_start_no_formula() -> None:
    nasty = 'a "quoted", comma\nand line'
    view = view_of(
        [
            outcome(0, status=Status.FAILED, reason=nasty),
            outcome(1, status=Status.FAILED, reason="=HYPERLINK(1)"),
            outcome(2, sample_id="日本-ü"),
        ]
    )
    rows = list(csv.DictReader(io.StringIO(samples_csv(view))))
    assert [row["reason"] for row in rows] == [nasty, "'=HYPERLINK(1)", ""]
    assert rows[2]["id"] == "日本-ü"
