"""Rows for the tests: made by hand, or drawn by hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from rvebench.scoring import MetricRow, ScoreRow
from rvebench.taxonomy import Criterion, Status, Subset, criteria_for, reasoning_types_of

EA, PC, GN, GR = Criterion.EA, Criterion.PC, Criterion.GN, Criterion.GR


def row(
    sample_id: str,
    *scores: float,
    status: Status = Status.OK,
    subset: Subset = Subset.RAVE,
    category: str = "temporal",
    cluster: str = "",
    digest: str = "",
) -> ScoreRow:
    """A row with its scores in the criteria's order; a cluster of its own unless one is named."""
    return ScoreRow(
        sample_id=sample_id,
        subset=subset,
        category=category,
        cluster=cluster or sample_id,
        status=status,
        scores=dict(zip(criteria_for(subset), scores, strict=True)) if scores else {},
        digest=digest,
    )


def metric(
    sample_id: str, name: str, value: float | None, source_value: float | None = None, cluster: str = ""
) -> MetricRow:
    return MetricRow(
        sample_id=sample_id, cluster=cluster or sample_id, metric=name, value=value, source_value=source_value
    )


ten = st.floats(0.0, 10.0, allow_nan=False)
judged_or_not = st.sampled_from([Status.OK, Status.OK, Status.OK, *(s for s in Status if s is not Status.OK)])


@st.composite
def score_rows(
    draw: st.DrawFn, *, statuses: st.SearchStrategy[Status] = judged_or_not, most: int = 12
) -> list[ScoreRow]:
    """One to `most` rows over both subsets, some sharing a cluster."""
    rows = []
    for index in range(draw(st.integers(1, most))):
        subset = draw(st.sampled_from([Subset.RAVE, Subset.ICVG]))
        status = draw(statuses)
        rows.append(
            ScoreRow(
                sample_id=f"s{index:02}",
                subset=subset,
                category=draw(st.sampled_from(reasoning_types_of(subset))).value,
                cluster=draw(st.sampled_from(["u", "v", "w", f"own{index}"])),
                status=status,
                scores={c: draw(ten) for c in criteria_for(subset)} if status is Status.OK else {},
            )
        )
    return rows
