"""Tiny studies for tests: real records, media that are bytes and no videos unless a test makes them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from rvebench.study import (
    Answer,
    Check,
    Design,
    Media,
    Method,
    Question,
    Rules,
    Study,
    StudySample,
    Trial,
    write_study,
)
from rvebench.study.records import NOISE

RULES = Rules(
    title="Which edit is better?",
    introduction=("Watch, compare, decide.",),
    consent=("You take part freely and may stop at any time.",),
    min_watch_s=0.0,
)
QUESTIONS = (
    Question(id="EA", title="Edit accuracy", text="Does the edit do what was asked?"),
    Question(id="VQ", title="Visual quality", text="Does it look good?"),
)


def media(label: str, size_bytes: int = 1000) -> Media:
    """A media record whose file `write_media` makes."""
    data = content(label, size_bytes)
    return Media(
        name=f"{hashlib.sha256(label.encode()).hexdigest()[:24]}.mp4",
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=size_bytes,
        frames=16,
        fps=8.0,
        width=64,
        height=48,
    )


def content(label: str, size_bytes: int = 1000) -> bytes:
    """The bytes of a media file that is no video."""
    return (hashlib.sha256(label.encode()).digest() * (size_bytes // 32 + 1))[:size_bytes]


def sample(name: str, methods: Sequence[str] = ("m1", "m2"), **changes: object) -> StudySample:
    """A sample with one edit a method, and noise."""
    fields: dict[str, object] = {
        "id": name,
        "instruction": f"Let {name} melt <b>slowly</b> & stop",
        "subset": "rave",
        "category": "temporal",
        "cluster": name,
        "criteria": tuple(question.id for question in QUESTIONS),
        "source": media(f"{name}/source"),
        "entries": {entry: media(f"{name}/{entry}") for entry in (*methods, NOISE)},
    }
    return StudySample.model_validate({**fields, **changes})


def make_study(
    *,
    design: Design = "pairwise",
    raters: int = 2,
    samples: int = 3,
    methods: Sequence[str] = ("m1", "m2"),
    attention: bool = True,
    rules: Rules = RULES,
) -> Study:
    """A study in which each rater sees every sample once, all methods at once, and one attention check."""
    names = tuple(f"r{index + 1:02d}" for index in range(raters))
    items = tuple(sample(f"s{index + 1}", methods) for index in range(samples))
    trials = []
    for rater in names:
        for position, item in enumerate(items):
            trials.append(
                Trial(
                    id=f"t{rater}x{position}",
                    rater=rater,
                    position=position,
                    kind="main",
                    sample=item.id,
                    shown=tuple(methods) if position % 2 == 0 else tuple(reversed(methods)),
                )
            )
        if attention:
            trials.append(
                Trial(
                    id=f"t{rater}x{samples}",
                    rater=rater,
                    position=samples,
                    kind="attention",
                    sample=items[0].id,
                    shown=(*methods[1:], NOISE),
                    check=Check(criteria=("EA", "VQ"), better=tuple(methods[1:]), worse=NOISE),
                )
            )
    return Study(
        design=design,
        seed=7,
        questions=QUESTIONS,
        methods=tuple(Method(id=name, name=f"Editor {name}") for name in methods),
        samples=items,
        raters=names,
        trials=tuple(trials),
        rules=rules,
    )


def write_folder(directory: Path, study: Study) -> Path:
    """Writes a study folder with media that are bytes."""
    directory.mkdir(parents=True, exist_ok=True)
    write_study(directory, study)
    (directory / "media").mkdir(exist_ok=True)
    for item in study.samples:
        for entry, one in {"source": item.source, **item.entries}.items():
            (directory / "media" / one.name).write_bytes(content(f"{item.id}/{entry}", one.size_bytes))
    return directory


def answer(study: Study, trial: Trial, places: Mapping[str, int] | None = None, **changes: object) -> Answer:
    """An answer with the same numbers on every criterion; by default the first entry is the best."""
    given = places or {entry: index + 1 for index, entry in enumerate(trial.shown)}
    fields: dict[str, object] = {
        "study": study.digest,
        "key": f"k-{trial.id}",
        "rater": trial.rater,
        "trial": trial.id,
        "values": {criterion: dict(given) for criterion in study.sample_of[trial.sample].criteria},
        "shown": trial.shown,
        "watched_s": 4.0,
        "elapsed_s": 9.5,
        "at": "2026-11-26T12:00:00Z",
    }
    return Answer.model_validate({**fields, **changes})


def write_tokens(directory: Path, study: Study) -> dict[str, str]:
    """Writes and returns tokens that a test can foresee."""
    tokens = {rater: f"token-of-{rater}-{'x' * 12}" for rater in study.raters}
    path = directory / "tokens.csv"
    path.write_text("rater,token\n" + "".join(f"{rater},{token}\n" for rater, token in tokens.items()))
    path.chmod(0o600)
    return tokens
