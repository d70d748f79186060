"""Each bad input gets one clear sentence, the right exit code, and costs nothing already done."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from tests.cli.helpers import only_error, rvebench
from tests.runs.world import make_split


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_split(tmp_path_factory.mktemp("split"), n=3)


def evaluate(split: Path | str, out: Path, *more: object, model: str = "copy", code: int) -> str:
    arguments = ("evaluate", "--model", model, "--split", split, "--judge", "reference", "--out", out, *more)
    return only_error(rvebench(*arguments, code=code))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--split", "dmeo"), "did you mean demo"),
        (("--model", "copi"), "did you mean copy"),
        (("--judge", "referense"), "did you mean reference"),
        (("--formula", "geometrik"), "did you mean geometric"),
        (("--metrics", "temporal_flikering"), "temporal_flickering"),
        (("--shard", "3/2"), "--shard"),
        (("--shard", "x"), "--shard"),
        (("--shard", "²/3"), "--shard"),
    ],
)
def test_an_unknown_name_is_a_usage_error_with_the_nearest(
    arguments: tuple[str, str], words: str, tmp_path: Path
) -> None:
    base = {"--model": "copy", "--split": "demo", "--judge": "reference", "--out": str(tmp_path / "run")}
    base[arguments[0]] = arguments[1]
    ran = rvebench("evaluate", *(item for pair in base.items() for item in pair), code=2)
    assert words in only_error(ran)
    assert not (tmp_path / "run").exists()


def test_the_default_judge_without_a_key_stops_before_any_work_and_names_both_ways_on(
    split: Path, tmp_path: Path
) -> None:
    ran = rvebench("evaluate", "--model", "copy", "--split", split, "--out", tmp_path / "run", code=2)
    error = only_error(ran)
    assert "OPENAI_API_KEY" in error and "--judge reference" in error
    assert not (tmp_path / "run").exists()


def rewrite(split: Path, folder: Path, change: dict[str, object] | None = None, raw: bytes | None = None) -> Path:
    """Returns a copy of the split with the second line changed, or with a raw line instead."""
    shutil.copytree(split.parent, folder)
    path = folder / "samples.jsonl"
    lines = path.read_bytes().splitlines()
    if change is not None:
        lines[1] = json.dumps(json.loads(lines[1]) | change).encode()
    if raw is not None:
        lines[1] = raw
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": "s000"}, "s000"),
        ({"source": "../outside.mp4"}, "outside"),
        ({"source": "/etc/passwd"}, "/etc/passwd"),
        ({"instructoin": "x"}, "instruction"),
        ({"reasoning_type": "magic"}, "magic"),
        ({"id": "../x"}, "id"),
        ({"instruction": ""}, "instruction"),
    ],
)
def test_a_bad_manifest_line_is_named_by_file_and_line(
    split: Path, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    path = rewrite(split, tmp_path / "bad", change)
    error = evaluate(path, tmp_path / "run", code=4)
    assert "samples.jsonl:2" in error and words in error


@pytest.mark.parametrize("raw", [b"{", b"[1]", b"\xff\xfe{}", b'{"id": NaN}'])
def test_a_line_that_is_not_a_json_object_is_named_by_file_and_line(split: Path, tmp_path: Path, raw: bytes) -> None:
    path = rewrite(split, tmp_path / "bad", raw=raw)
    assert "samples.jsonl:2" in evaluate(path, tmp_path / "run", code=4)


def test_a_missing_or_empty_manifest_is_an_error(tmp_path: Path) -> None:
    evaluate(tmp_path / "nothing.jsonl", tmp_path / "run", code=2)
    (tmp_path / "empty.jsonl").write_text("")
    evaluate(tmp_path / "empty.jsonl", tmp_path / "run", code=4)


def spoil(kind: str, path: Path) -> None:
    """Makes `path` a bad video of one kind."""
    data = path.read_bytes()
    if kind == "missing":
        path.unlink()
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif kind == "garbage":
        path.write_bytes(np.random.default_rng(0).integers(0, 256, 5000, dtype=np.uint8).tobytes())
    elif kind == "renamed":
        path.write_text("this is a text file\n" * 50)
    elif kind == "audio-only":
        with av.open(str(path), "w") as container:
            stream = container.add_stream("aac", rate=16000)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate = 16000
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                container.mux(packet)
    elif kind == "zero-frame":
        with av.open(str(path), "w") as container:
            video = container.add_stream("libx264", rate=8)
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            container.start_encoding()


KINDS = ["missing", "empty", "truncated", "garbage", "renamed", "audio-only", "zero-frame"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_source_stops_before_any_work_with_one_sentence(split: Path, tmp_path: Path, kind: str) -> None:
    path = rewrite(split, tmp_path / "bad")
    spoil(kind, tmp_path / "bad" / "s001.source.mp4")
    error = evaluate(path, tmp_path / "run", code=4)
    assert "s001" in error
    assert not (tmp_path / "run" / "journal.jsonl").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_output_fails_its_sample_alone_and_says_why(split: Path, tmp_path: Path, kind: str) -> None:
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    for index in range(3):
        shutil.copyfile(split.parent / f"s{index:03d}.target.mp4", outputs / f"s{index:03d}.mp4")
    spoil(kind, outputs / "s001.mp4")
    arguments = ("evaluate", "--model", f"folder:{outputs}", "--split", split, "--judge", "reference")
    ran = rvebench(*arguments, "--out", tmp_path / "run", "--format", "json", code=3 if kind == "missing" else 1)
    coverage = json.loads(ran.stdout)["coverage"]
    assert coverage["ok"] == 2 and coverage["missing" if kind == "missing" else "failed"] == 1
    rows = (tmp_path / "run" / "samples.csv").read_text().splitlines()
    (reason,) = (row["reason"] for row in csv.DictReader(rows) if row["id"] == "s001")
    words = {
        "missing": "outputs",
        "empty": "empty",
        "truncated": "",
        "garbage": "",
        "renamed": "",
        "audio-only": "no video",
        "zero-frame": "no video",
    }
    assert len(reason) > 20 and words[kind] in reason, reason


def test_an_edit_of_another_size_rate_and_length_is_scored(split: Path, tmp_path: Path) -> None:
    from rvebench.video import write_video
    from tests.runs.world import scene

    outputs = tmp_path / "outputs"
    outputs.mkdir()
    write_video(outputs / "s000.mp4", scene(0, (40, 60, 220), frames=9), fps=30)
    write_video(outputs / "s001.mp4", scene(1, (40, 60, 220), frames=5), fps=4)
    write_video(outputs / "s002.mp4", scene(2, (40, 60, 220), frames=9).repeat(2, 1).repeat(2, 2), fps=8)
    arguments = ("evaluate", "--model", f"folder:{outputs}", "--split", split, "--judge", "reference")
    ran = rvebench(*arguments, "--out", tmp_path / "run", "--format", "json")
    assert json.loads(ran.stdout)["coverage"]["ok"] == 3


@pytest.mark.parametrize("verb", ["evaluate", "generate"])
def test_a_source_with_fewer_frames_than_it_promises_is_accepted_when_said_so(
    split: Path, tmp_path: Path, verb: str
) -> None:
    from rvebench.video import write_video
    from tests.runs.world import scene

    path = rewrite(split, tmp_path / "cut", {"source": "long.mp4"})
    long = tmp_path / "cut" / "long.mp4"
    write_video(long, scene(1, (220, 40, 40), frames=60), fps=8)
    long.write_bytes(long.read_bytes()[: long.stat().st_size * 6 // 10])
    judge = ("--judge", "reference") if verb == "evaluate" else ()
    arguments = (verb, "--model", "blank", "--split", path, *judge, "--out", tmp_path / "run")
    assert "the container promises 60" in only_error(rvebench(*arguments, code=4))
    ran = rvebench(*arguments, "--allow-truncated", "--dry-run")
    assert "edits to make    3" in ran.stdout


def test_a_directory_that_is_not_a_run_is_refused_and_untouched(split: Path, tmp_path: Path) -> None:
    for name in ("thesis.tex", ".thesis.tmp"):
        (tmp_path / name).write_text("precious")
    assert "not empty" in evaluate(split, tmp_path, code=2)
    assert "not empty" in evaluate(split, tmp_path, "--dry-run", code=2)
    for verb in ("rescore", "report", "score"):
        more = ("--judge", "reference") if verb == "score" else ()
        assert "not a run directory" in only_error(rvebench(verb, tmp_path, *more, code=2))
        rvebench(verb, tmp_path / "nothing", *more, code=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".thesis.tmp", "thesis.tex"]


def test_a_directory_left_by_a_process_killed_in_its_first_moments_is_used(split: Path, tmp_path: Path) -> None:
    for name in ("lock", "samples.jsonl", ".manifest.json.abc123.tmp"):
        (tmp_path / name).write_text("{")
    rvebench("evaluate", "--model", "copy", "--split", split, "--judge", "reference", "--out", tmp_path)
    assert not list(tmp_path.glob(".*"))


def test_a_damaged_journal_is_exit_code_four_and_names_the_line(split: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    rvebench("evaluate", "--model", "copy", "--split", split, "--judge", "reference", "--out", run)
    journal = run / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(lines[0] + lines[1].replace(b"s0", b"s9") + b"".join(lines[2:]))
    assert "journal.jsonl:2" in only_error(rvebench("rescore", run, code=4))


def test_a_full_disk_is_a_clear_error_and_what_was_recorded_is_kept(split: Path, tmp_path: Path) -> None:
    """The file size limit stands in for the disk: the first file over it cannot be written."""
    import subprocess
    import sys

    run = tmp_path / "run"
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)); "
        "sys.argv = ['rvebench', *sys.argv[1:]]; from rvebench.cli import main; main()"
    )
    arguments = ["evaluate", "--model", "copy", "--split", str(split), "--judge", "reference", "--out", str(run)]
    ran = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 4, ran.stderr
    assert "cannot write" in ran.stderr and "Traceback" not in ran.stderr
    rvebench(*arguments)
