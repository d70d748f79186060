from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rvebench.editors import build_editor
from rvebench.editors.command_spec import CommandSpec, inline_spec
from rvebench.editors.command_transport import CommandEditor
from rvebench.errors import EditorError
from rvebench.records import EditResult, Window
from rvebench.taxonomy import Status
from rvebench.video import read_video
from tests.editors.conftest import MakeRequest

Script = Callable[[str], str]
COPY = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])\n"


def run(spec: str, make: MakeRequest, **changes: object) -> EditResult:
    (result,) = build_editor(f"command:{spec}").edit([make(**changes)])
    return result


def spec_of(script: str, **keys: object) -> CommandSpec:
    import shlex

    argv = [*shlex.split(script), *keys.pop("arguments", ["{source}", "{out}"])]  # type: ignore[misc]
    return CommandSpec.model_validate({"name": "x", "version": "1", "argv": argv, **keys})


def edit(spec: CommandSpec, make: MakeRequest, environ: dict[str, str] | None = None, **changes: object) -> EditResult:
    (result,) = CommandEditor(spec, environ={**os.environ, **(environ or {})}).edit([make(**changes)])
    return result


def test_a_real_ffmpeg_edit_turns_a_real_clip_grey(ffmpeg: str, make: MakeRequest, real_clips: dict[str, Path]) -> None:
    result = run(f"{ffmpeg} -y -i {{source}} -vf hue=s=0 {{out}}", make, source=real_clips["carphone_pristine"])
    assert result.status is Status.OK, result.reason
    assert result.video is not None
    grey = read_video(result.video).frames_THWC
    assert grey.shape == (120, 144, 176, 3)
    assert int(abs(grey[..., 0].astype(int) - grey[..., 2]).max()) <= 12
    assert result.wall_s > 0


