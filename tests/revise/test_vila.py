from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from safetensors.torch import load_file, save_file  # noqa: E402
from transformers import LlamaConfig, LlamaForCausalLM, SiglipVisionConfig, SiglipVisionModel  # noqa: E402

from rvebench.errors import DataError, UsageError  # noqa: E402
from rvebench.revise.config import Compat, VlmConfig, preset  # noqa: E402
from rvebench.revise.vlm import VlmBackend, VlmRequest, chosen_frames  # noqa: E402
from rvebench.revise.vlm.loading import load_vlm, random_vlm  # noqa: E402
from rvebench.revise.vlm.preprocess import siglip_pixels  # noqa: E402
from rvebench.revise.vlm.tiny import llama_tokenizer, random_vila  # noqa: E402
from rvebench.revise.vlm.vila import VilaSettings, build_projector, downsample, load_vila  # noqa: E402
from rvebench.revise.vlm.vila_prompt import DEFAULT_SYSTEM, answer_ids  # noqa: E402


def tiny_config(image_size: int = 70) -> VlmConfig:
    config = preset("tiny-random").vlm
    return replace(config, vision=replace(config.vision, image_size=image_size))


def clip(count: int, seed: int = 0, height: int = 40, width: int = 56) -> torch.Tensor:
    torch.manual_seed(seed)
    return torch.randint(0, 256, (count, height, width, 3), dtype=torch.uint8)


@pytest.fixture(scope="module")
def vlm():
    """5x5 tokens a frame, made 6x6, 9 after downsampling: an odd side, as 27 is."""
    return random_vila(tiny_config())


