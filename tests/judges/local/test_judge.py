from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvebench.errors import UsageError
from rvebench.judges import Judge, build_judge
from rvebench.judges.local import LocalJudge
from rvebench.judges.local import asker as asker_module
from rvebench.judges.local import weights as weights_module
from rvebench.judges.local.judge import yes_no_prompts
from rvebench.llm.faults import FatalCallError
from rvebench.records import Sample, Verdict
from rvebench.taxonomy import Criterion, ReasoningType, Status, Subset
from rvebench.video import Clip, Comparison
from tests.judges.local.conftest import Save

SMALL = "k=2&max_side=64&device=cpu&max_new_tokens=200"


def clip(grey: int, *, frames: int = 3, size: tuple[int, int] = (96, 72)) -> Clip:
    pixels = np.full((frames, size[1], size[0], 3), grey, np.uint8)
    return Clip(frames_THWC=pixels, fps=8.0, pts_s=np.arange(frames) / 8)


def comparison(subset: Subset = Subset.RAVE, *, edit: int = 200, instruction: str = "Let an hour pass.") -> Comparison:
    kind = ReasoningType.CAMERA if subset is Subset.ICVG else ReasoningType.TEMPORAL
    sample = Sample(id="candle", subset=subset, reasoning_type=kind, source=Path("source.mp4"), instruction=instruction)
    return Comparison(sample=sample, source=clip(30), edit=clip(edit))


def verdict_of(judge: Judge, shown: Comparison) -> Verdict:
    return asyncio.run(judge.judge(shown))


@pytest.fixture(scope="module")
def built(saved: Save) -> Callable[..., LocalJudge]:
    held: dict[str, LocalJudge] = {}

    def build(options: str = "", kind: str = "qwen2_5_vl") -> LocalJudge:
        spec = f"hf:{saved(kind)}?{SMALL}{options}"
        if spec not in held:
            judge = build_judge(spec)
            assert isinstance(judge, LocalJudge)
            held[spec] = judge
        return held[spec]

    return build


def test_a_local_judge_is_a_judge_and_names_all_that_decides_its_verdicts(built: Callable[..., LocalJudge]) -> None:
    info = built().info
    assert isinstance(built(), Judge)
    assert info.name == "hf:tiny-qwen2_5_vl"
    assert info.settings["weights"].startswith("sha256:")
    assert (info.settings["device"], info.settings["dtype"]) == ("cpu", "float32")
    assert info.frame_plan_sha256 and info.prompt_sha256
    assert not info.paid
    assert "/" not in json.dumps(dict(info.settings)), "no folder of this machine"


def test_options_that_decide_a_verdict_change_the_judges_digest(built: Callable[..., LocalJudge]) -> None:
    options = ("", "&reading=soft", "&reading=both", "&constrain=never", "&told=no", "&dtype=bfloat16")
    assert len({built(option).info.digest for option in options}) == len(options)


def test_repeats_share_the_model_and_are_recorded_apart(built: Callable[..., LocalJudge]) -> None:
    judge = built("&reading=both&constrain=always")
    again = judge.repeated(1)
    assert again.info.digest != judge.info.digest
    assert judge.repeated(0).info == again.repeated(0).info == judge.info
    first, second = verdict_of(judge, comparison()), verdict_of(again, comparison())
    assert first.scores == second.scores and first.measures == second.measures
    asked = [{entry["request"] for entry in json.loads(verdict.raw)} for verdict in (first, second)]
    assert not asked[0] & asked[1]


def test_other_weights_are_another_judge(built: Callable[..., LocalJudge], tmp_path: Path) -> None:
    from tests.judges.local.tiny import save_model

    other = build_judge(f"hf:{save_model('qwen2_5_vl', tmp_path / 'tiny-qwen2_5_vl', seed=1)}?{SMALL}")
    assert other.info.name == built().info.name
    assert other.info.digest != built().info.digest


def test_a_malformed_reply_is_repaired_under_the_grammar_and_the_verdict_is_the_same_twice(
    built: Callable[..., LocalJudge],
) -> None:
    first, second = (verdict_of(built(), comparison()) for _ in range(2))
    assert first == second
    assert first.status is Status.OK, first.reason
    assert set(first.scores) == set(Criterion)
    assert all(0 <= score <= 10 for score in first.scores.values())
    assert all(first.rationale[criterion] for criterion in Criterion)
    entries = json.loads(first.raw)
    assert [("malformed" in entry) for entry in entries] == [True, False]
    assert first.usage.input_tokens > first.usage.output_tokens > 0
    assert first.usage.cost_usd == 0.0
    assert first.returned_model.startswith("tiny-qwen2_5_vl@sha256:")


