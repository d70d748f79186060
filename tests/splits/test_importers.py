from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rvebench.errors import DataError, RveError, StorageError, UsageError
from rvebench.splits import import_folder, import_official, import_viebench, load_split, verify_split
from rvebench.taxonomy import ReasoningType, Subset
from tests.splits.conftest import moving_square


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    for number, name in enumerate(("street", "street wet", "room")):
        moving_square(folder / f"{name}.mp4", seed=number)
    return folder


def listed(folder: Path, *rows: dict[str, object], name: str = "instructions.jsonl") -> None:
    (folder / name).write_text("".join(json.dumps(entry) + "\n" for entry in rows), encoding="utf-8")


WET: dict[str, object] = {
    "video": "street.mp4",
    "target": "street wet.mp4",
    "instruction": "A cloudburst ended a minute ago.",
    "reasoning_type": "physical causality",
}


def test_a_folder_becomes_a_split_that_needs_nothing_outside_it(clips: Path, tmp_path: Path) -> None:
    listed(clips, WET, {**WET, "id": "mine", "video": "room.mp4", "target": None, "preserve": ["the walls"]})
    (clips / "instructions.jsonl").write_text(
        (clips / "instructions.jsonl").read_text().replace('"target": null, ', "")
    )
    report = import_folder(clips, tmp_path / "new", subset=Subset.RAVE, licence="CC0-1.0", provenance="own")
    for path in clips.iterdir():
        path.unlink()
    split = load_split(str(tmp_path / "new"))
    assert report.split.sha256 == split.sha256
    assert report.files == 3
    assert [sample.id for sample in split.samples] == ["street-0001", "mine"]
    assert [sample.reasoning_type for sample in split.samples] == [ReasoningType.PHYSICAL_CAUSALITY] * 2
    assert split.samples[0].source == tmp_path / "new" / "sources" / "street.mp4"
    assert split.samples[0].target == tmp_path / "new" / "targets" / "street-wet.mp4"
    assert split.samples[0].provenance == "own"
    assert [p.what for p in verify_split(split) if p.severity == "error"] == []
    assert set(split.samples[0].frames_sha256) == {"source", "target"}


def test_csv_is_read_with_quotes_lists_and_numbers(clips: Path, tmp_path: Path) -> None:
    (clips / "instructions.csv").write_text(
        "source,instruction,subset,reasoning_type,preserve,fps,target\r\n"
        'street.mp4,"Rain, then sun.\nAnd now?",rave,temporal,the houses; the car ,25,\r\n'
        "\r\n"
        "room.mp4,Make the wall green,literal,,,,\r\n",
        encoding="utf-8-sig",
    )
    first, second = import_folder(clips, tmp_path / "new").split.samples
    assert first.instruction == "Rain, then sun.\nAnd now?"
    assert first.preserve == ("the houses", "the car")
    assert first.fps == 25.0
    assert first.target is None
    assert second.subset is Subset.LITERAL


def test_every_fault_of_a_csv_file_is_named_with_its_line(clips: Path, tmp_path: Path) -> None:
    (clips / "instructions.csv").write_text(
        'source,instruction,reasoning_type,fps\n"street.mp4","two\nlines",temporal,fast\n'
        "../x.mp4,Rain.,temporal,\nroom.mp4,a,temporal,25,too,many\nroom.mp4,,temporal,\n"
    )
    with pytest.raises(DataError) as caught:
        import_folder(clips, tmp_path / "new", subset=Subset.RAVE)
    assert "instructions.csv:5: 6 cells, the header names 4" in str(caught.value)
    text = (clips / "instructions.csv").read_text().replace(",too,many", "")
    (clips / "instructions.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        import_folder(clips, tmp_path / "new", subset=Subset.RAVE)
    for part in (".csv:2: 'fps' is not a number", ".csv:4: 'source': path '../x.mp4' leads out", ".csv:6: the key"):
        assert part in str(caught.value), part
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"vidoe": "x"}, "unknown key 'vidoe'"),
        ({"source": "street.mp4"}, "keep one"),
        ({"reasoning_type": "camera"}, "unknown reasoning type"),
        ({"video": "/etc/hostname"}, "absolute"),
        ({"video": "none.mp4"}, "not there"),
        ({"video": "instructions.jsonl"}, "instructions.jsonl"),
        ({"frames_sha256": {"source": "0" * 64}}, "not those of the declared hash"),
        ({"licence": "CC BY"}, "SPDX"),
    ],
)
def test_a_faulty_entry_stops_the_import_and_leaves_no_folder(
    clips: Path, tmp_path: Path, change: dict[str, object], why: str
) -> None:
    listed(clips, {**WET, **change})
    with pytest.raises(DataError) as caught:
        import_folder(clips, tmp_path / "new", subset=Subset.RAVE)
    assert why in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} == {"clips"}


