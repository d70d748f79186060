from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given
from hypothesis import strategies as st

from rvebench.errors import VideoError
from rvebench.metrics import preprocess
from rvebench.metrics.preprocess import clip_input, dino_input, middle_indices, resized_size, viclip_input
from rvebench.video import Frames
from tests.metrics.naive_transformer import cubic

Array = npt.NDArray[np.float64]

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
# Landscape, portrait, square, odd, the short side as wanted, smaller than wanted, a few pixels, very wide, very tall.
SIZES = [(352, 640), (320, 176), (256, 256), (143, 175), (224, 301), (301, 224), (60, 90), (2, 3), (9, 280), (170, 6)]


def noise(*shape: int, seed: int = 0) -> Frames:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def weights(out: int, size: int, scale: float, kernel: str) -> Array:
    """Returns the row of interpolation weights of each output pixel: pixel centres, no smoothing, borders held."""
    matrix = np.zeros((out, size))
    for row in range(out):
        at = (row + 0.5) * scale - 0.5
        if kernel == "bilinear":
            at = max(at, 0.0)
            for step in (0, 1):
                matrix[row, min(math.floor(at) + step, size - 1)] += abs(1 - step - (at - math.floor(at)))
        else:
            for step in range(-1, 3):
                place = math.floor(at) + step
                matrix[row, min(max(place, 0), size - 1)] += cubic(at - place)
    return matrix


def plain(
    frame_HWC: Frames, *, kernel: str, statistics: tuple[tuple[float, ...], ...], crop: bool, levels: bool
) -> Array:
    """A second implementation in float64: two matrices for the two directions."""
    height, width = frame_HWC.shape[:2]
    new = (224, int(224 * width / height)) if height <= width else (int(224 * height / width), 224)
    rows = weights(new[0], height, height / new[0], kernel)
    columns = weights(new[1], width, width / new[1], kernel)
    out = np.empty((3, *new))
    for channel in range(3):
        out[channel] = rows @ frame_HWC[..., channel].astype(float) @ columns.T
    if levels:
        out = np.round(np.clip(out, 0, 255))
    if crop:
        top, left = (new[0] - 224) // 2, (new[1] - 224) // 2
        # An odd margin goes to the even side.
        top += (new[0] - 224) % 2 and top % 2
        left += (new[1] - 224) % 2 and left % 2
        out = out[:, top : top + 224, left : left + 224]
    mean, deviation = (np.array(values)[:, None, None] for values in statistics)
    return (out / 255 - mean) / deviation


@pytest.mark.parametrize("size", SIZES)
def test_dino_sees_the_whole_frame_bilinearly(size: tuple[int, int]) -> None:
    frames = noise(2, *size, 3)
    found = dino_input(frames).numpy()
    for frame, seen in zip(frames, found, strict=True):
        wanted = plain(frame, kernel="bilinear", statistics=IMAGENET, crop=False, levels=False)
        assert min(seen.shape[1:]) == 224
        np.testing.assert_allclose(seen, wanted, atol=3e-4)  # float32 places of pixels, far from the origin


@pytest.mark.parametrize("size", SIZES)
def test_clip_sees_the_centre_bicubically_with_its_overshoot(size: tuple[int, int]) -> None:
    frames = noise(2, *size, 3)
    found = clip_input(frames).numpy()
    assert found.shape == (2, 3, 224, 224)
    for frame, seen in zip(frames, found, strict=True):
        wanted = plain(frame, kernel="bicubic", statistics=CLIP, crop=True, levels=False)
        np.testing.assert_allclose(seen, wanted, atol=3e-4)


@pytest.mark.parametrize("size", SIZES)
def test_viclip_sees_whole_levels_of_the_same_picture(size: tuple[int, int]) -> None:
    frames = noise(2, *size, 3)
    found = viclip_input(frames).double()
    mean, deviation = (torch.tensor(values, dtype=torch.float64).view(1, 3, 1, 1) for values in CLIP)
    levels = (found * deviation + mean) * 255
    assert (levels - levels.round()).abs().max() < 1e-3
    assert levels.min() > -1e-3
    assert levels.max() < 255 + 1e-3
    for frame, seen in zip(frames, found.numpy(), strict=True):
        wanted = plain(frame, kernel="bicubic", statistics=CLIP, crop=True, levels=True)
        off = np.abs(seen - wanted) > 1e-4  # a value halfway between two levels may go to either
        assert off.mean() < 5e-3
        assert np.abs(seen - wanted).max() < 1.01 / 255 / min(CLIP[1])


