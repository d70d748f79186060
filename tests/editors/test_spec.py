from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from rvebench.editors import EDITORS, Editor, SpecFile, build_editor, open_editor
from rvebench.editors.command_spec import CommandSpec
from rvebench.editors.command_transport import CommandEditor
from rvebench.editors.http_spec import HttpSpec
from rvebench.editors.spec_files import WindowSpec, load_spec, shipped_names, shipped_spec
from rvebench.errors import EditorError, RveError, UnknownNameError
from rvebench.records import EditorInfo, EditRequest, EditResult, Window
from rvebench.taxonomy import Status
from tests.editors.conftest import MakeRequest

HERE = "tests.editors.test_spec"


class Copier:
    """The least an editor of a third party must be."""

    def __init__(self, suffix: str = ".mp4", *, times: int = 1) -> None:
        self.suffix = suffix
        self.times = times
        self.info = EditorInfo(name="copier", version="3", revision=suffix)

    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        for request in requests:
            request.out.write_bytes(request.source.read_bytes())
            yield EditResult(sample_id=request.sample_id, status=Status.OK, video=request.out)


class WithoutEdit:
    info = EditorInfo(name="x", version="1")


class WithoutInfo:
    def edit(self, requests: Iterable[EditRequest]) -> Iterator[EditResult]:
        yield from ()


class InfoAsMethod(WithoutInfo):
    def info(self) -> EditorInfo:
        return EditorInfo(name="x", version="1")


class Broken(Copier):
    def __init__(self) -> None:
        raise RuntimeError("no weights here")


