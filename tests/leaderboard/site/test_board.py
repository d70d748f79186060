from __future__ import annotations

import json
from pathlib import Path

import pytest

from rvebench.errors import DataError
from rvebench.leaderboard.site import load_boards
from rvebench.leaderboard.site.media import find_media
from rvebench.runs.preview import Preview, PreviewProblem
from rvebench.taxonomy import Status
from tests.leaderboard.site.boards import System, make_samples, sheet, write_leaderboard, write_media, write_track


def names(root: Path) -> list[tuple[str, str]]:
    return [(row.name, row.place) for row in load_boards(root)[0].rows]


def test_rows_are_ranked_by_their_evidence_and_controls_stand_apart(tmp_path: Path) -> None:
    systems = [
        System(name="low", mean=2),
        System(name="copy", mean=0.5, kind="control"),
        System(name="high", mean=7),
        System(name="target", mean=9.5, kind="control"),
    ]
    board = load_boards(write_leaderboard(tmp_path, systems, samples=24))[0]
    assert [(row.name, row.place) for row in board.rows] == [
        ("high", "ranked"),
        ("low", "ranked"),
        ("target", "control"),
        ("copy", "control"),
    ]
    assert [row.standing.rank for row in board.ranked if row.standing] == [1, 2]
    assert [row.standing.rank95 for row in board.ranked if row.standing] == [(1, 1), (2, 2)]
    assert (board.n_samples, board.n_sources) == (24, 12)


def test_a_ranked_rows_numbers_are_those_that_the_row_carries(tmp_path: Path) -> None:
    systems = [System(name="a", mean=4, lost={1: Status.FAILED, 7: Status.MISSING}), System(name="b", mean=6)]
    for row in load_boards(write_leaderboard(tmp_path, systems))[0].ranked:
        told = row.submission.scores.overall
        assert row.standing is not None and row.standing.ci95 is not None and told.ci95 is not None
        assert row.standing.mean == pytest.approx(told.mean, abs=1e-9)
        assert row.standing.ci95 == pytest.approx(told.ci95, abs=1e-9)


def test_a_replaced_row_leaves_the_ranking_and_keeps_its_page(tmp_path: Path) -> None:
    old = System(name="model", mean=3, slug="model-1", day="2026-10-01")
    systems = [old, System(name="model", mean=6, slug="model-2", supersedes=old.id), System(name="other", mean=5)]
    assert names(write_leaderboard(tmp_path, systems, samples=24)) == [
        ("model", "ranked"),
        ("other", "ranked"),
        ("model", "replaced"),
    ]


def test_unjudged_edits_are_left_out_and_a_row_without_any_verdict_has_no_rank(tmp_path: Path) -> None:
    silent = System(name="silent", mean=5, lost=dict.fromkeys(range(24), Status.UNJUDGED))
    gaps = System(name="gaps", mean=5, lost={2: Status.UNJUDGED})
    board = load_boards(write_leaderboard(tmp_path, [silent, gaps, System(name="whole", mean=3)], samples=24))[0]
    assert [(row.name, row.place) for row in board.rows] == [
        ("gaps", "ranked"),
        ("whole", "ranked"),
        ("silent", "withheld"),
    ]
    assert board.rows[0].submission.scores.overall.n == 23


def test_tracks_are_boards_of_their_own(tmp_path: Path) -> None:
    write_leaderboard(tmp_path, [System(name="a", mean=5)], samples=8)
    write_track(tmp_path, "other", make_samples(4))
    first, second = load_boards(tmp_path)
    assert (first.track, len(first.rows), second.track, len(second.rows)) == ("rave-test", 1, "other", 0)


def change(root: Path, **values: object) -> Path:
    """Alters the one submission of a leaderboard; a dotted key goes down."""
    file = next((root / "submissions").glob("*/*/submission.json"))
    record = json.loads(file.read_text(encoding="utf-8"))
    for key, value in values.items():
        at = record
        *above, last = key.split("__")
        for name in above:
            at = at[name]
        at[last] = value
    file.write_text(json.dumps(record), encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"scores__overall__mean": 9.9}, "its evidence gives"),
        ({"scores__overall__mean": None}, "its evidence gives"),
        ({"judge__digest": "0" * 64}, "judge"),
        ({"judge__prompt_sha256": "0" * 64}, "prompt"),
        ({"judge__name": "gemini"}, "judge"),
        ({"formula_digest": "0" * 64}, "formula"),
        ({"run__split_sha256": "0" * 64}, "split"),
        ({"generator__conditioning": "rewriter"}, "rewriter"),
        ({"track": "elsewhere"}, "another folder"),
        ({"submission_id": "20261120_other"}, "another folder"),
        ({"model__name": "<script>alert(1)</script>"}, "markup"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_row_that_does_not_belong_stops_the_build(tmp_path: Path, values: dict[str, object], sentence: str) -> None:
    root = change(write_leaderboard(tmp_path, [System(name="a", mean=5)], samples=8), **values)
    with pytest.raises(DataError, match=sentence):
        load_boards(root)


@pytest.mark.parametrize("name", ["README.md", "verdicts.jsonl.zst", ""])
def test_a_link_to_elsewhere_does_not_get_into_the_site(tmp_path: Path, name: str) -> None:
    root = write_leaderboard(tmp_path / "board", [System(name="a", mean=5)], samples=8)
    folder = next((root / "submissions").glob("*/*"))
    target = folder / name
    secret = tmp_path / "secret"
    if target.exists():
        target.rename(secret)
    else:
        secret.write_text("not for the public", encoding="utf-8")
    target.symlink_to(secret)
    with pytest.raises(DataError, match="a link to elsewhere"):
        load_boards(root)


def test_a_folder_of_no_track_is_named(tmp_path: Path) -> None:
    root = write_leaderboard(tmp_path, [System(name="a", mean=5)], samples=8)
    (root / "submissions" / "misspelt").mkdir()
    with pytest.raises(DataError, match="no track called 'misspelt'"):
        load_boards(root)


def test_media_beside_the_leaderboard_is_found_by_sample_and_links_are_passed_over(tmp_path: Path) -> None:
    folder = write_media(tmp_path, "t", "20261120_a", ["sample-0000", "sample-0002"])
    (folder / "sample-0001.mp4").write_bytes(b"video")
    (folder / "sample-0003.3x8.webp").symlink_to(folder / "sample-0000.3x8.webp")
    (folder / "stranger.3x8.webp").write_bytes(b"")
    found = find_media(folder, [f"sample-{n:04d}" for n in range(5)])
    assert list(found.sheet_paths) == ["sample-0000", "sample-0002"]
    assert list(found.videos) == ["sample-0001"]
    assert find_media(tmp_path / "nowhere", ["a"]).sheets() == {}


def test_sheets_past_the_limit_and_damaged_ones_say_so(tmp_path: Path) -> None:
    folder = write_media(tmp_path, "t", "20261120_a", ["a", "b", "c"])
    (folder / "b.3x8.webp").write_bytes(b"no picture")
    first = len((folder / "a.3x8.webp").read_bytes())
    found = find_media(folder, ["a", "b", "c"]).sheets(limit_bytes=first)
    assert isinstance(found["a"], Preview)
    assert isinstance(found["b"], PreviewProblem) and "not a WebP" in found["b"].reason
    assert isinstance(found["c"], PreviewProblem) and "too large" in found["c"].reason
    assert sheet(rows=3, columns=8, seed=0) == sheet(rows=3, columns=8, seed=0)
