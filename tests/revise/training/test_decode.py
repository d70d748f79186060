from __future__ import annotations

import copy
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from torch.autograd.graph import saved_tensors_hooks  # noqa: E402

from rvebench.errors import UsageError  # noqa: E402
from rvebench.revise.config import preset  # noqa: E402
from rvebench.revise.model.vae import VideoVae, build_vae  # noqa: E402
from rvebench.revise.training.decode import (  # noqa: E402
    FramePicks,
    approximation_error,
    decode_frames,
    pick_frames,
)

LAYOUTS = [
    ("nano", (True, True)),
    ("tiny-random", (False, True, True)),
    ("tiny-random", (True, False, True)),
]
LAST = FramePicks(frames=(16,), latents=(4,), offsets=(3,), of=17)


def make(name: str = "nano", down: tuple[bool, ...] = (True, True)):
    config = preset(name)
    config = replace(config, vae=replace(config.vae, base_dim=4, temporal_downsample=down))
    with torch.random.fork_rng():
        torch.manual_seed(4)
        return build_vae(config)


@pytest.fixture(scope="module", params=LAYOUTS, ids=lambda layout: f"{layout[0]}-{''.join('ft'[d] for d in layout[1])}")
def vae(request):
    return make(*request.param)


@pytest.fixture(scope="module")
def small():
    return make()


def clip(vae, latents: int = 5) -> torch.Tensor:
    return torch.randn(vae.config.z_dim, latents, 2, 3, generator=torch.Generator().manual_seed(1))


def of_diffusers(vae, latents_CTHW, picks: FramePicks) -> torch.Tensor:
    signal_CTHW = VideoVae(vae).decode(latents_CTHW[None])[0]
    return (signal_CTHW[:, list(picks.frames)].permute(1, 2, 3, 0) + 1) / 2


@pytest.mark.parametrize("mode", ["full", "prefix", "prefix_truncated"])
def test_the_checkpointed_decode_is_diffusers_to_the_bit(vae, mode):
    latents, picks = clip(vae).requires_grad_(), pick_frames(17, 4)
    decoded = decode_frames(vae, latents[None], picks, mode=mode)
    assert decoded.frames_BKHWC.requires_grad
    assert torch.equal(decoded.frames_BKHWC[0], of_diffusers(vae, latents.detach(), picks))
    with torch.no_grad():
        assert torch.equal(decode_frames(vae, latents[None], picks, mode=mode).frames_BKHWC[0], decoded.frames_BKHWC[0])


@pytest.mark.parametrize("mode", ["full", "prefix"])
def test_its_gradient_is_diffusers_own(vae, mode):
    latents, picks = clip(vae).requires_grad_(), FramePicks((6, 9), (2, 3), (1, 0), 17)
    gradients = []
    for frames in (
        decode_frames(vae, latents[None], picks, mode=mode).frames_BKHWC[0],
        of_diffusers(vae, latents, picks),
    ):
        gradients.append(torch.autograd.grad(frames.square().sum(), latents)[0])
    ours, theirs = gradients
    assert float((ours - theirs).norm() / theirs.norm()) < 2e-6  # sums are taken in another order
    assert theirs[:, :4].any()
    assert not ours[:, 4].any()


def test_prefix_truncated_changes_no_value_and_keeps_the_gradient_of_its_latents(vae):
    whole, short = clip(vae).requires_grad_(), clip(vae).requires_grad_()
    full = decode_frames(vae, whole[None], LAST, mode="full").frames_BKHWC[0]
    truncated = decode_frames(vae, short[None], LAST, mode="prefix_truncated", context=1).frames_BKHWC[0]
    assert float((full - truncated).detach().abs().max()) == 0
    full.square().sum().backward()
    truncated.square().sum().backward()
    assert torch.allclose(short.grad[:, 3:], whole.grad[:, 3:], rtol=1e-5, atol=1e-8)
    assert whole.grad[:, :3].abs().sum() > 0
    assert not short.grad[:, :3].any()


def test_a_truncated_gradient_of_the_whole_past_is_the_whole_gradient(small):
    error = approximation_error(small, clip(small), LAST, mode="prefix_truncated", context=4)
    assert error.gradient_cosine == pytest.approx(1, abs=1e-9)
    shorter = approximation_error(small, clip(small), LAST, mode="prefix_truncated", context=1)
    assert (shorter.mean, shorter.largest, shorter.relative) == (0, 0, 0)
    assert shorter.gradient_cosine < 0.999


@pytest.mark.parametrize("mode", ["subclip", "image"])
def test_approximate_modes_are_what_they_say_and_their_error_is_measured(small, mode):
    latents, picks = clip(small), FramePicks((5, 14), (2, 4), (0, 1), 17)
    shown = decode_frames(small, latents[None], picks, mode=mode).frames_BKHWC[0]
    decode = VideoVae(small).decode
    if mode == "subclip":
        signal = decode(latents[None, :, [2, 4]])[0, :, [0, 2]]
    else:
        signal = torch.cat([decode(latents[None, :, [index]])[0] for index in (2, 4)], dim=1)
    torch.testing.assert_close(shown, (signal.permute(1, 2, 3, 0) + 1) / 2, rtol=0, atol=1e-6)
    error = approximation_error(small, latents, picks, mode=mode)
    apart = (shown - of_diffusers(small, latents, picks)).abs().double()
    assert error.mean == pytest.approx(float(apart.mean()))
    assert error.largest == pytest.approx(float(apart.max()))
    assert error.relative > 0.01
    assert error.gradient_cosine < 0.99


