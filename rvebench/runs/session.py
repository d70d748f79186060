"""One process at work in one run directory: lock, identity check, journal, work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from rvebench.errors import StorageError, UsageError
from rvebench.judges import Judge
from rvebench.records import EditorInfo
from rvebench.runs.asking import connection_for, models_of, paying
from rvebench.runs.batching import BatchWatch, answered_by_batch, batched_judges
from rvebench.runs.environment import describe_environment
from rvebench.runs.journal import RunJournal
from rvebench.runs.load import SAMPLES_NAME, read_samples, write_samples
from rvebench.runs.manifest import (
    MANIFEST_NAME,
    Manifest,
    Scoring,
    check_same_run,
    parse_shard,
    read_manifest,
    write_manifest,
)
from rvebench.runs.pipeline import Progress, Remaining, Tally, remaining, work
from rvebench.runs.plan import Plan, RunOptions, Scorers, edit_keys
from rvebench.storage import TornTail, exclusive_lock
from rvebench.video import CONFORM_VERSION

__all__ = ["Outcome", "default_directory", "execute", "left_to_do", "plan_of_run", "rescore"]

LOCK_NAME = "lock"


class Outcome(NamedTuple):
    """What one process did."""

    tally: Tally
    resumed: bool
    """The directory held records already."""
    torn: TornTail | None
    """A torn last journal line that was dropped."""


def default_directory(plan: Plan) -> Path:
    """Returns `runs/<model>-<split>-<id>` with the shard behind it: the same command finds its run again."""
    manifest = plan.manifest
    shard = f"-{manifest.shard.replace('/', 'of')}" if manifest.shard else ""
    model, split = _slug(manifest.generation.editor.spec), _slug(manifest.generation.split)
    return Path("runs") / f"{model}-{split}-{manifest.run_id[:8]}{shard}"


def _slug(text: str) -> str:
    kept = "".join(letter if letter.isalnum() else "-" for letter in text.lower())
    return "-".join(part for part in kept.split("-") if part)[:40].strip("-") or "run"


@contextmanager
def _opened(directory: Path, plan: Plan, *, allow_mixed: bool) -> Iterator[tuple[RunJournal, bool]]:
    """Holds a run directory, made or continued, with its journal open."""
    make_directory(directory)
    with exclusive_lock(directory / LOCK_NAME):
        _sweep(directory)
        resumed = (directory / MANIFEST_NAME).exists()
        if resumed:
            kept = read_manifest(directory)
            manifest = check_same_run(kept, plan.manifest, where=directory, allow_mixed=allow_mixed)
            if manifest != kept:
                write_manifest(directory, manifest)
            if not (directory / SAMPLES_NAME).exists():
                write_samples(directory, plan.samples)
        else:
            # The manifest is written last: a directory with a manifest has its samples.
            write_samples(directory, plan.samples)
            write_manifest(directory, plan.manifest)
        with RunJournal(directory) as journal:
            yield journal, resumed


def make_directory(directory: Path) -> None:
    """Makes a run's directory, or checks that the one that is there may be used.

    Raises:
        StorageError: it cannot be made.
        UsageError: it holds files and is not a run.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"the run directory cannot be made: {error.strerror}", where=directory, hint="choose another --out"
        ) from None
    _require_ours(directory)


def _require_ours(directory: Path) -> None:
    """Raises UsageError when the directory holds files and is not a run: nothing of ours may touch them."""
    if is_run(directory) or not directory.is_dir():
        return
    # What a process killed in its first moments leaves.
    begun = (LOCK_NAME, SAMPLES_NAME, f".{SAMPLES_NAME}.", f".{MANIFEST_NAME}.")
    strangers = sorted(item.name for item in directory.iterdir() if not item.name.startswith(begun))
    if strangers:
        raise UsageError(
            f"the directory is not empty and is not a run (it holds {', '.join(strangers[:3])})",
            where=directory,
            hint="choose another --out",
        )


def _sweep(directory: Path) -> None:
    """Removes the half-written files of a killed process; whole ones have their final names."""
    for folder in (directory, directory / "videos", directory / "previews"):
        for leftover in folder.glob(".*.tmp"):
            leftover.unlink()


def execute(
    plan: Plan,
    directory: Path,
    options: RunOptions,
    *,
    generate: bool,
    progress: Progress,
    watch: BatchWatch = lambda _: None,
) -> Outcome:
    """Does all that a plan leaves to do in its directory.

    Args:
        plan: what to do.
        directory: the run's.
        options: how to work.
        generate: make edits too.
        progress: called as work is finished.
        watch: called after each look at the batches of a judge that is asked by batch.

    Raises:
        LockedError: another process works there.
        InterruptError: stopped on request.
        UsageError: the judge cannot be asked by batch.
        RveError: what :func:`rvebench.runs.pipeline.work` raises.
    """
    _check_batch(plan)
    with _opened(directory, plan, allow_mixed=options.allow_mixed) as (journal, resumed):
        journal.session("begin", verb="generate" if generate else "score")
        tally = _work(plan, directory, journal, options, generate=generate, progress=progress, watch=watch)
        journal.session("end", edits=tally.edits_done, scored=tally.scored_done)
        return Outcome(tally, resumed, journal.torn)


