"""The three laws, on whole runs: what deleting, reordering and re-deriving do to the numbers."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from rvebench.cli.finish import write_derived
from rvebench.runs import RunOptions, build_scorers, execute, load_run, make_plan
from rvebench.runs.journal import JOURNAL_NAME, latest_lines
from rvebench.storage import LineLog, LogLine, read_lines
from tests.runs.world import make_split

DERIVED = ("summary.json", "samples.csv", "report.html")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("laws")
    split = make_split(folder / "split", n=8)
    scorers = build_scorers(
        judge="reference", metrics="temporal_flickering", formula="geometric", exclude_unjudged=False
    )
    for model in ("target", "copy"):
        plan = make_plan(model=model, split=str(split), seed=0, limit=None, shard=None, scorers=scorers)
        execute(plan, folder / model, RunOptions(), generate=True, progress=lambda _tally: None)
    write_derived(load_run(folder / "target"))
    return folder / "target"


def rewritten(run: Path, out: Path, lines: list[dict[str, object]]) -> Path:
    """Returns a copy of the run with other journal lines."""
    shutil.copytree(run, out)
    (out / JOURNAL_NAME).unlink()
    with LineLog(out / JOURNAL_NAME) as log:
        for line in lines:
            log.append(dict(line))
    return out


def lines_of(run: Path) -> list[dict[str, object]]:
    return [item.value for item in read_lines(run / JOURNAL_NAME) if isinstance(item, LogLine)]


@pytest.mark.parametrize("formula", ["geometric", "sc-pq", "viescore", "strict"])
def test_deleting_any_output_never_raises_the_headline(run: Path, tmp_path: Path, formula: str) -> None:
    whole = load_run(run, formula=formula).summary.overall.mean
    assert whole is not None
    for index, sample in enumerate(sorted({line["sample"] for line in latest_lines(run).values()})):
        kept = [line for line in lines_of(run) if line.get("sample") != sample]
        summary = load_run(rewritten(run, tmp_path / str(index), kept), formula=formula).summary
        assert summary.overall.mean is not None and summary.overall.mean <= whole
        assert summary.coverage.missing == 1


def test_a_deleted_verdict_withholds_the_headline_and_never_becomes_a_number(run: Path, tmp_path: Path) -> None:
    kept = [line for line in lines_of(run) if not (line.get("unit") == "verdict" and line.get("sample") == "s003")]
    view = load_run(rewritten(run, tmp_path / "run", kept))
    assert view.summary.overall.mean is None and view.summary.withheld
    assert view.summary.coverage.unjudged == 1
    excluded = load_run(tmp_path / "run", exclude_unjudged=True).summary
    assert excluded.overall.mean is not None and excluded.overall.n == 7 and excluded.coverage.unjudged == 1


def test_the_order_of_the_journal_changes_no_byte(run: Path, tmp_path: Path) -> None:
    lines = lines_of(run)
    random.Random(3).shuffle(lines)
    shuffled = rewritten(run, tmp_path / "run", lines)
    write_derived(load_run(shuffled))
    for name in DERIVED:
        assert (shuffled / name).read_bytes() == (run / name).read_bytes(), name


def test_everything_derived_comes_back_from_the_primary_files(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    for name in DERIVED:
        (copy / name).unlink()
    write_derived(load_run(copy))
    for name in DERIVED:
        assert (copy / name).read_bytes() == (run / name).read_bytes(), name


def test_no_derived_file_tells_where_or_when_it_was_made(run: Path) -> None:
    for name in (*DERIVED, "manifest.json"):
        text = (run / name).read_text(encoding="utf-8")
        assert str(run.parent) not in text, name
    assert json.loads((run / "summary.json").read_text())["run"] == load_run(run).header.run_id


def test_another_judge_adds_verdicts_and_coming_back_costs_nothing(run: Path, tmp_path: Path) -> None:
    from rvebench.runs import plan_of_run

    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    before = len(lines_of(copy))
    scorers = build_scorers(judge="reference", metrics="none", formula="viescore", exclude_unjudged=False)
    outcome = execute(plan_of_run(copy, scorers), copy, RunOptions(), generate=False, progress=lambda _tally: None)
    assert outcome.tally.scored_total == 0
    assert len([line for line in lines_of(copy) if "key" in line]) == len([x for x in lines_of(run) if "key" in x])
    assert len(lines_of(copy)) >= before
    assert load_run(copy).header.formula == "viescore"
