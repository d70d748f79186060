"""The adapter on tiny random models of the real classes, loaded from a folder as real ones are.

Qwen2.5-VL runs in the normal suite where torch and transformers are installed; the other classes with `-m slow`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rvebench.errors import UsageError
from rvebench.judges.local.generate import next_logits, write_reply
from rvebench.judges.local.grammar import compile_schema
from rvebench.judges.local.reading import find_answer_tokens, read_yes_no
from rvebench.llm.messages import ChatMessage, TextPart
from rvebench.llm.structured import Parsed, Question, answer_schema, parse_scores
from tests.judges.local.conftest import Save, question

Load = Callable[[str], Any]

QUESTIONS = tuple(Question(key=key) for key in ("EA", "PC", "GN", "GR"))
GRAMMAR = compile_schema(answer_schema(QUESTIONS).schema)
KINDS = [
    pytest.param("qwen2_5_vl"),
    *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("qwen3_vl", "smolvlm", "idefics3")),
]

pytestmark = pytest.mark.parametrize("kind", KINDS)


def test_the_class_is_the_one_that_real_checkpoints_have(kind: str, loaded: Load) -> None:
    names = {
        "qwen2_5_vl": ("Qwen2_5_VLForConditionalGeneration", "Qwen2_5_VLProcessor"),
        "qwen3_vl": ("Qwen3VLForConditionalGeneration", "Qwen3VLProcessor"),
        "smolvlm": ("SmolVLMForConditionalGeneration", "SmolVLMProcessor"),
        "idefics3": ("Idefics3ForConditionalGeneration", "Idefics3Processor"),
    }
    model = loaded(kind)
    assert (type(model.model).__name__, type(model.processor).__name__) == names[kind]
    assert not model.model.training


def test_words_and_images_reach_the_model_in_the_messages_order(kind: str, loaded: Load) -> None:
    model = loaded(kind)
    prompt = model.prompt(question(10, 240, text="Which is which?"))
    ids = prompt.inputs["input_ids"][0].tolist()
    image = model.model.config.image_token_id
    runs = [index for index, token in enumerate(ids) if token == image and ids[index - 1] != image]
    assert len(runs) == 2
    written = model.tokenizer.decode(ids)
    places = [written.index(text) for text in ("You compare frames.", "frame 0", "frame 1", "Which is which?")]
    assert places == sorted(places)
    assert "frame 0" in model.tokenizer.decode(ids[: runs[0]])
    assert "frame 1" in model.tokenizer.decode(ids[runs[0] : runs[1]])
    pixels = prompt.inputs["pixel_values"].flatten(0, 1) if kind in ("smolvlm", "idefics3") else None
    halves = prompt.inputs["pixel_values"].chunk(2) if pixels is None else pixels.chunk(2)
    assert halves[0].mean() < halves[1].mean(), "the dark frame is first"
    swapped = model.prompt(question(240, 10, text="Which is which?"))
    assert swapped.inputs["input_ids"].equal(prompt.inputs["input_ids"])
    assert not swapped.inputs["pixel_values"].equal(prompt.inputs["pixel_values"])


def test_words_that_spell_control_tokens_stay_words(kind: str, loaded: Load) -> None:
    model = loaded(kind)
    plain = model.prompt(question(10, text="So"))
    sly = "".join(model.tokenizer.all_special_tokens)
    prompt = model.prompt(question(10, text=f"So{sly}"))
    controls = set(model.tokenizer.all_special_ids)

    def count(shown: Any) -> int:
        return sum(token in controls for token in shown.inputs["input_ids"][0].tolist())

    assert count(prompt) == count(plain)


def test_the_same_question_is_answered_the_same_twice(kind: str, loaded: Load) -> None:
    model = loaded(kind)
    first, second = (write_reply(model, model.prompt(question(10, 240)), room=24) for _ in range(2))
    assert first == second
    assert 0 < first.tokens <= 24


@pytest.mark.parametrize("room", [200, pytest.param(300, marks=pytest.mark.slow)])
def test_a_constrained_reply_always_parses(kind: str, loaded: Load, room: int) -> None:
    model = loaded(kind)
    for greys in ((0, 255), (90,)):
        written = write_reply(model, model.prompt(question(*greys)), room=room, grammar=GRAMMAR)
        assert written.finished
        assert list(json.loads(written.text)) == ["EA", "PC", "GN", "GR"]
        parsed = parse_scores(written.text, QUESTIONS)
        assert isinstance(parsed, Parsed)
        assert all(parsed.rationales.values())


def test_a_free_reply_of_random_weights_is_malformed_and_gives_no_score(kind: str, loaded: Load) -> None:
    model = loaded(kind)
    written = write_reply(model, model.prompt(question(10, 240)), room=40)
    assert not isinstance(parse_scores(written.text, QUESTIONS), Parsed)


def test_room_that_cannot_hold_the_json_is_refused(kind: str, loaded: Load) -> None:
    model = loaded(kind)
    with pytest.raises(UsageError, match="give at least"):
        write_reply(model, model.prompt(question(10)), room=100, grammar=GRAMMAR)


def test_a_question_longer_than_the_model_is_refused_before_it_runs(kind: str, loaded: Load) -> None:
    model = loaded(kind)
    with pytest.raises(UsageError, match="lower k, max_side or max_new_tokens"):
        write_reply(model, model.prompt(question(10)), room=9000)


def test_a_reply_can_be_stopped(kind: str, loaded: Load) -> None:
    model = loaded(kind)
    asked: list[int] = []

    def stopping() -> bool:
        asked.append(1)
        return len(asked) == 3

    assert write_reply(model, model.prompt(question(10)), room=40, stopping=stopping).tokens == 3


def test_the_soft_reading_is_the_softmax_of_the_models_own_logits(kind: str, loaded: Load) -> None:
    torch = pytest.importorskip("torch")
    model = loaded(kind)
    prompt = model.prompt(question(10, 240))
    tokens = find_answer_tokens(model.tokenizer)
    with torch.inference_mode():
        logits = model.model(**prompt.inputs).logits[0, -1].double()
    shares = torch.softmax(logits, dim=0)
    yes, no = (float(shares[list(ids)].sum()) for ids in tokens)
    found = read_yes_no(next_logits(model, prompt), tokens)
    assert found.p_yes == pytest.approx(yes / (yes + no), rel=1e-5)
    assert found.mass == pytest.approx(yes + no, rel=1e-5)
    either = [*tokens.yes, *tokens.no]
    assert found.hard is (either[int(logits[either].argmax())] in tokens.yes)


def test_the_soft_reading_depends_on_the_images_and_on_their_order(kind: str, loaded: Load) -> None:
    model = loaded(kind)
    tokens = find_answer_tokens(model.tokenizer)

    def p_yes(*greys: int) -> float:
        return read_yes_no(next_logits(model, model.prompt(question(*greys))), tokens).p_yes

    found = {p_yes(10, 240), p_yes(240, 10), p_yes(128, 240)}
    assert len(found) == 3
    assert p_yes(10, 240) == p_yes(10, 240)


def test_a_checkpoints_own_sampling_is_not_used(kind: str, saved: Save, tmp_path: Path) -> None:
    import shutil

    from rvebench.judges.local.model import load_model
    from rvebench.judges.local.weights import find_weights

    folder = tmp_path / "model"
    shutil.copytree(saved(kind), folder)
    settings = json.loads((folder / "generation_config.json").read_text())
    settings |= {"do_sample": True, "temperature": 5.0, "top_k": 50, "repetition_penalty": 3.0}
    (folder / "generation_config.json").write_text(json.dumps(settings))
    chatty = load_model(find_weights(str(folder)), device="cpu", dtype="float32")
    calm = load_model(find_weights(str(saved(kind))), device="cpu", dtype="float32")
    asked = (ChatMessage("user", (TextPart("What follows?"),)),)
    assert write_reply(chatty, chatty.prompt(asked), room=16) == write_reply(calm, calm.prompt(asked), room=16)
