from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from rvebench.video import Frames, fit_within
from rvebench.video.picture import picture_of
from tests.video.samples import textured


def shrunk(frame: Frames, size: tuple[int, int]) -> Frames:
    image = picture_of(frame, size)
    assert (image.mode, image.size) == ("RGBX", size)
    return np.asarray(image.convert("RGB"))


def decibels(one: Frames, other: Frames) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


@pytest.mark.parametrize(
    ("width", "height", "side"), [(1280, 720, 512), (600, 338, 512), (333, 501, 128), (65, 33, 64)]
)
def test_shrinking_is_bicubic_as_pillow_does_it(width: int, height: int, side: int) -> None:
    frame = textured(1, width, height)[0]
    size = fit_within(width, height, side, side)
    reference = np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC))
    assert decibels(shrunk(frame, size), reference) > 46


def test_fine_detail_becomes_grey_and_no_pattern() -> None:
    board = (np.indices((400, 400)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    grey = shrunk(board, (130, 130))[4:-4, 4:-4]
    assert abs(int(grey.min()) - 128) <= 6
    assert abs(int(grey.max()) - 128) <= 6


def test_colours_keep_their_resolution() -> None:
    stripes = np.zeros((64, 128, 3), np.uint8)
    stripes[:, 0::4, 0] = stripes[:, 1::4, 0] = 255
    stripes[:, 2::4, 2] = stripes[:, 3::4, 2] = 255
    shown = shrunk(stripes, (64, 32))
    assert shown[:, 2:-2:2, 0].min() > 200 > 60 > shown[:, 3:-2:2, 0].max()


@pytest.mark.parametrize("width", [1, 2, 41, 64, 97])
def test_a_frame_that_fits_is_shown_as_it_is(width: int) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, 5, width, 3), dtype=np.uint8)
    for frame in (*frames, frames[0][:, ::-1], frames[1].copy()):
        assert np.array_equal(shrunk(frame, (width, 5)), frame)


def test_it_makes_no_difference_where_a_frame_lies_in_memory() -> None:
    one = textured(1, 200, 120)
    clip = np.concatenate([one, one, one])
    padded = np.zeros((120, 260, 3), np.uint8)
    padded[:, 30:230] = one[0]
    seen = [shrunk(frame, (64, 38)).tobytes() for frame in (*clip, one[0], one[0].copy(), padded[:, 30:230])]
    assert len(set(seen)) == 1


def test_threads_get_what_one_after_the_other_gets() -> None:
    frames = [textured(1, 150 + 10 * n, 90)[0] for n in range(8)]

    def both(frame: Frames) -> bytes:
        return b"".join(picture_of(frame, size).tobytes() for size in ((64, 32), (50, 40)))

    alone = [both(frame) for frame in frames]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(both, frames * 4)) == alone * 4
