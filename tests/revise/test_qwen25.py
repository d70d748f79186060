from __future__ import annotations

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from PIL import Image  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from transformers import Qwen2_5_VLProcessor  # noqa: E402
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil  # noqa: E402

from rvebench.errors import DataError, UsageError  # noqa: E402
from rvebench.revise.config import preset  # noqa: E402
from rvebench.revise.vlm import VlmBackend, VlmRequest  # noqa: E402
from rvebench.revise.vlm.mrope import mrope_positions  # noqa: E402
from rvebench.revise.vlm.preprocess import QwenSpec  # noqa: E402
from rvebench.revise.vlm.qwen25 import QwenSettings, load_qwen25  # noqa: E402
from rvebench.revise.vlm.tiny import random_qwen25  # noqa: E402

_NANO = preset("nano").vlm
CONFIG = replace(_NANO, vision=replace(_NANO.vision, patch_size=14))  # as in the model that is released
PIXELS = QwenSpec(min_pixels=28 * 28, max_pixels=112 * 112)
TEMPLATE = (
    "{% for message in messages %}{% if loop.first and message['role'] != 'system' %}<|im_start|>system\n"
    "You are a helpful assistant.<|im_end|>\n{% endif %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}{% if part['type'] in ('image', 'video') %}"
    "<|vision_start|><|{{ part['type'] }}_pad|><|vision_end|>{% else %}{{ part['text'] }}{% endif %}{% endfor %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


class ImageProcessor(Qwen2_5_VLProcessor):
    """Transformers' own, but for the video processor, which needs torchvision."""

    def check_argument_for_proper_class(self, name, part):
        return None if name == "video_processor" else super().check_argument_for_proper_class(name, part)


def clip(count: int, seed: int = 0, height: int = 56, width: int = 84) -> torch.Tensor:
    torch.manual_seed(seed)
    return torch.randint(0, 256, (count, height, width, 3), dtype=torch.uint8)


def ask(text="Melt the ice.", frames=4, **more) -> VlmRequest:
    return VlmRequest(instruction=text, frames_THWC=clip(frames), **more)


@pytest.fixture(scope="module")
def vlm():
    return random_qwen25(CONFIG, settings=QwenSettings(pixels=PIXELS))


@pytest.fixture(scope="module")
def images(vlm):
    return replace(vlm, settings=replace(vlm.settings, segments="image"))


@pytest.fixture(scope="module")
def processor(vlm):
    made = Qwen2VLImageProcessorPil(size={"shortest_edge": PIXELS.min_pixels, "longest_edge": PIXELS.max_pixels})
    return ImageProcessor(image_processor=made, tokenizer=vlm.tokenizer, video_processor=None, chat_template=TEMPLATE)


@pytest.fixture(scope="module")
def saved(vlm, tmp_path_factory):
    folder = tmp_path_factory.mktemp("qwen") / "vlm"
    vlm.save(folder)
    return folder


@pytest.fixture
def copied(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "vlm")


def from_processor(processor, request: VlmRequest):
    turn = [{"type": "image"} for _ in request.frames_THWC] + [{"type": "text", "text": request.instruction}]
    text = processor.tokenizer.apply_chat_template(
        [{"role": "user", "content": turn}], chat_template=TEMPLATE, tokenize=False, add_generation_prompt=True
    )
    shown = [Image.fromarray(frame.numpy()) for frame in request.frames_THWC]
    return processor(text=[text], images=shown, return_tensors="pt")


def test_it_is_a_backend(vlm):
    assert isinstance(vlm, VlmBackend)
    assert vlm.hidden_size == CONFIG.dim


@pytest.mark.parametrize("count", [1, 3])
def test_pictures_are_prepared_as_the_processor_does(images, processor, count):
    request = ask(frames=count)
    theirs = from_processor(processor, request)
    ours = images.prepare([request])
    assert torch.equal(ours.ids_BL, theirs["input_ids"])
    assert torch.equal(ours.types_BL, theirs["mm_token_type_ids"])
    assert [list(image.grid) for image in ours.images] == theirs["image_grid_thw"].tolist()
    patches = torch.cat([image.patches_ND for image in ours.images])
    assert (patches - theirs["pixel_values"]).abs().max() <= 2e-7
    positions, _ = images.model.model.get_rope_index(
        theirs["input_ids"],
        mm_token_type_ids=theirs["mm_token_type_ids"],
        image_grid_thw=theirs["image_grid_thw"],
        attention_mask=theirs["attention_mask"],
    )
    assert torch.equal(ours.positions_3BL, positions)


def test_states_of_pictures_are_those_of_transformers_fed_by_its_processor(images, processor):
    request = ask(frames=2)
    theirs = images.model(**from_processor(processor, request), output_hidden_states=True).hidden_states[-1]
    assert torch.allclose(images.encode([request]).of(0), theirs[0], atol=1e-5)


def test_a_video_is_prepared_as_the_processor_does(vlm, processor):
    request = ask(frames=5, fps=4.0)
    ours = vlm.prepare([request])
    assert [video.grid for video in ours.videos] == [(3, 4, 6)]
    assert not ours.images
    stand_in = SimpleNamespace(merge_size=2)
    grid = torch.tensor([[3, 4, 6]])
    pads = Qwen2_5_VLProcessor.replace_video_token(
        SimpleNamespace(video_processor=stand_in, video_token="<|video_pad|>"), {"video_grid_thw": grid}, 0
    )
    turn = [{"type": "video"}, {"type": "text", "text": request.instruction}]
    text = processor.tokenizer.apply_chat_template(
        [{"role": "user", "content": turn}], chat_template=TEMPLATE, tokenize=False, add_generation_prompt=True
    ).replace("<|video_pad|>", pads)
    ids = processor.tokenizer(text).input_ids
    assert ours.ids_BL[0].tolist() == ids
    assert ours.types_BL.tolist() == processor.create_mm_token_type_ids([ids])
    positions, _ = vlm.model.model.get_rope_index(
        ours.ids_BL,
        mm_token_type_ids=ours.types_BL,
        video_grid_thw=grid,
        second_per_grid_ts=[2 / request.fps],
        attention_mask=ours.mask_BL.long(),
    )
    assert torch.equal(ours.positions_3BL, positions)


def slow_positions(types, grids, seconds, merge, pace):
    """Token by token."""
    rows, start, at, segment = [], 0, 0, 0
    while at < len(types):
        if types[at] == 0:
            rows.append((start,) * 3)
            start, at = start + 1, at + 1
            continue
        steps, height, width = grids[segment]
        base = start
        for step in range(steps):
            for row in range(height // merge):
                for column in range(width // merge):
                    time = int(step * seconds[segment] * pace) if types[at] == 2 else 0
                    rows.append((base + time, base + row, base + column))
                    start = max(start, *(place + 1 for place in rows[-1]))
                    at += 1
        segment += 1
    return torch.tensor(rows).T


@pytest.mark.parametrize("seconds", [0.25, 1.0, 7.3])
def test_positions_equal_a_walk_token_by_token(seconds):
    grids = [(3, 4, 6), (1, 2, 8), (2, 8, 2)]
    types = [0, 0, *[2] * 18, 0, *[1] * 4, 0, *[2] * 8, 0, 0, 0]
    ours = mrope_positions(types, grids, [seconds] * 3, merge=2, tokens_per_second=2)
    assert torch.equal(ours, slow_positions(types, grids, [seconds] * 3, 2, 2))


def test_words_after_a_long_video_come_after_its_last_time():
    positions = mrope_positions([0, 2, 2, 2, 0], [(3, 2, 2)], [10.0], merge=2, tokens_per_second=2)
    assert positions.tolist() == [[0, 1, 21, 41, 42], [0, 1, 1, 1, 42], [0, 1, 1, 1, 42]]


@pytest.mark.parametrize("segments", ["video", "image"])
def test_a_batch_is_encoded_as_its_prompts_alone(vlm, segments):
    shown = replace(vlm, settings=replace(vlm.settings, segments=segments, max_frames=4))
    requests = [
        ask("Melt.", 2),
        VlmRequest(instruction="Let the candle burn.", frames_THWC=clip(7, 1, 30, 64), fps=2.0),
        ask("", 0),
        ask("Like this.", 1, reference_HWC=clip(1, 7, 60, 60)[0]),
        ask("Melt.", 3, system="Say what follows."),
    ]
    together = shown.encode(requests)
    for index, request in enumerate(requests):
        alone = shown.encode([request])
        assert torch.allclose(together.of(index), alone.of(0), atol=1e-5)
        assert together.n_visual[index] == alone.n_visual[0]
        assert not together.hidden_BLD[index, together.lengths[index] :].any()
    assert together.n_visual[2] == 0


def test_words_alone_are_the_same_before_and_after_a_video(vlm):
    before = vlm.encode([ask(frames=0)]).of(0)
    vlm.encode([ask(frames=6, fps=1.0)])
    assert torch.equal(vlm.encode([ask(frames=0)]).of(0), before)


def test_tokens_from_pixels_follow_from_frames_and_size(vlm, images):
    cells = (56 // 28) * (84 // 28)
    assert [vlm.encode([ask(frames=count)]).n_visual[0] for count in (1, 2, 3, 8)] == [
        cells,
        cells,
        2 * cells,
        4 * cells,
    ]
    assert [images.encode([ask(frames=count)]).n_visual[0] for count in (1, 3)] == [cells, 3 * cells]
    assert vlm.with_frames("first", 8).encode([ask(frames=8)]).n_visual == (cells,)
    assert vlm.with_frames("all", 2).encode([ask(frames=8)]).n_visual == (cells,)


def test_skipped_frames_lengthen_the_time_between_those_shown(vlm):
    request = ask(frames=9, fps=8.0)
    positions = vlm.with_frames("all", 3).prepare([request]).positions_3BL  # frames 0, 4, 8; the last twice
    visual = vlm.with_frames("all", 3).prepare([request]).types_BL[0] == 2
    times = positions[0, 0, visual].unique()
    assert (times[1] - times[0]) == int(2 * 4 / 8.0 * vlm.model.config.vision_config.tokens_per_second)


def test_vision_features_are_what_the_language_model_is_given(vlm, images):
    shown = clip(3)
    assert vlm.vision_features(shown).shape == (2, 6, CONFIG.dim)
    assert images.vision_features(shown).shape == (3, 6, CONFIG.dim)
    one = images.vision_features(shown[1:2])
    assert torch.allclose(images.vision_features(shown)[1:2], one, atol=1e-5)


def test_words_that_spell_control_tokens_stay_words(vlm):
    states = vlm.encode([ask("Melt.<|im_end|><|video_pad|><|image_pad|>")])
    assert states.n_visual == (12,)


def test_the_gradient_reaches_the_pixels_and_no_weight(vlm):
    shown = (clip(4).float() / 255 * 0.5 + 0.25).requires_grad_()
    states = vlm.encode([VlmRequest(instruction="melt", frames_THWC=shown)]).of(0)
    weight = torch.linspace(-1, 1, states.numel()).view_as(states)
    (states * weight).sum().backward()
    assert all(parameter.grad is None for parameter in vlm.model.parameters())
    slope = shown.grad.norm()
    assert all(frame.norm() > 0 for frame in shown.grad)
    step = 1e-2 * shown.grad / slope

    def value(moved):
        return float((vlm.encode([VlmRequest(instruction="melt", frames_THWC=moved)]).of(0) * weight).double().sum())

    risen = (value(shown.detach() + step) - value(shown.detach() - step)) / 2e-2
    assert risen == pytest.approx(float(slope), rel=1e-2)
    assert not vlm.encode([ask()]).hidden_BLD.requires_grad


def test_the_same_seed_gives_the_same_states_and_fingerprint(vlm, images):
    again = random_qwen25(CONFIG, settings=QwenSettings(pixels=PIXELS))
    assert torch.equal(vlm.encode([ask()]).hidden_BLD, again.encode([ask()]).hidden_BLD)
    other = random_qwen25(CONFIG, seed=3, settings=QwenSettings(pixels=PIXELS))
    first = vlm.with_frames("first", 8)
    assert vlm.fingerprint == again.fingerprint
    assert len({vlm.fingerprint, other.fingerprint, first.fingerprint, images.fingerprint}) == 4


def test_saved_and_loaded_is_the_same(vlm, saved):
    loaded = load_qwen25(saved)
    assert loaded.settings == vlm.settings
    assert loaded.fingerprint == vlm.fingerprint
    assert torch.equal(loaded.encode([ask()]).hidden_BLD, vlm.encode([ask()]).hidden_BLD)
    smaller = load_qwen25(saved, max_pixels=28 * 28, frames="first")
    assert smaller.encode([ask()]).n_visual == (1,)


def edit(path, **changes) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def without(path, name):
    tensors = {key: value.clone() for key, value in load_file(path).items() if key != name}
    save_file(tensors, path)


@pytest.mark.parametrize(
    ("harm", "error", "said"),
    [
        (lambda at: shutil.rmtree(at), UsageError, "no such folder"),
        (lambda at: (at / "config.json").unlink(), UsageError, "no config.json"),
        (lambda at: edit(at / "config.json", model_type="qwen3_vl"), DataError, "qwen3_vl"),
        (lambda at: (at / "preprocessor_config.json").unlink(), UsageError, "no preprocessor_config.json"),
        (lambda at: edit(at / "preprocessor_config.json", patch_size=16), DataError, "cuts patches"),
        (lambda at: edit(at / "config.json", image_token_id=0), DataError, "differ over the tokens"),
        (lambda at: (at / "tokenizer.json").unlink(), UsageError, "holds no tokenizer"),
        (lambda at: (at / "model.safetensors").unlink(), UsageError, "holds no weights"),
        (lambda at: without(at / "model.safetensors", "visual.merger.mlp.0.bias"), DataError, "1 missing"),
        (lambda at: without(at / "model.safetensors", "lm_head.weight"), DataError, "1 missing"),
    ],
)
def test_a_wrong_or_half_checkpoint_is_refused_in_one_sentence(copied, harm, error, said):
    harm(copied)
    with pytest.raises(error, match=said) as caught:
        load_qwen25(copied)
    assert "\n" not in str(caught.value)


def test_bad_requests_are_refused(vlm, saved):
    with pytest.raises(UsageError, match="no prompt"):
        vlm.encode([])
    with pytest.raises(UsageError, match="frames a second"):
        vlm.encode([ask(fps=0.0)])
    with pytest.raises(UsageError, match="shorten the instruction"):
        vlm.encode([ask("melt " * 33000, frames=0)])
    with pytest.raises(UsageError, match="too narrow"):
        vlm.encode([VlmRequest(instruction="melt", frames_THWC=torch.zeros(1, 1, 300, 3))])
    with pytest.raises(UsageError, match="use video or image"):
        load_qwen25(saved, segments="film")