def test_what_an_entry_lacks_is_asked_for_by_option(clips: Path, tmp_path: Path) -> None:
    listed(clips, {"video": "street.mp4", "instruction": "x"})
    with pytest.raises(DataError, match="names no subset"):
        import_folder(clips, tmp_path / "new")
    with pytest.raises(DataError, match="names no reasoning type"):
        import_folder(clips, tmp_path / "new", subset=Subset.RAVE)


def test_a_folder_needs_exactly_one_list(clips: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither is there"):
        import_folder(clips, tmp_path / "new")
    listed(clips, WET)
    (clips / "instructions.csv").touch()
    with pytest.raises(UsageError, match="both are there"):
        import_folder(clips, tmp_path / "new")


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_an_import_never_overwrites(clips: Path, tmp_path: Path, kind: str) -> None:
    listed(clips, WET)
    out = tmp_path / "new"
    {"folder": out.mkdir, "file": out.touch, "dangling link": lambda: out.symlink_to("nowhere")}[kind]()
    with pytest.raises(UsageError, match="exists already"):
        import_folder(clips, out, subset=Subset.RAVE)


def test_a_write_that_fails_leaves_nothing(clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed(clips, WET)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rvebench.splits.import_writer.shutil.copyfile", full)
    with pytest.raises(StorageError, match="No space left"):
        import_folder(clips, tmp_path / "new", subset=Subset.RAVE)
    assert {path.name for path in tmp_path.iterdir()} == {"clips"}


def test_hard_links_share_the_file_and_two_names_stay_apart(clips: Path, tmp_path: Path) -> None:
    moving_square(clips / "sub" / "street.mp4", seed=7)
    listed(clips, WET, {**WET, "video": "sub/street.mp4", "target": "room.mp4"})
    import_folder(clips, tmp_path / "new", subset=Subset.RAVE, link=True)
    assert (tmp_path / "new" / "sources" / "street.mp4").samefile(clips / "street.mp4")
    assert (tmp_path / "new" / "sources" / "street-2.mp4").samefile(clips / "sub" / "street.mp4")


OFFICIAL: dict[str, object] = {
    "source_video_path": "street.mp4",
    "target_video_path": "street wet.mp4",
    "instruction": "What if it had rained?",
    "type": "Existential Reasoning Edits",
}


def test_the_official_list_is_read_with_old_type_names(clips: Path, tmp_path: Path) -> None:
    path = clips / "meta.json"
    absolute = {**OFFICIAL, "source_video_path": str(clips / "room.mp4"), "type": "Causal", "extra": 1}
    path.write_text(json.dumps([OFFICIAL, absolute, {**OFFICIAL, "type": "temporal", "target_video_path": ""}]))
    report = import_official(path, tmp_path / "new", subset=Subset.RAVE, licence="CC0-1.0")
    kinds = [sample.reasoning_type.value for sample in report.split.samples]
    assert kinds == ["semantic_inference", "physical_causality", "temporal"]
    assert [sample.id for sample in report.split.samples] == ["rave-00001", "rave-00002", "rave-00003"]
    assert report.split.samples[2].target is None
    assert report.notes == ("keys without a place in the schema were left out: extra",)


def test_the_subset_decides_how_an_old_type_name_is_read(clips: Path, tmp_path: Path) -> None:
    path = clips / "meta.jsonl"
    path.write_text(json.dumps({**OFFICIAL, "type": "Causal Reasoning"}))
    report = import_official(path, tmp_path / "new", subset=Subset.ICVG)
    assert report.split.samples[0].reasoning_type is ReasoningType.CAUSAL


def test_the_root_is_where_paths_start_and_end(clips: Path, tmp_path: Path) -> None:
    path = tmp_path / "meta.json"
    path.write_text(json.dumps([OFFICIAL]))
    with pytest.raises(DataError, match="not there"):
        import_official(path, tmp_path / "new", subset=Subset.RAVE)
    import_official(path, tmp_path / "new", subset=Subset.RAVE, root=clips)
    path.write_text(json.dumps([{**OFFICIAL, "source_video_path": "/etc/hostname"}]))
    with pytest.raises(DataError, match=r"entry 1: 'source': path '/etc/hostname' is absolute"):
        import_official(path, tmp_path / "other", subset=Subset.RAVE, root=clips)


def test_every_fault_of_a_json_list_is_named_by_entry(clips: Path, tmp_path: Path) -> None:
    path = clips / "meta.json"
    entries = [{**OFFICIAL, "type": "magic"}, {**OFFICIAL, "instruction": None}, {**OFFICIAL, "instruction": 5}]
    path.write_text(json.dumps(entries))
    with pytest.raises(DataError) as caught:
        import_official(path, tmp_path / "new", subset=Subset.RAVE)
    for part in (
        "entry 1: unknown reasoning type 'magic'",
        "entry 2: the key 'instruction'",
        "entry 3: 'instruction' is not a text",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("m.json", b"{}", "not a JSON list"),
        ("m.json", b"[]", "no entries"),
        ("m.json", b"[1]", "entry 1: not a JSON object"),
        ("m.json", b"[{]", "not JSON"),
        ("m.json", b"", "empty"),
        ("m.json", b'["\xff"]', "not UTF-8"),
        ("m.jsonl", b"1\n", "m.jsonl:1: not a JSON object"),
        ("m.csv", b"a,a\n1,2\n", "repeated column"),
        ("m.csv", b'a,b\n"x', "not CSV"),
        ("m.txt", b"x", "neither .json, .jsonl nor .csv"),
        ("none.json", None, "not there"),
    ],
)
def test_a_list_that_is_none_is_one_clear_error(tmp_path: Path, name: str, content: bytes | None, why: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(RveError) as caught:
        import_official(tmp_path / name, tmp_path / "new", subset=Subset.RAVE)
    assert why in str(caught.value)


def test_viebench_becomes_literal_and_reference_entries_are_counted(clips: Path, tmp_path: Path) -> None:
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(clips / "dog.png")
    path = clips / "vie.csv"
    path.write_text(
        "video_path,instruction,edit_type,reference_image\n"
        "street.mp4,Remove the car,Remove,\nstreet.mp4,Swap the man for the dog,ref swap,dog.png\n"
        "room.mp4,Make it green,color change,\n"
    )
    report = import_viebench(path, tmp_path / "new", licence="Apache-2.0")
    assert [sample.id for sample in report.split.samples] == ["remove-0001", "color-change-0003"]
    assert {sample.subset for sample in report.split.samples} == {Subset.LITERAL}
    assert report.notes == ("1 entries with a reference image were left out: editors are given no image",)
    kept = import_viebench(path, tmp_path / "kept", with_references=True)
    assert [sample.id for sample in kept.split.samples] == ["remove-0001", "ref-swap-0002", "color-change-0003"]
    assert kept.split.samples[1].provenance == "VIE-Bench; edit type ref swap; reference image references/0001.png"
    assert (tmp_path / "kept" / "references" / "0001.png").is_file()


def test_viebench_names_what_it_looked_for(clips: Path, tmp_path: Path) -> None:
    path = clips / "vie.json"
    path.write_text(json.dumps([{"video": "street.mp4", "text": "x", "type": "add"}]))
    with pytest.raises(DataError, match="no instruction: none of the keys instruction, edit_instruction"):
        import_viebench(path, tmp_path / "new")
    path.write_text(json.dumps([{"video": "street.mp4", "prompt": "x", "type": "add", "reference": "../r.png"}]))
    with pytest.raises(DataError, match="leads out"):
        import_viebench(path, tmp_path / "new", with_references=True)
    with pytest.raises(DataError, match="every entry has a reference image"):
        import_viebench(path, tmp_path / "new")