def test_without_the_grammar_random_weights_give_no_verdict_and_no_number(built: Callable[..., LocalJudge]) -> None:
    verdict = verdict_of(built("&constrain=never"), comparison())
    assert verdict.status is Status.UNJUDGED
    assert verdict.scores == {}
    assert "the reply cannot be read" in verdict.reason
    assert len(json.loads(verdict.raw)) == 2


def test_the_soft_reading_is_ten_times_p_yes_of_each_criterion(built: Callable[..., LocalJudge]) -> None:
    verdict = verdict_of(built("&reading=soft"), comparison())
    assert verdict.status is Status.OK
    for criterion in Criterion:
        assert verdict.scores[criterion] == pytest.approx(10 * verdict.measures[f"soft_{criterion.value}"], abs=1e-4)
        assert verdict.measures[f"hard_{criterion.value}"] in (0.0, 1.0)
        assert 0 < verdict.measures[f"yes_no_mass_{criterion.value}"] < 1
    assert verdict == verdict_of(built("&reading=soft"), comparison())
    other = verdict_of(built("&reading=soft"), comparison(edit=30))
    assert other.scores != verdict.scores, "P(yes) changes with the images"


def test_both_readings_stand_beside_each_other(built: Callable[..., LocalJudge]) -> None:
    both = verdict_of(built("&reading=both"), comparison())
    assert both.scores == verdict_of(built(), comparison()).scores
    soft = verdict_of(built("&reading=soft"), comparison()).measures
    assert {name: both.measures[name] for name in soft} == dict(soft)


def test_a_following_shot_is_not_asked_what_was_preserved(built: Callable[..., LocalJudge]) -> None:
    verdict = verdict_of(built("&reading=soft"), comparison(Subset.ICVG))
    assert set(verdict.scores) == {Criterion.EA, Criterion.GN, Criterion.GR}
    assert "NEW SHOT" in yes_no_prompts(Subset.ICVG).texts["ea"]


@pytest.mark.parametrize("subset", list(Subset))
def test_every_subset_has_its_yes_no_questions(subset: Subset) -> None:
    prompts = yes_no_prompts(subset)
    assert "Yes or No" in prompts.texts["single"]
    assert ("pc" in prompts.texts) is (subset is not Subset.ICVG)


def test_a_question_longer_than_the_model_leaves_the_sample_unjudged(built: Callable[..., LocalJudge]) -> None:
    verdict = verdict_of(built("&constrain=always"), comparison(instruction="word " * 9000))
    assert verdict.status is Status.UNJUDGED
    assert "lower k, max_side or max_new_tokens" in verdict.reason


