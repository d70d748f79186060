"""Rows that were altered, one alteration each: what a forger, or a mistake, can do to a submission.

`python -m tests.leaderboard.tampering` prints the table of docs/leaderboard.md.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from rvebench.leaderboard.attest import Attestation, Rejudged, draw, mean_difference
from rvebench.leaderboard.evidence import media_text, merkle_root, metrics_bytes, read_evidence, verdicts_bytes
from rvebench.leaderboard.lines import EditLine, Evidence, SampleLine, VerdictLine
from rvebench.leaderboard.packing import pack_lines
from rvebench.leaderboard.rejudge import attach
from rvebench.leaderboard.tracks import Tracks, read_tracks
from rvebench.leaderboard.validate import Report, open_row, validate
from rvebench.taxonomy import Criterion, Status
from tests.leaderboard.rows_world import JUDGE, README, edit_submission, make_evidence, make_root, make_row, rehash

ROW = "20261120_model"
OTHER = "20261110_other"


class Case(NamedTuple):
    """One alteration, and what the validator says of it."""

    name: str
    """What was done, in a few words."""
    alter: Callable[[Path], object]
    """Alters the row in a leaderboard's folder; it may return the path to validate instead of the row."""
    code: str
    says: str
    """Part of the sentence."""
    base: bool = False
    """Validated against a revision that has the untouched leaderboard."""
    repeats: int = 1


def world(folder: Path, *, repeats: int = 1, git: bool = False) -> Tracks:
    """Writes a leaderboard with two sound rows of the track `tiny`."""
    tracks = make_root(folder, repeats=repeats, unpacked_bytes=2_000_000)
    make_row(tracks, slug="other", day="2026-11-10", seed=7, quality=5.0)
    make_row(tracks, slug="model")
    if git:
        commit_all(folder)
    return tracks


def commit_all(folder: Path) -> None:
    """Makes the folder a repository with one commit, and no setting of the user's."""
    quiet = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    quiet |= dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-11-21T00:00:00Z")
    who = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "rows"]):
        subprocess.run(["git", "-C", str(folder), *arguments], check=True, env=quiet)


def validated(case: Case, root: Path) -> Report:
    """Alters the row and returns what the validator says."""
    found = case.alter(root)
    path = found if isinstance(found, Path) else row_of(root)
    return validate([path], base="HEAD" if case.base else None)


def row_of(root: Path) -> Path:
    return root / "submissions" / "tiny" / ROW


