"""The sentences of a gate: what a verdict rests on, in numbers that a reader can check."""

from __future__ import annotations

from rvebench.leaderboard.gate.policy import Rule
from rvebench.leaderboard.gate.quantities import Measured, Side
from rvebench.leaderboard.gate.verdicts import Check

__all__ = [
    "drop_words",
    "floor_words",
    "judge_words",
    "missing_words",
    "number",
    "open_words",
    "p_value",
    "pass_words",
    "plain",
    "signed",
    "unpaired_words",
]


def plain(text: str) -> str:
    """Returns a text of others on one line, without control characters: a name cannot start a line of its own.

    A lone surrogate becomes a question mark, as no stream could write it.
    """
    return "".join(
        letter if letter.isprintable() else " " if letter.isspace() else "\N{REPLACEMENT CHARACTER}"
        for letter in text.encode(errors="replace").decode()
    )


def number(value: float | None, *, judged: bool) -> str:
    """Returns a score with two decimals, a metric with four significant digits, a dash for none."""
    if value is None:
        return "-"
    return f"{value:.2f}" if judged else f"{value:.4g}"


def signed(value: float, *, judged: bool) -> str:
    """Returns a difference with its sign; never a negative zero."""
    text = f"{value:+.2f}" if judged else f"{value:+.4g}"
    return text if float(text) else text.replace("-", "+")


def p_value(value: float) -> str:
    """Returns a p value with four decimals at most."""
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.4f}"


def drop_words(check: Check, rule: Rule, measured: Measured, *, tests: int) -> str:
    """Says that a drop is shown."""
    assert check.p_holm is not None
    assert check.drop is not None
    family = f" after Holm over {tests} tests" if tests > 1 else ""
    tolerated = f", more than the {rule.min_effect:g} that is tolerated" if rule.min_effect else ""
    way = "fell" if measured.higher_is_better else "rose, where less is better,"
    size = number(abs(check.drop.difference), judged=measured.judged)
    return f"{way} by {size}{_interval(check, measured)}{tolerated}; {p_value(check.p_holm)}{family}"


def pass_words(check: Check, rule: Rule, measured: Measured) -> str:
    """Says that a drop is ruled out."""
    way = "drop" if measured.higher_is_better else "rise"
    return f"a {way} of {rule.max_drop:g} is ruled out: {_difference(check, measured)}"


def open_words(check: Check, rule: Rule, measured: Measured, *, power: float) -> str:
    """Says that neither is shown, and how many samples would do."""
    assert check.drop is not None
    way = "drop" if measured.higher_is_better else "rise"
    here = f"{check.drop.sources} source{'' if check.drop.sources == 1 else 's'}"
    return (
        f"neither shown nor ruled out: a {way} of {rule.max_drop:g}; {_difference(check, measured)}; "
        f"about {check.needed_sources} sources ({check.needed_samples} samples) would decide with {100 * power:.0f} % "
        f"power, here are {here} ({check.drop.n} samples)"
    )


def floor_words(mean: float | None, rule: Rule, measured: Measured) -> str:
    """Says how the candidate's mean stands to its floor; nothing without a floor."""
    if rule.min_mean is None:
        return ""
    below = mean is not None and mean < rule.min_mean
    shown = number(mean, judged=measured.judged)
    return f"the mean of {shown} is {'below' if below else 'at least'} the floor of {rule.min_mean:g}"


def missing_words(name: str, side: Side, rule: Rule) -> str:
    """Says that outputs are not there."""
    there = len(side.values) - side.missing
    return (
        f"the {name} has an outcome for {there} of {len(side.values)} samples, the policy asks for "
        f"{100 * rule.min_coverage:g} %: the run is not finished, or outputs are gone"
    )


def judge_words(name: str, side: Side, rule: Rule) -> str:
    """Says that verdicts are not there."""
    has = "edit of the" if side.unjudged == 1 else "edits of the"
    return (
        f"{side.unjudged} {has} {name} without a verdict, the policy allows {rule.max_judge_errors}: "
        "judge again with --retry-failed"
    )


def unpaired_words(measured: Measured, rule: Rule) -> str:
    """Says that too few samples have a number on both sides."""
    return (
        f"{len(measured.pairs)} of {len(measured.candidate.values)} samples have a number in both runs, "
        f"the policy asks for {100 * rule.min_coverage:g} %"
    )


def _difference(check: Check, measured: Measured) -> str:
    assert check.drop is not None
    return f"{signed(check.drop.difference, judged=measured.judged)}{_interval(check, measured)}"


def _interval(check: Check, measured: Measured) -> str:
    assert check.drop is not None
    if check.drop.ci95 is None:
        return ""
    low, high = (signed(end, judged=measured.judged) for end in check.drop.ci95)
    return f" (95 % interval {low} to {high})"
