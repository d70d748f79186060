from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from rvebench.errors import CoverageError, DataError, UsageError
from rvebench.leaderboard.gate import Check, GateResult, Reason, Verdict, run_gate
from rvebench.leaderboard.gate.policy import parse_policy
from rvebench.taxonomy import Status
from tests.leaderboard.gate.world import METRIC, samples, write_run

N = 36
BASE: list[float | Status] = [float(4 + i % 4) for i in range(N)]
RULE = "[rules.overall]\nmax_drop = 0.5\n"
_DICE = random.Random(3)
NOISY = [float(min(10, max(0, 5 + _DICE.choice((-4, -3, 3, 4))))) for _ in range(N)]


def lowered(by: float, *, every: int = 1) -> list[float | Status]:
    return [score - by if i % every == 0 else score for i, score in enumerate(BASE)]


def gate(folder: Path, base: Path, candidate: Path, rules: str = RULE, *, seed: int = 0) -> GateResult:
    policy = parse_policy(f'schema = "rve-gate/1"\n{rules}', folder / "gate.toml")
    return run_gate(base, candidate, policy, seed=seed)


def only(result: GateResult) -> Check:
    (check,) = result.checks
    return check


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("runs") / "base", BASE, metric=[0.9] * N)


def candidate(tmp_path: Path, scores: Sequence[float | Status], **changes: object) -> Path:
    return write_run(tmp_path / "new", scores, **{"model": "folder:new", **changes})  # type: ignore[arg-type]


def test_a_run_that_lost_everywhere_regresses_and_leaves_with_1(tmp_path: Path, base: Path) -> None:
    result = gate(tmp_path, base, candidate(tmp_path, lowered(1.0)))
    check = only(result)
    assert (result.verdict, result.exit_code, check.reason) == (Verdict.REGRESS, 1, Reason.DROP)
    assert check.drop is not None and check.drop.difference == pytest.approx(-1.0)
    assert check.words.startswith("fell by 1.00 (95 % interval -1.00 to -1.00); p < 0.0001")


def test_a_run_that_is_as_good_passes_and_says_what_was_ruled_out(tmp_path: Path, base: Path) -> None:
    result = gate(tmp_path, base, candidate(tmp_path, BASE))
    assert (result.verdict, result.exit_code) == (Verdict.PASS, 0)
    assert only(result).words == "a drop of 0.5 is ruled out: +0.00 (95 % interval +0.00 to +0.00)"


@pytest.mark.parametrize(("on_inconclusive", "code"), [("warn", 0), ("fail", 3)])
def test_too_few_samples_are_inconclusive_and_the_number_needed_is_named(
    tmp_path: Path, base: Path, on_inconclusive: str, code: int
) -> None:
    rules = f"[gate]\non_inconclusive = '{on_inconclusive}'\n{RULE}"
    result = gate(tmp_path, base, candidate(tmp_path, NOISY), rules)
    check = only(result)
    assert (result.verdict, result.exit_code) == (Verdict.INCONCLUSIVE, code)
    assert check.drop is not None and check.needed_sources is not None and check.needed_samples is not None
    assert check.needed_sources > check.drop.sources == N // 2
    assert check.needed_samples == 2 * check.needed_sources
    assert (
        f"about {check.needed_sources} sources ({check.needed_samples} samples) would decide with 80 %" in check.words
    )


def test_a_drop_up_to_the_minimum_effect_is_none_however_sure(tmp_path: Path, base: Path) -> None:
    new = candidate(tmp_path, lowered(0.25))
    assert gate(tmp_path, base, new).verdict is Verdict.REGRESS
    tolerant = gate(tmp_path, base, new, f"{RULE}min_effect = 0.3\n")
    assert tolerant.verdict is Verdict.PASS
    assert gate(tmp_path, base, new, f"{RULE}min_effect = 0.2\n").verdict is Verdict.REGRESS


def test_a_floor_is_about_the_number_itself(tmp_path: Path, base: Path) -> None:
    new = candidate(tmp_path, lowered(1.0))
    low = gate(tmp_path, base, new, "[rules.overall]\nmin_mean = 4.6\n")
    assert (low.exit_code, only(low).reason, low.tests) == (1, Reason.FLOOR, 0)
    assert only(low).words == "the mean of 4.50 is below the floor of 4.6"
    assert gate(tmp_path, base, new, "[rules.overall]\nmin_mean = 4.5\n").verdict is Verdict.PASS


