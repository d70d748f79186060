"""What a row is held to by itself: identity, pins, coverage, hashes, and every number made again.

Each check takes a row that could be read, and notes what does not hold.
"""

from __future__ import annotations

import hashlib
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rvebench.errors import DataError
from rvebench.judges.panel import REDUCERS
from rvebench.leaderboard.evidence import MEDIA_NAME, METRICS_NAME, VERDICTS_NAME, merkle_root, recompute
from rvebench.leaderboard.lines import Evidence, SampleLine, VerdictLine
from rvebench.leaderboard.pins import pin_differences
from rvebench.leaderboard.rows import Row
from rvebench.leaderboard.submission import SUBMISSION_NAME, Submission
from rvebench.leaderboard.tracks import TrackRules
from rvebench.records import Sample
from rvebench.scoring import check_scores
from rvebench.taxonomy import Status

__all__ = ["TOLERANCE", "check_row"]

TOLERANCE = 1e-9
"""Most that a number may differ from the one made again."""

_MOST = 3
_EDIT_ENDS = frozenset({Status.OK, Status.FAILED, Status.REFUSED, Status.TIMEOUT, Status.MISSING})


def check_row(row: Row) -> None:
    """Notes everything in a row that does not hold by itself; what could not be read is left out."""
    if row.submission is not None:
        _check_identity(row, row.submission)
        if row.rules is not None and row.rules.status == "open":
            _check_pins(row, row.submission, row.rules)
    if row.evidence is None or row.samples is None or row.rules is None:
        return
    sound = _check_coverage(row, row.evidence, row.samples)
    sound &= _check_verdicts(row, row.evidence, row.samples, row.rules)
    sound &= _check_metrics(row, row.evidence, row.samples, row.rules)
    sound &= _check_media(row, row.evidence)
    if row.submission is None:
        return
    _check_hashes(row, row.submission, row.evidence, row.samples)
    if sound:
        # Numbers of evidence that is not whole differ for certain: the cause is told above, once.
        _check_numbers(row, row.submission, row.evidence, row.samples, row.rules)


def _check_identity(row: Row, submission: Submission) -> None:
    day, _, _slug = row.folder.name.partition("_")
    for what, ours, theirs in (
        ("submission_id", submission.submission_id, row.folder.name),
        ("track", submission.track, row.track),
        ("day", submission.created.replace("-", ""), day),
    ):
        if ours != theirs:
            row.add("identity.folder", f"the {what} is {ours!r}, and the folder's {theirs!r}", file=SUBMISSION_NAME)


def _check_pins(row: Row, submission: Submission, rules: TrackRules) -> None:
    for difference in pin_differences(
        rules,
        run=submission.run,
        judge=submission.judge,
        generator=submission.generator,
        formula=(submission.formula, submission.formula_digest),
        interval_seed=submission.interval_seed,
        control=submission.model.kind == "control",
    ):
        row.add(f"pin.{difference.pin}", difference.text, file=SUBMISSION_NAME)


def _check_coverage(row: Row, evidence: Evidence, samples: Mapping[str, Sample]) -> bool:
    counts = Counter(line.sample for line in evidence.lines)
    faults = {
        "coverage.dropped": [name for name in samples if name not in counts],
        "coverage.doubled": [name for name, times in counts.items() if times > 1],
        "coverage.unknown": [name for name in counts if name not in samples],
    }
    said = {
        "coverage.dropped": "{n} of {all} samples have no line",
        "coverage.doubled": "{n} of {all} samples have more than one line",
        "coverage.unknown": "samples that are not of the split: {n}",
    }
    for code, names in faults.items():
        if names:
            what = said[code].format(n=len(names), all=len(samples))
            row.add(code, f"{what} ({', '.join(names[:_MOST])})", file=VERDICTS_NAME)
    return not any(faults.values())


def _check_verdicts(row: Row, evidence: Evidence, samples: Mapping[str, Sample], rules: TrackRules) -> bool:
    faults = 0
    for number, line in enumerate(evidence.lines, start=1):
        sample = samples.get(line.sample)
        for code, what in _verdict_faults(line, sample, rules) if sample else ():
            faults += 1
            if faults <= _MOST:
                row.add(code, f"{line.sample}: {what}", file=VERDICTS_NAME, line=number)
    return not faults


