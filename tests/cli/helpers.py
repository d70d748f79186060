"""Runs the command line as a user does: another process, its three outputs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def rvebench(
    *arguments: object,
    code: int = 0,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    timeout_s: float = 240,
) -> subprocess.CompletedProcess[str]:
    """Returns what `rvebench ARGUMENTS` printed; checks the exit code, and that no traceback was shown."""
    top = Path(__file__).resolve().parent.parent.parent
    ran = subprocess.run(
        [sys.executable, "-m", "rvebench", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(top), "COLUMNS": "100", **(env or {})},
    )
    assert ran.returncode == code, f"exit {ran.returncode}, not {code}\n{ran.stdout}\n{ran.stderr}"
    assert "Traceback" not in ran.stdout + ran.stderr, ran.stderr
    return ran


def only_error(ran: subprocess.CompletedProcess[str]) -> str:
    """Returns the one error line; fails when there is none, or more than one."""
    lines = [line for line in ran.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, ran.stderr
    return lines[0]
