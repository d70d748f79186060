"""JUnit XML, GitHub's commands and Markdown: well-formed and harmless, whatever stands in a run."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.errors import UsageError
from rvebench.leaderboard.gate import Check, GateResult, Reason, Verdict
from rvebench.leaderboard.gate.github import annotate, error_annotation, markdown, outputs
from rvebench.leaderboard.gate.junit import error_junit, gate_junit
from rvebench.leaderboard.gate.wording import plain
from rvebench.records import Sample
from rvebench.records import Verdict as Judged
from rvebench.runs import RunHeader, SampleOutcome, Spending
from rvebench.scoring.margin import DropTest
from rvebench.taxonomy import CRITERIA, ReasoningType, Status, Subset

NASTY = "a]]>\x00\x1b[31m<b>&\"'\r\n::set-output name=x::y|`@org/team`\ud800\ufffe"

JUNIT: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "testsuites": (frozenset({"name", "time", "tests", "failures", "errors"}), frozenset({"testsuite"})),
    "testsuite": (
        frozenset({"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package"}),
        frozenset({"properties", "testcase", "system-out", "system-err"}),
    ),
    "properties": (frozenset(), frozenset({"property"})),
    "property": (frozenset({"name", "value"}), frozenset()),
    "testcase": (
        frozenset({"name", "classname", "time", "file", "line"}),
        frozenset({"skipped", "error", "failure", "system-out", "system-err"}),
    ),
    "failure": (frozenset({"type", "message"}), frozenset()),
    "error": (frozenset({"type", "message"}), frozenset()),
    "skipped": (frozenset({"type", "message"}), frozenset()),
    "system-out": (frozenset(), frozenset()),
}
"""Attributes and children that the schema of Jenkins' xUnit plugin (junit-10.xsd) allows, by element."""


def check_junit(text: str) -> ET.Element:
    """Returns the document; fails where a reader of JUnit files would refuse it or count otherwise."""
    top = ET.fromstring(text)
    assert top.tag == "testsuites"
    for element in top.iter():
        attributes, children = JUNIT[element.tag]
        assert set(element.attrib) <= attributes, element.attrib
        assert {child.tag for child in element} <= children, element.tag
    for element in (top, *top.iter("testsuite")):
        cases = list(element.iter("testcase"))
        assert int(element.attrib["tests"]) == len(cases)
        assert int(element.attrib["failures"]) == sum(case.find("failure") is not None for case in cases)
        assert int(element.attrib["errors"]) == sum(case.find("error") is not None for case in cases)
    for case in top.iter("testcase"):
        assert case.attrib["name"] and case.attrib["classname"] and float(case.attrib["time"]) == 0
        assert sum(case.find(kind) is not None for kind in ("failure", "error", "skipped")) <= 1
    return top


def header(model: str = "folder:base") -> RunHeader:
    return RunHeader(
        run_id="0123456789ab",
        model=model,
        split="mini",
        judge="gpt-4o",
        judge_label="",
        formula="geometric",
        seed=0,
        facts={},
    )


def check(name: str, verdict: Verdict, reason: Reason | None, words: str = "words", **changes: object) -> Check:
    drop = DropTest(
        mean_baseline=5.0,
        mean_candidate=4.0,
        difference=-1.0,
        ci95=(-1.5, -0.5),
        p_drop=0.001,
        p_safe=1.0,
        n=36,
        sources=18,
        spread=1.0,
    )
    base = Check(
        name=name, category="all", verdict=verdict, reason=reason, words=words, drop=drop, p_holm=0.002, line=7
    )
    return replace(base, **{"baseline": 5.0, "candidate": 4.0, **changes})  # type: ignore[arg-type]


def result(*checks: Check, fail: bool = False, model: str = "folder:new", notes: tuple[str, ...] = ()) -> GateResult:
    return GateResult(
        baseline=header(),
        candidate=header(model),
        policy="ci/gate.toml",
        seed=0,
        tests=len(checks),
        fail_inconclusive=fail,
        checks=checks,
        spending=Spending(judge_usd=0.0, editor_usd=0.0, edit_hours=0.0, unpriced=0),
        notes=notes,
    )


PASS = check("overall", Verdict.PASS, None)
REGRESS = check("EA", Verdict.REGRESS, Reason.DROP, "fell by 1.00")
OPEN = check("PC/temporal", Verdict.INCONCLUSIVE, Reason.INCONCLUSIVE, category="temporal")
ERROR = check("GN", Verdict.ERROR, Reason.COVERAGE, "outputs are gone", drop=None, baseline=None, candidate=None)


def test_a_failure_is_a_regression_an_error_what_could_not_be_judged_and_a_warning_is_skipped() -> None:
    top = check_junit(gate_junit(result(PASS, REGRESS, OPEN, ERROR)))
    cases = {case.attrib["name"]: case for case in top.iter("testcase")}
    assert [suite.attrib["name"] for suite in top] == ["all", "temporal"]
    assert {name: [child.tag for child in case] for name, case in cases.items()} == {
        "overall": ["system-out"],
        "EA": ["failure"],
        "GN": ["error"],
        "PC/temporal": ["skipped"],
    }
    failure = cases["EA"].find("failure")
    assert failure is not None and failure.attrib == {"type": "drop", "message": "fell by 1.00"}
    failing = check_junit(gate_junit(result(OPEN, fail=True)))
    assert failing.find(".//error") is not None and failing.find(".//skipped") is None


