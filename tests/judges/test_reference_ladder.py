"""The reference judge against edits whose quality is known by construction."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from rvebench.records import Verdict
from rvebench.taxonomy import CRITERIA, Criterion, Status
from tests.judges.conftest import Ladder
from tests.judges.ladder import (
    GRADES,
    drawn_scene,
    flickering,
    noisy,
    real_scene,
    recompressed,
    tinted,
    verdict_on,
)

EA, PC, GN, GR = CRITERIA
DOCS = Path(__file__).parents[2] / "docs" / "judges" / "reference.md"


def score(ladder: Ladder, name: str, criterion: Criterion) -> float:
    return ladder[name].scores[criterion]


def test_the_exact_target_earns_ten_on_everything(local_ladder: Ladder) -> None:
    assert set(local_ladder["exact target"].scores.values()) == {10.0}


def test_a_recompressed_target_keeps_nine_on_everything(local_ladder: Ladder) -> None:
    assert min(local_ladder["recompressed target"].scores.values()) >= 9


def test_an_untouched_copy_has_edited_nothing_and_kept_everything(local_ladder: Ladder) -> None:
    assert local_ladder["no-op copy"].scores == {EA: 0.0, PC: 10.0, GN: 10.0, GR: 10.0}


def test_half_way_lies_between_copy_and_target(local_ladder: Ladder) -> None:
    assert 3.5 <= score(local_ladder, "half-way", EA) <= 6.5
    assert min(local_ladder["half-way"].scores[c] for c in (PC, GN, GR)) >= 9


def test_a_wrong_video_has_neither_edited_nor_kept_anything(local_ladder: Ladder) -> None:
    assert score(local_ladder, "wrong video", EA) <= 0.3
    assert score(local_ladder, "wrong video", PC) <= 0.3
    assert score(local_ladder, "wrong video", GN) >= 8
    assert score(local_ladder, "wrong video", GR) >= 8


def test_flicker_does_not_fool_the_state_and_is_paid_for_in_naturalness(local_ladder: Ladder) -> None:
    assert score(local_ladder, "flicker", EA) >= 7
    assert score(local_ladder, "flicker", GN) <= 1
    assert score(local_ladder, "flicker", PC) <= 5


def test_a_tint_does_not_fool_the_state_and_is_paid_for_in_preservation(local_ladder: Ladder) -> None:
    assert score(local_ladder, "background tint", EA) >= 9.5
    assert 3 <= score(local_ladder, "background tint", PC) <= 6
    assert score(local_ladder, "background tint", GN) >= 8


def test_a_late_switch_is_not_hidden_by_a_median_over_frames(local_ladder: Ladder) -> None:
    assert 1.5 <= score(local_ladder, "late switch", EA) <= 3.5
    assert 3 <= score(local_ladder, "late switch", GN) <= 6
    assert score(local_ladder, "late switch", PC) == 10
    assert local_ladder["late switch"].measures["progress_last"] == 1.0


def test_blur_costs_realism_alone(local_ladder: Ladder) -> None:
    assert 3.5 <= score(local_ladder, "blurred", GR) <= 7
    assert min(local_ladder["blurred"].scores[c] for c in (EA, PC, GN)) >= 8


def test_noise_costs_realism_most(local_ladder: Ladder) -> None:
    noise = local_ladder["noise"].scores
    assert noise[GR] <= 3.5
    assert noise[GN] <= 7
    assert noise[PC] <= 8
    assert noise[EA] >= 8.5


def test_a_frozen_frame_is_not_natural(local_ladder: Ladder) -> None:
    assert score(local_ladder, "frozen frame", GN) <= 1
    assert score(local_ladder, "frozen frame", GR) >= 9


def test_an_over_edit_is_paid_for_in_preservation(local_ladder: Ladder) -> None:
    assert score(local_ladder, "channel roll", PC) <= 7
    assert score(local_ladder, "channel roll", EA) >= 6


@pytest.mark.parametrize(
    ("criterion", "order"),
    [
        (EA, ["wrong video", "late switch", "half-way", "noise", "exact target"]),
        (EA, ["no-op copy", "late switch", "half-way", "channel roll", "exact target"]),
        (PC, ["wrong video", "flicker", "background tint", "noise", "blurred"]),
        (GN, ["flicker", "late switch", "noise", "wrong video"]),
        (GN, ["frozen frame", "late switch", "exact target"]),
        (GR, ["noise", "blurred", "recompressed target"]),
    ],
)
def test_scores_stand_in_the_constructed_order(local_ladder: Ladder, criterion: Criterion, order: list[str]) -> None:
    scores = [score(local_ladder, name, criterion) for name in order]
    assert scores == sorted(scores), dict(zip(order, scores, strict=True))


def rank_correlation(ladder: Ladder, criterion: Criterion) -> float:
    index = CRITERIA.index(criterion)
    names = list(GRADES)
    return float(
        spearmanr([GRADES[name][index] for name in names], [score(ladder, name, criterion) for name in names]).statistic
    )


@pytest.mark.parametrize(("criterion", "least"), [(EA, 0.8), (PC, 0.85), (GN, 0.7), (GR, 0.35)])
def test_each_criterion_ranks_as_constructed(local_ladder: Ladder, criterion: Criterion, least: float) -> None:
    assert rank_correlation(local_ladder, criterion) >= least


def test_a_global_edit_is_measured_over_the_whole_frame(evening_ladder: Ladder) -> None:
    assert all(verdict.measures["region_is_global"] == 1 for verdict in evening_ladder.values())
    assert all("outside_psnr_db" not in verdict.measures for verdict in evening_ladder.values())
    assert set(evening_ladder["exact target"].scores.values()) == {10.0}
    assert min(evening_ladder["recompressed target"].scores.values()) >= 9
    assert evening_ladder["no-op copy"].scores[EA] == 0
    assert evening_ladder["no-op copy"].scores[PC] == 10
    assert 3.5 <= evening_ladder["half-way"].scores[EA] <= 6.8
    assert evening_ladder["flicker"].scores[EA] >= 7
    assert evening_ladder["flicker"].scores[GN] <= 1
    assert 1.5 <= evening_ladder["late switch"].scores[EA] <= 3.5


def test_a_global_edit_gets_no_free_preservation(evening_ladder: Ladder) -> None:
    assert evening_ladder["wrong video"].scores[PC] <= 0.3
    assert evening_ladder["wrong video"].scores[EA] <= 0.3


def test_a_copy_with_flicker_tint_or_noise_has_still_edited_nothing() -> None:
    scene = drawn_scene()
    for spoilt in (flickering(scene.source), tinted(scene.source), noisy(scene.source)):
        assert verdict_on(scene, spoilt).scores[EA] <= 0.3


def test_flicker_is_graded_by_its_strength() -> None:
    scene = drawn_scene()
    scores = [verdict_on(scene, flickering(scene.target, levels)).scores[GN] for levels in (0, 2, 5, 8, 25)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 10
    assert 3 < scores[2] < 8
    assert scores[-1] == 0


def test_stronger_compression_never_raises_realism(tmp_path: Path) -> None:
    scene = drawn_scene()
    scores = [verdict_on(scene, recompressed(scene.target, tmp_path, crf=crf)).scores[GR] for crf in (16, 28, 38, 48)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] >= 9.5
    assert scores[-1] <= 6


def test_without_its_mask_the_scene_is_judged_much_the_same(real_clips: dict[str, Path], real_ladder: Ladder) -> None:
    scene = real_scene(real_clips)
    verdict = verdict_on(scene, scene.half, masked=False)
    assert verdict.measures["region_from_mask"] == 0
    assert real_ladder["half-way"].measures["region_from_mask"] == 1
    for criterion in CRITERIA:
        assert verdict.scores[criterion] == pytest.approx(real_ladder["half-way"].scores[criterion], abs=0.3)


def test_one_smeared_region_lowers_realism_although_the_frame_is_sharp() -> None:
    scene = drawn_scene()
    assert scene.mask is not None
    from tests.judges.ladder import blurred

    edit = scene.target.copy()
    where = scene.mask[0, ..., 0] > 0
    edit[:, where] = blurred(scene.target, 4.0)[:, where]
    verdict = verdict_on(scene, edit)
    assert verdict.measures["blur_excess"] < 0.15
    assert verdict.scores[GR] < 5


def documented(heading: str) -> dict[str, list[float]]:
    """The rows of the measured table under one heading of the documentation."""
    section = DOCS.read_text(encoding="utf-8").split(f"### {heading}\n", 1)[1].split("\n#", 1)[0]
    rows = re.findall(r"^\| ([a-z][^|]*?) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|", section, re.MULTILINE)
    return {name: [float(part) for part in parts] for name, *parts in rows}


@pytest.mark.parametrize(
    ("heading", "fixture"),
    [
        ("Drawn scene with mask", "drawn_ladder"),
        ("Real clip with mask", "real_ladder"),
        ("Global edit of a real clip", "evening_ladder"),
    ],
)
def test_the_documented_table_is_what_is_measured(heading: str, fixture: str, request: pytest.FixtureRequest) -> None:
    ladder: dict[str, Verdict] = request.getfixturevalue(fixture)
    table = documented(heading)
    assert list(table) == list(GRADES)
    for name, row in table.items():
        assert ladder[name].status is Status.OK
        found = [ladder[name].scores[criterion] for criterion in CRITERIA]
        assert np.allclose(found, row, atol=0.35), (name, found, row)
