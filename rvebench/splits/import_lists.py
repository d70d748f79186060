"""Import of the two public layouts: the released ReViSE metadata list, and VIE-Bench.

What each looks like stands in docs/design/splits.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rvebench.errors import DataError
from rvebench.splits.import_rows import Row, absolute_inside, plain_name, read_rows, samples_of
from rvebench.splits.import_writer import ImportReport, write_imported
from rvebench.splits.paths import confined_path
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["import_official", "import_viebench"]

_OFFICIAL = ("source_video_path", "target_video_path", "instruction", "type")

_VIE_SOURCE = ("source_video_path", "source_video", "video_path", "original_video", "video", "source")
_VIE_INSTRUCTION = ("instruction", "edit_instruction", "edit_prompt", "prompt")
_VIE_TYPE = ("edit_type", "edited_type", "type", "task", "category")
_VIE_REFERENCE = ("reference_image_path", "reference_image", "ref_image_path", "ref_image", "reference")


def _ignored(rows: Sequence[Row], used: Sequence[str]) -> list[str]:
    others = Counter(key for row in rows for key in row.values if key not in used)
    if not others:
        return []
    return [f"keys without a place in the schema were left out: {', '.join(sorted(others))}"]


def _root(path: Path, root: Path | None) -> Path:
    return (path.parent if root is None else root).absolute()


def import_official(
    path: Path,
    out: Path,
    *,
    subset: Subset,
    root: Path | None = None,
    licence: str | None = None,
    provenance: str | None = None,
    link: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Makes a split from a list of `{source_video_path, target_video_path, instruction, type}`.

    This is the layout of the metadata that the official repository documents. Type names of any version of the paper
    are understood; the list does not say which subset it is, so the caller does.

    Args:
        path: `.json` (a list), `.jsonl` or `.csv`.
        out: the new split's folder; must not exist.
        subset: which of the paper's subsets the types belong to.
        root: the folder the video paths are relative to; by default the list's own. Absolute paths must be inside.
        licence: SPDX expression of the pixels.
        provenance: where the samples come from.
        link: hard links in place of copies.
        progress: called with (done, total) files decoded.

    Raises:
        UsageError: `out` exists, or the list has an unknown ending.
        DataError: entries or files are faulty; all are named.
        StorageError: `out` cannot be written.
    """
    rows, root = read_rows(path), _root(path, root)

    def translate(row: Row) -> Mapping[str, object]:
        missing = [key for key in ("source_video_path", "instruction", "type") if row.values.get(key) is None]
        if missing:
            raise DataError(f"the key {missing[0]!r} is missing", hint=f"the layout has {', '.join(_OFFICIAL)}")
        values: dict[str, object] = {
            "id": f"{subset.value}-{row.number:05d}",
            "subset": subset.value,
            "reasoning_type": row.values["type"],
            "source": absolute_inside(row.values["source_video_path"], root),
            "instruction": row.values["instruction"],
            "provenance": provenance or f"imported from {path.name}",
        }
        if row.values.get("target_video_path"):
            values["target"] = absolute_inside(row.values["target_video_path"], root)
        if licence is not None:
            values["licence"] = licence
        return values

    samples = samples_of(path, rows, translate, root=root)
    return write_imported(samples, out, link=link, progress=progress, notes=_ignored(rows, _OFFICIAL))


def import_viebench(
    path: Path,
    out: Path,
    *,
    root: Path | None = None,
    with_references: bool = False,
    licence: str | None = None,
    provenance: str | None = None,
    link: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Makes a split of literal edits from VIE-Bench's list: instruction, source video, edit type, reference image.

    Each field is found under one of several names. Entries with a reference image ask for what the instruction alone
    does not say, and editors here are given no image: they are left out and counted unless `with_references`.

    Args:
        path: `.json` (a list), `.jsonl` or `.csv`.
        out: the new split's folder; must not exist.
        root: the folder the paths are relative to; by default the list's own. Absolute paths must be inside.
        with_references: keep entries with a reference image; the image is copied to `references/` and named in the
            sample's provenance.
        licence: SPDX expression of the pixels.
        provenance: where the samples come from; the edit type is added to it.
        link: hard links in place of copies.
        progress: called with (done, total) files decoded.

    Raises:
        UsageError: `out` exists, or the list has an unknown ending.
        DataError: entries or files are faulty, or none is left; all are named.
        StorageError: `out` cannot be written.
    """
    rows, root = read_rows(path), _root(path, root)
    referenced = [row for row in rows if _first(row, _VIE_REFERENCE) is not None]
    notes = _ignored(rows, (*_VIE_SOURCE, *_VIE_INSTRUCTION, *_VIE_TYPE, *_VIE_REFERENCE))
    if referenced and not with_references:
        rows = [row for row in rows if _first(row, _VIE_REFERENCE) is None]
        notes.append(f"{len(referenced)} entries with a reference image were left out: editors are given no image")
        if not rows:
            raise DataError("every entry has a reference image", where=path, hint="keep them with --with-references")
    elif referenced:
        notes.append(f"{len(referenced)} entries have a reference image that editors are not given")
    extra: dict[Path, str] = {}

    def translate(row: Row) -> Mapping[str, object]:
        kind = str(_needed(row, _VIE_TYPE, "edit type"))
        origin = f"{provenance or 'VIE-Bench'}; edit type {kind}"
        reference = _first(row, _VIE_REFERENCE)
        if reference is not None:
            image = confined_path(str(absolute_inside(reference, root)), root)
            if not image.is_file():
                raise DataError(f"reference image {reference!r} is not there")
            place = extra.setdefault(image, f"references/{len(extra) + 1:04d}{image.suffix.lower()}")
            origin += f"; reference image {place}"
        values: dict[str, object] = {
            "id": f"{plain_name(kind.lower(), most=60)}-{row.number:04d}",
            "subset": Subset.LITERAL.value,
            "reasoning_type": ReasoningType.LITERAL.value,
            "source": absolute_inside(_needed(row, _VIE_SOURCE, "source video"), root),
            "instruction": _needed(row, _VIE_INSTRUCTION, "instruction"),
            "provenance": origin,
        }
        if licence is not None:
            values["licence"] = licence
        return values

    samples = samples_of(path, rows, translate, root=root)
    return write_imported(samples, out, link=link, progress=progress, extra_files=list(extra.items()), notes=notes)


def _first(row: Row, names: Sequence[str]) -> object | None:
    return next((row.values[name] for name in names if row.values.get(name)), None)


def _needed(row: Row, names: Sequence[str], what: str) -> object:
    value = _first(row, names)
    if value is None:
        raise DataError(f"no {what}: none of the keys {', '.join(names)}")
    return value
