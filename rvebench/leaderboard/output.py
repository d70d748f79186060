"""A validation for people and for machines: sentences, JSON, JUnit XML, GitHub annotations.

Findings quote files of others: whatever is printed is on one line, and escaped for the place it stands in.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from rvebench.leaderboard.findings import Finding
from rvebench.leaderboard.gate.wording import plain
from rvebench.leaderboard.validate import Report, RowReport

__all__ = ["github_lines", "junit_text", "report_json", "text_lines"]

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document can hold, not even escaped."""


def report_json(report: Report) -> dict[str, object]:
    """Returns `{valid, base, rows, findings}` in plain JSON values."""
    return {
        "valid": not report.findings,
        "base": report.base,
        "rows": [
            {
                "row": row.shown,
                "track": row.submission.track if row.submission else None,
                "model": row.submission.model.name if row.submission else None,
                "tier": row.submission.tier if row.submission else None,
                "overall": row.submission.headline if row.submission else None,
                "findings": len(row.findings),
            }
            for row in report.rows
        ],
        "findings": [finding.as_json() for finding in report.findings],
    }


def text_lines(report: Report) -> Iterator[str]:
    """Yields a line for each row, and its findings under it."""
    for finding in report.general:
        yield f"{finding.code}: {plain(finding.sentence)}"
    for row in report.rows:
        yield f"{'ok' if not row.findings else 'rejected'}  {plain(row.shown)}{_score(row)}"
        for finding in row.findings:
            yield f"    {finding.code}: {plain(finding.sentence)}"
    wrong = sum(bool(row.findings) for row in report.rows)
    held = f", held to {report.base[:12]}" if report.base else ""
    yield f"{len(report.rows)} rows, {wrong} rejected, {len(report.findings)} findings{held}"


def _score(row: RowReport) -> str:
    if row.submission is None or row.findings:
        return ""
    mean, interval = row.submission.headline, row.submission.scores.overall.ci95
    if mean is None:
        return f"  {row.submission.tier}"
    between = f" ({interval[0]:.2f} … {interval[1]:.2f})" if interval else ""
    return f"  {mean:.2f}{between}  {row.submission.tier}"


def github_lines(report: Report, *, prefix: str = "") -> Iterator[str]:
    """Yields workflow commands, one a finding; a notice when nothing is wrong.

    Args:
        report: the validation.
        prefix: path of the leaderboard below the checkout, with a slash at its end.
    """
    for finding in report.findings:
        place = {"file": prefix + finding.where}
        if finding.line is not None:
            place["line"] = str(finding.line)
        properties = ",".join(f"{key}={_escaped(value, inside=True)}" for key, value in place.items())
        yield f"::{finding.severity} {properties},title={finding.code}::{_escaped(finding.sentence)}"
    if not report.findings:
        yield f"::notice title=rvebench leaderboard::{len(report.rows)} rows are valid"


def _escaped(text: str, *, inside: bool = False) -> str:
    """Returns a text for a workflow command, with the escapes of GitHub's toolkit (`command.ts`)."""
    text = text.encode(errors="replace").decode().replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return plain(text.replace(":", "%3A").replace(",", "%2C") if inside else text)


def junit_text(report: Report) -> str:
    """Returns the validation as JUnit XML: a suite a row, a failure a finding; a valid row is one passed case."""
    suites = [(row.shown, row.findings) for row in report.rows]
    if report.general or not suites:
        suites.insert(0, ("leaderboard", report.general))
    top = ET.Element("testsuites", name="rvebench leaderboard")
    for name, findings in suites:
        cases = findings or (None,)
        suite = ET.SubElement(
            top,
            "testsuite",
            name=_clean(name),
            tests=str(len(cases)),
            failures=str(len(findings)),
            errors="0",
            time="0",
        )
        suite.extend(_case(name, finding) for finding in cases)
    ET.indent(top)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(top, encoding="unicode") + "\n"


def _case(row: str, finding: Finding | None) -> ET.Element:
    name = "valid" if finding is None else f"{finding.code} {finding.where}"
    case = ET.Element("testcase", classname=_clean(f"rvebench.leaderboard.{row}"), name=_clean(name), time="0")
    if finding is not None:
        failure = ET.SubElement(case, "failure", type=finding.code, message=_clean(plain(finding.sentence)))
        failure.text = _clean(finding.sentence)
    return case


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
