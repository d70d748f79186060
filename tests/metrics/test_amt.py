from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from numpy.typing import NDArray
from torch.utils._python_dispatch import TorchDispatchMode

from rvebench.errors import DataError
from rvebench.metrics.backbones import amt
from rvebench.metrics.backbones.amt_correlation import Correlation, portions
from rvebench.metrics.backbones.amt_layers import planes, resize, warp
from tests.metrics.oracle.amt_samples import HOOKED, MOMENTS, PAIRS, images, record, sampled, stages
from tests.metrics.oracle.shapes import SHAPES, TINY
from tests.metrics.oracle.weights import state_dict

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures/metrics/amt.npz"

Array = NDArray[np.float64]


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    return state_dict("amt", TINY)


@pytest.fixture(scope="module")
def network(state: dict[str, torch.Tensor]) -> amt.AmtS:
    return amt.load(state)


@pytest.fixture(autouse=True, scope="module")
def _one_thread_and_no_gradients() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.inference_mode():
        yield
    torch.set_num_threads(threads)


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def pair(label: str) -> tuple[torch.Tensor, torch.Tensor]:
    first, last = images(label)
    return torch.from_numpy(first), torch.from_numpy(last)


def gap(found: torch.Tensor, wanted: object) -> float:
    """The largest difference, as a part of the largest number."""
    wanted = torch.as_tensor(wanted).double()
    assert found.shape == wanted.shape
    return float((found.double() - wanted).abs().max() / wanted.abs().max())


# --- The published network's own numbers


@pytest.mark.parametrize("label", PAIRS)
def test_each_stage_gives_the_numbers_of_the_published_network(network: amt.AmtS, label: str) -> None:
    with record(network, HOOKED) as seen:
        network(*pair(label))
    with np.load(FIXTURE) as published:
        wanted = published[f"{label}/stages"]
    off = np.abs(stages(seen) - wanted).max(axis=2)
    # The last number of each is the tensor's largest; float32 alone leaves up to 4e-6 of it.
    worst = {name: tuple(parts) for name, parts in zip(HOOKED, off / wanted[..., -1], strict=True)}
    assert all(max(parts) < 1.5e-5 for parts in worst.values()), worst


@pytest.mark.parametrize("label", PAIRS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_frame_is_that_of_the_published_network(network: amt.AmtS, label: str, moment: float) -> None:
    frame = network(*pair(label), moment)
    levels = int((frame * 255).clamp(0, 255).to(torch.uint8).sum())
    with np.load(FIXTURE) as published:
        assert np.abs(sampled(frame) - published[f"{label}/{moment}/frame"]).max() < 2e-5
        # Where a value lies on a whole level, rounding decides which side it falls: some of 60,000 may differ by one.
        assert abs(levels - int(published[f"{label}/{moment}/levels"])) <= 20


# --- Second implementations


def bilinear(map_HW: Array, x: float, y: float, *, edges: bool) -> float:
    """One sample, positions in pixels; outside the map is its edge or zero."""
    height, width = map_HW.shape
    if edges:
        x, y = min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)
    left, top = math.floor(x), math.floor(y)
    total = 0.0
    for row, column in itertools.product((top, top + 1), (left, left + 1)):
        if 0 <= row < height and 0 <= column < width:
            total += map_HW[row, column] * (1 - abs(x - column)) * (1 - abs(y - row))
    return total


def all_pairs_lookup(queries_CHW: Array, asked_CHW: Array, at_2HW: Array) -> Array:
    """Every product first, then pooled, then looked up."""
    channels, height, width = queries_CHW.shape
    volume = np.einsum("cij,ckl->ijkl", queries_CHW, asked_CHW) / math.sqrt(channels)
    out = np.zeros((4, 7, 7, height, width))
    for level in range(4):
        if min(volume.shape[2:]) > 1:
            for row, column in np.ndindex(height, width):
                x, y = at_2HW[:, row, column] / 2**level
                for i, j in np.ndindex(7, 7):
                    sample = bilinear(volume[row, column], x + i - 3, y + j - 3, edges=False)
                    out[level, i, j, row, column] = sample
        rows, columns = volume.shape[2] // 2 * 2, volume.shape[3] // 2 * 2
        cut = volume[:, :, :rows, :columns]
        volume = (cut[:, :, ::2, ::2] + cut[:, :, 1::2, ::2] + cut[:, :, ::2, 1::2] + cut[:, :, 1::2, 1::2]) / 4
    return out.reshape(196, height, width)