def test_a_category_is_held_to_the_rule_when_asked_and_a_rule_of_its_own_goes_first(tmp_path: Path, base: Path) -> None:
    new = candidate(tmp_path, lowered(2.0, every=3))
    rules = f"{RULE}categories = true\n[rules.'overall/camera']\nmax_drop = 3.0\n[rules.PC]\nmax_drop = 9\n"
    found = {check.name: check for check in gate(tmp_path, base, new, f"{rules}categories = true\n").checks}
    assert list(found) == [
        "overall",
        "overall/temporal",
        "overall/spatial",
        "overall/camera",
        "PC",
        "PC/temporal",
        "PC/spatial",
    ], "PC is not asked of camera"
    assert found["overall/temporal"].verdict is Verdict.REGRESS
    assert found["overall/spatial"].verdict is Verdict.PASS
    assert found["overall/camera"].words.startswith("a drop of 3 is ruled out")
    named = gate(tmp_path, base, new, f"{RULE}categories = ['spatial']\n")
    assert [check.name for check in named.checks] == ["overall", "overall/spatial"]


def test_all_tests_of_a_policy_are_one_family_for_holm(tmp_path: Path, base: Path) -> None:
    # Six sources lost, the rest won nothing: p is 2 / 2**6 alone, and too large in a family of four.
    scores = [score - 1 if i < 12 else score for i, score in enumerate(BASE)]
    new = candidate(tmp_path, scores)
    assert only(gate(tmp_path, base, new, "[rules.overall]\nmax_drop = 3\n")).verdict is Verdict.REGRESS
    family = "".join(f"[rules.{name}]\nmax_drop = 3\n" for name in ("overall", "EA", "GN", "GR"))
    result = gate(tmp_path, base, new, family)
    assert (result.tests, result.verdict) == (4, Verdict.PASS)
    assert {check.p_holm for check in result.checks} == {4 * 2 / 2**6}


def test_a_metric_is_compared_on_its_own_scale_and_bootstrap_can_be_asked_for(tmp_path: Path, base: Path) -> None:
    new = candidate(tmp_path, BASE, metric=[0.88 + 0.001 * (i % 3) for i in range(N)])
    result = gate(tmp_path, base, new, f"[rules.{METRIC}]\nmax_drop = 0.01\ntest = 'paired-bootstrap'\n")
    assert result.verdict is Verdict.REGRESS
    assert only(result).words.startswith("fell by 0.019 (95 % interval -0.01919 to -0.01881); p = ")


def test_a_failed_edit_counts_0_and_is_no_gap_in_coverage(tmp_path: Path, base: Path) -> None:
    scores = [Status.FAILED if i % 2 else score for i, score in enumerate(BASE)]
    check = only(gate(tmp_path, base, candidate(tmp_path, scores)))
    assert (check.verdict, check.drop and check.drop.n) == (Verdict.REGRESS, N)


def test_a_half_written_run_is_an_error_of_coverage_and_never_a_regression(tmp_path: Path, base: Path) -> None:
    scores = [*BASE[:20], *[Status.MISSING] * 16]
    result = gate(tmp_path, base, candidate(tmp_path, scores))
    check = only(result)
    assert (result.verdict, result.exit_code, check.reason) == (Verdict.ERROR, 3, Reason.COVERAGE)
    assert check.words.startswith("the candidate has an outcome for 20 of 36 samples, the policy asks for 100 %")
    assert check.drop is None and check.candidate is None
    few = gate(tmp_path, base, tmp_path / "new", f"{RULE}min_coverage = 0.5\n")
    assert only(few).verdict is Verdict.REGRESS, "what is missing counts 0 once the policy takes the run as it is"


def test_an_unjudged_edit_is_no_number_and_stops_the_rule_beyond_what_the_policy_allows(
    tmp_path: Path, base: Path
) -> None:
    scores = [*BASE[:34], Status.UNJUDGED, Status.UNJUDGED]
    new = candidate(tmp_path, scores)
    check = only(gate(tmp_path, base, new))
    assert (check.verdict, check.reason) == (Verdict.ERROR, Reason.JUDGE)
    assert "2 edits of the candidate without a verdict, the policy allows 0" in check.words
    allowed = gate(tmp_path, base, new, f"{RULE}max_judge_errors = 2\n")
    assert only(allowed).drop is not None and only(allowed).drop.n == 34  # type: ignore[union-attr]
    assert "2 edits of the candidate have no verdict and are in no number" in allowed.notes


def test_a_metric_that_was_not_measured_everywhere_is_an_error_of_coverage(tmp_path: Path, base: Path) -> None:
    new = candidate(tmp_path, BASE, metric=[None, *[0.9] * (N - 1)])
    rules = f"[rules.{METRIC}]\nmax_drop = 0.01\n"
    assert only(gate(tmp_path, base, new, rules)).words.startswith("35 of 36 samples have a number in both runs")
    assert only(gate(tmp_path, base, new, f"{rules}min_coverage = 0.95\n")).verdict is Verdict.PASS


