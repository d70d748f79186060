"""`rvebench judge doctor`: what a user sees, with a judge whose answers are known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("skia")
pytest.importorskip("pymunk")

from typer.testing import CliRunner

from rvebench.cli.app import app
from rvebench.judges.doctor import Answer, Case
from rvebench.records import Sample
from rvebench.sim.ladder import RUNGS
from rvebench.taxonomy import Criterion, criteria_for
from tests.cli.helpers import only_error, rvebench


def answers_of(samples: Sequence[Sample], *, copy_ea: float) -> tuple[Answer, ...]:
    """What an honest judge says, but for the EA of an untouched copy."""
    grades = {rung.name: dict(rung.grades) for rung in RUNGS}
    grades["no-op"][Criterion.EA] = copy_ea
    extra = {
        Case.BLANK: dict.fromkeys(Criterion, 0.0),
        Case.AGAIN: grades["half"],
        Case.RENAMED_TARGET: grades["target"],
        Case.RENAMED_COPY: grades["no-op"],
        Case.SWAPPED: dict.fromkeys(Criterion, 0.0),
    }
    cases = {**grades, **{case.value: scores for case, scores in extra.items()}}
    return tuple(
        Answer(sample.id, case, {key: scores[key] for key in criteria_for(sample.subset)}, returned_model="reference 3")
        for sample in samples
        for case, scores in cases.items()
    )


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object, copy_ea: float = 0.0) -> Any:
    async def question(_judge: object, samples: Sequence[Sample], **_options: object) -> tuple[Answer, ...]:
        return answers_of(samples, copy_ea=copy_ea)

    monkeypatch.setattr("rvebench.judges.doctor.question_judge", question)
    return CliRunner().invoke(app, ["judge", "doctor", *map(str, arguments)], catch_exceptions=False)


def test_a_judge_that_passes_gets_its_card_in_both_forms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    markdown, machine = tmp_path / "cards" / "reference.md", tmp_path / "reference.json"
    ran = run(monkeypatch, "--judge", "reference", "--out", markdown, "--out", machine)
    assert ran.exit_code == 0, ran.output
    assert "may be official: yes" in " ".join(ran.stdout.split())
    assert markdown.read_text().startswith("# Judge card: `reference`")
    card = json.loads(machine.read_text())
    assert card["split"]["name"] == "smoke" and card["split"]["samples"] == 16 and len(card["split"]["sha256"]) == 64


def test_a_judge_that_fails_leaves_with_one_and_still_has_its_card(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran = run(monkeypatch, "--limit", 8, "--format", "json", "--out", tmp_path / "card.json", copy_ea=6.0)
    assert ran.exit_code == 1
    card = json.loads(ran.stdout)
    assert card == json.loads((tmp_path / "card.json").read_text())
    assert card["official"] is False and card["why"] == "untouched copy: not kept in 8 of 8 samples"


def test_the_pass_mark_of_the_ladder_is_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run(monkeypatch, "--limit", 8, "--format", "json", "--min-spearman", "1", copy_ea=1.0)
    assert ran.exit_code == 1 and json.loads(ran.stdout)["limits"]["spearman_ea"] == 1


def test_what_cannot_be_examined_is_one_sentence(tmp_path: Path) -> None:
    wrong = rvebench("judge", "doctor", "--out", tmp_path / "card.txt", code=2)
    assert "a card is a .md or a .json file" in only_error(wrong)
    assert "rendered samples" in only_error(rvebench("judge", "doctor", "--split", "demo", code=2))
    unknown = rvebench("judge", "doctor", "--judge", "referense", code=2)
    assert "did you mean reference" in only_error(unknown)
    keyless = rvebench("judge", "doctor", "--judge", "gpt-4o", code=2, env={"OPENAI_API_KEY": ""})
    assert "OPENAI_API_KEY is not set" in only_error(keyless)
