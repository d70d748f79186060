"""How a page writes tables and numbers: one spelling each, and a dash where there is no number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["ABSENT", "cell_text", "measured_text", "number", "p_text", "percent", "sign_word", "signed_number", "table"]

ABSENT = "–"
"""What stands where there is no number. Never a zero."""


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Returns the lines of a Markdown table."""
    return [
        f"| {' | '.join(titles)} |",
        f"|{'---|' * len(titles)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def cell_text(cell: Mapping[str, Any] | None, *, signed: bool = False) -> str:
    """Returns a mean with its interval, of a :class:`rvebench.science.statistics.Spread` in JSON."""
    if cell is None or cell["mean"] is None:
        return ABSENT
    value = signed_number(cell["mean"]) if signed else number(cell["mean"])
    if cell["ci95"] is None:
        return value
    low, high = cell["ci95"]
    return f"{value} [{number(low)}, {number(high)}]"


def measured_text(cell: Mapping[str, Any] | None) -> str:
    """Returns a coefficient with its interval, or why there is none."""
    if cell is None:
        return ABSENT
    if cell["value"] is None:
        return f"{ABSENT} ({cell['reason']})"
    if cell["ci95"] is None:
        return number(cell["value"])
    low, high = cell["ci95"]
    return f"{number(cell['value'])} [{number(low)}, {number(high)}]"


def sign_word(ci95: Sequence[float] | None, above: str, below: str) -> str:
    """Returns the word for an interval that lies above zero, below it, or neither."""
    if ci95 is None:
        return "not shown"
    return above if ci95[0] > 0 else below if ci95[1] < 0 else "not shown"


def number(value: float) -> str:
    """Returns a number with two to four decimals, by its size; the minus is the typographic one."""
    size = abs(value)
    decimals = 2 if size >= 10 else 3 if size >= 0.1 or size == 0 else 4
    return f"{value + 0.0:.{decimals}f}".replace("-", "−")


def signed_number(value: float | None) -> str:
    """Returns a difference with its sign."""
    if value is None:
        return ABSENT
    text = number(value)
    return text if text.startswith("−") else f"+{text}"


def p_text(value: float | None) -> str:
    """Returns a p value."""
    return ABSENT if value is None else "< .001" if value < 0.001 else f"{value:.3f}".removeprefix("0")


def percent(value: float | None) -> str:
    """Returns a share in percent."""
    return ABSENT if value is None else f"{100 * value:.1f} %"
