from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rvebench.science.calibration import CriticRow, correlation, reliability, soft_against_hard

RULE = {"seed": 1, "resamples": 500}


def rows(n: int = 400, *, noise: float = 0.15, families: int = 20) -> list[CriticRow]:
    rng = np.random.default_rng(n)
    quality = rng.uniform(-0.2, 1.0, n)
    p_yes = np.clip(quality + rng.normal(0, noise, n), 0.001, 0.999)
    return [
        CriticRow(
            sample_id=f"s{i}",
            cluster=f"f{i % families}",
            kind="rung",
            p_yes=float(p_yes[i]),
            quality=float(quality[i]),
            success=float(quality[i] > 0.5),
        )
        for i in range(n)
    ]


def test_both_readings_are_scipys_coefficients_and_their_difference_is_paired() -> None:
    edits = rows()
    found = soft_against_hard(edits, name="mixed", **RULE)
    p_yes, quality = np.array([r.p_yes for r in edits]), np.array([r.quality for r in edits])
    hard = (p_yes > 0.5).astype(float)
    assert found.soft_spearman.value == pytest.approx(stats.spearmanr(p_yes, quality).statistic, abs=1e-9)
    assert found.hard_spearman.value == pytest.approx(stats.spearmanr(hard, quality).statistic, abs=1e-9)
    assert found.soft_pearson.value == pytest.approx(stats.pearsonr(p_yes, quality).statistic, abs=1e-9)
    gap = found.difference_spearman
    assert gap.value == pytest.approx(found.soft_spearman.value - found.hard_spearman.value)
    assert gap.ci95 is not None and gap.ci95[0] > 0
    lone = found.soft_spearman.ci95 or (0, 0)
    assert gap.ci95[1] - gap.ci95[0] < 2 * (lone[1] - lone[0]) + 0.05


def test_a_critic_that_always_says_yes_has_no_hard_correlation_and_says_so() -> None:
    edits = [
        CriticRow(**{**{k: getattr(r, k) for k in r.__dataclass_fields__}, "p_yes": 0.6 + 0.3 * (r.quality > 0)})
        for r in rows()
    ]
    found = soft_against_hard(edits, name="yes", **RULE)
    assert found.hard_spearman.value is None and "constant" in found.hard_spearman.reason
    assert found.difference_spearman.value is None


def test_noise_on_the_verdict_lowers_the_correlation() -> None:
    clear, dim = (correlation(rows(noise=noise), name="c", **RULE).value or 0 for noise in (0.05, 0.8))
    assert clear > dim


def test_reliability_is_that_of_a_plain_loop_over_bins() -> None:
    edits = rows()
    found = reliability(edits, bins=5, name="r", **RULE)
    ece = 0.0
    for index, each in enumerate(found.bins):
        inside = [r for r in edits if min(4, int(r.p_yes * 5)) == index]
        assert each.n == len(inside)
        if inside:
            gap = np.mean([r.success for r in inside]) - np.mean([r.p_yes for r in inside])
            ece += abs(gap) * len(inside) / len(edits)
    assert found.ece.value == pytest.approx(ece)
    assert found.brier.value == pytest.approx(np.mean([(r.p_yes - r.success) ** 2 for r in edits]))
    assert found.ece.ci95 is not None


def test_a_bin_without_edits_has_no_rate() -> None:
    edits = [r for r in rows() if r.p_yes > 0.5]
    found = reliability(edits, bins=2, name="empty", **RULE)
    assert found.bins[0].n == 0 and found.bins[0].success is None
