from __future__ import annotations

import subprocess
import sys

import pytest

from rvebench.errors import UnknownNameError, UsageError
from rvebench.judges import DEFAULT_JUDGE, FAMILIES, JUDGES, Judge, build_judge
from rvebench.registry import Registration, Registry, load_target


def test_every_registered_judge_builds_and_answers_to_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    for entry in JUDGES:
        judge = build_judge(entry.name)
        assert isinstance(judge, Judge)
        assert judge.info.name == entry.name
        assert entry.summary


def test_the_default_judge_is_the_papers_and_without_a_key_both_ways_on_are_named() -> None:
    assert DEFAULT_JUDGE == "gpt-4o"
    with pytest.raises(UsageError) as caught:
        build_judge(DEFAULT_JUDGE)
    text = str(caught.value)
    assert caught.value.exit_code == 2
    assert "OPENAI_API_KEY is not set here" in text
    assert "key_env=NAME" in text
    assert "--judge reference" in text


def test_a_prefix_names_a_family_of_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    judge = build_judge("openai:gpt-5-mini?k=4")
    assert (judge.info.name, judge.info.model, judge.info.settings["k"]) == ("openai:gpt-5-mini", "gpt-5-mini", "4")
    for family in FAMILIES.values():
        assert callable(load_target(family.target))


def test_a_misspelt_prefix_keeps_the_model() -> None:
    with pytest.raises(UnknownNameError, match="did you mean openai:gpt-5"):
        build_judge("opnai:gpt-5")


@pytest.mark.parametrize(
    ("typed", "meant"), [("referense", "reference"), ("gpt4o", "gpt-4o"), ("REFERENC", "reference")]
)
def test_a_misspelt_judge_is_answered_with_the_nearest_name(typed: str, meant: str) -> None:
    with pytest.raises(UnknownNameError, match=meant):
        build_judge(typed)


def test_a_name_like_no_other_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match="known: gpt-4o, reference, openai:MODEL"):
        build_judge("xyz")


def test_options_are_refused_by_name() -> None:
    with pytest.raises(UsageError, match="takes no options"):
        build_judge("reference?frames=8")


def test_a_plugin_that_is_no_judge_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Registration(name="x", target="builtins:object", origin="pkg")
    broken: Registry[object] = Registry("judge", [entry], group="no.such.group")
    monkeypatch.setattr("rvebench.judges.registry.JUDGES", broken)
    with pytest.raises(UsageError, match="pkg: builtins:object is not a judge"):
        build_judge("x")


def test_building_the_reference_judge_loads_neither_torch_nor_scipy() -> None:
    code = (
        "import sys; from rvebench.judges import build_judge; build_judge('reference').info;"
        "print(sorted({'torch', 'cv2', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
