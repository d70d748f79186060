"""The tracks and schemas that come with the package are what the code of today makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from rvebench.errors import DataError
from rvebench.leaderboard.evidence import merkle_root
from rvebench.leaderboard.lines import Evidence
from rvebench.leaderboard.packing import PackedError, TooLargeError, pack_lines, unpack_lines
from rvebench.leaderboard.schema import schema_texts
from rvebench.leaderboard.shapes import markup_in
from rvebench.leaderboard.tracks import read_tracks
from rvebench.leaderboard.validate import validate
from rvebench.scoring import get_formula
from tests.leaderboard.rows_world import make_evidence, make_root

TOP = Path(__file__).resolve().parents[2]


def test_the_schemas_are_those_of_the_records() -> None:
    folder = TOP / "leaderboards" / "schema"
    kept = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.json"))}
    assert kept == dict(sorted(schema_texts().items())), "run `rvebench leaderboard schema --out leaderboards/schema`"


def test_the_shipped_tracks_are_whole_and_their_pins_are_todays() -> None:
    """A judge or formula that changes makes another track: add one, and close the old."""
    from rvebench.judges import build_judge

    tracks = read_tracks()
    for name, rules in tracks.rules.items():
        assert rules.formula_digest == get_formula(rules.formula).digest
        if rules.status == "open":
            assert len(tracks.samples(name)) in {16, 96}
            info = build_judge(rules.judge.name).info
            assert (info.version, info.digest) == (rules.judge.version, rules.judge.digest), name


def test_the_announced_tracks_pin_todays_prompt_and_frames() -> None:
    from rvebench.runs import AskingOptions, Judging
    from rvebench.runs.asking import first_connection

    rules = read_tracks().get("rave-gpt4o")
    info = Judging(spec="gpt-4o").build(first_connection(AskingOptions(), needs_key=False)).info
    assert (info.prompt_sha256, info.frame_plan_sha256) == (rules.judge.prompt_sha256, rules.judge.frame_plan_sha256)


def test_the_metrics_of_the_shipped_tracks_are_todays() -> None:
    from rvebench.metrics.registry import build_metric

    metric = build_metric("temporal_flickering").info
    for rules in read_tracks().rules.values():
        assert rules.metrics.get(metric.name, metric.digest) == metric.digest


def test_the_shipped_rows_are_valid() -> None:
    folder = TOP / "leaderboards"
    if not any((folder / "submissions").glob("*/*/submission.json")):
        pytest.skip("no row is shipped yet")
    assert validate([folder]).findings == ()


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('schema = "rve-tracks/1"', 'schema = "x"', "the file does not say schema = 'rve-tracks/1'"),
        ("repeats = 1", "repeats = 0", "tiny.repeats: Input should be greater than or equal to 1"),
        ("noise_band = 0.5", "noise = 0.5", "tiny.noise_band: Field required"),
        ('digest = "abab', 'digest = "', "tiny.judge.digest"),
        ("[tiny]", "[tiny", "not a TOML file"),
    ],
)
def test_a_damaged_tracks_file_is_named(before: str, after: str, says: str, tmp_path: Path) -> None:
    make_root(tmp_path / "lb")
    path = tmp_path / "lb" / "tracks.toml"
    path.write_text(path.read_text().replace(before, after, 1), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_tracks(tmp_path / "lb")
    assert says in str(caught.value)


def test_an_open_track_fixes_its_split_and_judge(tmp_path: Path) -> None:
    make_root(tmp_path / "lb")
    path = tmp_path / "lb" / "tracks.toml"
    text = "".join(line for line in path.read_text().splitlines(keepends=True) if "split_sha256" not in line)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="tiny is open and does not fix split_sha256"):
        read_tracks(tmp_path / "lb")


def test_the_merkle_root_is_of_every_sample_in_the_splits_order(tmp_path: Path) -> None:
    tracks = make_root(tmp_path / "lb", n=7)
    found, samples = make_evidence(tracks), list(tracks.samples("tiny"))
    whole = merkle_root(found, samples)
    assert whole == merkle_root(Evidence(lines=found.lines[::-1], metrics=found.metrics, media=found.media), samples)
    assert whole != merkle_root(found, samples[::-1])
    for index in range(len(samples)):
        without = tuple(line for at, line in enumerate(found.lines) if at != index)
        assert merkle_root(Evidence(lines=without, metrics=found.metrics, media=found.media), samples) != whole
    assert len({whole, merkle_root(found, samples[:6]), merkle_root(found, []), merkle_root(found, samples[:1])}) == 4


def test_packed_lines_come_back_and_damage_is_seen_at_every_byte(tmp_path: Path) -> None:
    path = tmp_path / "x.zst"
    values = [{"a": index, "t": "ö\ud800"} for index in range(5)]
    data = pack_lines(values)
    limits = {"packed_bytes": 10_000, "unpacked_bytes": 10_000, "line_bytes": 1000}
    path.write_bytes(data)
    lines = list(unpack_lines(path, **limits))
    assert len(lines) == 5 and lines[0] == b'{"a":0,"t":"\xc3\xb6?"}'
    for cut in range(len(data)):
        path.write_bytes(data[:cut])
        with pytest.raises(PackedError):
            list(unpack_lines(path, **limits))
    for at in range(len(data)):
        path.write_bytes(bytes([*data[:at], data[at] ^ 0x55, *data[at + 1 :]]))
        with pytest.raises((PackedError, TooLargeError)):
            list(unpack_lines(path, **limits))
    path.write_bytes(data + data)
    with pytest.raises(PackedError, match="the file goes on after its end"):
        list(unpack_lines(path, **limits))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a < b and c > d, <3", ""),
        ("plain – “quoted” 日本", ""),
        ("<b>", "markup"),
        ("<IMG src=x>", "markup"),
        ("</p>", "markup"),
        ("<!-- -->", "markup"),
        ("&#60;", "markup"),
        ("JaVaScRiPt : x", "markup"),
        ("two\nlines", "a control character (U+000A)"),
        ("zero\u200bwidth", "an invisible character (U+200B)"),
        ("\x1b[31m", "a control character (U+001B)"),
        ("\ud800", "a control character (U+D800)"),
    ],
)
def test_text_that_is_more_than_text_is_seen(text: str, found: str) -> None:
    assert markup_in(text)[: len(found)] == found if found else markup_in(text) == ""
