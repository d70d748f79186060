"""Writes an imported split: a new folder that needs nothing outside it, or no folder at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rvebench.errors import RveError, StorageError, UsageError
from rvebench.records import Sample
from rvebench.splits.hashing import file_error, fingerprint_files, sample_files
from rvebench.splits.import_rows import plain_name
from rvebench.splits.loader import Split, load_split
from rvebench.splits.manifest import MANIFEST_NAME, write_split

__all__ = ["ImportReport", "write_imported"]

_FOLDERS = {"source": "sources", "target": "targets", "mask": "masks", "counterfactual": "counterfactuals"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import made."""

    split: Split
    files: int
    size_bytes: int
    notes: tuple[str, ...] = ()
    """What was left out or could not be expressed, one sentence each."""


def write_imported(
    samples: Sequence[Sample],
    out: Path,
    *,
    link: bool,
    progress: Callable[[int, int], None] | None,
    extra_files: Sequence[tuple[Path, str]] = (),
    notes: Sequence[str] = (),
) -> ImportReport:
    """Copies the files of `samples` into a new folder `out` and writes its manifest with frame hashes.

    Every file is decoded before anything is written. The folder appears whole, by one rename, or not at all.

    Args:
        samples: with absolute paths to files anywhere.
        out: must not exist.
        link: hard links in place of copies; both names then stand for one file.
        progress: called with (done, total) files decoded.
        extra_files: (file, relative path in `out`) to bring along.
        notes: for the report.

    Raises:
        UsageError: `out` exists, or hard links cannot reach it.
        DataError: files are missing, cannot be decoded, or do not have the frames that were declared.
        StorageError: the folder cannot be written.
    """
    if out.exists() or out.is_symlink():
        raise UsageError("the folder exists already", where=out, hint="an import never overwrites: name a new folder")
    hashed = _with_hashes(samples, progress)
    out = out.absolute()
    temporary: Path | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".tmp", dir=out.parent))
        temporary.chmod(0o755)
        places = _places(hashed)
        for path, place in [*places.items(), *extra_files]:
            (temporary / place).parent.mkdir(parents=True, exist_ok=True)
            if link:
                os.link(path.resolve(), temporary / place)
            else:
                shutil.copyfile(path, temporary / place)
        moved = [
            replace(
                sample,
                source=temporary / places[sample.source],
                target=temporary / places[sample.target] if sample.target else None,
                mask=temporary / places[sample.mask] if sample.mask else None,
                counterfactual=temporary / places[sample.counterfactual] if sample.counterfactual else None,
            )
            for sample in hashed
        ]
        write_split(moved, temporary / MANIFEST_NAME)
        temporary.rename(out)
        temporary = None
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise UsageError("hard links cannot cross file systems", where=out, hint="import without --link") from None
        raise StorageError(f"cannot write the split: {error.strerror or error}", where=out) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    written = [out / place for place in [*places.values(), *(place for _, place in extra_files)]]
    return ImportReport(
        split=load_split(str(out)),
        files=len(written),
        size_bytes=sum(path.stat().st_size for path in written),
        notes=tuple(notes),
    )


def _with_hashes(samples: Sequence[Sample], progress: Callable[[int, int], None] | None) -> list[Sample]:
    paths = [path for sample in samples for path in sample_files(sample).values()]
    hashes = fingerprint_files(paths, progress=progress)
    faults = [str(found) for found in hashes.values() if isinstance(found, RveError)]
    done: list[Sample] = []
    for sample in samples:
        mine: dict[str, str] = {}
        for role, path in sample_files(sample).items():
            found = hashes[path]
            if isinstance(found, RveError):
                continue
            mine[role] = found
            if sample.frames_sha256.get(role, found) != found:
                faults.append(f"{path}: the frames of {sample.id} ({role}) are not those of the declared hash")
        done.append(replace(sample, frames_sha256=mine))
    if faults:
        raise file_error(samples[0].source.parent, faults)
    return done


def _places(samples: Sequence[Sample]) -> dict[Path, str]:
    """Chooses where each distinct file lies in the new folder."""
    places: dict[Path, str] = {}
    taken: set[str] = set()
    for sample in samples:
        for role, path in sample_files(sample).items():
            if path in places:
                continue
            stem, suffix, tail = plain_name(path.stem), path.suffix.lower(), 1
            place = f"{_FOLDERS[role]}/{stem}{suffix}"
            while place.lower() in taken:
                tail += 1
                place = f"{_FOLDERS[role]}/{stem}-{tail}{suffix}"
            taken.add(place.lower())
            places[path] = place
    return places
