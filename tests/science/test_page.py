from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from rvebench.errors import DataError
from rvebench.revise.training.config_parts import TimestepConfig
from rvebench.science.calibration import CriticRow
from rvebench.science.figures import Line, SheetRow, edit_sheet, forest_svg, line_svg
from rvebench.science.findings import Shown, Training, findings_of
from rvebench.science.page import claims_made, render_page
from rvebench.science.paper import TABLE_4, TABLE_5, TABLE_6
from rvebench.science.pictures import pictures_of
from tests.science.test_rows import CPU, ROWS, SMOKE, STUDY

TAUS = STUDY.calibration.taus
CLOSED = {tau: tau / (3 - 2 * tau) for tau in TAUS}


def verdicts() -> list[Shown]:
    rng = np.random.default_rng(5)
    found = []
    for n in range(240):
        quality = float(rng.uniform(-0.2, 1))
        for tau in (None, *TAUS):
            p_yes = float(np.clip(quality + rng.normal(0, 0.15 + (tau or 0.0)), 0.01, 0.99))
            row = CriticRow(
                sample_id=f"s{n}",
                cluster=f"f{n % 20}",
                kind=("target", "half", "base", "sft", "uso")[n % 5],
                p_yes=p_yes,
                quality=quality,
                success=float(quality > 0.5),
            )
            found.append(Shown(row=row, tau=tau, estimate_quality=None if tau is None else quality * (1 - tau)))
    return found


def trainings() -> list[Training]:
    names = ("base", "sft", "rwr", "uso", "sft@flops", "rwr@flops")
    return [
        Training(
            name=name,
            title=name.upper(),
            objective="sft",
            steps=400,
            seeds=3,
            flops_per_step=2e10,
            batch=16,
            gate_seen=0.26 if name == "uso" else None,
            tau=0.5 if name == "uso" else None,
            wall_s=90.0,
        )
        for name in names
    ]


def found(scale: Any = CPU, **facts: Any) -> dict[str, Any]:
    given: Mapping[str, Any] = {
        "tables": {"4": ["sft", "rwr", "uso"], "5": ["uso"], "6": ["uso"], "extra": []},
        "lambdas": {"uso": 0.25},
        "told": {"data": "rendered"},
        "missing": [],
        **facts,
    }
    return findings_of(STUDY, scale, ROWS, verdicts(), trainings(), closed_form=CLOSED, facts=given)


FOUND = found()
PAGE = render_page(FOUND, pictures="nano")


def test_the_findings_are_json_without_nan() -> None:
    assert json.loads(json.dumps(FOUND, allow_nan=False)) == FOUND


def test_every_number_of_the_paper_stands_on_the_page() -> None:
    for row in (*TABLE_4, *TABLE_5):
        for value in (row.viclip, *row.scores.values()):
            assert f"{value:.4f}" in PAGE
    for column in TABLE_6:
        assert f"{column.pearson:.3f}" in PAGE and f"{100 * column.trigger:.1f} %" in PAGE


def test_the_page_claims_what_excludes_zero_and_refuses_what_holds_it() -> None:
    section = PAGE.split("## What may be claimed")[1].split("## ")[0]
    assert "- sft is better than base in EA progress on held-out" in section
    assert "uso is better than sft in EA progress" not in PAGE and "sft is better than uso in EA progress" not in PAGE
    row = next(each for each in FOUND["contrasts"] if (each["better"], each["than"]) == ("uso", "sft"))
    assert row["ci95"][0] <= 0 <= row["ci95"][1] and row["claim"] == ""
    assert claims_made(FOUND) == [line[2:] for line in section.splitlines() if line.startswith("- ")]


def test_contradictions_are_marked() -> None:
    assert re.search(r"\*\*\d+ contradict\*\*", PAGE)
    line = next(line for line in PAGE.splitlines() if "| uso − sft | held-out | judge Overall |" in line)
    assert line.rstrip(" |").endswith("**contradicts**")


def test_a_rehearsal_says_so_and_claims_nothing() -> None:
    page = render_page(found(SMOKE), pictures="nano")
    assert "**A rehearsal" in page and "\n- nothing\n" in page


def test_what_was_not_run_is_named() -> None:
    assert "Not run yet: edit-grpo" in render_page(found(missing=["edit-grpo"]), pictures="nano")


