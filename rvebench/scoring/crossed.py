"""Means over two crossed random factors, such as samples and raters: the pigeonhole bootstrap and its correction.

Everybody answers on many samples, and a sample is answered by many people. Answers on one sample share its difficulty,
answers of one rater share a taste; both are random, and crossed. The pigeonhole bootstrap (Owen, Annals of Applied
Statistics 1(2), 2007) draws rows with replacement and, on its own, columns with replacement; a cell counts as often as
its row times as often as its column. The variance of its means is too large: where a mean has

    V = A s_row^2 + B s_col^2 + C s_cell^2,   A = sum_k n_k.^2 / n^2,  B = sum_r n_.r^2 / n^2,  C = sum n_kr^2 / n^2,

resampled means have about ``A s_row^2 + B s_col^2 + 3 C s_cell^2``: what a cell has of its own is drawn once with its
row, once with its column, and once with both. For answers that are a win or a loss the cell's own
part is the largest, so that uncorrected intervals hold the truth too often (docs/study-analysis.md has the figures).
The three parts are therefore estimated from the data by unbiased moments (Gao and Owen, Electronic Journal of
Statistics 11(1), 2017, section 3), and the spread of the draws is shrunk by the ratio that they give.

An interval is a Student t interval on a scale without ends (the logit of a share), with Satterthwaite's degrees of
freedom: fifteen raters tell as much of the spread of raters as any fifteen numbers, however many samples they saw.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rvebench.scoring.bootstrap import named_stream

__all__ = [
    "CrossedVariance",
    "Pigeonhole",
    "Share",
    "crossed_variance",
    "draw_times",
    "pigeonhole_means",
    "share_interval",
    "symmetric_interval",
]

Floats = NDArray[np.float64]
_CHUNK_ROWS = 512
_TAIL = 0.025

_MOST_TAKEN = 0.75
"""Share of the cells' part that rows and columns may take away. Where neither has a part, unbiased estimates of theirs
are below 0 as often as above: cut at 0, intervals would be too wide, and uncut, the variance could vanish by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossedVariance:
    """Where the uncertainty of a mean over crossed rows and columns comes from."""

    of_rows: float
    """What rows add to the variance of the mean; may be below 0, as unbiased estimates are."""
    of_columns: float
    of_cells: float
    variance: float
    """Of the mean, at least 0: the three together, where rows and columns take at most three quarters of the cells'."""
    freedom: float
    """Satterthwaite's degrees of freedom, at least 1."""
    inflation: float
    """How many times as large the variance of pigeonhole draws is: about 3 where cells decide, below 1 where few
    rows or columns do."""
    fewest: float
    """The smaller of the effective numbers of rows and columns."""


class Share(NamedTuple):
    """A share of 0 to 1 and what is known of it."""

    value: float
    ci95: tuple[float, float] | None
    """None below two rows or two columns."""
    p: float | None
    """Two-sided, of "it is one half"; None where there is no interval."""


class Pigeonhole:
    """Draws rows and columns with replacement, each on its own; every quantity then sees the same resamples.

    Args:
        rows: how many there are.
        columns: how many there are.
        seed: of the draws.
        name: of what is measured, so that measuring more changes nothing here.
        resamples: how many.
    """

    def __init__(self, rows: int, columns: int, *, seed: int, name: str, resamples: int) -> None:
        rng = named_stream(seed, name)
        self.row_times = draw_times(rng, resamples, rows)
        """How often each row counts in each resample (B, K)."""
        self.column_times = draw_times(rng, resamples, columns)
        """How often each column counts in each resample (B, R)."""

    def sums(self, values_KR: Floats) -> Floats:
        """Returns the sum of the cells in each resample (B,), each as often as its row times its column."""
        found: Floats = ((self.row_times @ values_KR) * self.column_times).sum(axis=1)
        return found


def draw_times(rng: np.random.Generator, resamples: int, count: int) -> Floats:
    """Returns how often each of `count` things is drawn in each resample, from raw words as `bootstrap.draw_means`."""
    words = rng.integers(0, np.iinfo(np.uint64).max, size=(resamples, count), dtype=np.uint64, endpoint=True)
    picks = ((words >> np.uint64(32)) * np.uint64(count) >> np.uint64(32)).astype(np.int64)
    offsets = picks + np.arange(resamples, dtype=np.int64)[:, None] * count
    counted = np.bincount(offsets.reshape(-1), minlength=resamples * count).reshape(resamples, count)
    return counted.astype(np.float64)


