from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rvebench.errors import DataError
from rvebench.scoring import (
    FORMULAS,
    Coverage,
    Estimate,
    MetricRow,
    ScoreRow,
    Summary,
    get_formula,
    score_sample,
    summarise,
)
from rvebench.taxonomy import Status, Subset
from tests.scoring.rows import metric, row, score_rows

GEOMETRIC = get_formula("geometric")
ZEROS = [Status.FAILED, Status.REFUSED, Status.TIMEOUT, Status.MISSING]


def quick(rows: list[ScoreRow], metrics=(), *, formula=GEOMETRIC, **options) -> Summary:
    return summarise(rows, list(metrics), formula, seed=options.pop("seed", 7), resamples=50, **options)


def test_a_run_worked_by_hand() -> None:
    found = quick(
        [
            row("a", 8, 8, 8, 8),
            row("b", 4, 9, 9, 4, category="spatial"),
            row("c", status=Status.FAILED, category="spatial"),
            row("d", 1, 8, 8, subset=Subset.ICVG, category="camera"),
        ]
    )
    assert found.coverage == Coverage(n=4, ok=3, failed=1, refused=0, missing=0, unjudged=0)
    assert (found.overall.mean, found.overall.n) == (pytest.approx((8 + 6 + 0 + 4) / 4), 4)
    assert (found.answered_only.mean, found.answered_only.n) == (pytest.approx((8 + 6 + 4) / 3), 3)
    assert found.macro.mean == pytest.approx((8 + 3 + 4) / 3)
    assert found.withheld == ""
    assert {name: (e.mean, e.n) for name, e in found.criteria.items()} == {
        "EA": (pytest.approx((8 + 4 + 0 + 1) / 4), 4),
        "PC": (pytest.approx((8 + 9 + 0) / 3), 3),
        "GN": (pytest.approx((8 + 9 + 0 + 8) / 4), 4),
        "GR": (pytest.approx((8 + 4 + 0 + 8) / 4), 4),
    }
    assert list(found.by_category) == ["temporal", "spatial", "camera"]
    spatial = found.by_category["spatial"]
    assert spatial.overall.mean == pytest.approx(3.0)
    assert spatial.criteria["PC"].mean == pytest.approx(4.5)
    assert spatial.coverage == Coverage(n=2, ok=1, failed=1, refused=0, missing=0, unjudged=0)
    assert "PC" not in found.by_category["camera"].criteria


@pytest.mark.parametrize("status", ZEROS)
def test_an_edit_that_is_not_there_scores_zero_and_is_counted(status: Status) -> None:
    assert score_sample(row("a", status=status), GEOMETRIC) == 0.0
    found = quick([row("a", 6, 6, 6, 6), row("b", status=status)])
    assert found.overall.mean == pytest.approx(3.0)
    assert found.criteria["GN"].mean == pytest.approx(3.0)
    assert found.coverage.failed + found.coverage.refused + found.coverage.missing == 1


def test_a_timeout_counts_as_failed() -> None:
    assert quick([row("a", status=Status.TIMEOUT)]).coverage.failed == 1


def test_one_unjudged_edit_withholds_every_number_it_belongs_to_and_no_other() -> None:
    found = quick(
        [
            row("a", 6, 6, 6, 6),
            row("b", 4, 4, 4, subset=Subset.ICVG, category="camera"),
            row("c", status=Status.UNJUDGED, subset=Subset.ICVG, category="camera"),
        ]
    )
    assert found.overall == Estimate(mean=None, ci95=None, n=2)
    assert found.macro.mean is None
    assert found.criteria["EA"].mean is None
    assert found.criteria["PC"].mean == pytest.approx(6.0), "PC is not asked of the unjudged ICVG edit"
    assert found.by_category["temporal"].overall.mean == pytest.approx(6.0)
    assert found.by_category["camera"].overall.mean is None
    assert found.by_category["camera"].criteria["GR"].mean is None
    assert found.answered_only.mean == pytest.approx(5.0)
    assert found.withheld.startswith("1 of 3 edits has no verdict: judge again")


def test_excluding_unjudged_edits_gives_the_number_with_a_lower_n_and_the_count_beside_it() -> None:
    rows = [row("a", 6, 6, 6, 6), row("b", status=Status.MISSING), row("c", status=Status.UNJUDGED)]
    found = quick(rows, exclude_unjudged=True)
    assert (found.overall.mean, found.overall.n) == (pytest.approx(3.0), 2)
    assert (found.criteria["EA"].n, found.coverage.unjudged, found.withheld) == (2, 1, "")


def test_a_run_without_any_verdict_has_no_headline_even_when_unjudged_edits_are_excluded() -> None:
    for exclude in (False, True):
        found = quick([row("a", status=Status.UNJUDGED)], exclude_unjudged=exclude)
        assert (found.overall.mean, found.macro.mean) == (None, None)
        assert found.withheld == "none of the 1 edits has a verdict: judge the run first"