def test_a_regression_outweighs_what_could_not_be_judged(tmp_path: Path, base: Path) -> None:
    new = candidate(tmp_path, lowered(1.0), metric=[None] * 9 + [0.9] * 27)
    result = gate(tmp_path, base, new, f"{RULE}[rules.{METRIC}]\nmax_drop = 0.01\n")
    assert [check.verdict for check in result.checks] == [Verdict.REGRESS, Verdict.ERROR]
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("budget", "verdicts"),
    [("max_usd = 0.36\nmax_hours = 0.2", "pass pass"), ("max_usd = 0.35\nmax_hours = 0.05", "error error")],
)
def test_a_budget_is_the_candidates_over_all_its_edits(tmp_path: Path, base: Path, budget: str, verdicts: str) -> None:
    new = candidate(tmp_path, BASE, usd=0.01, wall_s=10.0)
    result = gate(tmp_path, base, new, f"[budget]\n{budget}\n")
    assert " ".join(check.verdict.value for check in result.checks) == verdicts
    assert result.checks[0].words == f"0.36 USD of {budget[10:14]}"
    assert result.checks[1].words.startswith("0.10 hours of editing of 0.")


def test_money_that_nobody_knows_is_not_within_a_budget(tmp_path: Path, base: Path) -> None:
    new = candidate(tmp_path, BASE, unpriced=1)
    check = only(gate(tmp_path, base, new, "[budget]\nmax_usd = 1\n"))
    assert check.verdict is Verdict.ERROR and "36 calls or edits whose price nobody knows" in check.words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"chosen": samples(N + 2)[2:]}, r"split \(mini, 36 samples against mini, 36 samples; 34 in both\)"),
        (
            {"chosen": samples(N, instruction="Imagine dawn")},
            r"samples that share an id \(s000, s001, s002 and 33 more",
        ),
        ({"chosen": samples(N, media="x")}, r"videos of samples that share an id \(s000, s001, s002 and 33 more\)"),
        ({"judge": {"model": "gpt-5"}}, r"judge \(gpt-4o against gpt-5\)"),
        ({"judge": {"prompt_sha256": "b" * 64}}, r"prompt sha256 \(aaaaaaaaaaaa… against bbbbbbbbbbbb…\)"),
        ({"judge": {"frame_plan_sha256": "e" * 64}}, r"frame plan sha256 \(ffffffffffff… against eeeeeeeeeeee…\)"),
        ({"judge": {"settings": {"temperature": "1"}}}, r"judge digest"),
        ({"formula": "viescore"}, r"formula \(geometric against viescore\)"),
        ({"conform": "conform-2"}, r"normalisation of the videos \(conform-1 against conform-2\)"),
    ],
)
def test_runs_that_differ_in_what_decides_scores_are_not_compared(
    tmp_path: Path, base: Path, changes: dict[str, object], words: str
) -> None:
    new = candidate(tmp_path, BASE, **changes)
    with pytest.raises(UsageError, match=f"the runs differ in .*{words}.*; a gate compares runs made alike"):
        gate(tmp_path, base, new)


def test_a_metric_of_other_weights_is_not_compared_and_one_without_a_rule_does_no_harm(
    tmp_path: Path, base: Path
) -> None:
    new = candidate(tmp_path, BASE, metric=[0.9] * N, metric_version="2")
    with pytest.raises(UsageError, match=f"differ in version, weights or settings of {METRIC}"):
        gate(tmp_path, base, new, f"[rules.{METRIC}]\nmax_drop = 0.01\n")
    assert gate(tmp_path, base, new).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ("[rules.overal]\nmax_drop = 1\n", r"gate.toml:2: no quantity 'overal' in these runs; did you mean overall\?"),
        ("[rules.temporal_flikering]\nmax_drop = 1\n", r"no quantity .*; did you mean temporal_flickering\?"),
        (
            "[rules.overall]\nmax_drop = 1\ncategories = ['temperal']\n",
            r"no category 'temperal'.* did you mean temporal",
        ),
        ("[rules.'PC/camera']\nmax_drop = 1\n", r"PC is not asked of camera; take the rule out"),
    ],
)
def test_a_rule_about_what_the_runs_do_not_have_is_refused_with_the_nearest_name(
    tmp_path: Path, base: Path, rules: str, words: str
) -> None:
    new = candidate(tmp_path, BASE, metric=[0.9] * N)
    with pytest.raises(UsageError, match=words):
        gate(tmp_path, base, new, rules)