def pigeonhole_means(sums_SK: Floats, sizes_SK: Floats, row_times: Floats, column_times: Floats) -> Floats:
    """Returns the mean of each resample that drew anything.

    Args:
        sums_SK: sums of the values in each cell.
        sizes_SK: how many there are.
        row_times: how often each of the S rows is drawn in each resample.
        column_times: how often each of the K columns is.
    """
    resamples = len(row_times)
    means = np.empty(resamples)
    for start in range(0, resamples, _CHUNK_ROWS):
        part = slice(start, start + _CHUNK_ROWS)
        sums = np.einsum("rs,sk,rk->r", row_times[part], sums_SK, column_times[part], optimize=True)
        sizes = np.einsum("rs,sk,rk->r", row_times[part], sizes_SK, column_times[part], optimize=True)
        means[part] = np.divide(sums, sizes, out=np.full(len(sums), np.nan), where=sizes > 0)
    return means[~np.isnan(means)]


def crossed_variance(sums_KR: Floats, sizes_KR: Floats) -> CrossedVariance | None:
    """Returns what is known of the variance of the mean of all values, sum of `sums_KR` over sum of `sizes_KR`.

    Cells are taken by their means, as if each had one value: the cell's part is estimated as it is, whatever its size.
    Where no row was seen by two columns, what rows add cannot be told from what cells add, and stands in `of_cells`;
    likewise the other way round.

    Returns:
        None below two columns or two rows: a spread that nothing shows is no number.
    """
    there = sizes_KR > 0
    in_rows, in_columns = there.sum(axis=1).astype(np.float64), there.sum(axis=0).astype(np.float64)
    rows, columns = int(np.count_nonzero(in_rows)), int(np.count_nonzero(in_columns))
    if rows < 2 or columns < 2:
        return None
    means = np.divide(sums_KR, sizes_KR, out=np.zeros_like(sums_KR), where=there)
    n = sizes_KR.sum()
    # Moments are of differences: taken from the middle, they do not cancel.
    means = np.where(there, means - sums_KR.sum() / n, 0.0)
    weight_row = float((sizes_KR.sum(axis=1) ** 2).sum() / n**2)
    weight_column = float((sizes_KR.sum(axis=0) ** 2).sum() / n**2)
    weight_cell = float((sizes_KR**2).sum() / n**2)
    row, column, cell = _components(means, there, in_rows, in_columns)
    of_rows, of_columns, of_cells = weight_row * row, weight_column * column, weight_cell * cell
    squares_KR = sizes_KR**2
    drawn = row * _drawn(squares_KR, n, columns) + column * _drawn(squares_KR.T, n, rows)
    drawn = max(drawn, -_MOST_TAKEN * of_cells)
    drawn += of_cells * ((2 - 1 / rows) * (2 - 1 / columns) - 1)
    variance = max(of_rows + of_columns, -_MOST_TAKEN * of_cells) + of_cells
    # An effect's mean square has the cell's part in it; the degrees of freedom are those of equally large rows.
    squares = (
        max(0.0, of_rows + of_cells) ** 2 / max(1.0, 1 / weight_row - 1)
        + max(0.0, of_columns + of_cells) ** 2 / max(1.0, 1 / weight_column - 1)
        + of_cells**2 / max(1, (rows - 1) * (columns - 1))
    )
    return CrossedVariance(
        of_rows=of_rows,
        of_columns=of_columns,
        of_cells=of_cells,
        variance=variance,
        freedom=max(1.0, variance**2 / squares) if squares > 0 else 1.0,
        inflation=drawn / variance if variance > 0 else 1.0,
        fewest=min(1 / weight_row, 1 / weight_column),
    )


def _components(
    means_KR: Floats, there_KR: NDArray[np.bool_], in_K: Floats, in_R: Floats
) -> tuple[float, float, float]:
    """Returns the variances of row effects, column effects and cells, by moments; the last is at least 0."""
    rows, columns = int(np.count_nonzero(in_K)), int(np.count_nonzero(in_R))
    n = float(there_KR.sum())
    square = float((means_KR**2).sum())
    within_rows = square - float((means_KR.sum(axis=1) ** 2 / np.maximum(in_K, 1)).sum())
    within_columns = square - float((means_KR.sum(axis=0) ** 2 / np.maximum(in_R, 1)).sum())
    total = n * square - float(means_KR.sum()) ** 2
    row_pairs, column_pairs = n**2 - float((in_K**2).sum()), n**2 - float((in_R**2).sum())
    if n == rows and n == columns:
        return 0.0, 0.0, total / (n**2 - n)
    if n == rows:
        # Nobody shares a row: rows stand in the cells, and columns are groups of them.
        cell = within_columns / (n - columns)
        return 0.0, (total - cell * (n**2 - n)) / column_pairs, max(0.0, cell)
    if n == columns:
        cell = within_rows / (n - rows)
        return (total - cell * (n**2 - n)) / row_pairs, 0.0, max(0.0, cell)
    system = np.array(
        [
            [0.0, n - rows, n - rows],
            [n - columns, 0.0, n - columns],
            [row_pairs, column_pairs, n**2 - n],
        ]
    )
    row, column, cell = np.linalg.solve(system, [within_rows, within_columns, total])
    return float(row), float(column), max(0.0, float(cell))


