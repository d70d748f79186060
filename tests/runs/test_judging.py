"""Which judge a run has, as its options name it: what is in its digest, and which models it will ask."""

from __future__ import annotations

import pytest

from rvebench.errors import UsageError
from rvebench.judges import build_judge
from rvebench.judges.llm import Connection
from rvebench.runs import Judging, build_scorers
from rvebench.runs.asking import models_of
from rvebench.runs.batching import batched_judges

DRY = Connection(needs_key=False)


def digest(spec: str, *, repeats: int = 1, quorum: int | None = None) -> str:
    judging = Judging(spec=spec, repeats=repeats, quorum=quorum)
    scorers = build_scorers(judge=judging, metrics="none", formula="geometric", exclude_unjudged=False, dry=True)
    assert scorers.scoring.judge is not None
    return scorers.scoring.judge.digest


def test_a_quorum_is_in_the_hash_of_what_is_scored() -> None:
    everyone = digest("reference", repeats=3)
    assert digest("reference", repeats=3, quorum=3) == everyone
    assert len({everyone, digest("reference", repeats=3, quorum=2), digest("reference", repeats=3, quorum=1)}) == 3
    assert digest("gpt-4o,reference", quorum=1) != digest("gpt-4o,reference")


@pytest.mark.parametrize(("spec", "repeats", "quorum"), [("reference", 1, 2), ("gpt-4o,reference", 3, 3)])
def test_a_quorum_that_cannot_be_met_is_refused(spec: str, repeats: int, quorum: int) -> None:
    with pytest.raises(UsageError, match=f"a quorum of {quorum} cannot be reached"):
        digest(spec, repeats=repeats, quorum=quorum)


def test_every_member_of_a_panel_is_priced_by_its_own_model() -> None:
    panel = build_judge("gpt-4o,openai:gpt-4o-mini,reference", DRY, repeats=2)
    assert models_of(panel) == ("gpt-4o", "gpt-4o-mini")
    assert models_of(build_judge("reference")) == models_of(None) == ()


def test_of_a_panel_those_behind_a_service_are_batched_each_repeat_by_itself() -> None:
    panel = build_judge("gpt-4o,openai:gpt-4o-mini,reference", DRY, repeats=2)
    batched = batched_judges(panel)
    assert [judge.info.model for judge in batched] == ["gpt-4o", "gpt-4o", "gpt-4o-mini", "gpt-4o-mini"]
    assert len({judge.info.digest for judge in batched}) == 4
    for nobody in (build_judge("reference"), build_judge("reference", repeats=2), None):
        with pytest.raises(UsageError, match="--batch is for judges behind a chat service"):
            batched_judges(nobody)
