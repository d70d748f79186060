from __future__ import annotations

import subprocess
import sys

import pytest

from rvebench.errors import UnknownNameError, UsageError
from rvebench.judges import DEFAULT_JUDGE, JUDGES, Judge, build_judge
from rvebench.judges.availability import ANNOUNCED, explain_absence
from rvebench.registry import Registration, Registry


def test_every_registered_judge_builds_and_answers_to_its_name() -> None:
    for entry in JUDGES:
        judge = build_judge(entry.name)
        assert isinstance(judge, Judge)
        assert judge.info.name == entry.name
        assert entry.summary


def test_the_default_judge_is_the_papers_and_its_absence_names_both_ways_on() -> None:
    assert DEFAULT_JUDGE == "gpt-4o"
    with pytest.raises(UsageError) as caught:
        build_judge(DEFAULT_JUDGE)
    text = str(caught.value)
    assert caught.value.exit_code == 2
    assert "not part of this version yet" in text
    assert "set OPENAI_API_KEY" in text
    assert "--judge reference" in text


def test_the_absence_says_whether_the_key_is_there_and_never_shows_it() -> None:
    assert "is not set here" in str(explain_absence("gpt-4o", {}))
    text = str(explain_absence("gpt-4o", {"OPENAI_API_KEY": "sk-secret"}))
    assert "is set here" in text
    assert "sk-secret" not in text


def test_an_entry_takes_over_from_the_announcement(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Registration(name="gpt-4o", target="rvebench.judges.reference:ReferenceJudge")
    later: Registry[object] = Registry("judge", [entry], group="no.such.group")
    monkeypatch.setattr("rvebench.judges.registry.JUDGES", later)
    assert isinstance(build_judge("gpt-4o"), Judge)


def test_an_announced_judge_is_not_registered() -> None:
    assert not set(ANNOUNCED) & set(JUDGES.names())


@pytest.mark.parametrize(
    ("typed", "meant"), [("referense", "reference"), ("gpt4o", "gpt-4o"), ("REFERENC", "reference")]
)
def test_a_misspelt_judge_is_answered_with_the_nearest_name(typed: str, meant: str) -> None:
    with pytest.raises(UnknownNameError, match=meant):
        build_judge(typed)


def test_a_name_like_no_other_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match="known: reference"):
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