# Whole tiles; remainders, odd pooled sides; a third level of one row; no second level.
@pytest.mark.parametrize("size", [(16, 16), (17, 19), (9, 18), (2, 5)])
def test_the_lookup_equals_all_products_pooled_and_sampled_one_by_one(size: tuple[int, int]) -> None:
    features = drawn(2, 1, 5, *size)
    grid = torch.stack(torch.meshgrid(*(torch.arange(side) for side in size), indexing="ij")[::-1])
    positions = grid + 4 * drawn(2, 1, 2, *size, seed=1)
    positions[0, 0, :, 0, 0] = torch.tensor([-50.0, 1e9])
    positions[1, 0, :, -1, -1] = torch.tensor([size[1] - 1.0, size[0] - 1.0])
    found = Correlation(features).lookup(positions)[0]
    first, last = features[:, 0].double().numpy()
    to_last, to_first = positions[:, 0].double().numpy()
    wanted = np.concatenate((all_pairs_lookup(first, last, to_last), all_pairs_lookup(last, first, to_first)))
    assert gap(found, wanted) < 2e-6


def test_warping_takes_displaced_samples_and_repeats_the_edges() -> None:
    held, flow = drawn(2, 3, 6, 9), 4 * drawn(2, 2, 6, 9, seed=1)
    wanted = np.empty(held.shape)
    for sample, channel, y, x in np.ndindex(*held.shape):
        right, down = flow[sample, :, y, x].tolist()
        wanted[sample, channel, y, x] = bilinear(
            held[sample, channel].double().numpy(), x + right, y + down, edges=True
        )
    before = flow.clone()
    assert gap(warp(held, flow), wanted) < 2e-6
    assert torch.equal(flow, before)


def test_a_merge_warps_both_frames_for_each_candidate_and_blends_them(network: amt.AmtS) -> None:
    height, width = 5, 8
    frames, mean, shared, made = (
        drawn(4, 3, height, width) / 8,
        torch.tensor([0.5, 0.4]).view(2, 1, 1, 1),
        2 * drawn(2, 4, height, width, seed=1),
        drawn(2, 24, height, width, seed=2) / 8,
    )
    with record(network, ("comb_block.2",)) as seen:
        found = network._merge(frames, mean, shared, made.to(memory_format=torch.channels_last))
    wanted = np.empty((2, 9, height, width))
    for sample, k, colour, y, x in np.ndindex(2, 3, 3, height, width):
        own = made[sample, :, y, x].double()
        both = []
        for side, frame in enumerate((frames[sample], frames[2 + sample])):
            right, down = (
                shared[sample, 2 * side : 2 * side + 2, y, x].double() + own[6 * side + 2 * k :][:2]
            ).tolist()
            both.append(bilinear(frame[colour].double().numpy(), x + right, y + down, edges=True))
        mask = float(own[12 + k].sigmoid())
        blended = mask * both[0] + (1 - mask) * both[1]
        wanted[sample, 3 * k + colour, y, x] = blended + float(mean[sample]) + float(own[15 + 3 * k + colour])
    candidates = torch.from_numpy(wanted)
    correction = copy.deepcopy(network.comb_block).double()(candidates)
    assert gap(seen["comb_block.2.out"], correction) < 1e-5
    assert gap(found, (candidates.unflatten(1, (3, 3)).mean(1) + correction).clamp(0, 1)) < 1e-5


