"""What a run has cost: money and time, over every attempt, re-read from its files."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from rvebench.errors import DataError
from rvebench.runs.journal import JOURNAL_NAME
from rvebench.runs.manifest import Manifest
from rvebench.storage import TornTail, read_lines

__all__ = ["Spending", "read_spending"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Money and time of one run."""

    judge_usd: float
    """Of calls whose price is known, and the bound of those whose end is not."""
    editor_usd: float
    """What editing services said they charged."""
    edit_hours: float
    """Time at each edit, added up over attempts and workers."""
    unpriced: int
    """Calls and edits that cost an amount nobody knows."""

    @property
    def usd(self) -> float:
        """All money that is known of."""
        return self.judge_usd + self.editor_usd


def read_spending(directory: Path, manifest: Manifest) -> Spending:
    """Returns what a run has cost so far.

    The judge's part is read from the run's cost log, which knows of lost answers, or from the verdicts where that is
    more: shards that were merged leave their logs behind.

    Raises:
        DataError: the journal or the cost log is damaged.
    """
    from rvebench.llm.ledger import COST_LOG_NAME, read_spent

    paid_editor = bool(manifest.generation.editor.info.get("paid"))
    judge: list[float] = []
    editor: list[float] = []
    seconds: list[float] = []
    unpriced_calls = unpriced_edits = 0
    for item in read_lines(directory / JOURNAL_NAME):
        if isinstance(item, TornTail):
            continue
        line = item.value
        try:
            if line.get("unit") == "edit":
                seconds.append(float(line.get("wall_s", 0.0)))
                cost = line.get("cost_usd")
                if cost is not None:
                    editor.append(float(cost))
                elif paid_editor and line["status"] == "ok":
                    unpriced_edits += 1
            elif line.get("unit") == "verdict" and "usage" in line:
                judge.append(float(line["usage"]["usd"]))
                unpriced_calls += int(line["usage"].get("unpriced", 0))
        except (KeyError, TypeError, ValueError) as error:
            where = f"{directory / JOURNAL_NAME}:{item.number}"
            raise DataError(f"not a line of a journal: {error!r}", where=where) from None
    logged = read_spent(directory / COST_LOG_NAME)
    return Spending(
        judge_usd=max(math.fsum(judge), logged.usd),
        editor_usd=math.fsum(editor),
        edit_hours=math.fsum(seconds) / 3600.0,
        unpriced=max(unpriced_calls, logged.unpriced_calls) + unpriced_edits,
    )
