from __future__ import annotations

import json
import pickle

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from safetensors.torch import load_file, save_file  # noqa: E402
from transformers import UMT5Config, UMT5EncoderModel  # noqa: E402

from rvebench.errors import DataError, UsageError  # noqa: E402
from rvebench.revise.config import TextConfig, preset  # noqa: E402
from rvebench.revise.text import (  # noqa: E402
    TextTooLongError,
    clean_text,
    load_text_encoder,
    require_instruction,
    wan_text_names,
)
from rvebench.revise.vlm.tiny import random_text_encoder  # noqa: E402

PROMPTS = ("Melt the ice.", "", "Let the candle burn down until the room is dark.")


@pytest.fixture(scope="module")
def encoder():
    return random_text_encoder(preset("tiny-random").text)


def test_a_batch_is_encoded_as_its_prompts_alone(encoder):
    together = encoder.encode(PROMPTS)
    for rows, prompt in zip(together.embeddings_LD, PROMPTS, strict=True):
        assert torch.allclose(rows, encoder.encode([prompt]).embeddings_LD[0], atol=1e-5)


def test_rows_are_those_of_wan_which_pads_to_the_limit_and_cuts(encoder):
    prompt = PROMPTS[2]
    padded = encoder.tokenizer(prompt, padding="max_length", max_length=encoder.max_length, return_tensors="pt")
    states = encoder.model(**{name: padded[name] for name in ("input_ids", "attention_mask")}).last_hidden_state
    ours = encoder.encode([prompt])
    assert ours.lengths == (int(padded["attention_mask"].sum()),)
    assert torch.allclose(ours.embeddings_LD[0], states[0, : ours.lengths[0]], atol=1e-5)


def test_the_null_prompt_is_its_end_token_alone(encoder):
    states = encoder.encode([""])
    assert states.lengths == (1,)
    assert states.dropped == (0,)
    alone = encoder.model(input_ids=torch.tensor([[encoder.tokenizer.eos_token_id]])).last_hidden_state[0]
    assert torch.allclose(states.embeddings_LD[0], alone, atol=1e-6)