def submission(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    """Returns an alteration of submission.json alone."""
    return lambda root: edit_submission(row_of(root), change)


def put(*keys: Any, value: Any) -> Callable[[Path], object]:
    """Returns an alteration that sets one value of submission.json."""

    def change(record: dict[str, Any]) -> None:
        for key in keys[:-1]:
            record = record[key]
        record[keys[-1]] = value

    return submission(change)


def evidence(
    change: Callable[[list[SampleLine]], Sequence[SampleLine]], *, forge: bool = True, root_too: bool = True
) -> Callable[[Path], object]:
    """Returns an alteration of the verdicts; the forger writes the new hashes into submission.json too."""

    def alter(root: Path) -> None:
        folder, found = row_of(root), read_evidence(row_of(root))
        write(folder, replace(found, lines=tuple(change(list(found.lines)))), forge=forge, root_too=root_too)

    return alter


def write(folder: Path, found: Evidence, *, forge: bool = True, root_too: bool = True) -> None:
    (folder / "verdicts.jsonl.zst").write_bytes(verdicts_bytes(found.lines))
    (folder / "metrics.jsonl.zst").write_bytes(metrics_bytes(found.metrics))
    (folder / "media.sha256").write_text(media_text(found.media), encoding="utf-8")
    if forge:
        rehash(folder)
    if forge and root_too:
        samples = read_tracks(folder.parents[2]).samples("tiny")
        edit_submission(folder, lambda value: value["evidence"].update(merkle_root=merkle_root(found, samples)))


def better(lines: list[SampleLine]) -> list[SampleLine]:
    """Gives the last sample a perfect verdict."""
    verdict = lines[-1].verdict
    assert verdict is not None
    full = verdict.model_copy(update={"scores": dict.fromkeys(verdict.scores, 10.0)})
    return [*lines[:-1], lines[-1].model_copy(update={"verdict": full})]


def reverdict(**changes: Any) -> Callable[[list[SampleLine]], list[SampleLine]]:
    """Returns a change of the last sample's verdict."""

    def change(lines: list[SampleLine]) -> list[SampleLine]:
        verdict = lines[-1].verdict
        assert verdict is not None
        return [*lines[:-1], lines[-1].model_copy(update={"verdict": verdict.model_copy(update=changes)})]

    return change


def raw_line(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    """Returns an alteration of the first line as JSON, past every record of ours."""

    def alter(root: Path) -> None:
        folder, found = row_of(root), read_evidence(row_of(root))
        values = [line.model_dump(mode="json", exclude_defaults=True) for line in found.lines]
        change(values[3])
        (folder / "verdicts.jsonl.zst").write_bytes(pack_lines(values))
        rehash(folder)

    return alter


def remade(change: Callable[[Tracks, Evidence], Evidence]) -> Callable[[Path], object]:
    """Returns an alteration by a forger who packs the row anew: every number and hash fits."""

    def alter(root: Path) -> None:
        tracks = read_tracks(root)
        found = change(tracks, read_evidence(row_of(root)))
        shutil.rmtree(row_of(root))
        make_row(tracks, found)

    return alter


def frames(choose: Callable[[Tracks, SampleLine], str | None]) -> Callable[[Path], object]:
    """Returns a remade row whose edits have other frames where `choose` says so."""

    def change(tracks: Tracks, found: Evidence) -> Evidence:
        lines = []
        for line in found.lines:
            new = choose(tracks, line) if line.edit.status is Status.OK else None
            edit = line.edit.model_copy(update={"frames_sha256": new}) if new else line.edit
            lines.append(line.model_copy(update={"edit": edit}))
        return replace(found, lines=tuple(lines))

    return remade(change)


def fail(count: int) -> Callable[[Tracks, Evidence], Evidence]:
    """Returns evidence in which the first edits failed."""
    return lambda tracks, _found: make_evidence(tracks, failed=count)


def constant(_tracks: Tracks, found: Evidence) -> Evidence:
    return replace(
        found,
        lines=tuple(
            line.model_copy(
                update={"verdict": line.verdict.model_copy(update={"scores": dict.fromkeys(line.verdict.scores, 9.0)})}
            )
            if line.verdict
            else line
            for line in found.lines
        ),
    )


def file(name: str, content: bytes | str) -> Callable[[Path], object]:
    """Returns an alteration that writes a file."""
    data = content.encode() if isinstance(content, str) else content
    return lambda root: (row_of(root) / name).write_bytes(data)


def linked(root: Path) -> None:
    path = row_of(root) / "README.md"
    path.unlink()
    path.symlink_to("/etc/hostname")


def linked_folder(root: Path) -> Path:
    (root / "submissions" / "tiny" / "20261121_link").symlink_to(row_of(root), target_is_directory=True)
    return root


def pipe(root: Path) -> None:
    path = row_of(root) / "media.sha256"
    path.unlink()
    os.mkfifo(path)


def bomb(root: Path) -> None:
    # 160 MB in some kilobytes, in lines of an allowed length; the frame says nothing of its size.
    packer = zstandard.ZstdCompressor(level=1, write_content_size=False).compressobj()
    piece = (b" " * 250_000 + b"\n") * 16
    data = b"".join([*(packer.compress(piece) for _ in range(40)), packer.flush()])
    (row_of(root) / "verdicts.jsonl.zst").write_bytes(data)
    rehash(row_of(root))


def flood(root: Path) -> None:
    (row_of(root) / "verdicts.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(b"\n" * 1_000_000))
    rehash(row_of(root))


def moved(name: str, track: str = "tiny") -> Callable[[Path], object]:
    """Returns an alteration that gives the row's folder another name."""

    def alter(root: Path) -> Path:
        path = root / "submissions" / track / name
        path.parent.mkdir(exist_ok=True)
        row_of(root).rename(path)
        return path

    return alter


def copied(root: Path) -> None:
    """Submits the other row's evidence under a name of one's own."""
    tracks = read_tracks(root)
    found = read_evidence(root / "submissions" / "tiny" / OTHER)
    shutil.rmtree(row_of(root))
    make_row(tracks, found)


def media(change: Callable[[list[str]], list[str]], *, forge: bool) -> Callable[[Path], object]:
    """Returns an alteration of media.sha256."""

    def alter(root: Path) -> None:
        path = row_of(root) / "media.sha256"
        path.write_text("".join(f"{line}\n" for line in change(path.read_text().splitlines())), encoding="utf-8")
        if forge:
            rehash(row_of(root))

    return alter


def attested(
    *, seed_from: str = "HEAD", off: float = 0.0, forge: Callable[[Attestation], Attestation] | None = None
) -> Callable[[Path], object]:
    """Returns an alteration that raises the tier with a second judgement, which differs by `off`."""

    def alter(root: Path) -> None:
        opened = open_row(row_of(root))
        assert opened.row.submission and opened.row.evidence
        if seed_from == "HEAD":
            ran = subprocess.run(["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, check=True)
            seed = ran.stdout.decode().strip()
        else:
            seed = seed_from
        lines = opened.row.evidence.by_sample
        judged = [line.sample for line in lines.values() if line.status is Status.OK]
        samples = []
        for name in draw(seed, opened.row.submission, judged):
            verdict = lines[name].verdict
            assert verdict is not None
            # Every criterion moves alike, so that a geometric mean moves by about as much.
            again = {which: max(0.0, score - off) for which, score in verdict.scores.items()}
            samples.append(Rejudged(sample=name, status=Status.OK, scores=again))
        attestation = Attestation(
            kind="rejudge",
            track="tiny",
            submission_id=ROW,
            merkle_root=opened.row.submission.evidence.merkle_root,
            by="A maintainer",
            created="2026-11-22",
            rvebench="0.1.0",
            judge_digest=JUDGE,
            seed_commit=seed,
            samples=tuple(samples),
            mean_abs_difference=0.0,
        )
        assert opened.row.rules is not None
        found = mean_difference(opened.row, samples, opened.row.rules)
        attestation = attestation.model_copy(update={"mean_abs_difference": found})
        attach(opened.row, forge(attestation) if forge else attestation)

    return alter


def reattested(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    """Returns an alteration of an attestation's file under its old name."""

    def alter(root: Path) -> None:
        attested()(root)
        path = next((row_of(root) / "attestations").glob("*.json"))
        value = json.loads(path.read_text())
        change(value)
        path.write_text(json.dumps(value), encoding="utf-8")

    return alter


def loose_track(root: Path) -> Path:
    path = root / "tracks.toml"
    path.write_text(path.read_text().replace("failed = 0.25", "failed = 0.9", 1), encoding="utf-8")
    return root


def removed(root: Path) -> Path:
    shutil.rmtree(row_of(root))
    return root


def unrounded(value: dict[str, Any]) -> None:
    value["scores"]["overall"]["mean"] += 2e-9


def interval(value: dict[str, Any]) -> None:
    value["scores"]["overall"]["ci95"][0] += 0.1


def drop_worst(lines: list[SampleLine]) -> list[SampleLine]:
    judged = [line for line in lines if line.verdict and line.verdict.scores]
    worst = min(judged, key=lambda line: min(line.verdict.scores.values()) if line.verdict else 10.0)
    return [line for line in lines if line is not worst]


def hide_failures(lines: list[SampleLine]) -> list[SampleLine]:
    silent = VerdictLine(status=Status.UNJUDGED, reason="the judge timed out")
    return [line.model_copy(update={"verdict": silent}) if index > 19 else line for index, line in enumerate(lines)]


def drop_repeat(lines: list[SampleLine]) -> list[SampleLine]:
    verdict = lines[-1].verdict
    assert verdict is not None
    short = verdict.model_copy(update={"parts": verdict.parts[:-1]})
    return [*lines[:-1], lines[-1].model_copy(update={"verdict": short})]


def failed_with_verdict(lines: list[SampleLine]) -> list[SampleLine]:
    gone = EditLine(status=Status.FAILED, reason="exit code 1")
    return [*lines[:-1], lines[-1].model_copy(update={"edit": gone})]


def metric(*, forge: bool = True, **changes: Any) -> Callable[[Path], object]:
    """Returns an alteration of one metric's line."""

    def alter(root: Path) -> None:
        found = read_evidence(row_of(root))
        first = found.metrics[0].model_copy(update=changes)
        write(row_of(root), replace(found, metrics=(first, *found.metrics[1:])), forge=forge)

    return alter


_SCRIPT = "<script>alert(1)</script>"
_RTL = "model\u202egnp.exe"

CASES: tuple[Case, ...] = (
    Case("a mean is raised", put("scores", "overall", "mean", value=9.5), "numbers.mean", "scores.overall.mean is 9.5"),
    Case("a mean is off by 2e-9", submission(unrounded), "numbers.mean", "scores.overall.mean is"),
    Case(
        "a type's mean is raised",
        put("scores", "by_category", "temporal", "overall", "mean", value=9.0),
        "numbers.mean",
        "scores.by_category.temporal.overall.mean is 9.0",
    ),
    Case("an interval is narrowed", submission(interval), "numbers.interval", "scores.overall.ci95.0 is"),
    Case("a failure is not counted", put("coverage", "failed", value=0), "numbers.coverage", "coverage.failed is 0"),
    Case("the cost is lowered", put("cost", "judge_usd", value=0.0), "numbers.cost", "cost.judge_usd is 0.0"),
    Case(
        "the edits are said to be faster",
        put("generator", "wall_s", value=1.0),
        "numbers.cost",
        "generator.wall_s is 1",
    ),
    Case("a verdict is raised", evidence(better, forge=False), "hash.verdicts", "the file hashes to"),
    Case(
        "a verdict is raised, with its file's hash", evidence(better, root_too=False), "hash.merkle", "evidence hashes"
    ),
    Case("a verdict is raised, with every hash", evidence(better), "numbers.mean", "scores.overall.mean is"),
    Case(
        "a score is 11",
        raw_line(lambda v: v["verdict"]["scores"].update(EA=11)),
        "schema.evidence",
        "less than or equal",
    ),
    Case(
        "a criterion that does not apply",
        evidence(reverdict(scores=dict.fromkeys(Criterion, 9.0))),
        "numbers.verdict",
        "a score for PC, which does not apply",
    ),
    Case("the worst sample is dropped", evidence(drop_worst), "coverage.dropped", "1 of 24 samples have no line"),
    Case(
        "the best sample stands twice",
        evidence(lambda lines: [*lines, lines[-1]]),
        "coverage.doubled",
        "1 of 24 samples have more than one line",
    ),
    Case(
        "a sample of another split",
        evidence(lambda lines: [*lines, lines[-1].model_copy(update={"sample": "easy-1"})]),
        "coverage.unknown",
        "samples that are not of the split: 1 (easy-1)",
    ),
    Case(
        "a failed edit has a verdict", evidence(failed_with_verdict), "coverage.verdict", "the edit is failed, and has"
    ),
    Case(
        "an edit has no verdict",
        evidence(lambda lines: [*lines[:-1], lines[-1].model_copy(update={"verdict": None})]),
        "coverage.verdict",
        "the edit is there, and has no verdict",
    ),
    Case("a repeat is dropped", evidence(drop_repeat), "coverage.repeat", "does not hold 3 repeats", repeats=3),
    Case(
        "a verdict is not its repeats' mean",
        evidence(reverdict(scores=dict.fromkeys((Criterion.EA, Criterion.GN, Criterion.GR), 9.0))),
        "numbers.verdict",
        "EA is 9, and the mean of its repeats",
        repeats=3,
    ),
    Case(
        "bad verdicts are called unjudged", evidence(hide_failures), "budget.unjudged", "4 of 24 edits are not judged"
    ),
    Case("many edits failed", remade(fail(8)), "budget.failed", "8 of 24 samples have no edit, and the track allows 6"),
    Case("a metric is raised", metric(value=1.0), "numbers.mean", "scores.metrics.metric_0.edit.mean is"),
    Case("a metric is raised, no hash", metric(forge=False, value=1.0), "hash.metrics", "the file hashes to"),
    Case("a metric of another version", metric(digest="aa" * 32), "coverage.metric", "is none of the track's"),
    Case(
        "a video is swapped",
        media(lambda lines: ["00" * 32 + lines[0][64:], *lines[1:]], forge=False),
        "hash.media",
        "the file hashes to",
    ),
    Case(
        "a video is swapped, with the file's hash",
        media(lambda lines: ["00" * 32 + lines[0][64:], *lines[1:]], forge=True),
        "hash.merkle",
        "the evidence hashes to",
    ),
    Case(
        "a video is left out",
        media(lambda lines: lines[1:], forge=True),
        "coverage.media",
        "edits that are not named: 1",
    ),
    Case("another prompt", put("judge", "prompt_sha256", value="11" * 32), "pin.prompt", "the prompt's hash is 1111"),
    Case("another judge", put("judge", "name", value="lenient"), "pin.judge", "the judge is lenient 1"),
    Case(
        "another judge's settings", put("judge", "digest", value="22" * 32), "pin.judge", "the judge's digest is 2222"
    ),
    Case(
        "other frames", put("judge", "frame_plan_sha256", value="33" * 32), "pin.frame-plan", "the frame plan's hash is"
    ),
    Case("another split", put("run", "split_sha256", value="44" * 32), "pin.split", "the split's hash is 4444"),
    Case("another formula", put("formula", value="viescore"), "pin.formula", "the formula is viescore"),
    Case("a chosen seed", put("interval_seed", value=7), "pin.seed", "the seed of the intervals is 7"),
    Case(
        "judged more often", put("judge", "repeats", value=5), "pin.repeats", "the number of verdicts on each edit is 5"
    ),
    Case(
        "told the outcome",
        put("generator", "prompt_source", value="expected_outcome"),
        "pin.conditioning",
        "the editor was told the expected outcome",
    ),
    Case(
        "behind a rewriter",
        put("generator", "conditioning", value="rewriter"),
        "pin.conditioning",
        "the editor is conditioned rewriter",
    ),
    Case("a symbolic link for a file", linked, "layout.link", "'README.md' is a symbolic link"),
    Case("a symbolic link for a row", linked_folder, "layout.link", "it is a symbolic link"),
    Case("a pipe that nobody writes to", pipe, "layout.link", "'media.sha256' is no plain file"),
    Case("a zip bomb", bomb, "layout.bomb", "unpacks to more than the 2,000,000 bytes"),
    Case("a flood of lines", flood, "layout.bomb", "the file has more than 58 lines"),
    Case(
        "a line of 300 KB", raw_line(lambda v: v["verdict"].update(raw="x" * 300_000)), "layout.bomb", "a line has more"
    ),
    Case("evidence that is not zstandard", file("verdicts.jsonl.zst", b"{}\n"), "layout.damaged", "is not zstandard"),
    Case("an extra file", file("setup.py", "print()"), "layout.extra", "'setup.py' is no file of a submission"),
    Case("an oversized file", file("README.md", "x" * 70_000), "layout.size", "the file has 70,000 bytes"),
    Case("a file is missing", lambda root: (row_of(root) / "media.sha256").unlink(), "layout.missing", "is not there"),
    Case(
        "`../` in a sample id", raw_line(lambda v: v.update(sample="../../x")), "path.unsafe", "'../../x' is not a name"
    ),
    Case(
        "`../` in a video's name",
        media(lambda lines: [f"{lines[0][:64]}  ../../x.mp4", *lines[1:]], forge=True),
        "path.unsafe",
        "is not a sha256, two spaces and SAMPLE.mp4",
    ),
    Case("a script in the name", put("model", "name", value=_SCRIPT), "text.markup", "model.name holds markup ('<s')"),
    Case(
        "a name that turns direction",
        put("model", "name", value=_RTL),
        "text.markup",
        "an invisible character (U+202E)",
    ),
    Case("a script for an address", put("model", "url", value="javascript:alert(1)"), "text.markup", "model.url holds"),
    Case(
        "an address without https", put("model", "url", value="http://x.org"), "schema.submission", "https:// address"
    ),
    Case("a script in the README", file("README.md", README + _SCRIPT), "text.markup", "the README holds markup"),
    Case(
        "a script in the judge's words",
        evidence(reverdict(rationale={Criterion.EA: _SCRIPT})),
        "text.markup",
        "the line's words hold markup",
    ),
    Case("an empty README", file("README.md", "# M\n(to be filled in)\n"), "text.unfilled", "the README still says"),
    Case(
        "a stale schema",
        put("schema_id", value="rve-submission/0"),
        "schema.submission",
        "the schema is 'rve-submission/0'",
    ),
    Case("an unknown key", put("rank", value=1), "schema.submission", "rank: is not a known key"),
    Case(
        "NaN for a mean", put("scores", "overall", "mean", value=float("nan")), "schema.submission", "NaN is not JSON"
    ),
    Case("another day", put("created", value="2026-01-01"), "identity.folder", "the day is '20260101'"),
    Case("a renamed folder", moved("20261120_better"), "identity.folder", "the submission_id is '20261120_model'"),
    Case("a folder without a day", moved("model"), "layout.name", "the folder is called 'model'"),
    Case("a track that is not there", moved(ROW, "big"), "track.unknown", "there is no track 'big'"),
    Case("a track that is not open", moved(ROW, "later"), "track.closed", "the track later is announced"),
    Case(
        "it replaces nothing",
        put("supersedes", value="20261101_gone"),
        "identity.supersedes",
        "which is no row of tiny",
    ),
    Case("another row's edits", copied, "media.stolen", "23 of 23 edits are those of 20261110_other"),
    Case(
        "the sources for edits",
        frames(lambda tracks, line: tracks.samples("tiny")[line.sample].frames_sha256["source"]),
        "media.source",
        "23 of 23 edits are their source, frame by frame",
    ),
    Case(
        "the targets for edits",
        frames(lambda tracks, line: tracks.samples("tiny")[line.sample].frames_sha256.get("target")),
        "media.target",
        "5 of 23 edits are their target",
    ),
    Case(
        "one edit for all",
        frames(lambda _tracks, _line: "77" * 32),
        "media.identical",
        "23 of 23 edits are the edit of",
    ),
    Case("every verdict is 9", remade(constant), "numbers.constant", "all 23 verdicts are the same on every criterion"),
    Case("a published row is changed", file("README.md", README + "!\n"), "base.changed", "and is changed", base=True),
    Case(
        "a published row is remade", remade(fail(0)), "base.changed", "the file is published, and is changed", base=True
    ),
    Case("a published row is removed", removed, "base.removed", "is not there any more", base=True),
    Case("a published track is loosened", loose_track, "base.track", "its budget changed", base=True),
    Case("a tier without attestation", put("tier", value="reproduced"), "tier.unattested", "the tier is 'reproduced'"),
    Case(
        "an attestation is altered",
        reattested(lambda value: value.update(by="Somebody else")),
        "tier.attestation",
        "not the one that its name is the hash of",
        base=True,
    ),
    Case(
        "another row's attestation",
        attested(forge=lambda found: found.model_copy(update={"merkle_root": "99" * 32})),
        "tier.attestation",
        "the Merkle root is 9999",
        base=True,
    ),
    Case(
        "the samples were chosen",
        attested(forge=lambda found: found.model_copy(update={"samples": found.samples[::-1]})),
        "tier.seed",
        "draws other samples",
        base=True,
    ),
    Case("the seed was chosen", attested(seed_from="0" * 40), "tier.seed", "does not have these verdicts", base=True),
    Case(
        "a difference is hidden",
        attested(off=2.0, forge=lambda found: found.model_copy(update={"mean_abs_difference": 0.0})),
        "tier.attestation",
        "the mean difference is 0, and the verdicts give",
        base=True,
    ),
    Case("the verdicts do not repeat", attested(off=2.0), "tier.band", "and the track's band 0.5", base=True),
)


def table_row(case: Case, sentence: str) -> str:
    """Returns one line of the table; hashes and long numbers, which other releases make otherwise, are cut out."""
    shown = re.sub(r"\b([0-9a-f]{12}|[0-9a-f]{64})\b…?", "…", sentence)
    shown = re.sub(r"\d+\.\d\d+", "…", shown)
    shown = shown.replace(f"submissions/tiny/{ROW}", "ROW").replace("|", "\\|").replace("<", "&lt;")
    return f"| {case.name} | `{case.code}` | {shown} |"


def table() -> str:
    """Returns the table of alterations: what was done, the code, the sentence."""
    lines = ["| alteration | code | sentence |", "|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        for index, case in enumerate(CASES):
            root = Path(folder) / f"{index}"
            world(root, repeats=case.repeats, git=case.base)
            lines.append(table_row(case, sentence_of(case, validated(case, root))))
    return "\n".join(lines) + "\n"


def sentence_of(case: Case, report: Report) -> str:
    """Returns the sentence that rejects the alteration, or fails."""
    told = [finding.sentence for finding in report.findings if finding.code == case.code]
    found = next((sentence for sentence in told if case.says in sentence), None)
    assert found is not None, [(finding.code, finding.sentence) for finding in report.findings]
    return found


if __name__ == "__main__":
    print(table(), end="")