def _drawn(squares_KR: Floats, n: float, columns: int) -> float:
    """Returns how often the variance of a row effect counts in the variance of pigeonhole means.

    A row counts as often as it is drawn times the drawn columns that have it; in a full table the latter is fixed.
    """
    sizes_K = np.sqrt(squares_KR).sum(axis=1)
    rows = int(np.count_nonzero(sizes_K))
    own = (1 - 1 / rows) * sizes_K**2
    through_columns = (2 - 1 / rows) * (squares_KR.sum(axis=1) - sizes_K**2 / columns)
    return float((own + through_columns).sum() / n**2)


def symmetric_interval(
    value: float, draws: Floats, spread: CrossedVariance | None, *, scale: float = 1.0
) -> tuple[float, float] | None:
    """Returns the 95 % interval of a quantity that has no ends, such as a log-strength.

    Args:
        value: the quantity.
        draws: the same of each pigeonhole resample.
        spread: of the quantity, linearised: what corrects the spread of the draws.
        scale: standard deviations of the quantity for one of `spread`, where the draws are all alike.

    Returns:
        Low and high end; None where nothing shows a spread.
    """
    if spread is None:
        return None
    reach = _student(spread.freedom) * _deviation(draws, spread, scale)
    return value - reach, value + reach


def share_interval(sums_KR: Floats, sizes_KR: Floats, pigeonhole: Pigeonhole) -> Share:
    """Returns a share of 0 to 1, such as a win rate, with its 95 % interval.

    Where every value is 0, or every value is 1, no draw differs. The interval then reaches to the share that as many
    independent values as there are rows or columns, whichever are fewer, would all have matched with probability 2.5 %
    (Clopper and Pearson, Biometrika 26, 1934).

    Args:
        sums_KR: sums of values in 0..1 by row and column.
        sizes_KR: how many there are; at least one in all.
        pigeonhole: the resamples.
    """
    wins, n = float(sums_KR.sum()), float(sizes_KR.sum())
    share = wins / n
    spread = crossed_variance(sums_KR, sizes_KR)
    if spread is None:
        return Share(share, None, None)
    if wins <= 0.0 or wins >= n:
        fewest = max(1.0, spread.fewest)
        reach = _TAIL ** (1.0 / fewest)
        return Share(share, (0.0, 1.0 - reach) if wins <= 0.0 else (reach, 1.0), min(1.0, 2.0 * 0.5**fewest))
    drawn_wins, drawn = pigeonhole.sums(sums_KR), pigeonhole.sums(sizes_KR)
    # Half a win and half a loss more: a resample without a loss would have no logit.
    draws = np.log((drawn_wins + 0.5) / (drawn - drawn_wins + 0.5))[drawn > 0]
    logit = math.log(share / (1.0 - share))
    deviation = _deviation(draws, spread, 1.0 / (share * (1.0 - share)))
    reach = _student(spread.freedom) * deviation
    return Share(
        share,
        (_from_logit(logit - reach), _from_logit(logit + reach)),
        _two_sided(logit / deviation, spread.freedom) if deviation > 0 else float(logit == 0.0),
    )


def _deviation(draws: Floats, spread: CrossedVariance, scale: float) -> float:
    deviation = float(draws.std()) / math.sqrt(spread.inflation)
    return deviation if deviation > 0.0 else math.sqrt(spread.variance) * scale


def _from_logit(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(value, -700.0), 700.0)))


def _student(freedom: float) -> float:
    from scipy.special import stdtrit

    return -float(stdtrit(freedom, _TAIL))


def _two_sided(t: float, freedom: float) -> float:
    from scipy.special import stdtr

    return min(1.0, 2.0 * float(stdtr(freedom, -abs(t))))
