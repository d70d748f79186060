"""Against the published tables, and against the coincidence matrices of Krippendorff (2011) written out as loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvebench.errors import UsageError
from rvebench.scoring.agreement import ALPHA_METRICS, AlphaMetric, krippendorff_alpha
from rvebench.scoring.agreement.krippendorff import prepare_alpha
from rvebench.scoring.agreement.resample import Resampler


def table(*raters: str) -> np.ndarray:
    """Returns units by raters; '.' is missing."""
    rows = [[np.nan if cell == "." else float(ord(cell)) for cell in rater.replace(" ", "")] for rater in raters]
    return np.array(rows).T


# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011).
BINARY = table("1 1 0 0 0 0 0 0 0 0", "0 1 1 0 0 1 0 1 0 0")
NOMINAL = table("a a b b d c c c e d d a", "b a b b b c c c e d d d")
FOUR = table("1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 .")

# Hayes and Krippendorff, Communication Methods and Measures 1 (2007), table 1: 40 articles, five observers.
HAYES = table(
    "112.001122.01311211000201001111223222221",
    "1130000.21102311121000302102111122222221",
    "203000222100221123001.30.1012202.2232.21",
    ".13....0.10022...31.103021122..122...12.",
    "2..0001.2....3112..0.0..2.0..20.2.2222.1",
)


def alpha_by_coincidences(ratings: np.ndarray, metric: AlphaMetric) -> float:
    """The paper's section D as it is written: coincidence matrix, then alpha."""
    units = [row[~np.isnan(row)].tolist() for row in ratings]
    units = [unit for unit in units if len(unit) >= 2]
    values = sorted({value for unit in units for value in unit})
    coincidences = np.zeros((len(values), len(values)))
    for unit in units:
        for i, one in enumerate(unit):
            for j, other in enumerate(unit):
                if i != j:
                    coincidences[values.index(one), values.index(other)] += 1.0 / (len(unit) - 1)
    n_c = coincidences.sum(axis=1)
    n = n_c.sum()

    def delta(c: int, k: int) -> float:
        if metric == "nominal":
            return float(c != k)
        if metric == "interval":
            return float((values[c] - values[k]) ** 2)
        low, high = min(c, k), max(c, k)
        return float((n_c[low : high + 1].sum() - (n_c[c] + n_c[k]) / 2.0) ** 2)

    size = range(len(values))
    observed = sum(coincidences[c, k] * delta(c, k) for c in size for k in size)
    expected = sum(n_c[c] * n_c[k] * delta(c, k) for c in size for k in size)
    return float("nan") if expected == 0 else 1.0 - (n - 1.0) * observed / expected


@pytest.mark.parametrize(
    ("ratings", "metric", "published", "digits"),
    [
        (BINARY, "nominal", 0.095, 3),
        (NOMINAL, "nominal", 0.692, 3),
        (FOUR, "nominal", 0.743, 3),
        (FOUR, "ordinal", 0.815, 3),
        (FOUR, "interval", 0.849, 3),
        (HAYES, "ordinal", 0.7598, 4),
        (HAYES, "nominal", 0.4765, 4),
        (HAYES, "interval", 0.7574, 4),
    ],
)
def test_alpha_is_the_published_one(ratings: np.ndarray, metric: AlphaMetric, published: float, digits: int) -> None:
    assert round(krippendorff_alpha(ratings, metric), digits) == published


def test_the_interval_is_that_of_a_plain_bootstrap_over_units_and_wider_than_the_published_one() -> None:
    """Hayes and Krippendorff give 0.7078 to 0.8078 by resampling pairs of values as if they were independent, which
    Zapf et al. (BMC Medical Research Methodology 16:93, 2016) find too narrow; they too resample units.
    """
    resampler = Resampler([f"{unit:02}" for unit in range(40)], seed=0, name="alpha", resamples=4000)
    found = resampler.measure(resampler.draw(prepare_alpha(HAYES, "ordinal")), n=40)
    rng = np.random.default_rng(1)
    loop = [alpha_by_coincidences(HAYES[rng.integers(0, 40, 40)], "ordinal") for _ in range(600)]
    assert found.ci95 is not None
    # Ours is a little wider by the factor for few clusters.
    assert found.ci95 == pytest.approx(np.quantile(loop, [0.025, 0.975]).tolist(), abs=0.03)
    assert found.ci95[0] < 0.7078 < 0.8078 < found.ci95[1]


ratings_tables = st.lists(
    st.lists(st.sampled_from([np.nan, 0.0, 1.0, 2.0, 2.5, 7.0]), min_size=3, max_size=3), min_size=1, max_size=12
)


@pytest.mark.parametrize("metric", ALPHA_METRICS)
@given(rows=ratings_tables)
def test_alpha_is_what_the_coincidence_matrix_gives(metric: AlphaMetric, rows: list[list[float]]) -> None:
    ratings = np.array(rows)
    found = krippendorff_alpha(ratings, metric)
    assert found == pytest.approx(alpha_by_coincidences(ratings, metric), nan_ok=True, abs=1e-9)
    assert np.isnan(found) or found <= 1.0 + 1e-12


@pytest.mark.parametrize("metric", ALPHA_METRICS)
def test_a_weight_is_a_unit_that_stands_so_often(metric: AlphaMetric) -> None:
    rng = np.random.default_rng(0)
    for times in (rng.integers(0, 4, len(FOUR)) for _ in range(20)):
        wanted = alpha_by_coincidences(np.repeat(FOUR, times, axis=0), metric)
        assert prepare_alpha(FOUR, metric)(times[None].astype(float))[0] == pytest.approx(wanted, nan_ok=True)


def test_a_rater_more_who_rated_nothing_changes_nothing() -> None:
    wider = np.column_stack([FOUR, np.full(len(FOUR), np.nan)])
    assert krippendorff_alpha(wider) == krippendorff_alpha(FOUR)


@pytest.mark.parametrize("metric", ALPHA_METRICS)
def test_full_agreement_is_1_and_no_variation_has_no_value(metric: AlphaMetric) -> None:
    assert krippendorff_alpha(np.array([[1.0, 1.0], [4.0, 4.0]]), metric) == 1.0
    assert np.isnan(krippendorff_alpha(np.array([[3.0, 3.0], [3.0, 3.0]]), metric))
    assert np.isnan(krippendorff_alpha(np.array([[1.0, np.nan], [np.nan, 2.0]]), metric))


def test_an_unknown_metric_is_named() -> None:
    with pytest.raises(UsageError, match="ratio"):
        krippendorff_alpha(FOUR, "ratio")  # type: ignore[arg-type]
