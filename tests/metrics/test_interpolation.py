from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from rvebench.errors import DataError
from rvebench.metrics.device import Portions
from rvebench.metrics.interpolation import odd_frame_errors


def clip(frames: int, height: int = 21, width: int = 35) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (frames, height, width, 3), dtype=np.uint8)


def average(first: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
    assert first.dtype == last.dtype == torch.float32
    assert first.shape[-2:] == (32, 48)
    return (first + last) / 2


@pytest.mark.parametrize(("frames", "pairs"), [(3, 1), (4, 1), (5, 2), (10, 4)])
@pytest.mark.parametrize("batch", [1, 3])
def test_errors_are_exact_sums_over_the_frames_that_have_two_neighbours(frames: int, pairs: int, batch: int) -> None:
    video = clip(frames)
    found = odd_frame_errors(average, video, Portions(batch), device="cpu")
    wide = video.astype(np.float32) / np.float32(255)
    made = ((wide[:-2:2] + wide[2::2]) / 2 * np.float32(255)).astype(np.uint8)
    wanted = np.abs(made.astype(int) - video[1:-1:2].astype(int)).sum(axis=(1, 2, 3))
    assert found.shape == (pairs,)
    assert found.tolist() == wanted.tolist()


def test_frames_are_padded_by_their_edges_more_below_and_on_the_right() -> None:
    seen: list[torch.Tensor] = []

    def keep(first: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        seen.append(first)
        return last

    video = clip(3, 21, 35)  # 11 rows and 13 columns are missing
    odd_frame_errors(keep, video, Portions(1), device="cpu")
    padded = np.pad(video[0], ((5, 6), (6, 7), (0, 0)), mode="edge").astype(np.float32) / np.float32(255)
    assert np.array_equal(seen[0][0].permute(1, 2, 0).numpy(), padded)


def test_a_network_that_makes_no_number_gives_no_score() -> None:
    def broken(first: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        made = (first + last) / 2
        made[-1, 0, 20, 20] = torch.nan
        return made

    with pytest.raises(DataError, match=r"between frames 0 and 2 .* no finite"):
        odd_frame_errors(broken, clip(3), Portions(1), device="cpu")


def test_three_frames_that_repeat_are_asked_about_once_and_count_each_time() -> None:
    asked: list[int] = []

    def counting(first: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        asked.append(len(first))
        return (first + last) / 2

    still, moving = np.repeat(clip(1), 7, axis=0), clip(5)
    errors = odd_frame_errors(counting, np.concatenate([still, moving]), Portions(1), device="cpu")
    assert sum(asked) == 3  # the still frames, those at the border, those that move
    assert len(errors) == 5
    assert errors[0] == errors[1] == errors[2]
