"""ReViSE as an editor: found by name, loaded once, one result a request, and a reason for each that has no video."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from typer.testing import CliRunner  # noqa: E402

from rvebench.cli.app import app  # noqa: E402
from rvebench.editors import Editor, build_editor, open_editor  # noqa: E402
from rvebench.editors.check import check_editor  # noqa: E402
from rvebench.errors import DataError, EditorError, RveError, UsageError  # noqa: E402
from rvebench.records import Window  # noqa: E402
from rvebench.revise.pipeline import ReviseEditPipeline  # noqa: E402
from rvebench.taxonomy import Status  # noqa: E402
from rvebench.video import read_video, write_video  # noqa: E402
from tests.editors.conftest import MakeRequest  # noqa: E402

QUICK = "steps=1&frames=5&max_frames=5&size=64x32"
TINY = f"revise-tiny-random?{QUICK}"


@pytest.fixture(scope="module", autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tiny"
    ReviseEditPipeline.from_config("tiny-random", seed=5).save_pretrained(path)
    return path


def frames(result: Any) -> np.ndarray:
    assert result.status is Status.OK, result.reason
    return np.asarray(read_video(result.video).frames_THWC)


def test_a_real_clip_of_seventeen_frames_is_edited_and_again_the_same(
    make: MakeRequest, real_clips: dict[str, Path]
) -> None:
    editor = build_editor("revise-tiny-random")
    window = Window(start=0, stride=1, count=17, fps=30.0)
    source = real_clips["carphone_pristine"]
    asked = [make(name, "Show the car at night.", source=source, window=window) for name in ("a", "b")]
    first, second = editor.edit(asked)
    assert frames(first).shape == (17, 144, 176, 3)
    assert (frames(first) == frames(second)).all()
    assert first.window == window
    assert first.meta["size"] == "96x64" and first.meta["source_size"] == "176x144"
    assert first.meta["compat"] == "official" and first.model_id == "tiny-random@seed-0"


def test_the_model_of_a_folder_is_found_loaded_once_and_named_by_its_weights(
    make: MakeRequest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[str] = []
    load = ReviseEditPipeline.from_pretrained.__func__  # type: ignore[attr-defined]

    def counted(cls: Any, *args: Any, **named: Any) -> Any:
        loads.append("load")
        return load(cls, *args, **named)

    monkeypatch.setattr(ReviseEditPipeline, "from_pretrained", classmethod(counted))
    editor = build_editor(f"revise?checkpoint={folder}&device=cpu&threads=1&{QUICK}")
    assert not loads, "reading the description loads nothing"
    results = list(editor.edit(make(f"s{n}", seed=n) for n in range(3)))
    assert loads == ["load"]
    pictures = [frames(result) for result in results]
    assert not (pictures[0] == pictures[1]).all(), "the request's seed reaches the noise"
    assert results[0].model_id in editor.info.revision and "tiny-random@" in results[0].model_id


def test_the_description_names_weights_switches_and_settings(folder: Path) -> None:
    base = open_editor(f"revise?checkpoint={folder}").info
    assert base.seeded and not base.deterministic and base.max_frames is None and base.name == "revise"
    assert base.notes[0].startswith("compat official: guidance official at 3, VLM sees the first frame")
    fixed = open_editor(f"revise?checkpoint={folder}&compat=fixed&device=cpu").info
    assert fixed.deterministic
    assert fixed.notes[0].startswith("compat fixed: guidance standard at 4, VLM sees all frames, padding mask")
    revisions = {base.revision, fixed.revision}
    for option in ("steps=5", "guidance=2", "dtype=bfloat16", "size=source", "stride=2", "frames=9", "batch=2"):
        revisions.add(open_editor(f"revise?checkpoint={folder}&{option}").info.revision)
    assert len(revisions) == 9
    assert open_editor(f"revise?checkpoint={folder}&offload=model").info.revision == base.revision
    notes = open_editor("revise-tiny-random").info.notes
    assert notes[0].startswith("weights are random")


def test_requests_are_edited_in_batches_and_one_bad_source_fails_alone(make: MakeRequest, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    editor = build_editor(f"{TINY}&batch=3")
    asked = [make("a"), make("b", source=broken), make("c", instruction=" "), make("d")]
    found = {result.sample_id: result for result in editor.edit(asked)}
    assert [found[name].status for name in "abcd"] == [Status.OK, Status.FAILED, Status.FAILED, Status.OK]
    assert "broken.mp4" in found["b"].reason and "\n" not in found["b"].reason
    assert found["c"].reason == "c: the instruction is empty; say what is to be changed"


def test_a_batch_gives_what_each_alone_gives(make: MakeRequest) -> None:
    asked = [("a", "make it rain", 3), ("b", "let it snow on everything", 4)]
    alone = [frames(next(iter(build_editor(TINY).edit([make(n, text, seed=s)])))) for n, text, s in asked]
    together = build_editor(f"{TINY}&batch=2").edit([make(f"{n}2", text, seed=s) for n, text, s in asked])
    assert np.abs(alone[0].astype(int) - alone[1].astype(int)).mean() > 5
    for one, other in zip(alone, together, strict=True):
        assert np.abs(one.astype(int) - frames(other).astype(int)).mean() < 0.5, "rounding, and the video codec"


@pytest.mark.parametrize(("width", "height", "count"), [(36, 70, 5), (75, 51, 1), (64, 48, 16)])
def test_portrait_odd_one_frame_and_sixteen_frames_are_edited(
    width: int, height: int, count: int, make: MakeRequest, tmp_path: Path
) -> None:
    source = tmp_path / "source.mp4"
    write_video(source, np.full((count, height, width, 3), 90, np.uint8), fps=8.0)
    read = read_video(source)
    (result,) = build_editor("revise-tiny-random?steps=1&frames=5&size=64x32").edit([make(source=source)])
    assert frames(result).shape == read.frames_THWC.shape and len(read) == count
    assert result.window == Window(start=0, stride=1, count=count, fps=read.fps)


def test_an_instruction_past_the_limit_fails_with_the_count(make: MakeRequest) -> None:
    (result,) = build_editor(TINY).edit([make(instruction="word after word " * 100)])
    assert result.status is Status.FAILED
    assert "tokens and the text encoder reads 192" in result.reason and "\n" not in result.reason


def test_too_little_memory_is_each_requests_reason_and_loading_is_not_tried_again(
    make: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def little(device: str) -> int:
        asked.append(device)
        return 1000

    monkeypatch.setattr("rvebench.revise.placement.available_memory", little)
    results = list(build_editor(TINY).edit([make("a"), make("b")]))
    assert [result.status for result in results] == [Status.FAILED] * 2
    assert "GiB on cpu, where 0.00 GiB are free" in results[0].reason and results[0].reason == results[1].reason
    assert len(asked) == 1


def test_the_memory_plan_is_told_when_asked(make: MakeRequest, capsys: pytest.CaptureFixture[str]) -> None:
    list(build_editor(f"{TINY}&explain=yes").edit([make()]))
    assert "memory for editing 5 frames of 64x32" in capsys.readouterr().err


def test_without_weights_an_editor_says_what_to_do() -> None:
    with pytest.raises(EditorError, match=r"no option checkpoint=FOLDER") as caught:
        build_editor("revise")
    assert "\n" not in str(caught.value)
    with pytest.raises(EditorError, match="takes no checkpoint"):
        build_editor("revise-tiny-random?checkpoint=x")


def test_the_small_model_says_where_its_weights_are_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("rvebench.editors.revise.asset_dir", lambda name: tmp_path)
    with pytest.raises(EditorError, match="this installation has no data/models/revise-nano") as caught:
        build_editor("revise-nano")
    assert "\n" not in str(caught.value)


def test_the_small_model_is_taken_from_the_shipped_data_or_a_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make: MakeRequest
) -> None:
    monkeypatch.setattr("rvebench.editors.revise.asset_dir", lambda name: tmp_path)
    shipped = tmp_path / "models" / "revise-nano"
    ReviseEditPipeline.from_config("nano").save_pretrained(shipped)
    editor = build_editor("revise-nano?steps=1&frames=5&max_frames=5&size=32x32&threads=1")
    assert editor.info.name == "revise-nano" and editor.info.deterministic
    (result,) = editor.edit([make()])
    assert len(frames(result)) == 5


@pytest.mark.parametrize(
    ("options", "kind", "told"),
    [
        ("checkpoint=/no/such/folder", UsageError, "there is no such folder"),
        ("frames=16", UsageError, "16 frames cannot be encoded: a clip has 4n \\+ 1 frames"),
        ("size=640x360", UsageError, "640x360 .* is not a multiple of 32; the nearest that works is 640x352"),
        ("size=big", UsageError, "not of the form WIDTHxHEIGHT"),
        ("step=4", EditorError, "unknown option 'step'.*did you mean steps"),
        ("solver=heun", EditorError, "solver='heun' is not euler|unipc"),
        ("threads=0", EditorError, "threads must be at least 1"),
    ],
)
def test_options_that_cannot_be_used_are_refused_before_any_run(options: str, kind: type[RveError], told: str) -> None:
    with pytest.raises(kind, match=told) as caught:
        open_editor(f"revise?{options}")
    assert "\n" not in str(caught.value)


def test_half_a_model_is_refused_before_any_run(folder: Path, tmp_path: Path) -> None:
    import shutil

    copy = Path(shutil.copytree(folder, tmp_path / "half"))
    (copy / "connector" / "adapter.safetensors").write_bytes(b"half")
    with pytest.raises(DataError, match="the file has 4 bytes and should have") as caught:
        build_editor(f"revise?checkpoint={copy}")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_said_before_any_run() -> None:
    with pytest.raises(EditorError, match=r"no device cuda \(torch sees no device cuda here\)"):
        build_editor("revise-tiny-random?device=cuda")


def test_the_editor_passes_its_own_check(tmp_path: Path) -> None:
    editor: Editor = build_editor(TINY)
    tried = check_editor(editor, tmp_path, seed=1)
    assert not tried.problems, tried.problems


def test_reading_names_and_options_imports_no_torch(folder: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from rvebench.editors import open_editor\n"
        f"open_editor('revise?checkpoint={folder}').info; open_editor('revise-tiny-random').info\n"
        "open_editor('revise').missing()\n"
        "assert 'torch' not in sys.modules and 'transformers' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_a_split_is_edited_judged_and_not_edited_twice(tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ["evaluate", "--model", TINY, "--split", "smoke", "--limit", "2", "--judge", "reference"]
    words += ["--out", str(run), "--format", "json"]
    first = CliRunner().invoke(app, words)
    assert first.exit_code == 0, first.output
    assert json.loads(first.stdout)["run"]
    manifest = (run / "manifest.json").read_text()
    assert "weights are random" in manifest and "compat official" in manifest
    written = {path.name: path.stat().st_mtime_ns for path in (run / "videos").iterdir()}
    assert len(written) == 2
    again = CliRunner().invoke(app, words)
    assert again.exit_code == 0, again.output
    assert {path.name: path.stat().st_mtime_ns for path in (run / "videos").iterdir()} == written
