"""Without the renderer or the physics engine: one sentence that says what to install, exit code 2, no traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rvebench.errors import UsageError
from rvebench.sim.libraries import load_pymunk, load_skia, missing_libraries
from tests.cli.helpers import only_error, rvebench

TOP = Path(__file__).resolve().parent.parent.parent
FAULTS = {
    "libGL": ("skia", "libGL.so.1: cannot open shared object file: No such file or directory"),
    "libEGL": ("skia", "libEGL.so.1: cannot open shared object file: No such file or directory"),
    "libfontconfig": ("skia", "libfontconfig.so.1: cannot open shared object file: No such file or directory"),
    "skia": ("skia", "No module named 'skia'"),
    "pymunk": ("pymunk", "No module named 'pymunk'"),
}
WHAT = {"skia": "renderer", "pymunk": "physics engine"}
COMMANDS = {
    "data render": ("data", "render", "mini", "--size", "96x64", "--frames", "5", "--out"),
    "evaluate": ("evaluate", "--model", "ladder:half", "--split", "demo", "--judge", "reference", "--out"),
}


def lame(folder: Path, module: str, reason: str) -> dict[str, str]:
    """Returns an environment in which a module fails to load."""
    if module == "pymunk":
        pytest.importorskip("skia")  # which is looked for first
    (folder / "lame").mkdir()
    (folder / "lame" / f"{module}.py").write_text(f"raise ImportError({reason!r})\n")
    return {"PYTHONPATH": f"{folder / 'lame'}:{TOP}"}


@pytest.mark.parametrize("fault", FAULTS)
def test_rendering_says_what_is_missing_and_what_to_install(fault: str, tmp_path: Path) -> None:
    module, reason = FAULTS[fault]
    ran = rvebench(*COMMANDS["data render"], tmp_path / "out", code=2, env=lame(tmp_path, module, reason))
    error = only_error(ran)
    assert ran.stderr.count("\n") == 1 and ran.stdout == ""
    assert error.startswith(f"error: the {WHAT[module]} cannot be loaded: {reason}; ")
    assert 'pip install "rvebench[sim]"' in error
    if module == "skia":
        assert all(package in error for package in ("libgl1", "libegl1", "libfontconfig1"))
    assert not (tmp_path / "out").exists(), "a folder was made for nothing"


@pytest.mark.parametrize("module", WHAT)
def test_the_ladder_editor_says_so_before_it_starts(module: str, tmp_path: Path) -> None:
    reason = FAULTS[module][1]
    error = only_error(rvebench(*COMMANDS["evaluate"], tmp_path / "out", code=2, env=lame(tmp_path, module, reason)))
    assert f"this editor cannot run here: no {WHAT[module]} ({reason}; " in error
    assert 'pip install "rvebench[sim]"' in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("module", WHAT)
def test_the_ladder_of_a_judge_says_so_before_it_starts(module: str, tmp_path: Path) -> None:
    reason = FAULTS[module][1]
    ran = rvebench("judge", "ladder", "--split", "demo", code=2, env=lame(tmp_path, module, reason))
    assert f"the {WHAT[module]} cannot be loaded: {reason}" in only_error(ran) and ran.stdout == ""


def test_the_rest_of_the_package_works_without_them(tmp_path: Path) -> None:
    env = lame(tmp_path, "skia", "none") | {"RVEBENCH_CACHE_DIR": str(tmp_path / "cache")}
    (tmp_path / "lame" / "pymunk.py").write_text("raise ImportError('none')\n")
    assert "demo" in rvebench("data", "list", env=env).stdout
    assert "copy" in rvebench("editors", "list", env=env).stdout


@pytest.mark.parametrize(("module", "load"), [("skia", load_skia), ("pymunk", load_pymunk)])
def test_a_library_that_is_not_installed_is_named(
    module: str, load: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(module)
    assert not missing_libraries()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=f"the {WHAT[module]} cannot be loaded"):
        load()
    assert [text.partition(" (")[0] for text in missing_libraries()] == [WHAT[module]]


def test_families_can_be_listed_and_split_up_without_them(tmp_path: Path) -> None:
    """Setups, words and recipes are plain Python: only drawing needs the libraries."""
    program = (
        "import sys; sys.modules['skia'] = sys.modules['pymunk'] = None\n"
        "from rvebench.sim.recipes import recipes_of\n"
        "print(len([recipe.instruction for recipe in recipes_of('mini')]))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "96\n"