def outcome(index: int, status: Status, kind: ReasoningType = ReasoningType.TEMPORAL) -> SampleOutcome:
    sample = Sample(
        id=f"s{index}",
        subset=Subset.RAVE,
        reasoning_type=kind,
        source=Path("/nowhere/x.mp4"),
        instruction="dusk",
    )
    verdict = Judged(sample_id=sample.id, status=Status.OK, scores=dict.fromkeys(CRITERIA, 5.0))
    good = status is Status.OK
    overall = 5.0 if good else None if status is Status.UNJUDGED else 0.0
    return SampleOutcome(sample=sample, status=status, reason=NASTY, overall=overall, verdict=verdict if good else None)


def test_a_sample_fails_where_only_the_candidate_has_no_edit_and_never_for_its_score() -> None:
    ends = [Status.OK, Status.FAILED, Status.UNJUDGED, Status.MISSING]
    after = [outcome(i, status) for i, status in enumerate(ends)]
    before = [outcome(i, Status.OK) for i in range(3)] + [outcome(3, Status.FAILED)]
    top = check_junit(gate_junit(result(PASS), baseline=before, candidate=after))
    found = {case.attrib["name"]: [child.tag for child in case] for case in top.iter("testcase")}
    assert found == {
        "overall": ["system-out"],
        "sample s0": ["system-out"],
        "sample s1": ["failure"],
        "sample s2": ["error"],
        "sample s3": ["system-out"],
    }


def test_what_no_xml_may_hold_is_replaced_and_the_rest_is_escaped() -> None:
    text = gate_junit(result(replace(REGRESS, words=NASTY), model=NASTY))
    top = check_junit(text)
    failure = top.find(".//failure")
    assert failure is not None and "<b>&\"'" in (failure.text or "")
    assert "\x00" not in text and "\x1b" not in text
    text.encode()
    check_junit(error_junit(UsageError(NASTY)))


@given(st.text(st.characters(codec=None)))
def test_any_text_at_all_gives_a_well_formed_document_and_one_line_a_command(text: str) -> None:
    one = result(replace(REGRESS, words=text or "x"), model=text or "x", notes=(text,))
    check_junit(gate_junit(one))
    for command in (*annotate(one, policy_file=text), error_annotation(UsageError(text or "x"))):
        assert len(command.splitlines()) == 1
        command.encode()
    page = markdown(one)
    page.encode()
    assert all(line.replace("\N{ZERO WIDTH SPACE}", "").isprintable() for line in page.split("\n"))


def test_the_same_result_gives_the_same_bytes() -> None:
    assert gate_junit(result(PASS, REGRESS)) == gate_junit(result(PASS, REGRESS))


def test_annotations_are_the_commands_of_githubs_toolkit_worst_first() -> None:
    lines = annotate(
        result(OPEN, PASS, replace(REGRESS, words="fell by 5 %: yes, it did\nso")), policy_file="ci/g,1.toml"
    )
    assert lines == [
        "::error file=ci/g%2C1.toml,line=7,title=rvebench gate%3A EA regress::fell by 5 %25: yes, it did%0Aso",
        "::warning file=ci/g%2C1.toml,line=7,title=rvebench gate%3A PC/temporal inconclusive::words",
    ]
    assert annotate(result(PASS), policy_file="") == ["::notice title=rvebench gate%3A pass::all 1 rules passed"]
    (failing,) = annotate(result(OPEN, fail=True), policy_file="")
    assert failing.startswith("::error title=")


def test_no_more_annotations_are_made_than_github_shows_and_the_rest_is_counted() -> None:
    lines = annotate(result(*[replace(REGRESS, name=f"m{i}") for i in range(14)]), policy_file="")
    assert len(lines) == 10
    assert lines[-1] == "::error title=rvebench gate::5 more rules did not pass"


def test_names_from_a_run_can_neither_break_the_table_nor_notify_anybody_nor_begin_a_command() -> None:
    page = markdown(result(PASS, replace(REGRESS, words="see @org/team <img src=x> [a](http://x) | b"), model=NASTY))
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) == 2
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 9 for row in rows)
    assert "<img" not in page and not re.search(r"(?<!\\)\]\(", page) and "http://" not in page
    assert not any(line.startswith("::") for line in page.splitlines())
    spans = re.findall(r"`([^`]*)`", page)
    assert any("@org/team" in span for span in spans), "a mention in a code span notifies nobody"
    assert re.sub(r"`[^`]*`", "", page).count("@org") == 0


def test_the_summary_names_what_was_compared_and_every_rule() -> None:
    page = markdown(result(PASS, REGRESS, OPEN, ERROR, notes=("made with *other* software",)))
    assert page.startswith("### ❌ rvebench gate: regress\n")
    assert "1 of 4 rules regressed. Candidate `folder:new` against baseline `folder:base` on `mini`," in page
    assert "| `EA` | ❌ regress | 5.00 | 4.00 | -1.00 | -1.50 … -0.50 | 36 | fell by 1.00 |" in page
    assert "| `GN` | ⚠️ error |  |  |  |  |  | outputs are gone |" in page
    assert "- made with \\*other\\* software" in page


@pytest.mark.parametrize(
    ("checks", "fail", "code"),
    [
        ((PASS,), False, 0),
        ((PASS, REGRESS, ERROR), False, 1),
        ((ERROR, OPEN), False, 3),
        ((OPEN,), False, 0),
        ((OPEN,), True, 3),
    ],
)
def test_the_exit_code_follows_the_worst_check(checks: tuple[Check, ...], fail: bool, code: int) -> None:
    found = result(*checks, fail=fail)
    assert found.exit_code == code
    assert f"exit-code={code}\n" in outputs(found)
    assert f"verdict={found.verdict.value}\n" in outputs(found)


def test_plain_text_is_one_line_without_control_characters() -> None:
    assert plain("a\nb\tc\x1b[0m") == "a b c\N{REPLACEMENT CHARACTER}[0m"
    assert plain("\ud800") == "?"
