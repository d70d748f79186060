from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from rvebench.video import contact_sheet, fit_within, match_size, resize_frames
from tests.video.samples import textured


def _solid(count: int, width: int, height: int, value: int) -> np.ndarray:
    return np.full((count, height, width, 3), value, np.uint8)


def test_a_sheet_has_a_row_a_clip_and_a_column_a_frame() -> None:
    rows = [_solid(3, 80, 40, 60), _solid(3, 40, 20, 200)]
    data = contact_sheet(rows, columns=3, cell_width=40, quality=80)
    sheet = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert sheet.shape == (40, 120, 3)
    assert np.abs(sheet[:18].astype(int) - 60).max() < 6
    assert np.abs(sheet[22:].astype(int) - 200).max() < 6
    assert data == contact_sheet(rows, columns=3, cell_width=40, quality=80)


def test_portrait_and_landscape_share_one_cell_size() -> None:
    sheet = Image.open(
        io.BytesIO(
            contact_sheet([_solid(2, 160, 90, 255), _solid(2, 90, 160, 255)], columns=2, cell_width=90, quality=90)
        )
    )
    assert sheet.size == (180, 2 * 160)
    pixels = np.asarray(sheet.convert("L")).astype(int)
    assert pixels[5, 45] < 20, "the landscape clip stands between black bars"
    assert pixels[80, 45] > 235
    assert pixels[165, 45] > 235, "the portrait clip fills its cell"


def test_a_very_tall_clip_is_shrunk_to_twice_the_width() -> None:
    sheet = Image.open(io.BytesIO(contact_sheet([_solid(1, 10, 500, 255)], columns=1, cell_width=60, quality=90)))
    assert sheet.size == (60, 120)


@pytest.mark.parametrize(
    ("rows", "columns", "cell_width", "quality"),
    [
        ([], 1, 10, 80),
        ([_solid(2, 8, 8, 0)], 3, 10, 80),
        ([_solid(3, 8, 8, 0)], 3, 9999, 80),
        ([_solid(1, 8, 8, 0)], 1, 8, 0),
    ],
)
def test_a_sheet_that_cannot_be_is_refused(rows, columns: int, cell_width: int, quality: int) -> None:
    with pytest.raises(ValueError, match=r"row|sheet"):
        contact_sheet(rows, columns=columns, cell_width=cell_width, quality=quality)


def test_resizing_is_deterministic_and_does_nothing_at_the_same_size() -> None:
    frames = textured(3, 64, 48)
    assert resize_frames(frames, 64, 48) is frames
    small = resize_frames(frames, 32, 24)
    assert small.shape == (3, 24, 32, 3)
    assert np.array_equal(small, resize_frames(frames.copy(), 32, 24))
    blocks = frames.reshape(3, 24, 2, 32, 2, 3).mean(axis=(2, 4))
    assert np.abs(small - blocks).max() < 6
    with pytest.raises(ValueError, match="0x24"):
        resize_frames(frames, 0, 24)


def test_padding_is_cropped_and_other_sizes_are_resized() -> None:
    frames = textured(2, 64, 48)
    assert np.array_equal(match_size(frames, 63, 47), frames[:, :47, :63])
    assert np.array_equal(match_size(frames, 63, 48), frames[:, :, :63])
    assert np.array_equal(match_size(frames, 32, 24), resize_frames(frames, 32, 24))


def test_pictures_are_fitted_without_growing() -> None:
    assert fit_within(1920, 1080, 768, 768) == (768, 432)
    assert fit_within(100, 50, 768, 768) == (100, 50)
    assert fit_within(3000, 1, 30, 30) == (30, 1)