def test_a_criterion_that_no_sample_is_scored_on_is_refused(tmp_path: Path) -> None:
    shots = tuple(sample for sample in samples(3 * N) if sample.reasoning_type.value == "camera")
    base = write_run(tmp_path / "shots", BASE, chosen=shots)
    new = candidate(tmp_path, BASE, chosen=shots)
    with pytest.raises(UsageError, match="no sample of these runs is scored on PC; take the rule out"):
        gate(tmp_path, base, new, "[rules.PC]\nmax_drop = 1\n")


def test_a_metric_that_only_one_run_has_is_named_with_the_run_that_lacks_it(tmp_path: Path, base: Path) -> None:
    new = candidate(tmp_path, BASE)
    with pytest.raises(UsageError, match=f"about '{METRIC}', which the candidate was not measured on"):
        gate(tmp_path, base, new, f"[rules.{METRIC}]\nmax_drop = 0.01\n")


def test_a_run_without_a_judge_is_sent_to_one_and_needs_none_for_metrics(tmp_path: Path, base: Path) -> None:
    new = candidate(tmp_path, BASE, judged=False, metric=[0.9] * N)
    with pytest.raises(UsageError, match=r"the candidate has no judge.*judge it first: rvebench score"):
        gate(tmp_path, base, new)
    bare = write_run(tmp_path / "bare", BASE, judged=False, metric=[0.9] * N)
    assert gate(tmp_path, bare, new, f"[rules.{METRIC}]\nmax_drop = 0.01\n").verdict is Verdict.PASS


def test_what_is_no_whole_run_is_refused_in_one_sentence(tmp_path: Path, base: Path) -> None:
    with pytest.raises(UsageError, match="not a run directory"):
        gate(tmp_path, base, tmp_path / "nothing")
    with pytest.raises(UsageError, match="the same run"):
        gate(tmp_path, base, base)
    empty = candidate(tmp_path, [Status.MISSING] * N)
    with pytest.raises(CoverageError, match="the candidate is empty: no edit of its 36 samples is recorded"):
        gate(tmp_path, base, empty)
    shard = write_run(tmp_path / "shard", BASE, shard="1/1")
    with pytest.raises(UsageError, match=r"the candidate is shard 1/1 of a run.*runs merge"):
        gate(tmp_path, base, shard)


def test_damaged_files_are_named_and_leave_with_4(tmp_path: Path, base: Path) -> None:
    new = candidate(tmp_path, BASE)
    journal, manifest = new / "journal.jsonl", new / "manifest.json"
    whole, kept = journal.read_bytes(), manifest.read_bytes()
    journal.write_bytes(whole.replace(b'"status":"ok"', b'"status":"oh"', 1))
    with pytest.raises(DataError, match=r"journal.jsonl:1: the journal is damaged"):
        gate(tmp_path, base, new)
    journal.write_bytes(whole[:-20])
    assert only(gate(tmp_path, base, new)).reason is Reason.JUDGE, "a torn last line is a unit that was not finished"
    manifest.write_bytes(kept[:200])
    with pytest.raises(DataError, match=r"manifest.json: not a JSON file"):
        gate(tmp_path, base, new)
    manifest.write_bytes(kept)
    (new / "samples.jsonl").unlink()
    with pytest.raises(DataError, match=r"samples\.jsonl"):
        gate(tmp_path, base, new)


def test_the_result_is_the_same_for_the_same_seed_and_is_json(tmp_path: Path, base: Path) -> None:
    new = candidate(tmp_path, NOISY)
    first, again = gate(tmp_path, base, new, seed=4), gate(tmp_path, base, new, seed=4)
    assert json.dumps(first.as_json(), allow_nan=False) == json.dumps(again.as_json())
    assert list(first.as_json()) == [
        "verdict",
        "exit_code",
        "baseline",
        "candidate",
        "policy",
        "formula",
        "judge",
        "seed",
        "tests",
        "on_inconclusive",
        "spending",
        "checks",
        "notes",
    ]


def test_notes_tell_of_other_software_and_of_an_editor_that_did_not_change(tmp_path: Path, base: Path) -> None:
    from tests.leaderboard.gate.world import ENVIRONMENT

    same = write_run(tmp_path / "same", BASE, environment={**ENVIRONMENT, "python": "3.12.1"}, frames="other")
    notes = gate(tmp_path, base, same).notes
    assert "both runs are of one editor with one seed" in notes
    assert "the runs were made with other software: python (3.11.9 against 3.12.1)" in notes
    assert any(note.startswith("edited videos: 36 of 36 show other frames") for note in notes)
