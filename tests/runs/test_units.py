"""What the journal keeps of a verdict comes back whole."""

from __future__ import annotations

from rvebench.records import Usage, Verdict, VerdictPart, canonical_json
from rvebench.runs.units import verdict_from_json, verdict_to_json
from rvebench.taxonomy import Criterion, Status

WHOLE = VerdictPart(
    judge="gpt-4o",
    repeat=1,
    status=Status.OK,
    scores={Criterion.EA: 7.5},
    rationale={Criterion.EA: "shorter"},
    returned_model="gpt-4o-2024-11-20",
    raw='{"EA": 7.5}',
    usage=Usage(input_tokens=10, output_tokens=2, cost_usd=0.5, unpriced=1),
    measures={"soft_EA": 0.7},
)
FAILED = VerdictPart(judge="reference", status=Status.UNJUDGED, reason="no target")


def test_the_parts_of_a_panels_verdict_come_back_whole() -> None:
    verdict = Verdict(sample_id="s1", status=Status.UNJUDGED, reason="1 of 2 answered", parts=(WHOLE, FAILED))
    line = verdict_to_json(verdict)
    assert canonical_json(line)
    assert verdict_from_json(line) == verdict


def test_a_verdict_without_parts_is_written_as_before() -> None:
    verdict = Verdict(sample_id="s1", status=Status.OK, scores={Criterion.EA: 3.0})
    assert verdict_to_json(verdict) == {"unit": "verdict", "sample": "s1", "status": "ok", "scores": {"EA": 3.0}}
    assert verdict_from_json(verdict_to_json(verdict)) == verdict