def test_planes_reorders_memory_and_changes_no_number() -> None:
    held = drawn(3, 5, 4, 6).to(memory_format=torch.channels_last)
    for given in (held, held.contiguous(), held.bfloat16()):
        assert torch.equal(planes(given), given.float())
        assert planes(given).is_contiguous()


def test_resizing_by_a_quarter_averages_the_middle_of_each_block() -> None:
    held = drawn(1, 1, 8, 12)
    middle = sum(held[..., 1 + i :: 4, 1 + j :: 4] for i in (0, 1) for j in (0, 1)) / 4
    assert gap(resize(held, 1 / 4), middle) < 1e-6


# --- Batches, portions, memory


def test_batches_give_what_single_pairs_give(network: amt.AmtS) -> None:
    first, last = pair("wide")
    firsts, lasts = torch.cat((first, last.flip(3))), torch.cat((last, first.flip(3)))
    together = network(firsts, lasts)
    for index in range(2):
        apart = (together[index] - network(firsts[index : index + 1], lasts[index : index + 1])[0]).abs()
        # oneDNN cuts the convolutions of a larger batch otherwise; these weights blow its last bit up to 1e-5.
        assert apart.max() < 4e-5
        assert apart.mean() < 1e-6


def test_the_lookup_does_not_depend_on_the_budget_of_a_portion() -> None:
    features, positions = drawn(2, 2, 7, 21, 30), 20 * drawn(2, 2, 2, 21, 30, seed=1).abs()
    whole = Correlation(features, budget=1 << 40).lookup(positions)
    for budget in (1, 50_000, 1_000_000):
        assert gap(Correlation(features, budget=budget).lookup(positions), whole) < 1e-6
    parts = [Correlation(features[:, i : i + 1]).lookup(positions[:, i : i + 1]) for i in (0, 1)]
    assert gap(torch.cat(parts), whole) < 1e-6


def test_portions_cover_all_tiles_once_and_keep_to_the_budget() -> None:
    sides = torch.randint(8, 40, (200, 2), generator=torch.Generator().manual_seed(0)).tolist()
    for budget in (1, 20_000, 200_000, 10**9):
        runs = portions(sides, budget, 10)
        assert [index for start, stop, _, _ in runs for index in range(start, stop)] == list(range(200))
        for start, stop, columns, rows in runs:
            assert columns == max(side[0] for side in sides[start:stop])
            assert rows == max(side[1] for side in sides[start:stop])
            assert stop == start + 1 or (stop - start) * columns * rows * 10 <= budget
    assert portions([], 1, 1) == []