def test_a_category_left_empty_by_exclusion_withholds_the_macro_mean() -> None:
    rows = [row("a", 6, 6, 6, 6), row("b", status=Status.UNJUDGED, category="spatial")]
    found = quick(rows, exclude_unjudged=True)
    assert found.overall.mean == pytest.approx(6.0)
    assert found.macro.mean is None


def test_no_samples_is_no_number() -> None:
    found = quick([])
    assert (found.overall.mean, found.macro.mean, found.withheld) == (None, None, "there are no samples to score")
    json.dumps(found.as_json(), allow_nan=False)


def test_one_source_has_a_mean_and_no_interval() -> None:
    found = quick([row("a", 6, 6, 6, 6, cluster="fox"), row("b", 2, 2, 2, 2, cluster="fox")])
    assert found.overall == Estimate(mean=pytest.approx(4.0), ci95=None, n=2)


def test_metrics_are_over_the_edits_that_have_a_value_with_an_n_for_each_part() -> None:
    found = quick(
        [row("a", 6, 6, 6, 6)],
        [
            metric("a", "TF", 0.9, 0.8),
            metric("b", "TF", 0.7),
            metric("c", "TF", None, 0.5),
            metric("a", "OC", 0.2),
        ],
    ).metrics
    assert list(found) == ["OC", "TF"]
    tf = found["TF"]
    assert tf.source is not None and tf.delta is not None
    assert (tf.edit.mean, tf.edit.n) == (pytest.approx(0.8), 2)
    assert (tf.source.mean, tf.source.n) == (pytest.approx(0.8), 1)
    assert (tf.delta.mean, tf.delta.n) == (pytest.approx(0.1), 1)
    assert (found["OC"].source, found["OC"].delta) == (None, None)


def test_a_metric_that_measured_nothing_is_there_without_a_number() -> None:
    found = quick([], [metric("a", "TF", None)])
    assert found.metrics["TF"].as_json() == {
        "mean": None,
        "ci95": None,
        "n": 0,
        "pooled": None,
        "failed": 1,
        "reasons": {"not measured": 1},
        "source": None,
        "delta": None,
    }


def test_a_pooled_metric_counts_each_video_by_its_terms_and_failures_by_reason() -> None:
    rows = [
        MetricRow(sample_id="a", cluster="a", metric="SC", value=0.9, weight=10),
        MetricRow(sample_id="b", cluster="b", metric="SC", value=0.5, weight=30),
        MetricRow(sample_id="c", cluster="c", metric="SC", value=None, reason="one frame"),
        MetricRow(sample_id="d", cluster="d", metric="SC", value=None, reason="no weights"),
        MetricRow(sample_id="e", cluster="e", metric="SC", value=None, reason="no weights"),
    ]
    found = quick([], rows).metrics["SC"]
    assert found.edit.mean == pytest.approx(0.7)
    assert found.pooled == pytest.approx(0.6)
    assert (found.failed, list(found.reasons.items())) == (3, [("no weights", 2), ("one frame", 1)])


def test_a_metric_value_that_is_not_finite_is_an_error() -> None:
    with pytest.raises(DataError, match="a: value nan is not a finite number"):
        quick([], [metric("a", "TF", float("nan"))])


def test_a_sample_or_metric_value_that_stands_twice_is_an_error() -> None:
    with pytest.raises(DataError, match="a: the same sample stands twice"):
        quick([row("a", 1, 1, 1, 1), row("a", 2, 2, 2, 2)])
    with pytest.raises(DataError, match="TF of a: the same metric value stands twice"):
        quick([], [metric("a", "TF", 1.0), metric("a", "TF", 1.0)])


def test_a_broken_verdict_is_an_error_with_the_sample_id() -> None:
    with pytest.raises(DataError, match="fox: no score for EA, PC, GN, GR"):
        quick([row("fox")])


def test_adding_a_metric_or_category_changes_no_other_interval() -> None:
    rows = [row(f"s{i}", *([float(i)] * 4)) for i in range(8)]
    alone = quick(rows, [metric(f"s{i}", "TF", float(i)) for i in range(8)])
    more = quick(rows, [metric(f"s{i}", name, float(i)) for i in range(8) for name in ("AA", "TF", "ZZ")])
    assert more.overall == alone.overall
    assert more.metrics["TF"] == alone.metrics["TF"]
    assert more.metrics["AA"].edit.mean == more.metrics["TF"].edit.mean
    assert more.metrics["AA"].edit.ci95 != more.metrics["TF"].edit.ci95, "each quantity has a stream of its own"


def test_the_seed_decides_the_interval_and_not_the_mean() -> None:
    rows = [row(f"s{i}", *([float(i)] * 4)) for i in range(9)]
    one, again, other = (quick(rows, seed=seed) for seed in (1, 1, -2))
    assert one == again
    assert one.overall.mean == other.overall.mean
    assert one.overall.ci95 != other.overall.ci95


def test_the_numbers_of_a_fixed_run_are_the_ones_recorded() -> None:
    # Guards the promise that a re-derived report is identical, also under another numpy.
    rows = [row(f"s{i}", i % 11, (3 * i) % 11, 5, 7, cluster=f"c{i % 7}") for i in range(30)]
    found = summarise(rows, [], GEOMETRIC, seed=0).as_json()["overall"]
    assert found == {"mean": 4.737583, "ci95": [4.003621, 5.483053], "n": 30}


