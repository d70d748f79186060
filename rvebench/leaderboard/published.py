"""What was published stays: rows keep their bytes, tracks their pins. A correction is a new row that supersedes."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rvebench.leaderboard.findings import Finding
from rvebench.leaderboard.gitbase import Base, blob_id
from rvebench.leaderboard.rows import ATTESTATIONS, Row
from rvebench.leaderboard.submission import SUBMISSION_NAME
from rvebench.leaderboard.tracks import TRACKS_NAME, Tracks

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["check_published", "check_supersedes", "check_tracks"]

_MAY_CHANGE = ("tier", "attestations")
"""Of a published row: it can be attested later."""
_WORDS = ("title", "summary", "status", "caps")
"""Of a published track: they decide no number."""


def check_published(base: Base, root: Path, rows: Sequence[Row], *, scope: Sequence[Path]) -> list[Finding]:
    """Returns where published rows were changed or removed.

    Args:
        base: the revision that has them.
        root: the leaderboard's folder.
        rows: all rows that are there now.
        scope: the paths that were asked about: rows elsewhere are not looked at.
    """
    superseded = {f"{row.track}/{row.submission.supersedes}" for row in rows if row.submission}
    found = []
    for name, files in base.rows().items():
        folder = root / "submissions" / name
        if SUBMISSION_NAME not in files or not any(folder.is_relative_to(path) for path in scope):
            continue
        shown = f"submissions/{name}"
        if not folder.is_dir():
            if name not in superseded:
                found.append(
                    Finding(code="base.removed", where=shown, what="the row is published, and is not there any more")
                )
            continue
        for file, blob in files.items():
            path = folder / file
            now = path.read_bytes() if path.is_file() and not path.is_symlink() else None
            if now is not None and blob_id(now, blob) == blob:
                continue
            if file == SUBMISSION_NAME and _only_attested(base.content(f"{shown}/{file}"), now):
                continue
            what = "the file is published, and is " + ("not there any more" if now is None else "changed")
            found.append(Finding(code="base.changed", where=f"{shown}/{file}", what=what))
        added = [
            path.relative_to(folder).as_posix()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.relative_to(folder).as_posix() not in files
        ]
        found += [
            Finding(code="base.changed", where=f"{shown}/{file}", what="the row is published, and the file is new")
            for file in added
            if not file.startswith(f"{ATTESTATIONS}/")
        ]
    return found


def _only_attested(before: bytes, now: bytes | None) -> bool:
    """Tells whether two submission.json differ in nothing but their tier and attestations."""
    try:
        old, new = json.loads(before), json.loads(now or b"")
    except ValueError:
        return False
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    return {key: value for key, value in old.items() if key not in _MAY_CHANGE} == {
        key: value for key, value in new.items() if key not in _MAY_CHANGE
    } and list(old) == list(new)


def check_tracks(base: Base, tracks: Tracks) -> list[Finding]:
    """Returns where a published track has other pins than it had; tracks that were only announced may be filled in."""
    try:
        before: dict[str, Any] = tomllib.loads(base.content(TRACKS_NAME).decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return []
    found = []
    for name, entry in before.items():
        if not isinstance(entry, dict) or entry.get("status") not in {"open", "closed"}:
            continue
        rules = tracks.rules.get(name)
        now = _pins(rules.model_dump(mode="json", exclude_unset=True)) if rules else {}
        changed = sorted(key for key in {*_pins(entry), *now} if _pins(entry).get(key) != now.get(key))
        if changed:
            what = (
                f"the track {name} is published, and its {', '.join(changed[:4])} changed"
                if rules
                else (f"the track {name} is published, and is not there any more")
            )
            found.append(Finding(code="base.track", where=TRACKS_NAME, what=what))
    return found


def _pins(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in _WORDS}


def check_supersedes(rows: Sequence[Row], base: Base | None, there: Mapping[Path, set[str]]) -> None:
    """Notes rows that replace what is not an older row of their track.

    Args:
        rows: the rows that were read.
        base: the revision that has published ones.
        there: names of all rows in each track's folder.
    """
    published = set(base.rows()) if base else set()
    for row in rows:
        older = row.submission.supersedes if row.submission else None
        if older is None:
            continue
        if older not in there[row.folder.parent] and f"{row.track}/{older}" not in published:
            what = f"it supersedes {older}, which is no row of {row.track}"
        elif older[:8] > row.folder.name[:8] or older == row.folder.name:
            what = f"it supersedes {older}, which is not older"
        else:
            continue
        row.add("identity.supersedes", what, file=SUBMISSION_NAME)
