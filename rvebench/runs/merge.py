"""Puts shards together: the result's derived files have the bytes of the run that was never cut."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rvebench.errors import CoverageError, DataError, UsageError
from rvebench.runs.journal import JOURNAL_NAME, latest_lines
from rvebench.runs.load import read_samples, write_samples
from rvebench.runs.manifest import Manifest, parse_shard, read_manifest, write_manifest
from rvebench.runs.session import LOCK_NAME, is_run, make_directory
from rvebench.storage import LineLog, exclusive_lock, promote, share_file
from rvebench.taxonomy import Status

__all__ = ["merge_runs"]

# Fields of a journal line that tell when and how fast, not what.
_INCIDENTAL = frozenset({"wall_s", "attempt", "cost_usd"})


def merge_runs(shards: Sequence[Path], out: Path, *, allow_mixed: bool = False, partial: bool = False) -> Manifest:
    """Merges the shards of one run into `out` and returns the merged manifest.

    Merging again, or in another order, gives the same bytes. Videos are hard-linked where the file system allows. What
    was recorded in `out` since an earlier merge and in no shard (verdicts of another judge, retries) stays.

    Args:
        shards: run directories made with `--shard i/n` for one n.
        out: a new directory, or an earlier merge of the same run.
        allow_mixed: accept shards made with different software.
        partial: accept that parts are absent; their samples are missing in the result.

    Raises:
        UsageError: the directories are not shards of one run, or a part is given twice.
        CoverageError: a part is absent and `partial` is false.
        DataError: a journal is damaged, or two shards disagree on a unit.
    """
    if not shards:
        raise UsageError("there is nothing to merge", hint="name the shards' directories")
    shards = sorted(shards, key=_part_of)
    manifests = [read_manifest(shard) for shard in shards]
    _require_all_parts(shards, manifests, partial=partial)
    merged = _merged_manifest(shards, manifests, allow_mixed=allow_mixed)
    make_directory(out)
    if is_run(out):
        _require_merge_of(out, merged)
    with exclusive_lock(out / LOCK_NAME):
        lines = _merged_lines(shards, out)
        samples = read_samples(shards[0], merged)
        # Before the journal: a merge that is killed can be made again, as this directory then is a run.
        write_samples(out, samples)
        write_manifest(out, merged)
        for shard in shards:
            for folder, pattern in (("videos", "[!.]*"), ("previews", "[!.]*"), ("scratch", "*.job.json")):
                _link_files(shard / folder, out / folder, pattern)
        _write_journal(out, lines, {sample.id: index for index, sample in enumerate(samples)})
    return merged


def _require_merge_of(out: Path, merged: Manifest) -> None:
    manifest = read_manifest(out)
    if manifest.generation != merged.generation:
        raise UsageError("the directory holds another run", where=out, hint="choose another --out")
    if manifest.shard is not None:
        raise UsageError(f"the directory holds part {manifest.shard}", where=out, hint="choose another --out")


def _part_of(shard: Path) -> int:
    part = parse_shard(read_manifest(shard).shard)
    return part.index if part else 0


def _merged_manifest(shards: Sequence[Path], manifests: Sequence[Manifest], *, allow_mixed: bool) -> Manifest:
    first = manifests[0]
    environments: list[dict[str, Any]] = []
    for shard, manifest in zip(shards, manifests, strict=True):
        if manifest.generation != first.generation or manifest.scoring != first.scoring:
            raise UsageError(
                f"not a part of the same run as {shards[0]} (run {manifest.run_id}, not {first.run_id}, "
                "or scored in another way)",
                where=shard,
            )
        environments += [item for item in manifest.environments if item not in environments]
    if len(environments) > 1 and not allow_mixed:
        raise UsageError(
            f"the shards were made with {len(environments)} different software environments",
            hint="make them with one, or add --allow-mixed and have the report say so",
        )
    ordered = sorted(environments, key=str)
    return first.model_copy(update={"shard": None, "environments": tuple(ordered)})


def _require_all_parts(shards: Sequence[Path], manifests: Sequence[Manifest], *, partial: bool) -> None:
    parts: dict[int, Path] = {}
    for path, manifest in zip(shards, manifests, strict=True):
        part = parse_shard(manifest.shard)
        if part is None:
            if len(shards) == 1:
                return
            raise UsageError("not a shard: it holds a whole run", where=path)
        if part.index in parts:
            raise UsageError(f"part {part} is given twice, here and in {parts[part.index]}", where=path)
        parts[part.index] = path
        counts = {shard.count for item in manifests if (shard := parse_shard(item.shard))}
        if len(counts) > 1:
            raise UsageError(f"the shards were cut differently: into {', '.join(map(str, sorted(counts)))} parts")
    total = max(shard.count for item in manifests if (shard := parse_shard(item.shard)))
    absent = [f"{index}/{total}" for index in range(1, total + 1) if index not in parts]
    if absent and not partial:
        raise CoverageError(
            f"parts {', '.join(absent)} are absent",
            hint="name them too, or add --partial and count their samples as missing",
        )


def _merged_lines(shards: Sequence[Path], out: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, tuple[dict[str, Any], Path]] = {}
    for shard in shards:
        for key, line in latest_lines(shard).items():
            if key in found and _essence(found[key][0]) != _essence(line):
                raise DataError(
                    f"the {line['unit']} of sample {line['sample']} differs between {found[key][1]} and {shard}",
                    where=shard / JOURNAL_NAME,
                )
            found.setdefault(key, (line, shard))
    lines = {key: line for key, (line, _) in found.items()}
    for key, line in latest_lines(out).items():
        if key not in lines or (line["status"] == Status.OK and lines[key]["status"] != Status.OK):
            lines[key] = line
    return lines


def _essence(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in _INCIDENTAL}


def _write_journal(out: Path, lines: dict[str, dict[str, Any]], order: dict[str, int]) -> None:
    """Writes the units in the samples' order, by atomic replace."""
    kinds = {"edit": 0, "verdict": 1, "metric": 2}

    def place(item: tuple[str, dict[str, Any]]) -> tuple[int, int, str]:
        return order.get(item[1]["sample"], len(order)), kinds.get(item[1]["unit"], 9), item[0]

    fresh = out / f"{JOURNAL_NAME}.new"
    fresh.unlink(missing_ok=True)
    with LineLog(fresh) as log:
        for _, line in sorted(lines.items(), key=place):
            log.append(line)
    promote(fresh, out / JOURNAL_NAME)


def _link_files(source: Path, target: Path, pattern: str) -> None:
    for file in sorted(source.glob(pattern)):
        target.mkdir(exist_ok=True)
        share_file(file, target / file.name)