def test_a_class_of_anybody_is_an_editor(make: MakeRequest) -> None:
    editor = build_editor(f"python:{HERE}:Copier?suffix=.mov&times=3")
    assert isinstance(editor, Editor) and isinstance(editor, Copier)
    assert (editor.info.revision, editor.times) == (".mov", 3)
    (result,) = editor.edit([make()])
    assert result.status is Status.OK


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (f"python:{HERE}:WithoutEdit", "lacks edit(requests)"),
        (f"python:{HERE}:WithoutInfo", "lacks info: EditorInfo"),
        (f"python:{HERE}:InfoAsMethod", "add @property"),
        (f"python:{HERE}:Broken", "cannot be built: RuntimeError: no weights here"),
        (f"python:{HERE}:HERE", "not a class or function but str"),
        (f"python:{HERE}:Copier?tmes=3", "did you mean times"),
        (f"python:{HERE}:Nobody", "has no 'Nobody'"),
        ("python:no_such_module:X", "cannot be imported"),
        ("python:json", "not of the form"),
        ("python:", "nothing stands after python:"),
        ("http:some words", "neither a YAML file nor"),
        ("copy?fast=1", "it takes no options"),
    ],
)
def test_what_is_no_editor_is_an_error_that_says_what_is_missing(spec: str, told: str) -> None:
    with pytest.raises(EditorError) as caught:
        build_editor(spec)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("coppy", "did you mean copy?"),
        ("wrong_sample", "did you mean wrong-sample"),
        ("pyton:a:B", "did you mean python:?"),
        ("command:revise", "did you mean revise-official"),
        ("http:runwya", "did you mean runway"),
        ("", "unknown editor ''"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest_ones(spec: str, told: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        build_editor(spec)
    assert told in str(caught.value)


def test_entry_points_add_editors_and_yaml_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make: MakeRequest
) -> None:
    points = [EntryPoint("their-copier", f"{HERE}:Copier", "rvebench.editors"),
              EntryPoint("their-tool", f"{HERE}:TOOL", "rvebench.editors")]  # fmt: skip
    monkeypatch.setattr("rvebench.registry.entry_points", lambda group: points)
    monkeypatch.delitem(EDITORS.__dict__, "_entries", raising=False)
    path = tmp_path / "tool.yaml"
    path.write_text(
        "transport: command\nname: their-tool\nversion: '2'\nargv: [cp, '{source}', '{out}']\nsettings: {n: 3}\n"
    )
    monkeypatch.setattr(f"{HERE}.TOOL", SpecFile(path=path), raising=False)
    try:
        assert {"their-copier", "their-tool", "copy"} <= set(EDITORS.names())
        assert build_editor("their-copier?times=2").info.name == "copier"
        tool = build_editor("their-tool?n=4")
        (result,) = tool.edit([make()])
        assert tool.info.version == "2" and result.status is Status.OK
    finally:
        monkeypatch.undo()
        EDITORS.__dict__.pop("_entries", None)


def test_every_registered_editor_opens_and_says_what_it_lacks() -> None:
    for entry in EDITORS:
        editor = open_editor(entry.name)
        assert editor.info.name == entry.name and entry.summary
        assert isinstance(editor, Editor)


def test_every_shipped_file_is_valid_and_registered() -> None:
    assert set(shipped_names()) <= set(EDITORS.names())
    for name in shipped_names():
        editor = open_editor(name)
        assert editor.info.name == name and editor.info.notes, name


def test_shipped_commands_declare_their_window_and_pass_the_instruction_in_one_word() -> None:
    for name in ("insv2v", "insvie", "omni-video", "ditto", "revise-official"):
        spec = load_spec(shipped_spec(name).path, CommandSpec)
        assert spec.window is not None and spec.window.count == spec.max_frames
        assert all(not word.endswith("{instruction}") or "=" in word for word in spec.argv)


def test_importing_the_room_loads_no_heavy_library() -> None:
    code = (
        "import sys, rvebench.editors as e; [e.open_editor(n) for n in ('copy', 'vace', 'runway', 'revise-official')];"
        "print([m for m in ('torch', 'diffusers', 'pandas', 'httpx2', 'httpx', 'openai') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_settings_are_overridden_by_options_and_change_the_revision(tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    path.write_text("transport: command\nname: e\nversion: '1'\nsettings: {steps: 4}\nargv: [cp, '{steps}', '{out}']\n")
    plain, more = open_editor(f"command:{path}"), open_editor(f"command:{path}?steps=8")
    assert isinstance(more, CommandEditor) and more.spec.settings == {"steps": 8}
    assert plain.info.revision != more.info.revision
    for options, told in (("stesp=1", "did you mean steps"), ("steps=x", "is not int")):
        with pytest.raises(EditorError, match=told):
            open_editor(f"command:{path}?{options}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("transport: command\nname: e\nversion: '1'\nargv: [cp, '{out}']\ntimeout: 3\n", "did you mean 'timeout_s'"),
        ("transport: command\nname: e\nversion: '1'\nargv: [cp, '{ouT}']\n", "unknown placeholder {ouT}"),
        ("transport: command\nname: e\nversion: '1'\nargv: [cp]\n", "argv needs {out}"),
        ("transport: command\nname: e\nversion: '1'\nargv: [cp, '{out}']\nmode: per-batch\n", "go together"),
        ("transport: command\nversion: 1\nargv: []\n", "name: Field required; version: "),
        ("transport: ssh\n", "must be command or http"),
        ("- a\n- b\n", "not a mapping"),
        ("a: [\n", "not a YAML file"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_every_problem(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    path.write_text(text)
    with pytest.raises(EditorError) as caught:
        open_editor(f"command:{path}")
    assert told in str(caught.value) and str(path) in str(caught.value)


def test_a_file_of_the_other_transport_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(EditorError, match="describes a http editor"):
        open_editor(f"command:{shipped_spec('runway').path}")
    with pytest.raises(EditorError, match="the file is not there"):
        open_editor(f"http:{tmp_path}/none.yaml")


@pytest.mark.parametrize(
    ("window", "frames", "expected"),
    [
        (WindowSpec(), 10, Window(start=0, stride=1, count=10, fps=30)),
        (WindowSpec(start=1, count=17), 120, Window(start=1, stride=1, count=17, fps=30)),
        (WindowSpec(stride=3, count=41, lower_stride=True), 300, Window(start=0, stride=3, count=41, fps=10)),
        (WindowSpec(stride=3, count=41, lower_stride=True), 100, Window(start=0, stride=2, count=41, fps=15)),
        (WindowSpec(count=49, factor=4), 48, Window(start=0, stride=1, count=45, fps=30)),
        (WindowSpec(count=49, factor=4, fps=8), 200, Window(start=0, stride=1, count=49, fps=8)),
    ],
)
def test_a_window_is_fitted_to_the_source(window: WindowSpec, frames: int, expected: Window) -> None:
    assert window.on(frames=frames, fps=30.0) == expected


def test_a_window_behind_the_end_is_an_error() -> None:
    with pytest.raises(ValueError, match="the source has 3 frames"):
        WindowSpec(start=3).on(frames=3, fps=30.0)


def test_specifications_with_the_same_words_have_the_same_digest() -> None:
    one, two = (load_spec(shipped_spec("luma").path, HttpSpec) for _ in range(2))
    assert one.digest == two.digest != one.model_copy(update={"model": "ray-3"}).digest


def test_errors_of_this_room_survive_a_process_border() -> None:
    import pickle

    with pytest.raises(RveError) as caught:
        build_editor("coppy")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
