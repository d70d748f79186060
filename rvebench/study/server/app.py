"""The study's web application: one page, a handful of JSON calls, and the clips of the trials one is shown."""

from __future__ import annotations

import hmac
import json
import secrets
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from rvebench.errors import StorageError
from rvebench.study.folder import MEDIA_NAME
from rvebench.study.records import Study
from rvebench.study.server.guard import Guard
from rvebench.study.server.session import (
    PostedAnswer,
    PostedConsent,
    PostedRemark,
    PostedToken,
    csrf_token,
    elapsed_s,
    state_of,
    study_texts,
    trial_media,
    values_by_entry,
)
from rvebench.study.server.store import AnswerStore, Given, RefusedError
from rvebench.study.tokens import rater_of

__all__ = ["make_app"]

_PAGES = {
    "/": ("study.html", "text/html; charset=utf-8"),
    "/study.css": ("study.css", "text/css; charset=utf-8"),
    **{
        f"/{name}": (name, "text/javascript; charset=utf-8")
        for name in ("study.js", "trial.js", "screens.js", "player.js", "answers.js", "dom.js")
    },
}

_Shape = TypeVar("_Shape", bound=BaseModel)


def make_app(
    directory: Path,
    study: Study,
    store: AnswerStore,
    tokens: Mapping[str, str],
    *,
    open_to_all: bool,
    hosts: frozenset[str] | None = None,
    origin: str | None = None,
) -> ASGIApp:
    """Returns the application.

    Args:
        directory: the study folder.
        study: its record.
        store: where answers go.
        tokens: each rater's secret.
        open_to_all: whoever comes without a token becomes the next rater; only for a server on loopback.
        hosts: see :class:`rvebench.study.server.guard.Guard`.
        origin: see there; an https origin also makes the cookie secure.
    """
    desk = _Desk(directory, study, store, tokens, open_to_all, secure=(origin or "").startswith("https://"))
    routes = [Route(path, _page(name, kind)) for path, (name, kind) in _PAGES.items()]
    routes += [
        Route("/api/state", desk.state),
        Route("/api/enter", desk.enter, methods=["POST"]),
        Route("/api/consent", desk.consent, methods=["POST"]),
        Route("/api/answer", desk.answer, methods=["POST"]),
        Route("/api/remark", desk.remark, methods=["POST"]),
        Route("/media/{trial}/{slot}.mp4", desk.media),
    ]
    handlers = {RefusedError: _refused, StorageError: _not_stored, HTTPException: _http_error, Exception: _broken}
    return Guard(Starlette(routes=routes, exception_handlers=handlers), hosts=hosts, origin=origin)  # type: ignore[arg-type]


