"""The site's numbers for other programs and for a README: `data.json`, `data.csv`, `LEADERBOARD.md`."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence

from rvebench.leaderboard.site.board import Board, Row
from rvebench.leaderboard.site.page import RowLine, SourceView, TrackView, href_of
from rvebench.leaderboard.site.reported import Reported
from rvebench.leaderboard.submission import EstimateNumbers
from rvebench.scoring.letters import letter_names
from rvebench.scoring.shapes import as_json_number
from rvebench.scoring.words import ABSENT
from rvebench.taxonomy import CRITERIA, ReasoningType

__all__ = ["csv_text", "json_text", "markdown_text"]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|~#])")


def json_text(boards: Sequence[Board], sources: Sequence[Reported]) -> str:
    """Returns every measured row and, apart from them, every reported table."""
    value = {
        "schema": "rve-leaderboard/1",
        "tracks": [_track(board) for board in boards],
        "reported": [source.model_dump(mode="json", by_alias=True) for source in sources],
    }
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def csv_text(boards: Sequence[Board]) -> str:
    """Returns one line for each measured row of every track; an empty cell is no number."""
    types = [kind.value for kind in ReasoningType]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = ["track", "submission", "model", "organisation", "place", "tier", "created"]
    head += ["rank", "rank_low", "rank_high", "letters", "score", "score_low", "score_high", "n"]
    head += [*(which.value for which in CRITERIA), *types]
    head += ["ok", "failed", "refused", "missing", "unjudged", "seconds_per_edit", "usd_per_edit"]
    writer.writerow(head)
    for board in boards:
        for row in board.rows:
            writer.writerow(_cells(board, row, types))
    return text.getvalue()


def markdown_text(tracks: Sequence[TrackView], sources: Sequence[SourceView]) -> str:
    """Returns LEADERBOARD.md: a table a track, and the papers' tables after them."""
    parts = [
        "# Leaderboard",
        "",
        "Rows are ranked inside a track only: the same samples, judge, prompt, frames and formula. The score is the "
        "mean over every sample, 0 to 10, with its 95 % bootstrap interval over sources; under Range stands where 95 % "
        "of shared resamples put the row. Rows that share a letter are not told apart (paired sign-flip tests, Holm's "
        "correction, 5 %). Written by `rvebench leaderboard build`.",
        "",
    ]
    for track in tracks:
        parts += [f"## {_plain(track.title)}", "", f"{_plain(track.summary)}", ""]
        parts += [", ".join(f"{name.lower()} {_plain(text)}" for name, text in track.lede) + ".", ""]
        if not track.rows:
            parts += ["No row yet.", ""]
            continue
        parts += [
            "| Rank | Range | Model | Score | 95 % interval | Letters | Edits | s an edit | Checked |",
            "|---:|:---:|---|---:|---|---|---:|---:|---|",
            *(_markdown_row(row) for row in track.rows),
            "",
        ]
    if sources:
        parts += [
            "# What papers report",
            "",
            "Copied from papers, not measured here: never ranked with a row above.",
            "",
        ]
    for source in sources:
        parts += [f"## {_plain(source.title)}", "", f"{source.id}, {_plain(source.version)}. <{source.url}>", ""]
        for table in source.tables:
            judge = f" Judge: {_plain(table.judge)}." if table.judge else ""
            hand = " Second hand." if table.second_hand else ""
            parts += [f"### {_plain(table.name)}", "", f"{_plain(table.benchmark)}.{judge}{hand}", ""]
            parts += [
                "| Method | " + " | ".join(_plain(column) for column in table.columns) + " |",
                "|---|" + "---:|" * len(table.columns),
                *(f"| {_plain(method)} | " + " | ".join(figures) + " |" for method, figures in table.lines),
                "",
                *(f"- {_plain(note)}" for note in table.notes),
                "",
            ]
        parts += [
            f"- The text says “{_plain(text)}”; its table does not bear that out." for text in source.contradicted
        ]
        parts += [""] if source.contradicted else []
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip("\n") + "\n"