def test_the_overshoot_is_what_sets_the_two_bicubic_recipes_apart() -> None:
    frames = np.zeros((1, 60, 60, 3), np.uint8)
    frames[:, :, 30:] = 255
    assert clip_input(frames)[0, 0].max() > (1 - CLIP[0][0]) / CLIP[1][0] + 0.01
    assert viclip_input(frames)[0, 0].max() == pytest.approx((1 - CLIP[0][0]) / CLIP[1][0], abs=1e-5)


@pytest.mark.parametrize("convert", [dino_input, clip_input, viclip_input])
@pytest.mark.parametrize("size", [(143, 175), (352, 640), (300, 20)])
def test_the_size_of_a_chunk_changes_no_bit_and_threads_hardly_one(
    convert: object, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(convert)
    frames = noise(7, *size, 3)
    whole = convert(frames)
    for chunk_bytes in (1, size[0] * size[1] * 12 * 3):
        monkeypatch.setattr(preprocess, "_CHUNK_BYTES", chunk_bytes)
        assert torch.equal(convert(frames), whole)
    assert torch.equal(torch.cat([convert(frames[:2]), convert(frames[2:])]), whole)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        # torch picks another kernel for a single thread, whose last bit may differ.
        assert (convert(frames) - whole).abs().max() < 2e-6
    finally:
        torch.set_num_threads(threads)


def test_frames_are_left_as_they_were_and_may_be_read_only_or_strided() -> None:
    frames = noise(6, 40, 50, 3)
    before = frames.copy()
    frames.flags.writeable = False
    found = clip_input(frames)
    assert np.array_equal(frames, before)
    assert torch.equal(clip_input(frames[::2]), found[::2])
    assert torch.equal(clip_input(frames[::-1]), found.flip(0))


def test_a_frame_of_one_pixel_becomes_one_colour() -> None:
    for convert in (dino_input, clip_input, viclip_input):
        found = convert(np.full((1, 1, 1, 3), 255, np.uint8))
        assert found.shape == (1, 3, 224, 224)
        assert (found - found[..., :1, :1]).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("size", "wanted"),
    [((720, 1280), (224, 398)), ((1280, 720), (398, 224)), ((224, 224), (224, 224)), ((100, 3200), (224, 7168))],
)
def test_the_short_side_becomes_224_and_the_long_one_is_rounded_down(
    size: tuple[int, int], wanted: tuple[int, int]
) -> None:
    assert resized_size(*size) == wanted


def test_frames_out_of_all_proportion_are_refused() -> None:
    with pytest.raises(VideoError, match="3300 x 100 are more than 32 times as long as wide"):
        dino_input(np.zeros((1, 100, 3300, 3), np.uint8))


def test_eight_frames_are_taken_from_the_middles() -> None:
    assert middle_indices(33, 8) == [1, 5, 9, 13, 17, 21, 25, 30]
    assert middle_indices(8, 8) == list(range(8))
    assert middle_indices(3, 8) == [0, 1, 2, 2, 2, 2, 2, 2]
    assert middle_indices(1, 8) == [0] * 8
    for wrong in ((0, 8), (8, 0)):
        with pytest.raises(ValueError, match="cannot be taken"):
            middle_indices(*wrong)


@given(st.integers(1, 100_000), st.integers(1, 32))
def test_middles_are_in_order_in_range_and_each_in_its_stretch(count: int, wanted: int) -> None:
    found = middle_indices(count, wanted)
    assert len(found) == wanted
    assert found == sorted(found)
    assert 0 <= found[0] <= found[-1] < count
    if count >= wanted:
        for stretch, index in enumerate(found):
            assert stretch * count // wanted <= index < (stretch + 1) * count // wanted
