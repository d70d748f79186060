from __future__ import annotations

from pathlib import Path

import pytest

from rvebench.editors import build_editor
from rvebench.editors.folder_table import read_table
from rvebench.errors import EditorError
from rvebench.records import EditResult, Window
from rvebench.taxonomy import Status
from tests.editors.conftest import MakeRequest


@pytest.fixture
def edits(tmp_path: Path, clip: Path) -> Path:
    folder = tmp_path / "model [v1]"
    folder.mkdir()
    (folder / "s1.mp4").write_bytes(clip.read_bytes())
    return folder


def take(spec: str, make: MakeRequest, sample_id: str = "s1") -> EditResult:
    (result,) = build_editor(f"folder:{spec}").edit([make(sample_id)])
    return result


def test_a_folder_gives_each_sample_its_file_and_keeps_its_own(edits: Path, make: MakeRequest) -> None:
    result = take(str(edits), make)
    assert result.status is Status.OK and result.video is not None
    assert result.video.parent == make().out.parent
    assert result.video.read_bytes() == (edits / "s1.mp4").read_bytes()
    assert (edits / "s1.mp4").exists() and result.window is None


def test_what_is_not_there_is_missing_with_the_path_looked_for(edits: Path, make: MakeRequest) -> None:
    result = take(str(edits), make, "s2")
    assert result.status is Status.MISSING and result.video is None
    assert str(edits / "s2.") in result.reason


@pytest.mark.parametrize("suffix", [".webm", ".gif", ".mov", ".mkv", ".MP4"])
def test_other_containers_are_found(suffix: str, edits: Path, make: MakeRequest) -> None:
    (edits / "s1.mp4").rename(edits / f"s1{suffix}")
    (edits / "s1.json").write_text("{}")
    result = take(str(edits), make)
    assert result.status is Status.OK and result.video is not None and result.video.suffix == suffix


def test_two_files_for_one_sample_are_ambiguous(edits: Path, make: MakeRequest, clip: Path) -> None:
    (edits / "s1.webm").write_bytes(clip.read_bytes())
    result = take(str(edits), make)
    assert result.status is Status.FAILED and "s1.mp4, s1.webm" in result.reason


@pytest.mark.parametrize(("content", "told"), [(b"", "empty file"), (b"junk" * 99, "not a readable video")])
def test_a_file_that_is_no_video_fails(content: bytes, told: str, edits: Path, make: MakeRequest) -> None:
    (edits / "s1.mp4").write_bytes(content)
    result = take(str(edits), make)
    assert result.status is Status.FAILED and told in result.reason


def test_a_pattern_with_folders_and_stars_is_followed(edits: Path, make: MakeRequest, clip: Path) -> None:
    (edits / "s1").mkdir()
    (edits / "s1" / "out_0007.mp4").write_bytes(clip.read_bytes())
    pattern = str(edits).replace("[", "[[]") + "/{sample_id}/out_*.mp4"
    assert take(pattern, make).status is Status.OK
    assert take(pattern, make, "s3").status is Status.MISSING


def test_an_id_with_glob_letters_means_itself(edits: Path, make: MakeRequest) -> None:
    assert take(str(edits), make, "s?").status is Status.MISSING
    assert take(str(edits), make, "*").status is Status.MISSING


def test_files_of_equal_content_are_noted_in_both(edits: Path, make: MakeRequest, clip: Path) -> None:
    (edits / "s2.mp4").write_bytes(clip.read_bytes())
    (edits / "s3.mp4").write_bytes(clip.read_bytes()[:-1] + b"\0")
    assert take(str(edits), make).meta["same_content_as"] == "s2.mp4"
    assert take(str(edits), make, "s2").meta["same_content_as"] == "s1.mp4"


def test_a_window_for_all_samples_is_cut_to_each_source(edits: Path, make: MakeRequest) -> None:
    result = take(f"{edits}?start=2&count=17&name=revise&revision=abc", make)
    assert result.window == Window(start=2, stride=1, count=10, fps=8.0)
    editor = build_editor(f"folder:{edits}?name=revise&track=thinking")
    assert (editor.info.name, editor.info.track) == ("revise", "thinking")


def test_a_table_names_files_and_windows(edits: Path, make: MakeRequest, tmp_path: Path) -> None:
    table = tmp_path / "edits.csv"
    table.write_text(
        f"sample_id,video,start,stride,count,fps\ns1,{edits.name}/s1.mp4,0,2,5,4\ns2,{edits.name}/gone.mp4,,,,\n"
    )
    assert take(str(table), make).window == Window(start=0, stride=2, count=5, fps=4.0)
    gone, unlisted = take(str(table), make, "s2"), take(str(table), make, "s9")
    assert gone.status is Status.MISSING and "gone.mp4" in gone.reason
    assert unlisted.status is Status.MISSING and "no line for sample s9" in unlisted.reason


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sample_id\ns1\n", "columns sample_id and video are needed"),
        ("sample_id,video,vidoe\n", "unknown column 'vidoe'"),
        ("sample_id,video\ns1,a.mp4\ns1,b.mp4\n", r"edits.csv:3: sample 's1' stands twice \(line 2\)"),
        ("sample_id,video\ns1,\n", "edits.csv:2: .*must not be empty"),
        ("sample_id,video\ns1,a.mp4,x\n", "2 columns were expected"),
        ("sample_id,video,start,stride,count,fps\ns1,a.mp4,0,0,5,4\n", "not a window"),
        ("sample_id,video,start,stride,count,fps\ns1,a.mp4,0,,,\n", "needs all of start"),
        ("", "columns sample_id and video are needed"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "edits.csv"
    path.write_text(text)
    with pytest.raises(EditorError, match=told):
        read_table(path)


def test_a_table_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "edits.csv"
    path.write_bytes("sample_id,video\nä,b\n".encode("latin-1"))
    with pytest.raises(EditorError, match="not UTF-8"):
        read_table(path)


def test_a_folder_that_is_not_there_is_an_error_up_front(tmp_path: Path) -> None:
    with pytest.raises(EditorError, match="no such folder"):
        build_editor(f"folder:{tmp_path / 'nothing'}")
    with pytest.raises(EditorError, match="unknown placeholder"):
        build_editor(f"folder:{tmp_path}/{{id}}.mp4")
