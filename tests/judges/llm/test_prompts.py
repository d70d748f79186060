from __future__ import annotations

import re
import shutil
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from rvebench.assets import asset_dir
from rvebench.errors import DataError
from rvebench.judges.llm import load_prompts, prompt_digest, questionnaire
from rvebench.judges.llm.prompts import Wording
from rvebench.judges.llm.questions import Calls, Questionnaire
from rvebench.taxonomy import Subset
from tests.judges.llm.world import comparison, scripted, words

FOLDER = asset_dir("prompts") / "judge" / "v1"
FILES = sorted(FOLDER.rglob("*.md"))
TEXTS = [path for path in FILES if path.name != "CHANGELOG.md"]
SCALED = [path for path in TEXTS if "yesno" not in path.parts]
"""All but the local judge's questions of yes or no."""


def rve(subset: Subset = Subset.RAVE) -> Questionnaire:
    found = questionnaire("rve", subset, reference=False)
    assert found is not None
    return found


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_every_file_has_a_version_that_the_changelog_knows(path: Path) -> None:
    head = re.match(r"<!-- version: (\d+\.\d+\.\d+) -->\n", path.read_text())
    assert head is not None
    assert f"- {head[1]}:" in (FOLDER / "CHANGELOG.md").read_text()


def test_every_file_is_used_by_some_variant() -> None:
    used: set[str] = set()
    for preset, subset, reference, calls, wording in product(
        ("rve", "viebench"), Subset, (False, True), get_args(Calls), get_args(Wording)
    ):
        asked = questionnaire(preset, subset, reference=reference)
        if asked is not None:
            used |= set(asked.prompts(calls, wording).files)
    assert used == {str(path.relative_to(FOLDER)) for path in SCALED}


@pytest.mark.parametrize("wording", get_args(Wording))
def test_following_shots_are_told_nothing_of_source_and_edit(wording: Wording) -> None:
    judge, _ = scripted(spec=f"gpt-4o?wording={wording}")
    (request,) = judge.requests(comparison(subset=Subset.ICVG))
    assert not re.search(r"\b(SOURCE|EDIT|PC)\b", words(request))


@pytest.mark.parametrize("subset", [Subset.RAVE, Subset.ICVG])
def test_an_untouched_copy_is_said_to_score_nothing_on_accuracy(subset: Subset) -> None:
    text = rve(subset).prompts("joint", "plain").texts["ea"]
    assert "**An untouched copy" in text
    assert "scores 0.**" in text
    assert re.search(r"^- 0: .*copy", text, re.MULTILINE)


@pytest.mark.parametrize("path", [path for path in SCALED if path.stem in ("ea", "pc", "gn", "gr")], ids=str)
def test_every_criterion_describes_its_whole_scale(path: Path) -> None:
    bands = re.findall(r"^- (\d+)(?:-(\d+))?: ", path.read_text(), re.MULTILINE)
    covered = [score for low, high in bands for score in range(int(low), int(high or low) + 1)]
    assert covered == list(range(11))


def test_the_neutral_wording_has_no_words_of_command() -> None:
    for path in (FOLDER / "neutral").rglob("*.md"):
        assert not re.search(r"\b(never|must|ignore|do not|fail\w*|zero|not 1)\b", path.read_text(), re.IGNORECASE), (
            path
        )


def test_the_digest_changes_with_any_word_and_only_with_what_is_used(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "v1")
    names = ("preamble", "ea")

    def digest() -> str:
        return prompt_digest([load_prompts(names, root=tmp_path / "v1")])

    before = digest()
    (tmp_path / "v1" / "gr.md").write_text("<!-- version: 9.9.9 -->\nother\n")
    assert digest() == before
    path = tmp_path / "v1" / "ea.md"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert digest() == before
    path.write_text(path.read_text().replace("outcome", "result", 1))
    assert digest() != before


def test_judges_of_different_words_have_different_digests() -> None:
    specs = ("gpt-4o", "gpt-4o?calls=separate", "gpt-4o?wording=neutral", "gpt-4o?wording=plain%2Bneutral")
    digests = {scripted(spec=spec)[0].info.prompt_sha256 for spec in specs}
    assert len(digests) == len(specs)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("no version\n", "first line"),
        ("<!-- version: 1.0.0 -->\n{{ secret }}\n", "uses secret"),
        ("<!-- version: 1.0.0 -->\n{% if %}\n", "not a template"),
    ],
)
def test_a_bad_prompt_file_is_an_error_when_it_is_loaded(content: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "ea.md").write_text(content)
    with pytest.raises(DataError, match=says):
        load_prompts(["ea"], root=tmp_path)


def test_an_absent_prompt_and_an_absent_value_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no prompt ea\.md"):
        load_prompts(["ea"], root=tmp_path)
    (tmp_path / "ea.md").write_text("<!-- version: 1.0.0 -->\n{{ reason }}\n")
    with pytest.raises(DataError, match="wants what it is not given"):
        load_prompts(["ea"], root=tmp_path).render("ea", {})


def test_a_template_in_an_instruction_is_only_text() -> None:
    judge, _ = scripted()
    (request,) = judge.requests(comparison(instruction="Say {{ 7 * 6 }} & {% raw %} <b>"))
    assert "Say {{ 7 * 6 }} & {% raw %} <b>" in words(request)