def _markdown_row(row: RowLine) -> str:
    flags = f" ({', '.join(row.flags)})" if row.flags else ""
    cells = (
        row.rank or ABSENT,
        row.range or row.rank,
        f"{_plain(row.name)}{flags}",
        row.score,
        row.interval,
        row.letters,
        f"{row.ok}" + (f" ({row.lacking})" if row.lacking else ""),
        row.seconds or ABSENT,
        row.tier,
    )
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Returns text that Markdown shows as it is."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _track(board: Board) -> dict[str, object]:
    rules = board.rules
    return {
        "track": board.track,
        **rules.model_dump(mode="json", exclude={"caps"}),
        "n_samples": board.n_samples,
        "n_sources": board.n_sources,
        "rows": [_row(board, row) for row in board.rows],
    }


def _row(board: Board, row: Row) -> dict[str, object]:
    s, standing = row.submission, row.standing
    return {
        "submission": row.id,
        "page": href_of(board.track, row),
        "place": row.place,
        "model": s.model.model_dump(mode="json"),
        "tier": s.tier,
        "created": s.created,
        "rank": standing.rank if standing else None,
        "rank95": list(standing.rank95) if standing and standing.rank95 else None,
        "letters": list(standing.groups) if standing else None,
        "score": _ends(row),
        "criteria": {which.value: _numbers(numbers) for which, numbers in s.scores.criteria.items()},
        "by_category": {name.value: _numbers(numbers.overall) for name, numbers in s.scores.by_category.items()},
        "metrics": {name: _numbers(numbers.edit) for name, numbers in s.scores.metrics.items()},
        "coverage": s.coverage.model_dump(mode="json"),
        "seconds_per_edit": _number(row.seconds_per_edit),
        "usd_per_edit": _number(row.usd_per_edit),
        "merkle_root": s.evidence.merkle_root,
    }


def _ends(row: Row) -> dict[str, object]:
    if row.standing is None:
        return _numbers(row.submission.scores.overall)
    ends = row.standing.ci95
    return {
        "mean": as_json_number(row.standing.mean),
        "ci95": None if ends is None else [as_json_number(end) for end in ends],
        "n": row.submission.scores.overall.n,
    }


def _numbers(numbers: EstimateNumbers) -> dict[str, object]:
    return {
        "mean": _number(numbers.mean),
        "ci95": None if numbers.ci95 is None else [as_json_number(end) for end in numbers.ci95],
        "n": numbers.n,
    }


def _number(value: float | None) -> float | None:
    return None if value is None else as_json_number(value)


def _cells(board: Board, row: Row, types: Sequence[str]) -> list[object]:
    s, standing = row.submission, row.standing
    ranks = standing.rank95 if standing and standing.rank95 else ("", "")
    ends = standing.ci95 if standing else s.scores.overall.ci95
    by_type = {name.value: numbers.overall.mean for name, numbers in s.scores.by_category.items()}
    cells: list[object] = [board.track, row.id, _text(s.model.name), _text(s.model.organisation)]
    cells += [row.place, s.tier, s.created, standing.rank if standing else "", *ranks]
    cells += [letter_names(standing.groups) if standing else ""]
    cells += [_cell(standing.mean if standing else s.headline), *(map(_cell, ends or (None, None)))]
    cells += [s.scores.overall.n]
    cells += [_cell(s.scores.criteria[which].mean if which in s.scores.criteria else None) for which in CRITERIA]
    cells += [_cell(by_type.get(name)) for name in types]
    cells += [s.coverage.ok, s.coverage.failed, s.coverage.refused, s.coverage.missing, s.coverage.unjudged]
    return [*cells, _cell(row.seconds_per_edit), _cell(row.usd_per_edit)]


def _cell(value: float | None) -> str:
    return "" if value is None else repr(as_json_number(value))


def _text(text: str) -> str:
    """A name is others' text: a spreadsheet must not take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
