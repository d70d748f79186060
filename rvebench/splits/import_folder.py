"""Import of a user's own folder: videos, and `instructions.jsonl` or `instructions.csv` beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from rvebench.errors import DataError, UsageError
from rvebench.splits.import_rows import Row, plain_name, read_rows, samples_of
from rvebench.splits.import_writer import ImportReport, write_imported
from rvebench.taxonomy import ReasoningType, Subset

__all__ = ["import_folder"]

_NAMES = ("instructions.jsonl", "instructions.csv")


def import_folder(
    folder: Path,
    out: Path,
    *,
    subset: Subset | None = None,
    reasoning_type: str | None = None,
    licence: str | None = None,
    provenance: str | None = None,
    link: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Makes a split from a folder of videos and a list of instructions.

    The list has the keys (columns) of the manifest schema; `source` may be called `video`, `id` may be left out. In a
    CSV file `preserve` is split at `;`. Paths are relative to the folder and stay inside it.

    Args:
        folder: holds `instructions.jsonl` or `instructions.csv`.
        out: the new split's folder; must not exist.
        subset: for entries that name none.
        reasoning_type: for entries that name none.
        licence: SPDX expression for entries that name none.
        provenance: for entries that name none.
        link: hard links in place of copies.
        progress: called with (done, total) files decoded.

    Raises:
        UsageError: there is no list or more than one, or `out` exists.
        DataError: entries or files are faulty; all are named.
        StorageError: `out` cannot be written.
    """
    lists = [folder / name for name in _NAMES if (folder / name).is_file()]
    if len(lists) != 1:
        found = "both are there" if lists else "neither is there"
        raise UsageError(f"the folder must hold one of {' or '.join(_NAMES)}: {found}", where=folder)
    defaults = {
        "subset": None if subset is None else subset.value,
        "reasoning_type": reasoning_type,
        "licence": licence,
        "provenance": provenance,
    }
    from_csv = lists[0].suffix == ".csv"

    def translate(row: Row) -> Mapping[str, object]:
        values = _typed(row.values) if from_csv else dict(row.values)
        if "video" in values:
            if "source" in values:
                raise DataError("has both 'source' and 'video': keep one")
            values["source"] = values.pop("video")
        if "split" not in values or "subset" in values:
            values.setdefault("subset", defaults["subset"])
        for key in ("reasoning_type", "licence", "provenance"):
            if defaults[key] is not None:
                values.setdefault(key, defaults[key])
        if values.get("subset", values.get("split")) == Subset.LITERAL.value:
            values.setdefault("reasoning_type", ReasoningType.LITERAL.value)
        if values.get("subset", "") is None:
            raise DataError("names no subset", hint="add the key 'subset', or give one for all entries (--subset)")
        if "reasoning_type" not in values:
            raise DataError(
                "names no reasoning type", hint="add the key 'reasoning_type', or give one for all (--reasoning-type)"
            )
        source = values.get("source")
        if isinstance(source, str):
            values.setdefault("id", f"{plain_name(PurePosixPath(source).stem)}-{row.number:04d}")
        return values

    root = folder.absolute()
    samples = samples_of(lists[0], read_rows(lists[0]), translate, root=root)
    return write_imported(samples, out, link=link, progress=progress)


def _typed(cells: Mapping[str, object]) -> dict[str, object]:
    """Gives the text cells of a CSV row the types of the schema."""
    values = dict(cells)
    if "preserve" in values:
        values["preserve"] = [part.strip() for part in str(values["preserve"]).split(";") if part.strip()]
    if "fps" in values:
        try:
            values["fps"] = float(str(values["fps"]))
        except ValueError:
            raise DataError(f"'fps' is not a number: {values['fps']!r}") from None
    if "frames_sha256" in values:
        raise DataError("'frames_sha256' cannot stand in a CSV file", hint="hashes are computed on import")
    return values
