"""Agreement of judges with people: coefficients with intervals, ceilings, Krippendorff's alpha, pairwise accuracy."""

from __future__ import annotations

from rvebench.scoring.agreement.krippendorff import ALPHA_METRICS, AlphaMetric, krippendorff_alpha
from rvebench.scoring.agreement.ratings import (
    JudgeScore,
    Rating,
    Ratings,
    SampleFacts,
    Scale,
    Verdicts,
    criterion_name,
    parse_ratings,
    parse_verdicts,
    read_ratings,
    read_verdicts,
)
from rvebench.scoring.agreement.report import measure_agreement
from rvebench.scoring.agreement.shapes import (
    MEASURES,
    AgreementReport,
    CriterionAgreement,
    Level,
    Measured,
    ReadingAgreement,
    ReadingDifference,
    TieCalibration,
)

__all__ = [
    "ALPHA_METRICS",
    "MEASURES",
    "AgreementReport",
    "AlphaMetric",
    "CriterionAgreement",
    "JudgeScore",
    "Level",
    "Measured",
    "Rating",
    "Ratings",
    "ReadingAgreement",
    "ReadingDifference",
    "SampleFacts",
    "Scale",
    "TieCalibration",
    "Verdicts",
    "criterion_name",
    "krippendorff_alpha",
    "measure_agreement",
    "parse_ratings",
    "parse_verdicts",
    "read_ratings",
    "read_verdicts",
]
