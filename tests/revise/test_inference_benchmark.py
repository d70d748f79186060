"""The benchmark of inference runs, its loops agree, and it says what it cannot measure. No time is looked at."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "revise_inference.py"
RELEASED = "the same, two passes (released)"


@pytest.fixture(scope="module")
def bench() -> dict[str, Any]:
    return runpy.run_path(str(FILE))


@pytest.fixture(scope="module")
def edit(bench: dict[str, Any]) -> Any:
    config = bench["preset"]("tiny-random")
    size = bench["Size"](width=32, height=32)
    settings = bench["EditSettings"].of(config, steps=2, frames=5, size=size, stride=1)
    pipeline = bench["random_model"](config, torch.device("cpu"), torch.float32)
    return bench["Bench"].of(pipeline, settings)


def test_every_loop_gives_the_same_latents(edit: Any) -> None:
    made = {name: loop() for name, loop in edit.loops().items()}
    for name, latents in made.items():
        if name == RELEASED:
            torch.testing.assert_close(latents, made["once"], rtol=1e-4, atol=1e-4)
        else:
            assert torch.equal(latents, made["once"]), name


def test_the_loops_run_the_connector_as_often_as_they_say(edit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def counting(name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        def count(*positional: Any, **named: Any) -> Any:
            calls.append(name)
            return inner(*positional, **named)

        return count

    for part, name in ((edit.pipeline.parts.connector, "interpret"), (edit.pipeline.parts.text, "encode")):
        monkeypatch.setitem(vars(part), name, counting(name, getattr(part, name)))
    counts = {}
    for name, loop in edit.loops().items():
        calls.clear()
        loop()
        counts[name] = (calls.count("interpret"), calls.count("encode"))
    # both branches at each time; two steps
    assert counts == {
        "once": (2, 1),
        "connector each step": (4, 1),
        RELEASED: (4, 1),
        "text, VLM, connector each step": (4, 2),
    }


def test_the_stages_of_a_small_edit_are_tabled(
    edit: Any, bench: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    bench["measure"](edit.pipeline, edit.settings, rounds=1, peaks={"model": 1e11, "float32": 1e11})
    told = capsys.readouterr().out
    for name in ("text encoder", "VLM", "VAE encode", "connector", "denoise, 2 steps", "VAE decode", *edit.loops()):
        assert f"\n{name} " in told
    assert "nan" not in told


def test_without_a_gpu_full_size_is_counted_and_called_unmeasured(
    bench: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    shapes = bench["cases"]
    monkeypatch.setitem(bench["main"].__globals__, "cases", lambda asked: shapes(asked)[:1])  # 81 frames take longer
    bench["main"](["--full"])
    told = capsys.readouterr().out
    assert "1,450.1" in told and "1,606.2" in told
    assert told.rstrip().endswith("torch sees no GPU on this machine.")


@pytest.mark.parametrize("words", [["--rounds", "0"], ["--steps", "0"], ["--plan"], ["--preset", "wan1.3b"]])
def test_what_makes_no_sense_is_refused(bench: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        bench["main"](words)
    assert refused.value.code == 2