def _work(
    plan: Plan,
    directory: Path,
    journal: RunJournal,
    options: RunOptions,
    *,
    generate: bool,
    progress: Progress,
    watch: BatchWatch,
) -> Tally:
    """Works with the judge reached as the plan says: over a cache and a budget, and by batch where asked for."""
    judging = plan.scorers.judging
    if judging is None or not paying(plan.scorers.judge):
        return work(plan, directory, journal, options, generate=generate, progress=progress)
    with connection_for(judging.asking, directory) as connection:
        for model in models_of(plan.scorers.judge):
            assert connection.budget is not None
            connection.budget.check_model(model)
        if not judging.asking.batch:
            asked = _reached(plan, judging.build(connection))
            return work(asked, directory, journal, options, generate=generate, progress=progress)
        first = work(_reached(plan, None), directory, journal, options, generate=generate, progress=progress)
        poll_s = judging.asking.poll_s
        with answered_by_batch(plan, directory, journal, options, connection, poll_s=poll_s, watch=watch) as answered:
            asked = replace(_reached(plan, judging.build(answered.connection)), own=answered.samples)
            second = work(asked, directory, journal, options, generate=False, progress=progress)
        return replace(
            first, scored_total=second.scored_total, scored_done=second.scored_done, unjudged=second.unjudged
        )


def _check_batch(plan: Plan) -> None:
    """Refuses batches where nobody can be asked by them, before there is a run."""
    judging = plan.scorers.judging
    if judging is not None and judging.asking.batch:
        batched_judges(plan.scorers.judge)


def _reached(plan: Plan, judge: Judge | None) -> Plan:
    """Returns the plan with the judge over another connection; None: it judges nothing now, and all else is done."""
    scorers = plan.scorers
    scoring = scorers.scoring if judge is not None else scorers.scoring.model_copy(update={"judge": None})
    return replace(plan, scorers=replace(scorers, judge=judge, scoring=scoring))


def left_to_do(plan: Plan, directory: Path, options: RunOptions, *, generate: bool) -> Remaining:
    """Returns what :func:`execute` would do; writes nothing.

    Raises:
        UsageError: the directory holds another run, or the judge cannot be asked by batch.
    """
    _check_batch(plan)
    _require_ours(directory)
    if not is_run(directory):
        edits = plan.own if generate else ()
        return Remaining(edits=edits, scores=(), recorded=0, verdicts=len(edits) if plan.scorers.judge else 0)
    check_same_run(read_manifest(directory), plan.manifest, where=directory, allow_mixed=options.allow_mixed)
    with RunJournal(directory, read_only=True) as journal:
        return remaining(plan, journal, directory, options, generate=generate)


def plan_of_run(directory: Path, scorers: Scorers) -> Plan:
    """Returns the plan that scores an existing run with `scorers`; nothing is generated by it."""
    manifest = read_manifest(directory)
    samples = read_samples(directory, manifest)
    shard = parse_shard(manifest.shard)
    if manifest.generation.conform_version != CONFORM_VERSION:
        raise UsageError(
            f"the run's videos were normalised by {manifest.generation.conform_version}, this program has "
            f"{CONFORM_VERSION}",
            where=directory,
            hint="score it with the version that made it",
        )
    info = manifest.generation.editor.info
    return Plan(
        manifest=manifest.model_copy(
            update={
                "scoring": scorers.scoring if scorers.judge or scorers.metrics else None,
                "environments": (describe_environment(),),
            }
        ),
        samples=samples,
        own=tuple(shard.pick(samples)) if shard else samples,
        editor=EditorInfo(name=str(info["name"]), version=str(info["version"])),
        scorers=scorers,
        keys=edit_keys(samples, manifest.generation),
    )


def rescore(directory: Path, *, formula: str | None, exclude_unjudged: bool | None) -> None:
    """Makes another formula, or another policy for unjudged edits, the run's own; no judge is called.

    Raises:
        UsageError: not a run, not judged, or an unknown formula.
    """
    from rvebench.scoring import get_formula

    read_manifest(directory)
    with exclusive_lock(directory / LOCK_NAME):
        manifest = read_manifest(directory)
        if manifest.scoring is None:
            raise UsageError("the run is not scored yet", where=directory, hint="run `rvebench score` first")
        chosen = get_formula(formula or manifest.scoring.formula)
        scoring: Scoring = manifest.scoring.model_copy(
            update={
                "formula": chosen.name,
                "formula_digest": chosen.digest,
                "exclude_unjudged": manifest.scoring.exclude_unjudged if exclude_unjudged is None else exclude_unjudged,
            }
        )
        updated: Manifest = manifest.model_copy(update={"scoring": scoring})
        if updated != manifest:
            write_manifest(directory, updated)


def is_run(directory: Path) -> bool:
    """Returns whether the directory holds a run."""
    return (directory / MANIFEST_NAME).is_file()