class Largest(TorchDispatchMode):
    """Notes the most numbers that any result holds."""

    numbers = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(tensor, torch.Tensor):
                self.numbers = max(self.numbers, tensor.untyped_storage().nbytes() // tensor.element_size())
        return result


@pytest.mark.parametrize("wild", [False, True])
def test_a_720p_lookup_makes_no_tensor_of_all_pairs(wild: bool) -> None:
    height, width = 90, 160
    correlation = Correlation(drawn(2, 1, 4, height, width))
    positions = 2 * torch.rand((2, 1, 2, height, width), generator=torch.Generator().manual_seed(1))
    if wild:  # windows of some tiles are all over the map
        positions[..., 40:56, :] *= 80
    with Largest() as largest:
        correlation.lookup(positions)
    assert height * width * 392 <= largest.numbers < (height * width) ** 2 / 20


def test_frames_with_the_channels_last_in_memory_give_the_same_frame(network: amt.AmtS) -> None:
    first, last = pair("tall")
    turned = [frame.to(memory_format=torch.channels_last) for frame in (first, last)]
    assert (network(*turned) - network(first, last)).abs().max() < 4e-5


# --- Edges


@pytest.mark.parametrize("size", [(16, 16), (64, 96), (48, 144)])
def test_frames_too_small_for_all_levels_give_a_frame(network: amt.AmtS, size: tuple[int, int]) -> None:
    frame = network(torch.rand(1, 3, *size), torch.rand(1, 3, *size))
    assert frame.shape == (1, 3, *size)
    assert frame.isfinite().all()
    assert frame.min() >= 0 and frame.max() <= 1


def test_positions_that_are_no_number_or_infinite_stay_visible_and_harm_no_other() -> None:
    features = drawn(2, 1, 4, 16, 16)
    positions = 16 * torch.rand((2, 1, 2, 16, 16), generator=torch.Generator().manual_seed(0))
    broken = positions.clone()
    broken[0, 0, 0, 3, 4], broken[1, 0, 1, 8, 9] = math.nan, -math.inf
    wanted, found = (Correlation(features).lookup(at) for at in (positions, broken))
    assert found[0, :196, 3, 4].isnan().all()
    assert found[0, 196:, 8, 9].isnan().all()
    for half, row, column in ((slice(0, 196), 3, 4), (slice(196, 392), 8, 9)):
        found[0, half, row, column] = wanted[0, half, row, column]
    assert gap(found, wanted) < 1e-6


@pytest.mark.parametrize(
    ("first", "last"), [((1, 3, 128, 130), (1, 3, 128, 130)), ((1, 3, 128, 128), (1, 3, 128, 144))]
)
def test_frames_of_sides_that_cannot_be_halved_or_differ_are_refused(
    network: amt.AmtS, first: tuple[int, ...], last: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="multiples of 16"):
        network(torch.rand(first), torch.rand(last))


@pytest.mark.parametrize(("dtype", "most"), [(torch.bfloat16, 0.01), (torch.float16, 0.0015)])
def test_half_precision_keeps_flows_and_frames_in_float32(network: amt.AmtS, dtype: torch.dtype, most: float) -> None:
    half = copy.deepcopy(network).to(dtype)
    flows: list[torch.Tensor] = []
    for update in (half.update4, half.update3, half.update2):
        update.register_forward_pre_hook(lambda _module, inputs: flows.append(inputs[1]))
        update.register_forward_hook(lambda _module, _inputs, output: flows.append(output[1]))
    frame = half(*pair("tall"))
    assert [flow.dtype for flow in flows] == [torch.float32] * 6
    assert frame.dtype == torch.float32
    assert (frame - network(*pair("tall"))).abs().mean() < most


# --- Loading


def test_the_network_has_the_published_tensors(state: dict[str, torch.Tensor], network: amt.AmtS) -> None:
    found = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert found == dict(SHAPES["amt"](TINY))
    assert sum(math.prod(shape) for shape in found.values()) == 2_990_543
    assert amt.AmtConfig.of(state) == amt.AmtConfig()
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_sizes_are_read_off_the_tensors() -> None:
    config = amt.AmtConfig(
        pyramid=(8, 10, 12, 14),
        feature=(8, 12, 16),
        correlated=9,
        side=4,
        update=(12, 8, 6, 10, 14),
        candidates=2,
        merge=5,
    )
    small = amt.AmtS(config).state_dict()
    assert amt.AmtConfig.of(small) == config
    frame = amt.load(small)(torch.rand(2, 3, 128, 128), torch.rand(2, 3, 128, 128))
    assert frame.shape == (2, 3, 128, 128)


def test_tensors_that_are_missing_left_over_or_misshapen_are_named(state: dict[str, torch.Tensor]) -> None:
    wrong = dict(state)
    del wrong["decoder3.convblock.1.conv5.bias"]
    wrong["decoder9.weight"] = torch.zeros(1)
    wrong["comb_block.2.bias"] = torch.zeros(4)
    with pytest.raises(DataError) as caught:
        amt.load(wrong)
    for part in (
        "AMT-S",
        "decoder3.convblock.1.conv5.bias",
        "decoder9.weight",
        "comb_block.2.bias is (4,) and not (3,)",
    ):
        assert part in str(caught.value)


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(DataError, match="these are not the weights of AMT-S"):
        amt.load(state_dict("dino", TINY))
