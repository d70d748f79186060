from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from rvebench.errors import CoverageError, UnknownNameError, UsageError
from rvebench.scoring.agreement import (
    AgreementReport,
    JudgeScore,
    Measured,
    Rating,
    Ratings,
    SampleFacts,
    Scale,
    Verdicts,
    measure_agreement,
    read_ratings,
    read_verdicts,
)
from rvebench.scoring.agreement.shapes import MEASURES
from tests.scoring.agreement import make_example

EXAMPLE = Path(__file__).parent / "example"
FEW = 200


def example() -> tuple[Ratings, Verdicts]:
    return read_ratings(EXAMPLE / "ratings.csv"), read_verdicts(EXAMPLE / "verdicts.csv")


def report(ratings: Ratings, verdicts: Verdicts, **options: object) -> AgreementReport:
    return measure_agreement(ratings, verdicts, resamples=FEW, **options)  # type: ignore[arg-type]


def only_raters(ratings: Ratings, *names: str) -> Ratings:
    return replace(ratings, rows=tuple(row for row in ratings.rows if row.rater in names))


def test_the_example_files_are_what_their_program_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_example, "FOLDER", tmp_path)
    make_example.main()
    for path in EXAMPLE.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()
        assert path.read_text(encoding="utf-8").startswith("# made-up data")


def test_the_judge_is_compared_with_the_mean_of_all_raters() -> None:
    ratings, verdicts = example()
    people: dict[tuple[str, str], list[float]] = {}
    for row in ratings.rows:
        if row.criterion == "EA":
            people.setdefault((row.sample_id, row.editor), []).append(row.score)
    hard = {
        (row.sample_id, row.editor): row.score
        for row in verdicts.rows
        if (row.criterion, row.reading) == ("EA", "hard")
    }
    wanted = stats.spearmanr(
        [hard[unit] for unit in people], [round(float(np.mean(scores)), 10) for scores in people.values()]
    ).statistic
    found = report(ratings, verdicts, criteria=["ea"]).criteria[0]
    assert (found.criterion, found.n_units, found.n_samples, found.n_editors, found.n_raters, found.n_clusters) == (
        "EA",
        36,
        12,
        3,
        3,
        6,
    )
    assert found.readings[0].with_people["spearman"].value == pytest.approx(wanted)


def test_soft_stands_beside_hard_with_the_same_table_and_a_paired_difference() -> None:
    found = report(*example()).criteria[0]
    assert [(r.judge, r.reading) for r in found.readings] == [("gpt-4o", "hard"), ("gpt-4o", "soft")]
    (difference,) = found.differences
    assert (difference.reading, difference.baseline, difference.n_units) == ("gpt-4o (soft)", "gpt-4o", 36)
    hard, soft = found.readings
    for name in MEASURES:
        one, other = soft.with_people[name].value, hard.with_people[name].value
        assert one is not None and other is not None
        assert difference.difference[name].value == pytest.approx(one - other)


def test_a_soft_reading_is_also_compared_with_the_bare_answers_it_was_made_from() -> None:
    ratings, verdicts = example()
    answers = tuple(
        row.model_copy(update={"reading": "yes/no", "score": float(row.score > 0.5)})
        for row in verdicts.rows
        if row.reading == "soft"
    )
    found = report(ratings, replace(verdicts, rows=(*verdicts.rows, *answers))).criteria[0]
    assert [reading.reading for reading in found.readings] == ["hard", "yes/no", "soft"]
    assert [(d.reading, d.baseline) for d in found.differences] == [
        ("gpt-4o (yes/no)", "gpt-4o"),
        ("gpt-4o (soft)", "gpt-4o"),
        ("gpt-4o (soft)", "gpt-4o (yes/no)"),
    ]
    gain = found.differences[2].difference["spearman"].value
    assert gain is not None and gain > 0


def test_a_paired_interval_is_much_narrower_than_that_of_two_judges_apart() -> None:
    ratings, verdicts = example()
    nearly = tuple(
        row.model_copy(update={"judge": "twin", "score": row.score + (0.25 if index % 7 == 0 else 0.0)})
        for index, row in enumerate(verdicts.rows)
        if row.reading == "hard"
    )
    found = report(ratings, replace(verdicts, rows=(*verdicts.rows, *nearly)), judges=["gpt-4o", "twin"])
    twin = next(d for d in found.criteria[0].differences if d.reading == "twin")
    apart = found.criteria[0].readings[0].with_people["pearson"].ci95
    paired = twin.difference["pearson"].ci95
    assert apart is not None and paired is not None
    assert paired[1] - paired[0] < (apart[1] - apart[0]) / 4


