"""A gate for GitHub Actions: annotations as workflow commands, a step summary in Markdown, step outputs.

Everything that came from a run is text of others: it is put on one line, escaped for the place it stands in, and can
neither begin a command nor notify anybody.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from rvebench.errors import RveError
from rvebench.leaderboard.gate.verdicts import Check, GateResult, Verdict
from rvebench.leaderboard.gate.wording import number, plain, signed

__all__ = ["annotate", "error_annotation", "markdown", "outputs"]

_SHOWN = 10
"""Annotations of one level that GitHub shows for a step; more are dropped there."""

_LEVELS = {
    Verdict.REGRESS: "error",
    Verdict.ERROR: "error",
    Verdict.INCONCLUSIVE: "warning",
    Verdict.PASS: "notice",
}
_SIGNS = {Verdict.PASS: "✅", Verdict.REGRESS: "❌", Verdict.INCONCLUSIVE: "❔", Verdict.ERROR: "⚠️"}


def annotate(result: GateResult, *, policy_file: str) -> list[str]:
    """Returns the workflow commands for what did not pass, worst first; one notice when all passed.

    Args:
        result: the gate.
        policy_file: the policy's path below the checkout, to which annotations are tied; empty: to none.
    """
    found = []
    for verdict in (Verdict.REGRESS, Verdict.ERROR, Verdict.INCONCLUSIVE):
        failing = verdict is Verdict.INCONCLUSIVE and result.fail_inconclusive
        level = "error" if failing else _LEVELS[verdict]
        found += [(level, check) for check in result.checks if check.verdict is verdict]
    lines = []
    for level in ("error", "warning"):
        own = [check for found_level, check in found if found_level == level]
        shown = own if len(own) <= _SHOWN else own[: _SHOWN - 1]
        lines += [_annotation(level, check, policy_file) for check in shown]
        if len(own) > len(shown):
            lines.append(_command(level, f"{len(own) - len(shown)} more rules did not pass", title="rvebench gate"))
    return lines or [_command("notice", _headline(result), title="rvebench gate: pass")]


def error_annotation(error: RveError) -> str:
    """Returns the workflow command for a gate that could not be run."""
    return _command("error", str(error), title="rvebench gate could not be run")


def _annotation(level: str, check: Check, policy_file: str) -> str:
    place = {"file": policy_file} if policy_file else {}
    if policy_file and check.line is not None:
        place["line"] = str(check.line)
    return _command(level, check.words, **place, title=f"rvebench gate: {check.name} {check.verdict.value}")


def _command(level: str, message: str, **properties: str) -> str:
    """Returns `::level key=value::message` with the escapes of GitHub's toolkit (`command.ts`)."""
    listed = ",".join(f"{key}={_escape(value, inside=True)}" for key, value in properties.items())
    return f"::{level} {listed}::{_escape(message)}"


def _escape(text: str, *, inside: bool = False) -> str:
    text = text.encode(errors="replace").decode()
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    text = text.replace(":", "%3A").replace(",", "%2C") if inside else text
    return plain(text)


def outputs(result: GateResult) -> str:
    """Returns the lines for `$GITHUB_OUTPUT`: verdict, exit code, and how many rules regressed."""
    return (
        f"verdict={result.verdict.value}\nexit-code={result.exit_code}\nregressed={result.count(Verdict.REGRESS)}\n"
        f"inconclusive={result.count(Verdict.INCONCLUSIVE)}\n"
    )


def markdown(result: GateResult) -> str:
    """Returns the gate as Markdown: what was compared, a table of rules, notes."""
    return "\n".join(_lines(result)) + "\n"


def _headline(result: GateResult) -> str:
    words = {
        Verdict.PASS: f"all {len(result.checks)} rules passed",
        Verdict.REGRESS: f"{result.count(Verdict.REGRESS)} of {len(result.checks)} rules regressed",
        Verdict.ERROR: f"{result.count(Verdict.ERROR)} of {len(result.checks)} rules could not be judged or paid for",
        Verdict.INCONCLUSIVE: f"{result.count(Verdict.INCONCLUSIVE)} of {len(result.checks)} rules need more samples",
    }
    return words[result.verdict]


def _lines(result: GateResult) -> Iterator[str]:
    a, b = result.baseline, result.candidate
    yield f"### {_SIGNS[result.verdict]} rvebench gate: {result.verdict.value}"
    yield ""
    yield f"{_headline(result)}. Candidate {_code(b.model)} against baseline {_code(a.model)} on {_code(b.split)},"
    yield f"judge {_code(b.judge or 'none')}, formula {_code(b.formula)}, policy {_code(result.policy)}."
    yield ""
    yield "| rule | verdict | baseline | candidate | difference | 95 % interval | samples | why |"
    yield "|---|---|---:|---:|---:|---|---:|---|"
    for check in result.checks:
        yield _row(check)
    if result.notes:
        yield ""
        yield from (f"- {_text(note)}" for note in result.notes)
    yield ""
    yield f"Runs {_code(a.run_id)} and {_code(b.run_id)}, seed {result.seed}, {result.tests} tests by Holm."


def _row(check: Check) -> str:
    judged, drop = check.judged, check.drop
    interval = difference = samples = ""
    if drop is not None:
        difference, samples = signed(drop.difference, judged=judged), str(drop.n)
        if drop.ci95 is not None:
            low, high = (signed(end, judged=judged) for end in drop.ci95)
            interval = f"{low} … {high}"
    cells = (
        _code(check.name),
        f"{_SIGNS[check.verdict]} {check.verdict.value}",
        "" if check.baseline is None else number(check.baseline, judged=judged),
        "" if check.candidate is None else number(check.candidate, judged=judged),
        difference,
        interval,
        samples,
        _text(check.words),
    )
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    """Returns a code span: no markup, no link, no mention in it does anything."""
    # GitHub's tables split at a bar even inside a code span.
    return f"`{plain(text).replace('`', chr(39)).replace('|', '¦') or ' '}`"


def _text(text: str) -> str:
    """Returns plain words in Markdown: every sign that means something is escaped, `@` notifies nobody."""
    safe = html.escape(plain(text), quote=False)
    escaped = "".join(f"\\{letter}" if letter in r"\`*_[]#~!|" else letter for letter in safe)
    return escaped.replace("@", "@\N{ZERO WIDTH SPACE}").replace("://", ":\N{ZERO WIDTH SPACE}//")