@pytest.fixture(scope="module")
def saved(vlm, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ar_model") / "checkpoint"
    vlm.save(folder)
    return folder


@pytest.fixture
def copied(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "checkpoint")


def ask(text="Melt the ice.", frames=4, **more) -> VlmRequest:
    return VlmRequest(instruction=text, frames_THWC=clip(frames), **more)


def test_it_is_a_backend(vlm):
    assert isinstance(vlm, VlmBackend)
    assert vlm.hidden_size == tiny_config().dim
    assert vlm.tokens_per_frame == 9


@pytest.mark.parametrize("side", [4, 5])
@pytest.mark.parametrize("order", ["rows", "columns"])
def test_downsampling_equals_loops(side, order):
    features = torch.randn(2, side * side, 3)
    even = side + side % 2
    squares = [(row, column) for row in range(0, even, 2) for column in range(0, even, 2)]
    if order == "columns":
        squares = [(row, column) for column in range(0, even, 2) for row in range(0, even, 2)]
    for frame in range(2):
        expected = []
        for top, left in squares:
            joined = []
            for row, column in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
                inside = row < side and column < side
                joined.append(features[frame, row * side + column] if inside else torch.zeros(3))
            expected.append(torch.cat(joined))
        assert torch.equal(downsample(features, order)[frame], torch.stack(expected))


def test_tokens_that_form_no_square_are_refused():
    with pytest.raises(UsageError, match="728 tokens"):
        downsample(torch.zeros(1, 728, 4), "rows")


def test_features_equal_a_tower_and_projector_written_out(vlm):
    shown = clip(2)
    pixels = siglip_pixels(shown, vlm.settings.pixels)
    hidden = vlm.tower.embeddings(pixels)
    for layer in vlm.tower.encoder.layers[:-1]:  # -2: all but the last
        hidden = layer(hidden, None)
    squares = downsample(hidden, "rows")
    weights = vlm.projector.state_dict()
    mean, variance = squares.mean(-1, keepdim=True), squares.var(-1, keepdim=True, unbiased=False)
    normed = (squares - mean) / torch.sqrt(variance + 1e-5) * weights["1.weight"] + weights["1.bias"]
    inner = normed @ weights["2.weight"].T + weights["2.bias"]
    inner = inner * 0.5 * (1 + torch.erf(inner / 2**0.5))
    expected = inner @ weights["4.weight"].T + weights["4.bias"]
    assert torch.allclose(vlm.vision_features(shown), expected, atol=1e-5)


def expected_tokens(vlm, words: str, pictures: int, video: str, *, system: str = DEFAULT_SYSTEM) -> list[int]:
    """The whole prompt, -1 for each token of a picture; tokenized piece by piece, control tokens by their ids."""
    vocabulary = vlm.tokenizer.get_vocab()

    def say(text):
        return vlm.tokenizer(text, add_special_tokens=False).input_ids if text else []

    def head(role):
        return [vocabulary["<|start_header_id|>"], *say(role), vocabulary["<|end_header_id|>"]]

    begin, turn = vocabulary["<|begin_of_text|>"], vocabulary["<|eot_id|>"]
    ids = [begin, begin, *head("system"), *say(f"\n\n{system}"), turn, *head("user")]
    between = ["\n\n", *["\n"] * pictures]
    between[-1] += f"{video}{words}"
    for index, text in enumerate(between):
        ids += [-1] * vlm.tokens_per_frame if index else []
        ids += say(text)
    return [*ids, turn, *head("assistant"), *say("\n\n"), vocabulary["[GEN_VID]"], vocabulary["<|end_of_text|>"]]


@pytest.mark.parametrize(("policy", "pictures", "video"), [("first", 1, "<video>\n"), ("all", 4, "")])
def test_the_sequence_is_the_released_prompt_with_the_frames_tokens_in_it(vlm, policy, pictures, video):
    shown = vlm.with_frames(policy, 8)
    request = ask()
    ids = expected_tokens(shown, request.instruction, pictures, video)
    table = shown.llm.get_input_embeddings().weight
    features = iter(shown.vision_features(request.frames_THWC[:pictures]).flatten(0, 1))
    rows = torch.stack([next(features) if token < 0 else table[token] for token in ids])
    expected = shown.llm.model(inputs_embeds=rows[None]).last_hidden_state[0]
    states = shown.encode([request])
    assert states.lengths == (len(ids),)
    assert states.n_visual == (9 * pictures,)
    assert states.visual_BL[0].tolist() == [token < 0 for token in ids]
    assert torch.allclose(states.of(0), expected, atol=1e-5)


def test_the_number_of_tokens_grows_by_each_frames_tokens_and_its_line_end(vlm):
    lengths = [vlm.with_frames("all", most).encode([ask(frames=8)]).lengths[0] for most in (1, 2, 5, 8)]
    assert [length - lengths[0] for length in lengths] == [0, 10, 40, 70]


def test_only_the_first_frame_counts_under_first(vlm):
    shown = clip(4)
    changed = shown.clone()
    changed[1:] = 255 - changed[1:]

    def states(model, pixels):
        return model.encode([VlmRequest(instruction="melt", frames_THWC=pixels)]).of(0)

    assert torch.equal(states(vlm, shown), states(vlm, changed))
    seen = vlm.with_frames("all", 8)
    assert not torch.allclose(states(seen, shown), states(seen, changed))


def test_a_batch_is_encoded_as_its_prompts_alone(vlm):
    shown = vlm.with_frames("all", 3)
    requests = [
        ask("Melt.", 2),
        VlmRequest(instruction="Let the candle burn down.", frames_THWC=clip(5, 1, 64, 30)),
        ask("", 0),
        ask("Like this.", 1, reference_HWC=clip(1, 7)[0]),
        ask("Melt.", 1, system="Say what follows.", output="image"),
    ]
    together = shown.encode(requests)
    assert together.n_visual == (18, 27, 0, 18, 9)
    for index, request in enumerate(requests):
        alone = shown.encode([request])
        assert torch.allclose(together.of(index), alone.of(0), atol=1e-5)
        assert not together.hidden_BLD[index, together.lengths[index] :].any()


def test_the_system_prompt_the_reference_and_the_output_all_matter(vlm):
    plain = vlm.encode([ask()]).of(0)
    for other in (ask(system="Say what follows."), ask(output="image"), ask(reference_HWC=clip(1, 7)[0])):
        states = vlm.encode([other]).of(0)
        assert states.shape != plain.shape or not torch.allclose(states, plain)


def test_words_that_spell_control_tokens_stay_words(vlm):
    tricky = "Melt.<|eot_id|><image>[GEN_VID]<|start_header_id|>"
    states = vlm.encode([ask(tricky)])
    assert states.n_visual == (9,)
    softer = "Melt.< |eot_id|>< image>[ GEN_VID]< |start_header_id|>"
    assert states.lengths == (len(expected_tokens(vlm, softer, 1, "<video>\n")),)


def test_the_gradient_reaches_the_pixels_and_no_weight(vlm):
    shown = (clip(2).double() / 255 * 0.5 + 0.25).requires_grad_()  # away from where a resize cuts off
    double = random_vila(tiny_config(), dtype=torch.float64).with_frames("all", 8)
    states = double.encode([VlmRequest(instruction="melt", frames_THWC=shown)]).of(0)
    weight = torch.linspace(-1, 1, states.numel(), dtype=torch.float64).view_as(states)
    (states * weight).sum().backward()
    assert all(parameter.grad is None for module in double.modules.values() for parameter in module.parameters())
    slope = shown.grad.norm()
    assert shown.grad[1].norm() > 0
    step = 1e-3 * shown.grad / slope  # uphill; transformers norms in float32, so that smaller steps drown

    def value(moved):
        return float((double.encode([VlmRequest(instruction="melt", frames_THWC=moved)]).of(0) * weight).sum())

    risen = (value(shown.detach() + step) - value(shown.detach() - step)) / 2e-3
    assert risen == pytest.approx(float(slope), rel=1e-3)
    assert not vlm.encode([ask()]).hidden_BLD.requires_grad


def test_the_same_seed_gives_the_same_states_and_fingerprint(vlm):
    again = random_vila(tiny_config())
    assert torch.equal(vlm.encode([ask()]).hidden_BLD, again.encode([ask()]).hidden_BLD)
    assert torch.equal(vlm.encode([ask()]).hidden_BLD, vlm.encode([ask()]).hidden_BLD)
    others = [
        random_vila(tiny_config(), seed=9),
        vlm.with_frames("all", 8),
        random_vila(tiny_config(), settings=VilaSettings(square_order="columns")),
        random_vila(tiny_config(), dtype=torch.bfloat16),
    ]
    assert vlm.fingerprint == again.fingerprint
    assert len({vlm.fingerprint, *(other.fingerprint for other in others)}) == 5


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_states_lie_near(vlm, dtype):
    half = random_vila(tiny_config(), dtype=torch.float32)
    for module in half.modules.values():
        module.to(dtype)
    states = half.encode([ask()])
    assert states.hidden_BLD.dtype == dtype
    full = vlm.encode([ask()]).of(0)
    assert torch.nn.functional.cosine_similarity(states.of(0).float(), full, dim=-1).min() > 0.99


def test_saved_and_loaded_is_the_same(vlm, saved):
    loaded = load_vila(saved)
    assert loaded.fingerprint == vlm.fingerprint
    assert torch.equal(loaded.encode([ask()]).hidden_BLD, vlm.encode([ask()]).hidden_BLD)
    assert (saved / "mm_projector" / "model.safetensors").is_file()
    assert set(load_file(saved / "mm_projector" / "model.safetensors")) == {
        f"layers.{number}.{part}" for number in (1, 2, 4) for part in ("weight", "bias")
    }


def test_what_the_checkpoint_says_decides(copied, vlm):
    edit(copied / "config.json", mm_vision_select_layer=-1)
    edit(copied / "mm_projector" / "config.json", rvebench_square_order="columns")
    other = load_vila(copied, frames="all", max_frames=2)
    assert (other.settings.select_layer, other.settings.square_order) == (-1, "columns")
    assert other.encode([ask()]).n_visual == (18,)
    edit(copied / "mm_projector" / "config.json", mm_projector_type="mlp_downsample_2x2_fix")
    assert load_vila(copied, square_order="columns").settings.square_order == "rows"


def test_names_as_vila_saves_them_and_pickles_are_read(copied, vlm):
    tower = copied / "vision_tower" / "model.safetensors"
    tensors = {
        name if name.startswith("vision_model.") else f"vision_model.{name}": tensor.clone()
        for name, tensor in load_file(tower).items()
    }
    tower.unlink()
    torch.save(tensors, copied / "vision_tower" / "pytorch_model.bin")
    assert torch.equal(load_vila(copied).encode([ask()]).hidden_BLD, vlm.encode([ask()]).hidden_BLD)


def edit(path, **changes) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def cut_tensor(path, name, size):
    tensors = {key: value.clone() for key, value in load_file(path).items()}
    tensors[name] = tensors[name][:size].clone()
    save_file(tensors, path)


@pytest.mark.parametrize(
    ("harm", "error", "said"),
    [
        (lambda at: shutil.rmtree(at), UsageError, "no such folder"),
        (lambda at: (at / "config.json").unlink(), UsageError, "no config.json"),
        (lambda at: (at / "config.json").write_text("{", "utf-8"), DataError, "JSON"),
        (lambda at: shutil.rmtree(at / "llm"), UsageError, "no config.json"),
        (lambda at: shutil.rmtree(at / "mm_projector"), UsageError, "no config.json"),
        (lambda at: (at / "vision_tower" / "model.safetensors").unlink(), UsageError, "holds no weights"),
        (lambda at: (at / "llm" / "tokenizer.json").unlink(), UsageError, "holds no tokenizer"),
        (lambda at: (at / "llm" / "model.safetensors").write_bytes(b"x" * 9), DataError, "model.safetensors"),
        (lambda at: cut_tensor(at / "llm" / "model.safetensors", "lm_head.weight", 5), DataError, "1 misshapen"),
        (lambda at: cut_tensor(at / "mm_projector" / "model.safetensors", "layers.2.bias", 5), DataError, "2.bias"),
        (lambda at: edit(at / "mm_projector" / "config.json", mm_projector_type="mlp2x_gelu"), UsageError, "mlp2x"),
        (lambda at: edit(at / "config.json", s2=True), UsageError, "s2 is set"),
        (lambda at: edit(at / "config.json", mm_vision_select_feature="patch"), UsageError, "cls_patch"),
        (lambda at: edit(at / "config.json", mm_vision_select_layer=-9), UsageError, "select_layer is -9"),
        (lambda at: edit(at / "config.json", image_aspect_ratio="dynamic"), UsageError, "dynamic"),
        (
            lambda at: edit(at / "vision_tower" / "preprocessor_config.json", size={"height": 9, "width": 9}),
            DataError,
            "70x70",
        ),
        (lambda at: edit(at / "vision_tower" / "config.json", num_hidden_layers=5), DataError, "missing"),
    ],
)
def test_a_wrong_or_half_checkpoint_is_refused_in_one_sentence(copied, harm, error, said):
    harm(copied)
    with pytest.raises(error, match=said) as caught:
        load_vila(copied)
    assert "\n" not in str(caught.value)


def test_bad_requests_are_refused(vlm):
    with pytest.raises(UsageError, match="no prompt"):
        vlm.encode([])
    with pytest.raises(UsageError, match="clamp"):
        vlm.encode([VlmRequest(instruction="melt", frames_THWC=torch.full((1, 4, 4, 3), 2.0))])
    with pytest.raises(UsageError, match="shorten the instruction"):
        vlm.encode([ask("melt " * 9000)])


def test_the_outputs_tokens_are_found_under_new_and_old_names():
    for named in (True, False):
        tokenizer = llama_tokenizer(512, named=named)
        assert answer_ids(tokenizer) == {"image": 2, "video": 3}  # 128002 and 128003 of Llama-3

    class Other:
        def get_vocab(self):
            return {"a": 0}

    with pytest.raises(DataError, match="GEN_VID"):
        answer_ids(Other())


def test_frames_are_picked_evenly_with_both_ends():
    assert chosen_frames(17, "first", 8) == (0,)
    assert chosen_frames(5, "all", 8) == (0, 1, 2, 3, 4)
    assert chosen_frames(17, "all", 8) == (0, 2, 5, 7, 9, 11, 14, 16)
    assert chosen_frames(0, "all", 8) == chosen_frames(0, "first", 8) == ()
    assert chosen_frames(9, "all", 1) == (0,)
    for count in range(1, 60):
        for most in range(2, 12):
            picked = chosen_frames(count, "all", most)
            assert picked[0] == 0 and picked[-1] == count - 1
            assert len(set(picked)) == len(picked) == min(count, most)
            assert list(picked) == sorted(picked)
    with pytest.raises(UsageError):
        chosen_frames(5, "last", 8)
    with pytest.raises(UsageError):
        chosen_frames(5, "all", 0)


def test_full_sizes_on_the_meta_device_are_the_released_ones():
    sizes = VlmConfig()
    with torch.device("meta"):
        tower = SiglipVisionModel(
            SiglipVisionConfig(
                hidden_size=sizes.vision.dim,
                intermediate_size=sizes.vision.ffn_dim,
                num_hidden_layers=sizes.vision.layers,
                num_attention_heads=sizes.vision.heads,
                image_size=sizes.vision.image_size,
                patch_size=sizes.vision.patch_size,
            )
        )
        projector = build_projector(sizes.vision.dim, sizes.dim)
        llm = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=sizes.vocab_size,
                hidden_size=sizes.dim,
                intermediate_size=sizes.ffn_dim,
                num_hidden_layers=sizes.layers,
                num_attention_heads=sizes.heads,
                num_key_value_heads=sizes.kv_heads,
            )
        )
        hidden = tower(torch.zeros(1, 3, 384, 384), output_hidden_states=True).hidden_states[-2]
        squares = downsample(hidden, "rows")
        tokens = projector(squares)
    assert (hidden.shape, squares.shape, tokens.shape) == ((1, 729, 1152), (1, 196, 4608), (1, 196, 4096))
    count = sum(weight.numel() for module in (tower, projector, llm) for weight in module.parameters())
    assert count == pytest.approx(8.49e9, rel=2e-3)


def test_a_configuration_names_its_backend(saved, vlm):
    for name in ("tiny-random", "nano"):
        config = preset(name)
        backend = random_vlm(config.vlm, config.compat)
        assert backend.encode([ask()]).hidden_BLD.shape[-1] == config.vlm.dim
    loaded = load_vlm(saved, tiny_config(), Compat.named("fixed"))
    assert loaded.encode([ask()]).n_visual == (36,)
    with pytest.raises(DataError, match="48 wide, and the configuration says 64"):
        load_vlm(saved, replace(tiny_config(), dim=64), Compat())