def all_measured(found: AgreementReport) -> list[Measured]:
    everything = []
    for block in found.criteria:
        everything += block.alpha.values()
        for reading in block.readings:
            for group in (
                reading.with_people,
                reading.rater_left_out,
                reading.judge_left_out,
                reading.left_out_gap,
                reading.rater_pairs,
                reading.judge_pairs,
            ):
                everything += group.values()
            everything.append(reading.tie_calibration.accuracy)
        for difference in block.differences:
            everything += difference.difference.values()
    return everything


@pytest.mark.parametrize("level", ["sample", "system"])
def test_every_missing_number_has_a_reason_and_none_is_nan(level: str) -> None:
    ratings, verdicts = example()
    for people in (ratings, only_raters(ratings, "anna"), only_raters(ratings, "anna", "ben")):
        for found in all_measured(report(people, verdicts, level=level, by_category=True)):
            assert (found.value is None) <= bool(found.reason)
            assert found.value is None or np.isfinite(found.value)
            assert found.ci95 is None or (np.isfinite(found.ci95).all() and found.ci95[0] <= found.ci95[1])
            assert found.value is not None or found.ci95 is None


def test_the_same_files_and_seed_give_the_same_numbers_in_any_order() -> None:
    ratings, verdicts = example()
    rng = np.random.default_rng(1)
    hard = tuple(row for row in verdicts.rows if row.reading == "hard")
    shuffled = replace(ratings, rows=tuple(ratings.rows[i] for i in rng.permutation(len(ratings.rows))))
    mixed = replace(verdicts, rows=tuple(hard[i] for i in rng.permutation(len(hard))))
    one = report(ratings, replace(verdicts, rows=hard)).as_json()
    assert one == report(shuffled, mixed).as_json()
    assert one != report(ratings, replace(verdicts, rows=hard), seed=1).as_json()


def test_asking_for_one_criterion_changes_no_number_of_it() -> None:
    ratings, verdicts = example()
    whole, part = report(ratings, verdicts), report(ratings, verdicts, criteria=["PC"])
    assert [block.criterion for block in whole.criteria] == ["EA", "PC"]
    assert part.criteria == whole.criteria[1:]


def test_by_category_each_has_a_block_of_its_own_samples() -> None:
    ratings, verdicts = example()
    found = report(ratings, verdicts, by_category=True, criteria=["EA"])
    names = [block.category for block in found.criteria]
    assert names == ["", "physical_causality", "semantic_inference", "spatial", "temporal"]
    assert sum(block.n_units for block in found.criteria[1:]) == found.criteria[0].n_units
    assert all(block.readings[0].with_people["spearman"].ci95 is None for block in found.criteria[1:])


def test_by_category_without_any_is_a_usage_error() -> None:
    ratings, verdicts = example()
    with pytest.raises(UsageError, match="no category is known"):
        report(replace(ratings, facts={}), verdicts, by_category=True)


def test_one_rater_has_no_ceiling_and_no_alpha_and_the_judge_is_still_compared() -> None:
    ratings, verdicts = example()
    block = report(only_raters(ratings, "anna"), verdicts).criteria[0]
    assert all(found.value is None and "one rater" in found.reason for found in block.alpha.values())
    assert "one rater" in block.readings[0].rater_left_out["spearman"].reason
    assert block.readings[0].with_people["spearman"].value is not None


def test_two_editors_have_no_coefficient_over_editors_but_a_pair() -> None:
    ratings, verdicts = example()
    two = replace(ratings, rows=tuple(row for row in ratings.rows if row.editor != "copy"))
    reading = report(two, verdicts, level="system").criteria[0].readings[0]
    assert reading.with_people["spearman"].value is None
    assert "2 editors, and a coefficient over editors needs 3" in reading.with_people["spearman"].reason
    assert reading.with_people["pairwise_accuracy"].value == 1.0


def test_constant_scores_are_said_so_on_either_side() -> None:
    ratings, verdicts = example()
    flat = replace(verdicts, rows=tuple(row.model_copy(update={"score": 5.0}) for row in verdicts.rows))
    reading = report(ratings, flat).criteria[0].readings[0]
    assert reading.with_people["spearman"].reason == "the judge gave every edit the same score"
    # Half of all preferences: a judge that ties everything knows nothing, and that is a number.
    assert reading.with_people["pairwise_accuracy"].value == 0.5
    same = replace(ratings, rows=tuple(row.model_copy(update={"score": 3.0}) for row in ratings.rows))
    block = report(same, verdicts).criteria[0]
    assert block.readings[0].with_people["kendall"].reason == "people gave every edit the same score"
    assert block.readings[0].with_people["pairwise_accuracy"].reason == "people prefer no edit to another"
    assert "the same" in block.alpha["ordinal"].reason


