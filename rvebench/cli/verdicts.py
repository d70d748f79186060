"""Judges' scores for `rvebench correlate`, from run directories and CSV files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rvebench.errors import UnknownNameError, UsageError
from rvebench.registry import nearest_names
from rvebench.taxonomy import Criterion, Status

if TYPE_CHECKING:
    from rvebench.runs import RunView
    from rvebench.scoring.agreement import JudgeScore, Ratings, SampleFacts, Verdicts

__all__ = ["gather_verdicts"]

_READINGS = {"soft": "soft", "hard": "yes/no"}
"""What a local judge's measures are: `soft_EA` its P(yes) for EA, `hard_EA` the answer it would have given, 0 or 1."""

_JUDGE_FACTS = ("judge model", "prompt sha256", "frame plan sha256", "judge digest")
_OVERALL = "overall"


class _Source(NamedTuple):
    """Where scores come from."""

    editor: str
    """What the user calls the run's editor; empty: the run's own name."""
    path: Path


def gather_verdicts(given: Sequence[str], ratings: Ratings, *, split: str | None = None) -> Verdicts:
    """Returns the scores of every source together.

    Args:
        given: run directories, `NAME=RUN`, or CSV files.
        ratings: people's; a run's editor goes by the name it has there.
        split: tells sources and categories of samples that no run tells.

    Raises:
        UsageError: a source is neither, an unjudged run, or of an editor without ratings; or two sources score the same
            edit, or judges that go by one name differ.
        DataError: a file is damaged.
    """
    from rvebench.runs import is_run, load_run
    from rvebench.scoring.agreement import SampleFacts, Verdicts, read_verdicts

    rows: list[JudgeScore] = []
    facts: dict[str, SampleFacts] = {}
    unread: list[str] = []
    views: list[RunView] = []
    if split is not None:
        from rvebench.splits import load_split

        for sample in load_split(split).samples:
            facts[sample.id] = SampleFacts(sample.cluster, sample.reasoning_type.value)
    for text in given:
        source = _source(text)
        if is_run(source.path):
            view = load_run(source.path)
            _check_alike(view, views)
            views.append(view)
            rows += _rows_of(view, _editor_name(view, source, ratings))
            for item in view.outcomes:
                facts[item.sample.id] = SampleFacts(item.sample.cluster, item.sample.reasoning_type.value)
        elif source.path.is_dir():
            raise UsageError("the folder is no run directory", where=source.path)
        elif source.editor:
            raise UsageError(
                f"a CSV file names its editors itself: give it without {source.editor}=", where=source.path
            )
        else:
            table = read_verdicts(source.path)
            rows += table.rows
            facts = {**table.facts, **facts}
            unread += table.unread
    _check_once(rows)
    return Verdicts(rows=tuple(rows), facts=facts, unread=tuple(dict.fromkeys(unread)))


def _source(text: str) -> _Source:
    name, equals, rest = text.partition("=")
    # A path may hold an equals sign too.
    if not equals or Path(text).exists():
        return _Source("", Path(text))
    return _Source(name.strip(), Path(rest))


def _editor_name(view: RunView, source: _Source, ratings: Ratings) -> str:
    """Returns what the ratings call the run's editor."""
    from rvebench.runs import read_manifest

    rated = {row.editor for row in ratings.rows}
    if source.editor:
        if source.editor not in rated:
            near = nearest_names(source.editor, rated)
            offer = f"did you mean {' or '.join(near)}?" if near else f"they rate {', '.join(sorted(rated))}"
            raise UnknownNameError(f"the ratings have no editor {source.editor!r}", hint=offer)
        return source.editor
    own = str(read_manifest(view.directory).generation.editor.info.get("name", ""))
    for name in (view.header.model, own, view.directory.resolve().name):
        if name in rated:
            return name
    shown = sorted(rated)
    raise UsageError(
        f"the ratings have no editor {view.header.model!r}",
        where=view.directory,
        hint=f"say which one it is, as in --verdicts {shown[0]}={view.directory}; they rate {', '.join(shown[:8])}",
    )


def _rows_of(view: RunView, editor: str) -> list[JudgeScore]:
    from rvebench.scoring.agreement import JudgeScore

    if not view.header.judge:
        raise UsageError(
            "the run is not judged", where=view.directory, hint=f"judge it first: rvebench score {view.directory}"
        )
    rows: list[JudgeScore] = []

    def add(sample: str, criterion: str, score: float, reading: str = "hard") -> None:
        rows.append(
            JudgeScore(
                sample_id=sample,
                editor=editor,
                judge=view.header.judge,
                criterion=criterion,
                score=score,
                reading=reading,
            )
        )

    for item in view.outcomes:
        # A failed edit counts 0 in a run, and nobody has seen it: only what the judge looked at is compared.
        if item.status is not Status.OK or item.verdict is None:
            continue
        for criterion, score in item.verdict.scores.items():
            add(item.sample.id, criterion.value, score)
        for name, value in item.verdict.measures.items():
            kind, _, criterion_key = name.partition("_")
            if kind in _READINGS and criterion_key in Criterion.__members__:
                add(item.sample.id, criterion_key, value, _READINGS[kind])
        if item.overall is not None:
            add(item.sample.id, _OVERALL, item.overall)
    return rows


def _check_alike(view: RunView, earlier: Sequence[RunView]) -> None:
    """Makes sure that a judge of one name is one judge, and a sample of one id one sample."""
    for other in earlier:
        if other.header.judge == view.header.judge:
            for name in _JUDGE_FACTS:
                if other.header.facts.get(name) != view.header.facts.get(name):
                    raise UsageError(
                        f"the judge {view.header.judge} differs in its {name} from that of {other.directory}",
                        where=view.directory,
                        hint="verdicts of different judges are not pooled; judge the runs alike",
                    )
            if other.header.formula != view.header.formula:
                raise UsageError(
                    f"the formula {view.header.formula} is not that of {other.directory}, {other.header.formula}",
                    where=view.directory,
                    hint=f"rvebench rescore {view.directory} --formula {other.header.formula}",
                )
        known = {item.sample.id: item.sample.digest for item in other.outcomes}
        for item in view.outcomes:
            if known.get(item.sample.id, item.sample.digest) != item.sample.digest:
                raise UsageError(
                    f"the sample {item.sample.id!r} is not the one of {other.directory}", where=view.directory
                )


def _check_once(rows: Sequence[JudgeScore]) -> None:
    seen = set()
    for row in rows:
        key = (row.sample_id, row.editor, row.judge, row.reading, row.criterion)
        if key in seen:
            raise UsageError(
                f"two sources have a {row.reading} {row.criterion} of {row.judge} for sample {row.sample_id!r} by "
                f"{row.editor}",
                hint="name each run's editor, as in --verdicts NAME=RUN, or leave one source out",
            )
        seen.add(key)