def test_the_first_frame_is_exact_in_every_mode(small):
    latents, first = clip(small), FramePicks((0,), (0,), (0,), 17)
    for mode in ("full", "prefix", "prefix_truncated", "subclip", "image"):
        assert torch.equal(
            decode_frames(small, latents[None], first, mode=mode).frames_BKHWC[0], of_diffusers(small, latents, first)
        )


def saved_bytes(run) -> int:
    sizes: dict[int, int] = {}

    def pack(tensor):
        sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        kept = run()
    assert kept is not None
    return sum(sizes.values())


def test_checkpointing_keeps_a_fraction_of_what_diffusers_keeps(small):
    latents, picks = clip(small, 7).requires_grad_(), pick_frames(25, 2)
    plain = saved_bytes(lambda: small.decode(latents[None]).sample)
    ours = saved_bytes(lambda: decode_frames(small, latents[None], picks, mode="full"))
    assert ours < plain / 3


def test_tiling_and_leftovers_of_diffusers_decode_change_nothing(small):
    latents, picks = clip(small), pick_frames(17, 2)
    before = decode_frames(small, latents[None], picks).frames_BKHWC
    small._feat_map, small._conv_idx = ["left over"] * 3, [2]
    small.enable_tiling(8, 8, 4, 4)
    try:
        assert torch.equal(decode_frames(small, latents[None], picks).frames_BKHWC, before)
    finally:
        small.disable_tiling()
        small.clear_cache()


def test_autocast_around_it_changes_nothing(small):
    latents, picks = clip(small), pick_frames(17, 2)
    with torch.autocast("cpu", torch.bfloat16):
        inside = decode_frames(small, latents[None], picks).frames_BKHWC
    assert torch.equal(inside, decode_frames(small, latents[None], picks).frames_BKHWC)


def test_what_is_beyond_black_or_white_is_counted_and_gets_no_gradient(small):
    latents, picks, bold = clip(small, 2).requires_grad_(), pick_frames(5, 2), copy.deepcopy(small)
    with torch.no_grad():
        bold.decoder.conv_out.weight.mul_(6)
    decoded = decode_frames(bold, latents[None], picks)
    frames = decoded.frames_BKHWC
    at_ends = float(((frames == 0) | (frames == 1)).double().mean())
    assert float(decoded.clamped_B) == pytest.approx(at_ends, abs=1e-3)
    assert float(decoded.clamped_B) > 0.05
    (gradient,) = torch.autograd.grad(frames[frames == 0].sum() + frames[frames == 1].sum(), latents)
    assert not gradient.any()


def test_frames_are_evenly_spread_and_an_even_number():
    assert pick_frames(9, 4) == FramePicks(frames=(0, 3, 5, 8), latents=(0, 1, 2, 2), offsets=(0, 2, 0, 3), of=9)
    assert pick_frames(81, 4).frames == (0, 27, 53, 80)
    assert pick_frames(5, 8).frames == (0, 1, 3, 4)
    assert pick_frames(1, 4).frames == (0,)
    assert pick_frames(9, 1).frames == (8,)
    assert pick_frames(9, 4).fps(8.0) == pytest.approx(3.0)
    assert pick_frames(9, 1).fps(8.0) == 8.0


@pytest.mark.parametrize("count", [0, 4, 8])
def test_a_clip_that_no_latents_make_is_refused(count):
    with pytest.raises(UsageError, match="1 \\+ n x 4"):
        pick_frames(count, 4)


def test_wrong_requests_are_refused(small):
    with pytest.raises(UsageError, match="5 latents are 17 frames, and the picks are of 9"):
        decode_frames(small, clip(small)[None], pick_frames(9, 4))
    with pytest.raises(UsageError, match="unknown decode mode 'tiled'"):
        decode_frames(small, clip(small)[None], pick_frames(17, 4), mode="tiled")


@pytest.mark.parametrize("mode", ["full", "prefix_truncated", "subclip", "image"])
def test_clips_decoded_together_are_the_clips_decoded_alone(small, mode):
    both, picks = torch.stack([clip(small), 9 * clip(small)]), pick_frames(17, 4)
    together = decode_frames(small, both, picks, mode=mode)
    for index in range(2):
        alone = decode_frames(small, both[index : index + 1], picks, mode=mode)
        torch.testing.assert_close(together.frames_BKHWC[index], alone.frames_BKHWC[0], rtol=1e-4, atol=1e-5)
        assert float(together.clamped_B[index]) == pytest.approx(float(alone.clamped_B), abs=1e-3)
