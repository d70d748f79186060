from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from rvebench.errors import DataError
from rvebench.science.rows import EditRow, arm_means, contrasts_of, flops_name, hacking_of, paired_points
from rvebench.science.study import load_study

STUDY = replace(load_study("nano"), claims=replace(load_study("nano").claims, resamples=400))
CPU, SMOKE = STUDY.scale("cpu"), STUDY.scale("smoke")


def edits(
    effects: Mapping[str, Mapping[str, float]],
    *,
    seeds: Sequence[int] = (0, 1, 2),
    families: int = 20,
    noise: float = 0.05,
) -> list[EditRow]:
    rng = np.random.default_rng(11)
    base = rng.uniform(0.2, 0.6, (families, 3))
    return [
        EditRow(
            arm=arm,
            seed=seed,
            set=which,
            sample_id=f"{which}-f{family}-{index}",
            family=f"f{family}",
            values={
                name: float(base[family, index] + value + noise * rng.normal()) for name, value in measures.items()
            },
        )
        for which in ("held-out", "mini")
        for arm, measures in effects.items()
        for seed in seeds
        for family in range(families)
        for index in range(3)
    ]


EFFECTS = {
    "base": {"ea_progress": 0.0, "pc_error": 0.10, "p_yes": 0.0, "judge_overall": 0.0},
    "sft": {"ea_progress": 0.1, "pc_error": 0.05, "p_yes": 0.0, "judge_overall": 0.0},
    "rwr": {"ea_progress": 0.1, "pc_error": 0.05, "p_yes": 0.0, "judge_overall": 0.0},
    "uso": {"ea_progress": 0.1, "pc_error": 0.0, "p_yes": 0.3, "judge_overall": -0.2},
    "sft@flops": {"ea_progress": 0.3, "pc_error": 0.05, "p_yes": 0.0, "judge_overall": 0.0},
    "rwr@flops": {"ea_progress": 0.1, "pc_error": 0.05, "p_yes": 0.0, "judge_overall": 0.0},
}
ROWS = edits(EFFECTS)


def found(better: str, than: str, measure: str, which: str = "held-out", column: str = "steps") -> object:
    return next(
        each
        for each in contrasts_of(STUDY, CPU, ROWS)
        if (each.better, each.than, each.measure.name, each.set, each.column) == (better, than, measure, which, column)
    )


def test_differences_are_paired_by_sample_and_seed() -> None:
    points = paired_points(ROWS, "uso", "sft", "held-out", "ea_progress")
    assert len(points) == 3 * 60
    uso = {(r.sample_id, r.seed): r.values["ea_progress"] for r in ROWS if r.arm == "uso"}
    sft = {(r.sample_id, r.seed): r.values["ea_progress"] for r in ROWS if r.arm == "sft"}
    assert all(p.value == uso[p.sample_id, p.seed] - sft[p.sample_id, p.seed] for p in points)


def test_a_sample_that_one_side_lacks_is_no_pair() -> None:
    gone = [r for r in ROWS if not (r.arm == "uso" and r.sample_id == "held-out-f0-0")]
    assert len(paired_points(gone, "uso", "sft", "held-out", "ea_progress")) == 3 * 59


def test_a_claim_is_made_where_the_interval_excludes_zero_and_refused_where_it_does_not() -> None:
    shown, not_shown = found("sft", "base", "ea_progress"), found("uso", "sft", "ea_progress")
    assert shown.claim == "sft is better than base in EA progress on held-out"
    assert not_shown.claim == "" and not_shown.difference.why == "the interval includes zero"
    low, high = not_shown.difference.spread.ci95
    assert low <= 0 <= high


def test_a_lower_error_is_better() -> None:
    each = found("uso", "sft", "pc_error")
    assert each.difference.verdict == "lower" and each.improves
    assert each.claim == "uso is better than sft in PC error on held-out"


def test_what_the_study_did_not_register_is_never_claimed() -> None:
    each = found("uso", "sft", "judge_overall")
    assert each.improves is False and each.claim == ""
    rehearsal = [each for each in contrasts_of(STUDY, SMOKE, ROWS) if each.claim]
    assert rehearsal == []


def test_each_difference_is_set_beside_the_papers() -> None:
    assert found("sft", "base", "ea_progress").reading == "agrees"
    assert found("uso", "sft", "judge_overall").reading == "contradicts"
    assert found("uso", "rwr", "ea_progress").reading == "not shown"
    assert found("uso", "sft", "p_yes").reading == "no such number"
    assert found("uso", "sft", "ea_progress").paper_difference == pytest.approx(6.1605 - 5.9491)


def test_the_column_of_equal_operations_compares_the_second_trainings_with_the_reference() -> None:
    each = found("uso", "sft@flops", "ea_progress", column="flops")
    assert each.improves is False and each.reading == "contradicts"
    assert each.claim == "sft@flops is better than uso in EA progress on held-out"
    assert flops_name("sft") == "sft@flops"
    names = {(e.better, e.than) for e in contrasts_of(STUDY, CPU, ROWS) if e.column == "flops"}
    assert names == {("uso", "sft@flops"), ("uso", "rwr@flops"), ("sft@flops", "rwr@flops")}


def test_holm_is_over_the_contrasts_of_one_table_set_and_measure() -> None:
    family = [
        each
        for each in contrasts_of(STUDY, CPU, ROWS)
        if (each.table, each.column, each.set, each.measure.name) == ("4", "steps", "held-out", "ea_progress")
    ]
    assert len(family) == 6
    assert all(each.p_holm >= each.difference.p for each in family)
    assert max(each.p_holm / max(each.difference.p, 1e-12) for each in family) > 3


def test_a_critic_that_approves_more_without_better_edits_is_named() -> None:
    assert {(h["arm"], h["than"], h["edits"]) for h in hacking_of(contrasts_of(STUDY, CPU, ROWS))} == {
        ("uso", "sft", "no better edits are shown"),
        ("uso", "sft@flops", "worse edits"),
    }


def test_means_are_by_set_arm_and_measure_with_every_seed() -> None:
    means = arm_means(ROWS, STUDY.claims)
    cell = means["mini"]["uso"]["pc_error"]
    values = [r.values["pc_error"] for r in ROWS if (r.arm, r.set) == ("uso", "mini")]
    assert cell.mean == pytest.approx(np.mean(values)) and set(cell.by_seed) == {0, 1, 2}
    assert list(means["mini"]["uso"]) == ["ea_progress", "pc_error", "judge_overall", "p_yes"]


def test_rows_come_back_from_json_and_nothing_else_does() -> None:
    again = EditRow.from_json(ROWS[0].as_json())
    assert again.values == pytest.approx(dict(ROWS[0].values), abs=1e-6) and again.sample_id == ROWS[0].sample_id
    with pytest.raises(DataError, match="no measured edit"):
        EditRow.from_json({"arm": "x"})