class _Desk:
    """Where raters are served."""

    def __init__(
        self,
        directory: Path,
        study: Study,
        store: AnswerStore,
        tokens: Mapping[str, str],
        open_to_all: bool,
        *,
        secure: bool,
    ) -> None:
        self._media = directory / MEDIA_NAME
        self._study, self._store, self._tokens = study, store, tokens
        self._open, self._secure = open_to_all, secure
        # Cookies know no ports: two studies on one machine must not take each other's.
        self._cookie = f"rve_study_{study.digest[:12]}"
        self._stranger = secrets.token_urlsafe(16)
        self._texts = study_texts(study)

    async def state(self, request: Request) -> Response:
        return self._told(self._rater(request))

    async def enter(self, request: Request) -> Response:
        posted = await _read(request, PostedToken)
        rater = rater_of(self._tokens, posted.token)
        if rater is None:
            raise RefusedError(403, "This link is not one of this study. Please use the whole link you were given.")
        return self._told(rater, remember=True)

    async def consent(self, request: Request) -> Response:
        rater = self._rater(request)
        if rater is None and not self._open:
            raise RefusedError(403, "Please open the link you were given.")
        self._check_csrf(request, rater)
        posted = await _read(request, PostedConsent)
        rater = await run_in_threadpool(self._store.begin, rater, posted.key)
        return self._told(rater, remember=True)

    async def answer(self, request: Request) -> Response:
        rater = self._known(request)
        posted = await _read(request, PostedAnswer)
        trial = self._study.trial_of.get(posted.trial)
        if trial is None or trial.rater != rater:
            raise RefusedError(409, "This screen is not one of yours. Please load the page again.")
        given = Given(
            key=posted.key,
            trial=trial.id,
            values=values_by_entry(trial, posted.values),
            both_bad=tuple(posted.both_bad),
            watched_s=posted.watched_s,
            elapsed_s=elapsed_s(self._tokens[rater], trial.id, posted.ticket, _now_ms()),
            replays=posted.replays,
        )
        await run_in_threadpool(self._store.answer, rater, given)
        return self._told(rater)

    async def remark(self, request: Request) -> Response:
        rater = self._known(request)
        posted = await _read(request, PostedRemark)
        await run_in_threadpool(self._store.remark, rater, posted.key, posted.text)
        return self._told(rater)

    async def media(self, request: Request) -> Response:
        rater = self._rater(request)
        trial = self._study.trial_of.get(request.path_params["trial"])
        # One answer for what is not there and for what is another's: the difference would tell who sees what.
        if trial is None or rater is None or trial.rater != rater:
            raise RefusedError(404, "There is nothing here.")
        media = trial_media(self._study, trial, request.path_params["slot"])
        if media is None:
            raise RefusedError(404, "There is nothing here.")
        # The name comes from the study's record, which admits 24 hex digits only: no request decides a path.
        path = self._media / media.name
        if not path.is_file():
            _complain(f"{path}: the clip is not there any more")
            raise RefusedError(404, "This clip is missing. Please tell the people who run the study.")
        return FileResponse(path, media_type="video/mp4", headers={"cache-control": "private, max-age=86400"})

    def _rater(self, request: Request) -> str | None:
        token = request.cookies.get(self._cookie)
        return None if token is None else rater_of(self._tokens, token)

    def _known(self, request: Request) -> str:
        rater = self._rater(request)
        if rater is None:
            raise RefusedError(403, "Please open the link you were given.")
        self._check_csrf(request, rater)
        return rater

    def _check_csrf(self, request: Request, rater: str | None) -> None:
        secret = self._stranger if rater is None else self._tokens[rater]
        given = request.headers.get("x-study-csrf", "")
        if not hmac.compare_digest(csrf_token(secret).encode(), given.encode(errors="replace")):
            raise RefusedError(403, "This page is out of date. Please load it again.")

    def _told(self, rater: str | None, *, remember: bool = False) -> Response:
        if rater is None:
            return JSONResponse(
                {
                    "study": self._texts if self._open else {"title": self._texts["title"]},
                    "entered": False,
                    "open": self._open,
                    "total": len(self._study.session_of[self._study.raters[0]]) if self._open else None,
                    "csrf": csrf_token(self._stranger),
                }
            )
        secret = self._tokens[rater]
        state = state_of(self._study, self._store, rater, secret, _now_ms())
        # Whoever came without a link gets one, to go on with from another browser.
        resume = secret if self._open else None
        response = JSONResponse({"study": self._texts, "entered": True, "resume": resume, **state})
        if remember:
            response.set_cookie(
                self._cookie, secret, max_age=90 * 86_400, httponly=True, samesite="strict", secure=self._secure
            )
        return response


def _page(name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    text = resources.files("rvebench.study").joinpath("pages", name).read_text(encoding="utf-8")

    async def page(_request: Request) -> Response:
        return Response(text, media_type=kind)

    return page


async def _read(request: Request, shape: type[_Shape]) -> _Shape:
    try:
        return shape.model_validate(json.loads(await request.body()))
    except (ValueError, RecursionError, ClientDisconnect) as error:
        # ValidationError is a ValueError; its text quotes what was sent, which may be a token.
        what = "fields" if isinstance(error, ValidationError) else "text"
        raise RefusedError(422, f"The page sent {what} that cannot be read. Please load it again.") from None


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _complain(sentence: str) -> None:
    print(f"rvebench study: {sentence}", file=sys.stderr, flush=True)  # noqa: T201 - the server's only log


async def _refused(_request: Request, error: RefusedError) -> Response:
    return JSONResponse({"error": error.sentence}, error.status)


async def _not_stored(_request: Request, error: StorageError) -> Response:
    _complain(str(error))
    return JSONResponse({"error": "Your answer could not be stored just now. It is kept here and sent again."}, 503)


async def _http_error(_request: Request, error: HTTPException) -> Response:
    return JSONResponse({"error": "There is nothing here."}, error.status_code)


async def _broken(request: Request, error: Exception) -> Response:
    # Neither the error's text nor the request's: both may hold what a rater sent.
    place = traceback.extract_tb(error.__traceback__)[-1]
    _complain(f"a {request.method} failed: {type(error).__name__} at {Path(place.filename).name}:{place.lineno}")
    return JSONResponse({"error": "Something went wrong here. It is sent again."}, 500)