def test_whatever_the_model_raises_is_no_score(
    built: Callable[..., LocalJudge], monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(*args: object, **kwargs: object) -> None:
        raise MemoryError("CUDA out of memory")

    monkeypatch.setattr(asker_module, "write_reply", burst)
    monkeypatch.setattr(asker_module, "next_logits", burst)
    for option in ("", "&reading=soft", "&reading=both"):
        verdict = verdict_of(built(option), comparison())
        assert verdict.status is Status.UNJUDGED
        assert verdict.scores == {}
        assert "out of memory" in verdict.reason


def test_a_question_given_up_is_stopped_and_the_next_one_is_answered(
    built: Callable[..., LocalJudge], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = built("&constrain=always")
    whole = verdict_of(judge, comparison())
    written: list[int] = []
    real = asker_module.write_reply

    def counting(*args: Any, **kwargs: Any) -> Any:
        found = real(*args, **kwargs)
        written.append(found.tokens)
        return found

    monkeypatch.setattr(asker_module, "write_reply", counting)

    async def give_up() -> Verdict:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(judge.judge(comparison()), timeout=0.3)
        return await judge.judge(comparison())

    assert asyncio.run(give_up()) == whole
    assert len(written) == 2
    assert written[0] < written[1]


def test_judging_at_once_gives_what_judging_in_turn_gives(built: Callable[..., LocalJudge]) -> None:
    judge = built("&reading=soft")
    shown = [comparison(edit=grey) for grey in (30, 120, 250)]

    async def at_once() -> list[Verdict]:
        return list(await asyncio.gather(*(judge.judge(each) for each in shown)))

    assert asyncio.run(at_once()) == [verdict_of(judge, each) for each in shown]


def test_the_judge_is_told_only_what_it_is_meant_to_be_told(
    built: Callable[..., LocalJudge], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rvebench.judges.local.model import VisionModel

    seen: list[str] = []
    real = VisionModel.prompt

    def spying(self: VisionModel, messages: Any) -> Any:
        found = real(self, messages)
        seen.append(found.text)
        return found

    monkeypatch.setattr(VisionModel, "prompt", spying)
    shown = comparison()
    shown = replace(shown, sample=replace(shown.sample, expected_outcome="The candle is shorter."))
    verdict_of(built("&reading=soft"), shown)
    verdict_of(built("&reading=soft&told=no"), shown)
    assert len(seen) == 8
    assert all("The candle is shorter." in text for text in seen[:4])
    assert not any("The candle is shorter." in text for text in seen[4:])
    for text in seen:
        places = [text.rindex(words) for words in ("Let an hour pass.", "SOURCE frame", "EDIT frame", "Yes or No.")]
        assert places == sorted(places)
        assert text.count("<|image_pad|>") == 4


def test_a_model_that_does_not_load_stops_the_run_with_one_sentence(saved: Save, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "broken"
    shutil.copytree(saved("qwen2_5_vl"), folder)
    (folder / "model.safetensors").write_bytes(b"not weights")
    judge = build_judge(f"hf:{folder}?{SMALL}")
    for _ in range(2):
        with pytest.raises(FatalCallError, match="the model cannot be loaded") as caught:
            verdict_of(judge, comparison())
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["qwen3_vl", "smolvlm", "idefics3"])
def test_the_other_classes_judge_alike(kind: str, built: Callable[..., LocalJudge]) -> None:
    first, second = (verdict_of(built("&reading=both&constrain=always", kind), comparison()) for _ in range(2))
    assert first == second
    assert first.status is Status.OK, first.reason
    assert set(first.scores) == set(Criterion)


# --- what is missing is said before any work -------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["torch", "transformers"])
def test_a_missing_library_is_one_sentence(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        weights_module.importlib.util, "find_spec", lambda name, *rest: None if name == module else real(name, *rest)
    )
    with pytest.raises(UsageError, match=rf'needs .*{module}.*pip install "rvebench\[hf\]"') as caught:
        build_judge("hf:Qwen/Qwen2.5-VL-7B-Instruct")
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_missing_weights_are_one_sentence_each(saved: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved("qwen2_5_vl")
    (tmp_path / "empty").mkdir()
    words = tmp_path / "words"
    words.mkdir()
    (words / "config.json").write_text('{"model_type": "qwen2"}')
    (words / "model.safetensors").write_bytes(b"")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for model, said in (
        (str(tmp_path / "absent"), "no such folder"),
        ("nothing", "no name on the hub"),
        (str(tmp_path / "empty"), "holds no model"),
        (str(words), "takes no images"),
        ("some-owner/some-model", "HF_HUB_OFFLINE forbids"),
        (f"{folder}?revision=main", "no meaning for a folder"),
        (f"{folder}?device=cuda:99", "sees no device cuda:99"),
    ):
        with pytest.raises(UsageError, match=said) as caught:
            build_judge(f"hf:{model}")
        assert "\n" not in str(caught.value)


def test_a_hub_that_cannot_be_reached_is_one_sentence(saved: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def unreachable(*args: object, **kwargs: object) -> None:
        raise ConnectionError("no route\nto host")

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", unreachable)
    with pytest.raises(UsageError, match="the hub does not give it: ConnectionError: no route to host"):
        weights_module.find_weights("some-owner/some-model")


def test_a_cached_hub_model_is_known_by_its_commit_without_a_network(
    saved: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    import huggingface_hub.constants as constants

    commit = "0123456789abcdef0123456789abcdef01234567"
    top = tmp_path / "models--some-owner--tiny"
    shutil.copytree(saved("qwen2_5_vl"), top / "snapshots" / commit)
    (top / "refs").mkdir()
    (top / "refs" / "main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    found = weights_module.find_weights("some-owner/tiny")
    assert (found.identity, found.name) == (commit, "some-owner/tiny")
    assert weights_module.find_weights("some-owner/tiny", commit) == found
    (top / "snapshots" / commit / "model.safetensors").unlink()
    with pytest.raises(UsageError, match="its weights are not in the cache"):
        weights_module.find_weights("some-owner/tiny")
