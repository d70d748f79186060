"""What differs between two runs, what each difference did, and what a run has cost."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rvebench.errors import DataError
from rvebench.runs import Cause, Explanation, changes_between, explain_change, read_manifest, read_run_files
from rvebench.runs import read_spending as spending_of
from rvebench.taxonomy import Status
from tests.leaderboard.gate.world import ENVIRONMENT, METRIC, samples, write_run

N = 12
BASE: list[float | Status] = [float(4 + i % 4) for i in range(N)]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("runs") / "base", BASE, metric=[0.9] * N)


def explained(base: Path, other: Path) -> Explanation:
    found = explain_change(read_run_files(base), read_run_files(other))
    for movement in found.quantities.values():
        total = math.fsum(part.part.amount for part in movement.parts)
        assert total == pytest.approx(movement.attribution.change, abs=1e-12)
    return found


def parts(found: Explanation, name: str = "overall") -> dict[str, tuple[float, int, str]]:
    return {
        part.part.name: (round(part.part.amount, 6), part.part.n, "+".join(cause.value for cause in part.causes))
        for part in found.quantities[name].parts
    }


def test_two_copies_of_a_run_do_not_differ_and_nothing_is_to_explain(tmp_path: Path, base: Path) -> None:
    found = explained(base, write_run(tmp_path / "same", BASE, metric=[0.9] * N))
    assert found.changes == ()
    assert parts(found) == {"the same edits": (0.0, N, "")}


def test_another_editor_under_one_judge_is_the_cause(tmp_path: Path, base: Path) -> None:
    found = explained(base, write_run(tmp_path / "new", [score - 1 for score in BASE], model="folder:new"))  # type: ignore[operator]
    assert [change.cause for change in found.changes] == [Cause.EDITOR, Cause.EDITS, Cause.METRIC]
    assert str(found.changes[0]) == "editor (folder:base against folder:new)"
    assert str(found.changes[1]) == "edited videos: 12 of 12 show other frames (s000, s001, s002 and 9 more)"
    assert str(found.changes[2]) == f"metric {METRIC} (measured against not measured)"
    assert parts(found) == {"other edits": (-1.0, N, "editor")}


def test_the_same_edits_under_another_prompt_change_by_the_prompt_alone(tmp_path: Path, base: Path) -> None:
    judged = write_run(tmp_path / "judged", [score + 1 for score in BASE], judge={"prompt_sha256": "b" * 64})  # type: ignore[operator]
    assert parts(explained(base, judged)) == {"the same edits": (1.0, N, "prompt")}


def test_prompt_and_frames_at_once_are_named_as_not_separable(tmp_path: Path, base: Path) -> None:
    both = {"prompt_sha256": "b" * 64, "frame_plan_sha256": "e" * 64}
    found = explained(base, write_run(tmp_path / "judged", BASE, judge=both))
    (part,) = found.quantities["overall"].parts
    assert not part.separable
    assert part.words == "prompt + frames: not separable"


def test_a_judge_that_answers_otherwise_is_told_from_an_editor_that_is_not_seeded(tmp_path: Path, base: Path) -> None:
    again = write_run(tmp_path / "again", [*BASE[:6], *[score + 1 for score in BASE[6:]]])  # type: ignore[operator]
    (part,) = explained(base, again).quantities["overall"].parts
    assert (part.causes, part.words) == ((), "nothing that is recorded differs: the judge answered otherwise")
    other = write_run(tmp_path / "other", BASE, frames="a second try")
    (part,) = explained(base, other).quantities["overall"].parts
    assert (part.part.name, part.causes) == ("other edits", ())
    assert part.words == "nothing that is recorded differs: the editor made another video"


def test_a_formula_is_computed_exactly_from_as_verdicts(tmp_path: Path) -> None:
    # With all criteria equal every formula but strict agrees: strict gives 10 from 8 on, else 0.
    levels: list[float | Status] = [9.0, 9.0, 2.0, 2.0]
    a = write_run(tmp_path / "a", levels)
    b = write_run(tmp_path / "b", levels, formula="strict")
    found = explained(a, b)
    assert parts(found) == {"formula": (-0.5, 4, "formula"), "the same edits": (0.0, 4, "")}
    assert found.quantities["overall"].attribution.mean_b == 5.0


def test_samples_of_one_run_only_are_a_part_of_their_own_and_changed_ones_are_kept_apart(tmp_path: Path) -> None:
    whole = samples(10)
    a = write_run(tmp_path / "a", [4.0] * 8, chosen=whole[:8])
    changed = (*samples(4, instruction="Imagine dawn"), *samples(6, media="x")[4:], *whole[6:7], *whole[8:])
    b = write_run(tmp_path / "b", [5.0] * 4 + [7.0] * 2 + [4.0] + [10.0] * 2, chosen=changed)
    found = explained(a, b)
    names = [(change.cause.value, change.what, change.n) for change in found.changes]
    assert names == [
        ("samples", "samples only in A", 1),
        ("samples", "samples only in B", 2),
        ("samples", "samples that share an id", 4),
        ("media", "videos of samples that share an id", 2),
    ]
    shown = parts(found)
    assert shown["changed samples"] == (round(4 / 7, 6), 4, "samples+media")
    assert shown["changed source or target videos"] == (round(6 / 7, 6), 2, "media")
    assert shown["the same edits"] == (0.0, 1, "")
    assert shown["only in A"][1:] == (1, "samples") and shown["only in B"][1:] == (2, "samples")


def test_edits_that_failed_or_are_missing_in_one_run_are_told_apart(tmp_path: Path, base: Path) -> None:
    scores = [Status.FAILED, Status.MISSING, *BASE[2:]]
    found = explained(base, write_run(tmp_path / "new", scores, model="folder:new"))
    assert parts(found) == {
        "edits in one run only": (round(-4 / 12, 6), 1, "editor"),
        "outputs missing in one run": (round(-5 / 12, 6), 1, ""),
        "other edits": (0.0, 10, "editor"),
    }
    assert any(change.what == "edits that ended otherwise" and change.n == 1 for change in found.changes)


def test_an_unjudged_edit_is_in_no_mean_and_is_counted(tmp_path: Path, base: Path) -> None:
    found = explained(base, write_run(tmp_path / "new", [Status.UNJUDGED, *BASE[1:]]))
    assert found.unjudged == (0, 1)
    assert found.quantities["overall"].attribution.n_shared == N - 1


def test_a_metric_of_another_version_is_the_cause_on_the_same_edits_and_inseparable_on_others(
    tmp_path: Path, base: Path
) -> None:
    values = [0.8] * N
    same = write_run(tmp_path / "same", BASE, metric=values, metric_version="2")
    assert parts(explained(base, same), METRIC) == {"the same edits": (-0.1, N, "metric")}
    other = write_run(tmp_path / "other", BASE, metric=values, metric_version="2", model="folder:new")
    found = explained(base, other)
    assert parts(found, METRIC) == {"other edits": (-0.1, N, "editor+metric")}
    assert parts(found) == {"other edits": (0.0, N, "editor")}, "a metric's weights move no score"


def test_no_judge_moves_a_metric(tmp_path: Path, base: Path) -> None:
    judged = write_run(tmp_path / "judged", BASE, metric=[0.9] * N, judge={"model": "gpt-5"}, formula="viescore")
    assert parts(explained(base, judged), METRIC) == {"the same edits": (0.0, N, "")}


def test_other_software_is_named_key_by_key(tmp_path: Path, base: Path) -> None:
    environment = {**ENVIRONMENT, "git": {"commit": "d" * 40, "dirty": "x"}, "packages": {"numpy": "2.1.0"}}
    found = changes_between(
        read_run_files(base),
        read_run_files(write_run(tmp_path / "new", BASE, metric=[0.9] * N, environment=environment)),
    )
    assert [str(change) for change in found] == [
        "commit (cccccccccccc… against dddddddddddd…)",
        "numpy (2.0.0 against 2.1.0)",
        "uncommitted changes (none against x)",
    ]
    assert {change.cause for change in found} == {Cause.CODE}


def test_runs_without_a_judge_are_explained_by_their_metrics_alone(tmp_path: Path, base: Path) -> None:
    bare = write_run(tmp_path / "bare", BASE, judged=False, metric=[0.9] * N)
    assert list(explained(base, bare).quantities) == [METRIC]


def test_a_run_costs_what_its_journal_and_its_cost_log_say(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", BASE, usd=0.25, unpriced=1, wall_s=1800.0)
    spent = spending_of(run, read_manifest(run))
    assert (spent.usd, spent.edit_hours, spent.unpriced) == (3.0, 6.0, N)


def test_a_cost_log_is_read_without_being_written_and_counts_what_is_open_at_its_bound(tmp_path: Path) -> None:
    from rvebench.llm import COST_LOG_NAME, read_spent
    from rvebench.llm.ledger import Amount, Ledger

    run = write_run(tmp_path / "run", BASE, usd=0.25)
    clock = iter(float(second) for second in range(0, 72_000, 3600))
    ledger = Ledger(run / COST_LOG_NAME, clock=lambda: next(clock))
    paid, _left_open = (ledger.promise("gpt-4o", Amount.of(2.0, 100), calls=1) for _ in range(2))
    ledger.end(paid, "paid", Amount.of(1.5, 50), calls=1, unpriced=0)
    ledger.close()
    kept = (run / COST_LOG_NAME).read_bytes()
    found = read_spent(run / COST_LOG_NAME)
    assert (found.usd, found.tokens, found.calls, found.unsettled_usd) == (3.5, 150, 2, 2.0)
    assert found.hours == 4.0
    assert spending_of(run, read_manifest(run)).judge_usd == 3.5, "more than the verdicts' 3.00"
    assert (run / COST_LOG_NAME).read_bytes() == kept
    assert read_spent(run / "nothing").usd == 0.0


def test_a_damaged_cost_log_is_named(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", BASE)
    (run / "costs.jsonl").write_text('{"kind":"open"}\n{"kind":"open"}\n')
    with pytest.raises(DataError, match=r"costs.jsonl:1: the journal is damaged"):
        spending_of(run, read_manifest(run))
