"""What a browser is told and may send: plain shapes, without web library.

Nothing secret is kept by the server between requests, so that a restart interrupts nobody: the cookie is the rater's
token, and both the guard against forged requests and the time a trial was shown are signed with it.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from rvebench.study.records import Media, Study, Trial
from rvebench.study.server.store import AnswerStore, RefusedError

__all__ = [
    "PostedAnswer",
    "PostedConsent",
    "PostedRemark",
    "PostedToken",
    "csrf_token",
    "elapsed_s",
    "state_of",
    "study_texts",
    "ticket",
    "trial_media",
    "values_by_entry",
]

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{8,64}$")]
Place = Annotated[int, Field(strict=True, ge=0, le=10)]


class _Posted(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PostedToken(_Posted):
    """A rater's token, from the link."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class PostedConsent(_Posted):
    """Agreement to take part."""

    key: Key


class PostedAnswer(_Posted):
    """One screen's answer: numbers by clip, from left to right."""

    key: Key
    trial: Annotated[str, StringConstraints(max_length=120)]
    ticket: Annotated[str, StringConstraints(max_length=120)]
    values: Annotated[dict[str, list[Place]], Field(max_length=20)]
    both_bad: Annotated[list[str], Field(max_length=20)] = Field(default_factory=list)
    watched_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
    replays: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 0


class PostedRemark(_Posted):
    """Words at the end."""

    key: Key
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


def csrf_token(secret: str) -> str:
    """Returns what a page must send along; a page of another origin cannot read it."""
    return _sign(secret, "csrf")


def ticket(secret: str, trial: str, now_ms: int) -> str:
    """Returns the signed time at which a trial was handed out."""
    return f"{now_ms}.{_sign(secret, f'{trial}|{now_ms}')}"


def elapsed_s(secret: str, trial: str, given: str, now_ms: int) -> float:
    """Returns the seconds since a ticket was made.

    Raises:
        RefusedError: the ticket is not one of ours for this trial.
    """
    shown, _, signature = given.partition(".")
    if not (shown.isascii() and shown.isdecimal() and len(shown) < 16) or not hmac.compare_digest(
        _sign(secret, f"{trial}|{shown}"), signature.encode("ascii", "replace").decode()
    ):
        raise RefusedError(422, "This screen was not shown by this study. Please load the page again.")
    return max(0.0, (now_ms - int(shown)) / 1000)


def values_by_entry(trial: Trial, given: dict[str, list[int]]) -> dict[str, dict[str, int]]:
    """Returns numbers by entry, from numbers by place on the screen.

    Raises:
        RefusedError: a criterion has not one number a clip.
    """
    if any(len(numbers) != len(trial.shown) for numbers in given.values()):
        raise RefusedError(422, "The answer is not whole: each clip needs its own.")
    return {criterion: dict(zip(trial.shown, numbers, strict=True)) for criterion, numbers in given.items()}


def trial_media(study: Study, trial: Trial, slot: str) -> Media | None:
    """Returns the clip at a place of a trial's screen: `source`, or 0 for the first edit, and so on."""
    sample = study.sample_of[trial.sample]
    if slot == "source":
        return sample.source
    if slot.isascii() and slot.isdecimal() and len(slot) == 1 and int(slot) < len(trial.shown):
        return sample.entries[trial.shown[int(slot)]]
    return None


def study_texts(study: Study) -> dict[str, Any]:
    """Returns what every rater is told; nothing in it tells methods, kinds of trials, or the seed."""
    rules = study.rules
    return {
        "title": rules.title,
        "introduction": list(rules.introduction),
        "consent": list(rules.consent),
        "design": study.design,
        "questions": [question.model_dump(mode="json") for question in study.questions],
        "min_watch_s": rules.min_watch_s,
        "scale": list(rules.scale),
        "scale_words": list(rules.scale_words),
    }


def state_of(study: Study, store: AnswerStore, rater: str, secret: str, now_ms: int) -> dict[str, Any]:
    """Returns where a rater is: what comes now, and what to load ahead."""
    session = study.session_of[rater]
    begun = store.has_consented(rater)
    trial = store.current(rater)
    following = None
    if trial is not None and trial.position + 1 < len(session):
        following = session[trial.position + 1]
    return {
        "consented": begun,
        "csrf": csrf_token(secret),
        "done": store.done(rater),
        "total": len(session),
        "finished": trial is None,
        "remarked": store.has_remarked(rater),
        "trial": _screen(study, trial, secret, now_ms) if begun and trial is not None else None,
        "next": _clips(study, following) if begun and following is not None else None,
    }


def _screen(study: Study, trial: Trial, secret: str, now_ms: int) -> dict[str, Any]:
    sample = study.sample_of[trial.sample]
    return {
        "id": trial.id,
        "ticket": ticket(secret, trial.id, now_ms),
        "instruction": sample.instruction,
        "questions": list(sample.criteria),
        **_clips(study, trial),
    }


def _clips(study: Study, trial: Trial) -> dict[str, Any]:
    slots = [str(index) for index in range(len(trial.shown))]
    source, *clips = (_clip(study, trial, slot) for slot in ("source", *slots))
    return {"source": source, "clips": clips}


def _clip(study: Study, trial: Trial, slot: str) -> dict[str, Any]:
    media = trial_media(study, trial, slot)
    assert media is not None, "a trial has a clip at each of its places"
    return {
        "url": f"/media/{trial.id}/{slot}.mp4",
        "frames": media.frames,
        "fps": media.fps,
        "width": media.width,
        "height": media.height,
    }


def _sign(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
