from __future__ import annotations

import codecs
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rvebench.errors import DataError, RveError, UnknownNameError, UsageError
from rvebench.registry import Registration, Registry
from rvebench.splits import Split, load_split, loader, write_split
from tests.splits.conftest import row, write_rows


def error_of(path: Path) -> RveError:
    with pytest.raises(RveError) as caught:
        load_split(str(path))
    return caught.value


def test_an_unknown_split_offers_the_nearest_names() -> None:
    with pytest.raises(UnknownNameError, match="unknown split 'dmeo'; did you mean demo") as caught:
        load_split("dmeo")
    assert caught.value.exit_code == 2


def test_a_path_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    assert isinstance(error_of(tmp_path / "none.jsonl"), UsageError)
    assert isinstance(error_of(tmp_path / "none" / "split"), UsageError)


def test_a_folder_without_a_manifest_and_another_kind_of_file_are_usage_errors(tmp_path: Path) -> None:
    assert "holds no samples.jsonl" in str(error_of(tmp_path))
    (tmp_path / "video.mp4").write_bytes(b"x")
    assert isinstance(error_of(tmp_path / "video.mp4"), UsageError)


def test_a_manifest_is_named_by_its_folder_or_its_own_name(tmp_path: Path) -> None:
    manifest = write_rows(tmp_path / "mine", row())
    assert load_split(str(manifest)).name == load_split(str(tmp_path / "mine")).name == "mine"
    other = manifest.rename(tmp_path / "mine" / "dev.jsonl")
    loaded = load_split(str(other))
    assert loaded.name == "dev"
    assert loaded.samples[0].source == tmp_path / "mine" / "a.mp4"


def test_the_manifests_folder_may_be_a_symbolic_link(tmp_path: Path) -> None:
    write_rows(tmp_path / "real", row())
    (tmp_path / "link").symlink_to("real")
    assert len(load_split(str(tmp_path / "link")).samples) == 1


@pytest.mark.parametrize(("content", "why"), [(b"", "empty"), (b"\n \n", "empty"), (codecs.BOM_UTF16_LE, "UTF-16")])
def test_an_empty_or_utf16_manifest_is_one_clear_error(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "samples.jsonl").write_bytes(content)
    error = error_of(tmp_path)
    assert why in str(error)
    assert error.exit_code == 4


def test_bytes_that_are_not_utf8_are_named_by_line_and_place(tmp_path: Path) -> None:
    path = write_rows(tmp_path, row())
    path.write_bytes(path.read_bytes() + '{"id":"Größe"}\n'.encode("latin-1"))
    assert f"{path}:2: not UTF-8: byte 0xf6 at byte 10 of the line" in str(error_of(tmp_path))


def test_garbage_is_an_error_with_a_bounded_list(tmp_path: Path) -> None:
    (tmp_path / "samples.jsonl").write_bytes(bytes(range(1, 256)) + b"\n" + b"garbage\n" * 500)
    text = str(error_of(tmp_path))
    assert "502 faults" in text
    assert "and 482 more" in text
    assert text.count("\n") == 21


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    (tmp_path / "samples.jsonl").write_bytes(codecs.BOM_UTF8 + json.dumps(row()).encode() + b"\r\n\r\n")
    assert load_split(str(tmp_path)).samples[0].id == "one"


def test_every_fault_of_a_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path,
        row(),
        row(source="../../etc/passwd"),
        "",
        "{not json",
        row(),
        row(id="ONE"),
        row(id="six", licens="MIT", fps=0),
        "[1]",
    )
    error = error_of(tmp_path)
    assert isinstance(error, DataError)
    lines = str(error).splitlines()
    assert lines[0] == f"{path}: 7 faults"
    expected = {
        2: "leads out",
        4: "not JSON",
        5: "id 'one' is taken: it stands in line 1 already",
        6: "differs from 'one' only in case",
        7: "licens",
        8: "not a JSON object",
    }
    for line, part in expected.items():
        assert any(text.startswith(f"  {path}:{line}: ") and part in text for text in lines), (line, part, lines)


def test_one_fault_reads_as_file_line_and_clause(tmp_path: Path) -> None:
    path = write_rows(tmp_path, row(), row(id="two", instruction=" "))
    assert str(error_of(tmp_path)) == f"{path}:2: 'instruction' is empty"


def test_an_unreadable_manifest_is_no_traceback(tmp_path: Path) -> None:
    path = write_rows(tmp_path, row())
    path.unlink()
    path.symlink_to(path.name)
    assert error_of(path).exit_code in (2, 4)
    if os.geteuid() != 0:
        path.unlink()
        write_rows(tmp_path, row()).chmod(0)
        assert "cannot be read" in str(error_of(tmp_path))


def test_the_split_hash_knows_content_and_groups_but_neither_paths_nor_order(tmp_path: Path) -> None:
    first = load_split(str(write_rows(tmp_path / "x", row(), row(id="two"))))
    second = load_split(str(write_rows(tmp_path / "y", row(id="two", source="sub/z.mp4"), row())))
    assert first.sha256 == second.sha256
    for changed in (row(instruction="Other."), row(group="g"), row(id="eins"), row(frames_sha256={"source": "0" * 64})):
        other = load_split(str(write_rows(tmp_path / "z", changed, row(id="two"))))
        assert other.sha256 != first.sha256


def test_a_written_split_reads_back_the_same(tmp_path: Path) -> None:
    loaded = load_split(str(write_rows(tmp_path, row(preserve=["the sky"], fps=25), row(id="two"))))
    write_split(loaded.samples, tmp_path / "copy.jsonl")
    assert load_split(str(tmp_path / "copy.jsonl")).samples == loaded.samples


def test_a_split_is_not_written_with_an_id_twice_or_empty_or_from_outside(tmp_path: Path) -> None:
    sample = load_split(str(write_rows(tmp_path, row()))).samples[0]
    target = tmp_path / "out.jsonl"
    for bad in ([], [sample, sample], [replace(sample, source=Path("/elsewhere/a.mp4"))]):
        with pytest.raises(DataError):
            write_split(bad, target)
    assert not target.exists()


def test_a_plain_word_is_a_name_before_it_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_rows(tmp_path / "demo", row())
    monkeypatch.chdir(tmp_path)
    assert len(load_split("./demo").samples) == 1
    assert isinstance(load_split("demo"), Split)
    assert load_split("demo").path.parent != tmp_path / "demo"


def test_a_registered_split_is_a_path_or_a_function_that_returns_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = write_rows(tmp_path, row())
    monkeypatch.setattr(sys.modules[__name__], "REGISTERED", manifest)
    entries = [Registration(name=name, target=f"{__name__}:{what}") for name, what in
               (("path", "REGISTERED"), ("function", "registered"), ("broken", "nothing"))]  # fmt: skip
    monkeypatch.setattr(loader, "SPLITS", Registry("split", entries, group="rvebench.none"))
    assert load_split("path").path == load_split("function").path == manifest
    assert load_split("function").name == "function"
    with pytest.raises(UsageError, match="has no 'nothing'"):
        load_split("broken")


REGISTERED = Path()


def registered() -> Path:
    return REGISTERED
