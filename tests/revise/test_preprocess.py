from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import (  # noqa: E402
    Qwen2VLImageProcessorPil,
    smart_resize,
)
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil  # noqa: E402

from rvebench.errors import UsageError  # noqa: E402
from rvebench.revise.vlm.preprocess import (  # noqa: E402
    QwenSpec,
    SiglipSpec,
    patchify,
    resize,
    siglip_pixels,
    smart_size,
    unit_frames,
)

SMALL = QwenSpec(min_pixels=28 * 28, max_pixels=128 * 128)


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth waves and hard edges, all levels used."""
    rows, columns = np.mgrid[0:height, 0:width]
    wave = 127.5 + 127.5 * np.sin((rows * (seed + 2) + columns * 3) / 9)
    noise = np.random.default_rng(seed).integers(0, 256, (height, width))
    edge = 255 * ((rows // 7 + columns // 5) % 2)
    return np.stack([wave, noise, edge], axis=-1).astype(np.uint8)


def frames(count: int, height: int, width: int) -> torch.Tensor:
    return torch.from_numpy(np.stack([picture(height, width, seed) for seed in range(count)]))


def siglip_theirs(shown: torch.Tensor, side: int) -> torch.Tensor:
    processor = SiglipImageProcessorPil(size={"height": side, "width": side}, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    return processor([Image.fromarray(frame.numpy()) for frame in shown], return_tensors="pt")["pixel_values"]


def qwen_theirs(frame: torch.Tensor, spec: QwenSpec) -> tuple[torch.Tensor, list[int]]:
    processor = Qwen2VLImageProcessorPil(
        size={"shortest_edge": spec.min_pixels, "longest_edge": spec.max_pixels},
        patch_size=spec.patch,
        temporal_patch_size=spec.temporal_patch,
        merge_size=spec.merge,
    )
    made = processor([Image.fromarray(frame.numpy())], return_tensors="pt")
    return made["pixel_values"], made["image_grid_thw"][0].tolist()


def test_at_equal_size_siglip_pixels_are_the_processors():
    shown = frames(2, 56, 56)
    ours = siglip_pixels(shown, SiglipSpec(height=56, width=56))
    assert (ours - siglip_theirs(shown, 56)).abs().max() <= 2e-7


def test_at_equal_size_qwen_patches_are_the_processors():
    frame = frames(1, 84, 112)
    theirs, grid = qwen_theirs(frame[0], SMALL)
    ours = patchify(frame, SMALL)
    assert list(ours.grid) == grid
    assert (ours.patches_ND - theirs).abs().max() <= 2e-7


@pytest.mark.parametrize(("height", "width"), [(352, 640), (480, 832), (96, 96), (30, 40)])
def test_with_a_resize_pixels_stay_within_two_roundings_of_the_processors(height, width):
    shown = frames(2, height, width)
    off = (siglip_pixels(shown, SiglipSpec(height=70, width=70)) - siglip_theirs(shown, 70)).abs() * 0.5 * 255
    assert 0 < off.max() <= 1.6
    assert off.mean() <= 0.35
    theirs, grid = qwen_theirs(shown[0], SMALL)
    ours = patchify(shown[:1], SMALL)
    assert list(ours.grid) == grid
    assert ((ours.patches_ND - theirs).abs() * max(SMALL.std) * 255).max() <= 1.6


@pytest.mark.parametrize("size", [(40, 48, 84, 70), (120, 30, 50, 60), (31, 117, 98, 114), (82, 33, 30, 46)])
def test_a_resize_is_pils_width_first_then_height(size):
    height, width, to_height, to_width = size
    shown = frames(1, height, width)
    theirs = Image.fromarray(shown[0].numpy()).resize((to_width, height), Image.Resampling.BICUBIC)
    theirs = np.array(theirs.resize((to_width, to_height), Image.Resampling.BICUBIC))
    ours = resize(unit_frames(shown), to_height, to_width)[0].permute(1, 2, 0) * 255
    assert (ours - torch.from_numpy(theirs)).abs().max() <= 1.6


def test_the_patches_of_a_video_are_those_of_transformers():
    processors = pytest.importorskip("transformers.models.qwen2_vl.video_processing_qwen2_vl")
    shown = frames(5, 56, 84)  # odd: the last frame is repeated
    theirs, *grid = processors.Qwen2VLVideoProcessor.patchify(None, _normalised(shown)[None], 14, 2, 2)
    ours = patchify(shown, QwenSpec(min_pixels=28 * 28))
    assert list(ours.grid) == grid
    assert torch.equal(ours.patches_ND, theirs[0])


def _normalised(shown: torch.Tensor) -> torch.Tensor:
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (QwenSpec().mean, QwenSpec().std))
    return (shown.permute(0, 3, 1, 2).float() / 255 - mean) / std


def test_patches_equal_a_slow_walk_over_them():
    spec = QwenSpec(patch=2, merge=2, min_pixels=16)
    shown = frames(4, 8, 12)
    ours = patchify(shown, spec)
    values = _normalised(shown)
    rows = []
    for step in range(2):
        for cell_row in range(2):
            for cell_column in range(3):
                for row in range(2):
                    for column in range(2):
                        top, left = (2 * cell_row + row) * 2, (2 * cell_column + column) * 2
                        patch = [
                            values[2 * step + time, channel, top + y, left + x]
                            for channel in range(3)
                            for time in range(2)
                            for y in range(2)
                            for x in range(2)
                        ]
                        rows.append(torch.stack(patch))
    assert ours.grid == (2, 4, 6)
    assert ours.tokens(spec.merge) == 12
    assert torch.equal(ours.patches_ND, torch.stack(rows))


def test_sizes_are_those_of_transformers_and_multiples_within_the_limits():
    spec = QwenSpec(min_pixels=4 * 28 * 28, max_pixels=40 * 28 * 28)
    rng = np.random.default_rng(0)
    for height, width in rng.integers(3, 900, (300, 2)).tolist():
        ours = smart_size(height, width, spec)
        if max(height, width) > 200 * min(height, width):
            continue
        assert ours == smart_resize(height, width, 28, spec.min_pixels, spec.max_pixels)
        assert all(side % 28 == 0 and side > 0 for side in ours)


@pytest.mark.parametrize("aspect", ["resize", "pad"])
def test_the_gradient_goes_through_siglip_pixels(aspect):
    torch.manual_seed(0)
    shown = (torch.rand(1, 6, 9, 3, dtype=torch.float64) * 0.4 + 0.3).requires_grad_()
    spec = SiglipSpec(height=8, width=8, aspect=aspect)
    assert torch.autograd.gradcheck(lambda x: siglip_pixels(x, spec), (shown,))


def test_the_gradient_goes_through_qwen_patches():
    torch.manual_seed(0)
    shown = (torch.rand(3, 9, 7, 3, dtype=torch.float64) * 0.4 + 0.3).requires_grad_()
    spec = QwenSpec(patch=2, merge=2, min_pixels=64, max_pixels=100)
    assert torch.autograd.gradcheck(lambda x: patchify(x, spec).patches_ND, (shown,))


def test_the_resize_is_float32_whatever_stands_around_it():
    shown = frames(1, 40, 48)
    spec = SiglipSpec(height=70, width=70)
    plain = siglip_pixels(shown, spec)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = siglip_pixels(shown, spec)
    assert inside.dtype == torch.float32
    assert torch.equal(inside, plain)
    rounded = (shown.float() / 255).bfloat16()
    assert torch.equal(siglip_pixels(rounded, spec), siglip_pixels(rounded.float(), spec))


def test_uint8_and_the_same_in_floating_point_give_the_same_pixels():
    shown = frames(2, 40, 48)
    assert torch.equal(unit_frames(shown), unit_frames(shown.float() / 255))


def test_a_resize_stays_in_range_and_an_equal_size_touches_nothing():
    shown = unit_frames(frames(1, 40, 48))
    bigger = resize(shown, 100, 90)
    assert bigger.min() >= 0 and bigger.max() <= 1
    assert resize(shown, 40, 48) is shown


def test_pad_sets_the_frame_in_the_middle_of_the_mean_colour():
    shown = frames(1, 4, 8)
    padded = siglip_pixels(shown, SiglipSpec(height=8, width=8, aspect="pad"))
    fill = (127 / 255 - 0.5) / 0.5
    assert torch.allclose(padded[:, :, [0, 1, 6, 7]], torch.tensor(fill))
    assert torch.allclose(padded[:, :, 2:6], (shown.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5, atol=1e-6)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (torch.zeros(4, 4, 3), r"\[T, H, W, 3\]"),
        (torch.zeros(1, 3, 4, 4), r"\[T, H, W, 3\]"),
        (torch.zeros(0, 4, 4, 3), "at least 1"),
        (torch.full((1, 4, 4, 3), 1.01), "clamp"),
        (torch.full((1, 4, 4, 3), math.nan), "nan"),
        (torch.zeros(1, 4, 4, 3, dtype=torch.int64), "uint8"),
    ],
)
def test_frames_of_another_kind_are_refused(shown, said):
    with pytest.raises(UsageError, match=said):
        unit_frames(shown)


def test_frames_far_too_narrow_are_refused():
    with pytest.raises(UsageError, match="too narrow"):
        smart_size(1, 300, QwenSpec())


def test_a_processors_limits_are_read_under_both_of_their_names():
    assert QwenSpec.from_processor({"min_pixels": 3136, "max_pixels": 12845056}).max_pixels == 12845056
    sized = QwenSpec.from_processor({"size": {"shortest_edge": 784, "longest_edge": 7840}})
    assert (sized.min_pixels, sized.max_pixels) == (784, 7840)
    assert QwenSpec.from_processor({}, max_pixels=5000).max_pixels == 5000
