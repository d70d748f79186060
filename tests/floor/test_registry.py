from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from rvebench import registry
from rvebench.errors import UnknownNameError, UsageError
from rvebench.registry import Registration, Registry, load_target


def make(*pairs: tuple[str, str]) -> Registry[object]:
    return Registry(
        "thing", [Registration(name=name, target=target) for name, target in pairs], group="rvebench.nothing"
    )


def test_a_target_is_imported_only_when_it_is_loaded() -> None:
    things = make(("broken", "no.such.module:X"), ("path", "pathlib:Path"))
    assert things.names() == ["broken", "path"]
    assert things.load("path") is __import__("pathlib").Path
    with pytest.raises(UsageError, match="cannot be imported"):
        things.load("broken")


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown thing 'copi'; did you mean copy"):
        make(("copy", "a:b"), ("target", "a:c")).entry("copi")


def test_an_entry_point_adds_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    points = EntryPoints([EntryPoint("mine", "pathlib:Path", "rvebench.nothing")])
    monkeypatch.setattr(registry, "entry_points", lambda group: points.select(group=group))
    assert "mine" in make(("copy", "a:b"))


def test_a_name_claimed_twice_is_an_error_that_names_both(monkeypatch: pytest.MonkeyPatch) -> None:
    points = EntryPoints([EntryPoint("copy", "other:thing", "rvebench.nothing")])
    monkeypatch.setattr(registry, "entry_points", lambda group: points.select(group=group))
    with pytest.raises(UsageError, match=r"a:b .* and other:thing"):
        make(("copy", "a:b")).names()


@pytest.mark.parametrize("target", ["pathlib", "pathlib:", ":Path", "pathlib:Nothing"])
def test_a_target_that_names_nothing_is_a_clear_error(target: str) -> None:
    with pytest.raises(UsageError):
        load_target(target)


def test_importing_the_package_and_its_command_line_loads_nothing_heavy() -> None:
    program = (
        "import sys, rvebench, rvebench.cli\n"
        "heavy = {'torch','pandas','numpy','scipy','av','PIL','openai','pydantic','jinja2'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