def test_a_naive_attention_gives_the_same_rows(encoder):
    """A second umT5 of two layers, written out."""
    weights = {name: tensor.double() for name, tensor in encoder.model.state_dict().items()}
    config = encoder.model.config
    ids = encoder.tokenizer(PROMPTS[0]).input_ids
    hidden = weights["shared.weight"][ids]
    length = len(ids)

    def norm(rows, scale):
        return rows / torch.sqrt((rows**2).mean(-1, keepdim=True) + config.layer_norm_epsilon) * scale

    def bucket(distance):  # key minus query
        half = config.relative_attention_num_buckets // 2
        side, far = (half if distance > 0 else 0), abs(distance)
        if far < half // 2:
            return side + far
        spread = torch.log(torch.tensor(far / (half // 2))) / torch.log(
            torch.tensor(config.relative_attention_max_distance / (half // 2))
        )
        return side + min(half // 2 + int(spread * (half - half // 2)), half - 1)

    for layer in range(config.num_layers):
        name = f"encoder.block.{layer}.layer"
        rows = norm(hidden, weights[f"{name}.0.layer_norm.weight"])
        q, k, v = (rows @ weights[f"{name}.0.SelfAttention.{part}.weight"].T for part in "qkv")
        table = weights[f"{name}.0.SelfAttention.relative_attention_bias.weight"]
        heads = []
        for head in range(config.num_heads):
            part = slice(head * config.d_kv, (head + 1) * config.d_kv)
            scores = q[:, part] @ k[:, part].T  # umT5 does not scale
            for query in range(length):
                for key in range(length):
                    scores[query, key] += table[bucket(key - query), head]
            heads.append(scores.softmax(-1) @ v[:, part])
        hidden = hidden + torch.cat(heads, -1) @ weights[f"{name}.0.SelfAttention.o.weight"].T
        rows = norm(hidden, weights[f"{name}.1.layer_norm.weight"])
        gate = rows @ weights[f"{name}.1.DenseReluDense.wi_0.weight"].T
        gate = torch.nn.functional.gelu(gate, approximate="tanh")
        fed = gate * (rows @ weights[f"{name}.1.DenseReluDense.wi_1.weight"].T)
        hidden = hidden + fed @ weights[f"{name}.1.DenseReluDense.wo.weight"].T
    hidden = norm(hidden, weights["encoder.final_layer_norm.weight"])
    assert torch.allclose(encoder.encode([PROMPTS[0]]).embeddings_LD[0].double(), hidden, atol=1e-4)


def test_a_prompt_past_the_limit_is_an_error_that_says_by_how_much(encoder):
    long = "ice " * encoder.max_length
    count = len(encoder.tokenizer(clean_text(long)).input_ids)
    with pytest.raises(TextTooLongError, match=f"{count} tokens and the text encoder reads {encoder.max_length}"):
        encoder.encode(["Melt the ice.", long])


def test_truncation_is_declared_and_counted_and_keeps_the_end_token(encoder):
    from dataclasses import replace

    cutting = replace(encoder, max_length=6, too_long="truncate")
    ids = encoder.tokenizer(PROMPTS[2]).input_ids
    states = cutting.encode([PROMPTS[0], PROMPTS[2]])
    assert states.dropped[1] == len(ids) - 6
    assert states.lengths[1] == 6
    theirs = encoder.tokenizer(PROMPTS[2], truncation=True, max_length=6, return_tensors="pt").input_ids
    assert int(theirs[0, -1]) == encoder.tokenizer.eos_token_id
    assert torch.allclose(states.embeddings_LD[1], encoder.model(input_ids=theirs).last_hidden_state[0], atol=1e-5)
    assert cutting.fingerprint != encoder.fingerprint


def test_a_prompt_of_exactly_the_limit_passes(encoder):
    from dataclasses import replace

    exact = len(encoder.tokenizer(PROMPTS[2]).input_ids)
    assert replace(encoder, max_length=exact).encode([PROMPTS[2]]).lengths == (exact,)


def test_text_is_cleaned_as_wan_cleans_it():
    assert clean_text("  melt\n\tthe &amp;amp; ice\u00a0 ") == "melt the & ice"
    assert clean_text("schÃ¶n") == "schön"
    assert clean_text("&lt;b&gt;") == "<b>"


def test_an_instruction_must_say_something():
    assert require_instruction("melt") == "melt"
    for nothing in ("", " \n\t", "&nbsp;"):
        with pytest.raises(UsageError, match="instruction is empty"):
            require_instruction(nothing, where="s1")


def test_no_prompt_is_an_error(encoder):
    with pytest.raises(UsageError, match="no prompt"):
        encoder.encode([])


def test_the_same_seed_gives_the_same_rows_and_fingerprint(encoder):
    again = random_text_encoder(preset("tiny-random").text)
    other = random_text_encoder(preset("tiny-random").text, seed=1)
    assert torch.equal(encoder.encode(PROMPTS).embeddings_LD[2], again.encode(PROMPTS).embeddings_LD[2])
    assert torch.equal(encoder.encode(PROMPTS).embeddings_LD[2], encoder.encode(PROMPTS).embeddings_LD[2])
    assert encoder.fingerprint == again.fingerprint != other.fingerprint


def test_making_a_random_encoder_leaves_the_callers_randomness_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    random_text_encoder(preset("tiny-random").text)
    assert torch.equal(torch.rand(3), expected)


def test_nothing_asks_for_a_gradient(encoder):
    assert not encoder.encode(["melt"]).embeddings_LD[0].requires_grad


def test_saved_and_loaded_is_the_same(encoder, tmp_path):
    encoder.save(tmp_path / "text")
    loaded = load_text_encoder(tmp_path / "text", max_length=encoder.max_length)
    assert loaded.fingerprint == encoder.fingerprint
    for ours, theirs in zip(loaded.encode(PROMPTS).embeddings_LD, encoder.encode(PROMPTS).embeddings_LD, strict=True):
        assert torch.equal(ours, theirs)


def wan_file(encoder, path, **changes):
    theirs = encoder.model.state_dict()
    names = wan_text_names(encoder.model.config.num_layers)
    tensors = {wan: theirs[name].clone() for wan, name in names.items()} | changes
    torch.save({name: tensor for name, tensor in tensors.items() if tensor is not None}, path)
    return path


def test_wans_single_file_is_read_and_its_sizes_found(encoder, tmp_path):
    encoder.tokenizer.save_pretrained(tmp_path / "google" / "umt5-xxl")
    path = wan_file(encoder, tmp_path / "models_t5_umt5-xxl-enc-bf16.pth")
    loaded = load_text_encoder(path, tmp_path / "google" / "umt5-xxl", max_length=encoder.max_length)
    assert torch.equal(loaded.encode(PROMPTS).embeddings_LD[2], encoder.encode(PROMPTS).embeddings_LD[2])


def test_wans_names_are_all_of_the_full_encoder():
    names = wan_text_names(24)
    with torch.device("meta"):
        text = TextConfig()
        full = UMT5EncoderModel(
            UMT5Config(
                vocab_size=text.vocab_size,
                d_model=text.dim,
                d_kv=text.head_dim,
                d_ff=text.ffn_dim,
                num_layers=text.layers,
                num_heads=text.heads,
            )
        )
    assert len(names) == 242
    assert set(names.values()) == set(full.state_dict()) - {"encoder.embed_tokens.weight"}
    assert sum(weight.numel() for weight in full.parameters()) == pytest.approx(5.681e9, rel=1e-3)


def test_a_wan_file_with_tensors_missing_or_more_is_refused(encoder, tmp_path):
    encoder.tokenizer.save_pretrained(tmp_path)
    for changes, said in (
        ({"blocks.1.ffn.fc2.weight": None}, "blocks.1.ffn.fc2.weight is missing"),
        ({"blocks.0.more": torch.zeros(1)}, "1 unexpected tensors, the first blocks.0.more"),
        ({"blocks.1.ffn.fc2.weight": torch.zeros(3, 3)}, "1 misshapen"),
    ):
        with pytest.raises(DataError, match=said):
            load_text_encoder(wan_file(encoder, tmp_path / "t5.pth", **changes), tmp_path)


def test_a_half_downloaded_folder_is_refused_in_one_sentence(encoder, tmp_path):
    encoder.save(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    gone = tensors.pop("encoder.block.1.layer.1.DenseReluDense.wo.weight")
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(DataError, match=r"1 missing \(encoder.block.1.layer.1.DenseReluDense.wo.weight\)"):
        load_text_encoder(tmp_path)
    save_file(tensors | {"encoder.block.1.layer.1.DenseReluDense.wo.weight": gone[:2]}, tmp_path / "model.safetensors")
    with pytest.raises(DataError, match="1 misshapen"):
        load_text_encoder(tmp_path)
    (tmp_path / "model.safetensors").rename(tmp_path / "model-00001-of-00002.safetensors")
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index), "utf-8")
    with pytest.raises(DataError, match=r"1 of the 2 files .* missing, the first model-00002-of-00002.safetensors"):
        load_text_encoder(tmp_path)
    index = {"weight_map": {"a": "../../outside.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index), "utf-8")
    with pytest.raises(DataError, match="outside the folder"):
        load_text_encoder(tmp_path)


def test_a_cut_file_and_one_with_code_in_it_are_refused(encoder, tmp_path):
    encoder.save(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="not a sound safetensors"):
        load_text_encoder(tmp_path)
    path.unlink()
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps({"a": print}))
    with pytest.raises(DataError):
        load_text_encoder(tmp_path)


def test_what_is_not_there_is_named(encoder, tmp_path):
    with pytest.raises(UsageError, match="no such file or folder"):
        load_text_encoder(tmp_path / "nothing")
    with pytest.raises(UsageError, match=r"no config.json"):
        load_text_encoder(tmp_path)
    encoder.model.save_pretrained(tmp_path)
    with pytest.raises(UsageError, match="holds no tokenizer"):
        load_text_encoder(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{", "utf-8")
    with pytest.raises(DataError, match="tokenizer cannot be read"):
        load_text_encoder(tmp_path)