def test_json_has_the_documented_shape_and_plain_values() -> None:
    rows = [row("a", 6, 6, 6, 7), row("b", 5, 5, 5, 5, category="spatial"), row("c", status=Status.REFUSED)]
    found = quick(rows, [metric("a", "TF", 0.9, 0.8), metric("b", "TF", 0.7, 0.9)]).as_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert list(found) == ["coverage", "overall", "criteria", "metrics", "by_category"]
    assert found["coverage"] == {"n": 3, "ok": 2, "failed": 0, "refused": 1, "missing": 0, "unjudged": 0}
    assert list(found["overall"]) == ["mean", "ci95", "n"]
    assert list(found["criteria"]) == ["EA", "PC", "GN", "GR"]
    assert list(found["metrics"]["TF"]) == ["mean", "ci95", "n", "pooled", "failed", "reasons", "source", "delta"]
    assert list(found["metrics"]["TF"]["delta"]) == ["mean", "ci95", "n"]
    assert list(found["by_category"]["temporal"]) == ["n", "overall", "criteria"]
    assert found["by_category"]["temporal"]["n"] == 2
    assert found["overall"]["mean"] == round(found["overall"]["mean"], 6)
    assert all(type(end) is float for end in found["overall"]["ci95"])


def test_scoring_loads_neither_pandas_nor_torch_nor_scipy() -> None:
    code = "import sys, rvebench.scoring; print([m for m in ('pandas', 'torch', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@settings(max_examples=60, deadline=None)
@given(score_rows(), st.sampled_from(sorted(FORMULAS)), st.data(), st.sampled_from([*ZEROS]))
def test_deleting_any_output_never_raises_the_headline(
    rows: list[ScoreRow], name: str, data: st.DataObject, fate: Status
) -> None:
    victim = data.draw(st.integers(0, len(rows) - 1))
    deleted = [replace(r, status=fate, scores={}) if i == victim else r for i, r in enumerate(rows)]
    for exclude in (False, True):
        before, after = (quick(r, formula=FORMULAS[name], exclude_unjudged=exclude) for r in (rows, deleted))
        for of in ("overall", "macro"):
            mean_before, mean_after = getattr(before, of).mean, getattr(after, of).mean
            if mean_before is not None and mean_after is not None:
                assert mean_after <= mean_before
        if before.overall.mean is not None:
            assert after.overall.mean is not None
            assert after.overall.n >= before.overall.n


@settings(max_examples=40, deadline=None)
@given(score_rows(statuses=st.just(Status.OK)), st.sampled_from(sorted(FORMULAS)), st.data())
def test_deleting_an_edit_the_judge_failed_on_gains_nothing_over_any_verdict(
    rows: list[ScoreRow], name: str, data: st.DataObject
) -> None:
    # Deleting an unjudged edit ends the withholding; the number it then gives is the worst any verdict could have.
    victim = data.draw(st.integers(0, len(rows) - 1))
    unjudged, deleted = (
        [replace(r, status=status, scores={}) if i == victim else r for i, r in enumerate(rows)]
        for status in (Status.UNJUDGED, Status.MISSING)
    )
    assert quick(unjudged, formula=FORMULAS[name]).overall.mean is None
    judged, gone = (quick(r, formula=FORMULAS[name]).overall.mean for r in (rows, deleted))
    assert judged is not None and gone is not None
    assert gone <= judged


@settings(max_examples=40, deadline=None)
@given(score_rows(), st.sampled_from(sorted(FORMULAS)), st.integers(0, 2**32), st.booleans())
def test_reordering_samples_changes_nothing_to_the_last_bit(
    rows: list[ScoreRow], name: str, shuffle_seed: int, exclude: bool
) -> None:
    metrics = [metric(r.sample_id, m, i / 3, i / 7, r.cluster) for i, r in enumerate(rows) for m in ("TF", "MS")]
    mixed, mixed_metrics = list(rows), list(metrics)
    random.Random(shuffle_seed).shuffle(mixed)
    random.Random(shuffle_seed + 1).shuffle(mixed_metrics)
    first, second = (
        summarise(r, m, FORMULAS[name], seed=3, resamples=60, exclude_unjudged=exclude)
        for r, m in ((rows, metrics), (mixed, mixed_metrics))
    )
    assert repr(first) == repr(second)
    assert json.dumps(first.as_json()) == json.dumps(second.as_json())


@settings(max_examples=40, deadline=None)
@given(score_rows(statuses=st.just(Status.OK)))
def test_means_stay_in_0_to_10_and_intervals_too(rows: list[ScoreRow]) -> None:
    found = quick(rows)
    for estimate in (found.overall, found.macro, found.answered_only, *found.criteria.values()):
        assert estimate.mean is not None
        assert 0.0 <= estimate.mean <= 10.0
        if estimate.ci95 is not None:
            assert -1e-12 <= estimate.ci95[0] <= estimate.ci95[1] <= 10.0 + 1e-12