def test_tables_that_the_study_has_no_arm_of_are_left_out() -> None:
    only = render_page(found(tables={"5": ["uso"]}), pictures="nano")
    titles = re.findall(r"^## (.*)$", only, flags=re.MULTILINE)
    assert "Table 5: weight of the reason loss" in titles and "Table 6: noise of the estimate" in titles
    assert not any(title.startswith(("Table 4: objectives", "What the paper does not")) for title in titles)
    assert "Trained with each tau" not in only and "Trained with each tau" in PAGE
    assert only.count("sheet.webp") == 1 == PAGE.count("sheet.webp")
    for picture in re.findall(r"\(nano/([a-z.]+)\)", only):
        assert picture in {*pictures_of(FOUND), "sheet.webp"}


def test_table_6_has_closed_form_and_seen_rates_and_the_change_from_level_to_level() -> None:
    taus = {each["tau"]: each for each in FOUND["calibration"]["taus"]}
    assert taus[0.5]["trigger_seen"] == pytest.approx(0.26) and taus[0.3]["trigger_seen"] is None
    assert taus[0.9]["pearson"]["value"] < taus[0.1]["pearson"]["value"]
    steps = FOUND["calibration"]["tau_steps"]
    assert [(each["from"], each["to"]) for each in steps] == [
        (None, 0.1),
        (0.1, 0.3),
        (0.3, 0.5),
        (0.5, 0.7),
        (0.7, 0.9),
    ]
    assert steps[-1]["value"] == pytest.approx(taus[0.9]["pearson"]["value"] - taus[0.7]["pearson"]["value"], abs=2e-6)


def test_the_closed_form_is_that_of_the_training() -> None:
    from rvebench.revise.training.timesteps import gate_rate

    for tau, column in zip(TAUS, TABLE_6, strict=True):
        assert gate_rate(TimestepConfig(), tau) == pytest.approx(CLOSED[tau])
        assert CLOSED[tau] == pytest.approx(column.trigger, abs=1e-3)


def test_without_verdicts_and_contrasts_there_is_a_page_all_the_same() -> None:
    rows = [row for row in ROWS if row.arm == "sft"]
    facts = {"tables": {"4": ["sft"]}, "lambdas": {}, "told": {}, "missing": []}
    bare = findings_of(STUDY, CPU, rows, [], trainings()[:2], closed_form=CLOSED, facts=facts)
    page = render_page(bare, pictures="nano")
    assert "- nothing" in page and "None" not in page and "nan" not in page.lower().split()
    assert all(ElementTree.fromstring(text) is not None for text in pictures_of(bare).values())


def test_the_page_holds_no_value_that_was_not_written_for_people() -> None:
    assert not {"None", "nan", "True", "False"} & set(PAGE.replace("|", " ").split())


def test_figures_are_well_formed_and_show_every_row() -> None:
    pictures = pictures_of(FOUND)
    assert set(pictures) == {"differences.svg", "lambda.svg", "tau.svg", "reliability.svg"}
    for text in pictures.values():
        ElementTree.fromstring(text)
    assert pictures["differences.svg"].count("<circle") == 12
    assert "the paper" in pictures["tau.svg"]


def test_labels_are_escaped() -> None:
    text = line_svg("<&>", [Line(label="a<b", points=((0.0, 1.0), (1.0, 1.0)))], x_label="&", y_label="'")
    ElementTree.fromstring(text)
    ElementTree.fromstring(forest_svg("none", [], note="nothing"))


def test_the_sheet_has_a_row_a_sample_and_a_column_a_clip() -> None:
    clip = np.zeros((9, 16, 16, 3), np.uint8)
    red = clip.copy()
    red[..., 0] = 255
    image = edit_sheet(["source", "edit"], [SheetRow(instruction="Melt it.", clips=(clip, red))] * 2, cell=32)
    assert image.size == (6 + 2 * (96 + 6), 20 + 2 * (16 + 32 + 6))
    assert image.getpixel((6 + 48, 20 + 16 + 16)) == (0, 0, 0)
    assert image.getpixel((6 + 96 + 6 + 48, 20 + 16 + 16)) == (255, 0, 0)
    with pytest.raises(ValueError, match="as many clips"):
        edit_sheet(["source"], [SheetRow(instruction="x", clips=(clip, clip))])


def test_verdicts_come_back_from_json_and_nothing_else_does() -> None:
    one = verdicts()[1]
    again = Shown.from_json(one.as_json())
    assert again.tau == one.tau and again.row.p_yes == pytest.approx(one.row.p_yes, abs=1e-6)
    assert replace(again.row, p_yes=one.row.p_yes, quality=one.row.quality) == one.row
    with pytest.raises(DataError, match="no verdict"):
        Shown.from_json({"sample": "x"})
