"""The contact sheet of several runs."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from rvebench.cli.app import app
from rvebench.errors import DataError, UsageError
from rvebench.report import contact_sheet
from rvebench.runs import RunView, load_run
from tests.runs.world import make_split


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    top = tmp_path_factory.mktemp("sheet")
    split = make_split(top / "split", n=3)
    made = []
    for model in ("copy", "target"):
        out = top / model
        ran = CliRunner().invoke(app, ["generate", "--split", str(split), "--model", model, "--out", str(out)])
        assert ran.exit_code == 0, ran.output
        made.append(out)
    return made


def views(runs: list[Path]) -> list[RunView]:
    return [load_run(run) for run in runs]


def cell(sheet: Image.Image, column: int, row_top: int) -> np.ndarray:
    x = 6 + column * (2 * 96 + 6)
    return np.asarray(sheet.crop((x, row_top, x + 2 * 96, row_top + 64))).astype(int)


def test_a_copy_looks_like_the_source_and_a_target_like_the_target(runs: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    ran = CliRunner().invoke(
        app, ["runs", "sheet", *map(str, runs), "--out", str(out), "--samples", "2", "--width", "96"]
    )
    assert ran.exit_code == 0, ran.output
    sheet = Image.open(out)
    assert sheet.size == (4 * (2 * 96 + 6) + 6, 20 + 2 * (15 + 64 + 12) + 6)
    top = 20 + 15 + 6
    source, target, copy, ideal = (cell(sheet, column, top) for column in range(4))
    assert np.abs(source - copy).mean() < 6 < np.abs(source - ideal).mean()
    assert np.abs(target - ideal).mean() < 6 < np.abs(target - source).mean()


def test_an_edit_that_is_not_there_is_a_cell_that_says_so(runs: list[Path]) -> None:
    copy = views(runs)[0]
    gone = replace(copy, outcomes=tuple(replace(each, video=None, reason="out of memory") for each in copy.outcomes))
    sheet = Image.open(io.BytesIO(contact_sheet([copy, gone], ".png", cell_width=96)))
    empty = cell(sheet, 3, 20 + 15 + 6)
    assert (empty == 232).mean() > 0.8 and (empty < 200).any()


def test_what_cannot_be_drawn_is_one_sentence(runs: list[Path]) -> None:
    copy = views(runs)[0]
    with pytest.raises(UsageError, match=r"\.png, \.jpg or \.webp"):
        contact_sheet([copy], ".gif")
    other = replace(copy, outcomes=())
    with pytest.raises(UsageError, match="share no sample"):
        contact_sheet([copy, other], ".png")
    first = copy.outcomes[0]
    lost = replace(first, sample=replace(first.sample, source=Path("nowhere.mp4")))
    with pytest.raises(DataError, match="s000: the file is not there"):
        contact_sheet([replace(copy, outcomes=(lost,))], ".png")
