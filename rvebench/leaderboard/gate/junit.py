"""A gate as JUnit XML, for CI systems that show tests: one suite a category, one case a rule.

Only what the readers of Jenkins (`junit-10.xsd` of its xUnit plugin) and GitLab know is written: `testsuites`,
`testsuite`, `properties`, `testcase` with at most one of `failure`, `error` and `skipped`, `system-out`. A `failure` is
a regression, which leaves with 1; an `error` is what could not be judged, which leaves with 3; an inconclusive rule
that only warns is `skipped`, so that it is seen and stops nothing.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from rvebench.errors import RveError
from rvebench.leaderboard.gate.verdicts import Check, GateResult, Verdict
from rvebench.leaderboard.gate.wording import plain
from rvebench.runs import SampleOutcome
from rvebench.taxonomy import Status

__all__ = ["error_junit", "gate_junit"]

_CLASS = "rvebench.gate"
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document can hold, not even escaped."""


def gate_junit(
    result: GateResult,
    *,
    baseline: Sequence[SampleOutcome] = (),
    candidate: Sequence[SampleOutcome] = (),
) -> str:
    """Returns the gate as an XML document; the same result gives the same bytes.

    Args:
        result: the gate.
        baseline: its samples, to have a case for each sample too.
        candidate: its samples, likewise.
    """
    suites: dict[str, list[ET.Element]] = {}
    for check in result.checks:
        suites.setdefault(check.category, []).append(_rule_case(check, fail=result.fail_inconclusive))
    before = {item.sample.id: item for item in baseline}
    for item in candidate:
        case = _sample_case(before.get(item.sample.id), item)
        suites.setdefault(item.sample.reasoning_type.value, []).append(case)
    properties = {
        "verdict": result.verdict.value,
        "baseline": f"{result.baseline.model} (run {result.baseline.run_id})",
        "candidate": f"{result.candidate.model} (run {result.candidate.run_id})",
        "split": result.candidate.split,
        "judge": result.candidate.judge or "none",
        "formula": result.candidate.formula,
        "policy": result.policy,
    }
    return _document(suites, properties)


def error_junit(error: RveError) -> str:
    """Returns a document with one error, for a gate that could not be run: nobody may read an older file instead."""
    case = ET.Element("testcase", classname=_CLASS, name="gate", time="0")
    _say(ET.SubElement(case, "error", type=type(error).__name__), str(error))
    return _document({"gate": [case]}, {})


def _rule_case(check: Check, *, fail: bool) -> ET.Element:
    case = ET.Element("testcase", classname=f"{_CLASS}.{_clean(check.category)}", name=_clean(check.name), time="0")
    kind = {Verdict.REGRESS: "failure", Verdict.ERROR: "error", Verdict.PASS: ""}.get(
        check.verdict, "error" if fail else "skipped"
    )
    if not kind:
        ET.SubElement(case, "system-out").text = _clean(check.words)
        return case
    assert check.reason is not None
    _say(ET.SubElement(case, kind, type=check.reason.value), check.words)
    return case


def _sample_case(before: SampleOutcome | None, after: SampleOutcome) -> ET.Element:
    """A sample fails where the baseline has an edit and the candidate has none; its score alone never fails it."""
    kind = after.sample.reasoning_type.value
    case = ET.Element("testcase", classname=f"{_CLASS}.{kind}", name=_clean(f"sample {after.sample.id}"), time="0")
    words = f"baseline {_score(before)}, candidate {_score(after)}"
    if after.status is Status.UNJUDGED:
        _say(ET.SubElement(case, "error", type="unjudged"), f"no verdict: {after.reason}; {words}")
    elif after.status is not Status.OK and (before is None or before.status in {Status.OK, Status.UNJUDGED}):
        _say(ET.SubElement(case, "failure", type=after.status.value), f"no edit: {after.reason}; {words}")
    else:
        ET.SubElement(case, "system-out").text = _clean(words)
    return case


def _score(item: SampleOutcome | None) -> str:
    return "not in the run" if item is None else item.status.value if item.overall is None else f"{item.overall:.2f}"


def _say(element: ET.Element, words: str) -> None:
    element.set("message", _clean(plain(words)))
    element.text = _clean(words)


def _document(suites: dict[str, list[ET.Element]], properties: dict[str, str]) -> str:
    every = [case for cases in suites.values() for case in cases]
    top = ET.Element("testsuites", {"name": "rvebench gate", **_counts(every)})
    for name, cases in suites.items():
        suite = ET.SubElement(top, "testsuite", {"name": _clean(name), "time": "0", **_counts(cases)})
        suite.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))
        if properties:
            table = ET.SubElement(suite, "properties")
            for key, value in properties.items():
                ET.SubElement(table, "property", name=key, value=_clean(plain(value)))
        suite.extend(cases)
    ET.indent(top)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(top, encoding="unicode") + "\n"


def _counts(cases: Sequence[ET.Element]) -> dict[str, str]:
    counts = {name: sum(case.find(name) is not None for case in cases) for name in ("failure", "error")}
    return {"tests": str(len(cases)), "failures": str(counts["failure"]), "errors": str(counts["error"])}


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
