from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.report import PreviewLayout
from rvebench.runs.preview import Preview, PreviewProblem, read_preview
from tests.report.views import sheet


@given(
    rows=st.sampled_from([2, 3]),
    columns=st.integers(1, 9999),
    name=st.from_regex(r"[A-Za-z0-9._-]{1,40}", fullmatch=True),
)
def test_a_file_name_gives_back_the_layout_it_was_made_from(rows: int, columns: int, name: str) -> None:
    layout = PreviewLayout(rows=rows, columns=columns)
    assert PreviewLayout.from_file_name(layout.file_name(name)) == layout


@given(st.text())
def test_any_other_file_name_gives_a_layout_or_none_and_no_error(name: str) -> None:
    PreviewLayout.from_file_name(name)


@pytest.mark.parametrize(("rows", "columns"), [(1, 4), (4, 4), (2, 0), (3, 10_000)])
def test_a_layout_that_no_sheet_has_is_refused(rows: int, columns: int) -> None:
    with pytest.raises(ValueError, match="contact sheet"):
        PreviewLayout(rows=rows, columns=columns)


def test_a_sheet_is_read_with_the_size_of_its_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.3x5.webp"
    path.write_bytes(sheet(rows=3, columns=5, width=20, height=12))
    preview = read_preview(path)
    assert isinstance(preview, Preview)
    assert (preview.cell_width, preview.cell_height) == (20, 12)


def test_a_sheet_that_its_cells_do_not_fill_is_a_problem_with_the_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.3x5.webp"
    path.write_bytes(sheet(rows=2, columns=7, width=20, height=11))
    preview = read_preview(path)
    assert isinstance(preview, PreviewProblem)
    assert preview.reason == "the preview is 140x22 pixels, which 3 rows of 5 cells do not fill"