def _verdict_faults(line: SampleLine, sample: Sample, rules: TrackRules) -> Iterator[tuple[str, str]]:
    edit, verdict = line.edit, line.verdict
    if edit.status not in _EDIT_ENDS:
        yield "coverage.verdict", f"an edit cannot end {edit.status.value}"
        return
    if edit.status is not Status.OK:
        if verdict is not None or edit.frames_sha256 is not None:
            yield "coverage.verdict", f"the edit is {edit.status.value}, and has a verdict or frames"
        return
    if edit.frames_sha256 is None or edit.frames == 0:
        yield "coverage.verdict", "the edit is there, and has no frames"
    if verdict is None:
        yield "coverage.verdict", "the edit is there, and has no verdict"
        return
    for answer in (verdict, *verdict.parts):
        if answer.status is Status.OK:
            try:
                check_scores(sample.subset, answer.scores)
            except DataError as error:
                yield "numbers.verdict", error.what
                return
        elif answer.status is not Status.UNJUDGED or answer.scores:
            yield "coverage.verdict", f"a verdict is {answer.status.value}, or has scores without being ok"
            return
    yield from _repeat_faults(verdict, rules)


def _repeat_faults(verdict: VerdictLine, rules: TrackRules) -> Iterator[tuple[str, str]]:
    if rules.repeats == 1:
        if verdict.parts:
            yield "coverage.repeat", f"{len(verdict.parts)} verdicts are inside one that the track asks for once"
        return
    seats = [part.judge for part in verdict.parts]
    wanted = sorted((judge, repeat) for judge in dict.fromkeys(seats) for repeat in range(rules.repeats))
    if not seats or sorted((part.judge, part.repeat) for part in verdict.parts) != wanted:
        yield "coverage.repeat", f"the verdict does not hold {rules.repeats} repeats, each once"
        return
    silent = [part for part in verdict.parts if part.status is not Status.OK]
    if (verdict.status is Status.OK) is bool(silent):
        yield "coverage.repeat", f"the verdict is {verdict.status.value}, and {len(silent)} repeats were not answered"
        return
    if silent:
        return
    reduce = REDUCERS[rules.reducer]
    for which, given in verdict.scores.items():
        voices = [
            reduce([part.scores[which] for part in verdict.parts if part.judge == judge])
            for judge in dict.fromkeys(seats)
        ]
        again = reduce(voices)
        if abs(again - given) > TOLERANCE:
            yield "numbers.verdict", f"{which.value} is {given:g}, and the {rules.reducer} of its repeats {again:g}"


def _check_metrics(row: Row, evidence: Evidence, samples: Mapping[str, Sample], rules: TrackRules) -> bool:
    edits = {line.sample for line in evidence.lines if line.edit.status is Status.OK}
    seen: set[tuple[str, str]] = set()
    faults = 0
    for number, line in enumerate(evidence.metrics, start=1):
        what = ""
        if rules.metrics.get(line.metric) != line.digest:
            what = f"the metric {line.metric[:60]!r} is none of the track's, or another version of it"
        elif line.sample not in samples or line.sample not in edits:
            what = f"{line.sample} has no edit to be measured"
        elif (line.sample, line.metric) in seen:
            what = f"{line.metric} of {line.sample} stands twice"
        seen.add((line.sample, line.metric))
        if what:
            faults += 1
            if faults <= _MOST:
                row.add("coverage.metric", what, file=METRICS_NAME, line=number)
    for metric in sorted({line.metric for line in evidence.metrics}):
        lacking = [name for name in sorted(edits) if (name, metric) not in seen]
        if lacking:
            faults += 1
            row.add(
                "coverage.metric",
                f"{len(lacking)} of {len(edits)} edits lack {metric} ({', '.join(lacking[:_MOST])})",
                file=METRICS_NAME,
            )
    return not faults


def _check_media(row: Row, evidence: Evidence) -> bool:
    edits = {line.sample for line in evidence.lines if line.edit.status is Status.OK}
    counts = Counter(line.sample for line in evidence.media)
    faults = (
        ("edits that are not named", sorted(edits - set(counts))),
        ("files that are of no edit", sorted(set(counts) - edits)),
        ("edits that are named more than once", sorted(name for name, times in counts.items() if times > 1)),
    )
    for what, names in faults:
        if names:
            row.add("coverage.media", f"{what}: {len(names)} ({', '.join(names[:_MOST])})", file=MEDIA_NAME)
    return not any(names for _, names in faults)


