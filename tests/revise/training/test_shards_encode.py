"""One sample through the frozen encoders: what a shard holds is what the parts themselves say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from rvebench.errors import DataError, UsageError  # noqa: E402
from rvebench.revise.edit import EditSettings, ReviseRequest  # noqa: E402
from rvebench.revise.model.context_plan import ContextOverflowError  # noqa: E402
from rvebench.revise.placement import Placement  # noqa: E402
from rvebench.revise.stages import Stages  # noqa: E402
from rvebench.revise.training.shards import SampleEncoder, pool_change  # noqa: E402
from rvebench.video import read_video, write_video  # noqa: E402
from tests.revise.training.shard_world import SHAPE, encoder, parts, samples_in  # noqa: E402


@pytest.fixture(scope="module")
def made() -> SampleEncoder:
    return encoder()


def test_a_sample_is_encoded_to_the_bits_that_an_edit_of_its_source_begins_with(
    made: SampleEncoder, tmp_path: Path
) -> None:
    (sample,) = samples_in(tmp_path, 1)
    found = made.encode(sample)
    settings = EditSettings.of(made.parts.config, frames=5, size=SHAPE.size, fit="stretch", stride=1, turn=False)
    request = ReviseRequest(video=read_video(sample.source), instruction=sample.instruction, seed=0)
    stages = Stages(parts=made.parts, placement=Placement("cpu", "none"))
    (edit,) = stages.encode([request], settings)
    assert torch.equal(found.tensors["source"], edit.source_latents[0])
    assert torch.equal(found.tensors["vlm"], edit.vlm_LD)
    assert edit.text_LD is not None and torch.equal(found.tensors["text"], edit.text_LD)
    assert found.fps == 8.0 and "change" not in found.tensors


def test_the_vlm_can_be_shown_what_the_model_is_shown(made: SampleEncoder, tmp_path: Path) -> None:
    (sample,) = samples_in(tmp_path, 1)
    small = encoder(made.parts, vlm_sees="model").encode(sample).tensors["vlm"]
    assert not torch.equal(small, made.encode(sample).tensors["vlm"])


def test_a_precision_is_a_cast_of_what_the_encoders_say(made: SampleEncoder, tmp_path: Path) -> None:
    (sample,) = samples_in(tmp_path, 1)
    whole = made.encode(sample).tensors
    half = encoder(made.parts, latents="bfloat16", states="float16", source_frames=False).encode(sample).tensors
    assert torch.equal(half["target"], whole["target"].bfloat16())
    assert torch.equal(half["vlm"], whole["vlm"].half()) and torch.equal(half["text"], whole["text"].half())
    assert "frames" not in half and whole["frames"].dtype == torch.uint8


def test_vision_features_are_kept_where_they_are_asked_for(made: SampleEncoder, tmp_path: Path) -> None:
    (sample,) = samples_in(tmp_path, 1)
    tensors = encoder(made.parts, vision=True).encode(sample).tensors
    assert torch.equal(tensors["vision"], made.parts.vlm.vision_features(tensors["frames"]))


def test_a_state_too_large_for_its_precision_is_an_error_and_no_infinity(made: SampleEncoder, tmp_path: Path) -> None:
    (sample,) = samples_in(tmp_path, 1)
    vlm = made.parts.vlm

    class Loud:
        fingerprint, modules = vlm.fingerprint, vlm.modules

        def encode(self, requests):  # type: ignore[no-untyped-def]
            states = vlm.encode(requests)
            return replace(states, hidden_BLD=states.hidden_BLD * 1e6)

    loud = replace(made.parts, vlm=Loud())
    assert bool(torch.isfinite(encoder(loud).encode(sample).tensors["vlm"]).all())
    with pytest.raises(Exception, match=r"s-0: vlm is not finite as float16; keep it in float32"):
        encoder(loud, states="float16").encode(sample)


def test_encoders_of_another_model_are_refused(made: SampleEncoder) -> None:
    with pytest.raises(UsageError, match=r"these are other encoders: text is .*; vae is .*; vlm is "):
        SampleEncoder(parts(seed=1), made.spec)


def test_a_context_that_does_not_fit_is_refused_with_the_sample(made: SampleEncoder, tmp_path: Path) -> None:
    (sample,) = samples_in(tmp_path, 1)
    config = made.parts.config
    tight = replace(config, conditioning=replace(config.conditioning, max_context_len=40))
    with pytest.raises(ContextOverflowError, match="s-0"):
        encoder(replace(made.parts, config=tight)).encode(sample)


def test_a_video_that_cannot_be_used_names_its_sample(made: SampleEncoder, tmp_path: Path) -> None:
    (sample,) = samples_in(tmp_path, 1)
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    with pytest.raises(DataError, match=r"s-0: broken.mp4"):
        made.encode(replace(sample, target=tmp_path / "broken.mp4"))
    long = encoder(made.parts, replace(SHAPE, frames=9))
    with pytest.raises(DataError, match=r"s-0: 0\.source\.mp4 has 5 frames"):
        long.encode(sample)


@pytest.mark.parametrize(("frames", "height", "width"), [(1, 16, 24), (5, 8, 8), (9, 24, 16)])
def test_pooled_masks_are_counted_as_by_hand(frames: int, height: int, width: int) -> None:
    mask = np.random.default_rng(frames).integers(0, 256, (frames, height, width), dtype=np.uint8)
    found = pool_change(torch.from_numpy(mask), temporal=4, spatial=8).numpy()
    assert found.shape == ((frames - 1) // 4 + 1, height // 8, width // 8)
    for t in range(found.shape[0]):
        behind = mask[:1] if t == 0 else mask[4 * t - 3 : 4 * t + 1]
        for y in range(found.shape[1]):
            for x in range(found.shape[2]):
                block = behind[:, 8 * y : 8 * y + 8, 8 * x : 8 * x + 8]
                assert found[t, y, x] == np.float32(sum(value >= 128 for value in block.ravel()) / block.size)
    assert found.min() >= 0 and found.max() <= 1


def test_a_mask_that_cannot_be_divided_is_refused() -> None:
    with pytest.raises(DataError, match="a mask of 4 frames of 8x8"):
        pool_change(torch.zeros(4, 8, 8, dtype=torch.uint8), temporal=4, spatial=8)


def test_a_mask_of_one_picture_serves_for_all_frames(made: SampleEncoder, tmp_path: Path) -> None:
    (sample,) = samples_in(tmp_path, 1)
    picture = np.zeros((1, 32, 64, 3), np.uint8)
    picture[:, :, 32:] = 255
    write_video(tmp_path / "still.mp4", picture, fps=8)
    change = made.encode(replace(sample, mask=tmp_path / "still.mp4")).tensors["change"]
    assert torch.equal(change, torch.tensor([0.0, 0.0, 1.0, 1.0]).expand(2, 4, 4))