@pytest.mark.parametrize(
    "instruction",
    [
        "it's \"quoted\" and 'quoted'",
        "$(touch hacked) `touch hacked` ; touch hacked && touch hacked | touch hacked > hacked",
        "two\nlines\r\nand a\ttab",
        "{out} {{braces}} {seed} {nothing} ${HOME}",
        "-rf --help -y",
        "日本語 … naïve 🙂",
        "",
        "%s %(x)d \\n \\\\",
    ],
)
def test_the_instruction_reaches_the_program_as_it_is(
    instruction: str, make: MakeRequest, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    seen = tmp_path / "seen.txt"
    command = script(
        f"import sys, shutil\nopen({str(seen)!r}, 'w', newline='').write(sys.argv[3])\n"
        "shutil.copy(sys.argv[1], sys.argv[2])\n"
    )
    result = run(f"{command} {{source}} {{out}} {{instruction}}", make, instruction=instruction)
    assert result.status is Status.OK, result.reason
    with seen.open(newline="", encoding="utf-8") as file:
        assert file.read() == instruction
    assert not (tmp_path / "hacked").exists()


@given(instruction=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_instruction_arrives_unchanged_through_a_file(instruction: str, make: MakeRequest, script: Script) -> None:
    command = script(
        "import sys, shutil, pathlib\n"
        "text = pathlib.Path(sys.argv[3]).read_bytes().decode()\n"
        "assert text == sys.argv[4], (text, sys.argv[4])\n"
        "shutil.copy(sys.argv[1], sys.argv[2])\n"
    )
    result = run(f"{command} {{source}} {{out}} {{instruction_file}} {{instruction}}", make, instruction=instruction)
    assert result.status is Status.OK, result.reason


def test_a_nul_character_in_the_instruction_fails_that_request(make: MakeRequest, script: Script) -> None:
    result = run(f"{script(COPY)} {{source}} {{out}} {{instruction}}", make, instruction="a\0b")
    assert result.status is Status.FAILED and "null byte" in result.reason


def test_a_hanging_command_is_a_timeout_and_takes_its_children_along(
    make: MakeRequest, script: Script, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    command = script(
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "print('started', flush=True)\ntime.sleep(60)\n"
    )
    started = time.monotonic()
    result = edit(spec_of(command, timeout_s=1.5, grace_s=0.2), make)
    assert result.status is Status.TIMEOUT
    assert "stopped after 1.5 s" in result.reason and "started" in result.reason
    assert time.monotonic() - started < 10
    assert not any(alive(int(pid)) for pid in pids.read_text().split())


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_command_that_ignores_sigterm_is_killed(make: MakeRequest, script: Script) -> None:
    command = script("import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)\n")
    started = time.monotonic()
    result = edit(spec_of(command, timeout_s=1, grace_s=0.3), make)
    assert result.status is Status.TIMEOUT
    assert time.monotonic() - started < 10


def test_a_failing_command_is_told_by_its_code_and_last_words(make: MakeRequest, script: Script) -> None:
    result = run(script("import sys; print('CUDA out of memory', file=sys.stderr); sys.exit(3)") + " {out}", make)
    assert result.status is Status.FAILED
    assert result.reason.startswith("exited with code 3") and "CUDA out of memory" in result.reason


def test_death_by_a_signal_is_told(make: MakeRequest, script: Script) -> None:
    result = run(script("import os; os.kill(os.getpid(), 11)") + " {out}", make)
    assert result.status is Status.FAILED and "signal 11" in result.reason


def test_code_0_without_a_video_is_a_failure(make: MakeRequest, script: Script) -> None:
    result = run(script("print('understanding only, skip')") + " {out}", make)
    assert result.status is Status.FAILED
    assert "wrote nothing" in result.reason and "understanding only" in result.reason


@pytest.mark.parametrize(("content", "told"), [("b''", "empty file"), ("b'not a video' * 50", "not a readable video")])
def test_an_output_that_is_no_video_is_a_failure_and_is_not_left_behind(
    content: str, told: str, make: MakeRequest, script: Script
) -> None:
    request = make()
    command = script(f"import sys; open(sys.argv[1], 'wb').write({content})")
    (result,) = build_editor(f"command:{command} {{out}}").edit([request])
    assert result.status is Status.FAILED and told in result.reason
    assert not request.out.exists()


def test_megabytes_of_output_neither_block_nor_fill_the_reason(make: MakeRequest, script: Script) -> None:
    command = script(
        "import sys\n"
        "for _ in range(3000): sys.stdout.write('x' * 1000 + '\\n')\n"
        "sys.stderr.write('progress 1%\\rprogress 50%\\rprogress 99%\\n'); sys.exit('the last word')\n"
    )
    result = run(f"{command} {{out}}", make)
    assert len(result.reason) < 2200
    assert result.reason.endswith("the last word") and "progress 99%" in result.reason
    assert "progress 50%" not in result.reason


def test_other_size_rate_and_length_are_taken_as_they_are(ffmpeg: str, make: MakeRequest) -> None:
    result = run(f"{ffmpeg} -y -i {{source}} -vf scale=32:24,fps=4 -frames:v 3 {{out}}", make)
    assert result.status is Status.OK and result.video is not None
    clip = read_video(result.video)
    assert clip.size == (32, 24) and len(clip) == 3


def test_facts_of_the_source_are_placeholders(make: MakeRequest, script: Script) -> None:
    command = script(
        "import sys, shutil\nprint(*sys.argv[3:])\n"
        "if sys.argv[3:] == ['12', '64', '48', '8.0', '7', 's1']: shutil.copy(sys.argv[1], sys.argv[2])\n"
    )
    result = run(f"{command} {{source}} {{out}} {{frames}} {{width}} {{height}} {{fps}} {{seed}} {{sample_id}}", make)
    assert result.status is Status.OK, result.reason


def test_a_missing_program_is_an_error_before_any_work() -> None:
    with pytest.raises(EditorError, match="no executable no-such-program"):
        build_editor("command:no-such-program {out}")


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("ffmpeg -i {source}", "never names {out}"),
        ("ffmpeg '{source} {out}", "cannot be split"),
        ("ffmpeg {sorce} {out}", "did you mean {source}"),
        ('""', "never names"),
    ],
)
def test_a_template_that_cannot_work_is_an_error_up_front(template: str, told: str) -> None:
    with pytest.raises(EditorError) as caught:
        inline_spec(template)
    assert told in str(caught.value)


def test_an_unreadable_source_fails_its_request_and_not_the_next(
    make: MakeRequest, script: Script, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"garbage")
    editor = build_editor(f"command:{script(COPY)} {{source}} {{out}} {{frames}}")
    first, second = editor.edit([make("a", source=bad), make("b")])
    assert (first.status, second.status) == (Status.FAILED, Status.OK)
    assert "bad.mp4" in first.reason


def test_secrets_of_the_environment_never_reach_a_reason(make: MakeRequest, script: Script) -> None:
    command = script("import os, sys; sys.exit('key is ' + os.environ['SERVICE_API_KEY'])")
    spec = spec_of(command, arguments=["{out}"], env={"SERVICE_API_KEY": "${MY_TOKEN}"})
    result = edit(spec, make, {"MY_TOKEN": "sk-very-secret-0001"})
    assert result.status is Status.FAILED
    assert "sk-very-secret-0001" not in repr(result) and "key is ***" in result.reason


def test_a_stale_file_of_an_earlier_run_is_not_taken_for_an_edit(
    make: MakeRequest, script: Script, tmp_path: Path, clip: Path
) -> None:
    results = tmp_path / "results"
    results.mkdir()
    (results / "s1_edited.mp4").write_bytes(clip.read_bytes())
    spec = spec_of(script("pass"), arguments=["x"], output="results/{sample_id}_edited.mp4", cwd=str(tmp_path))
    result = edit(spec, make)
    assert result.status is Status.FAILED and "wrote nothing" in result.reason


def test_a_new_file_under_a_name_of_the_script_s_own_is_found_and_moved(
    make: MakeRequest, script: Script, tmp_path: Path
) -> None:
    command = script("import os, shutil, sys; shutil.copy(sys.argv[1], os.path.join(sys.argv[2], 'x_00.mov'))")
    spec = spec_of(command, arguments=["{source}", "{outdir}"], output="{outdir}/*.mov")
    request = make("[a]*")
    (result,) = CommandEditor(spec).edit([request])
    assert result.status is Status.OK, result.reason
    assert result.video == request.out.with_suffix(".mov")
    assert [path.name for path in request.out.parent.iterdir()] == ["[a]*.mov"]


def test_two_new_files_are_ambiguous(make: MakeRequest, script: Script) -> None:
    command = script("import sys, shutil\nfor n in 'ab': shutil.copy(sys.argv[1], f'{sys.argv[2]}/{n}.mp4')")
    result = edit(spec_of(command, arguments=["{source}", "{outdir}"], output="{outdir}/*.mp4"), make)
    assert result.status is Status.FAILED and "wrote 2 files" in result.reason


def test_a_declared_window_is_cut_to_the_source(make: MakeRequest, script: Script) -> None:
    spec = spec_of(script(COPY), window={"start": 1, "stride": 2, "count": 17, "factor": 4})
    assert edit(spec, make).window == Window(start=1, stride=2, count=5, fps=4.0)


def test_a_cut_source_holds_the_window_s_frames_only(make: MakeRequest, script: Script) -> None:
    spec = spec_of(script(COPY), window={"count": 5}, cut_source=True)
    result = edit(spec, make)
    assert result.video is not None and len(read_video(result.video)) == 5
    asked = Window(start=2, stride=3, count=3, fps=8 / 3)
    result = edit(spec, make, window=asked)
    assert result.window == asked
    assert result.video is not None and len(read_video(result.video)) == 3


def test_files_and_folders_are_prepared_with_the_instruction_quoted_by_their_format(
    make: MakeRequest, script: Script
) -> None:
    command = script(
        "import csv, json, sys, shutil, os\n"
        "rows = list(csv.reader(open(sys.argv[3] + '/list.csv', newline='')))\n"
        "config = json.load(open(sys.argv[3] + '/config.yaml'))\n"
        "assert rows == [['text'], [config['args']['prompt']]], rows\n"
        "assert config['args']['seed'] == 7 and os.path.isdir(sys.argv[3] + '/deep/er')\n"
        "shutil.copy(sys.argv[1], sys.argv[2])\n"
    )
    spec = spec_of(
        command,
        arguments=["{source}", "{out}", "{outdir}"],
        mkdirs=["{outdir}/deep/er"],
        files={
            "{outdir}/list.csv": [["text"], ["{instruction}"]],
            "{outdir}/config.yaml": {"args": {"prompt": "{instruction}", "seed": "{seed}"}},
        },
    )
    result = edit(spec, make, instruction='a "b", c: [d]\n- e')
    assert result.status is Status.OK, result.reason


def test_a_conda_environment_is_entered_without_showing_it_the_instruction(
    make: MakeRequest, script: Script, tmp_path: Path
) -> None:
    conda = tmp_path / "conda"
    conda.write_text('#!/bin/sh\necho "$@" >> "$CALLS"\nshift 4\nexec "$@"\n')
    conda.chmod(0o755)
    calls = tmp_path / "calls"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(os.path.realpath(os.sys.executable))  # type: ignore[attr-defined]
    spec = spec_of(
        script(COPY), arguments=["{source}", "{out}", "{instruction}"], conda="revise", conda_executable=str(conda)
    )
    environ = {"CALLS": str(calls), "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    result = edit(spec, make, environ, instruction="secret wish\n$(touch x)")
    assert result.status is Status.OK, result.reason
    assert calls.read_text().startswith("run -n revise --no-capture-output python -I ")
    assert "secret wish" not in calls.read_text()


def test_a_missing_conda_is_told_up_front(script: Script) -> None:
    editor = CommandEditor(spec_of(script(COPY), conda="revise", conda_executable="/no/conda"))
    assert editor.missing() == ("executable /no/conda (for the conda environment revise)",)


def test_a_suffix_the_command_does_not_understand_fails_before_it_starts(
    make: MakeRequest, script: Script, tmp_path: Path, clip: Path
) -> None:
    other = tmp_path / "clip.webm"
    other.write_bytes(clip.read_bytes())
    result = edit(spec_of(script(COPY), source_suffixes=[".mp4"]), make, source=other)
    assert result.status is Status.FAILED and "reads .mp4 only" in result.reason


def test_a_batch_starts_once_and_gives_each_request_its_own_result(
    make: MakeRequest, script: Script, tmp_path: Path
) -> None:
    starts = tmp_path / "starts"
    command = script(
        "import json, shutil, sys\n"
        f"open({str(starts)!r}, 'a').write('x')\n"
        "for line in open(sys.argv[1], encoding='utf-8'):\n"
        "    job = json.loads(line)\n"
        "    assert job['n'] == 12 and job['text'] == 'say \"hi\"\\n…'\n"
        "    if job['id'] != 'b': shutil.copy(job['video'], f\"{sys.argv[2]}/{job['id']}_edited.mp4\")\n"
    )
    spec = spec_of(
        command,
        arguments=["{jsonl}", "{outdir}"],
        mode="per-batch",
        batch={
            "size": 3,
            "fields": {"id": "{sample_id}", "text": "{instruction}", "video": "{source}", "n": "{frames}"},
        },
        output="{outdir}/{sample_id}_edited.mp4",
    )
    requests = [make(name, 'say "hi"\n…') for name in "abcd"]
    results = {result.sample_id: result for result in CommandEditor(spec).edit(iter(requests))}
    assert [results[name].status for name in "abcd"] == [Status.OK, Status.FAILED, Status.OK, Status.OK]
    assert "wrote nothing" in results["b"].reason
    assert starts.read_text() == "xx"


def test_what_a_batch_finished_before_it_died_is_kept(make: MakeRequest, script: Script) -> None:
    command = script(
        "import json, shutil, sys\n"
        "job = json.loads(open(sys.argv[1]).readline())\n"
        "shutil.copy(job['video'], f\"{sys.argv[2]}/{job['id']}.mp4\"); sys.exit('died')\n"
    )
    spec = spec_of(
        command,
        arguments=["{jsonl}", "{outdir}"],
        mode="per-batch",
        batch={"fields": {"id": "{sample_id}", "video": "{source}"}},
        output="{outdir}/{sample_id}.mp4",
    )
    first, second = CommandEditor(spec).edit([make("a"), make("b")])
    assert first.status is Status.OK and first.meta["batch"] == "the batch code 1"
    assert second.status is Status.FAILED and "died" in second.reason