def _check_hashes(row: Row, submission: Submission, evidence: Evidence, samples: Mapping[str, Sample]) -> None:
    hashes = submission.evidence
    for code, name, said in (
        ("hash.verdicts", VERDICTS_NAME, hashes.verdicts_sha256),
        ("hash.metrics", METRICS_NAME, hashes.metrics_sha256),
        ("hash.media", MEDIA_NAME, hashes.media_sha256),
    ):
        found = _sha256(row.folder / name)
        if found != said:
            row.add(code, f"the file hashes to {found[:12]}…, and submission.json says {said[:12]}…", file=name)
    root = merkle_root(evidence, samples)
    if root != hashes.merkle_root:
        row.add(
            "hash.merkle",
            f"the evidence hashes to {root[:12]}…, and submission.json says {hashes.merkle_root[:12]}…",
            file=SUBMISSION_NAME,
        )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check_numbers(
    row: Row, submission: Submission, evidence: Evidence, samples: Mapping[str, Sample], rules: TrackRules
) -> None:
    try:
        numbers = recompute(evidence, rules, samples)
    except DataError as error:
        row.add("numbers.verdict", str(error), file=VERDICTS_NAME)
        return
    _check_budget(row, numbers.coverage.model_dump(), rules)
    wall_s = float(sum(line.edit.wall_s for line in evidence.lines))
    for said, again, codes in (
        (submission.coverage, numbers.coverage, ("numbers.coverage",) * 2),
        (submission.scores, numbers.scores, ("numbers.mean", "numbers.interval")),
        (submission.cost, numbers.cost, ("numbers.cost",) * 2),
    ):
        name = {"numbers.coverage": "coverage", "numbers.mean": "scores", "numbers.cost": "cost"}[codes[0]]
        faults: dict[str, list[str]] = {}
        for place, what in _differences(name, said.model_dump(mode="json"), again.model_dump(mode="json")):
            faults.setdefault(codes["ci95" in place], []).append(f"{place} {what}")
        for code, clauses in faults.items():
            more = f", and {len(clauses) - 1} more differ" if len(clauses) > 1 else ""
            row.add(code, clauses[0] + more, file=SUBMISSION_NAME)
    if abs(submission.generator.wall_s - wall_s) > TOLERANCE * max(1.0, wall_s):
        row.add(
            "numbers.cost",
            f"generator.wall_s is {submission.generator.wall_s:g}, and the evidence gives {wall_s:g}",
            file=SUBMISSION_NAME,
        )
    _check_constant(row, submission, evidence)


def _check_budget(row: Row, coverage: Mapping[str, Any], rules: TrackRules) -> None:
    lacking = coverage["failed"] + coverage["refused"] + coverage["missing"]
    total = coverage["n"]
    for code, count, share, what in (
        ("budget.failed", lacking, rules.budget.failed, "samples have no edit"),
        ("budget.unjudged", coverage["unjudged"], rules.budget.unjudged, "edits are not judged"),
    ):
        if count > share * total:
            row.add(code, f"{count} of {total} {what}, and the track allows {int(share * total)}", file=VERDICTS_NAME)


def _differences(place: str, said: object, again: object) -> Iterator[tuple[str, str]]:
    """Yields where two values differ by more than rounding, with both."""
    if isinstance(said, dict) and isinstance(again, dict):
        for key in [*again, *(key for key in said if key not in again)]:
            if key not in said or key not in again:
                yield f"{place}.{key}", "is not there" if key not in said else "follows from no evidence"
            else:
                yield from _differences(f"{place}.{key}", said[key], again[key])
    elif isinstance(said, list) and isinstance(again, list) and len(said) == len(again):
        for index, (one, other) in enumerate(zip(said, again, strict=True)):
            yield from _differences(f"{place}.{index}", one, other)
    elif isinstance(said, (int, float)) and isinstance(again, (int, float)):
        if not abs(said - again) <= TOLERANCE:
            yield place, f"is {said!r}, and the evidence gives {again!r}"
    elif said != again:
        yield place, f"is {said!r}, and the evidence gives {again!r}"


_FEWEST = 10
"""Verdicts that must not all be the same."""


def _check_constant(row: Row, submission: Submission, evidence: Evidence) -> None:
    """A judge that gives every edit the same on every criterion was not asked."""
    answers = [line.verdict.scores for line in evidence.lines if line.verdict and line.status is Status.OK]
    if submission.model.kind == "control" or len(answers) < _FEWEST:
        return
    spreads = [
        statistics.pstdev([scores[which] for scores in answers if which in scores])
        for which in {which for scores in answers for which in scores}
    ]
    if max(spreads) == 0:
        row.add("numbers.constant", f"all {len(answers)} verdicts are the same on every criterion", file=VERDICTS_NAME)
