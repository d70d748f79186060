"""Pure functions from records to numbers: formulas, summaries with intervals, paired comparison."""

from __future__ import annotations

from rvebench.scoring.all_pairs import Scoreboard, pairwise_p
from rvebench.scoring.bootstrap import DEFAULT_METHOD, DEFAULT_RESAMPLES, IntervalMethod
from rvebench.scoring.compare import PairedEstimate, Reading, RunComparison, compare_runs
from rvebench.scoring.formulas import DEFAULT_FORMULA, FORMULAS, Formula, check_scores, get_formula
from rvebench.scoring.letters import compact_letters, letter_names
from rvebench.scoring.paired import DEFAULT_PERMUTATIONS, detectable_difference, holm, paired_power, required_pairs
from rvebench.scoring.shapes import (
    CategorySummary,
    Coverage,
    Estimate,
    MetricRow,
    MetricSummary,
    ScoreRow,
    Summary,
    count_coverage,
)
from rvebench.scoring.spread import CriterionSpread, JudgePair, JudgeRow, JudgeSpread, Spread, judge_spread, spread_of
from rvebench.scoring.standings import Standing, rank_intervals, rank_systems
from rvebench.scoring.summary import score_sample, summarise

__all__ = [
    "DEFAULT_FORMULA",
    "DEFAULT_METHOD",
    "DEFAULT_PERMUTATIONS",
    "DEFAULT_RESAMPLES",
    "FORMULAS",
    "CategorySummary",
    "Coverage",
    "CriterionSpread",
    "Estimate",
    "Formula",
    "IntervalMethod",
    "JudgePair",
    "JudgeRow",
    "JudgeSpread",
    "MetricRow",
    "MetricSummary",
    "PairedEstimate",
    "Reading",
    "RunComparison",
    "ScoreRow",
    "Scoreboard",
    "Spread",
    "Standing",
    "Summary",
    "check_scores",
    "compact_letters",
    "compare_runs",
    "count_coverage",
    "detectable_difference",
    "get_formula",
    "holm",
    "judge_spread",
    "letter_names",
    "paired_power",
    "pairwise_p",
    "rank_intervals",
    "rank_systems",
    "required_pairs",
    "score_sample",
    "spread_of",
    "summarise",
]
