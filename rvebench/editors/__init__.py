"""Editors: models under test, whether Python, a command, a service, or a folder of finished edits."""

from __future__ import annotations

from rvebench.editors.protocol import Editor
from rvebench.editors.spec import EDITORS, build_editor, missing_of, open_editor, patience_of
from rvebench.editors.spec_files import SpecFile

__all__ = ["EDITORS", "Editor", "SpecFile", "build_editor", "missing_of", "open_editor", "patience_of"]