def test_one_edit_a_sample_has_no_pairs() -> None:
    ratings, verdicts = example()
    one = replace(ratings, rows=tuple(row for row in ratings.rows if row.editor == "revise"))
    reading = report(one, verdicts).criteria[0].readings[0]
    assert "no sample has two edits" in reading.with_people["pairwise_accuracy"].reason
    assert reading.with_people["spearman"].value is not None


def test_an_unjudged_edit_is_in_no_number_and_is_counted() -> None:
    ratings, verdicts = example()
    fewer = replace(verdicts, rows=tuple(row for row in verdicts.rows if row.sample_id != "s03"))
    found = report(ratings, fewer)
    assert (found.criteria[0].readings[0].n_units, found.criteria[0].readings[0].n_unjudged) == (33, 3)
    assert any("3 rated edits have no hard score of gpt-4o" in note for note in found.notes)


def test_what_does_not_meet_is_said() -> None:
    ratings, verdicts = example()
    less = Ratings(
        rows=tuple(row for row in ratings.rows if row.sample_id != "s00"), scale=ratings.scale, unread=("comment",)
    )
    more = (*less.rows, Rating(sample_id="s01", editor="copy", rater="anna", criterion="GR", score=3))
    notes = " / ".join(report(replace(less, rows=more), verdicts, level="system").notes)
    assert "not read: comment" in notes
    assert "no sources are known" in notes
    assert "3 judged edits have no rating" in notes
    assert "only people scored: GR" in notes
    assert "hold these editors fixed" in notes


def test_editors_over_different_samples_are_told_of() -> None:
    ratings, verdicts = example()
    assert not any("different samples" in note for note in report(ratings, verdicts, level="system").notes)
    rows = tuple(row for row in ratings.rows if not (row.sample_id == "s05" and row.editor == "copy"))
    notes = report(replace(ratings, rows=rows), verdicts, level="system").notes
    assert any("different samples" in note for note in notes)


def test_unknown_names_are_refused_with_the_nearest() -> None:
    ratings, verdicts = example()
    with pytest.raises(UnknownNameError, match="did you mean gpt-4o"):
        report(ratings, verdicts, judges=["gpt4o"])
    with pytest.raises(UnknownNameError, match="no criterion 'GR' in the ratings"):
        report(ratings, verdicts, criteria=["GR"])


def test_tables_that_do_not_meet_are_a_coverage_error() -> None:
    ratings, verdicts = example()
    other = replace(verdicts, rows=tuple(row.model_copy(update={"editor": "x"}) for row in verdicts.rows))
    with pytest.raises(CoverageError, match="no edit is both rated and judged"):
        report(ratings, other)
    gr = replace(verdicts, rows=tuple(row.model_copy(update={"criterion": "GR"}) for row in verdicts.rows))
    with pytest.raises(CoverageError, match="share no criterion"):
        report(ratings, gr)


def test_facts_of_the_verdicts_count_before_those_of_the_ratings() -> None:
    ratings, verdicts = example()
    one_source = {f"s{i:02}": SampleFacts("film", "") for i in range(12)}
    found = report(ratings, replace(verdicts, facts=one_source), by_category=True, criteria=["EA"])
    assert found.criteria[0].n_clusters == 1
    assert found.criteria[0].readings[0].with_people["spearman"].ci95 is None
    assert len(found.criteria) == 5


def test_a_judge_as_noisy_as_a_rater_is_at_the_ceiling_and_a_random_one_far_below() -> None:
    rng = np.random.default_rng(11)
    rows, scores = [], []
    for index in range(80):
        quality = rng.normal()
        for rater in ("a", "b", "c"):
            score = float(np.clip(round(3 + quality + rng.normal(scale=0.8)), 1, 5))
            rows.append(Rating(sample_id=f"s{index}", editor="e", rater=rater, criterion="EA", score=score))
        for judge, value in (("alike", 3 + quality + rng.normal(scale=0.8)), ("random", rng.normal())):
            scores.append(JudgeScore(sample_id=f"s{index}", editor="e", judge=judge, criterion="EA", score=value))
    found = report(Ratings(rows=tuple(rows), scale=Scale(1, 5)), Verdicts(rows=tuple(scores))).criteria[0]
    alike, random = (reading.left_out_gap["spearman"] for reading in found.readings)
    assert alike.ci95 is not None and alike.ci95[0] < 0.0 < alike.ci95[1]
    assert random.ci95 is not None and random.ci95[1] < -0.3
