"""Makes a study folder from edits that are there: draws samples, lays out trials, writes blinded clips."""

from __future__ import annotations

import csv
import io
import os
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rvebench.errors import CoverageError, StorageError, UsageError
from rvebench.storage import exclusive_lock
from rvebench.study.design import Item, Layout, lay_out
from rvebench.study.folder import MEDIA_NAME, TOKENS_NAME, write_study
from rvebench.study.media import write_clip, write_noise
from rvebench.study.records import NOISE, TARGET, Media, Method, Question, Rules, Study, StudySample, Trial

__all__ = ["Candidate", "Draw", "create_study", "draw_samples"]

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One sample that could be shown, with the edits that there are of it."""

    id: str
    instruction: str
    subset: str
    category: str
    cluster: str
    source: Path
    edits: Mapping[str, Path | None]
    """By method name; None where the method gave no video."""
    target: Path | None = None
    has_preservation: bool = True
    """Whether keeping the rest can be asked: not of a following shot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """The samples of a study, drawn from the candidates."""

    candidates: tuple[Candidate, ...]
    left_out: Mapping[str, int]
    """By method name: candidates that were no choice because it gave no video."""


def draw_samples(
    candidates: Sequence[Candidate], methods: Sequence[str], *, count: int, seed: int, drop_missing: bool
) -> Draw:
    """Returns `count` candidates drawn at random among those of which every method has an edit.

    To leave samples out because a method failed on them flatters that method: it must be asked for, and is recorded.

    Raises:
        CoverageError: a method lacks edits and `drop_missing` is not set.
        UsageError: there are fewer samples than `count`.
    """
    left_out = {name: sum(one.edits.get(name) is None for one in candidates) for name in methods}
    lacking = {name: number for name, number in left_out.items() if number}
    if lacking and not drop_missing:
        raise CoverageError(
            "without an edit: "
            + ", ".join(f"{number} of {len(candidates)} samples of {name}" for name, number in lacking.items()),
            hint="run the missing edits, or leave these samples out with --drop-missing, which the study will say",
        )
    whole = [one for one in candidates if all(one.edits.get(name) is not None for name in methods)]
    if len(whole) < count:
        raise UsageError(
            f"{count} samples are asked for, and {len(whole)} have an edit of every method",
            hint="ask for fewer with --samples",
        )
    picked = np.random.default_rng([seed, 1]).permutation(len(whole))[:count]
    return Draw(candidates=tuple(whole[index] for index in sorted(picked.tolist())), left_out=left_out)


def create_study(
    directory: Path,
    draw: Draw,
    *,
    methods: Sequence[tuple[str, str]],
    layout: Layout,
    questions: Sequence[Question],
    rules: Rules,
    max_side: int,
    on_progress: Progress = lambda _done, _total: None,
) -> Study:
    """Writes a whole study folder and returns its record. The folder appears only when everything in it is there.

    Args:
        directory: the folder to make; it must not exist, or be empty.
        draw: the samples.
        methods: (name, run id) of each method.
        layout: the design.
        questions: what is asked.
        rules: texts and limits.
        max_side: longer sides of clips are scaled down to this, in pixels.
        on_progress: called with (clips written, all clips).

    Raises:
        UsageError: the folder is taken, or the design cannot be made of these samples.
        VideoError: a source, an edit or a target is no whole video.
        StorageError: something cannot be written.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError("there is something already", where=directory, hint="choose another --out")
    ids = {name: f"m{index + 1}" for index, (name, _) in enumerate(methods)}
    asked = {one.id: _criteria(one, questions) for one in draw.candidates}
    items = [Item(id=one.id, criteria=asked[one.id], has_target=one.target is not None) for one in draw.candidates]
    trials = lay_out(items, list(ids.values()), layout)
    unfinished = directory.with_name(f".{directory.name}.unfinished")
    directory.parent.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(directory.with_name(f".{directory.name}.lock")):
        try:
            # What an interrupted creation left: it is not known which of its clips are whole.
            shutil.rmtree(unfinished, ignore_errors=True)
            (unfinished / MEDIA_NAME).mkdir(parents=True)
        except OSError as error:
            raise StorageError(f"cannot make the folder: {error.strerror or error}", where=unfinished) from error
        samples = _write_media(unfinished / MEDIA_NAME, draw, ids, trials, asked, layout.seed, max_side, on_progress)
        study = Study(
            design=layout.design,
            seed=layout.seed,
            questions=tuple(questions),
            methods=tuple(
                Method(id=ids[name], name=name, run_id=run_id, left_out=draw.left_out.get(name, 0))
                for name, run_id in methods
            ),
            samples=samples,
            raters=tuple(dict.fromkeys(trial.rater for trial in trials)),
            trials=trials,
            rules=rules,
        )
        _write_tokens(unfinished / TOKENS_NAME, study.raters)
        write_study(unfinished, study)
        try:
            if directory.exists():
                directory.rmdir()
            unfinished.rename(directory)
        except OSError as error:
            raise StorageError(f"cannot name the folder: {error.strerror or error}", where=directory) from error
    directory.with_name(f".{directory.name}.lock").unlink(missing_ok=True)
    return study


def _criteria(one: Candidate, questions: Sequence[Question]) -> tuple[str, ...]:
    found = tuple(question.id for question in questions if question.id != "PC" or one.has_preservation)
    if not found:
        raise UsageError("only preservation is asked, which a following shot does not have", where=one.id)
    return found


def _write_media(
    folder: Path,
    draw: Draw,
    ids: Mapping[str, str],
    trials: Sequence[Trial],
    asked: Mapping[str, tuple[str, ...]],
    seed: int,
    max_side: int,
    on_progress: Progress,
) -> tuple[StudySample, ...]:
    controls: dict[str, set[str]] = {}
    for trial in trials:
        controls.setdefault(trial.sample, set()).update(set(trial.shown) - set(ids.values()))
    total = sum(1 + len(ids) + len(controls.get(one.id, ())) for one in draw.candidates)
    done = 0

    def copied(source: Path, one: Candidate, entry: str, noise_seed: int | None = None) -> Media:
        nonlocal done
        label = f"{seed}/{one.id}/{entry}"
        if noise_seed is None:
            made = write_clip(source, folder, label=label, max_side=max_side)
        else:
            made = write_noise(source, folder, label=label, max_side=max_side, seed=noise_seed)
        done += 1
        on_progress(done, total)
        return made

    samples = []
    for index, one in enumerate(draw.candidates):
        entries = {}
        for name, method in ids.items():
            edit = one.edits[name]
            assert edit is not None, "only candidates with every edit are drawn"
            entries[method] = copied(edit, one, method)
        for control in sorted(controls.get(one.id, ())):
            origin = one.target if control == TARGET else one.source
            assert origin is not None, "target checks are laid out only for samples with a target"
            entries[control] = copied(origin, one, control, seed + index if control == NOISE else None)
        samples.append(
            StudySample(
                id=one.id,
                instruction=one.instruction,
                subset=one.subset,
                category=one.category,
                cluster=one.cluster,
                criteria=asked[one.id],
                source=copied(one.source, one, "source"),
                entries=entries,
            )
        )
    return tuple(samples)


def _write_tokens(path: Path, raters: Sequence[str]) -> None:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("rater", "token"))
    # 128 bits from the system: no seed decides a secret.
    rows.writerows((rater, secrets.token_urlsafe(16)) for rater in raters)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text.getvalue())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StorageError(f"cannot write: {error.strerror or error}", where=path) from error
